"""GetLogGroupFields: what events have, by a sample."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cwlab.api import Call, operation
from cwlab.services.logs import reading
from cwlab.services.logs.linked import chosen, conditions
from cwlab.services.logs.names import policy_arn
from cwlab.services.logs.queries.scanning import sources_of
from cwlab.timeline import MINUTE, SECOND

SAMPLE = 1000
Structure = dict[str, Any]


@operation("logs", "GetLogGroupFields", readonly=True, resource=policy_arn, conditions=conditions)
def get_log_group_fields(
    call: Call,
    *,
    logGroupName: str | None = None,
    logGroupIdentifier: str | None = None,
    time: int | None = None,
) -> Structure:
    """The fields of a group's events and how many of a hundred have them: of the last 15 minutes, or of ``time`` (seconds)
    and 8 minutes around it. At most the newest 1,000 events are looked at."""
    from cwlab.services.logs.insights.record import fields

    call, group = chosen(call, {"logGroupName": logGroupName, "logGroupIdentifier": logGroupIdentifier})
    if time is None:
        start_ms, end_ms = call.now_ms - 15 * MINUTE, call.now_ms
    else:
        start_ms, end_ms = time * SECOND - 8 * MINUTE, time * SECOND + 8 * MINUTE
    pieces = [
        reading.Piece(0, source.chunk, source.first, source.last)
        for source in sources_of(call, group, start_ms, end_ms)
    ]
    messages = reading.page(pieces, SAMPLE, newest=True).message
    counts: Counter[str] = Counter()
    for message in messages:
        counts.update(("@timestamp", "@ingestionTime", "@message", "@logStream", "@log", *fields(message)))
    return {
        "logGroupFields": [
            {"name": name, "percent": round(100 * number / len(messages))}
            for name, number in sorted(counts.items())
        ]
    }
