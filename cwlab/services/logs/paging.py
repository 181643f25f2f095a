"""Page tokens of lists and of FilterLogEvents: opaque, for one request, good for 24 hours unless told."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cwlab.services.logs.refusals import invalid
from cwlab.timeline import DAY


def _digest(request: Any, body: bytes) -> bytes:
    return hashlib.blake2b(repr(request).encode("utf-8", "surrogatepass") + body, digest_size=9).digest()


def token(request: Any, position: Any, now_ms: int) -> str:
    """A token that stands for a position (plain values) in the answer to a request (anything with a stable repr)."""
    body = json.dumps([now_ms, position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(request, body) + body).decode()


def position_of(request: Any, text: str, now_ms: int, good_ms: int = DAY) -> Any:
    """The position a token stands for.

    Args:
        good_ms: how long tokens of this kind are good.

    Raises:
        AwsError: it is no token of this request, or too old.
    """
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
    digest, body = raw[:9], raw[9:]
    if digest != _digest(request, body):
        raise invalid("The specified nextToken is invalid.")
    issued_ms, position = json.loads(body)
    if now_ms > issued_ms + good_ms:
        raise invalid("The specified nextToken has expired.")
    return position


def listed(
    items: list[Any], request: Any, limit: int, text: str | None, now_ms: int
) -> tuple[list[Any], str | None]:
    """One page of a list and the token of the next page, None at the end."""
    start = 0 if text is None else position_of(request, text, now_ms)
    end = start + limit
    return items[start:end], token(request, end, now_ms) if end < len(items) else None
