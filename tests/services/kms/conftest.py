"""A lab with a key, and words for what tests do with it."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

ACCOUNT, OTHER = "123456789012", "222222222222"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def kms(lab):
    return lab.client("kms")


@pytest.fixture
def key(kms):
    """The ARN of a key with the default policy."""
    return kms.create_key()["KeyMetadata"]["Arn"]


def refused(call, /, **params):
    """The code and the text a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def statement(who, action, condition=None, effect="Allow"):
    found = {"Effect": effect, "Principal": who, "Action": action, "Resource": "*"}
    return found | ({"Condition": condition} if condition else {})


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


OWN = statement({"AWS": ROOT}, "kms:*")


def person(lab, name, actions=(), resource="*"):
    """A user with these permissions of its own: (ARN, a maker of clients)."""
    iam = lab.client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if actions:
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
        iam.put_user_policy(
            UserName=name,
            PolicyName="own",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, lambda service: lab.client(
        service, aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
