"""EventBridge's own metrics, AWS/Events: counted as things happen, a point for each minute, computed when somebody reads
them.

Source: EventBridge User Guide, "Monitoring Amazon EventBridge". A rule of the default bus is told by RuleName, one of
another bus by EventBusName and RuleName; some metrics are also told without dimensions, for the whole account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cwlab.api import Call, vends
from cwlab.services.events.records import DEFAULT, Rule

MINUTE_MS = 60_000
RECENT_S = 14 * 86_400
METRICS = (
    "FailedInvocations",
    "InvocationAttempts",
    "Invocations",
    "InvocationsFailedToBeSentToDlq",
    "InvocationsSentToDlq",
    "MatchedEvents",
    "RetryInvocationAttempts",
    "TriggeredRules",
)


def count(call: Call, rule: Rule, metric: str, *, overall: bool = False) -> None:
    """Count one of something for a rule; with ``overall`` also for the account and Region."""
    minute = call.now_ms // MINUTE_MS
    for name in [_table(metric, rule.bus, rule.name)] + [_table(metric, "", "")] * overall:
        table = call.table(name)
        table[minute] = table.get(minute, 0) + 1


def _table(metric: str, bus: str, rule: str) -> str:
    return f"tally/{metric}/{bus}/{rule}"


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@vends("AWS/Events", "events")
class EventsMetrics:
    """The provider of AWS/Events in one account and Region. A rule that is gone keeps its past."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        now = call.now_ms // MINUTE_MS
        found = []
        for account, region, service, name in call.world.tables:
            if (account, region, service) == (call.account, call.region, "events") and name.startswith(
                "tally/"
            ):
                _, metric, bus, rule = name.split("/")
                if any(now - RECENT_S // 60 <= minute < now for minute in call.table(name)):
                    found.append(Vended(metric, _dimensions(bus, rule), "Count"))
        return sorted(found)

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none. A minute's point
        appears when the minute is over."""
        told = dict(dimensions)
        rule = told.get("RuleName", "")
        bus = told.get("EventBusName", DEFAULT if rule else "")
        if name not in METRICS or _dimensions(bus, rule) != tuple(sorted(dimensions)):
            return None
        now = call.now_ms // MINUTE_MS
        rows = [
            (minute * 60, float(n))
            for minute, n in call.table(_table(name, bus, rule)).items()
            if start_s <= minute * 60 < end_s and minute < now
        ]
        if not rows:
            return None
        n = np.array([each for _, each in rows])
        ones = np.ones(len(rows))
        return {
            "stamp": np.array([stamp for stamp, _ in rows], dtype=np.int64),
            "count": n,
            "sum": n,
            "min": ones,
            "max": ones,
            "unit": "Count",
        }


def _dimensions(bus: str, rule: str) -> tuple[tuple[str, str], ...]:
    if not rule:
        return ()
    return (("RuleName", rule),) if bus == DEFAULT else (("EventBusName", bus), ("RuleName", rule))
