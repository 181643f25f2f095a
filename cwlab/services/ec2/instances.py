"""Instances: launching, stopping, starting, ending, watching them; and what the lab itself can do to one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cwlab.api import Call, handler, verb
from cwlab.errors import AwsError, BadInput, NotModelled
from cwlab.services.ec2 import catalog, templates
from cwlab.services.ec2.addresses import private_name, public_ip, public_name
from cwlab.services.ec2.gateways import address_on, drop_interface, make_interface
from cwlab.services.ec2.load import QUANTITIES
from cwlab.services.ec2.records import (
    Impairment,
    Instance,
    Interface,
    Load,
    Since,
    StateChange,
    Subnet,
    Vpc,
)
from cwlab.services.ec2.security import default_vpc, group_by_name
from cwlab.services.ec2.support import (
    Filters,
    Params,
    Values,
    arns,
    checked_tags,
    chosen,
    clean,
    get,
    invalid,
    missing,
    op,
    page,
    put_tags,
    required,
    tag_list,
)
from cwlab.services.ec2.tags import GROUP_TAG, note_group
from cwlab.timeline import HOUR, SECOND, to_datetime

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
"""The numbers AWS gives the states (APIREF InstanceState)."""
MAX_INSTANCES = 1_000

# Launching ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything a launch was asked for, checked; one for all instances of a reservation."""

    kind: str
    image_id: str
    subnet: Subnet
    group_ids: tuple[str, ...]
    public: bool
    private_ip: str | None
    is_detailed: bool
    profile_arn: str | None
    profile_id: str | None
    protected: bool
    tags: dict[str, str]
    volume_tags: dict[str, str]
    client_token: str


@op("RunInstances")
def run_instances(
    call: Call,
    *,
    MinCount: int,
    MaxCount: int,
    ImageId: str | None = None,
    InstanceType: str | None = None,
    SubnetId: str | None = None,
    SecurityGroupIds: list[str] | None = None,
    SecurityGroups: list[str] | None = None,
    NetworkInterfaces: list[dict[str, Any]] | None = None,
    PrivateIpAddress: str | None = None,
    Placement: dict[str, Any] | None = None,
    IamInstanceProfile: dict[str, str] | None = None,
    Monitoring: dict[str, bool] | None = None,
    CreditSpecification: dict[str, str] | None = None,
    DisableApiTermination: bool | None = None,
    LaunchTemplate: dict[str, str] | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
    ClientToken: str = "",
) -> Params:
    """Launch instances: pending at once, running some 20 to 40 seconds later.

    What is not given comes from the launch template, then from the defaults: a public subnet of the default VPC, its
    default security group, basic monitoring.
    """
    if not 1 <= MinCount <= MaxCount:
        raise invalid(
            f"Value ({MinCount}) for parameter minCount is invalid. Must be at least 1 and at most maxCount."
        )
    if ClientToken and ClientToken in call.table("tokens"):
        return _reservation(
            call, [call.table("instances")[each] for each in call.table("tokens")[ClientToken]]
        )
    asked = templates.filled_in(
        call,
        LaunchTemplate,
        clean(
            {
                "ImageId": ImageId,
                "InstanceType": InstanceType,
                "SubnetId": SubnetId,
                "SecurityGroupIds": SecurityGroupIds,
                "SecurityGroups": SecurityGroups,
                "NetworkInterfaces": NetworkInterfaces,
                "PrivateIpAddress": PrivateIpAddress,
                "Placement": Placement,
                "IamInstanceProfile": IamInstanceProfile,
                "Monitoring": Monitoring,
                "CreditSpecification": CreditSpecification,
                "DisableApiTermination": DisableApiTermination,
                "TagSpecifications": TagSpecifications,
            }
        ),
    )
    launch = _checked(call, asked, ClientToken)
    alive = sum(each.state != "terminated" for each in call.table("instances").values())
    if alive + MaxCount > MAX_INSTANCES:
        raise AwsError(
            "InstanceLimitExceeded",
            f"You have requested more instances ({alive + MaxCount}) than your current instance limit of "
            f"{MAX_INSTANCES} allows.",
        )
    if MaxCount > 1 and launch.private_ip is not None:
        raise AwsError("InvalidParameterCombination", "A private IP address is for one instance.")
    reservation_id = call.unique("r-0", 16)
    launched = []
    for index in range(MaxCount):
        launched.append(_launch(call, launch, reservation_id, index))
    if ClientToken:
        call.table("tokens")[ClientToken] = tuple(each.instance_id for each in launched)
    return _reservation(call, launched)


