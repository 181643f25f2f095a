"""How the two filters judge a packet: security groups (stateful, allow only) and network ACLs (stateless, numbered).

Pure. Sources: VPC User Guide "Control traffic with security groups", "Control subnet traffic with network ACLs".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, ip_address, ip_network

from cwlab.services.ec2.catalog import prefix_list_cidrs
from cwlab.services.ec2.records import AclEntry, GroupRule, NetworkAcl, SecurityGroup

TCP = "6"
HTTPS = 443
LINUX_PORTS = (32768, 60999)
"""Source ports a Linux machine chooses from when it opens a connection (net.ipv4.ip_local_port_range)."""
NAT_PORTS = (1024, 65535)
"""Source ports a NAT gateway uses."""
PROTOCOL_NUMBERS = {"icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}


@lru_cache(maxsize=4096)
def network(cidr: str) -> IPv4Network:
    """The IPv4 network written as `cidr`; one that holds nothing for IPv6."""
    parsed = ip_network(cidr, strict=False)
    return parsed if isinstance(parsed, IPv4Network) else IPv4Network("0.0.0.0/32")


@lru_cache(maxsize=16_384)
def contains(cidr: str, address: str) -> bool:
    """Whether an IPv4 address lies in a range."""
    return ip_address(address) in network(cidr)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a filter said, and which of its lines said it."""

    allowed: bool
    line: str


def judge_acl(
    acl: NetworkAcl,
    *,
    egress: bool,
    peer: str,
    ports: tuple[int, int],
    protocol: str = TCP,
    icmp: tuple[int, int] | None = None,
) -> Verdict:
    """Judge packets to any destination port in `ports` (inclusive) against a network ACL.

    `peer` is the far address: the destination going out, the source coming in. Lines are read by ascending number and the
    first that matches decides, port by port; a port no line matches is denied by `*`. The verdict is `allowed` only if every
    port passes, since nobody chooses the ephemeral port a connection gets. `icmp` is the type and code of an ICMP message.
    """
    pending = [ports]
    used: list[int] = []
    for entry in sorted(acl.entries, key=lambda entry: entry.number):
        if entry.egress != egress or entry.protocol not in ("-1", protocol) or not contains(entry.cidr, peer):
            continue
        if icmp is not None and not _is_of(icmp, entry.icmp_type, entry.icmp_code):
            continue
        low, high = _ports_of(entry)
        touched = [
            (max(low, first), min(high, last)) for first, last in pending if first <= high and low <= last
        ]
        if not touched:
            continue
        if not entry.allow:
            return Verdict(False, f"rule {entry.number} denies {_range(touched[0])}")
        used.append(entry.number)
        pending = [piece for interval in pending for piece in _without(interval, (low, high))]
        if not pending:
            return Verdict(True, "rule " + ", ".join(map(str, used)))
    return Verdict(False, f"no rule allows {_range(pending[0])}, so * denies it")


def _is_of(icmp: tuple[int, int], kind: int | None, code: int | None) -> bool:
    """Whether an ICMP message is of a rule's type and code, where -1 and none stand for any."""
    return kind in (None, -1, icmp[0]) and code in (None, -1, icmp[1])


def _ports_of(entry: AclEntry) -> tuple[int, int]:
    if entry.protocol == "-1" or entry.from_port is None or entry.to_port is None:
        return (0, 65535)
    return (entry.from_port, entry.to_port)


def _without(interval: tuple[int, int], cut: tuple[int, int]) -> list[tuple[int, int]]:
    first, last = interval
    low, high = cut
    if low > last or high < first:
        return [interval]
    return [piece for piece in ((first, low - 1), (high + 1, last)) if piece[0] <= piece[1]]


def _range(ports: tuple[int, int]) -> str:
    return f"port {ports[0]}" if ports[0] == ports[1] else f"ports {ports[0]}-{ports[1]}"


def judge_groups(
    groups: Iterable[SecurityGroup],
    *,
    egress: bool,
    peer: str,
    peer_groups: Iterable[str] = (),
    port: int = HTTPS,
    protocol: str = TCP,
    icmp: tuple[int, int] | None = None,
) -> Verdict:
    """Judge a new connection to `port` against the union of an interface's security groups.

    Replies are not asked about: security groups remember the connections they let through. `peer_groups` are the groups of
    the far interface, for rules that name a group instead of a range. `icmp` is the type and code of an ICMP message, which
    rules keep where others have ports.
    """
    names = []
    for group in groups:
        names.append(group.group_id)
        for rule in group.rules:
            if rule.egress == egress and _rule_matches(
                rule, peer, frozenset(peer_groups), port, protocol, icmp
            ):
                return Verdict(True, group.group_id)
    return Verdict(False, ", ".join(names) or "no security group")


def _rule_matches(
    rule: GroupRule,
    peer: str,
    peer_groups: frozenset[str],
    port: int,
    protocol: str,
    icmp: tuple[int, int] | None,
) -> bool:
    if PROTOCOL_NUMBERS.get(rule.protocol, rule.protocol) not in ("-1", protocol):
        return False
    if icmp is not None and rule.protocol != "-1":
        if not _is_of(icmp, rule.from_port, rule.to_port):
            return False
    elif rule.protocol != "-1" and not (rule.from_port == -1 or rule.from_port <= port <= rule.to_port):
        return False
    if rule.peer_kind == "group":
        return rule.peer in peer_groups
    if rule.peer_kind == "prefix-list":
        return any(contains(cidr, peer) for cidr in prefix_list_cidrs(rule.peer))
    return rule.peer_kind == "cidr" and contains(rule.peer, peer)
