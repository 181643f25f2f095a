"""The queries of ``slow.py`` as text, with no more parentheses than their operators need."""

from __future__ import annotations

import re
from typing import Any

Expr = tuple[Any, ...]
# What a sign binds, and what may stand on its left and right without parentheses.
OR, AND, NOT, COMPARED, SUM, TERM, MINUS, POWER, ATOM = range(9)
SIGNS = {
    "or": (OR, OR, AND),
    "and": (AND, AND, NOT),
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), (COMPARED, SUM, SUM)),
    **dict.fromkeys("+-", (SUM, SUM, TERM)),
    **dict.fromkeys("*/%", (TERM, TERM, MINUS)),
    "^": (POWER, ATOM, MINUS),
}


def quoted(content: str) -> str:
    return '"' + content.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(name: str) -> str:
    """A field; in backticks what is not of letters, digits, _, @ and dots."""
    return name if re.fullmatch(r"[A-Za-z_@][\w@.]*", name, re.ASCII) else f"`{name}`"


def regex(source: str) -> str:
    return "/" + source.replace("/", "\\/").replace("(?P<", "(?<") + "/"


def shown_as(e: Expr) -> str:
    """An expression as it is typed."""
    return _in(e, OR)


def _in(e: Expr, least: int) -> str:
    level, typed = _typed(e)
    return typed if level >= least else f"({typed})"


def _typed(e: Expr) -> tuple[int, str]:
    kind, *given = e
    match kind:
        case "num" | "word":
            return ATOM, given[0]
        case "made":
            return OR, given[0]
        case "text":
            return ATOM, quoted(given[0])
        case "field":
            return ATOM, named(given[0])
        case "neg":
            return MINUS, f"-{_in(given[0], MINUS)}"
        case "not":
            return NOT, f"not {_in(given[0], NOT)}"
        case "op":
            sign, left, right = given
            own, a, b = SIGNS[sign]
            return own, f"{_in(left, a)} {sign} {_in(right, b)}"
        case "like":
            return COMPARED, f"{_in(given[0], SUM)} {'not ' * given[2]}like {quoted(given[1])}"
        case "match":
            way = "not like" if given[2] else "=~"
            return COMPARED, f"{_in(given[0], SUM)} {way} {regex(given[1])}"
        case "in":
            items = ", ".join(shown_as(item) for item in given[1])
            return COMPARED, f"{_in(given[0], SUM)} {'not ' * given[2]}in [{items}]"
        case "call":
            return ATOM, f"{given[0]}({', '.join(map(shown_as, given[1:]))})"
        case "bin":
            return ATOM, f"bin({given[0]}{given[1]})"
        case "floor" | "ceil":
            return ATOM, f"date{kind}({shown_as(given[0])}, {given[1]}{given[2]})"
        case "agg":
            inner = "*" if given[1] is None else shown_as(given[1])
            return ATOM, f"{given[0]}({inner}{'' if given[2] is None else f', {given[2]}'})"
    raise AssertionError(e)


def _outputs(outputs: list[tuple[Expr, str | None]]) -> str:
    return ", ".join(shown_as(e) + ("" if alias is None else f" as {named(alias)}") for e, alias in outputs)


def command(each: tuple[Any, ...]) -> str:
    """A command as text."""
    name, *given = each
    match name:
        case "filter":
            return f"filter {shown_as(given[0])}"
        case "limit":
            return f"limit {given[0]}"
        case "sort":
            return "sort " + ", ".join(shown_as(e) + " desc" * down for e, down in given[0])
        case "dedup":
            return "dedup " + ", ".join(map(named, given[0]))
        case "parse":
            source = "" if given[0] is None else shown_as(given[0])
            return f"parse {source} {quoted(given[1])} as {', '.join(map(named, given[2]))}"
        case "extract":
            return f"parse {shown_as(given[0])} {regex(given[1])}"
        case "stats":
            by = f" by {_outputs(given[1])}" if given[1] else ""
            return f"stats {_outputs(given[0])}{by}"
    return f"{name} {_outputs(given[0])}"


def query(commands: list[tuple[Any, ...]]) -> str:
    return " | ".join(map(command, commands))


def constant(e: Expr) -> bool:
    return e[0] in ("num", "text", "word")


def label(e: Expr, alias: str | None) -> str:
    """The name of a column: the alias, the field, or the text as typed."""
    return alias or (str(e[1]) if e[0] in ("field", "made") else shown_as(e))
