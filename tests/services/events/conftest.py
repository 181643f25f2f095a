"""A lab with EventBridge, queues to look into, and a quick way to a rule that leads to one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def events(lab: Lab) -> Any:
    return lab.client("events")


class Queues:
    """Queues that let EventBridge in; ``arrived`` takes out what has come."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def create(self, name: str = "inbox", *, admit: str | None = "events.amazonaws.com", **where: str) -> str:
        sqs = self.lab.client("sqs", **where)
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = asked["Attributes"]["QueueArn"]
        if admit:
            self.admit(name, admit, arn, **where)
        return arn

    def admit(self, name: str, principal: str, arn: str, **where: str) -> None:
        sqs = self.lab.client("sqs", **where)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": principal},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], Attributes={"Policy": policy}
        )

    def messages(self, name: str = "inbox", **where: str) -> list[dict[str, Any]]:
        sqs = self.lab.client("sqs", **where)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found: list[dict[str, Any]] = []
        while got := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += got
            for each in got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def arrived(self, name: str = "inbox", **where: str) -> list[Any]:
        return [json.loads(each["Body"]) for each in self.messages(name, **where)]


@pytest.fixture
def queues(lab: Lab) -> Queues:
    return Queues(lab)


@pytest.fixture
def follow(events: Any, queues: Queues):
    """Make a rule that leads to a new queue."""

    def make(
        pattern: dict[str, Any] | None = None, *, name: str = "rule", queue: str = "inbox", **target: Any
    ) -> str:
        arn = queues.create(queue)
        asked: dict[str, Any] = {}
        if "ScheduleExpression" in target:
            asked["ScheduleExpression"] = target.pop("ScheduleExpression")
        if pattern is not None:
            asked["EventPattern"] = json.dumps(pattern)
        rule = events.put_rule(Name=name, **asked)["RuleArn"]
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, **target}])
        return rule

    return make


@pytest.fixture
def put(events: Any):
    """Put one event."""

    def make(source: str = "shop", detail: Any = None, **entry: Any) -> dict[str, Any]:
        given = {
            "Source": source,
            "DetailType": "Order",
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}),
            **entry,
        }
        return events.put_events(Entries=[given])["Entries"][0]

    return make


@pytest.fixture
def refused():
    def attempt(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return attempt
