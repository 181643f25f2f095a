"""Why a composite alarm holds its actions back just now: the table ``suppressions``, by the alarm's name."""

from __future__ import annotations

from typing import Literal

from cwlab.api import Call
from cwlab.codec import record

SuppressedBy = Literal["WaitPeriod", "ExtensionPeriod", "Alarm"]


@record
class Phase:
    """``by`` and ``reason`` are ActionsSuppressedBy and ActionsSuppressedReason; ``timer`` is the agenda's entry that
    ends a period."""

    by: SuppressedBy
    reason: str
    timer: int | None = None


def phase_of(call: Call, name: str) -> Phase | None:
    """The phase an alarm is in; None when its actions may run."""
    found: Phase | None = call.table("suppressions").get(name)
    return found


def drop(call: Call, name: str) -> None:
    """Forget a phase and its timer."""
    before = call.table("suppressions").pop(name, None)
    if before is not None and before.timer is not None:
        call.cancel(before.timer)
