"""Conditional requests and ranges: pure rules.

Source: RFC 7232 and 7233, as API Reference GetObject applies them ("If-Match and If-Unmodified-Since", …).
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from cwlab.errors import AwsError

_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")


def _named(tags: str, etag: str) -> bool:
    """Whether an entity tag is among those a header lists."""
    listed = [each.strip().removeprefix("W/") for each in tags.split(",")]
    return "*" in listed or etag in listed or etag.strip('"') in listed


def _second(at: datetime) -> int:
    return int(at.timestamp())


def check(
    etag: str,
    modified_ms: int,
    if_match: str | None,
    if_none_match: str | None,
    if_modified_since: datetime | None,
    if_unmodified_since: datetime | None,
) -> int | None:
    """Whether a read may go on.

    Returns:
        None when it may; 412 precondition failed, 304 not modified.
    """
    stamp = modified_ms // 1000
    if if_match is not None:
        if not _named(if_match, etag):
            return 412
    elif if_unmodified_since is not None and stamp > _second(if_unmodified_since):
        return 412
    if if_none_match is not None:
        if _named(if_none_match, etag):
            return 304
    elif if_modified_since is not None and stamp <= _second(if_modified_since):
        return 304
    return None


def failed(name: str) -> AwsError:
    """PreconditionFailed, naming the header that did."""
    message = "At least one of the pre-conditions you specified did not hold"
    return AwsError(
        "PreconditionFailed",
        message,
        412,
        fields={"Error": {"Code": "PreconditionFailed", "Message": message, "Condition": name}},
    )


def span(header: str, size: int) -> tuple[int, int] | None:
    """The bytes a Range header asks for, first and last; None when the header is none, and is ignored.

    Raises:
        AwsError: InvalidRange: it begins behind the end.

    >>> span("bytes=0-9", 4), span("bytes=-2", 4), span("bytes=1-", 4), span("lines=1", 4)
    ((0, 3), (2, 3), (1, 3), None)
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size - 1
        bad = int(suffix) == 0 or size == 0
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return None
        bad = start >= size
    if bad:
        message = "The requested range is not satisfiable"
        raise AwsError(
            "InvalidRange",
            message,
            416,
            fields={
                "Error": {
                    "Code": "InvalidRange",
                    "Message": message,
                    "RangeRequested": header,
                    "ActualObjectSize": str(size),
                }
            },
        )
    return start, end


def instant(value: datetime | str) -> datetime:
    """An instant in a header, which some boto3 parameters carry as text."""
    return value if isinstance(value, datetime) else parsedate_to_datetime(value)
