"""Ten minutes of the shop second by second: what a minute's average hides.

Pure. A newsletter goes out with a discount that opens at 08:54:10 sharp; three minutes earlier a stuck browser asks
150 times within one second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cwlab.shop.chance import RANGE, Ints, uniform
from cwlab.timeline import to_ms

START = "2026-03-02T08:50:00Z"
SECONDS = 600
STUCK_AT, STUCK = 97, 150
SALE_AT, SALE = 250, (20, 64, 92, 88, 81, 75, 60, 52, 44, 37, 31, 26, 22, 18, 15, 13, 11, 9, 8, 7)
"""Seconds after ``START``, and requests in that second and those after it, over the usual trickle."""


class Burst(NamedTuple):
    """One row a second. ``stamp`` is in seconds since 1970."""

    stamp: Ints
    requests: Ints


def burst(seed: int) -> Burst:
    """Requests in each of ten minutes' seconds.

    >>> int(burst(7).requests.max()) >= 150
    True
    """
    second = to_ms(START) // 1_000 + np.arange(SECONDS, dtype=np.int64)
    requests = uniform(seed, "burst", second) * 3 // RANGE  # 0, 1 or 2
    requests[STUCK_AT] += STUCK
    requests[SALE_AT : SALE_AT + len(SALE)] += SALE
    return Burst(second, requests)
