"""``@ptr``, where an event is, and GetLogRecord, which finds it again."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.logs import entities, keys, protection, reading
from cwlab.services.logs.linked import inside, place_of
from cwlab.services.logs.names import group_arn, policy_arn, streams
from cwlab.services.logs.permissions import also
from cwlab.services.logs.records import Group, Stream
from cwlab.services.logs.refusals import invalid, not_found

Structure = dict[str, Any]


def pointer(place: tuple[str, str, int, int]) -> str:
    """``@ptr``: where an event is, for GetLogRecord."""
    log, stream, stamp, arrival = place
    return base64.urlsafe_b64encode(f"{stamp}:{arrival}:{len(log)}:{log}{stream}".encode()).decode()


def _place(text: str) -> tuple[str, str, int, int]:
    try:
        stamp, arrival, length, names = (
            base64.b64decode(text, altchars=b"-_", validate=True).decode().split(":", 3)
        )
        return names[: int(length)], names[int(length) :], int(stamp), int(arrival)
    except (ValueError, binascii.Error):
        raise invalid("The specified log record pointer is invalid.") from None


@operation("logs", "GetLogRecord", readonly=True)
def get_log_record(call: Call, *, logRecordPointer: str, unmask: bool = False) -> Structure:
    """All fields of one event, by the ``@ptr`` a query gave for it. ``@timestamp`` and ``@ingestionTime`` are ms here."""
    from cwlab.services.logs.insights.record import fields

    log, stream_name, stamp, arrival = _place(logRecordPointer)
    home, group, stream = _home(call, log, stream_name)
    if stamp < group.visible_from(call.now_ms):
        raise _gone()
    if unmask:
        also(
            call, "logs:Unmask", policy_arn(home, {"logGroupName": group.name, "logStreamName": stream_name})
        )
    pieces = protection.pieces(
        home, group.name, stream, (stamp, arrival), (stamp, arrival + 1), unmask=unmask
    )
    if not pieces:
        raise _gone()
    keys.check_reading(home, group, [pieces[0].chunk.key])
    page = reading.page(pieces[:1], 1)
    return {
        "logRecord": {
            "@timestamp": str(stamp),
            "@ingestionTime": str(page.ingested[0]),
            "@message": page.message[0],
            "@logStream": stream_name,
            "@log": log,
            "@ptr": logRecordPointer,
            **entities.of(home, group.name, arrival),
            **fields(page.message[0]),
        }
    }


def _home(call: Call, log: str, stream: str) -> tuple[Call, Group, Stream]:
    """The group and stream an event is in, of this account or of one that shares them; and the call as if made there.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    account, _, name = log.partition(":")
    try:
        place = place_of(call, group_arn(inside(call, account), name))
    except AwsError as problem:
        raise _gone() from problem
    found: Stream | None = streams(place.call, name).get(stream)
    if found is None:
        raise _gone()
    return place.call, place.group, found


def _gone() -> AwsError:
    return not_found("The specified log record does not exist.")
