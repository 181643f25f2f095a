"""What the tables of CloudWatch Logs hold."""

from __future__ import annotations

from typing import Any

from cwlab.codec import record
from cwlab.services.logs.store import Events
from cwlab.timeline import DAY, HOUR

STANDARD, INFREQUENT, DELIVERY = "STANDARD", "INFREQUENT_ACCESS", "DELIVERY"


@record
class DataKey:
    """What KMS gave for a group's events: under which key, and the encrypted data key."""

    arn: str
    blob: bytes


@record
class Group:
    """A log group: what its streams share.

    ``keys`` are all it ever had, in order; ``kms_key`` is the present one. ``floor_ms``: events stamped before it are gone for good, whatever retention says now.
    """

    name: str
    created_ms: int
    log_class: str = STANDARD
    retention_days: int | None = None
    kms_key: str | None = None
    protected: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    floor_ms: int = -(1 << 62)
    keys: tuple[DataKey, ...] = ()

    @property
    def key_number(self) -> int:
        """Which of its keys new events are under, counted from 1; 0 is the service's own."""
        return len(self.keys) if self.kms_key is not None else 0

    def visible_from(self, now_ms: int) -> int:
        """The first instant whose events readers still see."""
        if self.retention_days is None:
            return self.floor_ms
        return max(self.floor_ms, now_ms - self.retention_days * DAY)


@record
class Stream:
    """A log stream: the events of one source, and what DescribeLogStreams tells of them."""

    name: str
    created_ms: int
    events: Events
    first_ms: int | None = (
        None  # smallest and largest event timestamp, newest receipt; None until there is an event
    )
    last_ms: int | None = None
    ingested_ms: int | None = None


@record
class ResourcePolicy:
    """A policy that lets AWS services write. ``scope`` is "" for the account, or a log group's ARN."""

    name: str
    scope: str
    document: str
    updated_ms: int
    revision: str


@record
class Settings:
    """Choices where AWS leaves room or has changed; ``configure`` sets them in one world.

    Source: User Guide, "CloudWatch Logs quotas" (1 MB an event since 2025, 256 KB before); DescribeLogStreams (last
    times are eventually consistent, "typically less than an hour").
    """

    max_event_bytes: int = 1_048_576  # 262_144 is what AWS took until 2025
    listing_delay_ms: int = 0
    export_to_kms_buckets: bool = (
        False  # the guide up to 2022: SSE-KMS is refused; AWS takes such buckets today
    )
    exact_fields: bool = (
        False  # a space-delimited pattern without ... takes only lines with as many fields as it has entries
    )
    first_event_number: int = 0  # where TestMetricFilter begins to count; some callers see 1
    concurrent_queries: int = (
        100  # of Logs Insights, in an account and Region; 30 in 2023, 10 and fewer before
    )
    stats_in_a_query: int = 2  # the user guide's; other pages of 2026 speak of 10
    query_ms: int = 1000  # until a query is complete; longer than 60 minutes ends it as Timeout


DEFAULTS = Settings()
PURGE_MS = 72 * HOUR  # from expiry until an event is gone for good


@record
class Tally:
    """What deleted streams had received: minutes (seconds since 1970), events and bytes, as columns."""

    stamp: Any
    events: Any
    nbytes: Any
