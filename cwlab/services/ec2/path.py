"""Can this machine reach that AWS endpoint, and by which way? One pure function, `reach`, tells the whole journey.

Nothing here changes anything: `reach` reads the network as it stands and returns a `Path` whose steps a learner can read
aloud. Sources: VPC User Guide (route tables, internet gateways, NAT gateways, security groups, network ACLs), AWS
PrivateLink guide (interface and gateway endpoints), CloudWatch guide "cloudwatch-and-interface-vpc".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cwlab.services.ec2 import catalog
from cwlab.services.ec2.packets import HTTPS, LINUX_PORTS, NAT_PORTS, judge_acl, judge_groups
from cwlab.services.ec2.records import (
    Endpoint,
    Interface,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    OnPremises,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from cwlab.services.ec2.routes import best_route, table_of


@dataclass(frozen=True, slots=True)
class Network:
    """Everything a packet can meet in one Region of one account, by id."""

    vpcs: Mapping[str, Vpc] = field(default_factory=dict)
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    internet_gateways: Mapping[str, InternetGateway] = field(default_factory=dict)
    route_tables: Mapping[str, RouteTable] = field(default_factory=dict)
    nat_gateways: Mapping[str, NatGateway] = field(default_factory=dict)
    security_groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    network_acls: Mapping[str, NetworkAcl] = field(default_factory=dict)
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Machine:
    """The one who calls: an instance's network interface, under the name a learner knows it by."""

    name: str
    interface: Interface
    region: str


@dataclass(frozen=True, slots=True)
class Path:
    """The answer: whether a call arrives, every step of the way, and what the far side sees.

    `via` is "internet gateway", "NAT gateway", "interface endpoint", "gateway endpoint", "internet" or "" (it does not
    arrive). `failure` is "timeout" (packets vanish), "dns" (the name has no answer) or "". `source_ip` is what
    aws:SourceIp holds, None when a VPC endpoint is used: then `endpoint_id`, `vpc_id` and `vpc_source_ip` are
    aws:SourceVpce, aws:SourceVpc and aws:VpcSourceIp, and `endpoint_policy` must allow the call too.
    """

    reachable: bool
    via: str
    steps: tuple[str, ...]
    reason: str
    failure: str = ""
    source_ip: str | None = None
    endpoint_id: str | None = None
    endpoint_policy: str | None = None
    vpc_id: str | None = None
    vpc_source_ip: str | None = None

    @property
    def policy(self) -> str | None:
        """The endpoint's policy, which must allow the call too; None on public ways."""
        return self.endpoint_policy

    def __str__(self) -> str:
        lines = [f"{number}. {step}" for number, step in enumerate(self.steps, 1)]
        return "\n".join([("reachable: " if self.reachable else "not reachable: ") + self.reason, *lines])


class _Lost(Exception):
    """A packet that goes no further. Never leaves this module."""

    def __init__(self, reason: str, failure: str = "timeout") -> None:
        super().__init__(reason)
        self.reason = reason
        self.failure = failure


def reach(
    network: Network,
    source: Machine | OnPremises,
    service: str,
    region: str,
    endpoint_host: str | None = None,
) -> Path:
    """Follow a call from `source` to the endpoint of a service, as packets would go.

    Args:
        network: the VPCs of the machine's own Region.
        source: an instance's interface, or a machine outside AWS.
        service: the name boto3 uses (`cloudwatch`, `logs`, `s3`).
        region: the Region the client was made for ("aws-global" for global services).
        endpoint_host: the host of an `endpoint_url`, if the client was given one.

    Returns:
        A Path; an unreachable one carries the steps up to where the packet is lost, which is also its reason.
    """
    steps: list[str] = []
    try:
        if isinstance(source, OnPremises):
            return _from_outside(network, source, service, region, endpoint_host, steps)
        return _from_instance(network, source, service, region, endpoint_host, steps)
    except _Lost as lost:
        steps.append(lost.reason)
        return Path(False, "", tuple(steps), lost.reason, lost.failure)


# From an instance --------------------------------------------------------------------------------------------------


