"""Schemaless values on an engine with types: what a value is known to be, and how it is seen as another kind.

A discovered or parsed value is text; text that looks like a number is a number wherever one is wanted, so the text
"404" is more than 400. Kinds: text, num (DOUBLE), bool (two-valued), time (BIGINT, ms), json (the JSON text of a map or
list), part (the JSON text of anything inside one: a map or list is no value of a comparison or a function, the rest is
text, as a discovered field is).
Source: user guide, functions and operators. Where it leaves room: docs, "Logs Insights" in the list of simplifications.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.services.logs.insights.tree import call, joined, number, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

# As long as no number is infinite: up to 100 digits before the point, an exponent up to 199. What is longer is text.
_NUMBER = r"[+-]?([0-9]{1,100}([.][0-9]*)?|[.][0-9]+)([eE]([+]?[01]?[0-9]{1,2}|-[0-9]{1,3}))?"
NUMBER = re.compile(_NUMBER)
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_OPPOSITE = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Value:
    """An expression of the engine and its kind. ``literal`` is the text of a constant as typed.

    ``number`` gives the column in which a text is a number already.
    """

    sql: Expression
    kind: str
    literal: str | None = None
    number: Callable[[], Expression] | None = None


def of_text(value: str) -> Value:
    return Value(text(value), "text", value)


def numeric(written: str) -> float | None:
    """The number a text is; None when it is none."""
    return float(written) if NUMBER.fullmatch(written) else None


def of_number(typed: str) -> Value:
    return Value(number(float(typed)), "num", typed)


def of_bool(value: bool) -> Value:
    return Value(tree("TRUE") if value else tree("FALSE"), "bool", "true" if value else "false")


def null() -> Value:
    return Value(tree("CAST(NULL AS TEXT)"), "text")


def finite(sql: Expression) -> Expression:
    """A number, or null where arithmetic has left the numbers."""
    sign = "CASE WHEN ISFINITE(f) THEN f END"
    return tree(f"LIST_EXTRACT([{sign} FOR f IN [:x]], 1)", x=sql)


def leaf(value: Value) -> Value:
    """What is inside a map or list, as text: null where it is a map or list itself. Other values are as they are."""
    if value.kind != "part":
        return value
    return Value(tree("json_extract_string(json_value(:j, '$'), '$')", j=value.sql), "text")


def structure(value: Value) -> Expression:
    """The JSON text of a map or list, without spaces; null where there is none."""
    if value.kind == "json":
        return value.sql
    looks = text(r"(?s)^\s*[\[{].*")
    if value.kind == "part":
        return tree("NULLIF(regexp_extract(:j, :looks), '')", j=value.sql, looks=looks)
    document = tree("CAST(TRY_CAST(:x AS JSON) AS TEXT)", x=txt(value))
    return tree("CAST(json(NULLIF(regexp_extract(:j, :looks), '')) AS TEXT)", j=document, looks=looks)


def inside(value: Value, keys: Sequence[str]) -> Value:
    """What stands at a path of keys in a map; a key that is a number is a place in a list, too."""
    path = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    return _found(call("json_extract", value.sql, text(path)))


def item(value: Value, index: int) -> Value:
    """An item of a list, counted from 0."""
    return _found(call("json_extract", value.sql, text(f"$[{index}]")))


def _found(json: Expression) -> Value:
    return Value(tree("NULLIF(CAST(:j AS TEXT), 'null')", j=json), "part")


def printed(value: Value) -> Expression:
    """As a column of the answer: the engine's own value, of which a map or list is its JSON text."""
    if value.kind == "part":
        return tree("json_extract_string(:j, '$')", j=value.sql)
    return value.sql


def num(value: Value) -> Expression:
    """As a number; null when it is none."""
    from sqlglot import exp

    value = leaf(value)
    match value.kind:
        case "num":
            return value.sql
        case "bool":
            return tree("CAST(:x AS DOUBLE)", x=value.sql)
        case "time":
            return tree("CAST(:x AS DOUBLE)", x=value.sql)
        case "json":
            return tree("CAST(NULL AS DOUBLE)")
    if value.literal is not None:
        found = numeric(value.literal)
        return tree("CAST(NULL AS DOUBLE)") if found is None else number(found)
    if value.number is not None:
        return value.number()
    if isinstance(value.sql, exp.Column):  # to mention it again costs nothing
        # Words are told by their first letter.
        form = "CASE WHEN :x < ':' AND regexp_full_match(:x, :looks) THEN CAST(:x AS DOUBLE) END"
        return tree(form, x=value.sql, looks=text(_NUMBER))
    return tree("TRY_CAST(regexp_extract(:x, :looks) AS DOUBLE)", x=value.sql, looks=text(f"^{_NUMBER}$"))


def txt(value: Value) -> Expression:
    """As text, in the form results are shown in; null of a map or list."""
    value = leaf(value)
    match value.kind:
        case "num":
            if value.literal is not None:
                return text(value.literal)
            return tree("regexp_replace(CAST(:x + 0 AS TEXT), '[.]0$', '')", x=value.sql)
        case "bool":
            return tree("CASE WHEN :x THEN '1' ELSE '0' END", x=value.sql)
        case "time":
            return tree("strftime(make_timestamp(:x * 1000), '%Y-%m-%d %H:%M:%S.%g')", x=value.sql)
        case "json":
            return tree("CAST(NULL AS TEXT)")
    return value.sql


