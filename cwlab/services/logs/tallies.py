"""How many events and bytes came in each minute: what AWS/Logs shows.

It is reckoned from the stored events when somebody reads it. Only what is deleted leaves a tally behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from cwlab.api import Call
from cwlab.services.logs.chunk import Ints
from cwlab.services.logs.ingest import OVERHEAD
from cwlab.services.logs.names import groups, streams
from cwlab.services.logs.records import Stream, Tally

MINUTE_MS = 60_000
_ALWAYS = (-(1 << 62), 1 << 62)


class Minutes(NamedTuple):
    """Columns: the minute (seconds since 1970), its events and its bytes, 26 for each event included."""

    stamp: Ints
    events: Ints
    nbytes: Ints


def of_streams(found: Iterable[Stream], start_ms: int = _ALWAYS[0], end_ms: int = _ALWAYS[1]) -> Minutes:
    """What streams received from ``start_ms`` up to ``end_ms``, minute by minute."""
    parts: list[Minutes] = []
    for stream in found:
        if stream.ingested_ms is None or stream.ingested_ms < start_ms:
            continue
        for chunk in stream.events.chunks:
            if chunk.ingested.strides == (0,):  # one batch: one minute
                if start_ms <= int(chunk.ingested[0]) < end_ms:
                    stamp = int(chunk.ingested[0]) // MINUTE_MS * 60
                    parts.append(
                        _row(stamp, len(chunk), chunk.nbytes + OVERHEAD * len(chunk)),
                    )
                continue
            mine = (chunk.ingested >= start_ms) & (chunk.ingested < end_ms)
            minute = chunk.ingested[mine] // MINUTE_MS * 60
            size = (np.diff(chunk.offset) + OVERHEAD)[mine].astype(np.int64)
            parts.append(Minutes(minute, np.ones(len(minute), np.int64), size))
    return joined(parts)


def _row(stamp: int, events: int, nbytes: int) -> Minutes:
    return Minutes(*(np.array([n], np.int64) for n in (stamp, events, nbytes)))


def joined(parts: list[Minutes]) -> Minutes:
    """Several tallies as one: a row a minute, in order."""
    if not parts:
        return Minutes(*(np.empty(0, np.int64) for _ in range(3)))
    stamp = np.concatenate([p.stamp for p in parts])
    minutes, which = np.unique(stamp, return_inverse=True)
    columns = [np.zeros(len(minutes), np.int64) for _ in range(2)]
    for column, name in zip(columns, ("events", "nbytes"), strict=True):
        np.add.at(column, which, np.concatenate([getattr(p, name) for p in parts]))
    return Minutes(minutes, *columns)


def keep(call: Call, group: str, gone: Iterable[Stream]) -> None:
    """Keep the tally of streams that are about to be deleted."""
    table = call.table("tallies")
    parts = [of_streams(gone)]
    if group in table:
        parts.append(Minutes(table[group].stamp, table[group].events, table[group].nbytes))
    tally = joined(parts)
    if len(tally.stamp):
        table[group] = Tally(*tally)


def of_group(call: Call, group: str, start_ms: int, end_ms: int) -> Minutes:
    """What a group received, deleted streams included."""
    parts = [of_streams(streams(call, group).values(), start_ms, end_ms)]
    kept: Tally | None = call.table("tallies").get(group)
    if kept is not None:
        mine = (kept.stamp * 1000 >= start_ms) & (kept.stamp * 1000 < end_ms)
        parts.append(Minutes(kept.stamp[mine], kept.events[mine], kept.nbytes[mine]))
    return joined(parts)


def names(call: Call) -> list[str]:
    """Every group that received anything, deleted ones included."""
    return sorted({*groups(call), *call.table("tallies")})
