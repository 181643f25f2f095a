"""Log events in columns. A chunk never changes; forks, the journal and caches share it.

Rows are in reading order: by timestamp, then by ``place``, the order of arrival. ``place`` is the number of the
PutLogEvents request, shifted left by 16, plus the position in it; so it is unique in one account and Region. The text
of all rows is one run of UTF-8 bytes and row ``i`` is ``text[offset[i]:offset[i + 1]]``: Arrow's own layout, a third
of what as many Python strings weigh, and a column DuckDB can take as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwlab.codec import record, register

Ints = NDArray[np.int64]
Offsets = NDArray[np.int32]
Text = NDArray[np.uint8]
PLACE_BITS = 16


@record
class Chunk:
    """Events in columns.

    Args:
        stamp: event timestamps, ms.
        ingested: times of receipt, ms.
        place: order of arrival.
        offset: where each row's text begins, and after the last where it ends.
        text: UTF-8 bytes.
        key: which of the group's keys it is encrypted with, counted from 1; 0 is the service's own.
    """

    stamp: Ints
    ingested: Ints
    place: Ints
    offset: Offsets
    text: Text
    key: int = 0

    def __len__(self) -> int:
        return len(self.stamp)

    @property
    def nbytes(self) -> int:
        """Bytes of text."""
        return int(self.offset[-1]) - int(self.offset[0])

    @property
    def raw(self) -> bytes:
        """All the text, without a copy where it can be."""
        base: object = self.text.base
        return base if isinstance(base, bytes) and len(base) == self.text.size else self.text.tobytes()

    def messages(self, rows: Ints | None = None) -> list[str]:
        """The texts of some rows, in the order asked for; of all unless told."""
        if rows is None:
            return self._run(0, len(self))
        if len(rows) > 1 and (rows[1:] == rows[:-1] + 1).all():
            return self._run(int(rows[0]), int(rows[-1]) + 1)
        view = self.text.data
        pairs = zip(self.offset[rows].tolist(), self.offset[rows + 1].tolist(), strict=True)
        return [str(view[a:b], "utf-8") for a, b in pairs]

    def _run(self, first: int, last: int) -> list[str]:
        """The texts of rows that follow one another, which is quicker."""
        cuts = self.offset[first : last + 1].tolist()
        base = cuts[0]
        raw = self.text[base : cuts[-1]].tobytes()
        if raw.isascii():
            text = raw.decode("ascii")
            return [text[a - base : b - base] for a, b in pairwise(cuts)]
        return [raw[a - base : b - base].decode() for a, b in pairwise(cuts)]

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        """Timestamp, time of receipt, message."""
        return zip(self.stamp.tolist(), self.ingested.tolist(), self.messages(), strict=True)


def _pack(chunk: Chunk) -> list[Any]:
    """For save files: one batch has one time of receipt."""
    once = chunk.ingested.strides == (0,)
    received = int(chunk.ingested[0]) if once else chunk.ingested
    return [chunk.stamp, received, chunk.place, chunk.offset, chunk.text, chunk.key]


def _unpack(columns: list[Any]) -> Chunk:
    stamp, received, *rest = columns
    if isinstance(received, int):
        received = np.broadcast_to(np.int64(received), len(stamp))
    return Chunk(stamp, received, *rest)


register(Chunk, _pack, _unpack)


def build(
    stamps: Sequence[int],
    ingested: Sequence[int] | int,
    places: Sequence[int] | Ints,
    encoded: Sequence[bytes],
    key: int = 0,
) -> Chunk:
    """A chunk of events already in reading order."""
    n = len(stamps)
    offset = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, encoded), np.int32, n), out=offset[1:])
    received: Ints
    if isinstance(ingested, int):
        received = np.broadcast_to(np.int64(ingested), n)
    else:
        received = np.array(ingested, dtype=np.int64)
    return Chunk(
        np.array(stamps, dtype=np.int64),
        received,
        np.asarray(places, dtype=np.int64),
        offset,
        np.frombuffer(b"".join(encoded), dtype=np.uint8),
        key,
    )


def merge(chunks: Sequence[Chunk]) -> Chunk:
    """One chunk with the rows of several under the same key, in reading order."""
    stamp = np.concatenate([c.stamp for c in chunks])
    place = np.concatenate([c.place for c in chunks])
    ingested = np.concatenate([c.ingested for c in chunks])
    order = np.lexsort((place, stamp))
    lengths = np.concatenate([np.diff(c.offset) for c in chunks])
    text = np.concatenate([c.text[c.offset[0] : c.offset[-1]] for c in chunks])
    if not (order[1:] > order[:-1]).all():
        starts = np.cumsum(lengths) - lengths
        text = np.frombuffer(
            b"".join([text[a : a + n].tobytes() for a, n in zip(starts[order], lengths[order], strict=True)]),
            dtype=np.uint8,
        )
        lengths, stamp, place, ingested = lengths[order], stamp[order], place[order], ingested[order]
    offset = np.zeros(len(stamp) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offset[1:])
    return Chunk(stamp, ingested, place, offset, text, chunks[0].key)
