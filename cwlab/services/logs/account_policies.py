"""Policies of a whole account in a Region: field indexes, for all groups or those of a prefix; data protection, for all.

Source: API reference PutAccountPolicy, DescribeAccountPolicies, DeleteAccountPolicy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.codec import record
from cwlab.errors import NotModelled
from cwlab.services.logs import indexes, indexing, paging
from cwlab.services.logs.history import ACCOUNT
from cwlab.services.logs.permissions import also
from cwlab.services.logs.protection import policies as protections
from cwlab.services.logs.protection.reading import note
from cwlab.services.logs.refusals import invalid, limit_exceeded, not_found
from cwlab.table import Table

INDEX, PROTECTION = "FIELD_INDEX_POLICY", "DATA_PROTECTION_POLICY"
NEEDS = {
    INDEX: "IndexPolicy",
    PROTECTION: "DataProtectionPolicy",
}  # the permission beside: logs:Put…, logs:Delete…
MOST_INDEX_POLICIES = 20
PAGE = 50
Structure = dict[str, Any]


@record
class AccountPolicy:
    """A policy of the account. ``criteria`` as given; None selects every group."""

    name: str
    kind: str
    document: str
    updated_ms: int
    criteria: str | None = None


def policies(call: Call) -> Table:
    """Account policies by kind and name."""
    return call.table("account_policies")


def _check_kind(kind: str) -> None:
    if kind not in NEEDS:
        raise NotModelled(f"An account policy of type {kind}", f"Modeled types: {', '.join(NEEDS)}.")


@operation("logs", "PutAccountPolicy")
def put_account_policy(
    call: Call,
    *,
    policyName: str,
    policyDocument: str,
    policyType: str,
    scope: str = "ALL",
    selectionCriteria: str | None = None,
) -> Structure:
    """Make a policy of the account, or put another in the place of the one with that name and type."""
    _check_kind(policyType)
    if not policyName or policyName.lower().startswith("aws/"):
        raise invalid(f"policyName {policyName!r} must not be empty or start with aws/.")
    made = AccountPolicy(policyName, policyType, policyDocument, call.now_ms, selectionCriteria)
    also(call, f"logs:Put{NEEDS[policyType]}")
    if policyType == PROTECTION:
        _protect(call, made)
    else:
        _check_index(call, made)
    policies(call)[policyType, policyName] = made
    if policyType == INDEX:
        _note_indexes(call)
    return {"accountPolicy": _described(call, made)}


def _of_kind(call: Call, kind: str) -> list[AccountPolicy]:
    return [each for (of, _), each in sorted(policies(call).items()) if of == kind]


def _protect(call: Call, made: AccountPolicy) -> None:
    if made.criteria is not None:
        raise invalid(
            "selectionCriteria is not supported for DATA_PROTECTION_POLICY: it is in force for every log group."
        )
    if any(each.name != made.name for each in _of_kind(call, PROTECTION)):
        raise limit_exceeded("An account has one policy of type DATA_PROTECTION_POLICY.")
    protections.put(call, ACCOUNT, made.document)


def _check_index(call: Call, made: AccountPolicy) -> None:
    indexing.fields_of(made.document)
    prefix = indexing.prefix_of(made.criteria)
    others = {p.name: indexing.prefix_of(p.criteria) for p in _of_kind(call, INDEX) if p.name != made.name}
    if len(others) >= MOST_INDEX_POLICIES:
        raise limit_exceeded()
    other = indexing.overlapping(prefix, others)
    if other is not None:
        raise invalid(
            f"The policy selects log groups that begin with {prefix!r}, the policy {other} those that begin with "
            f"{others[other]!r}. Prefixes of two field index policies must not overlap."
        )


def _note_indexes(call: Call) -> None:
    """From now on the account's policies ask for other fields."""
    scoped = tuple(
        (indexing.prefix_of(p.criteria), indexing.fields_of(p.document)) for p in _of_kind(call, INDEX)
    )
    indexes.note(call, ACCOUNT, scoped)


@operation("logs", "DescribeAccountPolicies", readonly=True)
def describe_account_policies(
    call: Call,
    *,
    policyType: str,
    policyName: str | None = None,
    accountIdentifiers: Sequence[str] = (),
    nextToken: str | None = None,
) -> Structure:
    """Policies of a type, by name."""
    if any(account != call.account for account in accountIdentifiers):
        raise NotModelled("Account policies of another account", "Ask in that account.")
    found = [p for p in _of_kind(call, policyType) if policyName in (None, p.name)]
    if policyName is not None and not found:
        raise not_found(f"Policy with name [{policyName}] does not exist")
    request = ("account policies", policyType, policyName)
    shown, following = paging.listed(found, request, PAGE, nextToken, call.now_ms)
    answer: Structure = {"accountPolicies": [_described(call, policy) for policy in shown]}
    return answer | ({"nextToken": following} if following else {})


@operation("logs", "DeleteAccountPolicy")
def delete_account_policy(call: Call, *, policyName: str, policyType: str) -> None:
    """Delete a policy of the account."""
    _check_kind(policyType)
    if (policyType, policyName) not in policies(call):
        raise not_found(f"Policy with name [{policyName}] does not exist")
    also(call, f"logs:Delete{NEEDS[policyType]}")
    del policies(call)[policyType, policyName]
    if policyType == PROTECTION:
        note(call, ACCOUNT, None)
    else:
        _note_indexes(call)


def _described(call: Call, policy: AccountPolicy) -> Structure:
    out: Structure = {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated_ms,
        "policyType": policy.kind,
        "scope": "ALL",
        "accountId": call.account,
    }
    return out | ({} if policy.criteria is None else {"selectionCriteria": policy.criteria})
