"""The first and the last event in each of a group's indexes, by one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwlab.services.logs.history import ALWAYS, Moment
from cwlab.services.logs.insights import engine, nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands import apply
from cwlab.services.logs.insights.compile import Column, Compiled, Input, whole_statement
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.indexed import columns, holds, rows
from cwlab.services.logs.insights.tree import tree

Spans = Mapping[str, Sequence[tuple[Moment, Moment | None]]]


def extent(log: str, sources: Sequence[engine.Source], spans: Spans) -> dict[str, tuple[int, int]]:
    """The smallest and the largest timestamp of the events an index holds that have its field; without those that hold none."""
    from sqlglot import exp

    chain, command = Chain("", 0, apply), nodes.Node(0, 0)
    table, names, chosen = chain.table(command), [], list[exp.Expression]()
    for name in spans:
        try:
            value = chain.lookup(nodes.Field(0, 0, name, tuple(name.split("."))))
        except QueryError:
            continue  # a field that no event has here
        there = tree(":x IS NOT NULL", x=value.sql)
        if spans[name] != [(ALWAYS, None)]:  # what is always indexed need not be looked up event by event
            there = tree(":x AND :known", x=there, known=holds(name, table))
        chosen += [tree(f"{what}(CASE WHEN :there THEN ts END)", there=there) for what in ("MIN", "MAX")]
        names.append(name)
    whole = whole_statement(chain, exp.select(*chosen).from_("input"), [])
    titles = [Column(f"{n}", "num") for n in range(len(chosen))]
    inputs = (Input("events", None), Input(table, command, events=False))
    plan = Compiled(whole, whole.sql("duckdb"), inputs, tuple(titles), False)
    (row,) = engine.run(plan, sources, columns(rows(log, spans))).rows
    pairs = zip(names, row[::2], row[1::2], strict=True)
    return {name: (int(first), int(last)) for name, first, last in pairs if first and last}
