"""Elastic IP addresses: public addresses of your own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.addresses import public_ip
from cwlab.services.ec2.interfaces import address_on
from cwlab.services.ec2.records import Address, Instance, Interface
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    clean,
    get,
    listing,
    op,
    put_tags,
    remove,
    required,
    tag_list,
    tags_for,
)


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
    remove(call, "addresses", AllocationId)


_ADDRESS_FILTERS: dict[str, Values] = {
    "allocation-id": lambda each: [each.allocation_id],
    "public-ip": lambda each: [each.public_ip],
    "association-id": lambda each: [each.association_id],
    "instance-id": lambda each: [each.instance_id],
    "network-interface-id": lambda each: [each.interface_id],
    "domain": lambda each: ["vpc"],
}


def _address(call: Call, address: Address) -> Params:
    return clean(
        {
            "PublicIp": address.public_ip,
            "AllocationId": address.allocation_id,
            "AssociationId": address.association_id,
            "Domain": "vpc",
            "InstanceId": address.instance_id,
            "NetworkInterfaceId": address.interface_id,
            "PrivateIpAddress": address.private_ip,
            "PublicIpv4Pool": "amazon",
            "NetworkBorderGroup": call.region,
            "Tags": tag_list(call, address.allocation_id),
        }
    )


listing(
    "DescribeAddresses",
    "addresses",
    ids="AllocationIds",
    answer="Addresses",
    known=_ADDRESS_FILTERS,
    show=_address,
    paged=False,
)
