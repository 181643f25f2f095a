"""Buckets by name, which are unique in the whole world, and what requests call them.

Source: S3 User Guide, "General purpose bucket naming rules"; API Reference, CreateBucket, "Bucket does not exist".
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from cwlab.api import Call
from cwlab.services.s3.errors import denied, no_bucket, redirect
from cwlab.services.s3.records import Bucket
from cwlab.table import Table

Params = dict[str, Any]
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_name(name: str) -> bool:
    """Whether a new bucket may be called so.

    >>> is_name("my-logs.2026"), is_name("My_Logs"), is_name("10.0.0.1"), is_name("a..b")
    (True, False, False, False)
    """
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and _ADDRESS.fullmatch(name) is None
        and not name.startswith(_PREFIXES)
        and not name.endswith(_SUFFIXES)
    )


def buckets(call: Call) -> Table:
    """All buckets there are, of all accounts, by name."""
    return call.world.table("", "", "s3", "buckets")


def objects(call: Call, bucket: Bucket) -> Table:
    """A bucket's objects: key to versions, newest first."""
    return call.world.table(bucket.owner, bucket.region, "s3", f"objects/{bucket.name}")


def uploads(call: Call, bucket: Bucket) -> Table:
    """A bucket's multipart uploads under way, by id."""
    return call.world.table(bucket.owner, bucket.region, "s3", f"uploads/{bucket.name}")


def bucket_of(call: Call, name: str, expected_owner: str | None = None, *, anywhere: bool = False) -> Bucket:
    """The bucket a request names.

    Args:
        anywhere: also answer when the request went to another Region than the bucket's.

    Raises:
        AwsError: NoSuchBucket; PermanentRedirect: it is in another Region; AccessDenied: it is not the expected owner's.
    """
    found: Bucket | None = buckets(call).get(name)
    if found is None:
        raise no_bucket(name)
    if not anywhere and found.region != call.region:
        raise redirect(name, found.region)
    if expected_owner is not None and expected_owner != found.owner:
        raise denied()
    return found


def owner_id(account: str) -> str:
    """An account's canonical user id: 64 hexadecimal digits."""
    return hashlib.sha256(f"canonical user {account}".encode()).hexdigest()


def owner(account: str) -> Params:
    return {"ID": owner_id(account)}


def keep(call: Call, bucket: Bucket) -> None:
    """Store a bucket's new settings."""
    buckets(call)[bucket.name] = bucket
