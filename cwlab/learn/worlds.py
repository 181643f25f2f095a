"""What topics ask of a world: the few reads that most truths and checks share, as a learner would call them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


def dimension_list(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    """Dimensions as boto3 takes them."""
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def read(
    world: Any,
    namespace: str,
    name: str,
    statistic: str,
    period: int = 60,
    dimensions: Mapping[str, str] | None = None,
    window: tuple[datetime | str, datetime | str] | None = None,
) -> list[tuple[datetime, float]]:
    """One metric by GetMetricData, oldest first: (timestamp, value).

    Args:
        world: a lab.
        window: from and to; the hour before the world's now when left out.
    """
    start, end = window or (world.now - timedelta(hours=1), world.now)
    answer = world.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "q",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": name,
                        "Dimensions": dimension_list(dimensions or {}),
                    },
                    "Period": period,
                    "Stat": statistic,
                },
            }
        ],
        StartTime=start,
        EndTime=end,
        ScanBy="TimestampAscending",
    )["MetricDataResults"][0]
    return list(zip(answer["Timestamps"], answer["Values"], strict=True))


def sums(world: Any, namespace: str, name: str) -> list[float]:
    """The sums of each minute with data in the last hour, oldest first."""
    return [value for _, value in read(world, namespace, name, "Sum")]
