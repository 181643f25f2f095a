"""Which window a packet belongs to, when it is written and where; windows without traffic."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.services.ec2.flow_logs.world import AMAZON_LINUX, CUSTOMER, GROUP, STRANGER, request


def test_packets_of_a_window_are_one_record(world):
    world.create()
    start = world.s
    world.send(request(world, 1), request(world, 50, port=40_000), request(world, 61))
    world.lab.advance(minutes=8)
    inbound = [r for r in world.records() if r[3] == CUSTOMER]
    assert [(r[8], r[10], r[11]) for r in inbound] == [
        ("20", str(start + 1), str(start + 50)),
        ("10", str(start + 61), str(start + 61)),
    ]


def test_a_window_of_ten_minutes_off_nitro(world):
    made = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, InstanceType="m3.medium")
    nic = made["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
    world.lab.advance(minutes=10 - world.lab.now.minute % 10)
    world.create(MaxAggregationInterval=600)
    to = made["Instances"][0]["InstanceId"]
    world.send(
        *((at, CUSTOMER, 40_000, to, 80, "tcp", 10, 2_000, 24, 30_000) for at in (5, 400, 601)),
        request(world, 5),
    )
    start = world.s
    world.lab.advance(seconds=899)
    assert len(world.records()) == 2  # Nitro: a minute, whatever is set
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events(f"{nic}-all")
    world.lab.advance(seconds=1)
    assert [r[8] for r in world.records(f"{nic}-all")] == ["20", "48"]
    world.lab.advance(minutes=10)
    assert [r[10] for r in world.records(f"{nic}-all")] == [
        str(start + 5),
        str(start + 5),
        str(start + 601),
        str(start + 601),
    ]


def test_after_its_first_traffic_an_interface_is_told_of_each_minute(world):
    world.create()
    start = world.s
    world.lab.advance(minutes=30)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.events()
    world.send(request(world), request(world, 240))
    world.lab.advance(minutes=40)
    records = world.records()
    windows = [int(r[10]) // 60 * 60 for r in records]
    assert windows == sorted(windows)
    assert set(windows) == set(range(start + 1_800, start + 1_800 + 60 * len(set(windows)), 60))
    assert {r[13] for r in records if int(r[10]) < start + 2_040} == {"OK", "NODATA"}
    idle = [r for r in records if r[13] == "NODATA"]
    assert len(idle) == len(set(windows)) - 2
    assert {(*r[3:10], r[12]) for r in idle} == {("-",) * 8}
    assert all(int(r[11]) - int(r[10]) == 59 and int(r[10]) % 60 == 0 for r in idle)
    late = [
        each["ingestionTime"] - each["timestamp"] for each in world.events() if "NODATA" in each["message"]
    ]
    assert max(late) <= (300 + 600 + 60) * 1_000


def test_a_reject_log_has_rejects_only_and_a_stream_of_its_own(world):
    world.create(TrafficType="REJECT")
    world.create(TrafficType="ACCEPT", LogGroupName="accepted")
    world.send(request(world), request(world, 2, STRANGER, 1, 22))
    world.send(*(request(world, 60 + n) for n in range(0, 1_200, 60)))
    world.lab.advance(minutes=20)
    (only,) = world.records(f"{world.nic}-reject")  # no NODATA: there was traffic, none of it was rejected
    assert only[12] == "REJECT"
    assert {r[12] for r in world.records(f"{world.nic}-accept", "accepted")} == {"ACCEPT"}


@pytest.mark.parametrize("kind", ["Subnet", "NetworkInterface"])
def test_a_subnet_and_an_interface(world, kind):
    other = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=world.subnet)[
        "Instances"
    ][0]
    world.create(ResourceType=kind, ResourceIds=[world.subnet if kind == "Subnet" else world.nic])
    world.lab.advance(minutes=2)
    world.send(request(world), (1, CUSTOMER, 1, other["InstanceId"], 80, "tcp", 1, 60, 1, 60))
    world.lab.advance(minutes=10)
    streams = world.logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    expected = {f"{world.nic}-all"}
    if kind == "Subnet":  # also interfaces made later
        expected.add(f"{other['NetworkInterfaces'][0]['NetworkInterfaceId']}-all")
    assert {each["logStreamName"] for each in streams} == expected
