"""The seasonal model behind ANOMALY_DETECTION_BAND.

What it is: a robust seasonal average. The expected value of an instant is a straight trend, plus the usual value
of its hour of the day, plus what is usual for that hour on that day of the week; the band around it is so wide
that, at a width of 2, it holds 95 % of the ordinary training data of that part of the day.

What it is not: CloudWatch's own model, which AWS does not publish. AWS documents its inputs (up to two weeks of
data; hourly, daily and weekly patterns; trend; excluded time ranges; the metric's time zone), and those are
kept. The numbers of a band on AWS differ. Nothing here is learned across metrics, no chance is involved, and equal
data give equal bands.

How it stays honest with few data: a pattern counts only when it was seen more than once. One day has no usual
hours, one week has no usual weekdays, and what happened on one date alone does not become the rule of its weekday.
So an incident in the training data widens the band a little and does not move it.

    >>> stamps = np.arange(0, 4 * 86_400, 300)
    >>> values = 50 + 10 * np.sin(stamps / 86_400 * 2 * np.pi)
    >>> lower, upper = band(stamps, values)
    >>> bool(((lower <= values) & (values <= upper)).mean() > 0.9)
    True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Range = tuple[int, int]  # seconds, [start, end)

DAY_S, HOUR_S, FIVE_MINUTES_S = 86_400, 3_600, 300
TRAINING_S = 14 * DAY_S
WIDTH = 2.0
ENOUGH = 12  # points below which there is no model: an hour of five-minute data
CUTOFFS = {"MINIMAL": 10.0, "MODERATE": 6.0, "STRICT": 3.5}
"""How many robust standard deviations from the expected value a training point still counts, by filtering strength."""

_SIGMA = 1.4826  # of a normal distribution, in median absolute deviations
_HELD = 0.95  # of the ordinary points, at a width of 2
_BORROWED = 36  # points of the whole day that an hour's own spread is weighed against


class Bounds(NamedTuple):
    """Values a metric cannot leave, as a percentage lies between 0 and 100."""

    low: float = -np.inf
    high: float = np.inf


ANYWHERE = Bounds()


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned. ``usual`` and ``spread`` have one entry for each hour of the week, from Monday 0:00."""

    level: float
    slope: float  # a second
    origin_s: float
    usual: Floats
    spread: Floats
    zone: str
    points: int  # ordinary points it was learned from
    span_s: int  # from the first to the last of them

    def expected(self, stamps: Ints) -> Floats:
        """The expected value at each stamp (seconds)."""
        hours = _week_hours(stamps, self.zone) - 0.5  # an hour's usual value stands at its middle
        low = np.floor(hours).astype(np.int64)
        share = hours - low
        seasonal = self.usual[low % 168] * (1 - share) + self.usual[(low + 1) % 168] * share
        return self.level + self.slope * (stamps - self.origin_s) + seasonal

    def band(self, stamps: Ints, width: float = WIDTH, bounds: Bounds = ANYWHERE) -> tuple[Floats, Floats]:
        """The lower and upper limit at each stamp.

        Args:
            width: in standard deviations, as ANOMALY_DETECTION_BAND takes it.
            bounds: values the metric cannot leave; the band is cut there.
        """
        middle = self.expected(stamps)
        half = width * self.spread[np.floor(_week_hours(stamps, self.zone)).astype(np.int64) % 168]
        return np.clip(middle - half, *bounds), np.clip(middle + half, *bounds)


def band(
    times: Ints,
    values: Floats,
    *,
    trained_on: tuple[Ints, Floats] | None = None,
    width: float = WIDTH,
    excluded: Sequence[Range] = (),
    zone: str = "UTC",
    strength: str = "MODERATE",
    spikes: bool = False,
    bounds: Bounds = ANYWHERE,
) -> tuple[Floats, Floats]:
    """The band at ``times``, trained at once.

    Args:
        times, values: the series the band is for, in seconds and its unit.
        trained_on: stamps and values to learn from; the series itself when left out.
        width: standard deviations.
        excluded, zone, strength, spikes: see ``fit``.
        bounds: values the metric cannot leave.

    Returns:
        Lower and upper, one of each for each of ``times``; not a number where there is too little to learn from.
    """
    stamps = np.asarray(times, dtype=np.int64)
    model = fit(
        *(trained_on or (stamps, values)), excluded=excluded, zone=zone, strength=strength, spikes=spikes
    )
    if model is None:
        return np.full(len(stamps), np.nan), np.full(len(stamps), np.nan)
    return model.band(stamps, width, bounds)


