"""The functions of one row, each by what it makes of values. Source: user guide, operations and functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cwlab.services.logs.insights.tree import call, joined, text, tree
from cwlab.services.logs.insights.values import Value, finite, instant, num, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

Made = Callable[..., Value]


class Function(NamedTuple):
    """How many arguments it takes, and its value."""

    least: int
    most: int
    make: Made


def _number(sql: Expression) -> Value:
    return Value(sql, "num")


def _text(sql: Expression) -> Value:
    return Value(sql, "text")


def _bool(sql: Expression) -> Value:
    return Value(tree("COALESCE(:x, FALSE)", x=sql), "bool")


def _digit(sql: Expression) -> Value:
    """1 or 0, null of null."""
    return Value(tree("CAST(CAST(:x AS INTEGER) AS DOUBLE)", x=sql), "num")


def _plain(name: str) -> Made:
    return lambda a: _number(call(name, num(a)))


def _present(a: Value) -> Value:
    return Value(tree(":x IS NOT NULL", x=a.sql), "bool")


def _coalesce(*values: Value) -> Value:
    kinds = {value.kind for value in values}
    if len(kinds) == 1 and kinds <= {"num", "time"}:
        return Value(call("coalesce", *(value.sql for value in values)), kinds.pop())
    return _text(call("coalesce", *(txt(value) for value in values)))


def _most(name: str) -> Made:
    """The engine leaves nulls out; here one null makes all null."""

    def make(*values: Value) -> Value:
        numbers = [num(value) for value in values]
        absent = joined([tree(":x IS NULL", x=each) for each in numbers], "or")
        return _number(tree("CASE WHEN NOT :absent THEN :x END", absent=absent, x=call(name, *numbers)))

    return make


def _empty(a: Value) -> Value:
    return _digit(tree(":x IS NULL OR :x = ''", x=txt(a)))


def _blank(a: Value) -> Value:
    return _digit(tree("COALESCE(NOT regexp_matches(:x, '[^[:space:]]'), TRUE)", x=txt(a)))


def _concat(*values: Value) -> Value:
    sql = txt(values[0])
    for value in values[1:]:
        sql = tree(":a || :b", a=sql, b=txt(value))
    return _text(sql)


def _trim(name: str) -> Made:
    def make(a: Value, chars: Value | None = None) -> Value:
        letters = text(" \t\n\r\f\v") if chars is None else txt(chars)
        return _text(call(name, txt(a), letters))

    return make


def _substr(a: Value, start: Value, length: Value | None = None) -> Value:
    whole, first = txt(a), tree("CAST(floor(:n) AS BIGINT)", n=num(start))
    if length is None:
        return _text(tree("CASE WHEN :n >= 0 THEN substring(:x, :n + 1) END", x=whole, n=first))
    size = tree("CAST(floor(:n) AS BIGINT)", n=num(length))
    return _text(
        tree("CASE WHEN :n >= 0 AND :m >= 0 THEN substring(:x, :n + 1, :m) END", x=whole, n=first, m=size)
    )


def _contains(a: Value, b: Value) -> Value:
    return _digit(call("contains", txt(a), txt(b)))


def _replace(a: Value, b: Value, c: Value) -> Value:
    return _text(call("replace", txt(a), txt(b), txt(c)))


_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"^{_OCTET}([.]{_OCTET}){{3}}$"
_H = "[0-9a-fA-F]{1,4}"
_V6 = (
    "^("
    + "|".join(
        [f"({_H}:){{7}}{_H}", f"({_H}:){{1,7}}:", "::"]
        + [f"({_H}:){{1,{7 - n}}}(:{_H}){{1,{n}}}" for n in range(1, 7)]
        + [f":(:{_H}){{1,7}}"]
    )
    + ")$"
)


def _ip(*patterns: str) -> Made:
    def make(a: Value) -> Value:
        return _bool(joined([call("regexp_matches", txt(a), text(each)) for each in patterns], "or"))

    return make


def _v4_number(x: Expression) -> Expression:
    return tree(
        """CASE WHEN regexp_matches(:x, :looks) THEN
           CAST(split_part(:x, '.', 1) AS BIGINT) * 16777216 + CAST(split_part(:x, '.', 2) AS BIGINT) * 65536
           + CAST(split_part(:x, '.', 3) AS BIGINT) * 256 + CAST(split_part(:x, '.', 4) AS BIGINT) END""",
        x=x,
        looks=text(_V4),
    )


def _in_v4(a: Value, subnet: Value) -> Value:
    net, bits = (
        tree("split_part(:s, '/', 1)", s=txt(subnet)),
        tree("TRY_CAST(split_part(:s, '/', 2) AS INTEGER)", s=txt(subnet)),
    )
    size = tree("CASE WHEN :bits BETWEEN 0 AND 32 THEN CAST(power(2, 32 - :bits) AS BIGINT) END", bits=bits)
    return _bool(tree(":a // :size = :b // :size", a=_v4_number(txt(a)), b=_v4_number(net), size=size))


def _to_millis(a: Value) -> Value:
    return _number(tree("CAST(:t AS DOUBLE)", t=instant(a)))


def _from_millis(a: Value) -> Value:
    return Value(instant(a), "time")


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, 1, _plain("abs")),
    "ceil": Function(1, 1, _plain("ceil")),
    "floor": Function(1, 1, _plain("floor")),
    "greatest": Function(1, 99, _most("greatest")),
    "least": Function(1, 99, _most("least")),
    "log": Function(1, 1, lambda a: _number(tree("ln(NULLIF(greatest(:x, 0), 0))", x=num(a)))),
    "sqrt": Function(1, 1, lambda a: _number(finite(call("sqrt", num(a))))),
    "tomillis": Function(1, 1, _to_millis),
    "frommillis": Function(1, 1, _from_millis),
    "ispresent": Function(1, 1, _present),
    "coalesce": Function(1, 99, _coalesce),
    "isempty": Function(1, 1, _empty),
    "isblank": Function(1, 1, _blank),
    "concat": Function(1, 99, _concat),
    "ltrim": Function(1, 2, _trim("ltrim")),
    "rtrim": Function(1, 2, _trim("rtrim")),
    "trim": Function(1, 2, _trim("trim")),
    "strlen": Function(1, 1, lambda a: _number(tree("CAST(length(:x) AS DOUBLE)", x=txt(a)))),
    "toupper": Function(1, 1, lambda a: _text(call("upper", txt(a)))),
    "tolower": Function(1, 1, lambda a: _text(call("lower", txt(a)))),
    "substr": Function(2, 3, _substr),
    "replace": Function(3, 3, _replace),
    "strcontains": Function(2, 2, _contains),
    "isvalidip": Function(1, 1, _ip(_V4, _V6)),
    "isvalidipv4": Function(1, 1, _ip(_V4)),
    "isvalidipv6": Function(1, 1, _ip(_V6)),
    "isipv4insubnet": Function(2, 2, _in_v4),
}

# What AWS has and this version has not, refused by name.
NOT_MODELED = frozenset(
    [
        "round",
        "haversine",
        "tonumber",
        "toint",
        "tolong",
        "todouble",
        "parsedate",
        "formatdate",
        "strftime",
        "case",
        "if",
        "isnumeric",
        "messagesize",
        "querystarttime",
        "queryendtime",
        "querytimerange",
        "jsonparse",
        "jsonstringify",
        "jsonarraysize",
        "jsonarraycontains",
        "isipinsubnet",
        "isipv6insubnet",
        "ipv4tonumber",
        "isprivateip",
        "ispublicip",
        "isreservedip",
        "startswith",
        "endswith",
        "regexreplace",
        "split",
        "urlencode",
        "urldecode",
        "base64encode",
        "base64decode",
        "hextoascii",
        "hextodec",
        "dectohex",
        "unmask",
        "values",
        "topk",
        "variance",
        "median",
    ]
)
