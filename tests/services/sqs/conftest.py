"""A lab with a queue, and words for what tests do to it."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

ACCOUNT = "123456789012"


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def sqs(lab):
    return lab.client("sqs")


@pytest.fixture
def orders(sqs):
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


def refused(call, /, **params):
    """The code and the text a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"].removeprefix("AWS.SimpleQueueService."), error["Message"]


def bodies(answer):
    return [each["Body"] for each in answer.get("Messages", [])]


def allow(who, arn, action="sqs:SendMessage", **condition):
    statement = {"Effect": "Allow", "Principal": who, "Action": action, "Resource": arn}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
