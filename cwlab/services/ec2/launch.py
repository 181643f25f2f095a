"""Launching instances: what was asked for, checked, and carried out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2 import catalog, templates
from cwlab.services.ec2.addresses import public_ip
from cwlab.services.ec2.instances import later
from cwlab.services.ec2.interfaces import make_interface
from cwlab.services.ec2.notices import announce
from cwlab.services.ec2.records import Instance, Since, StateChange, Subnet
from cwlab.services.ec2.security_groups import checked_groups, default_vpc
from cwlab.services.ec2.support import Params, checked_tags, clean, get, invalid, op, put_tags, required
from cwlab.services.ec2.tags import note_group
from cwlab.services.ec2.watching import reservation

MAX_INSTANCES = 1_000


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
        return reservation(
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
    return reservation(call, launched)


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
    if catalog.root_of(image_id, call.region) != "ebs" and not catalog.TYPES[kind].boots_from_store:
        raise AwsError(
            "InvalidParameterCombination",
            f"The instance type '{kind}' does not support the root device type 'instance-store' of '{image_id}'.",
        )
    if asked.get("CreditSpecification", {}).get("CpuCredits", "unlimited") != "unlimited":
        raise NotModelled("CpuCredits='standard'", "Modeled: unlimited, the default of T3.")
    nic = _one_interface(asked)
    subnet = _subnet(call, nic.get("SubnetId") or asked.get("SubnetId"), asked.get("Placement", {}))
    group_ids = checked_groups(
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
        volume_id=call.unique("vol-0", 16) if catalog.root_of(launch.image_id, call.region) == "ebs" else "",
        termination_protected=launch.protected,
        auto_public_ip=launch.public,
    )
    call.table("instances")[instance_id] = instance
    put_tags(call, instance_id, launch.tags)
    if instance.volume_id:
        put_tags(call, instance.volume_id, launch.volume_tags)
    note_group(call, instance_id)
    announce(call, instance_id, "pending")
    later(call, "boot", instance_id, 20, 40)
    return call.table("instances")[instance_id]
