"""Pages of lists: a limit and a marker."""

from __future__ import annotations

import base64
from typing import Any

from cwlab.errors import AwsError


def listed(
    member: str, items: list[dict[str, Any]], limit: int | None, marker: str | None, default: int
) -> dict[str, Any]:
    """One page as an answer: the items, whether there are more, and the marker of the next page.

    Raises:
        AwsError: InvalidMarkerException.
    """
    start = 0
    if marker is not None:
        try:
            start = int(base64.b64decode(marker, validate=True).decode().removeprefix("kms:"))
        except ValueError:
            raise AwsError("InvalidMarkerException", "Could not deserialize token") from None
    end = start + (default if limit is None else limit)
    answer: dict[str, Any] = {member: items[start:end], "Truncated": end < len(items)}
    if end < len(items):
        answer["NextMarker"] = base64.b64encode(f"kms:{end}".encode()).decode()
    return answer
