"""The events of a group in a window, for the engine."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.services.logs import keys, protection
from cwlab.services.logs.names import streams
from cwlab.services.logs.records import DELIVERY, Group
from cwlab.services.logs.refusals import not_in_class


def sources_of(call: Call, group: Group, start_ms: int, end_ms: int, *, unmask: bool = False) -> list[Any]:
    """A group's events from one instant to another, both included, chunk by chunk; masked unless ``unmask``."""
    from cwlab.services.logs.insights.engine import Source

    if group.log_class == DELIVERY:
        raise not_in_class("StartQuery", group.name, group.log_class)
    low, high = (max(start_ms, group.visible_from(call.now_ms)), 0), (end_ms + 1, 0)
    log, found = f"{call.account}:{group.name}", []
    for name, stream in sorted(streams(call, group.name).items()):
        for piece in protection.pieces(call, group.name, stream, low, high, unmask=unmask):
            found.append(Source(log, name, piece.chunk, piece.first, piece.last))
    keys.check_reading(call, group, (source.chunk.key for source in found))
    return found
