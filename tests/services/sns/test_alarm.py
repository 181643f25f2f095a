"""From an alarm to a queue and a mailbox, through boto3 only."""

import json

import pytest

from tests.services.sns.conftest import Queue, allow

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu-high"


@pytest.fixture
def alarm(lab, topic):
    cloudwatch = lab.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="cpu-high",
        Namespace="Shop",
        MetricName="Load",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    return cloudwatch


def heat(lab, cloudwatch, minutes=3):
    for _ in range(minutes):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": 90}])
        lab.advance(minutes=1)


@pytest.mark.syllabus("A05")
def test_an_alarm_reaches_a_queue_and_a_mailbox(lab, sns, topic, queue, alarm):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    lab.inbox.confirm()
    heat(lab, alarm)
    (note,) = queue.notes()
    assert note["Subject"] == 'ALARM: "cpu-high" in US East (N. Virginia)'
    message = json.loads(note["Message"])
    assert (message["AlarmName"], message["NewStateValue"]) == ("cpu-high", "ALARM")
    mail = lab.inbox[-1]
    assert mail.subject == note["Subject"]
    assert mail.body.startswith(
        'You are receiving this email because your Amazon CloudWatch Alarm "cpu-high"'
    )


@pytest.mark.syllabus("A05")
@pytest.mark.parametrize("broken", ["policy", "key"])
def test_a_topic_that_keeps_alarms_out_gets_none_and_the_history_says_so(
    lab, sns, topic, queue, alarm, broken
):
    name, value = {
        "policy": ("Policy", allow({"AWS": "arn:aws:iam::123456789012:root"}, topic, "sns:Publish")),
        "key": ("KmsMasterKeyId", "alias/aws/sns"),
    }[broken]
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    heat(lab, alarm)
    assert queue.messages() == []
    items = alarm.describe_alarm_history(AlarmName="cpu-high", HistoryItemType="Action")["AlarmHistoryItems"]
    (item,) = items
    assert "Failed to execute action" in item["HistorySummary"]
    if broken == "key":
        assert (
            "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
            in item["HistoryData"]
        )


def test_a_fifo_topic_keeps_an_alarms_messages_in_order(lab, sns):
    topic = sns.create_topic(
        Name="line.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    )["TopicArn"]
    line = Queue(lab, topic, "line.fifo", given={"FifoQueue": "true"})
    cloudwatch = lab.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="Shop", MetricName="Load", Statistic="Average", Period=60, EvaluationPeriods=1,
        Threshold=50, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic], OKActions=[topic],
    )  # fmt: skip
    for state in ("ALARM", "OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName="a", StateValue=state, StateReason="test")
        lab.advance(seconds=1)
    assert [json.loads(each)["NewStateValue"] for each in line.texts()] == ["ALARM", "OK", "ALARM"]
