"""StatsD lines: read one by one, gathered, put together. Pure.

Source: CloudWatch User Guide, "Retrieve custom metrics with StatsD". ``name:value|type|@rate|#tag:value,tag``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from cwlab.codec import record

TYPES = {"c": "counter", "g": "gauge", "ms": "timing", "h": "histogram", "s": "set"}
_LINE = re.compile(
    r"(?P<name>[^:|#@\s][^:|#@]*):(?P<value>[^|:]+)\|(?P<kind>c|g|ms|h|s)(?:\|@(?P<rate>[^|#]+))?(?:\|#(?P<tags>.*))?"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MOST_TAGS = 27


@record
class Line:
    """One line that came in.

    Args:
        at_ms: when.
        kind: c, g, ms, h or s.
        value: as it was written.
        rate: of sampling, above 0, at most 1.
        tags: become dimensions.
    """

    at_ms: int
    name: str
    kind: str
    value: str
    rate: float = 1.0
    tags: tuple[tuple[str, str], ...] = ()


def parse(text: str, at_ms: int) -> Line | str:
    """A line, or why it is none.

    >>> parse("orders:1|c|#shop:web", 0)
    Line(at_ms=0, name='orders', kind='c', value='1', rate=1.0, tags=(('shop', 'web'),))
    """
    match = _LINE.fullmatch(text.strip())
    if match is None:
        return "it is not name:value|type|@rate|#tag:value, with type c, g, ms, h or s"
    name, value, kind = match["name"], match["value"], match["kind"]
    if kind != "s" and (not _NUMBER.fullmatch(value) or not math.isfinite(float(value))):
        return f"{value!r} is not a number"
    rate = 1.0
    if match["rate"] is not None:
        if not _NUMBER.fullmatch(match["rate"]) or not 0 < float(match["rate"]) <= 1:
            return f"the sample rate {match['rate']!r} is not above 0 and at most 1"
        if kind not in ("c", "h", "ms"):
            return "only c, h and ms take a sample rate"
        rate = float(match["rate"])
    tags = dict[str, str]()
    for tag in (match["tags"] or "").split(","):
        key, _, given = tag.partition(":")
        if key and given:
            tags[key] = given
    if len(tags) > MOST_TAGS:
        return f"it has {len(tags)} tags, at most {MOST_TAGS} fit"
    return Line(at_ms, name, kind, value, rate, tuple(sorted(tags.items())))


Key = tuple[str, tuple[tuple[str, str], ...], int]  # name, dimensions, stamp in seconds


def gathered(
    lines: Iterable[Line], collect_s: int, aggregate_s: int, gauges: dict[tuple[object, ...], float]
) -> dict[Key, list[tuple[float, float]]]:
    """Lines as the values that are published, each with how often it counts.

    In each collection interval a counter gives its sum, a gauge its last value, a set the number of its different members;
    timings and histograms give every value. What falls into one aggregation interval is published as one.

    Args:
        gauges: the values gauges stand at, which ``+1`` and ``-1`` change; brought up to date.
    """
    windows = dict[tuple[str, str, tuple[tuple[str, str], ...], int], list[Line]]()
    for line in lines:
        end_s = -(-(line.at_ms + 1) // (collect_s * 1_000)) * collect_s
        windows.setdefault((line.kind, line.name, line.tags, end_s), []).append(line)
    found = dict[Key, list[tuple[float, float]]]()
    for (kind, name, tags, end_s), each in sorted(windows.items(), key=lambda row: row[0][3]):
        span = aggregate_s or collect_s
        stamp_s = (end_s - 1) // span * span
        dimensions = tuple(sorted((*tags, ("metric_type", TYPES[kind]))))
        found.setdefault((name, dimensions, stamp_s), []).extend(_values(kind, each, gauges))
    return found


def _values(
    kind: str, lines: list[Line], gauges: dict[tuple[object, ...], float]
) -> list[tuple[float, float]]:
    if kind == "c":
        return [(sum(float(line.value) / line.rate for line in lines), 1.0)]
    if kind == "s":
        return [(float(len({line.value for line in lines})), 1.0)]
    if kind == "g":
        key = (lines[0].name, lines[0].tags)
        for line in lines:
            change = line.value[0] in "+-"
            gauges[key] = float(line.value) + (gauges.get(key, 0.0) if change else 0.0)
        return [(gauges[key], 1.0)]
    return [(float(line.value), 1 / line.rate) for line in lines]
