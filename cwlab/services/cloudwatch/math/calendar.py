"""Functions about time itself. Those of a stamp give every period of the range a value, whether or not the series has
a point there; all of them count in UTC."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.math import nodes
from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Name, Series


def _dense(scope: Scope, period: int, name: Name, values: Callable[[Ints], Floats]) -> Series:
    stamps = scope.grid(period)
    made = Series(stamps, np.empty((1, len(stamps))), (period,), (name,), True)
    return made.with_values(np.asarray(values(stamps), dtype=float)[None, :])


def _of_stamps(values: Callable[[Ints], Ints]) -> Callable[[Scope, Series], Series]:
    def function(scope: Scope, series: Series) -> Series:
        return _dense(scope, series.periods[0], series.names[0], lambda stamps: values(stamps).astype(float))

    return function


def _months(stamps: Ints) -> Ints:
    """Months since January 1970."""
    return stamps.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)


def _dates(stamps: Ints) -> Ints:
    first_of_month = _months(stamps).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return stamps // 86_400 - first_of_month + 1


epoch = _of_stamps(lambda stamps: stamps)
minute = _of_stamps(lambda stamps: stamps // 60 % 60)
hour = _of_stamps(lambda stamps: stamps // 3_600 % 24)
day = _of_stamps(lambda stamps: (stamps // 86_400 + 3) % 7 + 1)  # 1 is Monday; 1 January 1970 was a Thursday
date = _of_stamps(_dates)
month = _of_stamps(lambda stamps: _months(stamps) % 12 + 1)
year = _of_stamps(lambda stamps: _months(stamps) // 12 + 1970)


def constant(scope: Scope, value: float) -> Series:
    """TIME_SERIES: the scalar at every period of the range."""
    return _dense(scope, scope.period(), Name(scope.query.id), lambda stamps: np.full(len(stamps), value))


def period(scope: Scope, series: Series) -> float:
    """PERIOD: the seconds of a metric's period; not of an expression's result."""
    (argument,) = scope.call.arguments
    if not isinstance(argument, nodes.Reference) or argument.id not in scope.request.metrics:
        raise scope.refuse(
            "Unsupported operand type(s) for PERIOD: '[Expression]'",
            "the period of an expression",
            "Give PERIOD the id of a metric.",
        )
    return float(series.periods[0])
