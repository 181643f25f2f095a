"""NAT gateways: how private instances open connections outward."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError
from cwlab.services.ec2.interfaces import drop_interface, make_interface
from cwlab.services.ec2.records import Address, NatGateway, Subnet
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    clean,
    get,
    listing,
    op,
    put_tags,
    required,
    tag_list,
    tags_for,
)
from cwlab.timeline import HOUR, SECOND, to_datetime

NAT_TAKES_S, NAT_ENDS_S = 90, 60


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


def _in_sight(call: Call, gateway: NatGateway) -> bool:
    """A deleted gateway is shown for an hour."""
    return gateway.deleted_ms is None or gateway.deleted_ms + HOUR > call.now_ms


listing(
    "DescribeNatGateways",
    "nat_gateways",
    ids="NatGatewayIds",
    answer="NatGateways",
    known=_NAT_FILTERS,
    show=_nat,
    filters="Filter",
    shown=_in_sight,
)


@op("DeleteNatGateway", resource=arns("natgateway", "NatGatewayId"))
def delete_nat_gateway(call: Call, *, NatGatewayId: str) -> Params:
    """Delete a NAT gateway; routes to it become blackholes at once."""
    gateway: NatGateway = get(call, "nat_gateways", NatGatewayId)
    if gateway.state in ("pending", "available"):
        call.table("nat_gateways")[NatGatewayId] = replace(gateway, state="deleting")
        call.schedule(call.now_ms + NAT_ENDS_S * SECOND, "nat_gone", gateway_id=NatGatewayId)
    return {"NatGatewayId": NatGatewayId}
