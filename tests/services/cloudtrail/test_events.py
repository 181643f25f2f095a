"""The event record: who, what, and what is left out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.api import Principal
from cwlab.services.cloudtrail.events import plain
from cwlab.services.cloudtrail.planes import DATA, is_management


def events(lab):
    lab.advance(minutes=15)
    found = lab.client("cloudtrail").lookup_events()["Events"]
    return {event["EventName"]: json.loads(event["CloudTrailEvent"]) for event in found}


def test_secrets_are_left_out(lab):
    lab.client("iam").create_access_key(
        UserName=lab.client("iam").create_user(UserName="ana")["User"]["UserName"]
    )
    shown = events(lab)["CreateAccessKey"]["responseElements"]["accessKey"]
    assert shown["accessKeyId"].startswith("AKIA") and "secretAccessKey" not in shown


def test_a_function_is_created_under_its_versioned_name_without_its_code(lab):
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    lab.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
        Environment={"Variables": {"KEY": "secret"}},
    )
    told = events(lab)["CreateFunction20150331"]["requestParameters"]
    assert "zipFile" not in told["code"]
    assert told["environment"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_the_user_of_a_key_and_the_root_and_a_service(lab):
    iam = lab.client("iam")
    user = iam.create_user(UserName="ana")["User"]
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    sns = lab.client("sns", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key="x")
    with pytest.raises(sns.exceptions.ClientError):
        sns.list_topics()
    who = events(lab)["ListTopics"]["userIdentity"]
    assert (who["type"], who["userName"], who["principalId"]) == ("IAMUser", "ana", user["UserId"])

    from cwlab.api import Call, Request
    from cwlab.services.cloudtrail.events import identity

    root = Principal("arn:aws:iam::123456789012:root", "123456789012", "root")
    call = Call(lab.world, Request("cloudtrail", "x", {}, root, "123456789012", "us-east-1"))
    assert identity(call, root, 0)["type"] == "Root"
    service = Principal("sns.amazonaws.com", "", "service")
    assert identity(call, service, 0) == {"type": "AWSService", "invokedBy": "sns.amazonaws.com"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.datetimes(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
        max_leaves=10,
    )
)
def test_any_request_becomes_json(value):
    json.dumps(plain({"Given": value}))


def test_data_events_are_known_operations():
    import botocore.session

    session = botocore.session.Session()
    for service, names in DATA.items():
        known = session.get_service_model(service).operation_names
        unknown = set(names.split()) - set(known) - {"InvokeAsync", "InvokeWithResponseStream"}
        assert not unknown, service
    assert is_management("sns", "CreateTopic") and not is_management("sns", "Publish")