def _checked(call: Call, asked: Params, token: str) -> Launch:
    """What the instances will be.

    Raises:
        AwsError: something asked for does not exist or does not go together.
        NotModelled: an instance type or an option the lab does not have.
    """
    if "ImageId" not in asked:
        raise required("ImageId")
    image_id = _image(call, asked["ImageId"])
    kind = asked.get("InstanceType", catalog.DEFAULT_TYPE)
    if kind not in catalog.TYPES:
        raise NotModelled(f"The instance type {kind!r}", f"Modeled types: {', '.join(catalog.TYPES)}.")
    if asked.get("CreditSpecification", {}).get("CpuCredits", "unlimited") != "unlimited":
        raise NotModelled("CpuCredits='standard'", "Modeled: unlimited, the default of T3.")
    nic = _one_interface(asked)
    subnet = _subnet(call, nic.get("SubnetId") or asked.get("SubnetId"), asked.get("Placement", {}))
    group_ids = _groups(
        call, subnet, nic.get("Groups") or asked.get("SecurityGroupIds"), asked.get("SecurityGroups")
    )
    profile_arn, profile_id = _profile(call, asked.get("IamInstanceProfile"))
    tags: dict[str, str] = {}
    volume_tags: dict[str, str] = {}
    for each in asked.get("TagSpecifications", ()):
        if each.get("ResourceType") == "instance":
            tags |= checked_tags(call, each.get("Tags", []))
        elif each.get("ResourceType") == "volume":
            volume_tags |= checked_tags(call, each.get("Tags", []))
        else:
            raise NotModelled(f"Tags at launch on {each.get('ResourceType')!r}", "Modeled: instance, volume.")
    return Launch(
        kind,
        image_id,
        subnet,
        group_ids,
        bool(nic.get("AssociatePublicIpAddress", subnet.public_ip_on_launch)),
        nic.get("PrivateIpAddress") or asked.get("PrivateIpAddress"),
        bool(asked.get("Monitoring", {}).get("Enabled", False)),
        profile_arn,
        profile_id,
        bool(asked.get("DisableApiTermination", False)),
        tags,
        volume_tags,
        token,
    )


def _image(call: Call, image_id: str) -> str:
    images = catalog.images(call.region)
    if image_id.startswith("resolve:ssm:"):
        alias = image_id.removeprefix("resolve:ssm:")
        for each in images:
            if each.alias == alias:
                return each.image_id
        raise invalid(f"The parameter {alias} does not exist in Parameter Store.")
    if not image_id.startswith("ami-"):
        raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')
    if image_id not in {each.image_id for each in images}:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    return image_id


_NIC_KEYS = {
    "DeviceIndex",
    "SubnetId",
    "Groups",
    "AssociatePublicIpAddress",
    "PrivateIpAddress",
    "DeleteOnTermination",
}


def _one_interface(asked: Params) -> Params:
    """The single network interface a launch may describe."""
    interfaces = asked.get("NetworkInterfaces", [])
    if not interfaces:
        return {}
    if len(interfaces) > 1:
        raise NotModelled("More than one network interface", "Modeled: one, with DeviceIndex 0.")
    extra = sorted(set(interfaces[0]) - _NIC_KEYS)
    if extra:
        raise NotModelled(
            f"NetworkInterfaces[0]({', '.join(extra)}=…)", f"Modeled: {', '.join(sorted(_NIC_KEYS))}."
        )
    if "SubnetId" in asked or "SecurityGroupIds" in asked or "SecurityGroups" in asked:
        raise AwsError(
            "InvalidParameterCombination",
            "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same "
            "request",
        )
    return dict(interfaces[0])


