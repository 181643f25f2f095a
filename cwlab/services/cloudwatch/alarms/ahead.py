"""Looking ahead: the next instant at which an alarm can change, as far as stored data tell.

Data are known to the future: what is stored, and rows that are to arrive. Whoever stores more calls ``evaluation.stored``,
and the alarms that watch look again.
"""

from __future__ import annotations

import numpy as np

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.cloudwatch import metrics
from cwlab.services.cloudwatch.alarms.cadence import Cadence
from cwlab.services.cloudwatch.alarms.outlook import CODES, KEEPS, breaching, outcomes
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, StateValue
from cwlab.services.cloudwatch.alarms.watched import (
    cadence_of,
    keys_of,
    plain_statistic,
    readable_from,
    settings_of,
    sql_of,
)
from cwlab.services.cloudwatch.chunk import Chunk, Ints, take
from cwlab.services.cloudwatch.metrics import Key, Metric
from cwlab.services.cloudwatch.series import Series, empty
from cwlab.services.cloudwatch.statistics import bucketize, compute
from cwlab.services.cloudwatch.window import Window

FIRST_BLOCK, LAST_BLOCK = 64, 8192  # instants looked at in one go: each block is twice the one before
FAR = 4 * LAST_BLOCK  # instants after which it is time to look again


_NONE = np.empty(0, np.int64)


@record
class Outlook:
    """What was found by looking ahead, kept so that it need not be looked for after each change.

    Args:
        ticks, codes: where the state will change, and to which, if nothing is stored meanwhile.
        end_ms: the tick up to which, exclusively, this is known; ``final``: for good.
        block: how many ticks were looked at last.
    """

    ticks: Ints
    codes: Ints
    end_ms: int
    block: int
    final: bool

    def agrees(self, tick: int, value: StateValue) -> bool:
        """Whether the state before a tick is the one foreseen."""
        place = int(self.ticks.searchsorted(tick))
        return place == 0 or int(self.codes[place - 1]) == CODES[value]

    def change(self, tick: int, value: StateValue) -> int | None:
        """The next change from a tick on; None when none is known, or when the state is not the one foreseen."""
        if not self.agrees(tick, value):
            return None
        place = int(self.ticks.searchsorted(tick))
        if place == len(self.ticks) or int(self.codes[place]) == CODES[value]:
            return None
        return int(self.ticks[place])


def next_look(call: Call, alarm: MetricAlarm, value: StateValue) -> int | None:
    """The tick, in milliseconds, at which an alarm is to be evaluated next; None: not before something is stored.

    Args:
        value: the state it is in after the tick that is now.
    """
    when = cadence_of(alarm)
    tick = when.next_tick(call.now_ms)
    if metrics.settings_of(call).every_tick or sql_of(alarm) is not None:
        return tick
    keys = keys_of(alarm, call.account)
    if any(call.provider(key[0]) is not None for key in keys):
        return tick  # native metrics are computed when they are read
    if alarm.metric_name is None:
        if not keys or "TIME_SERIES" in str(alarm.metrics).upper():
            return tick  # it may say something where no metric does
        return _when_there_are_data(call, keys, when, tick)
    series = _only_series(call, keys[0], alarm.unit)
    if series is None:
        return tick
    return _search(call, alarm, when, series, tick, value)


