"""A topic's own policy: who but its owner may do what with it.

Source: SNS developer guide, "Example cases for Amazon SNS access control"; the default policy as AWS writes it. Its
condition asks for the owner's account, so that the owner's alarms may publish, and nobody else's.
"""

from __future__ import annotations

import json
from typing import Any

from cwlab.api import Call
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.sns.errors import invalid
from cwlab.services.sns.records import Topic

ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def default_policy(topic_arn: str) -> str:
    """What AWS gives a topic that comes without a policy."""
    return dump(
        {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [f"SNS:{name}" for name in ACTIONS],
                    "Resource": topic_arn,
                    "Condition": {"StringEquals": {"AWS:SourceOwner": topic_arn.split(":")[4]}},
                }
            ],
        }
    )


def dump(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


def checked(text: str) -> str:
    """A policy somebody wants to give a topic, if it is one.

    Raises:
        AwsError: InvalidParameter; a note says what is wrong.
    """
    try:
        parse(text, "resource")
    except MalformedPolicy as problem:
        error = invalid("Policy Error: null")
        error.add_note(str(problem))
        raise error from problem
    return text


def topic_of(call: Call, topic_arn: str) -> Topic | None:
    """The topic with this ARN, if there is one; in the ARN's own account."""
    parts = topic_arn.split(":")
    if len(parts) != 6 or parts[3] != call.region:
        return None
    found: Topic | None = call.table("topics", account=parts[4]).get(parts[5])
    return found


def topic_arn(call: Call, params: dict[str, Any]) -> str:
    """The topic a request names: what IAM sees."""
    found: str = params.get("TopicArn") or params.get("TargetArn") or params.get("ResourceArn") or "*"
    return found


def policy_of(call: Call, params: dict[str, Any]) -> str | None:
    """The policy of the topic a request names."""
    topic = topic_of(call, topic_arn(call, params))
    return None if topic is None else topic.settings["Policy"]
