"""What an alarm looks at, and what it sees there at an instant: its slots, as ``decide`` takes them.

Metrics, expressions, queries of SQL and bands are read as GetMetricData reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch import data, insights, metrics
from cwlab.services.cloudwatch.alarms.cadence import Cadence, cadence
from cwlab.services.cloudwatch.alarms.decide import Bounds, Settings, Treatment
from cwlab.services.cloudwatch.alarms.records import MetricAlarm
from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.metrics import Key
from cwlab.services.cloudwatch.queries import Expression, Query, data_queries
from cwlab.services.cloudwatch.statistics import Statistic, compute, parse
from cwlab.services.cloudwatch.window import HIGH_RESOLUTION_S, Window
from cwlab.timeline import EPOCH, to_datetime

MAX_CONTRIBUTORS = 500  # series an alarm looks at


class View(NamedTuple):
    """One series as an alarm sees it: a value or None for each slot, oldest first, with what belongs to it.

    Args:
        start_s: where the oldest slot begins.
        counts: samples in each slot; None where an expression was computed.
        bounds: the band in each slot; None without a band.
        group: what tells the series from others, for an alarm that watches many.
    """

    start_s: int
    period: int
    values: list[float | None]
    counts: list[float] | None = None
    bounds: list[Bounds | None] | None = None
    group: tuple[str, ...] = ()

    def stamp(self, age: int) -> int:
        """Where the slot of that age begins, in seconds."""
        return self.start_s + (len(self.values) - age) * self.period


class Seen(NamedTuple):
    """All series an alarm sees; ``partial``: there were more than it can look at."""

    views: list[View]
    partial: bool = False


# The configuration, understood ------------------------------------------------------------------------------------


def period_of(alarm: MetricAlarm) -> int:
    """The period of an alarm, in seconds: its own, or that of its metrics."""
    if alarm.period is not None:
        return alarm.period
    for query in alarm.metrics:
        if "MetricStat" in query:
            return int(query["MetricStat"]["Period"])
    return next((int(query["Period"]) for query in alarm.metrics if "Period" in query), 60)


def cadence_of(alarm: MetricAlarm) -> Cadence:
    """When it is evaluated, and over what."""
    return cadence(period_of(alarm), alarm.evaluation_periods)


def statistic_name(alarm: MetricAlarm) -> str | None:
    """The statistic of an alarm on one metric; None for expressions."""
    return alarm.statistic or alarm.extended_statistic


def treatment_of(alarm: MetricAlarm) -> Treatment:
    """How missing data are treated. AWS/DynamoDB has a default of its own."""
    given: Treatment | None = alarm.treat_missing_data  # type: ignore[assignment]  # checked by PutMetricAlarm
    return given or ("ignore" if alarm.namespace == "AWS/DynamoDB" else "missing")


def settings_of(alarm: MetricAlarm) -> Settings:
    """What of the configuration decides."""
    n = alarm.evaluation_periods
    return Settings(
        alarm.comparison_operator,
        alarm.threshold,
        n,
        n if alarm.datapoints_to_alarm is None else alarm.datapoints_to_alarm,
        treatment_of(alarm),
        needed_samples(alarm.extended_statistic) if alarm.low_sample == "ignore" else None,
    )


def needed_samples(statistic: str | None) -> float | None:
    """How many samples make a percentile significant; None for what is no percentile between p0 and p100.

    >>> [needed_samples(p) for p in ("p99", "p90", "p50", "p10", "tm90")]
    [1000.0, 100.0, 20.0, 100.0, None]
    """
    found = None if statistic is None else parse(statistic)
    if found is None or found.family != "p" or not found.high or found.high == 100:
        return None
    share = found.high / 100
    return round(10 / (1 - share if share >= 0.5 else share), 6)


def asked_of(alarm: MetricAlarm, account: str) -> list[Query | Expression]:
    """The queries of an alarm on ``Metrics``."""
    return data_queries(alarm.metrics, EPOCH, to_datetime(1), account, "Metrics")


def keys_of(alarm: MetricAlarm, account: str) -> list[Key]:
    """The metrics an alarm names. What a query of SQL finds is not known by name."""
    if alarm.metric_name is not None and alarm.namespace is not None:
        return [(alarm.namespace, alarm.metric_name, alarm.dimensions)]
    asked = asked_of(alarm, account)
    return list(dict.fromkeys(query.key for query in asked if isinstance(query, Query)))


def sql_of(alarm: MetricAlarm) -> str | None:
    """The query of SQL an alarm watches, if it is one."""
    for query in alarm.metrics:
        if "Expression" in query and insights.is_query(query["Expression"]):
            return str(query["Expression"])
    return None


def sql_name_of(alarm: MetricAlarm) -> tuple[str, str] | None:
    """The namespace and the name of the metrics that an alarm's query of SQL looks at; None without one."""
    sql = sql_of(alarm)
    return None if sql is None else _named(sql)


