"""Page tokens: opaque to the caller, equal for equal requests, and good only for the request they came from."""

from __future__ import annotations

import base64
import hashlib
from typing import Any


def _digest(request: Any, position: int) -> bytes:
    return hashlib.blake2b(repr((request, position)).encode(), digest_size=12).digest()


def token(request: Any, position: int) -> str:
    """A token that stands for ``position`` in the answer to ``request`` (anything with a stable repr).

    >>> position_of("list", token("list", 500))
    500
    >>> position_of("another", token("list", 500)) is None
    True
    """
    return base64.b64encode(position.to_bytes(6, "big") + _digest(request, position)).decode()


def position_of(request: Any, text: str) -> int | None:
    """The position a token stands for, or None when it is no token of this request."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    position = int.from_bytes(raw[:6], "big")
    return position if len(raw) == 18 and raw[6:] == _digest(request, position) else None
