"""Rotation: new material under the same key, every year or as often as you say.

What was encrypted before stays readable: a ciphertext names the material it is under.
Source: KMS developer guide, "Rotating AWS KMS keys".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.errors import AwsError
from cwlab.services.kms import find
from cwlab.services.kms.errors import invalid, not_yours
from cwlab.services.kms.find import conditions, keep, policy, resource
from cwlab.services.kms.paging import listed
from cwlab.services.kms.records import ENABLED, Key, Rotation
from cwlab.timeline import DAY, to_datetime

YEAR = 365
DAYS = (90, 2560)
ON_DEMAND = 25


def _own(call: Call, text: str) -> Key:
    key = find.usable(find.find(call, text))
    if key.service:
        raise not_yours(key.arn)
    return key


@operation("kms", "EnableKeyRotation", resource=resource(), policy=policy(), conditions=conditions())
def enable_key_rotation(call: Call, *, KeyId: str, RotationPeriodInDays: int | None = None) -> None:
    """Rotate a key's material by itself, every 365 days or as often as you say."""
    key = _own(call, KeyId)
    days = RotationPeriodInDays or (YEAR if key.rotation is None else key.rotation.days)
    low, high = DAYS
    if not low <= days <= high:
        which, edge = ("less", high) if days > high else ("greater", low)
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: "
            f"Member must have value {which} than or equal to {edge}"
        )
    if key.rotation is not None:
        if key.rotation.days == days:
            return
        call.cancel(key.rotation.entry)
    keep(call, _planned(call, key, days, call.now_ms + days * DAY))


def _planned(call: Call, key: Key, days: int, at_ms: int) -> Key:
    entry = call.schedule(at_ms, "rotate", key_id=key.key_id)
    return replace(key, rotation=Rotation(days, at_ms, entry))


@operation("kms", "DisableKeyRotation", resource=resource(), policy=policy(), conditions=conditions())
def disable_key_rotation(call: Call, *, KeyId: str) -> None:
    """Rotate a key no more by itself."""
    key = _own(call, KeyId)
    if key.rotation is not None:
        call.cancel(key.rotation.entry)
        keep(call, replace(key, rotation=None))


@operation(
    "kms",
    "GetKeyRotationStatus",
    resource=resource(),
    policy=policy(),
    conditions=conditions(),
    readonly=True,
)
def get_key_rotation_status(call: Call, *, KeyId: str) -> dict[str, Any]:
    """Whether a key is rotated by itself, and when next. A key AWS manages is, each year."""
    key = find.find(call, KeyId)
    found: dict[str, Any] = {
        "KeyId": key.arn,
        "KeyRotationEnabled": bool(key.service) or key.rotation is not None,
    }
    if key.rotation is not None:
        found["RotationPeriodInDays"] = key.rotation.days
        if key.state == ENABLED:
            found["NextRotationDate"] = to_datetime(key.rotation.next_ms)
    return found


@operation("kms", "RotateKeyOnDemand", resource=resource(), policy=policy(), conditions=conditions())
def rotate_key_on_demand(call: Call, *, KeyId: str) -> dict[str, Any]:
    """Rotate a key's material now; at most 25 times in a key's life."""
    key = _own(call, KeyId)
    if sum(how == "ON_DEMAND" for _, how in key.rotated) >= ON_DEMAND:
        raise AwsError(
            "LimitExceededException", f"You have reached the limit of {ON_DEMAND} on-demand rotations."
        )
    keep(call, _turned(call, key, "ON_DEMAND"))
    return {"KeyId": key.arn}


@operation(
    "kms", "ListKeyRotations", resource=resource(), policy=policy(), conditions=conditions(), readonly=True
)
def list_key_rotations(
    call: Call, *, KeyId: str, Limit: int | None = None, Marker: str | None = None
) -> dict[str, Any]:
    """The rotations of a key, oldest first."""
    key = find.find(call, KeyId)
    rows = [
        {"KeyId": key.arn, "RotationDate": to_datetime(at_ms), "RotationType": how}
        for at_ms, how in key.rotated
    ]
    return listed("Rotations", rows, Limit, Marker, 100)


def _turned(call: Call, key: Key, how: str) -> Key:
    return replace(
        key,
        materials=(*key.materials, find.material(call)),
        rotated=(*key.rotated, (call.now_ms, how)),
    )


@handler("kms", "rotate")
def rotate(call: Call, *, key_id: str) -> None:
    """The day has come. A key that cannot be used is rotated when it is enabled again."""
    key: Key | None = call.table("keys").get(key_id)
    if key is not None:
        catch_up(call, key)


def catch_up(call: Call, key: Key) -> None:
    """Rotate a key whose day has come, if it is enabled, and plan the next time."""
    plan = key.rotation
    if plan is None or key.state != ENABLED or plan.next_ms > call.now_ms:
        return
    period = plan.days * DAY
    missed = (call.now_ms - plan.next_ms) // period
    keep(
        call, _planned(call, _turned(call, key, "AUTOMATIC"), plan.days, plan.next_ms + (missed + 1) * period)
    )
