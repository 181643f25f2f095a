"""What is stored, in bytes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cwlab.services.logs.ingest import OVERHEAD
from cwlab.services.logs.records import Group, Stream
from cwlab.timeline import DAY


def stored_bytes(streams: Iterable[Stream], group: Group, now_ms: int) -> int:
    """A group's ``storedBytes``: brought up to date at midnight UTC, expired events left out, 26 bytes more an event.

    AWS documents no lag; it shows 0 for a while after the first events. A day is a choice.
    """
    counted_ms = now_ms - now_ms % DAY
    oldest_ms = group.visible_from(counted_ms)
    total = 0
    for stream in streams:
        for chunk in stream.events.chunks:
            if int(chunk.ingested.max()) < counted_ms and int(chunk.stamp[0]) >= oldest_ms:
                total += chunk.nbytes + OVERHEAD * len(chunk)
                continue
            mine = (chunk.ingested < counted_ms) & (chunk.stamp >= oldest_ms)
            total += int(np.diff(chunk.offset)[mine].sum()) + OVERHEAD * int(mine.sum())
    return total
