"""Worlds to measure with."""

from __future__ import annotations

import numpy as np

from cwlab import Lab

SERIES = 50


def filled(series: int, points: int) -> tuple[Lab, np.ndarray, list[np.ndarray]]:
    """A lab with so many series of so many datapoints, one a minute up to now, in namespace Bench: m0, m1, …

    Returns:
        The lab, the stamps in seconds, and each series' values.
    """
    lab = Lab()
    end = int(lab.now.timestamp())
    stamps = np.arange(end - points * 60, end, 60)
    columns = [(np.arange(points) * (i + 3) % 977) / 7 for i in range(series)]
    for i, column in enumerate(columns):
        lab.act("cloudwatch", "load", namespace="Bench", metric=f"m{i}", stamps=stamps, values=column)
    return lab, stamps, columns
