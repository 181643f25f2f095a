"""Running a compiled query over chunks of events.

A long chunk is copied into the engine once and kept, since it never changes; short ones are gathered for each query.
Nothing of this is state of a world: it can be dropped at any time and is made again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from json import JSONDecoder
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cwlab import sql
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.insights.compile import Compiled
from cwlab.services.logs.insights.discovered import KIND
from cwlab.services.logs.insights.indexed import TABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONG = 4096  # rows of a chunk from which on its copy is kept
KEPT_BYTES = 512 * 1024 * 1024  # of text, in all copies


class Source(NamedTuple):
    """Rows ``first`` to ``last`` (exclusive) of a chunk, of a stream in a group."""

    log: str
    stream: str
    chunk: Chunk
    first: int
    last: int


Plain = Mapping[str, Sequence[str | None]]  # a table's columns, all of text
Given = Sequence[Source] | Plain


class Answer(NamedTuple):
    """Rows as text, an absent value None; with ``pointers`` (log, stream, ts, place) where rows are events."""

    rows: tuple[tuple[str | None, ...], ...]
    pointers: tuple[tuple[str, str, int, int], ...] | None
    matched: int
    skipped: tuple[int, int] = (0, 0)  # events that field indexes let pass over, and their bytes


def run(compiled: Compiled, *inputs: Given, spans: Plain | None = None) -> Answer:
    """The rows a query gives.

    Args:
        inputs: what each of ``compiled.inputs`` holds, in that order.
        spans: the field indexes of the query's groups (``indexed.columns``), to tell what they let pass over.
    """
    copies = _copies()
    with copies.database.cursor() as cursor:
        answer = _run(cursor, copies, compiled, inputs)
        if spans is None or compiled.skipped is None or not compiled.skipped.worth(spans):
            return answer
        _plain(cursor, TABLE, spans)
        ((events, nbytes),) = cursor.execute(compiled.skipped.text()).fetchall()
        return answer._replace(skipped=(events, int(nbytes)))


def _run(cursor: DuckDBPyConnection, copies: _Copies, compiled: Compiled, inputs: Sequence[Given]) -> Answer:
    read = [[] if isinstance(given, Mapping) else given for given in inputs]
    copies.forget(cursor, {id(each.chunk) for sources in read for each in sources})
    for wanted, given in zip(compiled.inputs, inputs, strict=True):
        if isinstance(given, Mapping):
            _plain(cursor, wanted.table, given)
        else:
            copies.view(cursor, wanted.table, given)
    found = cursor.execute(compiled.text).fetchall()
    scanned = sum(source.last - source.first for source in read[0])
    matched = scanned
    if compiled.matched is not None:
        ((matched,),) = cursor.execute(compiled.matched).fetchall()
    kinds = [each.kind for each in compiled.columns]
    width = len(kinds)
    rows = tuple(tuple(shown(value, kind) for value, kind in zip(row, kinds, strict=False)) for row in found)
    pointers = tuple(tuple(row[width:]) for row in found) if compiled.pointed else None
    return Answer(rows, pointers, matched)


def shown(value: Any, kind: str) -> str | None:
    """A value as GetQueryResults writes it."""
    if value is None:
        return None
    match kind:
        case "num":
            if not isfinite(value):
                return None
            written = repr(float(value)).removesuffix(".0")
            return "0" if written == "-0" else written
        case "bool":
            return "1" if value else "0"
        case "time":
            stamp = np.datetime64(int(value), "ms")
            return str(stamp).replace("T", " ")
    return str(value)


class _Copies:
    """What the engine holds of chunks."""

    def __init__(self) -> None:
        self.database = sql.shared()
        self.kept: OrderedDict[int, tuple[Chunk, str]] = OrderedDict()  # a chunk held cannot lose its id
        self.bytes = 0
        self.numbers = count(1)

    def view(self, cursor: DuckDBPyConnection, table: str, sources: Sequence[Source]) -> None:
        """Make a view of that name of the sources."""
        from sqlglot import exp

        from cwlab.services.logs.insights.chain import EVENTS
        from cwlab.services.logs.insights.tree import column, number, text, tree

        short = [source for source in sources if len(source.chunk) < LONG]
        selects = [self._gathered(cursor, f"gathered_{table}", short)]
        for source in sources:
            if len(source.chunk) < LONG:
                continue
            name = self._copied(cursor, source)
            chosen = [
                exp.alias_(text(source.stream), each)
                if each == "stream"
                else exp.alias_(text(source.log), each)
                if each == "log"
                else column(each)
                for each in EVENTS
            ]
            select = exp.select(*chosen).from_(name)
            if source.first > 0 or source.last < len(source.chunk):
                within = tree(
                    ":row >= :a AND :row < :b",
                    row=column("row"),
                    a=number(source.first),
                    b=number(source.last),
                )
                select = select.where(within, copy=False)
            selects.append(select)
        union = selects[0]
        for select in selects[1:]:
            union = exp.Union(this=union, expression=select, distinct=False)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {union.sql('duckdb')}")

    def _copied(self, cursor: DuckDBPyConnection, source: Source) -> str:
        chunk = source.chunk
        if id(chunk) in self.kept:
            self.kept.move_to_end(id(chunk))
            return self.kept[id(chunk)][1]
        name = f"chunk{next(self.numbers)}"
        everything = Source(source.log, source.stream, chunk, 0, len(chunk))
        _fill(cursor, f"CREATE TABLE {name} AS", [everything])
        self.kept[id(chunk)] = (chunk, name)
        self.bytes += chunk.nbytes
        return name

    def forget(self, cursor: DuckDBPyConnection, wanted: set[int]) -> None:
        """Drop the copies longest unused while there is too much, but never what this query reads."""
        for key, (chunk, name) in list(self.kept.items()):
            if self.bytes <= KEPT_BYTES:
                return
            if key not in wanted:
                cursor.execute(f"DROP TABLE {name}")
                del self.kept[key]
                self.bytes -= chunk.nbytes

    def _gathered(self, cursor: DuckDBPyConnection, name: str, sources: Sequence[Source]) -> Any:
        from sqlglot import exp

        from cwlab.services.logs.insights.chain import EVENTS
        from cwlab.services.logs.insights.tree import column

        _fill(cursor, f"CREATE OR REPLACE TEMP TABLE {name} AS", sources)
        return exp.select(*map(column, EVENTS)).from_(name)


def _plain(cursor: DuckDBPyConnection, table: str, columns: Plain) -> None:
    """A table of text."""
    from sqlglot import exp

    cursor.register("incoming", {f"c{n}": _objects(each) for n, each in enumerate(columns.values())})
    try:
        chosen = [
            exp.alias_(exp.cast(exp.column(f"c{n}"), "VARCHAR"), exp.to_identifier(name, quoted=True))
            for n, name in enumerate(columns)
        ]
        select = exp.select(*chosen).from_("incoming").sql("duckdb")
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {select}")
    finally:
        cursor.unregister("incoming")


def _fill(cursor: DuckDBPyConnection, create: str, sources: Sequence[Source]) -> None:
    """A table of sources: their columns, the kind of each message and the document in it."""
    empty = np.empty(0, dtype=np.int64)
    stamps = [s.chunk.stamp[s.first : s.last] for s in sources]
    messages: list[str] = []
    for s in sources:
        messages += s.chunk.messages(np.arange(s.first, s.last))
    lengths = [s.last - s.first for s in sources]
    columns: dict[str, Any] = {
        "ts": np.concatenate([empty, *stamps]),
        "ingested": np.concatenate([empty, *(s.chunk.ingested[s.first : s.last] for s in sources)]),
        "place": np.concatenate([empty, *(s.chunk.place[s.first : s.last] for s in sources)]),
        "message": _objects(messages),
        "row": np.arange(sum(lengths)),
        "stream": np.repeat(_objects([s.stream for s in sources]), lengths),
        "log": np.repeat(_objects([s.log for s in sources]), lengths),
    }
    if not messages:
        cursor.execute(
            f"{create} SELECT 0::BIGINT ts, 0::BIGINT ingested, 0::BIGINT place, '' message, 0::BIGINT AS row, '' stream, '' log, "
            "'' kind, '' json WHERE FALSE"
        )
        return
    cursor.register("incoming", columns)
    try:
        copied = (
            f"SELECT *, {KIND} AS kind FROM (SELECT * REPLACE (message::VARCHAR AS message) FROM incoming)"  # noqa: S608
        )
        cursor.execute(f"{create} SELECT *, CASE kind WHEN 'json' THEN message END AS json FROM ({copied})")  # noqa: S608
    finally:
        cursor.unregister("incoming")
    table = create.removesuffix(" AS").rsplit(" ", 1)[1]
    _embed(cursor, table)


def _embed(cursor: DuckDBPyConnection, table: str) -> None:
    """The first JSON document inside a line that a Lambda function wrote."""
    lines = cursor.execute(
        f"SELECT row, message FROM {table} WHERE kind = 'lambda' AND contains(message, '{{')"  # noqa: S608  (a name of our own)
    ).fetchall()
    for row, message in lines:
        found = fragment(message)
        if found is not None:
            cursor.execute(f"UPDATE {table} SET json = $1 WHERE row = $2", [found, row])  # noqa: S608


def fragment(message: str) -> str | None:
    """The first JSON object inside a text.

    >>> fragment('x {y} {"a": 1} z')
    '{"a": 1}'
    """
    at = message.find("{")
    decoder = JSONDecoder()
    while at >= 0:
        try:
            _, end = decoder.raw_decode(message, at)
        except (ValueError, RecursionError):
            at = message.find("{", at + 1)
        else:
            return message[at:end]
    return None


def _objects(items: Sequence[str | None]) -> Any:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


@lru_cache(maxsize=1)
def _copies() -> _Copies:
    return _Copies()
