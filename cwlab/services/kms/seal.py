"""Ciphertexts: sealed with a key's material, bound to an encryption context, readable only with both. Pure.

A blob is ``head | account | key id | material | nonce | text xor keystream | tag``. The tag is an HMAC over everything
before it and the context, so a changed byte, another context or another key is noticed. AWS uses AES-256-GCM in a form of
its own; this one is made of hash functions, to be the same on every machine. It is for a laboratory, not for secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from typing import NamedTuple

HEAD = b"\x01\x02\x02\x00x"  # so that the base64 starts with AQICAH, as AWS's does
NONCE, TAG = 12, 16
_FIXED = len(HEAD) + 6 + 16 + 2


class Parts(NamedTuple):
    """What a blob tells without its key."""

    account: str
    key_id: str
    material: int
    body: bytes  # nonce, sealed text, tag
    front: bytes


def parts(blob: bytes) -> Parts | None:
    """A blob taken apart; None when it has not the form of one."""
    if not blob.startswith(HEAD) or len(blob) < _FIXED + NONCE + TAG:
        return None
    front = blob[:_FIXED]
    at = len(HEAD)
    account = int.from_bytes(front[at : at + 6], "big")
    if account >= 10**12:
        return None
    key_id = str(uuid.UUID(bytes=front[at + 6 : at + 22]))
    return Parts(f"{account:012d}", key_id, int.from_bytes(front[-2:], "big"), blob[_FIXED:], front)


def sealed(
    account: str,
    key_id: str,
    materials: tuple[bytes, ...],
    nonce: bytes,
    text: bytes,
    context: Mapping[str, str],
) -> bytes:
    """The text under the newest material of a key, for a context."""
    number = len(materials) - 1
    front = HEAD + int(account).to_bytes(6, "big") + uuid.UUID(key_id).bytes + number.to_bytes(2, "big")
    hidden = nonce + _mixed(materials[number], nonce, text)
    return front + hidden + _tag(materials[number], front + hidden, context)


def opened(blob: Parts, materials: tuple[bytes, ...], context: Mapping[str, str]) -> bytes | None:
    """The text of a blob; None when it was changed, or is for another context or key."""
    if blob.material >= len(materials):
        return None
    material = materials[blob.material]
    hidden, tag = blob.body[:-TAG], blob.body[-TAG:]
    if not hmac.compare_digest(tag, _tag(material, blob.front + hidden, context)):
        return None
    return _mixed(material, hidden[:NONCE], hidden[NONCE:])


def material_id(material: bytes) -> str:
    """The id of key material: 64 hexadecimal digits."""
    return hashlib.sha256(b"id" + material).hexdigest()


def _mixed(material: bytes, nonce: bytes, text: bytes) -> bytes:
    stream = hashlib.shake_256(material + nonce).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def _tag(material: bytes, data: bytes, context: Mapping[str, str]) -> bytes:
    told = b"".join(
        len(part).to_bytes(4, "big") + part
        for pair in sorted(context.items())
        for part in (each.encode("utf-8", "surrogatepass") for each in pair)
    )
    return hmac.new(material, len(told).to_bytes(4, "big") + told + data, hashlib.sha256).digest()[:TAG]
