"""What a metric filter makes of a batch of events: datums for PutMetricData. Pure.

An observation belongs to the minute of its event's timestamp. Each minute's observations go out as values with counts, so every
statistic comes out as if the events had been published one by one. Source: user guide, "Creating metrics from log
events using filters"; which clock dates a point is not documented.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from cwlab.codec import record
from cwlab.services.logs.chunk import Chunk, Ints
from cwlab.services.logs.pattern import Pattern
from cwlab.services.logs.pattern.parse import number
from cwlab.timeline import to_datetime

MINUTE_MS = 60_000
MAX_VALUES = 150  # of a datum
LIMIT = 2.0**360  # the largest value a metric takes
MAX_TEXT = 1024  # letters of a dimension's value

Dimensions = tuple[tuple[str, str], ...]
Datum = dict[str, Any]


@record
class MetricFilter:
    """A metric filter. ``dimensions``: each name with its variable."""

    group: str
    name: str
    pattern: str
    metric: str
    namespace: str
    value: str
    default: float | None
    dimensions: Dimensions
    unit: str | None
    created_ms: int


def datums(found: MetricFilter, pattern: Pattern, chunk: Chunk, rows: Ints) -> Iterator[Datum]:
    """The datums of the rows that match. An event without a number where one is asked for, or without one of the dimensions,
    gives none."""
    if not len(rows):
        return
    minutes = chunk.stamp[rows] // MINUTE_MS
    constant = number(found.value)
    if constant is not None and not found.dimensions:
        _, first, counts = np.unique(minutes, return_index=True, return_counts=True)
        stamps = chunk.stamp[rows[first]].tolist()
        for stamp, count in zip(stamps, counts.tolist(), strict=True):
            yield from _of_minute(found, (), stamp, {float(constant): count})
        return
    references = ([found.value] if constant is None else []) + [variable for _, variable in found.dimensions]
    heaps: dict[tuple[int, Dimensions], tuple[int, dict[float, int]]] = {}
    texts = chunk.messages(rows)
    for minute, stamp, text in zip(minutes.tolist(), chunk.stamp[rows].tolist(), texts, strict=True):
        given = pattern.values(text, references)
        value = constant if constant is not None else number((given.pop(0) or "").strip())
        if value is None or not -LIMIT <= value <= LIMIT or not all(map(usable, given)):
            continue
        named = tuple((name, str(text)) for (name, _), text in zip(found.dimensions, given, strict=True))
        _, heap = heaps.setdefault((minute, named), (stamp, {}))
        heap[float(value)] = heap.get(float(value), 0) + 1
    for (_, named), (stamp, heap) in heaps.items():
        yield from _of_minute(found, named, stamp, heap)


def usable(text: str | None) -> bool:
    """Whether a text can be a dimension's value."""
    return (
        text is not None
        and 0 < len(text) <= MAX_TEXT
        and text.isascii()
        and text.isprintable()
        and not text.isspace()
    )


def default_datum(found: MetricFilter, stamp_ms: int) -> Datum:
    """The default value of a minute in which events came and none matched."""
    assert found.default is not None
    return {**_base(found, (), stamp_ms), "Value": found.default}


def _base(found: MetricFilter, dimensions: Dimensions, stamp_ms: int) -> Datum:
    base: Datum = {
        "MetricName": found.metric,
        "Timestamp": to_datetime(stamp_ms),
        "Unit": found.unit or "None",
    }
    if dimensions:
        base["Dimensions"] = [{"Name": name, "Value": value} for name, value in dimensions]
    return base


def _of_minute(
    found: MetricFilter, dimensions: Dimensions, stamp_ms: int, heap: dict[float, int]
) -> Iterator[Datum]:
    base = _base(found, dimensions, stamp_ms)
    if len(heap) == 1 and 1 in heap.values():
        yield {**base, "Value": next(iter(heap))}
        return
    values = list(heap)
    for at in range(0, len(values), MAX_VALUES):
        part = values[at : at + MAX_VALUES]
        yield {**base, "Values": part, "Counts": [float(heap[value]) for value in part]}


def finite(value: float) -> bool:
    """Whether a metric can hold a number."""
    return math.isfinite(value) and abs(value) <= LIMIT
