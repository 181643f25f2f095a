"""A query becomes one SQL statement: each command a step of a WITH chain over the table ``events``.

``events`` has the columns ts and ingested (ms), place (order of arrival), stream, log, message, kind (what the message
was recognized as) and json (the document in it). So have ``events2`` and on, of chains beside the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import MOST_STATS, Chain
from cwlab.services.logs.insights.commands import apply
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.indexed import Skipping, passed_over
from cwlab.services.logs.insights.tree import array, call, column, own, text, tree
from cwlab.services.logs.insights.values import Value, num, printed

if TYPE_CHECKING:
    from sqlglot.expressions import Expression, Select

POINTER = ("log", "stream", "ts", "place")  # what @ptr is made of
LATE = ("message", "stream", "log")
DEFAULT_LIMIT, MOST_ROWS = 10_000, 100_000


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
        within: the subquery whose groups' events these are; None for the groups the request names.
    """

    table: str
    asked: nodes.Node | None
    events: bool = True
    within: nodes.Subquery | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query for the engine.

    Args:
        inputs: what it reads, the events of the query itself first.
        statement: what gives the rows: the columns, then, where ``pointed``, those of ``POINTER``.
        text: the statement as the engine reads it.
        counted: each row ends with whether it is one at all and with how many events passed the filters, which is there
            without any row as well; where it does not, all passed.
        skipped: what counts the events that field indexes let pass over; None when none could.
    """

    statement: Select
    text: str
    inputs: tuple[Input, ...]
    columns: tuple[Column, ...]
    pointed: bool
    counted: bool = False
    skipped: Skipping | None = None

    @property
    def sql(self) -> str:
        """The statement, to read or to run elsewhere."""
        return self.statement.sql("duckdb", pretty=True)


def compiled(
    query: nodes.Query,
    now_ms: int,
    limit: int | None = None,
    span: tuple[int, int] | None = None,
    region: str = "us-east-1",
    most_stats: int = MOST_STATS,
) -> Compiled:
    """Compile a query.

    Args:
        now_ms: when it starts, for ``now()``.
        limit: the most rows asked for beside the query; the smaller limit counts.
        span: the time the query is about, ms, both ends included; only now when None.
        region: where it runs, for ``@aws.region``.
        most_stats: how many ``stats`` it may have.

    Raises:
        QueryError: MalformedQueryException, with the place.
    """
    try:
        chain = Chain(query.text, now_ms, apply, span=span or (now_ms, now_ms))
        chain.region, chain.most_stats = region, most_stats
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

    pointed = not chain.grouped and chain.pair is None
    made = [(name, printed(value)) for name, value in named.items()]
    if pointed:
        made += [(f"ptr_{name}", column(name)) for name in POINTER]
    limited = any(isinstance(command, nodes.Limit) for command in chain.commands)
    most = limit or (MOST_ROWS if limited else DEFAULT_LIMIT)
    counted = chain.matched.step is not None
    if counted:
        last = _counted(chain, made, most, late=pointed)
    else:
        last = _select(made).from_(exp.to_table(chain.last()).as_("rows"), copy=False)
        if chain.order:  # by the steps' own columns, whatever the answer's are called
            last = last.order_by(*chain.by(table="rows"), copy=False)
        last = last.limit(most, copy=False)
    columns = tuple(Column(name, value.kind) for name, value in named.items())
    whole = whole_statement(chain, last, chain.steps)
    return Compiled(
        whole,
        whole.sql("duckdb", copy=False),
        (
            *(Input(f"events{each.number}", each.asked, within=each.within) for each in chain.chains),
            *(Input(f"table{n}", each, events=False) for n, each in enumerate(chain.tables, 1)),
        ),
        columns,
        pointed,
        counted,
        _skipping(chain),
    )


def _select(made: list[tuple[str, Expression]]) -> Select:
    from sqlglot import exp

    return exp.select(*(exp.alias_(own(sql), exp.to_identifier(name, quoted=True)) for name, sql in made))


def _counted(chain: Chain, made: list[tuple[str, Expression]], limit: int, late: bool) -> Select:
    """The answer's rows beside the number of events that passed the filters, in one pass over the events.

    Args:
        late: rows are events. Their texts are fetched for those rows only which are answered, so that filters keep none.
    """
    from sqlglot import exp

    assert chain.matched is not None and chain.matched.step is not None
    there, total = chain.unique("there"), chain.unique("total")
    answered = chain.all(exp.alias_(exp.true(), there))
    chain.step(chain.in_order(answered).limit(limit, copy=False))
    if late:
        texts = {name: chain.unique(name) for name in ("line", *LATE)}
        fetched = [
            exp.alias_(column(name), exp.to_identifier(new, quoted=True)) for name, new in texts.items()
        ]
        events = exp.select(*fetched).from_(f"events{chain.number}").subquery("texts")
        same = tree(":a = :b", a=column("line"), b=column(texts["line"]))
        chain.step(chain.all().join(events, on=same, copy=False))
        made = [(name, column(texts[sql.name]) if _is_late(sql) else sql) for name, sql in made]
    what = chain.matched.column
    count = tree("COUNT(*)") if what is None else tree("COALESCE(SUM(:x), 0)", x=column(what))
    counts = exp.select(exp.alias_(count, total)).from_(chain.matched.step).subquery("counts")
    last = _select([*made, (there, column(there)), (total, column(total))]).from_(counts, copy=False)
    last = last.join(chain.last(), on=exp.true(), join_type="left", copy=False)
    return chain.in_order(last)


def _is_late(sql: Expression) -> bool:
    from sqlglot import exp

    return isinstance(sql, exp.Column) and sql.name in LATE


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

    result = last
    every: list[tuple[str, Select]] = []
    sources: dict[str, str] = {}
    for each in [*chain.chains[1:], chain]:
        fields, source = _fields(each)
        sources[f"input{each.number}"] = source
        every += fields
        every += steps if each is chain else each.steps
    for _, select in [*every, ("", result)]:
        for table in select.find_all(exp.Table):
            if table.name in sources:
                table.set("this", exp.to_identifier(sources[table.name]))
    for name, select in every:
        once = True if chain.matched is not None and name == chain.matched.step else None  # it is read twice
        result = result.with_(name, select, materialized=once, copy=False)
    return result


def _fields(chain: Chain) -> tuple[list[tuple[str, Select]], str]:
    """The steps that discover fields, and the table which the first step of a command reads."""
    from sqlglot import exp

    made: list[tuple[str, Select]] = []
    source = f"events{chain.number}"
    if chain.paths:
        looked = call("json_extract_string", column("json"), array(*map(text, chain.paths)))
        made.append((f"documents{chain.number}", exp.select("*", exp.alias_(looked, "found")).from_(source)))
        source = made[-1][0]
    if chain.found:
        extra = [exp.alias_(own(sql), exp.to_identifier(name, quoted=True)) for name, sql in chain.found]
        made.append((f"discovered{chain.number}", exp.select("*", *extra).from_(source)))
        source = made[-1][0]
    if chain.numbers:
        extra = [
            exp.alias_(num(Value(column(where), "text")), exp.to_identifier(name, quoted=True))
            for where, name in chain.numbers.items()
        ]
        made.append((f"numbers{chain.number}", exp.select("*", *extra).from_(source)))
        source = made[-1][0]
    return made, source
