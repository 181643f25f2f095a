"""Composite alarms as a learner meets them. Wordings and order are those recorded from the live service unless noted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"


def refused(operation: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        operation(**request)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    return error.value.response["Error"]["Message"]


def test_a_composite_is_evaluated_when_it_is_made_and_when_a_child_changes(hand):
    hand.metric("child", "OK")
    hand.composite("top", 'ALARM("child")')
    made = hand.see("top")
    assert made["StateValue"] == "OK"
    assert made["StateReason"] == f"{ARN}top was created and its alarm rule evaluates to OK"
    assert json.loads(made["StateReasonData"]) == {
        "triggeringAlarms": [
            {"arn": f"{ARN}child", "state": {"value": "OK", "timestamp": "2026-03-02T09:00:00.000+0000"}}
        ]
    }
    hand.lab.advance(seconds=90)
    hand.set("child", "ALARM")
    changed = hand.see("top")
    assert changed["StateValue"] == "ALARM"
    assert changed["StateReason"] == f"{ARN}child transitioned to ALARM at Monday 02 March, 2026 09:01:30 UTC"
    assert changed["StateUpdatedTimestamp"] == changed["StateTransitionedTimestamp"] == hand.lab.now


def test_an_update_is_evaluated_at_once_and_replaces_everything(hand):
    hand.metric("child", "OK")
    hand.composite("top", "ALARM(child)", AlarmDescription="first", AlarmActions=[])
    hand.composite("top", "TRUE")
    alarm = hand.see("top")
    assert alarm["StateReason"] == f"{ARN}top was updated and its new alarm rule evaluates to ALARM"
    assert alarm["StateReasonData"] == '{"triggeringAlarms":[]}'
    assert "AlarmDescription" not in alarm
    hand.composite("top", "TRUE OR FALSE")
    assert hand.see("top")["StateReason"] == alarm["StateReason"]  # the value stayed: so does the reason


def test_the_same_again_is_no_update(hand):
    hand.metric("child", "OK")
    hand.composite("top", "ALARM(child)")
    hand.lab.advance(minutes=1)
    hand.composite("top", "ALARM(child)")
    assert hand.see("top")["AlarmConfigurationUpdatedTimestamp"] < hand.lab.now
    assert [i["HistorySummary"] for i in hand.history("top")] == [
        'Alarm "top" created',
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_a_state_set_by_hand_stays_until_a_child_changes(hand):
    hand.metric("child", "OK")
    hand.composite("top", "ALARM(child)")
    hand.set("top", "ALARM")
    hand.lab.advance(hours=2)
    assert hand.state("top") == "ALARM"
    hand.set("child", "INSUFFICIENT_DATA")
    assert hand.state("top") == "OK"


def test_a_storm_of_twelve_alarms_is_one_message(hand):
    """The children notify nobody; the composite speaks once for all of them."""
    topic, sqs = hand.topic(), hand.lab.client("sqs")
    url = sqs.create_queue(QueueName="pager")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    hand.lab.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    names = [f"web-{n}" for n in range(12)]
    for name in names:
        hand.metric(name, "OK")
    hand.composite("site", " OR ".join(f"ALARM({name})" for name in names), AlarmActions=[topic])
    for name in names:
        hand.set(name, "ALARM")
        hand.lab.advance(seconds=1)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 1
    told = json.loads(json.loads(messages[0]["Body"])["Message"])
    assert told["AlarmName"] == "site"
    assert [child["Arn"] for child in told["TriggeringChildren"]] == [f"{ARN}web-0"]


def test_many_children_account_for_as_much_as_fits(hand):
    names = [f"a-rather-long-name-of-an-alarm-{n:03}" for n in range(60)]
    for name in names:
        hand.metric(name, "OK")
    hand.composite("top", " AND ".join(f"OK({name})" for name in names))
    data = hand.see("top")["StateReasonData"]
    assert 3800 < len(data) <= 4000
    assert json.loads(data)["triggeringAlarms"][0]["arn"] == f"{ARN}{names[0]}"


def test_a_composite_over_composites_sees_the_outcome_of_all_of_them(hand):
    """A diamond: the top changes once, from both sides, and never in between."""
    hand.metric("leaf", "OK")
    hand.composite("left", "ALARM(leaf)")
    hand.composite("right", "NOT ALARM(leaf)")
    hand.composite("top", "ALARM(left) AND ALARM(right)")
    hand.set("leaf", "ALARM")
    assert [hand.state(n) for n in ("left", "right", "top")] == ["ALARM", "OK", "OK"]
    assert len([i for i in hand.history("top") if i["HistoryItemType"] == "StateUpdate"]) == 1


def test_a_cycle_can_be_made_and_stops_evaluating(hand):
    hand.metric("leaf", "ALARM")
    hand.composite("c", "FALSE")
    hand.composite("d", "ALARM(c)")
    hand.composite("c", "ALARM(d) OR ALARM(leaf)")
    assert [hand.state(n) for n in "cd"] == ["ALARM", "ALARM"]  # recorded
    hand.set("leaf", "OK")
    assert [hand.state(n) for n in "cd"] == ["ALARM", "ALARM"]  # each holds the other
    assert "depending on it" in refused(hand.cloudwatch.delete_alarms, AlarmNames=["c"])
    hand.composite("c", "FALSE")
    assert [hand.state(n) for n in "cd"] == ["OK", "OK"]
    hand.composite("d", "FALSE")
    hand.cloudwatch.delete_alarms(AlarmNames=["c"])


def test_a_cycle_that_contradicts_itself_comes_to_rest(hand):
    """Recorded: the first goes to ALARM and back within the instant, the second stays where that left it."""
    hand.composite("c", "FALSE")
    hand.composite("d", "ALARM(c)")
    hand.composite("c", "NOT ALARM(d)")
    assert [hand.state(n) for n in "cd"] == ["OK", "ALARM"]
    assert hand.see("c")["StateReason"].startswith(f"{ARN}d transitioned to ALARM at ")
    hand.lab.advance(hours=1)
    assert [hand.state(n) for n in "cd"] == ["OK", "ALARM"]


def test_a_chain_of_a_hundred_composites_follows(hand):
    hand.metric("a000", "OK")
    for n in range(1, 101):
        hand.composite(f"a{n:03}", f"ALARM(a{n - 1:03})")
    hand.set("a000", "ALARM")
    assert hand.state("a100") == "ALARM"


def test_what_a_composite_needs_cannot_be_deleted(hand):
    for name in ("child", "guard"):
        hand.metric(name, "OK")
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    hand.composite("top", "ALARM(child)", ActionsSuppressor="guard", **periods)
    for name in ("child", "guard"):
        message = refused(hand.cloudwatch.delete_alarms, AlarmNames=["top", name])
        assert message == f"Cannot delete {name} as there are composite alarm(s) depending on it."
    hand.cloudwatch.delete_alarms(AlarmNames=["top"])
    hand.cloudwatch.delete_alarms(AlarmNames=["child", "guard"])


def test_children_and_parents(hand):
    for name in ("b", "a"):
        hand.metric(name, "OK")
    hand.composite("one", "ALARM(a) AND ALARM(b)")
    hand.composite("two", f"ALARM({ARN}a)")
    found = hand.cloudwatch.describe_alarms(ChildrenOfAlarmName="one")
    assert [a["AlarmName"] for a in found["MetricAlarms"]] == ["a", "b"]
    found = hand.cloudwatch.describe_alarms(ParentsOfAlarmName="a")
    assert [a["AlarmName"] for a in found["CompositeAlarms"]] == ["one", "two"]
    hand.composite("one", "ALARM(b)")
    found = hand.cloudwatch.describe_alarms(ParentsOfAlarmName="a")
    assert [a["AlarmName"] for a in found["CompositeAlarms"]] == ["two"]


def test_a_name_belongs_to_one_kind_of_alarm(hand):
    hand.metric("name")
    assert "already exists" in refused(
        hand.cloudwatch.put_composite_alarm, AlarmName="name", AlarmRule="TRUE"
    )


def test_an_alarm_has_at_most_150_parents(hand):
    hand.metric("child", "OK")
    for n in range(150):
        hand.composite(f"top-{n}", "ALARM(child)")
    message = refused(hand.cloudwatch.put_composite_alarm, AlarmName="one-more", AlarmRule="ALARM(child)")
    assert "150" in message
    hand.composite("top-7", "OK(child)")  # one of them may still change


@pytest.mark.parametrize(
    ("suppressor", "says"),
    [
        ({"ActionsSuppressor": "guard"}, "WaitPeriod is required"),
        ({"ActionsSuppressor": "guard", "ActionsSuppressorWaitPeriod": 1}, "ExtensionPeriod is required"),
        ({"ActionsSuppressorWaitPeriod": 1}, "only be specified together"),
        ({"ActionsSuppressor": "gone"}, "does not exist"),
        ({"ActionsSuppressor": "top"}, "its own"),
        ({"ActionsSuppressor": "guard", "ActionsSuppressorWaitPeriod": -1}, "negative"),
    ],
)
def test_a_suppressor_comes_with_two_periods(hand, suppressor: dict[str, Any], says: str):
    hand.metric("guard", "OK")
    given = dict(suppressor)
    if "required" not in says and "ActionsSuppressor" in given:
        given = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1} | given
    message = refused(hand.cloudwatch.put_composite_alarm, AlarmName="top", AlarmRule="TRUE", **given)
    assert says in message


def test_tags_are_kept_from_the_creation(hand):
    hand.composite("top", "TRUE", Tags=[{"Key": "team", "Value": "web"}])
    found = hand.cloudwatch.list_tags_for_resource(ResourceARN=f"{ARN}top")
    assert found["Tags"] == [{"Key": "team", "Value": "web"}]


def test_a_forked_and_a_reopened_world_go_on_alike(hand, tmp_path):
    hand.metric("child", "OK")
    hand.metric("guard", "ALARM")
    periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 120}
    hand.composite("top", "ALARM(child)", ActionsSuppressor="guard", **periods)
    hand.set("child", "ALARM")
    hand.set("guard", "OK")
    hand.lab.save(tmp_path / "lab.cwlab")
    from cwlab import Lab

    seen = []
    for lab in (hand.lab, hand.lab.fork(), Lab.open(tmp_path / "lab.cwlab")):
        lab.advance(minutes=3)
        client = lab.client("cloudwatch")
        found = client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        lines = client.describe_alarm_history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
        seen.append((found, lines))
    assert seen[0][0][0].get("ActionsSuppressedBy") is None
    assert seen[0] == seen[2]
