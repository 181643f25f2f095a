"""Each action of an alarm from the datapoint to what it set off, through boto3 and the clock alone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from cwlab import Lab

ACCOUNT = "123456789012"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def lab() -> Lab:
    return Lab()


def allow(service: str, action: str, resource: str, source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def alarm(lab: Lab, name: str, action: str, **more: Any) -> None:
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        **{
            "Namespace": "Shop",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 2,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [action],
        }
        | more,
    )


def errors(lab: Lab, *values: float) -> None:
    """One datapoint a minute."""
    for value in values:
        lab.client("cloudwatch").put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "Errors", "Value": value}]
        )
        lab.advance(minutes=1)


@pytest.mark.syllabus("A05")
def test_a_queue_and_a_mailbox_hold_the_message(lab):
    sns, sqs = lab.client("sns"), lab.client("sqs")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    url = sqs.create_queue(QueueName="pager")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = allow("sns.amazonaws.com", "sqs:SendMessage", queue, topic)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    lab.inbox.confirm()
    alarm(lab, "errors", topic)
    errors(lab, 0, 9, 9)
    lab.advance(minutes=1)
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    envelope = json.loads(message["Body"])
    assert envelope["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    told = json.loads(envelope["Message"])
    assert (told["OldStateValue"], told["NewStateValue"]) == ("OK", "ALARM")
    assert told["NewStateReason"].startswith("Threshold Crossed: 2 datapoints [9.0 (")
    mail = lab.inbox["ops@example.com"][-1]
    assert mail.subject == envelope["Subject"]
    assert "State Change:               OK -> ALARM" in mail.body


@pytest.mark.syllabus("A06")
def test_a_group_has_a_new_instance_in_service(lab):
    lab.client("ec2").create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"}
    )
    autoscaling = lab.client("autoscaling")
    group = {"AutoScalingGroupName": "web"}
    autoscaling.create_auto_scaling_group(
        **group,
        MinSize=1,
        MaxSize=4,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )
    lab.advance(minutes=5)
    policy = autoscaling.put_scaling_policy(
        **group,
        PolicyName="out",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 2},
        ],
        EstimatedInstanceWarmup=600,
    )["PolicyARN"]
    alarm(lab, "errors", policy)
    errors(lab, 0, 40, 40, 40, 0, 0, 0, 0)
    (found,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [each["LifecycleState"] for each in found["Instances"]] == ["InService"] * 3  # 35 above: two more


@pytest.mark.syllabus("A07")
def test_eventbridge_starts_a_function_that_writes_its_log(lab):
    iam, functions, events = lab.client("iam"), lab.client("lambda"), lab.client("events")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(
        RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        source = "def handler(event, context):\n    print(event['detail']['alarmName'], event['detail']['state']['value'])\n"
        file.writestr(zipfile.ZipInfo("index.py"), source)
    function = functions.create_function(
        FunctionName="react",
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"state": {"value": ["ALARM"]}, "previousState": {"value": ["OK"]}},
    }
    rule = events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))["RuleArn"]
    functions.add_permission(
        FunctionName="react",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": function}])
    alarm(lab, "errors", f"arn:aws:sns:us-east-1:{ACCOUNT}:nobody", ActionsEnabled=False)
    errors(lab, 0, 9, 9, 0)
    found = lab.client("logs").filter_log_events(logGroupName="/aws/lambda/react")["events"]
    assert [e["message"].strip() for e in found if "errors" in e["message"]] == ["errors ALARM"]


def test_the_same_world_twice_has_the_same_history(lab):
    """Fork before, go on twice: the same states, lines and messages."""
    topic = lab.client("sns").create_topic(Name="ops")["TopicArn"]
    alarm(lab, "errors", topic)
    other = lab.fork()
    seen = []
    for world in (lab, other):
        errors(world, 0, 9, 9, 0, 9, 9)
        seen.append(world.client("cloudwatch").describe_alarm_history()["AlarmHistoryItems"])
    assert seen[0] == seen[1] and len(seen[0]) > 3


def everything(lab: Lab) -> None:
    """A world in which all that alarms put on the agenda is under way."""
    topic = lab.client("sns").create_topic(Name="ops")["TopicArn"]
    cloudwatch = lab.client("cloudwatch")
    policy = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:1:autoScalingGroupName/g:policyName/p"
    alarm(lab, "errors", topic, EvaluationPeriods=1)
    alarm(lab, "scaling", policy, EvaluationPeriods=1)
    alarm(lab, "muted", topic, EvaluationPeriods=1)
    alarm(lab, "guard", topic, MetricName="Other")
    cloudwatch.put_composite_alarm(
        AlarmName="site",
        AlarmRule="AT_LEAST(50%, ALARM, (errors, muted))",
        AlarmActions=[topic],
        ActionsSuppressor="guard",
        ActionsSuppressorWaitPeriod=150,
        ActionsSuppressorExtensionPeriod=60,
    )
    cloudwatch.put_alarm_mute_rule(
        Name="night",
        Rule={"Schedule": {"Expression": "cron(0 9 * * *)", "Duration": "PT6M"}},
        MuteTargets={"AlarmNames": ["muted"]},
    )
    errors(lab, 0, 9)


def told(lab: Lab) -> list[dict[str, Any]]:
    client = lab.client("cloudwatch")
    return client.describe_alarm_history(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["AlarmHistoryItems"]


def test_a_saved_world_goes_on_as_it_would_have(lab, tmp_path):
    everything(lab)
    waiting = {due.handler for due in lab.agenda(100)}
    assert {"repeat_scaling", "suppression_ends", "mute_ends"} <= waiting
    lab.save(tmp_path / "lab.cwlab")
    opened = Lab.open(tmp_path / "lab.cwlab")
    for world in (lab, opened):
        world.advance(minutes=10)
    assert told(lab) == told(opened)
    assert {"Suppressed", "Muted", "Succeeded", "Failed"} <= {
        json.loads(item["HistoryData"]).get("actionState") for item in told(lab)
    }


def test_a_rewound_world_plays_again_the_same(lab):
    everything(lab)
    at = lab.now
    lab.advance(minutes=10)
    first = told(lab)
    lab.rewind(to=at)
    assert len(told(lab)) < len(first)
    lab.advance(minutes=10)
    assert told(lab) == first
