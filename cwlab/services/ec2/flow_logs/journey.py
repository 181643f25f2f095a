"""Which network interfaces see a connection, and whether the security groups and the network ACL let it through there.

Pure. Sources: VPC User Guide "Flow log record examples" (security group and network ACL rules), "Control traffic with security
groups" (connection tracking), "Control subnet traffic with network ACLs"; "Flow log limitations" (what is never logged).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network
from typing import NamedTuple

from cwlab.services.ec2.packets import contains, judge_acl, judge_groups
from cwlab.services.ec2.path import Network
from cwlab.services.ec2.records import Interface, NetworkAcl, OnPremises, SecurityGroup
from cwlab.services.ec2.routes import best_route, table_of

ICMP, TCP, UDP = 1, 6, 17
_ANY_CLIENT_PORT = (1024, 65535)
_PING, _PONG = (8, 0), (0, 0)  # type and code; the only ICMP there is here
_MEMORY = 8_192

SILENT = frozenset(
    {
        "169.254.169.254",  # instance metadata
        "169.254.169.123",  # Amazon Time Sync
        "169.254.169.250",  # activation of Windows licenses
        "169.254.169.251",
    }
)
RESOLVER = "169.254.169.253"
DNS_PORT, DHCP_PORTS = 53, frozenset({67, 68})


class Step(NamedTuple):
    """A connection's packets one way, as an interface sees them."""

    interface: Interface
    egress: bool
    reply: bool
    peer: str
    allowed: bool


class Filters:
    """The two filters at one interface; remembers what it was asked, for they are asked the same thing again and again."""

    __slots__ = ("acl", "group")

    def __init__(self, groups: tuple[SecurityGroup, ...] | None, acl: NetworkAcl | None) -> None:
        """``groups`` is None for an interface that has no security group by its kind: a NAT gateway's."""

        def group(egress: bool, peer: str, peer_groups: tuple[str, ...], port: int, protocol: int) -> bool:
            if groups is None:
                return True
            icmp = _PING if protocol == ICMP else None
            return judge_groups(
                groups,
                egress=egress,
                peer=peer,
                peer_groups=peer_groups,
                port=port,
                protocol=str(protocol),
                icmp=icmp,
            ).allowed

        def acl_says(egress: bool, peer: str, ports: tuple[int, int], protocol: int, reply: bool) -> bool:
            icmp = (_PONG if reply else _PING) if protocol == ICMP else None
            return (
                acl is not None
                and judge_acl(
                    acl, egress=egress, peer=peer, ports=ports, protocol=str(protocol), icmp=icmp
                ).allowed
            )

        remembered = lru_cache(_MEMORY)(acl_says)

        def acl_at(egress: bool, peer: str, port: int, protocol: int, reply: bool) -> bool:
            # A client's port is different each time: ask for all of them first.
            if port >= _ANY_CLIENT_PORT[0] and remembered(egress, peer, _ANY_CLIENT_PORT, protocol, reply):
                return True
            return remembered(egress, peer, (port, port), protocol, reply)

        self.group: Callable[[bool, str, tuple[str, ...], int, int], bool] = lru_cache(_MEMORY)(group)
        self.acl: Callable[[bool, str, int, int, bool], bool] = acl_at


@lru_cache(maxsize=128)
def filters(groups: tuple[SecurityGroup, ...] | None, acl: NetworkAcl | None) -> Filters:
    """The filters of an interface, by value: what they say depends on nothing else."""
    return Filters(groups, acl)


@dataclass(frozen=True, slots=True)
class Place:
    """An interface where it stands: what the rules at it are, and what surrounds it."""

    interface: Interface
    filters: Filters
    subnet: str
    vpc: tuple[str, ...]
    router: str
    resolver: str
    gateway: bool  # an internet gateway is attached to its VPC


def place(network: Network, interface: Interface) -> Place:
    """Where an interface stands, as the network is now."""
    groups = tuple(network.security_groups[g] for g in interface.group_ids if g in network.security_groups)
    acl = next(
        (
            acl
            for acl in network.network_acls.values()
            if any(tie.subnet_id == interface.subnet_id for tie in acl.associations)
        ),
        None,
    )
    vpc, subnet = network.vpcs[interface.vpc_id], network.subnets[interface.subnet_id]
    return Place(
        interface,
        filters(None if interface.kind == "nat_gateway" else groups, acl),
        subnet.cidr,
        vpc.cidrs,
        str(IPv4Network(subnet.cidr)[1]),
        str(IPv4Network(vpc.cidrs[0])[2]),
        any(each.vpc_id == vpc.vpc_id for each in network.internet_gateways.values()),
    )


def never_logged(at: Place, peer: str, peer_port: int, ports: tuple[int, int], protocol: int) -> bool:
    """Whether packets between an interface and `peer` leave no record.

    Args:
        peer_port: the port at the peer's side.
        ports: both.
    """
    if peer in SILENT or peer == at.router:
        return True
    if peer in (RESOLVER, at.resolver):
        return peer_port == DNS_PORT
    return protocol == UDP and DHCP_PORTS.issuperset(ports)


