"""A dashboard's body, checked: what CloudWatch refuses, what it only warns about, and where.

Source: API reference, "Dashboard Body Structure and Syntax", for what there is; wording, order and what is merely a
warning as observed on the live service, except where a comment says otherwise. Nothing here looks at whether a metric, an alarm
or a log group exists: AWS does not either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

MAX_WIDGETS, MAX_VARIABLES = 500, 25
TYPES = (
    "chart", "custom", "metric", "service", "text", "log", "alarm", "explorer", "timeline", "serviceMap", "serviceTable",
    "trace",
)  # fmt: skip
VIEWS = ("singleValue", "timeSeries", "bar", "pie", "gauge", "table")
COLUMNS, ROWS = 24, 1000

_ROOT = {"widgets", "start", "end", "periodOverride", "variables"}
_WIDGET = {"type", "x", "y", "width", "height", "properties"}
_KNOWN = {
    "text": {"markdown", "background"},
    "alarm": {"alarms", "sortBy", "states", "title"},
    "metric": {
        "accountId", "annotations", "end", "labels", "legend", "liveData", "metrics", "period", "region",
        "setPeriodToTimeRange", "singleValueFullPrecision", "sparkline", "stacked", "start", "stat", "table", "timezone",
        "title", "trend", "view", "yAxis",
    },
}  # fmt: skip
_REQUIRED = {
    "text": ("markdown",),
    "alarm": ("alarms",),
    "chart": ("data",),
    "custom": ("endpoint",),
    "timeline": ("alarm",),
}
_RENDERING = {
    "accountId",
    "color",
    "expression",
    "id",
    "label",
    "period",
    "region",
    "stat",
    "visible",
    "yAxis",
}
_SHORT_PERIODS = (1, 5, 10, 30)  # 20 is one of CloudWatch's periods, but none of a dashboard's
_DATE = (
    r"(^(?:[1-9]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?:[1-9]\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(?:\.\d{1,9})?(?:Z|[+-][01]\d:[0-5]\d)$)"
)
_TIME = rf"{_DATE}|(^\-?P(T|\d))"
_PERCENT = r"(100(.0{0,10})?|\d{1,2})(\.\d{0,10})?"
_PLAIN = r"(\d+(\.\d{0,10})?)"
_VALUE = rf"({_PLAIN}|(\d+(\.\d{{0,10}})?[Ee][+-]?\d+))"
_TRIMMED, _RANKED = "(TM|TC|TS|WM)", "((TM|TC|TS|WM)|(PR))"
STAT = (
    rf"^((SampleCount|Average|Sum|Minimum|Maximum|IQM)|(p|tc|tm|ts|wm){_PERCENT}|[ou]{_PLAIN}(_E|_L|_H)?"
    rf"|({_TRIMMED}\(({_PERCENT}%):({_PERCENT}%)?\)|{_TRIMMED}\(({_PERCENT}%)?:({_PERCENT}%)\))"
    rf"|({_RANKED}\({_VALUE}:{_VALUE}?\))|({_RANKED}\({_VALUE}?:{_VALUE}\)))$"
)
_ROW_SHAPE = 'Field "metrics" has to be an array of array of strings, with an optional metricRenderer object as last element'
_NO_SOURCE = "The metric widget should have specified a region and a data source or an alarm annotation"


class Finding(NamedTuple):
    """What is wrong, where (a path as in ``/widgets/0/properties``), and whether the body is refused for it."""

    path: str
    message: str
    warning: bool = False


Check = Callable[[Any, str], Iterable[Finding]]


def read(text: str) -> dict[str, Any] | None:
    """The body as an object, or None when it is not one."""
    try:
        body = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _refuse(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def pointer(text: str) -> str:
    """Why a text is no body, for people: the line, a caret under the place, the mistake by its name.

    >>> print(pointer("{'widgets': []}"))
    {'widgets': []}
     ^ single quotes. JSON has double ones; json.dumps writes them for you.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        start = text.rfind("\n", 0, error.pos) + 1
        line = "".join(c if c.isprintable() else " " for c in text[start:].split("\n", 1)[0])
        first = max(0, error.pos - start - 50)
        caret = " " * (error.pos - start - first) + "^"
        return f"{line[first : first + 80]}\n{caret} {_mistake(text, error)}"
    except (ValueError, RecursionError):
        return "NaN, Infinity or brackets without end. JSON has no such values."
    kind = {list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a single value")
    return f'The body is {kind}. It must be an object: {{"widgets": [...]}}.'


def _mistake(text: str, error: json.JSONDecodeError) -> str:
    before, here = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    if not here:
        return "the text ends too early. A bracket or a quote is not closed."
    if (before.endswith(",") and here[0] in "}]") or (here[0] == "," and here[1:].lstrip()[:1] in ("}", "]")):
        return "a comma before a closing bracket. JSON takes none there."
    if here[0] == "'":
        return "single quotes. JSON has double ones; json.dumps writes them for you."
    if here.startswith(("True", "False", "None")):
        return "a value of Python's. JSON writes true, false and null; json.dumps does it for you."
    return f"{error.msg[0].lower()}{error.msg[1:]}."


def whose(body: Mapping[str, Any], findings: Iterable[Finding]) -> str:
    """Which widgets the errors are about, by their titles: paths only count them. Empty when none is a widget's."""
    widgets = body.get("widgets")
    told = {}
    for finding in findings:
        found = re.match(r"/widgets/(\d+)", finding.path)
        if found and not finding.warning and isinstance(widgets, list):
            widget = widgets[int(found[1])]
            kind = widget.get("type") if isinstance(widget, dict) else None
            properties = widget.get("properties") if isinstance(widget, dict) else None
            title = properties.get("title") if isinstance(properties, dict) else None
            named = f" {title!r}" if isinstance(title, str) else ""
            told[found[0]] = (
                f"{found[0]} is the {kind} widget{named}" if kind else f"{found[0]} names no type"
            )
    return "\n".join(told.values())


def stored(body: Mapping[str, Any]) -> str:
    """The text AWS keeps and gives back: the same object without white space."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def check(body: Mapping[str, Any]) -> list[Finding]:
    """Everything there is to say about a body."""
    return list(_root(body))


def refusal(findings: Iterable[Finding]) -> str:
    """The message of a refused body: its errors as a list in JSON. Warnings are not mentioned."""
    errors = [{"dataPath": f.path, "message": f.message} for f in findings if not f.warning]
    listed = json.dumps(errors, indent=2, ensure_ascii=False)
    return f"The dashboard body is invalid, there are {len(errors)} validation errors:\n{listed}"


# The parts, from the outside in ------------------------------------------------------------------------------------


def _root(body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _required(body, "", ("widgets",))
    for name in body:
        if name not in _ROOT:
            yield Finding("", f'The "{name}" property is not expected, will be ignored', True)
    for name, pattern in (("end", _TIME), ("periodOverride", "^(inherit|auto)$"), ("start", _TIME)):
        if name in body:
            for finding in _pattern(pattern)(body[name], f"/{name}"):
                yield finding._replace(warning=True)
    if "variables" in body:
        yield from _list(body["variables"], "/variables", _variable, most=MAX_VARIABLES)
        yield from _duplicates(body["variables"])
    if "widgets" in body:
        yield from _list(body["widgets"], "/widgets", _widget, most=MAX_WIDGETS)


def _widget(widget: Any, path: str) -> Iterator[Finding]:
    if not isinstance(widget, dict):
        yield Finding(path, "Should be object")
        return
    yield from _required(widget, path, ("type", "properties"))
    for one, other in (("x", "y"), ("y", "x")):
        if one in widget and other not in widget:
            yield Finding(path, f"Should have property {other} when property {one} is present")
    yield from _unknown(widget, path, _WIDGET)
    for name, low, high in (
        ("height", 1, ROWS),
        ("width", 1, COLUMNS),
        ("x", 0, COLUMNS - 1),
        ("y", 0, None),
    ):
        if name in widget:
            yield from _integer(widget[name], f"{path}/{name}", low, high)
    kind = widget.get("type")
    if "type" in widget and kind not in TYPES:
        allowed = ",".join(TYPES)
        yield Finding(
            f"{path}/type",
            f"The specified widget type is unknown. Use one of the allowed values: {allowed}",
            True,
        )
    if "properties" in widget and isinstance(kind, str):
        yield from _properties(kind, widget["properties"], f"{path}/properties")


def _properties(kind: str, given: Any, path: str) -> Iterator[Finding]:
    if not isinstance(given, dict):
        yield Finding(path, "Should be object")
        return
    yield from _required(given, path, _REQUIRED.get(kind, ()))
    if kind in _KNOWN:
        yield from _unknown(given, path, _KNOWN[kind])
    if kind == "text":
        yield from _members(given, path, _TEXT)
    elif kind == "alarm":
        yield from _alarm(given, path)
    elif kind == "metric":
        yield from _metric(given, path)


def _alarm(given: Mapping[str, Any], path: str) -> Iterator[Finding]:
    found = list(_members(given, path, _ALARM))
    yield from found
    if not found and given.get("alarms") == []:
        yield Finding(f"{path}/alarms", "Should NOT have less than 1 items")


def _metric(given: Mapping[str, Any], path: str) -> Iterator[Finding]:
    missing = [name for name in ("metrics", "region") if name not in given]
    alarmed = isinstance(given.get("annotations"), dict) and "alarms" in given["annotations"]
    if missing and not alarmed:
        yield Finding(path, f"Should have required property '{missing[0]}'")
        yield Finding(path, _NO_SOURCE)
        if "annotations" not in given:
            yield Finding(path, "Should have required property 'annotations'")
    yield from _members(given, path, _METRIC)


def _row(row: Any, path: str) -> Iterator[Finding]:
    """One row of ``metrics``: texts, and maybe how to draw them. What a bad last object is told is observed; that the
    same holds for a dimension without a value is not."""
    if not isinstance(row, list):
        yield Finding(path, "Should be array")
        yield Finding(path, _ROW_SHAPE)
        return
    rendering = row[-1] if row and isinstance(row[-1], dict) else None
    texts = row if rendering is None else row[:-1]
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            yield Finding(f"{path}/{i}", "Invalid metric field type, only 'String' type is allowed")
    if rendering is not None and not _renders(rendering):
        yield Finding(path, f"Should NOT have more than {len(texts)} items")
    elif "..." not in texts and len(texts) % 2:
        yield Finding(path, f"Should NOT have more than {len(texts) - 1} items")
    elif not texts and not (rendering and "expression" in rendering):
        yield Finding(path, "Should NOT have less than 2 items")


def _renders(given: Mapping[str, Any]) -> bool:
    return set(given) <= _RENDERING and not any(_members(given, "", _DRAWN))


def _variable(given: Any, path: str) -> Iterator[Finding]:
    if not isinstance(given, dict):
        yield Finding(path, "Should be object")
        return
    own = "pattern" if given.get("type") == "pattern" else "property"
    known = given.get("type") in (None, "property", "pattern")
    yield from _required(given, path, ("type", "inputType", "id", *((own,) if known else ())))
    for name, allowed in (("inputType", ("input", "select", "radio")), ("type", ("property", "pattern"))):
        if name in given and given[name] not in allowed:
            yield Finding(
                f"{path}/{name}",
                f"The specified variable {name} is unknown. Use one of the allowed values: {','.join(allowed)}",
            )
    sources = ("values", "tag", "search", "populateFrom", "searchLabelValues")
    if given.get("inputType") in ("select", "radio") and not any(name in given for name in sources):
        yield from _required(given, path, sources)
        yield Finding(path, "Should match exactly one schema in oneOf")


def _duplicates(variables: Any) -> Iterator[Finding]:
    seen = set()
    for i, variable in enumerate(variables if isinstance(variables, list) else ()):
        if isinstance(variable, dict) and variable.get("type") == "property":
            name = variable.get("property")
            if isinstance(name, str) and name in seen:
                yield Finding(f"/variables/{i}/property", f'Duplicated property in variable: "{name}"')
            if isinstance(name, str):
                seen.add(name)


# What a value may be -----------------------------------------------------------------------------------------------


def _required(given: Mapping[str, Any], path: str, names: Iterable[str]) -> Iterator[Finding]:
    for name in names:
        if name not in given:
            yield Finding(path, f"Should have required property '{name}'")


def _unknown(given: Mapping[str, Any], path: str, known: set[str]) -> Iterator[Finding]:
    for name in given:
        if name not in known:
            what = f'The "{name}" property is not expected to be part of a widget definition, will be ignored'
            yield Finding(path, what, True)


def _members(given: Mapping[str, Any], path: str, checks: Mapping[str, Check]) -> Iterator[Finding]:
    for name in sorted(checks):
        if name in given:
            yield from checks[name](given[name], f"{path}/{name}")


def _list(given: Any, path: str, each: Check, *, most: int | None = None) -> Iterator[Finding]:
    if not isinstance(given, list):
        yield Finding(path, "Should be array")
        return
    if most is not None and len(given) > most:
        yield Finding(path, f"Should NOT have more than {most} items")
    for i, item in enumerate(given):
        yield from each(item, f"{path}/{i}")


def _listed(each: Check) -> Check:
    return lambda given, path: _list(given, path, each)


def _integer(given: Any, path: str, low: int | None = None, high: int | None = None) -> Iterator[Finding]:
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given // 1:
        yield Finding(path, "Should be integer")
    elif low is not None and given < low:
        yield Finding(path, f"Should be >= {low}")
    elif high is not None and given > high:
        yield Finding(path, f"Should be <= {high}")


def _typed(kind: type, name: str) -> Check:
    return lambda given, path: () if isinstance(given, kind) else (Finding(path, f"Should be {name}"),)


_string, _boolean, _object = _typed(str, "string"), _typed(bool, "boolean"), _typed(dict, "object")


def _pattern(pattern: str) -> Check:
    compiled = re.compile(pattern)

    def found(given: Any, path: str) -> Iterator[Finding]:
        if not isinstance(given, str):
            yield Finding(path, "Should be string")
        elif not compiled.search(given):
            yield Finding(path, f'Should match pattern "{pattern}"')

    return found


def _one_of(name: str, allowed: Iterable[str]) -> Check:
    """A choice: another text is only warned about."""
    choices = tuple(allowed)

    def found(given: Any, path: str) -> Iterator[Finding]:
        if not isinstance(given, str):
            yield Finding(path, "Should be string")
        elif given not in choices:
            yield Finding(
                path,
                f'The value of "{name}" property is not valid. Should be equal to one of the allowed values: '
                + ",".join(choices),
                True,
            )

    return found


def _period(given: Any, path: str) -> Iterator[Finding]:
    wrong = list(_integer(given, path))
    if not wrong and given not in _SHORT_PERIODS:
        if given < 60:
            wrong.append(Finding(path, "Should be >= 60"))
        if given % 60:
            wrong.append(Finding(path, "Should be multiple of 60"))
    yield from wrong
    if wrong:
        yield Finding(path, "Should match exactly one schema in oneOf")


_TEXT: dict[str, Check] = {
    "markdown": _string,
    "background": _one_of("background", ("solid", "transparent")),
}
_ALARM: dict[str, Check] = {
    "alarms": _listed(_string),
    "sortBy": _one_of("sortBy", ("default", "stateUpdatedTimestamp", "timestamp")),
    "states": _listed(_pattern("OK|ALARM|INSUFFICIENT_DATA")),
    "title": _string,
}
_METRIC: dict[str, Check] = {
    "annotations": _object,
    "liveData": _boolean,
    "metrics": _listed(_row),
    "period": _period,
    "region": _string,
    "setPeriodToTimeRange": _boolean,
    "sparkline": _boolean,
    "stacked": _boolean,
    "stat": _pattern(STAT),
    "title": _string,
    "view": _one_of("view", VIEWS),
    "yAxis": _object,
}
_DRAWN: dict[str, Check] = {
    "color": _pattern("^#[0-9a-fA-F]{6}$"),
    "expression": _string,
    "id": _pattern("^[a-z][a-zA-Z0-9_]*$"),
    "label": _string,
    "period": _period,
    "region": _string,
    "stat": _pattern(STAT),
    "visible": _boolean,
    "yAxis": _pattern("^(left|right)$"),
}
