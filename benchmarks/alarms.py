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
SUMS = 20
AMI = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
BANDS, BAND_DAYS = 5, 7


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
    asleep = quiet(sql=True)
    yield at_most(
        f"a jump of {JUMP_DAYS} days with {IDLE} alarms on SQL and no new data",
        seconds_of(lambda: asleep.advance(days=JUMP_DAYS)),
        1_000,
    )
    expressions = summed()
    made = SUMS * DAYS * MINUTES
    took = seconds_of(lambda: expressions.advance(days=DAYS))
    yield Row(
        f"{DAYS} days of minutes under {SUMS} alarms, half on metric math, half on SQL",
        f"{made / took:,.0f} evaluations a second ({took:.2f} s, {changes(expressions):,} changes of state)",
        f"≥ {TARGET:,}",
        made / took >= TARGET,
    )
    machines = instances()
    yield at_most(
        f"a jump of {JUMP_DAYS} days with {IDLE} alarms on the CPU of idle instances",
        seconds_of(lambda: machines.advance(days=JUMP_DAYS)),
        6_000,
    )
    banded = bands()
    yield at_most(
        f"{BAND_DAYS} days of five-minute data under {BANDS} alarms on anomaly bands",
        seconds_of(lambda: banded.advance(days=BAND_DAYS)),
        90_000,
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


def watched(*, every_tick: bool = False, alarms: int = ALARMS) -> Lab:
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
        if i < alarms:
            put_alarm(client, f"a{i}", f"m{i}", Period=300 if i % 4 == 0 else 60)
    return lab


def quiet(*, sql: bool = False) -> Lab:
    """Alarms on metrics with one datapoint, of which nothing more is heard."""
    lab = Lab()
    client = lab.client("cloudwatch")
    for i in range(IDLE):
        client.put_metric_data(Namespace="Bench", MetricData=[{"MetricName": f"m{i}", "Value": 1.0}])
        if sql:
            put_computed(
                client, f"a{i}", [{"Id": "q", "Expression": f"SELECT MAX(m{i}) FROM Bench", "Period": 60}]
            )
        else:
            put_alarm(client, f"a{i}", f"m{i}")
    return lab


def put_computed(client: Any, name: str, queries: list[dict[str, Any]]) -> None:
    client.put_metric_alarm(
        AlarmName=name,
        Metrics=queries,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
    )


def summed() -> Lab:
    """The metrics of ``watched``, two and two: their mean by metric math, or the maximum of one by SQL."""
    lab = watched(alarms=0)
    client = lab.client("cloudwatch")
    for i in range(0, 2 * SUMS, 2):
        if i % 4:
            queries = [{"Id": "q", "Expression": f"SELECT MAX(m{i}) FROM Bench", "Period": 60}]
        else:
            queries = [
                {
                    "Id": f"m{j}",
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": {"Namespace": "Bench", "MetricName": f"m{j}"},
                        "Period": 60,
                        "Stat": "Average",
                    },
                }
                for j in (i, i + 1)
            ]
            queries.append({"Id": "e", "Expression": f"(m{i} + m{i + 1}) / 2"})
        put_computed(client, f"a{i}", queries)
    return lab


def instances() -> Lab:
    """An alarm on each of so many instances that do nothing, with basic monitoring."""
    lab = Lab()
    request = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": IDLE, "MaxCount": IDLE}
    made = lab.client("ec2").run_instances(**request)["Instances"]
    for i, instance in enumerate(made):
        lab.client("cloudwatch").put_metric_alarm(
            AlarmName=f"cpu-{i}",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "InstanceId", "Value": instance["InstanceId"]}],
            Statistic="Average",
            Period=300,
            EvaluationPeriods=2,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
        )
    return lab


def bands() -> Lab:
    """Alarms that leave a band learned from two weeks of a daily wave; the wave goes on, with a bad hour a day."""
    lab = Lab()
    slots = np.arange(-14 * 288, BAND_DAYS * 288)
    stamps, noise = int(lab.now.timestamp()) + 300 * slots, np.random.default_rng(3)
    for i in range(BANDS):
        values = 50 + 20 * np.sin(2 * np.pi * slots / 288) + noise.normal(0, 2, len(slots))
        values[(slots >= 0) & (slots % 288 < 12)] += 60
        lab.act("cloudwatch", "load", namespace="Bench", metric=f"w{i}", stamps=stamps, values=values)
        watched_metric = {"Namespace": "Bench", "MetricName": f"w{i}"}
        metric = {"Metric": watched_metric, "Period": 300, "Stat": "Average"}
        lab.client("cloudwatch").put_metric_alarm(
            AlarmName=f"band-{i}",
            ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
            EvaluationPeriods=3,
            ThresholdMetricId="band",
            Metrics=[
                {"Id": "m", "MetricStat": metric, "ReturnData": True},
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"},
            ],
        )
    return lab


def changes(lab: Lab) -> int:
    """How often an alarm changed its state."""
    pages = (
        lab.client("cloudwatch")
        .get_paginator("describe_alarm_history")
        .paginate(HistoryItemType="StateUpdate")
    )
    return sum(len(page["AlarmHistoryItems"]) for page in pages)