def _from_instance(
    network: Network, machine: Machine, service: str, region: str, host: str | None, steps: list[str]
) -> Path:
    nic = machine.interface
    vpc = network.vpcs[nic.vpc_id]
    name = host or catalog.host_name(service, region)
    public = f"public address {nic.public_ip}" if nic.public_ip else "no public address"
    steps.append(f"{machine.name} ({nic.private_ip}, {public}) in {nic.subnet_id} calls {name}.")

    if not vpc.dns_support:
        raise _Lost(
            f"{name} has no answer: {vpc.vpc_id} has enableDnsSupport off, so there is no resolver.", "dns"
        )
    if host is not None and (named := _named_endpoint(network.endpoints.values(), host)) is not None:
        steps.append(f"The name belongs to endpoint {named.endpoint_id} and resolves to its private address.")
        _require_vpc(named, vpc.vpc_id, machine.name)
        return _through_interface_endpoint(network, machine.name, nic, nic.private_ip, named, steps)

    private = _private_dns_endpoint(network, vpc, service, region)
    if private is not None:
        steps.append(
            f"DNS: {private.endpoint_id} has private DNS, so the name resolves to its private address."
        )
        return _through_interface_endpoint(network, machine.name, nic, nic.private_ip, private, steps)
    address = catalog.public_address(service, region)
    steps.append(
        f"DNS: the name resolves to the public address {address}. {_why_public(network, vpc, service, region)}"
    )
    return _through_public_address(network, machine, address, steps)


def _why_public(network: Network, vpc: Vpc, service: str, region: str) -> str:
    """Why no interface endpoint answers for the name, in one sentence."""
    wanted = catalog.endpoint_name(service, region)
    for endpoint in _interface_endpoints(network, vpc.vpc_id, wanted):
        if not endpoint.private_dns:
            return f"{endpoint.endpoint_id} has private DNS off and answers only to its own vpce name."
        return f"{endpoint.endpoint_id} has private DNS, but {vpc.vpc_id} has enableDnsHostnames off."
    return f"{vpc.vpc_id} has no interface endpoint for {wanted}."


def _interface_endpoints(network: Network, vpc_id: str, service_name: str) -> list[Endpoint]:
    return [
        endpoint
        for _, endpoint in sorted(network.endpoints.items())
        if endpoint.kind == "Interface"
        and endpoint.vpc_id == vpc_id
        and endpoint.service_name == service_name
        and endpoint.state == "available"
    ]


def _private_dns_endpoint(network: Network, vpc: Vpc, service: str, region: str) -> Endpoint | None:
    """The endpoint whose hidden private hosted zone answers for the public name; both DNS attributes must be true."""
    if not (vpc.dns_support and vpc.dns_hostnames):
        return None
    found = _interface_endpoints(network, vpc.vpc_id, catalog.endpoint_name(service, region))
    return next((endpoint for endpoint in found if endpoint.private_dns), None)


def _named_endpoint(endpoints: Iterable[Endpoint], host: str) -> Endpoint | None:
    """The endpoint that a vpce-… host name belongs to."""
    if not host.startswith("vpce-"):
        return None
    match = [endpoint for endpoint in endpoints if host.startswith(endpoint.endpoint_id + "-")]
    if not match or match[0].state != "available":
        raise _Lost(f"{host} has no answer: no such endpoint.", "dns")
    return match[0]


def _require_vpc(endpoint: Endpoint, vpc_id: str | None, name: str) -> None:
    if endpoint.vpc_id != vpc_id:
        raise _Lost(
            f"{name} has no way to the private addresses of {endpoint.endpoint_id}, which is in {endpoint.vpc_id}."
        )


def _through_interface_endpoint(
    network: Network, name: str, nic: Interface | None, address: str, endpoint: Endpoint, steps: list[str]
) -> Path:
    """To an endpoint's network interface: its own security group, and network ACLs when subnets differ.

    `nic` is the caller's interface, None for a machine that arrives through a VPN from `address`.
    """
    far = _nearest_interface(network, endpoint, nic)
    if nic is not None:
        groups = _groups(network, nic.group_ids)
        _pass_group(groups, True, far.private_ip, far.group_ids, f"of {name}", steps)
    if nic is None or nic.subnet_id != far.subnet_id:
        if nic is not None:
            _pass_acl(network, nic.subnet_id, True, far.private_ip, (HTTPS, HTTPS), "the call", steps)
        _pass_acl(network, far.subnet_id, False, address, (HTTPS, HTTPS), "the call", steps)
    peers = nic.group_ids if nic is not None else ()
    _pass_group(_groups(network, far.group_ids), False, address, peers, f"of {endpoint.endpoint_id}", steps)
    if nic is None or nic.subnet_id != far.subnet_id:
        _pass_acl(network, far.subnet_id, True, address, LINUX_PORTS, "the reply", steps)
        if nic is not None:
            _pass_acl(network, nic.subnet_id, False, far.private_ip, LINUX_PORTS, "the reply", steps)
    reason = f"{name} reaches {endpoint.service_name} at {far.private_ip}, the interface endpoint {endpoint.endpoint_id}."
    steps.append(reason)
    return Path(
        True,
        "interface endpoint",
        tuple(steps),
        reason,
        endpoint_id=endpoint.endpoint_id,
        endpoint_policy=endpoint.policy,
        vpc_id=endpoint.vpc_id,
        vpc_source_ip=address,
    )


