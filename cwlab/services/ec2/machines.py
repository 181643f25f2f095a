"""Machines outside AWS: set up by a verb, kept by account, found from any Region."""

from __future__ import annotations

from ipaddress import IPv4Address

from cwlab.api import Call, verb
from cwlab.arn import GLOBAL
from cwlab.errors import BadInput
from cwlab.services.ec2.records import OnPremises

FIRST_PRIVATE, FIRST_PUBLIC = IPv4Address("192.168.10.10"), IPv4Address("203.0.113.130")


@verb("ec2", "on_premises")
def on_premises(
    call: Call,
    *,
    name: str,
    internet: bool = True,
    vpn: str | None = None,
    forwards_dns: bool = False,
    role: str | None = None,
) -> None:
    """Set up a machine in your own building, or set it up anew under the same name.

    Args:
        name: what you call it; no instance id.
        internet: whether it has its own line to the internet.
        vpn: the VPC of this Region a VPN or Direct Connect line leads to.
        forwards_dns: whether its resolver asks that VPC's inbound Resolver endpoint.
        role: the name of the role its calls are made with (by IAM Roles Anywhere, or keys); none, no credentials.

    Raises:
        BadInput: a name that cannot be, or a VPC that is not there.
    """
    if not name or name.startswith("i-"):
        raise BadInput(name, "is no name for a machine of your own.", "Choose another, as rack-1.")
    if vpn is not None and vpn not in call.table("vpcs"):
        have = ", ".join(call.table("vpcs")) or "none"
        raise BadInput(vpn, f"is not a VPC of {call.region} (it has: {have}).")
    if forwards_dns and vpn is None:
        raise BadInput(
            forwards_dns, "forwards_dns needs a line to the VPC whose resolver it asks.", "Give vpn=…."
        )
    machines = call.table("machines", region=GLOBAL)
    place = list(machines).index(name) if name in machines else len(machines)
    if place >= 100:
        raise BadInput(name, "is machine number 101: a lab has at most 100.")
    machines[name] = OnPremises(
        name,
        str(FIRST_PRIVATE + place),
        str(FIRST_PUBLIC + place),
        internet,
        call.region,
        vpn,
        forwards_dns,
        role,
    )
