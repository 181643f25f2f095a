"""A query becomes one SQL statement: each command a step of a WITH chain over the table ``events``.

``events`` has the columns ts and ingested (ms), place (order of arrival), stream, log, message, kind (what the message
was recognized as) and json (the document in it). Columns are named as in the query, with a number where names repeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cwlab.naming import Mistake
from cwlab.services.logs.insights import discovered, nodes
from cwlab.services.logs.insights.aggregates import Aggregates
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.expressions import Expressions
from cwlab.services.logs.insights.regex import checked
from cwlab.services.logs.insights.tree import array, call, column, joined, number, text, tree
from cwlab.services.logs.insights.values import Value, natural, null, of_bool, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression, Select

EVENTS = ("ts", "ingested", "place", "stream", "log", "message", "kind", "json")
SYSTEM = {
    "@timestamp": ("ts", "time"),
    "@ingestionTime": ("ingested", "time"),
    "@message": ("message", "text"),
    "@logStream": ("stream", "text"),
    "@log": ("log", "text"),
}
POINTER = ("log", "stream", "ts", "place")  # what @ptr is made of
MOST_STATS = 2
DEFAULT_LIMIT = 10_000
Order = list[tuple[str, bool]]  # columns, and whether downwards


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
        return _Compiler(query.text, now_ms).run(query.commands, limit)
    except RecursionError:
        rule = Mistake("too many things inside one another", "Compute parts in fields of their own.")
        raise QueryError(query.text, 0, len(query.text), rule) from None


class _Compiler:
    def __init__(self, query: str, now_ms: int) -> None:
        self.query, self.now_ms = query, now_ms
        self.steps: list[tuple[str, Select]] = []
        self.known: dict[str, Value] = {}  # fields by the names the query gave them
        self.used = {"found", *EVENTS}  # names of columns: the engine's have no case
        self.discovered: dict[tuple[str, ...], Value] = {}
        self.paths: list[str] = []
        self.found: list[tuple[str, Expression]] = []
        self.grouped = 0
        self.order: Order = [("ts", True), ("place", False)]
        self.shown: list[tuple[str, Value]] = []
        self.displayed: list[tuple[str, Value]] | None = None
        self.filtered = False
        self.matched: tuple[int, bool] | None = (
            None  # how many steps there were before rows are not events any more
        )
        self.deduped = self.ordered = False

    # -- the chain ---------------------------------------------------------------------------------------------------
    def run(self, commands: Sequence[nodes.Node], limit: int | None) -> Compiled:
        for command in commands:
            if self.deduped and not isinstance(command, nodes.Limit):
                raise self.refuse(
                    command, "a command after dedup", "Only limit may follow it: put the others before."
                )
            match command:
                case nodes.Fields():
                    self.fields(command)
                case nodes.Display():
                    self.displayed = [self.output(each) for each in command.outputs]
                case nodes.Filter():
                    condition = self.expressions().condition(command.condition)
                    self.step(self.all().where(condition, copy=False))
                    self.filtered |= self.matched is None
                case nodes.Stats():
                    self.stats(command)
                case nodes.Sort():
                    self.sort(command)
                case nodes.Limit():
                    self.closed()
                    self.step(self.in_order(self.all()).limit(command.rows, copy=False))
                    self.ordered = True
                case nodes.ParseGlob():
                    self.parse_glob(command)
                case nodes.ParseRegex():
                    self.parse_regex(command)
                case nodes.Dedup():
                    self.dedup(command)
                case _:
                    raise AssertionError(command)
        return self.finished(limit)

    def finished(self, limit: int | None) -> Compiled:
        self.closed()
        assert self.matched is not None
        chosen = self.shown if self.displayed is None else self.displayed
        if not chosen and not self.grouped:
            chosen = [(name, self.system(name)) for name in ("@timestamp", "@message")]
        named = dict(chosen)  # of two columns with one name the later is shown
        from sqlglot import exp

        selected = [
            exp.alias_(value.sql.copy(), exp.to_identifier(name, quoted=True))
            for name, value in named.items()
        ]
        pointed = not self.grouped
        if pointed:
            selected += [exp.alias_(column(name), f"ptr_{name}") for name in POINTER]
        last = exp.select(*selected).from_(exp.to_table(self.last()).as_("rows"))
        if self.order:  # by the steps' own columns, whatever the answer's are called
            last = last.order_by(*self.by(table="rows"), copy=False)
        last = last.limit(limit or DEFAULT_LIMIT, copy=False)
        columns = tuple(Column(name, value.kind) for name, value in named.items())
        steps, filtered = self.matched
        count = None
        if filtered:
            table = self.steps[steps - 1][0]
            count = self.whole(exp.select(tree("COUNT(*)")).from_(table), self.steps[:steps])
        whole = self.whole(last, self.steps)
        return Compiled(
            whole, whole.sql("duckdb"), columns, pointed, None if count is None else count.sql("duckdb")
        )

    def whole(self, last: Select, steps: list[tuple[str, Select]]) -> Select:
        """The statement with its steps before it, the discovered fields first."""
        from sqlglot import exp

        before: list[tuple[str, Select]] = []
        source = "events"
        if self.paths:
            looked = call("json_extract", column("json"), array(*map(text, self.paths)))
            before.append(("documents", exp.select("*", exp.alias_(looked, "found")).from_("events")))
            source = "documents"
        if self.found:
            extra = [exp.alias_(sql.copy(), exp.to_identifier(name, quoted=True)) for name, sql in self.found]
            before.append(("discovered", exp.select("*", *extra).from_(source)))
            source = "discovered"
        result = last.copy()
        chain = [*before, *((name, select.copy()) for name, select in steps)]
        for _, select in [*chain[len(before) :], ("", result)]:
            for table in select.find_all(exp.Table):
                if table.name == "input":
                    table.set("this", exp.to_identifier(source))
        for name, select in chain:
            # Without this the engine moves conditions below and computes a field anew for each mention.
            once = True if name == "discovered" else None
            result = result.with_(name, select, materialized=once, copy=False)
        return result

    def last(self) -> str:
        return self.steps[-1][0] if self.steps else "input"

    def step(self, select: Select) -> None:
        self.steps.append((f"step{len(self.steps) + 1}", select))

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
            self.matched = (len(self.steps), self.filtered)

    def refuse(self, node: nodes.Node, name: str, remedy: str) -> QueryError:
        return QueryError(self.query, node.at, node.end, Mistake(name, remedy))

    # -- names -------------------------------------------------------------------------------------------------------
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
        return Expressions(self.query, self.lookup, self.verbatim, self.now_ms, time)

    def system(self, name: str) -> Value:
        where, kind = SYSTEM[name]
        return Value(column(where), kind)

    def verbatim(self, node: nodes.Node) -> Value | None:
        """What a stats before made of an expression of the same text: its column."""
        if not self.grouped or isinstance(node, nodes.Field | nodes.Number | nodes.Text):
            return None
        return self.known.get(self.query[node.at : node.end])

    def lookup(self, field: nodes.Field) -> Value:
        if field.name in self.known:
            return self.known[field.name]
        if field.name.lower() in ("true", "false"):
            return of_bool(field.name.lower() == "true")
        if self.grouped:
            have = ", ".join(self.known)
            raise self.refuse(field, f"a field that stats did not make: {field.name}", f"It made {have}.")
        if field.name in SYSTEM:
            return self.system(field.name)
        if field.name == "@ptr" or field.name.startswith(("@entity.", "@aws.", "@data_", "@source.")):
            raise self.refuse(
                field,
                f"{field.name} in an expression is not modeled in this version of cwlab",
                "Leave it out.",
            )
        if field.parts not in self.discovered:
            self.discovered[field.parts] = self.discover(field)
        return self.discovered[field.parts]

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
            candidates.append(discovered.leaf(item))
        if not candidates and field.name not in discovered.LAMBDA:
            return null()
        where = self.unique(field.name)
        self.found.append((where, discovered.found(field.name, candidates)))
        return Value(column(where), "text")

    # -- commands ----------------------------------------------------------------------------------------------------
    def output(self, output: nodes.Output) -> tuple[str, Value]:
        """A column of the answer; what is computed becomes a step and is known by its name."""
        if isinstance(output.expression, nodes.Field) and not output.named:
            if output.name == "@ptr":
                return output.name, null()  # every row that is an event has it anyway
            return output.name, self.lookup(output.expression)
        value = self.expressions().value(output.expression)
        return self.add([(output.name, value)])[0]

    def fields(self, command: nodes.Fields) -> None:
        for each in command.outputs:
            name, value = self.output(each)
            self.shown = [(n, v) for n, v in self.shown if n != name] + [(name, value)]

    def parse_glob(self, command: nodes.ParseGlob) -> None:
        pieces = command.glob.value.split("*")
        pattern = "(?s)" + re.escape(pieces[0])
        for n, piece in enumerate(pieces[1:], 1):
            final = n == len(pieces) - 1 and not piece
            pattern += ("(.*)" if final else "(.*?)") + re.escape(piece)
        self.extract(command.source, pattern, [name.name for name in command.names])

    def parse_regex(self, command: nodes.ParseRegex) -> None:
        regex = checked(self.query, command.regex)
        if not any(regex.groups):
            raise self.refuse(
                command.regex, "an expression without named groups", "Write (?<name>…) for a field."
            )
        self.extract(command.source, regex.source, list(regex.groups))

    def extract(self, source: nodes.Node | None, pattern: str, names: list[str | None]) -> None:
        """Two steps: the match as a whole, then a field for each group that has a name; none where nothing matched."""
        looked = self.system("@message") if source is None and not self.grouped else None
        if looked is None:
            field = source or nodes.Field(0, 0, "@message", ("@message",))
            looked = self.expressions().value(field)
        groups = [f"g{n}" for n in range(len(names) + 1)]
        match = call("regexp_extract", txt(looked), text(f"({pattern})"), array(*map(text, groups)))
        where = self.unique("parsed")
        from sqlglot import exp

        self.step(self.all(exp.alias_(match, exp.to_identifier(where, quoted=True))))
        whole = call("struct_extract", column(where), text("g0"))
        made = []
        for name, group in zip(names, groups[1:], strict=True):
            if name is not None:
                part = call("struct_extract", column(where), text(group))
                made.append((name, Value(tree("CASE WHEN :w <> '' THEN :p END", w=whole, p=part), "text")))
        self.add(made)

    def sort(self, command: nodes.Sort) -> None:
        order: Order = []
        for each in command.by:
            value = self.expressions().value(each.output.expression)
            if value.kind == "json":
                raise self.refuse(each, "a map or list to sort by", "Sort by a part of it.")
            if each.output.named:
                value = self.add([(each.output.name, value)])[0][1]
            order += self.keys(value, each.descending)
        self.order = order + ([] if self.grouped else [("ts", True), ("place", False)])
        self.ordered = True

    def keys(self, value: Value, down: bool) -> Order:
        """Columns that put a value into natural order, nulls last."""
        from sqlglot import exp

        names, more = [], []
        for sql in natural(value):
            name = self.unique("sort")
            more.append(exp.alias_(sql, exp.to_identifier(name, quoted=True)))
            names.append((name, down))
        self.step(self.all(*more))
        return names

    def dedup(self, command: nodes.Dedup) -> None:
        from sqlglot import exp

        self.closed()
        values = [self.lookup(field) for field in command.names]
        window = exp.Window(
            this=exp.Anonymous(this="row_number", expressions=[]),
            partition_by=[txt(value).copy() for value in values],
            order=exp.Order(expressions=self.by()),
        )
        name = self.unique("nth")
        self.step(self.all(exp.alias_(window, exp.to_identifier(name, quoted=True))))
        absent = [tree(":x IS NULL", x=value.sql) for value in values]
        first = tree(":n = 1", n=column(name))
        self.step(self.all().where(joined([first, *absent], "or"), copy=False))
        self.deduped = True

    def stats(self, command: nodes.Stats) -> None:
        if self.grouped >= MOST_STATS:
            raise self.refuse(command, "a third stats", "A query has at most two.")
        if self.grouped and self.ordered:
            raise self.refuse(
                command, "sort or limit before the second stats", "Put it after the last stats."
            )
        self.closed()
        from sqlglot import exp

        expressions = self.expressions()
        keys = [(each.name, self.key(expressions, each)) for each in command.keys]
        aggregates = Aggregates(self.query, expressions, raw=not self.grouped)
        for each in command.values:
            aggregates.add(each)
        made = [*keys, *aggregates.made.items()]
        self.used = {"found", *EVENTS}
        names = [self.unique(name) for name, _ in made]
        select = exp.select(
            *(
                exp.alias_(value.sql.copy(), exp.to_identifier(where, quoted=True))
                for where, (_, value) in zip(names, made, strict=True)
            )
        ).from_(self.last())
        if keys:
            select = select.group_by(*(exp.Literal.number(n + 1) for n in range(len(keys))), copy=False)
        else:
            select = select.having(tree("COUNT(*) > 0"), copy=False)
        self.step(select)
        self.known = {
            name: Value(column(where), value.kind) for where, (name, value) in zip(names, made, strict=True)
        }
        self.grouped += 1
        self.shown, self.displayed, self.ordered = list(self.known.items()), None, False
        self.order = []
        for name, value in keys:
            self.order += self.keys(self.known[name], value.kind == "time")

    def key(self, expressions: Expressions, output: nodes.Output) -> Value:
        value = expressions.value(output.expression)
        if value.kind == "json":
            raise self.refuse(output, "a map or list to group by", "Group by a part of it.")
        if value.literal is not None:
            return Value(tree("COALESCE(:x, :x)", x=txt(value)), "text")
        return value