def _subnet(call: Call, subnet_id: str | None, placement: Params) -> Subnet:
    """The subnet asked for, or the default one of the zone."""
    extra = sorted(set(placement) - {"AvailabilityZone", "Tenancy", "GroupName"})
    if extra or placement.get("Tenancy", "default") != "default" or placement.get("GroupName"):
        raise NotModelled(f"Placement {placement}", "Modeled: AvailabilityZone.")
    zone = placement.get("AvailabilityZone")
    if subnet_id is not None:
        subnet: Subnet = get(call, "subnets", subnet_id)
        if zone not in (None, subnet.zone):
            raise invalid(f"The availability zone {zone} does not match that of subnet {subnet_id}")
        return subnet
    vpc_id = default_vpc(call)
    if zone is not None and zone not in {name for name, _ in catalog.zones(call.region)}:
        raise invalid(f"Invalid availability zone: [{zone}]")
    for each in call.table("subnets").values():
        if each.vpc_id == vpc_id and each.default_for_zone and zone in (None, each.zone):
            return each
    raise AwsError(
        "MissingInput", f"No subnets found for the default VPC '{vpc_id}'. Please specify a subnet."
    )


def _groups(call: Call, subnet: Subnet, ids: list[str] | None, names: list[str] | None) -> tuple[str, ...]:
    found = [get(call, "security_groups", each) for each in ids or ()]
    found += [group_by_name(call, each) for each in names or ()]
    if not found:
        found = [
            each
            for each in call.table("security_groups").values()
            if each.vpc_id == subnet.vpc_id and each.name == "default"
        ]
    for each in found:
        if each.vpc_id != subnet.vpc_id:
            raise invalid(
                f"Security group {each.group_id} and subnet {subnet.subnet_id} belong to different networks."
            )
    if len(found) > 5:
        raise AwsError(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )
    return tuple(dict.fromkeys(each.group_id for each in found))


def _profile(call: Call, asked: dict[str, str] | None) -> tuple[str | None, str | None]:
    """The ARN and id of an instance profile that exists in IAM."""
    if not asked:
        return None, None
    name = asked.get("Name") or asked.get("Arn", "").rsplit("/", 1)[-1]
    member = "name" if "Name" in asked else "arn"
    problem = invalid(
        f"Value ({asked.get('Name') or asked.get('Arn')}) for parameter iamInstanceProfile.{member} is invalid. "
        f"Invalid IAM Instance Profile {'name' if member == 'name' else 'ARN'}"
    )
    try:
        answer = call.invoke(
            "iam", "GetInstanceProfile", {"InstanceProfileName": name}, service_principal="ec2.amazonaws.com"
        )
    except AwsError as error:
        if error.code == "NoSuchEntity":
            raise problem from None
        raise
    profile = answer["InstanceProfile"]
    if member == "arn" and profile["Arn"] != asked["Arn"]:
        raise problem
    return profile["Arn"], profile["InstanceProfileId"]


def _launch(call: Call, launch: Launch, reservation_id: str, index: int) -> Instance:
    instance_id = call.unique("i-0", 16)
    nic = make_interface(
        call,
        launch.subnet,
        kind="interface",
        owner=instance_id,
        group_ids=launch.group_ids,
        private_ip=launch.private_ip,
    )
    if launch.public:
        nic = replace(nic, public_ip=public_ip(call))
        call.table("interfaces")[nic.interface_id] = nic
    instance = Instance(
        instance_id,
        launch.image_id,
        launch.kind,
        launch.subnet.vpc_id,
        launch.subnet.subnet_id,
        launch.subnet.zone,
        nic.interface_id,
        nic.private_ip,
        launch.group_ids,
        reservation_id,
        index,
        call.account,
        None,
        call.now_ms,
        (StateChange(call.now_ms, "pending"),),
        (Since(call.now_ms, "detailed" if launch.is_detailed else "basic"),),
        profile_arn=launch.profile_arn,
        profile_id=launch.profile_id,
        profile_association_id=call.unique("iip-assoc-0", 16) if launch.profile_arn else None,
        client_token=launch.client_token,
        volume_id=call.unique("vol-0", 16),
        termination_protected=launch.protected,
        auto_public_ip=launch.public,
    )
    call.table("instances")[instance_id] = instance
    put_tags(call, instance_id, launch.tags)
    put_tags(call, instance.volume_id, launch.volume_tags)
    note_group(call, instance_id)
    _later(call, "boot", instance_id, 20, 40)
    return call.table("instances")[instance_id]


