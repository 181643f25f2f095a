"""VPC endpoints: private ways to AWS services, by interface or by route."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError, NotModelled
from cwlab.policy import MalformedPolicy
from cwlab.policy import parse as parse_policy
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.interfaces import drop_interface, make_interface
from cwlab.services.ec2.records import Endpoint, Route, RouteTable, Subnet, Vpc
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    clean,
    get,
    invalid,
    listing,
    op,
    put_tags,
    remove,
    required,
    tag_list,
    tags_for,
)
from cwlab.timeline import SECOND, to_datetime

FULL_ACCESS = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
)
ENDPOINT_TAKES_S = 60
MAX_POLICY = 20_480


@op("CreateVpcEndpoint")
def create_vpc_endpoint(
    call: Call,
    *,
    VpcId: str,
    ServiceName: str | None = None,
    VpcEndpointType: str = "Gateway",
    PolicyDocument: str | None = None,
    RouteTableIds: list[str] | None = None,
    SubnetIds: list[str] | None = None,
    SecurityGroupIds: list[str] | None = None,
    PrivateDnsEnabled: bool | None = None,
    ClientToken: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make an endpoint: Gateway (S3 and DynamoDB, a route) or Interface (private addresses in your subnets).

    An interface endpoint has private DNS unless PrivateDnsEnabled is False, and needs both DNS attributes of the VPC for it.
    """
    vpc: Vpc = get(call, "vpcs", VpcId)
    if ServiceName is None:
        raise required("ServiceName")
    short = _known_service(call, ServiceName, VpcEndpointType)
    policy = checked_policy(PolicyDocument)
    tags = tags_for(call, "vpc-endpoint", TagSpecifications)
    endpoint_id = call.unique("vpce-0", 16)
    endpoint = Endpoint(endpoint_id, VpcId, VpcEndpointType, ServiceName, policy, call.now_ms)
    if VpcEndpointType == "Gateway":
        if SubnetIds or SecurityGroupIds or PrivateDnsEnabled:
            raise invalid("SubnetIds, SecurityGroupIds and PrivateDnsEnabled are for interface endpoints.")
        call.table("endpoints")[endpoint_id] = endpoint
        endpoint = _add_routes(call, endpoint, short, RouteTableIds or [])
    else:
        if RouteTableIds:
            raise invalid("Route table IDs are only supported for Gateway type VPC Endpoints.")
        private = True if PrivateDnsEnabled is None else PrivateDnsEnabled
        if private:
            _require_private_dns(call, vpc, ServiceName)
        endpoint = replace(
            endpoint,
            state="pending",
            private_dns=private,
            group_ids=_endpoint_groups(call, VpcId, SecurityGroupIds),
            dns_suffix=call.unique("", 8),
        )
        endpoint = _add_subnets(call, endpoint, SubnetIds or [])
        call.schedule(call.now_ms + ENDPOINT_TAKES_S * SECOND, "endpoint_ready", endpoint_id=endpoint_id)
    call.table("endpoints")[endpoint_id] = endpoint
    put_tags(call, endpoint_id, tags)
    return clean({"VpcEndpoint": _endpoint(call, endpoint), "ClientToken": ClientToken})


@handler("ec2", "endpoint_ready")
def endpoint_ready(call: Call, *, endpoint_id: str) -> None:
    """An interface endpoint becomes available, and its private DNS names begin to resolve."""
    endpoint = call.table("endpoints").get(endpoint_id)
    if endpoint is not None and endpoint.state == "pending":
        call.table("endpoints")[endpoint_id] = replace(endpoint, state="available")


def _known_service(call: Call, name: str, kind: str) -> str:
    prefix = f"com.amazonaws.{call.region}."
    short = name.removeprefix(prefix)
    if kind not in ("Gateway", "Interface"):
        raise NotModelled(f"VpcEndpointType={kind!r}", "Modeled: Gateway, Interface.")
    known = catalog.GATEWAY_SERVICES if kind == "Gateway" else catalog.INTERFACE_SERVICES
    if not name.startswith(prefix) or short not in known:
        if kind == "Gateway" and name.startswith(prefix) and short in catalog.INTERFACE_SERVICES:
            raise AwsError(
                "InvalidParameter",
                f"The VPC endpoint service {name} does not support Gateway endpoints: VpcEndpointType must be Interface.",
            )
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    return short


