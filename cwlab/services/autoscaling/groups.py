"""The operations of Auto Scaling: groups, their instances, what was done for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.autoscaling import policies, scheduled
from cwlab.services.autoscaling.capacity import (
    GROUP_TAG,
    HEALTH_S,
    begin,
    ec2,
    end,
    finish,
    forget,
    save,
    soon,
    with_member,
)
from cwlab.services.autoscaling.common import (
    Params,
    find,
    group_arn,
    invalid,
    page,
    uuid,
    with_token,
)
from cwlab.services.autoscaling.records import Activity, Group, Member, Tag, Template
from cwlab.timeline import DAY, SECOND, iso, to_datetime

KEPT_MS = 42 * DAY
"""Activities are kept for six weeks (APIREF DescribeScalingActivities)."""


# Groups ------------------------------------------------------------------------------------------------------------


@operation("autoscaling", "CreateAutoScalingGroup", resource=group_arn)
def create_auto_scaling_group(
    call: Call,
    *,
    AutoScalingGroupName: str,
    MinSize: int,
    MaxSize: int,
    DesiredCapacity: int | None = None,
    LaunchTemplate: dict[str, str] | None = None,
    VPCZoneIdentifier: str | None = None,
    AvailabilityZones: list[str] | None = None,
    DefaultCooldown: int = 300,
    DefaultInstanceWarmup: int | None = None,
    HealthCheckType: str = "EC2",
    HealthCheckGracePeriod: int = 0,
    TerminationPolicies: list[str] | None = None,
    NewInstancesProtectedFromScaleIn: bool = False,
    Tags: list[dict[str, Any]] | None = None,
) -> None:
    """Make a group; about a second later it begins to launch its instances."""
    if AutoScalingGroupName in call.table("groups"):
        raise AwsError(
            "AlreadyExists",
            "AutoScalingGroup by this name already exists - A group with the name "
            f"{AutoScalingGroupName} already exists",
        )
    if LaunchTemplate is None:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    desired = MinSize if DesiredCapacity is None else DesiredCapacity
    zones, subnet_ids = _places(call, VPCZoneIdentifier, AvailabilityZones)
    group = Group(
        AutoScalingGroupName,
        arn(
            "autoscaling",
            call.region,
            call.account,
            f"autoScalingGroup:{uuid(call)}:autoScalingGroupName/{AutoScalingGroupName}",
        ),
        _template(call, LaunchTemplate),
        MinSize,
        MaxSize,
        desired,
        zones,
        subnet_ids,
        call.now_ms,
        DefaultCooldown,
        HealthCheckGracePeriod,
        None if DefaultInstanceWarmup == -1 else DefaultInstanceWarmup,
        NewInstancesProtectedFromScaleIn,
        _policies(TerminationPolicies),
        tags=_tags(AutoScalingGroupName, Tags),
        cause=f"At {iso(call.now_ms)} a user request created an AutoScalingGroup changing the desired capacity from "
        f"0 to {desired}.",
    )
    _check(group, HealthCheckType)
    save(call, group)
    if desired:
        soon(call, group)


def _check(group: Group, health: str | None) -> None:
    if health not in (None, "EC2"):
        raise NotModelled(f"HealthCheckType={health!r}", "Modeled: EC2.")
    if group.min_size < 0 or group.max_size < group.min_size:
        raise invalid(
            f"Max bound, {group.max_size}, must be greater than or equal to min bound, {group.min_size}"
        )
    if not group.min_size <= group.desired <= group.max_size:
        raise invalid(
            f"Desired capacity:{group.desired} must be between the specified min size:{group.min_size} and max "
            f"size:{group.max_size}"
        )
    if group.cooldown_s < 0 or group.grace_s < 0:
        raise invalid("Cooldown and health check grace period must not be negative")


def _template(call: Call, asked: dict[str, str]) -> Template:
    """The launch template named, if EC2 has it."""
    extra = set(asked) - {"LaunchTemplateId", "LaunchTemplateName", "Version"}
    if extra or ("LaunchTemplateId" in asked) == ("LaunchTemplateName" in asked):
        raise invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
    version = asked.get("Version", "$Default")
    named = {key: value for key, value in asked.items() if key != "Version"}
    try:
        found = ec2(call, "DescribeLaunchTemplateVersions", {**named, "Versions": [version]})
    except AwsError as error:
        raise invalid(f"You must use a valid fully-formed launch template. {error.message}") from None
    first = found["LaunchTemplateVersions"][0]
    if "ImageId" not in first["LaunchTemplateData"]:
        raise invalid(
            "You must use a valid fully-formed launch template. The request must contain the parameter ImageId"
        )
    return Template(first["LaunchTemplateId"], first["LaunchTemplateName"], version)


def _places(
    call: Call, subnets: str | None, zones: list[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The zones a group uses, and its subnets if it names some."""
    ids = tuple(each.strip() for each in (subnets or "").split(",") if each.strip())
    if ids:
        try:
            found = ec2(call, "DescribeSubnets", {"SubnetIds": list(ids)})["Subnets"]
        except AwsError as error:
            raise invalid(error.message) from None
        of = {each["SubnetId"]: each["AvailabilityZone"] for each in found}
        mine = tuple(dict.fromkeys(of[each] for each in ids))
        if zones and set(zones) != set(mine):
            raise invalid(
                "The availability zones of the specified subnets and the Auto Scaling group do not match"
            )
        return mine, ids
    if not zones:
        raise invalid("At least one Availability Zone or VPC Subnet is required.")
    try:
        ec2(call, "DescribeAvailabilityZones", {"ZoneNames": list(zones)})
    except AwsError:
        raise invalid("One or more availability zones are invalid") from None
    return tuple(zones), ()


