"""The default VPC that every Region of every account begins with.

Source: VPC User Guide "Default VPCs": 172.31.0.0/16, one public /20 subnet a zone, an internet gateway, a main route table
that leads to it, a default security group and network ACL; both DNS attributes on. Made when EC2 is first used there.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network

from cwlab.api import Call
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.records import (
    AclEntry,
    Association,
    GroupRule,
    InternetGateway,
    NetworkAcl,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

CIDR = "172.31.0.0/16"


def ensure(call: Call) -> None:
    """Make the default VPC of this account and Region, once; it stays away if it is deleted later."""
    setup = call.table("setup")
    if "default-vpc" in setup:
        return
    setup["default-vpc"] = True
    vpc_id = _fixed(call, "vpc-0")
    call.table("vpcs")[vpc_id] = Vpc(vpc_id, (CIDR,), is_default=True, dns_hostnames=True)
    subnet_ids = []
    blocks = IPv4Network(CIDR).subnets(new_prefix=20)
    for (zone, zone_id), block in zip(catalog.zones(call.region), blocks, strict=False):
        subnet_id = _fixed(call, "subnet-0", zone)
        call.table("subnets")[subnet_id] = Subnet(
            subnet_id, vpc_id, str(block), zone, zone_id, default_for_zone=True, public_ip_on_launch=True
        )
        subnet_ids.append(subnet_id)
    gateway_id = _fixed(call, "igw-0")
    call.table("internet_gateways")[gateway_id] = InternetGateway(gateway_id, vpc_id)
    table_id = _fixed(call, "rtb-0")
    routes = (Route(CIDR, "local", "CreateRouteTable"), Route("0.0.0.0/0", gateway_id))
    call.table("route_tables")[table_id] = RouteTable(
        table_id, vpc_id, routes, (Association(_fixed(call, "rtbassoc-0"), None),)
    )
    ties = tuple(Association(_fixed(call, "aclassoc-0", each), each) for each in subnet_ids)
    acl_id = _fixed(call, "acl-0")
    call.table("network_acls")[acl_id] = NetworkAcl(acl_id, vpc_id, True, open_entries(), ties)
    group_id = _fixed(call, "sg-0")
    rules = default_group_rules(group_id, _fixed(call, "sgr-0", "in"), _fixed(call, "sgr-0", "out"))
    call.table("security_groups")[group_id] = SecurityGroup(
        group_id, "default", "default VPC security group", vpc_id, rules
    )


def _fixed(call: Call, prefix: str, more: str = "") -> str:
    """An id that does not depend on when the Region is first used."""
    text = f"{call.world.seed}/{call.account}/{call.region}/default/{prefix}/{more}"
    return prefix + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def open_entries() -> tuple[AclEntry, ...]:
    """A default network ACL: rule 100 allows all, both ways."""
    return tuple(AclEntry(100, egress, "-1", True, "0.0.0.0/0") for egress in (True, False))


def default_group_rules(group_id: str, inward_id: str, outward_id: str) -> tuple[GroupRule, ...]:
    """A default security group: everything in from its own members, everything out."""
    return (
        GroupRule(inward_id, False, "-1", -1, -1, "group", group_id),
        outward_rule(outward_id),
    )


def outward_rule(rule_id: str) -> GroupRule:
    """What every new security group starts with: all traffic out."""
    return GroupRule(rule_id, True, "-1", -1, -1, "cidr", "0.0.0.0/0")
