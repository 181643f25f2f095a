"""Addresses: ranges inside ranges, the next free one, DNS names made of them.

Pure but for `public_ip`. Source: VPC User Guide "VPC CIDR blocks", "Subnet CIDR blocks", "DNS attributes for your VPC".
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from cwlab.api import Call
from cwlab.errors import AwsError

RESERVED = 5
"""Addresses AWS keeps in each subnet: base, router, DNS, future use, and the last."""


def parse(cidr: str, *, least: int = 16, most: int = 28, code: str = "InvalidVpc.Range") -> IPv4Network:
    """The network a CIDR block stands for; host bits are dropped, as the API does.

    Raises:
        AwsError: no CIDR block, or a prefix outside [least, most].
    """
    try:
        if "/" not in cidr:
            raise AddressValueError(cidr)
        found = IPv4Network(cidr, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ) from None
    if not least <= found.prefixlen <= most:
        raise AwsError(code, f"The CIDR '{cidr}' is invalid.")
    return found


def canonical(cidr: str) -> str:
    """A CIDR block of any size with its host bits dropped: 100.68.0.18/18 is 100.68.0.0/18.

    Raises:
        AwsError: it is no CIDR block.
    """
    return str(parse(cidr, least=0, most=32))


def free_address(cidr: str, taken: Iterable[str]) -> str | None:
    """The lowest address of a subnet that is neither reserved nor taken; None if the subnet is full."""
    used = set(taken)
    for number, address in enumerate(IPv4Network(cidr)):
        if number >= RESERVED - 1 and str(address) not in used:
            return str(address) if int(address) != int(IPv4Network(cidr).broadcast_address) else None
    return None


def usable(cidr: str) -> int:
    """How many addresses a subnet has to give."""
    return IPv4Network(cidr).num_addresses - RESERVED


def private_name(region: str, address: str) -> str:
    """The private DNS host name of an address."""
    suffix = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{suffix}"


def public_name(region: str, address: str) -> str:
    """The public DNS host name of an address."""
    suffix = "compute-1.amazonaws.com" if region == "us-east-1" else f"{region}.compute.amazonaws.com"
    return f"ec2-{address.replace('.', '-')}.{suffix}"


def public_ip(call: Call) -> str:
    """A public address nobody in this account and Region has: the lab's are in 3.80.0.0/12, drawn from its seed."""
    taken = {item.public_ip for table in ("addresses", "interfaces") for item in call.table(table).values()}
    while True:
        number = int(call.draw("public-ip") * 16 * 256 * 254)
        address = f"3.{80 + number // (256 * 254)}.{number // 254 % 256}.{number % 254 + 1}"
        if address not in taken:
            return address
