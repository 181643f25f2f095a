"""IP addresses. Source: user guide, IP address string functions; the ranges: IANA's special-purpose registries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from cwlab.services.logs.insights.functions.base import Function, Site, a_condition, a_number, bound
from cwlab.services.logs.insights.tree import call, joined, number, text, tree
from cwlab.services.logs.insights.values import Value, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

Network = IPv4Network | IPv6Network

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_QUAD = rf"{_OCTET}(?:[.]{_OCTET}){{3}}"
_H = "[0-9a-fA-F]{1,4}"


def _sixes() -> Iterable[str]:
    """The ways to write an address of eight groups; the last two may be written as an IPv4 address."""
    last = f"(?:{_H}:{_H}|{_QUAD})"
    yield f"(?:{_H}:){{6}}{last}"
    yield f"(?:{_H}:){{1,7}}:"
    yield "::"
    for after in range(1, 8):  # groups behind the ::, as many as seven
        before = 7 - after
        behind = f"(?:{_H}:){{{after - 2}}}{last}" if after >= 2 else _H
        yield (f"(?:(?:{_H}:){{0,{before - 1}}}{_H})?::{behind}" if before else f"::{behind}")


V4 = f"^{_QUAD}$"
V6 = f"^(?:{'|'.join(_sixes())})$"

PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
RESERVED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "::1/128",
            "::ffff:0:0/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "fe80::/10",
            "ff00::/8",
        ),
    )
)


def _valid(*patterns: str) -> Callable[[Value], Value]:
    def make(a: Value) -> Value:
        return a_condition(joined([call("regexp_matches", txt(a), text(each)) for each in patterns], "or"))

    return make


def v4_number(x: Expression) -> Expression:
    """An IPv4 address as a number; null when it is none."""
    return tree(
        """CASE WHEN regexp_matches(:x, :looks) THEN
           CAST(split_part(:x, '.', 1) AS BIGINT) * 16777216 + CAST(split_part(:x, '.', 2) AS BIGINT) * 65536
           + CAST(split_part(:x, '.', 3) AS BIGINT) * 256 + CAST(split_part(:x, '.', 4) AS BIGINT) END""",
        x=x,
        looks=text(V4),
    )


def key(x: Expression) -> Expression:
    """An address as text that sorts as addresses do: 4 or 6, then 8 or 32 hexadecimal digits; null when it is none."""
    four = "PRINTF('%02x%02x{0}%02x%02x', {1})"
    octets = ", ".join(f"CAST(split_part({{0}}, '.', {n}) AS BIGINT)" for n in (1, 2, 3, 4))
    alone = "'4' || " + four.format("", octets.format("x"))
    tail = "split_part(x, ':', -1)"
    groups = f"CASE WHEN contains(x, '.') THEN LEFT(x, LENGTH(x) - LENGTH({tail})) || "
    groups += four.format(":", octets.format(tail)) + " ELSE LOWER(x) END"
    halves = "[ARRAY_TO_STRING([LPAD(g, 4, '0') FOR g IN string_split(h, ':') IF g <> ''], '') "
    halves += "FOR h IN string_split(y, '::')]"
    six = "'6' || RPAD(z[1], CAST(32 - LENGTH(COALESCE(z[2], '')) AS INTEGER), '0') || COALESCE(z[2], '')"
    expanded = f"[{six} FOR z IN [{halves}]][1]"
    return bound(
        "x",
        x,
        f"""CASE WHEN regexp_matches(x, :v4) THEN {alone} WHEN regexp_matches(x, :v6)
            THEN [{expanded} FOR y IN [LOWER({groups})]][1] END""",
        v4=text(V4),
        v6=text(V6),
    )


def _ends(network: Network) -> tuple[str, str]:
    """The keys of a network's first and last address."""
    version, width = (4, 8) if network.version == 4 else (6, 32)
    first, last = int(network.network_address), int(network.broadcast_address)
    return f"{version}{first:0{width}x}", f"{version}{last:0{width}x}"


def _special(networks: Iterable[Network]) -> str:
    """The template of a condition on a key ``k``."""
    return " OR ".join("k BETWEEN '{}' AND '{}'".format(*_ends(each)) for each in networks)


_IS_PRIVATE, _IS_RESERVED = _special(PRIVATE), _special(RESERVED)


def _of_key(condition: str) -> Callable[[Value], Value]:
    """A condition on an address's key ``k``, which is computed once."""
    return lambda a: a_condition(bound("k", key(txt(a)), condition))


def _network(site: Site, subnet: Value, *versions: int) -> Network:
    example = '"10.0.0.0/8"' if 4 in versions else '"2001:db8::/32"'
    written = site.text(1, subnet, "a subnet", example)
    try:
        network = ip_network(written, strict=False)
    except ValueError:
        network = None
    if network is None or "/" not in written or network.version not in versions:
        kind = "" if len(versions) > 1 else f" of IPv{versions[0]}"
        raise site.refuse(1, f"a subnet{kind} that is none", f"Write an address and a length: {example}.")
    return network


def _in_subnet(*versions: int) -> Callable[[Site, Value, Value], Value]:
    def make(site: Site, a: Value, subnet: Value) -> Value:
        network = _network(site, subnet, *versions)
        if network.version == 4:
            return _in_v4(site, a, subnet)
        low, high = _ends(network)
        return a_condition(tree(":k BETWEEN :low AND :high", k=key(txt(a)), low=text(low), high=text(high)))

    return make


def _in_v4(site: Site, a: Value, subnet: Value) -> Value:
    """A subnet that is a field is computed for each row."""
    if subnet.literal is not None:
        network = _network(site, subnet, 4)
        low, high = int(network.network_address), int(network.broadcast_address)
        return a_condition(
            tree(":a BETWEEN :low AND :high", a=v4_number(txt(a)), low=number(low), high=number(high))
        )
    net = tree("split_part(:s, '/', 1)", s=txt(subnet))
    bits = tree("TRY_CAST(split_part(:s, '/', 2) AS INTEGER)", s=txt(subnet))
    size = tree("CASE WHEN :bits BETWEEN 0 AND 32 THEN CAST(power(2, 32 - :bits) AS BIGINT) END", bits=bits)
    return a_condition(tree(":a // :size = :b // :size", a=v4_number(txt(a)), b=v4_number(net), size=size))


FUNCTIONS: dict[str, Function] = {
    "isvalidip": Function(1, 1, _valid(V4, V6)),
    "isvalidipv4": Function(1, 1, _valid(V4)),
    "isvalidipv6": Function(1, 1, _valid(V6)),
    "isipinsubnet": Function(2, 2, _in_subnet(4, 6), sited=True),
    "isipv4insubnet": Function(2, 2, _in_v4, sited=True),
    "isipv6insubnet": Function(2, 2, _in_subnet(6), sited=True),
    "ipv4tonumber": Function(1, 1, lambda a: a_number(tree("CAST(:x AS DOUBLE)", x=v4_number(txt(a))))),
    "isprivateip": Function(1, 1, _of_key(_IS_PRIVATE)),
    "isreservedip": Function(1, 1, _of_key(_IS_RESERVED)),
    "ispublicip": Function(1, 1, _of_key(f"k IS NOT NULL AND NOT ({_IS_PRIVATE} OR {_IS_RESERVED})")),
}
