"""``lookup``: fields out of a lookup table, by the values of others. Source: user guide, CWL_QuerySyntax-Lookup."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.pairs import qualified
from cwlab.services.logs.insights.tree import column, joined, tree
from cwlab.services.logs.insights.values import Value, txt


def lookup(chain: Chain, command: nodes.Lookup) -> None:
    """The output fields of the table's row whose keys are exactly those texts; absent where there is no such row.

    The table comes with columns k1, k2, … and o1, o2, … and no two rows of the same keys (``lookups.columns_of``).
    """
    from sqlglot import exp

    known = [chain.lookup(key.own) for key in command.keys]
    for key, value in zip(command.keys, known, strict=True):
        if value.kind in ("json", "part"):
            raise chain.refuse(key.own, "a map or list to look up", "Look up a part of it.")
    table = chain.table(command)
    own, rows = exp.to_table(chain.last()).as_("own"), exp.to_table(table).as_("looked_up")
    same = [
        tree(":a = :b", a=column(f"k{n}", "looked_up"), b=qualified(txt(value), "own"))
        for n, value in enumerate(known, 1)
    ]
    made, more = {}, []
    for n, name in enumerate(command.outputs, 1):
        where = chain.unique(name.name)
        more.append(exp.alias_(column(f"o{n}", "looked_up"), exp.to_identifier(where, quoted=True)))
        made[name.name] = Value(column(where), "text")
    select = exp.select("own.*", *more).from_(own)
    chain.step(select.join(rows, on=joined(same, "and"), join_type="left", copy=False))
    chain.known |= made
    _show(chain, made)


def _show(chain: Chain, made: dict[str, Value]) -> None:
    """What is looked up stands in the answer beside what is there already."""
    before = chain.shown if chain.displayed is None else chain.displayed
    if not before and not chain.grouped:
        before = [(name, chain.known.get(name) or chain.system(name)) for name in ("@timestamp", "@message")]
    after = [*((name, value) for name, value in before if name not in made), *made.items()]
    if chain.displayed is None:
        chain.shown = after
    else:
        chain.displayed = after
