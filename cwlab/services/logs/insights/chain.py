"""The chain of steps a query becomes: what each command adds to, and what it may ask of the steps before.

A step is a SELECT over the one before it; the first reads ``input``, which becomes ``events`` or, where fields are
discovered in messages, the events with those fields. Columns are named as in the query, with a number where names
repeat. A command that needs other events as well (a join, a subquery, a diff) has a chain of its own for them in the
same statement: ``beside``. Its tables are those names with its number behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cwlab.naming import Mistake
from cwlab.services.logs.insights import discovered, nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.expressions import Expressions
from cwlab.services.logs.insights.indexed import Question
from cwlab.services.logs.insights.pairs import Pair, among
from cwlab.services.logs.insights.tree import column, number, text, tree
from cwlab.services.logs.insights.unmasked import unmasked
from cwlab.services.logs.insights.values import Value, inside, natural, null, of_bool

if TYPE_CHECKING:
    from sqlglot.expressions import Expression, Select

    from cwlab.services.logs.insights.patterns import Patterned

EVENTS = ("ts", "ingested", "place", "stream", "log", "message", "kind", "json", "line")
SYSTEM = {
    "@timestamp": ("ts", "time"),
    "@ingestionTime": ("ingested", "time"),
    "@message": ("message", "text"),
    "@logStream": ("stream", "text"),
    "@log": ("log", "text"),
    "@aws.account": ("log", "text"),
    "@aws.region": ("log", "text"),
}
Order = list[tuple[str, bool]]  # columns, and whether downwards
Apply = Callable[["Chain", Sequence[nodes.Node]], None]  # adds the steps of commands


class Matched(NamedTuple):
    """Where to count the events that pass the filters: the rows of a step, or the sum of its column; None when all pass."""

    step: str | None
    column: str | None = None


MOST_STATS = 2  # the user guide's; ten are spoken of elsewhere


class Chain:
    """The steps so far and what is known of their columns.

    Args:
        query: its text, for the places of mistakes.
        now_ms: when it starts, for ``now()``.
        apply: adds the steps of commands.
        beside: another chain of the same statement; None for the first.
        asked: the node that asks for its events; None for those the request names.
        span: the time the query is about, ms, both ends included.
    """

    def __init__(
        self,
        query: str,
        now_ms: int,
        apply: Apply,
        beside: Chain | None = None,
        asked: nodes.Node | None = None,
        span: tuple[int, int] = (0, 0),
    ) -> None:
        self.query, self.now_ms, self.span, self.asked, self._apply = query, now_ms, span, asked, apply
        self.chains: list[Chain] = [] if beside is None else beside.chains  # of the statement, in order
        self.tables: list[nodes.Node] = [] if beside is None else beside.tables
        self.chains.append(self)
        self.number = "" if len(self.chains) == 1 else str(len(self.chains))
        self.within: nodes.Subquery | None = None if beside is None else beside.within
        if isinstance(asked, nodes.Subquery):
            self.within = asked  # its groups' events are read
        self.region: str = "us-east-1" if beside is None else beside.region
        self.most_stats: int = MOST_STATS if beside is None else beside.most_stats
        self.commands: list[nodes.Node] = []  # applied so far
        self.steps: list[tuple[str, Select]] = []
        self.known: dict[str, Value] = {}  # fields by the names the query gave them
        self.used = {"found", *EVENTS}  # names of columns: the engine's have no case
        self.discovered: dict[tuple[str, ...], Value] = {}
        self.paths: list[str] = []
        self.found: list[tuple[str, Expression]] = []
        self.sorted: dict[tuple[int, str, str], list[str]] = {}  # values and the columns to sort by them
        self.numbers: dict[str, str] = {}  # a column of those, and the column in which it is a number
        self.grouped = 0
        self.ties: Order = [("ts", True), ("place", False)]  # the order of equal events
        self.order: Order = list(self.ties)
        self.shown: list[tuple[str, Value]] = []
        self.displayed: list[tuple[str, Value]] | None = None
        self.filtered: str | None = None  # the step of the last filter of events
        self.questions: list[Question] = []  # conditions on events that a field index can answer
        self.matched: Matched | None = None  # known once rows are not events any more, or not all
        self.deduped = self.estimated = False
        self.pair: Pair | None = None  # of the join
        self.plain: Chain | None = None  # the same events with nothing masked
        self.patterned: Patterned | None = None  # by the command pattern, if its rows are still there

    def apply(self, commands: Sequence[nodes.Node]) -> None:
        """Add the steps of commands."""
        self._apply(self, commands)

    def beside(self, asked: nodes.Node | None, commands: Sequence[nodes.Node] = ()) -> Chain:
        """A chain over other events, with the steps of these commands. This chain's steps may read its ``last()``.

        Args:
            asked: the node that asks for the events: whoever fills the inputs of the statement knows by it which.
        """
        other = Chain(self.query, self.now_ms, self._apply, self, asked, self.span)
        other.apply(commands)
        return other

    def table(self, asked: nodes.Node) -> str:
        """The name of a table that holds no events but what ``asked`` asks for, as a lookup does; all its columns are text."""
        self.tables.append(asked)
        return f"table{len(self.tables)}"

    def last(self) -> str:
        """The table of the rows so far."""
        return self.steps[-1][0] if self.steps else f"input{self.number}"

    def step(self, select: Select) -> None:
        before = f"{self.number}_" if self.number else ""
        self.steps.append((f"step{before}{len(self.steps) + 1}", select))

    def all(self, *more: Expression) -> Select:
        from sqlglot import exp

        return exp.select("*", *more).from_(self.last())

    def by(self, table: str | None = None) -> list[Expression]:
        from sqlglot import exp

        return [
            exp.Ordered(this=column(name, table), desc=down, nulls_first=False) for name, down in self.order
        ]

    def in_order(self, select: Select) -> Select:
        return select.order_by(*self.by(), copy=False) if self.order else select

    def closed(self) -> None:
        """From here on rows are no events, or not all: what was matched is known."""
        if self.matched is None:
            self.matched = Matched(self.filtered)

    def refuse(self, node: nodes.Node, name: str, remedy: str) -> QueryError:
        return QueryError(self.query, node.at, node.end, Mistake(name, remedy))

    def unique(self, name: str) -> str:
        """A name for a column that no other has."""
        base, n = re.sub(r"\s+", " ", name), 1
        name = base
        while name.lower() in self.used:
            n += 1
            name = f"{base} {n}"
        self.used.add(name.lower())
        return name

    def add(self, made: list[tuple[str, Value]]) -> list[tuple[str, Value]]:
        """A step with more columns; they are known by their names from then on."""
        from sqlglot import exp

        known, more = [], []
        for name, value in made:
            where = self.unique(name)
            more.append(exp.alias_(value.sql.copy(), exp.to_identifier(where, quoted=True)))
            known.append((name, Value(column(where), value.kind)))
        self.step(self.all(*more))
        self.known |= dict(known)
        return known

    def expressions(self) -> Expressions:
        time = None if self.grouped else self.system("@timestamp")
        made = Expressions(self.query, self.lookup, self.verbatim, self.now_ms, time, self.span)
        made.among = lambda node, operand: among(self, node, operand)
        made.unmask = lambda node, field: unmasked(self, node, field)
        return made

    def raw(self, field: nodes.Field) -> bool:
        """Whether a field that was looked up is one of the event, and nothing the query computed."""
        return field.name not in self.known and (field.name in SYSTEM or field.parts in self.discovered)

    def system(self, name: str) -> Value:
        where, kind = SYSTEM[name]
        if name == "@aws.account":
            return Value(tree("split_part(log, ':', 1)"), kind)
        if name == "@aws.region":
            return Value(text(self.region), kind)
        return Value(column(where), kind)

    def verbatim(self, node: nodes.Node) -> Value | None:
        """What a stats before made of an expression of the same text: its column."""
        if not self.grouped or isinstance(node, nodes.Field | nodes.Number | nodes.Text):
            return None
        return self.known.get(self.query[node.at : node.end])

    def lookup(self, field: nodes.Field) -> Value:
        if field.name in self.known:
            return self.known[field.name]
        for n in range(len(field.parts) - 1, 0, -1):
            whole = self.known.get(".".join(field.parts[:n]))
            if whole is not None and whole.kind in ("json", "part"):
                return inside(whole, field.parts[n:])
        if field.name.lower() in ("true", "false"):
            return of_bool(field.name.lower() == "true")
        if self.pair is not None and self.pair.grouped == self.grouped:
            value = self.pair.field(self, field)
            if value is not None:
                return value
        if self.grouped:
            have = ", ".join(self.known)
            maker = "stats" if self.patterned is None else "pattern"
            raise self.refuse(field, f"a field that {maker} did not make: {field.name}", f"It made {have}.")
        if field.name in SYSTEM:
            return self.system(field.name)
        if field.name == "@ptr" or field.name.startswith(("@aws.", "@data_", "@source.")):
            raise self.refuse(
                field,
                f"{field.name} in an expression is not modeled in this version of cwlab",
                "Leave it out.",
            )
        if field.parts not in self.discovered:
            found = self.entity if field.name.startswith("@entity.") else self.discover
            self.discovered[field.parts] = found(field)
        return self.discovered[field.parts]

    def entity(self, field: nodes.Field) -> Value:
        """A field of the entity an event came with. All chains ask for one table of them."""
        asked = next((n for n, each in enumerate(self.tables, 1) if isinstance(each, nodes.Entities)), None)
        table = self.table(nodes.Entities(field.at, field.end)) if asked is None else f"table{asked}"
        from sqlglot import exp

        same = "of_log = log AND of_request = CAST(place >> 16 AS TEXT) AND of_field = :field"
        kept = tree(same, field=text(field.name.removeprefix("@entity.")))
        where = self.unique(field.name)
        found = exp.select(tree("MAX(value)")).from_(table).where(kept, copy=False)
        self.found.append((where, exp.paren(found, copy=False)))
        return Value(column(where), "text")

    def discover(self, field: nodes.Field) -> Value:
        """A field found in the message, as a column that is computed once."""
        from sqlglot import exp

        candidates = []
        for path in discovered.pointers(field.parts):
            if path not in self.paths:
                self.paths.append(path)
            item = exp.Anonymous(
                this="list_extract", expressions=[exp.column("found"), number(self.paths.index(path) + 1)]
            )
            candidates.append(discovered.leaf(item, path))
        if not candidates and field.name not in discovered.LAMBDA:
            return null()
        where = self.unique(field.name)
        self.found.append((where, discovered.found(field.name, candidates)))
        return Value(column(where), "text", number=lambda: self._number(where))

    def _number(self, where: str) -> Expression:
        """The column in which a discovered field is a number, computed once however often it is asked for."""
        if where not in self.numbers:
            self.numbers[where] = self.unique(f"{where} as a number")
        return column(self.numbers[where])

    def keys(self, value: Value, down: bool) -> Order:
        """Columns that put a value into natural order, nulls last."""
        from sqlglot import exp

        same = (self.grouped, value.sql.sql("duckdb"), value.kind)
        if same in self.sorted:
            return [(name, down) for name in self.sorted[same]]
        names, more = [], []
        for sql in natural(value):
            name = self.unique("sort")
            more.append(exp.alias_(sql, exp.to_identifier(name, quoted=True)))
            names.append((name, down))
        self.step(self.all(*more))
        self.sorted[same] = [name for name, _ in names]
        return names
