"""VPCs, subnets, internet gateways and route tables."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.addresses import canonical, parse, usable
from cwlab.services.ec2.defaults import default_group_rules, open_entries
from cwlab.services.ec2.records import (
    Association,
    InternetGateway,
    NetworkAcl,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from cwlab.services.ec2.support import (
    Filters,
    Params,
    Values,
    arns,
    chosen,
    clean,
    flag,
    forget_tags,
    get,
    invalid,
    missing,
    op,
    page,
    put_tags,
    required,
    resource_arn,
    tag_list,
    tags_for,
)

MAX_VPCS, MAX_SUBNETS, MAX_ROUTES = 5, 200, 50

# VPCs --------------------------------------------------------------------------------------------------------------


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


@op("DescribeVpcs", readonly=True)
def describe_vpcs(
    call: Call,
    *,
    VpcIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List VPCs."""
    found = chosen(call, "vpcs", VpcIds, Filters, _VPC_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"Vpcs": [_vpc(call, each) for each in items], "NextToken": token})


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
        raise _dependency("vpc", VpcId)
    for table in ("route_tables", "network_acls", "security_groups"):
        for key in [key for key, item in call.table(table).items() if item.vpc_id == VpcId]:
            del call.table(table)[key]
            forget_tags(call, key)
    del call.table("vpcs")[VpcId]
    forget_tags(call, VpcId)


def _dependency(kind: str, resource_id: str) -> AwsError:
    return AwsError(
        "DependencyViolation", f"The {kind} '{resource_id}' has dependencies and cannot be deleted."
    )


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


# Subnets -----------------------------------------------------------------------------------------------------------


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


@op("DescribeSubnets", readonly=True)
def describe_subnets(
    call: Call,
    *,
    SubnetIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List subnets."""
    found = chosen(call, "subnets", SubnetIds, Filters, _SUBNET_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"Subnets": [_subnet(call, each) for each in items], "NextToken": token})


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
        raise _dependency("subnet", SubnetId)
    for table in ("route_tables", "network_acls"):
        for key, item in list(call.table(table).items()):
            kept = tuple(tie for tie in item.associations if tie.subnet_id != SubnetId)
            if kept != item.associations:
                call.table(table)[key] = replace(item, associations=kept)
    del call.table("subnets")[SubnetId]
    forget_tags(call, SubnetId)


# Internet gateways -------------------------------------------------------------------------------------------------


@op("CreateInternetGateway")
def create_internet_gateway(call: Call, *, TagSpecifications: list[dict[str, Any]] | None = None) -> Params:
    """Make an internet gateway, attached to nothing yet."""
    tags = tags_for(call, "internet-gateway", TagSpecifications)
    gateway = InternetGateway(call.unique("igw-0", 16))
    call.table("internet_gateways")[gateway.gateway_id] = gateway
    put_tags(call, gateway.gateway_id, tags)
    return {"InternetGateway": _internet_gateway(call, gateway)}


def _internet_gateway(call: Call, gateway: InternetGateway) -> Params:
    attached = [{"State": "available", "VpcId": gateway.vpc_id}] if gateway.vpc_id else []
    return {
        "InternetGatewayId": gateway.gateway_id,
        "OwnerId": call.account,
        "Attachments": attached,
        "Tags": tag_list(call, gateway.gateway_id),
    }


_GATEWAY_FILTERS: dict[str, Values] = {
    "internet-gateway-id": lambda each: [each.gateway_id],
    "attachment.vpc-id": lambda each: [each.vpc_id],
    "attachment.state": lambda each: ["available"] if each.vpc_id else [],
}


@op("DescribeInternetGateways", readonly=True)
def describe_internet_gateways(
    call: Call,
    *,
    InternetGatewayIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List internet gateways."""
    found = chosen(call, "internet_gateways", InternetGatewayIds, Filters, _GATEWAY_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"InternetGateways": [_internet_gateway(call, each) for each in items], "NextToken": token})


