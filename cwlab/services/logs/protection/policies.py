"""Data protection policies of log groups and of the account.

Source: API reference PutDataProtectionPolicy, GetDataProtectionPolicy, DeleteDataProtectionPolicy, PutAccountPolicy.
"""

from __future__ import annotations

import json
from typing import Any

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.services.logs.history import ACCOUNT
from cwlab.services.logs.names import group_arn, group_of, name_of, policy_arn, tag_conditions
from cwlab.services.logs.policies import granted
from cwlab.services.logs.protection.arriving import DELIVERY
from cwlab.services.logs.protection.documents import parsed
from cwlab.services.logs.protection.reading import histories, note
from cwlab.services.logs.records import DELIVERY as DELIVERY_CLASS
from cwlab.services.logs.refusals import not_in_class
from cwlab.table import Table

GRANT = "AWSLogDeliveryWrite20150319"  # the resource policy that lets reports be written
Structure = dict[str, Any]


@record
class Protection:
    """A group's policy; without a document when it was deleted."""

    document: str | None
    updated_ms: int


def protections(call: Call) -> Table:
    """Policies of groups, by group."""
    return call.table("protections")


@operation("logs", "PutDataProtectionPolicy", resource=policy_arn, conditions=tag_conditions)
def put_data_protection_policy(call: Call, *, logGroupIdentifier: str, policyDocument: str) -> Structure:
    """Find and mask sensitive data in what comes from now on."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    if group.log_class == DELIVERY_CLASS:
        raise not_in_class("PutDataProtectionPolicy", group.name, group.log_class)
    put(call, group.name, policyDocument)
    protections(call)[group.name] = Protection(policyDocument, call.now_ms)
    return {
        "logGroupIdentifier": logGroupIdentifier,
        "policyDocument": policyDocument,
        "lastUpdatedTime": call.now_ms,
    }


def put(call: Call, group: str, document: str) -> None:
    """From now on a policy is in force for a group, or for the account (``ACCOUNT``).

    Raises:
        AwsError: it is none, or the log group for its findings does not exist.
    """
    policy = parsed(document)
    if policy.findings is not None:
        group_of(call, policy.findings)
        _let_write(call, policy.findings)
    note(call, group, policy)


def _let_write(call: Call, target: str) -> None:
    """A resource policy lets the reports in. The caller makes it, and must be allowed to."""
    arn = f"{group_arn(call, target)}:log-stream:*"
    request = {"logGroupName": target}
    if DELIVERY in (granted(call, request) or "") and arn in (granted(call, request) or ""):
        return
    held = [
        each
        for each in call.invoke("logs", "DescribeResourcePolicies", {})["resourcePolicies"]
        if each.get("policyName") == GRANT
    ]
    statements = json.loads(held[0]["policyDocument"])["Statement"] if held else []
    statements = [statements] if isinstance(statements, dict) else statements
    ours = next((each for each in statements if each.get("Sid") == GRANT), None)
    if ours is None:
        statements.append(_grant(call, [arn]))
    else:
        named = ours.get("Resource", [])
        ours |= _grant(call, [*([named] if isinstance(named, str) else named), arn])
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    call.invoke("logs", "PutResourcePolicy", {"policyName": GRANT, "policyDocument": document})


def _grant(call: Call, arns: list[str]) -> Structure:
    return {
        "Sid": GRANT,
        "Effect": "Allow",
        "Principal": {"Service": DELIVERY},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": arns,
        "Condition": {"StringEquals": {"aws:SourceAccount": call.account}},
    }


@operation("logs", "GetDataProtectionPolicy", readonly=True, resource=policy_arn, conditions=tag_conditions)
def get_data_protection_policy(call: Call, *, logGroupIdentifier: str) -> Structure:
    """A group's own policy; only the group's identifier when it has none."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    answer: Structure = {"logGroupIdentifier": logGroupIdentifier}
    found: Protection | None = protections(call).get(group.name)
    if found is not None and found.document is not None:
        answer |= {"policyDocument": found.document, "lastUpdatedTime": found.updated_ms}
    return answer


@operation("logs", "DeleteDataProtectionPolicy", resource=policy_arn, conditions=tag_conditions)
def delete_data_protection_policy(call: Call, *, logGroupIdentifier: str) -> None:
    """End a group's policy: what comes from now on is not masked for it. What came under it stays masked."""
    group = group_of(call, name_of(call, logGroupIdentifier))
    found: Protection | None = protections(call).get(group.name)
    if found is not None and found.document is not None:
        protections(call)[group.name] = Protection(None, call.now_ms)
        note(call, group.name, None)


def described(call: Call, group: str) -> Structure:
    """What DescribeLogGroups tells of a group's protection."""
    out: Structure = {}
    found: Protection | None = protections(call).get(group)
    if found is not None:
        out["dataProtectionStatus"] = "DELETED" if found.document is None else "ACTIVATED"
    account = histories(call).get(ACCOUNT, ())
    if account and account[-1].value is not None:
        out["inheritedProperties"] = ["ACCOUNT_DATA_PROTECTION"]
    return out


def forget(call: Call, group: str) -> None:
    """A log group is deleted, and its policy with it."""
    protections(call).pop(group, None)
    histories(call).pop(group, None)