def checked_policy(document: str | None) -> str:
    """An endpoint policy, full access unless one is given.

    Raises:
        AwsError: it is no policy, or too long.
    """
    if document is None:
        return FULL_ACCESS
    if len(document) > MAX_POLICY:
        raise AwsError("InvalidPolicyDocument", f"The policy is longer than {MAX_POLICY} characters.")
    try:
        parse_policy(document, "endpoint")
    except MalformedPolicy as problem:
        raise AwsError("InvalidPolicyDocument", str(problem)) from None
    return document


def _require_private_dns(call: Call, vpc: Vpc, service_name: str) -> None:
    if not (vpc.dns_support and vpc.dns_hostnames):
        raise AwsError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to "
            f"true for {vpc.vpc_id}",
        )
    for other in call.table("endpoints").values():
        if other.vpc_id == vpc.vpc_id and other.private_dns and other.service_name == service_name:
            raise AwsError(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{service_name.split('.')[-1]}.{call.region}.amazonaws.com in the VPC {vpc.vpc_id}",
            )


def _endpoint_groups(call: Call, vpc_id: str, group_ids: list[str] | None) -> tuple[str, ...]:
    for group_id in group_ids or ():
        if get(call, "security_groups", group_id).vpc_id != vpc_id:
            raise AwsError("InvalidParameter", f"Security group {group_id} does not belong to {vpc_id}")
    if group_ids:
        return tuple(group_ids)
    default = (
        g for g in call.table("security_groups").values() if g.vpc_id == vpc_id and g.name == "default"
    )
    return (next(default).group_id,)


def _add_subnets(call: Call, endpoint: Endpoint, subnet_ids: list[str]) -> Endpoint:
    zones = {call.table("subnets")[each].zone for each in endpoint.subnet_ids}
    for subnet_id in subnet_ids:
        subnet: Subnet = get(call, "subnets", subnet_id)
        if subnet.vpc_id != endpoint.vpc_id:
            raise AwsError("InvalidParameter", f"Subnet {subnet_id} does not belong to {endpoint.vpc_id}")
        if subnet.zone in zones:
            raise AwsError(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet_id}.",
            )
        zones.add(subnet.zone)
        nic = make_interface(
            call, subnet, kind="vpc_endpoint", owner=endpoint.endpoint_id, group_ids=endpoint.group_ids
        )
        endpoint = replace(
            endpoint,
            subnet_ids=(*endpoint.subnet_ids, subnet_id),
            interface_ids=(*endpoint.interface_ids, nic.interface_id),
        )
    return endpoint


def _drop_subnets(call: Call, endpoint: Endpoint, subnet_ids: list[str]) -> Endpoint:
    for subnet_id in subnet_ids:
        for nic_id in endpoint.interface_ids:
            nic = call.table("interfaces").get(nic_id)
            if nic is not None and nic.subnet_id == subnet_id:
                drop_interface(call, nic_id)
    return replace(
        endpoint,
        subnet_ids=tuple(each for each in endpoint.subnet_ids if each not in subnet_ids),
        interface_ids=tuple(each for each in endpoint.interface_ids if each in call.table("interfaces")),
    )


def _add_routes(call: Call, endpoint: Endpoint, short: str, table_ids: list[str]) -> Endpoint:
    """A gateway endpoint keeps its prefix-list route in the route tables it is associated with."""
    prefix_list = catalog.PREFIX_LISTS[short][0]
    for table_id in table_ids:
        table: RouteTable = get(call, "route_tables", table_id)
        if table.vpc_id != endpoint.vpc_id:
            raise AwsError("InvalidParameter", f"Route table {table_id} does not belong to {endpoint.vpc_id}")
        if any(each.destination == prefix_list for each in table.routes):
            raise AwsError(
                "RouteAlreadyExists",
                f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list}",
            )
        route = Route(prefix_list, endpoint.endpoint_id)
        call.table("route_tables")[table_id] = replace(table, routes=(*table.routes, route))
    return replace(endpoint, route_table_ids=(*endpoint.route_table_ids, *table_ids))


