"""Security groups: stateful filters on network interfaces that can only allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.addresses import canonical
from cwlab.services.ec2.catalog import PREFIX_LISTS
from cwlab.services.ec2.defaults import outward_rule
from cwlab.services.ec2.packets import PROTOCOL_NUMBERS
from cwlab.services.ec2.records import GroupRule, SecurityGroup, Subnet
from cwlab.services.ec2.support import (
    Filters,
    Params,
    Values,
    arns,
    chosen,
    clean,
    get,
    invalid,
    op,
    page,
    put_tags,
    remove,
    required,
    resource_arn,
    tag_list,
    tags_for,
)

MAX_RULES = 60
_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}


@op("CreateSecurityGroup")
def create_security_group(
    call: Call,
    *,
    GroupName: str,
    Description: str,
    VpcId: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a security group that lets nothing in and everything out."""
    if VpcId is None:
        VpcId = default_vpc(call)
    get(call, "vpcs", VpcId)
    if GroupName == "default" or GroupName.startswith("sg-"):
        raise invalid(f"Cannot use reserved security group name: {GroupName}")
    if any(
        each.vpc_id == VpcId and each.name == GroupName for each in call.table("security_groups").values()
    ):
        raise AwsError(
            "InvalidGroup.Duplicate", f"The security group '{GroupName}' already exists for VPC '{VpcId}'"
        )
    tags = tags_for(call, "security-group", TagSpecifications)
    group_id = call.unique("sg-0", 16)
    rules = (outward_rule(call.unique("sgr-0", 16)),)
    call.table("security_groups")[group_id] = SecurityGroup(group_id, GroupName, Description, VpcId, rules)
    put_tags(call, group_id, tags)
    return {
        "GroupId": group_id,
        "SecurityGroupArn": resource_arn(call, "security-group", group_id),
        "Tags": tag_list(call, group_id),
    }


def default_vpc(call: Call) -> str:
    """The id of the default VPC.

    Raises:
        AwsError: it was deleted.
    """
    for vpc in call.table("vpcs").values():
        if vpc.is_default:
            return str(vpc.vpc_id)
    raise AwsError("VPCIdNotSpecified", "No default VPC for this user")


def _group(call: Call, group: SecurityGroup) -> Params:
    return {
        "GroupId": group.group_id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": call.account,
        "VpcId": group.vpc_id,
        "SecurityGroupArn": resource_arn(call, "security-group", group.group_id),
        "IpPermissions": _permissions(call, group, egress=False),
        "IpPermissionsEgress": _permissions(call, group, egress=True),
        "Tags": tag_list(call, group.group_id),
    }


_LISTS = {
    "cidr": ("IpRanges", "CidrIp"),
    "cidr6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix-list": ("PrefixListIds", "PrefixListId"),
    "group": ("UserIdGroupPairs", "GroupId"),
}


def _permissions(call: Call, group: SecurityGroup, *, egress: bool) -> list[Params]:
    """Rules as IpPermissions: one for each protocol and port range, with all its peers."""
    found: dict[tuple[str, int, int], Params] = {}
    for rule in group.rules:
        if rule.egress != egress:
            continue
        key = (rule.protocol, rule.from_port, rule.to_port)
        if key not in found:
            ports = {} if rule.protocol == "-1" else {"FromPort": rule.from_port, "ToPort": rule.to_port}
            found[key] = {"IpProtocol": rule.protocol, **ports}
            found[key].update({name: [] for name, _ in _LISTS.values()})
        name, member = _LISTS[rule.peer_kind]
        peer = clean({member: rule.peer, "Description": rule.description})
        if rule.peer_kind == "group":
            peer["UserId"] = call.account
        found[key][name].append(peer)
    return list(found.values())


