"""The datapoints of one metric in one unit: a value that grows.

Appending returns a *new* series and leaves the old one as it was, so a fork, an undone request and a reader all
keep what they had. Both share the sealed chunks, and even the open buffer: a series knows how much of the buffer
is its own, and whoever finds the buffer longer than that takes a private copy first.

Chunks are merged when a newer one has grown half as large as its neighbor, so there are only a few, and a read
just after a write costs next to nothing. The order in which rows are added up does not depend on how they are
chunked; so the same calls give the same bytes, whoever read what in between.

    >>> a = empty().append(60, 1.0)
    >>> b, c = a.append(120, 2.0), a.append(120, 5.0)
    >>> [s.window(0, 180).sum.tolist() for s in (a, b, c)]
    [[1.0], [1.0, 2.0], [1.0, 5.0]]
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from cwlab.codec import record, register
from cwlab.services.cloudwatch.chunk import Chunk, Ints, coarsen, join, singles, take
from cwlab.services.cloudwatch.window import FIVE_MINUTES_S, HOUR_S, ONE_HOUR_S, ONE_MINUTE_S

SEAL = 128  # rows in the open buffer before they become a chunk
AGE_FROM = 4096  # rows in a chunk before its old part is aggregated
_SLACK_S = 2 * HOUR_S  # datapoints may lie this far ahead of the clock


def empty() -> Series:
    """A series with no datapoints."""
    return Series((), array("d"), 0, -(1 << 62))


@record
class Later:
    """Rows that become visible when the clock reaches ``due`` (one second for each row)."""

    due: Ints
    chunk: Chunk

    def at(self, now_s: int) -> Chunk:
        """What is visible at ``now_s``."""
        if self.due is self.chunk.stamp:  # each row at its own second, so they appear in order
            return take(self.chunk, slice(0, int(self.due.searchsorted(now_s, side="right"))))
        seen = self.due <= now_s
        if seen.all():
            return self.chunk
        return take(self.chunk, seen)


class Series:
    """An immutable sequence of datapoints with cheap appending. ``newest`` is the latest stamp, in seconds."""

    __slots__ = ("_buffer", "_chunks", "_mark", "_open", "later", "newest")

    def __init__(
        self,
        chunks: tuple[Chunk, ...],
        buffer: array[float],
        mark: int,
        newest: int,
        later: tuple[Later, ...] = (),
    ) -> None:
        self._chunks = chunks
        self._buffer = buffer  # stamp, value, stamp, value, …; only the first ``mark`` entries are ours
        self._mark = mark
        self._open: Chunk | None = None  # the buffer as a chunk, made at the first read
        self.newest = newest
        self.later = later

    # -- growing -----------------------------------------------------------------------------------------------
    def append(self, stamp: int, value: float) -> Series:
        """With one more sample."""
        buffer, mark = self._buffer, self._mark
        if len(buffer) != mark:
            buffer = buffer[:mark]
        buffer.append(stamp)
        buffer.append(value)
        newest = self.newest
        if stamp > newest:
            newest = stamp
        grown = Series(self._chunks, buffer, mark + 2, newest, self.later)
        return grown if mark < 2 * SEAL - 2 else grown._sealed()

    def append_many(self, stamps: list[int], values: list[float]) -> Series:
        """With these samples, in this order."""
        buffer, mark = self._buffer, self._mark
        if len(stamps) * 2 + mark >= 2 * SEAL:
            return self._sealed().extend(singles(stamps, values))
        if len(buffer) != mark:
            buffer = buffer[:mark]
        buffer.extend([x for pair in zip(stamps, values, strict=True) for x in pair])
        return Series(self._chunks, buffer, len(buffer), max(self.newest, max(stamps)), self.later)

    def extend(self, chunk: Chunk) -> Series:
        """With the rows of a chunk."""
        if not len(chunk):
            return self
        chunks = self._chunks + ((self._tail(),) if self._mark else ()) + (chunk,)
        return Series(_merged(chunks), array("d"), 0, max(self.newest, int(chunk.stamp[-1])), self.later)

    def extend_later(self, due: Ints, chunk: Chunk) -> Series:
        """With rows that become visible one by one, each when the clock reaches its second in ``due``."""
        if not len(chunk):
            return self
        return Series(self._chunks, self._buffer, self._mark, self.newest, (*self.later, Later(due, chunk)))

    def settled(self, now_s: int) -> Series:
        """The same, with parts that are wholly visible by now no longer kept apart."""
        due = [later for later in self.later if int(later.due.max()) <= now_s]
        if not due:
            return self
        rest = tuple(later for later in self.later if int(later.due.max()) > now_s)
        series = Series(self._chunks, self._buffer, self._mark, self.newest, rest)
        for later in due:
            series = series.extend(later.chunk)
        return series

    def _sealed(self) -> Series:
        if not self._mark:
            return self
        return Series(_merged((*self._chunks, self._tail())), array("d"), 0, self.newest, self.later)

    def _tail(self) -> Chunk:
        if self._open is None:
            flat = np.array(self._buffer[: self._mark]).reshape(-1, 2)
            self._open = singles(flat[:, 0].astype(np.int64), flat[:, 1].copy())
        return self._open

    # -- reading -----------------------------------------------------------------------------------------------
    def window(self, start_s: int, end_s: int, now_s: int | None = None) -> Chunk:
        """The rows with ``start_s <= stamp < end_s``, in order of time.

        Args:
            now_s: the clock, in seconds: rows that are not yet visible stay out. None leaves out all of them.
        """
        parts = list(self._chunks)
        if self._mark:
            parts.append(self._tail())
        if now_s is not None:
            parts.extend(later.at(now_s) for later in self.later)
        found = []
        for part in parts:
            first, last = part.stamp.searchsorted((start_s, end_s)).tolist()
            if first == 0 and last == len(part):
                found.append(part)
            elif first < last:
                found.append(take(part, slice(first, last)))
        return join([part for part in found if len(part)])

    def newest_at(self, now_s: int) -> int | None:
        """The latest visible stamp, or None when nothing is visible yet."""
        stamps = [self.newest] if self._chunks or self._mark else []
        for later in self.later:
            visible = later.at(now_s)
            if len(visible):
                stamps.append(int(visible.stamp[-1]))
        return max(stamps, default=None)

    def next_stamp(self, start_s: int) -> int | None:
        """The first stamp from ``start_s`` on of all rows, of those that are not yet visible too."""
        parts = [
            *self._chunks,
            *([self._tail()] if self._mark else ()),
            *(later.chunk for later in self.later),
        ]
        found = []
        for part in parts:
            place = int(part.stamp.searchsorted(start_s))
            if place < len(part):
                found.append(int(part.stamp[place]))
        return min(found, default=None)

    def __len__(self) -> int:
        return sum(map(len, self._chunks)) + self._mark // 2 + sum(len(later.chunk) for later in self.later)

    def __repr__(self) -> str:
        return f"Series({len(self)} rows, newest {self.newest})"


def _merged(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    while len(chunks) > 1 and len(chunks[-2]) < 2 * len(chunks[-1]):
        chunks = (*chunks[:-2], aged(join(chunks[-2:])))
    return chunks


def aged(chunk: Chunk) -> Chunk:
    """The chunk with its old part aggregated as far as retention already did, and what is past retention dropped.

    Age is counted from the newest row less two hours, so it is never more than the clock would say, and whole
    hours age together. No query can tell: data of that age are only read in these longer periods anyway.
    """
    if len(chunk) < AGE_FROM:
        return chunk
    newest = int(chunk.stamp[-1]) - _SLACK_S
    newest -= newest % HOUR_S
    cuts = chunk.stamp.searchsorted(
        [newest - ONE_HOUR_S - HOUR_S, newest - FIVE_MINUTES_S, newest - ONE_MINUTE_S]
    ).tolist()
    if cuts[-1] < AGE_FROM // 2:
        return chunk
    gone, hours, minutes = cuts
    parts = (
        coarsen(take(chunk, slice(gone, hours)), 3600),
        coarsen(take(chunk, slice(hours, minutes)), 300),
        take(chunk, slice(minutes, len(chunk))),
    )
    return join([part for part in parts if len(part)])


def _pack(series: Series) -> Any:
    open_rows = (series._tail(),) if series._mark else ()
    return [series._chunks, open_rows, series.newest, series.later]


def _unpack(parts: Any) -> Series:
    chunks, open_rows, newest, later = parts
    buffer = array("d")
    if open_rows:
        buffer.extend(np.column_stack((open_rows[0].stamp, open_rows[0].sum)).ravel().tolist())
    return Series(chunks, buffer, len(buffer), newest, later)


register(Series, _pack, _unpack)
