"""GetMetricData over a million stored datapoints, beside moto and beside pandas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pandas as pd
from moto import mock_aws

from benchmarks.measure import Row, alternate, at_least, ms
from benchmarks.worlds import SERIES, filled

POINTS = 20_000  # a series, one a minute: just inside the 15 days in which minutes can be read
PERIODS = (3_600, 600)  # 600: the finest that a single answer holds (100,800 datapoints)
MOTO_SERIES, MOTO_POINTS = 2, 2_000


def queries(names: list[str], period: int) -> list[dict]:
    return [
        {
            "Id": f"q{i}",
            "MetricStat": {
                "Metric": {"Namespace": "Bench", "MetricName": name},
                "Period": period,
                "Stat": "Average",
            },
        }
        for i, name in enumerate(names)
    ]


def everything(client, wanted: list[dict], start: datetime, end: datetime) -> int:
    """All pages; returns the number of datapoints answered."""
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=wanted, StartTime=start, EndTime=end
    )
    return sum(len(result["Values"]) for page in pages for result in page["MetricDataResults"])


def rows() -> Iterator[Row]:
    lab, stamps, columns = filled(SERIES, POINTS)
    client, names = lab.client("cloudwatch"), [f"m{i}" for i in range(SERIES)]
    start = lab.now - timedelta(minutes=POINTS)
    total = SERIES * POINTS
    index = pd.to_datetime(stamps, unit="s")
    frames = [pd.Series(column, index=index) for column in columns]

    def ours(period: int) -> int:
        return everything(client, queries(names, period), start, lab.now)

    def pandas(period: int) -> None:
        for frame in frames:
            frame.resample(f"{period}s").mean()

    with mock_aws():
        moto, moto_names, moto_start, moto_end = _moto()

        def theirs(period: int) -> int:
            return everything(moto, queries(moto_names, period), moto_start, moto_end)

        for period in PERIODS:
            expected = SERIES * POINTS * 60 // period
            assert abs(ours(period) - expected) <= SERIES
            assert theirs(period) > 0
            a, b, c = alternate(
                lambda p=period: ours(p), lambda p=period: pandas(p), lambda p=period: theirs(p), rounds=5
            )
            moto_total = MOTO_SERIES * MOTO_POINTS
            yield at_least(
                f"GetMetricData, 1,000,000 stored, period {period}: speed a point against moto's",
                (c / moto_total) / (a / total),
                200,
                f"{a / total * 1e9:,.0f} to {c / moto_total * 1e9:,.0f} ns; moto at {moto_total:,} points",
            )
            yield at_least(
                f"GetMetricData, 1,000,000 stored, period {period}: speed against pandas' resample",
                b / a,
                1,
                f"{ms(a)} to {ms(b)}",
            )
    a, b = alternate(lambda: ours(60), lambda: pandas(60), rounds=3)
    yield Row(
        "GetMetricData, all 1,000,000 datapoints answered in 10 pages (period 60)",
        f"{ms(a)} (pandas, which lists no dates: {ms(b)})",
    )


def _moto() -> tuple[object, list[str], datetime, datetime]:
    """moto with fewer points: a million would take it hours, since its time grows faster than its points."""
    client = boto3.client("cloudwatch", region_name="us-east-1")
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    start = end - timedelta(minutes=MOTO_POINTS)
    names = [f"m{i}" for i in range(MOTO_SERIES)]
    for name in names:
        for first in range(0, MOTO_POINTS, 1_000):
            client.put_metric_data(
                Namespace="Bench",
                MetricData=[
                    {"MetricName": name, "Value": float(i % 97), "Timestamp": start + timedelta(minutes=i)}
                    for i in range(first, first + 1_000)
                ],
            )
    return client, names, start, end
