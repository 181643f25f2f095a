"""PutMetricData through boto3, beside moto: one datum a request, and a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
from moto import mock_aws

from benchmarks.measure import Row, alternate, at_least
from cwlab import Lab

ONE, ONE_MOTO = 200, 30
THOUSAND, THOUSAND_MOTO = 12, 3
ROUNDS = 11


def rows() -> Iterator[Row]:
    lab = Lab()
    ours = lab.client("cloudwatch")
    with mock_aws():
        theirs = boto3.client("cloudwatch", region_name="us-east-1")
        yield _one(lab, ours, theirs)
        yield _thousand(lab, ours, theirs, "of one metric", lambda i: "m")
        yield _thousand(lab, ours, theirs, "of 1,000 metrics", lambda i: f"m{i}")


def _one(lab: Lab, ours, theirs) -> Row:
    def put(client, now: datetime, times: int) -> None:
        for i in range(times):
            client.put_metric_data(
                Namespace="Bench", MetricData=[{"MetricName": "one", "Value": float(i), "Timestamp": now}]
            )

    here = datetime.now(UTC)
    a, b = alternate(lambda: put(ours, lab.now, ONE), lambda: put(theirs, here, ONE_MOTO), rounds=ROUNDS)
    return _row("PutMetricData, one datum a request", ONE / a, ONE_MOTO / b, "requests/s", 10)


def _thousand(lab: Lab, ours, theirs, what: str, name) -> Row:
    def data(now: datetime) -> list[dict]:
        return [{"MetricName": name(i), "Value": float(i), "Timestamp": now} for i in range(1_000)]

    def put(client, batch: list[dict], times: int) -> None:
        for _ in range(times):
            client.put_metric_data(Namespace="Bench", MetricData=batch)

    mine, moto = data(lab.now), data(datetime.now(UTC))
    a, b = alternate(
        lambda: put(ours, mine, THOUSAND), lambda: put(theirs, moto, THOUSAND_MOTO), rounds=ROUNDS
    )
    return _row(
        f"PutMetricData, 1,000 datums a request, {what}",
        1_000 * THOUSAND / a,
        1_000 * THOUSAND_MOTO / b,
        "datums/s",
        5,
    )


def _row(what: str, ours: float, moto: float, unit: str, target: float) -> Row:
    return at_least(f"{what}: rate against moto's", ours / moto, target, f"{ours:,.0f} to {moto:,.0f} {unit}")