def fit(
    stamps: Ints,
    values: Floats,
    *,
    excluded: Sequence[Range] = (),
    zone: str = "UTC",
    strength: str = "MODERATE",
    spikes: bool = False,
) -> Model | None:
    """Learn a model.

    Args:
        stamps, values: training data; only the last two weeks of them count. Patterns are learned from averages
            of five minutes where the data are finer.
        excluded: ranges of time, in seconds, that must not be learned from.
        zone: the time zone whose hours and weekdays matter, by its name in the tz database.
        strength: how hard outliers are filtered: MINIMAL, MODERATE or STRICT.
        spikes: True when the metric has spikes now and then that are no anomalies: none is filtered, and the band
            holds all of them.

    Returns:
        The model, or None when fewer than ``ENOUGH`` points are left.
    """
    stamp, value = _recent(np.asarray(stamps, np.int64), np.asarray(values, np.float64), excluded)
    return _learned(stamp.tobytes(), value.tobytes(), zone, strength, spikes)


# Of data alone, so it matters to no world; alarms ask for the same model minute after minute.
@lru_cache(maxsize=64)
def _learned(stamps: bytes, values: bytes, zone: str, strength: str, spikes: bool) -> Model | None:
    """Learn from the points that count."""
    stamp, value = np.frombuffer(stamps, np.int64), np.frombuffer(values, np.float64)
    t, x = _coarse(stamp, value)
    if len(t) < ENOUGH:
        return None
    week = np.floor(_week_hours(t, zone)).astype(np.int64)
    date = np.floor((t + _offsets(t, zone)) / DAY_S).astype(np.int64)
    origin = float(t[-1])
    slope = _slope(date, t, x)
    rest = x - slope * (t - origin)
    level = float(np.median(rest))
    rest = rest - level
    daily = _repeated(rest, week % 24, date, 24)
    weekly = _repeated(rest - daily[week % 24], week, date, 168, agreeing=True)
    usual = np.tile(daily, 7) + weekly
    # Patterns come from the averages, but how far single points stray is told by the points themselves.
    first = Model(level, slope, origin, usual, np.zeros(168), zone, len(t), int(t[-1] - t[0]))
    off = value - first.expected(stamp)
    ordinary = np.ones(len(off), np.bool_) if spikes else _ordinary(off, CUTOFFS[strength])
    shift = float(np.median(off[ordinary]))
    off -= shift
    hour = np.floor(_week_hours(stamp[ordinary], zone)).astype(np.int64) % 24
    spread = np.tile(_spread(np.abs(off[ordinary]), hour), 7)
    if spikes:
        spread = np.maximum(spread, float(np.abs(off).max()) / WIDTH)
    # A hair's breadth for what sums of floats differ by.
    spread = np.maximum(spread, 1e-12 * max(1.0, abs(level)))
    return Model(level + shift, slope, origin, usual, spread, zone, int(ordinary.sum()), int(t[-1] - t[0]))


def _recent(stamps: Ints, values: Floats, excluded: Sequence[Range]) -> tuple[Ints, Floats]:
    """The points to learn from: in order, of the last two weeks, none excluded."""
    keep = np.isfinite(values)
    for start, end in excluded:
        keep &= ~((stamps >= start) & (stamps < end))
    stamps, values = stamps[keep], values[keep]
    order = np.argsort(stamps, kind="stable")
    stamps, values = stamps[order], values[order]
    recent = stamps > stamps[-1:].sum() - TRAINING_S
    return stamps[recent], values[recent]


