"""What security groups and network ACLs say of a packet; what leaves no record."""

from __future__ import annotations

import pytest

from tests.services.ec2.flow_logs.world import (
    AMAZON_LINUX,
    CUSTOMER,
    SERVER,
    STRANGER,
    entry,
    opened,
    request,
)


def test_an_acl_that_stops_the_answer_leaves_an_accept_and_a_reject(world):
    world.create()
    entry(world, world.acl(), 50, True, False, 32_768, 60_999)
    world.send(request(world))
    world.lab.advance(minutes=10)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "REJECT")]
    assert [r[8] for r in world.records()[:2]] == ["4", "4"]  # SYN and SYN-ACK, again and again


def test_a_ping_that_the_acl_does_not_let_answer(world):
    """The documented case: security group and ACL let ICMP in, the ACL does not let it out."""
    world.create()
    ping = opened(8, protocol="icmp") | {"ToPort": -1}
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[ping])
    icmp = {"NetworkAclId": world.acl(), "RuleNumber": 50, "Protocol": "1", "CidrBlock": "0.0.0.0/0"}
    icmp |= {"RuleAction": "deny", "Egress": True, "IcmpTypeCode": {"Type": 0, "Code": -1}}
    world.ec2.create_network_acl_entry(**icmp)
    world.send((1, CUSTOMER, 0, world.instance, 0, "icmp", 4, 336, 4, 336))
    world.lab.advance(minutes=10)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "REJECT")]
    assert [r[5:10] for r in world.records()[:2]] == [["0", "0", "1", "4", "336"]] * 2


def test_rules_count_that_stood_when_the_packets_came(world):
    world.create()
    world.send(
        request(world, 1, STRANGER, 1_001, 22),
        request(world, 11, STRANGER, 1_002, 22),
        request(world, 21, STRANGER, 1_003, 22),
    )
    world.lab.advance(seconds=10)
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[opened(22)])
    world.lab.advance(seconds=10)
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[opened(22)])
    world.lab.advance(minutes=10)
    assert [(r[5], r[12]) for r in world.records() if r[3] == STRANGER] == [
        ("1001", "REJECT"),
        ("1002", "ACCEPT"),
        ("1003", "REJECT"),
    ]


def test_a_security_group_remembers_what_it_let_through_and_an_acl_does_not(world):
    world.create()
    start = world.s
    names = "${srcport} ${packets} ${start} ${action} ${tcp-flags} ${flow-direction} ${log-status}"
    world.create(LogGroupName="short", LogFormat=names)
    world.send((0, CUSTOMER, 40_000, world.instance, 80, "tcp", 100, 10_000, 100, 10_000, 299))
    world.lab.advance(seconds=90)
    world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[opened(80)])
    world.lab.advance(seconds=120)
    entry(world, world.acl(), 50, False, False)
    world.lab.advance(minutes=10)
    found = [r for r in world.records(group="short") if r[6] == "OK" and r[5] == "ingress"]
    assert [r[3] for r in found] == ["ACCEPT", "ACCEPT", "ACCEPT", "ACCEPT", "REJECT"]
    assert [r[4] for r in found[:4]] == ["2", "0", "0", "0"]
    assert sum(int(r[1]) for r in found) == 100
    assert [int(r[2]) for r in found] == [start + 60 * n for n in range(5)]


def test_a_long_connection_opens_in_its_first_window_and_closes_in_its_last(world):
    """VPC User Guide: 3 and 19 within a window; 2 and 18, 0, then 1 over several."""
    world.create(LogFormat="${srcport} ${packets} ${bytes} ${tcp-flags} ${log-status}")
    world.send((10, CUSTOMER, 40_000, world.instance, 80, "tcp", 31, 1_000, 17, 5_000, 140))
    world.lab.advance(minutes=10)
    there = [r for r in world.records() if r[0] == "40000"]
    back = [r for r in world.records() if r[0] == "80"]
    assert [r[3] for r in there] == ["2", "0", "1"]
    assert [r[3] for r in back] == ["18", "0", "1"]
    assert sum(int(r[1]) for r in there) == 31 and sum(int(r[2]) for r in there) == 1_000
    assert sum(int(r[1]) for r in back) == 17 and sum(int(r[2]) for r in back) == 5_000


