"""Checksums of objects and parts: those boto3 asks for. Source: User Guide, "Checking object integrity"."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwlab.errors import AwsError, NotModelled

Check = tuple[str, str, str]
FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
DEFAULT = "CRC32"  # what boto3 adds when you name none
ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "SHA1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def known(algorithm: str) -> str:
    """The algorithm, if it is modeled."""
    if algorithm not in ALGORITHMS:
        raise NotModelled(f"s3: ChecksumAlgorithm={algorithm!r}", f"Modeled: {', '.join(ALGORITHMS)}.")
    return algorithm


def check(data: bytes, algorithm: str | None, given: Mapping[str, str | None], md5: str | None) -> Check:
    """The checksum of a body, once what the caller said of it has been compared.

    Args:
        given: the caller's own values, by parameter (ChecksumCRC32, …).
        md5: ContentMD5.

    Raises:
        AwsError: InvalidDigest, BadDigest.
    """
    if md5 is not None:
        try:
            wanted = base64.b64decode(md5, validate=True)
        except ValueError:
            wanted = b""
        if len(wanted) != 16:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if wanted != hashlib.md5(data, usedforsecurity=False).digest():
            raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    named = [name for name, value in given.items() if value is not None]
    name = known(algorithm or (named[0].removeprefix("Checksum") if named else DEFAULT))
    for each in named:
        value = _digest(each.removeprefix("Checksum"), data)
        if value != given[each]:
            kind = each.removeprefix("Checksum")
            raise AwsError("BadDigest", f"The {kind} you specified did not match the calculated checksum.")
    return f"Checksum{name}", _digest(name, data), FULL


def _digest(algorithm: str, data: bytes) -> str:
    return base64.b64encode(ALGORITHMS[algorithm](data)).decode()


def composed(algorithm: str, parts: Sequence[Check]) -> Check:
    """The checksum of an object uploaded in parts: that of their checksums."""
    joined = b"".join(base64.b64decode(value) for _, value, _ in parts)
    return f"Checksum{algorithm}", f"{_digest(algorithm, joined)}-{len(parts)}", COMPOSITE


def told(held: Check | None) -> dict[str, Any]:
    """A checksum as answers tell it."""
    return {} if held is None else {held[0]: held[1], "ChecksumType": held[2]}
