"""Composite alarms."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.services.cloudwatch.alarms.records import CompositeAlarm


def view(call: Call, alarm: CompositeAlarm) -> dict[str, Any]:
    return {"AlarmName": alarm.name}


def children(call: Call, name: str) -> list[str]:
    return []


def parents(call: Call, name: str) -> list[str]:
    return []


def dependents(call: Call, name: str) -> list[str]:
    return []