def test_a_connection_that_is_not_let_through_is_given_up_after_four_packets(world):
    """However long it was to last, and whatever is let in afterwards."""
    world.create(
        LogFormat="${srcport} ${packets} ${bytes} ${start} ${end} ${action} ${tcp-flags} ${log-status}"
    )
    start = world.s
    world.send((10, STRANGER, 1_001, world.instance, 22, "tcp", 100, 20_000, 100, 30_000, 600))
    world.lab.advance(minutes=3)
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[opened(22)])
    world.lab.advance(minutes=20)
    found = [r for r in world.records() if r[7] == "OK"]
    assert found == [["1001", "4", "240", str(start + 10), str(start + 17), "REJECT", "2", "OK"]]


def test_a_connection_older_than_the_flow_log_has_no_opening_in_it(world):
    lasting = (10, CUSTOMER, 40_000, world.instance, 80, "tcp", 100, 10_000, 100, 10_000, 290)
    world.send(lasting)
    world.lab.advance(minutes=2)
    world.create(LogFormat="${srcport} ${tcp-flags} ${log-status}")
    world.lab.advance(minutes=20)
    assert [r[1] for r in world.records() if r[0] == "40000"] == ["0", "0", "1"]


def test_between_two_machines_each_interface_has_its_records(world):
    subnets = world.ec2.describe_subnets()["Subnets"]
    far = next(each["SubnetId"] for each in subnets if each["SubnetId"] != world.subnet)
    other = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=far)["Instances"][
        0
    ]
    there, ip = f"{other['NetworkInterfaces'][0]['NetworkInterfaceId']}-all", other["PrivateIpAddress"]
    world.create()
    world.lab.advance(minutes=2)
    world.send((1, world.instance, 40_000, other["InstanceId"], 443, "tcp", 5, 500, 5, 500))
    world.lab.advance(minutes=10)
    pair = [(world.ip, ip, "ACCEPT"), (ip, world.ip, "ACCEPT")]  # one group lets its members talk
    assert world.seen() == pair
    assert world.seen(there) == pair
    world.ec2.revoke_security_group_egress(
        GroupId=world.group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    world.send((1, world.instance, 40_001, other["InstanceId"], 443, "tcp", 5, 500, 5, 500))
    world.lab.advance(minutes=10)
    assert world.seen()[2:] == [(world.ip, ip, "REJECT")]
    assert world.seen(there) == pair  # what was stopped at the sender never came


def test_without_a_public_address_nothing_comes_and_nothing_comes_back(world):
    vpc = world.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = world.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    made = world.ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=subnet)[
        "Instances"
    ][0]
    group = made["SecurityGroups"][0]["GroupId"]
    world.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[opened(80)])
    world.lab.advance(minutes=2)
    world.create(ResourceIds=[vpc])
    inside, ip = made["InstanceId"], made["PrivateIpAddress"]
    world.send(
        (1, CUSTOMER, 1, inside, 80, "tcp", 9, 900, 9, 900),
        (2, inside, 40_000, SERVER, 443, "tcp", 9, 900, 9, 900),
    )
    world.lab.advance(minutes=10)
    stream = f"{made['NetworkInterfaces'][0]['NetworkInterfaceId']}-all"
    assert world.seen(stream) == [(ip, SERVER, "ACCEPT")]  # no route: not a reject, and no answer


