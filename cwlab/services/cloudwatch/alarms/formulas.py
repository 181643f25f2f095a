"""The outcome of an alarm on an expression or a query of SQL at many ticks: computed once over a long range, where each
point rests on nothing but what was observed in its own period.

So it is for most expressions: arithmetic, comparisons, IF, what adds up several metrics period by period, FILL with a
number. A sum over time, a rate, a band rest on more, and are left to evaluations, one at each tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cwlab.api import Call, Later
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import data, insights
from cwlab.services.cloudwatch.alarms.cadence import Cadence
from cwlab.services.cloudwatch.alarms.outlook import breaching, outcomes
from cwlab.services.cloudwatch.alarms.records import MetricAlarm
from cwlab.services.cloudwatch.alarms.watched import asked_of, many_series, settings_of
from cwlab.services.cloudwatch.chunk import Ints
from cwlab.services.cloudwatch.math import MathError, nodes, parse
from cwlab.services.cloudwatch.queries import Expression, Query
from cwlab.services.cloudwatch.window import DAY_S, ONE_MINUTE_S
from cwlab.timeline import to_datetime

_EACH = {"ABS", "CEIL", "FLOOR", "LOG", "LOG10", "IF"}  # computed point by point
_ACROSS = {"AVG", "MAX", "MIN", "SUM"}  # so too, of an array
_LONGEST_S = 8 * DAY_S  # the longest range looked at


def pointwise(alarm: MetricAlarm, when: Cadence, asked: Sequence[Query | Expression]) -> bool:
    """Whether ``codes`` can tell the outcome."""
    if alarm.threshold is None or many_series(alarm) or when.period < 60:
        return False
    if when.size * when.period > _LONGEST_S:
        return False
    # Of fractional counts, what percentiles add up depends in its last bit on what else they look at.
    if any(isinstance(q, Query) and (q.period != when.period or q.statistic.extended) for q in asked):
        return False
    expressions = [query for query in asked if isinstance(query, Expression)]
    return all(
        query.period == when.period if insights.is_query(query.text) else _pointwise(query.text)
        for query in expressions
    )


@lru_cache(maxsize=256)  # of texts alone: a table of what they mean, not of state
def _pointwise(text: str) -> bool:
    return all(_point_by_point(node) for node in nodes.postorder(parse(text)))


def _point_by_point(node: nodes.Node) -> bool:
    match node:
        case nodes.Call(name=name, arguments=arguments):
            first = arguments[0] if arguments else None
            if name in _ACROSS:
                return isinstance(first, nodes.Array)
            return name in _EACH or (
                name == "FILL" and len(arguments) == 2 and isinstance(arguments[1], nodes.Number)
            )
        case nodes.Text() | nodes.Word():
            return False
    return True


def codes(call: Call, alarm: MetricAlarm, when: Cadence, ticks: Ints) -> Ints | None:
    """The outcome at each tick of what is ``pointwise``; None where only an evaluation can tell.

    Args:
        ticks: seconds, ascending. Of the rows that come in between the first and the last, each must appear at its stamp.
    """
    asked, settings, size_s = asked_of(alarm, call.account), settings_of(alarm), when.size * when.period
    ends = ticks - ticks % when.align
    # Minutes can be read for two weeks: of a longer stretch, one part after the other.
    most = max(1, (ONE_MINUTE_S - DAY_S - size_s) // when.step)
    found = np.empty(len(ticks), np.int64)
    for first in range(0, len(ticks), most):
        part = slice(first, first + most)
        then = Later(call, int(ticks[part][-1]) * 1000)
        phases = ends[part] % when.period
        for phase in np.unique(phases).tolist():
            mine = first + np.flatnonzero(phases == phase)
            start_s, end_s = int(ends[mine[0]]) - size_s, int(ends[mine[-1]])
            try:
                series, messages = data.answer(
                    then, asked, to_datetime(start_s * 1000), to_datetime(end_s * 1000)
                )
            except (MathError, AwsError):
                return None
            if messages or len(series) > 1:
                return None
            stamps, values = (
                (series[0].stamps, series[0].values) if series else (np.empty(0, np.int64), np.empty(0))
            )
            there = ~np.isnan(values)
            stamps, values = stamps[there], values[there]
            if len(stamps) and (stamps[0] < start_s or ((stamps - start_s) % when.period).any()):
                return None
            bad = breaching(values, settings)
            found[mine] = outcomes(
                (stamps - start_s) // when.period,
                bad,
                np.zeros(len(bad), bool),
                (ends[mine] - start_s) // when.period,
                when.size,
                settings,
            )
    return found
