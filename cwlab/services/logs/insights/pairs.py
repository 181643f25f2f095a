"""Rows of two chains beside one another: how their values are equal, and how fields of either side are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.tree import call, text, tree
from cwlab.services.logs.insights.values import Value, num, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from cwlab.services.logs.insights.chain import Chain


@dataclass(frozen=True, slots=True)
class Pair:
    """A join: the names of its sides, the column that holds the other side's row, and who knows the other's fields.

    ``grouped`` is how many stats there were; after another one the sides are gone.
    """

    left: str
    right: str
    row: Expression
    lookup: Callable[[nodes.Field], Value]
    grouped: int

    def field(self, chain: Chain, field: nodes.Field) -> Value | None:
        """A field with the name of its side in front; None when it has none."""
        if len(field.parts) < 2 or field.parts[0] not in (self.left, self.right):
            return None
        bare = nodes.Field(field.at, field.end, ".".join(field.parts[1:]), field.parts[1:])
        if field.parts[0] == self.left:
            return chain.lookup(bare)
        value = self.lookup(bare)
        return Value(self._from_row(value.sql), value.kind, value.literal)

    def _from_row(self, sql: Expression) -> Expression:
        from sqlglot import exp

        def taken(node: Expression) -> Expression:
            return call("struct_extract", self.row, text(node.name)) if isinstance(node, exp.Column) else node

        return sql.copy().transform(taken, copy=False)


def qualified(sql: Expression, table: str) -> Expression:
    """The same with its columns named as a table's."""
    from sqlglot import exp

    made = sql.copy()
    for each in made.find_all(exp.Column):
        each.set("table", exp.to_identifier(table, quoted=True))
    return made


def same(value: Value) -> Expression:
    """A text that is the same for values that are equal: of a number its value, of all else the text; null for null."""
    return tree("CASE WHEN :n IS NULL THEN :t ELSE CAST(:n + 0 AS TEXT) END", n=num(value), t=txt(value))


def among(chain: Chain, node: nodes.WithinQuery, operand: Value) -> Value:
    """Whether a value is among those a subquery gives; never null.

    Raises:
        QueryError: the subquery gives no such field, or stands in another one.
    """
    from sqlglot import exp

    if chain.number:
        raise chain.refuse(node.query, "a subquery inside a subquery", "A query has one level of them.")
    other = chain.beside(node.query, node.query.commands)
    given = dict(other.shown if other.displayed is None else other.displayed)
    name = node.operand.name if isinstance(node.operand, nodes.Field) else None
    value = given.get(name or "") or (next(iter(given.values())) if len(given) == 1 else None)
    if value is None:
        wanted = name or "one field"
        raise chain.refuse(
            node.query, f"a subquery that does not give {wanted}", f"End it with | fields {name or 'x'}."
        )
    keys = exp.select(same(value)).from_(other.last())
    found = exp.In(this=same(operand), query=exp.Subquery(this=keys))
    return Value(tree("COALESCE(:x, FALSE)", x=found), "bool")
