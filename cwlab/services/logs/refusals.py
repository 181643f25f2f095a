"""The errors of CloudWatch Logs, in AWS's words.

Source: API Reference, "Common errors" and the errors of each operation; where the guide has no wording, the service's
as third parties quote it.
"""

from __future__ import annotations

from cwlab.errors import AwsError


def invalid(message: str) -> AwsError:
    """InvalidParameterException."""
    return AwsError("InvalidParameterException", message)


def broken(value: object, where: str, constraint: str) -> AwsError:
    """InvalidParameterException in the form of a validation error."""
    return invalid(
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {constraint}"
    )


def no_group() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log group does not exist.")


def no_stream() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log stream does not exist.")


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def exists(what: str) -> AwsError:
    return AwsError("ResourceAlreadyExistsException", f"The specified {what} already exists")


def limit_exceeded(message: str = "Resource limit exceeded.") -> AwsError:
    return AwsError("LimitExceededException", message)


def not_in_class(operation: str, group: str, log_class: str) -> AwsError:
    """An operation the group's class does not have, as the live service was seen to refuse it."""
    return AwsError(
        "InvalidOperationException",
        f"The log group {group} is of log-group-class {log_class}. {operation} is not supported for this log class.",
    )


def protected(what: str) -> AwsError:
    """Deletion protection blocks every deletion in a group."""
    return AwsError(
        "ValidationException",
        f"Cannot delete {what} with deletion protection enabled. Disable deletion protection first.",
    )
