"""The API: PutMetricData, ListMetrics, GetMetricStatistics, GetMetricData; and what can be done to metrics besides."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from cwlab.api import Call, operation, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.cloudwatch import dashboards, data, ingest, labels, metrics, paging, queries  # noqa: F401  (declared there)
from cwlab.services.cloudwatch.alarms import describe, evaluation, mutes, put, switching  # noqa: F401  (the same)
from cwlab.services.cloudwatch.alarms.composite import requests as _composite  # noqa: F401  (the same)
from cwlab.services.cloudwatch.anomaly import detectors  # noqa: F401  (the same)
from cwlab.services.cloudwatch.chunk import Ints, singles
from cwlab.services.cloudwatch.settings import Settings
from cwlab.services.cloudwatch.statistics import compute
from cwlab.services.cloudwatch.units import UNITS
from cwlab.services.cloudwatch.window import window
from cwlab.timeline import to_datetime

PAGE = 500  # metrics on a page of ListMetrics
MAX_BUCKETS = 1440  # of one GetMetricStatistics request, filled or not
# Observed on what an expression gives of which MaxDatapoints leaves out a part.
_PAGINATED = {
    "Code": "PartialData",
    "Value": "The expression may contain partial data as one or more metrics have StatusCode 'Paginated'",
}

Structure = dict[str, Any]


@operation("cloudwatch", "PutMetricData", conditions=lambda call, p: {"cloudwatch:namespace": p["Namespace"]})
def put_metric_data(
    call: Call,
    *,
    Namespace: str,
    MetricData: Sequence[Structure] | None = None,
    EntityMetricData: Sequence[Structure] | None = None,
    StrictEntityValidation: bool | None = None,
) -> None:
    """Store datapoints: all of them, or none when one is bad."""
    ingest.check_namespace(Namespace, service=call.principal.kind == "service")
    with _collector_waits():
        batch = ingest.read_request(MetricData, EntityMetricData, StrictEntityValidation, call.now_ms)
        evaluation.stored(call, metrics.store(call, Namespace, batch))


@contextlib.contextmanager
def _collector_waits() -> Iterator[None]:
    """Python's garbage collector waits meanwhile: a thousand datums make ten thousand objects of a moment, and it
    would walk the whole heap for them and find nothing (a quarter of the request's time)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@operation("cloudwatch", "ListMetrics", readonly=True)
def list_metrics(
    call: Call,
    *,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Structure] = (),
    RecentlyActive: str | None = None,
    OwningAccount: str | None = None,
    NextToken: str | None = None,
) -> Structure:
    """The metrics that had data in the last two weeks. Dimension filters match any metric that has at least those."""
    request = (Namespace, MetricName, [sorted(d.items()) for d in Dimensions], RecentlyActive, OwningAccount)
    start = 0
    if NextToken is not None:
        position = paging.position_of(request, NextToken)
        if position is None:
            raise ingest.bad_value("Request parameter NextToken is invalid")
        start = position
    if OwningAccount not in (None, call.account):
        return {"Metrics": []}
    recent_s = metrics.settings_of(call).recently_active_s if RecentlyActive else metrics.LISTED_S
    found: list[Structure] = []
    for place, (key, active) in enumerate(metrics.listed(call, Namespace, recent_s)):
        if place < start or not active:
            continue
        namespace, name, dimensions = key
        if MetricName in (None, name) and all(_has(dimensions, wanted) for wanted in Dimensions):
            if len(found) == PAGE:
                return {"Metrics": found, "NextToken": paging.token(request, place)}
            found.append(
                {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
                }
            )
    return {"Metrics": found}


def _has(dimensions: ingest.Dimensions, wanted: Mapping[str, str]) -> bool:
    return any(n == wanted["Name"] and wanted.get("Value") in (None, v) for n, v in dimensions)


