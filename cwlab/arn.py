"""ARNs, account ids, partitions and Regions: the names of things.

Sources: AWS General Reference, "Amazon Resource Names (ARNs)"; Region names from botocore's partition data
(a test compares the two).
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from cwlab.errors import BadInput

PARTITION = "aws"
GLOBAL = "aws-global"  # where the state of global services (IAM, for one) is kept

REGIONS: tuple[str, ...] = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)


class Arn(NamedTuple):
    """The six parts of an ARN."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def arn(service: str, region: str, account: str, resource: str) -> str:
    """Build an ARN in the ``aws`` partition."""
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"


def parse(text: str) -> Arn:
    """Take an ARN apart.

    Raises:
        BadInput: it does not have six parts.

    >>> parse("arn:aws:sns:us-east-1:123456789012:ops").resource
    'ops'
    """
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise BadInput(text, "is not an ARN.", "Write arn:aws:service:region:account:resource.")
    return Arn(*parts[1:])


def check_account(account: str) -> str:
    """The account id, if it is twelve digits."""
    if not isinstance(account, str) or not re.fullmatch(r"\d{12}", account):
        raise BadInput(
            account, "is not an account id.", 'An account id is a text of twelve digits, as "123456789012".'
        )
    return account


def check_region(region: str) -> str:
    """The Region's name, if AWS has one of that name."""
    if region not in REGIONS:
        near = [name for name in REGIONS if isinstance(region, str) and name[:2] == region[:2]]
        raise BadInput(region, "is not a Region.", "Did you mean one of " + ", ".join(near or REGIONS) + "?")
    return region


def access_key_id(prefix: str, account: str, draw: str) -> str:
    """An access key id that, as AWS's own do, carries the account in its middle.

    Args:
        prefix: AKIA for a user's keys, ASIA for temporary credentials.
        account: 12 digits.
        draw: 10 hexadecimal digits of chance.

    >>> account_of_key(access_key_id("ASIA", "123456789012", "0123456789"))
    '123456789012'
    """
    number = (1 << 79) | (int(account) << 39) | (int(draw, 16) & ((1 << 39) - 1))
    return prefix + base64.b32encode(number.to_bytes(10, "big")).decode()


def account_of_key(key: str) -> str | None:
    """The account an access key id belongs to, or None when the text is no access key id."""
    if not re.fullmatch("[A-Z]{4}[A-Z2-7]{16}", key):
        return None
    return f"{(int.from_bytes(base64.b32decode(key[4:]), 'big') >> 39) & ((1 << 40) - 1):012d}"
