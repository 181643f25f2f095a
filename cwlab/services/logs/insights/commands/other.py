"""Other log groups beside the query's own: ``SOURCE``, ``join``, subqueries after ``in``; and ``estimate``.

Source: user guide, CWL_QuerySyntax-Source, -Join, -Subqueries, -Estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.pairs import Pair, same
from cwlab.services.logs.insights.tree import column, number, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

MOST_PAIRS = 5_000_000


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
    own_key = _key(chain, command.left_key)
    other_key = _key(other, command.right_key)
    where = chain.unique("joined")
    from sqlglot import exp

    own, row = _unheard(chain, other, "own"), _unheard(chain, other, "other")
    left = exp.to_table(chain.last()).as_(own, quoted=True)
    right = exp.to_table(other.last()).as_(row, quoted=True)
    equal = tree(":a = :b", a=column(own_key, own), b=column(other_key, row))
    more = [exp.alias_(column(row), exp.to_identifier(where, quoted=True))]  # the whole row, as one value
    within = [
        (chain.unique("sort"), down) for _, down in other.order
    ]  # the order of one event's rows: the other side's
    for (name, _), (made, _) in zip(other.order, within, strict=True):
        more.append(exp.alias_(column(name, row), exp.to_identifier(made, quoted=True)))
    chain.order, chain.ties = [*chain.order, *within], [*chain.ties, *within]
    whole = exp.Column(this=exp.Star(), table=exp.to_identifier(own, quoted=True))
    select = exp.select(whole, *more).from_(left)
    select = select.join(right, on=equal, join_type="left" if command.outer else "inner", copy=False)
    bounded = _bounded(_counted(chain.last(), own_key), _counted(other.last(), other_key))
    chain.step(select.where(bounded, copy=False))
    chain.pair = Pair(command.left, command.right, column(where), other.lookup, chain.grouped)


def _key(chain: Chain, field: nodes.Field) -> str:
    """A column that is the same where a field's values are equal."""
    from sqlglot import exp

    name, value = chain.unique("key"), chain.lookup(field)
    chain.step(chain.all(exp.alias_(same(value), exp.to_identifier(name, quoted=True))))
    return name


def _counted(table: str, key: str) -> Expression:
    from sqlglot import exp

    rows = exp.alias_(tree("COUNT(*)"), "rows")
    return exp.select(exp.alias_(column(key), "key"), rows).from_(table).group_by(column(key)).subquery()


def _bounded(left: Expression, right: Expression) -> Expression:
    """True, or the end of the query where there are too many pairs. It is known before any pair is made."""
    from sqlglot import exp

    pairs = tree(
        "CASE WHEN COALESCE(SUM(a.rows * b.rows), 0) > :most THEN error(:message) ELSE 0 END",
        most=number(MOST_PAIRS),
        message=text(
            f"A join makes more than {MOST_PAIRS} pairs of rows. Filter first, or join by a rarer key."
        ),
    )
    left.set("alias", exp.TableAlias(this=exp.to_identifier("a")))
    right.set("alias", exp.TableAlias(this=exp.to_identifier("b")))
    counted = exp.select(pairs).from_(left).join(right, on="a.key = b.key", copy=False)
    return tree(":n = 0", n=counted.subquery())


def _unheard(chain: Chain, other: Chain, name: str) -> str:
    """A name for a side that no column of either has or will have: the engine would take the column."""
    while name in chain.used or name in other.used:
        name += "_"
    chain.used.add(name)
    other.used.add(name)
    return name
