"""What the tests of metric math share: series from plain values, and one expression over them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cwlab.services.cloudwatch.math import Context, MathQuery, NamedSeries, Result, evaluate

START_S = 1_772_442_000  # 2026-03-02T09:00Z, a Monday


def _series(name: str, values: list[float | None], period: int = 60) -> NamedSeries:
    there = [i for i, value in enumerate(values) if value is not None]
    return NamedSeries(
        name,
        period,
        START_S + period * np.array(there, dtype=np.int64),
        np.array([values[i] for i in there], dtype=float),
    )


def _compute(
    expression: str,
    metrics: dict[str, Any],
    *,
    seconds: int | None = None,
    others: dict[str, str] | None = None,
    search: Any = None,
    band: Any = None,
    **query: Any,
) -> list[Result]:
    found = {n: v if isinstance(v, NamedSeries) else _series(n, v) for n, v in metrics.items()}
    long = max([60, *(60 * len(values) for values in metrics.values() if isinstance(values, list))])
    end_s = START_S + (long if seconds is None else seconds)
    queries = [MathQuery(name) for name in metrics]
    queries += [MathQuery(name, text) for name, text in (others or {}).items()]
    queries.append(MathQuery("e1", expression, **query))
    context = Context(START_S * 1000, end_s * 1000, end_s * 1000, search, band)
    return evaluate(queries, found, context)["e1"]


@pytest.fixture(scope="session")
def series() -> Callable[..., NamedSeries]:
    """``series(name, values, period=60)``: None is a missing point."""
    return _series


@pytest.fixture(scope="session")
def compute() -> Callable[..., list[Result]]:
    """``compute(expression, {id: values})``: the results of that expression."""
    return _compute


@pytest.fixture(scope="session")
def column() -> Callable[[Result, int], list[float | None]]:
    """``column(result, length)``: a result's values, None where it has none."""

    def read(result: Result, length: int) -> list[float | None]:
        found = dict(zip(result.stamps.tolist(), result.values.tolist(), strict=True))
        return (
            [found.pop(START_S + i * result.period, None) for i in range(length)]
            if found
            else [None] * length
        )

    return read
