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
    if _size(found) > _PLENTY * limit:
        found = _nearest(found, limit, newest)
    return _page(found, [np.arange(p.first, p.last) for p in found], limit, newest)


def scan(
    found: Sequence[Piece], limit: int, match: Match | None, *, newest: bool = False
) -> tuple[Page, bool]:
    """The oldest events that match (or the newest), oldest first, and whether there are more.

    With a pattern the pieces are looked through slice by slice of time, each larger than the last, until the page is
    full or everything was seen.
    """
    if match is None:
        shown = page(found, limit, newest=newest)
        return shown, len(shown.stamp) < _size(found)
    rest, chosen, rows, step = list(found), list[Piece](), list[Ints](), limit
    while rest and sum(map(len, rows)) < limit:
        step *= _PLENTY
        part = _nearest(rest, step, newest) if _size(rest) > step else rest
        for p in part:
            hits = match(p.chunk, p.first, p.last)
            if len(hits):
                chosen.append(p)
                rows.append(hits)
        seen = {(p.source, id(p.chunk)): p for p in part}
        rest = [_without(p, seen.get((p.source, id(p.chunk))), newest) for p in rest]
        rest = [p for p in rest if p.first < p.last]
    shown = _page(chosen, rows, limit, newest)
    return shown, bool(rest) or len(shown.stamp) < sum(map(len, rows))


def _without(piece: Piece, seen: Piece | None, newest: bool) -> Piece:
    """What is left of a piece when its beginning, or its end, was seen."""
    if seen is None:
        return piece
    return piece._replace(last=seen.first) if newest else piece._replace(first=seen.last)


def _size(found: Sequence[Piece]) -> int:
    return sum(p.last - p.first for p in found)


def _page(found: Sequence[Piece], rows: Sequence[Ints], limit: int, newest: bool) -> Page:
    """A page of the given rows of pieces, as Python values."""
    if not found:
        return EMPTY
    pairs = list(zip(found, rows, strict=True))
    which = np.repeat(np.arange(len(found)), [len(each) for each in rows])
    row = np.concatenate(rows)
    stamp = np.concatenate([p.chunk.stamp[r] for p, r in pairs])
    place = np.concatenate([p.chunk.place[r] for p, r in pairs])
    size = np.concatenate([p.chunk.offset[r + 1] - p.chunk.offset[r] for p, r in pairs]) + OVERHEAD
    order = np.lexsort((place, stamp))
    order = order[::-1][:limit] if newest else order[:limit]  # the nearest first, until the page is cut
    order = order[: max(1, int(np.cumsum(size[order], dtype=np.int64).searchsorted(PAGE_BYTES, "right")))]
    order = order[::-1] if newest else order
    which, row = which[order], row[order]
    texts, ingested = [""] * len(order), np.empty(len(order), dtype=np.int64)
    for number in np.unique(which).tolist():
        mine, chunk = np.flatnonzero(which == number), found[number].chunk
        ingested[mine] = chunk.ingested[row[mine]]
        for at, text in zip(mine.tolist(), chunk.messages(row[mine]), strict=True):
            texts[at] = text
    source = [found[number].source for number in which.tolist()]
    return Page(source, stamp[order].tolist(), ingested.tolist(), place[order].tolist(), texts)


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
