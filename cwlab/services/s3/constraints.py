"""How S3 words what botocore's model forbids and botocore lets through."""

from __future__ import annotations

from typing import Any, Literal

from cwlab.constraints import Path
from cwlab.errors import AwsError
from cwlab.services.s3.errors import malformed

# What the service itself looks at, and has words of its own for.
OWN = ("LocationConstraint", "BucketName", "ObjectKey")


def constraint_error(path: Path, rule: str, value: Any, shape: Any) -> AwsError | Literal[False]:
    """The refusal of one member; False for what an operation checks by itself."""
    where = str(path[-1])
    if where in (
        "LocationConstraint",
        "ACL",
        "StorageClass",
        "ServerSideEncryption",
        "SSEAlgorithm",
        "Bucket",
        "MaxKeys",
    ):
        return False
    if len(path) > 1:
        return malformed()
    return AwsError("InvalidArgument", f"Invalid value for {where}: {value!r}")
