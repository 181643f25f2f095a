"""``unnest``: a row for each item of a list. Source: user guide, unnest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.tree import call, column, number, text, tree
from cwlab.services.logs.insights.values import Value

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MOST_ITEMS = 1_000_000


def unnest(chain: Chain, command: nodes.Unnest) -> None:
    """What is no list is one item; an empty list and nothing give no row. Items stay in the list's order."""
    from sqlglot import exp

    chain.closed()
    value = chain.expressions().value(command.items)
    if value.kind not in ("json", "part"):
        made = chain.add([(command.name.name, value)])
        chain.step(chain.all().where(tree(":x IS NOT NULL", x=made[0][1].sql), copy=False))
        return
    # The engine must be told that it is a list even where all of it is known beforehand to be nothing.
    items = tree(
        """CASE WHEN :j IS NOT NULL THEN [NULLIF(i, 'null') FOR i IN CAST(
           JSON_EXTRACT(CASE WHEN starts_with(:j, '[') THEN :j ELSE '[' || :j || ']' END, '$[*]') AS TEXT[])] END""",
        j=value.sql,
    )
    every, name, nth = chain.unique("items"), chain.unique(command.name.name), chain.unique("nth")
    chain.step(chain.all(exp.alias_(items, exp.to_identifier(every, quoted=True))))
    bounded = _bounded(chain.last(), every)
    chain.step(
        chain.all(
            exp.alias_(call("unnest", column(every)), exp.to_identifier(name, quoted=True)),
            exp.alias_(
                call("generate_subscripts", column(every), number(1)), exp.to_identifier(nth, quoted=True)
            ),
        ).where(bounded, copy=False)
    )
    chain.known[command.name.name] = Value(column(name), "part")
    chain.order = [*chain.order, (nth, False)]
    chain.ties = [*chain.ties, (nth, False)]


def _bounded(table: str, items: str) -> Expression:
    """True, or the end of the query where there are too many items. It is known before there is a row for any."""
    from sqlglot import exp

    count = tree(
        "CASE WHEN COALESCE(SUM(len(:x)), 0) > :most THEN error(:message) ELSE 0 END",
        x=column(items),
        most=number(MOST_ITEMS),
        message=text(f"unnest makes more than {MOST_ITEMS} rows. Filter first."),
    )
    return tree(":n = 0", n=exp.select(count).from_(table).subquery())
