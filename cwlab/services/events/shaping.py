"""What a target is sent: the event, a part of it, a constant, or a text made from it.

Source: EventBridge User Guide, "Amazon EventBridge input transformation"; API reference, InputTransformer. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cwlab.services.events.jsontext import Number, read, write
from cwlab.services.events.records import Target

_MISSING = object()
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]+|\*)\]|\[['\"](?P<quoted>[^'\"\]]+)['\"]\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
PREDEFINED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)
MOST_PATHS = 100


class BadShape(ValueError):
    """The text for a target cannot be made: the transformed input is no JSON."""


def shape(target: Target, event: str, predefined: Mapping[str, str]) -> str:
    """The text a target is sent for an event.

    Args:
        predefined: rule-arn, rule-name and event.ingestion-time, under their whole names.

    Raises:
        BadShape: a JSON template came out as no JSON.

    >>> shape(Target("1", "arn", path="$.detail.who"), '{"detail": {"who": "ana"}}', {})
    '"ana"'
    """
    if target.constant is not None:
        return target.constant
    if target.path is not None:
        found = at_path(read(event), target.path)
        return "null" if found is _MISSING else write(found)
    if target.template is not None:
        return _transformed(target.template, dict(target.paths or ()), event, predefined)
    return event


def good_path(path: str) -> bool:
    """Is this a JSON path EventBridge understands?"""
    return path.startswith("$") and _STEP.sub("", path[1:]) == ""


def at_path(value: Any, path: str) -> Any:
    """What stands at a path: dots, indices, and ``*`` for all elements of an array."""
    steps = [match.groupdict() for match in _STEP.finditer(path, 1)]
    return _walk(value, steps)


def _walk(value: Any, steps: list[dict[str, str | None]]) -> Any:
    for number, step in enumerate(steps):
        name = step["name"] or step["quoted"]
        if name == "*" or step["index"] == "*":
            inner = list(value.values()) if isinstance(value, dict) else value
            if not isinstance(inner, list):
                return _MISSING
            found = [_walk(each, steps[number + 1 :]) for each in inner]
            return [each for each in found if each is not _MISSING]
        if name is not None:
            if not isinstance(value, dict) or name not in value:
                return _MISSING
            value = value[name]
        else:
            index = int(step["index"] or 0)
            if not isinstance(value, list) or index >= len(value):
                return _MISSING
            value = value[index]
    return value


def unknown_placeholder(template: str, names: Mapping[str, str]) -> str | None:
    """The first ``<name>`` of a template that stands for nothing."""
    for name in _PLACEHOLDER.findall(template):
        if name not in names and name not in PREDEFINED:
            return str(name)
    return None


def _transformed(template: str, paths: dict[str, str], event: str, predefined: Mapping[str, str]) -> str:
    body = read(event)
    values: dict[str, Any] = {name: at_path(body, path) for name, path in paths.items()}
    values |= predefined
    values["aws.events.event.json"] = body
    values["aws.events.event"] = {key: value for key, value in body.items() if key != "detail"}
    as_json = template.lstrip()[:1] in ("{", "[")
    text, quoted, at = [], False, 0
    while at < len(template):
        letter = template[at]
        match = _PLACEHOLDER.match(template, at) if letter == "<" else None
        if match is not None and match[1] in values:
            text.append(_put(values[match[1]], quoted=quoted, as_json=as_json))
            at = match.end()
            continue
        if letter == "\\" and quoted:  # an escaped quote stays inside of its text
            text.append(template[at : at + 2])
            at += 2
            continue
        if letter == '"':
            quoted = not quoted
        text.append(letter)
        at += 1
    made = "".join(text)
    if as_json:
        try:
            read(made)
        except ValueError as problem:
            raise BadShape(f"The transformed input is no JSON: {problem}") from None
    return made


def _put(value: Any, *, quoted: bool, as_json: bool) -> str:
    """A value where its placeholder stood.

    Inside of quotes it is text without quotes of its own; in a JSON template outside of quotes it is JSON; in plain
    text it is bare.
    """
    if value is _MISSING:
        return "" if quoted or not as_json else '""'
    if isinstance(value, str):
        if quoted:
            return write(value)[1:-1]
        return write(value) if as_json else value
    text = write(value)
    return text.replace('"', "") if quoted and not isinstance(value, Number) else text