def _policies(asked: list[str] | None) -> tuple[str, ...]:
    for each in asked or ():
        if each != "Default":
            raise NotModelled(f"The termination policy {each!r}", "Modeled: Default.")
    return tuple(asked or ("Default",))


def _tags(group: str, asked: list[dict[str, Any]] | None) -> tuple[Tag, ...]:
    found: dict[str, Tag] = {}
    for each in asked or ():
        key = each["Key"]
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        if each.get("ResourceId", group) != group:
            raise invalid(f"The tag {key} names another group: {each['ResourceId']}")
        found[key] = Tag(key, each.get("Value", ""), bool(each.get("PropagateAtLaunch", False)))
    return tuple(found.values())


@operation("autoscaling", "UpdateAutoScalingGroup", resource=group_arn)
def update_auto_scaling_group(
    call: Call,
    *,
    AutoScalingGroupName: str,
    MinSize: int | None = None,
    MaxSize: int | None = None,
    DesiredCapacity: int | None = None,
    LaunchTemplate: dict[str, str] | None = None,
    VPCZoneIdentifier: str | None = None,
    AvailabilityZones: list[str] | None = None,
    DefaultCooldown: int | None = None,
    DefaultInstanceWarmup: int | None = None,
    HealthCheckType: str | None = None,
    HealthCheckGracePeriod: int | None = None,
    TerminationPolicies: list[str] | None = None,
    NewInstancesProtectedFromScaleIn: bool | None = None,
) -> None:
    """Change a group. A new minimum or maximum moves the desired capacity along if it must."""
    group = find(call, AutoScalingGroupName)
    least = group.min_size if MinSize is None else MinSize
    most = group.max_size if MaxSize is None else MaxSize
    desired = min(max(group.desired, least), most) if DesiredCapacity is None else DesiredCapacity
    changed = replace(group, min_size=least, max_size=most, desired=desired)
    if LaunchTemplate is not None:
        changed = replace(changed, template=_template(call, LaunchTemplate))
    if VPCZoneIdentifier is not None or AvailabilityZones is not None:
        zones, subnet_ids = _places(call, VPCZoneIdentifier, AvailabilityZones)
        changed = replace(changed, zones=zones, subnet_ids=subnet_ids)
    if DefaultCooldown is not None:
        changed = replace(changed, cooldown_s=DefaultCooldown)
    if DefaultInstanceWarmup is not None:
        changed = replace(changed, warmup_s=None if DefaultInstanceWarmup == -1 else DefaultInstanceWarmup)
    if HealthCheckGracePeriod is not None:
        changed = replace(changed, grace_s=HealthCheckGracePeriod)
    if TerminationPolicies is not None:
        changed = replace(changed, policies=_policies(TerminationPolicies))
    if NewInstancesProtectedFromScaleIn is not None:
        changed = replace(changed, new_protected=NewInstancesProtectedFromScaleIn)
    _check(changed, HealthCheckType)
    if desired != group.desired:
        cause = (
            f"At {iso(call.now_ms)} a user request update of AutoScalingGroup constraints to min: {least}, max: {most}, "
            f"desired: {desired} changing the desired capacity from {group.desired} to {desired}."
        )
        changed = replace(changed, cause=cause)
        soon(call, changed)
    save(call, changed)