@op("AttachInternetGateway", resource=arns("internet-gateway", "InternetGatewayId"))
def attach_internet_gateway(call: Call, *, InternetGatewayId: str, VpcId: str) -> None:
    """Attach an internet gateway to a VPC; a VPC has at most one, and routes still have to lead to it."""
    gateway: InternetGateway = get(call, "internet_gateways", InternetGatewayId)
    get(call, "vpcs", VpcId)
    if gateway.vpc_id is not None:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"resource {InternetGatewayId} is already attached to network {gateway.vpc_id}",
        )
    if any(each.vpc_id == VpcId for each in call.table("internet_gateways").values()):
        raise invalid(f"Network {VpcId} already has an internet gateway attached")
    call.table("internet_gateways")[InternetGatewayId] = replace(gateway, vpc_id=VpcId)


@op("DetachInternetGateway", resource=arns("internet-gateway", "InternetGatewayId"))
def detach_internet_gateway(call: Call, *, InternetGatewayId: str, VpcId: str) -> None:
    """Detach an internet gateway; refused while the VPC has public addresses mapped."""
    gateway: InternetGateway = get(call, "internet_gateways", InternetGatewayId)
    get(call, "vpcs", VpcId)
    if gateway.vpc_id != VpcId:
        raise AwsError(
            "Gateway.NotAttached", f"resource {InternetGatewayId} is not attached to network {VpcId}"
        )
    if any(each.vpc_id == VpcId and each.public_ip for each in call.table("interfaces").values()):
        raise AwsError(
            "DependencyViolation",
            f"Network {VpcId} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
        )
    call.table("internet_gateways")[InternetGatewayId] = replace(gateway, vpc_id=None)


@op("DeleteInternetGateway", resource=arns("internet-gateway", "InternetGatewayId"))
def delete_internet_gateway(call: Call, *, InternetGatewayId: str) -> None:
    """Delete an internet gateway that is attached to nothing."""
    gateway: InternetGateway = get(call, "internet_gateways", InternetGatewayId)
    if gateway.vpc_id is not None:
        raise _dependency("internetGateway", InternetGatewayId)
    del call.table("internet_gateways")[InternetGatewayId]
    forget_tags(call, InternetGatewayId)


# Route tables ------------------------------------------------------------------------------------------------------


