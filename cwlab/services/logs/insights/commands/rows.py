"""``filter``, ``sort``, ``limit`` and ``dedup``: which rows there are, and in which order."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain, Order
from cwlab.services.logs.insights.indexed import questions
from cwlab.services.logs.insights.tree import column, joined, tree
from cwlab.services.logs.insights.values import txt


def filter_(chain: Chain, command: nodes.Filter) -> None:
    """Rows of which the condition holds."""
    condition = chain.expressions().condition(command.condition)
    chain.step(chain.all().where(condition, copy=False))
    if chain.matched is None:
        chain.filtered = chain.last()
        chain.questions += questions(command.condition, chain.raw)


def limit(chain: Chain, command: nodes.Limit) -> None:
    """The first rows."""
    chain.closed()
    chain.step(chain.in_order(chain.all()).limit(command.rows, copy=False))


def sort(chain: Chain, command: nodes.Sort) -> None:
    """Natural order, nulls last; of equal events the newest comes first, equal groups stay in the order they were in."""
    order: Order = []
    for each in command.by:
        value = chain.expressions().value(each.output.expression)
        if value.kind == "json":
            raise chain.refuse(each, "a map or list to sort by", "Sort by a part of it.")
        if each.output.named:
            value = chain.add([(each.output.name, value)])[0][1]
        order += chain.keys(value, each.descending)
    chain.order = order + (chain.order if chain.grouped else chain.ties)


def dedup(chain: Chain, command: nodes.Dedup) -> None:
    """The first row of each combination of values; a row in which one is absent stays."""
    from sqlglot import exp

    chain.closed()
    values = [chain.lookup(field) for field in command.names]
    for field, value in zip(command.names, values, strict=True):
        if value.kind == "json":
            raise chain.refuse(field, "a map or list to tell rows apart", "Name a part of it.")
    window = exp.Window(
        this=exp.Anonymous(this="row_number", expressions=[]),
        partition_by=[txt(value).copy() for value in values],
        order=exp.Order(expressions=chain.by()) if chain.order else None,
    )
    name = chain.unique("nth")
    chain.step(chain.all(exp.alias_(window, exp.to_identifier(name, quoted=True))))
    absent = [tree(":x IS NULL", x=txt(value)) for value in values]
    first = tree(":n = 1", n=column(name))
    chain.step(chain.all().where(joined([first, *absent], "or"), copy=False))
    chain.deduped = True
