"""What follows from a change of state: actions that run, fail, or are held back; events; scaling again and again."""

from __future__ import annotations

import json
from typing import Any

import pytest

HERE = "us-east-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:ops"
FUNCTION = f"arn:aws:lambda:{HERE}:function:page"
POLICY = f"arn:aws:autoscaling:{HERE}:scalingPolicy:1a-2b:autoScalingGroupName/g:policyName/p"


def lines(hand: Any, name: str = "cpu") -> list[tuple[str, str | None]]:
    """State and error of each action."""
    return [
        (i["HistoryData"]["actionState"], i["HistoryData"]["error"])
        for i in hand.history(name)
        if i["HistoryItemType"] == "Action"
    ]


def test_only_a_change_of_value_acts_and_only_for_the_state_entered(hand):
    hand.topic()
    hand.metric("cpu", AlarmActions=[TOPIC])
    assert lines(hand) == []  # nobody is told of the first INSUFFICIENT_DATA
    hand.set("cpu", "ALARM")
    hand.set("cpu", "ALARM")
    hand.lab.advance(hours=1)
    assert lines(hand) == [("Succeeded", None)]
    hand.set("cpu", "OK")
    assert lines(hand) == [("Succeeded", None)]


def test_all_actions_of_a_list_run_on_their_own(hand):
    hand.topic()
    gone = TOPIC.replace("ops", "gone")
    hand.metric("cpu", AlarmActions=[gone, TOPIC])
    hand.set("cpu", "ALARM")
    states = [(state, arn) for state, arn, _ in hand.actions("cpu")]
    assert states == [("Failed", gone), ("Succeeded", TOPIC)]
    assert hand.state("cpu") == "ALARM"


def test_a_refusal_is_in_the_history_in_the_words_of_the_service(hand):
    hand.topic()
    hand.lab.client("sns").set_topic_attributes(
        TopicArn=TOPIC,
        AttributeName="Policy",
        AttributeValue=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "123456789012"},
                        "Action": "sns:Publish",
                        "Resource": TOPIC,
                    }
                ],
            }
        ),
    )
    hand.metric("cpu", AlarmActions=[TOPIC])
    hand.set("cpu", "ALARM")
    (line,) = hand.history("cpu", HistoryItemType="Action")
    error = f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource:{TOPIC}"
    assert line["HistorySummary"] == f'Failed to execute action {TOPIC}. Received error: "{error}"'
    assert line["HistoryData"] == {
        "actionState": "Failed",
        "stateUpdateTimestamp": int(hand.lab.now.timestamp() * 1000),
        "notificationResource": TOPIC,
        "publishedMessage": None,
        "error": error,
        "muteWindowEndTimestamp": None,
    }


def test_a_function_without_permission(hand, lambda_):
    lambda_("page", "def handler(event, context): print(event)")
    hand.metric("cpu", AlarmActions=[FUNCTION])
    hand.set("cpu", "ALARM")
    ((state, error),) = lines(hand)
    assert state == "Failed"
    assert error == (
        "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource because no "
        "resource-based policy allows the lambda:InvokeFunction action"
    )


def test_a_fault_at_the_topic_is_a_failed_action(hand):
    hand.topic()
    hand.lab.fault("sns", "Publish", error="InternalError", rate=1.0, minutes=1)
    hand.metric("cpu", AlarmActions=[TOPIC], OKActions=[TOPIC])
    hand.set("cpu", "ALARM")
    assert [state for state, _ in lines(hand)] == ["Failed"]
    hand.lab.advance(minutes=2)
    hand.set("cpu", "OK")
    assert [state for state, _ in lines(hand)] == ["Failed", "Succeeded"]


def test_disabled_actions_do_not_run_and_enabling_does_not_make_up_for_it(hand):
    hand.topic()
    hand.metric("cpu", AlarmActions=[TOPIC], OKActions=[TOPIC], ActionsEnabled=False)
    hand.set("cpu", "ALARM")
    hand.cloudwatch.enable_alarm_actions(AlarmNames=["cpu"])
    hand.lab.advance(minutes=5)
    assert lines(hand) == []
    hand.set("cpu", "OK")
    assert lines(hand) == [("Succeeded", None)]


