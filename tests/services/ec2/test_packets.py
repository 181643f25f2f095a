"""The two filters: what a rule lets through, and which rule it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2.packets import judge_acl, judge_groups
from cwlab.services.ec2.records import AclEntry, GroupRule, NetworkAcl, SecurityGroup

PEER = "52.94.1.1"


def acl(*entries: AclEntry) -> NetworkAcl:
    return NetworkAcl("acl-1", "vpc-1", False, entries)


def allow(number: int, low: int, high: int, *, ok: bool = True, cidr: str = "0.0.0.0/0") -> AclEntry:
    return AclEntry(number, False, "6", ok, cidr, low, high)


@pytest.mark.parametrize(
    ("entries", "ports", "allowed", "line"),
    [
        ((), (443, 443), False, "no rule allows port 443, so * denies it"),
        ((allow(100, 443, 443),), (443, 443), True, "rule 100"),
        (
            (allow(100, 443, 443, ok=False), allow(200, 0, 65535)),
            (443, 443),
            False,
            "rule 100 denies port 443",
        ),
        ((allow(200, 443, 443, ok=False), allow(100, 0, 65535)), (443, 443), True, "rule 100"),
        (
            (allow(100, 443, 443, cidr="10.0.0.0/8"),),
            (443, 443),
            False,
            "no rule allows port 443, so * denies it",
        ),
        ((allow(100, 1024, 40000), allow(110, 40001, 65535)), (32768, 60999), True, "rule 100, 110"),
        (
            (allow(100, 1024, 40000),),
            (32768, 60999),
            False,
            "no rule allows ports 40001-60999, so * denies it",
        ),
        ((AclEntry(100, False, "-1", True, "0.0.0.0/0"),), (1024, 65535), True, "rule 100"),
        (
            (AclEntry(100, False, "17", True, "0.0.0.0/0", 0, 65535),),
            (443, 443),
            False,
            "no rule allows port 443",
        ),
        ((AclEntry(100, True, "-1", True, "0.0.0.0/0"),), (443, 443), False, "no rule allows port 443"),
    ],
)
def test_the_lowest_matching_number_decides(
    entries: tuple[AclEntry, ...], ports: tuple[int, int], allowed: bool, line: str
) -> None:
    verdict = judge_acl(acl(*entries), egress=False, peer=PEER, ports=ports)
    assert verdict.allowed == allowed
    assert verdict.line.startswith(line)


ranges = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))
entries = st.builds(
    lambda number, ports, ok: allow(number, *ports, ok=ok), st.integers(1, 40), ranges, st.booleans()
)


@given(st.lists(entries, max_size=6, unique_by=lambda each: each.number), ranges, st.data())
def test_a_range_passes_exactly_if_each_of_its_ports_does(
    found: list[AclEntry], ports: tuple[int, int], data: st.DataObject
) -> None:
    whole = judge_acl(acl(*found), egress=False, peer=PEER, ports=ports).allowed
    edges = {ports[0], ports[1]} | {
        p for e in found for b in (e.from_port or 0, e.to_port or 0) for p in (b - 1, b, b + 1)
    }
    inside = [port for port in edges if ports[0] <= port <= ports[1]]
    each = [judge_acl(acl(*found), egress=False, peer=PEER, ports=(port, port)).allowed for port in inside]
    assert whole == all(each)


def group(*rules: GroupRule, key: str = "sg-1") -> SecurityGroup:
    return SecurityGroup(key, "web", "", "vpc-1", rules)


def rule(protocol: str, low: int, high: int, kind: str = "cidr", peer: str = "0.0.0.0/0") -> GroupRule:
    return GroupRule("sgr-1", True, protocol, low, high, kind, peer)


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        ((), False),
        ((rule("tcp", 443, 443),), True),
        ((rule("tcp", 80, 80),), False),
        ((rule("udp", 443, 443),), False),
        ((rule("-1", -1, -1),), True),
        ((rule("6", 400, 500),), True),
        ((rule("tcp", 443, 443, "cidr", "52.94.0.0/16"),), True),
        ((rule("tcp", 443, 443, "cidr", "52.95.0.0/16"),), False),
        ((rule("tcp", 443, 443, "cidr6", "::/0"),), False),
        ((rule("tcp", 443, 443, "group", "sg-9"),), False),
        ((rule("tcp", 443, 443, "prefix-list", "pl-unknown"),), False),
        ((rule("tcp", 80, 80), rule("tcp", 443, 443)), True),
    ],
)
def test_a_security_group_is_the_union_of_its_rules(found: tuple[GroupRule, ...], allowed: bool) -> None:
    assert judge_groups([group(*found)], egress=True, peer=PEER).allowed == allowed
    assert not judge_groups([group(*found)], egress=False, peer=PEER).allowed


def test_any_of_several_groups_may_allow() -> None:
    both = [group(key="sg-1"), group(rule("tcp", 443, 443), key="sg-2")]
    assert judge_groups(both, egress=True, peer=PEER).line == "sg-2"


def test_a_rule_that_names_a_group_matches_its_members() -> None:
    inward = GroupRule("sgr-1", False, "tcp", 443, 443, "group", "sg-9")
    assert judge_groups([group(inward)], egress=False, peer="10.0.0.4", peer_groups=["sg-9"]).allowed
    assert not judge_groups([group(inward)], egress=False, peer="10.0.0.4", peer_groups=["sg-8"]).allowed
