"""What Route 53 keeps, in the account and ``aws-global``: zones by id; record sets by (zone id, name, type); query logging
configurations by id; changes by id; and what resolvers have cached, by (resolver, name, type)."""

from __future__ import annotations

from cwlab.codec import record


@record
class Zone:
    """A public hosted zone. Its name ends in a dot."""

    id: str
    name: str
    reference: str
    comment: str | None
    servers: tuple[str, ...]


@record
class RecordSet:
    """The records of one name and type."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@record
class QueryLogging:
    """Where a zone's queries are logged."""

    id: str
    zone: str
    group_arn: str


@record
class Cached:
    """An answer a resolver keeps, and until when."""

    until_ms: int
    code: str
    values: tuple[str, ...]
