"""The outcome of a plain alarm at many ticks, from the rows it will have seen by then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch import metrics
from cwlab.services.cloudwatch.alarms.cadence import Cadence
from cwlab.services.cloudwatch.alarms.decide import Settings
from cwlab.services.cloudwatch.alarms.outlook import Newest, breaching, outcomes
from cwlab.services.cloudwatch.alarms.records import MetricAlarm
from cwlab.services.cloudwatch.alarms.watched import plain_statistic, readable_from, settings_of
from cwlab.services.cloudwatch.chunk import Bools, Chunk, Ints, take
from cwlab.services.cloudwatch.statistics import bucketize, compute
from cwlab.services.cloudwatch.window import Window

Rows = Callable[
    [int, int, int], Chunk
]  # stamped from, to (not included), as they are at an instant; all in seconds

_NONE, _NO = np.empty(0, np.int64), np.empty(0, bool)


def empty(alarm: MetricAlarm, when: Cadence) -> int:
    """The outcome over a range without a point."""
    return int(outcomes(_NONE, _NO, _NO, np.array([when.size]), when.size, settings_of(alarm))[0])


def codes(
    call: Call, alarm: MetricAlarm, when: Cadence, read: Rows, ticks: Ints, *, lag: int = 0
) -> Ints | None:
    """The outcome at each tick; None where only an evaluation can tell.

    Args:
        ticks: seconds.
        lag: how long after its stamp a point appears that has not appeared yet, in seconds. Such points stand on
            multiples of the lag.
    """
    ends = ticks - ticks % when.align
    low_s, high_s = int(ends[0]) - when.size * when.period, int(ends[-1])
    if readable_from(low_s, when.period, int(ticks[0])) > low_s:
        return None  # of a range longer than high resolution lasts
    rows = read(low_s, high_s, int(ticks[-1]))
    if plain_statistic(alarm).extended and not _whole(rows):
        return None  # sums of fractions, of which the last bit depends on what they are added up with
    if (np.diff(rows.stamp) >= when.period).all():
        return _one_by_one(call, alarm, when, rows, ticks, ends, lag)
    if lag > when.period:
        return None  # finer points of before stand among those that come late
    found = np.empty(len(ticks), np.int64)
    phases = ends % when.period
    for phase in np.unique(phases).tolist():
        mine = np.flatnonzero(phases == phase)
        start_s = int(ends[mine[0]]) - when.size * when.period
        end_s = int(ends[mine[-1]])
        first, last = rows.stamp.searchsorted((start_s, end_s)).tolist()
        part = rows if first == 0 and last == len(rows) else take(rows, slice(first, last))
        grid = Window(start_s, end_s, when.period, True)
        found[mine] = _of_phase(call, alarm, when, part, grid, ends[mine], lag)
    return found


def _one_by_one(
    call: Call, alarm: MetricAlarm, when: Cadence, rows: Chunk, ticks: Ints, ends: Ints, lag: int
) -> Ints:
    """The outcome at all ticks where rows lie so far apart that no slot has two of them, on whatever grid."""
    settings, size_s = settings_of(alarm), when.size * when.period
    buckets = -(-(int(ends[-1]) - int(ends[0]) + size_s) // when.period)
    start_s = int(ends[0]) - size_s
    grid = Window(start_s, start_s + buckets * when.period, when.period, True)
    slots, bad, weak = _points(call, alarm, settings, rows, grid)
    stamps = rows.stamp[rows.stamp.searchsorted(start_s + slots * when.period)]
    shown = (stamps + lag).searchsorted(ticks, side="right") if lag else None
    return outcomes(stamps, bad, weak, ends, size_s, settings, unit=when.period, shown=shown)


def _of_phase(
    call: Call,
    alarm: MetricAlarm,
    when: Cadence,
    rows: Chunk,
    grid: Window,
    ends: Ints,
    lag: int,
) -> Ints:
    """The outcome at the ticks whose slots lie on one grid."""
    settings = settings_of(alarm)
    slots = (ends - grid.start_s) // when.period
    if not len(rows):
        return outcomes(_NONE, _NO, _NO, slots, when.size, settings)
    places, bad, weak = _points(call, alarm, settings, rows, grid)
    newest = None
    if lag:
        # Of the newest slot alone some points may be missing yet.
        own_end = rows.stamp + when.period - (rows.stamp - grid.start_s) % when.period
        seen = rows.stamp + lag <= own_end
        if not seen.all():
            columns = np.zeros((3, grid.buckets), bool)
            at, *flags = _points(call, alarm, settings, take(rows, seen), grid)
            columns[:, at] = [np.ones(len(at), bool), *flags]
            newest = Newest(*columns[:, slots - 1])
    return outcomes(places, bad, weak, slots, when.size, settings, newest=newest)


def _points(
    call: Call, alarm: MetricAlarm, settings: Settings, rows: Chunk, grid: Window
) -> tuple[Ints, Bools, Bools]:
    """The slots that have a point, whether it breaches, and whether it rests on too few samples."""
    if not len(rows):
        return _NONE, _NO, _NO
    buckets = bucketize(rows, grid)
    exact = metrics.settings_of(call).exact_percentiles
    values = compute(plain_statistic(alarm), buckets, exact=exact)
    there = ~np.isnan(values)
    weak = np.zeros(len(values), bool) if settings.samples is None else buckets.count < settings.samples
    places = (buckets.stamp - grid.start_s) // grid.period
    return places[there], breaching(values[there], settings), weak[there]


def _whole(rows: Chunk) -> bool:
    """Whether all counts are whole numbers."""
    if rows.count.strides == (0,):
        return True
    weights = () if rows.weight is None else (rows.weight,)
    return all((column % 1 == 0).all() for column in (rows.count, *weights))
