"""Looking for a text in many events at once."""

from __future__ import annotations

import numpy as np

from cwlab.services.logs.chunk import Chunk, Ints

_DENSE = 8  # rows for each hit, below which hits are looked for all together rather than one by one
_SAMPLE = 4096  # bytes that tell which letter of a needle is rare


def rows_with(chunk: Chunk, needle: bytes, first: int, last: int) -> Ints:
    """The rows from ``first`` up to ``last`` whose text contains a run of bytes, in order.

    The text of a chunk is one run of bytes, so this is one search rather than one for each event. What lies across
    the border of two rows is no match.

    >>> from cwlab.services.logs.chunk import build
    >>> chunk = build([1, 2, 3], 3, [1, 2, 3], [b"xa", b"aay", b"b"])
    >>> rows_with(chunk, b"aa", 0, 3).tolist()
    [1]
    """
    if not needle or first >= last:
        return np.arange(first, max(first, last))
    text, offset = chunk.raw, chunk.offset
    start, end = int(offset[first]), int(offset[last])
    hits = text.count(needle, start, end)
    if hits * _DENSE > last - first:
        found = _together(chunk, text, needle, start, end)
    else:
        found = _one_by_one(text, needle, start, end) if hits else np.empty(0, dtype=np.int64)
    rows: Ints = offset.searchsorted(found, "right") - 1
    rows = rows[found + len(needle) <= offset[rows + 1]]
    return rows[np.concatenate(([True], rows[1:] != rows[:-1]))] if len(rows) else rows


def _one_by_one(text: bytes, needle: bytes, start: int, end: int) -> Ints:
    """Where a needle begins, overlapping places included."""
    hits = []
    position = text.find(needle, start, end)
    while position >= 0:
        hits.append(position)
        position = text.find(needle, position + 1, end)
    return np.array(hits, dtype=np.int64)


def _together(chunk: Chunk, text: bytes, needle: bytes, start: int, end: int) -> Ints:
    """The same for a needle that is everywhere: first the rarest of its bytes, then the others around it."""
    sample = text[start : start + _SAMPLE]
    rarest = min(range(len(needle)), key=lambda n: sample.count(needle[n]))
    column = chunk.text
    found: Ints = np.flatnonzero(column[start + rarest : end] == needle[rarest]) + start
    found = found[found + len(needle) <= end]
    for n, byte in enumerate(needle):
        if n != rarest:
            found = found[column[found + n] == byte]
    return found
