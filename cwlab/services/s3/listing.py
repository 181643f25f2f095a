"""Lists of keys: prefix, delimiter and pages, as a pure rule, and the operations that use it.

Source: API Reference, ListObjectsV2, ListObjects, ListObjectVersions; keys are in order of their UTF-8 bytes.
"""

from __future__ import annotations

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from cwlab.api import Call
from cwlab.services.s3.access import on_bucket
from cwlab.services.s3.errors import invalid
from cwlab.services.s3.names import bucket_of, objects, owner
from cwlab.services.s3.records import Bucket, Version
from cwlab.timeline import to_datetime

PAGE = 1000
Structure = dict[str, Any]


class Page(NamedTuple):
    """Keys and common prefixes, each in order, and where the next page begins; None at the end."""

    keys: list[str]
    prefixes: list[str]
    last: str | None


def page(keys: Sequence[str], prefix: str, delimiter: str, after: str, most: int) -> Page:
    """One page of the keys that follow ``after``.

    Args:
        keys: all of them, in order of their UTF-8 bytes.
        delimiter: keys that share what comes up to it, behind the prefix, count as one common prefix.
        after: a key, or a common prefix: then none of the keys under it is shown again.

    >>> page(["a/1", "a/2", "b"], "", "/", "", 1)
    Page(keys=[], prefixes=['a/'], last='a/')
    >>> page(["a/1", "a/2", "b"], "", "/", "a/", 1)
    Page(keys=['b'], prefixes=[], last=None)
    """
    shown, prefixes, last = list[str](), list[str](), ""
    if most == 0:
        return Page([], [], None)
    start = bisect_left(keys, utf8(prefix), key=utf8)
    if after and utf8(after) >= utf8(prefix):
        start = max(start, bisect_right(keys, utf8(after), key=utf8))
        rolled = after.find(delimiter, len(prefix)) if delimiter and after.startswith(prefix) else -1
        if rolled >= 0 and rolled + len(delimiter) == len(after):
            start = max(start, _behind(keys, after, start))
    at = start
    while at < len(keys) and keys[at].startswith(prefix):
        if len(shown) + len(prefixes) == most:
            return Page(shown, prefixes, last)
        key = keys[at]
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            shown.append(key)
            last, at = key, at + 1
        else:
            last = key[: cut + len(delimiter)]
            prefixes.append(last)
            at = _behind(keys, last, at)
    return Page(shown, prefixes, None)


def _behind(keys: Sequence[str], prefix: str, at: int) -> int:
    """Where the keys end that begin with a prefix."""
    low, high = at, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle].startswith(prefix) or utf8(keys[middle]) < utf8(prefix):
            low = middle + 1
        else:
            high = middle
    return low


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def present(call: Call, bucket: Bucket) -> dict[str, Version]:
    """The objects a plain list shows, in order: the newest versions that are no delete markers."""
    held = {
        key: versions[0] for key, versions in objects(call, bucket).items() if versions[0].content is not None
    }
    return {key: held[key] for key in sorted(held, key=utf8)}


def _written(text: str, encoding: str | None) -> str:
    return quote(text, safe="/*") if encoding == "url" else text


def _row(version: Version, encoding: str | None) -> Structure:
    assert version.content is not None
    out: Structure = {
        "Key": _written(version.key, encoding),
        "LastModified": to_datetime(version.modified_ms),
        "ETag": version.etag,
        "Size": len(version.content),
        "StorageClass": version.storage_class,
    }
    if version.checksum is not None:
        out["ChecksumAlgorithm"] = [version.checksum[0].removeprefix("Checksum")]
        out["ChecksumType"] = version.checksum[2]
    return out


def _most(asked: int) -> int:
    if asked < 0:
        raise invalid("Argument maxKeys must be an integer between 0 and 2147483647")
    return min(asked, PAGE)


def _common(answer: Structure, params: Structure, shown: Page) -> Structure:
    """What all lists tell alike."""
    encoding = params.get("EncodingType")
    for name in ("Prefix", "Delimiter", "StartAfter", "KeyMarker"):
        if name in params:
            answer[name] = _written(params[name], encoding)
    if encoding is not None:
        answer["EncodingType"] = encoding
    if shown.prefixes:
        answer["CommonPrefixes"] = [{"Prefix": _written(each, encoding)} for each in shown.prefixes]
    return answer


