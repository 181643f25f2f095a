"""What a query answers: metrics chosen by their names, their observations added up in columns.

Sources: user guide, cloudwatch-metrics-insights-querylanguage and -limits. That aggregates are over observations, that a
missing key is never equal and always unequal, that groups without a key are called Other and come last, that ORDER BY
COUNT() counts returned points, and the messages, are observed on the live service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.ingest import Dimensions
from cwlab.services.cloudwatch.insights.nodes import Condition, Key, Query
from cwlab.services.cloudwatch.window import DAY_S, Window, window

MAX_METRICS = 10_000  # metrics one query looks at; of more, the first
MAX_SERIES = 500
FINEST_S = 60  # shorter periods are answered in minutes
RANGE_S = 14 * DAY_S
OTHER = "Other"

TOO_OLD = {"Code": "MaxQueryTimeRangeExceeded", "Value": "Max time window exceeded for query"}
# Observed for SEARCH; unconfirmed for a query.
TOO_MANY = {"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}

MetricKey = tuple[str, str, Dimensions]  # namespace, name, dimensions in order of their names


class Points(Protocol):
    """The observations of a metric, by period: a start in seconds, and what they add up to."""

    @property
    def stamp(self) -> Ints: ...
    @property
    def count(self) -> Floats: ...
    @property
    def sum(self) -> Floats: ...
    @property
    def min(self) -> Floats: ...
    @property
    def max(self) -> Floats: ...


class Catalog(Protocol):
    """The metrics of one account and Region."""

    @property
    def account(self) -> str:
        """The account's number."""

    def keys(self, namespace: str, name: str) -> Iterable[MetricKey]:
        """The metrics of that name, in any order."""

    def read(self, key: MetricKey, window: Window) -> Iterable[Points]:
        """Their points in the window's periods: one set for each unit, none where there are no points."""


class Series(NamedTuple):
    """One answered series. ``group`` is None without GROUP BY; its label otherwise, with its rank under ORDER BY."""

    group: str | None
    stamps: Ints
    values: Floats
    keys: tuple[str, ...] = ()  # the value of each key of GROUP BY


class Answer(NamedTuple):
    """``messages`` belong to the whole request. ``failed``: all of the range is too old, and AWS says InternalError."""

    series: list[Series]
    period: int
    messages: list[dict[str, str]]
    failed: bool = False


def run(query: Query, catalog: Catalog, start_ms: int, end_ms: int, now_ms: int, period: int) -> Answer:
    """What the query answers over a time range.

    Args:
        start_ms, end_ms, now_ms: the range asked for, and the clock. Only the last two weeks are looked at.
        period: seconds, valid; less than a minute is answered in minutes.
    """
    period = max(period, FINEST_S)
    messages = []
    oldest_ms = now_ms - RANGE_S * 1000
    if start_ms < oldest_ms:
        messages.append(TOO_OLD)
        if end_ms <= oldest_ms:
            return Answer([], period, messages, failed=True)
        # The buckets stay where the request put them.
        start_ms += -(-(oldest_ms - start_ms) // (period * 1000)) * period * 1000
    keys = sorted(
        key for key in catalog.keys(query.namespace, query.metric) if matches(query, key, catalog.account)
    )
    if len(keys) > MAX_METRICS:
        messages.append(TOO_MANY)
        keys = keys[:MAX_METRICS]
    asked = window(start_ms, end_ms, now_ms, period)
    groups: dict[tuple[str | None, ...], list[Points]] = {} if query.group else {(): []}
    for key in keys:
        groups.setdefault(_group(query.group, key, catalog.account), []).extend(catalog.read(key, asked))
    found = [
        Series(
            _label(values) if query.group else None,
            *_aggregate(query.function, groups[values]),
            tuple([OTHER if value is None else value for value in values]),
        )
        for values in sorted(groups, key=lambda values: [(value is None, value or "") for value in values])
    ]
    if query.group:
        found = _chosen(query, [series for series in found if len(series.stamps)])
    return Answer(found, period, messages)


def matches(query: Query, key: MetricKey, account: str) -> bool:
    """Whether the query looks at a metric.

    A key that the metric has not is equal to nothing, and so unequal to everything.
    """
    namespace, name, dimensions = key
    if (namespace, name) != (query.namespace, query.metric):
        return False
    if query.dimensions is not None and {n for n, _ in dimensions} != query.dimensions:
        return False
    return all(_holds(condition, dimensions, account) for condition in query.where)


def _holds(condition: Condition, dimensions: Dimensions, account: str) -> bool:
    wanted = account if condition.value is None else condition.value
    return (_value(condition.key, dimensions, account) == wanted) is condition.equal


def _value(key: Key, dimensions: Dimensions, account: str) -> str | None:
    if key.account:
        return account
    return next((value for name, value in dimensions if name == key.name), None)


def _group(by: Sequence[Key], key: MetricKey, account: str) -> tuple[str | None, ...]:
    return tuple([_value(part, key[2], account) for part in by])


def _label(values: Sequence[str | None]) -> str:
    return " ".join(OTHER if value is None else value for value in values)


def _aggregate(function: str, parts: Sequence[Points]) -> tuple[Ints, Floats]:
    """All observations of many metrics together, by period."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    stamp = np.concatenate([part.stamp for part in parts])
    order = np.argsort(stamp, kind="stable")
    stamp = stamp[order]
    starts = np.flatnonzero(np.concatenate(([True], stamp[1:] != stamp[:-1])))

    def added(columns: list[Floats], how: np.ufunc) -> Floats:
        return how.reduceat(np.concatenate(columns)[order], starts)

    match function:
        case "MIN":
            values = added([part.min for part in parts], np.minimum)
        case "MAX":
            values = added([part.max for part in parts], np.maximum)
        case "COUNT":
            values = added([part.count for part in parts], np.add)
        case "SUM":
            values = added([part.sum for part in parts], np.add)
        case _:
            total, count = added([p.sum for p in parts], np.add), added([p.count for p in parts], np.add)
            values = np.divide(total, count, out=np.zeros(len(total)), where=count > 0)
    return stamp[starts], values


_SCALARS: dict[str, Callable[[Floats], float]] = {
    "AVG": np.mean,
    "COUNT": len,
    "MAX": np.max,
    "MIN": np.min,
    "SUM": np.sum,
}


def _chosen(query: Query, found: list[Series]) -> list[Series]:
    """The groups in the order asked for, as many as asked for and allowed. Which of equals comes first is ours to say:
    the one whose keys do."""
    if query.order is not None:
        scalar, sign = _SCALARS[query.order.function], -1 if query.order.descending else 1
        found = sorted(found, key=lambda series: sign * scalar(series.values))
        found = [series._replace(group=f"{rank} - {series.group}") for rank, series in enumerate(found, 1)]
    return found[: min(query.limit or MAX_SERIES, MAX_SERIES)]
