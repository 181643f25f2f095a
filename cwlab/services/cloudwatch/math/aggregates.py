"""Functions that make one of many: of a series a scalar, of an array a series.

Over time, a missing point counts as 0 in AVG and STDDEV: they divide by the number of periods in the range. Across an
array, they divide by the number of series, at each stamp where at least one has a point. The other functions look
only at what is there. Over nothing at all SUM, AVG, STDDEV and DATAPOINT_COUNT are 0, MIN and MAX no value.

Sources: using-metric-math ("Missing values are treated as 0"), and answers of the live service for arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats
from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Name, Series

Over = Callable[[Series, int, Floats], Floats]


def _sums(series: Series, axis: int, share: Floats) -> Floats:
    return series.zeroed.sum(axis=axis)


def _averages(series: Series, axis: int, share: Floats) -> Floats:
    return series.zeroed.sum(axis=axis) / share


def _deviations(series: Series, axis: int, share: Floats) -> Floats:
    """Of the whole population. Missing points that the columns do not even hold are 0 as well."""
    values = series.zeroed
    mean = values.sum(axis=axis) / share
    beyond = share - values.shape[axis]
    squares = ((values - np.expand_dims(mean, axis)) ** 2).sum(axis=axis) + beyond * mean**2
    return np.sqrt(np.maximum(squares, 0) / share)


def _counts(series: Series, axis: int, share: Floats) -> Floats:
    return series.there.sum(axis=axis).astype(float)


def _least(series: Series, axis: int, share: Floats) -> Floats:
    return (
        np.fmin.reduce(series.values, axis=axis)
        if series.values.shape[axis]
        else np.full(len(series), np.nan)
    )


def _most(series: Series, axis: int, share: Floats) -> Floats:
    return (
        np.fmax.reduce(series.values, axis=axis)
        if series.values.shape[axis]
        else np.full(len(series), np.nan)
    )


OVER: dict[str, Over] = {
    "SUM": _sums,
    "AVG": _averages,
    "STDDEV": _deviations,
    "DATAPOINT_COUNT": _counts,
    "MIN": _least,
    "MAX": _most,
}


def over_time(name: str, scope: Scope, series: Series) -> Floats:
    """One scalar for each row."""
    there = series.there.sum(axis=1)
    share = np.array([len(scope.grid(period)) for period in series.periods], dtype=float)
    with np.errstate(all="ignore"):
        return np.asarray(OVER[name](series, 1, np.maximum(np.maximum(share, there), 1)), dtype=float)


def across(name: str, scope: Scope, series: Series) -> Series:
    """One series of an array; an empty one where the array holds none."""
    if not len(series):
        return scope.empty()
    share = np.full(len(series.stamps), float(len(series)))
    with np.errstate(all="ignore"):
        values = np.asarray(OVER[name](series, 0, share), dtype=float)[None, :]
    if not series.full:
        values[:, ~series.there.any(axis=0)] = np.nan
    made = Series(series.stamps, values, (min(series.periods),), (Name(scope.query.id),), True)
    return made.with_values(values)


def _function(name: str) -> Callable[[Scope, Series], float | Series]:
    def function(scope: Scope, series: Series) -> float | Series:
        return float(over_time(name, scope, series)[0]) if series.single else across(name, scope, series)

    return function


total = _function("SUM")
average = _function("AVG")
deviation = _function("STDDEV")
count = _function("DATAPOINT_COUNT")
minimum = _function("MIN")
maximum = _function("MAX")
