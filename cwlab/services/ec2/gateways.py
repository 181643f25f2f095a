"""Ways out of a VPC: Elastic IP addresses, NAT gateways, VPC endpoints, and the network interfaces they stand on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError, NotModelled
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.addresses import free_address, private_name, public_ip, public_name
from cwlab.services.ec2.records import (
    Address,
    Endpoint,
    Instance,
    Interface,
    NatGateway,
    Route,
    RouteTable,
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
    forget_tags,
    get,
    invalid,
    op,
    page,
    put_tags,
    required,
    tag_list,
    tags_for,
)
from cwlab.timeline import HOUR, SECOND, to_datetime

FULL_ACCESS = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
)
NAT_TAKES_S, NAT_ENDS_S, ENDPOINT_TAKES_S = 90, 60, 60
MAX_POLICY = 20_480

# Network interfaces --------------------------------------------------------------------------------------------------


def make_interface(
    call: Call,
    subnet: Subnet,
    *,
    kind: str,
    owner: str,
    group_ids: tuple[str, ...] = (),
    private_ip: str | None = None,
) -> Interface:
    """Put a network interface into a subnet, at the lowest free address unless one is asked for.

    Raises:
        AwsError: the subnet is full, or the address is taken or not of this subnet.
    """
    taken = {
        each.private_ip for each in call.table("interfaces").values() if each.subnet_id == subnet.subnet_id
    }
    if private_ip is None:
        private_ip = free_address(subnet.cidr, taken)
        if private_ip is None:
            raise AwsError(
                "InsufficientFreeAddressesInSubnet",
                f"There are not enough free addresses in subnet '{subnet.subnet_id}' to satisfy the requested number of instances.",
            )
    elif private_ip in taken:
        raise AwsError("InvalidIPAddress.InUse", f"Address {private_ip} is in use.")
    elif free_address(f"{subnet.cidr}", set()) is None or not _assignable(subnet.cidr, private_ip):
        raise invalid(f"Address {private_ip} does not fall within the subnet's address range")
    interface = Interface(
        call.unique("eni-0", 16),
        subnet.vpc_id,
        subnet.subnet_id,
        subnet.zone,
        private_ip,
        group_ids,
        kind,
        owner,
        call.unique("eni-attach-0", 16),
        call.now_ms,
    )
    call.table("interfaces")[interface.interface_id] = interface
    return interface


def _assignable(cidr: str, address: str) -> bool:
    from ipaddress import IPv4Address, IPv4Network

    block = IPv4Network(cidr)
    try:
        place = int(IPv4Address(address)) - int(block.network_address)
    except ValueError:
        return False
    return 4 <= place < block.num_addresses - 1


def drop_interface(call: Call, interface_id: str) -> None:
    """Take a network interface away; an Elastic IP on it is free again."""
    if interface_id not in call.table("interfaces"):
        return
    for address in list(call.table("addresses").values()):
        if address.interface_id == interface_id:
            call.table("addresses")[address.allocation_id] = Address(address.allocation_id, address.public_ip)
    del call.table("interfaces")[interface_id]
    forget_tags(call, interface_id)


_DESCRIPTIONS = {
    "interface": "",
    "nat_gateway": "Interface for NAT Gateway {}",
    "vpc_endpoint": "VPC Endpoint Interface {}",
}


def _interface(call: Call, nic: Interface) -> Params:
    vpc: Vpc = call.table("vpcs")[nic.vpc_id]
    association = None
    if nic.public_ip is not None:
        address = address_on(call, nic.interface_id)
        association = clean(
            {
                "PublicIp": nic.public_ip,
                "PublicDnsName": public_name(call.region, nic.public_ip) if vpc.dns_hostnames else "",
                "IpOwnerId": call.account if address else "amazon",
                "AllocationId": address.allocation_id if address else None,
                "AssociationId": address.association_id if address else None,
            }
        )
    groups = call.table("security_groups")
    name = private_name(call.region, nic.private_ip)
    return clean(
        {
            "NetworkInterfaceId": nic.interface_id,
            "Association": association,
            "Attachment": clean(
                {
                    "AttachmentId": nic.attachment_id,
                    "AttachTime": to_datetime(nic.attached_ms),
                    "DeleteOnTermination": nic.kind == "interface",
                    "DeviceIndex": 0 if nic.kind == "interface" else 1,
                    "InstanceId": nic.owner if nic.kind == "interface" else None,
                    "InstanceOwnerId": call.account if nic.kind == "interface" else "amazon-aws",
                    "Status": "attached",
                }
            ),
            "AvailabilityZone": nic.zone,
            "Description": _DESCRIPTIONS[nic.kind].format(nic.owner),
            "Groups": [{"GroupId": g, "GroupName": groups[g].name} for g in nic.group_ids if g in groups],
            "InterfaceType": nic.kind,
            "OwnerId": call.account,
            "PrivateDnsName": name,
            "PrivateIpAddress": nic.private_ip,
            "PrivateIpAddresses": [
                clean({"Association": association, "Primary": True, "PrivateIpAddress": nic.private_ip})
            ],
            "RequesterManaged": nic.kind != "interface",
            "SourceDestCheck": nic.kind != "nat_gateway",
            "Status": "in-use",
            "SubnetId": nic.subnet_id,
            "TagSet": tag_list(call, nic.interface_id),
            "VpcId": nic.vpc_id,
        }
    )


_INTERFACE_FILTERS: dict[str, Values] = {
    "network-interface-id": lambda each: [each.interface_id],
    "vpc-id": lambda each: [each.vpc_id],
    "subnet-id": lambda each: [each.subnet_id],
    "availability-zone": lambda each: [each.zone],
    "private-ip-address": lambda each: [each.private_ip],
    "addresses.private-ip-address": lambda each: [each.private_ip],
    "association.public-ip": lambda each: [each.public_ip],
    "group-id": lambda each: each.group_ids,
    "interface-type": lambda each: [each.kind],
    "attachment.instance-id": lambda each: [each.owner] if each.kind == "interface" else [],
    "status": lambda each: ["in-use"],
}


@op("DescribeNetworkInterfaces", readonly=True)
def describe_network_interfaces(
    call: Call,
    *,
    NetworkInterfaceIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List network interfaces: those of instances, NAT gateways and endpoints."""
    found = chosen(call, "interfaces", NetworkInterfaceIds, Filters, _INTERFACE_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"NetworkInterfaces": [_interface(call, each) for each in items], "NextToken": token})


