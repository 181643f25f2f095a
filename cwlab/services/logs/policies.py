"""Resource policies: which AWS services may write into this account's log groups.

They let service principals call PutLogEvents and CreateLogStream, nothing else and nobody else; users, roles and other
accounts need policies of their own. Source: User Guide, "Overview of managing access"; API reference PutResourcePolicy.
"""

from __future__ import annotations

import json
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.logs import paging
from cwlab.services.logs.names import group_arn, group_of, name_of
from cwlab.services.logs.records import ResourcePolicy
from cwlab.services.logs.refusals import invalid, limit_exceeded, not_found
from cwlab.table import Table

MAX_POLICIES = 10  # for the account, in each Region; one more for each log group
PAGE = 50
Structure = dict[str, Any]


def granted(call: Call, params: Structure) -> str | None:
    """All resource policies that speak of this request's group, as one document; None when there are none."""
    statements = call.table("granted")
    if not statements:
        return None
    own = statements.get(group_arn(call, params["logGroupName"]))
    texts = [text for text in (statements.get(""), own) if text]
    return f'{{"Version":"2012-10-17","Statement":[{",".join(texts)}]}}' if texts else None


@operation("logs", "PutResourcePolicy")
def put_resource_policy(
    call: Call,
    *,
    policyDocument: str,
    policyName: str | None = None,
    resourceArn: str | None = None,
    expectedRevisionId: str | None = None,
) -> Structure:
    """Store a policy under a name, or as the policy of one log group."""
    table = _policies(call)
    scope = _scope(call, resourceArn)
    if not scope and not policyName:
        raise invalid("policyName is required for policies of account scope.")
    try:
        parse(policyDocument, "resource")
    except MalformedPolicy as problem:
        error = invalid("The policy document is invalid.")
        error.add_note(str(problem))
        raise error from problem
    key = (scope, "" if scope else policyName)
    had: ResourcePolicy | None = table.get(key)
    _check_revision(had, expectedRevisionId, scope)
    if had is None and not scope and sum(1 for each, _ in table if not each) >= MAX_POLICIES:
        raise limit_exceeded()
    policy = ResourcePolicy(policyName or "", scope, policyDocument, call.now_ms, call.unique("", 16))
    table[key] = policy
    _grant(call, scope)
    return {"resourcePolicy": _described(policy), "revisionId": policy.revision}


@operation("logs", "DeleteResourcePolicy")
def delete_resource_policy(
    call: Call,
    *,
    policyName: str | None = None,
    resourceArn: str | None = None,
    expectedRevisionId: str | None = None,
) -> None:
    """Delete a policy by its name, or the policy of a log group."""
    table = _policies(call)
    scope = _scope(call, resourceArn)
    key = (scope, "" if scope else policyName)
    if key not in table:
        raise not_found(f"Policy with name [{policyName or resourceArn}] does not exist")
    _check_revision(table[key], expectedRevisionId, scope)
    del table[key]
    _grant(call, scope)


@operation("logs", "DescribeResourcePolicies", readonly=True)
def describe_resource_policies(
    call: Call,
    *,
    resourceArn: str | None = None,
    policyScope: str | None = None,
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """The account's policies, or with ``policyScope="RESOURCE"`` those of log groups."""
    scope = _scope(call, resourceArn)
    resources = policyScope == "RESOURCE" or (policyScope is None and bool(scope))
    found = [
        policy
        for _, policy in sorted(_policies(call).items())
        if bool(policy.scope) == resources and scope in ("", policy.scope)
    ]
    request = ("policies", scope, resources)
    shown, following = paging.listed(found, request, limit, nextToken, call.now_ms)
    answer: Structure = {"resourcePolicies": [_described(policy) for policy in shown]}
    return answer | ({"nextToken": following} if following else {})


def forget(call: Call, group: str) -> None:
    """A log group is deleted, and its policy with it."""
    scope = group_arn(call, group)
    if (scope, "") in _policies(call):
        del _policies(call)[scope, ""]
        _grant(call, scope)


def _policies(call: Call) -> Table:
    """By scope and name."""
    return call.table("resource_policies")


def _scope(call: Call, resource_arn: str | None) -> str:
    """ "" for the account, or the ARN of a log group that exists."""
    if resource_arn is None:
        return ""
    group = group_of(call, name_of(call, resource_arn.removesuffix(":*")))
    return group_arn(call, group.name)


def _check_revision(had: ResourcePolicy | None, expected: str | None, scope: str) -> None:
    """Two writers must not overwrite each other: a log group's policy is changed only by who has seen its last revision."""
    if had is not None and (scope or expected is not None) and expected != had.revision:
        raise AwsError(
            "OperationAbortedException",
            "The policy has been changed since: expectedRevisionId is not the policy's revision.",
        )


def _grant(call: Call, scope: str) -> None:
    """Bring up to date what ``granted`` reads: the statements of a scope that name services."""
    texts = []
    for (where, _), policy in sorted(_policies(call).items()):
        if where != scope:
            continue
        body = json.loads(policy.document)["Statement"]
        for statement in body if isinstance(body, list) else [body]:
            principal = statement.get("Principal")
            if isinstance(principal, dict) and "Service" in principal:
                kept = {name: value for name, value in statement.items() if name != "Sid"}
                texts.append(json.dumps(kept | {"Principal": {"Service": principal["Service"]}}))
    table = call.table("granted")
    if texts:
        table[scope] = ",".join(texts)
    elif scope in table:
        del table[scope]


def _described(policy: ResourcePolicy) -> Structure:
    out: Structure = {
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated_ms,
        "policyScope": "RESOURCE" if policy.scope else "ACCOUNT",
        "revisionId": policy.revision,
    }
    if policy.name:
        out["policyName"] = policy.name
    if policy.scope:
        out["resourceArn"] = policy.scope
    return out