@operation("autoscaling", "SetDesiredCapacity", resource=group_arn)
def set_desired_capacity(
    call: Call, *, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool = False
) -> None:
    """Ask for a number of instances. A cooldown is ignored unless you say to honor it."""
    group = find(call, AutoScalingGroupName)
    if DesiredCapacity > group.max_size:
        raise invalid(
            f"New SetDesiredCapacity value {DesiredCapacity} is above max value {group.max_size} for the "
            "AutoScalingGroup."
        )
    if DesiredCapacity < group.min_size:
        raise invalid(
            f"New SetDesiredCapacity value {DesiredCapacity} is below min value {group.min_size} for the "
            "AutoScalingGroup."
        )
    if HonorCooldown and (call.now_ms < group.cooled_ms or group.moving):
        raise AwsError(
            "ScalingActivityInProgress", "Scaling activity is in progress or the group is cooling down."
        )
    if DesiredCapacity != group.desired:
        cause = (
            f"At {iso(call.now_ms)} a user request explicitly set group desired capacity changing the desired "
            f"capacity from {group.desired} to {DesiredCapacity}."
        )
        soon(call, save(call, replace(group, desired=DesiredCapacity, cause=cause)))


@operation("autoscaling", "DeleteAutoScalingGroup", resource=group_arn)
def delete_auto_scaling_group(call: Call, *, AutoScalingGroupName: str, ForceDelete: bool = False) -> None:
    """Delete a group without instances; with ForceDelete, its instances are ended first."""
    group = find(call, AutoScalingGroupName)
    if group.members and not ForceDelete:
        raise AwsError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group.",
        )
    for policy in policies.of_group(call, group.name):
        policies.drop(call, policy)
    for action in scheduled.of_group(call, group.name):
        scheduled.drop(call, action)
    if not group.members:
        forget(call, AutoScalingGroupName)
        return
    group = save(call, replace(group, deleting=True, min_size=0, desired=0, cause=""))
    staying = [member for member in group.members if member.state != "Terminating"]
    end(call, group, staying, f"At {iso(call.now_ms)} a user request force deleted AutoScalingGroup.")


# Looking -----------------------------------------------------------------------------------------------------------


@operation("autoscaling", "DescribeAutoScalingGroups", readonly=True)
def describe_auto_scaling_groups(
    call: Call,
    *,
    AutoScalingGroupNames: list[str] | None = None,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
    Filters: list[dict[str, Any]] | None = None,
) -> Params:
    """List groups with their members; names that do not exist are passed over, as on AWS."""
    found = [
        each
        for each in call.table("groups").values()
        if AutoScalingGroupNames is None or each.name in AutoScalingGroupNames
    ]
    for each in Filters or ():
        found = [group for group in found if _has_tag(group, each)]
    items, token = page(found, MaxRecords, NextToken)
    return with_token({"AutoScalingGroups": [_group(each) for each in items]}, token)


def _has_tag(group: Group, wanted: dict[str, Any]) -> bool:
    name, values = wanted["Name"], wanted.get("Values", [])
    if name.startswith("tag:"):
        return any(tag.key == name[4:] and tag.value in values for tag in group.tags)
    if name not in ("tag-key", "tag-value"):
        raise NotModelled(f"The filter {name!r}", "Modeled filters here: tag:KEY, tag-key, tag-value.")
    return any((tag.key if name == "tag-key" else tag.value) in values for tag in group.tags)


def _spec(template: Template) -> Params:
    return {
        "LaunchTemplateId": template.template_id,
        "LaunchTemplateName": template.name,
        "Version": template.version,
    }


def _group(group: Group) -> Params:
    answer = {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "LaunchTemplate": _spec(group.template),
        "MinSize": group.min_size,
        "MaxSize": group.max_size,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": group.cooldown_s,
        "AvailabilityZones": list(group.zones),
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": group.grace_s,
        "Instances": [_member(each) for each in group.members],
        "CreatedTime": to_datetime(group.created_ms),
        "SuspendedProcesses": [
            {"ProcessName": each, "SuspensionReason": "User suspended"} for each in group.suspended
        ],
        "EnabledMetrics": [{"Metric": each, "Granularity": "1Minute"} for each in group.collected],
        "Tags": [
            {
                "ResourceId": group.name,
                "ResourceType": "auto-scaling-group",
                "Key": tag.key,
                "Value": tag.value,
                "PropagateAtLaunch": tag.propagate,
            }
            for tag in group.tags
        ],
        "TerminationPolicies": list(group.policies),
        "NewInstancesProtectedFromScaleIn": group.new_protected,
    }
    if group.subnet_ids:
        answer["VPCZoneIdentifier"] = ",".join(group.subnet_ids)
    if group.warmup_s is not None:
        answer["DefaultInstanceWarmup"] = group.warmup_s
    if group.deleting:
        answer["Status"] = "Delete in progress"
    return answer


