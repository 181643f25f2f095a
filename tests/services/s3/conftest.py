"""A lab with a bucket, and the words the tests of S3 use all the time."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

BUCKET = "shop-files"


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def s3(lab: Lab) -> Any:
    """A client; the bucket is there."""
    made = lab.client("s3")
    made.create_bucket(Bucket=BUCKET)
    return made


def code(call: Any, *args: Any, **params: Any) -> str:
    """The code of the error a call ends in; OK when it ends in none."""
    try:
        call(*args, **params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


def read(s3: Any, key: str, **more: Any) -> bytes:
    """An object's bytes."""
    return bytes(s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read())


def put(s3: Any, key: str, body: bytes | str = b"x", **more: Any) -> Any:
    """Store an object."""
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)
