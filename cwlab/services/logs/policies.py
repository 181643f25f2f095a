"""Resource policies: which AWS services may write into this account's log groups."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call


def granted(call: Call, params: dict[str, Any]) -> str | None:
    """All resource policies that speak of this request's group, as one document; None when there are none."""
    found: str | None = call.table("granted").get("")
    return found