@op("CreateRouteTable")
def create_route_table(
    call: Call,
    *,
    VpcId: str,
    ClientToken: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a route table with the local route alone; subnets use it once they are associated with it."""
    vpc: Vpc = get(call, "vpcs", VpcId)
    tags = tags_for(call, "route-table", TagSpecifications)
    table_id = call.unique("rtb-0", 16)
    local = tuple(Route(cidr, "local", "CreateRouteTable") for cidr in vpc.cidrs)
    table = RouteTable(table_id, VpcId, local)
    call.table("route_tables")[table_id] = table
    put_tags(call, table_id, tags)
    return clean({"RouteTable": _route_table(call, table), "ClientToken": ClientToken})


def _route_table(call: Call, table: RouteTable) -> Params:
    return {
        "RouteTableId": table.route_table_id,
        "VpcId": table.vpc_id,
        "OwnerId": call.account,
        "PropagatingVgws": [],
        "Routes": [_route(call, table.vpc_id, each) for each in table.routes],
        "Associations": [
            clean(
                {
                    "Main": tie.subnet_id is None,
                    "RouteTableAssociationId": tie.association_id,
                    "RouteTableId": table.route_table_id,
                    "SubnetId": tie.subnet_id,
                    "AssociationState": {"State": "associated"},
                }
            )
            for tie in table.associations
        ],
        "Tags": tag_list(call, table.route_table_id),
    }


def _route(call: Call, vpc_id: str, route: Route) -> Params:
    destination = "DestinationPrefixListId" if route.destination.startswith("pl-") else "DestinationCidrBlock"
    target = "NatGatewayId" if route.target.startswith("nat-") else "GatewayId"
    return {
        destination: route.destination,
        target: route.target,
        "Origin": route.origin,
        "State": "active" if is_active(call, vpc_id, route) else "blackhole",
    }


def is_active(call: Call, vpc_id: str, route: Route) -> bool:
    """Whether a route's target is there; one whose target is gone is a blackhole, and still wins its prefix."""
    if route.target == "local":
        return True
    if route.target.startswith("igw-"):
        gateway = call.table("internet_gateways").get(route.target)
        return gateway is not None and gateway.vpc_id == vpc_id
    if route.target.startswith("nat-"):
        nat = call.table("nat_gateways").get(route.target)
        return nat is not None and nat.state in ("pending", "available")
    endpoint = call.table("endpoints").get(route.target)
    return endpoint is not None and endpoint.state == "available"


_TABLE_FILTERS: dict[str, Values] = {
    "route-table-id": lambda each: [each.route_table_id],
    "vpc-id": lambda each: [each.vpc_id],
    "association.main": lambda each: flag(each.is_main),
    "association.subnet-id": lambda each: [tie.subnet_id for tie in each.associations],
    "association.route-table-association-id": lambda each: [tie.association_id for tie in each.associations],
    "route.destination-cidr-block": lambda each: [route.destination for route in each.routes],
    "route.gateway-id": lambda each: [route.target for route in each.routes if route.target[:4] != "nat-"],
    "route.nat-gateway-id": lambda each: [r.target for r in each.routes if r.target.startswith("nat-")],
}


@op("DescribeRouteTables", readonly=True)
def describe_route_tables(
    call: Call,
    *,
    RouteTableIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List route tables with their routes and associations."""
    found = chosen(call, "route_tables", RouteTableIds, Filters, _TABLE_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"RouteTables": [_route_table(call, each) for each in items], "NextToken": token})


@op("AssociateRouteTable", resource=arns("route-table", "RouteTableId"))
def associate_route_table(call: Call, *, RouteTableId: str, SubnetId: str | None = None) -> Params:
    """Give a subnet a route table of its own; it has one at a time."""
    table: RouteTable = get(call, "route_tables", RouteTableId)
    if SubnetId is None:
        raise required("subnetId")
    subnet: Subnet = get(call, "subnets", SubnetId)
    if subnet.vpc_id != table.vpc_id:
        raise invalid(
            f"Route table {RouteTableId} and subnet {SubnetId} belong to different networks",
        )
    for other in call.table("route_tables").values():
        if any(tie.subnet_id == SubnetId for tie in other.associations):
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {RouteTableId} conflicts with an existing association",
            )
    tie = Association(call.unique("rtbassoc-0", 16), SubnetId)
    call.table("route_tables")[RouteTableId] = replace(table, associations=(*table.associations, tie))
    return {"AssociationId": tie.association_id, "AssociationState": {"State": "associated"}}


def _tied(call: Call, association_id: str) -> tuple[RouteTable, Association]:
    for table in call.table("route_tables").values():
        for tie in table.associations:
            if tie.association_id == association_id:
                return table, tie
    raise AwsError("InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist")


@op("DisassociateRouteTable")
def disassociate_route_table(call: Call, *, AssociationId: str) -> None:
    """Take a subnet's own route table away: it falls back to the main one."""
    table, tie = _tied(call, AssociationId)
    if tie.subnet_id is None:
        raise AwsError(
            "InvalidParameterValue", f"cannot disassociate the main route table association {AssociationId}"
        )
    kept = tuple(each for each in table.associations if each != tie)
    call.table("route_tables")[table.route_table_id] = replace(table, associations=kept)


@op("ReplaceRouteTableAssociation")
def replace_route_table_association(call: Call, *, AssociationId: str, RouteTableId: str) -> Params:
    """Move an association to another route table; with the main one's, that table becomes the main one."""
    old, tie = _tied(call, AssociationId)
    new: RouteTable = get(call, "route_tables", RouteTableId)
    if new.vpc_id != old.vpc_id:
        raise invalid(f"Route table {RouteTableId} belongs to another network")
    tables = call.table("route_tables")
    tables[old.route_table_id] = replace(
        old, associations=tuple(each for each in old.associations if each != tie)
    )
    fresh = Association(call.unique("rtbassoc-0", 16), tie.subnet_id)
    new = tables[RouteTableId]
    tables[RouteTableId] = replace(new, associations=(*new.associations, fresh))
    return {"NewAssociationId": fresh.association_id, "AssociationState": {"State": "associated"}}


@op("DeleteRouteTable", resource=arns("route-table", "RouteTableId"))
def delete_route_table(call: Call, *, RouteTableId: str) -> None:
    """Delete a route table that no subnet uses; never the main one."""
    table: RouteTable = get(call, "route_tables", RouteTableId)
    if table.associations:
        raise _dependency("routeTable", RouteTableId)
    del call.table("route_tables")[RouteTableId]
    forget_tags(call, RouteTableId)


@op("CreateRoute", resource=arns("route-table", "RouteTableId"))
def create_route(
    call: Call,
    *,
    RouteTableId: str,
    DestinationCidrBlock: str | None = None,
    GatewayId: str | None = None,
    NatGatewayId: str | None = None,
) -> Params:
    """Add a route; a prefix that is there already goes elsewhere only by ReplaceRoute."""
    table, destination, target = _checked_route(
        call, RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId
    )
    if any(each.destination == destination for each in table.routes):
        raise AwsError("RouteAlreadyExists", f"The route identified by {destination} already exists.")
    if len(table.routes) >= MAX_ROUTES:
        raise AwsError("RouteLimitExceeded", "The maximum number of routes has been reached.")
    call.table("route_tables")[RouteTableId] = replace(
        table, routes=(*table.routes, Route(destination, target))
    )
    return {"Return": True}


@op("ReplaceRoute", resource=arns("route-table", "RouteTableId"))
def replace_route(
    call: Call,
    *,
    RouteTableId: str,
    DestinationCidrBlock: str | None = None,
    GatewayId: str | None = None,
    NatGatewayId: str | None = None,
) -> None:
    """Send a prefix that has a route to another target."""
    table, destination, target = _checked_route(
        call, RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId
    )
    _require_route(table, destination)
    routes = tuple(Route(destination, target) if r.destination == destination else r for r in table.routes)
    call.table("route_tables")[RouteTableId] = replace(table, routes=routes)


@op("DeleteRoute", resource=arns("route-table", "RouteTableId"))
def delete_route(call: Call, *, RouteTableId: str, DestinationCidrBlock: str | None = None) -> None:
    """Remove a route; the local one stays."""
    table: RouteTable = get(call, "route_tables", RouteTableId)
    if DestinationCidrBlock is None:
        raise required("destinationCidrBlock")
    destination = canonical(DestinationCidrBlock)
    _require_route(table, destination)
    if any(each.destination == destination and each.target == "local" for each in table.routes):
        raise invalid(f"cannot remove local route {destination} in route table {RouteTableId}")
    kept = tuple(each for each in table.routes if each.destination != destination)
    call.table("route_tables")[RouteTableId] = replace(table, routes=kept)


def _require_route(table: RouteTable, destination: str) -> None:
    if not any(each.destination == destination for each in table.routes):
        raise AwsError(
            "InvalidRoute.NotFound",
            f"no route with destination-cidr-block {destination} in route table {table.route_table_id}",
        )


def _checked_route(
    call: Call, table_id: str, cidr: str | None, gateway_id: str | None, nat_id: str | None
) -> tuple[RouteTable, str, str]:
    table: RouteTable = get(call, "route_tables", table_id)
    if cidr is None:
        raise required("destinationCidrBlock")
    targets = [each for each in (gateway_id, nat_id) if each is not None]
    if len(targets) != 1:
        raise AwsError(
            "InvalidParameterCombination" if targets else "MissingParameter",
            "The request must contain exactly one of gatewayId, natGatewayId",
        )
    target = targets[0]
    destination = canonical(cidr)
    if IPv4Network(destination).subnet_of(IPv4Network("169.254.168.0/22")):
        raise invalid(f"The destination CIDR block {destination} is reserved for AWS services.")
    if nat_id is not None:
        nat = get(call, "nat_gateways", nat_id)
        if nat.state in ("deleting", "deleted"):
            raise missing("nat_gateways", nat_id)
    elif target.startswith("igw-"):
        gateway = get(call, "internet_gateways", target)
        if gateway.vpc_id != table.vpc_id:
            raise invalid(f"route table {table_id} and network gateway {target} belong to different networks")
    elif target.startswith("nat-"):
        get(call, "nat_gateways", target)  # AWS takes a NAT gateway's id here too
    else:
        raise NotModelled(f"A route to {target!r}", "Modeled targets: internet gateways, NAT gateways.")
    return table, destination, target
