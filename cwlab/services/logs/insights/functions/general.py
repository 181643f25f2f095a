"""Choosing between values, and what is known of the query. Source: user guide, general functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cwlab.services.logs.insights.functions.base import MANY, Function, Site
from cwlab.services.logs.insights.tree import call, number, tree
from cwlab.services.logs.insights.values import Value, num, truth, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MOST_BRANCHES = 10


def _present(a: Value) -> Value:
    return Value(tree(":x IS NOT NULL", x=a.sql), "bool")


def alike(values: Sequence[Value]) -> tuple[list[Expression], str]:
    """Values that may each be the result, as one kind: their own where all are of it, else text."""
    kinds = {value.kind for value in values}
    if len(kinds) == 1:
        kind = kinds.pop()
        return [num(value) if kind == "num" else value.sql for value in values], kind
    if kinds == {"json", "part"}:
        return [value.sql for value in values], "part"
    return [txt(value) for value in values], "text"


def _coalesce(*values: Value) -> Value:
    found, kind = alike(values)
    return Value(call("coalesce", *found), kind)


def _chosen(conditions: Sequence[Value], values: Sequence[Value]) -> Value:
    """The value of the first condition that holds; one value more is what else there is."""
    from sqlglot import exp

    found, kind = alike(values)
    case = exp.Case()
    for condition, sql in zip(conditions, found, strict=False):
        case = case.when(truth(condition), sql)
    if len(found) > len(conditions):
        case = case.else_(found[-1])
    return Value(exp.paren(case, copy=False), kind)


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    return _chosen([condition], [then, otherwise])


def _case(site: Site, *given: Value) -> Value:
    """Conditions and values in turn, then perhaps a value for the rest."""
    pairs = len(given) // 2
    if pairs > MOST_BRANCHES:
        raise site.refuse(
            2 * MOST_BRANCHES, f"case with {pairs} branches", f"It takes at most {MOST_BRANCHES}."
        )
    return _chosen(given[0 : 2 * pairs : 2], [*given[1 : 2 * pairs : 2], *given[2 * pairs :]])


def _of_span(pick: Callable[[int, int], int]) -> Callable[[Site], Value]:
    def make(site: Site) -> Value:
        ms = pick(*site.span)
        return Value(number(float(ms)), "num", str(ms))

    return make


FUNCTIONS: dict[str, Function] = {
    "ispresent": Function(1, 1, _present),
    "coalesce": Function(1, MANY, _coalesce),
    "if": Function(3, 3, _if),
    "case": Function(2, MANY, _case, sited=True),
    "querystarttime": Function(0, 0, _of_span(lambda start, end: start), sited=True),
    "queryendtime": Function(0, 0, _of_span(lambda start, end: end), sited=True),
    "querytimerange": Function(0, 0, _of_span(lambda start, end: end - start), sited=True),
}
