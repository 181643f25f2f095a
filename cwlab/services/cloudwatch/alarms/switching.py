"""SetAlarmState, EnableAlarmActions, DisableAlarmActions, DeleteAlarms.

Source: API reference; behavior and texts as observed on the live service except where a comment says unconfirmed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from cwlab.api import Call, Params, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms import composite, evaluation, history, tags
from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, MetricAlarm, StateValue
from cwlab.services.cloudwatch.alarms.transitions import transition


def _one(call: Call, params: Params) -> str:
    return arn("cloudwatch", call.region, call.account, f"alarm:{params['AlarmName']}")


def _many(call: Call, params: Params) -> list[str]:
    return [arn("cloudwatch", call.region, call.account, f"alarm:{name}") for name in params["AlarmNames"]]


@operation("cloudwatch", "SetAlarmState", resource=_one)
def set_alarm_state(
    call: Call,
    *,
    AlarmName: str,
    StateValue: StateValue,
    StateReason: str,
    StateReasonData: str | None = None,
) -> None:
    """Put an alarm into a state, with all that follows. A metric alarm is back at its own at its next evaluation."""
    alarm: Alarm | None = call.table("alarms").get(AlarmName)
    if alarm is None:
        raise AwsError("ResourceNotFound", "", 404)
    if StateReasonData is not None and not _is_json(StateReasonData):
        raise AwsError("InvalidFormat", "", shape="InvalidFormatFault")
    transition(call, alarm, StateValue, StateReason, StateReasonData)
    if isinstance(alarm, MetricAlarm):
        evaluation.look_again(call, alarm)


def _is_json(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return value is None or isinstance(value, dict | list)


@operation("cloudwatch", "EnableAlarmActions", resource=_many)
def enable_alarm_actions(call: Call, *, AlarmNames: Sequence[str]) -> None:
    """Let actions run from now on; the present state sets off none. Unknown names are passed over."""
    _switch(call, AlarmNames, enabled=True)


@operation("cloudwatch", "DisableAlarmActions", resource=_many)
def disable_alarm_actions(call: Call, *, AlarmNames: Sequence[str]) -> None:
    """Hold all actions back from now on. Unknown names are passed over."""
    _switch(call, AlarmNames, enabled=False)


def _switch(call: Call, names: Sequence[str], *, enabled: bool) -> None:
    table = call.table("alarms")
    for name in dict.fromkeys(names):
        before: Alarm | None = table.get(name)
        if before is not None and before.actions.enabled != enabled:
            actions = dataclasses.replace(before.actions, enabled=enabled)
            alarm = table[name] = dataclasses.replace(before, actions=actions, configured_ms=call.now_ms)
            history.configured(call, "Update", alarm, before)


@operation("cloudwatch", "DeleteAlarms", resource=_many)
def delete_alarms(call: Call, *, AlarmNames: Sequence[str]) -> None:
    """Delete alarms and their tags; their history stays. Unknown names are passed over.

    Nothing is deleted where one of them cannot be.
    """
    table = call.table("alarms")
    names = [name for name in dict.fromkeys(AlarmNames) if name in table]
    if sum(isinstance(table[name], CompositeAlarm) for name in names) > 1:
        # Unconfirmed wording.
        raise AwsError("ValidationError", "Only one composite alarm can be deleted in one request.")
    for name in names:
        if composite.dependents(call, name):
            raise AwsError(
                "ValidationError",
                f"Cannot delete {name} as there are composite alarm(s) depending on it.",
            )
    for name in names:
        alarm: Alarm = table[name]
        history.configured(call, "Delete", alarm, None)
        if isinstance(alarm, MetricAlarm):
            evaluation.forget(call, alarm)
        tags.drop(call, alarm.arn)
        del table[name]
        del call.table("alarm_states")[name]
