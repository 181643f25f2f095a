"""Numbers. Source: user guide, numeric operators; conversions: the same page of 2026."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cwlab.services.logs.insights.functions.base import MANY, Function, a_condition, a_number, a_text, plain
from cwlab.services.logs.insights.tree import call, joined, number, text, tree
from cwlab.services.logs.insights.values import Value, finite, num, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

EARTH_KM = 6371.0  # mean radius
_HEX = "^(?:0[xX])?([0-9a-fA-F]{1,16})$"


def _most(name: str) -> Callable[..., Value]:
    """The engine leaves nulls out; here one null makes all null."""

    def make(*values: Value) -> Value:
        numbers = [num(value) for value in values]
        absent = joined([tree(":x IS NULL", x=each) for each in numbers], "or")
        return a_number(tree("CASE WHEN NOT :absent THEN :x END", absent=absent, x=call(name, *numbers)))

    return make


def _round(a: Value, digits: Value | None = None) -> Value:
    """Halves away from zero; a negative number of digits rounds before the point."""
    if digits is None:
        return a_number(call("round", num(a)))
    return a_number(call("round", num(a), _whole(digits, 32)))


def _whole(value: Value, bits: int) -> Expression:
    """Cut to a whole number; null where so many bits do not hold it."""
    kind = "INTEGER" if bits == 32 else "BIGINT"
    return tree(f"TRY_CAST(TRUNC(:x) AS {kind})", x=num(value))


def _to_whole(bits: int) -> Callable[[Value], Value]:
    return lambda a: a_number(tree("CAST(:x AS DOUBLE)", x=_whole(a, bits)))


def _haversine(*places: Value) -> Value:
    """Kilometers between two places on a globe, given in degrees."""
    lat1, lon1, lat2, lon2 = (finite(num(each)) for each in places)
    half = tree(
        """POW(SIN(RADIANS(:lat2 - :lat1) / 2), 2)
           + COS(RADIANS(:lat1)) * COS(RADIANS(:lat2)) * POW(SIN(RADIANS(:lon2 - :lon1) / 2), 2)""",
        lat1=lat1,
        lon1=lon1,
        lat2=lat2,
        lon2=lon2,
    )
    angle = tree("2 * ASIN(SQRT(CASE WHEN :h > 1 THEN 1 ELSE :h END))", h=half)
    return a_number(tree(":r * :angle", r=number(EARTH_KM), angle=angle))


def _is_numeric(a: Value) -> Value:
    if a.kind == "bool":
        return a_condition(tree("FALSE"))
    return a_condition(tree(":x IS NOT NULL", x=num(a)))


def _hex_to_dec(a: Value) -> Value:
    digits = call("regexp_extract", txt(a), text(_HEX), number(1))
    return a_number(tree("CAST(TRY_CAST('0x' || :x AS UBIGINT) AS DOUBLE)", x=digits))


def _dec_to_hex(a: Value) -> Value:
    """In small letters; below zero as 64 bits write it."""
    return a_text(tree("'0x' || PRINTF('%x', :n)", n=_whole(a, 64)))


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, 1, plain("abs")),
    "ceil": Function(1, 1, plain("ceil")),
    "floor": Function(1, 1, plain("floor")),
    "greatest": Function(1, MANY, _most("greatest")),
    "least": Function(1, MANY, _most("least")),
    "log": Function(1, 1, lambda a: a_number(tree("ln(NULLIF(greatest(:x, 0), 0))", x=num(a)))),
    "sqrt": Function(1, 1, lambda a: a_number(finite(call("sqrt", num(a))))),
    "round": Function(1, 2, _round),
    "haversine": Function(4, 4, _haversine),
    "tonumber": Function(1, 1, lambda a: a_number(num(a))),
    "todouble": Function(1, 1, lambda a: a_number(num(a))),
    "toint": Function(1, 1, _to_whole(32)),
    "tolong": Function(1, 1, _to_whole(64)),
    "isnumeric": Function(1, 1, _is_numeric),
    "hextodec": Function(1, 1, _hex_to_dec),
    "dectohex": Function(1, 1, _dec_to_hex),
}
