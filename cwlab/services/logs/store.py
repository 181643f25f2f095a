"""The events of one stream: a value that grows.

Adding returns a *new* value and leaves the old one as it was, so a fork, an undone request and a reader all keep what
they had. A big batch becomes a chunk of its own, which the journal shares; single events gather in an open buffer that
is sealed when it is long enough, and small sealed chunks are merged, so there are never many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.codec import register
from cwlab.services.logs.chunk import Chunk, build, merge

OWN = 16  # events of a batch from which on it is a chunk of its own: where the journal begins to share it
SEAL = 256  # events in the open buffer before they become a chunk
LONG = 65_536  # bytes in the open buffer before it is sealed
MERGED = 16_384  # rows beyond which sealed chunks are left alone

Row = tuple[int, int, int, bytes]  # timestamp, received, place, text


class Events:
    """An immutable sequence of events with cheap adding."""

    __slots__ = ("_bytes", "_chunks", "_key", "_mark", "_rows", "_tail")

    def __init__(
        self,
        chunks: tuple[tuple[Chunk, bool], ...] = (),
        rows: list[Row] | None = None,
        nbytes: int = 0,
        key: int = 0,
    ) -> None:
        self._chunks = chunks  # each with True where the journal shares it
        self._rows: list[Row] = [] if rows is None else rows  # only the first ``_mark`` are ours
        self._mark = len(self._rows)
        self._bytes = nbytes
        self._key = key
        self._tail: Chunk | None = None

    def add(
        self,
        stamps: Sequence[int],
        received_ms: int,
        places: Sequence[int],
        encoded: Sequence[bytes],
        key: int = 0,
    ) -> Events:
        """With a few more events, in the order of their arrival."""
        if self._mark and key != self._key:
            return self.sealed().add(stamps, received_ms, places, encoded, key)
        rows, mark = self._rows, self._mark
        if len(rows) != mark:
            rows = rows[:mark]
        for stamp, place, text in zip(stamps, places, encoded, strict=True):
            rows.append((stamp, received_ms, place, text))
        grown = Events(self._chunks, rows, self._bytes + sum(map(len, encoded)), key)
        return grown if grown._mark < SEAL and grown._bytes < LONG else grown.sealed()

    def extend(self, chunk: Chunk) -> Events:
        """With the rows of a chunk that others hold too, so that it is not merged away."""
        return Events((*self.sealed()._chunks, (chunk, True))) if len(chunk) else self

    def sealed(self) -> Events:
        """The same, with the open buffer made a chunk."""
        if not self._mark:
            return self
        chunks = (*self._chunks, (self._open(), False))
        while len(chunks) > 1:
            (a, a_shared), (b, b_shared) = chunks[-2:]
            apart = a_shared or b_shared or a.key != b.key
            if apart or len(a) >= 2 * len(b) or len(a) + len(b) > MERGED:
                break
            chunks = (*chunks[:-2], (merge((a, b)), False))
        return Events(chunks)

    def _open(self) -> Chunk:
        if self._tail is None:
            rows = sorted(self._rows[: self._mark], key=lambda row: (row[0], row[2]))
            stamps, received, places, encoded = zip(*rows, strict=True)
            self._tail = build(stamps, received, places, encoded, self._key)
        return self._tail

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """All events, as chunks that never change, in no particular order of time."""
        sealed = tuple(chunk for chunk, _ in self._chunks)
        return (*sealed, self._open()) if self._mark else sealed

    def __len__(self) -> int:
        return sum(len(chunk) for chunk, _ in self._chunks) + self._mark

    def __repr__(self) -> str:
        return f"Events({len(self)})"


def _pack(events: Events) -> Any:
    return [[[chunk, shared] for chunk, shared in events._chunks], [events._open()] if events._mark else []]


def _unpack(parts: Any) -> Events:
    sealed, opened = parts
    chunks = tuple((chunk, shared) for chunk, shared in sealed)
    if not opened:
        return Events(chunks)
    (chunk,) = opened
    texts = [text.encode() for text in chunk.messages()]
    columns = chunk.stamp.tolist(), chunk.ingested.tolist(), chunk.place.tolist(), texts
    rows = sorted(zip(*columns, strict=True), key=lambda row: row[2])
    return Events(chunks, rows, chunk.nbytes, chunk.key)


register(Events, _pack, _unpack)
