"""VPCs and subnets."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.addresses import parse, usable
from cwlab.services.ec2.defaults import default_group_rules, open_entries
from cwlab.services.ec2.records import Association, NetworkAcl, Route, RouteTable, SecurityGroup, Subnet, Vpc
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    dependency,
    flag,
    get,
    invalid,
    listing,
    op,
    put_tags,
    remove,
    required,
    resource_arn,
    tag_list,
    tags_for,
)

MAX_VPCS, MAX_SUBNETS = 5, 200


@op("CreateVpc")
def create_vpc(
    call: Call,
    *,
    CidrBlock: str | None = None,
    InstanceTenancy: str = "default",
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a VPC with its main route table, default security group and default network ACL."""
    if CidrBlock is None:
        raise required("cidrBlock")
    if InstanceTenancy != "default":
        raise NotModelled(f"InstanceTenancy={InstanceTenancy!r}", 'Modeled: "default".')
    block = str(parse(CidrBlock))
    if len(call.table("vpcs")) >= MAX_VPCS:
        raise AwsError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    tags = tags_for(call, "vpc", TagSpecifications)
    vpc = Vpc(call.unique("vpc-0", 16), (block,))
    call.table("vpcs")[vpc.vpc_id] = vpc
    put_tags(call, vpc.vpc_id, tags)
    table_id, acl_id, group_id = call.unique("rtb-0", 16), call.unique("acl-0", 16), call.unique("sg-0", 16)
    call.table("route_tables")[table_id] = RouteTable(
        table_id,
        vpc.vpc_id,
        (Route(block, "local", "CreateRouteTable"),),
        (Association(call.unique("rtbassoc-0", 16), None),),
    )
    call.table("network_acls")[acl_id] = NetworkAcl(acl_id, vpc.vpc_id, True, open_entries())
    rules = default_group_rules(group_id, call.unique("sgr-0", 16), call.unique("sgr-0", 16))
    call.table("security_groups")[group_id] = SecurityGroup(
        group_id, "default", "default VPC security group", vpc.vpc_id, rules
    )
    return {"Vpc": _vpc(call, vpc)}


def _vpc(call: Call, vpc: Vpc) -> Params:
    return {
        "VpcId": vpc.vpc_id,
        "CidrBlock": vpc.cidrs[0],
        "CidrBlockAssociationSet": [
            {
                "AssociationId": f"vpc-cidr-assoc-{vpc.vpc_id[4:]}",
                "CidrBlock": cidr,
                "CidrBlockState": {"State": "associated"},
            }
            for cidr in vpc.cidrs
        ],
        "DhcpOptionsId": "default",
        "InstanceTenancy": "default",
        "IsDefault": vpc.is_default,
        "OwnerId": call.account,
        "State": "available",
        "Ipv6CidrBlockAssociationSet": [],
        "Tags": tag_list(call, vpc.vpc_id),
    }


_VPC_FILTERS: dict[str, Values] = {
    "vpc-id": lambda vpc: [vpc.vpc_id],
    "cidr": lambda vpc: [vpc.cidrs[0]],
    "cidr-block-association.cidr-block": lambda vpc: vpc.cidrs,
    "is-default": lambda vpc: flag(vpc.is_default),
    "isDefault": lambda vpc: flag(vpc.is_default),
    "state": lambda vpc: ["available"],
}


listing("DescribeVpcs", "vpcs", ids="VpcIds", answer="Vpcs", known=_VPC_FILTERS, show=_vpc)


@op("DeleteVpc", resource=arns("vpc", "VpcId"))
def delete_vpc(call: Call, *, VpcId: str) -> None:
    """Delete a VPC that holds nothing but what it was born with."""
    get(call, "vpcs", VpcId)
    in_use = (
        any(each.vpc_id == VpcId for each in call.table("subnets").values())
        or any(each.vpc_id == VpcId for each in call.table("internet_gateways").values())
        or any(each.vpc_id == VpcId and each.state != "deleted" for each in call.table("endpoints").values())
        or any(
            each.vpc_id == VpcId and each.name != "default" for each in call.table("security_groups").values()
        )
        or any(each.vpc_id == VpcId and not each.is_main for each in call.table("route_tables").values())
        or any(each.vpc_id == VpcId and not each.is_default for each in call.table("network_acls").values())
    )
    if in_use:
        raise dependency("vpc", VpcId)
    for table in ("route_tables", "network_acls", "security_groups"):
        for key in [key for key, item in call.table(table).items() if item.vpc_id == VpcId]:
            remove(call, table, key)
    remove(call, "vpcs", VpcId)


@op("ModifyVpcAttribute", resource=arns("vpc", "VpcId"))
def modify_vpc_attribute(
    call: Call,
    *,
    VpcId: str,
    EnableDnsSupport: dict[str, bool] | None = None,
    EnableDnsHostnames: dict[str, bool] | None = None,
) -> None:
    """Switch one DNS attribute of a VPC; the API takes one at a time."""
    vpc: Vpc = get(call, "vpcs", VpcId)
    if EnableDnsSupport is not None and EnableDnsHostnames is not None:
        raise AwsError(
            "InvalidParameterCombination", "Only one VPC attribute may be modified in a single request."
        )
    if EnableDnsSupport is not None:
        vpc = replace(vpc, dns_support=EnableDnsSupport["Value"])
    if EnableDnsHostnames is not None:
        vpc = replace(vpc, dns_hostnames=EnableDnsHostnames["Value"])
    call.table("vpcs")[VpcId] = vpc


