"""What the engine holds of events: one table of its own, ``kept``, in which each long chunk lies in one piece.

A long chunk never changes, so it is copied once; short ones are gathered for each query. Nothing of this is state of a
world: it can be dropped at any time and is made again. Text in the statements here is names of our own and numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cwlab import sql
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.insights.discovered import KIND
from cwlab.services.logs.insights.documents import MOST, document
from cwlab.services.logs.insights.tree import array, call, column, joined, number, text, tree

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlglot.expressions import Expression, Select

LONG = 256  # rows of a chunk from which on its copy is kept
KEPT_BYTES = 512 * 1024 * 1024  # of text, in all copies
FEW = 8  # pieces of ``kept`` that a query names one by one
COLUMNS = "chunk INT, ts BIGINT, ingested BIGINT, place BIGINT, message TEXT, kind TEXT, document TEXT"
COPIED = f"SELECT *, {KIND}, NULL FROM (SELECT * REPLACE (CAST(message AS TEXT) AS message) FROM incoming)"  # noqa: S608
# Documents that are not the message as it stands. Each field but the first has a comma before it.
APART = f"""kind = 'lambda' AND contains(message, '{{') OR
  kind = 'json' AND strlen(message) > 2 * {MOST} AND length(message) - length(replace(message, ',', '')) >= {MOST} OR
  kind = '' AND starts_with(ltrim(message), '{{') AND contains(message, '*')"""


class Source(NamedTuple):
    """Rows ``first`` to ``last`` (exclusive) of a chunk, of a stream in a group."""

    log: str
    stream: str
    chunk: Chunk
    first: int
    last: int


Plain = Mapping[str, Sequence[str | None]]  # a table's columns, all of text
Piece = tuple[
    int, Chunk, int, int
]  # a chunk's number in a table, the chunk, its rows from and to (exclusive)


class Copies:
    """The copies in a database."""

    def __init__(self) -> None:
        self.database = sql.shared()
        self.kept: dict[
            int, tuple[Chunk, int, int]
        ] = {}  # by id: the chunk, so that it keeps its id; its number; its first row
        self.bytes = self.rows = 0

    def hold(self, cursor: DuckDBPyConnection, wanted: Iterable[Chunk]) -> None:
        """Have a copy of every long chunk that is wanted; where that would be too much, let go of all others first."""
        long = {id(chunk): chunk for chunk in wanted if len(chunk) >= LONG}
        missing = [chunk for key, chunk in long.items() if key not in self.kept]
        if not missing:
            return
        if not self.kept or self.bytes + sum(chunk.nbytes for chunk in missing) > KEPT_BYTES:
            self.kept, self.bytes, self.rows, missing = {}, 0, 0, list(long.values())
            cursor.execute(f"CREATE OR REPLACE TABLE kept ({COLUMNS})")
        first = len(self.kept)
        _fill(cursor, "kept", [(n, each, 0, len(each)) for n, each in enumerate(missing, first)], self.rows)
        for n, each in enumerate(missing, first):
            self.kept[id(each)] = each, n, self.rows
            self.rows += len(each)
            self.bytes += each.nbytes

    def view(self, cursor: DuckDBPyConnection, table: str, sources: Sequence[Source]) -> None:
        """Make a view of that name of the sources, whose long chunks are held."""
        from sqlglot import exp

        long = _apart(s for s in sources if len(s.chunk) >= LONG)
        selects = [self._long(each, again) for again, each in enumerate(long)]
        short = [source for source in sources if len(source.chunk) < LONG]
        if short or not selects:
            name = f"gathered_{table}"
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({COLUMNS})")
            _fill(cursor, name, [(n, s.chunk, s.first, s.last) for n, s in enumerate(short)], 0)
            selects.append(_columns(name, dict(enumerate(short)), "-1 - rowid"))
        union = selects[0]
        for select in selects[1:]:
            union = exp.Union(this=union, expression=select, distinct=False)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {union.sql('duckdb')}")

    def _long(self, sources: Sequence[Source], again: int) -> Select:
        """The rows of kept chunks, no chunk twice. Rows that were there before have other numbers now."""
        numbered, spans = {}, {}
        for source in sources:
            _, n, first = self.kept[id(source.chunk)]
            numbered[n], spans[n] = source, (first + source.first, first + source.last)
        select = _columns("kept", numbered, f"rowid + {again << 40}" if again else "rowid")
        pieces = _joined(sorted(spans.values()))
        if pieces == [(0, self.rows)]:
            return select
        if len(pieces) <= FEW:
            within = [tree("rowid >= :a AND rowid < :b", a=number(a), b=number(b)) for a, b in pieces]
            return select.where(joined(within, "or"), copy=False)
        every = [spans.get(n, (0, 0)) for n in range(max(spans) + 1)]
        starts, ends = (_of_chunk([number(pair[end]) for pair in every]) for end in (0, 1))
        return select.where(tree("rowid >= :starts AND rowid < :ends", starts=starts, ends=ends), copy=False)


def _apart(sources: Iterable[Source]) -> list[list[Source]]:
    """The sources in lists without a chunk twice: it is in two streams of worlds that were one."""
    lists: list[list[Source]] = []
    seen: dict[int, int] = {}
    for source in sources:
        n = seen[id(source.chunk)] = seen.get(id(source.chunk), -1) + 1
        if n == len(lists):
            lists.append([])
        lists[n].append(source)
    return lists


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch made one."""
    made: list[tuple[int, int]] = []
    for first, last in spans:
        if made and made[-1][1] == first:
            made[-1] = (made[-1][0], last)
        else:
            made.append((first, last))
    return made