def _later(call: Call, what: str, instance_id: str, low_s: int, high_s: int) -> None:
    """Put the end of a transition on the agenda, a whole number of seconds away, drawn from the seed."""
    seconds = low_s + int(call.draw(what) * (high_s - low_s + 1))
    call.schedule(call.now_ms + seconds * SECOND, what, instance_id=instance_id)


# States ------------------------------------------------------------------------------------------------------------


def _change(call: Call, instance: Instance, state: str, reason: str = "") -> Instance:
    fresh = replace(instance, states=(*instance.states, StateChange(call.now_ms, state, reason)))
    call.table("instances")[instance.instance_id] = fresh
    return fresh


@handler("ec2", "boot")
def boot(call: Call, *, instance_id: str) -> None:
    """A pending instance is running."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state == "pending":
        _change(call, instance, "running")


@handler("ec2", "halt")
def halt(call: Call, *, instance_id: str) -> None:
    """A stopping instance has stopped; the public address AWS gave it is gone, an Elastic IP stays."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state != "stopping":
        return
    _change(call, instance, "stopped", instance.states[-1].reason)
    if address_on(call, instance.interface_id) is None:
        nic = call.table("interfaces")[instance.interface_id]
        call.table("interfaces")[instance.interface_id] = replace(nic, public_ip=None)


@handler("ec2", "end")
def end(call: Call, *, instance_id: str) -> None:
    """A shutting-down instance is terminated, its network interface gone."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state == "shutting-down":
        _change(call, instance, "terminated", instance.states[-1].reason)
        drop_interface(call, instance.interface_id)


def _several(call: Call, ids: Iterable[str]) -> list[Instance]:
    """Instances by id, all of which must be in sight.

    Raises:
        AwsError: one of them is not.
    """
    ids = list(dict.fromkeys(ids))
    gone = [
        each
        for each in ids
        if each not in call.table("instances") or not _in_sight(call, call.table("instances")[each])
    ]
    if gone:
        raise missing("instances", *gone)
    return [call.table("instances")[each] for each in ids]


def _in_sight(call: Call, instance: Instance) -> bool:
    """A terminated instance is shown for about an hour."""
    return instance.state != "terminated" or instance.states[-1].at_ms + HOUR > call.now_ms


def _state(name: str) -> Params:
    return {"Code": CODES[name], "Name": name}


def _moved(before: Instance, after: Instance) -> Params:
    return {
        "InstanceId": before.instance_id,
        "CurrentState": _state(after.state),
        "PreviousState": _state(before.state),
    }


def _wrong_state(instance: Instance, verb_text: str) -> AwsError:
    return AwsError(
        "IncorrectInstanceState",
        f"The instance '{instance.instance_id}' is not in a state from which it can be {verb_text}.",
    )


def _tell_group(call: Call, instance_id: str) -> None:
    """Tell Auto Scaling that a member of a group is no longer healthy, unless it was Auto Scaling who acted."""
    if GROUP_TAG not in call.table("tags").get(instance_id, {}) or "autoscaling" in call.principal.arn:
        return
    said = {"InstanceId": instance_id, "HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": False}
    with contextlib.suppress(AwsError):  # the group may be gone, the tag stays
        call.invoke("autoscaling", "SetInstanceHealth", said, service_principal="ec2.amazonaws.com")


_BY_USER = "User initiated"


def _reason(call: Call) -> str:
    return f"{_BY_USER} ({call.now.strftime('%Y-%m-%d %H:%M:%S')} GMT)"


@op("StartInstances", resource=arns("instance", "InstanceIds"))
def start_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Start stopped instances: pending, then running, with a new public address unless they have an Elastic IP."""
    found = _several(call, InstanceIds)
    for each in found:
        if each.state not in ("stopped", "pending", "running"):
            raise _wrong_state(each, "started")
    answers = []
    for each in found:
        after = each
        if each.state == "stopped":
            after = _change(call, replace(each, launched_ms=call.now_ms), "pending")
            nic: Interface = call.table("interfaces")[each.interface_id]
            if nic.public_ip is None and each.auto_public_ip:
                call.table("interfaces")[each.interface_id] = replace(nic, public_ip=public_ip(call))
            _later(call, "boot", each.instance_id, 20, 40)
        answers.append(_moved(each, after))
    return {"StartingInstances": answers}


