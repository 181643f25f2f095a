"""A query becomes one SQL statement: each command a step of a WITH chain over the table ``events``.

``events`` has the columns ts and ingested (ms), place (order of arrival), stream, log, message, kind (what the message
was recognized as) and json (the document in it). So have ``events2`` and on, of chains beside the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.commands import apply
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.indexed import Skipping, passed_over
from cwlab.services.logs.insights.tree import array, call, column, text, tree
from cwlab.services.logs.insights.values import printed

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
class Input:
    """A table that a statement reads.

    Args:
        table: its name there.
        asked: the node that asks for it; None for the events of the groups and the time the request names.
        events: it holds events.
    """

    table: str
    asked: nodes.Node | None
    events: bool = True


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query for the engine.

    Args:
        inputs: what it reads, the events of the query itself first.
        statement: what gives the rows: the columns, then, where ``pointed``, those of ``POINTER``.
        matched: what counts the events that pass the filters; None when all do.
        text: the statement as the engine reads it.
        skipped: what counts the events that field indexes let pass over; None when none could.
    """

    statement: Select
    text: str
    inputs: tuple[Input, ...]
    columns: tuple[Column, ...]
    pointed: bool
    matched: str | None
    skipped: Skipping | None = None

    @property
    def sql(self) -> str:
        """The statement, to read or to run elsewhere."""
        return self.statement.sql("duckdb", pretty=True)


def compiled(
    query: nodes.Query, now_ms: int, limit: int | None = None, span: tuple[int, int] | None = None
) -> Compiled:
    """Compile a query.

    Args:
        now_ms: when it starts, for ``now()``.
        limit: the most rows asked for beside the query; the smaller limit counts.
        span: the time the query is about, ms, both ends included; only now when None.

    Raises:
        QueryError: MalformedQueryException, with the place.
    """
    try:
        chain = Chain(query.text, now_ms, apply, span=span or (now_ms, now_ms))
        chain.apply(query.commands)
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
    # A column is a field by its name: what has been made anew since it was listed is shown as it is now.
    named = {name: chain.known.get(name, value) for name, value in chosen}
    from sqlglot import exp

    selected = [
        exp.alias_(printed(value).copy(), exp.to_identifier(name, quoted=True))
        for name, value in named.items()
    ]
    pointed = not chain.grouped and chain.pair is None
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
        table = chain.steps[steps - 1][0] if steps else "input"
        count = whole_statement(chain, exp.select(tree("COUNT(*)")).from_(table), chain.steps[:steps])
    whole = whole_statement(chain, last, chain.steps)
    return Compiled(
        whole,
        whole.sql("duckdb"),
        (
            *(Input(f"events{each.number}", each.asked) for each in chain.chains),
            *(Input(f"table{n}", each, events=False) for n, each in enumerate(chain.tables, 1)),
        ),
        columns,
        pointed,
        None if count is None else count.sql("duckdb"),
        _skipping(chain),
    )


def _skipping(chain: Chain) -> Skipping | None:
    from sqlglot import exp

    def written() -> str:  # only when it is wanted: a condition may be long
        sums = exp.select(tree("COUNT(*)"), tree("COALESCE(SUM(strlen(message)), 0)")).from_("input")
        return whole_statement(chain, sums.where(passed_over(chain), copy=False), []).sql("duckdb")

    if not chain.questions:
        return None
    fields = frozenset(each.field.name for each in chain.questions)
    return Skipping(fields, any(each.forced for each in chain.questions), written)


def whole_statement(chain: Chain, last: Select, steps: list[tuple[str, Select]]) -> Select:
    """The statement: before its own steps those of the chains beside it, each after its discovered fields."""
    from sqlglot import exp

    result = last.copy()
    every: list[tuple[str, Select]] = []
    sources: dict[str, str] = {}
    for each in [*chain.chains[1:], chain]:
        fields, source = _fields(each)
        sources[f"input{each.number}"] = source
        every += fields
        every += [(name, select.copy()) for name, select in (steps if each is chain else each.steps)]
    for _, select in [*every, ("", result)]:
        for table in select.find_all(exp.Table):
            if table.name in sources:
                table.set("this", exp.to_identifier(sources[table.name]))
    for name, select in every:
        # Without this the engine moves conditions below and computes a field anew for each mention.
        once = True if name.startswith("discovered") else None
        result = result.with_(name, select, materialized=once, copy=False)
    return result


def _fields(chain: Chain) -> tuple[list[tuple[str, Select]], str]:
    """The steps that discover fields, and the table which the first step of a command reads."""
    from sqlglot import exp

    made: list[tuple[str, Select]] = []
    source = f"events{chain.number}"
    if chain.paths:
        looked = call("json_extract", column("json"), array(*map(text, chain.paths)))
        made.append((f"documents{chain.number}", exp.select("*", exp.alias_(looked, "found")).from_(source)))
        source = made[-1][0]
    if chain.found:
        extra = [exp.alias_(sql.copy(), exp.to_identifier(name, quoted=True)) for name, sql in chain.found]
        made.append((f"discovered{chain.number}", exp.select("*", *extra).from_(source)))
        source = made[-1][0]
    return made, source
