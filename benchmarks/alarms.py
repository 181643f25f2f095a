"""Alarms on the clock: two weeks of data under a hundred of them, a jump of fifteen months, and the same tick by tick.

Evaluations are counted as AWS makes them: one a minute for each alarm. Most of them are not made here, since they could
find nothing new; the states come out the same, which a test holds to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.measure import Row, at_least, at_most, seconds_of
from cwlab import Lab

ALARMS, DAYS = 100, 15
NAIVE_HOURS = 2
MINUTES = 1_440
TARGET = 40_000
IDLE, JUMP_DAYS = 20, 455


def rows() -> Iterator[Row]:
    lab = watched()
    seconds = seconds_of(lambda: lab.advance(days=DAYS))
    made = ALARMS * DAYS * MINUTES
    yield Row(
        f"{DAYS} days of minutes under {ALARMS} alarms",
        f"{made / seconds:,.0f} evaluations a second ({seconds:.2f} s, {changes(lab):,} changes of state)",
        f"≥ {TARGET:,}",
        made / seconds >= TARGET,
    )
    naive = watched(every_tick=True)
    slow = seconds_of(lambda: naive.advance(hours=NAIVE_HOURS)) / (ALARMS * NAIVE_HOURS * 60)
    yield at_least(
        "the same, against every alarm at every tick", slow / (seconds / made), 5, f"{slow * 1e6:.0f} µs each"
    )
    idle = quiet()
    yield at_most(
        f"a jump of {JUMP_DAYS} days with {IDLE} alarms and no new data",
        seconds_of(lambda: idle.advance(days=JUMP_DAYS)),
        1_000,
    )


def put_alarm(client: Any, name: str, metric: str, **more: Any) -> None:
    client.put_metric_alarm(
        AlarmName=name,
        Namespace="Bench",
        MetricName=metric,
        **{
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "Threshold": 80.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        | more,
    )


def watched(*, every_tick: bool = False) -> Lab:
    """A metric for each alarm, whose rows are to arrive: a daily wave with noise, three bad spells a day, an hour's gap."""
    lab = Lab()
    if every_tick:
        lab.act("cloudwatch", "configure", every_tick=True)
    client, minutes = lab.client("cloudwatch"), np.arange(DAYS * MINUTES)
    stamps = int(lab.now.timestamp()) + 60 * minutes
    noise = np.random.default_rng(11)
    for i in range(ALARMS):
        values = 45 + 15 * np.sin(2 * np.pi * minutes / MINUTES) + noise.normal(0, 3, len(minutes))
        values[(minutes + 37 * i) % 480 < 15] = 95.0
        there = (minutes + 101 * i) % MINUTES >= 60
        lab.act(
            "cloudwatch",
            "load",
            namespace="Bench",
            metric=f"m{i}",
            stamps=stamps[there],
            values=values[there],
        )
        put_alarm(client, f"a{i}", f"m{i}", Period=300 if i % 4 == 0 else 60)
    return lab


def quiet() -> Lab:
    """Alarms on metrics with one datapoint, of which nothing more is heard."""
    lab = Lab()
    client = lab.client("cloudwatch")
    for i in range(IDLE):
        client.put_metric_data(Namespace="Bench", MetricData=[{"MetricName": f"m{i}", "Value": 1.0}])
        put_alarm(client, f"a{i}", f"m{i}")
    return lab


def changes(lab: Lab) -> int:
    """How often an alarm changed its state."""
    pages = (
        lab.client("cloudwatch")
        .get_paginator("describe_alarm_history")
        .paginate(HistoryItemType="StateUpdate")
    )
    return sum(len(page["AlarmHistoryItems"]) for page in pages)
