"""AWS/SNS: a topic's metrics, a point for each minute in which something happened, computed when somebody reads them.

Source: SNS developer guide, "Monitoring Amazon SNS topics using CloudWatch".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from cwlab.api import Call, vends
from cwlab.services.sns.tally import MINUTE_MS

RECENT_S = 14 * 86_400
UNITS = {
    "NumberOfMessagesPublished": "Count",
    "NumberOfNotificationsDelivered": "Count",
    "NumberOfNotificationsFailed": "Count",
    "NumberOfNotificationsFilteredOut": "Count",
    "NumberOfNotificationsFilteredOut-NoMessageAttributes": "Count",
    "NumberOfNotificationsFilteredOut-InvalidAttributes": "Count",
    "NumberOfNotificationsFilteredOut-MessageBody": "Count",
    "NumberOfNotificationsFilteredOut-InvalidMessageBody": "Count",
    "NumberOfNotificationsRedrivenToDlq": "Count",
    "NumberOfNotificationsFailedToRedriveToDlq": "Count",
    "PublishSize": "Bytes",
}


class Vended(NamedTuple):
    """One series in the list of metrics."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@vends("AWS/SNS", "sns")
class SnsMetrics:
    """The provider of AWS/SNS in one account and Region. A topic that is gone keeps its past."""

    def list_metrics(self, call: Call) -> Iterable[Vended]:
        """Every series with a point in the last two weeks."""
        since = (call.now_ms // 1000 - RECENT_S) // 60
        found = []
        for account, region, service, name in call.world.tables:
            if (account, region, service) == (call.account, call.region, "sns") and name.startswith("tally/"):
                _, topic, metric = name.split("/")
                if any(since <= minute < call.now_ms // MINUTE_MS for minute in call.table(name)):
                    found.append(Vended(metric, (("TopicName", topic),), UNITS[metric]))
        return sorted(found)

    def read(
        self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...], start_s: int, end_s: int
    ) -> dict[str, Any] | None:
        """The points of one series stamped in [start_s, end_s), as columns; None if there are none. A minute's point
        appears when the minute is over."""
        if name not in UNITS or len(dimensions) != 1 or dimensions[0][0] != "TopicName":
            return None
        now = call.now_ms // MINUTE_MS
        rows = [
            (minute * 60, counted)
            for minute, counted in call.table(f"tally/{dimensions[0][1]}/{name}").items()
            if start_s <= minute * 60 < end_s and minute < now
        ]
        if not rows:
            return None
        triples = [(n, value, times) for n, (_, counted) in enumerate(rows) for value, times in counted]
        return {
            "stamp": np.array([stamp for stamp, _ in rows], dtype=np.int64),
            "count": np.array([float(sum(n for _, n in counted)) for _, counted in rows]),
            "sum": np.array([float(sum(v * n for v, n in counted)) for _, counted in rows]),
            "min": np.array([float(counted[0][0]) for _, counted in rows]),
            "max": np.array([float(counted[-1][0]) for _, counted in rows]),
            "values": triples,
            "unit": UNITS[name],
        }

    def lag(self, call: Call, name: str, dimensions: tuple[tuple[str, str], ...]) -> int | None:
        """How long after its stamp a point appears, in seconds: when its minute is over."""
        return 60