def journey(
    network: Network,
    sender: Place | None,
    source: str,
    receiver: Place | None,
    destination: str,
    ports: tuple[int, int],
    protocol: int,
    *,
    tracked: bool = False,
    machines: tuple[OnPremises, ...] = (),
) -> tuple[list[Step], bool]:
    """Follow a connection from whoever opens it, and the answer back.

    Args:
        sender, receiver: the ends that are interfaces; at least one.
        source, destination: their addresses, as the sender sees them.
        ports: source port, destination port.
        tracked: the security groups let it through before: they remember.
        machines: machines outside AWS, some of which a VPN leads to.

    Returns:
        What each interface on the way saw, in order, and whether the answer came home (or would, if there is one). Packets
        that are lost on the way, for want of a route or a public address, leave no record where they never came.
    """
    steps: list[Step] = []
    port_from, port_to = ports
    seen_as = source
    sender_groups: tuple[str, ...] = ()
    receiver_groups: tuple[str, ...] = ()
    if sender is not None and receiver is not None:
        if destination == receiver.interface.private_ip:
            sender_groups, receiver_groups = sender.interface.group_ids, receiver.interface.group_ids
        else:  # by the internet: each sees the other's public address, and rules that name a group do not match
            seen_as = sender.interface.public_ip or ""
    local = False
    if sender is not None:
        nic = sender.interface
        inside, local, _ = around(destination, sender.vpc, sender.subnet)
        allowed = tracked or sender.filters.group(True, destination, receiver_groups, port_to, protocol)
        allowed = allowed and (local or sender.filters.acl(True, destination, port_to, protocol, False))
        steps.append(Step(nic, True, False, destination, allowed))
        if not allowed or not (inside or _leaves(network, sender, destination, protocol, machines)):
            return steps, False
    if receiver is not None:
        if not seen_as:
            return steps, False  # no public address to come from
        nic, rules = receiver.interface, receiver.filters
        inside, near, public = around(seen_as, receiver.vpc, receiver.subnet)
        from_internet = public and receiver.gateway and nic.public_ip is not None
        if not (inside or from_internet or _by_vpn(receiver, seen_as, machines)):
            return steps, False
        allowed = near or rules.acl(False, seen_as, port_to, protocol, False)
        allowed = allowed and (tracked or rules.group(False, seen_as, sender_groups, port_to, protocol))
        steps.append(Step(nic, False, False, seen_as, allowed))
        if not allowed:
            return steps, False
        allowed = near or rules.acl(True, seen_as, port_from, protocol, True)
        steps.append(Step(nic, True, True, seen_as, allowed))
        if not allowed:
            return steps, False
    if sender is not None:
        allowed = local or sender.filters.acl(False, destination, port_from, protocol, True)
        steps.append(Step(sender.interface, False, True, destination, allowed))
        return steps, allowed
    return steps, True


def _by_vpn(at: Place, address: str, machines: tuple[OnPremises, ...]) -> bool:
    return any(each.private_ip == address and each.vpn == at.interface.vpc_id for each in machines)


def _leaves(
    network: Network, at: Place, destination: str, protocol: int, machines: tuple[OnPremises, ...]
) -> bool:
    """Whether packets come to an address outside the VPC; if not, the flow log has an ACCEPT and no answer."""
    if _by_vpn(at, destination, machines):
        return True
    if not around(destination, at.vpc, at.subnet)[2]:
        return False
    nic = at.interface
    target = _target(network, nic.vpc_id, nic.subnet_id, destination)
    if not target.startswith("nat-"):
        through_endpoint = target.startswith("vpce-")
        return through_endpoint or _by_gateway(network, nic.vpc_id, target, nic.public_ip)
    nat = network.nat_gateways.get(target)
    if nat is None or nat.state != "available" or nat.connectivity != "public":
        return False
    onward = _target(network, nat.vpc_id, nat.subnet_id, destination)
    return protocol in (ICMP, TCP, UDP) and _by_gateway(network, nat.vpc_id, onward, nat.public_ip)


def _target(network: Network, vpc_id: str, subnet_id: str, destination: str) -> str:
    """Where a subnet's route for an address leads; "" without one."""
    table = table_of(network.route_tables.values(), vpc_id, subnet_id)
    route = None if table is None else best_route(table, destination)
    return "" if route is None else route.target


def _by_gateway(network: Network, vpc_id: str, target: str, public_ip: str | None) -> bool:
    """Whether an internet gateway carries packets of someone with this public address."""
    gateway = network.internet_gateways.get(target)
    return public_ip is not None and gateway is not None and gateway.vpc_id == vpc_id


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
           "0.0.0.0/8", "224.0.0.0/3")  # fmt: skip
"""Addresses nobody on the internet has."""


@lru_cache(maxsize=_MEMORY)
def around(address: str, vpc: tuple[str, ...], subnet: str) -> tuple[bool, bool, bool]:
    """Whether an address is of the VPC, of the subnet; and whether the internet may carry its packets.

    The ranges kept for documentation count as public here.
    """
    return (
        any(contains(cidr, address) for cidr in vpc),
        contains(subnet, address),
        not any(contains(cidr, address) for cidr in PRIVATE),
    )
