"""Entities: the service or resource that a batch of events says it comes from. Insights shows them as ``@entity.…``.

An entity that is none is left out, and the events are stored all the same. Source: API reference PutLogEvents, Entity,
RejectedEntityInfo; User Guide, "Supported logs and discovered fields"; CloudWatch User Guide, "How to add related
information to telemetry". Which attributes each type needs, and which error comes first, is our reading of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cwlab.api import Call
from cwlab.services.logs.chunk import PLACE_BITS
from cwlab.services.logs.linked import Place
from cwlab.services.logs.records import STANDARD, Group

ALLOWED = frozenset(["Type", "ResourceType", "Identifier", "Name", "Environment"])
NEEDED = {
    "Service": ("Name",),
    "RemoteService": ("Name",),
    "AWS::Service": ("Name",),
    "Resource": ("ResourceType", "Identifier"),
    "AWS::Resource": ("ResourceType", "Identifier"),
}
Entity = Mapping[str, Mapping[str, str]]


def why_not(entity: Entity, group: Group) -> str | None:
    """The error an entity is left out with; None when it is one."""
    if group.log_class != STANDARD:
        return "UnsupportedLogGroupType"
    keys = entity.get("keyAttributes", {})
    if "Type" not in keys:
        return "MissingRequiredFields"
    if not ALLOWED.issuperset(keys):
        return "InvalidKeyAttributes"
    if keys["Type"] not in NEEDED:
        return "InvalidTypeValue"
    return None if all(name in keys for name in NEEDED[keys["Type"]]) else "MissingRequiredFields"


def keep(call: Call, group: str, request: int, entity: Entity) -> None:
    """Note the entity of a PutLogEvents request, by the request's number."""
    call.table(f"entities/{group}")[request] = {
        f"{title}.{name}": value
        for title, part in (("KeyAttributes", "keyAttributes"), ("Attributes", "attributes"))
        for name, value in sorted(entity.get(part, {}).items())
    }


def forget(call: Call, group: str) -> None:
    """A group is deleted."""
    call.table(f"entities/{group}").clear()


def of(call: Call, group: str, place: int) -> dict[str, str]:
    """The fields of the entity that the event of that place came with."""
    found: Mapping[str, str] = call.table(f"entities/{group}").get(place >> PLACE_BITS, {})
    return {f"@entity.{name}": value for name, value in found.items()}


def columns(places: Iterable[Place]) -> dict[str, Sequence[Any]]:
    """The entities of groups, as a table for the engine: a row for each field of each request's entity."""
    rows = [
        (f"{place.call.account}:{place.group.name}", str(request), name, value)
        for place in places
        for request, fields in place.call.table(f"entities/{place.group.name}").items()
        for name, value in fields.items()
    ]
    names = ("of_log", "of_request", "of_field", "value")
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}