def _member(member: Member) -> Params:
    return {
        "InstanceId": member.instance_id,
        "InstanceType": member.instance_type,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state,
        "HealthStatus": "Healthy" if member.healthy else "Unhealthy",
        "LaunchTemplate": _spec(member.template),
        "ProtectedFromScaleIn": member.protected,
    }


@operation("autoscaling", "DescribeAutoScalingInstances", readonly=True)
def describe_auto_scaling_instances(
    call: Call,
    *,
    InstanceIds: list[str] | None = None,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List the members of all groups."""
    found = [
        {
            **_member(member),
            "AutoScalingGroupName": group.name,
            "HealthStatus": "HEALTHY" if member.healthy else "UNHEALTHY",
        }
        for group in call.table("groups").values()
        for member in group.members
        if not InstanceIds or member.instance_id in InstanceIds
    ]
    items, token = page(found, MaxRecords, NextToken, most=50)
    return with_token({"AutoScalingInstances": items}, token)


@operation("autoscaling", "DescribeScalingActivities", readonly=True)
def describe_scaling_activities(
    call: Call,
    *,
    AutoScalingGroupName: str | None = None,
    ActivityIds: list[str] | None = None,
    IncludeDeletedGroups: bool = False,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List what was done for a group in the last six weeks, newest first."""
    if AutoScalingGroupName is not None and not IncludeDeletedGroups:
        find(call, AutoScalingGroupName)
    found = [
        each
        for each in call.table("activities").values()
        if AutoScalingGroupName in (None, each.group)
        and (not ActivityIds or each.activity_id in ActivityIds)
        and each.start_ms + KEPT_MS > call.now_ms
        and (IncludeDeletedGroups or each.group in call.table("groups"))
    ]
    found.reverse()
    found.sort(key=lambda each: -each.start_ms)
    items, token = page(found, MaxRecords, NextToken, 100)
    return with_token({"Activities": [_activity(call, each) for each in items]}, token)


def _activity(call: Call, activity: Activity) -> Params:
    group = call.table("groups").get(activity.group)
    answer: Params = {
        "ActivityId": activity.activity_id,
        "AutoScalingGroupName": activity.group,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": to_datetime(activity.start_ms),
        "StatusCode": activity.status,
        "Progress": 100 if activity.end_ms is not None else 50,
        "Details": activity.details,
    }
    if group is not None:
        answer["AutoScalingGroupARN"] = group.arn
    if activity.end_ms is not None:
        answer["EndTime"] = to_datetime(activity.end_ms)
    if activity.message is not None:
        answer["StatusMessage"] = activity.message
    return answer


# Members -----------------------------------------------------------------------------------------------------------


def _membership(call: Call, instance_id: str) -> tuple[Group, Member]:
    """The group an instance is in.

    Raises:
        AwsError: it is in none.
    """
    for group in call.table("groups").values():
        for member in group.members:
            if member.instance_id == instance_id:
                return group, member
    raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


def _shrunk(group: Group, by: int, what: str) -> Group:
    if group.desired - by < group.min_size:
        raise invalid(
            f"Currently, desiredSize equals minSize ({group.min_size}). {what} instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )
    return replace(group, desired=group.desired - by)


@operation("autoscaling", "TerminateInstanceInAutoScalingGroup")
def terminate_instance(
    call: Call, *, ShouldDecrementDesiredCapacity: bool, InstanceId: str | None = None
) -> Params:
    """End a member; without decrement, the group launches another in its place."""
    if InstanceId is None:
        raise invalid("InstanceId must be specified")
    group, member = _membership(call, InstanceId)
    if member.state == "Terminating":
        return {"Activity": _activity(call, call.table("activities")[member.activity_id])}
    cause = (
        f"At {iso(call.now_ms)} instance {InstanceId} was taken out of service in response to a user request"
    )
    if ShouldDecrementDesiredCapacity:
        before = group.desired
        group = _shrunk(group, 1, "Terminating")
        cause += f", shrinking the capacity from {before} to {group.desired}"
    group = end(call, group, [member], cause + ".")
    if not ShouldDecrementDesiredCapacity:
        soon(call, group)
    _, gone = _membership(call, InstanceId)
    return {"Activity": _activity(call, call.table("activities")[gone.activity_id])}


@operation("autoscaling", "SetInstanceHealth")
def set_instance_health(
    call: Call, *, InstanceId: str, HealthStatus: str, ShouldRespectGracePeriod: bool = True
) -> None:
    """Say that a member is Healthy or Unhealthy; an unhealthy one is replaced at the next health check.

    EC2 itself calls this when a member stops, ends or fails its status checks.
    """
    group, member = _membership(call, InstanceId)
    if HealthStatus not in ("Healthy", "Unhealthy"):
        raise invalid(f"Health status {HealthStatus} is not one of Healthy, Unhealthy")
    healthy = HealthStatus == "Healthy"
    young = call.now_ms < member.joined_ms + group.grace_s * SECOND
    if member.state == "Terminating" or (not healthy and ShouldRespectGracePeriod and young):
        return
    if call.principal.kind == "service" and "HealthCheck" in group.suspended:
        return
    save(call, with_member(group, replace(member, healthy=healthy)))
    if not healthy:
        soon(call, group, HEALTH_S)


@operation("autoscaling", "AttachInstances", resource=group_arn)
def attach_instances(call: Call, *, AutoScalingGroupName: str, InstanceIds: list[str] | None = None) -> None:
    """Take running instances into a group; its desired capacity grows by as many."""
    group = find(call, AutoScalingGroupName)
    ids = InstanceIds or []
    if group.desired + len(ids) > group.max_size:
        raise invalid(
            f"AutoScalingGroup {group.name} has min-size={group.min_size}, max-size={group.max_size}, and "
            f"desired-size={group.desired}. To attach {len(ids)} more instance, please update the AutoScalingGroup "
            "sizes appropriately."
        )
    for group_now in call.table("groups").values():
        for member in group_now.members:
            if member.instance_id in ids:
                raise invalid(
                    f"Instance {member.instance_id} is already part of AutoScalingGroup:{group_now.name}"
                )
    try:
        answer = ec2(call, "DescribeInstances", {"InstanceIds": ids})
    except AwsError as error:
        raise invalid(f"Invalid Instance ID(s): {ids} specified. {error.message}") from None
    for each in [i for r in answer["Reservations"] for i in r["Instances"]]:
        if each["State"]["Name"] != "running":
            raise invalid(
                f"Instance {each['InstanceId']} is not in correct state: it is {each['State']['Name']}."
            )
        if each["Placement"]["AvailabilityZone"] not in group.zones:
            raise invalid(f"Instance {each['InstanceId']} is in a zone the group does not use.")
        cause = f"At {iso(call.now_ms)} an instance was attached in response to a user request."
        activity = begin(call, group, f"Attaching an existing EC2 instance: {each['InstanceId']}", cause)
        finish(call, activity.activity_id)
        fresh = Member(
            each["InstanceId"],
            each["InstanceType"],
            each["Placement"]["AvailabilityZone"],
            each["SubnetId"],
            "InService",
            group.template,
            call.now_ms,
            activity.activity_id,
            each["ImageId"],
            protected=group.new_protected,
            serving_ms=call.now_ms,
        )
        group = save(call, replace(group, members=(*group.members, fresh), desired=group.desired + 1))
        ec2(
            call,
            "CreateTags",
            {"Resources": [fresh.instance_id], "Tags": [{"Key": GROUP_TAG, "Value": group.name}]},
        )


@operation("autoscaling", "DetachInstances", resource=group_arn)
def detach_instances(
    call: Call,
    *,
    AutoScalingGroupName: str,
    ShouldDecrementDesiredCapacity: bool,
    InstanceIds: list[str] | None = None,
) -> Params:
    """Let members go without ending them; without decrement, others take their place."""
    group = find(call, AutoScalingGroupName)
    ids = list(dict.fromkeys(InstanceIds or []))
    for each in ids:
        if each not in [member.instance_id for member in group.members]:
            raise invalid(f"The instance {each} is not part of Auto Scaling group {group.name}.")
    if ShouldDecrementDesiredCapacity:
        group = _shrunk(group, len(ids), "Detaching")
    activities = []
    for each in ids:
        cause = f"At {iso(call.now_ms)} instance {each} was detached in response to a user request."
        activity = begin(call, group, f"Detaching EC2 instance: {each}", cause)
        finish(call, activity.activity_id)
        ec2(call, "DeleteTags", {"Resources": [each], "Tags": [{"Key": GROUP_TAG}]})
        activities.append(_activity(call, call.table("activities")[activity.activity_id]))
    group = replace(group, members=tuple(m for m in group.members if m.instance_id not in ids))
    save(call, group)
    if not ShouldDecrementDesiredCapacity:
        soon(call, group)
    return {"Activities": activities}
