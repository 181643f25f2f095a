"""A queue's attributes: which there are, what may be set, what they are when you say nothing.

Source: API reference, CreateQueue and SetQueueAttributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from cwlab.policy import MalformedPolicy, parse
from cwlab.services.sqs.errors import bad_attribute, bad_value, invalid, unknown_attribute
from cwlab.services.sqs.records import Queue

RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
}
FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
CHOICES = {
    "FifoQueue": ("true",),
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
TEXTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId")
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
TOLD = ("QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", *COUNTS)
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def check_name(name: str, fifo: bool) -> str:
    """The queue's name, if it is one."""
    stem = name[: -len(".fifo")] if fifo and name.endswith(".fifo") else name
    if not NAME.fullmatch(stem) or len(name) > 80:
        raise invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    if fifo != name.endswith(".fifo"):
        raise invalid("The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
                      "underscores, must end with .fifo suffix and be 1 to 80 in length.")  # fmt: skip
    return name


def checked(given: Mapping[str, str], fifo: bool) -> dict[str, str]:
    """Attributes somebody wants to set, each if it can be.

    Args:
        fifo: whether the queue is a FIFO queue.

    Raises:
        AwsError: InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue.
    """
    return {name: _checked(name, value, fifo) for name, value in given.items()}


def _checked(name: str, value: str, fifo: bool) -> str:
    if name in RANGES:
        low, high = RANGES[name]
        if not re.fullmatch(r"-?\d{1,12}", value) or not low <= int(value) <= high:
            raise bad_attribute(name)
        return str(int(value))
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise bad_attribute(name)
        if name in FIFO_DEFAULTS and not fifo:
            raise unknown_attribute(name)
        return value
    if name == "Policy":
        return check_policy(value)
    if name == "RedrivePolicy":
        return _check_redrive(value)
    if name == "RedriveAllowPolicy":
        return _check_allow(value)
    if name == "KmsMasterKeyId":
        return value  # whether there is such a key shows when a message is sent
    raise unknown_attribute(name)


def check_policy(text: str) -> str:
    """The policy document, if SQS would keep it; an empty text takes the policy away."""
    if text:
        try:
            parse(text, "resource")
        except MalformedPolicy as problem:
            error = bad_attribute("Policy")
            error.add_note(str(problem))
            raise error from problem
    return text


def _check_redrive(text: str) -> str:
    if not text:
        return text
    body = _object(text, "RedrivePolicy")
    for name in ("deadLetterTargetArn", "maxReceiveCount"):
        if name not in body:
            raise bad_value(
                text, "RedrivePolicy", f"Redrive policy does not contain mandatory attribute: {name}."
            )
    most = str(body["maxReceiveCount"])
    if not most.isdigit() or not 1 <= int(most) <= 1000:
        raise bad_value(
            text,
            "RedrivePolicy",
            "Invalid value for maxReceiveCount: "
            + most
            + ", valid values are from 1 to 1000 both inclusive.",
        )
    return text


def _check_allow(text: str) -> str:
    if not text:
        return text
    body = _object(text, "RedriveAllowPolicy")
    kind, arns = body.get("redrivePermission"), body.get("sourceQueueArns")
    if kind not in ("allowAll", "denyAll", "byQueue"):
        raise bad_value(text, "RedriveAllowPolicy", "Invalid value for redrivePermission.")
    if (kind == "byQueue") != (isinstance(arns, list) and 1 <= len(arns) <= 10):
        raise bad_value(
            text,
            "RedriveAllowPolicy",
            "sourceQueueArns holds 1 to 10 ARNs with byQueue, and is absent otherwise.",
        )
    return text


def _object(text: str, name: str) -> dict[str, object]:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_value(text, name, "Redrive policy is not a valid JSON map.")
    return body


def may_redrive(target: Queue, source_arn: str) -> bool:
    """Whether a dead-letter queue lets this queue send its failures there."""
    text = target.settings.get("RedriveAllowPolicy")
    if not text:
        return True
    body = json.loads(text)
    if body["redrivePermission"] == "byQueue":
        return source_arn in body["sourceQueueArns"]
    return bool(body["redrivePermission"] == "allowAll")
