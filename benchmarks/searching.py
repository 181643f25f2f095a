"""SEARCH and Metrics Insights over ten thousand metrics, through GetMetricData."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from benchmarks.measure import Row, alternate, at_most, ms
from cwlab import Lab

METRICS = 10_000
SERVICES, KINDS, INSTANCES = 50, 100, 5_000
SEARCHES = {
    "one name in one schema": ('{Bench,Service} MetricName="Requests7Count"', 50),
    "tokens, without a schema": ("count Requests7Count NOT service-9", 49),
    "one value of a dimension": ('"i-0000010e1"', 1),
    "a part of five thousand values": ("InstanceId=i CPU 8d", 6),
}


def _filled() -> Lab:
    """Half of the metrics are of fifty services, half of five thousand instances, each with an id of its own."""
    lab = Lab()
    client = lab.client("cloudwatch")
    named = [(f"Requests{k}Count", "Service", f"service-{s}") for s in range(SERVICES) for k in range(KINDS)]
    named += [("CPUUtilization", "InstanceId", f"i-{i:09x}") for i in range(INSTANCES)]
    assert len(named) == METRICS
    for first in range(0, METRICS, 1_000):
        client.put_metric_data(
            Namespace="Bench",
            MetricData=[
                {"MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}], "Value": 1.0}
                for name, dimension, value in named[first : first + 1_000]
            ],
        )
    lab.advance(minutes=1)
    return lab


def rows() -> Iterator[Row]:
    lab = _filled()
    client = lab.client("cloudwatch")

    def ask(expression: str) -> list[dict[str, Any]]:
        return client.get_metric_data(
            MetricDataQueries=[{"Id": "e", "Expression": expression, "Period": 60}],
            StartTime=lab.now - timedelta(minutes=5),
            EndTime=lab.now,
        )["MetricDataResults"]

    for what, (search, size) in SEARCHES.items():
        expression = f"SEARCH('{search}', 'Sum', 60)"
        found = len(ask(expression))
        assert found == size, f"{what}: {found}"
        (taken,) = alternate(lambda text=expression: ask(text), rounds=7)
        yield at_most(f"SEARCH over {METRICS:,} metrics, {what}", taken, 50, f"{size} series answered")
    sql = (
        "SELECT AVG(Requests7Count) FROM SCHEMA(Bench, Service) GROUP BY Service ORDER BY MAX() DESC LIMIT 10"
    )
    assert len(ask(sql)) == 10
    (taken,) = alternate(lambda: ask(sql), rounds=7)
    yield Row(f"Metrics Insights over {METRICS:,} metrics: 10 of 50 groups", ms(taken))
