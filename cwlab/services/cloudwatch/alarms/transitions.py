"""A change of state and everything that follows from it: history, event, actions, and the composites that look on.

    transition ─ state, line of history, event, actions (held back: a line), repeated scaling
        ├─ composites that watch the alarm, each at most once ─ the same for each that changes
        └─ composites whose actions the alarm suppresses ─ the same, their state's value apart

Children come before their parents, so that a composite over composites sees the outcome. A composite that is met again on
the way belongs to a cycle: it is evaluated once more, and there evaluation stops (final states are as observed).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from cwlab.api import Call, handler
from cwlab.services.cloudwatch.alarms import actions, events, muting, repeating
from cwlab.services.cloudwatch.alarms.composite import relations, suppressor
from cwlab.services.cloudwatch.alarms.composite.evaluate import judge
from cwlab.services.cloudwatch.alarms.composite.parse import parse
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.lines import Contributor, add, state_of
from cwlab.services.cloudwatch.alarms.phases import Phase, phase_of
from cwlab.services.cloudwatch.alarms.records import UNCHECKED, Alarm, CompositeAlarm, State, StateValue
from cwlab.services.cloudwatch.alarms.words import compact, spoken, stamp

MAX_DATA = 4000  # characters of StateReasonData


def born(call: Call, alarm: Alarm) -> State:
    """The state every new alarm starts in. No actions run for it."""
    state = State("INSUFFICIENT_DATA", UNCHECKED, None, call.now_ms, call.now_ms)
    call.table("alarm_states")[alarm.name] = state
    return state


def transition(call: Call, alarm: Alarm, value: StateValue, reason: str, data: str | None) -> None:
    """Put an alarm into another state: only the state's value counts as a change; with an equal one nothing happens.

    Args:
        reason: StateReason, one sentence.
        data: StateReasonData, a JSON text, or None.
    """
    was: State = call.table("alarm_states")[alarm.name]
    if was.value == value:
        return
    _enter(call, alarm, value, reason, data)
    changed = [(alarm.name, was.value), *_ripple(call, alarm.name)]
    for name, before in changed:
        _guards(call, name, before)


def reason_changed(call: Call, alarm: Alarm, value: StateValue, reason: str, data: str | None) -> None:
    """As ``transition``; but with an equal value a new reason is kept and told too, without event or actions. So does an
    alarm over many series, which counts them anew."""
    states = call.table("alarm_states")
    old: State = states[alarm.name]
    if old.value != value:
        transition(call, alarm, value, reason, data)
    elif old.reason != reason:
        new = states[alarm.name] = dataclasses.replace(old, reason=reason, data=data, updated_ms=call.now_ms)
        summary = f'State Reason changed from "{old.reason}" to "{reason}"'
        add(call, alarm, "StateUpdate", summary, _update(Change(alarm, old, new)))


def contributor_changed(
    call: Call, alarm: Alarm, contributor: Contributor, before: State, after: State
) -> None:
    """One series of an alarm over many has changed its state: its own line, event and notifications."""
    change = Change(alarm, before, after, contributor=contributor, muting=muting.active(call, alarm.name))
    data = {"version": "1.0", "newState": state_of(after)}
    summary = f"Contributor state updated to {after.value}"
    add(call, alarm, "AlarmContributorStateUpdate", summary, data, contributor)
    events.changed(call, change)
    muting.note(call, change, held=actions.follow(call, change))


def _enter(call: Call, alarm: Alarm, value: StateValue, reason: str, data: str | None) -> None:
    """The change of one alarm alone."""
    states = call.table("alarm_states")
    old: State = states[alarm.name]
    states[alarm.name] = State(value, reason, data, call.now_ms, call.now_ms)
    before = after = None
    if isinstance(alarm, CompositeAlarm):
        before, after = suppressor.move(call, alarm, "changed")
    _tell(call, alarm, old, before, after)


def _tell(call: Call, alarm: Alarm, old: State, before: Phase | None, after: Phase | None) -> None:
    """Line, event and actions for what an alarm's state has become."""
    state: State = call.table("alarm_states")[alarm.name]
    change = Change(alarm, old, state, before, after, muting=muting.active(call, alarm.name))
    add(call, alarm, "StateUpdate", f"Alarm updated from {old.value} to {state.value}", _update(change))
    events.changed(call, change)
    muting.note(call, change, held=actions.follow(call, change))
    repeating.follow(call, alarm, state)


def _update(change: Change) -> dict[str, Any]:
    return {
        "version": "1.0",
        "oldState": state_of(change.before, **_held(change.phase_before)),
        "newState": state_of(change.after, **_held(change.phase_after)),
    }


