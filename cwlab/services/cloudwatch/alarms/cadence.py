"""When an alarm is evaluated, and over which stretch of time.

Source: user guide, ``alarm-evaluation`` and ``alarm-limits``; how many slots are fetched beyond N is documented for N = 3
only (5), and ours to say otherwise.

    >>> cadence(300, 3).range_at(12 * 3600 + 16 * 60 + 40)  # at 12:16 an alarm sees 11:51 to 12:16
    (42660, 44160)
"""

from __future__ import annotations

from typing import NamedTuple

from cwlab.services.cloudwatch.window import DAY_S, HOUR_S

MINUTE_S = 60
FIRST_MS = 2_000  # from an alarm's creation to its first evaluation: "seconds"


class Cadence(NamedTuple):
    """Evaluated at every multiple of ``step`` seconds, over ``size`` slots of ``period`` seconds that end at a multiple
    of ``align`` seconds."""

    period: int
    step: int
    align: int
    size: int

    def end_at(self, now_s: int) -> int:
        """Where the range ends at an instant: after the last whole slot."""
        return now_s - now_s % self.align

    def range_at(self, now_s: int) -> tuple[int, int]:
        """The range at an instant, in seconds: start included, end not."""
        end = self.end_at(now_s)
        return end - self.size * self.period, end

    def next_tick(self, now_ms: int) -> int:
        """The first evaluation after an instant, in milliseconds."""
        step = self.step * 1000
        return (now_ms // step + 1) * step


def cadence(period: int, n: int) -> Cadence:
    """How an alarm over ``n`` periods is evaluated: every 10 seconds for periods below a minute; every hour, with data up
    to the hour, where the periods make more than a day; else every minute, the range sliding by a minute."""
    if period < MINUTE_S:
        return Cadence(period, 10, period, n + MINUTE_S // period)
    step = HOUR_S if n * period > DAY_S else MINUTE_S
    return Cadence(period, step, step, n + 2)
