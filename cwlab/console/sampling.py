"""Fewer points, the same picture: a long series is drawn by the lowest and the highest point of each slice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

#: At most so many points are drawn per series.
LIMIT = 300


def envelope(frame: pd.DataFrame, limit: int = LIMIT, *, value: str = "value") -> pd.DataFrame:
    """At most ``limit`` rows of a series: the minimum and the maximum of equal slices, in their own order.

    No peak and no dip is lost, no point is invented, and the first and last rows stay. A series of up to
    ``limit`` rows comes back as it is.

    Args:
        frame: one series in time order.
        limit: the most rows to return, at least 4.
        value: the column the extremes are taken of.
    """
    n = len(frame)
    if n <= limit:
        return frame
    values = frame[value].to_numpy(dtype=float)
    edges = np.linspace(1, n - 1, (limit - 2) // 2 + 1).astype(int)
    keep = {0, n - 1}
    for start, end in pairwise(edges.tolist()):
        part = values[start:end]
        if len(part) and not np.isnan(part).all():
            keep.add(start + int(np.nanargmin(part)))
            keep.add(start + int(np.nanargmax(part)))
    return frame.iloc[sorted(keep)]


def columns(frame: pd.DataFrame, width_ms: int, limit: int = LIMIT) -> pd.DataFrame:
    """Datapoints as blocks of time, at most ``limit``: where there are more, neighbors share one from low to high.

    Args:
        frame: one series in time order, columns ``t`` (milliseconds) and ``value``.
        width_ms: the time one datapoint stands for.

    Returns:
        Columns ``t``, ``t2``, ``low``, ``high`` and ``n``, the number of datapoints in the block.
    """
    n = len(frame)
    size = max(1, -(-n // limit))
    first = np.arange(0, n, size)
    last = np.minimum(first + size, n) - 1
    stamps, values = frame["t"].to_numpy(), frame["value"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "t": stamps[first],
            "t2": stamps[last] + width_ms,
            "low": np.minimum.reduceat(values, first) if n else values,
            "high": np.maximum.reduceat(values, first) if n else values,
            "n": last - first + 1,
        }
    )
