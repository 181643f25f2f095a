"""Aliases: names for keys. An alias can be moved to another key.

Source: KMS developer guide, "Aliases in AWS KMS"; API reference.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.kms import find, managed
from cwlab.services.kms.errors import invalid, no_such_alias, no_such_key, pending
from cwlab.services.kms.find import ALIAS, caller_conditions, conditions, policy, resource
from cwlab.services.kms.paging import listed
from cwlab.services.kms.records import PENDING, Alias, Key
from cwlab.timeline import to_datetime

_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")


def _arn(call: Call, name: str) -> str:
    return arn("kms", call.region, call.account, name)


def _both(call: Call, params: dict[str, Any]) -> list[str]:
    return [_arn(call, params["AliasName"]), resource("TargetKeyId")(call, params)]


def _of_alias(call: Call, params: dict[str, Any]) -> list[str]:
    """The alias and the key it stands for: both must be the caller's to change."""
    found: Alias | None = call.table("aliases").get(params["AliasName"])
    own = [_arn(call, params["AliasName"])]
    return own if found is None else [*own, find.key_arn(call.region, call.account, found.key_id)]


def _policy_of_alias(call: Call, params: dict[str, Any]) -> str:
    found: Alias | None = call.table("aliases").get(params["AliasName"])
    key: Key | None = None if found is None else call.table("keys").get(found.key_id)
    return find.open_policy(call, None) if key is None else find.with_grants(call, key)


def _checked(name: str) -> str:
    """An alias of your own.

    Raises:
        AwsError: it is none.
    """
    if not name.startswith(ALIAS):
        raise invalid("Invalid identifier")
    if name.startswith(managed.PREFIX):
        raise AwsError("NotAuthorizedException", "")
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'aliasName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"
        )
    return name


def _target(call: Call, text: str) -> Key:
    key = find.find(call, text)
    if key.account != call.account:
        raise no_such_key(key.arn)
    if key.service:
        raise AwsError("NotAuthorizedException", "")
    if key.state == PENDING:
        raise pending(key.arn)
    return key


@operation(
    "kms",
    "CreateAlias",
    resource=_both,
    policy=policy("TargetKeyId"),
    conditions=conditions("TargetKeyId"),
)
def create_alias(call: Call, *, AliasName: str, TargetKeyId: str) -> None:
    """Give a key a name."""
    name = _checked(AliasName)
    aliases = call.table("aliases")
    if name in aliases:
        raise AwsError("AlreadyExistsException", f"An alias with the name {_arn(call, name)} already exists")
    key = _target(call, TargetKeyId)
    aliases[name] = Alias(name, _arn(call, name), key.key_id, call.now_ms, call.now_ms)


@operation(
    "kms",
    "UpdateAlias",
    resource=_both,
    policy=policy("TargetKeyId"),
    conditions=conditions("TargetKeyId"),
)
def update_alias(call: Call, *, AliasName: str, TargetKeyId: str) -> None:
    """Let an alias stand for another key from now on."""
    name = _checked(AliasName)
    aliases = call.table("aliases")
    if name not in aliases:
        raise no_such_alias(_arn(call, name))
    key = _target(call, TargetKeyId)
    aliases[name] = replace(aliases[name], key_id=key.key_id, updated_ms=call.now_ms)


@operation("kms", "DeleteAlias", resource=_of_alias, policy=_policy_of_alias)
def delete_alias(call: Call, *, AliasName: str) -> None:
    """Take a name away; the key stays."""
    name = _checked(AliasName)
    aliases = call.table("aliases")
    if name not in aliases:
        raise no_such_alias(_arn(call, name))
    del aliases[name]


@operation("kms", "ListAliases", conditions=lambda call, p: caller_conditions(call), readonly=True)
def list_aliases(
    call: Call, *, KeyId: str | None = None, Limit: int | None = None, Marker: str | None = None
) -> dict[str, Any]:
    """The aliases of the account in this Region, or those of one key."""
    only = None if KeyId is None else find.find(call, KeyId).key_id
    found: list[Alias] = [
        each for each in call.table("aliases").values() if only is None or each.key_id == only
    ]
    rows = [
        {
            "AliasName": each.name,
            "AliasArn": each.arn,
            "TargetKeyId": each.key_id,
            "CreationDate": to_datetime(each.created_ms),
            "LastUpdatedDate": to_datetime(each.updated_ms),
        }
        for each in sorted(found, key=lambda each: each.name)
    ]
    return listed("Aliases", rows, Limit, Marker, 50)
