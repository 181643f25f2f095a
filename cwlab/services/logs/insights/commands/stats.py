"""``stats``: rows of groups instead of events."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.aggregates import Aggregates
from cwlab.services.logs.insights.chain import EVENTS, Chain, Matched
from cwlab.services.logs.insights.expressions import Expressions
from cwlab.services.logs.insights.tree import column, tree
from cwlab.services.logs.insights.values import Value, leaf, txt


def stats(chain: Chain, command: nodes.Stats) -> None:
    """One row for each combination of the keys' values."""
    before = sum(isinstance(each, nodes.Stats) for each in chain.commands)
    if before >= chain.most_stats:
        raise chain.refuse(command, "one stats too many", f"A query has at most {chain.most_stats}.")
    if before and any(isinstance(each, (nodes.Sort, nodes.Limit)) for each in chain.commands):
        raise chain.refuse(command, "sort or limit before the second stats", "Put it after the last stats.")
    counting = chain.matched is None and chain.filtered is not None
    chain.closed()
    from sqlglot import exp

    expressions = chain.expressions()
    keys = [(each.name, _key(chain, expressions, each)) for each in command.keys]
    aggregates = Aggregates(chain.query, expressions, raw=not chain.grouped)
    for each in command.values:
        aggregates.add(each)
    made = [*keys, *aggregates.made.items()]
    chain.used = {"found", *EVENTS}
    names = [chain.unique(name) for name, _ in made]
    select = exp.select(
        *(
            exp.alias_(value.sql.copy(), exp.to_identifier(where, quoted=True))
            for where, (_, value) in zip(names, made, strict=True)
        )
    ).from_(chain.last())
    if counting:  # each group counts its events, so that they need not be counted apart
        count = chain.unique("matched")
        select = select.select(exp.alias_(tree("COUNT(*)"), count), copy=False)
    if keys:
        select = select.group_by(*(exp.Literal.number(n + 1) for n in range(len(keys))), copy=False)
    else:
        select = select.having(tree("COUNT(*) > 0"), copy=False)
    chain.step(select)
    if counting:
        chain.matched = Matched(chain.last(), count)
    chain.known = {
        name: Value(column(where), value.kind) for where, (name, value) in zip(names, made, strict=True)
    }
    chain.grouped += 1
    chain.patterned = None
    chain.shown, chain.displayed = list(chain.known.items()), None
    chain.order = []
    for name, value in keys:
        chain.order += chain.keys(chain.known[name], value.kind == "time")


def _key(chain: Chain, expressions: Expressions, output: nodes.Output) -> Value:
    value = expressions.value(output.expression)
    if value.kind == "json":
        raise chain.refuse(output, "a map or list to group by", "Group by a part of it.")
    if value.kind == "part":
        return leaf(value)
    if value.literal is not None:
        return Value(tree("COALESCE(:x, :x)", x=txt(value)), "text")
    return value