@op("DescribeVpcAttribute", readonly=True)
def describe_vpc_attribute(call: Call, *, Attribute: str, VpcId: str) -> Params:
    """Tell one DNS attribute of a VPC."""
    vpc: Vpc = get(call, "vpcs", VpcId)
    if Attribute == "enableDnsSupport":
        return {"VpcId": VpcId, "EnableDnsSupport": {"Value": vpc.dns_support}}
    if Attribute == "enableDnsHostnames":
        return {"VpcId": VpcId, "EnableDnsHostnames": {"Value": vpc.dns_hostnames}}
    raise NotModelled(f"The VPC attribute {Attribute!r}", "Modeled: enableDnsSupport, enableDnsHostnames.")


@op("CreateSubnet")
def create_subnet(
    call: Call,
    *,
    VpcId: str,
    CidrBlock: str | None = None,
    AvailabilityZone: str | None = None,
    AvailabilityZoneId: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a subnet inside a VPC's range, clear of the others, in one zone (the first unless said)."""
    vpc: Vpc = get(call, "vpcs", VpcId)
    if CidrBlock is None:
        raise required("cidrBlock")
    block = parse(CidrBlock, code="InvalidSubnet.Range")
    if not any(block.subnet_of(IPv4Network(cidr)) for cidr in vpc.cidrs):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{CidrBlock}' is invalid.")
    mine = [each for each in call.table("subnets").values() if each.vpc_id == VpcId]
    if any(block.overlaps(IPv4Network(each.cidr)) for each in mine):
        raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{CidrBlock}' conflicts with another subnet")
    if len(mine) >= MAX_SUBNETS:
        raise AwsError("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
    zone, zone_id = _zone(call, AvailabilityZone, AvailabilityZoneId)
    tags = tags_for(call, "subnet", TagSpecifications)
    subnet = Subnet(call.unique("subnet-0", 16), VpcId, str(block), zone, zone_id)
    call.table("subnets")[subnet.subnet_id] = subnet
    put_tags(call, subnet.subnet_id, tags)
    acls = call.table("network_acls")
    acl: NetworkAcl = next(each for each in acls.values() if each.vpc_id == VpcId and each.is_default)
    tie = Association(call.unique("aclassoc-0", 16), subnet.subnet_id)
    acls[acl.acl_id] = replace(acl, associations=(*acl.associations, tie))
    return {"Subnet": _subnet(call, subnet)}


def _zone(call: Call, name: str | None, zone_id: str | None) -> tuple[str, str]:
    zones = catalog.zones(call.region)
    if name is None and zone_id is None:
        return zones[0]
    for each in zones:
        if name in (None, each[0]) and zone_id in (None, each[1]):
            return each
    known = ", ".join(each[0] for each in zones)
    raise invalid(
        f"Value ({name or zone_id}) for parameter availabilityZone is invalid. "
        f"Subnets can currently only be created in the following availability zones: {known}."
    )


def _subnet(call: Call, subnet: Subnet) -> Params:
    taken = sum(each.subnet_id == subnet.subnet_id for each in call.table("interfaces").values())
    return {
        "SubnetId": subnet.subnet_id,
        "SubnetArn": resource_arn(call, "subnet", subnet.subnet_id),
        "VpcId": subnet.vpc_id,
        "OwnerId": call.account,
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": subnet.zone_id,
        "AvailableIpAddressCount": usable(subnet.cidr) - taken,
        "DefaultForAz": subnet.default_for_zone,
        "MapPublicIpOnLaunch": subnet.public_ip_on_launch,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
        "State": "available",
        "Tags": tag_list(call, subnet.subnet_id),
    }


_SUBNET_FILTERS: dict[str, Values] = {
    "subnet-id": lambda each: [each.subnet_id],
    "vpc-id": lambda each: [each.vpc_id],
    "cidr-block": lambda each: [each.cidr],
    "availability-zone": lambda each: [each.zone],
    "availability-zone-id": lambda each: [each.zone_id],
    "default-for-az": lambda each: flag(each.default_for_zone),
    "map-public-ip-on-launch": lambda each: flag(each.public_ip_on_launch),
    "state": lambda each: ["available"],
}


listing("DescribeSubnets", "subnets", ids="SubnetIds", answer="Subnets", known=_SUBNET_FILTERS, show=_subnet)


@op("ModifySubnetAttribute", resource=arns("subnet", "SubnetId"))
def modify_subnet_attribute(
    call: Call, *, SubnetId: str, MapPublicIpOnLaunch: dict[str, bool] | None = None
) -> None:
    """Say whether new instances of a subnet get a public address."""
    subnet: Subnet = get(call, "subnets", SubnetId)
    if MapPublicIpOnLaunch is not None:
        call.table("subnets")[SubnetId] = replace(subnet, public_ip_on_launch=MapPublicIpOnLaunch["Value"])


@op("DeleteSubnet", resource=arns("subnet", "SubnetId"))
def delete_subnet(call: Call, *, SubnetId: str) -> None:
    """Delete a subnet without network interfaces, and its ties to route table and ACL."""
    get(call, "subnets", SubnetId)
    if any(each.subnet_id == SubnetId for each in call.table("interfaces").values()):
        raise dependency("subnet", SubnetId)
    for table in ("route_tables", "network_acls"):
        for key, item in list(call.table(table).items()):
            kept = tuple(tie for tie in item.associations if tie.subnet_id != SubnetId)
            if kept != item.associations:
                call.table(table)[key] = replace(item, associations=kept)
    remove(call, "subnets", SubnetId)
