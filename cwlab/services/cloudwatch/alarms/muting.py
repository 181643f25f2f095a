"""Whether an alarm's actions are muted just now."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms.events import Change, Muting


def active(call: Call, name: str) -> Muting | None:
    """The newest rule whose window the alarm is in."""
    return None


def note(call: Call, change: Change, *, held: bool) -> None:
    """Remember that actions were muted."""
