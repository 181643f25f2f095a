"""How SQS words what botocore's model forbids and botocore lets through."""

from __future__ import annotations

from typing import Any, Literal

from cwlab.constraints import Path
from cwlab.errors import AwsError
from cwlab.services.sqs.errors import bad_value, unknown_attribute

SYSTEM = (
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
)


def constraint_error(path: Path, rule: str, value: Any, shape: Any) -> AwsError | Literal[False]:
    """The refusal of one member: the model has enums of attribute names, and nothing else."""
    if path[0] == "AttributeNames" and value in SYSTEM:
        return False  # ReceiveMessage takes them; its model lists a queue's own attributes in their place
    if rule == "enum" and shape.name in ("QueueAttributeName", "MessageSystemAttributeName"):
        return unknown_attribute(str(value))
    return bad_value(value, str(path[-1]), "it breaks a constraint of the model.")  # unconfirmed
