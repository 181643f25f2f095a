"""Tags on EC2 resources; the Auto Scaling service's own tag also says which group an instance belongs to."""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.records import Instance, Since
from cwlab.services.ec2.support import (
    TABLES,
    Filters,
    Params,
    checked_tags,
    clean,
    invalid,
    is_service,
    kind_of,
    matches,
    missing,
    op,
    page,
    put_tags,
    resource_arn,
)

GROUP_TAG = "aws:autoscaling:groupName"


def _tagged(call: Call, params: Params) -> list[str]:
    return [resource_arn(call, kind_of(each) or "*", each) for each in params.get("Resources", [])]


def note_group(call: Call, instance_id: str) -> None:
    """Bring an instance's group history up to date with its Auto Scaling tag."""
    instance: Instance = call.table("instances")[instance_id]
    group = call.table("tags").get(instance_id, {}).get(GROUP_TAG, "")
    before = instance.groups[-1].value if instance.groups else ""
    if group != before:
        history = (*instance.groups, Since(call.now_ms, group))
        call.table("instances")[instance_id] = replace(instance, groups=history)


def _require(call: Call, resource_id: str) -> str:
    """The kind of a resource that exists.

    Raises:
        AwsError: there is no such resource.
    """
    kind = kind_of(resource_id)
    if not kind:
        raise AwsError("InvalidID", f"The ID '{resource_id}' is not valid")
    if resource_id not in call.table(TABLES[kind]):
        raise missing(TABLES[kind], resource_id)
    return kind


@op("CreateTags", resource=_tagged)
def create_tags(call: Call, *, Resources: list[str], Tags: list[dict[str, str]]) -> None:
    """Add or overwrite tags of resources. Keys that begin with aws: are for AWS services."""
    tags = checked_tags(call, Tags)
    for resource_id in Resources:
        kind = _require(call, resource_id)
        put_tags(call, resource_id, tags)
        if kind == "instance":
            note_group(call, resource_id)


@op("DeleteTags", resource=_tagged)
def delete_tags(call: Call, *, Resources: list[str], Tags: list[dict[str, str]] | None = None) -> None:
    """Remove tags: by key, by key and value where one is given, or all of your own."""
    for resource_id in Resources:
        kind = _require(call, resource_id)
        have = call.table("tags").get(resource_id, {})
        if Tags is None:
            gone = {key for key in have if not key.startswith("aws:")}
        else:
            gone = {
                t["Key"]
                for t in Tags
                if t["Key"] in have and t.get("Value", have[t["Key"]]) == have[t["Key"]]
            }
        if any(key.startswith("aws:") for key in gone) and not is_service(call):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        call.table("tags")[resource_id] = {key: value for key, value in have.items() if key not in gone}
        if kind == "instance":
            note_group(call, resource_id)


@op("DescribeTags", readonly=True)
def describe_tags(
    call: Call,
    *,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List tags, one line each."""
    lines = [
        {"Key": key, "Value": value, "ResourceId": resource_id, "ResourceType": kind_of(resource_id)}
        for resource_id, tags in call.table("tags").items()
        for key, value in tags.items()
    ]
    members = {"key": "Key", "value": "Value", "resource-id": "ResourceId", "resource-type": "ResourceType"}
    for each in Filters or ():
        if each["Name"] not in members:
            raise NotModelled(f"The filter {each['Name']!r}", f"Modeled filters here: {', '.join(members)}.")
        lines = [line for line in lines if matches([line[members[each["Name"]]]], each.get("Values", []))]
    items, token = page(lines, MaxResults, NextToken)
    return clean({"Tags": items, "NextToken": token})
