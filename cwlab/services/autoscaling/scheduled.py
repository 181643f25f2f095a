"""Scheduled actions: new bounds or a new capacity at an instant, or again and again.

Source: EC2 Auto Scaling guide "Scheduled scaling"; APIREF PutScheduledUpdateGroupAction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.autoscaling import crontab
from cwlab.services.autoscaling.capacity import begin, finish, save, soon
from cwlab.services.autoscaling.common import Params, find, group_arn, invalid, page, uuid, with_token
from cwlab.services.autoscaling.records import Group, Scheduled
from cwlab.timeline import iso, to_datetime, to_ms

MOST_ACTIONS = 125
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def of_group(call: Call, group: str) -> list[Scheduled]:
    """The scheduled actions of a group."""
    return [each for each in call.table("scheduled").values() if each.group == group]


@operation("autoscaling", "PutScheduledUpdateGroupAction", resource=group_arn)
def put_scheduled_update_group_action(
    call: Call,
    *,
    AutoScalingGroupName: str,
    ScheduledActionName: str,
    StartTime: datetime | None = None,
    EndTime: datetime | None = None,
    Recurrence: str | None = None,
    MinSize: int | None = None,
    MaxSize: int | None = None,
    DesiredCapacity: int | None = None,
    TimeZone: str | None = None,
) -> None:
    """Keep an action, or replace the one of that name: once at StartTime, or as Recurrence says."""
    group = find(call, AutoScalingGroupName)
    key = f"{group.name}/{ScheduledActionName}"
    old: Scheduled | None = call.table("scheduled").get(key)
    fresh = Scheduled(
        ScheduledActionName,
        _arn(call, group, ScheduledActionName) if old is None else old.arn,
        group.name,
        call.now_ms,
        None if StartTime is None else to_ms(StartTime),
        None if EndTime is None else to_ms(EndTime),
        Recurrence,
        MinSize,
        MaxSize,
        DesiredCapacity,
        TimeZone,
    )
    first = _check(call, fresh, old)
    if old is not None:
        call.cancel(old.entry)
    entry = call.schedule(first, "scheduled_action", key=key)
    call.table("scheduled")[key] = replace(fresh, entry=entry, next_ms=first)


def _arn(call: Call, group: Group, name: str) -> str:
    tail = f"scheduledUpdateGroupAction:{uuid(call)}:autoScalingGroupName/{group.name}:scheduledActionName/{name}"
    return arn("autoscaling", call.region, call.account, tail)


def _check(call: Call, action: Scheduled, old: Scheduled | None) -> int:
    """When an action runs first.

    Raises:
        AwsError: it says nothing to do, cannot be read, lies in the past, or at the same time as another.
    """
    if action.min_size is None and action.max_size is None and action.desired is None:
        raise invalid(
            "You must specify at least one of the following properties: MaxSize, MinSize, or DesiredCapacity"
        )
    sizes = [each for each in (action.min_size, action.desired, action.max_size) if each is not None]
    if sizes != sorted(sizes) or sizes[0] < 0:
        raise invalid("MinSize, DesiredCapacity and MaxSize must be in rising order and not negative")
    if action.recurrence is None and action.start_ms is None:
        raise invalid("Either Start Time or Recurrence must be specified")
    if action.recurrence is None and action.end_ms is not None:
        raise invalid("End Time can only be specified with Recurrence")
    if action.zone is not None and not crontab.is_zone(action.zone):
        raise invalid(f"Given timezone: {action.zone} is invalid")
    if action.start_ms is not None and action.start_ms < call.now_ms:
        raise invalid("Given start time is in the past")
    if action.end_ms is not None and action.end_ms < (action.start_ms or call.now_ms):
        raise invalid("End Time must be in the future and after Start Time")
    if action.recurrence is not None:
        try:
            crontab.read(action.recurrence)
        except crontab.BadCrontab:
            raise invalid(f"Given recurrence string:{action.recurrence} is invalid") from None
    first = _following(action, call.now_ms) if action.start_ms is None else action.start_ms
    if first is None:
        raise invalid("The action never runs between its start and end time")
    others = [each for each in of_group(call, action.group) if each.name != action.name]
    if any(each.next_ms == first for each in others):
        raise AwsError("AlreadyExists", "There is already a scheduled action with this time for the group")
    if old is None and len(others) >= MOST_ACTIONS:
        raise AwsError("LimitExceeded", f"At most {MOST_ACTIONS} scheduled actions are allowed for a group.")
    return first


def _following(action: Scheduled, after_ms: int) -> int | None:
    """When an action runs next after an instant; None if never again."""
    if action.start_ms is not None and action.start_ms > after_ms:
        return action.start_ms
    if action.recurrence is None:
        return None
    found = crontab.after(action.recurrence, after_ms, action.zone or "UTC")
    return None if found is None or (action.end_ms is not None and found > action.end_ms) else found


@handler("autoscaling", "scheduled_action")
def run(call: Call, *, key: str) -> None:
    """An action's time has come: change the group, and put the next time on the agenda."""
    action: Scheduled | None = call.table("scheduled").get(key)
    if action is None:
        return
    following = _following(action, call.now_ms)
    if following is None:
        del call.table("scheduled")[key]
    else:
        entry = call.schedule(following, "scheduled_action", key=key)
        call.table("scheduled")[key] = replace(action, entry=entry, next_ms=following)
    group: Group | None = call.table("groups").get(action.group)
    if group is not None and not group.deleting and "ScheduledActions" not in group.suspended:
        _apply(call, group, action)


