"""The table of an alarm's history: lines by number, kept for 30 days. They outlive the alarm.

A line that is too old gives way to None when a new one comes. Source: API reference, DescribeAlarmHistory; the JSON of
HistoryData as observed on the live service.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cwlab.api import Call
from cwlab.codec import record
from cwlab.services.cloudwatch.alarms.records import Alarm, CompositeAlarm, State
from cwlab.services.cloudwatch.alarms.words import compact
from cwlab.timeline import DAY

RETENTION_MS = 30 * DAY

Structure = dict[str, Any]


@record
class Contributor:
    """One series of an alarm over many: its id, and what tells it from the others."""

    id: str
    attributes: tuple[tuple[str, str], ...]


@record
class Item:
    """One line of the history."""

    at_ms: int
    alarm: str
    composite: bool
    type: str
    summary: str
    data: str
    contributor: Contributor | None = None


def add(
    call: Call, alarm: Alarm, type: str, summary: str, data: Any, contributor: Contributor | None = None
) -> None:
    """Write a line.

    Args:
        type: HistoryItemType.
        data: HistoryData, as JSON-ready structure.
    """
    lines, ends = call.table("history"), call.table("history_ends")
    oldest, following = ends.get("oldest", 0), ends.get("next", 0)
    lines[following] = Item(
        call.now_ms, alarm.name, isinstance(alarm, CompositeAlarm), type, summary, compact(data), contributor
    )
    ends["next"] = following + 1
    start = oldest
    while oldest < following and lines[oldest].at_ms <= call.now_ms - RETENTION_MS:
        lines[oldest] = None
        oldest += 1
    if oldest != start:
        ends["oldest"] = oldest


def state_of(state: State, **more: Any) -> Structure:
    """A state as history writes it: StateReasonData stands in it as JSON, not as text."""
    told: Structure = {"stateValue": state.value, "stateReason": state.reason}
    if state.data is not None:
        told["stateReasonData"] = json.loads(state.data)
    return told | {key: value for key, value in more.items() if value is not None}


def walk(call: Call, position: int, ascending: bool) -> Iterator[tuple[int, Item]]:
    """Lines with their numbers: from ``position`` on, or those before it, backwards."""
    lines, ends = call.table("history"), call.table("history_ends")
    oldest, following = ends.get("oldest", 0), ends.get("next", 0)
    numbers = (
        range(max(position, oldest), following)
        if ascending
        else range(min(position, following) - 1, oldest - 1, -1)
    )
    for number in numbers:
        yield number, lines[number]
