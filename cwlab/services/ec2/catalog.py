"""The part of Amazon's catalog that the lab knows: instance types, images, zones, endpoint names.

Sources: EC2 instance types guide (vCPU, memory, network), "Burstable performance instances" (credits per hour, maximum
balance, baseline). An instance type that is not here is refused by name, never guessed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One row of the catalog. `credits_per_hour` is 0 for types that do not burst; `disk_gb` is instance store."""

    name: str
    vcpus: int
    memory_mib: int
    credits_per_hour: int = 0
    baseline_percent: int = 100
    disk_gb: int = 0
    max_interfaces: int = 3
    addresses_per_interface: int = 10
    cores: int = 1
    boots_from_store: bool = False
    is_nitro: bool = True

    @property
    def is_burstable(self) -> bool:
        return self.credits_per_hour > 0

    @property
    def family(self) -> str:
        return self.name.split(".")[0]

    @property
    def max_credits(self) -> int:
        """A T3 instance keeps at most what it earns in 24 hours."""
        return 24 * self.credits_per_hour


TYPES: dict[str, InstanceType] = {
    row.name: row
    for row in (
        InstanceType("t3.nano", 2, 512, 6, 5, max_interfaces=2, addresses_per_interface=2),
        InstanceType("t3.micro", 2, 1024, 12, 10, max_interfaces=2, addresses_per_interface=2),
        InstanceType("t3.small", 2, 2048, 24, 20, max_interfaces=3, addresses_per_interface=4),
        InstanceType("t3.medium", 2, 4096, 24, 20, max_interfaces=3, addresses_per_interface=6),
        InstanceType("t3.large", 2, 8192, 36, 30, max_interfaces=3, addresses_per_interface=12),
        InstanceType("m5.large", 2, 8192),
        InstanceType("m5d.large", 2, 8192, disk_gb=75),
        InstanceType("c5.large", 2, 4096),
        InstanceType(
            "m3.medium",
            1,
            3840,
            disk_gb=4,
            max_interfaces=2,
            addresses_per_interface=6,
            boots_from_store=True,
            is_nitro=False,
        ),
    )
}
DEFAULT_TYPE = "m5.large"  # The lab's stand-in for m1.small, the API's default, which no longer starts.


@dataclass(frozen=True, slots=True)
class Image:
    """An Amazon Machine Image and the Parameter Store alias that names its newest release."""

    image_id: str
    name: str
    description: str
    alias: str
    created: str
    root: str = "ebs"  # or "instance-store": its instances cannot be stopped


_IMAGES = (
    (
        "al2023-ami-2023.10.20260216.1-kernel-6.1-x86_64",
        "Amazon Linux 2023 AMI 2023.10.20260216.1 x86_64 HVM kernel-6.1",
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "2026-02-16T18:00:00.000Z",
    ),
    (
        "amzn2-ami-kernel-5.10-hvm-2.0.20260210.0-x86_64-gp2",
        "Amazon Linux 2 Kernel 5.10 AMI 2.0.20260210.0 x86_64 HVM gp2",
        "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
        "2026-02-10T18:00:00.000Z",
    ),
    (
        "amzn-ami-hvm-2018.03.0.20230404.0-x86_64-s3",
        "Amazon Linux AMI 2018.03.0.20230404.0 x86_64 HVM S3",
        "/aws/service/ami-amazon-linux-latest/amzn-ami-hvm-x86_64-s3",
        "2023-04-04T18:00:00.000Z",
        "instance-store",
    ),
)


@cache
def images(region: str) -> tuple[Image, ...]:
    """Amazon's images in a Region. The ids are the lab's own (a checksum), the same in every lab."""
    return tuple(
        Image(f"ami-0{_checksum(region + name)}{_checksum(name + region)}", name, *rest)
        for name, *rest in _IMAGES
    )


def root_of(image_id: str, region: str) -> str:
    """The kind of root device an image has: ebs or instance-store."""
    return next((each.root for each in images(region) if each.image_id == image_id), "ebs")


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