def _coarse(stamps: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Averages of five minutes, where the points are finer."""
    if not len(stamps):
        return stamps, values
    slots = stamps - stamps % FIVE_MINUTES_S
    starts = np.concatenate(([0], np.flatnonzero(slots[1:] != slots[:-1]) + 1))
    if len(starts) == len(stamps):
        return stamps, values
    counts = np.diff(np.append(starts, len(stamps)))
    return slots[starts], np.add.reduceat(values, starts) / counts


def _slope(date: Ints, t: Ints, x: Floats) -> float:
    """The trend, a second: the middle one of the slopes between equal weekdays, or, in less than eight days, between days.

    A trend counts when three quarters of the slopes have its sign; else there is none. Half-filled days do not count.
    """
    days, starts, counts = np.unique(date, return_index=True, return_counts=True)
    whole = counts >= 0.5 * counts.max()
    if whole.sum() < 4:
        return 0.0
    ends = starts + counts
    middles = {
        int(day): float(np.median(x[a:b]))
        for day, a, b in zip(days[whole], starts[whole], ends[whole], strict=True)
    }
    gaps = (7,) if sum(day + 7 in middles for day in middles) >= 3 else range(1, 14)
    slopes = [
        (middles[day + gap] - at) / (gap * DAY_S)
        for day, at in middles.items()
        for gap in gaps
        if day + gap in middles
    ]
    middle = float(np.median(slopes))
    return middle if np.mean(np.sign(slopes) == np.sign(middle)) >= 0.75 else 0.0


def _repeated(rest: Floats, slot: Ints, date: Ints, slots: int, *, agreeing: bool = False) -> Floats:
    """The usual value of each slot of the day or week: the median, if it was seen on two dates or more, else 0.

    Args:
        agreeing: the slot is rare, so its dates must agree: the median of each date counts, and what they have in
            common is the least of them, or 0 when they differ in sign.
    """
    usual = np.zeros(slots)
    order = np.lexsort((date, slot))
    rest, slot, date = rest[order], slot[order], date[order]
    firsts = np.searchsorted(slot, np.arange(slots + 1))
    for k in range(slots):
        part = slice(firsts[k], firsts[k + 1])
        dates = date[part]
        if not len(dates) or dates[0] == dates[-1]:
            continue
        if not agreeing:
            usual[k] = np.median(rest[part])
            continue
        cuts = np.flatnonzero(dates[1:] != dates[:-1]) + 1
        each = np.array([np.median(piece) for piece in np.split(rest[part], cuts)])
        if (each > 0).all():
            usual[k] = each.min()
        elif (each < 0).all():
            usual[k] = each.max()
    return usual


def _ordinary(off: Floats, cutoff: float) -> Bools:
    """Which points are near enough to what was expected to say how much the metric usually varies."""
    middle = np.median(off)
    away = np.abs(off - middle)
    sigma = _SIGMA * float(np.median(away))
    if (
        sigma == 0.0
    ):  # more than half the points are exactly as expected: the others are the variation there is
        sigma = float(np.quantile(away, 0.9))
    return np.asarray(away <= cutoff * sigma)


def _spread(away: Floats, hour: Ints) -> Floats:
    """One standard deviation for each hour of the day: half of what holds 95 % of its points, steadied by the whole day."""
    whole = float(np.quantile(away, _HELD)) / WIDTH
    spread = np.full(24, whole)
    for k in range(24):
        near = away[((hour - k + 1) % 24) <= 2]  # the hour and its neighbors
        if len(near):
            own = float(np.quantile(near, _HELD)) / WIDTH
            share = len(near) / (len(near) + _BORROWED)
            spread[k] = share * own + (1 - share) * whole
    return spread


def _week_hours(stamps: Ints, zone: str) -> Floats:
    """Hours since Monday 0:00 of the zone, with fractions. (1970 began on a Thursday.)"""
    local = stamps + _offsets(stamps, zone)
    return np.asarray(((local + 3 * DAY_S) % (7 * DAY_S)) / HOUR_S)


def _offsets(stamps: Ints, zone: str) -> Ints:
    """How far the zone's clock is ahead of UTC at each stamp, in seconds."""
    if zone == "UTC" or not len(stamps):
        return np.zeros(len(stamps), np.int64)
    place: tzinfo = ZoneInfo(zone)
    hours, which = np.unique(stamps // HOUR_S, return_inverse=True)
    each = [_offset(hour * HOUR_S, place) for hour in hours.tolist()]
    return np.array(each, np.int64)[which]


def _offset(stamp: int, place: tzinfo) -> int:
    there = datetime.fromtimestamp(stamp, UTC).astimezone(place).utcoffset()
    return 0 if there is None else int(there.total_seconds())
