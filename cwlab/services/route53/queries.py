"""DNS queries. They are no AWS API, so they are verbs: a resolver somewhere asks, and Route 53 answers.

    lab.act("route53", "resolve", name="www.shop.example", type="A", resolver="192.0.2.53")

Only what reaches Route 53 is logged: a resolver that still has the answer does not ask again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.arn import GLOBAL
from cwlab.errors import BadInput
from cwlab.services.route53 import querylog
from cwlab.services.route53.answering import Reply, answer
from cwlab.services.route53.names import MODELED, full, inside, is_name
from cwlab.services.route53.records import Cached, Zone
from cwlab.services.route53.zones import record_sets, zone_for
from cwlab.timeline import MINUTE

EDGES = ("IAD12", "DFW3", "FRA6", "LHR5", "NRT12", "SIN2", "SYD4", "GRU1", "BOM51", "SFO5")
PROTOCOLS = ("UDP", "TCP")
Answer = dict[str, Any]
Query = tuple[int, str, str, str]  # when (ms), name, type, resolver


@verb("route53", "resolve")
def resolve(
    call: Call,
    *,
    name: str,
    type: str = "A",
    resolver: str = "192.0.2.53",
    protocol: str = "UDP",
    subnet: str = "-",
) -> Answer:
    """A resolver looks a name up, now.

    Args:
        type: A, AAAA, CNAME, TXT, MX, NS or SOA.
        resolver: its IP address.
        protocol: UDP or TCP.
        subnet: the client's network where the resolver tells it (EDNS), as ``203.0.113.0/24``.

    Returns:
        ``code`` (NOERROR, NXDOMAIN, REFUSED…), ``values``, ``cached``: whether the resolver still knew, ``logged``: whether a
        line went to the query log.

    Raises:
        BadInput: a name, type or protocol that cannot be.
    """
    _check(name, type)
    if protocol not in PROTOCOLS:
        raise BadInput(protocol, "is not a protocol of DNS.", f"Give {' or '.join(PROTOCOLS)}.")
    code, values, cached, lines = _ask(call, (call.now_ms, name, type, resolver), protocol, subnet)
    logged = any(_write(call, zone, edge, [text]) for (zone, edge), text in lines.items())
    return {"code": code, "values": list(values), "cached": cached, "logged": logged}


@verb("route53", "traffic")
def traffic(call: Call, *, queries: Sequence[Sequence[Any]]) -> None:
    """Queries that will come: (when in ms since 1970, name, type, resolver) each. They are answered minute by minute.

    Raises:
        BadInput: a name or type that cannot be, or an instant that is past.
    """
    minutes: dict[int, list[Query]] = {}
    for at_ms, name, kind, resolver in queries:
        _check(name, kind)
        if at_ms < call.now_ms:
            raise BadInput(at_ms, f"lies before now ({call.now_ms}).", "Give instants to come.")
        minutes.setdefault(int(at_ms) // MINUTE, []).append((int(at_ms), name, kind, resolver))
    for minute, each in sorted(minutes.items()):
        call.schedule((minute + 1) * MINUTE, "answer", queries=tuple(sorted(each)))


@handler("route53", "answer")
def answer_minute(call: Call, *, queries: Sequence[Sequence[Any]]) -> None:
    """The queries of the minute that ends now."""
    streams: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for at_ms, name, kind, resolver in queries:
        *_, lines = _ask(call, (at_ms, name, kind, resolver), "UDP", "-")
        for key, text in lines.items():
            streams.setdefault(key, []).append(text)
    for (zone, edge), found in streams.items():
        _write(call, zone, edge, found)


def edge_of(resolver: str) -> str:
    """The edge location that answers a resolver: always the same, as the nearest is."""
    return EDGES[hashlib.blake2b(resolver.encode(), digest_size=1).digest()[0] % len(EDGES)]


def _check(name: str, kind: str) -> None:
    if not is_name(name):
        raise BadInput(name, "is not a domain name.", 'Give one as "www.shop.example".')
    if kind not in MODELED:
        raise BadInput(kind, "is not a record type of this lab.", f"Give one of {', '.join(MODELED)}.")


def _ask(
    call: Call, query: Query, protocol: str, subnet: str
) -> tuple[str, tuple[str, ...], bool, dict[tuple[str, str], tuple[int, str]]]:
    """The code, the values, whether they were cached, and the line to log by (zone, edge)."""
    at_ms, name, kind, resolver = query
    cache, key = call.table("cache", region=GLOBAL), (resolver, full(name), kind)
    known: Cached | None = cache.get(key)
    if known is not None and at_ms < known.until_ms:
        return known.code, known.values, True, {}
    zone = zone_for(call, name)
    if zone is None:
        return "REFUSED", (), False, {}
    reply = _reply(call, zone, name, kind)
    cache[key] = Cached(at_ms + reply.ttl * 1000, reply.code, reply.values)
    edge = edge_of(resolver)
    text = querylog.line(at_ms, zone.id, full(name), kind, reply.code, protocol, edge, resolver, subnet)
    return reply.code, reply.values, False, {(zone.id, edge): (at_ms, text)}


def _reply(call: Call, zone: Zone, name: str, kind: str) -> Reply:
    table = record_sets(call)
    names = {own for zone_id, own, _ in table if zone_id == zone.id}
    return answer(
        name,
        kind,
        zone.name,
        lambda own, of: table.get((zone.id, own, of)),
        lambda own: own in names or (not own.startswith("*.") and any(inside(each, own) for each in names)),
    )


def _write(call: Call, zone: str, edge: str, lines: list[tuple[int, str]]) -> bool:
    config = querylog.of_zone(call, zone)
    return config is not None and querylog.write(call, config, edge, lines)
