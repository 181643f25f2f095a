"""Log groups: made, listed, set, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.logs import entities, indexes, keys, linked, metric_filters, paging, policies, tallies
from cwlab.services.logs.names import (
    group_arn,
    group_of,
    groups,
    name_of,
    policy_arn,
    streams,
    tag_conditions,
)
from cwlab.services.logs.protection import policies as protections
from cwlab.services.logs.records import DELIVERY, PURGE_MS, STANDARD, Group
from cwlab.services.logs.refusals import broken, exists, invalid, protected
from cwlab.services.logs.sizes import stored_bytes
from cwlab.services.logs.tags import checked_tags
from cwlab.timeline import DAY

RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
                  3653)  # fmt: skip
DELIVERY_DAYS = 2  # User Guide, "Log classes" (the API reference says 1)
PAGE = 50
CLASSES = (STANDARD, "INFREQUENT_ACCESS", DELIVERY)
Structure = dict[str, Any]


@operation("logs", "CreateLogGroup", resource=policy_arn, conditions=tag_conditions)
def create_log_group(
    call: Call,
    *,
    logGroupName: str,
    kmsKeyId: str | None = None,
    tags: Mapping[str, str] | None = None,
    logGroupClass: str = STANDARD,
    deletionProtectionEnabled: bool = False,
) -> None:
    """Make a log group. Its class is for good."""
    if logGroupName.lower().startswith("aws/"):
        raise invalid("Log groups starting with AWS/ are reserved for AWS.")
    if logGroupClass not in CLASSES:
        raise NotModelled(f"The log class {logGroupClass}", f"Modeled classes: {', '.join(CLASSES)}.")
    if logGroupName in groups(call):
        raise exists("log group")
    labels = checked_tags({}, tags or {})
    group = Group(
        logGroupName,
        call.now_ms,
        logGroupClass,
        DELIVERY_DAYS if logGroupClass == DELIVERY else None,
        protected=deletionProtectionEnabled,
        tags=labels,
    )
    if kmsKeyId is not None:
        group = keys.associated(group, keys.new_key(call, logGroupName, kmsKeyId))
    groups(call)[logGroupName] = group


@operation("logs", "DeleteLogGroup", resource=policy_arn, conditions=tag_conditions)
def delete_log_group(call: Call, *, logGroupName: str) -> None:
    """Delete a group with its streams, events and filters."""
    group = group_of(call, logGroupName)
    if group.protected:
        raise protected("log group")
    tallies.keep(call, logGroupName, streams(call, logGroupName).values())
    streams(call, logGroupName).clear()
    policies.forget(call, logGroupName)
    metric_filters.forget_all(call, logGroupName)
    indexes.forget(call, logGroupName)
    protections.forget(call, logGroupName)
    entities.forget(call, logGroupName)
    del groups(call)[logGroupName]


@operation("logs", "PutLogGroupDeletionProtection", resource=policy_arn, conditions=tag_conditions)
def put_log_group_deletion_protection(
    call: Call, *, logGroupIdentifier: str, deletionProtectionEnabled: bool
) -> None:
    """Switch deletion protection on or off."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    groups(call)[group.name] = replace(group, protected=deletionProtectionEnabled)


