"""When flow logs have something to do next: one entry on the agenda in each Region of an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cwlab.api import Call
from cwlab.services.ec2.flow_logs.records import Window
from cwlab.timeline import MINUTE, SECOND

DELAY_S = 300
"""From the end of a window until it is in CloudWatch Logs: about five minutes (user guide), here exactly."""
IDLE_S = 600
"""An interface without traffic is told of every ten minutes: one line a window, several at once."""


def arrange(call: Call) -> None:
    """Put the next delivery on the agenda, or take it off when nothing is to come."""
    due_ms = _next_ms(call)
    table = call.table("flow_clock")
    held = table.get("next")
    if held is not None:
        if held[1] == due_ms:
            return
        call.cancel(held[0])
        del table["next"]
    if due_ms is not None:
        table["next"] = (call.schedule(due_ms, "flow_logs"), due_ms)


def _next_ms(call: Call) -> int | None:
    logs = call.table("flow_logs")
    windows: Mapping[Any, Window] = call.table("flow_windows")
    if not logs and not windows:
        return None
    found: list[int] = []
    packets = call.table("packets")
    if logs and packets:
        found.append((min(packets) + 1) * MINUTE)
    found += [each.end_s * SECOND for each in windows.values()]
    found += [
        (told_s + IDLE_S) * SECOND
        for (log_id, _), told_s in call.table("flow_streams").items()
        if log_id in logs
    ]
    return min(found) + DELAY_S * SECOND if found else None
