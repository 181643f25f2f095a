"""What can be done to the logs of a lab and is no AWS API."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cwlab.api import Call, verb
from cwlab.errors import BadInput
from cwlab.services.logs.chunk import PLACE_BITS, Chunk, build
from cwlab.services.logs.ingest import utf8
from cwlab.services.logs.names import group_of, settings_of, stream_of, streams
from cwlab.services.logs.sent import Loaded

_BATCH = 10_000


@verb("logs", "load")
def load(call: Call, *, group: str, stream: str, stamps: Any, messages: Sequence[str]) -> None:
    """Store past events at once, whatever their age, as if each had come in at its own time.

    Args:
        group, stream: both exist.
        stamps: milliseconds since 1970 UTC, in any order; none lies ahead of the clock.
        messages: one for each stamp, none empty.

    Raises:
        AwsError: there is no such group or stream.
        BadInput: the columns cannot be used.
    """
    home = group_of(call, group)
    found = stream_of(call, group, stream)
    stamp = np.array(stamps, dtype=np.int64)
    if stamp.ndim != 1 or len(stamp) != len(messages):
        raise BadInput(
            f"{stamp.shape} and {len(messages)}",
            "are not two columns of one length.",
            "Give one message for each stamp.",
        )
    if not len(stamp):
        return
    if int(stamp.max()) > call.now_ms:
        raise BadInput(int(stamp.max()), f"lies ahead of now ({call.now_ms}).", "Load what is past.")
    if not all(messages):
        raise BadInput("", "is no message.", "Leave out empty lines.")
    order = np.argsort(stamp, kind="stable")
    chunks, counters = list[Chunk](), call.table("counters")
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH].tolist()
        number = counters.get("requests", 0) + 1
        counters["requests"] = number
        own = stamp[rows].tolist()
        places = np.arange(len(rows)) + (number << PLACE_BITS)
        encoded = [utf8(messages[row]) for row in rows]
        chunks.append(build(own, own, places, encoded, home.key_number))
    events = found.events
    for chunk in chunks:
        events = events.extend(chunk)
    call.request.kept = Loaded(group, stream, tuple(chunks))
    first, last = int(stamp.min()), int(stamp.max())
    streams(call, group)[stream] = replace(
        found,
        events=events,
        first_ms=first if found.first_ms is None else min(found.first_ms, first),
        last_ms=last if found.last_ms is None else max(found.last_ms, last),
        ingested_ms=max(last, found.ingested_ms or 0),
    )


@verb("logs", "configure")
def configure(call: Call, **changes: Any) -> None:
    """Change named settings of this account and Region (see ``records.Settings``).

    Raises:
        BadInput: there is no setting of that name, or it takes another kind of value.
    """
    settings = settings_of(call)
    known = {f.name: type(getattr(settings, f.name)) for f in dataclasses.fields(settings)}
    for name, value in changes.items():
        if name not in known:
            raise BadInput(name, "is not a setting of CloudWatch Logs.", f"Settings: {', '.join(known)}.")
        if type(value) is not known[name] or value < 0:
            remedy = "Give True or False." if known[name] is bool else "Give a whole number, 0 or more."
            raise BadInput(value, f"is not a value for {name}.", remedy)
    call.table("settings")["settings"] = replace(settings, **changes)
