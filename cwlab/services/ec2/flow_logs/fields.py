"""What a flow log record holds, and how a log format writes it.

Pure. Source: VPC User Guide "Flow log records" (fields, versions), "Flow log record examples" (NODATA).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.flow_logs.records import Row, Window

ROW = (
    "srcaddr",
    "srcport",
    "dstaddr",
    "dstport",
    "protocol",
    "action",
    "flow-direction",
    "packets",
    "bytes",
    "start",
    "end",
    "tcp-flags",
)
"""What is counted, in this order. The first seven tell records apart; the rest is totals."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, and the version of the record format that brought it."""

    name: str
    version: int


FIELDS = {
    name: Field(name, version)
    for version, names in {
        2: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
        "log-status",
        3: "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
        4: "region az-id sublocation-type sublocation-id",
        5: "flow-direction",
        8: "reject-reason",
        9: "resource-id",
    }.items()
    for name in names.split()
}
UNMODELED = frozenset(
    (
        "pkt-src-aws-service",
        "pkt-dst-aws-service",
        "traffic-path",
        "ecs-cluster-arn",
        "ecs-cluster-name",
        "ecs-container-instance-arn",
        "ecs-container-instance-id",
        "ecs-container-id",
        "ecs-second-container-id",
        "ecs-service-name",
        "ecs-task-definition-arn",
        "ecs-task-arn",
        "ecs-task-id",
        "encryption-status",
    )
)
"""Fields of AWS that are refused by name."""
DEFAULT = " ".join(f"${{{name}}}" for name, field in FIELDS.items() if field.version == 2)
_TOKEN = re.compile(r"\$\{([^{}]*)\}")
_NONE = "-"
_SAME_AS = {
    "pkt-srcaddr": "srcaddr",
    "pkt-dstaddr": "dstaddr",
}  # they differ at NAT and transit gateways only


def parse(text: str) -> tuple[str, ...]:
    """The names of the fields a log format asks for, in its order.

    Raises:
        AwsError: it is no format: ``${field}`` between single spaces, at least one.
        NotModelled: a field AWS has and this version has not.
    """
    names = []
    for token in text.split(" "):
        match = _TOKEN.fullmatch(token)
        name = match[1] if match else token
        if match is not None and name in UNMODELED:
            raise NotModelled(f"The flow log field {name!r}", f"Modeled fields: {', '.join(FIELDS)}.")
        if match is None or name not in FIELDS:
            raise AwsError(
                "InvalidParameter", f"Unknown fields provided for the log format: {name or text!r}"
            )
        names.append(name)
    return tuple(names)


def version(names: Iterable[str]) -> int:
    """The version of a record: the highest of its fields'.

    >>> version(["srcaddr", "vpc-id"])
    3
    """
    return max(FIELDS[name].version for name in names)


def writer(names: tuple[str, ...], window: Window, account: str, region: str) -> str:
    """How a window's records are written: ``writer(…).format(*row)``.

    >>> at = Window("fl-1", "eni-1", 0, 60, "vpc-1", "subnet-1", "use1-az1", "-", ())
    >>> writer(("version", "srcaddr", "bytes", "log-status"), at, "123456789012", "us-east-1")
    '2 {0} {8} OK'
    """
    known = _known(names, window, account, region) | {"type": "IPv4", "log-status": "OK"}
    return " ".join(known[n] if n in known else f"{{{ROW.index(_SAME_AS.get(n, n))}}}" for n in names)


def no_data(names: tuple[str, ...], window: Window, account: str, region: str) -> str:
    """The record of a window without traffic: `-` for all that would be known of packets."""
    known = _known(names, window, account, region)
    known |= {"start": str(window.start_s), "end": str(window.end_s - 1), "log-status": "NODATA"}
    return " ".join(known.get(name, _NONE) for name in names)


def _known(names: tuple[str, ...], window: Window, account: str, region: str) -> dict[str, str]:
    return {
        "version": str(version(names)),
        "account-id": account,
        "interface-id": window.interface_id,
        "vpc-id": window.vpc_id,
        "subnet-id": window.subnet_id,
        "instance-id": window.instance_id,
        "region": region,
        "az-id": window.zone_id,
        "sublocation-type": _NONE,  # no Local Zones, Outposts, Wavelength
        "sublocation-id": _NONE,
        "reject-reason": _NONE,  # what it is for every reject by security group or network ACL
        "resource-id": _NONE,  # of regional NAT gateways only
    }


def lines(names: tuple[str, ...], window: Window, account: str, region: str) -> list[tuple[int, str]]:
    """A window's records: (time in ms, text), in order of start. CloudWatch Logs is told a record's start as its time."""
    write = writer(names, window, account, region).format
    rows: list[Row] = sorted(window.rows, key=lambda row: row[9])
    return [(row[9] * 1_000, write(*row)) for row in rows]