@pytest.mark.parametrize("admitted", [True, False])
def test_a_topic_of_another_account_must_admit_the_alarm(hand, admitted: bool):
    sns = hand.lab.client("sns", account="222222222222")
    topic = sns.create_topic(Name="theirs")["TopicArn"]
    if admitted:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "SNS:Publish",
            "Resource": topic,
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{HERE}:alarm:*"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    hand.metric("cpu", AlarmActions=[topic])
    hand.set("cpu", "ALARM")
    assert [state for state, _ in lines(hand)] == ["Succeeded" if admitted else "Failed"]


def test_a_topic_with_the_key_of_aws_cannot_be_used(hand):
    hand.lab.client("sns").create_topic(Name="ops", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    hand.metric("cpu", AlarmActions=[TOPIC])
    hand.set("cpu", "ALARM")
    assert lines(hand) == [
        ("Failed", "CloudWatch Alarms does not have authorization to access the SNS topic encryption key.")
    ]


def test_a_fifo_topic_groups_by_alarm(hand):
    arn = hand.lab.client("sns").create_topic(Name="ops.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    for name in ("cpu", "disk"):
        hand.metric(name, AlarmActions=[arn], OKActions=[arn])
        hand.set(name, "ALARM")
        hand.set(name, "OK")
    assert [state for state, _ in lines(hand)] == ["Succeeded"] * 2
    sent = [e.params for e in hand.lab.journal if e.operation == "Publish"]
    assert len({p["MessageGroupId"] for p in sent}) == 2


def test_alarms_that_change_at_the_same_instant_are_each_told_to_a_fifo_topic(hand):
    sqs = hand.lab.client("sqs")
    arn = hand.lab.client("sns").create_topic(Name="ops.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url = sqs.create_queue(QueueName="ops.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue = f"arn:aws:sqs:{HERE}:ops.fifo"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    hand.lab.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    for name in ("cpu", "disk"):
        hand.metric(name, AlarmActions=[arn], OKActions=[arn])
        for state in ("ALARM", "OK", "ALARM"):
            hand.set(name, state)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert found["Attributes"]["ApproximateNumberOfMessages"] == "6"


# EC2 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def instance(hand) -> str:
    ec2 = hand.lab.client("ec2")
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance_id = made["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id])
    return instance_id


@pytest.mark.parametrize(
    ("arn", "verb", "state"),
    [
        ("arn:aws:automate:us-east-1:ec2:stop", "Stop", "stopped"),
        ("arn:aws:automate:us-east-1:ec2:terminate", "Terminate", "terminated"),
        ("arn:aws:automate:us-east-1:ec2:reboot", "Reboot", "running"),
        (f"arn:aws:swf:{HERE}:action/actions/AWS_EC2.InstanceId.Stop/1.0", "Stop", "stopped"),
    ],
)
def test_an_instance_is_stopped_terminated_rebooted(hand, instance, arn: str, verb: str, state: str):
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    hand.metric("cpu", Namespace="AWS/EC2", Dimensions=dimensions, AlarmActions=[arn])
    hand.set("cpu", "ALARM")
    summary = hand.history("cpu")[-1]["HistorySummary"]
    assert summary == f"{verb} EC2 Instance '{instance}' action completed successfully"
    hand.lab.advance(minutes=5)
    found = hand.lab.client("ec2").describe_instances(InstanceIds=[instance])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == state


def test_an_instance_that_is_gone_is_a_failed_action(hand):
    dimensions = [{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}]
    arn = "arn:aws:automate:us-east-1:ec2:recover"
    hand.metric("cpu", Namespace="AWS/EC2", Dimensions=dimensions, AlarmActions=[arn])
    hand.set("cpu", "ALARM")
    assert lines(hand) == [("Failed", "The instance ID 'i-0123456789abcdef0' does not exist")]


def test_recovery_is_asked_for_once_and_replays(hand, instance):
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    arn = "arn:aws:automate:us-east-1:ec2:recover"
    hand.metric("cpu", Namespace="AWS/EC2", Dimensions=dimensions, AlarmActions=[arn])
    hand.set("cpu", "ALARM")
    asked = [e for e in hand.lab.journal if e.operation == "recover"]
    assert len(asked) == 1 and asked[0].depth > 0
    before, at = hand.history("cpu"), hand.lab.now
    hand.lab.advance(hours=3)
    hand.lab.rewind(to=at)
    assert hand.history("cpu") == before
    assert len([e for e in hand.lab.journal if e.operation == "recover"]) == 1


# Auto Scaling -----------------------------------------------------------------------------------------------------


def asked_to_scale(hand: Any) -> list[tuple[Any, dict[str, Any]]]:
    return [(e.at, e.params) for e in hand.lab.journal if e.operation == "ExecutePolicy"]


def test_a_policy_is_asked_each_minute_while_the_state_lasts(hand):
    hand.metric("cpu", AlarmActions=[POLICY])
    hand.set("cpu", "ALARM")
    hand.lab.advance(minutes=3, seconds=30)
    assert [at.minute for at, _ in asked_to_scale(hand)] == [0, 1, 2, 3]
    hand.set("cpu", "OK")
    hand.lab.advance(minutes=5)
    assert len(asked_to_scale(hand)) == 4
    assert not [due for due in hand.lab.agenda(100) if due.handler == "repeat_scaling"]


def test_the_history_tells_of_the_first_time_and_of_a_repetition_that_begins_to_fail(hand, group):
    arn = group(ScalingAdjustment=1)
    hand.metric("cpu", AlarmActions=[arn])
    hand.set("cpu", "ALARM")
    hand.lab.advance(minutes=3)
    assert [state for state, _ in lines(hand)] == ["Succeeded"]
    hand.lab.client("autoscaling").delete_policy(AutoScalingGroupName="web", PolicyName="out")
    hand.lab.advance(minutes=3)
    assert [state for state, _ in lines(hand)] == ["Succeeded", "Failed"]


def test_one_entry_on_the_agenda_whatever_happens_to_the_alarm(hand):
    hand.metric("cpu", AlarmActions=[POLICY], OKActions=[POLICY])
    for state in ("ALARM", "OK", "ALARM", "INSUFFICIENT_DATA", "OK"):
        hand.set("cpu", state)
    waiting = [due for due in hand.lab.agenda(100) if due.handler == "repeat_scaling"]
    assert len(waiting) == 1
    hand.cloudwatch.disable_alarm_actions(AlarmNames=["cpu"])
    assert not [due for due in hand.lab.agenda(100) if due.handler == "repeat_scaling"]
    hand.cloudwatch.enable_alarm_actions(AlarmNames=["cpu"])
    assert [due for due in hand.lab.agenda(100) if due.handler == "repeat_scaling"]
    hand.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    assert not [due for due in hand.lab.agenda(100) if due.handler == "repeat_scaling"]


@pytest.fixture
def group(hand):
    """A group, and how to give it a policy; answers the policy's ARN."""
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    hand.lab.client("ec2").create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    client = hand.lab.client("autoscaling")
    client.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=9,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )
    hand.lab.advance(minutes=5)

    def policy(**more: Any) -> str:
        given = {"AutoScalingGroupName": "web", "PolicyName": "out", "AdjustmentType": "ChangeInCapacity"}
        return client.put_scaling_policy(**given | more)["PolicyARN"]

    return policy


STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 3},
]


@pytest.mark.parametrize(("aggregation", "value"), [("Average", 70.0), ("Minimum", 60.0), ("Maximum", 80.0)])
def test_a_step_policy_gets_the_metric_from_the_reasons_data(hand, group, aggregation: str, value: float):
    arn = group(PolicyType="StepScaling", StepAdjustments=STEPS, MetricAggregationType=aggregation)
    hand.metric("cpu", AlarmActions=[arn], Threshold=50)
    hand.set("cpu", "ALARM", data={"recentDatapoints": [60, None, 70.0, 80]})
    ((_, params),) = asked_to_scale(hand)
    assert params == {"PolicyName": arn, "MetricValue": value, "BreachThreshold": 50.0}


def test_a_step_policy_without_datapoints_fails(hand, group):
    arn = group(PolicyType="StepScaling", StepAdjustments=STEPS)
    hand.metric("cpu", AlarmActions=[arn], Threshold=50)
    hand.set("cpu", "ALARM")
    ((state, error),) = lines(hand)
    assert state == "Failed" and "no datapoints" in str(error)


def test_a_repetition_looks_at_the_metric_as_it_is_by_then(hand, group):
    arn = group(PolicyType="StepScaling", StepAdjustments=STEPS)
    put = hand.cloudwatch.put_metric_data
    hand.metric("cpu", Threshold=50, TreatMissingData="missing", AlarmActions=[arn], EvaluationPeriods=1)
    for value in (55, 80, 90):
        put(Namespace="N", MetricData=[{"MetricName": "M", "Value": value}])
        hand.lab.advance(minutes=1)
    values = [params["MetricValue"] for _, params in asked_to_scale(hand)]
    assert values[0] == 55.0
    assert values[-1] in (80.0, 90.0)


def test_a_simple_policy_gets_no_metric(hand, group):
    arn = group(ScalingAdjustment=1)
    hand.metric("cpu", AlarmActions=[arn])
    hand.set("cpu", "ALARM")
    assert asked_to_scale(hand)[0][1] == {"PolicyName": arn, "HonorCooldown": True}


# Events and functions ---------------------------------------------------------------------------------------------


@pytest.fixture
def lambda_(hand):
    """Make a function from its source."""
    import io
    import zipfile

    iam = hand.lab.client("iam")
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

    def make(name: str, source: str) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr(zipfile.ZipInfo("index.py"), source)
        hand.lab.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": out.getvalue()},
        )

    return make


