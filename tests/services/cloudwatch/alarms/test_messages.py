"""What notifications say, against messages recorded from the live service (names are ours)."""

from __future__ import annotations

import json

import pytest

TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"


@pytest.fixture
def told(hand):
    """The message of the last notification: for programs, and as it was published to all protocols."""
    hand.topic()

    def read(name: str):
        published = json.loads(hand.history(name)[-1]["HistoryData"]["publishedMessage"])
        return json.loads(published["default"]), published

    return read


RICH = {
    "AlarmDescription": "about orders",
    "AlarmActions": [TOPIC],
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Unit": "Percent",
    "Period": 300,
    "Threshold": 50,
    "DatapointsToAlarm": 1,
}


@pytest.mark.syllabus("A05")
def test_a_metric_alarm(hand, told):
    hand.metric("orders", Dimensions=[{"Name": "InstanceId", "Value": "i-1"}], **RICH)
    hand.lab.advance(seconds=1)
    hand.set("orders", "ALARM")
    message, _ = told("orders")
    assert message == {
        "AlarmName": "orders",
        "AlarmDescription": "about orders",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-03-02T09:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "by hand",
        "StateChangeTime": "2026-03-02T09:00:01.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"{ARN}orders",
        "OldStateValue": "INSUFFICIENT_DATA",
        "ActionExecutedAfterMuteWindow": False,
        "OKActions": [],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/EC2",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": "Percent",
            "Dimensions": [{"value": "i-1", "name": "InstanceId"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 50.0,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    assert list(message)[9:12] == ["OldStateValue", "ActionExecutedAfterMuteWindow", "OKActions"]


def test_a_percentile(hand, told):
    hand.cloudwatch.put_metric_alarm(
        AlarmName="slow",
        Namespace="N",
        MetricName="Latency",
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
    )
    hand.set("slow", "ALARM")
    trigger = told("slow")[0]["Trigger"]
    assert (trigger["StatisticType"], trigger["ExtendedStatistic"]) == ("ExtendedStatistic", "p99")
    assert "Statistic" not in trigger and "DatapointsToAlarm" not in trigger and trigger["Unit"] is None


def test_an_alarm_on_an_expression(hand, told):
    metrics = [
        {
            "Id": "m1",
            "Label": "Explicit CPU metric label",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"},
                "Period": 60,
                "Stat": "Average",
                "Unit": "Percent",
            },
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "m1 + 0", "Label": "Explicit expression label", "ReturnData": True},
    ]
    hand.cloudwatch.put_metric_alarm(
        AlarmName="math",
        Metrics=metrics,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[TOPIC],
    )
    hand.set("math", "ALARM")
    message, published = told("math")
    assert json.dumps(message["Trigger"], separators=(",", ":")) == (
        '{"Period":60,"EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold",'
        '"Threshold":50.0,"TreatMissingData":"ignore","EvaluateLowSampleCountPercentile":"","Metrics":[{"Id":"m1",'
        '"Label":"Explicit CPU metric label","MetricStat":{"Metric":{"Dimensions":[],"MetricName":"CPUUtilization",'
        '"Namespace":"AWS/EC2"},"Period":60,"Stat":"Average","Unit":"Percent"},"ReturnData":false},'
        '{"Expression":"m1 + 0","Id":"e1","Label":"Explicit expression label","ReturnData":true}]}'
    )
    assert "Monitored Metrics:\n- MetricExpression:           m1 + 0\n" in published["email"]


def test_a_composite(hand, told):
    hand.metric("child", "OK")
    hand.composite("top", 'ALARM("child")', AlarmDescription="all of it", AlarmActions=[TOPIC])
    hand.lab.advance(seconds=2)
    hand.set("child", "ALARM")
    message, published = told("top")
    assert json.dumps(message, separators=(",", ":")) == (
        '{"AlarmName":"top","AlarmDescription":"all of it","AWSAccountId":"123456789012","NewStateValue":"ALARM",'
        f'"NewStateReason":"{ARN}child transitioned to ALARM at Monday 02 March, 2026 09:00:02 UTC",'
        '"StateChangeTime":"2026-03-02T09:00:02.000+0000","Region":"US East (N. Virginia)",'
        f'"AlarmArn":"{ARN}top","OKActions":[],"AlarmActions":["{TOPIC}"],"InsufficientDataActions":[],'
        '"ActionExecutedAfterMuteWindow":false,"OldStateValue":"OK","AlarmRule":"ALARM(\\"child\\")",'
        f'"TriggeringChildren":[{{"Arn":"{ARN}child","State":{{"Value":"ALARM",'
        '"Timestamp":"2026-03-02T09:00:02.000+0000"}}]}'
    )
    assert (
        f"Triggering children (max. 10):\n- {ARN}child   ALARM               Monday 02 March, 2026 09:00:02 UTC\n"
    ) in published["email"]


def test_the_letter(hand, told):
    hand.metric("orders", **RICH)
    hand.set("orders", "ALARM")
    opening = 'You are receiving this email because your Amazon CloudWatch Alarm "orders" in the US East (N. Virginia)'
    when = "Monday 02 March, 2026 09:00:00 UTC"
    often = "for at least 1 of the last 1 period(s) of 300 seconds."
    console = "https://us-east-1.console.aws.amazon.com/cloudwatch/deeplink.js?region=us-east-1"
    assert told("orders")[1]["email"] == "\n".join(
        [
            f'{opening} region has entered the ALARM state, because "by hand" at "{when}".',
            "",
            "View this alarm in the AWS Management Console:",
            f"{console}#alarmsV2:alarm/orders",
            "",
            "Alarm Details:",
            "- Name:                       orders",
            "- Description:                about orders",
            "- State Change:               INSUFFICIENT_DATA -> ALARM",
            "- Reason for State Change:    by hand",
            f"- Timestamp:                  {when}",
            "- AWS Account:                123456789012",
            f"- Alarm Arn:                  {ARN}orders",
            "",
            "Threshold:",
            f"- The alarm is in the ALARM state when the metric is GreaterThanThreshold 50.0 {often} ",
            "",
            "Monitored Metric:",
            "- MetricNamespace:                     AWS/EC2",
            "- MetricName:                          CPUUtilization",
            "- Dimensions:                          ",
            "- Period:                              300 seconds",
            "- Statistic:                           Average",
            "- Unit:                                Percent",
            "- TreatMissingData:                    ignore",
            "",
            "",
            "State Change Actions:",
            "- OK: ",
            f"- ALARM: [{TOPIC}]",
            "- INSUFFICIENT_DATA: ",
            "",
        ]
    )


@pytest.mark.parametrize(
    ("name", "subject", "sms"),
    [
        ("short", 'ALARM: "short" in US East (N. Virginia)', 'ALARM: "short" in US East (N. Virginia)'),
        (
            "n" * 200,
            'ALARM: "' + "n" * 63 + '..." in US East (N. Virginia)',
            'ALARM: "' + "n" * 87 + '..." in US East (N. Virginia)',
        ),
        (
            "orders-界é界é",
            'ALARM: "orders-_" in US East (N. Virginia)',
            'ALARM: "orders-_" in US East (N. Virginia)',
        ),
    ],
)
def test_subjects_and_short_messages_are_cut_and_in_ascii(hand, told, name: str, subject: str, sms: str):
    hand.metric(name, AlarmActions=[TOPIC])
    hand.set(name, "ALARM")
    (published,) = [e for e in hand.lab.journal if (e.service, e.operation) == ("sns", "Publish")]
    assert published.params["Subject"] == subject and len(subject) <= 100
    assert told(name)[1]["sms"] == sms


def test_what_is_watched_says_that_it_is_returned(hand):
    """ReturnData is true where it was left out."""
    hand.topic()
    hand.cloudwatch.put_metric_alarm(
        AlarmName="math",
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
        Metrics=[
            {
                "Id": "m1",
                "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            },
            {"Id": "e1", "Expression": "m1 * 2"},
        ],
    )
    hand.set("math", "ALARM")
    (sent,) = [e.params["Message"] for e in hand.lab.journal if e.operation == "Publish"]
    trigger = json.loads(json.loads(sent)["default"])["Trigger"]
    assert [query["ReturnData"] for query in trigger["Metrics"]] == [False, True]
    events = [e.params["Entries"][0] for e in hand.lab.journal if e.operation == "PutEvents"]
    told = json.loads(events[-1]["Detail"])["configuration"]["metrics"]
    assert [query["returnData"] for query in told] == [False, True]