# Elastic IP addresses ------------------------------------------------------------------------------------------------


def address_on(call: Call, interface_id: str) -> Address | None:
    """The Elastic IP on a network interface, if there is one."""
    return next((a for a in call.table("addresses").values() if a.interface_id == interface_id), None)


@op("AllocateAddress")
def allocate_address(
    call: Call, *, Domain: str = "vpc", TagSpecifications: list[dict[str, Any]] | None = None
) -> Params:
    """Get a public address of your own."""
    if Domain != "vpc":
        raise NotModelled(f"Domain={Domain!r}", 'Modeled: "vpc".')
    if len(call.table("addresses")) >= 5:
        raise AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    tags = tags_for(call, "elastic-ip", TagSpecifications)
    address = Address(call.unique("eipalloc-0", 16), public_ip(call))
    call.table("addresses")[address.allocation_id] = address
    put_tags(call, address.allocation_id, tags)
    return {
        "PublicIp": address.public_ip,
        "AllocationId": address.allocation_id,
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": call.region,
        "Domain": "vpc",
    }


@op("AssociateAddress", resource=arns("elastic-ip", "AllocationId"))
def associate_address(
    call: Call,
    *,
    AllocationId: str | None = None,
    InstanceId: str | None = None,
    NetworkInterfaceId: str | None = None,
    AllowReassociation: bool = True,
) -> Params:
    """Put an Elastic IP on an instance; it replaces the public address the instance was given."""
    if AllocationId is None:
        raise required("allocationId")
    address: Address = get(call, "addresses", AllocationId)
    interface_id = NetworkInterfaceId
    if InstanceId is not None:
        instance: Instance = get(call, "instances", InstanceId)
        if instance.state not in ("pending", "running", "stopping", "stopped"):
            raise AwsError("IncorrectInstanceState", f"The instance '{InstanceId}' is not in a valid state")
        interface_id = instance.interface_id
    if interface_id is None:
        raise AwsError("MissingParameter", "Either 'InstanceId' or 'NetworkInterfaceId' must be provided")
    nic: Interface = get(call, "interfaces", interface_id)
    if address.interface_id not in (None, interface_id) and not AllowReassociation:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"resource {AllocationId} is already associated with associate-id {address.association_id}",
        )
    if not any(each.vpc_id == nic.vpc_id for each in call.table("internet_gateways").values()):
        raise AwsError("Gateway.NotAttached", f"Network {nic.vpc_id} is not attached to any internet gateway")
    _let_go(call, address)
    before = address_on(call, interface_id)
    if before is not None:
        _let_go(call, before)
    association_id = call.unique("eipassoc-0", 16)
    owner = nic.owner if nic.kind == "interface" else None
    call.table("addresses")[AllocationId] = Address(
        AllocationId, address.public_ip, association_id, interface_id, owner, nic.private_ip
    )
    call.table("interfaces")[interface_id] = replace(
        call.table("interfaces")[interface_id], public_ip=address.public_ip
    )
    return {"AssociationId": association_id}


