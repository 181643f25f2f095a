"""AWS/Logs: events and bytes that came in, and events with sensitive data, for each group and for all.

Source: User Guide, "Monitoring with CloudWatch metrics". A minute's datum appears when the minute is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cwlab.api import Call, vends
from cwlab.services.logs import tallies
from cwlab.services.logs.protection.arriving import counts
from cwlab.timeline import DAY

UNITS = {"IncomingBytes": "Bytes", "IncomingLogEvents": "None"}
FINDINGS = "LogEventsWithFindings"  # User Guide, "Audit findings reports": it counts events, not findings
RECENT_MS = 14 * DAY


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@vends("AWS/Logs", "logs")
class LogsMetrics:
    """The provider of AWS/Logs in one account and Region."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        since, until = call.now_ms - RECENT_MS, _whole_minutes(call)
        active = [g for g in tallies.names(call) if len(tallies.of_group(call, g, since, until).stamp)]
        families: list[tuple[tuple[str, str], ...]] = [(("LogGroupName", group),) for group in active]
        found = [
            Vended(name, dimensions, unit)
            for name, unit in UNITS.items()
            for dimensions in ([(), *families] if families else [])
        ]
        marked = {group for group, minute in counts(call) if since <= minute * tallies.MINUTE_MS < until}
        more = [(), *((("LogGroupName", group),) for group in sorted(marked))] if marked else []
        return found + [Vended(FINDINGS, dimensions, "None") for dimensions in more]

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The minutes of one series stamped in [start_s, end_s), as columns; None if there are none."""
        if name not in (*UNITS, FINDINGS) or (
            dimensions and (len(dimensions) > 1 or dimensions[0][0] != "LogGroupName")
        ):
            return None
        span = start_s * 1000, min(end_s * 1000, _whole_minutes(call))
        if name == FINDINGS:
            return _findings(call, dimensions[0][1] if dimensions else None, *span)
        chosen = [dimensions[0][1]] if dimensions else tallies.names(call)
        found = tallies.joined([tallies.of_group(call, group, *span) for group in chosen])
        if not len(found.stamp):
            return None
        value = (found.nbytes if name == "IncomingBytes" else found.events).astype(np.float64)
        one = np.ones(len(value))
        return {
            "stamp": found.stamp,
            "count": one,
            "sum": value,
            "min": value,
            "max": value,
            "unit": UNITS[name],
        }

    def lag(self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...]) -> int | None:
        """How long after its stamp a point appears, in seconds: when its minute is over."""
        return 60


def _findings(call: Call, group: str | None, start_ms: int, end_ms: int) -> dict[str, Any] | None:
    """Events with sensitive data, minute by minute."""
    heap: dict[int, int] = {}
    for (each, minute), number in counts(call).items():
        if group in (None, each) and start_ms <= minute * tallies.MINUTE_MS < end_ms:
            heap[minute * 60] = heap.get(minute * 60, 0) + number
    if not heap:
        return None
    stamps = sorted(heap)
    value = np.array([heap[stamp] for stamp in stamps], np.float64)
    return {
        "stamp": np.array(stamps, np.int64),
        "count": np.ones(len(value)),
        "sum": value,
        "min": value,
        "max": value,
        "unit": "None",
    }


def _whole_minutes(call: Call) -> int:
    return call.now_ms - call.now_ms % tallies.MINUTE_MS
