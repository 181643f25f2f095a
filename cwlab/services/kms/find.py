"""Which key a request means, its policy, and the condition keys of a request.

A key is named by id or ARN, for many operations also by alias or alias ARN; a ciphertext names its key by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.kms import managed, seal
from cwlab.services.kms.errors import (
    disabled,
    no_key_id,
    no_such_alias,
    no_such_key,
    not_arn,
    other_region,
    pending,
    unknown_key,
)
from cwlab.services.kms.records import DISABLED, PENDING, Alias, Grant, Key

Params = dict[str, Any]
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALIAS = "alias/"

# What a grant may permit that takes an encryption context, and so obeys the grant's constraints.
WITH_CONTEXT = {
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
}


def key_arn(region: str, account: str, key_id: str) -> str:
    return arn("kms", region, account, f"key/{key_id}")


def place(call: Call, text: str, *, alias: bool) -> tuple[str, str]:
    """Account and key id a text means, whether there is such a key or not.

    Args:
        alias: whether aliases are taken too.

    Raises:
        AwsError: it is no name of a key, or an alias that leads nowhere.
    """
    account, name = call.account, text
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[2] != "kms" or not re.fullmatch(r"\d{12}", parts[4]):
            raise not_arn(text)
        if parts[3] != call.region:
            raise other_region(parts[3])
        account, name = parts[4], parts[5]
        if name.startswith("key/"):
            name = name.removeprefix("key/")
        elif not (alias and name.startswith(ALIAS)):
            raise not_arn(text)
    if alias and name.startswith(ALIAS):
        return account, _target(call, account, name)
    if not _ID.fullmatch(name):
        raise no_key_id(text)
    return account, name


def _target(call: Call, account: str, name: str) -> str:
    found: Alias | None = call.table("aliases", account=account).get(name)
    if found is not None:
        return found.key_id
    service = managed.service_of(name)
    if service is None:
        raise no_such_alias(arn("kms", call.region, account, name))
    return made_for(call, account, service).key_id


def made_for(call: Call, account: str, service: str) -> Key:
    """The key AWS makes for one of its services, when it is first asked for."""
    policy = managed.policy(service, account, call.region)
    key = new_key(call, account, policy, managed.description(service), service=service)
    name = managed.PREFIX + service
    own = arn("kms", call.region, account, name)
    call.table("aliases", account=account)[name] = Alias(name, own, key.key_id, call.now_ms, call.now_ms)
    return key


def new_key(call: Call, account: str, policy: str, description: str, **more: Any) -> Key:
    """A new key in the books, its id and material from the seed."""
    h = call.unique("", 32)
    key_id = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
    key = Key(
        key_id,
        key_arn(call.region, account, key_id),
        account,
        (material(call),),
        policy,
        description,
        call.now_ms,
        **more,
    )
    keep(call, key)
    return key


def material(call: Call) -> bytes:
    """32 bytes of new key material."""
    return bytes.fromhex(call.unique("", 32) + call.unique("", 32))


def keep(call: Call, key: Key) -> None:
    """Put a key, or a changed one, in its place."""
    call.table("keys", account=key.account)[key.key_id] = key


def known(call: Call, account: str, key_id: str) -> Key:
    """The key of an account.

    Raises:
        AwsError: NotFoundException.
    """
    key: Key | None = call.table("keys", account=account).get(key_id)
    if key is None:
        raise no_such_key(key_arn(call.region, account, key_id))
    return key


def find(call: Call, text: str, *, alias: bool = False) -> Key:
    """The key a text means.

    Raises:
        AwsError: NotFoundException, InvalidArnException.
    """
    return known(call, *place(call, text, alias=alias))


def changeable(call: Call, text: str) -> Key:
    """A key that may be changed: not one whose deletion is pending.

    Raises:
        AwsError: KMSInvalidStateException too.
    """
    key = find(call, text)
    if key.state == PENDING:
        raise pending(key.arn)
    return key


def usable(key: Key) -> Key:
    """The key, if it can be used.

    Raises:
        AwsError: DisabledException, KMSInvalidStateException. Source: developer guide, "Key states of KMS keys".
    """
    if key.state == DISABLED:
        raise disabled(key.arn)
    if key.state == PENDING:
        raise pending(key.arn)
    return key


def of_blob(call: Call, blob: seal.Parts) -> Key:
    """The key a ciphertext is under.

    Raises:
        AwsError: AccessDeniedException: there is none in this Region.
    """
    key: Key | None = call.table("keys", account=blob.account).get(blob.key_id)
    if key is None:
        raise unknown_key()
    return key


# What IAM sees ---------------------------------------------------------------------------------------------------------

Resource = Callable[[Call, Params], str]
PolicyOf = Callable[[Call, Params], str]


def resource(member: str = "KeyId", *, alias: bool = False, blob: str = "") -> Resource:
    """The ARN of the key a parameter names; of the key the ciphertext is under where it names none."""

    def found(call: Call, params: Params) -> str:
        where = _where(call, params, member, alias, blob)
        return "*" if where is None else key_arn(call.region, *where)

    return found


def policy(member: str = "KeyId", *, alias: bool = False, blob: str = "") -> PolicyOf:
    """The policy of the key a parameter names, its grants with it."""

    def found(call: Call, params: Params) -> str:
        where = _where(call, params, member, alias, blob)
        key = None if where is None else call.table("keys", account=where[0]).get(where[1])
        return open_policy(call, where) if key is None else with_grants(call, key)

    return found


def conditions(
    member: str = "KeyId", *, alias: bool = False, blob: str = "", context: str = ""
) -> Callable[[Call, Params], dict[str, str | list[str]]]:
    """The condition keys of a request about a key.

    Args:
        context: the parameter with the encryption context, for operations that have one.

    Source: KMS developer guide, "AWS KMS condition keys".
    """

    def found(call: Call, params: Params) -> dict[str, str | list[str]]:
        keys = caller_conditions(call)
        if context:
            keys |= context_conditions(params.get(context) or {})
        given = params.get(member)
        if alias and isinstance(given, str):
            name = given.split(":", 5)[-1]
            if name.startswith(ALIAS):
                keys["kms:RequestAlias"] = name
        where = _where(call, params, member, alias, blob)
        key: Key | None = None if where is None else call.table("keys", account=where[0]).get(where[1])
        if key is not None:
            keys |= {
                "kms:KeySpec": "SYMMETRIC_DEFAULT",
                "kms:KeyUsage": "ENCRYPT_DECRYPT",
                "kms:KeyOrigin": "AWS_KMS",
                "kms:MultiRegion": "false",
            }
            names = [
                each.name
                for each in call.table("aliases", account=key.account).values()
                if each.key_id == key.key_id
            ]
            if names:
                keys["kms:ResourceAliases"] = names
            keys |= {f"aws:ResourceTag/{name}": value for name, value in key.tags}
        return keys

    return found


def caller_conditions(call: Call) -> dict[str, str | list[str]]:
    """Whose request it is, and through which service it came."""
    request = call.request
    service = request.principal.kind == "service"
    keys: dict[str, str | list[str]] = {
        "kms:CallerAccount": (request.source_account or request.account)
        if service
        else request.principal.account
    }
    if request.via is not None:
        keys["kms:ViaService"] = f"{request.via}.{call.region}.amazonaws.com"
    return keys


def context_conditions(context: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The condition keys of an encryption context."""
    keys: dict[str, str | list[str]] = {
        f"kms:EncryptionContext:{name}": value for name, value in context.items()
    }
    if context:
        keys["kms:EncryptionContextKeys"] = sorted(context)
    return keys


