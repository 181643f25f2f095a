"""Tags of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.kms import find
from cwlab.services.kms.find import changeable, conditions, keep, policy, resource
from cwlab.services.kms.paging import listed
from cwlab.services.kms.records import Pairs

MOST = 50


def checked(before: Pairs, given: Sequence[Mapping[str, str]]) -> Pairs:
    """The tags there are then.

    Raises:
        AwsError: TagException, LimitExceededException.
    """
    names = [each["TagKey"] for each in given]
    for name in names:
        if name.lower().startswith("aws:"):
            raise AwsError("TagException", "Tags cannot start with 'aws:'")
        if names.count(name) > 1:
            raise AwsError("TagException", "Duplicate tag keys")
    tags = {**dict(before), **{each["TagKey"]: each["TagValue"] for each in given}}
    if len(tags) > MOST:
        raise AwsError("LimitExceededException", f"A key can have at most {MOST} tags.")
    return tuple(sorted(tags.items()))


def asked(params: dict[str, Any]) -> dict[str, str | list[str]]:
    """The condition keys of the tags a request brings."""
    given = params.get("Tags") or []
    names = [each["TagKey"] for each in given] + list(params.get("TagKeys") or [])
    found: dict[str, str | list[str]] = {
        f"aws:RequestTag/{each['TagKey']}": each["TagValue"] for each in given
    }
    return found | ({"aws:TagKeys": names} if names else {})


def _conditions(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    return {**conditions()(call, params), **asked(params)}


@operation("kms", "TagResource", resource=resource(), policy=policy(), conditions=_conditions)
def tag_resource(call: Call, *, KeyId: str, Tags: Sequence[Mapping[str, str]]) -> None:
    """Put tags on a key, or change their values."""
    key = changeable(call, KeyId)
    keep(call, replace(key, tags=checked(key.tags, Tags)))


@operation("kms", "UntagResource", resource=resource(), policy=policy(), conditions=_conditions)
def untag_resource(call: Call, *, KeyId: str, TagKeys: Sequence[str]) -> None:
    """Take tags off a key; those it does not have are passed over."""
    key = changeable(call, KeyId)
    keep(call, replace(key, tags=tuple(each for each in key.tags if each[0] not in TagKeys)))


@operation(
    "kms", "ListResourceTags", resource=resource(), policy=policy(), conditions=conditions(), readonly=True
)
def list_resource_tags(
    call: Call, *, KeyId: str, Limit: int | None = None, Marker: str | None = None
) -> dict[str, Any]:
    """The tags of a key."""
    key = find.find(call, KeyId)
    rows = [{"TagKey": name, "TagValue": value} for name, value in key.tags]
    return listed("Tags", rows, Limit, Marker, 50)
