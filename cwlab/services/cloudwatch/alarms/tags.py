"""Tags of alarms and dashboards: TagResource, UntagResource, ListTagsForResource.

Source: API reference. An alarm's tags stand in the table ``alarm_tags`` by its ARN, a dashboard's in the dashboard.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from cwlab.api import Call, Params, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError

MAX_TAGS = 50

Tags = dict[str, str]


def checked(given: Sequence[Mapping[str, str]]) -> Tags:
    """The tags of a request.

    Raises:
        AwsError: more than 50, a key twice, or one of AWS's own. (Wordings unconfirmed.)
    """
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) != len(given):
        raise AwsError("ValidationError", "Tag keys must be unique.")
    if len(tags) > MAX_TAGS:
        raise AwsError("ValidationError", f"A resource can have at most {MAX_TAGS} tags.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise AwsError("ValidationError", f"Tag key {key} is reserved: keys must not begin with aws:.")
    return tags


def conditions(given: Sequence[Mapping[str, str]]) -> dict[str, str | list[str]]:
    """What policies see of tags in a request."""
    if not given:
        return {}
    found: dict[str, str | list[str]] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in given}
    return found | {"aws:TagKeys": [tag["Key"] for tag in given]}


def first(call: Call, arn: str, tags: Tags) -> None:
    """Tags given at creation."""
    if tags:
        call.table("alarm_tags")[arn] = tuple(tags.items())


def drop(call: Call, arn: str) -> None:
    """The resource is deleted, its tags too."""
    call.table("alarm_tags").pop(arn, None)


def _read(call: Call, arn: str) -> Tags:
    """The tags of a resource.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    kind, _, name = arn.split(":", 5)[-1].partition(":")
    if kind == "alarm" and name in call.table("alarms") and call.table("alarms")[name].arn == arn:
        return dict(call.table("alarm_tags").get(arn, ()))
    dashboard = _dashboard(call, arn)
    if dashboard is None:
        raise AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.", 404)  # unconfirmed
    return dict(call.table("dashboards", region=GLOBAL)[dashboard].tags)


def _dashboard(call: Call, arn: str) -> str | None:
    head, _, name = arn.partition(":dashboard/")
    own = head == f"arn:{call.partition}:cloudwatch::{call.account}"
    return name if own and name in call.table("dashboards", region=GLOBAL) else None


def _write(call: Call, arn: str, tags: Tags) -> None:
    dashboard = _dashboard(call, arn)
    if dashboard is None:
        call.table("alarm_tags")[arn] = tuple(tags.items())
    else:
        table = call.table("dashboards", region=GLOBAL)
        table[dashboard] = dataclasses.replace(table[dashboard], tags=tuple(tags.items()))


def _resource(call: Call, params: Params) -> str:
    return str(params["ResourceARN"])


@operation(
    "cloudwatch",
    "TagResource",
    resource=_resource,
    conditions=lambda call, p: conditions(p["Tags"]),
)
def tag_resource(call: Call, *, ResourceARN: str, Tags: Sequence[Mapping[str, str]]) -> None:
    """Add tags to an alarm or a dashboard; one of an existing key takes the new value."""
    tags = _read(call, ResourceARN) | checked(Tags)
    checked([{"Key": key, "Value": value} for key, value in tags.items()])
    _write(call, ResourceARN, tags)


@operation(
    "cloudwatch",
    "UntagResource",
    resource=_resource,
    conditions=lambda call, p: {"aws:TagKeys": list(p["TagKeys"])},
)
def untag_resource(call: Call, *, ResourceARN: str, TagKeys: Sequence[str]) -> None:
    """Take tags away; keys it does not have are passed over."""
    tags = _read(call, ResourceARN)
    _write(call, ResourceARN, {key: value for key, value in tags.items() if key not in TagKeys})


@operation("cloudwatch", "ListTagsForResource", resource=_resource, readonly=True)
def list_tags_for_resource(call: Call, *, ResourceARN: str) -> dict[str, object]:
    """The tags of an alarm or a dashboard."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _read(call, ResourceARN).items()]}
