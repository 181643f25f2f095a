"""The form every event has. Source: EventBridge User Guide, "Event structure"."""

from __future__ import annotations

from collections.abc import Sequence

from cwlab.services.events.jsontext import write
from cwlab.timeline import SECOND, iso


def envelope(
    *,
    event_id: str,
    detail_type: str,
    source: str,
    account: str,
    at_ms: int,
    region: str,
    resources: Sequence[str],
    detail: str,
) -> str:
    """An event as JSON text.

    Args:
        at_ms: when it happened; events tell whole seconds.
        detail: the JSON text of an object, as it is to appear.
    """
    outside = {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": iso(at_ms // SECOND * SECOND),
        "region": region,
        "resources": list(resources),
    }
    return f'{write(outside)[:-1]},"detail":{detail}}}'
