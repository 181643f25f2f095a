"""A query and what it answers."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.logs.names import settings_of
from cwlab.services.logs.records import DataKey
from cwlab.services.logs.refusals import limit_exceeded, not_found
from cwlab.timeline import DAY, HOUR

SCHEDULED_MS = 200  # until a query begins to run
LONGEST_MS = HOUR  # it may take
KEPT_MS = 7 * DAY


@record
class Query:
    """A query and what it answers.

    ``pointers`` (log, stream, ts, place) has one for each row where rows are events; ``failed`` is what the engine said.
    ``scanned`` and ``nbytes`` are events and bytes looked at, in ``looked_at`` groups; field indexes spared it the ``skipped``.
    """

    id: str
    text: str
    groups: tuple[str, ...]
    created_ms: int
    user: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    pointers: tuple[tuple[str, str, int, int], ...] | None
    matched: int
    scanned: int
    nbytes: int
    looked_at: int
    skipped: int = 0
    skipped_bytes: int = 0
    key: DataKey | None = None  # what the answer is kept under
    stopped_ms: int | None = None
    failed: str | None = None
    takes_ms: int = 1000  # until it is complete

    def status(self, now_ms: int) -> str:
        """Where it is, at an instant."""
        if self.stopped_ms is not None:
            return "Cancelled"
        age = now_ms - self.created_ms
        if age < min(SCHEDULED_MS, self.takes_ms):
            return "Scheduled"
        if age < min(self.takes_ms, LONGEST_MS):
            return "Running"
        if self.takes_ms > LONGEST_MS:
            return "Timeout"
        return "Complete" if self.failed is None else "Failed"


def make_room(call: Call) -> None:
    """Forget queries that are kept no longer, and refuse another one while too many are going on.

    Raises:
        AwsError: LimitExceededException, in the words the service was seen to use.
    """
    table, now_ms = call.table("queries"), call.now_ms
    table.drop([id_ for id_, query in table.items() if now_ms - query.created_ms > KEPT_MS])
    most = settings_of(call).concurrent_queries
    if sum(query.status(now_ms) in ("Scheduled", "Running") for query in table.values()) >= most:
        raise limit_exceeded(f"Account maximum query concurrency limit of [{most}] reached.")


def query_of(call: Call, query_id: str) -> Query:
    """The query of that id; queries are kept for seven days.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found: Query | None = call.table("queries").get(query_id)
    if found is None or call.now_ms - found.created_ms > KEPT_MS:
        raise not_found("Query result not found.")
    return found
