"""STS: temporary credentials that work, that are limited, and that end."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, NotModelled

HOME, OTHER = "123456789012", "222222222222"
READ = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
ROLE = f"arn:aws:iam::{HOME}:role/Auditor"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


def trust(principal, **more):
    return document(Action="sts:AssumeRole", Principal=principal, **more)


@pytest.fixture
def lab():
    lab = Lab()
    iam = lab.client("iam")
    iam.create_role(
        RoleName="Auditor", AssumeRolePolicyDocument=trust({"AWS": [HOME, OTHER]}), MaxSessionDuration=7200
    )
    iam.attach_role_policy(RoleName="Auditor", PolicyArn=READ)
    return lab


@pytest.fixture
def sts(lab):
    return lab.client("sts")


def with_credentials(lab, service, credentials, **more):
    return lab.client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        **more,
    )


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_you_are_the_administrator(sts):
    who = sts.get_caller_identity()
    assert (who["Account"], who["Arn"]) == (HOME, f"arn:aws:iam::{HOME}:user/admin")


def test_the_credentials_of_a_session_are_the_roles(lab, sts):
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")
    session = f"arn:aws:sts::{HOME}:assumed-role/Auditor/me"
    assert answer["AssumedRoleUser"]["Arn"] == session
    who = with_credentials(lab, "sts", answer["Credentials"]).get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (session, answer["AssumedRoleUser"]["AssumedRoleId"])
    cloudwatch = with_credentials(lab, "cloudwatch", answer["Credentials"])
    assert cloudwatch.list_metrics()["Metrics"] == []
    message = refused(
        "AccessDenied",
        cloudwatch.put_metric_data,
        Namespace="Shop",
        MetricData=[{"MetricName": "m", "Value": 1}],
    )
    assert message.startswith(f"User: {session} is not authorized to perform: cloudwatch:PutMetricData")


def test_inside_intercept_any_boto3_session_may_use_them(lab, sts):
    import boto3

    key = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    with lab.intercept():
        session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
            region_name="us-east-1",
        )
        assert session.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/Auditor/me")


def test_credentials_end_on_the_virtual_clock(lab, sts):
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)["Credentials"]
    assert (answer["Expiration"] - lab.now).total_seconds() == 900
    cloudwatch = with_credentials(lab, "cloudwatch", answer)
    lab.advance(seconds=899)
    cloudwatch.list_metrics()
    lab.advance(seconds=1)
    refused("ExpiredToken", cloudwatch.list_metrics)


def test_a_duration_has_limits(lab, sts):
    sts.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=7200)
    assert "MaxSessionDuration" in refused(
        "ValidationError", sts.assume_role, RoleArn=ROLE, RoleSessionName="me", DurationSeconds=7201
    )
    refused("ValidationError", sts.assume_role, RoleArn=ROLE, RoleSessionName="me", DurationSeconds=50000)
    first = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    lab.client("iam").put_role_policy(
        RoleName="Auditor", PolicyName="p", PolicyDocument=document(Action="sts:*", Resource="*")
    )
    chained = with_credentials(lab, "sts", first)
    assert "role chaining" in refused(
        "ValidationError", chained.assume_role, RoleArn=ROLE, RoleSessionName="on", DurationSeconds=3601
    )
    chained.assume_role(RoleArn=ROLE, RoleSessionName="on", DurationSeconds=3600)


def test_the_trust_policy_decides_for_an_administrator_too(lab, sts):
    iam = lab.client("iam")
    iam.create_role(RoleName="Web", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    message = refused(
        "AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{HOME}:role/Web", RoleSessionName="me"
    )
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")
    iam.update_assume_role_policy(RoleName="Web", PolicyDocument=trust({"AWS": HOME}))
    sts.assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/Web", RoleSessionName="me")


def test_a_role_that_is_not_there_is_refused_like_one_that_does_not_trust_you(sts):
    for role in (
        f"arn:aws:iam::{HOME}:role/Nobody",
        f"arn:aws:iam::{OTHER}:role/Auditor",
        "arn:aws:iam::12:role",
        "x" * 20,
    ):
        refused("AccessDenied", sts.assume_role, RoleArn=role, RoleSessionName="me")


def test_across_accounts_both_sides_must_agree(lab):
    iam = lab.client("iam", account=OTHER)
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = lab.client("sts", aws_access_key_id=key["AccessKeyId"])
    refused("AccessDenied", bob.assume_role, RoleArn=ROLE, RoleSessionName="me")
    iam.put_user_policy(
        UserName="bob", PolicyName="p", PolicyDocument=document(Action="sts:AssumeRole", Resource=ROLE)
    )
    answer = bob.assume_role(RoleArn=ROLE, RoleSessionName="me")
    assert with_credentials(lab, "sts", answer["Credentials"]).get_caller_identity()["Account"] == HOME
    anybody = lab.client("sts")
    assert anybody.get_access_key_info(AccessKeyId=answer["Credentials"]["AccessKeyId"])["Account"] == HOME
    assert anybody.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == OTHER


def test_an_external_id_keeps_the_confused_deputy_out(lab):
    asks = {"StringEquals": {"sts:ExternalId": "shop-42"}}
    lab.client("iam").update_assume_role_policy(
        RoleName="Auditor", PolicyDocument=trust({"AWS": OTHER}, Condition=asks)
    )
    other = lab.client("sts", account=OTHER)
    refused("AccessDenied", other.assume_role, RoleArn=ROLE, RoleSessionName="me")
    refused("AccessDenied", other.assume_role, RoleArn=ROLE, RoleSessionName="me", ExternalId="shop-43")
    other.assume_role(RoleArn=ROLE, RoleSessionName="me", ExternalId="shop-42")


def test_a_session_policy_takes_away(lab, sts):
    only = document(Action="cloudwatch:GetMetricData", Resource="*")
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", Policy=only)
    assert answer["PackedPolicySize"] >= 1
    cloudwatch = with_credentials(lab, "cloudwatch", answer["Credentials"])
    assert "no session policy allows" in refused("AccessDenied", cloudwatch.list_metrics)
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", PolicyArns=[{"arn": READ}])
    with_credentials(lab, "cloudwatch", answer["Credentials"]).list_metrics()


def test_bad_session_policies_are_refused(sts):
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=ROLE, RoleSessionName="me", Policy='{"a": 1}')
    long = document(Action=[f"logs:Get{n:04d}" for n in range(160)], Resource="*")
    refused("PackedPolicyTooLarge", sts.assume_role, RoleArn=ROLE, RoleSessionName="me", Policy=long)
    refused("ValidationError", sts.assume_role, RoleArn=ROLE, RoleSessionName="no spaces")


def test_session_tags_and_source_identity(lab, sts):
    needs = document(
        Action="iam:ListUsers", Resource="*", Condition={"StringEquals": {"aws:PrincipalTag/team": "web"}}
    )
    lab.client("iam").put_role_policy(RoleName="Auditor", PolicyName="p", PolicyDocument=needs)
    plain = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    refused("AccessDenied", with_credentials(lab, "iam", plain).list_users)
    tagged = sts.assume_role(
        RoleArn=ROLE, RoleSessionName="me", Tags=[{"Key": "team", "Value": "web"}], SourceIdentity="ana"
    )
    assert tagged["SourceIdentity"] == "ana"
    with_credentials(lab, "iam", tagged["Credentials"]).list_users()


def test_a_session_token_is_its_users(lab, sts):
    key = sts.get_session_token(DurationSeconds=900)["Credentials"]
    mine = with_credentials(lab, "sts", key)
    assert mine.get_caller_identity()["Arn"].endswith(":user/admin")
    refused("AccessDenied", mine.get_session_token)
    lab.advance(minutes=15)
    refused("ExpiredToken", mine.get_caller_identity)


def test_web_identities_are_refused_by_name(sts):
    with pytest.raises(NotModelled, match="AssumeRoleWithWebIdentity"):
        sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="me", WebIdentityToken="t" * 20)


def test_an_unknown_key_is_nobodys(lab):
    nobody = lab.client("sts", aws_access_key_id="AKIAIOSFODNN7EXAMPLE")
    assert "security token" in refused("InvalidClientTokenId", nobody.get_caller_identity)


def test_sessions_live_in_the_world(lab, sts):
    """A fork knows the credentials, a rewind forgets them, and the same seed makes them again."""
    start = lab.now
    twin = lab.fork()
    lab.advance(minutes=1)
    key = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    assert with_credentials(lab.fork(), "sts", key).get_caller_identity()["Arn"].endswith("/me")
    lab.rewind(to=start)
    refused("InvalidClientTokenId", with_credentials(lab, "sts", key).get_caller_identity)
    twin.advance(minutes=1)
    assert twin.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"] == key
