"""Windows and pages over the events of one stream or many, in reading order. Pure; nothing is copied but what is shown.

Every chunk is in order, so a window of it is a slice found by bisection. A page takes the first (or last) events of the
merged slices: it first bisects for the instant that bounds them, so a page out of a million events costs little more
than a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cwlab.services.logs.chunk import Chunk, Ints
from cwlab.services.logs.ids import Gap
from cwlab.services.logs.ingest import OVERHEAD
from cwlab.services.logs.matching import Match

PAGE_BYTES = 1_048_576
_PLENTY = 4  # times the page's length; more candidates than that are cut down before they are sorted


class Piece(NamedTuple):
    """Rows ``first`` to ``last`` (exclusive) of a chunk; ``source`` is the number of the stream it belongs to."""

    source: int
    chunk: Chunk
    first: int
    last: int


class Page(NamedTuple):
    """Events in reading order, in columns."""

    source: list[int]
    stamp: list[int]
    ingested: list[int]
    place: list[int]
    message: list[str]


EMPTY = Page([], [], [], [], [])


def pieces(source: int, chunks: Iterable[Chunk], low: Gap, high: Gap) -> list[Piece]:
    """What lies between two gaps, chunk by chunk."""
    found = []
    for chunk in chunks:
        first, last = _before(chunk, low), _before(chunk, high)
        if first < last:
            found.append(Piece(source, chunk, first, last))
    return found


def _before(chunk: Chunk, gap: Gap) -> int:
    """How many rows of a chunk lie before a gap."""
    stamp, place = gap
    stamps = chunk.stamp
    if stamp > stamps[-1]:
        return len(stamps)
    if stamp < stamps[0]:
        return 0
    first = int(stamps.searchsorted(stamp, "left"))
    if place <= 0:
        return first
    last = int(stamps.searchsorted(stamp, "right"))
    return first + int(chunk.place[first:last].searchsorted(place, "left"))


def page(found: Sequence[Piece], limit: int, *, newest: bool = False) -> Page:
    """The oldest events of the pieces, or the newest, oldest first either way.

    Args:
        limit: how many at most; fewer if their bytes (26 more for each) would pass 1 MB, but at least one.
        newest: take them from the end.
    """
    if sum(p.last - p.first for p in found) > _PLENTY * limit:
        found = _nearest(found, limit, newest)
    if not found:
        return EMPTY
    stamp = np.concatenate([p.chunk.stamp[p.first : p.last] for p in found])
    size = np.concatenate([np.diff(p.chunk.offset[p.first : p.last + 1]) for p in found]) + OVERHEAD
    if len(found) == 1:
        order = np.arange(len(stamp))
    else:
        order = np.lexsort((np.concatenate([p.chunk.place[p.first : p.last] for p in found]), stamp))
    order = order[-limit:] if newest else order[:limit]
    weight = np.cumsum(size[order[::-1] if newest else order], dtype=np.int64)
    taken = max(1, int(weight.searchsorted(PAGE_BYTES, "right")))
    order = order[-taken:] if newest else order[:taken]
    return _shown(found, order)


def scan(found: Sequence[Piece], limit: int, match: Match | None) -> tuple[Page, bool]:
    """The oldest events that match, oldest first, and whether more may follow.

    With a pattern the pieces are looked through slice by slice of time, each larger than the last, until the page is
    full or everything was seen.
    """
    if match is None:
        shown = page(found, limit)
        return shown, len(shown.stamp) < sum(p.last - p.first for p in found)
    rest, chosen, step = list(found), list[Piece](), limit
    rows: list[Ints] = []
    while rest and sum(map(len, rows)) < limit:
        step *= _PLENTY
        part = _nearest(rest, step, False) if sum(p.last - p.first for p in rest) > step else rest
        for p in part:
            hits = match(p.chunk, p.first, p.last)
            if len(hits):
                chosen.append(p)
                rows.append(hits)
        seen = {(p.source, id(p.chunk)): p.last for p in part}
        rest = [p._replace(first=seen.get((p.source, id(p.chunk)), p.first)) for p in rest]
        rest = [p for p in rest if p.first < p.last]
    shown = _chosen(chosen, rows, limit)
    return shown, bool(rest) or len(shown.stamp) < sum(map(len, rows))


def _chosen(found: Sequence[Piece], rows: Sequence[Ints], limit: int) -> Page:
    """The oldest of the given rows of pieces, as many as a page holds."""
    if not found:
        return EMPTY
    which = np.repeat(np.arange(len(found)), [len(each) for each in rows])
    row = np.concatenate(rows)
    stamp = np.concatenate([p.chunk.stamp[r] for p, r in zip(found, rows, strict=True)])
    place = np.concatenate([p.chunk.place[r] for p, r in zip(found, rows, strict=True)])
    size = np.concatenate([np.diff(p.chunk.offset)[r] for p, r in zip(found, rows, strict=True)]) + OVERHEAD
    order = np.lexsort((place, stamp))[:limit]
    order = order[: max(1, int(np.cumsum(size[order], dtype=np.int64).searchsorted(PAGE_BYTES, "right")))]
    which, row = which[order], row[order]
    texts, ingested = [""] * len(order), [0] * len(order)
    for number in np.unique(which).tolist():
        mine = np.flatnonzero(which == number)
        chunk = found[number].chunk
        received = chunk.ingested[row[mine]].tolist()
        for at, text, then in zip(mine.tolist(), chunk.messages(row[mine]), received, strict=True):
            texts[at], ingested[at] = text, then
    source = [found[number].source for number in which.tolist()]
    return Page(source, stamp[order].tolist(), ingested, place[order].tolist(), texts)


def _nearest(found: Sequence[Piece], limit: int, newest: bool) -> list[Piece]:
    """The pieces cut down to the instant that bounds the page."""
    low = min(int(p.chunk.stamp[p.first]) for p in found)
    high = max(int(p.chunk.stamp[p.last - 1]) for p in found)
    stamps = [p.chunk.stamp[p.first : p.last] for p in found]
    while low < high:
        middle = (low + high + newest) // 2
        if newest:
            enough = sum(len(s) - int(s.searchsorted(middle, "left")) for s in stamps) >= limit
            low, high = (middle, high) if enough else (low, middle - 1)
        else:
            enough = sum(int(s.searchsorted(middle, "right")) for s in stamps) >= limit
            low, high = (low, middle) if enough else (middle + 1, high)
    cut = []
    for p, s in zip(found, stamps, strict=True):
        if newest:
            p = p._replace(first=p.first + int(s.searchsorted(low, "left")))
        else:
            p = p._replace(last=p.first + int(s.searchsorted(low, "right")))
        if p.first < p.last:
            cut.append(p)
    return cut


def _shown(found: Sequence[Piece], order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Page:
    """The rows at positions of the pieces' concatenation, as Python values."""
    lengths = np.array([p.last - p.first for p in found])
    starts = np.cumsum(lengths) - lengths
    which = starts.searchsorted(order, "right") - 1
    source: list[int] = []
    columns: tuple[list[int], list[int], list[int], list[str]] = ([], [], [], [])
    position = np.empty(len(order), dtype=np.int64)
    filled = 0
    for number, p in enumerate(found):
        mine = np.flatnonzero(which == number) if len(found) > 1 else np.arange(len(order))
        if not len(mine):
            continue
        rows = order[mine] - starts[number] + p.first
        part = slice(int(rows[0]), int(rows[-1]) + 1)  # in order within a chunk, so a run
        position[mine] = np.arange(filled, filled + len(mine))
        filled += len(mine)
        source.extend([p.source] * len(mine))
        columns[0].extend(p.chunk.stamp[part].tolist())
        columns[1].extend(p.chunk.ingested[part].tolist())
        columns[2].extend(p.chunk.place[part].tolist())
        columns[3].extend(p.chunk.messages(part))
    if len(found) == 1:
        return Page(source, *columns)
    at = position.tolist()
    return Page([source[i] for i in at], *([column[i] for i in at] for column in columns))  # type: ignore[arg-type]
