"""What the log panels ask: the events of a group, and why they are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from cwlab.console.charts.loglines import LogLine
from cwlab.console.words import clean
from cwlab.errors import NotModelled
from cwlab.patterns import explain

REFUSALS = (ClientError, ParamValidationError, NotModelled)
MOST = 10_000  # events a panel reads
FROM_THE_END_MS = 1_704_067_200_000  # since 2024 FilterLogEvents can begin with the newest


@dataclass(frozen=True)
class Found:
    """The answer to one question: events as FilterLogEvents gives them, or the refusal."""

    events: Sequence[dict[str, Any]]
    refused: Exception | None = None

    @property
    def stamps(self) -> list[int]:
        """When each event was."""
        return [e["timestamp"] for e in self.events]


def find(
    client: Any,
    group: str,
    pattern: str = "",
    streams: Iterable[str] = (),
    start_ms: int | None = None,
    end_ms: int | None = None,
    newest: bool = False,
) -> Found:
    """Events of a group, oldest first; a refusal is an answer as well.

    Args:
        newest: where there are more than 10,000, read the newest.
    """
    asked: dict[str, Any] = {"logGroupName": group}
    if pattern:
        asked["filterPattern"] = pattern
    if names := list(streams):
        asked["logStreamNames"] = names
    if start_ms is not None:
        asked["startTime"] = max(start_ms, 0)
    if end_ms is not None:
        asked["endTime"] = end_ms
    back = newest and start_ms is not None and start_ms >= FROM_THE_END_MS
    if back:
        asked["startFromHead"] = False
    try:
        pages = client.get_paginator("filter_log_events").paginate(
            **asked, PaginationConfig={"MaxItems": MOST}
        )
        found = [e for page in pages for e in page["events"]]
        return Found(found[::-1] if back else found)
    except REFUSALS as error:
        return Found([], error)


def streams_of(client: Any, group: str) -> list[str]:
    """The names of a group's streams; none where the group is missing or closed to you."""
    try:
        pages = client.get_paginator("describe_log_streams").paginate(logGroupName=group)
        return [s["logStreamName"] for page in pages for s in page["logStreams"]]
    except REFUSALS:
        return []


def line(event: dict[str, Any], pattern: str = "") -> LogLine:
    """An event as a line, with what the pattern found in it."""
    text = str(event["message"])
    return LogLine(event["timestamp"], str(event["logStreamName"]), text, spans(pattern, text))


def spans(pattern: str, text: str) -> list[tuple[int, int]]:
    """The places in a text that a pattern's terms and conditions found and wanted; none for an empty pattern."""
    if not pattern.strip():
        return []
    told = explain(pattern, text)
    return [span for part in told.parts if part.holds and part.counts for span in part.spans]


def refusal(error: Exception) -> str:
    """A refusal in AWS's words."""
    if isinstance(error, ClientError):
        found = error.response["Error"]
        return f"{found['Code']}: {clean(found.get('Message', ''))}"
    return f"{type(error).__name__}: {clean(str(error).replace(chr(10), ' '))}"


def pointer(error: Exception | None) -> str:
    """The lines the lab adds to a refusal, such as the caret under a mistake; on AWS itself there are none."""
    return "\n".join(clean(one) for note in getattr(error, "__notes__", ()) for one in str(note).splitlines())