def truth(value: Value) -> Expression:
    """As a condition, never null: a number but 0, the word true."""
    value = leaf(value)
    match value.kind:
        case "bool":
            return value.sql
        case "num":
            return tree("COALESCE(:x <> 0, FALSE)", x=value.sql)
        case "time":
            return tree(":x IS NOT NULL", x=value.sql)
        case "json":
            return tree("FALSE")
    return tree("COALESCE(:x = 'true' OR :n <> 0, FALSE)", x=value.sql, n=num(value))


def instant(value: Value) -> Expression:
    """As ms since 1970; null when it is no number, or in no year from 1 to 9999."""
    if value.kind == "time":
        return value.sql
    low, high = number(_FIRST_MS), number(_LAST_MS)
    return tree(
        "CASE WHEN :x BETWEEN :low AND :high THEN CAST(floor(:x) AS BIGINT) END",
        x=num(value),
        low=low,
        high=high,
    )


def natural(value: Value) -> list[Expression]:
    """What to sort by, in order: all that is no number comes before the numbers; runs of digits by length, then value."""
    value = leaf(value)
    if value.kind in ("num", "time"):
        return [value.sql]
    if value.kind == "bool":
        return [num(value)]
    keys = """ARRAY_TO_STRING([CASE WHEN c[1] BETWEEN '0' AND '9' THEN '0' || LPAD(CAST(LENGTH(c) AS TEXT), 7, '0') || c
              ELSE c || CHR(1) END FOR c IN REGEXP_EXTRACT_ALL(:x, '[0-9]+|[^0-9]+')], '')"""
    number_ = num(value)
    chunks = tree(f"CASE WHEN :n IS NULL THEN {keys} ELSE :x END", n=number_, x=value.sql)
    return [tree("CASE WHEN :x IS NOT NULL THEN :n IS NOT NULL END", x=value.sql, n=number_), number_, chunks]


def compare(operator: str, left: Value, right: Value) -> Expression:
    """A comparison, never null: numbers as numbers where both look like one, else text by code point."""
    if "json" in (left.kind, right.kind):
        return tree("FALSE")
    left, right = leaf(left), leaf(right)
    if left.literal is not None and right.literal is None:
        return compare(_OPPOSITE[operator], right, left)
    truth_word = _boolean(operator, left, right)
    if truth_word is not None:
        return truth_word
    numbers = ("num", "bool", "time")
    if right.literal is not None and right.kind == "text" and numeric(right.literal) is None:
        return _never_null(_sign(operator, txt(left), text(right.literal)))
    a, b = num(left), num(right)
    if left.kind in numbers and (right.kind in numbers or right.literal is not None):
        if left.kind == "time" and right.kind == "time":
            a, b = left.sql, right.sql
        return _never_null(_sign(operator, a, b))
    if operator == "=" and right.literal is not None:
        return _never_null(_sign(operator, a, b))  # text that is no number is not equal to a number
    # Null where one of the two is no number.
    numerically, as_texts = _sign(operator, a, b), _sign(operator, txt(left), txt(right))
    return tree("COALESCE(:numerically, :as_texts, FALSE)", numerically=numerically, as_texts=as_texts)


def _boolean(operator: str, left: Value, right: Value) -> Expression | None:
    """A text field beside true, false, 1 or 0: JSON's true is equal to true, "true" and 1."""
    if left.kind != "text" or left.literal is not None or operator not in ("=", "!="):
        return None
    word = {"1": "true", "0": "false", "true": "true", "false": "false"}.get(right.literal or "")
    if word is None or (right.kind == "text" and right.literal in ("true", "false")):
        return None
    same = tree(
        "COALESCE(:x = :word OR :n = :digit, FALSE)",
        x=left.sql,
        word=text(word),
        n=num(left),
        digit=number(1.0 if word == "true" else 0.0),
    )
    return same if operator == "=" else tree(":x IS NOT NULL AND NOT :same", x=left.sql, same=same)


def _sign(operator: str, a: Expression, b: Expression) -> Expression:
    return tree(f":a {operator} :b", a=a, b=b)


def _never_null(sql: Expression) -> Expression:
    return tree("COALESCE(:x, FALSE)", x=sql)


def among(value: Value, items: Sequence[Value]) -> Expression:
    """Whether a value is equal to one of several; constants are looked for at once."""
    from sqlglot import exp

    value = leaf(value)
    numbers: list[Expression] = []
    texts: list[Expression] = []
    parts: list[Expression] = []
    for each in items:
        found = None if each.literal is None or each.kind not in ("text", "num") else numeric(each.literal)
        if value.kind == "json" or value.literal is not None or each.literal in (None, "0", "1"):
            parts.append(compare("=", value, each))  # 0 and 1 are false and true, too
        elif found is not None:
            numbers.append(number(found))
        elif each.kind == "text":
            texts.append(each.sql)
        else:
            parts.append(compare("=", value, each))
    for sql, constants in ((num(value), numbers), (txt(value), texts)):
        if constants:
            parts.append(_never_null(exp.In(this=sql.copy(), expressions=constants)))
    return joined(parts, "or")
