"""The form every event has. Source: EventBridge User Guide, "Event structure"."""

from __future__ import annotations

from typing import Any

from cwlab.timeline import SECOND, iso


def envelope(
    event_id: str,
    source: str,
    detail_type: str,
    account: str,
    region: str,
    at_ms: int,
    resources: list[str],
    detail: dict[str, Any],
) -> dict[str, Any]:
    """An event, its members in AWS's order. Numbers in ``detail`` are `jsontext.Number`."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": iso(at_ms // SECOND * SECOND),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