def _let_go(call: Call, address: Address) -> None:
    """Take an Elastic IP off what carries it."""
    if address.interface_id is not None:
        nic = call.table("interfaces").get(address.interface_id)
        if nic is not None and nic.public_ip == address.public_ip:
            call.table("interfaces")[address.interface_id] = replace(nic, public_ip=None)
    call.table("addresses")[address.allocation_id] = Address(address.allocation_id, address.public_ip)


@op("DisassociateAddress")
def disassociate_address(call: Call, *, AssociationId: str) -> None:
    """Take an Elastic IP off; the instance has no public address then."""
    for address in list(call.table("addresses").values()):
        if address.association_id == AssociationId:
            if address.instance_id is None:
                raise AwsError(
                    "OperationNotPermitted", f"You are not allowed to manage '{AssociationId}' attachments."
                )
            _let_go(call, address)
            return
    raise AwsError("InvalidAssociationID.NotFound", f"The association ID '{AssociationId}' does not exist")


@op("ReleaseAddress", resource=arns("elastic-ip", "AllocationId"))
def release_address(call: Call, *, AllocationId: str | None = None) -> None:
    """Give an Elastic IP back."""
    if AllocationId is None:
        raise required("allocationId")
    address: Address = get(call, "addresses", AllocationId)
    if address.association_id is not None:
        raise AwsError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")
    del call.table("addresses")[AllocationId]
    forget_tags(call, AllocationId)


_ADDRESS_FILTERS: dict[str, Values] = {
    "allocation-id": lambda each: [each.allocation_id],
    "public-ip": lambda each: [each.public_ip],
    "association-id": lambda each: [each.association_id],
    "instance-id": lambda each: [each.instance_id],
    "network-interface-id": lambda each: [each.interface_id],
    "domain": lambda each: ["vpc"],
}


@op("DescribeAddresses", readonly=True)
def describe_addresses(
    call: Call, *, AllocationIds: list[str] | None = None, Filters: Filters | None = None
) -> Params:
    """List Elastic IP addresses and what carries them."""
    found = chosen(call, "addresses", AllocationIds, Filters, _ADDRESS_FILTERS)
    return {
        "Addresses": [
            clean(
                {
                    "PublicIp": each.public_ip,
                    "AllocationId": each.allocation_id,
                    "AssociationId": each.association_id,
                    "Domain": "vpc",
                    "InstanceId": each.instance_id,
                    "NetworkInterfaceId": each.interface_id,
                    "PrivateIpAddress": each.private_ip,
                    "PublicIpv4Pool": "amazon",
                    "NetworkBorderGroup": call.region,
                    "Tags": tag_list(call, each.allocation_id),
                }
            )
            for each in found
        ]
    }


# NAT gateways --------------------------------------------------------------------------------------------------------


