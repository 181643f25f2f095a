"""The bins in which percentiles live: each is 1.1 times as wide as the one below it.

A sample ``v > 0`` falls into bin ``k`` with ``1.1**k <= v < 1.1**(k + 1)``; zero has a bin of its own, and
negative samples have none. So a percentile is off by at most a tenth of its value, whatever the scale, and adding
two histograms loses nothing.

Source: observed on the live service (a base-1.1 log histogram reproduces its percentiles to the last digits),
with a floor at 1.1**-7000. Boundaries here are the correctly rounded powers, so bins are equal on every machine.

    >>> bins_of(np.array([0.0, 1.0, 1.1, 2.0, -3.0])).tolist() == [ZERO, 0, 1, 7, NEGATIVE]
    True
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOWEST, HIGHEST = -7000, 2621  # 1.1**2621 is above 2**360, the largest value that can be published
ZERO = LOWEST - 1
NEGATIVE = LOWEST - 2
_LN = 0.09531017980432486  # ln 1.1; only a first guess, corrected against the boundaries


@cache
def boundaries() -> Floats:
    """Lower edges of the bins: entry ``i`` is ``1.1 ** (LOWEST + i)``, correctly rounded."""
    exact = Context(prec=60, Emin=-999999, Emax=999999)
    step, edges = Decimal("1.1"), []
    edge = exact.power(step, LOWEST)
    for _ in range(HIGHEST - LOWEST + 2):
        edges.append(float(edge))
        edge = exact.multiply(edge, step)
    table = np.array(edges)
    table.setflags(write=False)
    return table


def bins_of(values: Floats) -> Ints:
    """The bin of each value; ``ZERO`` for zeros, ``NEGATIVE`` for values below zero."""
    edges = boundaries()
    positive = values > 0.0
    guess = np.log(np.where(positive, values, 1.0)) / _LN
    place = np.clip(np.floor(guess).astype(np.int64) - LOWEST, 0, HIGHEST - LOWEST)
    place -= (values < edges[place]) & (place > 0)
    place += (values >= edges[place + 1]) & (place < HIGHEST - LOWEST)
    return np.where(positive, place + LOWEST, np.where(values == 0.0, ZERO, NEGATIVE))


def edges_of(bins: Ints) -> tuple[Floats, Floats]:
    """Lower and upper edge of each bin (zero's are both 0)."""
    table = boundaries()
    place = np.maximum(bins - LOWEST, 0)
    zero = bins == ZERO
    return np.where(zero, 0.0, table[place]), np.where(zero, 0.0, table[place + 1])