def _held(phase: Phase | None) -> dict[str, Any]:
    if phase is None:
        return {}
    return {"actionsSuppressedBy": phase.by, "actionsSuppressedReason": phase.reason}


# Composites that look on ------------------------------------------------------------------------------------------


def _ripple(call: Call, name: str) -> list[tuple[str, StateValue]]:
    """Evaluate what rests on an alarm that has changed.

    Returns:
        The composites that changed, in order, with the value each had.
    """
    met, changed = {name}, [name]
    found: list[tuple[str, StateValue]] = []
    pending, again = set(relations.parents(call, name)), set[str]()

    def reconsider(one: str) -> bool:
        was: State = call.table("alarm_states")[one]
        below = relations.children(call, one)
        cause = next(each for each in reversed(changed) if each in below)
        if not _reconsider(call, call.table("alarms")[one], cause):
            return False
        changed.append(one)
        found.append((one, was.value))
        return True

    while pending:
        one = _lowest(call, pending)
        pending.remove(one)
        met.add(one)
        if reconsider(one):
            above = set(relations.parents(call, one))
            pending |= above - met
            again |= above & met
    for one in sorted(again):
        reconsider(one)
    return found


def _lowest(call: Call, pending: set[str]) -> str:
    """One that rests on no other of them; in a cycle, the first by name."""
    names = sorted(pending)
    if len(names) == 1:
        return names[0]
    return next((each for each in names if not pending & (relations.below(call, each) - {each})), names[0])


def _reconsider(call: Call, alarm: CompositeAlarm, cause: str) -> bool:
    """Evaluate a composite because one of its children has changed; True when it changed too."""
    value, data = _judged(call, alarm)
    if value == call.table("alarm_states")[alarm.name].value:
        return False
    child: State = call.table("alarm_states")[cause]
    at = spoken(child.transitioned_ms)
    _enter(
        call, alarm, value, f"{relations.alarm_arn(call, cause)} transitioned to {child.value} at {at}", data
    )
    return True


def evaluate(call: Call, alarm: CompositeAlarm, occasion: str) -> None:
    """Evaluate a composite that was put.

    Args:
        occasion: as the reason says it, "was created and its" for one.
    """
    value, data = _judged(call, alarm)
    transition(call, alarm, value, f"{alarm.arn} {occasion} alarm rule evaluates to {value}", data)


def _judged(call: Call, alarm: CompositeAlarm) -> tuple[StateValue, str]:
    """The state that a composite's rule gives now, and StateReasonData: the alarms that account for it, as many as fit."""
    states = call.table("alarm_states")

    def state_of_ref(ref: str) -> StateValue:
        state: State | None = states.get(relations.name_of(call, ref))
        return "INSUFFICIENT_DATA" if state is None else state.value

    verdict = judge(parse(alarm.rule).node, state_of_ref)
    told: list[dict[str, Any]] = []
    data = compact({"triggeringAlarms": told})
    for name in dict.fromkeys(relations.name_of(call, ref) for ref in verdict.because):
        child: State = states[name]
        state = {"value": child.value, "timestamp": stamp(child.transitioned_ms)}
        told.append({"arn": relations.alarm_arn(call, name), "state": state})
        more = compact({"triggeringAlarms": told})
        if len(more) > MAX_DATA:
            break
        data = more
    return "ALARM" if verdict.holds else "OK", data


# Suppression ------------------------------------------------------------------------------------------------------


def _guards(call: Call, name: str, before: StateValue) -> None:
    """Tell the composites that this alarm suppresses that it went into ALARM, or out of it."""
    now: State = call.table("alarm_states")[name]
    if "ALARM" not in (before, now.value):
        return
    for one in relations.suppressed_by(call, name):
        suppression(call, call.table("alarms")[one], "alarm" if now.value == "ALARM" else "no alarm")


def suppression(call: Call, alarm: CompositeAlarm, event: suppressor.Event) -> None:
    """Something happened to what holds a composite's actions back. If that changes it, the change is told as one of the
    state is, and actions that are free now run."""
    before, after = suppressor.move(call, alarm, event)
    if before == after:
        return
    states = call.table("alarm_states")
    old: State = states[alarm.name]
    states[alarm.name] = dataclasses.replace(old, updated_ms=call.now_ms)
    _tell(call, alarm, old, before, after)


@handler("cloudwatch", "suppression_ends")
def suppression_ends(call: Call, *, alarm: str) -> None:
    """A wait or an extension period is over."""
    found = call.table("alarms").get(alarm)
    if isinstance(found, CompositeAlarm) and phase_of(call, alarm) is not None:
        suppression(call, found, "time")
