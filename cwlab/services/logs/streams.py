"""Log streams: made, listed, deleted."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.services.logs import paging, tallies
from cwlab.services.logs.linked import chosen, conditions
from cwlab.services.logs.names import (
    group_arn,
    group_of,
    policy_arn,
    settings_of,
    stream_of,
    streams,
    tag_conditions,
)
from cwlab.services.logs.policies import granted
from cwlab.services.logs.records import Group, Stream
from cwlab.services.logs.refusals import exists, invalid, protected
from cwlab.services.logs.store import Events

PAGE = 50
SEQUENCE_TOKEN = "49039859634184400000000000000000000000000000000000000002"  # of no meaning any more
Structure = dict[str, Any]


@operation("logs", "CreateLogStream", resource=policy_arn, conditions=tag_conditions, policy=granted)
def create_log_stream(call: Call, *, logGroupName: str, logStreamName: str) -> None:
    """Make a log stream in a group."""
    group_of(call, logGroupName)
    table = streams(call, logGroupName)
    if logStreamName in table:
        raise exists("log stream")
    table[logStreamName] = Stream(logStreamName, call.now_ms, Events())


@operation("logs", "DeleteLogStream", resource=policy_arn, conditions=tag_conditions)
def delete_log_stream(call: Call, *, logGroupName: str, logStreamName: str) -> None:
    """Delete a stream with its events."""
    group, stream = group_of(call, logGroupName), stream_of(call, logGroupName, logStreamName)
    if group.protected:
        raise protected("log stream of a log group")
    tallies.keep(call, logGroupName, [stream])
    del streams(call, logGroupName)[logStreamName]


@operation("logs", "DescribeLogStreams", readonly=True, resource=policy_arn, conditions=conditions)
def describe_log_streams(
    call: Call,
    *,
    logGroupName: str | None = None,
    logGroupIdentifier: str | None = None,
    logStreamNamePrefix: str | None = None,
    orderBy: str = "LogStreamName",
    descending: bool = False,
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """The streams of a group, by name or by the time of their last event."""
    if orderBy == "LastEventTime" and logStreamNamePrefix is not None:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    call, group = chosen(call, {"logGroupName": logGroupName, "logGroupIdentifier": logGroupIdentifier})
    prefix = logStreamNamePrefix or ""
    found = [_seen(call, s) for n, s in sorted(streams(call, group.name).items()) if n.startswith(prefix)]
    if orderBy == "LastEventTime":  # streams without events before all others
        found.sort(key=lambda s: (s.last_ms is not None, s.last_ms or 0, s.name))
    if descending:
        found.reverse()
    request = ("streams", group.name, prefix, orderBy, descending)
    shown, following = paging.listed(found, request, limit, nextToken, call.now_ms)
    answer: Structure = {"logStreams": [_described(call, group, stream) for stream in shown]}
    return answer | ({"nextToken": following} if following else {})


def _seen(call: Call, stream: Stream) -> Stream:
    """The stream as listings know it."""
    delay_ms = settings_of(call).listing_delay_ms
    if not delay_ms or stream.ingested_ms is None or stream.ingested_ms <= call.now_ms - delay_ms:
        return stream
    return _as_of(stream, call.now_ms - delay_ms)


def _as_of(stream: Stream, then_ms: int) -> Stream:
    """The stream as it was when nothing received after an instant had come."""
    first = last = received = None
    for chunk in stream.events.chunks:
        known = chunk.ingested <= then_ms
        if known.any():
            stamps = chunk.stamp[known]
            first = min(int(stamps[0]), first if first is not None else 1 << 62)
            last = max(int(stamps[-1]), last if last is not None else 0)
            received = max(int(chunk.ingested[known].max()), received or 0)
    return Stream(stream.name, stream.created_ms, stream.events, first, last, received)


def _described(call: Call, group: Group, stream: Stream) -> Structure:
    times = {
        "firstEventTimestamp": stream.first_ms,
        "lastEventTimestamp": stream.last_ms,
        "lastIngestionTime": stream.ingested_ms,
    }
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        **{name: value for name, value in times.items() if value is not None},
        "uploadSequenceToken": SEQUENCE_TOKEN,
        "arn": f"{group_arn(call, group.name)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
