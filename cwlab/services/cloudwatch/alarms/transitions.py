"""A change of state and everything that follows from it: history, event, actions, and the composites that look on.

    transition ─ state, line of history, event, actions (held back: a line), repeated scaling
        └─ ripple ─ composites that watch the alarm, each at most once ─ the same for each that changes

Children come before their parents, so that a composite over composites sees the outcome. An alarm that is met again on
the way belongs to a cycle; there evaluation stops, as on AWS.
"""

from __future__ import annotations

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms import actions, events, muting, repeating
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.lines import Contributor, add, state_of
from cwlab.services.cloudwatch.alarms.records import UNCHECKED, Alarm, State, StateValue


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
    if enter(call, alarm, value, reason, data):
        pass


def enter(call: Call, alarm: Alarm, value: StateValue, reason: str, data: str | None) -> bool:
    """The change of one alarm alone, and its actions. False when its state has this value already."""
    states = call.table("alarm_states")
    old: State = states[alarm.name]
    if old.value == value:
        return False
    new = states[alarm.name] = State(value, reason, data, call.now_ms, call.now_ms)
    change = Change(alarm, old, new, muting=muting.active(call, alarm.name))
    summary = f"Alarm updated from {old.value} to {value}"
    add(call, alarm, "StateUpdate", summary, _update(change))
    events.changed(call, change)
    actions.follow(call, change)
    repeating.follow(call, alarm, new)
    return True


def contributor_changed(
    call: Call, alarm: Alarm, contributor: Contributor, before: State, after: State
) -> None:
    """One series of an alarm over many has changed its state: its own line, event and notifications."""
    change = Change(alarm, before, after, contributor=contributor, muting=muting.active(call, alarm.name))
    summary = f"Alarm contributor updated from {before.value} to {after.value}"
    add(call, alarm, "AlarmContributorStateUpdate", summary, _update(change), contributor)
    events.changed(call, change)
    actions.follow(call, change)


def _update(change: Change) -> dict[str, object]:
    return {
        "version": "1.0",
        "oldState": state_of(change.before),
        "newState": state_of(change.after),
    }
