"""The API through boto3: buses, rules, targets, PutEvents, tags, and what each refuses."""

from __future__ import annotations

import json

import pytest

from cwlab import NotModelled

PATTERN = json.dumps({"source": ["shop"]})
SQS = "arn:aws:sqs:us-east-1:123456789012:inbox"


# Buses -----------------------------------------------------------------------------------------------------------------


def test_the_life_of_a_bus(lab, events, refused):
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
    made = events.create_event_bus(Name="orders", Description="d", Tags=[{"Key": "a", "Value": "b"}])
    assert (made["EventBusArn"], made["Description"]) == (arn, "d")
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    shown = events.describe_event_bus(Name=arn)
    assert (shown["Name"], shown["CreationTime"]) == ("orders", lab.now)
    assert events.describe_event_bus()["Name"] == "default"
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default", "orders"]
    assert [bus["Name"] for bus in events.list_event_buses(NamePrefix="o")["EventBuses"]] == ["orders"]
    assert events.update_event_bus(Name="orders", Description="e")["Description"] == "e"
    assert refused(events.create_event_bus, Name="orders") == (
        "ResourceAlreadyExistsException",
        "Event bus orders already exists.",
    )
    events.put_rule(Name="r", EventPattern=PATTERN, EventBusName="orders")
    assert refused(events.delete_event_bus, Name="orders")[0] == "ValidationException"
    events.delete_rule(Name="r", EventBusName="orders")
    events.delete_event_bus(Name="orders")
    events.delete_event_bus(Name="orders")  # gone already: no error
    assert refused(events.describe_event_bus, Name="orders") == (
        "ResourceNotFoundException",
        "Event bus orders does not exist.",
    )
    assert refused(events.delete_event_bus, Name="default") == (
        "ValidationException",
        "Cannot delete event bus default.",
    )


def test_a_hundred_buses_and_pages_of_them(events, refused):
    for n in range(100):
        events.create_event_bus(Name=f"bus-{n:03}")
    assert refused(events.create_event_bus, Name="more")[0] == "LimitExceededException"
    seen, token = [], {}
    while True:
        got = events.list_event_buses(Limit=40, NamePrefix="bus", **token)
        seen += [bus["Name"] for bus in got["EventBuses"]]
        if "NextToken" not in got:
            break
        token = {"NextToken": got["NextToken"]}
    assert seen == [f"bus-{n:03}" for n in range(100)]
    assert refused(events.list_event_buses, NextToken="xyz")[0] == "ValidationException"