def _when_there_are_data(call: Call, keys: list[Key], when: Cadence, tick: int) -> int | None:
    """For expressions: the next tick, or the first with data in the range where all ranges before are empty."""
    start_s, _ = when.range_at(call.now_ms // 1000)
    first: int | None = None
    table = call.table("metrics")
    for key in keys:
        metric: Metric | None = table.get(key)
        for series in () if metric is None else metric.series.values():
            found = series.next_stamp(start_s)
            if found is not None and (first is None or found < first):
                first = found
    return None if first is None else max(tick, when.next_tick(first * 1000))


def _only_series(call: Call, key: Key, unit: str | None) -> Series | None:
    """The series a plain alarm reads, an empty one where there is none; None where units compete for the place."""
    metric: Metric | None = call.table("metrics").get(key)
    if metric is None:
        return empty()
    if unit is not None:
        return metric.series.get(unit, empty())
    return next(iter(metric.series.values())) if len(metric.series) == 1 else None


def _late(series: Series, now_s: int) -> int | None:
    """From when on a row appears, in seconds, that could have been read sooner had it not been delayed."""
    late = [
        int(later.due[hidden].min())
        for later in series.later
        if (hidden := (later.due > now_s) & (later.due > later.chunk.stamp)).any()
    ]
    return min(late, default=None)


def _search(
    call: Call, alarm: MetricAlarm, when: Cadence, series: Series, tick: int, value: StateValue
) -> int | None:
    """The first tick from ``tick`` on whose outcome is another state than ``value``."""
    table, step = call.table("alarm_outlook"), when.step * 1000
    seen: Outlook | None = table.get(alarm.name)
    if seen is not None:
        if (found := seen.change(tick, value)) is not None:
            return found
        if tick > seen.end_ms or not seen.agrees(tick, value):
            seen = None
        elif seen.final:
            return None
    if seen is None and not series.later and series.newest >= call.now_ms // 1000 - 2 * when.step:
        return tick  # data come in as time goes: whatever is found will be overtaken by the next ones
    here, block = (tick, FIRST_BLOCK) if seen is None else (seen.end_ms, min(seen.block * 2, LAST_BLOCK))
    late_s = _late(series, call.now_ms // 1000)
    limit = here + FAR * step
    if late_s is not None:
        limit = min(limit, when.next_tick(late_s * 1000 - 1))
    while here < limit:
        start_s, end_s = when.range_at(here // 1000)
        first = series.next_stamp(start_s)
        if first is None or first >= end_s:  # the range is empty, and stays so up to the next point
            if _differs(_empty(alarm, when), value):
                return here
            if first is None:
                if late_s is None:
                    table[alarm.name] = Outlook(_NONE, _NONE, here, block, True)
                    return None
                return limit
            here = max(here + step, when.next_tick(first * 1000))
            continue
        ticks = np.arange(here, min(here + block * step, limit), step) // 1000
        codes = _codes(call, alarm, when, series, ticks)
        if codes is None:
            return here
        here = int(ticks[-1]) * 1000 + step
        seen = table[alarm.name] = _runs(ticks, codes, CODES[value], here, block)
        if (found := seen.change(tick, value)) is not None:
            return found
        block = min(block * 2, LAST_BLOCK)
    return limit


def _runs(ticks: Ints, codes: Ints, value: int, end_ms: int, block: int) -> Outlook:
    """Where the outcome changes among these ticks, of which those that keep the state say nothing."""
    told = np.flatnonzero(codes != KEEPS)
    heard = codes[told]
    changed = np.flatnonzero(heard != np.concatenate(([value], heard[:-1])))
    return Outlook(ticks[told[changed]] * 1000, heard[changed], end_ms, block, False)


def _differs(code: int, value: StateValue) -> bool:
    return code not in (KEEPS, CODES[value])


def _empty(alarm: MetricAlarm, when: Cadence) -> int:
    """The outcome over a range without a point."""
    none = np.empty(0, np.int64)
    flags = np.empty(0, bool)
    return int(outcomes(none, flags, flags, np.array([when.size]), when.size, settings_of(alarm))[0])


def _codes(call: Call, alarm: MetricAlarm, when: Cadence, series: Series, ticks: Ints) -> Ints | None:
    """The outcome at each tick; None where only an evaluation can tell."""
    ends = ticks - ticks % when.align
    low_s, high_s = int(ends[0]) - when.size * when.period, int(ends[-1])
    if readable_from(low_s, when.period, int(ticks[0])) > low_s:
        return None  # of a range longer than high resolution lasts
    rows = series.window(low_s, high_s, int(ticks[-1]))
    statistic = plain_statistic(alarm)
    if statistic.extended and not _whole(rows):
        return None  # sums of fractions, of which the last bit depends on what they are added up with
    settings, exact = settings_of(alarm), metrics.settings_of(call).exact_percentiles
    codes = np.empty(len(ticks), np.int64)
    phases = ends % when.period
    for phase in np.unique(phases).tolist():
        mine = np.flatnonzero(phases == phase)
        start_s = int(ends[mine[0]]) - when.size * when.period
        end_s = int(ends[mine[-1]])
        first, last = rows.stamp.searchsorted((start_s, end_s)).tolist()
        slots = (ends[mine] - start_s) // when.period
        if first == last:
            none, flags = np.empty(0, np.int64), np.empty(0, bool)
            codes[mine] = outcomes(none, flags, flags, slots, when.size, settings)
            continue
        part = rows if first == 0 and last == len(rows) else take(rows, slice(first, last))
        buckets = bucketize(part, Window(start_s, end_s, when.period, True))
        values = compute(statistic, buckets, exact=exact)
        there = ~np.isnan(values)
        weak = np.zeros(len(values), bool) if settings.samples is None else buckets.count < settings.samples
        places = (buckets.stamp - start_s) // when.period
        codes[mine] = outcomes(
            places[there],
            breaching(values[there], settings),
            weak[there],
            slots,
            when.size,
            settings,
        )
    return codes


def _whole(rows: Chunk) -> bool:
    """Whether all counts are whole numbers."""
    if rows.count.strides == (0,):
        return True
    weights = () if rows.weight is None else (rows.weight,)
    return all((column % 1 == 0).all() for column in (rows.count, *weights))
