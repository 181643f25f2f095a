"""Operators. Source: using-metric-math, "Basic arithmetic functions" and "Comparison and logical operators".

- Between two series: at every stamp that either has; the side that is missing counts as 0.
- Between a series and a scalar: at the stamps the series has.
- A point whose result is not a finite number is dropped: so is what is divided by 0, or by a missing point.
- Comparisons and logic give 1 or 0. Anything but 0 is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from cwlab.services.cloudwatch.chunk import Floats
from cwlab.services.cloudwatch.math.values import Series, Value, common

Both = Callable[[Floats | float, Floats | float], Floats]


def _truth(test: Callable[..., np.ndarray]) -> Both:
    return lambda a, b: test(a, b).astype(float)


ARITHMETIC: dict[str, np.ufunc] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}
TESTS: dict[str, Both] = {
    "==": _truth(np.equal),
    "!=": _truth(np.not_equal),
    "<": _truth(np.less),
    "<=": _truth(np.less_equal),
    ">": _truth(np.greater),
    ">=": _truth(np.greater_equal),
    "AND": _truth(np.logical_and),
    "OR": _truth(np.logical_or),
}
OPERATORS: dict[str, Both] = {**ARITHMETIC, **TESTS}


def fits(operator: str, left: Value, right: Value) -> bool:
    """Whether the operator takes these. Arithmetic takes scalars, series and arrays, but not two arrays; comparisons
    and logic take no arrays (the guide speaks of pairs of series and pairs of scalars)."""
    if not isinstance(left, (float, Series)) or not isinstance(right, (float, Series)):
        return False
    arrays = sum(isinstance(side, Series) and not side.single for side in (left, right))
    return arrays == 0 or (arrays == 1 and operator in ARITHMETIC)


def operate(
    operator: str, left: float | Series, right: float | Series, spare: Sequence[Floats] = ()
) -> float | Series:
    """Left operator right, for sides that fit.

    Args:
        spare: full columns of either side that nobody needs any more; the result may be written over one.
    """
    compute = OPERATORS[operator] if operator in TESTS else _over(ARITHMETIC[operator], spare)
    with np.errstate(all="ignore"):
        if isinstance(left, Series) and isinstance(right, Series):
            return _two(compute, left, right, exact=operator in TESTS)
        if isinstance(left, Series):
            assert not isinstance(right, Series)
            return _one(compute(left.values, right), left, right, exact=operator in TESTS)
        if isinstance(right, Series):
            return _one(compute(left, right.values), right, left, exact=operator in TESTS)
        if math.isnan(left) or math.isnan(right):
            return math.nan
        return scalar(float(compute(np.float64(left), np.float64(right))))


def _over(compute: np.ufunc, spare: Sequence[Floats]) -> Both:
    """The computation, into a spare column that has the shape of the result, where there is one."""

    def both(a: Floats | float, b: Floats | float) -> Floats:
        shape = np.broadcast_shapes(np.shape(a), np.shape(b))
        out = next((column for column in spare if column.shape == shape), None)
        return compute(a, b, out=out)

    return both


def negative(value: float | Series) -> float | Series:
    """The same below zero."""
    return -value if isinstance(value, float) else value.with_values(-value.values, full=value.full)


def scalar(value: float) -> float:
    """A scalar that is not finite is no value: every point computed with it is dropped."""
    return value if math.isfinite(value) else math.nan


def _one(values: Floats, series: Series, number: float, *, exact: bool) -> Series:
    if math.isnan(number):
        values = np.full_like(series.values, np.nan)
    elif not series.full:
        values[np.isnan(series.values)] = np.nan  # NaN > 1 is False, NaN ^ 0 is 1: neither exists
    elif exact:
        return series.with_values(values, full=True)
    return series.with_values(values)


def _two(compute: Both, left: Series, right: Series, *, exact: bool) -> Series:
    left, right = common([left, right])
    values = compute(left.zeroed, right.zeroed)
    rows, other = (right, left) if left.single and not right.single else (left, right)
    if rows.periods != other.periods * len(rows):
        rows = replace(rows, periods=tuple(min(period, *other.periods) for period in rows.periods))
    if not (left.full or right.full):
        values[np.isnan(left.values) & np.isnan(right.values)] = np.nan
    elif exact:
        return rows.with_values(values, full=True)
    return rows.with_values(values)