def _apply(call: Call, group: Group, action: Scheduled) -> None:
    least = group.min_size if action.min_size is None else action.min_size
    most = group.max_size if action.max_size is None else action.max_size
    wanted = min(max(group.desired, least), most) if action.desired is None else action.desired
    cause = (
        f"At {iso(call.now_ms)} a scheduled action update of AutoScalingGroup constraints to min: {least}, max: {most}, "
        f"desired: {wanted} changing the desired capacity from {group.desired} to {wanted}."
    )
    if not least <= wanted <= most:
        activity = begin(call, group, f"Executing scheduled action {action.name}", cause)
        problem = (
            f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}"
        )
        finish(call, activity.activity_id, "Failed", problem)
        return
    changed = replace(group, min_size=least, max_size=most, desired=wanted)
    if wanted != group.desired:
        changed = replace(changed, cause=cause, launch_warmup_s=None)
        soon(call, changed)
    save(call, changed)


@operation("autoscaling", "BatchPutScheduledUpdateGroupAction", resource=group_arn)
def batch_put_scheduled_update_group_action(
    call: Call, *, AutoScalingGroupName: str, ScheduledUpdateGroupActions: list[dict[str, Any]]
) -> Params:
    """Keep several actions; those that cannot be are named in the answer."""
    find(call, AutoScalingGroupName)
    failed = []
    for each in ScheduledUpdateGroupActions:
        try:
            put_scheduled_update_group_action(call, AutoScalingGroupName=AutoScalingGroupName, **each)
        except AwsError as error:
            failed.append(_failure(each["ScheduledActionName"], error))
    return {"FailedScheduledUpdateGroupActions": failed}


def _failure(name: str, error: AwsError) -> Params:
    return {"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message}


@operation("autoscaling", "DescribeScheduledActions", readonly=True)
def describe_scheduled_actions(
    call: Call,
    *,
    AutoScalingGroupName: str | None = None,
    ScheduledActionNames: list[str] | None = None,
    StartTime: datetime | None = None,
    EndTime: datetime | None = None,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List actions that are still to run, the next one first."""
    if AutoScalingGroupName is not None:
        find(call, AutoScalingGroupName)
    found = [
        each
        for each in call.table("scheduled").values()
        if AutoScalingGroupName in (None, each.group)
        and (
            not ScheduledActionNames or each.name in ScheduledActionNames or each.arn in ScheduledActionNames
        )
        and (ScheduledActionNames or StartTime is None or each.next_ms >= to_ms(StartTime))
        and (ScheduledActionNames or EndTime is None or each.next_ms <= to_ms(EndTime))
    ]
    found.sort(key=lambda each: (each.next_ms, each.group, each.name))
    items, token = page(found, MaxRecords, NextToken)
    return with_token({"ScheduledUpdateGroupActions": [_described(each) for each in items]}, token)


def _described(action: Scheduled) -> Params:
    start = to_datetime(action.next_ms)
    found = {
        "AutoScalingGroupName": action.group,
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        "Time": start,
        "StartTime": start,
        "EndTime": None if action.end_ms is None else to_datetime(action.end_ms),
        "Recurrence": action.recurrence,
        "MinSize": action.min_size,
        "MaxSize": action.max_size,
        "DesiredCapacity": action.desired,
        "TimeZone": action.zone,
    }
    return {key: value for key, value in found.items() if value is not None}


@operation("autoscaling", "DeleteScheduledAction", resource=group_arn)
def delete_scheduled_action(call: Call, *, AutoScalingGroupName: str, ScheduledActionName: str) -> None:
    """Delete an action that has not run, or runs again and again."""
    group = find(call, AutoScalingGroupName)
    found = call.table("scheduled").get(f"{group.name}/{ScheduledActionName}")
    if found is None:
        raise invalid(f"Scheduled action name not found: {ScheduledActionName}")
    drop(call, found)


def drop(call: Call, action: Scheduled) -> None:
    """Forget an action."""
    call.cancel(action.entry)
    del call.table("scheduled")[f"{action.group}/{action.name}"]


@operation("autoscaling", "BatchDeleteScheduledAction", resource=group_arn)
def batch_delete_scheduled_action(
    call: Call, *, AutoScalingGroupName: str, ScheduledActionNames: list[str]
) -> Params:
    """Delete several actions; those that are not there are named in the answer."""
    find(call, AutoScalingGroupName)
    failed = []
    for name in ScheduledActionNames:
        try:
            delete_scheduled_action(call, AutoScalingGroupName=AutoScalingGroupName, ScheduledActionName=name)
        except AwsError as error:
            failed.append(_failure(name, error))
    return {"FailedScheduledActions": failed}
