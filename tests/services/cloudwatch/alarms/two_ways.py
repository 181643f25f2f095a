"""Looking ahead beside evaluating at every tick: two labs alike, and what is compared of them."""

from __future__ import annotations

from typing import Any

from cwlab import Lab


def both() -> list[Lab]:
    """Two labs alike, of which the second evaluates every alarm at every tick."""
    labs = [Lab(), Lab()]
    labs[1].act("cloudwatch", "configure", every_tick=True)
    return labs


def story(lab: Lab) -> Any:
    """All that can be told of a lab's alarms."""
    client = lab.client("cloudwatch")
    pages = client.get_paginator("describe_alarm_history").paginate()
    history = [item for page in pages for item in page["AlarmHistoryItems"]]
    return client.describe_alarms()["MetricAlarms"], history
