"""What a key, an alias and a grant are."""

from __future__ import annotations

from cwlab.codec import record

Pairs = tuple[tuple[str, str], ...]
ENABLED, DISABLED, PENDING = "Enabled", "Disabled", "PendingDeletion"


@record
class Rotation:
    """Automatic rotation: every so many days, next at an instant; ``entry`` is its number on the agenda."""

    days: int
    next_ms: int
    entry: int


@record
class Key:
    """A symmetric key.

    Args:
        materials: the key material of each rotation, oldest first; what was encrypted under an old one stays readable.
        policy: the key policy, a JSON text.
        service: for a key AWS manages, the service it is for: "sns"; "" for a customer's own.
        deletion: when it is gone and how many days were asked for; None unless deletion is pending.
        deletion_entry: the number of the deletion on the agenda.
        rotated: each rotation: when, and of what type.
    """

    key_id: str
    arn: str
    account: str
    materials: tuple[bytes, ...]
    policy: str
    description: str
    created_ms: int
    tags: Pairs = ()
    state: str = ENABLED
    service: str = ""
    deletion: tuple[int, int] | None = None
    deletion_entry: int = 0
    rotation: Rotation | None = None
    rotated: tuple[tuple[int, str], ...] = ()


@record
class Alias:
    """Another name of a key."""

    name: str
    arn: str
    key_id: str
    created_ms: int
    updated_ms: int


@record
class Grant:
    """A permission to use a key, apart from its policy. ``equals`` and ``subset`` constrain the encryption context."""

    grant_id: str
    token: str
    key_id: str
    grantee: str
    retiring: str | None
    operations: tuple[str, ...]
    equals: Pairs | None
    subset: Pairs | None
    name: str | None
    created_ms: int
    issuer: str
