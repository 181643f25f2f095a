"""A lab with a topic and a queue the topic may send to, and words for what tests do to them."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def sns(lab):
    return lab.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="ops")["TopicArn"]


@pytest.fixture
def queue(lab, topic):
    """A queue that admits the topic, and is subscribed to it."""
    return Queue(lab, topic)


class Queue:
    """A queue: made, admitting a topic, subscribed to it."""

    def __init__(self, lab, topic, name="alerts", admit=True, attributes=None, given=None):
        self.sqs, self.sns = lab.client("sqs"), lab.client("sns")
        self.url = self.sqs.create_queue(QueueName=name, Attributes=given or {})["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
        if admit:
            self.admit(topic)
        self.subscription = self.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self.arn, Attributes=attributes or {}
        )["SubscriptionArn"]

    def admit(self, topic):
        policy = allow(
            {"Service": "sns.amazonaws.com"},
            self.arn,
            "sqs:SendMessage",
            ArnEquals={"aws:SourceArn": topic},
        )
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def messages(self):
        answer = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        return answer.get("Messages", [])

    def notes(self):
        return [json.loads(each["Body"]) for each in self.messages()]

    def texts(self):
        return [each["Message"] for each in self.notes()]


def allow(who, resource, action, **condition):
    statement = {"Effect": "Allow", "Principal": who, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call, /, **params):
    """The code and the text a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
