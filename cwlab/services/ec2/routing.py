"""Internet gateways and route tables: where packets that leave a subnet go."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.addresses import canonical
from cwlab.services.ec2.records import Association, InternetGateway, Route, RouteTable, Subnet, Vpc
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    clean,
    dependency,
    flag,
    get,
    invalid,
    listing,
    missing,
    op,
    put_tags,
    remove,
    required,
    tag_list,
    tags_for,
)

MAX_ROUTES = 50


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


listing(
    "DescribeInternetGateways",
    "internet_gateways",
    ids="InternetGatewayIds",
    answer="InternetGateways",
    known=_GATEWAY_FILTERS,
    show=_internet_gateway,
)


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
        raise dependency("internetGateway", InternetGatewayId)
    remove(call, "internet_gateways", InternetGatewayId)


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


listing(
    "DescribeRouteTables",
    "route_tables",
    ids="RouteTableIds",
    answer="RouteTables",
    known=_TABLE_FILTERS,
    show=_route_table,
)


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
        raise dependency("routeTable", RouteTableId)
    remove(call, "route_tables", RouteTableId)


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
