"""Step 1 of the door for calls that come from a machine: its route to the endpoint, as the network stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cwlab.api import Call
from cwlab.arn import GLOBAL
from cwlab.errors import BadInput, Unreachable
from cwlab.services.ec2 import path
from cwlab.services.ec2.path import Machine, Network, Path
from cwlab.services.ec2.records import Instance

if TYPE_CHECKING:
    from cwlab.world import World


def check(call: Call) -> None:
    """Set the request's path.

    Raises:
        Unreachable: the machine cannot get to the endpoint; the reason and all steps are in the error.
    """
    request = call.request
    assert request.source is not None
    host, _, endpoint = request.source.partition("@")
    found = reach(call.world, host, request.service, request.region, endpoint or None)
    if not found.reachable:
        raise Unreachable(found.reason, dns=found.failure == "dns", steps=found.steps)
    request.path = found


def reach(world: World, host: str, service: str, region: str, endpoint_host: str | None = None) -> Path:
    """The way from a machine to a service's endpoint in a Region.

    Args:
        host: an instance id, or "ACCOUNT:NAME" for a machine outside AWS.
        service: as boto3 names it.
        region: where the endpoint is.
        endpoint_host: the host name of an `endpoint_url`, if the client has one.

    Raises:
        BadInput: there is no such machine.
    """
    if ":" in host:
        account, _, name = host.partition(":")
        machine = world.table(account, GLOBAL, "ec2", "machines").get(name)
        if machine is None:
            raise BadInput(name, f"is not a machine of account {account}.")
        return path.reach(network(world, account, machine.region), machine, service, region, endpoint_host)
    account, home, instance = locate(world, host)
    nic = world.table(account, home, "ec2", "interfaces").get(instance.interface_id)
    if instance.state != "running" or nic is None:
        reason = f"{host} is {instance.state}: nothing on it can call."
        return Path(False, "", (reason,), reason, "timeout")
    tags = world.table(account, home, "ec2", "tags").get(host, {})
    return path.reach(
        network(world, account, home),
        Machine(tags.get("Name", host), nic, home),
        service,
        region,
        endpoint_host,
    )


def locate(world: World, instance_id: str) -> tuple[str, str, Instance]:
    """Account, Region and record of an instance, wherever in the world it is.

    Raises:
        BadInput: there is none.
    """
    for (account, region, service, name), table in list(world.tables.items()):
        if service == "ec2" and name == "instances" and instance_id in table:
            return account, region, table[instance_id]
    raise BadInput(instance_id, "is not an instance of this lab.")


def network(world: World, account: str, region: str) -> Network:
    """The network of an account in a Region: views of EC2's tables, not copies."""

    def table(name: str) -> Any:
        return world.table(account, region, "ec2", name)

    return Network(
        vpcs=table("vpcs"),
        subnets=table("subnets"),
        internet_gateways=table("internet_gateways"),
        route_tables=table("route_tables"),
        nat_gateways=table("nat_gateways"),
        security_groups=table("security_groups"),
        network_acls=table("network_acls"),
        interfaces=table("interfaces"),
        endpoints=table("endpoints"),
    )
