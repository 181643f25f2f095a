"""Scaling policies run again each minute while an alarm stays in a state that has them: one agenda entry for such an alarm.

Source: user guide, ``alarm-actions``. The table ``repeats`` holds the entry by the alarm's name. In the history stands the
first time; of the repetitions only that one begins to fail.
"""

from __future__ import annotations

from cwlab.api import Call, handler
from cwlab.codec import record
from cwlab.errors import CwlabError
from cwlab.services.cloudwatch.alarms import actions, muting
from cwlab.services.cloudwatch.alarms.action_arns import read
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.records import Alarm, MetricAlarm, State
from cwlab.timeline import MINUTE


@record
class Repeat:
    """The agenda's entry, and the state it belongs to, known by when it was entered.

    Args:
        policies: what Auto Scaling said of each policy, by ARN; asked for once.
        failing: the policies that could not be executed the last time.
    """

    entry: int
    transitioned_ms: int
    policies: tuple[tuple[str, tuple[str, str]], ...] = ()
    failing: frozenset[str] = frozenset()


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


def _next(
    call: Call,
    name: str,
    state: State,
    policies: tuple[tuple[str, tuple[str, str]], ...] = (),
    failing: frozenset[str] = frozenset(),
) -> None:
    entry = call.schedule(call.now_ms + MINUTE, "repeat_scaling", alarm=name)
    call.table("repeats")[name] = Repeat(entry, state.transitioned_ms, policies, failing)


@handler("cloudwatch", "repeat_scaling")
def repeat_scaling(call: Call, *, alarm: str) -> None:
    """A minute has passed: run the policies again, unless the alarm is muted."""
    found: Alarm | None = call.table("alarms").get(alarm)
    last: Repeat | None = call.table("repeats").get(alarm)
    if found is None or last is None:
        return
    state: State = call.table("alarm_states")[alarm]
    if muting.active(call, alarm) is not None:
        _next(call, alarm, state, last.policies, last.failing)
        return
    change, known, failing = Change(found, state, state), dict(last.policies), set()
    for arn in _policies(found, state):
        try:
            if not known.get(arn, ("", ""))[0]:
                known[arn] = actions.policy_of(call, change, arn)
            actions.scale(call, change, arn, known[arn])
        except CwlabError as problem:
            failing.add(arn)
            known.pop(arn, None)
            if arn not in last.failing:
                actions.failed(call, change, arn, problem)
    _next(call, alarm, state, tuple(known.items()), frozenset(failing))
