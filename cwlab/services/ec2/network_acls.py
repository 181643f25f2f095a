"""Network ACLs: stateless, numbered filters at the edge of subnets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.ec2.addresses import canonical
from cwlab.services.ec2.packets import PROTOCOL_NUMBERS
from cwlab.services.ec2.records import AclEntry, Association, NetworkAcl
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
    op,
    put_tags,
    remove,
    required,
    tag_list,
    tags_for,
)


@op("CreateNetworkAcl")
def create_network_acl(
    call: Call,
    *,
    VpcId: str,
    ClientToken: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a network ACL; until it has entries it denies everything."""
    get(call, "vpcs", VpcId)
    tags = tags_for(call, "network-acl", TagSpecifications)
    acl = NetworkAcl(call.unique("acl-0", 16), VpcId, False, ())
    call.table("network_acls")[acl.acl_id] = acl
    put_tags(call, acl.acl_id, tags)
    return clean({"NetworkAcl": _acl(call, acl), "ClientToken": ClientToken})


def _acl(call: Call, acl: NetworkAcl) -> Params:
    last = [AclEntry(32767, egress, "-1", False, "0.0.0.0/0") for egress in (True, False)]
    return {
        "NetworkAclId": acl.acl_id,
        "VpcId": acl.vpc_id,
        "OwnerId": call.account,
        "IsDefault": acl.is_default,
        "Entries": [
            _entry(each) for each in sorted((*acl.entries, *last), key=lambda e: (not e.egress, e.number))
        ],
        "Associations": [
            {"NetworkAclAssociationId": t.association_id, "NetworkAclId": acl.acl_id, "SubnetId": t.subnet_id}
            for t in acl.associations
        ],
        "Tags": tag_list(call, acl.acl_id),
    }


def _entry(entry: AclEntry) -> Params:
    ports = None if entry.from_port is None else {"From": entry.from_port, "To": entry.to_port}
    icmp = None if entry.icmp_type is None else {"Type": entry.icmp_type, "Code": entry.icmp_code}
    return clean(
        {
            "RuleNumber": entry.number,
            "Egress": entry.egress,
            "Protocol": entry.protocol,
            "RuleAction": "allow" if entry.allow else "deny",
            "CidrBlock": entry.cidr,
            "PortRange": ports,
            "IcmpTypeCode": icmp,
        }
    )


_ACL_FILTERS: dict[str, Values] = {
    "network-acl-id": lambda each: [each.acl_id],
    "vpc-id": lambda each: [each.vpc_id],
    "default": lambda each: flag(each.is_default),
    "association.subnet-id": lambda each: [tie.subnet_id for tie in each.associations],
    "association.association-id": lambda each: [tie.association_id for tie in each.associations],
}


listing(  # the last entry each way, 32767, is the `*` that denies the rest
    "DescribeNetworkAcls",
    "network_acls",
    ids="NetworkAclIds",
    answer="NetworkAcls",
    known=_ACL_FILTERS,
    show=_acl,
)


@op("DeleteNetworkAcl", resource=arns("network-acl", "NetworkAclId"))
def delete_network_acl(call: Call, *, NetworkAclId: str) -> None:
    """Delete a network ACL no subnet uses; never a default one."""
    acl: NetworkAcl = get(call, "network_acls", NetworkAclId)
    if acl.is_default:
        raise invalid(f"cannot delete default network ACL {NetworkAclId}")
    if acl.associations:
        raise dependency("networkAcl", NetworkAclId)
    remove(call, "network_acls", NetworkAclId)


@op("CreateNetworkAclEntry", resource=arns("network-acl", "NetworkAclId"))
def create_network_acl_entry(
    call: Call,
    *,
    NetworkAclId: str,
    RuleNumber: int,
    Protocol: str,
    RuleAction: str,
    Egress: bool,
    CidrBlock: str | None = None,
    PortRange: dict[str, int] | None = None,
    IcmpTypeCode: dict[str, int] | None = None,
) -> None:
    """Add a numbered entry; a number is used once each way."""
    acl: NetworkAcl = get(call, "network_acls", NetworkAclId)
    entry = _new_entry(RuleNumber, Protocol, RuleAction, Egress, CidrBlock, PortRange, IcmpTypeCode)
    if _position(acl, RuleNumber, Egress) is not None:
        raise AwsError(
            "NetworkAclEntryAlreadyExists",
            f"The network acl entry identified by {RuleNumber} already exists.",
        )
    call.table("network_acls")[NetworkAclId] = replace(acl, entries=(*acl.entries, entry))


