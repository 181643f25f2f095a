"""ANOMALY_DETECTION_BAND in a request: metric math's hook, and what a band of an expression is trained on.

A band stands at every period of the request's range up to the clock, whether the metric has a point there or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch.anomaly import model
from cwlab.services.cloudwatch.anomaly.model import Floats, Ints
from cwlab.services.cloudwatch.anomaly.requests import thawed
from cwlab.services.cloudwatch.anomaly.training import (
    bounds_of,
    configured_band,
    detector_of,
    identity,
    training_data,
)
from cwlab.services.cloudwatch.math import NamedSeries
from cwlab.services.cloudwatch.queries import Expression, Query
from cwlab.services.cloudwatch.window import window

NAME = "ANOMALY_DETECTION_BAND"
HISTORY = "anomaly_detection_history"  # the id of the expression that is computed over the training range

Asked = Sequence[Query | Expression]
Columns = tuple[Ints, Floats]
Sides = tuple[Floats, Floats]
History = Callable[[Call, Asked, int, int], Columns]


class Bands:
    """``(series, width, source) -> (lower, upper)``, for one request.

    Args:
        asked: the request's queries.
        start_ms, end_ms: its range.
        history: answers queries over another range (start and end in milliseconds), with the points of the one
            that returns data.
    """

    def __init__(self, call: Call, asked: Asked, start_ms: int, end_ms: int, history: History) -> None:
        self._call, self._asked, self._history = call, asked, history
        self._start_ms, self._end_ms = start_ms, min(end_ms, call.now_ms)
        self._metrics = {query.id: query for query in asked if isinstance(query, Query)}

    def __call__(self, series: NamedSeries, width: float, source: str) -> tuple[NamedSeries, NamedSeries]:
        grid = window(self._start_ms, self._end_ms, self._call.now_ms, series.period)
        stamps = grid.start_s + series.period * np.arange(grid.buckets, dtype=np.int64)
        query = self._metrics.get(source)
        lower, upper = (
            self._of_expression(source, series.period, stamps, width)
            if query is None
            else self._of_metric(query, stamps, width)
        )
        there = ~np.isnan(lower)
        return (
            series._replace(stamps=stamps[there], values=lower[there]),
            series._replace(stamps=stamps[there], values=upper[there]),
        )

    def _of_metric(self, query: Query, stamps: Ints, width: float) -> Sides:
        key, end_s = (query.namespace, query.name, query.dimensions), self._end_ms // 1000
        data = training_data(self._call, key, query.statistic, query.period, end_s, query.unit)
        detector = detector_of(self._call, identity(*key, query.statistic.name))
        return configured_band(stamps, data, detector, width=width, bounds=bounds_of(self._call, key))

    def _of_expression(self, source: str, period: int, stamps: Ints, width: float) -> Sides:
        """Two weeks of the expression, computed from all the other queries; its detector is one of metric math."""
        others = [
            query._replace(returned=False)
            for query in self._asked
            if isinstance(query, Query) or NAME not in query.text.upper()
        ]
        wanted = Expression(HISTORY, source, None, None, returned=True)
        step = period * 1000
        start_ms = self._end_ms - model.TRAINING_S * 1000
        start_ms += -start_ms % step
        data = self._history(self._call, [*others, wanted], start_ms, self._end_ms)
        return configured_band(stamps, data, self._math_detector(source), width=width)

    def _math_detector(self, source: str) -> Any:
        """The metric-math detector whose result is ``source`` and whose queries are all among the request's."""
        mine = {_same(query) for query in self._asked}
        for metric, detector in self._call.table("anomaly_detectors").items():
            if metric[0] == "METRIC_MATH":
                queries = [thawed(query) for query in metric[1]]
                (result,) = [q["Id"] for q in queries if q.get("ReturnData", True)]
                if result == source and {_same_given(q) for q in queries} <= mine:
                    return detector
        return None


def _same(query: Query | Expression) -> tuple[Any, ...]:
    """What makes a query the same whatever it is called and whether it is shown."""
    if isinstance(query, Expression):
        return query.id, query.text
    return query.id, query.namespace, query.name, query.dimensions, query.period, query.statistic.name


def _same_given(query: Mapping[str, Any]) -> tuple[Any, ...]:
    if "Expression" in query:
        return query["Id"], query["Expression"]
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    dimensions = tuple(sorted((d["Name"], d["Value"]) for d in metric.get("Dimensions", ())))
    return query["Id"], metric["Namespace"], metric["MetricName"], dimensions, stat["Period"], stat["Stat"]
