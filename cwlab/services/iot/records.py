"""What IoT keeps, for each account and Region: topic rules by name."""

from __future__ import annotations

from cwlab.codec import record


@record
class Action:
    """The cloudwatchLogs action: where a message goes, with which role."""

    role: str
    group: str
    batch: bool


@record
class Rule:
    """A topic rule. ``topic`` is the filter in its SQL."""

    name: str
    sql: str
    topic: str
    actions: tuple[Action, ...]
    created_ms: int
    description: str | None = None
    disabled: bool = False
    version: str = "2015-10-08"
