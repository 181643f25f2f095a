"""Alarms over many series: what is told of each series. Lines, messages and events as recorded from the live service."""

from __future__ import annotations

import json
from typing import Any

import pytest

TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
QUERY = 'SELECT MAX(Load) FROM "Shop" GROUP BY Team ORDER BY MAX() DESC'


@pytest.fixture
def teams(hand):
    """An alarm over the teams, and how to let a minute pass with a load for each."""
    hand.topic()
    hand.cloudwatch.put_metric_alarm(
        AlarmName="teams",
        AlarmDescription="each team's load",
        Metrics=[{"Id": "q", "Expression": QUERY, "Period": 60, "ReturnData": True}],
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[TOPIC],
        OKActions=[TOPIC],
    )

    def minute(**loads: float) -> None:
        data = [
            {"MetricName": "Load", "Dimensions": [{"Name": "Team", "Value": team}], "Value": load}
            for team, load in loads.items()
        ]
        hand.cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
        hand.lab.advance(minutes=1)

    return minute


def of_type(hand: Any, kind: str) -> list[dict[str, Any]]:
    return hand.history("teams", HistoryItemType=kind, AlarmTypes=["MetricAlarm"])


def test_each_series_has_its_own_lines_and_the_alarm_counts_them(hand, teams):
    teams(a=20, b=5)
    teams(a=20, b=30)
    teams(a=5, b=30)
    teams(a=5, b=5)
    updates = of_type(hand, "AlarmContributorStateUpdate")
    assert [(i["HistorySummary"], i["AlarmContributorAttributes"]["Team"]) for i in updates] == [
        ("Contributor state updated to ALARM", "a"),
        ("Contributor state updated to ALARM", "b"),
        ("Contributor state updated to OK", "a"),
        ("Contributor state updated to OK", "b"),
    ]
    assert list(updates[0]["HistoryData"]) == ["version", "newState"]
    one, two = (f'"{n} out of 2 time series evaluated to ALARM"' for n in (1, 2))
    assert [i["HistorySummary"] for i in of_type(hand, "StateUpdate")] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f"State Reason changed from {one} to {two}",
        f"State Reason changed from {two} to {one}",
        "Alarm updated from ALARM to OK",
    ]
    assert hand.see("teams")["StateReason"] == "2 time series evaluated to OK"
    assert len(of_type(hand, "AlarmContributorAction")) == 4
    assert of_type(hand, "Action") == []
    id_ = updates[0]["AlarmContributorId"]
    found = hand.history("teams", AlarmContributorId=id_, AlarmTypes=["MetricAlarm"])
    assert [item["AlarmContributorId"] for item in found] == [id_] * 4


def test_the_message_and_the_letter_name_the_series(hand, teams):
    teams(a=20, b=5)
    (action,) = of_type(hand, "AlarmContributorAction")
    id_ = action["AlarmContributorId"]
    published = json.loads(action["HistoryData"]["publishedMessage"])
    message = json.loads(published["default"])
    assert list(message)[9:16] == [
        "ActionExecutedAfterMuteWindow",
        "OldStateValue",
        "AlarmContributorId",
        "AlarmContributorAttributes",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
    ]
    assert (message["OldStateValue"], message["AlarmContributorAttributes"]) == ("OK", {"Team": "a"})
    assert message["Trigger"]["Metrics"] == [
        {"Expression": QUERY, "Id": "q", "ReturnData": True, "Period": 60}
    ]
    letter = published["email"]
    assert f'Alarm "teams" contributor "{id_}" in the US East (N. Virginia) region has entered' in letter
    assert (
        f"Contributor Details:\n- Id:                         {id_}\n- State Change:               OK -> ALARM"
        in letter
    )
    assert "Contributor Attributes:\n- Team                      a\n" in letter
    assert f"- MetricExpression:           {QUERY}\n- MetricLabel:                No Label\n" in letter
    assert f"~(propertyKey~'ContributorId~operator~'*3d~value~'{id_})" in letter


@pytest.mark.syllabus("A07")
def test_the_event_has_no_previous_state(hand, teams):
    teams(a=20, b=5)
    sent = [e.params["Entries"][0] for e in hand.lab.journal if e.operation == "PutEvents"]
    (event,) = [e for e in sent if e["DetailType"] == "CloudWatch Alarm Contributor State Change"]
    detail = json.loads(event["Detail"])
    assert list(detail) == ["alarmName", "alarmContributor", "state", "configuration"]
    assert detail["alarmContributor"]["attributes"] == {"Team": "a"}
    assert detail["configuration"] == {
        "metrics": [{"id": "q", "expression": QUERY, "returnData": True, "period": 60}],
        "description": "each team's load",
    }


def test_a_muted_series_is_told_of_late(hand, teams):
    hand.cloudwatch.put_alarm_mute_rule(
        Name="night",
        Rule={"Schedule": {"Expression": "cron(0 9 * * *)", "Duration": "PT4M"}},
        MuteTargets={"AlarmNames": ["teams"]},
    )
    for _ in range(6):
        teams(a=20, b=5)
    states = [i["HistoryData"]["actionState"] for i in of_type(hand, "AlarmContributorAction")]
    assert states == ["Muted", "Succeeded"]
