"""What the engine holds of events: tables of long chunks, which never change; short ones are gathered for each query.

Nothing of this is state of a world: it can be dropped at any time and is made again. Text in the statements here is
names of our own and numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import count
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
FEW = 8  # pieces of a table that a query names one by one
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


class Held(NamedTuple):
    """A table of whole chunks, in order; held themselves, so that each keeps its id.

    Args:
        plain: each message is a document as it stands.
    """

    table: str
    chunks: tuple[Chunk, ...]
    plain: bool


class Copies:
    """The copies in a database: a table for each sequence of long chunks that queries ask for.

    A table is never added to. What a query reads lies in the same way whatever was asked before, since the last bit of
    a sum depends on it.
    """

    def __init__(self) -> None:
        self.database = sql.shared()
        self.kept: OrderedDict[tuple[int, ...], Held] = (
            OrderedDict()
        )  # by the chunks' ids, the longest unused first
        self.numbers = count(1)

    @property
    def nbytes(self) -> int:
        """Bytes of text in all copies."""
        return sum(chunk.nbytes for held in self.kept.values() for chunk in held.chunks)

    def hold(self, cursor: DuckDBPyConnection, inputs: Sequence[Sequence[Source]]) -> None:
        """Have copies of all long chunks, and let go of others while there is too much."""
        every = {_key(chunks): chunks for chunks in map(_long, inputs) if chunks}
        for key, chunks in every.items():
            if key in self.kept:
                self.kept.move_to_end(key)
                continue
            table = f"kept{next(self.numbers)}"
            cursor.execute(f"CREATE OR REPLACE TABLE {table} ({COLUMNS})")
            plain = _fill(cursor, table, [(n, chunk, 0, len(chunk)) for n, chunk in enumerate(chunks)])
            self.kept[key] = Held(table, tuple(chunks), plain)
        for key in [key for key in self.kept if key not in every]:
            if self.nbytes <= KEPT_BYTES:
                break
            cursor.execute(f"DROP TABLE {self.kept.pop(key).table}")

    def view(self, cursor: DuckDBPyConnection, table: str, sources: Sequence[Source]) -> None:
        """Make a view of that name of the sources, whose long chunks are held; its rows come in their order, those last."""
        from sqlglot import exp

        short = [source for source in sources if len(source.chunk) < LONG]
        long = [source for source in sources if len(source.chunk) >= LONG]
        selects = []
        if short or not long:
            name = f"gathered_{table}"
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({COLUMNS})")
            plain = _fill(cursor, name, [(n, s.chunk, s.first, s.last) for n, s in enumerate(short)])
            selects.append(_columns(name, short, "-1 - rowid", plain))
        if long:
            selects.append(_rows(self.kept[_key(_long(sources))], long))
        union = selects[0]
        for select in selects[1:]:
            union = exp.Union(this=union, expression=select, distinct=False)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {union.sql('duckdb')}")


def _long(sources: Sequence[Source]) -> list[Chunk]:
    return [source.chunk for source in sources if len(source.chunk) >= LONG]


def _key(chunks: Sequence[Chunk]) -> tuple[int, ...]:
    return tuple(map(id, chunks))


def _rows(held: Held, sources: Sequence[Source]) -> Select:
    """The rows of the sources, whose chunks a table holds in their order."""
    starts = np.cumsum([0, *map(len, held.chunks)]).tolist()
    spans = [(at + s.first, at + s.last) for at, s in zip(starts[:-1], sources, strict=True)]
    select = _columns(held.table, sources, "rowid", held.plain)
    pieces = _joined(spans)
    if pieces == [(0, starts[-1])]:
        return select
    if len(pieces) <= FEW:
        within = [tree("rowid >= :a AND rowid < :b", a=number(a), b=number(b)) for a, b in pieces]
        return select.where(joined(within, "or"), copy=False)
    low, high = (_of_chunk([number(pair[end]) for pair in spans]) for end in (0, 1))
    return select.where(tree("rowid >= :low AND rowid < :high", low=low, high=high), copy=False)


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


def _columns(table: str, sources: Sequence[Source], line: str, plain: bool) -> Select:
    """The columns of events, of a table of the sources' chunks.

    Args:
        plain: each message is a document as it stands.
    """
    from sqlglot import exp

    from cwlab.services.logs.insights.chain import EVENTS

    def of(names: list[str]) -> Expression:
        if len(set(names)) <= 1:
            return text("".join(names[:1]))
        return _of_chunk([text(name) for name in names])

    made = {
        "line": tree(line),
        "stream": of([source.stream for source in sources]),
        "log": of([source.log for source in sources]),
        "json": column("message")
        if plain
        else tree("CASE kind WHEN 'json' THEN COALESCE(document, message) ELSE document END"),
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


def _fill(cursor: DuckDBPyConnection, table: str, pieces: Sequence[Piece]) -> bool:
    """Put rows of numbered chunks into an empty table: their columns, the kind of each message and, where it is
    not the message itself, the document in it. Whether each message is a document as it stands."""
    if not pieces:
        return True
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
    _embed(cursor, table)
    other = f"SELECT COUNT(*) FROM {table} WHERE kind <> 'json' OR document IS NOT NULL"  # noqa: S608
    return cursor.execute(other).fetchall() == [(0,)]


def _embed(cursor: DuckDBPyConnection, table: str) -> None:
    """Documents that are not the message as it stands."""
    found = cursor.execute(
        f"SELECT rowid, kind, message FROM {table} WHERE {APART}"  # noqa: S608
    ).fetchall()
    made = [(at, document(kind, message)) for at, kind, message in found]
    if not any(each for _, each in made):
        return
    rows, documents = np.array([at for at, _ in made]), _objects([each for _, each in made])
    cursor.register("incoming", {"at": rows, "found": documents})
    try:
        cursor.execute(
            f"""UPDATE {table} SET document = i.found, kind = CASE WHEN kind = '' THEN 'json' ELSE kind END
            FROM (SELECT "at", CAST(found AS TEXT) AS found FROM incoming) i
            WHERE {table}.rowid = i."at" AND json_valid(i.found)"""  # noqa: S608  (Python takes some that the engine cannot)
        )
    finally:
        cursor.unregister("incoming")


def _objects(items: Sequence[str | None]) -> Any:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made
