"""What a request says about the object it writes: headers, metadata, class, encryption, tags. Checked, as a version without bytes.

Source: API Reference, PutObject; User Guide, "Object metadata" (2 KB of it), "Object tagging" (10 tags).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3 import acl, sealing
from cwlab.services.s3.errors import invalid
from cwlab.services.s3.records import NULL, STANDARD, Bucket, Version
from cwlab.services.s3.store import second

HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)
CLASSES = ("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY")
PLAIN = "binary/octet-stream"
MOST_METADATA = 2048
MOST_TAGS = 10
MOST_KEY = 1024


def of(call: Call, bucket: Bucket, key: str, params: Mapping[str, Any]) -> Version:
    """The version a write request describes.

    Raises:
        AwsError: KeyTooLongError, MetadataTooLarge, InvalidTag, …
    """
    if len(key.encode()) > MOST_KEY:
        raise AwsError("KeyTooLongError", "Your key is too long")
    if not key:
        raise invalid("The key must not be empty.")
    metadata = {name.lower(): value for name, value in (params.get("Metadata") or {}).items()}
    if sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items()) > MOST_METADATA:
        raise AwsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    storage_class = params.get("StorageClass") or STANDARD
    if storage_class not in CLASSES:
        raise NotModelled(
            f"s3: StorageClass={storage_class!r}", f"Modeled, as a label: {', '.join(CLASSES)}."
        )
    canned = params.get("ACL")
    acl.check(bucket, canned)
    headers = {"ContentType": PLAIN} | {
        name: _header(params[name]) for name in HEADERS if params.get(name) is not None
    }
    seal = sealing.chosen(
        bucket, params.get("ServerSideEncryption"), params.get("SSEKMSKeyId"), params.get("BucketKeyEnabled")
    )
    return Version(
        key,
        NULL,
        second(call.now_ms),
        None,
        headers=tuple(headers.items()),
        metadata=tuple(metadata.items()),
        storage_class=storage_class,
        seal=sealing.seal(call, bucket, key, seal),
        tags=tags_of(params.get("Tagging")),
        acl=canned or "private",
    )


def _header(value: Any) -> str:
    return value.strftime("%a, %d %b %Y %H:%M:%S GMT") if isinstance(value, datetime) else str(value)


def tags_of(text: str | None) -> tuple[tuple[str, str], ...]:
    """An object's tags out of a header, ``a=1&b=2``."""
    if not text:
        return ()
    return checked_tags(parse_qsl(text, keep_blank_values=True), MOST_TAGS)


def checked_tags(pairs: list[tuple[str, str]], most: int) -> tuple[tuple[str, str], ...]:
    """Tags, if S3 takes them.

    Raises:
        AwsError: InvalidTag, BadRequest (too many).
    """
    if len(pairs) > most:
        kind = "Object" if most == MOST_TAGS else "Bucket"
        raise AwsError("BadRequest", f"{kind} tags cannot be greater than {most}")
    for key, value in pairs:
        if not 1 <= len(key) <= 128:
            raise AwsError("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > 256:
            raise AwsError("InvalidTag", "The TagValue you have provided is invalid")
        if key.startswith("aws:"):
            raise AwsError("InvalidTag", "System tags cannot be added/updated by requester")
    if len({key for key, _ in pairs}) != len(pairs):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    return tuple(pairs)
