"""Attributes of topics and subscriptions: which there are, and what may be set.

Source: API reference, CreateTopic, SetTopicAttributes, Subscribe, SetSubscriptionAttributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from cwlab.errors import NotModelled
from cwlab.services.sns import access, filters
from cwlab.services.sns.errors import invalid

MAX_MESSAGE = 262_144
BOOLEANS = ("true", "false")
FIFO_ONLY = ("ContentBasedDeduplication", "FifoThroughputScope")
CHOICES = {
    "FifoTopic": BOOLEANS,
    "ContentBasedDeduplication": BOOLEANS,
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
}
TOPIC = ("Policy", "DisplayName", "KmsMasterKeyId", "MaximumMessageSize", *CHOICES)
SUBSCRIPTION = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
ELSEWHERE = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback(RoleArn|SampleRate)|DeliveryPolicy|ArchivePolicy"
    r"|DataProtectionPolicy|SubscriptionRoleArn|ReplayPolicy"
)
HTTP_POLICY = {
    "http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 3,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")


def check_name(name: str, fifo: bool) -> str:
    """The topic's name, if it is one."""
    stem = name.removesuffix(".fifo") if fifo else name
    if fifo and not name.endswith(".fifo"):
        raise invalid("Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase "
                      "and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 "
                      "characters long.")  # fmt: skip
    if not _NAME.fullmatch(stem) or len(name) > 256:
        raise invalid("Topic Name")
    return name


def of_topic(given: Mapping[str, str], fifo: bool) -> dict[str, str]:
    """Attributes somebody wants a topic to have, each if it can.

    Raises:
        AwsError: InvalidParameter.
        NotModelled: AWS has it and this version does not.
    """
    return {name: _of_topic(name, value, fifo) for name, value in given.items()}


def _of_topic(name: str, value: str, fifo: bool) -> str:
    if ELSEWHERE.fullmatch(name):
        raise NotModelled(f"sns: the topic attribute {name}", f"Modeled: {', '.join(TOPIC)}.")
    if name not in TOPIC or (name in FIFO_ONLY and not fifo):
        raise invalid("AttributeName")
    if name in CHOICES and value not in CHOICES[name]:
        raise invalid(f"{name}")
    if name == "TracingConfig" and value == "Active":
        raise NotModelled("sns: TracingConfig=Active", "Modeled: PassThrough.")
    if name == "Policy":
        return access.checked(value)
    if name == "DisplayName" and len(value) > 100:
        raise invalid("DisplayName")
    if name == "MaximumMessageSize" and not (value.isdigit() and 1024 <= int(value) <= 1_048_576):
        raise invalid("MaximumMessageSize")
    return value


def of_subscription(given: Mapping[str, str], protocol: str) -> dict[str, str]:
    """Attributes somebody wants a subscription to have, each if it can; empty texts stand for none.

    Raises:
        AwsError: InvalidParameter.
        NotModelled: AWS has it and this version does not.
    """
    checked = {}
    for name, value in given.items():
        if ELSEWHERE.fullmatch(name):
            raise NotModelled(
                f"sns: the subscription attribute {name}", f"Modeled: {', '.join(SUBSCRIPTION)}."
            )
        if name not in SUBSCRIPTION:
            raise invalid("AttributeName")
        if name == "RawMessageDelivery":
            if value.lower() not in BOOLEANS:
                raise invalid("RawMessageDelivery: Invalid value [" + value + "]. Must be true or false.")
            if protocol not in ("sqs", "http", "https", "firehose") and value.lower() == "true":
                raise invalid(f"Delivery protocol [{protocol}] does not support raw message delivery.")
            value = value.lower()
        elif name == "FilterPolicyScope" and value not in ("MessageAttributes", "MessageBody"):
            raise invalid("FilterPolicyScope: Invalid value [" + value + "]. Please use either MessageBody or MessageAttributes")  # fmt: skip
        elif name == "RedrivePolicy" and value:
            check_redrive(value)
        checked[name] = value
    return checked


def check_filter(settings: Mapping[str, str]) -> None:
    """The filter policy of a subscription, if it can be one in its scope.

    Raises:
        AwsError: InvalidParameter.
    """
    text = settings.get("FilterPolicy")
    if text:
        filters.read(text, settings.get("FilterPolicyScope", filters.ATTRIBUTES))


def check_redrive(text: str) -> str:
    """The ARN of the queue a redrive policy names.

    Raises:
        AwsError: InvalidParameter.
    """
    try:
        body = json.loads(text)
    except ValueError:
        raise invalid("RedrivePolicy: failed to parse JSON.") from None
    target = body.get("deadLetterTargetArn") if isinstance(body, dict) else None
    if not isinstance(target, str) or target.count(":") != 5 or target.split(":")[2] != "sqs":
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    return target