# Zones -------------------------------------------------------------------------------------------------------------

REGIONS: dict[str, str] = {
    "us-east-1": "use1",
    "us-east-2": "use2",
    "us-west-1": "usw1",
    "us-west-2": "usw2",
    "ca-central-1": "cac1",
    "sa-east-1": "sae1",
    "eu-west-1": "euw1",
    "eu-west-2": "euw2",
    "eu-west-3": "euw3",
    "eu-central-1": "euc1",
    "eu-north-1": "eun1",
    "ap-south-1": "aps1",
    "ap-northeast-1": "apne1",
    "ap-northeast-2": "apne2",
    "ap-northeast-3": "apne3",
    "ap-southeast-1": "apse1",
    "ap-southeast-2": "apse2",
}
"""Regions enabled in every account, with the prefix of their zone ids."""

_ZONE_LETTERS = {"us-east-1": "abcdef", "us-west-1": "ab", "us-west-2": "abcd", "ap-northeast-2": "abcd"}


def zones(region: str) -> tuple[tuple[str, str], ...]:
    """The Availability Zones of a Region as (name, id). In the lab, zone names map to ids in order."""
    prefix = REGIONS.get(region, region.replace("-", ""))
    letters = _ZONE_LETTERS.get(region, "abc")
    return tuple((f"{region}{letter}", f"{prefix}-az{number}") for number, letter in enumerate(letters, 1))


# Endpoints ---------------------------------------------------------------------------------------------------------

_ENDPOINT_NAMES = {
    "cloudwatch": "monitoring",
    "events": "events",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
}
_HOST_NAMES = {"cloudwatch": "monitoring"}
GATEWAY_SERVICES = ("s3", "dynamodb")
INTERFACE_SERVICES = frozenset(
    {
        "athena",
        "autoscaling",
        "dynamodb",
        "ec2",
        "ec2messages",
        "events",
        "kinesis-firehose",
        "kinesis-streams",
        "kms",
        "lambda",
        "logs",
        "monitoring",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "ssmmessages",
        "sts",
        "synthetics",
        "xray",
    }
)
"""Service names of PrivateLink the lab knows (CloudWatch guide "cloudwatch-and-interface-vpc", PrivateLink guide)."""


def endpoint_name(service: str, region: str) -> str:
    """The PrivateLink name of a boto3 service: cloudwatch in us-east-1 is com.amazonaws.us-east-1.monitoring."""
    return f"com.amazonaws.{region}.{_ENDPOINT_NAMES.get(service, service)}"


def host_name(service: str, region: str) -> str:
    """The public name a client asks DNS for: monitoring.us-east-1.amazonaws.com."""
    if region == "aws-global":
        return f"{service}.amazonaws.com"
    return f"{_HOST_NAMES.get(service, service)}.{region}.amazonaws.com"


def public_address(service: str, region: str) -> str:
    """The public address of an AWS service.

    AWS has many, which change; the lab has one a service and Region, inside the ranges of `prefix_list_cidrs` for S3 and
    DynamoDB and inside 52.94.0.0/16 for all else.
    """
    low = zlib.crc32(host_name(service, region).encode())
    prefix = {"s3": "52.216", "dynamodb": "52.119"}.get(service, "52.94")
    return f"{prefix}.{low >> 8 & 0xFF}.{low & 0xFE | 1}"


PREFIX_LISTS = {
    "s3": ("pl-63a5400a", ("52.216.0.0/15", "54.231.0.0/16")),
    "dynamodb": ("pl-02cd2c6b", ("52.119.0.0/16",)),
}
"""Prefix list id and ranges of the two gateway endpoint services (ids as in us-east-1, the same everywhere in the lab)."""


def prefix_list_cidrs(prefix_list_id: str) -> tuple[str, ...]:
    """The ranges behind a prefix list id; none if the lab does not know it."""
    return next((cidrs for known, cidrs in PREFIX_LISTS.values() if known == prefix_list_id), ())
