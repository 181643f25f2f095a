"""Looking for a text in many events at once."""

from __future__ import annotations

import numpy as np

from cwlab.services.logs.chunk import Chunk, Ints


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
    text, offset, size = chunk.raw, chunk.offset, len(needle)
    hits, end = [], int(offset[last])
    position = text.find(needle, int(offset[first]), end)
    while position >= 0:
        hits.append(position)
        position = text.find(needle, position + size, end)
    starts = np.array(hits, dtype=np.int64)
    rows = offset.searchsorted(starts, "right") - 1
    whole = starts + size <= offset[rows + 1]
    found = rows[whole]
    if not whole.all():  # a hit across a border may hide one that begins in the next rows
        ends = offset.searchsorted(starts[~whole] + size - 1, "right") - 1
        hidden = {
            row
            for a, b in zip(rows[~whole].tolist(), ends.tolist(), strict=True)
            for row in range(a + 1, b + 1)
        }
        more = [row for row in hidden if text.find(needle, int(offset[row]), int(offset[row + 1])) >= 0]
        found = np.concatenate((found, np.array(more, dtype=found.dtype)))
    return np.unique(found)
