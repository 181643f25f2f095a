"""Encryption at rest. With SSE-KMS, S3 asks KMS in the caller's name, through the door, for a data key when an object is
written and for its decryption when it is read; so the key's policy and state decide.

Source: User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)", "Amazon S3 Bucket Keys".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, load
from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3.errors import denied, invalid
from cwlab.services.s3.records import Bucket, Seal, Version

MANAGED = "alias/aws/s3"
Structure = dict[str, Any]


def chosen(bucket: Bucket, algorithm: str | None, key: str | None, bucket_key: bool | None) -> Seal:
    """What a new object's encryption is to be: the request's choice, else the bucket's default."""
    if algorithm is None:
        if key is not None:
            raise invalid(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
            )
        return bucket.encryption
    if algorithm == "AES256":
        if key is not None:
            raise invalid(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
            )
        return Seal()
    if algorithm not in ("aws:kms", "aws:kms:dsse"):
        raise NotModelled(
            f"s3: ServerSideEncryption={algorithm!r}", "Modeled: AES256, aws:kms, aws:kms:dsse."
        )
    default = bucket.encryption
    if key is None and default.algorithm == algorithm:
        key = default.key
    return Seal(algorithm, key, b"", default.bucket_key if bucket_key is None else bucket_key)


def seal(call: Call, bucket: Bucket, key: str, wanted: Seal) -> Seal:
    """The encryption of an object that is about to be written.

    Raises:
        AwsError: KMS refused.
        NotModelled: there is no KMS in this version.
    """
    if not wanted.kms:
        return wanted
    named = wanted.key or MANAGED
    account, region = (
        (named.split(":")[4], named.split(":")[3])
        if named.startswith("arn:")
        else (call.account, bucket.region)
    )
    if region != bucket.region:
        raise invalid(f"Invalid arn {region}")
    params = {"KeyId": named, "KeySpec": "AES_256", "EncryptionContext": _context(bucket, key, wanted)}
    answer = _ask(call, "GenerateDataKey", params, account, region)
    return replace(wanted, key=answer["KeyId"], blob=answer["CiphertextBlob"])


def check_reading(call: Call, bucket: Bucket, version: Version) -> None:
    """Refuse to read an object whose key cannot be used by who asks."""
    held = version.seal
    if held.kms and held.key is not None:
        params = {
            "CiphertextBlob": held.blob,
            "KeyId": held.key,
            "EncryptionContext": _context(bucket, version.key, held),
        }
        _ask(call, "Decrypt", params, held.key.split(":")[4], bucket.region)


def _context(bucket: Bucket, key: str, wanted: Seal) -> dict[str, str]:
    arn = f"arn:aws:s3:::{bucket.name}"
    return {"aws:s3:arn": arn if wanted.bucket_key else f"{arn}/{key}"}


def _ask(call: Call, operation: str, params: Structure, account: str, region: str) -> Structure:
    if not load("kms"):
        raise NotModelled("An object under a KMS key", 'Use ServerSideEncryption="AES256".')
    request = call.request
    principal = request.principal
    try:
        return call.invoke(
            "kms",
            operation,
            params,
            service_principal=principal.arn if principal.kind == "service" else None,
            source_arn=request.source_arn,
            account=account,
            region=region,
        )
    except AwsError as problem:
        raise _refusal(problem) from problem


def _refusal(problem: AwsError) -> AwsError:
    """What S3 answers when KMS refuses: AccessDenied, or KMS's own code with ``KMS.`` before it."""
    if problem.code == "AccessDeniedException":
        error = denied(problem.message)
    else:
        code = problem.code if problem.code.startswith("KMS") else f"KMS.{problem.code}"
        error = AwsError(
            code.replace("KMSInvalid", "KMS.KMSInvalid") if code.startswith("KMSI") else code, problem.message
        )
    error.add_note(f"KMS answered {problem.code}: {problem.message}")
    return error


def told(held: Seal) -> Structure:
    """An object's encryption as answers tell it."""
    out: Structure = {"ServerSideEncryption": held.algorithm}
    if held.key is not None:
        out["SSEKMSKeyId"] = held.key
    if held.kms and held.bucket_key:
        out["BucketKeyEnabled"] = True
    return out
