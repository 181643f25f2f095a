"""PutCompositeAlarm.

Source: API reference; texts as observed on the live service unless a comment says ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, Params, operation
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms import action_arns, history, tags, transitions
from cwlab.services.cloudwatch.alarms.composite import relations
from cwlab.services.cloudwatch.alarms.composite.parse import parse
from cwlab.services.cloudwatch.alarms.composite.relations import alarm_arn, name_of
from cwlab.services.cloudwatch.alarms.phases import phase_of
from cwlab.services.cloudwatch.alarms.records import Actions, CompositeAlarm, MetricAlarm

MAX_PARENTS = 150


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    lists = ("AlarmActions", "OKActions", "InsufficientDataActions")
    actions = [action for name in lists for action in params.get(name, ())]
    return {"cloudwatch:AlarmActions": actions, **tags.conditions(params.get("Tags", ()))}


# A policy for this operation must have the resource *: it reads alarms of any name.
@operation("cloudwatch", "PutCompositeAlarm", conditions=_conditions)
def put_composite_alarm(
    call: Call,
    *,
    AlarmName: str,
    AlarmRule: str,
    AlarmDescription: str | None = None,
    ActionsEnabled: bool = True,
    OKActions: Sequence[str] = (),
    AlarmActions: Sequence[str] = (),
    InsufficientDataActions: Sequence[str] = (),
    ActionsSuppressor: str | None = None,
    ActionsSuppressorWaitPeriod: int | None = None,
    ActionsSuppressorExtensionPeriod: int | None = None,
    Tags: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Make a composite alarm, or replace all of its configuration; it is evaluated at once."""
    table = call.table("alarms")
    before = table.get(AlarmName)
    if isinstance(before, MetricAlarm):
        raise _refused(f"An alarm of another type with the name {AlarmName} already exists")  # ours
    alarm = CompositeAlarm(
        name=AlarmName,
        arn=alarm_arn(call, AlarmName),
        description=AlarmDescription,
        actions=Actions(
            ActionsEnabled, tuple(OKActions), tuple(AlarmActions), tuple(InsufficientDataActions)
        ),
        rule=AlarmRule,
        suppressor=ActionsSuppressor,
        suppressor_wait_s=ActionsSuppressorWaitPeriod,
        suppressor_extension_s=ActionsSuppressorExtensionPeriod,
        created_ms=before.created_ms if before else call.now_ms,
        configured_ms=call.now_ms,
    )
    _check(call, alarm)
    action_arns.check(call, alarm)
    given = tags.checked(Tags or ())
    if before is not None and alarm == dataclasses.replace(before, configured_ms=alarm.configured_ms):
        return
    guard_before = relations.suppressor(call, AlarmName)
    table[AlarmName] = alarm
    relations.remember(call, alarm)
    if before is None:
        transitions.born(call, alarm)
        tags.first(call, alarm.arn, given)
    history.configured(call, "Create" if before is None else "Update", alarm, before)
    if phase_of(call, AlarmName) is not None and guard_before != relations.suppressor(call, AlarmName):
        transitions.suppression(call, alarm, "replaced")
    transitions.evaluate(call, alarm, "was created and its" if before is None else "was updated and its new")


def _check(call: Call, alarm: CompositeAlarm) -> None:
    if any(not letter.isprintable() and ord(letter) < 128 for letter in alarm.name):
        raise _refused("AlarmName must not contain ASCII Control characters")
    names = tuple(dict.fromkeys(name_of(call, ref) for ref in parse(alarm.rule).refs))
    if alarm.name in names:
        raise _refused(
            "A composite alarm cannot have a child relation with itself via its AlarmRule, as it would introduce a "
            "circular dependency"
        )
    known = call.table("alarms")
    missing = [alarm_arn(call, name) for name in names if name not in known]
    if missing:
        raise _refused(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
    for name in names:
        others = [each for each in relations.parents(call, name) if each != alarm.name]
        if len(others) >= MAX_PARENTS:  # ours
            raise _refused(f"The alarm {name} is a child of {MAX_PARENTS} composite alarms already")
    _check_suppressor(call, alarm)


def _check_suppressor(call: Call, alarm: CompositeAlarm) -> None:
    """The suppressor and its two periods: all three or none. (Texts: ours.)"""
    periods = {
        "ActionsSuppressorWaitPeriod": alarm.suppressor_wait_s,
        "ActionsSuppressorExtensionPeriod": alarm.suppressor_extension_s,
    }
    for parameter, seconds in periods.items():
        if alarm.suppressor is not None and seconds is None:
            raise _refused(f"{parameter} is required when ActionsSuppressor is specified")
        if alarm.suppressor is None and seconds is not None:
            raise _refused(f"{parameter} can only be specified together with ActionsSuppressor")
        if seconds is not None and seconds < 0:
            raise _refused(f"{parameter} must not be negative: {seconds}")
    if alarm.suppressor is None:
        return
    guard = name_of(call, alarm.suppressor)
    if guard == alarm.name:
        raise _refused("A composite alarm cannot be its own ActionsSuppressor")
    if guard not in call.table("alarms"):
        raise _refused(
            f"Could not save the composite alarm as the ActionsSuppressor {alarm_arn(call, guard)} does not exist"
        )
