"""Looking ahead: the next instant at which an alarm can change, as far as stored data tell.

Data are known to the future: what is stored, and rows that are to arrive. Whoever stores more calls ``evaluation.stored``,
and the alarms that watch look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch import insights, metrics
from cwlab.services.cloudwatch.alarms import columns, formulas, vended
from cwlab.services.cloudwatch.alarms.cadence import Cadence
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
from cwlab.services.cloudwatch.alarms.sight import Sight
from cwlab.services.cloudwatch.alarms.watched import (
    asked_of,
    cadence_of,
    keys_of,
    many_series,
    sql_name_of,
    sql_of,
)
from cwlab.services.cloudwatch.chunk import Ints
from cwlab.services.cloudwatch.insights.run import matches
from cwlab.services.cloudwatch.metrics import Key, Metric
from cwlab.services.cloudwatch.queries import Query
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
    if metrics.settings_of(call).every_tick:
        return tick
    keys = keys_of(alarm, call.account)
    if any(call.provider(key[0]) is not None for key in keys):
        return vended.next_look(call, alarm, when, value, other_ms)
    if alarm.metric_name is None:
        return _of_expressions(call, alarm, when, keys, tick, value)
    series = _only_series(call, keys[0], alarm.unit)
    if series is None:
        return tick
    return _search(call, alarm, when, _sight_of(call, alarm, when, series), tick, value)


def _sight_of(call: Call, alarm: MetricAlarm, when: Cadence, series: Series) -> Sight:
    """What a plain alarm looks at."""
    return Sight(
        [series],
        lambda ticks: columns.codes(call, alarm, when, series.window, ticks),
        lambda at_s: columns.empty(alarm, when),
    )


# Expressions and SQL ----------------------------------------------------------------------------------------------


def _of_expressions(
    call: Call, alarm: MetricAlarm, when: Cadence, keys: list[Key], tick: int, value: StateValue
) -> int | None:
    named = sql_name_of(alarm)
    if (not keys and named is None) or "TIME_SERIES" in str(alarm.metrics).upper():
        return tick  # it may say something where no metric does
    if named is not None and call.provider(named[0]) is not None:
        return tick  # which native metrics there are may change as time goes by
    series = list(_all_series(call, [*keys, *_found(call, alarm)]))
    asked = asked_of(alarm, call.account)
    if formulas.pointwise(alarm, when, asked) and not _compete(call, asked):
        look = Sight(
            series,
            lambda ticks: formulas.codes(call, alarm, when, ticks),
            lambda at_s: _first(formulas.codes(call, alarm, when, np.array([at_s]))),
        )
        return _search(call, alarm, when, look, tick, value)
    if many_series(alarm) and call.table("alarm_contributors").get(alarm.name):
        return tick  # those that are gone are forgotten first
    return _when_there_are_data(call, series, when, tick)


def _first(codes: Ints | None) -> int | None:
    return None if codes is None else int(codes[0])


def _found(call: Call, alarm: MetricAlarm) -> Iterator[Key]:
    """The published metrics that an alarm's query of SQL looks at."""
    sql = sql_of(alarm)
    if sql is not None:
        query = insights.parse(sql)
        yield from (key for key in call.table("metrics") if matches(query, key, call.account))


def _all_series(call: Call, keys: Iterable[Key]) -> Iterator[Series]:
    """The series of metrics, of all units."""
    table = call.table("metrics")
    for key in keys:
        metric: Metric | None = table.get(key)
        if metric is not None:
            yield from metric.series.values()


def _compete(call: Call, asked: Iterable[object]) -> bool:
    """Whether units compete for the place of one of the metrics."""
    table = call.table("metrics")
    return any(
        isinstance(query, Query)
        and query.unit is None
        and query.key in table
        and len(table[query.key].series) > 1
        for query in asked
    )


def _when_there_are_data(call: Call, read: Iterable[Series], when: Cadence, tick: int) -> int | None:
    """The next tick, or the first with data in the range where all ranges before are empty."""
    start_s, _ = when.range_at(call.now_ms // 1000)
    stamps = [stamp for series in read if (stamp := series.next_stamp(start_s)) is not None]
    return max(tick, when.next_tick(min(stamps) * 1000)) if stamps else None


# One metric, and the search ---------------------------------------------------------------------------------------


def _only_series(call: Call, key: Key, unit: str | None) -> Series | None:
    """The series a plain alarm reads, an empty one where there is none; None where units compete for the place."""
    metric: Metric | None = call.table("metrics").get(key)
    if metric is None:
        return empty()
    if unit is not None:
        return metric.series.get(unit, empty())
    return next(iter(metric.series.values())) if len(metric.series) == 1 else None


def _search(
    call: Call, alarm: MetricAlarm, when: Cadence, look: Sight, tick: int, value: StateValue
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
    if seen is None and look.comes_in(call.now_ms // 1000 - 2 * when.step):
        return tick  # data come in as time goes: whatever is found will be overtaken by the next ones
    here, block = (tick, FIRST_BLOCK) if seen is None else (seen.end_ms, min(seen.block * 2, LAST_BLOCK))
    late_s = look.late(call.now_ms // 1000)
    limit = here + FAR * step
    if late_s is not None:
        limit = min(limit, when.next_tick(late_s * 1000 - 1))
    while here < limit:
        start_s, end_s = when.range_at(here // 1000)
        first = look.next_stamp(start_s)
        if first is None or first >= end_s:  # the range is empty, and stays so up to the next point
            if _differs(look.empty(here // 1000), value):
                return here
            if first is None:
                if late_s is None:
                    table[alarm.name] = Outlook(_NONE, _NONE, here, block, True)
                    return None
                return limit
            here = max(here + step, when.next_tick(first * 1000))
            continue
        ticks = np.arange(here, min(here + block * step, limit), step) // 1000
        codes = look.codes(ticks)
        if codes is None:
            return here
        here = int(ticks[-1]) * 1000 + step
        seen = table[alarm.name] = changes(ticks, codes, value, here, block)
        if (found := seen.change(tick, value)) is not None:
            return found
        block = min(block * 2, LAST_BLOCK)
    return limit


def _differs(code: int | None, value: StateValue) -> bool:
    return code is None or code not in (KEEPS, CODES[value])
