"""Other log groups beside the query's own: ``SOURCE``, ``join``, subqueries after ``in``; and ``estimate``.

Source: user guide, CWL_QuerySyntax-Source, -Join, -Subqueries, -Estimate.
"""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.pairs import Pair, qualified, same
from cwlab.services.logs.insights.tree import column, tree


def source(chain: Chain, command: nodes.Source) -> None:
    """Nothing here: whoever starts the query fills its events accordingly."""
    if chain.commands or chain.number:
        raise chain.refuse(command, "SOURCE behind another command", "It is the first command of a query.")


def estimate(chain: Chain, command: nodes.Estimate) -> None:
    """Nothing here: whoever starts the query does not run it."""
    if chain.number:
        raise chain.refuse(command, "estimate inside a subquery", "Put it at the end of the whole query.")
    chain.estimated = True


def join(chain: Chain, command: nodes.Join) -> None:
    """Each row with each row of the other side that has an equal key; of a left join a row without any stays alone."""
    if chain.number or chain.pair is not None:
        raise chain.refuse(command, "a join beside a join" if not chain.number else "a join inside a subquery",
                           "A query has at most one join.")  # fmt: skip
    chain.closed()
    other = chain.beside(command.query, command.query.commands)
    own_key, other_key = chain.lookup(command.left_key), other.lookup(command.right_key)
    where = chain.unique("joined")
    from sqlglot import exp

    own, row = _unheard(chain, other, "own"), _unheard(chain, other, "other")
    left, right = (
        exp.to_table(chain.last()).as_(own, quoted=True),
        exp.to_table(other.last()).as_(row, quoted=True),
    )
    equal = tree(":a = :b", a=qualified(same(own_key), own), b=qualified(same(other_key), row))
    more = [exp.alias_(column(row), exp.to_identifier(where, quoted=True))]  # the whole row, as one value
    for name, down in other.order:  # rows of one event are in the other side's order
        chain.order.append((chain.unique("sort"), down))
        more.append(exp.alias_(column(name, row), exp.to_identifier(chain.order[-1][0], quoted=True)))
    select = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(own, quoted=True)), *more).from_(
        left
    )
    chain.step(select.join(right, on=equal, join_type="left" if command.outer else "inner", copy=False))
    chain.pair = Pair(command.left, command.right, column(where), other.lookup, chain.grouped)


def _unheard(chain: Chain, other: Chain, name: str) -> str:
    """A name for a side that no column of either has or will have: the engine would take the column."""
    while name in chain.used or name in other.used:
        name += "_"
    chain.used.add(name)
    other.used.add(name)
    return name
