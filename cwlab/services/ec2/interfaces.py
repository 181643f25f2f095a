"""Network interfaces: what instances, NAT gateways and interface endpoints stand on."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.ec2.addresses import free_address, private_name, public_name
from cwlab.services.ec2.flow_logs import capture
from cwlab.services.ec2.records import Address, Interface, Subnet, Vpc
from cwlab.services.ec2.support import Params, Values, clean, invalid, listing, remove, tag_list
from cwlab.timeline import to_datetime


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
    elif not _assignable(subnet.cidr, private_ip):
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
    capture.settle(call)
    for address in list(call.table("addresses").values()):
        if address.interface_id == interface_id:
            call.table("addresses")[address.allocation_id] = Address(address.allocation_id, address.public_ip)
    remove(call, "interfaces", interface_id)


def address_on(call: Call, interface_id: str) -> Address | None:
    """The Elastic IP on a network interface, if there is one."""
    return next((a for a in call.table("addresses").values() if a.interface_id == interface_id), None)


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


listing(
    "DescribeNetworkInterfaces",
    "interfaces",
    ids="NetworkInterfaceIds",
    answer="NetworkInterfaces",
    known=_INTERFACE_FILTERS,
    show=_interface,
)
