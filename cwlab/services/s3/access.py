"""What IAM sees of a request to S3: resources, condition keys, and the bucket's own policy.

S3 tells that a bucket does not exist, or is elsewhere, before it asks who you are; so does this.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwlab.api import Call, Function, operation
from cwlab.services.s3.names import bucket_of, buckets

Params = dict[str, Any]
_KEYS = {
    "ACL": "s3:x-amz-acl",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "StorageClass": "s3:x-amz-storage-class",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "CopySource": "s3:x-amz-copy-source",
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:VersionId",
}


def bucket_arn(call: Call, params: Params) -> str:
    """The bucket a request names.

    Raises:
        AwsError: there is none, or it is in another Region.
    """
    bucket_of(call, params["Bucket"])
    return f"arn:aws:s3:::{params['Bucket']}"


def bucket_anywhere(call: Call, params: Params) -> str:
    """The same, wherever the bucket is."""
    bucket_of(call, params["Bucket"], anywhere=True)
    return f"arn:aws:s3:::{params['Bucket']}"


def object_arn(call: Call, params: Params) -> str:
    """The object a request names."""
    return f"{bucket_arn(call, params)}/{params['Key']}"


def conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """The condition keys of a request; whose the bucket is among them."""
    found: dict[str, str | list[str]] = {
        key: str(params[name]) for name, key in _KEYS.items() if name in params
    }
    found["aws:SecureTransport"] = "true"
    bucket = buckets(call).get(params["Bucket"])
    if bucket is not None:
        found["aws:ResourceAccount"] = found["s3:ResourceAccount"] = bucket.owner
    return found


def policy_of(call: Call, params: Params) -> str | None:
    """The bucket's policy."""
    bucket = buckets(call).get(params["Bucket"])
    return None if bucket is None else bucket.policy


def on_bucket(name: str, action: str | None = None, **more: Any) -> Callable[[Function], Function]:
    """Declare an operation on a bucket."""
    return operation(
        "s3",
        name,
        action=f"s3:{action or name}",
        conditions=conditions,
        policy=policy_of,
        **({"resource": bucket_arn} | more),
    )


def on_object(name: str, action: str | None = None, **more: Any) -> Callable[[Function], Function]:
    """Declare an operation on an object."""
    return on_bucket(name, action, **({"resource": object_arn} | more))
