"""Versions, aliases, permissions, concurrency, event-invoke settings, tags, the account's limits."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import AwsError
from cwlab.api import Request, service_principal

ONE, TWO = "def handler(event, context): return 1", "def handler(event, context): return 2"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_a_published_version_stays_as_it_is(fn, refused):
    fn.create(ONE, Publish=True)
    fn.client.update_function_code(FunctionName="f", ZipFile=fn.zipped(TWO))
    second = fn.client.publish_version(FunctionName="f", Description="two")
    again = fn.client.publish_version(FunctionName="f")
    assert (second["Version"], second["FunctionArn"], again["Version"]) == ("2", f"{ARN}:2", "2")
    said = [fn.invoke(Qualifier=q) for q in ("1", "2", "$LATEST")]
    assert [(s.value, s.version) for s in said] == [(1, "1"), (2, "2"), (2, "$LATEST")]
    assert "Version: 1\n" in said[0].log
    listed = fn.client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [v["Version"] for v in listed] == ["$LATEST", "1", "2"]
    every = fn.client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [f["Version"] for f in every] == ["$LATEST", "1", "2"]
    fn.client.delete_function(FunctionName="f", Qualifier="1")
    assert refused(fn.client.invoke, FunctionName="f:1") == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}:1",
    )
    assert (
        refused(fn.client.publish_version, FunctionName="f", CodeSha256="x")[0]
        == "InvalidParameterValueException"
    )
    assert refused(fn.client.delete_function, FunctionName="f:$LATEST")[0] == "InvalidParameterValueException"


def test_an_alias_points_to_a_version_and_can_be_moved(fn, refused):
    fn.create(ONE, Publish=True)
    fn.client.update_function_code(FunctionName="f", ZipFile=fn.zipped(TWO), Publish=True)
    made = fn.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert made["AliasArn"] == f"{ARN}:live"
    assert fn.invoke(name="f:live").value == 1
    moved = fn.client.update_alias(
        FunctionName="f", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"]
    )
    assert fn.invoke(Qualifier="live").value == 2 and moved["RevisionId"] != made["RevisionId"]
    assert fn.client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == "2"
    assert [a["Name"] for a in fn.client.list_aliases(FunctionName="f", FunctionVersion="2")["Aliases"]] == [
        "live"
    ]
    assert (
        refused(fn.client.delete_function, FunctionName="f", Qualifier="2")[0] == "ResourceConflictException"
    )
    assert (
        refused(fn.client.create_alias, FunctionName="f", Name="live", FunctionVersion="1")[0]
        == "ResourceConflictException"
    )
    assert (
        refused(fn.client.create_alias, FunctionName="f", Name="x", FunctionVersion="9")[0]
        == "ResourceNotFoundException"
    )
    fn.client.delete_alias(FunctionName="f", Name="live")
    assert refused(fn.client.get_alias, FunctionName="f", Name="live")[0] == "ResourceNotFoundException"


def test_a_service_needs_a_permission_with_the_right_source(fn, lab):
    fn.create(ONE)
    topic = "arn:aws:sns:us-east-1:123456789012:t"

    def as_sns(source, qualifier=None):
        """As SNS would: through the door, as its service principal."""
        params = {"FunctionName": "f", **({"Qualifier": qualifier} if qualifier else {})}
        request = Request("lambda", "Invoke", params, service_principal("sns.amazonaws.com"), "123456789012",
                          "us-east-1", source_account="123456789012", source_arn=source)  # fmt: skip
        try:
            return lab.world.door(request)["StatusCode"]
        except AwsError as refused:
            return refused.code

    assert as_sns(topic) == "AccessDeniedException"
    statement = json.loads(
        fn.client.add_permission(
            FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
            SourceArn=topic, SourceAccount="123456789012",
        )["Statement"]
    )  # fmt: skip
    assert statement == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
            "ArnLike": {"AWS:SourceArn": topic},
        },
    }
    assert as_sns(topic) == 200 and as_sns(topic + "2") == "AccessDeniedException"
    assert json.loads(fn.client.get_policy(FunctionName="f")["Policy"])["Statement"] == [statement]
    fn.client.publish_version(FunctionName="f")
    assert as_sns(topic, "1") == "AccessDeniedException"  # a version has a policy of its own
    fn.client.remove_permission(FunctionName="f", StatementId="s")
    assert as_sns(topic) == "AccessDeniedException"


def test_another_account_needs_one_too(fn, lab, refused):
    fn.create(ONE)
    other = lab.client("lambda", account="222222222222")
    assert refused(other.invoke, FunctionName=ARN)[0] == "AccessDeniedException"
    fn.client.add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="222222222222"
    )
    assert other.invoke(FunctionName=ARN)["Payload"].read() == b"1"
    assert "2026" in fn.log()[-1] or fn.log()[-1].startswith("REPORT")  # in the function's own account


def test_permissions_are_checked_when_they_are_made(fn, refused):
    fn.create(ONE)
    good = {
        "FunctionName": "f",
        "StatementId": "s",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    assert refused(fn.client.get_policy, FunctionName="f")[0] == "ResourceNotFoundException"
    assert (
        refused(fn.client.add_permission, **good | {"Principal": "not.a.principal"})[0]
        == "InvalidParameterValueException"
    )
    assert refused(fn.client.add_permission, **good | {"Action": "s3:Get"})[0] == "ValidationException"
    fn.client.add_permission(**good)
    code, words = refused(fn.client.add_permission, **good)
    assert code == "ResourceConflictException" and "(s) provided already exists" in words
    assert (
        refused(fn.client.remove_permission, FunctionName="f", StatementId="x")[0]
        == "ResourceNotFoundException"
    )
    stale = {"FunctionName": "f", "StatementId": "s", "RevisionId": "stale"}
    assert refused(fn.client.remove_permission, **stale)[0] == "PreconditionFailedException"


def test_concurrency_is_kept_for_others(fn, refused):
    fn.create(ONE)
    fn.create(ONE, name="g")
    fn.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=800)
    assert fn.client.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"] == 800
    assert "ReservedConcurrentExecutions" not in fn.client.get_function_concurrency(FunctionName="g")
    code, words = refused(
        fn.client.put_function_concurrency, FunctionName="g", ReservedConcurrentExecutions=101
    )
    assert code == "InvalidParameterValueException" and "minimum value of [100]" in words
    limits = fn.client.get_account_settings()
    assert limits["AccountLimit"]["UnreservedConcurrentExecutions"] == 200
    assert limits["AccountUsage"]["FunctionCount"] == 2
    assert fn.client.get_function(FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 800}


def test_event_invoke_settings(fn, refused):
    fn.create(ONE, Publish=True)
    code, words = refused(fn.client.get_function_event_invoke_config, FunctionName="f")
    assert (code, words) == (
        "ResourceNotFoundException",
        f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig",
    )
    put, update = fn.client.put_function_event_invoke_config, fn.client.update_function_event_invoke_config
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    put(FunctionName="f", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": queue}})
    update(FunctionName="f", MaximumEventAgeInSeconds=60)
    put(FunctionName="f", Qualifier="1", MaximumRetryAttempts=0)
    got = fn.client.get_function_event_invoke_config(FunctionName="f")
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (1, 60)
    assert got["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": queue}}
    listed = fn.client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
    assert [each["FunctionArn"] for each in listed] == [f"{ARN}:$LATEST", f"{ARN}:1"]
    put(FunctionName="f", MaximumRetryAttempts=2)
    assert (
        fn.client.get_function_event_invoke_config(FunctionName="f")["DestinationConfig"]["OnFailure"] == {}
    )
    fn.client.delete_function_event_invoke_config(FunctionName="f")
    assert (
        refused(fn.client.delete_function_event_invoke_config, FunctionName="f")[0]
        == "ResourceNotFoundException"
    )
    assert refused(put, FunctionName="f")[0] == "InvalidParameterValueException"
    wrong = {"OnFailure": {"Destination": "arn:aws:ec2:us-east-1:123456789012:instance/i"}}
    assert refused(put, FunctionName="f", DestinationConfig=wrong)[0] == "InvalidParameterValueException"
    with pytest.raises(ClientError):
        put(FunctionName="f", MaximumRetryAttempts=3)


def test_tags(fn, refused):
    fn.create(ONE, Tags={"a": "1", "b": "2"})
    fn.client.tag_resource(Resource=ARN, Tags={"b": "3", "c": "4"})
    fn.client.untag_resource(Resource=ARN, TagKeys=["a", "none"])
    assert fn.client.list_tags(Resource=ARN)["Tags"] == {"b": "3", "c": "4"}
    assert refused(fn.client.list_tags, Resource=f"{ARN}:1")[0] == "InvalidParameterValueException"
