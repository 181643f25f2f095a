"""Events become batches that one PutLogEvents takes. Pure.

Source: API Reference PutLogEvents; the agent cuts a batch where it would be too large or too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cwlab.hosts.agent.lines import Event

MOST_EVENTS, MOST_BYTES, OVERHEAD, SPAN_MS = 10_000, 1_048_576, 26, 86_400_000


def size(event: Event) -> int:
    """What an event counts in a batch, in bytes."""
    return len(event.text.encode("utf-8", "replace")) + OVERHEAD


def batches(events: Sequence[Event]) -> Iterator[tuple[list[Event], bool]]:
    """Stretches of the events, each small and short enough for one call, with whether the next did not fit in.

    They are in the order of the file; the call sorts each by time.
    """
    batch, length, low, high = list[Event](), 0, 0, 0
    for event in events:
        more = size(event)
        first, last = (
            (min(low, event.stamp_ms), max(high, event.stamp_ms)) if batch else (event.stamp_ms,) * 2
        )
        if batch and (len(batch) >= MOST_EVENTS or length + more > MOST_BYTES or last - first > SPAN_MS):
            yield batch, True
            batch, length, first, last = [], 0, event.stamp_ms, event.stamp_ms
        batch.append(event)
        length, low, high = length + more, first, last
    if batch:
        yield batch, False
