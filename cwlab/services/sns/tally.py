"""What is counted of a topic for its metrics: a row for each topic, metric and minute, and nothing on the clock."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.services.sns.records import Topic

MINUTE_MS = 60_000


def add(call: Call, topic: Topic, metric: str, value: int = 1) -> None:
    """Count one sample of a metric now. A row holds each value and how often it came."""
    table = call.table(f"tally/{topic.name}/{metric}", account=topic.account)
    minute = call.now_ms // MINUTE_MS
    counted = dict(table.get(minute, ()))
    counted[value] = counted.get(value, 0) + 1
    table[minute] = tuple(sorted(counted.items()))
