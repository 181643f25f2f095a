"""Functions from a series to a series; of an array they make an array, row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Series, common


def _each(compute: Callable[[Floats], Floats]) -> Callable[[Scope, Series], Series]:
    def function(scope: Scope, series: Series) -> Series:
        with np.errstate(all="ignore"):
            return series.with_values(compute(series.values))

    return function


absolute = _each(np.abs)
ceiling = _each(np.ceil)
floor = _each(np.floor)
logarithm = _each(np.log)
logarithm10 = _each(np.log10)


def running_sum(scope: Scope, series: Series) -> Series:
    """The sum of all values so far."""
    values = np.cumsum(series.zeroed, axis=1)
    values[~series.there] = np.nan
    return series.with_values(values)


def difference(scope: Scope, series: Series) -> Series:
    """Each value minus the one before it, over any gap. The first point is dropped."""
    before, _ = _before(series)
    return series.with_values(series.values - before)


def time_difference(scope: Scope, series: Series) -> Series:
    """The seconds since the point before, over any gap. The first point is dropped."""
    _, seconds = _before(series)
    return series.with_values(seconds)


def rate(scope: Scope, series: Series) -> Series:
    """The difference to the value before, for each second between the two."""
    before, seconds = _before(series)
    return series.with_values((series.values - before) / seconds)


def _before(series: Series) -> tuple[Floats, Floats]:
    """For each point the value of the point before it, and how many seconds ago that was; NaN where there is none."""
    values, stamps = series.values, series.stamps
    before, seconds = np.full_like(values, np.nan), np.full_like(values, np.nan)
    if len(stamps) < 2:
        return before, seconds
    if series.full:
        before[:, 1:], seconds[:, 1:] = values[:, :-1], np.diff(stamps)
        return before, seconds
    there = series.there
    place = np.where(there, np.arange(len(stamps)), -1)
    previous = np.maximum.accumulate(place, axis=1)[:, :-1]
    known = there[:, 1:] & (previous >= 0)
    at = np.maximum(previous, 0)
    before[:, 1:] = np.where(known, np.take_along_axis(values, at, axis=1), np.nan)
    seconds[:, 1:] = np.where(known, stamps[1:] - stamps[at], np.nan)
    return before, seconds


def fill(scope: Scope, series: Series, filler: float | str | Series) -> Series:
    """The series with its gaps filled, on the grid that its period has in the request's range.

    A number fills them all. Another series fills with its value at the same stamp, and leaves a gap where it has none.
    REPEAT repeats the value before: a gap at the start stays. LINEAR draws a line between the neighbors: gaps at both
    ends stay.
    """
    if isinstance(filler, Series):
        series, filler = common([series, filler])
    if series.full:
        return series
    if isinstance(filler, Series):
        offered = np.broadcast_to(filler.values, series.values.shape)
    elif filler == "REPEAT":
        offered = np.array([_repeated(row) for row in series.values]).reshape(series.values.shape)
    elif filler == "LINEAR":
        offered = np.array([_line(series.stamps, row) for row in series.values]).reshape(series.values.shape)
    else:
        offered = np.full_like(series.values, filler)
    gaps = ~series.there & np.array([np.isin(series.stamps, scope.grid(period)) for period in series.periods])
    return series.with_values(np.where(gaps, offered, series.values))


def _repeated(row: Floats) -> Floats:
    last = np.maximum.accumulate(np.where(np.isnan(row), -1, np.arange(len(row))))
    return np.where(last < 0, np.nan, row[np.maximum(last, 0)])


def _line(stamps: Ints, row: Floats) -> Floats:
    there = ~np.isnan(row)
    if not there.any():
        return row
    return np.interp(stamps, stamps[there], row[there], left=np.nan, right=np.nan)
