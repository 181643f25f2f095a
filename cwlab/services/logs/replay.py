"""A recording that arrives again: its lines are sent with PutLogEvents as the clock reaches them.

The lines wait in chunks, with one entry on the agenda for all of them; it moves on from line to line. Lines less than a
second apart share a request, as an agent would send them, so a line is at most a second late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cwlab.api import Call, Request, handler, verb
from cwlab.codec import record
from cwlab.errors import AwsError, BadInput
from cwlab.services.logs.chunk import Chunk, build
from cwlab.services.logs.ingest import MAX_BATCH_BYTES, MAX_EVENTS, OVERHEAD, utf8
from cwlab.services.logs.names import group_of, settings_of, stream_of
from cwlab.services.logs.sent import Loaded
from cwlab.timeline import MINUTE, SECOND

_ROWS = 10_000  # of a chunk
_GONE = ("ResourceNotFoundException",)


@record
class Replay:
    """A recording on its way: the rows from ``done`` on are still to come."""

    group: str
    stream: str
    chunks: tuple[Chunk, ...]
    done: int = 0

    def due(self, now_ms: int) -> tuple[Chunk, int, int] | None:
        """The next rows of one chunk that lie at or before an instant: the chunk, the first row, the row after the last."""
        chunk, first = self._here()
        if chunk is None:
            return None
        last = int(np.searchsorted(chunk.stamp, now_ms, "right"))
        return (chunk, first, last) if last > first else None

    def next_ms(self) -> int | None:
        """When the next row is due; None when all have gone."""
        chunk, first = self._here()
        return None if chunk is None else int(chunk.stamp[first])

    def _here(self) -> tuple[Chunk | None, int]:
        number, row = divmod(self.done, _ROWS)
        if number < len(self.chunks) and row < len(self.chunks[number]):
            return self.chunks[number], row
        return None, 0


@verb("logs", "replay")
def replay(call: Call, *, group: str, stream: str, stamps: Any, messages: Sequence[str]) -> None:
    """Let events arrive as the clock reaches their stamps, through PutLogEvents, so that filters and alarms act.

    Args:
        group, stream: both exist.
        stamps: milliseconds since 1970 UTC, in any order; none lies behind the clock.
        messages: one for each stamp, none empty.

    Raises:
        AwsError: there is no such group or stream.
        BadInput: the columns cannot be used.
    """
    group_of(call, group)
    stream_of(call, group, stream)
    stamp = np.array(stamps, dtype=np.int64)
    if stamp.ndim != 1 or len(stamp) != len(messages):
        raise BadInput(f"{stamp.shape} and {len(messages)}", "are not two columns of one length.",
                       "Give one message for each stamp.")  # fmt: skip
    if not len(stamp):
        return
    if int(stamp.min()) < call.now_ms:
        raise BadInput(
            int(stamp.min()), f"lies behind now ({call.now_ms}).", "Load what is past; replay what is ahead."
        )
    encoded = list(map(utf8, messages))
    longest, limit = max(map(len, encoded)) + OVERHEAD, settings_of(call).max_event_bytes
    if longest > limit or not all(encoded):
        raise BadInput(f"{longest:,} bytes", f"PutLogEvents takes events of 1 to {limit:,} bytes here, 26 included.",
                       "Cut the line.")  # fmt: skip
    order = np.argsort(stamp, kind="stable").tolist()
    parts = [order[first : first + _ROWS] for first in range(0, len(order), _ROWS)]
    chunks = tuple(
        build(stamp[rows].tolist(), 0, np.arange(len(rows)), [encoded[row] for row in rows]) for rows in parts
    )
    call.request.kept = Loaded(group, stream, chunks)
    number = len(call.table("replays"))
    call.table("replays")[number] = Replay(group, stream, chunks)
    call.schedule(int(stamp.min()), "arrive", number=number)


@handler("logs", "arrive")
def arrive(call: Call, *, number: int) -> None:
    """Send the lines that are due; what cannot be sent is tried again a minute later, unless group or stream is gone."""
    table = call.table("replays")
    now: Replay = table[number]
    while (found := now.due(call.now_ms)) is not None:
        chunk, first, due = found
        last = _fitting(chunk, first, due)
        try:
            _send(call, now, chunk, first, last)
        except AwsError as problem:  # the journal has it: the request went through the door
            if problem.code not in _GONE:
                table[number] = now
                call.schedule(call.now_ms + MINUTE, "arrive", number=number)
            else:
                table[number] = replace(now, chunks=())
            return
        now = replace(now, done=now.done + last - first)
    following = now.next_ms()
    table[number] = now if following is not None else replace(now, chunks=())
    if following is not None:
        call.schedule(max(following, call.now_ms + SECOND), "arrive", number=number)


def _fitting(chunk: Chunk, first: int, due: int) -> int:
    """How far one request can go: 10,000 events, 1 MB."""
    ends = chunk.offset[first + 1 : due + 1] - chunk.offset[first]
    sizes = ends + OVERHEAD * np.arange(1, due - first + 1)
    room = int(np.searchsorted(sizes, MAX_BATCH_BYTES, "right"))
    return first + min(room, MAX_EVENTS)


def _send(call: Call, replay: Replay, chunk: Chunk, first: int, last: int) -> None:
    """One PutLogEvents, made as you: nobody else is there to send a recording."""
    texts = chunk.messages(np.arange(first, last))
    events = [
        {"timestamp": stamp, "message": text}
        for stamp, text in zip(chunk.stamp[first:last].tolist(), texts, strict=True)
    ]
    params = {"logGroupName": replay.group, "logStreamName": replay.stream, "logEvents": events}
    you = call.world.administrator(call.account)
    call.world.door(
        Request("logs", "PutLogEvents", params, you, call.account, call.region, depth=call.request.depth + 1)
    )
