"""A slow evaluator of the core commands over plain dictionaries, written from the rules and not from the compiler.

It works on the text of small queries: a list of commands, each a tuple. Every value is text; absent is missing.
"""

from __future__ import annotations

import math
import re
from typing import Any

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
Row = dict[str, Any]


def number(value: str | None) -> float | None:
    return float(value) if value is not None and NUMBER.fullmatch(value) else None


def shown(value: float | None) -> str | None:
    if value is None or not math.isfinite(value):
        return None
    text = repr(float(value)).removesuffix(".0")
    return "0" if text == "-0" else text


def compare(a: str | None, sign: str, b: str | None) -> bool:
    if a is None or b is None:
        return False
    x: Any = number(a)
    y: Any = number(b)
    if x is None or y is None:
        x, y = a, b
    return {"=": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]


def natural(value: str) -> tuple[Any, ...]:
    """Numbers after all else; runs of digits by length, then value."""
    found = number(value)
    if found is not None:
        return (1, found, value)
    chunks = re.findall(r"[0-9]+|[^0-9]+", value)
    return (0, [("0", len(c), c) if c[0].isdigit() else (c[0], 0, c) for c in chunks])


def run(commands: list[tuple[Any, ...]], rows: list[Row]) -> list[Row]:
    """Rows carry their time under 0 and their place under 1."""
    rows = sorted(rows, key=lambda row: (-row[0], row[1]))
    shown_fields: list[str] | None = None
    for name, *given in commands:
        match name:
            case "fields":
                shown_fields = list(dict.fromkeys([*(shown_fields or []), *given]))
            case "filter":
                field, sign, value, negated = given
                rows = [row for row in rows if compare(row.get(field), sign, value) != negated]
            case "like":
                field, part, negated = given
                rows = [row for row in rows if (field in row and part in row[field]) != negated]
            case "add":
                alias, a, b = given
                rows = [
                    without(row, alias) | computed(alias, number(row.get(a)), number(row.get(b)))
                    for row in rows
                ]
                shown_fields = list(dict.fromkeys([*(shown_fields or []), alias]))
            case "sort":
                field, down = given
                present = [row for row in rows if field in row]
                present.sort(key=lambda row: (-row[0], row[1]) if 0 in row else ())
                present.sort(key=lambda row: natural(row[field]), reverse=down)
                if down:  # a stable sort the other way round turns the ties round, too
                    present = ties(present, field)
                absent = [row for row in rows if field not in row]
                rows = present + sorted(absent, key=lambda row: (-row[0], row[1]))
            case "limit":
                rows = rows[: given[0]]
            case "dedup":
                seen, kept = set(), []
                for row in rows:
                    key = tuple(row.get(field) for field in given)
                    if None in key or key not in seen:
                        kept.append(row)
                    seen.add(key)
                rows = kept
            case "parse":
                field, before, between, aliases = given
                rows = [
                    without(row, *aliases) | parsed(row.get(field), before, between, aliases) for row in rows
                ]
            case "stats":
                keys, values = given
                return stats(rows, keys, values)
    return [{f: row[f] for f in shown_fields or [] if f in row} for row in rows]


def ties(rows: list[Row], field: str) -> list[Row]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[field], []).append(row)
    return [row for group in groups.values() for row in sorted(group, key=lambda row: (-row[0], row[1]))]


def without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def computed(alias: str, a: float | None, b: float | None) -> Row:
    value = None if a is None or b is None else shown(a + b)
    return {} if value is None else {alias: value}


def parsed(text: str | None, before: str, between: str, aliases: list[str]) -> Row:
    """``before*between*``."""
    if text is None or before not in text:
        return {}
    rest = text.split(before, 1)[1] if before else text
    if between not in rest:
        return {}
    first, second = rest.split(between, 1)
    return dict(zip(aliases, (first, second), strict=True))


def stats(rows: list[Row], keys: list[str], values: list[tuple[str, str]]) -> list[Row]:
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)

    def order(key: tuple[str | None, ...]) -> list[Any]:
        return [(1,) if part is None else (0, natural(part)) for part in key]

    found = []
    for key in sorted(groups, key=order):
        row = {name: part for name, part in zip(keys, key, strict=True) if part is not None}
        for kind, field in values:
            value = aggregate(kind, [each.get(field) for each in groups[key]])
            if value is not None:
                row[f"{kind}({field})"] = value
        found.append(row)
    return found


def aggregate(kind: str, values: list[str | None]) -> str | None:
    present = [value for value in values if value is not None]
    numbers = [n for n in map(number, present) if n is not None]
    match kind:
        case "count":
            return str(len(present))
        case "count_distinct":
            return str(len(set(present)))
        case "sum":
            return shown(sum(numbers)) if numbers else None
        case "avg":
            return shown(sum(numbers) / len(numbers)) if numbers else None
        case "min" | "max":
            if numbers:
                return shown(min(numbers) if kind == "min" else max(numbers))
            return (min if kind == "min" else max)(present) if present else None
    raise AssertionError(kind)
