"""Alarms set by hand: what happens then is told apart from when they are evaluated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cwlab import Lab

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"


class Hand:
    """A lab, its CloudWatch, and the short way to alarms that no data ever moves."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.cloudwatch = self.lab.client("cloudwatch")

    def metric(self, name: str, state: str | None = None, **more: Any) -> None:
        """Put a metric alarm; with a state, set it."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            **{
                "Namespace": "N",
                "MetricName": "M",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "ignore",
            }
            | more,
        )
        if state is not None:
            self.set(name, state)

    def set(self, name: str, state: str, data: Any = None) -> None:
        more = {} if data is None else {"StateReasonData": json.dumps(data)}
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand", **more)

    def composite(self, name: str, rule: str, **more: Any) -> None:
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)

    def see(self, name: str) -> dict[str, Any]:
        """The alarm as DescribeAlarms tells it."""
        found = self.cloudwatch.describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
        return alarm

    def state(self, name: str) -> str:
        return self.see(name)["StateValue"]

    def history(self, name: str | None = None, **more: Any) -> list[dict[str, Any]]:
        """Lines, oldest first, of both kinds of alarm; HistoryData read."""
        if name is not None:
            more["AlarmName"] = name
        pages = self.cloudwatch.get_paginator("describe_alarm_history").paginate(
            **{"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "ScanBy": "TimestampAscending"} | more
        )
        items = [item for page in pages for item in page["AlarmHistoryItems"]]
        return [item | {"HistoryData": json.loads(item["HistoryData"])} for item in items]

    def actions(self, name: str | None = None) -> list[tuple[str, str, str]]:
        """What became of actions: Succeeded, Failed, Suppressed or Muted, the ARN, and the summary."""
        return [
            (i["HistoryData"]["actionState"], i["HistoryData"]["notificationResource"], i["HistorySummary"])
            for i in self.history(name)
            if i["HistoryItemType"] in ("Action", "AlarmContributorAction")
        ]

    def topic(self) -> str:
        """A topic anybody may be told of: its ARN is TOPIC."""
        return self.lab.client("sns").create_topic(Name="ops")["TopicArn"]


@pytest.fixture
def hand() -> Hand:
    return Hand()
