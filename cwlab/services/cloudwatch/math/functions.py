"""Every function of metric math, and what it takes. Source: using-metric-math, "Functions supported for metric math".

What a function takes is written as the guide writes it: S, TS, TS[], String; a word in capitals is one of the
function's own choices; ``?`` means it may be left out.

    >>> FUNCTIONS["FILL"].takes
    ('TS|TS[]', 'S|TS|REPEAT|LINEAR')
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cwlab.services.cloudwatch.math import aggregates, arrays, calendar, conditional, outside, series
from cwlab.services.cloudwatch.math.scope import Function
from cwlab.services.cloudwatch.math.values import Choice, Series, Value


class Takes(NamedTuple):
    """A function and its arguments."""

    function: Function
    takes: tuple[str, ...]

    def fits(self, arguments: Sequence[Value]) -> bool:
        """Whether the function takes these arguments."""
        needed = sum(not kinds.endswith("?") for kinds in self.takes)
        return needed <= len(arguments) <= len(self.takes) and all(
            _is(argument, kinds.removesuffix("?"))
            for argument, kinds in zip(arguments, self.takes, strict=False)
        )


def _is(value: Value, kinds: str) -> bool:
    offered = kinds.split("|")
    if isinstance(value, Series):
        return ("TS" if value.single else "TS[]") in offered
    if isinstance(value, Choice):
        return value in offered and value not in ("S", "TS", "String")
    return (
        "S" if isinstance(value, float) else "String" if isinstance(value, str) else "String[]"
    ) in offered


_EACH = "TS|TS[]"

FUNCTIONS: dict[str, Takes] = {
    "ABS": Takes(series.absolute, (_EACH,)),
    "ANOMALY_DETECTION_BAND": Takes(outside.band, ("TS", "S?")),
    "AVG": Takes(aggregates.average, (_EACH,)),
    "CEIL": Takes(series.ceiling, (_EACH,)),
    "DATAPOINT_COUNT": Takes(aggregates.count, (_EACH,)),
    "DATE": Takes(calendar.date, ("TS",)),
    "DAY": Takes(calendar.day, ("TS",)),
    "DIFF": Takes(series.difference, (_EACH,)),
    "DIFF_TIME": Takes(series.time_difference, (_EACH,)),
    "EPOCH": Takes(calendar.epoch, ("TS",)),
    "FILL": Takes(series.fill, (_EACH, "S|TS|REPEAT|LINEAR")),
    "FIRST": Takes(arrays.first, ("TS[]",)),
    "FLOOR": Takes(series.floor, (_EACH,)),
    "HOUR": Takes(calendar.hour, ("TS",)),
    "IF": Takes(conditional.choose, ("S|TS", "S|TS", "S|TS?")),
    "LAST": Takes(arrays.last, ("TS[]",)),
    "LOG": Takes(series.logarithm, (_EACH,)),
    "LOG10": Takes(series.logarithm10, (_EACH,)),
    "MAX": Takes(aggregates.maximum, (_EACH,)),
    "METRICS": Takes(arrays.metrics, ("String?",)),
    "METRIC_COUNT": Takes(arrays.metric_count, ("TS[]",)),
    "MIN": Takes(aggregates.minimum, (_EACH,)),
    "MINUTE": Takes(calendar.minute, ("TS",)),
    "MONTH": Takes(calendar.month, ("TS",)),
    "PERIOD": Takes(calendar.period, ("TS",)),
    "RATE": Takes(series.rate, (_EACH,)),
    "REMOVE_EMPTY": Takes(arrays.remove_empty, ("TS[]",)),
    "RUNNING_SUM": Takes(series.running_sum, (_EACH,)),
    "SEARCH": Takes(outside.search, ("String", "String", "S?")),
    "SLICE": Takes(arrays.part, ("TS[]", "S", "S?")),
    "SORT": Takes(arrays.sort, ("TS[]", "AVG|MIN|MAX|SUM", "ASC|DESC", "S?")),
    "STDDEV": Takes(aggregates.deviation, (_EACH,)),
    "SUM": Takes(aggregates.total, (_EACH,)),
    "TIME_SERIES": Takes(calendar.constant, ("S",)),
    "YEAR": Takes(calendar.year, ("TS",)),
}

# Functions that ask another service; each is refused by its name.
NOT_MODELLED: dict[str, str] = {
    "DB_PERF_INSIGHTS": "It asks Performance Insights, which this lab has not.",
    "INSIGHT_RULE_METRIC": "It asks Contributor Insights, which this lab has not.",
    "LAMBDA": "It asks a custom data source; put the data with PutMetricData instead.",
    "SERVICE_QUOTA": "It asks Service Quotas; write the quota as a number: TIME_SERIES(500).",
}
