"""Tags of sinks and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.oam.common import Structure, not_found
from cwlab.services.oam.records import Link, Pairs, Sink
from cwlab.table import Table

MOST = 50


def checked(before: Pairs, given: Mapping[str, str] | None) -> Pairs:
    """The tags there are then.

    Raises:
        AwsError: TooManyTagsException, ValidationException.
    """
    if given and any(key.lower().startswith("aws:") for key in given):
        raise AwsError("ValidationException", "Tag keys cannot begin with aws:, which is AWS's own.")
    tags = {**dict(before), **(given or {})}
    if len(tags) > MOST:
        raise AwsError("TooManyTagsException", f"A resource can have at most {MOST} tags.")
    return tuple(sorted(tags.items()))


def _resource(call: Call, params: Structure) -> str:
    found: str = params["ResourceArn"]
    return found


def _found(call: Call, arn: str) -> tuple[Table, Sink | Link]:
    for name in ("sinks", "links"):
        table = call.table(name)
        for each in table.values():
            if each.arn == arn:
                return table, each
    raise not_found(arn)


@operation("oam", "TagResource", resource=_resource)
def tag_resource(call: Call, *, ResourceArn: str, Tags: Mapping[str, str]) -> Structure:
    """Put tags on a sink or link, or change their values."""
    table, found = _found(call, ResourceArn)
    table[found.id] = replace(found, tags=checked(found.tags, Tags))
    return {}


@operation("oam", "UntagResource", resource=_resource)
def untag_resource(call: Call, *, ResourceArn: str, TagKeys: Sequence[str]) -> Structure:
    """Take tags off; those it does not have are passed over."""
    table, found = _found(call, ResourceArn)
    table[found.id] = replace(found, tags=tuple(pair for pair in found.tags if pair[0] not in TagKeys))
    return {}


@operation("oam", "ListTagsForResource", resource=_resource, readonly=True)
def list_tags_for_resource(call: Call, *, ResourceArn: str) -> Structure:
    """The tags of a sink or link."""
    return {"Tags": dict(_found(call, ResourceArn)[1].tags)}
