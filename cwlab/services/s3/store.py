"""Writing versions into a bucket, and taking them out: what versioning makes of it.

Source: User Guide, "How S3 Versioning works", "Deleting object versions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cwlab.api import Call
from cwlab.services.s3 import levels
from cwlab.services.s3.errors import no_key, no_version
from cwlab.services.s3.names import objects
from cwlab.services.s3.records import NULL, Bucket, Version

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


def put(call: Call, bucket: Bucket, version: Version) -> Version:
    """Write a version as the newest of its key; returns it with its id."""
    table = objects(call, bucket)
    had: tuple[Version, ...] = table.get(version.key, ())
    if bucket.versioning == "Enabled":
        made = replace(version, id=call.unique("", 32, ALPHABET))
        gone: tuple[Version, ...] = ()
        rest = had
    else:
        made = replace(version, id=NULL)
        gone = tuple(each for each in had if each.id == NULL)
        rest = tuple(each for each in had if each.id != NULL)
    table[version.key] = (made, *rest)
    levels.change(call, bucket, gone, (made,))
    return made


def delete(call: Call, bucket: Bucket, key: str, version_id: str | None = None) -> Version | None:
    """Delete an object, or one of its versions for good.

    Returns:
        The delete marker made or taken away, or the version taken away; None when there was nothing to delete.
    """
    table = objects(call, bucket)
    had: tuple[Version, ...] = table.get(key, ())
    if version_id is None and bucket.versioning is not None:
        return put(call, bucket, Version(key, NULL, second(call.now_ms), None))
    wanted = NULL if version_id is None else version_id
    gone = tuple(each for each in had if each.id == wanted)
    if not gone:
        return None
    rest = tuple(each for each in had if each.id != wanted)
    if rest:
        table[key] = rest
    else:
        del table[key]
    levels.change(call, bucket, gone, ())
    return gone[0]


def delete_all(call: Call, bucket: Bucket, keys: Sequence[str]) -> None:
    """Delete many objects of a bucket without versions at once."""
    table = objects(call, bucket)
    gone = [version for key in keys for version in table.get(key, ())]
    table.drop(keys)
    levels.change(call, bucket, gone, ())


def find(call: Call, bucket: Bucket, key: str, version_id: str | None = None) -> Version:
    """The version a request names, the newest unless it names one; it may be a delete marker.

    Raises:
        AwsError: NoSuchKey, NoSuchVersion.
    """
    had: tuple[Version, ...] = objects(call, bucket).get(key, ())
    if version_id is None:
        if not had:
            raise no_key(key)
        return had[0]
    for each in had:
        if each.id == version_id:
            return each
    raise no_version(key, version_id)


def second(now_ms: int) -> int:
    """An instant as S3 keeps it, in whole seconds."""
    return now_ms // 1000 * 1000
