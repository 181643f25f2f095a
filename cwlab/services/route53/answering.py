"""What Route 53 answers to a query, out of a zone's records: pure.

Source: Route 53 Developer Guide, "How Route 53 uses records"; RFC 1034 for names that are aliases of others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cwlab.services.route53.names import full, inside
from cwlab.services.route53.records import RecordSet

NEGATIVE_TTL = (
    900  # seconds a resolver keeps "there is no such name": the smaller of the SOA's TTL and its minimum
)
_MOST_HOPS = 8
Find = Callable[[str, str], "RecordSet | None"]


class Reply(NamedTuple):
    """A response code, the values, and for how many seconds they may be kept."""

    code: str
    values: tuple[str, ...]
    ttl: int


def answer(name: str, kind: str, zone: str, find: Find, exists: Callable[[str], bool]) -> Reply:
    """The reply to a query for a name that is in the zone.

    Args:
        find: the record set of a name and type.
        exists: whether the zone has records of a name or below it.
    """
    at, ttl, values = full(name), 1 << 31, tuple[str, ...]()
    for _ in range(_MOST_HOPS):
        here = at if exists(at) else _wildcard(at, zone, exists)
        if here is None:
            return Reply("NXDOMAIN" if not values else "NOERROR", values, min(ttl, NEGATIVE_TTL))
        found = find(here, kind)
        if found is not None:
            return Reply("NOERROR", values + found.values, min(ttl, found.ttl))
        alias = find(here, "CNAME")
        if alias is None:
            return Reply("NOERROR", values, min(ttl, NEGATIVE_TTL))
        values, ttl = values + alias.values, min(ttl, alias.ttl)
        at = full(alias.values[0])
        if not inside(at, zone):
            return Reply("NOERROR", values, ttl)
    return Reply("SERVFAIL", (), 0)


def _wildcard(name: str, zone: str, exists: Callable[[str], bool]) -> str | None:
    """The wildcard that stands for a name that is not there: of its closest ancestor that is."""
    while name != zone:
        name = name.partition(".")[2]
        if exists(f"*.{name}"):
            return f"*.{name}"
        if exists(name):
            return None
    return None