@operation("cloudwatch", "GetMetricStatistics", readonly=True)
def get_metric_statistics(
    call: Call,
    *,
    Namespace: str,
    MetricName: str,
    StartTime: datetime,
    EndTime: datetime,
    Period: int,
    Dimensions: Sequence[Structure] = (),
    Statistics: Sequence[str] | None = None,
    ExtendedStatistics: Sequence[str] | None = None,
    Unit: str | None = None,
) -> Structure:
    """Datapoints of one metric, one for each period and unit, in no particular order."""
    wanted = queries.statistics_of(Statistics, ExtendedStatistics)
    if wrong := queries.period_rule(Period, "Period"):
        raise ingest.bad_value(wrong)
    if StartTime >= EndTime:
        raise ingest.bad_value("The parameter StartTime must be less than the parameter EndTime.")
    asked = window(queries.milliseconds(StartTime), queries.milliseconds(EndTime), call.now_ms, Period)
    if asked.buckets > MAX_BUCKETS:
        raise ingest.bad_combination(
            f"You have requested up to {asked.buckets} datapoints, which exceeds the limit of {MAX_BUCKETS}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range."
        )
    exact = metrics.settings_of(call).exact_percentiles
    points: list[tuple[int, str, Structure]] = []
    key = (Namespace, MetricName, queries.exact_dimensions(Dimensions))
    for unit, buckets in metrics.read(call, key, asked, Unit).items():
        columns = [(s, compute(s, buckets, exact=exact).tolist()) for s in wanted]
        for i, stamp in enumerate(buckets.stamp.tolist()):
            point: Structure = {"Timestamp": to_datetime(stamp * 1000), "Unit": unit}
            for statistic, values in columns:
                if not statistic.extended:
                    point[statistic.name] = values[i]
            if ExtendedStatistics:
                # A value that is not a number is one that does not exist: the point comes without it.
                point["ExtendedStatistics"] = {
                    s.name: v[i] for s, v in columns if s.extended and v[i] == v[i]
                }
            points.append((stamp, unit, point))
    points.sort(key=lambda p: (_shuffled(p[0]), p[1]))
    return {"Label": MetricName, "Datapoints": [point for _, _, point in points]}


def _shuffled(stamp: int) -> int:
    """A fixed disorder: the service promises none, and code that forgets to sort should meet that here."""
    return stamp // 60 * 2654435761 % 2**32 + stamp % 60


@operation("cloudwatch", "GetMetricData", readonly=True)
def get_metric_data(
    call: Call,
    *,
    MetricDataQueries: Sequence[Structure],
    StartTime: datetime,
    EndTime: datetime,
    NextToken: str | None = None,
    ScanBy: str = "TimestampDescending",
    MaxDatapoints: int | None = None,
    LabelOptions: Mapping[str, str] | None = None,
) -> Structure:
    """Datapoints of up to 500 metrics and expressions over them, in order of time, page by page."""
    asked = queries.data_queries(MetricDataQueries, StartTime, EndTime, call.account)
    size, zone_s = queries.page_size(MaxDatapoints), queries.zone_of(LabelOptions)
    request = (asked, StartTime, EndTime, ScanBy)
    plain = all(isinstance(query, queries.Query) for query in asked)
    start = 0
    if NextToken is not None and not queries.only_sql(asked):
        position = paging.position_of(request, NextToken) if plain else None
        if position is None:
            raise AwsError("InvalidNextToken", "")
        start = position
    found, messages = data.answer(call, asked, StartTime, EndTime)
    results, passed, times = [], 0, _Clock()
    step = 1 if ScanBy == "TimestampAscending" else -1
    for one in found:
        first, last = (
            (max(start - passed, 0), max(start + size - passed, 0)) if one.paged else (0, len(one.stamps))
        )
        passed += len(one.stamps) if one.paged else 0
        cut = last < len(one.stamps)
        told = [*one.messages, _PAGINATED] if cut and one.computed else one.messages
        results.append(
            {
                "Id": one.id,
                **({} if one.status == "InternalError" else {"Label": _label(call, one, zone_s)}),
                "Timestamps": times(one.stamps[::step][first:last]),
                "Values": one.values[::step][first:last].tolist(),
                "StatusCode": "PartialData" if cut else one.status,
                **({"Messages": told} if told else {}),
            }
        )
    answered: Structure = {"MetricDataResults": results, "Messages": messages}
    if plain and start + size < passed:
        answered["NextToken"] = paging.token(request, start + size)
    return answered


