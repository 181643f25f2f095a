"""Looking ahead on metrics that services compute when they are read: what they will say if nothing happens.

Between now and what is due next on the agenda, alarms apart, nothing in the world changes. So a provider that says how
late its points appear can be read as at a later instant, and the first tick at which the decision changes is known. The
table ``foreseen`` holds, for each alarm that sleeps on this, until when it holds; the world tells when it no longer does
(``unforeseen``): a run begins, before which you may have done anything, or an alarm's action did something.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cwlab.api import Call, Later
from cwlab.services.cloudwatch.alarms.cadence import Cadence
from cwlab.services.cloudwatch.alarms.columns import codes
from cwlab.services.cloudwatch.alarms.outlook import FAR, FIRST_BLOCK, LAST_BLOCK, Outlook, changes
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, StateValue
from cwlab.services.cloudwatch.chunk import Chunk, from_columns, singles, take

EVER = 1 << 62  # in ``foreseen``: nothing is due
OUTDATED = 0


def next_look(call: Call, alarm: MetricAlarm, when: Cadence, value: StateValue, other_ms: int | None) -> int:
    """The tick at which an alarm on a native metric is to be evaluated next, and remember how long that holds.

    Args:
        value: the state it is in after the tick that is now.
        other_ms: when something happens next that is not alarms; None: nothing does.
    """
    foreseen, outlooks, tick = (
        call.table("foreseen"),
        call.table("alarm_outlook"),
        when.next_tick(call.now_ms),
    )
    seen: Outlook | None = outlooks.get(alarm.name) if foreseen.get(alarm.name, 0) > call.now_ms else None
    limit = tick + FAR * when.step * 1000
    if other_ms is not None:
        limit = min(limit, when.next_tick(other_ms - 1))
    found, seen = (tick, None) if limit <= tick else _search(call, alarm, when, value, tick, limit, seen)
    if seen is not None or alarm.name in outlooks:
        outlooks[alarm.name] = seen
    if seen is not None or alarm.name in foreseen:
        foreseen[alarm.name] = OUTDATED if seen is None else EVER if other_ms is None else other_ms
    return found


def _search(
    call: Call,
    alarm: MetricAlarm,
    when: Cadence,
    value: StateValue,
    tick: int,
    limit: int,
    seen: Outlook | None,
) -> tuple[int, Outlook | None]:
    """The first tick from ``tick`` on, before ``limit``, whose outcome is another state than ``value``; else the limit."""
    if seen is not None and not seen.agrees(tick, value):
        seen = None
    if seen is not None and (found := seen.change(tick, value)) is not None:
        return min(found, limit), seen
    lag = lag_of(call, alarm)
    if lag is None:
        return tick, None
    here, block = (
        (tick, FIRST_BLOCK)
        if seen is None
        else (
            max(tick, seen.end_ms),
            min(seen.block * 2, LAST_BLOCK),
        )
    )
    step = when.step * 1000

    def rows(low_s: int, high_s: int, at_s: int) -> Chunk:
        return read(call, alarm, low_s, high_s, at_s)

    while here < limit:
        ticks = np.arange(here, min(here + block * step, limit), step) // 1000
        told = codes(call, alarm, when, rows, ticks, lag=lag)
        if told is None:
            return here, seen
        here = int(ticks[-1]) * 1000 + step
        seen = changes(ticks, told, value, here, block)
        if (found := seen.change(tick, value)) is not None:
            return found, seen
        block = min(block * 2, LAST_BLOCK)
    return limit, seen


def lag_of(call: Call, alarm: MetricAlarm) -> int | None:
    """How late, in seconds, the points of an alarm's metric appear; None: that cannot be told ahead."""
    if alarm.namespace is None or alarm.metric_name is None:
        return None  # expressions
    if (alarm.namespace, alarm.metric_name, alarm.dimensions) in call.table("metrics"):
        return None  # published too
    found = call.provider(alarm.namespace)
    if found is None:
        return None
    provider, theirs = found
    ask = getattr(provider, "lag", None)  # not every provider can tell
    lag: int | None = None if ask is None else ask(theirs, alarm.metric_name, alarm.dimensions)
    return lag


def read(call: Call, alarm: MetricAlarm, low_s: int, high_s: int, at_s: int) -> Chunk:
    """The rows of an alarm's metric as they are at an instant to come, if nothing happens until then."""
    assert alarm.namespace is not None and alarm.metric_name is not None
    found = Later(call, at_s * 1000).provider(alarm.namespace)
    assert found is not None  # it has told how late its points are
    provider, theirs = found
    columns: dict[str, Any] | None = provider.read(theirs, alarm.metric_name, alarm.dimensions, low_s, high_s)
    if columns is None or alarm.unit not in (None, columns["unit"]):
        return singles((), ())
    rows = from_columns(columns)
    first, last = rows.stamp.searchsorted((low_s, high_s)).tolist()
    return take(rows, slice(first, last))
