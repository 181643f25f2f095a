"""The policy simulator: ask whether a request would be allowed, without making it.

Source: IAM API reference, SimulatePrincipalPolicy and SimulateCustomPolicy.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, Principal, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.policy import Caller, Kind, MalformedPolicy, Policy, Request, evaluate, matches, parse
from cwlab.policy.evaluate import BOUNDARY, IDENTITY, RESOURCE
from cwlab.services.iam.common import Answer, page, table_getter
from cwlab.services.iam.lookup import policies_of, role_name, standing
from cwlab.services.iam.records import get

SOURCE_TYPES = {
    IDENTITY: "IAM Policy",
    RESOURCE: "Resource Policy",
    BOUNDARY: "IAM Permissions Boundary Policy",
}


def _read(documents: list[str] | None, kind: Kind, name: str) -> list[Policy]:
    found = []
    for number, text in enumerate(documents or (), 1):
        try:
            found.append(parse(text, kind, f"{name}.{number}"))
        except MalformedPolicy as problem:
            raise AwsError("InvalidInput", f"{name}.{number}: {problem.message}", 400) from None
    return found


def _context(entries: list[dict[str, Any]] | None) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for entry in entries or ():
        values = entry.get("ContextKeyValues", [])
        listed = entry.get("ContextKeyType", "string").endswith("List")
        if not listed and len(values) != 1:
            raise AwsError(
                "InvalidInput",
                f"Context key {entry.get('ContextKeyName')} has {len(values)} values; a key of type "
                f"{entry.get('ContextKeyType', 'string')} takes one. Use a List type for several.",
                400,
            )
        found[entry.get("ContextKeyName", "")] = values if listed else values[0]
    return found


def _caller(call: Call, arn: str | None) -> Caller:
    """The caller to assume for a resource policy; the account itself when none is named."""
    if arn is None:
        return Caller(f"arn:aws:iam::{call.account}:user/simulated", call.account, "user")
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith(("user/", "assumed-role/", "role/")):
        raise AwsError("InvalidInput", f"Invalid CallerArn {arn}: it is the ARN of a user.", 400)
    if parts[5].startswith("user/"):
        return Caller(arn, parts[4], "user")
    return Caller(arn, parts[4], "role", f"arn:aws:iam::{parts[4]}:role/{role_name(arn)}")


def _simulate(
    caller: Caller,
    identity: list[Policy],
    boundary: Policy | None,
    actions: list[str],
    resources: list[str] | None,
    own: Policy | None,
    owner: str | None,
    context: dict[str, Any],
    marker: str | None,
    limit: int | None,
) -> Answer:
    layers = [(IDENTITY, each) for each in identity]
    layers += [(RESOURCE, own)] if own is not None else []
    layers += [(BOUNDARY, boundary)] if boundary is not None else []
    asked_for = sorted({key for _, policy in layers for key in policy.keys}, key=str.casefold)
    results = []
    for action in actions:
        if ":" not in action or "*" in action:
            raise AwsError(
                "InvalidInput", f"Invalid action {action}: name one operation as service:Operation.", 400
            )
        for resource in resources or ["*"]:
            request = Request(
                action,
                resource,
                caller,
                (owner or "").split(":")[4] if owner and ":" in owner else owner or "",
                context,
            )
            decision = evaluate(request, identity=identity, resource=own, boundary=boundary)
            have = request.keys()
            found = matches(layers, request)
            if decision.explicit_deny:
                found = [each for each in found if not each.statement.allow]
            result: Answer = {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "allowed"
                if decision.allowed
                else "explicitDeny"
                if decision.explicit_deny
                else "implicitDeny",
                "MatchedStatements": [
                    {"SourcePolicyId": each.policy, "SourcePolicyType": SOURCE_TYPES[each.layer]}
                    for each in found
                ],
                "MissingContextValues": [key for key in asked_for if key.lower() not in have],
            }
            if boundary is not None:
                within = any(each.layer == BOUNDARY and each.statement.allow for each in found)
                result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within}
            results.append(result)
    return page(
        ((f"{number:06d}", result) for number, result in enumerate(results)),
        "EvaluationResults",
        lambda each: each,
        marker,
        limit,
    )


def _boundary(documents: list[str] | None) -> Policy | None:
    found = _read(documents, "identity", "PermissionsBoundaryPolicyInputList")
    return found[0] if found else None


def _resource_policy(document: str | None) -> Policy | None:
    return _read([document], "resource", "ResourcePolicy")[0] if document is not None else None


@operation("iam", "SimulateCustomPolicy", readonly=True, region=GLOBAL)
def simulate_custom_policy(
    call: Call,
    *,
    PolicyInputList: list[str],
    ActionNames: list[str],
    PermissionsBoundaryPolicyInputList: list[str] | None = None,
    ResourceArns: list[str] | None = None,
    ResourcePolicy: str | None = None,
    ResourceOwner: str | None = None,
    CallerArn: str | None = None,
    ContextEntries: list | None = None,
    MaxItems: int | None = None,
    Marker: str | None = None,
) -> Answer:
    return _simulate(
        _caller(call, CallerArn),
        _read(PolicyInputList, "identity", "PolicyInputList"),
        _boundary(PermissionsBoundaryPolicyInputList),
        ActionNames,
        ResourceArns,
        _resource_policy(ResourcePolicy),
        ResourceOwner,
        _context(ContextEntries),
        Marker,
        MaxItems,
    )


def _source(call: Call, arn: str) -> tuple[Caller, list[Policy], Policy | None, dict[str, Any]]:
    """Whom PolicySourceArn names: caller, policies, boundary and own context keys."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[4] != call.account:
        raise AwsError(
            "InvalidInput",
            f"Invalid Entity Arn: {arn} does not name a user, group or role of this account.",
            400,
        )
    kind, _, name = parts[5].partition("/")
    name = name.rsplit("/", 1)[-1]
    if kind == "group":
        found = get(call.table("groups"), "group", name)
        return _caller(call, None), policies_of(found, call.account, table_getter(call)), None, {}
    if kind == "user":
        principal = Principal(arn, call.account, "user")
    elif kind == "role":
        principal = Principal(
            f"arn:aws:sts::{call.account}:assumed-role/{name}/simulated", call.account, "role"
        )
    else:
        raise AwsError("InvalidInput", f"Invalid Entity Arn: {arn} does not name a user, group or role.", 400)
    try:
        who = standing(principal, table_getter(call))
    except AwsError:
        raise AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404) from None
    return who.caller, list(who.identity), who.boundary, dict(who.context or {})


