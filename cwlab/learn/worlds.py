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
    start: datetime | str | None = None,
    end: datetime | str | None = None,
) -> list[tuple[datetime, float]]:
    """One metric by GetMetricData, oldest first: (timestamp, value).

    Args:
        world: a lab.
        start, end: the hour before the world's now when left out.
    """
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
        StartTime=start or world.now - timedelta(hours=1),
        EndTime=end or world.now,
        ScanBy="TimestampAscending",
    )["MetricDataResults"][0]
    return list(zip(answer["Timestamps"], answer["Values"], strict=True))


def sums(world: Any, namespace: str, name: str, **how: Any) -> list[float]:
    """The sums of each minute with data, oldest first; arguments as for ``read``."""
    return [value for _, value in read(world, namespace, name, "Sum", **how)]
