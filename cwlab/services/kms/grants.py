"""Grants: permissions to use a key given beside its policy, one grantee each, with constraints on the encryption context.

A grant holds at once here (AWS: within five minutes; a grant token bridges them). Source: KMS developer guide, "Grants".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.kms import find
from cwlab.services.kms.errors import dry_run, invalid, not_arn, unsupported
from cwlab.services.kms.find import conditions, policy, resource
from cwlab.services.kms.paging import listed
from cwlab.services.kms.records import Grant, Key, Pairs
from cwlab.timeline import to_datetime

OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
)  # of a symmetric key that is modeled here
_PRINCIPAL = re.compile(r"arn:aws:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/.+)")


def _conditions(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    keys = {
        **conditions()(call, params),
        "kms:GrantIsForAWSResource": str(call.request.via is not None).lower(),
    }
    for name in ("GranteePrincipal", "RetiringPrincipal"):
        if name in params:
            keys[f"kms:{name}"] = params[name]
    keys["kms:GrantOperations"] = list(params.get("Operations") or [])
    for name in params.get("Constraints") or {}:
        keys["kms:GrantConstraintType"] = name
    return keys


def _pairs(context: Mapping[str, str] | None) -> Pairs | None:
    return None if context is None else tuple(sorted(context.items()))


@operation("kms", "CreateGrant", resource=resource(), policy=policy(), conditions=_conditions)
def create_grant(
    call: Call,
    *,
    KeyId: str,
    GranteePrincipal: str | None = None,
    Operations: Sequence[str],
    RetiringPrincipal: str | None = None,
    Constraints: Mapping[str, Any] | None = None,
    GrantTokens: Sequence[str] = (),
    Name: str | None = None,
    DryRun: bool = False,
) -> dict[str, Any]:
    """Let a principal use a key for some operations. The same request with the same name makes no second grant."""
    key = find.usable(find.find(call, KeyId))
    if GranteePrincipal is None:
        raise invalid("Either GranteePrincipal or GranteeServicePrincipal must be specified.")
    for who in (GranteePrincipal, RetiringPrincipal):
        if who is not None and not _PRINCIPAL.fullmatch(who):
            raise not_arn(who)
    for each in Operations:
        if each not in OPERATIONS:
            raise invalid(
                f"Grant operation {each} is not supported for KMS keys of key spec SYMMETRIC_DEFAULT."
            )
    asked = Constraints or {}
    if "SourceArn" in asked:
        raise unsupported("Grants with a SourceArn constraint are not modeled here.")
    if len(asked) > 1:
        raise invalid("A grant takes one of EncryptionContextEquals and EncryptionContextSubset.")
    if DryRun:
        raise dry_run()
    equals, subset = (
        _pairs(asked.get("EncryptionContextEquals")),
        _pairs(asked.get("EncryptionContextSubset")),
    )
    operations = tuple(sorted(set(Operations)))
    grants = call.table("grants", account=key.account)
    if Name is not None:
        for old in grants.values():
            mine = (old.key_id, old.grantee, old.retiring, old.operations, old.equals, old.subset, old.name)
            if mine == (key.key_id, GranteePrincipal, RetiringPrincipal, operations, equals, subset, Name):
                return {"GrantToken": old.token, "GrantId": old.grant_id}
    grant_id = call.unique("", 32) + call.unique("", 32)
    grant = Grant(
        grant_id,
        base64.b64encode(f"{key.arn} {grant_id}".encode()).decode(),
        key.key_id,
        GranteePrincipal,
        RetiringPrincipal,
        operations,
        equals,
        subset,
        Name,
        call.now_ms,
        f"arn:aws:iam::{call.principal.account or call.account}:root",
    )
    grants[grant_id] = grant
    return {"GrantToken": grant.token, "GrantId": grant_id}


def check_tokens(call: Call, tokens: Sequence[str]) -> None:
    """Grant tokens must be real ones; a grant holds at once here, so they add nothing.

    Raises:
        AwsError: InvalidGrantTokenException.
    """
    for text in tokens:
        try:
            key_arn, grant_id = base64.b64decode(text, validate=True).decode().split(" ")
        except ValueError:
            raise _bad_token() from None
        if grant_id not in call.table("grants", account=key_arn.split(":")[4]):
            raise _bad_token()


def _bad_token() -> AwsError:
    return AwsError("InvalidGrantTokenException", "The grant token is invalid.")


def _told(call: Call, key: Key, grant: Grant) -> dict[str, Any]:
    constraints = {}
    if grant.equals is not None:
        constraints["EncryptionContextEquals"] = dict(grant.equals)
    if grant.subset is not None:
        constraints["EncryptionContextSubset"] = dict(grant.subset)
    found: dict[str, Any] = {
        "KeyId": key.arn,
        "GrantId": grant.grant_id,
        "CreationDate": to_datetime(grant.created_ms),
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
    }
    if grant.name is not None:
        found["Name"] = grant.name
    if grant.retiring is not None:
        found["RetiringPrincipal"] = grant.retiring
    if constraints:
        found["Constraints"] = constraints
    return found


@operation("kms", "ListGrants", resource=resource(), policy=policy(), conditions=conditions(), readonly=True)
def list_grants(
    call: Call,
    *,
    KeyId: str,
    Limit: int | None = None,
    Marker: str | None = None,
    GrantId: str | None = None,
    GranteePrincipal: str | None = None,
) -> dict[str, Any]:
    """The grants of a key."""
    key = find.find(call, KeyId)
    rows = [
        _told(call, key, each)
        for each in call.table("grants", account=key.account).values()
        if each.key_id == key.key_id
        and GrantId in (None, each.grant_id)
        and GranteePrincipal in (None, each.grantee)
    ]
    return listed("Grants", rows, Limit, Marker, 50)


@operation("kms", "ListRetirableGrants", readonly=True)
def list_retirable_grants(
    call: Call, *, RetiringPrincipal: str, Limit: int | None = None, Marker: str | None = None
) -> dict[str, Any]:
    """The grants of this account and Region that a principal may retire."""
    rows = [
        _told(call, find.known(call, call.account, each.key_id), each)
        for each in call.table("grants").values()
        if each.retiring == RetiringPrincipal
    ]
    return listed("Grants", rows, Limit, Marker, 50)


@operation("kms", "RevokeGrant", resource=resource(), policy=policy(), conditions=conditions())
def revoke_grant(call: Call, *, KeyId: str, GrantId: str, DryRun: bool = False) -> None:
    """Take a grant away at once, as who manages the key."""
    key = find.find(call, KeyId)
    grants = call.table("grants", account=key.account)
    _of(grants.get(GrantId), key, GrantId)
    if DryRun:
        raise dry_run()
    del grants[GrantId]


def _of(grant: Grant | None, key: Key, grant_id: str) -> Grant:
    if grant is None or grant.key_id != key.key_id:
        raise AwsError("NotFoundException", f"Grant ID {grant_id} not found")
    return grant


def _retired(call: Call, params: dict[str, Any]) -> tuple[str, str] | None:
    """ARN of the key and id of the grant that is to be retired."""
    if "GrantToken" in params:
        try:
            arn, grant_id = base64.b64decode(params["GrantToken"], validate=True).decode().split(" ")
        except ValueError:
            return None
        return arn, grant_id
    if "KeyId" in params and "GrantId" in params:
        return params["KeyId"], params["GrantId"]
    return None


def _retired_resource(call: Call, params: dict[str, Any]) -> str:
    found = _retired(call, params)
    return "*" if found is None else resource()(call, {"KeyId": found[0]})


def _retired_policy(call: Call, params: dict[str, Any]) -> str | None:
    """Whom a grant names to retire it, may; so may its grantee, if RetireGrant is among what it permits; and the account."""
    found = _retired(call, params)
    where = None if found is None else find.place_or_none(call, found[0])
    grant: Grant | None = (
        None if found is None or where is None else call.table("grants", account=where[0]).get(found[1])
    )
    if grant is None:
        return find.open_policy(call, where)
    who = {f"arn:aws:iam::{where[0] if where else call.account}:root"}
    if grant.retiring:
        who.add(grant.retiring)
    if "RetireGrant" in grant.operations:
        who.add(grant.grantee)
    return find.document(
        [{"Effect": "Allow", "Principal": {"AWS": sorted(who)}, "Action": "kms:RetireGrant", "Resource": "*"}]
    )


@operation("kms", "RetireGrant", resource=_retired_resource, policy=_retired_policy)
def retire_grant(
    call: Call,
    *,
    GrantToken: str | None = None,
    KeyId: str | None = None,
    GrantId: str | None = None,
    DryRun: bool = False,
) -> None:
    """Take a grant away when it is no longer needed, as who was named to retire it, or as its grantee."""
    given = {"GrantToken": GrantToken, "KeyId": KeyId, "GrantId": GrantId}
    found = _retired(call, {name: value for name, value in given.items() if value is not None})
    if found is None:
        if GrantToken is not None:
            raise _bad_token()
        raise invalid("Must specify either GrantToken or both KeyId and GrantId.")
    key = find.find(call, found[0])
    grants = call.table("grants", account=key.account)
    _of(grants.get(found[1]), key, found[1])
    if DryRun:
        raise dry_run()
    del grants[found[1]]
