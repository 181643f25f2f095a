"""Field index policies of log groups, and the indexes there are.

An index holds the events that came in while a policy asked for it; nothing is indexed afterwards. What a policy says is
checked in ``indexing``. Source: API reference PutIndexPolicy, DeleteIndexPolicy, DescribeIndexPolicies,
DescribeFieldIndexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.services.logs import history, indexing, paging
from cwlab.services.logs.history import ACCOUNT
from cwlab.services.logs.names import group_arn, group_of, name_of, policy_arn, streams, tag_conditions
from cwlab.services.logs.records import STANDARD, Group
from cwlab.services.logs.refusals import not_found, not_in_class
from cwlab.table import Table

PAGE = 50
_LAST_MS = 1 << 60
CATEGORIES = ("DEFAULT", "CUSTOM", "INACTIVE")  # what DescribeFieldIndexes lists unless told
Structure = dict[str, Any]


@record
class IndexPolicy:
    """A group's own policy."""

    document: str
    fields: tuple[str, ...]
    updated_ms: int


def policies(call: Call) -> Table:
    """Index policies of groups, by group."""
    return call.table("index_policies")


def histories(call: Call) -> Table:
    """What was indexed when, by group; the account's policies under ``ACCOUNT``."""
    return call.table("index_histories")


def note(call: Call, group: str, value: Any) -> None:
    """From now on a group's policy asks for other fields, or the account's policies do."""
    history.note(call, histories(call), group, value)


def spans(call: Call, group: Group) -> dict[str, list[indexing.Span]]:
    """When a group's events were indexed, by field: what a query may use now."""
    table = histories(call)
    found = indexing.spans(group.name, group.log_class, table.get(group.name, ()), table.get(ACCOUNT, ()))
    return indexing.usable(found, call.now_ms)


@operation("logs", "PutIndexPolicy", resource=policy_arn, conditions=tag_conditions)
def put_index_policy(call: Call, *, logGroupIdentifier: str, policyDocument: str) -> Structure:
    """Index the fields of a policy in what comes from now on, and none that only the account's policy names."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    if group.log_class != STANDARD:
        raise not_in_class("PutIndexPolicy", group.name, group.log_class)
    fields = indexing.fields_of(policyDocument)
    policies(call)[group.name] = IndexPolicy(policyDocument, fields, call.now_ms)
    note(call, group.name, fields)
    return {"indexPolicy": _own(call, group.name)}


@operation("logs", "DeleteIndexPolicy", resource=policy_arn, conditions=tag_conditions)
def delete_index_policy(call: Call, *, logGroupIdentifier: str) -> None:
    """End a group's own policy; the account's counts again. What was indexed stays so for thirty days."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    if group.name not in policies(call):
        raise not_found("The specified log group does not have an index policy.")
    del policies(call)[group.name]
    note(call, group.name, None)


def _several(call: Call, params: Structure) -> list[str]:
    """The ARNs of the groups a request lists, as IAM sees them."""
    return [policy_arn(call, {"logGroupIdentifier": each}) for each in params["logGroupIdentifiers"]]


@operation("logs", "DescribeIndexPolicies", readonly=True, resource=_several)
def describe_index_policies(
    call: Call, *, logGroupIdentifiers: Sequence[str], nextToken: str | None = None
) -> Structure:
    """The policy that counts for a group: its own, else the account's that selects it."""
    found: list[Structure] = []
    for identifier in logGroupIdentifiers:
        group = group_of(call, name_of(call, identifier))
        if group.name in policies(call):
            found.append(_own(call, group.name))
        elif group.log_class == STANDARD:
            found += _of_account(call, group.name)
    request = ("index policies", tuple(logGroupIdentifiers))
    shown, following = paging.listed(found, request, PAGE, nextToken, call.now_ms)
    answer: Structure = {"indexPolicies": shown}
    return answer | ({"nextToken": following} if following else {})


def _own(call: Call, group: str) -> Structure:
    policy: IndexPolicy = policies(call)[group]
    return {
        "logGroupIdentifier": group_arn(call, group),
        "lastUpdateTime": policy.updated_ms,
        "policyDocument": policy.document,
        "source": "LOG_GROUP",
    }


def _of_account(call: Call, group: str) -> list[Structure]:
    return [
        {
            "logGroupIdentifier": group_arn(call, group),
            "lastUpdateTime": policy.updated_ms,
            "policyDocument": policy.document,
            "policyName": policy.name,
            "source": "ACCOUNT",
        }
        for (kind, _), policy in sorted(call.table("account_policies").items())
        if kind == "FIELD_INDEX_POLICY" and group.startswith(indexing.prefix_of(policy.criteria))
    ]


@operation("logs", "DescribeFieldIndexes", readonly=True, resource=_several)
def describe_field_indexes(
    call: Call,
    *,
    logGroupIdentifiers: Sequence[str],
    indexCategories: Sequence[str] = CATEGORIES,
    nextToken: str | None = None,
) -> Structure:
    """The indexes of groups. Those that are there without a policy are listed once an event has the field."""
    found: list[Structure] = []
    for identifier in logGroupIdentifiers:
        found += _indexes(call, group_of(call, name_of(call, identifier)))
    found = [each for each in found if each["indexCategory"] in indexCategories]
    request = ("field indexes", tuple(logGroupIdentifiers), tuple(indexCategories))
    shown, following = paging.listed(found, request, PAGE, nextToken, call.now_ms)
    answer: Structure = {"fieldIndexes": shown}
    return answer | ({"nextToken": following} if following else {})


def _indexes(call: Call, group: Group) -> list[Structure]:
    """A group's indexes, by name, the default ones first."""
    from cwlab.services.logs.insights.extent import extent
    from cwlab.services.logs.queries.scanning import sources_of

    known = spans(call, group)
    if group.log_class != STANDARD:
        return []
    times = extent(f"{call.account}:{group.name}", sources_of(call, group, 0, _LAST_MS), known)
    scanned = max((s.ingested_ms for s in streams(call, group.name).values() if s.ingested_ms), default=None)
    found: list[tuple[int, Structure]] = []
    for name, each in sorted(known.items()):
        kind = "CUSTOM" if each[-1][1] is None else "INACTIVE"
        kind = "DEFAULT" if name in indexing.DEFAULTS else kind
        first_ms, last_ms = times.get(name, (None, None))
        if kind == "DEFAULT" and first_ms is None:
            continue
        shown: Structure = {
            "logGroupIdentifier": group_arn(call, group.name),
            "fieldIndexName": name,
            "type": "FIELD_INDEX",
            "indexCategory": kind,
        }
        began_ms = each[-1][0][0]
        if kind == "CUSTOM" and scanned is not None and scanned >= began_ms:
            shown["lastScanTime"] = scanned
        if first_ms is not None:
            shown |= {"firstEventTime": first_ms, "lastEventTime": last_ms}
        found.append((CATEGORIES.index(kind), shown))
    return [shown for _, shown in sorted(found, key=lambda pair: pair[0])]


def forget(call: Call, group: str) -> None:
    """A log group is deleted, and its policy and indexes with it."""
    policies(call).pop(group, None)
    histories(call).pop(group, None)