def events(hand: Any) -> list[dict[str, Any]]:
    """What alarms sent to EventBridge, entries with their detail read."""
    found = []
    for entry in hand.lab.journal:
        if entry.operation == "PutEvents":
            (event,) = entry.params["Entries"]
            found.append({**event, "Detail": json.loads(event["Detail"])})
    return found


@pytest.mark.syllabus("A07")
def test_events_go_out_also_when_actions_are_disabled(hand):
    hand.metric("cpu", AlarmDescription="hot", ActionsEnabled=False, DatapointsToAlarm=1)
    hand.lab.advance(seconds=1)
    hand.set("cpu", "ALARM", data={"probe": 1})
    made, changed = events(hand)
    assert made["DetailType"] == "CloudWatch Alarm Configuration Change"
    assert made["Detail"]["operation"] == "create"
    assert made["Detail"]["state"] == {
        "value": "INSUFFICIENT_DATA",
        "timestamp": "2026-03-02T09:00:00.000+0000",
    }
    assert list(made["Detail"]["configuration"]) == [
        "evaluationPeriods",
        "datapointsToAlarm",
        "threshold",
        "comparisonOperator",
        "treatMissingData",
        "metrics",
        "alarmName",
        "description",
        "actionsEnabled",
        "timestamp",
        "okActions",
        "alarmActions",
        "insufficientDataActions",
    ]
    assert json.dumps(made["Detail"]["configuration"]["threshold"]) == "1"  # recorded: no 1.0
    assert changed["Source"] == "aws.cloudwatch"
    assert changed["DetailType"] == "CloudWatch Alarm State Change"
    assert changed["Resources"] == [f"arn:aws:cloudwatch:{HERE}:alarm:cpu"]
    metrics = changed["Detail"]["configuration"].pop("metrics")
    assert changed["Detail"] == {
        "alarmName": "cpu",
        "state": {
            "value": "ALARM",
            "reason": "by hand",
            "reasonData": '{"probe": 1}',
            "timestamp": "2026-03-02T09:00:01.000+0000",
        },
        "previousState": {
            "value": "INSUFFICIENT_DATA",
            "reason": "Unchecked: Initial alarm creation",
            "timestamp": "2026-03-02T09:00:00.000+0000",
        },
        "configuration": {"description": "hot"},
    }
    assert metrics == made["Detail"]["configuration"]["metrics"]
    assert metrics[0]["metricStat"] == {
        "metric": {"namespace": "N", "name": "M", "dimensions": {}},
        "period": 60,
        "stat": "Sum",
    }


