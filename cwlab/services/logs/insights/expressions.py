"""Expressions of a query as expressions of the engine."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes, periods
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.functions import FUNCTIONS, NOT_MODELED, Site
from cwlab.services.logs.insights.mistakes import not_modeled
from cwlab.services.logs.insights.regex import checked
from cwlab.services.logs.insights.tree import call, joined, number, text, tree
from cwlab.services.logs.insights.values import (
    Value,
    among,
    compare,
    finite,
    inside,
    instant,
    item,
    num,
    of_number,
    of_text,
    truth,
    txt,
)

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

AGGREGATES = frozenset(
    [
        "count",
        "count_distinct",
        "sum",
        "avg",
        "min",
        "max",
        "stddev",
        "pct",
        "earliest",
        "latest",
        "sortsfirst",
        "sortslast",
        "count_over_time",
        "sum_over_time",
    ]
)
_LARGEST = 4_000  # nodes of one expression for the engine
_COMPARE = ("=", "!=", "<", "<=", ">", ">=")
_ARITHMETIC = {
    "+": ":a + :b",
    "-": ":a - :b",
    "*": ":a * :b",
    "/": ":a / NULLIF(:b, 0)",
    "%": ":a % NULLIF(:b, 0)",
    "^": "pow(:a, :b)",
}


class Expressions:
    """Compiles expressions; ``lookup`` knows the fields.

    Args:
        query: its text, for the places of mistakes.
        lookup: a field's value; raises for a field that cannot be there.
        verbatim: a column by the text that made it, as ``count(*)`` after a ``stats``.
        now_ms: when the query starts.
        time: the event's time; None where there is none any more.
        span: the time the query is about, ms, both ends included.
    """

    def __init__(
        self,
        query: str,
        lookup: Callable[[nodes.Field], Value],
        verbatim: Callable[[nodes.Node], Value | None],
        now_ms: int,
        time: Value | None,
        span: tuple[int, int] = (0, 0),
    ) -> None:
        self.query, self.lookup, self.verbatim, self.now_ms, self.time = query, lookup, verbatim, now_ms, time
        self.span = span
        self.among: Callable[[nodes.WithinQuery, Value], Value] = self._no_subquery
        self.unmask: Callable[[nodes.Node, nodes.Node], Value] | None = None
        self.inside = ""  # the aggregate whose argument this is

    def _no_subquery(self, node: nodes.WithinQuery, operand: Value) -> Value:
        raise self.refuse(node, "a subquery where there can be none", "Write it in a filter.")

    def refuse(self, node: nodes.Node, name: str, remedy: str) -> QueryError:
        return QueryError(self.query, node.at, node.end, Mistake(name, remedy))

    def condition(self, node: nodes.Node) -> Expression:
        return truth(self.value(node))

    def value(self, node: nodes.Node) -> Value:
        known = self.verbatim(node)
        if known is not None:
            return known
        match node:
            case nodes.Number():
                if not isfinite(float(node.text)):
                    raise self.refuse(node, "a number that is too large", "The largest is about 1.8e308.")
                return of_number(node.text)
            case nodes.Text():
                return of_text(node.value)
            case nodes.Field():
                return self.lookup(node)
            case nodes.Negative():
                return Value(tree("-:x", x=num(self.value(node.operand))), "num")
            case nodes.Inverse():
                return Value(tree("NOT :x", x=self.condition(node.operand)), "bool")
            case nodes.Like():
                return self._like(node)
            case nodes.Within():
                operand = self.value(node.operand)
                items = [self.value(each) for each in node.items]
                return self._compared(node, among(operand, items), len(items))
            case nodes.WithinQuery():
                return self.among(node, self.value(node.operand))
            case nodes.Operation():
                return self._operation(node)
            case nodes.Call():
                return self._call(node)
            case nodes.Item() | nodes.Member():
                return self._inside(node)
            case nodes.Period():
                raise self.refuse(node, "a period outside bin, datefloor or dateceil", "Write bin(5m).")
            case nodes.Star():
                raise self.refuse(node, "a star outside count", "Write count(*), or name a field.")
        raise AssertionError(node)

    def _inside(self, node: nodes.Item | nodes.Member) -> Value:
        """A part of a map or list; nothing where there is no such part."""
        whole = self.value(node.operand)
        if whole.kind not in ("json", "part"):
            raise self.refuse(
                node,
                "a part of what is neither map nor list",
                "Parse it first, as jsonParse(@message); a list that was discovered has its items as fields: items.0.",
            )
        return item(whole, node.index) if isinstance(node, nodes.Item) else inside(whole, node.parts)

    def _like(self, node: nodes.Like) -> Value:
        operand = txt(self.value(node.operand))
        if isinstance(node.pattern, nodes.Regex):
            found = call("regexp_matches", operand, text(checked(self.query, node.pattern).source))
        else:
            found = call("contains", operand, text(node.pattern.value))
        return Value(tree("COALESCE(:x, FALSE)", x=found), "bool")

    def _operation(self, node: nodes.Operation) -> Value:
        if node.operator in ("and", "or"):
            parts, waiting = [], [node.right, node.left]
            while waiting:
                part = waiting.pop()
                if isinstance(part, nodes.Operation) and part.operator == node.operator:
                    waiting += [part.right, part.left]
                else:
                    parts.append(self.condition(part))
            return Value(joined(parts, node.operator), "bool")
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in _COMPARE:
            return self._compared(node, compare(node.operator, left, right))
        a, b = num(left), num(right)
        sql = tree(_ARITHMETIC[node.operator], a=a, b=b)
        return Value(finite(sql) if node.operator == "^" else sql, "num")

    def _call(self, node: nodes.Call) -> Value:
        name = node.name
        if name in AGGREGATES and self.inside:
            remedy = f"Compute it in a stats of its own, by something; then | stats {self.inside}(…) of that."
            raise self.refuse(node, f"{name} inside {self.inside}", remedy)
        if name in AGGREGATES:
            raise self.refuse(node, f"{name} outside stats", f"Write it after stats: stats {name}(…).")
        if name in ("bin", "datefloor", "dateceil"):
            return self._rounded(node)
        if name == "now":
            self.count(node, 0, 0)
            return Value(number(float(self.now_ms // 1000)), "num", str(self.now_ms // 1000))
        if name == "unmask" and self.unmask is not None:
            self.count(node, 1, 1)
            return self.unmask(node, node.arguments[0])
        if name not in FUNCTIONS:
            if name in NOT_MODELED:
                raise QueryError(self.query, node.at, node.end, not_modeled(f"the function {name}"))
            near = get_close_matches(name, sorted({*FUNCTIONS, *AGGREGATES}), 1, 0.75)
            raise self.refuse(
                node, f"no function {name}", f"Did you mean {near[0]}?" if near else "Check its name."
            )
        function = FUNCTIONS[name]
        self.count(node, function.least, function.most)
        values = [self.value(argument) for argument in node.arguments]
        made = (
            function.make(Site(self.query, node, self.span), *values)
            if function.sited
            else function.make(*values)
        )
        self.bounded(node, made.sql, _LARGEST)
        return made

    def _compared(self, node: nodes.Node, sql: Expression, items: int = 1) -> Value:
        self.bounded(node, sql, _LARGEST + 100 * items)  # a long list is long, not deep
        return Value(sql, "bool")

    def bounded(self, node: nodes.Node, sql: Expression, most: int) -> None:
        """Refuse what has grown too large: a value may be mentioned several times by what is made of it."""
        if sum(1 for _ in sql.walk()) > most:
            raise self.refuse(
                node, "too many things inside one another", "Compute parts in fields of their own."
            )

    def count(self, node: nodes.Call, least: int, most: int) -> None:
        """Refuse a wrong number of arguments."""
        given = len(node.arguments)
        if not least <= given <= most:
            wanted = (
                str(least) if least == most else f"{least} to {most}" if most < 99 else f"at least {least}"
            )
            raise self.refuse(node, f"{node.name} with {given} arguments", f"It takes {wanted}.")

    def _rounded(self, node: nodes.Call) -> Value:
        self.count(node, *((1, 1) if node.name == "bin" else (2, 2)))
        period = node.arguments[-1]
        if not isinstance(period, nodes.Period):
            raise self.refuse(
                period, f"{node.name} without a period", "Write a number and a unit: 5m, 1h, 1d."
            )
        if periods.too_long(period):
            raise self.refuse(period, "a period of more than 10000 years", "Write a shorter one.")
        if node.name == "bin":
            if self.time is None:
                raise self.refuse(
                    node,
                    "bin after stats",
                    "The events' times are gone; round an alias with datefloor(t, 5m).",
                )
            return Value(periods.floor(self.time.sql, period), "time")
        time = instant(self.value(node.arguments[0]))
        self.bounded(node, time, _LARGEST // 10)  # the calendar mentions it a dozen times
        rounding = periods.floor if node.name == "datefloor" else periods.ceiling
        return Value(rounding(time, period), "time")
