"""Names, ARNs and identifiers of log groups and streams.

A group's ARN comes in two forms: with ``:*`` in DescribeLogGroups and IAM policies, without it as identifier, for tags
and in KMS encryption contexts. Source: User Guide, "Log group ARNs".
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.services.logs.records import DEFAULTS, Group, Settings, Stream
from cwlab.services.logs.refusals import invalid, no_group, no_stream
from cwlab.table import Table

Params = dict[str, Any]


def group_arn(call: Call, name: str) -> str:
    """The form without ``:*``."""
    return arn("logs", call.region, call.account, f"log-group:{name}")


def name_of(call: Call, identifier: str) -> str:
    """The group's name out of a name or an ARN without ``:*``.

    Raises:
        AwsError: the ARN is no log group's, or one of another account or Region.
    """
    if not identifier.startswith("arn:"):
        return identifier
    parts = identifier.split(":", 6)
    if len(parts) != 7 or parts[2] != "logs" or parts[5] != "log-group" or ":" in parts[6]:
        raise invalid("The specified log group identifier is invalid.")
    if parts[3:5] != [call.region, call.account]:
        raise no_group()
    return parts[6]


def identifier_of(params: Params) -> str:
    """What a request names its group by: ``logGroupName`` or ``logGroupIdentifier``, one of the two."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise invalid(
            "Exactly one of logGroupName and logGroupIdentifier must be specified."
            if name is None
            else "LogGroupName and LogGroupIdentifier cannot both be specified."
        )
    return name if name is not None else str(identifier)


def policy_arn(call: Call, params: Params) -> str:
    """What a request touches, as IAM sees it: the stream's ARN, or ``…:log-stream:`` for the group's streams.

    Policies may name it as ``…:log-group:NAME:*`` or ``…:log-group:NAME*``.
    """
    identifier = params.get("logGroupName") or params.get("logGroupIdentifier") or ""
    if identifier.startswith("arn:"):
        return f"{identifier}:log-stream:{params.get('logStreamName', '')}"
    return f"{group_arn(call, identifier)}:log-stream:{params.get('logStreamName', '')}"


def tag_conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """The condition keys of a request that names a group: the group's tags, and those the request sets or takes."""
    identifier = next(
        (params[n] for n in ("logGroupName", "logGroupIdentifier", "resourceArn") if n in params), ""
    )
    own, name = True, identifier
    if identifier.startswith("arn:"):
        own, name = identifier.split(":")[4] == call.account, identifier.split(":", 6)[-1]
    group: Group | None = groups(call).get(name) if own else None
    keys: dict[str, str | list[str]] = {f"aws:ResourceTag/{k}": v for k, v in (group.tags if group else ())}
    tags = params.get("tags", params.get("tagKeys"))
    if tags:
        keys["aws:TagKeys"] = sorted(tags)
        if isinstance(tags, dict):
            keys |= {f"aws:RequestTag/{k}": v for k, v in tags.items()}
    return keys


def groups(call: Call) -> Table:
    """Log groups by name."""
    return call.table("groups")


def streams(call: Call, group: str) -> Table:
    """A group's streams by name."""
    return call.table(f"streams/{group}")


def group_of(call: Call, name: str) -> Group:
    """The group of that name.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found: Group | None = groups(call).get(name)
    if found is None:
        raise no_group()
    return found


def stream_of(call: Call, group: str, name: str) -> Stream:
    """The stream of that name in a group that exists.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found: Stream | None = streams(call, group).get(name)
    if found is None:
        raise no_stream()
    return found


def settings_of(call: Call) -> Settings:
    """The named settings of this account and Region."""
    found: Settings = call.table("settings").get("settings", DEFAULTS)
    return found
