"""Encryption with a key of KMS: a setting of the group, for what comes from then on.

CloudWatch Logs asks KMS as ``logs.<region>.amazonaws.com``, through the door, with the group's ARN as encryption
context ``aws:logs:arn``; so the key's policy decides. Source: User Guide, "Encrypt log data using KMS".
"""

from __future__ import annotations

from cwlab.api import Call, load
from cwlab.errors import NotModelled


def check(call: Call, group: str, key: str) -> None:
    """Refuse a key that cannot be used for a group."""
    if not load("kms"):
        raise NotModelled(f"A log group's key ({key})", "Leave kmsKeyId out.")
    raise NotModelled(f"A log group's key ({key})", "Leave kmsKeyId out.")
