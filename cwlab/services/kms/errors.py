"""How KMS refuses.

Source: KMS API reference names the errors; the texts are as AWS sends them, as quoted in its developer guide, in public
issues and in moto.
"""

from __future__ import annotations

from cwlab.errors import AwsError

REFERS = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
    "not allowed to access."
)


def no_such_key(arn: str) -> AwsError:
    return AwsError("NotFoundException", f"Key '{arn}' does not exist")


def no_such_alias(arn: str) -> AwsError:
    return AwsError("NotFoundException", f"Alias {arn} is not found.")


def no_key_id(text: str) -> AwsError:
    return AwsError("NotFoundException", f"Invalid keyId '{text}'")


def other_region(region: str) -> AwsError:
    return AwsError("NotFoundException", f"Invalid arn {region}")


def not_arn(text: str) -> AwsError:
    return AwsError("InvalidArnException", f"Invalid arn {text}")


def disabled(arn: str) -> AwsError:
    return AwsError("DisabledException", f"{arn} is disabled.")


def pending(arn: str) -> AwsError:
    return AwsError("KMSInvalidStateException", f"{arn} is pending deletion.")


def not_pending(arn: str) -> AwsError:
    return AwsError("KMSInvalidStateException", f"{arn} is not pending deletion.")


def bad_ciphertext() -> AwsError:
    return AwsError("InvalidCiphertextException", "")  # AWS gives no reason


def incorrect_key() -> AwsError:
    return AwsError(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )


def unknown_key() -> AwsError:
    return AwsError("AccessDeniedException", REFERS)


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def too_long(member: str, most: int) -> AwsError:
    return invalid(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less "
        f"than or equal to {most}"
    )


def unsupported(message: str = "") -> AwsError:
    return AwsError("UnsupportedOperationException", message)


def dry_run() -> AwsError:
    return AwsError(
        "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", 412
    )


def lockout() -> AwsError:
    return AwsError(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message)


def no_such_policy() -> AwsError:
    return AwsError("NotFoundException", "No such policy exists")


def not_yours(arn: str) -> AwsError:
    return unsupported(f"{arn} is managed by AWS: you cannot change its rotation.")