@lru_cache(maxsize=256)  # of texts alone: a table of what they mean, not of state
def _grouped(sql: str) -> bool:
    return bool(insights.parse(sql).group)


@lru_cache(maxsize=256)
def _named(sql: str) -> tuple[str, str]:
    query = insights.parse(sql)
    return query.namespace, query.metric


def many_series(alarm: MetricAlarm) -> bool:
    """Whether an alarm watches each series of a query with GROUP BY by itself."""
    sql = sql_of(alarm)
    return sql is not None and _grouped(sql)


# What it sees -----------------------------------------------------------------------------------------------------


def see(call: Call, alarm: MetricAlarm) -> Seen:
    """What an alarm sees now.

    Raises:
        MathError: an expression cannot be computed.
    """
    now_s, when = call.now_ms // 1000, cadence_of(alarm)
    start_s, end_s = when.range_at(now_s)
    if alarm.metric_name is not None:
        return Seen([_metric(call, alarm, when, start_s, end_s)])
    read_s = readable_from(start_s, when.period, now_s)
    asked = asked_of(alarm, call.account)
    found, messages = data.answer(call, asked, to_datetime(read_s * 1000), to_datetime(end_s * 1000))
    partial = any(message["Code"] == data.TOO_MANY["Code"] for message in messages)
    if many_series(alarm):
        views = [_view(start_s, when, f.stamps, f.values)._replace(group=f.group) for f in found]
        return Seen(views[:MAX_CONTRIBUTORS], len(views) > MAX_CONTRIBUTORS or partial)
    if alarm.threshold_metric_id is not None:
        band = [f for f in found if f.id == alarm.threshold_metric_id]
        (series,) = [f for f in found if f.id != alarm.threshold_metric_id]
        view = _view(start_s, when, series.stamps, series.values)
        if len(band) != 2:
            return Seen([view._replace(bounds=[None] * when.size)])
        lower, upper = (_view(start_s, when, f.stamps, f.values).values for f in band)
        bounds = [None if a is None or b is None else (a, b) for a, b in zip(lower, upper, strict=True)]
        return Seen([view._replace(bounds=bounds)], partial)
    if not found:
        return Seen([_view(start_s, when, np.empty(0, np.int64), np.empty(0))], partial)
    return Seen([_view(start_s, when, found[0].stamps, found[0].values)], partial)


def readable_from(start_s: int, period: int, now_s: int) -> int:
    """Where a range begins for reading: high-resolution data can be read for three hours."""
    if period >= 60:
        return start_s
    oldest = now_s - HIGH_RESOLUTION_S
    return max(start_s, oldest + -oldest % period)


def _metric(call: Call, alarm: MetricAlarm, when: Cadence, start_s: int, end_s: int) -> View:
    read_s = readable_from(start_s, when.period, call.now_ms // 1000)
    (key,) = keys_of(alarm, call.account)
    by_unit = metrics.read(call, key, Window(read_s, end_s, when.period, True), alarm.unit)
    if not by_unit:
        return View(start_s, when.period, [None] * when.size, [0.0] * when.size)
    buckets = next(iter(by_unit.values()))
    statistic = plain_statistic(alarm)
    values = compute(statistic, buckets, exact=metrics.settings_of(call).exact_percentiles)
    view = _view(start_s, when, buckets.stamp, values)
    counts = _spread(start_s, when, buckets.stamp, buckets.count)
    return view._replace(counts=[0.0 if count is None else count for count in counts])


def plain_statistic(alarm: MetricAlarm) -> Statistic:
    """The statistic of an alarm on one metric."""
    found = parse(statistic_name(alarm) or "")
    assert found is not None  # PutMetricAlarm has seen to it
    return found


def _view(start_s: int, when: Cadence, stamps: Ints, values: Floats) -> View:
    return View(start_s, when.period, _spread(start_s, when, stamps, values))


def _spread(start_s: int, when: Cadence, stamps: Ints, values: Floats) -> list[float | None]:
    """Values at their slots, None where there is none."""
    slots: list[float | None] = [None] * when.size
    places: Sequence[int] = ((stamps - start_s) // when.period).tolist()
    for place, value in zip(places, values.tolist(), strict=True):
        if 0 <= place < when.size and value == value:
            slots[place] = value
    return slots