def _where(call: Call, params: Params, member: str, alias: bool, blob: str) -> tuple[str, str] | None:
    """Account and key id a request means; None where its names lead nowhere: the operation then says why."""
    given = params.get(member)
    if given is None:
        found = seal.parts(params.get(blob) or b"") if blob else None
        return None if found is None else (found.account, found.key_id)
    return place_or_none(call, given, alias=alias)


def place_or_none(call: Call, text: str, *, alias: bool = False) -> tuple[str, str] | None:
    """Account and key id a text means; None where it means none."""
    try:
        return place(call, text, alias=alias)
    except AwsError:
        return None


def open_policy(call: Call, where: tuple[str, str] | None) -> str:
    """In place of a key that is not there: it leaves the decision to the caller's own policies, so that who may use
    keys at all is told that there is none."""
    principal = call.principal
    who = (
        {"Service": principal.arn}
        if principal.kind == "service"
        else {"AWS": f"arn:aws:iam::{where[0] if where else call.account}:root"}
    )
    return document([{"Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"}])


def with_grants(call: Call, key: Key) -> str:
    """A key's policy with a statement for each of its grants: what they permit is permitted as by the policy."""
    grants: list[Grant] = [
        each for each in call.table("grants", account=key.account).values() if each.key_id == key.key_id
    ]
    if not grants:
        return key.policy
    body = json.loads(key.policy)
    stated = body["Statement"]
    listed = stated if isinstance(stated, list) else [stated]
    more = [statement for grant in grants for statement in _statements(grant)]
    return json.dumps({**body, "Statement": [*listed, *more]})


def _statements(grant: Grant) -> list[dict[str, Any]]:
    """What a grant permits, as statements. Constraints bind only the operations that take an encryption context."""
    condition: dict[str, dict[str, Any]] = {}
    pairs = grant.equals if grant.equals is not None else grant.subset
    if pairs:
        condition["StringEquals"] = {f"kms:EncryptionContext:{name}": value for name, value in pairs}
    if grant.equals is not None:
        names = [name for name, _ in grant.equals]
        if names:
            condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": names}
        else:
            condition["Null"] = {"kms:EncryptionContextKeys": "true"}
    bound = [f"kms:{each}" for each in grant.operations if each in WITH_CONTEXT]
    free = [f"kms:{each}" for each in grant.operations if each not in WITH_CONTEXT]
    common = {"Effect": "Allow", "Principal": {"AWS": grant.grantee}, "Resource": "*"}
    found: list[dict[str, Any]] = []
    if bound:
        found.append({**common, "Action": bound, **({"Condition": condition} if condition else {})})
    if free:
        found.append({**common, "Action": free})
    return found


def document(statements: list[dict[str, Any]]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