def _drop_routes(call: Call, endpoint: Endpoint, table_ids: list[str]) -> Endpoint:
    for table_id in table_ids:
        table = call.table("route_tables").get(table_id)
        if table is not None:
            kept = tuple(each for each in table.routes if each.target != endpoint.endpoint_id)
            call.table("route_tables")[table_id] = replace(table, routes=kept)
    return replace(
        endpoint, route_table_ids=tuple(each for each in endpoint.route_table_ids if each not in table_ids)
    )


def _endpoint(call: Call, endpoint: Endpoint) -> Params:
    short = endpoint.service_name.rsplit(".", 1)[-1]
    base = f"{endpoint.endpoint_id}-{endpoint.dns_suffix}"
    names = []
    if endpoint.kind == "Interface":
        suffix = f"{short}.{call.region}.vpce.amazonaws.com"
        zones = [call.table("subnets")[each].zone for each in endpoint.subnet_ids]
        names = [f"{base}.{suffix}", *(f"{base}-{zone}.{suffix}" for zone in zones)]
        if endpoint.private_dns:
            names.append(f"{short}.{call.region}.amazonaws.com")
    groups = call.table("security_groups")
    return {
        "VpcEndpointId": endpoint.endpoint_id,
        "VpcEndpointType": endpoint.kind,
        "VpcId": endpoint.vpc_id,
        "ServiceName": endpoint.service_name,
        "State": endpoint.state,
        "PolicyDocument": endpoint.policy,
        "RouteTableIds": list(endpoint.route_table_ids),
        "SubnetIds": list(endpoint.subnet_ids),
        "Groups": [{"GroupId": g, "GroupName": groups[g].name} for g in endpoint.group_ids if g in groups],
        "PrivateDnsEnabled": endpoint.private_dns,
        "RequesterManaged": False,
        "NetworkInterfaceIds": list(endpoint.interface_ids),
        "DnsEntries": [{"DnsName": name, "HostedZoneId": "Z7HUB22UULQXV"} for name in names],
        "CreationTimestamp": to_datetime(endpoint.created_ms),
        "OwnerId": call.account,
        "Tags": tag_list(call, endpoint.endpoint_id),
    }


_ENDPOINT_FILTERS: dict[str, Values] = {
    "vpc-endpoint-id": lambda each: [each.endpoint_id],
    "vpc-endpoint-type": lambda each: [each.kind],
    "vpc-endpoint-state": lambda each: [each.state],
    "vpc-id": lambda each: [each.vpc_id],
    "service-name": lambda each: [each.service_name],
}


listing(
    "DescribeVpcEndpoints",
    "endpoints",
    ids="VpcEndpointIds",
    answer="VpcEndpoints",
    known=_ENDPOINT_FILTERS,
    show=_endpoint,
    least=1,
)


