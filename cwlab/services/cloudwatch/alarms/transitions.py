"""A change of state and everything that follows from it: history, event, actions, and the composites that look on."""

from __future__ import annotations

from cwlab.api import Call
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
    states = call.table("alarm_states")
    old: State = states[alarm.name]
    if old.value == value:
        return
    states[alarm.name] = State(value, reason, data, call.now_ms, call.now_ms)