def test_the_policy_of_a_bus(events, refused):
    events.put_permission(Action="events:PutEvents", Principal="222222222222", StatementId="one")
    events.put_permission(
        Action="events:PutEvents",
        Principal="*",
        StatementId="two",
        Condition={"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"},
    )
    statements = json.loads(events.describe_event_bus()["Policy"])["Statement"]
    assert [each["Sid"] for each in statements] == ["one", "two"]
    assert statements[0]["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}
    assert statements[1]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    events.remove_permission(StatementId="one")
    assert refused(events.remove_permission, StatementId="one") == (
        "ResourceNotFoundException",
        "Statement with the provided id does not exist.",
    )
    events.remove_permission(RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus()
    assert refused(events.remove_permission, StatementId="one") == (
        "ResourceNotFoundException",
        "EventBus does not have a policy.",
    )
    assert refused(events.put_permission, Policy="{}")[0] == "ValidationException"
    assert refused(events.put_permission, Action="events:PutEvents")[0] == "ValidationException"
    wrong = {"Action": "events:PutRule", "Principal": "*", "StatementId": "x"}
    assert refused(events.put_permission, **wrong)[0] == "ValidationException"
    assert refused(events.put_permission, EventBusName="gone", **wrong)[0] == "ResourceNotFoundException"


# Rules -----------------------------------------------------------------------------------------------------------------


def test_the_life_of_a_rule(events, refused):
    arn = "arn:aws:events:us-east-1:123456789012:rule/r"
    tags = [{"Key": "a", "Value": "b"}]
    assert events.put_rule(Name="r", EventPattern=PATTERN, Description="d", Tags=tags)["RuleArn"] == arn
    shown = events.describe_rule(Name="r")
    del shown["ResponseMetadata"]
    assert shown == {
        "Name": "r",
        "Arn": arn,
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "Description": "d",
        "EventBusName": "default",
        "CreatedBy": "123456789012",
    }
    events.put_rule(
        Name="r", ScheduleExpression="rate(1 day)", State="DISABLED", Tags=[{"Key": "z", "Value": ""}]
    )
    shown = events.describe_rule(Name="r")
    assert (shown["State"], shown["ScheduleExpression"]) == ("DISABLED", "rate(1 day)")
    assert "Description" not in shown
    assert "EventPattern" not in shown
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags  # tags only count at creation
    events.enable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "ENABLED"
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": SQS}])
    assert refused(events.delete_rule, Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    events.delete_rule(Name="r")
    for call in (events.describe_rule, events.enable_rule, events.disable_rule):
        assert refused(call, Name="r") == (
            "ResourceNotFoundException",
            "Rule r does not exist on EventBus default.",
        )


def test_listing_rules(events):
    events.create_event_bus(Name="orders")
    made = events.put_rule(Name="other", EventPattern=PATTERN, EventBusName="orders")
    assert made["RuleArn"] == "arn:aws:events:us-east-1:123456789012:rule/orders/other"
    for n in (2, 1, 3):
        events.put_rule(Name=f"r{n}", EventPattern=PATTERN)
        events.put_targets(Rule=f"r{n}", Targets=[{"Id": "1", "Arn": SQS + str(n % 2)}])
    assert [rule["Name"] for rule in events.list_rules()["Rules"]] == ["r1", "r2", "r3"]
    first = events.list_rules(Limit=2)
    rest = events.list_rules(Limit=2, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["Rules"] + rest["Rules"]] == ["r1", "r2", "r3"]
    assert [rule["Name"] for rule in events.list_rules(NamePrefix="r3")["Rules"]] == ["r3"]
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
    assert [rule["Name"] for rule in events.list_rules(EventBusName=bus)["Rules"]] == ["other"]
    assert events.list_rule_names_by_target(TargetArn=SQS + "1")["RuleNames"] == ["r1", "r3"]


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        (
            {"EventPattern": '{"source": "x"}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "source" must be an object or an array',
        ),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"ScheduleExpression": "cron(0 1 * * * *)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"ScheduleExpression": "rate(1 day)", "EventBusName": "orders"},
            "ValidationException",
            "ScheduleExpression is supported only on the default event bus.",
        ),
        (
            {"EventPattern": PATTERN, "EventBusName": "gone"},
            "ResourceNotFoundException",
            "Event bus gone does not exist.",
        ),
    ],
)
def test_what_put_rule_refuses(events, refused, params, code, text):
    events.create_event_bus(Name="orders")
    assert refused(events.put_rule, Name="r", **params) == (code, text)


def test_a_refusal_says_where_and_what_to_write(events):
    for params, words in (
        ({"EventPattern": '{"d": {"a": [{"Prefix": "x"}]}}'}, ("d.a", "'prefix'")),
        ({"ScheduleExpression": "rate(1 minutes)"}, ("rate(1 minute)",)),
    ):
        with pytest.raises(Exception, match="not valid") as caught:
            events.put_rule(Name="r", **params)
        notes = " ".join(caught.value.__notes__)
        assert all(word in notes for word in words)


def test_a_bus_has_at_most_300_rules(events, refused):
    for n in range(300):
        events.put_rule(Name=f"r{n}", EventPattern=PATTERN)
    assert refused(events.put_rule, Name="more", EventPattern=PATTERN)[0] == "LimitExceededException"
    events.put_rule(Name="r7", EventPattern=PATTERN)


# Targets ---------------------------------------------------------------------------------------------------------------


def test_targets_are_shown_as_they_were_given(events):
    events.put_rule(Name="r", EventPattern=PATTERN)
    targets = [
        {"Id": "a", "Arn": SQS, "Input": '{"x": 1}', "RetryPolicy": {"MaximumRetryAttempts": 0}},
        {"Id": "b", "Arn": SQS + ".fifo", "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail"},
        {
            "Id": "c",
            "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f:live",
            "InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '"<a>"'},
            "DeadLetterConfig": {"Arn": SQS + "-dead"},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 60},
        },
    ]
    assert events.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="r")["Targets"] == targets
    events.put_targets(Rule="r", Targets=[{"Id": "a", "Arn": SQS}])
    assert events.list_targets_by_rule(Rule="r")["Targets"][0] == {"Id": "a", "Arn": SQS}
    got = events.remove_targets(Rule="r", Ids=["a", "z"])
    assert got["FailedEntryCount"] == 1
    assert got["FailedEntries"][0]["TargetId"] == "z"
    assert [each["Id"] for each in events.list_targets_by_rule(Rule="r")["Targets"]] == ["b", "c"]


