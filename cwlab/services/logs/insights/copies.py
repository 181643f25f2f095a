"""What the engine holds of events: one table of its own, ``kept``, in which each long chunk lies in one piece.

A long chunk never changes, so it is copied once; short ones are gathered for each query. Nothing of this is state of a
world: it can be dropped at any time and is made again. Text in the statements here is names of our own and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
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
MOST_RUNS = 16  # that a query puts together: each is a look at the whole table
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
        self.plain = True

    def hold(self, cursor: DuckDBPyConnection, inputs: Sequence[Sequence[Source]]) -> None:
        """Have a copy of every long chunk. Where that would be too much, or they lie too much out of order, begin anew."""
        every = [[s.chunk for s in sources if len(s.chunk) >= LONG] for sources in inputs]
        long = {id(chunk): chunk for chunks in every for chunk in chunks}
        missing = [chunk for key, chunk in long.items() if key not in self.kept]
        places = {key: n for key, (_, n, _) in self.kept.items()}
        places |= {id(chunk): n for n, chunk in enumerate(missing, len(self.kept))}
        much = self.bytes + sum(chunk.nbytes for chunk in missing) > KEPT_BYTES
        if not self.kept or (much and missing) or any(_runs(chunks, places) > MOST_RUNS for chunks in every):
            self.kept, self.bytes, self.rows, self.plain, missing = {}, 0, 0, True, list(long.values())
            cursor.execute(f"CREATE OR REPLACE TABLE kept ({COLUMNS})")
        if not missing:
            return
        first = len(self.kept)
        pieces = [(n, each, 0, len(each)) for n, each in enumerate(missing, first)]
        self.plain &= _fill(cursor, "kept", pieces, self.rows)
        for n, each in enumerate(missing, first):
            self.kept[id(each)] = each, n, self.rows
            self.rows += len(each)
            self.bytes += each.nbytes

    def view(self, cursor: DuckDBPyConnection, table: str, sources: Sequence[Source]) -> None:
        """Make a view of that name of the sources, whose long chunks are held.

        Its rows come in the order of the sources, long ones first, whatever is held besides: a sum depends on it.
        """
        from sqlglot import exp

        runs: list[dict[int, Source]] = []
        for source in sources:
            if len(source.chunk) < LONG:
                continue
            n = self.kept[id(source.chunk)][1]
            if not runs or n <= max(runs[-1]):
                runs.append({})
            runs[-1][n] = source
        selects = [self._run(run, number) for number, run in enumerate(runs)]
        short = [source for source in sources if len(source.chunk) < LONG]
        if short or not selects:
            name = f"gathered_{table}"
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({COLUMNS})")
            plain = _fill(cursor, name, [(n, s.chunk, s.first, s.last) for n, s in enumerate(short)], 0)
            selects.append(_columns(name, dict(enumerate(short)), "-1 - rowid", plain))
        union = selects[0]
        for select in selects[1:]:
            union = exp.Union(this=union, expression=select, distinct=False)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {union.sql('duckdb')}")

    def _run(self, run: Mapping[int, Source], number_: int) -> Select:
        """The rows of kept chunks in the order they lie in. A chunk that two runs have has other line numbers in each."""
        spans = {}
        for n, source in run.items():
            first = self.kept[id(source.chunk)][2]
            spans[n] = first + source.first, first + source.last
        select = _columns("kept", run, f"rowid + {number_ << 40}" if number_ else "rowid", self.plain)
        pieces = _joined(list(spans.values()))
        if pieces == [(0, self.rows)]:
            return select
        if len(pieces) <= FEW:
            within = [tree("rowid >= :a AND rowid < :b", a=number(a), b=number(b)) for a, b in pieces]
            return select.where(joined(within, "or"), copy=False)
        every = [spans.get(n, (0, 0)) for n in range(max(spans) + 1)]
        starts, ends = (_of_chunk([number(pair[end]) for pair in every]) for end in (0, 1))
        return select.where(tree("rowid >= :starts AND rowid < :ends", starts=starts, ends=ends), copy=False)


def _runs(chunks: Sequence[Chunk], places: Mapping[int, int]) -> int:
    """In how many runs the chunks lie, each in order."""
    numbers = [places[id(chunk)] for chunk in chunks]
    return 1 + sum(b <= a for a, b in pairwise(numbers))


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


def _columns(table: str, numbered: Mapping[int, Source], line: str, plain: bool) -> Select:
    """The columns of events, of a table of numbered chunks.

    Args:
        plain: each message is a document as it stands.
    """
    from sqlglot import exp

    from cwlab.services.logs.insights.chain import EVENTS

    every = [numbered.get(n) for n in range(max(numbered, default=-1) + 1)]

    def of(names: list[str]) -> Expression:
        return text(names[0]) if len(set(names)) == 1 else _of_chunk([text(name) for name in names])

    made = {
        "line": tree(line),
        "stream": of([source.stream if source else "" for source in every] or [""]),
        "log": of([source.log if source else "" for source in every] or [""]),
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


def _fill(cursor: DuckDBPyConnection, table: str, pieces: Sequence[Piece], row: int) -> bool:
    """Add rows of numbered chunks to a table of so many rows: their columns, the kind of each message and, where it is
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
    _embed(cursor, table, row)
    other = f"SELECT COUNT(*) FROM {table} WHERE rowid >= {row} AND (kind <> 'json' OR document IS NOT NULL)"  # noqa: S608
    return cursor.execute(other).fetchall() == [(0,)]


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
