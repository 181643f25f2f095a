"""SQS's errors: the code boto3 shows, the modeled shape behind it, the text.

Source: the API reference's "Errors" of each action; the older codes in front are those of SQS's query protocol, which
boto3 goes on showing (botocore: awsQueryCompatible). Texts as widely observed; where not, a comment says so.
"""

from __future__ import annotations

from cwlab.errors import AwsError

_PREFIX = "AWS.SimpleQueueService."


def _error(shape: str, message: str, code: str | None = None) -> AwsError:
    return AwsError(code or _PREFIX + shape, message, 400, shape=shape)


def no_such_queue() -> AwsError:
    return _error("QueueDoesNotExist", "The specified queue does not exist.", _PREFIX + "NonExistentQueue")


def bad_attribute(name: str) -> AwsError:
    return AwsError(
        "InvalidAttributeValue", f"Invalid value for the parameter {name}.", shape="InvalidAttributeValue"
    )


def unknown_attribute(name: str) -> AwsError:
    return AwsError("InvalidAttributeName", f"Unknown Attribute {name}.", shape="InvalidAttributeName")


def bad_value(value: object, name: str, reason: str) -> AwsError:
    """The service's general refusal; its shape is in no model."""
    return AwsError(
        "InvalidParameterValue",
        f"Value {value} for parameter {name} is invalid. Reason: {reason}",
        shape="InvalidParameterValueException",
    )


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message, shape="InvalidParameterValueException")


def missing(name: str) -> AwsError:
    return AwsError(
        "MissingParameter",
        f"The request must contain the parameter {name}.",
        shape="MissingRequiredParameterException",
    )


def bad_handle(handle: str) -> AwsError:
    return AwsError(
        "ReceiptHandleIsInvalid",
        f'The input receipt handle "{handle}" is not a valid receipt handle.',
        404,
        shape="ReceiptHandleIsInvalid",
    )


def bad_contents(message: str) -> AwsError:
    return AwsError("InvalidMessageContents", message, shape="InvalidMessageContents")


def other_queue(name: str) -> AwsError:
    return _error(
        "QueueNameExists",
        f"A queue already exists with the same name and a different value for attribute {name}",
        "QueueAlreadyExists",
    )


def deleted_recently() -> AwsError:
    return _error(
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    )


def purging(name: str) -> AwsError:
    return _error(
        "PurgeQueueInProgress",
        f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.",
    )


def not_in_flight(message_id: str) -> AwsError:
    return bad_value(
        message_id,
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
    )


def empty_batch(kind: str) -> AwsError:
    return _error("EmptyBatchRequest", f"There should be at least one {kind} in the request.")


def too_many(n: int) -> AwsError:
    return _error(
        "TooManyEntriesInBatchRequest",
        f"Maximum number of entries per request are 10. You have sent {n}.",
    )


def twice(entry_id: str) -> AwsError:
    return _error("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")


def bad_entry_id() -> AwsError:
    return _error(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    )


def batch_too_long(most: int, size: int) -> AwsError:
    return _error(
        "BatchRequestTooLong",
        f"Batch requests cannot be longer than {most} bytes. You have sent {size} bytes.",
    )


def over_limit(message: str) -> AwsError:
    return AwsError("OverLimit", message, 403, shape="OverLimit")


def unsupported(message: str) -> AwsError:
    return _error("UnsupportedOperation", message)


def key_refused(problem: AwsError) -> AwsError:
    """What SQS makes of a refusal of KMS."""
    for code in ("NotFound", "Disabled", "InvalidState", "InvalidKeyUsage"):
        if problem.code.removeprefix("KMS") == f"{code}Exception":
            return AwsError(f"KMS.{code}Exception", problem.message, shape=f"Kms{code}")
    return AwsError(
        "KMS.AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
        "are not allowed to access.",
        shape="KmsAccessDenied",
    )
