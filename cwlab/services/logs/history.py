"""What a policy says of an event is what it said when the event came in.

A history is a tuple of changes, oldest first. An event comes after a change when it was received later, or in the same
millisecond by a later request; so what is loaded as past events stands where its own time puts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.logs.chunk import PLACE_BITS, Chunk, Ints
from cwlab.table import Table

Moment = tuple[int, int]  # time of receipt in ms, place in the order of arrival
ACCOUNT = ""  # whose history is the account's own, among names of groups, which are never empty
ALWAYS: Moment = (-(1 << 62), 0)


@record
class Change:
    """From a moment on something else holds. ``value`` is immutable."""

    since_ms: int
    place: int
    value: Any

    @property
    def moment(self) -> Moment:
        return (self.since_ms, self.place)


History = tuple[Change, ...]


def changed(history: History, now_ms: int, requests: int, value: Any) -> History:
    """The history with a change now.

    Args:
        requests: how many requests have brought events; what the next one brings comes after the change.
    """
    return (*history, Change(now_ms, (requests + 1) << PLACE_BITS, value))


def note(call: Call, histories: Table, name: str, value: Any) -> None:
    """From now on something else holds for what has this name; ``histories`` by name."""
    requests = call.table("counters").get("requests", 0)
    histories[name] = changed(histories.get(name, ()), call.now_ms, requests, value)


def moments(*histories: History) -> list[Moment]:
    """When anything changed, in order."""
    return sorted({change.moment for history in histories for change in history})


def value_at(history: History, moment: Moment, before: Any = None) -> Any:
    """What held at a moment; ``before`` until the first change."""
    for change in reversed(history):
        if change.moment <= moment:
            return change.value
    return before


def periods(chunk: Chunk, at: Iterable[Moment]) -> Ints:
    """For each row how many of these moments its event came after."""
    found = np.zeros(len(chunk), dtype=np.int64)
    for since_ms, place in at:
        found += (chunk.ingested > since_ms) | ((chunk.ingested == since_ms) & (chunk.place >= place))
    return found