@op("CreateNatGateway")
def create_nat_gateway(
    call: Call,
    *,
    SubnetId: str | None = None,
    AllocationId: str | None = None,
    ConnectivityType: str = "public",
    ClientToken: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a NAT gateway in a subnet; a public one needs an Elastic IP. Available after about 90 seconds."""
    if SubnetId is None:
        raise required("subnetId")
    subnet: Subnet = get(call, "subnets", SubnetId)
    if ConnectivityType == "public" and AllocationId is None:
        raise required("allocationId")
    if ConnectivityType == "private" and AllocationId is not None:
        raise AwsError(
            "InvalidParameterCombination", "AllocationId cannot be used with a private NAT gateway."
        )
    tags = tags_for(call, "natgateway", TagSpecifications)
    gateway_id = call.unique("nat-0", 16)
    nic = make_interface(call, subnet, kind="nat_gateway", owner=gateway_id)
    address_ip = association_id = None
    if AllocationId is not None:
        address: Address = get(call, "addresses", AllocationId)
        if address.association_id is not None:
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"Elastic IP address [{AllocationId}] is already associated",
            )
        if not any(each.vpc_id == subnet.vpc_id for each in call.table("internet_gateways").values()):
            raise AwsError("Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached")
        address_ip, association_id = address.public_ip, call.unique("eipassoc-0", 16)
        call.table("addresses")[AllocationId] = Address(
            AllocationId, address.public_ip, association_id, nic.interface_id, None, nic.private_ip
        )
        call.table("interfaces")[nic.interface_id] = replace(nic, public_ip=address.public_ip)
    gateway = NatGateway(
        gateway_id,
        subnet.vpc_id,
        SubnetId,
        ConnectivityType,
        nic.interface_id,
        nic.private_ip,
        address_ip,
        AllocationId,
        association_id,
        call.now_ms,
    )
    call.table("nat_gateways")[gateway_id] = gateway
    put_tags(call, gateway_id, tags)
    call.schedule(call.now_ms + NAT_TAKES_S * SECOND, "nat_ready", gateway_id=gateway_id)
    return clean({"NatGateway": _nat(call, gateway), "ClientToken": ClientToken})


@handler("ec2", "nat_ready")
def nat_ready(call: Call, *, gateway_id: str) -> None:
    """A NAT gateway begins to forward."""
    gateway = call.table("nat_gateways").get(gateway_id)
    if gateway is not None and gateway.state == "pending":
        call.table("nat_gateways")[gateway_id] = replace(gateway, state="available")


@handler("ec2", "nat_gone")
def nat_gone(call: Call, *, gateway_id: str) -> None:
    """A NAT gateway is gone, and its Elastic IP free."""
    gateway: NatGateway = call.table("nat_gateways")[gateway_id]
    drop_interface(call, gateway.interface_id)
    call.table("nat_gateways")[gateway_id] = replace(gateway, state="deleted", deleted_ms=call.now_ms)


def _nat(call: Call, gateway: NatGateway) -> Params:
    return clean(
        {
            "NatGatewayId": gateway.gateway_id,
            "VpcId": gateway.vpc_id,
            "SubnetId": gateway.subnet_id,
            "State": gateway.state,
            "ConnectivityType": gateway.connectivity,
            "CreateTime": to_datetime(gateway.created_ms),
            "DeleteTime": None if gateway.deleted_ms is None else to_datetime(gateway.deleted_ms),
            "NatGatewayAddresses": [
                clean(
                    {
                        "AllocationId": gateway.allocation_id,
                        "AssociationId": gateway.association_id,
                        "NetworkInterfaceId": gateway.interface_id,
                        "PrivateIp": gateway.private_ip,
                        "PublicIp": gateway.public_ip,
                        "IsPrimary": True,
                        "Status": "succeeded",
                    }
                )
            ],
            "Tags": tag_list(call, gateway.gateway_id),
        }
    )


_NAT_FILTERS: dict[str, Values] = {
    "nat-gateway-id": lambda each: [each.gateway_id],
    "vpc-id": lambda each: [each.vpc_id],
    "subnet-id": lambda each: [each.subnet_id],
    "state": lambda each: [each.state],
}


@op("DescribeNatGateways", readonly=True)
def describe_nat_gateways(
    call: Call,
    *,
    NatGatewayIds: list[str] | None = None,
    Filter: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List NAT gateways; a deleted one stays in sight for an hour."""

    def shown(each: NatGateway) -> bool:
        return each.deleted_ms is None or each.deleted_ms + HOUR > call.now_ms

    found = chosen(call, "nat_gateways", NatGatewayIds, Filter, _NAT_FILTERS, shown=shown)
    items, token = page(found, MaxResults, NextToken)
    return clean({"NatGateways": [_nat(call, each) for each in items], "NextToken": token})


@op("DeleteNatGateway", resource=arns("natgateway", "NatGatewayId"))
def delete_nat_gateway(call: Call, *, NatGatewayId: str) -> Params:
    """Delete a NAT gateway; routes to it become blackholes at once."""
    gateway: NatGateway = get(call, "nat_gateways", NatGatewayId)
    if gateway.state in ("pending", "available"):
        call.table("nat_gateways")[NatGatewayId] = replace(gateway, state="deleting")
        call.schedule(call.now_ms + NAT_ENDS_S * SECOND, "nat_gone", gateway_id=NatGatewayId)
    return {"NatGatewayId": NatGatewayId}


# VPC endpoints -------------------------------------------------------------------------------------------------------


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
        parse(document, "endpoint")
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


@op("DescribeVpcEndpoints", readonly=True)
def describe_vpc_endpoints(
    call: Call,
    *,
    VpcEndpointIds: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List endpoints with their DNS names."""
    found = chosen(call, "endpoints", VpcEndpointIds, Filters, _ENDPOINT_FILTERS)
    items, token = page(found, MaxResults, NextToken, least=1)
    return clean({"VpcEndpoints": [_endpoint(call, each) for each in items], "NextToken": token})


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
        del call.table("endpoints")[endpoint_id]
        forget_tags(call, endpoint_id)
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
