"""Groups and streams: listing, classes, retention, tags, deletion, and the policies that let services write."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.api import Request, service_principal
from cwlab.errors import AwsError, BadInput
from tests.services.logs.conftest import client, event, ms

ACCOUNT = "123456789012"
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
HOUR, DAY = 3_600_000, 86_400_000


def put(lab: Lab, *events: dict, group: str = "/app", stream: str = "web") -> dict:
    return client(lab).put_log_events(logGroupName=group, logStreamName=stream, logEvents=list(events))


def texts(lab: Lab, group: str = "/app") -> list[str]:
    return [e["message"] for e in client(lab).filter_log_events(logGroupName=group)["events"]]


def group(lab: Lab, name: str = "/app") -> dict:
    (found,) = client(lab).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return found


@pytest.mark.syllabus("L13", "L14")
def test_a_group_tells_its_settings(lab, logs):
    assert group(lab) == {
        "logGroupName": "/app",
        "creationTime": ms(lab),
        "metricFilterCount": 0,
        "arn": f"{ARN}/app:*",
        "logGroupArn": f"{ARN}/app",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }
    logs.put_retention_policy(logGroupName="/app", retentionInDays=30)
    assert group(lab)["retentionInDays"] == 30


@given(
    st.lists(st.text("ab./-_#Z", min_size=1, max_size=6), unique=True, max_size=20),
    st.integers(1, 7),
    st.text("ab/", max_size=2),
)
def test_groups_are_listed_in_ascii_order_page_by_page(names, limit, part):
    lab = Lab()
    for name in names:
        client(lab).create_log_group(logGroupName=name)
    pages = client(lab).get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": limit})
    found = [each["logGroupName"] for page in pages for each in page["logGroups"]]
    assert found == sorted(names)
    if part:
        for how, wanted in (
            ({"logGroupNamePrefix": part}, [n for n in found if n.startswith(part)]),
            ({"logGroupNamePattern": part}, [n for n in found if part in n]),
        ):
            told = client(lab).describe_log_groups(**how)["logGroups"]
            assert [g["logGroupName"] for g in told] == wanted


def test_groups_by_class_by_identifier_and_by_expression(lab, logs):
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="/handed", logGroupClass="DELIVERY")
    names = lambda **how: [g["logGroupName"] for g in logs.describe_log_groups(**how)["logGroups"]]  # noqa: E731
    assert names(logGroupClass="INFREQUENT_ACCESS") == ["/rare"]
    assert names(logGroupIdentifiers=[f"{ARN}/app", "/rare"]) == ["/app", "/rare"]
    assert group(lab, "/handed")["retentionInDays"] == 2
    found = logs.list_log_groups(logGroupNamePattern="^/ha|rare")["logGroups"]
    assert [g["logGroupName"] for g in found] == ["/handed", "/rare"]


def test_what_a_class_lacks_is_refused_and_what_it_has_works(lab, logs):
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="/rare", logStreamName="web")
    put(lab, event(ms(lab)), group="/rare")
    logs.put_retention_policy(logGroupName="/rare", retentionInDays=1)
    logs.tag_log_group(logGroupName="/rare", tags={"a": "b"})
    with pytest.raises(logs.exceptions.InvalidOperationException, match="INFREQUENT_ACCESS"):
        logs.get_log_events(logGroupName="/rare", logStreamName="web")


# -- retention --------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("L14", "L16")
def test_nothing_expires_unless_told(lab, logs):
    assert "retentionInDays" not in group(lab)
    put(lab, event(ms(lab), "old"))
    lab.advance(days=4000)
    assert texts(lab) == ["old"]
    logs.put_retention_policy(logGroupName="/app", retentionInDays=3653)
    assert texts(lab) == []


@pytest.mark.syllabus("L16")
def test_expired_events_disappear_and_no_longer_count_as_stored(lab, logs):
    logs.put_retention_policy(logGroupName="/app", retentionInDays=1)
    put(lab, event(ms(lab), "first"))
    lab.advance(hours=23)
    put(lab, event(ms(lab), "second"))
    assert texts(lab) == ["first", "second"]
    assert group(lab)["storedBytes"] == len("first") + 26  # as of midnight
    lab.advance(hours=1)
    assert texts(lab) == ["first", "second"]
    lab.advance(seconds=1)
    assert texts(lab) == ["second"]
    found = logs.get_log_events(logGroupName="/app", logStreamName="web", startFromHead=True)["events"]
    assert [e["message"] for e in found] == ["second"]
    lab.advance(days=2)
    assert (texts(lab), group(lab)["storedBytes"]) == ([], 0)


def test_longer_retention_brings_back_what_is_not_yet_removed(lab, logs):
    logs.put_retention_policy(logGroupName="/app", retentionInDays=1)
    put(lab, event(ms(lab) - 12 * HOUR, "older"), event(ms(lab), "newer"))
    lab.advance(days=4)  # the first expired 84 hours ago, the second 72
    assert texts(lab) == []
    logs.put_retention_policy(logGroupName="/app", retentionInDays=30)
    assert texts(lab) == ["newer"]
    logs.delete_retention_policy(logGroupName="/app")
    assert texts(lab) == ["newer"]


def test_expired_events_are_not_taken(lab, logs):
    logs.put_retention_policy(logGroupName="/app", retentionInDays=3)
    now = ms(lab)
    ages = (3 * DAY + 2, 3 * DAY + 1, 3 * DAY, 3 * DAY - 1)
    told = put(lab, *(event(now - age, str(age)) for age in ages))
    assert told["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 2}
    assert texts(lab) == [str(age) for age in ages[2:]]
    old, new = event(now - 3 * DAY - HOUR), event(now - 2 * DAY - 2 * HOUR)
    told = put(lab, event(now - 15 * DAY), old, new, event(now + 3 * HOUR))
    assert told["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "expiredLogEventEndIndex": 2,
        "tooNewLogEventStartIndex": 3,
    }


# -- deletion ---------------------------------------------------------------------------------------------------------


def test_a_group_goes_with_all_its_streams(lab, logs):
    put(lab, event(ms(lab), "gone"))
    logs.delete_log_group(logGroupName="/app")
    assert logs.describe_log_groups()["logGroups"] == []
    logs.create_log_group(logGroupName="/app")
    assert logs.describe_log_streams(logGroupName="/app")["logStreams"] == []
    assert texts(lab) == []


def test_protection_keeps_a_group_until_it_is_switched_off(lab, logs):
    logs.put_log_group_deletion_protection(logGroupIdentifier=f"{ARN}/app", deletionProtectionEnabled=True)
    assert group(lab)["deletionProtectionEnabled"] is True
    with pytest.raises(logs.exceptions.ClientError, match="deletion protection"):
        logs.delete_log_group(logGroupName="/app")
    with pytest.raises(logs.exceptions.ClientError, match="deletion protection"):
        logs.delete_log_stream(logGroupName="/app", logStreamName="web")
    logs.put_log_group_deletion_protection(logGroupIdentifier="/app", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="/app")


def test_a_refused_delete_in_a_larger_undo_puts_every_stream_back(lab, logs):
    put(lab, event(ms(lab), "kept"))
    before = texts(lab)
    twin = lab.fork()
    with pytest.raises(RuntimeError), lab.world.log:
        logs.delete_log_group(logGroupName="/app")
        raise RuntimeError("interrupted")
    assert texts(lab) == texts(twin) == before


# -- streams ----------------------------------------------------------------------------------------------------------


def test_a_stream_tells_its_times_once_it_has_events(lab, logs):
    (born,) = logs.describe_log_streams(logGroupName="/app")["logStreams"]
    assert set(born) == {"logStreamName", "creationTime", "uploadSequenceToken", "arn", "storedBytes"}
    assert born["arn"] == f"{ARN}/app:log-stream:web"
    now = ms(lab)
    put(lab, event(now - HOUR), event(now + HOUR))
    lab.advance(minutes=1)
    put(lab, event(now))
    (seen,) = logs.describe_log_streams(logGroupIdentifier=f"{ARN}/app")["logStreams"]
    assert (seen["firstEventTimestamp"], seen["lastEventTimestamp"]) == (now - HOUR, now + HOUR)
    assert (seen["lastIngestionTime"], seen["storedBytes"]) == (now + 60_000, 0)


def test_streams_by_name_and_by_last_event(lab, logs):
    for name in ("b", "a", "empty"):
        logs.create_log_stream(logGroupName="/app", logStreamName=name)
    put(lab, event(ms(lab) - 2000), stream="a")
    put(lab, event(ms(lab) - 1000), stream="b")
    put(lab, event(ms(lab) - 3000), stream="web")

    def names(**how):
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName="/app", PaginationConfig={"PageSize": 2}, **how
        )
        return [s["logStreamName"] for page in pages for s in page["logStreams"]]

    assert names() == ["a", "b", "empty", "web"]
    assert names(descending=True) == ["web", "empty", "b", "a"]
    assert names(logStreamNamePrefix="e") == ["empty"]
    assert names(orderBy="LastEventTime") == ["empty", "web", "a", "b"]
    assert names(orderBy="LastEventTime", descending=True) == ["b", "a", "web", "empty"]


def test_listings_may_lag_behind_by_a_setting(lab, logs):
    lab.act("logs", "configure", listing_delay_ms=HOUR)
    now = ms(lab)
    put(lab, event(now))
    lab.advance(minutes=59)
    put(lab, event(ms(lab)))
    assert "lastEventTimestamp" not in logs.describe_log_streams(logGroupName="/app")["logStreams"][0]
    lab.advance(minutes=1)
    (seen,) = logs.describe_log_streams(logGroupName="/app")["logStreams"]
    assert (seen["lastEventTimestamp"], seen["lastIngestionTime"]) == (now, now)
    with pytest.raises(BadInput, match="Settings: max_event_bytes, listing_delay_ms"):
        lab.act("logs", "configure", speed=1)
    with pytest.raises(BadInput, match="whole number"):
        lab.act("logs", "configure", max_event_bytes="big")


# -- tags -------------------------------------------------------------------------------------------------------------


def test_tags_by_the_present_and_the_older_operations(lab, logs):
    logs.tag_resource(resourceArn=f"{ARN}/app", tags={"team": "shop", "cost": "12"})
    logs.tag_log_group(logGroupName="/app", tags={"team": "ops"})
    wanted = {"team": "ops", "cost": "12"}
    assert logs.list_tags_for_resource(resourceArn=f"{ARN}/app")["tags"] == wanted
    assert logs.list_tags_log_group(logGroupName="/app")["tags"] == wanted
    logs.untag_resource(resourceArn=f"{ARN}/app", tagKeys=["cost", "none"])
    logs.untag_log_group(logGroupName="/app", tags=["team"])
    assert logs.list_tags_log_group(logGroupName="/app")["tags"] == {}
    logs.create_log_group(logGroupName="/new", tags={"a": "b"})
    assert logs.list_tags_for_resource(resourceArn=f"{ARN}/new")["tags"] == {"a": "b"}


# -- who may write ----------------------------------------------------------------------------------------------------


def document(resource: str = f"{ARN}/app:*", who: object = None, sid: str = "s") -> str:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": who or {"Service": "events.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def delivers(lab: Lab, who: str, stream: str = "from-service", group: str = "/app") -> bool:
    """Whether an AWS service may make a stream and put an event in it."""
    for operation, more in (
        ("CreateLogStream", {}),
        ("PutLogEvents", {"logEvents": [event(ms(lab))]}),
    ):
        params = {"logGroupName": group, "logStreamName": stream, **more}
        try:
            lab.world.door(
                Request("logs", operation, params, service_principal(who), ACCOUNT, "us-east-1", depth=1)
            )
        except AwsError as refusal:
            assert refusal.code == "AccessDeniedException"
            return False
    return True


def test_a_service_writes_where_a_resource_policy_lets_it(lab, logs):
    assert not delivers(lab, "events.amazonaws.com")
    logs.put_resource_policy(policyName="events", policyDocument=document())
    assert delivers(lab, "events.amazonaws.com")
    assert not delivers(lab, "route53.amazonaws.com", "other")
    logs.create_log_group(logGroupName="/else")
    assert not delivers(lab, "events.amazonaws.com", "x", "/else")
    logs.delete_resource_policy(policyName="events")
    assert not delivers(lab, "events.amazonaws.com", "another")


@pytest.mark.parametrize("events", [[], [event(1, "")], [event(1)] * 10_001])
def test_a_service_too_sends_whole_batches(lab, logs, events):
    logs.put_resource_policy(policyName="events", policyDocument=document())
    params = {"logGroupName": "/app", "logStreamName": "web", "logEvents": events}
    who = service_principal("events.amazonaws.com")
    with pytest.raises(AwsError) as caught:
        lab.world.door(Request("logs", "PutLogEvents", params, who, ACCOUNT, "us-east-1", depth=1))
    assert caught.value.code == "InvalidParameterException"


def test_a_resource_policy_lets_nobody_but_services(lab, logs):
    everyone = document(f"{ARN}*", {"AWS": "*"})
    logs.put_resource_policy(policyName="all", policyDocument=everyone)
    assert not delivers(lab, "events.amazonaws.com")


def test_a_log_group_has_one_policy_of_its_own(lab, logs):
    arn = f"{ARN}/app"
    made = logs.put_resource_policy(resourceArn=arn, policyDocument=document(sid="a"))
    assert made["resourcePolicy"]["policyScope"] == "RESOURCE"
    assert delivers(lab, "events.amazonaws.com")
    for wrong in ({}, {"expectedRevisionId": "x"}):
        with pytest.raises(logs.exceptions.OperationAbortedException):
            logs.put_resource_policy(resourceArn=arn, policyDocument=document(sid="b"), **wrong)
    again = logs.put_resource_policy(
        resourceArn=arn,
        policyDocument=document(who={"Service": "route53.amazonaws.com"}),
        expectedRevisionId=made["revisionId"],
    )
    assert again["revisionId"] != made["revisionId"]
    assert delivers(lab, "route53.amazonaws.com", "r") and not delivers(lab, "events.amazonaws.com", "e")
    assert logs.describe_resource_policies()["resourcePolicies"] == []
    (told,) = logs.describe_resource_policies(policyScope="RESOURCE")["resourcePolicies"]
    assert told == again["resourcePolicy"]
    logs.delete_log_group(logGroupName="/app")
    assert logs.describe_resource_policies(policyScope="RESOURCE")["resourcePolicies"] == []


def test_an_account_has_ten_policies(lab, logs):
    for n in range(10):
        logs.put_resource_policy(policyName=f"p{n}", policyDocument=document())
    logs.put_resource_policy(policyName="p3", policyDocument=document())
    with pytest.raises(logs.exceptions.LimitExceededException, match="Resource limit exceeded"):
        logs.put_resource_policy(policyName="p10", policyDocument=document())
    first = logs.describe_resource_policies(limit=7)
    second = logs.describe_resource_policies(limit=7, nextToken=first["nextToken"])
    assert len(first["resourcePolicies"] + second["resourcePolicies"]) == 10 and "nextToken" not in second


@pytest.mark.syllabus("L14")
@pytest.mark.parametrize(
    ("resource", "stream", "allowed"),
    [
        (f"{ARN}/app:*", "web", True),
        (f"{ARN}/app:log-stream:web", "web", True),
        (f"{ARN}/app:log-stream:w*", "web", True),
        (f"{ARN}/app:log-stream:db", "web", False),
        (f"{ARN}/app", "web", False),  # the bare form names the group, not its streams
        (f"{ARN}/ap", "web", False),
        (f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/app:*", "web", False),
    ],
)
def test_a_role_writes_where_its_policy_lets_it(lab, logs, resource, stream, allowed):
    iam = lab.client("iam")
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust}))
    policy = {"Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": resource}]}
    iam.put_role_policy(
        RoleName="web", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", **policy})
    )
    as_role = lab.client("logs", role="web")
    ask = {"logGroupName": "/app", "logStreamName": stream, "logEvents": [event(ms(lab), "by role")]}
    if allowed:
        as_role.put_log_events(**ask)
    else:
        with pytest.raises(
            as_role.exceptions.ClientError, match="not authorized to perform: logs:PutLogEvents"
        ):
            as_role.put_log_events(**ask)
    assert texts(lab) == (["by role"] if allowed else [])


@pytest.mark.syllabus("L14")
def test_a_policy_may_ask_for_the_groups_tags(lab, logs):
    iam = lab.client("iam")
    iam.create_user(UserName="ana")
    rules = [
        ("logs:FilterLogEvents", {"aws:ResourceTag/team": "shop"}),
        ("logs:CreateLogGroup", {"aws:RequestTag/team": "shop"}),
    ]
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": condition}}
        for action, condition in rules
    ]
    iam.put_user_policy(
        UserName="ana",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    ana = lab.client("logs", aws_access_key_id=key["AccessKeyId"])
    with pytest.raises(ana.exceptions.ClientError, match="not authorized"):
        ana.filter_log_events(logGroupName="/app")
    logs.tag_log_group(logGroupName="/app", tags={"team": "shop"})
    ana.filter_log_events(logGroupIdentifier=f"{ARN}/app")
    with pytest.raises(ana.exceptions.ClientError, match="not authorized"):
        ana.create_log_group(logGroupName="/mine", tags={"team": "ops"})
    ana.create_log_group(logGroupName="/mine", tags={"team": "shop"})


def test_an_identifier_of_another_region_or_account_names_no_group_here(lab, logs):
    for other in (ARN.replace("us-east-1", "eu-west-1"), ARN.replace(ACCOUNT, "222222222222")):
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.filter_log_events(logGroupIdentifier=f"{other}/app")
