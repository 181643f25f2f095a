"""The law: what was sent is what is counted, and the action is what the rules say."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.ec2.flow_logs.world import CUSTOMER, STRANGER, World, clients, opened

PEERS = (CUSTOMER, "203.0.113.200", STRANGER, "192.0.2.9")
PORTS = (22, 53, 80, 443)
RANGES = ("0.0.0.0/0", "203.0.113.0/24", "198.51.100.7/32")
groups_of = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from(["tcp", "udp", "-1"]), st.sampled_from(PORTS), st.sampled_from(RANGES)
    ),
    max_size=4,
    unique=True,
)
acls = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from(["6", "17", "-1"]),
        st.sampled_from([(0, 65_535), (22, 80), (1_024, 65_535), (40_000, 40_009), (443, 443)]),
        st.sampled_from(RANGES),
    ),
    max_size=6,
)
flows_of = st.lists(
    st.tuples(
        st.floats(0, 600),
        st.booleans(),
        st.sampled_from(PEERS),
        st.integers(40_000, 40_019),
        st.sampled_from(PORTS),
        st.sampled_from(["tcp", "udp"]),
        st.integers(1, 40),
        st.integers(0, 40),
        st.sampled_from([0, 0, 1, 100.5]),
    ),
    min_size=1,
    max_size=12,
)
NUMBERS = {"tcp": "6", "udp": "17"}


def group_allows(rules: list[Any], egress: bool, peer: str, port: int, protocol: str) -> bool:
    return any(
        way == egress
        and kind in ("-1", protocol)
        and (kind == "-1" or own == port)
        and ip_address(peer) in ip_network(cidr)
        for way, kind, own, cidr in rules
    )


def acl_allows(entries: list[Any], egress: bool, peer: str, port: int, protocol: str) -> bool:
    for way, allow, kind, (low, high), cidr in entries:
        fits = kind == "-1" or (kind == NUMBERS[protocol] and low <= port <= high)
        if way == egress and fits and ip_address(peer) in ip_network(cidr):
            return bool(allow)
    return False


def expected(world: World, rules: list[Any], entries: list[Any], flow: Any) -> dict[tuple[str, ...], int]:
    """The records of a flow, as the user guide's table of cases has them: five-tuple and action, with packets."""
    _, outward, peer, client, port, protocol, packets, back, _lasts = flow
    there, home = (world.ip, peer) if outward else (peer, world.ip)
    number = NUMBERS[protocol]
    passes = group_allows(rules, outward, peer, port, protocol) and acl_allows(
        entries, outward, peer, port, protocol
    )
    answers = passes and acl_allows(entries, not outward, peer, client, protocol)
    if protocol == "tcp" and not answers:
        packets, back = min(packets, 4), min(back, 4)
    found = {(there, home, str(client), str(port), number, "ACCEPT" if passes else "REJECT"): packets}
    if passes and back:
        found[home, there, str(port), str(client), number, "ACCEPT" if answers else "REJECT"] = back
    return found


def without_rules(world: World) -> str:
    """Take all rules away; returns the ACL's id."""
    found = world.ec2.describe_security_groups(GroupIds=[world.group])["SecurityGroups"][0]
    if found["IpPermissions"]:
        world.ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=found["IpPermissions"])
    if found["IpPermissionsEgress"]:
        world.ec2.revoke_security_group_egress(
            GroupId=world.group, IpPermissions=found["IpPermissionsEgress"]
        )
    acl = world.acl()
    for entry in world.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]:
        if entry["RuleNumber"] != 32767:
            world.ec2.delete_network_acl_entry(
                NetworkAclId=acl, RuleNumber=entry["RuleNumber"], Egress=entry["Egress"]
            )
    return acl


@pytest.fixture(scope="module")
def bare(prepared: World) -> World:
    """A flow log. Examples follow one another in one lab: a client costs more than an example."""
    world = clients(prepared.lab.fork(), prepared)
    world.create()
    return world


@settings(max_examples=50)
@given(rules=groups_of, entries=acls, flows=flows_of)
def test_what_was_sent_is_what_is_counted_and_the_filters_say_how(bare, rules, entries, flows):
    flows = [
        (*each[:8], each[8] if each[5] == "udp" else 0) for each in flows
    ]  # a lasting TCP connection has a test of its own
    world = bare
    acl = without_rules(world)
    for egress, protocol, port, cidr in rules:
        asked = (
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": cidr}]}
            if protocol == "-1"
            else opened(port, cidr, protocol)
        )
        add = (
            world.ec2.authorize_security_group_egress
            if egress
            else world.ec2.authorize_security_group_ingress
        )
        try:
            add(GroupId=world.group, IpPermissions=[asked])
        except ClientError as problem:  # -1 twice
            assert problem.response["Error"]["Code"] == "InvalidPermission.Duplicate"
    for number, (egress, allow, protocol, (low, high), cidr) in enumerate(entries, 1):
        ports = {} if protocol == "-1" else {"PortRange": {"From": low, "To": high}}
        world.ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=number, Protocol=protocol, RuleAction="allow" if allow else "deny", Egress=egress,
            CidrBlock=cidr, **ports,
        )  # fmt: skip
    start, totals = world.s, Counter()
    for flow in flows:
        totals.update(expected(world, rules, entries, flow))
    world.send(
        *(
            (at, world.nic, client, peer, port, kind, n, 100 * n, back, 70 * back, lasts)
            if outward
            else (at, peer, client, world.nic, port, kind, n, 100 * n, back, 70 * back, lasts)
            for at, outward, peer, client, port, kind, n, back, lasts in flows
        )
    )
    world.lab.advance(minutes=20)
    counted: Counter[tuple[str, ...]] = Counter()
    keys = set()
    for event in world.events(since=start):
        r = event["message"].split(" ")
        if r[13] == "NODATA":
            continue
        first, last = int(r[10]), int(r[11])
        assert start <= first <= last and first // 60 == last // 60
        assert event["timestamp"] == first * 1_000
        assert event["ingestionTime"] == (first // 60 * 60 + 360) * 1_000
        counted[r[3], r[4], r[5], r[6], r[7], r[12]] += int(r[8])
        key = (*r[3:8], r[12], first // 60)
        assert key not in keys, "one record for a five-tuple and action in each window"
        keys.add(key)
    assert counted == totals