@pytest.mark.parametrize("peer", ["10.99.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "255.255.255.255"])
def test_the_internet_has_no_private_addresses(world, peer):
    """Whatever the route says: what is sent there is not answered, and nothing comes from there."""
    world.create()
    world.send(
        (1, world.instance, 40_000, peer, 443, "tcp", 9, 900, 9, 900),
        (2, peer, 40_001, world.instance, 80, "tcp", 9, 900, 9, 900),
    )
    world.lab.advance(minutes=10)
    assert world.seen() == [(world.ip, peer, "ACCEPT")]


def test_through_a_nat_gateway_answers_come_if_it_can_reach_the_internet(world):
    ec2 = world.ec2
    subnet = ec2.create_subnet(VpcId=world.vpc, CidrBlock="172.31.200.0/24")["Subnet"]["SubnetId"]
    made = ec2.run_instances(ImageId=AMAZON_LINUX, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    public = ec2.create_nat_gateway(SubnetId=world.subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    private = ec2.create_nat_gateway(SubnetId=world.subnet, ConnectivityType="private")
    table = ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    everywhere = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**everywhere, NatGatewayId=public)
    world.create()
    world.lab.advance(minutes=5)

    def tried(port: int, protocol: int = 6) -> list[str]:
        start = world.s
        world.send((1, made["InstanceId"], port, SERVER, 443, protocol, 4, 200, 4, 200))
        world.lab.advance(minutes=10)
        events = world.events(f"{made['NetworkInterfaces'][0]['NetworkInterfaceId']}-all", since=start)
        found = [each["message"].split(" ") for each in events]
        return [r[12] for r in found if r[3] in (made["PrivateIpAddress"], SERVER)]

    assert tried(1_001) == ["ACCEPT", "ACCEPT"]
    assert tried(0, 47) == ["ACCEPT"]  # NAT gateways know TCP, UDP and ICMP
    ec2.replace_route(**everywhere, NatGatewayId=private["NatGateway"]["NatGatewayId"])
    assert tried(1_002) == ["ACCEPT"]


NEVER = [
    ("169.254.169.254", 80, "tcp"),  # instance metadata
    ("169.254.169.123", 123, "udp"),  # Amazon Time Sync
    ("169.254.169.250", 1688, "tcp"),  # Windows license activation
    ("169.254.169.251", 1688, "tcp"),
    ("169.254.169.253", 53, "udp"),  # Amazon DNS
    ("172.31.0.2", 53, "udp"),  # Amazon DNS, at the VPC's address
    ("172.31.0.1", 443, "tcp"),  # the router
]


def test_what_is_never_logged(world):
    world.create()
    flows = [
        (1 + n, world.instance, 40_000, to, port, kind, 5, 500, 5, 500)
        for n, (to, port, kind) in enumerate(NEVER)
    ]
    dhcp = [
        (20, world.instance, 68, "255.255.255.255", 67, "udp", 1, 300, 0, 0),
        (21, "172.31.0.1", 67, world.nic, 68, 17, 1, 300, 0, 0),
    ]
    own_dns = (30, world.instance, 40_000, "192.0.2.53", 53, "udp", 1, 60, 1, 120)
    world.send(*flows, *dhcp, own_dns)
    world.lab.advance(minutes=10)
    assert world.seen() == [(world.ip, "192.0.2.53", "ACCEPT"), ("192.0.2.53", world.ip, "ACCEPT")]


def test_a_machine_that_does_not_run_sends_and_answers_nothing(world):
    world.create()
    world.send(
        request(world, 1, port=1_001), request(world, 300, port=1_002), request(world, 301, STRANGER, 1, 22)
    )
    world.lab.advance(minutes=1)
    world.ec2.terminate_instances(InstanceIds=[world.instance])
    world.lab.advance(minutes=60)
    assert world.seen() == [(CUSTOMER, world.ip, "ACCEPT"), (world.ip, CUSTOMER, "ACCEPT")]
    gone = [r for r in world.records() if r[13] == "NODATA"]
    assert not gone  # an interface that is gone has no windows