def _nearest_interface(network: Network, endpoint: Endpoint, nic: Interface | None) -> Interface:
    """The endpoint's interface in the caller's zone if it has one, else the first."""
    found = sorted(
        (network.interfaces[key] for key in endpoint.interface_ids), key=lambda item: item.subnet_id
    )
    if not found:
        raise _Lost(f"{endpoint.endpoint_id} has no network interface: add a subnet to it.")
    return next((item for item in found if nic is not None and item.zone == nic.zone), found[0])


# To a public address -----------------------------------------------------------------------------------------------


def _through_public_address(network: Network, machine: Machine, address: str, steps: list[str]) -> Path:
    nic = machine.interface
    _pass_group(_groups(network, nic.group_ids), True, address, (), f"of {machine.name}", steps)
    _pass_acl(network, nic.subnet_id, True, address, (HTTPS, HTTPS), "the call", steps)
    target = _route(network, nic.vpc_id, nic.subnet_id, address, steps)
    if target.startswith("igw-"):
        _through_internet_gateway(network, nic.vpc_id, target, nic.public_ip, machine.name, steps)
        path_source, via = nic.public_ip, "internet gateway"
    elif target.startswith("nat-"):
        path_source, via = _through_nat(network, nic, target, address, steps), "NAT gateway"
    elif target.startswith("vpce-"):
        return _through_gateway_endpoint(network, machine, target, address, steps)
    else:
        raise _Lost(f"{target} leads nowhere near {address}: it is not a way to the internet.")
    _pass_acl(network, nic.subnet_id, False, address, LINUX_PORTS, "the reply", steps)
    reason = f"{machine.name} reaches {address} through the {via} {target}, seen as {path_source}."
    steps.append(reason)
    return Path(True, via, tuple(steps), reason, source_ip=path_source)


def _route(network: Network, vpc_id: str, subnet_id: str, address: str, steps: list[str]) -> str:
    table = table_of(network.route_tables.values(), vpc_id, subnet_id)
    if table is None:
        raise _Lost(f"{subnet_id} has no route table.")
    route = best_route(table, address)
    if route is None:
        raise _Lost(
            f"Route table {table.route_table_id} of {subnet_id} has no route for {address}: the packet is dropped."
        )
    steps.append(
        f"Route table {table.route_table_id} of {subnet_id} sends {route.destination} to {route.target}."
    )
    return route.target


def _through_internet_gateway(
    network: Network, vpc_id: str, gateway_id: str, public_ip: str | None, name: str, steps: list[str]
) -> None:
    gateway = network.internet_gateways.get(gateway_id)
    if gateway is None or gateway.vpc_id != vpc_id:
        raise _Lost(f"The route is a blackhole: {gateway_id} is not attached to {vpc_id}.")
    if public_ip is None:
        raise _Lost(f"Internet gateway {gateway_id} drops it: {name} has no public address to translate to.")
    steps.append(f"Internet gateway {gateway_id} translates the private address to {public_ip}, and back.")


def _through_nat(network: Network, nic: Interface, gateway_id: str, address: str, steps: list[str]) -> str:
    """Through a NAT gateway and on by its own subnet's route; returns the public address it shows.

    A NAT gateway has no security group, but the ACL of its subnet sees all four crossings.
    """
    gateway = network.nat_gateways.get(gateway_id)
    if gateway is None or gateway.state in ("deleting", "deleted", "failed"):
        raise _Lost(f"The route is a blackhole: {gateway_id} is gone.")
    if gateway.state == "pending":
        raise _Lost(f"{gateway_id} is still pending: it forwards nothing until it is available.")
    crosses = gateway.subnet_id != nic.subnet_id
    if crosses:
        _pass_acl(network, gateway.subnet_id, False, nic.private_ip, (HTTPS, HTTPS), "the call", steps)
    steps.append(f"NAT gateway {gateway_id} replaces the source by its own address, {gateway.private_ip}.")
    _pass_acl(network, gateway.subnet_id, True, address, (HTTPS, HTTPS), "the call", steps)
    target = _route(network, gateway.vpc_id, gateway.subnet_id, address, steps)
    if not target.startswith("igw-"):
        raise _Lost(
            f"{gateway_id} is in {gateway.subnet_id}, whose route leads to {target}, not to an internet gateway."
        )
    public_ip = gateway.public_ip if gateway.connectivity == "public" else None
    _through_internet_gateway(network, gateway.vpc_id, target, public_ip, gateway_id, steps)
    _pass_acl(network, gateway.subnet_id, False, address, NAT_PORTS, "the reply", steps)
    if crosses:
        _pass_acl(network, gateway.subnet_id, True, nic.private_ip, LINUX_PORTS, "the reply", steps)
    assert public_ip is not None  # _through_internet_gateway saw to it
    return public_ip