@op("StopInstances", resource=arns("instance", "InstanceIds"))
def stop_instances(call: Call, *, InstanceIds: list[str], Force: bool = False) -> Params:
    """Stop running instances: stopping, then stopped after 30 to 60 seconds. Their metrics end with the running state."""
    found = _several(call, InstanceIds)
    for each in found:
        if each.state not in ("running", "stopping", "stopped"):
            raise _wrong_state(each, "stopped")
    answers = []
    for each in found:
        after = each
        if each.state == "running":
            after = _change(call, each, "stopping", _reason(call))
            _tell_group(call, each.instance_id)
            _later(call, "halt", each.instance_id, 30, 60)
        answers.append(_moved(each, after))
    return {"StoppingInstances": answers}


@op("RebootInstances", resource=arns("instance", "InstanceIds"))
def reboot_instances(call: Call, *, InstanceIds: list[str]) -> None:
    """Restart the operating system of running instances; state, addresses and metrics go on."""
    for each in _several(call, InstanceIds):
        if each.state not in ("running", "pending"):
            raise _wrong_state(each, "rebooted")


@op("TerminateInstances", resource=arns("instance", "InstanceIds"))
def terminate_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """End instances for good: shutting-down, then terminated; their metrics stay until retention ends them."""
    found = _several(call, InstanceIds)
    for each in found:
        if each.termination_protected and each.state not in ("shutting-down", "terminated"):
            raise AwsError(
                "OperationNotPermitted",
                f"The instance '{each.instance_id}' may not be terminated. Modify its 'disableApiTermination' "
                "instance attribute and try again.",
            )
    answers = []
    for each in found:
        after = each
        if each.state not in ("shutting-down", "terminated"):
            after = _change(call, each, "shutting-down", _reason(call))
            _tell_group(call, each.instance_id)
            _later(call, "end", each.instance_id, 30, 60)
        answers.append(_moved(each, after))
    return {"TerminatingInstances": answers}


@op("ModifyInstanceAttribute", resource=arns("instance", "InstanceId"))
def modify_instance_attribute(
    call: Call,
    *,
    InstanceId: str,
    Groups: list[str] | None = None,
    DisableApiTermination: dict[str, bool] | None = None,
) -> None:
    """Change an instance's security groups or its protection from termination."""
    (instance,) = _several(call, [InstanceId])
    if Groups is not None:
        ids = _groups(call, call.table("subnets")[instance.subnet_id], Groups, None)
        instance = replace(instance, group_ids=ids)
        nic = call.table("interfaces")[instance.interface_id]
        call.table("interfaces")[instance.interface_id] = replace(nic, group_ids=ids)
    if DisableApiTermination is not None:
        instance = replace(instance, termination_protected=DisableApiTermination["Value"])
    call.table("instances")[InstanceId] = instance


# Monitoring --------------------------------------------------------------------------------------------------------


@op("MonitorInstances", resource=arns("instance", "InstanceIds"))
def monitor_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Switch detailed (one-minute) monitoring on."""
    return _monitor(call, InstanceIds, "detailed", "pending", "enabled")


@op("UnmonitorInstances", resource=arns("instance", "InstanceIds"))
def unmonitor_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Go back to basic (five-minute) monitoring."""
    return _monitor(call, InstanceIds, "basic", "disabling", "disabled")


def _monitor(call: Call, ids: list[str], level: str, changing: str, there: str) -> Params:
    answers = []
    for each in _several(call, ids):
        if each.state == "terminated":
            raise _wrong_state(each, "monitored")
        state = there
        if each.monitoring[-1].value != level:
            history = (*each.monitoring, Since(call.now_ms, level))
            call.table("instances")[each.instance_id] = replace(each, monitoring=history)
            state = changing
        answers.append({"InstanceId": each.instance_id, "Monitoring": {"State": state}})
    return {"InstanceMonitorings": answers}


