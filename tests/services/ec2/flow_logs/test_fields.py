"""Records: the documented ones, formats, fields that are modeled and fields that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from cwlab import NotModelled
from cwlab.services.ec2.flow_logs import fields
from cwlab.services.ec2.flow_logs.records import Window
from tests.services.ec2.flow_logs.world import STRANGER, request


def written(text: str, row: tuple[Any, ...], **window: Any) -> str:
    usual = {
        "flow_log_id": "fl-0",
        "interface_id": "eni-1235b8ca123456789",
        "start_s": 1418530010,
        "interval_s": 60,
    }
    usual |= {
        "vpc_id": "vpc-abcdefab012345678",
        "subnet_id": "subnet-aaaaaaaa012345678",
        "zone_id": "apse2-az3",
    }
    usual |= {"instance_id": "i-01234567890123456", "rows": (row,)}
    at = Window(**usual | window)
    ((_, line),) = fields.lines(fields.parse(text), at, "123456789010", "ap-southeast-2")
    return line


DOCUMENTED = [
    "172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
    "172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
    "203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
    "172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
]


@pytest.mark.parametrize("sample", DOCUMENTED)
def test_the_documented_records(sample):
    """VPC User Guide, "Flow log record examples"."""
    src, dst, sport, dport, protocol, packets, size, start, end, action, _ = sample.split(" ")
    row = (
        src,
        int(sport),
        dst,
        int(dport),
        int(protocol),
        action,
        "ingress",
        *map(int, (packets, size, start, end, 0)),
    )
    assert written(fields.DEFAULT, row) == f"2 123456789010 eni-1235b8ca123456789 {sample}"


def test_the_documented_record_with_tcp_flags():
    names = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr "
    names += "pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"
    row = (
        "52.213.180.42",
        43416,
        "10.0.0.62",
        5001,
        6,
        "ACCEPT",
        "ingress",
        8,
        568,
        1566848875,
        1566848933,
        2,
    )
    assert written(" ".join(f"${{{name}}}" for name in names.split()), row) == (
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 "
        "52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK"
    )


def test_a_window_without_traffic():
    at = Window("fl-0", "eni-1235b8ca123456789", 1431280876, 59, "vpc-1", "subnet-1", "use1-az1", "-", ())
    line = fields.no_data(fields.parse(fields.DEFAULT), at, "123456789010", "us-east-1")
    assert line == "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"


def test_every_field_is_modeled_or_refused_by_name():
    """The table of the user guide, versions 2 to 10."""
    assert len(fields.FIELDS) + len(fields.UNMODELED) == 42
    assert not fields.UNMODELED.intersection(fields.FIELDS)
    for name in fields.UNMODELED:
        with pytest.raises(NotModelled, match=name):
            fields.parse(f"${{srcaddr}} ${{{name}}}")


@pytest.mark.parametrize(
    "text", ["", " ", "srcaddr", "${srcaddr}  ${dstaddr}", "${srcaddr},${dstaddr}", "${no}", "${}"]
)
def test_a_format_that_is_none(world, refused, text):
    if text:
        code, _ = refused(world.create, LogFormat=text)
        assert code == "InvalidParameter"
    else:
        world.create(LogFormat=text)  # as if it were not there
        assert world.log()["LogFormat"] == fields.DEFAULT


def test_a_format_of_ones_own(world):
    names = (
        "version",
        "interface-id",
        "instance-id",
        "az-id",
        "region",
        "flow-direction",
        "tcp-flags",
        "dstport",
        "action",
    )
    world.create(LogFormat=" ".join(f"${{{name}}}" for name in names))
    world.send(request(world), request(world, 2, STRANGER, 40_001, 22))
    world.lab.advance(minutes=20)
    lines = [each["message"] for each in world.events()]
    zone = world.ec2.describe_subnets(SubnetIds=[world.subnet])["Subnets"][0]["AvailabilityZoneId"]
    usual = f"5 {world.nic} {world.instance} {zone} us-east-1"
    assert lines[:3] == [
        f"{usual} ingress 3 80 ACCEPT",
        f"{usual} egress 19 40000 ACCEPT",
        f"{usual} ingress 2 22 REJECT",
    ]
    assert set(lines[3:]) == {f"{usual} - - - -"}
