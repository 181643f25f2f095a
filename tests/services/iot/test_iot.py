"""Devices publish; a topic rule writes what they say to a log group."""

import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadInput, NotModelled
from cwlab.services.iot.topics import filter_of, fits

WRITING = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


@pytest.fixture
def lab() -> Lab:
    made = Lab()
    made.client("logs").create_log_group(logGroupName="devices")
    return made


def role(lab, *actions, service="iot.amazonaws.com"):
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="devices", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": list(actions or WRITING), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="devices", PolicyName="write", PolicyDocument=policy)
    return arn


def rule(lab, arn, sql="SELECT * FROM 'shop/#'", name="doors", group="devices", **more):
    action = {"cloudwatchLogs": {"roleArn": arn, "logGroupName": group, **more}}
    payload = {"sql": sql, "actions": [action]}
    lab.client("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)


def messages(lab):
    return [e["message"] for e in lab.client("logs").filter_log_events(logGroupName="devices")["events"]]


@pytest.mark.syllabus("L05")
def test_what_a_device_says_is_a_log_event(lab):
    rule(lab, role(lab))
    got = lab.act("iot", "message", topic="shop/door/1", payload='{"open": true}')
    assert got == {"rules": {"doors": "logged"}}
    lab.client("iot-data").publish(topic="shop/door/2", payload=b'{"open": false}')
    lab.act("iot", "message", topic="office/door/1", payload="{}")
    assert messages(lab) == ['{"open": true}', '{"open": false}']


def test_a_batch_has_its_own_times(lab):
    rule(lab, role(lab), batchMode=True)
    now = int(lab.now.timestamp() * 1000)
    batch = [{"timestamp": now - 5, "message": "two"}, {"timestamp": now - 9, "message": "one"}]
    lab.act("iot", "message", topic="shop/x", payload=json.dumps(batch))
    assert messages(lab) == ["one", "two"]
    assert lab.act("iot", "message", topic="shop/x", payload="no batch")["rules"] == {"doors": "InvalidBatch"}


def test_a_wrong_role_or_group_loses_the_message_and_says_so(lab):
    rule(lab, role(lab, "logs:PutLogEvents"))
    assert lab.act("iot", "message", topic="shop/x", payload="{}")["rules"] == {
        "doors": "AccessDeniedException"
    }
    lab.client("iam").put_role_policy(
        RoleName="devices",
        PolicyName="write",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
        ),
    )
    assert lab.act("iot", "message", topic="shop/x", payload="{}")["rules"] == {"doors": "logged"}
    lab.client("logs").delete_log_group(logGroupName="devices")
    assert lab.act("iot", "message", topic="shop/x", payload="{}")["rules"] == {
        "doors": "ResourceNotFoundException"
    }


def test_crud(lab):
    iot = lab.client("iot")
    arn = role(lab)
    rule(lab, arn)
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        rule(lab, arn)
    shown = iot.get_topic_rule(ruleName="doors")["rule"]
    assert shown["actions"][0]["cloudwatchLogs"]["logGroupName"] == "devices"
    iot.disable_topic_rule(ruleName="doors")
    assert lab.act("iot", "message", topic="shop/x", payload="{}") == {"rules": {}}
    assert [each["ruleName"] for each in iot.list_topic_rules(topic="shop/x")["rules"]] == ["doors"]
    iot.delete_topic_rule(ruleName="doors")
    with pytest.raises(ClientError, match="UnauthorizedException"):
        iot.get_topic_rule(ruleName="doors")


def test_what_is_refused(lab):
    arn = role(lab)
    with pytest.raises(NotModelled, match="SQL"):
        rule(lab, arn, sql="SELECT temperature FROM 'shop/#' WHERE temperature > 5")
    with pytest.raises(ClientError, match="SqlParseException"):
        rule(lab, arn, sql="hello")
    with pytest.raises(NotModelled, match="action sns"):
        payload = {"sql": "SELECT * FROM 'a'", "actions": [{"sns": {"roleArn": arn, "targetArn": "x"}}]}
        lab.client("iot").create_topic_rule(ruleName="n", topicRulePayload=payload)
    with pytest.raises(BadInput, match="without"):
        lab.act("iot", "message", topic="shop/#", payload="{}")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        lab.client("iot-data").publish(topic="shop/+", payload=b"")


LEVELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)


@given(LEVELS, st.data())
def test_a_filter_made_of_a_topic_fits_it(levels, data):
    topic = "/".join(levels)
    wanted = [data.draw(st.sampled_from([level, "+"])) for level in levels]
    cut = data.draw(st.integers(0, len(levels)))
    assert fits(topic, "/".join(wanted))
    assert fits(topic, "/".join([*wanted[:cut], "#"]))
    assert not fits(topic + "/more", "/".join(wanted))
    assert filter_of(f"select * from '{'/'.join(wanted)}'") == "/".join(wanted)