@op("ReplaceNetworkAclEntry", resource=arns("network-acl", "NetworkAclId"))
def replace_network_acl_entry(
    call: Call,
    *,
    NetworkAclId: str,
    RuleNumber: int,
    Protocol: str,
    RuleAction: str,
    Egress: bool,
    CidrBlock: str | None = None,
    PortRange: dict[str, int] | None = None,
    IcmpTypeCode: dict[str, int] | None = None,
) -> None:
    """Write a numbered entry anew."""
    acl: NetworkAcl = get(call, "network_acls", NetworkAclId)
    entry = _new_entry(RuleNumber, Protocol, RuleAction, Egress, CidrBlock, PortRange, IcmpTypeCode)
    at = _found(acl, RuleNumber, Egress)
    call.table("network_acls")[NetworkAclId] = replace(
        acl, entries=(*acl.entries[:at], entry, *acl.entries[at + 1 :])
    )


@op("DeleteNetworkAclEntry", resource=arns("network-acl", "NetworkAclId"))
def delete_network_acl_entry(call: Call, *, NetworkAclId: str, RuleNumber: int, Egress: bool) -> None:
    """Remove a numbered entry."""
    acl: NetworkAcl = get(call, "network_acls", NetworkAclId)
    at = _found(acl, RuleNumber, Egress)
    call.table("network_acls")[NetworkAclId] = replace(
        acl, entries=(*acl.entries[:at], *acl.entries[at + 1 :])
    )


def _position(acl: NetworkAcl, number: int, egress: bool) -> int | None:
    for at, entry in enumerate(acl.entries):
        if entry.number == number and entry.egress == egress:
            return at
    return None


def _found(acl: NetworkAcl, number: int, egress: bool) -> int:
    at = _position(acl, number, egress)
    if at is None:
        raise AwsError(
            "InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist."
        )
    return at


def _new_entry(
    number: int,
    protocol: str,
    action: str,
    egress: bool,
    cidr: str | None,
    ports: dict[str, int] | None,
    icmp: dict[str, int] | None,
) -> AclEntry:
    if not 1 <= number <= 32766:
        raise invalid(f"Invalid value '{number}' for ruleNumber. Must be between 1 and 32766.")
    protocol = PROTOCOL_NUMBERS.get(protocol.lower(), protocol)
    if protocol != "-1" and not (protocol.isdigit() and int(protocol) <= 255):
        raise invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
    if cidr is None:
        raise required("cidrBlock")
    low = high = None
    if protocol in ("6", "17"):
        if ports is None or "From" not in ports or "To" not in ports:
            raise required("portRange")
        low, high = ports["From"], ports["To"]
        if not 0 <= low <= high <= 65535:
            raise invalid(f"Invalid value '{low}-{high}' for portRange.")
    kind = code = None
    if protocol == "1":
        if icmp is None:
            raise required("icmpTypeCode")
        kind, code = icmp.get("Type", -1), icmp.get("Code", -1)
    return AclEntry(number, egress, protocol, action == "allow", canonical(cidr), low, high, kind, code)


@op("ReplaceNetworkAclAssociation")
def replace_network_acl_association(call: Call, *, AssociationId: str, NetworkAclId: str) -> Params:
    """Put a subnet under another network ACL; it always has exactly one."""
    acls = call.table("network_acls")
    new: NetworkAcl = get(call, "network_acls", NetworkAclId)
    for old in list(acls.values()):
        for tie in old.associations:
            if tie.association_id != AssociationId:
                continue
            if old.vpc_id != new.vpc_id:
                raise invalid(f"Network ACL {NetworkAclId} belongs to another network")
            kept = tuple(each for each in old.associations if each != tie)
            acls[old.acl_id] = replace(old, associations=kept)
            fresh = Association(call.unique("aclassoc-0", 16), tie.subnet_id)
            new = acls[NetworkAclId]
            acls[NetworkAclId] = replace(new, associations=(*new.associations, fresh))
            return {"NewAssociationId": fresh.association_id}
    raise AwsError("InvalidAssociationID.NotFound", f"The association ID '{AssociationId}' does not exist")
