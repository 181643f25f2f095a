"""Plain behavior beside moto, an independent model of the same API.

Compared is what moto has right: single values and arrays of values, basic statistics of aligned minutes, names,
dimensions, units and order. Moto knows neither buckets anchored at the start, nor percentiles, nor time, and takes a
query without dimensions for one of all of them. Its GetMetricData mixes namespaces, so each test has its own moto.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cwlab import Lab

HOSTS = ("web-1", "web-2")
NAMES = ("Orders", "Latency")
STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]


@pytest.fixture
def theirs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client(
            "cloudwatch", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def publish(client: Any, namespace: str, now: datetime, datums: list[dict[str, Any]]) -> None:
    for datum in datums:
        values = datum["values"]
        value = {"Value": values[0]} if len(values) == 1 else {"Values": values}
        client.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": datum["MetricName"],
                    "Dimensions": datum["Dimensions"],
                    "Unit": "Count",
                    "Timestamp": now - timedelta(minutes=datum["minute"]),
                    **value,
                }
            ],
        )


def points(
    client: Any, namespace: str, now: datetime, name: str, dimensions: list[dict[str, str]]
) -> list[Any]:
    found = client.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
        Period=60,
        StartTime=now - timedelta(minutes=40),
        EndTime=now,
        Statistics=STATISTICS,
    )
    rows = [(p["Timestamp"], *(p[s] for s in STATISTICS), p["Unit"]) for p in found["Datapoints"]]
    return sorted(rows)


def series(client: Any, namespace: str, now: datetime, stat: str) -> list[Any]:
    queries = [
        {
            "Id": f"{name.lower()}{n}",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": d},
                "Period": 60,
                "Stat": stat,
            },
        }
        for name in NAMES
        for n, d in enumerate(dimension_sets())
    ]
    found = client.get_metric_data(
        MetricDataQueries=queries,
        StartTime=now - timedelta(minutes=40),
        EndTime=now,
        ScanBy="TimestampAscending",
    )
    return [
        (r["Id"], r["Timestamps"], [round(v, 9) for v in r["Values"]]) for r in found["MetricDataResults"]
    ]


def listed(client: Any, **filters: Any) -> list[Any]:
    return sorted(
        (m["Namespace"], m["MetricName"], tuple((d["Name"], d["Value"]) for d in m["Dimensions"]))
        for m in client.list_metrics(**filters)["Metrics"]
    )


def dimension_sets() -> list[list[dict[str, str]]]:
    return [[{"Name": "Host", "Value": h}] for h in HOSTS]


def some_datums(seed: int) -> list[dict[str, Any]]:
    """A dozen datums, different for each seed and the same in every run."""
    numbers = [(seed * 7919 + n * 104_729) % 1_000_003 for n in range(12)]
    return [
        {
            "MetricName": NAMES[n // 2 % 2],
            "Dimensions": dimension_sets()[n % 2],
            "minute": 1 + n % 7,
            "values": [1 + n % 97, 2 + n % 31, 3 + n % 11][: 1 + n % 3],
        }
        for n in numbers
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_answer_alike(theirs: Any, seed: int) -> None:
    lab = Lab()
    mine, now, namespace = lab.client("cloudwatch"), lab.now, f"Shop{seed}"
    for client in (mine, theirs):
        publish(client, namespace, now, some_datums(seed))
    for name in NAMES:
        for dimensions in dimension_sets():
            got, want = (points(client, namespace, now, name, dimensions) for client in (mine, theirs))
            assert [(row[0], row[-1]) for row in got] == [(row[0], row[-1]) for row in want]
            for a, b in zip(got, want, strict=True):
                assert a[1:-1] == pytest.approx(b[1:-1])
    for stat in ("Sum", "Average"):
        assert series(mine, namespace, now, stat) == series(theirs, namespace, now, stat)
    host = {"Name": "Host"}
    for filters in (
        {},
        {"MetricName": "Orders"},
        {"Dimensions": [host]},
        {"Dimensions": [{**host, "Value": "web-1"}]},
    ):
        assert listed(mine, Namespace=namespace, **filters) == listed(theirs, Namespace=namespace, **filters)
