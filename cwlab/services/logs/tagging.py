"""Tag operations: the present ones by ARN, the older ones by name of the log group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import NotModelled
from cwlab.services.logs.names import group_arn, group_of, groups, name_of, tag_conditions
from cwlab.services.logs.records import Group
from cwlab.services.logs.refusals import invalid
from cwlab.services.logs.tags import checked_tags

Structure = dict[str, Any]


def _by_arn(call: Call, params: Structure) -> str:
    return str(params["resourceArn"])


def _by_name(call: Call, params: Structure) -> str:
    return group_arn(call, params["logGroupName"])


def _group(call: Call, arn: str) -> Group:
    if ":destination:" in arn:
        raise NotModelled(f"Tags of a destination ({arn})", "Name a log group.")
    if not arn.startswith("arn:"):
        raise invalid("The specified resource ARN is invalid.")
    return group_of(call, name_of(call, arn))


def _tag(call: Call, group: Group, tags: Mapping[str, str]) -> None:
    labels = checked_tags(dict(group.tags), tags, group_arn(call, group.name))
    groups(call)[group.name] = replace(group, tags=labels)


def _untag(call: Call, group: Group, keys: Sequence[str]) -> None:
    groups(call)[group.name] = replace(group, tags=tuple(t for t in group.tags if t[0] not in keys))


@operation("logs", "TagResource", resource=_by_arn, conditions=tag_conditions)
def tag_resource(call: Call, *, resourceArn: str, tags: Mapping[str, str]) -> None:
    """Put tags on a log group."""
    _tag(call, _group(call, resourceArn), tags)


@operation("logs", "UntagResource", resource=_by_arn, conditions=tag_conditions)
def untag_resource(call: Call, *, resourceArn: str, tagKeys: Sequence[str]) -> None:
    """Take tags off a log group; keys it does not have are passed over."""
    _untag(call, _group(call, resourceArn), tagKeys)


@operation("logs", "ListTagsForResource", resource=_by_arn, conditions=tag_conditions, readonly=True)
def list_tags_for_resource(call: Call, *, resourceArn: str) -> Structure:
    """The tags of a log group."""
    return {"tags": dict(_group(call, resourceArn).tags)}


@operation("logs", "TagLogGroup", resource=_by_name, conditions=tag_conditions)
def tag_log_group(call: Call, *, logGroupName: str, tags: Mapping[str, str]) -> None:
    """The older TagResource."""
    _tag(call, group_of(call, logGroupName), tags)


@operation("logs", "UntagLogGroup", resource=_by_name, conditions=tag_conditions)
def untag_log_group(call: Call, *, logGroupName: str, tags: Sequence[str]) -> None:
    """The older UntagResource."""
    _untag(call, group_of(call, logGroupName), tags)


@operation("logs", "ListTagsLogGroup", resource=_by_name, conditions=tag_conditions, readonly=True)
def list_tags_log_group(call: Call, *, logGroupName: str) -> Structure:
    """The older ListTagsForResource."""
    return {"tags": dict(group_of(call, logGroupName).tags)}