def _label(call: Call, found: data.Found, zone_s: int) -> str:
    if found.label is None:
        return found.default
    if "${" not in found.label:
        return found.label
    facts = labels.Facts(
        found.default,
        found.stamps.tolist(),
        found.values.tolist(),
        call.now_ms // 1000,
        zone_s,
        found.properties,
    )
    return labels.fill(found.label, facts)


class _Clock:
    """Datetimes for columns of seconds. The series of one request mostly share their grid, so the last one is kept."""

    def __init__(self) -> None:
        self._stamps = np.empty(0, np.int64)
        self._times: list[datetime] = []

    def __call__(self, stamps: Ints) -> list[datetime]:
        if not np.array_equal(stamps, self._stamps):
            self._stamps = stamps
            self._times = [to_datetime(second * 1000) for second in stamps.tolist()]
        return self._times.copy()


# What is no API ---------------------------------------------------------------------------------------------------


@verb("cloudwatch", "load")
def load(
    call: Call,
    *,
    namespace: str,
    metric: str,
    stamps: Any,
    values: Any,
    dimensions: Mapping[str, str] | None = None,
    unit: str = "None",
    resolution: int = 60,
) -> None:
    """Store many datapoints at once, past ones whatever their age; coming ones appear as the clock reaches them.

    Args:
        stamps: seconds since 1970 UTC.
        values: one for each stamp.
        dimensions: names and values.
        resolution: 60, or 1 for high resolution; stamps are rounded down to it.

    Raises:
        AwsError: the names are none PutMetricData would take.
        BadInput: the columns cannot be used.
    """
    ingest.check_namespace(namespace, service=False)
    found = ingest.dimensions_of(
        [{"Name": n, "Value": v} for n, v in (dimensions or {}).items()], "Dimensions"
    )
    if unit not in UNITS:
        raise BadInput(unit, "is not a unit.", f"Units: {', '.join(UNITS)}.")
    if resolution not in (1, 60):
        raise BadInput(resolution, "is not a storage resolution.", "Give 60, or 1 for high resolution.")
    stamp, value = np.array(stamps, dtype=np.int64), np.array(values, dtype=np.float64)
    if stamp.shape != value.shape or stamp.ndim != 1:
        raise BadInput(
            f"{stamp.shape} and {value.shape}",
            "are not two columns of one length.",
            "Give one value for each stamp.",
        )
    if not (np.abs(value) <= ingest.LIMIT).all():
        raise BadInput(
            float(value[~(np.abs(value) <= ingest.LIMIT)][0]),
            "is not a value a metric can have.",
            "Values lie between -2**360 and 2**360.",
        )
    key = (namespace, metric, found)
    metrics.load(call, key, unit, singles(stamp - stamp % resolution, value))
    evaluation.stored(call, [key])


@verb("cloudwatch", "configure")
def configure(call: Call, **changes: Any) -> None:
    """Change named settings of this account and Region (see ``Settings``).

    Raises:
        BadInput: there is no setting of that name, or it takes another kind of value.
    """
    settings = metrics.settings_of(call)
    known = {f.name: type(getattr(settings, f.name)) for f in dataclasses.fields(Settings)}
    for name, value in changes.items():
        if name not in known:
            raise BadInput(name, "is not a setting of CloudWatch.", f"Settings: {', '.join(known)}.")
        if type(value) is not known[name] or value < 0:
            raise BadInput(
                value,
                f"is not a value for {name}.",
                "Give True or False." if known[name] is bool else "Give whole seconds, 0 or more.",
            )
    call.table("settings")["settings"] = dataclasses.replace(settings, **changes)
    evaluation.look_again_all(call)