@operation(
    "iam",
    "SimulatePrincipalPolicy",
    readonly=True,
    region=GLOBAL,
    resource=lambda call, params: params["PolicySourceArn"],
)
def simulate_principal_policy(
    call: Call,
    *,
    PolicySourceArn: str,
    ActionNames: list[str],
    PolicyInputList: list[str] | None = None,
    PermissionsBoundaryPolicyInputList: list[str] | None = None,
    ResourceArns: list[str] | None = None,
    ResourcePolicy: str | None = None,
    ResourceOwner: str | None = None,
    CallerArn: str | None = None,
    ContextEntries: list | None = None,
    MaxItems: int | None = None,
    Marker: str | None = None,
) -> Answer:
    caller, policies, bound, own = _source(call, PolicySourceArn)
    caller = caller if CallerArn is None else _caller(call, CallerArn)
    return _simulate(
        caller,
        policies + _read(PolicyInputList, "identity", "PolicyInputList"),
        _boundary(PermissionsBoundaryPolicyInputList) or bound,
        ActionNames,
        ResourceArns,
        _resource_policy(ResourcePolicy),
        ResourceOwner,
        own | _context(ContextEntries),
        Marker,
        MaxItems,
    )


@operation("iam", "GetContextKeysForCustomPolicy", readonly=True, region=GLOBAL)
def context_keys_for_custom_policy(call: Call, *, PolicyInputList: list[str]) -> Answer:
    found = {key for each in _read(PolicyInputList, "identity", "PolicyInputList") for key in each.keys}
    return {"ContextKeyNames": sorted(found, key=str.casefold)}


@operation(
    "iam",
    "GetContextKeysForPrincipalPolicy",
    readonly=True,
    region=GLOBAL,
    resource=lambda call, params: params["PolicySourceArn"],
)
def context_keys_for_principal_policy(
    call: Call, *, PolicySourceArn: str, PolicyInputList: list[str] | None = None
) -> Answer:
    _, policies, bound, _ = _source(call, PolicySourceArn)
    policies += _read(PolicyInputList, "identity", "PolicyInputList") + ([bound] if bound else [])
    return {"ContextKeyNames": sorted({key for each in policies for key in each.keys}, key=str.casefold)}
