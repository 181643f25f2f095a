"""What a flow log is for: traffic of a VPC comes to a log group, where rejects are counted and questions asked."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.services.ec2.flow_logs.world import CUSTOMER, GROUP, STRANGER, request


@pytest.mark.syllabus("L08")
def test_what_passes_a_vpc_and_what_does_not_comes_to_a_log_group(world):
    world.create()
    start = world.s
    world.send(request(world), request(world, 2, STRANGER, 40_001, 22))
    world.lab.advance(seconds=359)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events()  # the group is made when there is something to write
    world.lab.advance(seconds=1)
    first, second, third = world.events()
    usual = f"2 123456789012 {world.nic}"
    assert (
        first["message"]
        == f"{usual} {CUSTOMER} {world.ip} 40000 80 6 10 2000 {start + 1} {start + 1} ACCEPT OK"
    )
    assert (
        second["message"]
        == f"{usual} {world.ip} {CUSTOMER} 80 40000 6 24 30000 {start + 1} {start + 1} ACCEPT OK"
    )
    assert (
        third["message"]
        == f"{usual} {STRANGER} {world.ip} 40001 22 6 4 240 {start + 2} {start + 2} REJECT OK"
    )
    assert [each["timestamp"] // 1_000 for each in (first, second, third)] == [
        start + 1,
        start + 1,
        start + 2,
    ]
    assert {each["ingestionTime"] // 1_000 for each in (first, second, third)} == {start + 360}
    assert world.log()["DeliverLogsStatus"] == "SUCCESS"


@pytest.mark.syllabus("L08")
def test_rejects_can_be_counted_by_a_metric_filter(world):
    """The pattern AWS documents for SSH attempts that were turned away."""
    world.create()
    world.logs.create_log_group(logGroupName=GROUP)
    pattern = (
        '[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, '
        'windowend, action="REJECT", flowlogstatus]'
    )
    counted = {"metricName": "SSH", "metricNamespace": "Net", "metricValue": "1"}
    world.logs.put_metric_filter(
        logGroupName=GROUP, filterName="ssh", filterPattern=pattern, metricTransformations=[counted]
    )
    world.send(*(request(world, 1 + n, STRANGER, 40_000 + n, 22) for n in range(7)), request(world, 3))
    world.lab.advance(minutes=10)
    found = world.lab.client("cloudwatch").get_metric_statistics(
        Namespace="Net", MetricName="SSH", StartTime=world.lab.now.replace(minute=0), EndTime=world.lab.now.replace(hour=10, minute=0),
        Period=3600, Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    assert [each["Sum"] for each in found] == [7.0]


@pytest.mark.syllabus("L08")
def test_insights_knows_the_fields_of_a_flow_log(world):
    world.create()
    world.send(
        *(request(world, 1 + n, CUSTOMER, 40_000 + n) for n in range(3)), request(world, 5, STRANGER, 9, 22)
    )
    world.lab.advance(minutes=10)

    def ask(text: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in world.lab.query(GROUP, text).itertuples(index=False)]

    by = "stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 15"
    rows = [(a, b, float(n)) for a, b, n in ask(by)]
    assert rows == [(world.ip, CUSTOMER, 72.0), (CUSTOMER, world.ip, 30.0), (STRANGER, world.ip, 4.0)]
    rows = ask('filter action="REJECT" | fields srcAddr, dstPort, protocol, logStatus, interfaceId | limit 5')
    assert [tuple(map(str, row[:5])) for row in rows] == [(STRANGER, "22", "6", "OK", world.nic)]
    subnet = 'filter isIpv4InSubnet(srcAddr, "203.0.113.0/24") | stats sum(bytes) as n by dstAddr'
    assert [(a, float(n)) for a, n in ask(subnet)] == [(world.ip, 6_000.0)]
    assert ask("filter protocol=17 | stats count(*) by srcAddr") == []
    assert ask('filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t') == []
    last = (
        "fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes | filter interfaceId='"
        + world.nic
        + "' | sort @timestamp desc | dedup srcAddr, dstAddr, srcPort, dstPort, protocol | limit 20"
    )
    assert [str(row[2]) for row in ask(last)].count(STRANGER) == 0 and len(ask(last)) == 7
    assert [float(n) for (n,) in ask('filter logStatus="NODATA" | stats count(*) as n')] in ([], [0.0])
