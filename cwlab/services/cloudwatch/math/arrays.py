"""Functions about arrays of series: which are in it, in which order."""

from __future__ import annotations

import math

import numpy as np

from cwlab.services.cloudwatch.math.aggregates import over_time
from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Series


def metrics(scope: Scope, text: str = "") -> Series:
    """All metrics of the request, or those whose id contains the text; never the results of expressions."""
    return scope.request.metrics_with(text)


def metric_count(scope: Scope, array: Series) -> float:
    """How many series there are, with or without points."""
    return float(len(array))


def first(scope: Scope, array: Series) -> Series:
    """The first series; an empty one where the array holds none."""
    return array.rows([0], single=True) if len(array) else scope.empty()


def last(scope: Scope, array: Series) -> Series:
    """The last series; an empty one where the array holds none."""
    return array.rows([len(array) - 1], single=True) if len(array) else scope.empty()


def remove_empty(scope: Scope, array: Series) -> Series:
    """The series that have a point."""
    return array.rows(np.flatnonzero(array.there.any(axis=1)).tolist())


def part(scope: Scope, array: Series, start: float, end: float = math.inf) -> Series:
    """The series from ``start``, counted from 0, up to but without ``end``. A part of just one is a series."""
    bounds = [0 if math.isnan(n) else int(min(max(n, 0), len(array))) for n in (start, end)]
    chosen = range(*bounds)
    return array.rows(list(chosen), single=len(chosen) == 1)


def sort(scope: Scope, array: Series, by: str, order: str, limit: float = math.inf) -> Series:
    """The series by the scalar that AVG, MIN, MAX or SUM makes of each; equals keep their order, empty ones go last."""
    ranks = over_time(by, scope, array)
    ranks = np.where(array.there.any(axis=1), ranks if order == "ASC" else -ranks, np.inf)
    chosen = np.argsort(ranks, kind="stable")
    most = len(array) if math.isnan(limit) else int(min(max(limit, 0), len(array)))
    return array.rows(chosen[:most].tolist())
