"""Keeping a group at its desired capacity: launching, watching, replacing, ending instances.

Auto Scaling calls EC2 through the door, as `autoscaling.amazonaws.com`. It looks only while something is on its way, and
when EC2 tells it that a member is unhealthy; an idle group puts nothing on the agenda.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError
from cwlab.services.autoscaling.choose import leaving, next_place
from cwlab.services.autoscaling.collection import gone, note
from cwlab.services.autoscaling.common import act, uuid
from cwlab.services.autoscaling.notices import tell
from cwlab.services.autoscaling.records import Activity, Group, Member, Template
from cwlab.services.autoscaling.workload import spread
from cwlab.timeline import SECOND, iso

LOOK_S = 10
"""How often a group looks at instances that are on their way."""
HEALTH_S = 30
"""How long after EC2 says so an unhealthy instance is replaced: at the group's next health check."""
RETRY_S, RETRY_AT_MOST_S = 60, 3_600
GROUP_TAG = "aws:autoscaling:groupName"
SERVICE = "autoscaling.amazonaws.com"


def ec2(call: Call, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Ask EC2, as the service."""
    return call.invoke("ec2", operation, params, service_principal=SERVICE)


def save(call: Call, group: Group) -> Group:
    """Put a changed group back; its work is shared anew when other instances serve, its numbers are noted."""
    before: Group | None = call.table("groups").get(group.name)
    call.table("groups")[group.name] = group
    served = frozenset() if before is None else before.serving
    if served != group.serving:
        spread(call, group, served - group.serving)
    note(call, group)
    return group


def forget(call: Call, name: str) -> None:
    """A group without instances is gone."""
    del call.table("groups")[name]
    call.table("works").pop(name, None)
    call.table("notifications").pop(name, None)
    gone(call, name)


def soon(call: Call, group: Group, seconds: float = 1) -> None:
    """Bring a group to its desired capacity shortly."""
    call.schedule(call.now_ms + round(seconds * SECOND), "settle", group=group.name)


# Activities ----------------------------------------------------------------------------------------------------------


def begin(call: Call, group: Group, description: str, cause: str, member: Member | None = None) -> Activity:
    """Note the beginning of an activity."""
    activity_id = uuid(call)
    details = {} if member is None else {"Subnet ID": member.subnet_id, "Availability Zone": member.zone}
    activity = Activity(
        activity_id,
        group.name,
        description,
        cause,
        call.now_ms,
        details=json.dumps(details, sort_keys=True),
        instance_id="" if member is None else member.instance_id,
    )
    call.table("activities")[activity_id] = activity
    return activity


def finish(call: Call, activity_id: str, status: str = "Successful", message: str | None = None) -> None:
    """Note the end of an activity."""
    activity = call.table("activities").get(activity_id)
    if activity is not None and activity.end_ms is None:
        ended = replace(activity, status=status, end_ms=call.now_ms, message=message)
        call.table("activities")[activity_id] = ended
        group = call.table("groups").get(activity.group)
        if group is not None and status != "Cancelled":
            tell(call, group, ended)


# Coming to the desired capacity --------------------------------------------------------------------------------------


@handler("autoscaling", "settle")
def settle(call: Call, *, group: str) -> None:
    """Replace what is unhealthy, launch what is missing, end what is too many."""
    found: Group | None = call.table("groups").get(group)
    if found is None:
        return
    sick = [member for member in found.members if member.state == "InService" and not member.healthy]
    sick += [member for member in found.members if member.state == "Pending" and not member.healthy]
    if sick and found.suspended and {"ReplaceUnhealthy", "Launch", "Terminate"} & set(found.suspended):
        return
    if sick:
        at = iso(call.now_ms)
        cause = (
            f"At {at} an instance was taken out of service in response to an EC2 health check indicating it has "
            "been terminated or stopped."
        )
        found = end(call, found, sick, cause)
    short = found.desired - found.capacity
    if short and ("Launch" if short > 0 else "Terminate") in found.suspended:
        return
    if short > 0 and not found.deleting:
        reason = "an instance was launched in response to an unhealthy instance needing to be replaced."
        cause = (
            f"At {iso(call.now_ms)} {reason}" if sick and not found.cause else _difference(call, found, short)
        )
        found = launch(call, found, short, cause)
    elif short < 0:
        found = end(call, found, leaving(found.members, -short), _difference(call, found, short))
    save(call, replace(found, cause=""))


def _difference(call: Call, group: Group, change: int) -> str:
    before, at = group.capacity, iso(call.now_ms)
    what = "started" if change > 0 else "taken out of service"
    way = "increasing" if change > 0 else "shrinking"
    own = f"{group.cause}  " if group.cause else ""
    return (
        f"{own}At {at} an instance was {what} in response to a difference between desired and actual capacity, "
        f"{way} the capacity from {before} to {before + change}."
    )


def launch(call: Call, group: Group, count: int, cause: str) -> Group:
    """Launch instances one by one, each in the zone that has fewest; a failure ends the round and is tried again."""
    for _ in range(count):
        places = group.subnet_ids or group.zones
        taken = [(m.subnet_id if group.subnet_ids else m.zone) for m in group.members if m.counts]
        place = next_place(places, taken)
        activity = begin(call, group, "Launching a new EC2 instance.", cause)
        try:
            launched = ec2(call, "RunInstances", _launch_params(group, place))["Instances"][0]
        except AwsError as error:
            finish(call, activity.activity_id, "Failed", f"{error.message} Launching EC2 instance failed.")
            wait_s = min(RETRY_S * 2**group.failures, RETRY_AT_MOST_S)
            group = replace(group, failures=min(group.failures + 1, 10))
            soon(call, group, wait_s)
            return save(call, group)
        member = Member(
            launched["InstanceId"],
            launched["InstanceType"],
            launched["Placement"]["AvailabilityZone"],
            launched["SubnetId"],
            "Pending",
            group.template,
            call.now_ms,
            activity.activity_id,
            launched["ImageId"],
            protected=group.new_protected,
            warmup_s=_warmup(group),
        )
        call.table("activities")[activity.activity_id] = replace(
            activity,
            description=f"Launching a new EC2 instance: {member.instance_id}",
            instance_id=member.instance_id,
            details=json.dumps(
                {"Subnet ID": member.subnet_id, "Availability Zone": member.zone}, sort_keys=True
            ),
        )
        group = save(call, replace(group, members=(*group.members, member), failures=0))
    return _look_later(call, save(call, replace(group, launch_warmup_s=None)))


def _warmup(group: Group) -> int:
    """The warm-up of an instance launched now: of the policy that asked for it, else of the group."""
    return (group.warmup_s or 0) if group.launch_warmup_s is None else group.launch_warmup_s


def _launch_params(group: Group, place: str) -> dict[str, Any]:
    tags = [{"Key": tag.key, "Value": tag.value} for tag in group.tags if tag.propagate]
    tags.append({"Key": GROUP_TAG, "Value": group.name})
    where = {"SubnetId": place} if group.subnet_ids else {"Placement": {"AvailabilityZone": place}}
    return {
        "MinCount": 1,
        "MaxCount": 1,
        "LaunchTemplate": template_spec(group.template),
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
        **where,
    }


def template_spec(template: Template) -> dict[str, str]:
    """A template as RunInstances takes it."""
    return {"LaunchTemplateId": template.template_id, "Version": template.version}


def end(call: Call, group: Group, members: Iterable[Member], cause: str) -> Group:
    """Terminate members, with an activity each."""
    for member in members:
        activity = begin(call, group, f"Terminating EC2 instance: {member.instance_id}", cause, member)
        finish(call, member.activity_id, "Cancelled")
        gone = replace(member, state="Terminating", activity_id=activity.activity_id)
        group = with_member(group, gone)
        save(call, group)
        try:
            ec2(call, "TerminateInstances", {"InstanceIds": [member.instance_id]})
        except AwsError as error:
            if not error.code.startswith("InvalidInstanceID"):
                finish(call, activity.activity_id, "Failed", error.message)
                group = save(call, with_member(group, member))
    return _look_later(call, group)


def with_member(group: Group, member: Member) -> Group:
    """The group with one member written anew."""
    members = tuple(member if m.instance_id == member.instance_id else m for m in group.members)
    return replace(group, members=members)


# Watching what is on its way ------------------------------------------------------------------------------------------


def _look_later(call: Call, group: Group) -> Group:
    """Put one look on the agenda, unless there is one."""
    if group.watching:
        return group
    call.schedule(call.now_ms + LOOK_S * SECOND, "look", group=group.name)
    return save(call, replace(group, watching=True))


@handler("autoscaling", "look")
def look(call: Call, *, group: str) -> None:
    """See how instances on their way are doing; look again while there are any."""
    found: Group | None = call.table("groups").get(group)
    if found is None:
        return
    found = replace(found, watching=False)
    moving = [member for member in found.members if member.state != "InService"]
    states = _states(call, [member.instance_id for member in moving])
    for member in moving:
        state = states.get(member.instance_id, "terminated")
        if member.state == "Pending" and state == "running":
            found = with_member(found, replace(member, state="InService", serving_ms=call.now_ms))
            if member.warmup_s:
                warm_ms = call.now_ms + member.warmup_s * SECOND
                act(call, "warm_up", instance_id=member.instance_id, until_ms=warm_ms)
            finish(call, member.activity_id)
            found = _cooling(call, found)
        elif member.state == "Terminating" and state == "terminated":
            found = replace(
                found, members=tuple(m for m in found.members if m.instance_id != member.instance_id)
            )
            finish(call, member.activity_id)
            found = _cooling(call, found)
    if not found.moving:
        found = replace(found, cooling_s=None)
    if found.deleting and not found.members:
        forget(call, group)
        return
    save(call, found)
    if found.moving:
        _look_later(call, found)


def _cooling(call: Call, group: Group) -> Group:
    """A cooldown begins when the last instance has come or gone: of the policy that acted, else of the group."""
    seconds = group.cooldown_s if group.cooling_s is None else group.cooling_s
    return replace(group, cooled_ms=call.now_ms + seconds * SECOND)


def _states(call: Call, ids: list[str]) -> dict[str, str]:
    answer = ec2(call, "DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": ids}]})
    return {
        each["InstanceId"]: each["State"]["Name"]
        for reservation in answer["Reservations"]
        for each in reservation["Instances"]
    }
