"""Filter patterns the slow way: straight from the documentation's sentences, with nothing in common with the package.

A pattern is plain data here: what the tests draw, render as text, and judge by hand. Regular expressions are Python's own, whose
texts are kept short.
"""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st


# -- regular expressions -----------------------------------------------------------------------------------------------
def found(expression: str, text: str) -> bool:
    """Python's re over the same expression: the subset means the same there but for the end of the text and for ``\\s``."""
    branches = [re.sub(r"\$$", r"\\Z", each) for each in split(expression)]
    joined = (
        "|".join(f"(?:{each})" for each in branches).replace(r"\s", r"[ \t\n]").replace(r"\S", r"[^ \t\n]")
    )
    return re.search(joined, text, re.ASCII) is not None


def split(expression: str) -> list[str]:
    return re.split(r"(?<!\\)\|", expression)


UNITS = st.one_of(
    st.sampled_from("abc0_ -/"),
    st.sampled_from(
        [".", r"\.", r"\d", r"\w", r"\s", r"\D", r"\x28", "[ab]", "[^ab]", "[a-c0]", r"[\d-]", r"\*"]
    ),
)
COUNTS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "{0}"])


@st.composite
def expressions(draw: Any) -> str:
    branches = []
    for _ in range(draw(st.integers(1, 3))):
        pieces = draw(st.lists(st.tuples(UNITS, COUNTS), max_size=5))
        body = "".join(unit + count for unit, count in pieces)
        body = body.replace("{,2}", "{0,2}") if draw(st.booleans()) else body
        branches.append(draw(st.sampled_from(["", "^"])) + body + draw(st.sampled_from(["", "$"])))
    return "|".join(branches)


def python(expression: str) -> str:
    """Python writes {,2} as {0,2}."""
    return expression.replace("{,2}", "{0,2}")


# -- text --------------------------------------------------------------------------------------------------------------
WORDS = st.text(st.sampled_from("abcAB01_é"), min_size=1, max_size=3)
PHRASES = st.text(st.sampled_from('ab :[]"\\é😀\x00\x1b'), min_size=1, max_size=4)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def term_lists(draw: Any) -> list[tuple[str, str, str]]:
    """Sign, kind, text."""
    kinds = st.one_of(
        st.tuples(st.just("word"), WORDS),
        st.tuples(st.just("phrase"), PHRASES.filter(str.strip)),
        st.tuples(st.just("regex"), expressions()),
    )
    signs = draw(st.sampled_from(["?", "", "-", " ?-"]))
    return [
        (sign.strip(), *each)
        for sign, each in draw(
            st.lists(st.tuples(st.sampled_from(signs or [""]), kinds), min_size=1, max_size=4)
        )
    ]


def text_pattern(terms: list[tuple[str, str, str]]) -> str:
    shown = {"word": str, "phrase": quoted, "regex": lambda text: f"%{text}%"}
    return "  ".join(sign + shown[kind](text) for sign, kind, text in terms)


def text_matches(terms: list[tuple[str, str, str]], message: str) -> bool:
    def there(kind: str, text: str) -> bool:
        return found(python(text), message) if kind == "regex" else text in message

    optional = [there(kind, text) for sign, kind, text in terms if sign == "?"]
    if len(optional) == len(terms):
        return any(optional)
    return all(there(kind, text) == (sign == "") for sign, kind, text in terms if sign != "?")


# -- comparisons -------------------------------------------------------------------------------------------------------
NUMBERS = st.sampled_from(["1", "0", "-1", "+2", "1.5", "1e1", ".5", "10"])
BODIES = st.text(st.sampled_from("ab1*. "), max_size=4)


@st.composite
def comparisons(draw: Any) -> tuple[str, str, str]:
    """Operator, kind of value, value."""
    kind = draw(st.sampled_from(["number", "text", "bare", "regex"]))
    if kind == "number":
        return draw(st.sampled_from(["=", "!=", "<", ">", "<=", ">="])), kind, draw(NUMBERS)
    op = draw(st.sampled_from(["=", "!="]))
    if kind == "regex":
        return op, kind, draw(expressions())
    if kind == "bare":
        return op, kind, draw(st.sampled_from(["*", "a", "a*", "*a", "*a*", "1*", "a*b", "true", "b1", "ab"]))
    return op, kind, draw(BODIES)