_GROUP_FILTERS: dict[str, Values] = {
    "group-id": lambda each: [each.group_id],
    "group-name": lambda each: [each.name],
    "description": lambda each: [each.description],
    "vpc-id": lambda each: [each.vpc_id],
    "ip-permission.cidr": lambda each: [r.peer for r in each.rules if not r.egress and r.peer_kind == "cidr"],
    "egress.ip-permission.cidr": lambda each: [
        r.peer for r in each.rules if r.egress and r.peer_kind == "cidr"
    ],
}


@op("DescribeSecurityGroups", readonly=True)
def describe_security_groups(
    call: Call,
    *,
    GroupIds: list[str] | None = None,
    GroupNames: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List security groups; names are looked for in the default VPC."""
    ids = list(GroupIds or ())
    ids += [group_by_name(call, name).group_id for name in GroupNames or ()]
    found = chosen(call, "security_groups", ids, Filters, _GROUP_FILTERS)
    items, token = page(found, MaxResults, NextToken)
    return clean({"SecurityGroups": [_group(call, each) for each in items], "NextToken": token})


def group_by_name(call: Call, name: str) -> SecurityGroup:
    """A security group of the default VPC.

    Raises:
        AwsError: there is none of that name.
    """
    vpc_id = default_vpc(call)
    for group in call.table("security_groups").values():
        if group.vpc_id == vpc_id and group.name == name:
            return group
    raise AwsError(
        "InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC '{vpc_id}'"
    )


@op("DeleteSecurityGroup", resource=arns("security-group", "GroupId"))
def delete_security_group(call: Call, *, GroupId: str | None = None, GroupName: str | None = None) -> Params:
    """Delete a security group nothing uses and no rule names; never a default one."""
    group = _named(call, GroupId, GroupName)
    if group.name == "default":
        raise AwsError(
            "CannotDelete",
            f'the specified group: "{group.group_id}" name: "default" cannot be deleted by a user',
        )
    used = any(group.group_id in each.group_ids for each in call.table("interfaces").values())
    named = any(
        rule.peer == group.group_id
        for each in call.table("security_groups").values()
        if each.group_id != group.group_id
        for rule in each.rules
    )
    if used or named:
        raise AwsError("DependencyViolation", f"resource {group.group_id} has a dependent object")
    remove(call, "security_groups", group.group_id)
    return {"Return": True, "GroupId": group.group_id}


def _named(call: Call, group_id: str | None, name: str | None) -> SecurityGroup:
    if group_id is not None:
        return get(call, "security_groups", group_id)
    if name is not None:
        return group_by_name(call, name)
    raise AwsError("MissingParameter", "The request must contain the parameter groupName or groupId")


@op("AuthorizeSecurityGroupIngress", resource=arns("security-group", "GroupId"))
def authorize_ingress(
    call: Call,
    *,
    GroupId: str | None = None,
    GroupName: str | None = None,
    IpPermissions: list[dict[str, Any]] | None = None,
    IpProtocol: str | None = None,
    FromPort: int | None = None,
    ToPort: int | None = None,
    CidrIp: str | None = None,
) -> Params:
    """Let more in. Connections that are refused now will be let in from the next packet on."""
    group = _named(call, GroupId, GroupName)
    return _authorize(call, group, _asked(IpPermissions, IpProtocol, FromPort, ToPort, CidrIp), egress=False)


@op("AuthorizeSecurityGroupEgress", resource=arns("security-group", "GroupId"))
def authorize_egress(
    call: Call, *, GroupId: str, IpPermissions: list[dict[str, Any]] | None = None
) -> Params:
    """Let more out."""
    return _authorize(call, get(call, "security_groups", GroupId), _asked(IpPermissions), egress=True)


@op("RevokeSecurityGroupIngress", resource=arns("security-group", "GroupId"))
def revoke_ingress(
    call: Call,
    *,
    GroupId: str | None = None,
    GroupName: str | None = None,
    IpPermissions: list[dict[str, Any]] | None = None,
    IpProtocol: str | None = None,
    FromPort: int | None = None,
    ToPort: int | None = None,
    CidrIp: str | None = None,
    SecurityGroupRuleIds: list[str] | None = None,
) -> Params:
    """Let less in."""
    group = _named(call, GroupId, GroupName)
    asked = None if SecurityGroupRuleIds else _asked(IpPermissions, IpProtocol, FromPort, ToPort, CidrIp)
    return _revoke(call, group, asked, SecurityGroupRuleIds, egress=False)


@op("RevokeSecurityGroupEgress", resource=arns("security-group", "GroupId"))
def revoke_egress(
    call: Call,
    *,
    GroupId: str,
    IpPermissions: list[dict[str, Any]] | None = None,
    SecurityGroupRuleIds: list[str] | None = None,
) -> Params:
    """Let less out."""
    group = get(call, "security_groups", GroupId)
    asked = None if SecurityGroupRuleIds else _asked(IpPermissions)
    return _revoke(call, group, asked, SecurityGroupRuleIds, egress=True)


def _asked(
    permissions: list[dict[str, Any]] | None,
    protocol: str | None = None,
    from_port: int | None = None,
    to_port: int | None = None,
    cidr: str | None = None,
) -> list[dict[str, Any]]:
    """The permissions a request means, whether it spells one flat or a list of them."""
    if permissions:
        return permissions
    if protocol is None or cidr is None:
        raise required("ipPermissions")
    flat: dict[str, Any] = {"IpProtocol": protocol, "IpRanges": [{"CidrIp": cidr}]}
    if from_port is not None and to_port is not None:
        flat |= {"FromPort": from_port, "ToPort": to_port}
    return [flat]


def _rules(call: Call, permissions: list[dict[str, Any]], *, egress: bool) -> list[GroupRule]:
    """Permissions as rules, without ids.

    Raises:
        AwsError: a bad protocol, port range or peer.
    """
    rules = []
    for each in permissions:
        protocol, low, high = _protocol_and_ports(each)
        peers: list[tuple[str, str, str | None]] = []
        for kind, (name, member) in _LISTS.items():
            for peer in each.get(name, ()):
                peers.append((kind, _peer(call, kind, peer, member), peer.get("Description")))
        if not peers:
            raise required("ipRanges")
        rules += [GroupRule("", egress, protocol, low, high, kind, peer, text) for kind, peer, text in peers]
    return rules


def _protocol_and_ports(permission: dict[str, Any]) -> tuple[str, int, int]:
    protocol = str(permission.get("IpProtocol", "")).lower()
    protocol = _NAMES.get(protocol, protocol)
    if protocol == "-1":
        return protocol, -1, -1
    if protocol not in PROTOCOL_NUMBERS and not (protocol.isdigit() and int(protocol) <= 255):
        raise AwsError(
            "InvalidPermission.Malformed",
            f'Unsupported IP protocol "{protocol}"  - supported: [tcp, udp, icmp]',
        )
    low, high = permission.get("FromPort"), permission.get("ToPort")
    if low is None or high is None:
        if protocol in PROTOCOL_NUMBERS:
            raise invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
        return protocol, -1, -1
    if protocol in ("tcp", "udp") and not 0 <= low <= high <= 65535:
        if low > high:
            raise invalid(f"Invalid TCP/UDP port range ({low}:{high})")
        raise invalid("TCP/UDP port (-1 or above 65535) out of range")
    return protocol, low, high


def _peer(call: Call, kind: str, peer: dict[str, Any], member: str) -> str:
    if kind == "group":
        if peer.get("UserId", call.account) != call.account:
            raise NotModelled("A security group of another account as peer")
        group_id = peer.get("GroupId")
        group = _named(call, group_id, peer.get("GroupName"))
        return group.group_id
    value = str(peer[member])
    if kind == "cidr":
        try:
            return canonical(value)
        except AwsError:
            raise invalid(f"CIDR block {value} is malformed") from None
    if kind == "prefix-list" and value not in {known for known, _ in PREFIX_LISTS.values()}:
        raise AwsError("InvalidPrefixListID.NotFound", f"The prefix list ID '{value}' does not exist")
    return value


def _same(one: GroupRule, other: GroupRule) -> bool:
    return replace(one, rule_id="", description=None) == replace(other, rule_id="", description=None)


def _spelled(rule: GroupRule) -> str:
    ports = "" if rule.protocol == "-1" else f", from port: {rule.from_port}, to port: {rule.to_port}"
    return f"peer: {rule.peer}, {rule.protocol.upper() if rule.protocol != '-1' else 'ALL'}{ports}, ALLOW"


def _authorize(
    call: Call, group: SecurityGroup, permissions: list[dict[str, Any]], *, egress: bool
) -> Params:
    fresh: list[GroupRule] = []
    for rule in _rules(call, permissions, egress=egress):
        if any(_same(rule, each) for each in (*group.rules, *fresh)):
            raise AwsError(
                "InvalidPermission.Duplicate",
                f'the specified rule "{_spelled(rule)}" already exists',
            )
        fresh.append(replace(rule, rule_id=call.unique("sgr-0", 16)))
    if sum(each.egress == egress for each in (*group.rules, *fresh)) > MAX_RULES:
        raise AwsError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )
    call.table("security_groups")[group.group_id] = replace(group, rules=(*group.rules, *fresh))
    return {"Return": True, "SecurityGroupRules": [_rule(call, group, each) for each in fresh]}


def _rule(call: Call, group: SecurityGroup, rule: GroupRule) -> Params:
    peers: dict[str, Params] = {
        "cidr": {"CidrIpv4": rule.peer},
        "cidr6": {"CidrIpv6": rule.peer},
        "prefix-list": {"PrefixListId": rule.peer},
        "group": {"ReferencedGroupInfo": {"GroupId": rule.peer, "UserId": call.account}},
    }
    return clean(
        {
            "SecurityGroupRuleId": rule.rule_id,
            "GroupId": group.group_id,
            "GroupOwnerId": call.account,
            "IsEgress": rule.egress,
            "IpProtocol": rule.protocol,
            "FromPort": rule.from_port,
            "ToPort": rule.to_port,
            "Description": rule.description,
            **peers[rule.peer_kind],
        }
    )


def _revoke(
    call: Call,
    group: SecurityGroup,
    permissions: list[dict[str, Any]] | None,
    rule_ids: list[str] | None,
    *,
    egress: bool,
) -> Params:
    if permissions is None:
        gone = [each for each in group.rules if each.egress == egress and each.rule_id in (rule_ids or ())]
        unknown = set(rule_ids or ()) - {each.rule_id for each in gone}
        if unknown:
            raise AwsError(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{min(unknown)}' does not exist",
            )
    else:
        gone = []
        for rule in _rules(call, permissions, egress=egress):
            match = [each for each in group.rules if _same(rule, each)]
            if not match:
                raise AwsError(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                )
            gone += match
    kept = tuple(each for each in group.rules if each not in gone)
    call.table("security_groups")[group.group_id] = replace(group, rules=kept)
    return {"Return": True}


def checked_groups(
    call: Call, subnet: Subnet, ids: list[str] | None, names: list[str] | None
) -> tuple[str, ...]:
    """The security groups for an interface in a subnet, by id or name; the VPC's default one if none is given.

    Raises:
        AwsError: one does not exist or is of another VPC, or there are more than five.
    """
    found = [get(call, "security_groups", each) for each in ids or ()]
    found += [group_by_name(call, each) for each in names or ()]
    if not found:
        found = [
            each
            for each in call.table("security_groups").values()
            if each.vpc_id == subnet.vpc_id and each.name == "default"
        ]
    for each in found:
        if each.vpc_id != subnet.vpc_id:
            raise invalid(
                f"Security group {each.group_id} and subnet {subnet.subnet_id} belong to different networks."
            )
    if len(found) > 5:
        raise AwsError(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )
    return tuple(dict.fromkeys(each.group_id for each in found))