def _through_gateway_endpoint(
    network: Network, machine: Machine, endpoint_id: str, address: str, steps: list[str]
) -> Path:
    nic = machine.interface
    endpoint = network.endpoints.get(endpoint_id)
    if endpoint is None or endpoint.state != "available":
        raise _Lost(f"The route is a blackhole: {endpoint_id} is gone.")
    _pass_acl(network, nic.subnet_id, False, address, LINUX_PORTS, "the reply", steps)
    reason = f"{machine.name} reaches {endpoint.service_name} through the gateway endpoint {endpoint_id}."
    steps.append(reason)
    return Path(
        True,
        "gateway endpoint",
        tuple(steps),
        reason,
        endpoint_id=endpoint_id,
        endpoint_policy=endpoint.policy,
        vpc_id=nic.vpc_id,
        vpc_source_ip=nic.private_ip,
    )


# From outside AWS --------------------------------------------------------------------------------------------------


def _from_outside(
    network: Network, machine: OnPremises, service: str, region: str, host: str | None, steps: list[str]
) -> Path:
    name = host or catalog.host_name(service, region)
    steps.append(f"{machine.name} ({machine.private_ip}, outside AWS) calls {name}.")
    named = _named_endpoint(network.endpoints.values(), host) if host else None
    if named is not None:
        steps.append(f"The name belongs to endpoint {named.endpoint_id} and resolves to its private address.")
        _require_vpc(named, machine.vpn, machine.name)
        steps.append(f"The VPN or Direct Connect line leads to {machine.vpn}.")
        return _through_interface_endpoint(network, machine.name, None, machine.private_ip, named, steps)
    if machine.vpn is not None and machine.vpn in network.vpcs and machine.forwards_dns:
        private = _private_dns_endpoint(network, network.vpcs[machine.vpn], service, region)
        if private is not None:
            steps.append(
                f"DNS: its resolver asks the inbound Resolver endpoint of {machine.vpn}, where {private.endpoint_id} has "
                "private DNS: a private address."
            )
            steps.append(f"The VPN or Direct Connect line leads to {machine.vpn}.")
            return _through_interface_endpoint(
                network, machine.name, None, machine.private_ip, private, steps
            )
    address = catalog.public_address(service, region)
    steps.append(f"DNS: the name resolves to the public address {address}.")
    if not machine.internet:
        line = (
            " A VPN leads to private addresses only: no gateway endpoint, NAT or internet gateway behind it."
            * bool(machine.vpn)
        )
        raise _Lost(f"{machine.name} has no way to the internet.{line}")
    reason = f"{machine.name} reaches {address} over its own internet line, seen as {machine.public_ip}."
    steps.append(reason)
    return Path(True, "internet", tuple(steps), reason, source_ip=machine.public_ip)


# Filters on the way ------------------------------------------------------------------------------------------------


def _groups(network: Network, group_ids: Iterable[str]) -> list[SecurityGroup]:
    return [
        network.security_groups[group_id] for group_id in group_ids if group_id in network.security_groups
    ]


def _pass_group(
    groups: list[SecurityGroup],
    egress: bool,
    peer: str,
    peer_groups: Iterable[str],
    owner: str,
    steps: list[str],
) -> None:
    verdict = judge_groups(groups, egress=egress, peer=peer, peer_groups=peer_groups)
    way = f"out to {peer}" if egress else f"in from {peer}"
    if not verdict.allowed:
        raise _Lost(
            f"Security group {verdict.line} {owner} has no rule that lets TCP 443 {way}: the packet is dropped."
        )
    steps.append(f"Security group {verdict.line} {owner} lets TCP 443 {way}; replies pass by themselves.")


def _pass_acl(
    network: Network,
    subnet_id: str,
    egress: bool,
    peer: str,
    ports: tuple[int, int],
    what: str,
    steps: list[str],
) -> None:
    acl = _acl_of(network, subnet_id)
    if acl is None:
        raise _Lost(f"{subnet_id} has no network ACL.")
    verdict = judge_acl(acl, egress=egress, peer=peer, ports=ports)
    way = f"out of {subnet_id} to {peer}" if egress else f"into {subnet_id} from {peer}"
    if not verdict.allowed:
        raise _Lost(f"Network ACL {acl.acl_id} stops {what} {way}: {verdict.line}.")
    steps.append(f"Network ACL {acl.acl_id} lets {what} {way} ({verdict.line}).")


def _acl_of(network: Network, subnet_id: str) -> NetworkAcl | None:
    for acl in network.network_acls.values():
        if any(tie.subnet_id == subnet_id for tie in acl.associations):
            return acl
    return None
