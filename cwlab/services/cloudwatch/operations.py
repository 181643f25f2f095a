"""The API: PutMetricData, ListMetrics, GetMetricStatistics, GetMetricData; and what can be done to metrics besides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from cwlab.api import Call, operation, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.cloudwatch import dashboards, ingest, labels, metrics, paging, queries  # noqa: F401  (declared there)
from cwlab.services.cloudwatch.anomaly import detectors  # noqa: F401  (the same)
from cwlab.services.cloudwatch.chunk import Ints, singles
from cwlab.services.cloudwatch.settings import Settings
from cwlab.services.cloudwatch.statistics import Buckets, compute
from cwlab.services.cloudwatch.units import UNITS
from cwlab.services.cloudwatch.window import window
from cwlab.timeline import to_datetime

PAGE = 500  # metrics on a page of ListMetrics
MAX_BUCKETS = 1440  # of one GetMetricStatistics request, filled or not
_FORBIDDEN = (
    "Access denied when getting data - please check that this account and the requested metric account are "
    "linked"
)

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
    metrics.store(
        call,
        Namespace,
        ingest.read_request(MetricData, EntityMetricData, StrictEntityValidation, call.now_ms),
    )


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
    """Datapoints of up to 500 metrics, in order of time, page by page."""
    asked = queries.data_queries(MetricDataQueries, StartTime, EndTime)
    size, zone_s = queries.page_size(MaxDatapoints), queries.zone_of(LabelOptions)
    request = (asked, StartTime, EndTime, ScanBy)
    start = 0
    if NextToken is not None:
        position = paging.position_of(request, NextToken)
        if position is None:
            raise AwsError("InvalidNextToken", "")
        start = position
    answers = [
        _Answer(call, query, StartTime, EndTime, ScanBy == "TimestampAscending")
        for query in asked
        if query.returned
    ]
    unnamed = labels.default_labels([a.query.subject for a in answers if a.query.label is None])
    defaults = iter(unnamed)
    results, passed, times = [], 0, _Clock()
    for answer in answers:
        default = answer.query.name if answer.query.label is not None else next(defaults)
        first, last = max(start - passed, 0), max(start + size - passed, 0)
        passed += len(answer)
        results.append(
            {
                "Id": answer.query.id,
                "Label": answer.label(default, zone_s),
                "Timestamps": times(answer.stamps[first:last]),
                "Values": answer.values[first:last].tolist(),
                "StatusCode": answer.status if last >= len(answer) else "PartialData",
                **({"Messages": answer.messages} if answer.messages else {}),
            }
        )
    answered: Structure = {"MetricDataResults": results, "Messages": []}
    if start + size < passed:
        answered["NextToken"] = paging.token(request, start + size)
    return answered


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


class _Answer:
    """One query answered: what there is, in the order asked for."""

    def __init__(
        self, call: Call, query: queries.Query, start: datetime, end: datetime, ascending: bool
    ) -> None:
        self.call, self.query = call, query
        self.stamps, self.values = np.empty(0, np.int64), np.empty(0)
        self.status, self.messages = "Complete", []
        self._ascending = ascending
        if query.account not in (None, call.account):
            self.status, self.messages = "Forbidden", [{"Code": "Forbidden", "Value": _FORBIDDEN}]
            return
        asked = window(queries.milliseconds(start), queries.milliseconds(end), call.now_ms, query.period)
        by_unit = metrics.read(call, (query.namespace, query.name, query.dimensions), asked, query.unit)
        if len(by_unit) > 1:
            self.messages = [
                {"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{', '.join(by_unit)}]'"}
            ]
        if by_unit:
            self._take(next(iter(by_unit.values())))

    def _take(self, buckets: Buckets) -> None:
        values = compute(
            self.query.statistic, buckets, exact=metrics.settings_of(self.call).exact_percentiles
        )
        there = ~np.isnan(values)
        stamps = buckets.stamp if there.all() else buckets.stamp[there]
        values = values if there.all() else values[there]
        step = 1 if self._ascending else -1
        self.stamps, self.values = stamps[::step], values[::step]

    def __len__(self) -> int:
        return len(self.values)

    def label(self, default: str, zone_s: int) -> str:
        if self.query.label is None:
            return default
        if "${" not in self.query.label:
            return self.query.label
        step = 1 if self._ascending else -1
        query = self.query
        properties = {
            "AccountId": self.call.account,
            "AccountLabel": self.call.account,
            "MetricName": query.name,
            "Namespace": query.namespace,
            "Period": str(query.period),
            "Region": self.call.region,
            "Stat": query.statistic.name,
            **{f"Dim.{n}": v for n, v in query.dimensions},
        }
        facts = labels.Facts(
            default,
            self.stamps[::step].tolist(),
            self.values[::step].tolist(),
            self.call.now_ms // 1000,
            zone_s,
            properties,
        )
        return labels.fill(self.query.label, facts)


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
    metrics.load(call, (namespace, metric, found), unit, singles(stamp - stamp % resolution, value))


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
