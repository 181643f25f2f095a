"""Scaling policies run again each minute while an alarm stays in a state that has them: one agenda entry for such an alarm.

Source: user guide, ``alarm-actions``. The table ``repeats`` holds the entry by the alarm's name.
"""

from __future__ import annotations

from cwlab.api import Call, handler
from cwlab.codec import record
from cwlab.services.cloudwatch.alarms import actions, muting
from cwlab.services.cloudwatch.alarms.action_arns import read
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.records import Alarm, MetricAlarm, State
from cwlab.timeline import MINUTE


@record
class Repeat:
    """The agenda's entry, and the state it belongs to, known by when it was entered."""

    entry: int
    transitioned_ms: int


def _policies(alarm: Alarm, state: State) -> list[str]:
    if not isinstance(alarm, MetricAlarm) or not alarm.actions.enabled:
        return []
    return [arn for arn in alarm.actions.entering(state.value) if read(arn).kind == "autoscaling"]


def follow(call: Call, alarm: Alarm, state: State) -> None:
    """Start, go on or stop, as the alarm's configuration and state have it."""
    running: Repeat | None = call.table("repeats").get(alarm.name)
    wanted = bool(_policies(alarm, state))
    if running is not None and (not wanted or running.transitioned_ms != state.transitioned_ms):
        stop(call, alarm.name)
        running = None
    if wanted and running is None:
        _next(call, alarm.name, state)


def stop(call: Call, name: str) -> None:
    """Run no more."""
    running: Repeat | None = call.table("repeats").pop(name, None)
    if running is not None:
        call.cancel(running.entry)


def _next(call: Call, name: str, state: State) -> None:
    entry = call.schedule(call.now_ms + MINUTE, "repeat_scaling", alarm=name)
    call.table("repeats")[name] = Repeat(entry, state.transitioned_ms)


@handler("cloudwatch", "repeat_scaling")
def repeat_scaling(call: Call, *, alarm: str) -> None:
    """A minute has passed: run the policies again, unless the alarm is muted."""
    found: Alarm | None = call.table("alarms").get(alarm)
    if found is None:
        return
    state: State = call.table("alarm_states")[alarm]
    if muting.active(call, alarm) is None:
        for arn in _policies(found, state):
            actions.execute(call, Change(found, state, state), arn)
    _next(call, alarm, state)
