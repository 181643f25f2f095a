"""Fields as they are stored, where a data protection policy shows asterisks.

The same events stand in the statement a second time, as they are stored; a row takes a field from its own event there.
Whoever starts the query sees to it that the caller may. Source: user guide, CWL_QuerySyntax-Unmask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.tree import column, tree
from cwlab.services.logs.insights.values import Value

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from cwlab.services.logs.insights.chain import Chain


def unmasked(chain: Chain, node: nodes.Node, field: nodes.Node) -> Value:
    """A field's value with nothing masked, as a column of its own.

    Args:
        node: what asks for it, for its place.

    Raises:
        QueryError: it is no field of the events, or rows are no events any more.
    """
    if chain.number:
        raise chain.refuse(node, "unmask in a subquery or a join", "Unmask in the query itself.")
    if chain.grouped or chain.pair is not None:
        raise chain.refuse(
            node, "unmask of rows that are no events", "Put it before stats, pattern and join."
        )
    if not isinstance(field, nodes.Field):
        raise chain.refuse(node, "unmask without a field", "Name a field: unmask(@message).")
    chain.lookup(field)
    if not chain.raw(field):
        raise chain.refuse(
            field,
            f"unmask of {field.name}, which the query computes",
            "Unmask what it is computed from, before.",
        )
    if chain.plain is None:
        chain.plain = chain.beside(nodes.Unmask(node.at, node.end, (field,)))
    from sqlglot import exp

    value = chain.plain.lookup(field)
    where = chain.unique(field.name)
    stored, own = exp.to_table(chain.plain.last()).as_("stored"), exp.to_table(chain.last()).as_("own")
    taken = exp.alias_(_of(value, "stored"), exp.to_identifier(where, quoted=True))
    same = tree("own.place = stored.place AND own.log = stored.log")
    chain.step(exp.select("own.*", taken).from_(own).join(stored, on=same, join_type="left", copy=False))
    return Value(column(where), value.kind)


def _of(value: Value, table: str) -> Expression:
    from sqlglot import exp

    sql = value.sql.copy()
    for each in sql.find_all(exp.Column):
        each.set("table", exp.to_identifier(table))
    return sql
