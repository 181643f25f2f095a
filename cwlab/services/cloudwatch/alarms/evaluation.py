"""When alarms are evaluated, and what is done with what they find.

The table ``alarm_due`` says of each alarm when its next evaluation is due: at a tick of its own, or not at all before
something is stored (``ahead`` looks for it). ``alarm_ticks`` holds the agenda's entry for each of these instants. What
else happens at such an instant happens first, so that the order in which things were put on the agenda does not matter.
``watched_metrics`` says which alarms look at a metric, ``watched_names`` which look at all metrics of a namespace and a
name, those to come among them (queries of SQL). ``alarm_outlook`` keeps what was found by looking ahead, and
``foreseen`` until when that holds for metrics that are computed when read (``vended``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterator

from cwlab.api import Call, handler
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms import ahead, contributors, reasons
from cwlab.services.cloudwatch.alarms.cadence import FIRST_MS
from cwlab.services.cloudwatch.alarms.decide import Decision, Settings, decide
from cwlab.services.cloudwatch.alarms.records import MetricAlarm, State, StateValue
from cwlab.services.cloudwatch.alarms.transitions import transition
from cwlab.services.cloudwatch.alarms.watched import (
    View,
    cadence_of,
    keys_of,
    many_series,
    see,
    settings_of,
    sql_name_of,
    statistic_name,
)
from cwlab.services.cloudwatch.math import MathError
from cwlab.services.cloudwatch.metrics import Key
from cwlab.table import Table

SERVICE = "cloudwatch"
PARTIAL, ERROR, FAILURE = "PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE"


# Who looks at what ------------------------------------------------------------------------------------------------


def watch(call: Call, alarm: MetricAlarm, before: MetricAlarm | None) -> None:
    """An alarm was put: from now on it is told of what is stored in its metrics, and it is evaluated soon.

    Args:
        before: its configuration until now; None: it is new, and is evaluated within seconds.
    """
    if before is not None:
        _unwatch(call, before)
    for table, key in _looks_at(call, alarm):
        table[key] = (*table.get(key, ()), alarm.name)
    if before is None:
        _plan(call, alarm.name, call.now_ms + FIRST_MS)
    elif cadence_of(before) != cadence_of(alarm):
        call.table("alarm_outlook")[alarm.name] = None
        _plan(call, alarm.name, cadence_of(alarm).next_tick(call.now_ms))
    else:
        look_again(call, alarm)


def forget(call: Call, alarm: MetricAlarm) -> None:
    """An alarm was deleted."""
    _unwatch(call, alarm)
    _release(call, call.table("alarm_due").pop(alarm.name, None))
    for table in ("alarm_contributors", "alarm_outlook", "foreseen"):
        call.table(table).pop(alarm.name, None)


def _looks_at(call: Call, alarm: MetricAlarm) -> Iterator[tuple[Table, Hashable]]:
    """Where it is written what an alarm looks at: the table, and the key in it."""
    for key in keys_of(alarm, call.account):
        yield call.table("watched_metrics"), key
    name = sql_name_of(alarm)
    if name is not None:
        yield call.table("watched_names"), name


def _unwatch(call: Call, alarm: MetricAlarm) -> None:
    for table, key in _looks_at(call, alarm):
        rest = tuple([name for name in table.get(key, ()) if name != alarm.name])
        if rest:
            table[key] = rest
        else:
            table.pop(key, None)


def stored(call: Call, keys: Collection[Key]) -> None:
    """Data were stored in these metrics: the alarms that watch them are evaluated at their next tick."""
    watched, by_name = call.table("watched_metrics"), call.table("watched_names")
    if not watched and not by_name:
        return
    # A busy request has a thousand metrics, of which hardly one is watched: go through the shorter of the two.
    both = (
        [k for k in watched if k in keys] if len(watched) < len(keys) else [k for k in keys if k in watched]
    )
    names = {name for key in both for name in watched[key]}
    if by_name:
        names.update(name for asked in {key[:2] for key in keys} for name in by_name.get(asked, ()))
    for name in sorted(names):
        look_again(call, call.table("alarms")[name])


def look_again(call: Call, alarm: MetricAlarm) -> None:
    """Have an alarm evaluated at its next tick."""
    call.table("alarm_outlook")[alarm.name] = None
    tick = cadence_of(alarm).next_tick(call.now_ms)
    due = call.table("alarm_due").get(alarm.name)
    if due is None or due > tick:
        _plan(call, alarm.name, tick)


def look_again_all(call: Call) -> None:
    """Have all alarms evaluated at their next tick: something changed that concerns how data are read."""
    for alarm in call.table("alarms").values():
        if isinstance(alarm, MetricAlarm):
            look_again(call, alarm)


def _plan(call: Call, name: str, at_ms: int | None) -> None:
    due, ticks = call.table("alarm_due"), call.table("alarm_ticks")
    before = due.get(name)
    due[name] = at_ms
    if at_ms is not None and at_ms not in ticks:
        ticks[at_ms] = call.schedule(at_ms, "alarms")
    if before != at_ms:
        _release(call, before)


def _release(call: Call, at_ms: int | None) -> None:
    """Take a tick off the agenda at which no alarm is due any more."""
    ticks = call.table("alarm_ticks")
    if at_ms is not None and at_ms in ticks and at_ms not in call.table("alarm_due").values():
        call.cancel(ticks.pop(at_ms))


# What happens at a tick -------------------------------------------------------------------------------------------


@handler("cloudwatch", "alarms")
def tick(call: Call, *, last: bool = False) -> None:
    """Evaluate the alarms that are due now, in the order of their names.

    Args:
        last: whatever else was due at this instant has happened.
    """
    if not last:
        call.schedule(call.now_ms, "alarms", last=True)
        return
    now_ms, position = call.now_ms, call.world.journal.position
    call.table("alarm_ticks").pop(now_ms, None)
    due, alarms, states = call.table("alarm_due"), call.table("alarms"), call.table("alarm_states")
    names = sorted([name for name, at_ms in due.items() if at_ms == now_ms])
    for name in names:
        alarm = alarms.get(name)
        if isinstance(alarm, MetricAlarm) and due.get(name) == now_ms:
            evaluate(call, alarm)
    other_ms = call.world.timeline.next_besides(SERVICE, "alarms")
    for name in names:
        alarm = alarms.get(name)
        if isinstance(alarm, MetricAlarm) and due.get(name) == now_ms:
            _plan(call, name, ahead.next_look(call, alarm, states[name].value, other_ms))
    if call.world.journal.position != position:
        _acted(call, position, other_ms)


def _acted(call: Call, position: int, other_ms: int | None) -> None:
    """Alarms have changed. Their actions may have changed the world; if all they did is tell EventBridge, what follows
    from that is on the agenda."""
    told = all(
        (e.service, e.operation) == ("events", "PutEvents") for e in call.world.journal.since(position)
    )
    if not told:
        call.world.unforeseen(call.now_ms)
    elif other_ms is not None:
        call.world.unforeseen(other_ms)


@handler("cloudwatch", "unforeseen")
def unforeseen(call: Call, *, since_ms: int) -> None:
    """What was foreseen holds up to an instant only: alarms that sleep longer are evaluated at the first tick after it.

    Args:
        since_ms: what happens then happens before the alarms of that instant, unless it has happened already.
    """
    foreseen, due = call.table("foreseen"), call.table("alarm_due")
    for name, until_ms in list(foreseen.items()):
        if until_ms > since_ms:
            foreseen[name] = since_ms
            when = cadence_of(call.table("alarms")[name])
            tick = max(when.next_tick(since_ms - 1), when.next_tick(call.now_ms))
            planned = due.get(name)
            if planned is None or planned > tick:
                _plan(call, name, tick)


def evaluate(call: Call, alarm: MetricAlarm) -> None:
    """Look at the data as they are now, decide, and let follow what follows.

    What fails is written into EvaluationState, and the state stays what it was.
    """
    try:
        with call.world.log:
            if many_series(alarm):
                partial = contributors.evaluate(call, alarm)
            else:
                partial = _evaluate_one(call, alarm)
            mark(call, alarm, PARTIAL if partial else None)
    except MathError:
        mark(call, alarm, ERROR)
    except AwsError:
        mark(call, alarm, FAILURE)


def _evaluate_one(call: Call, alarm: MetricAlarm) -> bool:
    seen = see(call, alarm)
    (view,) = seen.views
    settings = settings_of(alarm)
    current: StateValue = call.table("alarm_states")[alarm.name].value
    decision = decide(view.values, settings, current, counts=view.counts, bounds=view.bounds)
    if decision.state != current:
        _move(call, alarm, decision, settings, view)
    return seen.partial


def _move(call: Call, alarm: MetricAlarm, decision: Decision, settings: Settings, view: View) -> None:
    reason = reasons.reason(decision, settings, view, stated_m=alarm.datapoints_to_alarm is not None)
    data = reasons.data(
        decision, settings, view, call.now_ms, statistic=statistic_name(alarm), unit=alarm.unit
    )
    transition(call, alarm, decision.state, reason, data)


def mark(call: Call, alarm: MetricAlarm, evaluation: str | None) -> None:
    """Set EvaluationState; None: all is well."""
    states = call.table("alarm_states")
    state: State = states[alarm.name]
    if state.evaluation != evaluation:
        states[alarm.name] = dataclasses.replace(state, evaluation=evaluation, updated_ms=call.now_ms)
