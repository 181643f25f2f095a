"""EventBridge's own metrics, AWS/Events: counted as things happen, sent once a minute.

Source: EventBridge User Guide, "Monitoring Amazon EventBridge". A rule of the default bus is told by RuleName, others by
EventBusName and RuleName; some metrics are also sent without dimensions.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, handler
from cwlab.services.events.records import DEFAULT, Rule
from cwlab.timeline import MINUTE, to_datetime

NAMESPACE = "AWS/Events"


def count(call: Call, rule: Rule, metric: str, *, overall: bool = False) -> None:
    """Count one of something for a rule; with ``overall`` also for the account and Region."""
    counts = call.table("counts")
    minute = call.now_ms // MINUTE * MINUTE
    if not counts:
        call.schedule(minute + MINUTE, "tell")
    for key in [(minute, metric, rule.bus, rule.name)] + [(minute, metric, "", "")] * overall:
        counts[key] = counts.get(key, 0) + 1


@handler("events", "tell")
def tell(call: Call) -> None:
    """Send what was counted to CloudWatch."""
    counts = call.table("counts")
    data = [_datum(minute, metric, bus, rule, n) for (minute, metric, bus, rule), n in counts.items()]
    for key in list(counts):
        del counts[key]
    for start in range(0, len(data), 1000):
        call.invoke(
            "cloudwatch",
            "PutMetricData",
            {"Namespace": NAMESPACE, "MetricData": data[start : start + 1000]},
            service_principal="events.amazonaws.com",
        )


def _datum(minute: int, metric: str, bus: str, rule: str, n: int) -> dict[str, Any]:
    dimensions = []
    if rule:
        dimensions = [{"Name": "RuleName", "Value": rule}]
        if bus != DEFAULT:
            dimensions.insert(0, {"Name": "EventBusName", "Value": bus})
    return {
        "MetricName": metric,
        "Dimensions": dimensions,
        "Timestamp": to_datetime(minute),
        "Values": [1.0],
        "Counts": [float(n)],
        "Unit": "Count",
    }
