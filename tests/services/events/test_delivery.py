"""From an event to its targets, through boto3 only: what arrives, as whom, what is tried again, and what is lost."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from cwlab import Lab

ORDERS = {"source": ["shop"]}
QUEUE = "arn:aws:sqs:us-east-1:123456789012:"


def policy(principal: Any, action: str, resource: str, condition: Any = None) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def totals(lab: Lab, metric: str, **dimensions: str) -> float:
    got = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime="2026-03-01T00:00:00Z",
        EndTime="2026-03-05T00:00:00Z",
        Period=86_400,
        Statistics=["Sum"],
    )
    return sum(each["Sum"] for each in got["Datapoints"])


# What arrives ----------------------------------------------------------------------------------------------------------


def test_an_event_that_matches_comes_to_the_queue(lab, follow, put, queues):
    follow({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}})
    event_id = put(detail='{"total": 120.50, "currency": "\\u20ac"}', Resources=["arn:x"])["EventId"]
    put(detail={"total": 20})
    assert queues.arrived() == []  # a few milliseconds later
    lab.advance(seconds=1)
    (message,) = queues.messages()
    assert message["Body"].endswith('"detail":{"total":120.50,"currency":"€"}}')
    assert json.loads(message["Body"]) == {
        "version": "0",
        "id": event_id,
        "detail-type": "Order",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-03-02T09:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"total": 120.5, "currency": "€"},
    }


def test_five_targets_of_one_rule_all_get_it(lab, events, put, queues):
    events.put_rule(Name="fan", EventPattern=json.dumps(ORDERS))
    names = [f"q{n}" for n in range(5)]
    events.put_targets(Rule="fan", Targets=[{"Id": n, "Arn": queues.create(n)} for n in names])
    put()
    lab.advance(seconds=1)
    assert [len(queues.arrived(name)) for name in names] == [1] * 5


def test_a_disabled_rule_and_a_rule_of_another_bus_are_silent(lab, events, follow, put, queues):
    follow(ORDERS)
    events.disable_rule(Name="rule")
    put()
    lab.advance(seconds=1)
    events.enable_rule(Name="rule")
    events.create_event_bus(Name="orders")
    put(EventBusName="orders")
    lab.advance(seconds=1)
    assert queues.arrived() == []
    put(EventBusName="default")
    lab.advance(seconds=1)
    assert len(queues.arrived()) == 1


def test_a_target_taken_off_before_its_event_arrives_gets_nothing(lab, events, follow, put, queues):
    follow(ORDERS)
    put()
    events.remove_targets(Rule="rule", Ids=["1"])
    lab.advance(minutes=1)
    assert queues.arrived() == []


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail"}, '{"who":"ana","n":[1,2],"deep":{"x":1.50}}'),
        ({"InputPath": "$.detail.who"}, '"ana"'),
        ({"InputPath": "$.detail.n[1]"}, "2"),
        ({"InputPath": "$.detail.missing"}, "null"),
        ({"InputPath": "$"}, None),
    ],
)
def test_a_part_or_a_constant_in_place_of_the_event(lab, follow, put, queues, target, body):
    follow(ORDERS, **target)
    put(detail='{"who": "ana", "n": [1, 2], "deep": {"x": 1.50}}')
    lab.advance(seconds=1)
    (message,) = queues.messages()
    if body is None:
        assert json.loads(message["Body"])["source"] == "shop"
    else:
        assert message["Body"] == body


PATHS = {
    "who": "$.detail.who",
    "n": "$.detail.n",
    "deep": "$.detail.deep",
    "xs": "$.detail.list[*].x",
    "gone": "$.detail.gone",
    "type": "$.detail-type",
}


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('"<who> bought <n> of it"', '"ana bought 2 of it"'),
        ("<who> bought <n>", "ana bought 2"),
        ('{"who": <who>, "n": <n>}', '{"who": "ana", "n": 2}'),
        ('{"who": "<who>!", "n": "<n>"}', '{"who": "ana!", "n": "2"}'),
        ('{"deep": <deep>, "all": <xs>}', '{"deep": {"x":1.50}, "all": [1,2]}'),
        ('{"say": "<who> said \\"<type>\\""}', '{"say": "ana said \\"Order\\""}'),
        ('{"gone": <gone>, "in": "[<gone>]"}', '{"gone": "", "in": "[]"}'),
        ('"[<gone>]"', '"[]"'),
        ('{"deep": "<deep>"}', '{"deep": "{x:1.50}"}'),
        (
            '{"rule": <aws.events.rule-name>, "at": "<aws.events.event.ingestion-time>"}',
            '{"rule": "rule", "at": "2026-03-02T09:00:00Z"}',
        ),
        ("<aws.events.rule-arn>", "arn:aws:events:us-east-1:123456789012:rule/rule"),
    ],
)
def test_an_input_transformer(lab, follow, put, queues, template, body):
    follow(ORDERS, InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})
    put(detail='{"who": "ana", "n": 2, "deep": {"x": 1.50}, "list": [{"x": 1}, {"x": 2}, {"y": 3}]}')
    lab.advance(seconds=1)
    assert [each["Body"] for each in queues.messages()] == [body]


def test_the_whole_event_in_a_transformer(lab, follow, put, queues):
    template = '{"all": <aws.events.event.json>, "outside": <aws.events.event>}'
    follow(ORDERS, InputTransformer={"InputTemplate": template})
    put(detail={"who": 'a "quoted" name'})
    lab.advance(seconds=1)
    (got,) = queues.arrived()
    assert got["all"]["detail"] == {"who": 'a "quoted" name'}
    assert "detail" not in got["outside"]
    assert got["outside"]["source"] == "shop"


def test_a_fifo_queue_gets_the_group(lab, events, put, queues):
    sqs = lab.client("sqs")
    url = sqs.create_queue(
        QueueName="in.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    queues.admit("in.fifo", "events.amazonaws.com", f"{QUEUE}in.fifo")
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    target = {"Id": "1", "Arn": f"{QUEUE}in.fifo", "SqsParameters": {"MessageGroupId": "g"}}
    events.put_targets(Rule="r", Targets=[target])
    put()
    lab.advance(seconds=1)
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["MessageGroupId"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "g"


# Each kind of target -----------------------------------------------------------------------------------------------------


def test_a_topic_passes_the_event_on(lab, events, put, queues):
    sns = lab.client("sns")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    queue = queues.create(admit="sns.amazonaws.com")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": topic, "InputPath": "$.detail"}])
    put(detail={"n": 1})
    lab.advance(seconds=1)
    assert queues.arrived() == []  # the topic's own policy does not let EventBridge in
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy({"Service": "events.amazonaws.com"}, "sns:Publish", topic),
    )
    put(detail={"n": 2})
    lab.advance(seconds=1)
    assert queues.arrived() == [{"n": 2}]


def _function(lab: Lab, source: str, name: str = "f") -> str:
    iam = lab.client("iam")
    trust = policy({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole", "*")
    body = json.loads(trust)
    del body["Statement"][0]["Resource"]
    iam.create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(body))
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=json.dumps(allow))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo("index.py"), source)
    made = lab.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::123456789012:role/fn",
        Handler="index.handler",
        Code={"ZipFile": out.getvalue()},
    )
    return made["FunctionArn"]


def test_a_function_runs_and_writes_its_log(lab, events, put):
    arn = _function(lab, "def handler(event, context):\n    print('GOT', event['detail']['n'])\n")
    rule = events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    put(detail={"n": 1})
    lab.advance(minutes=1)
    lab.client("lambda").add_permission(
        FunctionName="f",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    put(detail={"n": 2})
    lab.advance(minutes=1)
    found = lab.client("logs").filter_log_events(logGroupName="/aws/lambda/f", filterPattern="")["events"]
    lines = [each["message"].strip() for each in found]
    assert "GOT 2" in lines
    assert "GOT 1" not in lines  # the function's policy did not let the rule in


def test_a_log_group_gets_a_stream_for_each_event(lab, events, put):
    logs = lab.client("logs")
    logs.create_log_group(logGroupName="/aws/events/shop")
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/shop"
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    put(detail={"n": 1})
    lab.advance(seconds=1)
    assert logs.describe_log_streams(logGroupName="/aws/events/shop")["logStreams"] == []
    let_in = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{arn}:*",
            }
        ],
    }
    logs.put_resource_policy(policyName="events", policyDocument=json.dumps(let_in))
    put(detail={"n": 2})
    put(detail={"n": 3})
    lab.advance(seconds=1)
    streams = logs.describe_log_streams(logGroupName="/aws/events/shop")["logStreams"]
    assert len(streams) == 2
    found = logs.filter_log_events(logGroupName="/aws/events/shop")["events"]
    assert sorted(json.loads(each["message"])["detail"]["n"] for each in found) == [2, 3]
    shaped = {"InputTemplate": '{"timestamp": 1772442000000, "message": "hello"}'}
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "InputTransformer": shaped}])
    put()
    lab.advance(seconds=1)
    assert "hello" in [
        each["message"] for each in logs.filter_log_events(logGroupName="/aws/events/shop")["events"]
    ]


def _sender(lab: Lab, account: str | None = None) -> str:
    """A role EventBridge may take on, to put events elsewhere."""
    iam = lab.client("iam") if account is None else lab.client("iam", account=account)
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="send", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    allow = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}
    iam.put_role_policy(
        RoleName="send",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    return f"arn:aws:iam::{account or '123456789012'}:role/send"


def test_from_bus_to_bus_in_the_account(lab, events, put, queues):
    bus = events.create_event_bus(Name="orders")["EventBusArn"]
    events.put_rule(Name="on", EventPattern=json.dumps(ORDERS))
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": bus}])
    events.put_rule(Name="r", EventBusName="orders", EventPattern=json.dumps(ORDERS))
    events.put_targets(Rule="r", EventBusName="orders", Targets=[{"Id": "1", "Arn": queues.create()}])
    put(detail={"n": 1})
    lab.advance(seconds=1)
    (got,) = queues.arrived()
    assert got["detail"] == {"n": 1}


def test_to_another_region_and_another_account(lab, events, put, queues):
    role = _sender(lab)
    there = lab.client("events", account="222222222222", region="eu-west-1")
    where = {"account": "222222222222", "region": "eu-west-1"}
    bus = "arn:aws:events:eu-west-1:222222222222:event-bus/default"
    queue = queues.create(**where)
    there.put_rule(Name="r", EventPattern=json.dumps({"account": ["123456789012"]}))
    there.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue}])
    events.put_rule(Name="on", EventPattern=json.dumps({"source": ["shop", "aws.ec2"]}))
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": bus, "RoleArn": role}])
    put(detail={"n": 1})
    lab.advance(seconds=1)
    assert queues.arrived(**where) == []  # the other bus's policy lets nobody in
    there.put_permission(Action="events:PutEvents", Principal="123456789012", StatementId="friends")
    put(detail={"n": 2})
    lab.advance(seconds=1)
    (got,) = queues.arrived(**where)
    assert (got["detail"], got["account"], got["region"]) == ({"n": 2}, "123456789012", "us-east-1")


def test_put_events_straight_onto_another_accounts_bus(lab, events, put, queues):
    where = {"account": "222222222222"}
    there = lab.client("events", **where)
    queue = queues.create(**where)
    there.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    there.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue}])
    bus = "arn:aws:events:us-east-1:222222222222:event-bus/default"
    with pytest.raises(Exception, match="AccessDenied"):
        put(EventBusName=bus)
    there.put_permission(Action="events:PutEvents", Principal="123456789012", StatementId="friends")
    assert "EventId" in put(EventBusName=bus)
    lab.advance(seconds=1)
    (got,) = queues.arrived(**where)
    assert got["account"] == "123456789012"


# When it fails ---------------------------------------------------------------------------------------------------------


def test_no_permission_is_not_tried_again_and_goes_to_the_dead_letter_queue(lab, events, put, queues):
    closed, dead = queues.create("closed", admit=None), queues.create("dead")
    rule = events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": closed, "DeadLetterConfig": {"Arn": dead}}])
    put(detail={"n": 1})
    lab.advance(minutes=5)
    (message,) = queues.messages("dead")
    told = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert "is not authorized to perform: sqs:SendMessage" in told.pop("ERROR_MESSAGE")
    assert told == {
        "RULE_ARN": rule,
        "TARGET_ARN": closed,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    assert totals(lab, "FailedInvocations", RuleName="r") == 1
    assert totals(lab, "InvocationsSentToDlq", RuleName="r") == 1


@pytest.mark.parametrize("error", ["outage", "throttling", "unreachable"])
def test_what_is_broken_is_tried_again_until_it_works(lab, follow, put, queues, error):
    follow(ORDERS)
    lab.fault("sqs", "SendMessage", error=error, minutes=10)
    put(detail={"n": 1})
    lab.advance(minutes=9)
    assert queues.arrived() == []
    lab.advance(minutes=20)
    assert [each["detail"] for each in queues.arrived()] == [{"n": 1}]
    lab.advance(minutes=1)
    attempts = totals(lab, "InvocationAttempts", RuleName="rule")
    assert attempts == totals(lab, "RetryInvocationAttempts", RuleName="rule") + 1
    assert 8 <= attempts <= 14  # waits double: 1, 2, 4 … seconds
    assert totals(lab, "Invocations", RuleName="rule") == 1
    assert totals(lab, "FailedInvocations", RuleName="rule") == 0


@pytest.mark.parametrize(
    ("retry", "told"),
    [
        (
            {"MaximumRetryAttempts": 3},
            {"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "3"},
        ),
        (
            {"MaximumRetryAttempts": 0},
            {"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "0"},
        ),
        ({"MaximumEventAgeInSeconds": 60}, {"EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds"}),
    ],
)
def test_retries_end_at_the_first_limit(lab, events, put, queues, retry, told):
    dead = queues.create("dead")
    topic = lab.client("sns").create_topic(Name="ops")["TopicArn"]
    lab.fault("sns", "Publish", error="outage", minutes=30)
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    target = {"Id": "1", "Arn": topic, "RetryPolicy": retry, "DeadLetterConfig": {"Arn": dead}}
    events.put_targets(Rule="r", Targets=[target])
    lab.client("sns").set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy({"Service": "events.amazonaws.com"}, "sns:Publish", topic),
    )
    put()
    lab.advance(minutes=3)
    (message,) = queues.messages("dead")
    found = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert told.items() <= found.items()
    assert found["ERROR_CODE"] == "ERROR_FROM_TARGET"


def test_a_dead_letter_queue_that_cannot_be_reached_is_counted(lab, events, put, queues):
    closed, dead = queues.create("closed", admit=None), queues.create("dead", admit=None)
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": closed, "DeadLetterConfig": {"Arn": dead}}])
    put()
    lab.advance(minutes=2)
    assert totals(lab, "InvocationsFailedToBeSentToDlq", RuleName="r") == 1


def test_a_day_of_retries_and_then_it_is_lost(lab, follow, put, queues):
    follow(ORDERS)
    lab.fault("sqs", "SendMessage", error="outage", minutes=60 * 40)
    put()
    lab.advance(hours=36)
    assert lab.agenda() == []
    attempts = totals(lab, "InvocationAttempts", RuleName="rule")
    assert 150 <= attempts <= 186
    assert totals(lab, "FailedInvocations", RuleName="rule") == 1


def test_a_transformed_input_that_is_no_json_fails_for_good(lab, follow, put, queues):
    dead = queues.create("dead")
    template = '{"who": <who>, "n": }'
    paths = {"who": "$.detail.who"}
    follow(
        ORDERS,
        InputTransformer={"InputPathsMap": paths, "InputTemplate": template},
        DeadLetterConfig={"Arn": dead},
    )
    put(detail={"who": "ana"})
    lab.advance(minutes=1)
    (message,) = queues.messages("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_JSON"


def test_a_role_that_does_not_trust_eventbridge(lab, events, put, queues):
    dead, inbox = queues.create("dead"), queues.create()
    events.put_rule(Name="r", EventPattern=json.dumps(ORDERS))
    role = "arn:aws:iam::123456789012:role/nobody"
    target = {"Id": "1", "Arn": inbox, "RoleArn": role, "DeadLetterConfig": {"Arn": dead}}
    events.put_targets(Rule="r", Targets=[target])
    put()
    lab.advance(minutes=1)
    (message,) = queues.messages("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "FAILED_TO_ASSUME_ROLE"


# What it counts ---------------------------------------------------------------------------------------------------------


def test_metrics_of_a_rule_on_the_default_bus_and_on_a_custom_one(lab, events, follow, put, queues):
    follow(ORDERS)
    events.create_event_bus(Name="orders")
    events.put_rule(Name="r", EventBusName="orders", EventPattern=json.dumps(ORDERS))
    put()
    put(source="other")
    put(EventBusName="orders")
    lab.advance(minutes=2)
    assert totals(lab, "MatchedEvents", RuleName="rule") == 1
    assert totals(lab, "Invocations", RuleName="rule") == 1
    assert totals(lab, "MatchedEvents", RuleName="r", EventBusName="orders") == 1
    assert totals(lab, "MatchedEvents", RuleName="r") == 0
    assert totals(lab, "TriggeredRules") == 2
    assert totals(lab, "Invocations") == 1
    assert queues.arrived()
    listed = lab.client("cloudwatch").list_metrics(Namespace="AWS/Events")["Metrics"]
    assert {"RuleName": "r", "EventBusName": "orders"} in [
        {each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in listed
    ]
    assert not [entry for entry in lab.journal if entry.operation == "PutMetricData"]


# Alarms speak ---------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("A07")
def test_an_alarm_reaches_eventbridge_and_starts_a_function(lab, events, queues):
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {
            "alarmName": [{"prefix": "prod-"}],
            "state": {"value": ["ALARM"]},
            "previousState": {"value": ["OK"]},
        },
    }
    function = _function(
        lab, "def handler(event, context):\n    print('ALARM', event['detail']['alarmName'])\n"
    )
    rule = events.put_rule(Name="r", EventPattern=json.dumps(pattern))["RuleArn"]
    lab.client("lambda").add_permission(
        FunctionName="f",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function}, {"Id": "2", "Arn": queues.create()}])
    cloudwatch = lab.client("cloudwatch")
    for name in ("prod-cpu", "test-cpu"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Shop",
            MetricName="Load",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    for load in (0, 0, 5, 5):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": load}])
        lab.advance(minutes=1)
    lab.advance(minutes=1)
    (got,) = queues.arrived()
    assert got["detail"]["alarmName"] == "prod-cpu"
    assert got["resources"] == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-cpu"]
    log = lab.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert "ALARM prod-cpu" in [each["message"].strip() for each in log]


# EC2 speaks -------------------------------------------------------------------------------------------------------------


def test_an_instance_tells_each_of_its_states(lab, follow, queues):
    follow({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]})
    ec2 = lab.client("ec2")
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    started = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = started["Instances"][0]["InstanceId"]
    lab.advance(minutes=2)
    ec2.stop_instances(InstanceIds=[instance])
    lab.advance(minutes=2)
    ec2.terminate_instances(InstanceIds=[instance])
    lab.advance(minutes=2)
    got = queues.arrived()
    assert [each["detail"] for each in got] == [
        {"instance-id": instance, "state": state}
        for state in ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")
    ]
    assert got[0]["resources"] == [f"arn:aws:ec2:us-east-1:123456789012:instance/{instance}"]
    assert got[0]["source"] == "aws.ec2"


@pytest.mark.parametrize("error", ["outage", "unreachable"])
def test_a_broken_eventbridge_does_not_stop_an_instance(lab, error):
    lab.fault("events", "PutEvents", error=error, minutes=10)
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    lab.client("ec2").run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    lab.advance(minutes=2)
    found = lab.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "running"


# The world is a value ---------------------------------------------------------------------------------------------------


def test_forks_rewinds_and_saves_deliver_the_same(lab, follow, put, queues, tmp_path):
    follow(ORDERS)
    follow({"source": ["aws.events"]}, name="tick", queue="ticks", ScheduleExpression="rate(1 minute)")
    put(detail={"n": 1})
    twin = lab.fork()
    lab.save(tmp_path / "x.cwlab")
    opened = Lab.open(tmp_path / "x.cwlab")
    for each in (lab, twin, opened):
        each.advance(minutes=3, seconds=1)

    def seen(each: Lab) -> list[Any]:
        sqs = each.client("sqs")
        found = []
        for name in ("inbox", "ticks"):
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            found.append([message["Body"] for message in got])
        return found

    first = seen(lab)
    assert [len(each) for each in first] == [1, 3]
    assert seen(twin) == first
    assert seen(opened) == first
