"""Looking ahead: the next instant at which an alarm can change, as far as stored data tell.

Data are known to the future: what is stored, and rows that are to arrive. Whoever stores more calls ``evaluation.stored``,
and the alarms that watch look again.
"""

from __future__ import annotations

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch import metrics
from cwlab.services.cloudwatch.alarms import vended
from cwlab.services.cloudwatch.alarms.cadence import Cadence
from cwlab.services.cloudwatch.alarms.columns import codes as codes_of
from cwlab.services.cloudwatch.alarms.columns import empty as empty_code
from cwlab.services.cloudwatch.alarms.outlook import (
    CODES,
    FAR,
    FIRST_BLOCK,
    KEEPS,
    LAST_BLOCK,
    Outlook,
    changes,
)
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, StateValue
from cwlab.services.cloudwatch.alarms.watched import cadence_of, keys_of, sql_of
from cwlab.services.cloudwatch.metrics import Key, Metric
from cwlab.services.cloudwatch.series import Series, empty

_NONE = np.empty(0, np.int64)


def next_look(call: Call, alarm: MetricAlarm, value: StateValue, other_ms: int | None) -> int | None:
    """The tick, in milliseconds, at which an alarm is to be evaluated next; None: not before something is stored.

    Args:
        value: the state it is in after the tick that is now.
        other_ms: when something happens next that is not alarms; None: nothing does.
    """
    when = cadence_of(alarm)
    tick = when.next_tick(call.now_ms)
    if metrics.settings_of(call).every_tick or sql_of(alarm) is not None:
        return tick
    keys = keys_of(alarm, call.account)
    if any(call.provider(key[0]) is not None for key in keys):
        return vended.next_look(call, alarm, when, value, other_ms)
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
            if _differs(empty_code(alarm, when), value):
                return here
            if first is None:
                if late_s is None:
                    table[alarm.name] = Outlook(_NONE, _NONE, here, block, True)
                    return None
                return limit
            here = max(here + step, when.next_tick(first * 1000))
            continue
        ticks = np.arange(here, min(here + block * step, limit), step) // 1000
        codes = codes_of(call, alarm, when, series.window, ticks)
        if codes is None:
            return here
        here = int(ticks[-1]) * 1000 + step
        seen = table[alarm.name] = changes(ticks, codes, value, here, block)
        if (found := seen.change(tick, value)) is not None:
            return found
        block = min(block * 2, LAST_BLOCK)
    return limit


def _differs(code: int, value: StateValue) -> bool:
    return code not in (KEEPS, CODES[value])
