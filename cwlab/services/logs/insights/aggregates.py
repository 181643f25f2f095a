"""What ``stats`` computes over the rows of a group. Source: user guide, stats and time-series functions.

A number is wanted by sum, avg, stddev and pct: what is none is left out. stddev is that of a whole population, pct
takes the nearest rank.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.expressions import AGGREGATES, Expressions
from cwlab.services.logs.insights.tree import call, column, tree
from cwlab.services.logs.insights.values import Value, leaf, natural, num, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_OF_NUMBERS = {"sum": "sum", "avg": "avg", "stddev": "stddev_pop", "sum_over_time": "sum"}


class Aggregates(Expressions):
    """The values of one ``stats``; a later one may use the names of earlier ones.

    Args:
        raw: the rows are events, which have a time.
    """

    def __init__(self, query: str, rows: Expressions, raw: bool) -> None:
        super().__init__(query, self._earlier, lambda node: None, rows.now_ms, None, rows.span)
        self.rows, self.raw = rows, raw
        self.made: dict[str, Value] = {}

    def add(self, output: nodes.Output) -> None:
        """One more value of the list."""
        self.made[output.name] = self.value(output.expression)

    def _earlier(self, field: nodes.Field) -> Value:
        if field.name in self.made:
            return self.made[field.name]
        raise self.refuse(
            field, f"a field outside an aggregate: {field.name}", "Write max(…) around it, or group by it."
        )

    def _call(self, node: nodes.Call) -> Value:
        if node.name not in AGGREGATES:
            if node.name == "bin":
                raise self.refuse(node, "bin among the values of stats", "Group by it: by bin(5m).")
            return super()._call(node)
        name = node.name
        if name == "count" and (not node.arguments or isinstance(node.arguments[0], nodes.Star)):
            self.count(node, 0, 1)
            return Value(tree("CAST(COUNT(*) AS DOUBLE)"), "num")
        self.count(node, *((2, 2) if name == "pct" else (1, 1)))
        self.rows.inside = name
        value = self.rows.value(node.arguments[0])
        if value.kind == "json":
            raise self.refuse(node, "a map or list in stats", "Take a part of it.")
        value = leaf(value)
        if name in _OF_NUMBERS:
            return Value(call(_OF_NUMBERS[name], num(value)), "num")
        if name in ("count", "count_distinct", "count_over_time"):
            counted = "COUNT(DISTINCT :x)" if name == "count_distinct" else "COUNT(:x)"
            return Value(tree(f"CAST({counted} AS DOUBLE)", x=txt(value)), "num")
        if name in ("min", "max"):
            return self._extreme(name, value)
        if name == "pct":
            return self._percentile(node, value)
        return self._ordered(node, value)

    def _extreme(self, name: str, value: Value) -> Value:
        if value.kind in ("num", "time"):
            return Value(call(name, value.sql), value.kind)
        numbers = Value(call(name, num(value)), "num")
        return Value(call("coalesce", txt(numbers), call(name, txt(value))), "text")

    def _percentile(self, node: nodes.Call, value: Value) -> Value:
        from sqlglot import exp

        rank = node.arguments[1]
        if not isinstance(rank, nodes.Number) or not 0 <= float(rank.text) <= 100:
            raise self.refuse(
                rank, "a percentile that is none", "Write a number from 0 to 100: pct(latency, 99)."
            )
        share = exp.Literal.number(f"{Decimal(rank.text) / 100:f}")  # a DOUBLE's 0.55 * 100 is more than 55
        return Value(call("quantile_disc", num(value), share), "num")

    def _ordered(self, node: nodes.Call, value: Value) -> Value:
        """The value of the row that comes first or last, by time or in natural order."""
        last = node.name in ("latest", "sortslast")
        if node.name in ("earliest", "latest"):
            if not self.raw:
                raise self.refuse(
                    node, f"{node.name} after stats", "The events' times are gone; use min or max."
                )
            by: list[Expression] = [column("ts"), column("place")]
        else:
            by = natural(value)
        return Value(first(value.sql, by, last), value.kind)


def first(sql: Expression, by: list[Expression], down: bool) -> Expression:
    """The value that is first in an order, of those that are there."""
    from sqlglot import exp

    order = [exp.Ordered(this=each.copy(), desc=down, nulls_first=False) for each in by]
    chosen = exp.First(this=exp.Order(this=sql.copy(), expressions=order))
    return exp.Filter(this=chosen, expression=exp.Where(this=tree(":x IS NOT NULL", x=sql)))
