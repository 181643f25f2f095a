"""When a composite alarm holds its actions back because of another alarm.

    composite changes   suppressor in ALARM -> held by Alarm; else WaitPeriod > 0 -> held by WaitPeriod; else act
    WaitPeriod          suppressor enters ALARM -> held by Alarm; the period ends -> act
    Alarm               suppressor leaves ALARM -> held by ExtensionPeriod, or act if that is 0
    ExtensionPeriod     suppressor enters ALARM -> held by Alarm; the period ends -> act

Source: user guide, ``alarm-suppression``, with six scenarios (tests/oracles/alarms/suppression.txt). Once the actions have
run, the suppressor changes nothing until the composite's next change of state. Reasons are as observed.
"""

from __future__ import annotations

from typing import Literal

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms.composite.relations import alarm_arn, suppressor
from cwlab.services.cloudwatch.alarms.phases import Phase, SuppressedBy, drop, phase_of
from cwlab.services.cloudwatch.alarms.records import CompositeAlarm, State
from cwlab.services.cloudwatch.alarms.words import spoken

Held = SuppressedBy | None
Event = Literal["changed", "alarm", "no alarm", "time", "replaced"]


def next_phase(phase: Held, event: Event, *, in_alarm: bool, wait_s: int, extension_s: int) -> Held:
    """The rule, pure.

    Args:
        event: the composite ``changed`` its value; the suppressor went into ``alarm`` or out of it (``no alarm``); the
            ``time`` of a period is over; another suppressor, or none, ``replaced`` it while actions were held.
        in_alarm: the suppressor is in ALARM.
    """
    if event == "changed":
        return "Alarm" if in_alarm else "WaitPeriod" if wait_s > 0 else None
    if event == "time":
        return None
    if event == "replaced":
        return "Alarm" if in_alarm else None
    if event == "alarm":
        return None if phase is None else "Alarm"
    if phase == "Alarm":
        return "ExtensionPeriod" if extension_s > 0 else None
    return phase


def move(call: Call, alarm: CompositeAlarm, event: Event) -> tuple[Phase | None, Phase | None]:
    """Let an event count: the phase before and after. Timers are set and dropped; nothing else is done."""
    before, guard = phase_of(call, alarm.name), suppressor(call, alarm.name)
    if guard is None:
        return before, _set(call, alarm, before, None)
    state: State | None = call.table("alarm_states").get(guard)
    held = next_phase(
        None if before is None else before.by,
        event,
        in_alarm=state is not None and state.value == "ALARM",
        wait_s=alarm.suppressor_wait_s or 0,
        extension_s=alarm.suppressor_extension_s or 0,
    )
    if event != "changed" and held == (None if before is None else before.by):
        return before, before
    return before, _set(call, alarm, before, held, guard, state)


def _set(
    call: Call,
    alarm: CompositeAlarm,
    before: Phase | None,
    held: Held,
    guard: str = "",
    state: State | None = None,
) -> Phase | None:
    if before is not None:
        drop(call, alarm.name)
    if held is None:
        return None
    timer = None
    reason = f"Actions suppressed by {held}"
    if held == "Alarm":
        at = spoken(state.transitioned_ms) if state is not None else ""
        reason = f"Actions suppressed by {alarm_arn(call, guard)} that transitioned to ALARM at {at}"
    else:
        seconds = alarm.suppressor_wait_s if held == "WaitPeriod" else alarm.suppressor_extension_s
        timer = call.schedule(call.now_ms + (seconds or 0) * 1000, "suppression_ends", alarm=alarm.name)
    phase = call.table("suppressions")[alarm.name] = Phase(held, reason, timer)
    return phase
