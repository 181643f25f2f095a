"""SNS's errors. Source: API reference, "Common errors" and each action's own; texts as widely observed."""

from __future__ import annotations

from cwlab.errors import AwsError


def invalid(what: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {what}")


def no_topic() -> AwsError:
    return AwsError("NotFound", "Topic does not exist", 404)


def no_subscription() -> AwsError:
    return AwsError("NotFound", "Subscription does not exist", 404)


def no_resource() -> AwsError:
    return AwsError("ResourceNotFound", "Resource does not exist", 404)


def bad_arn(name: str, text: str) -> AwsError:
    parts = len(text.split(":"))
    if parts < 6:
        return invalid(f"{name} Reason: An ARN must have at least 6 elements, not {parts}")
    return invalid(name)


def bad_value(message: str) -> AwsError:
    """What is wrong with a message attribute: the one error with a code of its own."""
    return AwsError("ParameterValueInvalid", message)


def key_refused(problem: AwsError) -> AwsError:
    """What SNS makes of a refusal of KMS: the topic's key does not let the publisher in, or nobody can use it. (What an
    alarm then writes into its history is CloudWatch's.)"""
    for code in ("NotFound", "Disabled", "InvalidState"):
        if problem.code.removeprefix("KMS") == f"{code}Exception":
            return AwsError(f"KMS{code}", problem.message)
    return AwsError(
        "KMSAccessDenied",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you "
        "are not allowed to access.",
    )
