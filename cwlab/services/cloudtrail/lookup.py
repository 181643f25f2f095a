"""LookupEvents: the Region's management events of the last 90 days, newest first. It needs no trail.

An event can be looked up some minutes after the call, typically 5 and at most 15. Source: CloudTrail User Guide, "Working
with CloudTrail Event history"; API Reference, LookupEvents.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudtrail import reading
from cwlab.services.cloudtrail.events import access_key, event_id, reads, record_of, text_of, user_name
from cwlab.services.cloudtrail.planes import event_name, source
from cwlab.services.cloudtrail.reading import Made
from cwlab.timeline import DAY, MINUTE, to_datetime, to_ms

BACK_MS = 90 * DAY
PAGE = 50
SOONEST_MS, LATEST_MS = 3 * MINUTE, 15 * MINUTE
Answer = dict[str, Any]


def visible_after_ms(call: Call, made: Made) -> int:
    """How long after the call an event can be looked up, drawn from the seed: half of them within 5 minutes."""
    text = f"{call.world.seed}/{made.entry.at_ms}/{made.nth}/{made.entry.account}"
    mark = hashlib.blake2b(text.encode(), digest_size=4, person=b"history").digest()
    draw = int.from_bytes(mark, "big") / (1 << 32)
    return SOONEST_MS + int((LATEST_MS - SOONEST_MS) * draw**3)


FIELDS: dict[str, Callable[[Call, Made], str | None]] = {
    "EventName": lambda call, made: event_name(made.entry.service, made.entry.operation),
    "EventSource": lambda call, made: source(made.entry.service),
    "Username": lambda call, made: user_name(made.entry.caller),
    "ReadOnly": lambda call, made: "true" if reads(made.entry) else "false",
    "AccessKeyId": lambda call, made: access_key(made.entry.caller),
    "EventId": event_id,
}
"""What can be asked for, and how it is read from a call."""


@operation("cloudtrail", "LookupEvents", readonly=True)
def lookup_events(
    call: Call,
    *,
    LookupAttributes: Sequence[dict[str, str]] = (),
    StartTime: datetime | None = None,
    EndTime: datetime | None = None,
    MaxResults: int = PAGE,
    NextToken: str | None = None,
) -> Answer:
    """Events by one attribute at most, newest first."""
    if len(LookupAttributes) > 1:
        raise AwsError(
            "InvalidLookupAttributesException", "You can only have one attribute in the lookup attributes."
        )
    if not 1 <= MaxResults <= PAGE:
        raise AwsError("InvalidMaxResultsException", f"Max results must be between 1 and {PAGE}.")
    low, high = (None if at is None else to_ms(at) for at in (StartTime, EndTime))
    if low is not None and high is not None and low > high:
        raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
    wanted = _wanted(LookupAttributes)
    mark = hashlib.blake2b(repr((LookupAttributes, low, high)).encode(), digest_size=6).digest()
    asked_ms, skip = (call.now_ms, 0) if NextToken is None else _read_token(NextToken, mark)
    low = max(low or 0, asked_ms - BACK_MS)
    made, _ = reading.read(call, 0, min(asked_ms, high if high is not None else asked_ms))
    found: list[Made] = []
    more = False
    for each in reversed(made):
        if each.entry.at_ms < low:
            break
        if each.region != call.region or each.entry.at_ms + visible_after_ms(call, each) > asked_ms:
            continue
        if wanted is not None and not wanted(call, each):
            continue
        if skip:
            skip -= 1
        elif len(found) == MaxResults:
            more = True
            break
        else:
            found.append(each)
    answer: Answer = {"Events": [_shown(call, each) for each in found]}
    if more:
        done = (0 if NextToken is None else _read_token(NextToken, mark)[1]) + len(found)
        answer["NextToken"] = _token(mark, asked_ms, done)
    return answer


def _wanted(attributes: Sequence[dict[str, str]]) -> Callable[[Call, Made], bool] | None:
    if not attributes:
        return None
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key not in FIELDS:
        raise NotModelled(f"LookupEvents by {key}", f"Modeled: {', '.join(FIELDS)}.")
    if not value:
        raise AwsError("InvalidLookupAttributesException", "The attribute value is empty.")
    return lambda call, made: FIELDS[key](call, made) == value


def _shown(call: Call, made: Made) -> Answer:
    told = record_of(call, made)
    shown = {
        "EventId": told["eventID"],
        "EventName": told["eventName"],
        "ReadOnly": "true" if told["readOnly"] else "false",
        "AccessKeyId": told["userIdentity"].get("accessKeyId"),
        "EventTime": to_datetime(made.entry.at_ms // 1000 * 1000),
        "EventSource": told["eventSource"],
        "Username": user_name(made.entry.caller),
        "Resources": [],
        "CloudTrailEvent": text_of(told),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _token(mark: bytes, asked_ms: int, done: int) -> str:
    return base64.urlsafe_b64encode(mark + asked_ms.to_bytes(6, "big") + done.to_bytes(6, "big")).decode()


def _read_token(text: str, mark: bytes) -> tuple[int, int]:
    try:
        raw = base64.urlsafe_b64decode(text)
    except ValueError:
        raw = b""
    if len(raw) != 18 or raw[:6] != mark:
        raise AwsError("InvalidNextTokenException", "The specified next token is invalid.")
    return int.from_bytes(raw[6:12], "big"), int.from_bytes(raw[12:], "big")