def test_a_rule_has_at_most_five_targets(events, refused):
    events.put_rule(Name="r", EventPattern=PATTERN)
    six = [{"Id": str(n), "Arn": SQS} for n in range(6)]
    assert refused(events.put_targets, Rule="r", Targets=six) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    events.put_targets(Rule="r", Targets=six[:5])
    assert refused(events.put_targets, Rule="r", Targets=six[5:])[0] == "LimitExceededException"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            {"Arn": "nonsense"},
            "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": "arn:aws:lambda:us-east-1:123456789012:f"},
            "Parameter arn:aws:lambda:us-east-1:123456789012:f is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": SQS, "Input": "{", "InputPath": "$"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target 1.",
        ),
        ({"Arn": SQS, "Input": "{"}, "JSON syntax error in Input for target 1."),
        ({"Arn": SQS, "InputPath": "detail"}, "Invalid InputPath for target 1."),
        (
            {"Arn": SQS, "InputTransformer": {"InputTemplate": "<who>"}},
            "InputTemplate for target 1 contains invalid placeholder who.",
        ),
        (
            {"Arn": SQS, "InputTransformer": {"InputPathsMap": {"a": "$..a"}, "InputTemplate": "<a>"}},
            "InputPathsMap for target 1 has an invalid path: $..a.",
        ),
        ({"Arn": SQS + ".fifo"}, "Parameter(s) SqsParameters must be specified for target: 1."),
        (
            {"Arn": "arn:aws:events:us-east-1:222222222222:event-bus/default"},
            "RoleArn is required for target arn:aws:events:us-east-1:222222222222:event-bus/default.",
        ),
    ],
)
def test_what_put_targets_refuses(events, refused, target, text):
    events.put_rule(Name="r", EventPattern=PATTERN)
    assert refused(events.put_targets, Rule="r", Targets=[{"Id": "1", **target}]) == (
        "ValidationException",
        text,
    )
    events.delete_rule(Name="r")  # it has no target


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ({"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "kinesis"),
        ({"Arn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"}, "firehose"),
        ({"Arn": SQS, "HttpParameters": {}}, "HttpParameters"),
    ],
)
def test_targets_that_are_not_modeled_are_named(events, target, named):
    events.put_rule(Name="r", EventPattern=PATTERN)
    with pytest.raises(NotModelled, match=named):
        events.put_targets(Rule="r", Targets=[{"Id": "1", **target}])


def test_a_circle_of_buses_is_refused(events):
    bus = events.create_event_bus(Name="b")["EventBusArn"]
    default = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    events.put_rule(Name="on", EventPattern=PATTERN)
    events.put_rule(Name="back", EventPattern=PATTERN, EventBusName="b")
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": bus}])
    with pytest.raises(NotModelled, match="own event bus"):
        events.put_targets(Rule="back", EventBusName="b", Targets=[{"Id": "1", "Arn": default}])
    with pytest.raises(NotModelled, match="own event bus"):
        events.put_targets(Rule="on", Targets=[{"Id": "2", "Arn": default}])


# PutEvents ---------------------------------------------------------------------------------------------------------------


def test_each_entry_is_accepted_or_refused_by_itself(events):
    good = {"Source": "shop", "DetailType": "t", "Detail": "{}"}
    entries = [
        good,
        {"DetailType": "t", "Detail": "{}"},
        {"Source": "shop", "Detail": "{}"},
        {"Source": "shop", "DetailType": "t"},
        {**good, "Detail": "{"},
        {**good, "Detail": "[1]"},
        {**good, "Detail": '{"x": NaN}'},
        {**good, "Source": "aws.ec2"},
        {**good, "EventBusName": "nobody"},
        {**good, "EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/default"},
    ]
    got = events.put_events(Entries=entries)
    assert got["FailedEntryCount"] == 8
    assert [each.get("ErrorCode") for each in got["Entries"]] == [
        None,
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
        "MalformedDetail",
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        None,
        "InvalidArgument",
    ]
    messages = [each.get("ErrorMessage") for each in got["Entries"]]
    assert messages[1] == "Parameter Source is not valid. Reason: Source is a required argument."
    assert messages[4] == "Detail is malformed."
    assert messages[7] == "Not authorized for the source."