def compared(op: str, kind: str, value: str) -> str:
    shown = quoted(value) if kind == "text" else f"%{value}%" if kind == "regex" else value
    return f"{op} {shown}"


def like(wanted: str, text: str) -> bool:
    """``*`` at either end stands for anything; by a regular expression of Python's."""
    if wanted == "*":
        return True
    head, tail = wanted.startswith("*"), wanted.endswith("*") and len(wanted) > 1
    body = re.escape(wanted[1 if head else 0 : len(wanted) - 1 if tail else len(wanted)])
    return re.fullmatch(("(?s:.*)" if head else "") + body + ("(?s:.*)" if tail else ""), text) is not None


def ordered(op: str, left: float, right: float) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
    }[op]


# -- JSON --------------------------------------------------------------------------------------------------------------
KEYS = ["a", "b", "c-1"]
STEPS = st.sampled_from([".a", ".b", ".c-1", ".['x y']", "[0]", "[1]"])
WILD = st.sampled_from(["", "", "[*]", ".*"])
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, -1, 1.5, 10, 10.0, "a", "ab", "1", "b1", "", "a*b", 'q"\\', "é"]
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, "x y"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@st.composite
def selectors(draw: Any) -> str:
    before, wild, after = draw(st.lists(STEPS, max_size=2)), draw(WILD), draw(st.lists(STEPS, max_size=1))
    return "$" + "".join([*before, wild, *after]) if before or wild or after else "$.a"


def conditions(wilds: int = 3) -> Any:
    leaf = st.one_of(
        st.tuples(st.just("compare"), selectors(), comparisons()),
        st.tuples(st.just("is"), selectors(), st.sampled_from(["NULL", "TRUE", "false"])),
        st.tuples(st.just("absent"), selectors()),
    )
    return st.recursive(
        leaf,
        lambda inner: st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=3)),
        max_leaves=4,
    )


def condition_pattern(node: Any, inside: str = "") -> str:
    if node[0] in ("&&", "||"):
        joined = f" {node[0]} ".join(condition_pattern(part, node[0]) for part in node[1])
        return f"({joined})" if (inside, node[0]) in (("&&", "||"), ("&&", "&&")) else joined
    if node[0] == "compare":
        return f"{node[1]} {compared(*node[2])}"
    return f"{node[1]} IS {node[2]}" if node[0] == "is" else f"{node[1]} NOT EXISTS"


def picked(document: Any, selector: str) -> list[Any]:
    """All values a selector leads to."""
    steps = re.findall(r"\.\['[^']*'\]|\.[\w-]+|\[\d+\]|\[\*\]|\.\*", selector[1:])
    found = [document]
    for step in steps:
        new: list[Any] = []
        for value in found:
            if step == "[*]":
                new += value if isinstance(value, list) else []
            elif step == ".*":
                new += list(value.values()) if isinstance(value, dict) else []
            elif step.startswith("["):
                n = int(step[1:-1])
                new += value[n : n + 1] if isinstance(value, list) else []
            else:
                key = step[3:-2] if step.startswith(".[") else step[1:]
                new += [value[key]] if isinstance(value, dict) and key in value else []
        found = new
    return found


def json_holds(value: Any, op: str, kind: str, wanted: str) -> bool:
    """One comparison with one JSON value."""
    if value is None or isinstance(value, list | dict):
        return False
    text = value if isinstance(value, str) else json.dumps(value)
    if kind == "number":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ordered(op, value, float(wanted))
        return op in ("=", "!=") and (text == wanted) == (op == "=")
    fits = found(python(wanted), text) if kind == "regex" else like(wanted, text)
    return fits == (op == "=")