# Looking -----------------------------------------------------------------------------------------------------------


def _reservation(call: Call, instances: list[Instance]) -> Params:
    return {
        "ReservationId": instances[0].reservation_id,
        "OwnerId": instances[0].owner,
        "Groups": [],
        "Instances": [_instance(call, each) for each in instances],
    }


def _instance(call: Call, instance: Instance) -> Params:
    nic: Interface | None = call.table("interfaces").get(instance.interface_id)
    vpc: Vpc | None = call.table("vpcs").get(instance.vpc_id)
    kind = catalog.TYPES[instance.instance_type]
    names = call.table("security_groups")
    groups = (
        [{"GroupId": g, "GroupName": names[g].name} for g in instance.group_ids if g in names] if nic else []
    )
    public = nic.public_ip if nic else None
    has_name = public is not None and vpc is not None and vpc.dns_hostnames
    profile = None
    if instance.profile_arn is not None:
        profile = {"Arn": instance.profile_arn, "Id": instance.profile_id}
    change = instance.states[-1]
    code = {"User initiated": "Client.UserInitiatedShutdown"}.get(change.reason[:14])
    state_reason = {"Code": code, "Message": f"{code}: User initiated shutdown"} if code else None
    return clean(
        {
            "InstanceId": instance.instance_id,
            "ImageId": instance.image_id,
            "InstanceType": instance.instance_type,
            "State": _state(instance.state),
            "StateTransitionReason": change.reason,
            "StateReason": state_reason,
            "AmiLaunchIndex": instance.launch_index,
            "Architecture": "x86_64",
            "BlockDeviceMappings": _volumes(instance),
            "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
            "ClientToken": instance.client_token,
            "CpuOptions": {"CoreCount": kind.cores, "ThreadsPerCore": kind.vcpus // kind.cores},
            "EbsOptimized": False,
            "EnaSupport": True,
            "EnclaveOptions": {"Enabled": False},
            "HibernationOptions": {"Configured": False},
            "Hypervisor": "xen",
            "IamInstanceProfile": profile,
            "LaunchTime": to_datetime(instance.launched_ms),
            "MetadataOptions": {
                "State": "applied",
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": 2,
                "HttpEndpoint": "enabled",
            },
            "Monitoring": {"State": "enabled" if instance.is_detailed else "disabled"},
            "NetworkInterfaces": _nics(call, instance, nic, groups),
            "Placement": {"AvailabilityZone": instance.zone, "GroupName": "", "Tenancy": "default"},
            "PrivateDnsName": private_name(call.region, instance.private_ip) if nic else "",
            "PrivateIpAddress": instance.private_ip if nic else None,
            "ProductCodes": [],
            "PublicDnsName": public_name(call.region, public) if has_name and public else "",
            "PublicIpAddress": public,
            "RootDeviceName": "/dev/xvda",
            "RootDeviceType": "ebs",
            "SecurityGroups": groups,
            "SourceDestCheck": True if nic else None,
            "SubnetId": instance.subnet_id if nic else None,
            "Tags": tag_list(call, instance.instance_id),
            "VirtualizationType": "hvm",
            "VpcId": instance.vpc_id if nic else None,
        }
    )


def _volumes(instance: Instance) -> list[Params]:
    if instance.state == "terminated":
        return []
    volume = {
        "AttachTime": to_datetime(instance.states[0].at_ms),
        "DeleteOnTermination": True,
        "Status": "attached",
        "VolumeId": instance.volume_id,
    }
    return [{"DeviceName": "/dev/xvda", "Ebs": volume}]


def _nics(call: Call, instance: Instance, nic: Interface | None, groups: list[Params]) -> list[Params]:
    if nic is None:
        return []
    association = None
    if nic.public_ip is not None:
        owner = call.account if address_on(call, nic.interface_id) else "amazon"
        association = {
            "IpOwnerId": owner,
            "PublicIp": nic.public_ip,
            "PublicDnsName": public_name(call.region, nic.public_ip),
        }
    return [
        clean(
            {
                "NetworkInterfaceId": nic.interface_id,
                "Association": association,
                "Attachment": {
                    "AttachTime": to_datetime(nic.attached_ms),
                    "AttachmentId": nic.attachment_id,
                    "DeleteOnTermination": True,
                    "DeviceIndex": 0,
                    "Status": "attached",
                },
                "Description": "",
                "Groups": groups,
                "Ipv6Addresses": [],
                "OwnerId": instance.owner,
                "PrivateIpAddress": nic.private_ip,
                "PrivateIpAddresses": [
                    clean({"Association": association, "Primary": True, "PrivateIpAddress": nic.private_ip})
                ],
                "SourceDestCheck": True,
                "Status": "in-use",
                "SubnetId": nic.subnet_id,
                "VpcId": nic.vpc_id,
                "InterfaceType": "interface",
            }
        )
    ]


def _filters(call: Call) -> dict[str, Values]:
    nics = call.table("interfaces")

    def public(each: Instance) -> list[str | None]:
        nic = nics.get(each.interface_id)
        return [nic.public_ip] if nic else []

    return {
        "instance-id": lambda each: [each.instance_id],
        "instance-state-name": lambda each: [each.state],
        "instance-state-code": lambda each: [str(CODES[each.state])],
        "instance-type": lambda each: [each.instance_type],
        "image-id": lambda each: [each.image_id],
        "vpc-id": lambda each: [each.vpc_id],
        "subnet-id": lambda each: [each.subnet_id],
        "availability-zone": lambda each: [each.zone],
        "private-ip-address": lambda each: [each.private_ip],
        "ip-address": public,
        "network-interface.network-interface-id": lambda each: [each.interface_id],
        "instance.group-id": lambda each: each.group_ids,
        "iam-instance-profile.arn": lambda each: [each.profile_arn],
        "monitoring-state": lambda each: ["enabled" if each.is_detailed else "disabled"],
        "reservation-id": lambda each: [each.reservation_id],
        "client-token": lambda each: [each.client_token],
    }


@op("DescribeInstances", readonly=True)
def describe_instances(
    call: Call,
    *,
    InstanceIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List instances, grouped by the request that launched them; a terminated one stays in sight for an hour."""
    if InstanceIds and MaxResults is not None:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    found = chosen(
        call, "instances", InstanceIds, Filters, _filters(call), shown=lambda each: _in_sight(call, each)
    )
    items, token = page(found, MaxResults, NextToken)
    groups: dict[str, list[Instance]] = {}
    for each in items:
        groups.setdefault(each.reservation_id, []).append(each)
    return clean({"Reservations": [_reservation(call, each) for each in groups.values()], "NextToken": token})


@op("DescribeInstanceStatus", readonly=True)
def describe_instance_status(
    call: Call,
    *,
    InstanceIds: list[str] | None = None,
    Filters: Filters | None = None,
    IncludeAllInstances: bool = False,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """Tell the state and the status checks of running instances (of all with IncludeAllInstances)."""
    found = chosen(
        call, "instances", InstanceIds, Filters, _filters(call), shown=lambda each: _in_sight(call, each)
    )
    found = [each for each in found if IncludeAllInstances or each.state == "running"]
    items, token = page(found, MaxResults, NextToken)
    return clean({"InstanceStatuses": [_status(call, each) for each in items], "NextToken": token})


def _status(call: Call, instance: Instance) -> Params:
    return {
        "InstanceId": instance.instance_id,
        "AvailabilityZone": instance.zone,
        "InstanceState": _state(instance.state),
        "SystemStatus": _check(call, instance, "system"),
        "InstanceStatus": _check(call, instance, "instance"),
        "AttachedEbsStatus": _check(call, instance, "attached-ebs"),
    }


def _check(call: Call, instance: Instance, check: str) -> Params:
    """One status check: it takes two minutes after boot to pass for the first time."""
    if instance.state != "running":
        return {"Status": "not-applicable"}
    for trouble in call.table("impairments").get(instance.instance_id, ()):
        if trouble.check == check and trouble.start_ms <= call.now_ms < trouble.end_ms:
            failed = {
                "Name": "reachability",
                "Status": "failed",
                "ImpairedSince": to_datetime(trouble.start_ms),
            }
            return {"Status": "impaired", "Details": [failed]}
    fresh = instance.states[-1].at_ms + 120 * SECOND > call.now_ms
    word = ("initializing", "initializing") if fresh else ("ok", "passed")
    return {"Status": word[0], "Details": [{"Name": "reachability", "Status": word[1]}]}


# What only a lab can do ----------------------------------------------------------------------------------------------


@verb("ec2", "load")
def load(
    call: Call,
    *,
    instance_id: str,
    minutes: float,
    start_ms: int | None = None,
    **amounts: float | list[float],
) -> Params:
    """Make an instance busy for a while. What it is told last counts.

    Args:
        instance_id: which instance.
        minutes: how long, above 0.
        start_ms: from when (milliseconds since 1970); now unless given, never in the past.
        amounts: for each quantity of `load.QUANTITIES` (cpu in percent of all vCPUs; network_in, network_out, disk_read,
            disk_write, store_read, store_write in bytes a second) a number, or a list of numbers that share the time
            evenly.

    Raises:
        BadInput: an instance, quantity or number that cannot be.
    """
    if instance_id not in call.table("instances"):
        have = ", ".join(call.table("instances")) or "none"
        raise BadInput(instance_id, f"is not an instance of {call.region} (it has: {have}).")
    if not isinstance(minutes, int | float) or not 0 < minutes <= 366 * 24 * 60:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0, at most 366 days.")
    start_ms = call.now_ms if start_ms is None else start_ms
    if start_ms < call.now_ms:
        raise BadInput(start_ms, "lies in the past.", "What an instance did cannot be changed.")
    if not amounts:
        raise BadInput(amounts, "says nothing to do.", f"Give one of {', '.join(QUANTITIES)}.")
    span_ms = round(minutes * 60 * SECOND)
    fresh = tuple(_one_load(name, amount, start_ms, span_ms) for name, amount in amounts.items())
    loads = call.table("loads")
    loads[instance_id] = (*loads.get(instance_id, ()), *fresh)
    return {}


def _one_load(name: str, amount: float | list[float], start_ms: int, span_ms: int) -> Load:
    if name not in QUANTITIES:
        raise BadInput(name, "is nothing an instance can be told.", f"Give one of {', '.join(QUANTITIES)}.")
    quantity = QUANTITIES[name]
    numbers = list(amount) if isinstance(amount, list | tuple) else [amount]
    if not numbers or span_ms % len(numbers):
        raise BadInput(
            len(numbers), f"values do not share {span_ms} ms evenly.", "Choose a count that divides it."
        )
    most = (quantity.ceiling or 10**10) / quantity.scale
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= most:
            raise BadInput(number, f"is not a {name} ({quantity.unit}) from 0 to {most:g}.")
    values = np.array([round(number * quantity.scale) for number in numbers], dtype=np.int64)
    values.flags.writeable = False
    return Load(name, start_ms, span_ms // len(numbers), values)


CHECKS = ("system", "instance", "attached-ebs")
UNHEALTHY_S = 120


@verb("ec2", "impair")
def impair(call: Call, *, instance_id: str, check: str, minutes: float) -> Params:
    """Make a status check of an instance fail for a while.

    Raises:
        BadInput: an instance, check or span that cannot be.
    """
    if instance_id not in call.table("instances"):
        raise BadInput(instance_id, f"is not an instance of {call.region}.")
    if check not in CHECKS:
        raise BadInput(check, "is not a status check.", f"Give one of {', '.join(CHECKS)}.")
    if not minutes > 0:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0.")
    table = call.table("impairments")
    trouble = Impairment(check, call.now_ms, call.now_ms + round(minutes * 60 * SECOND))
    table[instance_id] = (*table.get(instance_id, ()), trouble)
    call.schedule(call.now_ms + UNHEALTHY_S * SECOND, "unhealthy", instance_id=instance_id)
    return {}


@handler("ec2", "unhealthy")
def unhealthy(call: Call, *, instance_id: str) -> None:
    """A status check that still fails after two minutes counts as unhealthy for the instance's group."""
    troubles = call.table("impairments").get(instance_id, ())
    if any(each.start_ms <= call.now_ms < each.end_ms for each in troubles):
        _tell_group(call, instance_id)
