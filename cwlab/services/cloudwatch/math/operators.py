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
        spare: values of either side that nobody needs any more; the result may be written over them.
    """
    with np.errstate(all="ignore"):
        if isinstance(left, Series) and isinstance(right, Series):
            return _two(operator, left, right, spare)
        if isinstance(left, Series):
            assert not isinstance(right, Series)
            return _one(operator, left.values, right, left, right, spare)
        if isinstance(right, Series):
            return _one(operator, left, right.values, right, left, spare)
        if math.isnan(left) or math.isnan(right):
            return math.nan
        return scalar(float(OPERATORS[operator](np.float64(left), np.float64(right))))


def negative(value: float | Series) -> float | Series:
    """The same below zero."""
    return -value if isinstance(value, float) else value.with_values(-value.values, full=value.full)


def scalar(value: float) -> float:
    """A scalar that is not finite is no value: every point computed with it is dropped."""
    return value if math.isfinite(value) else math.nan


def _computed(operator: str, a: Floats | float, b: Floats | float, spare: Sequence[Floats]) -> Floats:
    """a operator b, into spare memory that has the shape of the result, where there is some."""
    if operator in TESTS:
        return TESTS[operator](a, b)
    shape = np.broadcast_shapes(np.shape(a), np.shape(b))
    out = next((values for values in spare if values.shape == shape), None)
    return ARITHMETIC[operator](a, b, out=out)


def _one(
    operator: str,
    a: Floats | float,
    b: Floats | float,
    series: Series,
    number: float,
    spare: Sequence[Floats],
) -> Series:
    """A series and a scalar, in either order: a point that is missing stays so."""
    if math.isnan(number):
        return series.with_values(np.full_like(series.values, np.nan))
    if series.full or operator in "+-*/":  # NaN stays NaN in these
        return series.with_values(_computed(operator, a, b, spare), full=(operator in TESTS) or None)
    values = _computed(operator, a, b, ())  # but NaN > 1 is False, and NaN ^ 0 is 1
    np.copyto(values, np.nan, where=np.isnan(series.values))
    return series.with_values(values)


def _two(operator: str, left: Series, right: Series, spare: Sequence[Floats]) -> Series:
    """Two series, or a series and an array: a side that is missing is 0, but not where both are."""
    left, right = common([left, right])
    rows, other = (right, left) if left.single and not right.single else (left, right)
    if rows.periods != other.periods * len(rows):
        rows = replace(rows, periods=tuple(min(period, *other.periods) for period in rows.periods))
    if left.full and right.full:
        values = _computed(operator, left.values, right.values, spare)
        return rows.with_values(values, full=(operator in TESTS) or None)
    gone = [None if side.full else np.isnan(side.values) for side in (left, right)]
    sides = [
        side.values if missing is None else np.where(missing, 0.0, side.values)
        for side, missing in zip((left, right), gone, strict=True)
    ]
    fresh = [side for side, missing in zip(sides, gone, strict=True) if missing is not None]
    values = _computed(operator, sides[0], sides[1], fresh)
    if gone[0] is not None and gone[1] is not None:
        np.copyto(values, np.nan, where=gone[0] & gone[1])
    return rows.with_values(values)
