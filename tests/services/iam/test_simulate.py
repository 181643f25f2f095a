"""The policy simulator agrees with the door."""

import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
READ = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


def verdicts(answer):
    return {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}


def test_what_a_role_may_do(iam, trust, allow):
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=ACCOUNT))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=READ)
    deny = {"Effect": "Deny", "Action": "cloudwatch:GetMetricData", "Resource": "*"}
    iam.put_role_policy(
        RoleName="r", PolicyName="no", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": deny})
    )
    names = ["cloudwatch:ListMetrics", "cloudwatch:GetMetricData", "cloudwatch:PutMetricData"]
    found = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=names)
    assert list(verdicts(found).values()) == ["allowed", "explicitDeny", "implicitDeny"]
    matched = found["EvaluationResults"][1]["MatchedStatements"]
    assert matched == [{"SourcePolicyId": "no", "SourcePolicyType": "IAM Policy"}]


def test_users_with_their_groups_and_groups_alone(iam):
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn=READ)
    iam.add_user_to_group(GroupName="g", UserName="ana")
    for kind, name in (("user", "ana"), ("group", "g"), ("user", "admin")):
        arn = f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"
        assert verdicts(
            iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["cloudwatch:ListMetrics"])
        ) == {"cloudwatch:ListMetrics": "allowed"}


def test_a_missing_key_is_reported_and_a_given_one_decides(iam, allow):
    document = allow("cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Shop"}})
    ask = {"PolicyInputList": [document], "ActionNames": ["cloudwatch:PutMetricData"]}
    result = iam.simulate_custom_policy(**ask)["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MissingContextValues"]) == (
        "implicitDeny",
        ["cloudwatch:namespace"],
    )
    given = [
        {"ContextKeyName": "cloudwatch:namespace", "ContextKeyValues": ["Shop"], "ContextKeyType": "string"}
    ]
    result = iam.simulate_custom_policy(**ask, ContextEntries=given)["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])


def test_boundaries_and_resource_policies(iam, allow):
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"},
        "Action": "sns:*",
        "Resource": "*",
    }
    own = json.dumps({"Version": "2012-10-17", "Statement": statement})
    found = iam.simulate_custom_policy(
        PolicyInputList=[allow("logs:*")],
        PermissionsBoundaryPolicyInputList=[allow("logs:*")],
        ResourcePolicy=own,
        CallerArn=f"arn:aws:iam::{ACCOUNT}:user/ana",
        ActionNames=["sns:Publish", "logs:GetLogEvents"],
        ResourceArns=[topic],
    )
    assert verdicts(found) == {"sns:Publish": "allowed", "logs:GetLogEvents": "allowed"}
    assert [
        r["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"]
        for r in found["EvaluationResults"]
    ] == [False, True]


def test_several_actions_and_resources_come_in_pages(iam, allow):
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[allow()],
        ActionNames=["logs:GetLogEvents", "sns:Publish"],
        ResourceArns=["arn:aws:sns:us-east-1:1:a", "arn:aws:sns:us-east-1:1:b"],
        PaginationConfig={"PageSize": 3},
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [3, 1]


def test_context_keys(iam, trust, allow):
    document = allow(
        "s3:*", "arn:aws:s3:::${aws:username}/*", Condition={"Bool": {"aws:SecureTransport": "true"}}
    )
    keys = ["aws:SecureTransport", "aws:username"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"] == keys
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document)
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/ana")
    assert found["ContextKeyNames"] == keys


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"PolicyInputList": ["{"]}, "InvalidInput"),
        ({"ActionNames": ["Publish"]}, "InvalidInput"),
        ({"ActionNames": ["sns:*"]}, "InvalidInput"),
        ({"CallerArn": "arn:aws:iam::123456789012:root"}, "InvalidInput"),
        (
            {
                "ContextEntries": [
                    {"ContextKeyName": "aws:x", "ContextKeyValues": ["a", "b"], "ContextKeyType": "string"}
                ]
            },
            "InvalidInput",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(iam, allow, change, code):
    with pytest.raises(ClientError) as caught:
        iam.simulate_custom_policy(
            **({"PolicyInputList": [allow()], "ActionNames": ["sns:Publish"]} | change)
        )
    assert caught.value.response["Error"]["Code"] == code


def test_an_unknown_source_is_refused(iam):
    for arn, code in (
        (f"arn:aws:iam::{ACCOUNT}:user/nobody", "NoSuchEntity"),
        ("arn:aws:iam::999999999999:user/x", "InvalidInput"),
        (f"arn:aws:iam::{ACCOUNT}:policy/x", "InvalidInput"),
    ):
        with pytest.raises(ClientError) as caught:
            iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["sns:Publish"])
        assert caught.value.response["Error"]["Code"] == code
