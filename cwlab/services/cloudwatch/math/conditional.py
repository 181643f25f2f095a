"""IF(condition, then, else). Source: using-metric-math, "Using IF expressions".

For each point of the condition: any value but 0 takes *then*, 0 takes *else*. Where the chosen branch has no point:

    true,  then is a series                        0
    false, else is a series, and then is one too   0 (older pages of the guide dropped it)
    false, else is a series, then is a scalar      no point
    false, no else                                 no point
"""

from __future__ import annotations

import math

import numpy as np

from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Series, common, kind


def choose(
    scope: Scope, condition: float | Series, then: float | Series, other: float | Series | None = None
) -> Series:
    """IF. A scalar condition chooses a whole series, an empty one where there is none to choose."""
    if not isinstance(condition, Series):
        return _whole(scope, condition, then, other)
    parts = common([part for part in (condition, then, other) if isinstance(part, Series)])
    condition = parts.pop(0)
    then_values = parts.pop(0).zeroed if isinstance(then, Series) else then
    if other is None:
        other_values: np.ndarray | float = math.nan
    elif not isinstance(other, Series):
        other_values = other
    else:
        branch = parts.pop(0)
        other_values = branch.zeroed if isinstance(then, Series) else branch.values
    values = np.where(condition.values != 0, then_values, other_values)
    values[~condition.there] = np.nan
    return condition.with_values(values)


def _whole(scope: Scope, condition: float, then: float | Series, other: float | Series | None) -> Series:
    if not isinstance(then, Series) or not (other is None or isinstance(other, Series)):
        shown = ", ".join(kind(value) for value in (condition, then, other) if value is not None)
        raise scope.refuse(
            f"Unsupported operand type(s) for IF: '[{shown}]'",
            "a scalar condition that chooses a scalar",
            "Give both branches as series: TIME_SERIES(0).",
        )
    if math.isnan(condition):
        return scope.empty()
    chosen = then if condition else other
    return scope.empty() if chosen is None else chosen