def test_updates_tell_what_was_and_deletions_why_it_was_so(hand):
    hand.metric("cpu", Dimensions=[{"Name": "Host", "Value": "a"}])
    hand.cloudwatch.disable_alarm_actions(AlarmNames=["cpu"])
    hand.metric("cpu", Dimensions=[{"Name": "Host", "Value": "a"}], Threshold=2)
    hand.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    made, disabled, changed, gone = [event["Detail"] for event in events(hand)]
    assert disabled["previousConfiguration"] == made["configuration"]
    assert disabled["configuration"]["actionsEnabled"] is False
    ids = [event["configuration"]["metrics"][0]["id"] for event in (made, disabled, changed)]
    assert ids[0] == ids[1] != ids[2]  # recorded: switching actions keeps the metric's own id
    assert made["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] == {"Host": "a"}
    assert gone["state"]["reason"] == "Unchecked: Initial alarm creation"
    assert "previousConfiguration" not in gone


def test_a_change_of_phase_is_an_event_of_its_own(hand):
    hand.metric("child", "OK")
    hand.metric("guard", "OK")
    periods = {"ActionsSuppressorWaitPeriod": 5, "ActionsSuppressorExtensionPeriod": 5}
    hand.composite("top", 'ALARM("child")', ActionsSuppressor="guard", **periods)
    hand.lab.advance(seconds=10)
    hand.set("child", "ALARM")
    hand.lab.advance(seconds=10)
    state_changes = [
        e["Detail"]
        for e in events(hand)
        if e["Detail"]["alarmName"] == "top" and "previousState" in e["Detail"]
    ]
    waited, released = state_changes[-2:]
    assert (waited["state"]["actionsSuppressedBy"], waited["previousState"]["value"]) == ("WaitPeriod", "OK")
    assert "actionsSuppressedBy" not in released["state"]
    assert released["previousState"]["actionsSuppressedBy"] == "WaitPeriod"
    assert released["state"]["value"] == released["previousState"]["value"] == "ALARM"
    assert released["state"]["timestamp"] == "2026-03-02T09:00:15.000+0000"
    assert released["configuration"] == {
        "alarmRule": 'ALARM("child")',
        "actionsSuppressor": "guard",
        "actionsSuppressorWaitPeriod": 5,
        "actionsSuppressorExtensionPeriod": 5,
    }


def test_events_that_cannot_be_sent_disturb_nothing(hand):
    hand.lab.fault("events", "PutEvents", error="InternalException", rate=1.0, minutes=10)
    hand.metric("cpu")
    hand.set("cpu", "ALARM")
    assert hand.state("cpu") == "ALARM"


def test_a_function_gets_the_documented_event(hand, lambda_):
    lambda_("page", "import json\ndef handler(event, context):\n    print(json.dumps(event))\n")
    hand.lab.client("lambda").add_permission(
        FunctionName="page",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceArn=f"arn:aws:cloudwatch:{HERE}:alarm:cpu",
        SourceAccount="123456789012",
    )
    hand.metric("cpu", AlarmActions=[FUNCTION], Dimensions=[{"Name": "Host", "Value": "a"}])
    hand.set("cpu", "ALARM")
    assert lines(hand) == [("Succeeded", None)]
    hand.lab.advance(seconds=10)
    found = hand.lab.client("logs").filter_log_events(logGroupName="/aws/lambda/page")
    (event,) = [
        json.loads(e["message"].split("\t")[-1]) for e in found["events"] if "alarmData" in e["message"]
    ]
    assert list(event) == ["source", "alarmArn", "accountId", "time", "region", "alarmData"]
    assert event["time"] == "2026-03-02T09:00:00.000+0000"
    assert event["alarmData"]["state"]["value"] == "ALARM"
    metric = event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]
    assert metric == {"namespace": "N", "name": "M", "dimensions": {"Host": "a"}}
