"""Which ARNs may be an alarm's actions, and of which alarm. Texts are ours but for "Invalid arn syntax"."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab.errors import NotModelled

HERE = "us-east-1:123456789012"
POLICY = f"arn:aws:autoscaling:{HERE}:scalingPolicy:1a-2b:autoScalingGroupName/g:policyName/p"
STOP = "arn:aws:automate:us-east-1:ec2:stop"
INSTANCE = {"Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]}
MATH = {
    "Metrics": [
        {
            "Id": "m",
            "MetricStat": {
                "Metric": {"Namespace": "N", "MetricName": "M"},
                "Period": 60,
                "Stat": "Sum",
            },
        }
    ]
}
SERIES = {
    "Metrics": [
        {"Id": "q", "Expression": "SELECT MAX(M) FROM N GROUP BY H ORDER BY MAX() DESC", "Period": 60}
    ]
}


def put(hand: Any, arn: str, **more: Any) -> None:
    if "Metrics" not in more:
        hand.metric("alarm", AlarmActions=[arn], ActionsEnabled=False, **more)
        return
    hand.cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
        **more,
    )


def refused(hand: Any, arn: str, **more: Any) -> str:
    with pytest.raises(ClientError) as error:
        put(hand, arn, **more)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert not hand.cloudwatch.describe_alarms()["MetricAlarms"]
    return error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sns:{HERE}:ops",
        "arn:aws:sns:us-east-1:222222222222:theirs",
        f"arn:aws:sns:{HERE}:orders.fifo",
        f"arn:aws:lambda:{HERE}:function:page",
        f"arn:aws:lambda:{HERE}:function:page:live",
        POLICY,
        STOP,
        "arn:aws:automate:us-east-1:ec2:recover",
        f"arn:aws:swf:{HERE}:action/actions/AWS_EC2.InstanceId.Reboot/1.0",
    ],
)
def test_a_target_need_not_exist(hand, arn: str):
    put(hand, arn, **INSTANCE)


@pytest.mark.parametrize(
    "arn",
    [
        "not-an-arn",
        "arn:aws:sns:us-east-1:ops",
        "arn:aws:sns:us-east-1::ops",
        "arn:aws:sns:us-east-1:123456789012:a topic",
        f"arn:aws-cn:sns:{HERE}:ops",
        f"arn:aws:sqs:{HERE}:queue",
        "arn:aws:automate:us-east-1:ec2:explode",
        f"arn:aws:lambda:{HERE}:page",
        f"arn:aws:swf:{HERE}:action/actions/AWS_EC2.InstanceId.Explode/1.0",
        f"arn:aws:autoscaling:{HERE}:autoScalingGroup:1:autoScalingGroupName/g",
        f"arn:aws:ssm:{HERE}:opsitem:9",
    ],
)
def test_what_is_no_action(hand, arn: str):
    assert refused(hand, arn, **INSTANCE) == f"Invalid arn syntax: {arn}"


@pytest.mark.parametrize(
    ("arn", "more", "says"),
    [
        ("arn:aws:sns:us-west-2:123456789012:ops", {}, "Invalid region us-west-2"),
        ("arn:aws:automate:eu-west-1:ec2:stop", INSTANCE, "Invalid region eu-west-1"),
        (STOP, {}, "InstanceId"),
        (STOP, MATH, "Metric Math"),
        (STOP, SERIES, "Multi Time Series"),
        (POLICY, SERIES, "Multi Time Series"),
        (POLICY.replace("123456789012", "222222222222"), {}, "account 222222222222"),
        (
            "arn:aws:automate:us-east-1:ec2:recover",
            {"MetricName": "StatusCheckFailed_Instance", "Namespace": "AWS/EC2", **INSTANCE},
            "recover",
        ),
    ],
)
def test_some_alarms_may_not_have_some_actions(hand, arn: str, more: dict[str, Any], says: str):
    assert says in refused(hand, arn, **more)


@pytest.mark.parametrize("arn", [STOP, POLICY])
def test_a_composite_neither_scales_nor_stops_anything(hand, arn: str):
    with pytest.raises(ClientError, match="not supported for Composite Alarms"):
        hand.composite("top", "TRUE", AlarmActions=[arn])


@pytest.mark.parametrize(
    ("arn", "what"),
    [
        (f"arn:aws:ssm:{HERE}:opsitem:2#CATEGORY=Cost", "OpsItem"),
        ("arn:aws:ssm-incidents:us-east-1:123456789012:responseplan/now", "incident"),
        ("arn:aws:ssm-incidents:us-east-1:123456789012:response-plan/now", "incident"),
        (f"arn:aws:aiops:{HERE}:investigation-group:1", "investigation"),
    ],
)
def test_actions_that_the_lab_has_not_are_refused_by_name(hand, arn: str, what: str):
    with pytest.raises(NotModelled, match=what):
        put(hand, arn)


def test_five_actions_a_state(hand):
    with pytest.raises(ClientError):
        hand.metric("alarm", AlarmActions=[f"arn:aws:sns:{HERE}:t{n}" for n in range(6)])
