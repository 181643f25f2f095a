"""Ticks: round values, round instants."""

from __future__ import annotations

import math
from typing import NamedTuple

from cwlab.timeline import DAY, HOUR, MINUTE, SECOND, to_datetime

_STEPS = [
    *(n * SECOND for n in (1, 5, 10, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14, 28, 91, 182, 364, 728)),
]


class Axis(NamedTuple):
    """Values from ``low`` to ``high`` on pixels from ``bottom`` up to ``top`` (or from left to right)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + max(-0.02, min(1.02, share)) * (self.end - self.start)


def value_range(low: float, high: float, least: object = None, most: object = None) -> tuple[float, float]:
    """Limits for values between ``low`` and ``high``: round ones, from zero where that costs little room.

    Args:
        least, most: limits that were asked for.

    >>> value_range(3, 97), value_range(40, 47), value_range(5, 5)
    ((0.0, 100.0), (40.0, 48.0), (0.0, 6.0))
    """
    first, last = _number(least), _number(most)
    if first is None and low >= 0 and low <= 0.5 * high:
        low = 0
    if high <= low:
        low, high = (0, high * 1.1) if high > 0 else (low - 1, high + 1)
    step = _round_step((high - low) / 4)
    low = math.floor(low / step) * step if first is None else first
    high = math.ceil(high / step) * step if last is None else last
    return (low, high) if high > low else (low, low + 1)


def value_ticks(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` round values between two."""
    step = _round_step((high - low) / max(1, most - 1))
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [float(f"{(first + i) * step:.12g}") for i in range(max(0, count))]


def time_ticks(start_ms: int, end_ms: int, most: int) -> list[tuple[int, str]]:
    """At most ``most`` round instants with their words: the date at midnight, otherwise the time."""
    span = end_ms - start_ms
    step = next((s for s in _STEPS if span / s <= max(1, most)), _STEPS[-1])
    instants = range(-(-start_ms // step) * step, end_ms + 1, step)
    return [(t, _word(t, step)) for t in instants]


def _word(t: int, step: int) -> str:
    if t % DAY == 0:
        return f"{to_datetime(t):%b %d}"
    return f"{to_datetime(t):%H:%M:%S}" if step < MINUTE else f"{to_datetime(t):%H:%M}"


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= step * (1 - 1e-9))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
