"""A composite alarm as DescribeAlarms tells it, members in the order of the live service."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms.phases import phase_of
from cwlab.services.cloudwatch.alarms.records import CompositeAlarm, State
from cwlab.timeline import to_datetime


def view(call: Call, alarm: CompositeAlarm) -> dict[str, Any]:
    """The structure CompositeAlarm; what is not set is left out."""
    state: State = call.table("alarm_states")[alarm.name]
    phase = phase_of(call, alarm.name)
    told = {
        "ActionsEnabled": alarm.actions.enabled,
        "AlarmActions": list(alarm.actions.alarm),
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": to_datetime(alarm.configured_ms),
        "AlarmDescription": alarm.description,
        "AlarmName": alarm.name,
        "AlarmRule": alarm.rule,
        "InsufficientDataActions": list(alarm.actions.insufficient_data),
        "OKActions": list(alarm.actions.ok),
        "StateReason": state.reason,
        "StateReasonData": state.data,
        "StateUpdatedTimestamp": to_datetime(state.updated_ms),
        "StateValue": state.value,
        "StateTransitionedTimestamp": to_datetime(state.transitioned_ms),
        "ActionsSuppressedBy": None if phase is None else phase.by,
        "ActionsSuppressedReason": None if phase is None else phase.reason,
        "ActionsSuppressor": alarm.suppressor,
        "ActionsSuppressorWaitPeriod": alarm.suppressor_wait_s,
        "ActionsSuppressorExtensionPeriod": alarm.suppressor_extension_s,
    }
    return {key: value for key, value in told.items() if value is not None}
