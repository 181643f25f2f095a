"""What EC2 remembers: one record per resource, in plain words, never changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from cwlab.codec import record

# The network -------------------------------------------------------------------------------------------------------


@record
class Vpc:
    """A private network in one Region."""

    vpc_id: str
    cidrs: tuple[str, ...]
    is_default: bool = False
    dns_support: bool = True
    dns_hostnames: bool = False


@record
class Subnet:
    """A slice of a VPC in one Availability Zone."""

    subnet_id: str
    vpc_id: str
    cidr: str
    zone: str
    zone_id: str
    default_for_zone: bool = False
    public_ip_on_launch: bool = False


@record
class InternetGateway:
    """The door to the internet; does nothing until it is attached to a VPC."""

    gateway_id: str
    vpc_id: str | None = None


@record
class Route:
    """Packets to `destination` (a CIDR or a prefix list) go to `target` (local, igw-, nat-, vpce-, eni-)."""

    destination: str
    target: str
    origin: str = "CreateRoute"


@record
class Association:
    """A subnet's tie to a route table or network ACL; `subnet_id` is None for a VPC's main route table."""

    association_id: str
    subnet_id: str | None


@record
class RouteTable:
    """Routes of the subnets associated with it, or of every other subnet if it is the VPC's main one."""

    route_table_id: str
    vpc_id: str
    routes: tuple[Route, ...]
    associations: tuple[Association, ...] = ()

    @property
    def is_main(self) -> bool:
        return any(tie.subnet_id is None for tie in self.associations)


@record
class NatGateway:
    """Lets private instances open connections outward under its own public address."""

    gateway_id: str
    vpc_id: str
    subnet_id: str
    connectivity: str
    interface_id: str
    private_ip: str
    public_ip: str | None
    allocation_id: str | None
    association_id: str | None
    created_ms: int
    state: str = "pending"
    deleted_ms: int | None = None


@record
class Address:
    """An Elastic IP address; `interface_id` says what carries it now."""

    allocation_id: str
    public_ip: str
    association_id: str | None = None
    interface_id: str | None = None
    instance_id: str | None = None
    private_ip: str | None = None


@record
class GroupRule:
    """One permission of a security group. `peer` is a CIDR, a prefix list or a group, as `peer_kind` says."""

    rule_id: str
    egress: bool
    protocol: str
    from_port: int
    to_port: int
    peer_kind: str
    peer: str
    description: str | None = None


@record
class SecurityGroup:
    """A stateful filter on network interfaces; it can only allow."""

    group_id: str
    name: str
    description: str
    vpc_id: str
    rules: tuple[GroupRule, ...] = ()


@record
class AclEntry:
    """One numbered line of a network ACL. `protocol` is an IANA number as text, or -1 for all."""

    number: int
    egress: bool
    protocol: str
    allow: bool
    cidr: str
    from_port: int | None = None
    to_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


@record
class NetworkAcl:
    """A stateless filter at the edge of its subnets; the lowest matching number decides, and at last `*` denies."""

    acl_id: str
    vpc_id: str
    is_default: bool
    entries: tuple[AclEntry, ...]
    associations: tuple[Association, ...] = ()


@record
class Interface:
    """An elastic network interface. `kind` is interface (an instance's), nat_gateway or vpc_endpoint."""

    interface_id: str
    vpc_id: str
    subnet_id: str
    zone: str
    private_ip: str
    group_ids: tuple[str, ...]
    kind: str
    owner: str
    attachment_id: str
    attached_ms: int
    public_ip: str | None = None


@record
class Endpoint:
    """A VPC endpoint: interfaces with private addresses (Interface), or a route (Gateway: S3 and DynamoDB)."""

    endpoint_id: str
    vpc_id: str
    kind: str
    service_name: str
    policy: str
    created_ms: int
    state: str = "available"
    private_dns: bool = False
    subnet_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    interface_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    dns_suffix: str = ""


# Machines ----------------------------------------------------------------------------------------------------------


@record
class StateChange:
    """From `at_ms` on the instance is `state`, for the reason a `DescribeInstances` reply would give."""

    at_ms: int
    state: str
    reason: str = ""


@record
class Since:
    """From `at_ms` on, something of an instance is `value`: its detailed monitoring, its Auto Scaling group."""

    at_ms: int
    value: str


@record
class Instance:
    """A machine, with the whole history that its metrics are computed from.

    `states` begins with pending at the launch. `monitoring` holds "basic" or "detailed", `groups` the name of the Auto
    Scaling group or "". All three grow at the end only, so what happened stays as it was.
    """

    instance_id: str
    image_id: str
    instance_type: str
    vpc_id: str
    subnet_id: str
    zone: str
    interface_id: str
    private_ip: str
    group_ids: tuple[str, ...]
    reservation_id: str
    launch_index: int
    owner: str
    requester: str | None
    launched_ms: int
    states: tuple[StateChange, ...]
    monitoring: tuple[Since, ...]
    groups: tuple[Since, ...] = ()
    profile_arn: str | None = None
    profile_id: str | None = None
    profile_association_id: str | None = None
    client_token: str = ""
    volume_id: str = ""
    termination_protected: bool = False
    auto_public_ip: bool = False

    @property
    def state(self) -> str:
        """What the instance is now: pending, running, stopping, stopped, shutting-down or terminated."""
        return self.states[-1].state

    @property
    def is_detailed(self) -> bool:
        return self.monitoring[-1].value == "detailed"


@record
class Load:
    """What an instance was told to do: `values[i]` holds from `start_ms + i * step_ms` for one step.

    `quantity` is a row of `load.QUANTITIES`, which says the unit of the (whole) numbers.
    """

    quantity: str
    start_ms: int
    step_ms: int
    values: np.ndarray[Any, Any]

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.step_ms * len(self.values)


@record
class Impairment:
    """A failing status check ("system", "instance" or "attached-ebs") from `start_ms` until `end_ms`."""

    check: str
    start_ms: int
    end_ms: int


@record
class LaunchTemplate:
    """A named set of RunInstances parameters. `versions[i]` is version i + 1, as pairs kept in JSON text."""

    template_id: str
    name: str
    created_ms: int
    created_by: str
    versions: tuple[str, ...]
    descriptions: tuple[str | None, ...]
    default_version: int = 1


# Machines outside AWS ----------------------------------------------------------------------------------------------


@record
class OnPremises:
    """A machine in the learner's own building.

    `internet` is its own way out; `vpn` names the VPC (in `region`) a VPN or Direct Connect line leads to; `forwards_dns` says that its
    resolver asks that VPC's inbound Resolver endpoint, so that private DNS names work for it.
    """

    name: str
    private_ip: str
    public_ip: str
    internet: bool
    region: str
    vpn: str | None = None
    forwards_dns: bool = False
    role: str | None = None
