"""What the console asks: the calls a learner could make, and their answers as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from cwlab.timeline import to_datetime, to_ms

Dimensions = Mapping[str, str] | Iterable[Mapping[str, str]]


def dimension_list(dimensions: Dimensions | None) -> list[dict[str, str]]:
    """Dimensions as boto3 takes them, from a plain mapping or from boto3's own form.

    >>> dimension_list({"InstanceId": "i-1"})
    [{'Name': 'InstanceId', 'Value': 'i-1'}]
    """
    if not dimensions:
        return []
    if isinstance(dimensions, Mapping):
        return [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return [dict(d) for d in dimensions]


def query(
    id_: str,
    namespace: str,
    name: str,
    dimensions: Dimensions | None,
    statistic: str,
    period_s: int,
    unit: str | None = None,
) -> dict[str, Any]:
    """One query of GetMetricData."""
    stat: dict[str, Any] = {
        "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimension_list(dimensions)},
        "Period": period_s,
        "Stat": statistic,
    }
    if unit is not None:
        stat["Unit"] = unit
    return {"Id": id_, "MetricStat": stat}


def answers(
    client: Any, queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> dict[str, pd.DataFrame]:
    """GetMetricData, all pages: the answer to each query by its id, columns ``t`` (milliseconds) and ``value``."""
    got: dict[str, tuple[list[int], list[float]]] = {str(q["Id"]): ([], []) for q in queries}
    token: dict[str, str] = {}
    while True:
        page = client.get_metric_data(
            MetricDataQueries=list(queries),
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
            **token,
        )
        for result in page["MetricDataResults"]:
            stamps, values = got[result["Id"]]
            stamps += [to_ms(t) for t in result["Timestamps"]]
            values += result["Values"]
        if not page.get("NextToken"):
            return {
                key: pd.DataFrame({"t": pd.Series(t, dtype="int64"), "value": pd.Series(v, dtype="float64")})
                for key, (t, v) in got.items()
            }
        token = {"NextToken": page["NextToken"]}


class Result(NamedTuple):
    """One series of an answer."""

    id: str
    label: str
    points: pd.DataFrame  # columns t (milliseconds) and value
    messages: tuple[str, ...] = ()


def results(
    client: Any, queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> list[Result]:
    """GetMetricData, all pages: each series by itself, for a query may answer with several. In AWS's order."""
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=list(queries), StartTime=start, EndTime=end, ScanBy="TimestampAscending"
    )
    stamps: dict[tuple[str, str, int], list[int]] = {}
    values: dict[tuple[str, str, int], list[float]] = {}
    messages: dict[tuple[str, str, int], list[str]] = {}
    for page in pages:
        alike: dict[tuple[str, str], int] = {}
        for found in page["MetricDataResults"]:
            name = (found["Id"], found["Label"])
            alike[name] = alike.get(name, 0) + 1
            key = (*name, alike[name])
            stamps.setdefault(key, []).extend(to_ms(t) for t in found["Timestamps"])
            values.setdefault(key, []).extend(found["Values"])
            messages.setdefault(key, []).extend(m["Value"] for m in found.get("Messages", ()))
    return [
        Result(
            key[0],
            key[1],
            pd.DataFrame(
                {"t": pd.Series(t, dtype="int64"), "value": pd.Series(values[key], dtype="float64")}
            ),
            tuple(messages[key]),
        )
        for key, t in stamps.items()
    ]


def metrics(client: Any, namespace: str | None = None, name: str | None = None) -> list[dict[str, Any]]:
    """ListMetrics, all pages."""
    given: dict[str, str] = {}
    if namespace is not None:
        given["Namespace"] = namespace
    if name is not None:
        given["MetricName"] = name
    return [m for page in client.get_paginator("list_metrics").paginate(**given) for m in page["Metrics"]]


def instant(ms: int) -> datetime:
    """Milliseconds as the aware datetime boto3 takes."""
    return to_datetime(ms)
