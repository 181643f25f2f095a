"""Access control lists as far as they still count: who owns what, and the canned lists.

New buckets have object ownership ``BucketOwnerEnforced``: lists are off, and only those that give the owner everything
are taken. Public lists are refused while public access is blocked, as it is for new buckets.
Source: User Guide, "Controlling ownership of objects and disabling ACLs", "Blocking public access".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3.errors import denied
from cwlab.services.s3.names import owner, owner_id
from cwlab.services.s3.records import Bucket

OWNERS = ("private", "bucket-owner-full-control", "bucket-owner-read")
PUBLIC = ("public-read", "public-read-write", "authenticated-read")


def check(bucket: Bucket, canned: str | None) -> None:
    """Refuse a canned list this bucket does not take.

    Raises:
        AwsError: AccessControlListNotSupported, AccessDenied.
        NotModelled: one that would let the public in.
    """
    if canned is None or canned in ("private", "bucket-owner-full-control"):
        return
    if bucket.ownership == "BucketOwnerEnforced":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if canned in PUBLIC and "BlockPublicAcls" in (bucket.blocked or ()):
        raise denied()
    if canned not in OWNERS:
        raise NotModelled(f"s3: ACL={canned!r}", f"Modeled: {', '.join(OWNERS)}.")


def with_acl(bucket: Bucket, canned: str) -> Bucket:
    """The bucket under a canned list."""
    return replace(bucket, acl=canned)


def told(bucket: Bucket, canned: str) -> dict[str, Any]:
    """A list as answers tell it: the owner, who has everything."""
    grants = [
        {"Grantee": {"Type": "CanonicalUser", "ID": owner_id(bucket.owner)}, "Permission": "FULL_CONTROL"}
    ]
    return {"Owner": owner(bucket.owner), "Grants": grants}