@op("ModifyVpcEndpoint", resource=arns("vpc-endpoint", "VpcEndpointId"))
def modify_vpc_endpoint(
    call: Call,
    *,
    VpcEndpointId: str,
    ResetPolicy: bool = False,
    PolicyDocument: str | None = None,
    AddRouteTableIds: list[str] | None = None,
    RemoveRouteTableIds: list[str] | None = None,
    AddSubnetIds: list[str] | None = None,
    RemoveSubnetIds: list[str] | None = None,
    AddSecurityGroupIds: list[str] | None = None,
    RemoveSecurityGroupIds: list[str] | None = None,
    PrivateDnsEnabled: bool | None = None,
) -> Params:
    """Change an endpoint's policy, subnets, security groups, route tables or private DNS."""
    endpoint: Endpoint = get(call, "endpoints", VpcEndpointId)
    for_gateway, for_interface = (
        bool(AddRouteTableIds or RemoveRouteTableIds),
        bool(AddSubnetIds or RemoveSubnetIds or AddSecurityGroupIds or RemoveSecurityGroupIds)
        or PrivateDnsEnabled is not None,
    )
    if (for_interface and endpoint.kind == "Gateway") or (for_gateway and endpoint.kind == "Interface"):
        raise AwsError("InvalidParameter", f"The parameters do not fit an endpoint of type {endpoint.kind}.")
    if ResetPolicy or PolicyDocument is not None:
        endpoint = replace(endpoint, policy=checked_policy(PolicyDocument))
    if PrivateDnsEnabled and not endpoint.private_dns:
        _require_private_dns(call, get(call, "vpcs", endpoint.vpc_id), endpoint.service_name)
    if PrivateDnsEnabled is not None:
        endpoint = replace(endpoint, private_dns=PrivateDnsEnabled)
    endpoint = _drop_routes(call, endpoint, RemoveRouteTableIds or [])
    if AddRouteTableIds:
        endpoint = _add_routes(call, endpoint, endpoint.service_name.rsplit(".", 1)[-1], AddRouteTableIds)
    endpoint = _drop_subnets(call, endpoint, RemoveSubnetIds or [])
    endpoint = _add_subnets(call, endpoint, AddSubnetIds or [])
    endpoint = _regroup(call, endpoint, AddSecurityGroupIds or [], RemoveSecurityGroupIds or [])
    call.table("endpoints")[VpcEndpointId] = endpoint
    return {"Return": True}


def _regroup(call: Call, endpoint: Endpoint, add: list[str], remove: list[str]) -> Endpoint:
    if not add and not remove:
        return endpoint
    for group_id in add:
        get(call, "security_groups", group_id)
    ids = tuple(dict.fromkeys([*(g for g in endpoint.group_ids if g not in remove), *add]))
    if not ids:
        raise AwsError("InvalidParameter", "An interface endpoint needs at least one security group.")
    for nic_id in endpoint.interface_ids:
        call.table("interfaces")[nic_id] = replace(call.table("interfaces")[nic_id], group_ids=ids)
    return replace(endpoint, group_ids=ids)


@op("DeleteVpcEndpoints", resource=arns("vpc-endpoint", "VpcEndpointIds"))
def delete_vpc_endpoints(call: Call, *, VpcEndpointIds: list[str]) -> Params:
    """Delete endpoints with their interfaces and routes; those that do not exist are listed as unsuccessful."""
    unsuccessful = []
    for endpoint_id in VpcEndpointIds:
        endpoint = call.table("endpoints").get(endpoint_id)
        if endpoint is None:
            message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            unsuccessful.append(
                {
                    "ResourceId": endpoint_id,
                    "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": message},
                }
            )
            continue
        _drop_routes(call, endpoint, list(endpoint.route_table_ids))
        _drop_subnets(call, endpoint, list(endpoint.subnet_ids))
        remove(call, "endpoints", endpoint_id)
    return {"Unsuccessful": unsuccessful}


@op("DescribeVpcEndpointServices", readonly=True)
def describe_vpc_endpoint_services(call: Call, *, ServiceNames: list[str] | None = None) -> Params:
    """List the services endpoints can be made for, and of which type."""
    found = []
    for short in sorted({*catalog.INTERFACE_SERVICES, *catalog.GATEWAY_SERVICES}):
        name = f"com.amazonaws.{call.region}.{short}"
        kinds = [
            k
            for k, known in (("Interface", catalog.INTERFACE_SERVICES), ("Gateway", catalog.GATEWAY_SERVICES))
            if short in known
        ]
        if ServiceNames and name not in ServiceNames:
            continue
        found.append(
            {"ServiceName": name, "ServiceType": [{"ServiceType": kind} for kind in kinds], "Owner": "amazon"}
        )
    if ServiceNames and len(found) < len(set(ServiceNames)):
        gone = next(name for name in ServiceNames if name not in [each["ServiceName"] for each in found])
        raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{gone}' does not exist")
    return {"ServiceNames": [each["ServiceName"] for each in found], "ServiceDetails": found}
