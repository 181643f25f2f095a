"""A query becomes one SQL statement: each command a step of a WITH chain over the table ``events``.

``events`` has the columns ts and ingested (ms), place (order of arrival), stream, log, message, kind (what the message
was recognized as) and json (the document in it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands import APPLY
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.tree import array, call, column, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Select

POINTER = ("log", "stream", "ts", "place")  # what @ptr is made of
DEFAULT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer: its name and the kind of what is in it."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query for the engine.

    Args:
        statement: what gives the rows: the columns, then, where ``pointed``, those of ``POINTER``.
        matched: what counts the events that pass the filters; None when all do.
        text: the statement as the engine reads it.
    """

    statement: Select
    text: str
    columns: tuple[Column, ...]
    pointed: bool
    matched: str | None

    @property
    def sql(self) -> str:
        """The statement, to read or to run elsewhere."""
        return self.statement.sql("duckdb", pretty=True)


def compiled(query: nodes.Query, now_ms: int, limit: int | None = None) -> Compiled:
    """Compile a query.

    Args:
        now_ms: when it starts, for ``now()``.
        limit: the most rows asked for beside the query; the smaller limit counts.

    Raises:
        QueryError: MalformedQueryException, with the place.
    """
    try:
        chain = Chain(query.text, now_ms)
        for command in query.commands:
            if chain.deduped and not isinstance(command, nodes.Limit):
                raise chain.refuse(
                    command, "a command after dedup", "Only limit may follow it: put the others before."
                )
            APPLY[type(command)](chain, command)
        return _finished(chain, limit)
    except RecursionError:
        rule = Mistake("too many things inside one another", "Compute parts in fields of their own.")
        raise QueryError(query.text, 0, len(query.text), rule) from None


def _finished(chain: Chain, limit: int | None) -> Compiled:
    chain.closed()
    assert chain.matched is not None
    chosen = chain.shown if chain.displayed is None else chain.displayed
    if not chosen and not chain.grouped:
        chosen = [(name, chain.system(name)) for name in ("@timestamp", "@message")]
    named = dict(chosen)  # of two columns with one name the later is shown
    from sqlglot import exp

    selected = [
        exp.alias_(value.sql.copy(), exp.to_identifier(name, quoted=True)) for name, value in named.items()
    ]
    pointed = not chain.grouped
    if pointed:
        selected += [exp.alias_(column(name), f"ptr_{name}") for name in POINTER]
    last = exp.select(*selected).from_(exp.to_table(chain.last()).as_("rows"))
    if chain.order:  # by the steps' own columns, whatever the answer's are called
        last = last.order_by(*chain.by(table="rows"), copy=False)
    last = last.limit(limit or DEFAULT_LIMIT, copy=False)
    columns = tuple(Column(name, value.kind) for name, value in named.items())
    steps, filtered = chain.matched
    count = None
    if filtered:
        table = chain.steps[steps - 1][0]
        count = _whole(chain, exp.select(tree("COUNT(*)")).from_(table), chain.steps[:steps])
    whole = _whole(chain, last, chain.steps)
    return Compiled(
        whole, whole.sql("duckdb"), columns, pointed, None if count is None else count.sql("duckdb")
    )


def _whole(chain: Chain, last: Select, steps: list[tuple[str, Select]]) -> Select:
    """The statement with its steps before it, the discovered fields first."""
    from sqlglot import exp

    before: list[tuple[str, Select]] = []
    source = "events"
    if chain.paths:
        looked = call("json_extract", column("json"), array(*map(text, chain.paths)))
        before.append(("documents", exp.select("*", exp.alias_(looked, "found")).from_("events")))
        source = "documents"
    if chain.found:
        extra = [exp.alias_(sql.copy(), exp.to_identifier(name, quoted=True)) for name, sql in chain.found]
        before.append(("discovered", exp.select("*", *extra).from_(source)))
        source = "discovered"
    result = last.copy()
    every = [*before, *((name, select.copy()) for name, select in steps)]
    for _, select in [*every[len(before) :], ("", result)]:
        for table in select.find_all(exp.Table):
            if table.name == "input":
                table.set("this", exp.to_identifier(source))
    for name, select in every:
        # Without this the engine moves conditions below and computes a field anew for each mention.
        once = True if name == "discovered" else None
        result = result.with_(name, select, materialized=once, copy=False)
    return result