def test_what_an_entry_may_not_have_here(events):
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}", "TraceHeader": "Root=1"}
    with pytest.raises(NotModelled, match="TraceHeader"):
        events.put_events(Entries=[entry])


def test_a_request_has_a_size(events, refused):
    def entry(n: int) -> dict[str, str]:
        return {"Source": "shop", "DetailType": "t", "Detail": json.dumps({"x": "y" * n})}

    most = 262_144 - len("shop") - len("t") - len('{"x": ""}')
    assert events.put_events(Entries=[entry(most)])["FailedEntryCount"] == 0
    over = "Total size of the entries in the request is over the limit."
    assert refused(events.put_events, Entries=[entry(most + 1)]) == ("ValidationException", over)
    assert refused(events.put_events, Entries=[entry(150_000)] * 2)[1] == over
    eleven = refused(events.put_events, Entries=[entry(1)] * 11)
    assert eleven[0] == "ValidationException"
    assert "less than or equal to 10" in eleven[1]


def test_the_time_of_an_event_is_its_own(lab, follow, put, queues):
    follow({"source": ["shop"]})
    put(Time="2026-01-31T23:59:59.900Z")
    lab.advance(seconds=1)
    assert queues.arrived()[0]["time"] == "2026-01-31T23:59:59Z"


def test_who_may_put_events(lab, put):
    iam = lab.client("iam")
    iam.create_user(UserName="ana")
    allow = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": "arn:aws:events:us-east-1:123456789012:event-bus/default",
        "Condition": {"StringEquals": {"events:source": "shop"}},
    }
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="w", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    iam.put_role_policy(
        RoleName="w",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    writer = lab.client("events", role="w")
    good = {"Source": "shop", "DetailType": "t", "Detail": "{}"}
    assert writer.put_events(Entries=[good])["FailedEntryCount"] == 0
    for bad in ({**good, "Source": "bank"}, {**good, "EventBusName": "other"}):
        with pytest.raises(Exception, match="AccessDeniedException"):
            writer.put_events(Entries=[bad])


# Trying patterns ---------------------------------------------------------------------------------------------------------

EVENT = json.dumps(
    {
        "id": "1",
        "account": "123456789012",
        "source": "shop",
        "time": "2026-03-02T09:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail-type": "t",
        "detail": {"state": "running"},
    }
)


def test_test_event_pattern(events, refused):
    assert events.test_event_pattern(EventPattern=PATTERN, Event=EVENT)["Result"] is True
    assert events.test_event_pattern(EventPattern='{"source": ["bank"]}', Event=EVENT)["Result"] is False
    assert (
        refused(events.test_event_pattern, EventPattern="{", Event=EVENT)[0] == "InvalidEventPatternException"
    )
    for bad in ("plain", "[]", '{"source": "shop"}'):
        assert refused(events.test_event_pattern, EventPattern=PATTERN, Event=bad) == (
            "ValidationException",
            "Parameter Event is not valid.",
        )


def test_why_a_rule_does_not_match(lab, events):
    events.put_rule(Name="r", EventPattern='{"source": ["shop"], "detail": {"state": ["stopped"]}}')
    told = lab.act("events", "explain", rule="r", event=EVENT)
    assert told["matched"] is False
    assert told["why"] == 'detail.state asks for "stopped", but the event has "running".'
    assert [part["matched"] for part in told["parts"]] == [False, True]
    told = lab.act("events", "explain", pattern={"source": ["shop"]}, event=json.loads(EVENT))
    assert told["matched"] is True


# Tags ------------------------------------------------------------------------------------------------------------------


def test_tags(events, refused):
    arn = events.put_rule(Name="r", EventPattern=PATTERN)["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a", "z"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    many = [{"Key": str(n), "Value": ""} for n in range(50)]
    assert refused(events.tag_resource, ResourceARN=arn, Tags=many)[0] == "LimitExceededException"
    assert refused(events.list_tags_for_resource, ResourceARN=arn + "x") == (
        "ResourceNotFoundException",
        "Rule rx does not exist on EventBus default.",
    )
    assert refused(events.list_tags_for_resource, ResourceARN="x")[0] == "ValidationException"
