"""Looking at instances: lists, filters, status checks."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.addresses import private_name, public_name
from cwlab.services.ec2.interfaces import address_on
from cwlab.services.ec2.records import Instance, Interface, Vpc
from cwlab.services.ec2.support import Filters, Params, Values, chosen, clean, op, page, tag_list
from cwlab.timeline import HOUR, SECOND, to_datetime

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
"""The numbers AWS gives the states (APIREF InstanceState)."""


def in_sight(call: Call, instance: Instance) -> bool:
    """A terminated instance is shown for about an hour."""
    return instance.state != "terminated" or instance.states[-1].at_ms + HOUR > call.now_ms


def state_of(name: str) -> Params:
    """A state as AWS writes it: its number and its name."""
    return {"Code": CODES[name], "Name": name}


def reservation(call: Call, instances: list[Instance]) -> Params:
    """Instances of one launch request as AWS writes them."""
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
            "State": state_of(instance.state),
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
            "RootDeviceType": catalog.root_of(instance.image_id, call.region),
            "SecurityGroups": groups,
            "SourceDestCheck": True if nic else None,
            "SubnetId": instance.subnet_id if nic else None,
            "Tags": tag_list(call, instance.instance_id),
            "VirtualizationType": "hvm",
            "VpcId": instance.vpc_id if nic else None,
        }
    )


def _volumes(instance: Instance) -> list[Params]:
    if instance.state == "terminated" or not instance.volume_id:
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
        call, "instances", InstanceIds, Filters, _filters(call), shown=lambda each: in_sight(call, each)
    )
    items, token = page(found, MaxResults, NextToken)
    groups: dict[str, list[Instance]] = {}
    for each in items:
        groups.setdefault(each.reservation_id, []).append(each)
    return clean({"Reservations": [reservation(call, each) for each in groups.values()], "NextToken": token})


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
        call, "instances", InstanceIds, Filters, _filters(call), shown=lambda each: in_sight(call, each)
    )
    found = [each for each in found if IncludeAllInstances or each.state == "running"]
    items, token = page(found, MaxResults, NextToken)
    return clean({"InstanceStatuses": [_status(call, each) for each in items], "NextToken": token})


def _status(call: Call, instance: Instance) -> Params:
    return {
        "InstanceId": instance.instance_id,
        "AvailabilityZone": instance.zone,
        "InstanceState": state_of(instance.state),
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