@operation(
    "logs",
    "DescribeLogGroups",
    readonly=True,
    resource=lambda call, params: policy_arn(call, {}),  # all groups, whatever is asked for
)
def describe_log_groups(
    call: Call,
    *,
    logGroupNamePrefix: str | None = None,
    logGroupNamePattern: str | None = None,
    logGroupClass: str | None = None,
    logGroupIdentifiers: Sequence[str] | None = None,
    includeLinkedAccounts: bool = False,
    accountIdentifiers: Sequence[str] = (),
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """Groups in ASCII order by name; with ``includeLinkedAccounts`` those too that other accounts share with this one."""
    if logGroupNamePrefix is not None and logGroupNamePattern is not None:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    if logGroupIdentifiers is not None and (
        logGroupNamePrefix is not None or logGroupNamePattern is not None
    ):
        raise invalid("LogGroupIdentifiers cannot be specified with LogGroup name prefix or pattern.")
    found = [
        place
        for place in _places(call, logGroupIdentifiers, includeLinkedAccounts, accountIdentifiers)
        if place.group.name.startswith(logGroupNamePrefix or "")
        and (logGroupNamePattern or "") in place.group.name
        and logGroupClass in (None, place.group.log_class)
    ]
    request = ("groups", logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers,
               includeLinkedAccounts, accountIdentifiers)  # fmt: skip
    shown, following = paging.listed(found, request, limit, nextToken, call.now_ms)
    answer: Structure = {"logGroups": [_described(*place) for place in shown]}
    return answer | ({"nextToken": following} if following else {})


def _places(
    call: Call, identifiers: Sequence[str] | None, include: bool, accounts: Sequence[str]
) -> list[linked.Place]:
    """The groups to list, in order: those of that name or ARN, else all of this account or of all that share theirs."""
    if accounts and not include:
        raise invalid("accountIdentifiers can be specified only when includeLinkedAccounts is true.")
    if identifiers is not None:
        found = []
        for each in dict.fromkeys(identifiers):
            try:
                found.append(linked.place_of(call, each))
            except AwsError as problem:
                if problem.code != "ResourceNotFoundException":  # what does not exist is not listed
                    raise
    else:
        found = [
            place
            for account, filter_ in (linked.all_sources(call) if include else {call.account: None}).items()
            if not accounts or account in accounts
            for place in linked.shared(call, account, filter_)
        ]
    return sorted(found, key=lambda place: (place.group.name, place.call.account))


@operation("logs", "ListLogGroups", readonly=True, action="logs:DescribeLogGroups",
           resource=lambda call, params: policy_arn(call, {}))  # fmt: skip
def list_log_groups(
    call: Call,
    *,
    logGroupNamePattern: str | None = None,
    logGroupClass: str | None = None,
    includeLinkedAccounts: bool = False,
    accountIdentifiers: Sequence[str] = (),
    fieldIndexNames: Sequence[str] = (),
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """Groups whose names contain one of up to five texts (``^`` before one: begin with it), divided by ``|``, and that are
    indexed on all fields asked for."""
    texts = (logGroupNamePattern or "").split("|")
    found = [
        {
            "logGroupName": place.group.name,
            "logGroupArn": place.arn,
            "logGroupClass": place.group.log_class,
        }
        for place in _places(call, None, includeLinkedAccounts, accountIdentifiers)
        if logGroupClass in (None, place.group.log_class)
        and any(_meets(place.group.name, text) for text in texts)
        and (not fieldIndexNames or indexes.spans(place.call, place.group).keys() >= set(fieldIndexNames))
    ]
    request = (
        "list",
        logGroupNamePattern,
        logGroupClass,
        includeLinkedAccounts,
        accountIdentifiers,
        fieldIndexNames,
    )
    shown, following = paging.listed(found, request, limit, nextToken, call.now_ms)
    answer: Structure = {"logGroups": shown}
    return answer | ({"nextToken": following} if following else {})


def _meets(name: str, text: str) -> bool:
    return name.startswith(text[1:]) if text.startswith("^") else text in name


def _described(call: Call, group: Group) -> Structure:
    arn = group_arn(call, group.name)
    out: Structure = {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "metricFilterCount": sum(
            1 for key in call.table("metric_filters") if key[0] == group.name
        ),  # keys: group, filter
        "arn": f"{arn}:*",
        "storedBytes": stored_bytes(streams(call, group.name).values(), group, call.now_ms),
        "logGroupClass": group.log_class,
        "logGroupArn": arn,
        "deletionProtectionEnabled": group.protected,
    }
    if group.retention_days is not None:
        out["retentionInDays"] = group.retention_days
    if group.kms_key is not None:
        out["kmsKeyId"] = group.kms_key
    return out | protections.described(call, group.name)


@operation("logs", "PutRetentionPolicy", resource=policy_arn, conditions=tag_conditions)
def put_retention_policy(call: Call, *, logGroupName: str, retentionInDays: int) -> None:
    """Keep a group's events so many days; older ones disappear."""
    group = group_of(call, logGroupName)
    if retentionInDays not in RETENTION_DAYS:
        raise broken(
            retentionInDays,
            "retentionInDays",
            f"Member must satisfy enum value set: [{', '.join(map(str, RETENTION_DAYS))}]",
        )
    _retain(call, group, retentionInDays)


@operation("logs", "DeleteRetentionPolicy", resource=policy_arn, conditions=tag_conditions)
def delete_retention_policy(call: Call, *, logGroupName: str) -> None:
    """Keep a group's events for ever again."""
    _retain(call, group_of(call, logGroupName), None)


def _retain(call: Call, group: Group, days: int | None) -> None:
    """Change retention. Expired events are gone for good 72 hours after expiry; younger ones may come back."""
    if group.log_class == DELIVERY:
        raise invalid("The retention of a log group of class DELIVERY cannot be changed.")
    floor = group.floor_ms
    if group.retention_days is not None:
        floor = max(floor, call.now_ms - group.retention_days * DAY - PURGE_MS)
    groups(call)[group.name] = replace(group, retention_days=days, floor_ms=floor)
