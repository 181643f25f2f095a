"""Which buckets a query asks for: rounding of its times, and the periods that data of that age still have.

Source: API reference GetMetricStatistics (StartTime, Period) and ``cloudwatch-concepts`` (retention); that buckets
start at the rounded StartTime, not at the clock, and that a bucket must lie wholly before EndTime, is observed.
"""

from __future__ import annotations

from typing import NamedTuple

HOUR_S, DAY_S = 3_600, 86_400
HIGH_RESOLUTION_S = 3 * HOUR_S
ONE_MINUTE_S = 15 * DAY_S
FIVE_MINUTES_S = 63 * DAY_S
ONE_HOUR_S = 455 * DAY_S
SHORT_PERIODS = (1, 5, 10, 20, 30)


class Window(NamedTuple):
    """Buckets ``[start_s + i * period, …)`` for ``i < buckets``. ``readable`` is False when data of that age no
    longer exist at this period; the answer is then empty, and not an error."""

    start_s: int
    end_s: int
    period: int
    readable: bool

    @property
    def buckets(self) -> int:
        return max(0, (self.end_s - self.start_s) // self.period)


def tier(age_s: float) -> int:
    """The finest period, in seconds, in which data of this age can be read; 0 when they are gone.

    >>> [tier(hours * 3600) for hours in (1, 4, 24 * 20, 24 * 100, 24 * 500)]
    [1, 60, 300, 3600, 0]
    """
    if age_s <= HIGH_RESOLUTION_S:
        return 1
    if age_s <= ONE_MINUTE_S:
        return 60
    if age_s <= FIVE_MINUTES_S:
        return 300
    return 3600 if age_s <= ONE_HOUR_S else 0


def valid_period(period: int) -> bool:
    """1, 5, 10, 20, 30 or a multiple of 60."""
    return period in SHORT_PERIODS or (period > 0 and period % 60 == 0)


def window(start_ms: int, end_ms: int, now_ms: int, period: int) -> Window:
    """The buckets of a query.

    Args:
        start_ms, end_ms: the times asked for; the start is included, the end is not.
        now_ms: the age of the start decides how it is rounded and which periods can be read.
        period: seconds, valid.
    """
    start_s, end_s = start_ms // 1000, end_ms // 1000
    age_s = (now_ms - start_ms) / 1000
    if age_s > FIVE_MINUTES_S:
        step, readable = 3600, period % 3600 == 0
    elif age_s > ONE_MINUTE_S:
        step, readable = 300, period % 300 == 0
    elif age_s > HIGH_RESOLUTION_S:
        step, readable = 60, period % 60 == 0
    else:
        step, readable = min(period, 60), True
    start_s -= start_s % step
    length = (end_s - start_s) // period * period
    return Window(start_s, start_s + max(0, length), period, readable)