@on_bucket("ListObjectsV2", "ListBucket", readonly=True)
def list_objects_v2(
    call: Call,
    *,
    Bucket: str,
    Prefix: str = "",
    Delimiter: str = "",
    MaxKeys: int = PAGE,
    ContinuationToken: str | None = None,
    StartAfter: str = "",
    FetchOwner: bool = False,
    EncodingType: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """A page of a bucket's keys."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    after = StartAfter if ContinuationToken is None else _key_of(ContinuationToken)
    held = present(call, bucket)
    shown = page(list(held), Prefix, Delimiter, after, _most(MaxKeys))
    answer: Structure = {
        "IsTruncated": shown.last is not None,
        "Name": Bucket,
        "Prefix": Prefix,
        "MaxKeys": _most(MaxKeys),
        "KeyCount": len(shown.keys) + len(shown.prefixes),
    }
    if shown.keys:
        answer["Contents"] = [_row(held[key], EncodingType) for key in shown.keys]
        if FetchOwner:
            for row in answer["Contents"]:
                row["Owner"] = owner(bucket.owner)
    if ContinuationToken is not None:
        answer["ContinuationToken"] = ContinuationToken
    if shown.last is not None:
        answer["NextContinuationToken"] = base64.urlsafe_b64encode(b"1" + utf8(shown.last)).decode()
    return _common(answer, call.request.params, shown)


def _key_of(token: str) -> str:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:].decode("utf-8", "surrogatepass")
    except ValueError:
        raw = b""
    raise invalid("The continuation token provided is incorrect")


@on_bucket("ListObjects", "ListBucket", readonly=True)
def list_objects(
    call: Call,
    *,
    Bucket: str,
    Prefix: str = "",
    Delimiter: str = "",
    Marker: str = "",
    MaxKeys: int = PAGE,
    EncodingType: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """A page of a bucket's keys, the older way."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    held = present(call, bucket)
    shown = page(list(held), Prefix, Delimiter, Marker, _most(MaxKeys))
    answer: Structure = {
        "IsTruncated": shown.last is not None,
        "Marker": _written(Marker, EncodingType),
        "Name": Bucket,
        "Prefix": Prefix,
        "MaxKeys": _most(MaxKeys),
    }
    if shown.keys:
        answer["Contents"] = [
            _row(held[key], EncodingType) | {"Owner": owner(bucket.owner)} for key in shown.keys
        ]
    if shown.last is not None and Delimiter:
        answer["NextMarker"] = _written(shown.last, EncodingType)
    return _common(answer, call.request.params, shown)


@on_bucket("ListObjectVersions", "ListBucketVersions", readonly=True)
def list_object_versions(
    call: Call,
    *,
    Bucket: str,
    Prefix: str = "",
    Delimiter: str = "",
    KeyMarker: str = "",
    VersionIdMarker: str | None = None,
    MaxKeys: int = PAGE,
    EncodingType: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """A page of all versions, delete markers among them, newest first for each key."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    table, most = objects(call, bucket), _most(MaxKeys)
    keys = sorted(table, key=utf8)
    rest: tuple[Version, ...] = ()
    if VersionIdMarker is not None:
        ids = [each.id for each in table.get(KeyMarker, ())]
        rest = table.get(KeyMarker, ())[ids.index(VersionIdMarker) + 1 :] if VersionIdMarker in ids else ()
    shown = page(keys, Prefix, Delimiter, KeyMarker, most)
    rows: list[tuple[Version, bool]] = [(each, False) for each in rest]
    for key in shown.keys:
        rows += [(each, n == 0) for n, each in enumerate(table[key])]
    cut = rows[: max(most - len(shown.prefixes), 0)]
    more = len(cut) < len(rows) or shown.last is not None
    answer: Structure = {
        "IsTruncated": more,
        "KeyMarker": _written(KeyMarker, EncodingType),
        "VersionIdMarker": VersionIdMarker or "",
        "Name": Bucket,
        "Prefix": Prefix,
        "MaxKeys": most,
    }
    for version, newest in cut:
        row: Structure = {
            "Key": _written(version.key, EncodingType),
            "VersionId": version.id,
            "IsLatest": newest,
            "LastModified": to_datetime(version.modified_ms),
            "Owner": owner(bucket.owner),
        }
        if version.content is None:
            answer.setdefault("DeleteMarkers", []).append(row)
        else:
            extra = {
                "ETag": version.etag,
                "Size": len(version.content),
                "StorageClass": version.storage_class,
            }
            answer.setdefault("Versions", []).append(row | extra)
    if len(cut) < len(rows) and cut:
        answer["NextKeyMarker"] = _written(cut[-1][0].key, EncodingType)
        answer["NextVersionIdMarker"] = cut[-1][0].id
    elif shown.last is not None:
        answer["NextKeyMarker"] = _written(shown.last, EncodingType)
    return _common(answer, call.request.params, shown)