def _of_chunk(items: list[Expression]) -> Expression:
    """The item of a list for a row's chunk; beyond its end null."""
    return call("list_extract", array(*items), tree("chunk + 1"))


def _columns(table: str, numbered: Mapping[int, Source], line: str) -> Select:
    """The columns of events, of a table of numbered chunks."""
    from sqlglot import exp

    from cwlab.services.logs.insights.chain import EVENTS

    every = [numbered.get(n) for n in range(max(numbered, default=-1) + 1)]

    def of(names: list[str]) -> Expression:
        return text(names[0]) if len(set(names)) == 1 else _of_chunk([text(name) for name in names])

    made = {
        "line": tree(line),
        "stream": of([source.stream if source else "" for source in every] or [""]),
        "log": of([source.log if source else "" for source in every] or [""]),
        "json": tree("CASE kind WHEN 'json' THEN COALESCE(document, message) ELSE document END"),
    }
    chosen = [exp.alias_(made[name], name) if name in made else column(name) for name in EVENTS]
    return exp.select(*chosen).from_(table)


def plain(cursor: DuckDBPyConnection, table: str, columns: Plain) -> None:
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


def _fill(cursor: DuckDBPyConnection, table: str, pieces: Sequence[Piece], row: int) -> None:
    """Add rows of numbered chunks to a table of so many rows: their columns, the kind of each message and, where it is
    not the message itself, the document in it."""
    if not pieces:
        return
    messages: list[str] = []
    for _, chunk, first, last in pieces:
        messages += chunk.messages(np.arange(first, last))
    lengths = [last - first for _, _, first, last in pieces]
    columns = {
        "chunk": np.repeat(np.array([n for n, *_ in pieces]), lengths),
        "ts": np.concatenate([chunk.stamp[a:b] for _, chunk, a, b in pieces]),
        "ingested": np.concatenate([chunk.ingested[a:b] for _, chunk, a, b in pieces]),
        "place": np.concatenate([chunk.place[a:b] for _, chunk, a, b in pieces]),
        "message": _objects(messages),
    }
    cursor.register("incoming", columns)
    try:
        cursor.execute(f"INSERT INTO {table} {COPIED}")
    finally:
        cursor.unregister("incoming")
    _embed(cursor, table, row)


def _embed(cursor: DuckDBPyConnection, table: str, row: int) -> None:
    """Documents that are not the message as it stands, of the rows from one on."""
    found = cursor.execute(
        f"SELECT rowid, kind, message FROM {table} WHERE rowid >= {row} AND ({APART})"  # noqa: S608
    ).fetchall()
    made = [(at, document(kind, message)) for at, kind, message in found]
    if not any(each for _, each in made):
        return
    rows, documents = np.array([at for at, _ in made]), _objects([each for _, each in made])
    cursor.register("incoming", {"at": rows, "found": documents})
    try:
        cursor.execute(
            f"""UPDATE {table} SET document = CAST(i.found AS TEXT), kind = CASE WHEN kind = '' AND i.found IS NOT NULL
            THEN 'json' ELSE kind END FROM incoming i WHERE {table}.rowid = i."at" """  # noqa: S608
        )
    finally:
        cursor.unregister("incoming")


def _objects(items: Sequence[str | None]) -> Any:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made
