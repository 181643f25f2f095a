"""A key's life: made, disabled, enabled, deleted after a waiting time.

Source: KMS API reference; developer guide, "Key states of KMS keys", "Deleting KMS keys".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.errors import NotModelled
from cwlab.services.kms import find, policies, rotation, seal, tags
from cwlab.services.kms.errors import invalid, not_pending
from cwlab.services.kms.find import changeable, conditions, keep, policy, resource
from cwlab.services.kms.paging import listed
from cwlab.services.kms.records import DISABLED, ENABLED, PENDING, Alias, Grant, Key
from cwlab.timeline import DAY, to_datetime

WINDOW = (7, 30)  # days
_ID = resource()
_ALIAS = resource(alias=True)


def told(key: Key) -> dict[str, Any]:
    """A key as DescribeKey tells it."""
    found: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.key_id,
        "Arn": key.arn,
        "CreationDate": to_datetime(key.created_ms),
        "Enabled": key.state == ENABLED,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state,
        "Origin": "AWS_KMS",
        "KeyManager": "AWS" if key.service else "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
        "CurrentKeyMaterialId": seal.material_id(key.materials[-1]),
    }
    if key.deletion is not None:
        found["DeletionDate"] = to_datetime(key.deletion[0])
    return found


def _creation(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    return {
        **find.caller_conditions(call),
        **tags.asked(params),
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "AWS_KMS",
        "kms:MultiRegion": "false",
        "kms:BypassPolicyLockoutSafetyCheck": str(bool(params.get("BypassPolicyLockoutSafetyCheck"))).lower(),
    }


@operation("kms", "CreateKey", conditions=_creation)
def create_key(
    call: Call,
    *,
    Policy: str | None = None,
    Description: str = "",
    KeyUsage: str = "ENCRYPT_DECRYPT",
    CustomerMasterKeySpec: str | None = None,
    KeySpec: str | None = None,
    Origin: str = "AWS_KMS",
    BypassPolicyLockoutSafetyCheck: bool = False,
    Tags: Sequence[Mapping[str, str]] = (),
    MultiRegion: bool = False,
) -> dict[str, Any]:
    """Create a symmetric key. Without a policy, the account's own IAM policies decide who may use it."""
    if CustomerMasterKeySpec is not None and KeySpec is not None:
        raise invalid(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated."
        )
    for name, value, only in (
        ("KeyUsage", KeyUsage, "ENCRYPT_DECRYPT"),
        ("KeySpec", KeySpec or CustomerMasterKeySpec or "SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT"),
        ("Origin", Origin, "AWS_KMS"),
        ("MultiRegion", MultiRegion, False),
    ):
        if value != only:
            raise NotModelled(f"kms: {name}={value!r}", f"Modeled: {only!r}.")
    text = policies.default(call.account) if Policy is None else Policy
    labels = tags.checked((), Tags)
    policies.check(call, text, "*", bypass=BypassPolicyLockoutSafetyCheck)
    key = find.new_key(call, call.account, text, Description, tags=labels)
    return {"KeyMetadata": told(key)}


@operation(
    "kms",
    "DescribeKey",
    resource=_ALIAS,
    policy=policy(alias=True),
    conditions=conditions(alias=True),
)
def describe_key(call: Call, *, KeyId: str, GrantTokens: Sequence[str] = ()) -> dict[str, Any]:
    """What there is to tell of a key, by id, ARN, alias or alias ARN."""
    return {"KeyMetadata": told(find.find(call, KeyId, alias=True))}


@operation("kms", "ListKeys", conditions=lambda call, p: find.caller_conditions(call), readonly=True)
def list_keys(call: Call, *, Limit: int | None = None, Marker: str | None = None) -> dict[str, Any]:
    """Every key of the account in this Region, those AWS manages too."""
    keys = [{"KeyId": each.key_id, "KeyArn": each.arn} for each in call.table("keys").values()]
    return listed("Keys", sorted(keys, key=lambda each: each["KeyId"]), Limit, Marker, 100)


@operation("kms", "UpdateKeyDescription", resource=_ID, policy=policy(), conditions=conditions())
def update_key_description(call: Call, *, KeyId: str, Description: str) -> None:
    """Describe a key anew."""
    keep(call, replace(changeable(call, KeyId), description=Description))


@operation("kms", "EnableKey", resource=_ID, policy=policy(), conditions=conditions())
def enable_key(call: Call, *, KeyId: str) -> None:
    """Let a key be used again. A rotation that fell due meanwhile is made up for."""
    key = replace(changeable(call, KeyId), state=ENABLED)
    keep(call, key)
    rotation.catch_up(call, key)


@operation("kms", "DisableKey", resource=_ID, policy=policy(), conditions=conditions())
def disable_key(call: Call, *, KeyId: str) -> None:
    """Let nobody use a key until it is enabled again."""
    keep(call, replace(changeable(call, KeyId), state=DISABLED))


def _window(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    days = str(params.get("PendingWindowInDays", WINDOW[1]))
    return {**conditions()(call, params), "kms:ScheduleKeyDeletionPendingWindowInDays": days}


@operation("kms", "ScheduleKeyDeletion", resource=_ID, policy=policy(), conditions=_window)
def schedule_key_deletion(call: Call, *, KeyId: str, PendingWindowInDays: int = WINDOW[1]) -> dict[str, Any]:
    """Delete a key after 7 to 30 days. It cannot be used from now on; what it encrypted is lost with it."""
    key = changeable(call, KeyId)
    low, high = WINDOW
    if not low <= PendingWindowInDays <= high:
        which, edge = ("less", high) if PendingWindowInDays > high else ("greater", low)
        raise invalid(
            f"1 validation error detected: Value '{PendingWindowInDays}' at 'pendingWindowInDays' failed to satisfy "
            f"constraint: Member must have value {which} than or equal to {edge}"
        )
    at_ms = call.now_ms + PendingWindowInDays * DAY
    entry = call.schedule(at_ms, "delete", key_id=key.key_id)
    keep(
        call,
        replace(key, state=PENDING, deletion=(at_ms, PendingWindowInDays), deletion_entry=entry),
    )
    return {
        "KeyId": key.arn,
        "DeletionDate": to_datetime(at_ms),
        "KeyState": PENDING,
        "PendingWindowInDays": PendingWindowInDays,
    }


@operation("kms", "CancelKeyDeletion", resource=_ID, policy=policy(), conditions=conditions())
def cancel_key_deletion(call: Call, *, KeyId: str) -> dict[str, Any]:
    """Keep a key after all. It is disabled until you enable it."""
    key = find.find(call, KeyId)
    if key.state != PENDING:
        raise not_pending(key.arn)
    call.cancel(key.deletion_entry)
    keep(call, replace(key, state=DISABLED, deletion=None, deletion_entry=0))
    return {"KeyId": key.arn}


@handler("kms", "delete")
def delete(call: Call, *, key_id: str) -> None:
    """The waiting time is over: the key goes, with its aliases and grants."""
    keys = call.table("keys")
    key: Key | None = keys.get(key_id)
    if key is None or key.state != PENDING:
        return
    if key.rotation is not None:
        call.cancel(key.rotation.entry)
    del keys[key_id]
    aliases, grants = call.table("aliases"), call.table("grants")
    gone: list[Alias] = [each for each in aliases.values() if each.key_id == key_id]
    aliases.drop([each.name for each in gone])
    given: list[Grant] = [each for each in grants.values() if each.key_id == key_id]
    grants.drop([each.grant_id for each in given])
