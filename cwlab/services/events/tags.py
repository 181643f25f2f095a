"""Tags of rules and buses."""

from __future__ import annotations

from collections.abc import Sequence

from cwlab.api import Call, operation
from cwlab.arn import parse
from cwlab.errors import BadInput
from cwlab.services.events.common import Answer, Params, limit, the_bus, the_rule, validation
from cwlab.services.events.records import DEFAULT

MOST_TAGS = 50


def _resource(call: Call, params: Params) -> str:
    found: str = params["ResourceARN"]
    return found


def _check(call: Call, resource: str) -> None:
    """The rule or bus an ARN names must be there."""
    try:
        found = parse(resource)
    except BadInput:
        raise validation(
            f"Parameter {resource} is not valid. Reason: Provided Arn is not in correct format."
        ) from None
    kind, _, rest = found.resource.partition("/")
    if kind == "event-bus":
        the_bus(call, rest)
    elif kind == "rule":
        bus, _, name = rest.rpartition("/")
        the_rule(call, name, bus or DEFAULT)
    else:
        raise validation(f"Parameter {resource} is not valid. Reason: Provided Arn is not in correct format.")


def put_tags(call: Call, resource: str, tags: Sequence[Params]) -> None:
    """Add tags to a resource, over those of the same key.

    Raises:
        AwsError: it would have more than 50, or a key is AWS's own.
    """
    if not tags:
        return
    table = call.table("tags")
    merged = {**table.get(resource, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise validation(
            "aws: prefixed tag key names are not allowed for external use."
        )  # unconfirmed wording
    if len(merged) > MOST_TAGS:
        raise limit()
    table[resource] = merged


def forget(call: Call, resource: str) -> None:
    """Drop the tags of a resource that is deleted."""
    call.table("tags").pop(resource, None)


@operation("events", "TagResource", resource=_resource)
def tag_resource(call: Call, *, ResourceARN: str, Tags: Sequence[Params]) -> None:
    """Add tags to a rule or bus."""
    _check(call, ResourceARN)
    put_tags(call, ResourceARN, Tags)


@operation("events", "UntagResource", resource=_resource)
def untag_resource(call: Call, *, ResourceARN: str, TagKeys: Sequence[str]) -> None:
    """Take tags off."""
    _check(call, ResourceARN)
    had = call.table("tags").get(ResourceARN, {})
    call.table("tags")[ResourceARN] = {key: value for key, value in had.items() if key not in TagKeys}


@operation("events", "ListTagsForResource", resource=_resource, readonly=True)
def list_tags_for_resource(call: Call, *, ResourceARN: str) -> Answer:
    """The tags of a rule or bus."""
    _check(call, ResourceARN)
    tags = call.table("tags").get(ResourceARN, {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