def json_matches(node: Any, document: Any) -> bool:
    if node[0] == "&&":
        return all(json_matches(part, document) for part in node[1])
    if node[0] == "||":
        return any(json_matches(part, document) for part in node[1])
    values = picked(document, node[1])
    if node[0] == "absent":
        return not values
    if node[0] == "is":
        wanted = {"NULL": None, "TRUE": True, "false": False}[node[2]]
        return any(value is wanted for value in values)
    return any(json_holds(value, *node[2]) for value in values)


# -- fields ------------------------------------------------------------------------------------------------------------
LINES = st.text(st.sampled_from('ab1 []".-é\x00'), max_size=14) | st.lists(
    st.sampled_from(["a", "b1", "10", "1.5", '"a b"', "[a 1]", "-", "[", '"', '"a"b', "ab", "[]", '""']),
    max_size=6,
).map(" ".join)
_TOKEN = re.compile(
    r'[ \t\n\r\f\v]*(?:"([^"]*)"(?![^ \t\n\r\f\v])|\[([^\]]*)\](?![^ \t\n\r\f\v])|([^ \t\n\r\f\v]+))'
)


def tokens(line: str) -> list[tuple[int, str]]:
    """Fields and where each begins."""
    out, at = [], 0
    while m := _TOKEN.match(line, at):
        text = next(group for group in m.groups() if group is not None)
        out.append((m.start() + len(m[0]) - len(m[0].lstrip(" \t\n\r\f\v")), text))
        at = m.end()
    return out


@st.composite
def entries(draw: Any) -> list[Any]:
    """Names with conditions: (name or "", joins, comparisons), and perhaps one "..."."""
    out: list[Any] = []
    for n in range(draw(st.integers(1, 4))):
        named = draw(st.booleans())
        several = draw(st.lists(comparisons(), max_size=3)) if named else []
        joins = [draw(st.sampled_from(["&&", "||"])) for _ in several[1:]]
        out.append((f"f{n}" if named else "", joins, several))
    if draw(st.booleans()):
        out.insert(draw(st.integers(0, len(out))), "...")
    return out


def space_pattern(given: list[Any]) -> str:
    shown = []
    for entry in given:
        if entry == "...":
            shown.append("...")
            continue
        name, joins, several = entry
        tests = [f"{name} {compared(*each)}" for each in several]
        text = tests[0] if tests else name
        for join, test in zip(joins, tests[1:], strict=True):
            text += f" {join} {test}"
        shown.append(text)
    return "[" + ", ".join(shown) + "]"


def field_holds(text: str, op: str, kind: str, wanted: str) -> bool:
    if kind == "number":
        if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
            return ordered(op, float(text), float(wanted))
        return op == "!="
    fits = found(python(wanted), text) if kind == "regex" else like(wanted, text)
    return fits == (op == "=")


def space_extracts(given: list[Any], line: str) -> dict[str, str] | None:
    """The fields of a line that matches, else None."""
    cut = tokens(line)
    texts = [text for _, text in cut]
    wanted = [entry for entry in given if entry != "..."]
    if given == [("", [], [])]:
        return {f"${n}": text for n, text in enumerate(texts, 1)}
    if len(texts) < len(wanted):
        return None
    if "..." in given:
        left = given.index("...")
        right = len(wanted) - left
        middle = len(texts) - len(wanted)
        row = [*wanted[:left], *[("", [], [])] * middle, *wanted[len(wanted) - right :]]
    else:
        row = wanted
        if len(texts) > len(row):
            texts = [*texts[: len(row) - 1], line[cut[len(row) - 1][0] :]]
    out = {}
    for n, (text, (name, joins, several)) in enumerate(zip(texts, row, strict=True), 1):
        out[f"${name or n}"] = text
        groups: list[list[bool]] = [[]]
        for join, test in zip(["", *joins], several, strict=False):
            if join == "||":
                groups.append([])
            groups[-1].append(field_holds(text, *test))
        if several and not any(all(group) for group in groups):
            return None
    return out
