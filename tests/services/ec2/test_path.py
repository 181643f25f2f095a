"""Which machine reaches which endpoint: the published table, row by row, and what must hold for every network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2 import catalog
from cwlab.services.ec2.path import Machine, Network, Path, reach
from cwlab.services.ec2.records import (
    AclEntry,
    Association,
    Endpoint,
    GroupRule,
    Interface,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    OnPremises,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)

ORACLE = File(__file__).parents[2] / "oracles" / "reach.txt"
REGION = "us-east-1"
VPC, OTHER = "vpc-1", "vpc-2"


def cases() -> list[tuple[str, str]]:
    lines = [line for line in ORACLE.read_text().splitlines() if line and not line.startswith("#")]
    return [(left.strip(), right.strip()) for left, right in (line.split("=>") for line in lines)]


def settings(situation: str) -> dict[str, str]:
    return {key: value or "yes" for key, _, value in (word.partition("=") for word in situation.split())}


# A network from words ------------------------------------------------------------------------------------------------

ALL = (0, 65535)
ENTRIES = {
    "all": [AclEntry(100, False, "-1", True, "0.0.0.0/0")],
    "none": [],
    "443": [AclEntry(100, False, "6", True, "0.0.0.0/0", 443, 443)],
    "ephemeral": [
        AclEntry(100, False, "6", True, "0.0.0.0/0", 1024, 49151),
        AclEntry(110, False, "6", True, "0.0.0.0/0", 49152, 65535),
    ],
    "deny-some": [
        AclEntry(50, False, "6", False, "0.0.0.0/0", 40000, 41000),
        AclEntry(100, False, "-1", True, "0.0.0.0/0"),
    ],
}
EGRESS = {
    "all": [GroupRule("sgr-1", True, "-1", -1, -1, "cidr", "0.0.0.0/0")],
    "none": [],
    "vpc": [GroupRule("sgr-1", True, "tcp", 443, 443, "cidr", "10.0.0.0/16")],
    "prefix-list": [GroupRule("sgr-1", True, "tcp", 443, 443, "prefix-list", catalog.PREFIX_LISTS["s3"][0])],
}
INGRESS = {
    "all": [GroupRule("sgr-2", False, "tcp", 443, 443, "cidr", "0.0.0.0/0")],
    "none": [],
    "group": [GroupRule("sgr-2", False, "tcp", 0, 65535, "group", "sg-1")],
    "80": [GroupRule("sgr-2", False, "tcp", 80, 80, "cidr", "0.0.0.0/0")],
}
SUBNETS = {"a": "10.0.1.0/24", "b": "10.0.2.0/24", "n": "10.0.9.0/24"}


def network(said: dict[str, str]) -> Network:
    target = {"igw": "igw-1", "nat": "nat-1"}
    local = Route("10.0.0.0/16", "local", "CreateRouteTable")
    out = [Route("0.0.0.0/0", target[said["route"]])] if said.get("route", "none") != "none" else []
    endpoints: dict[str, Endpoint] = {}
    interfaces: dict[str, Interface] = {}
    if "endpoint" in said:
        kind = said["endpoint"].title()
        short = said.get("endpoint-service", "s3" if kind == "Gateway" else "monitoring")
        state = said.get("ep-state", "available")
        vpc_id = OTHER if said.get("ep-vpc") == "other" else VPC
        subnet = said.get("ep-subnet", "a")
        made = kind == "Interface" and subnet != "none"
        if made:
            address = SUBNETS[subnet].replace(".0/24", ".50")
            interfaces["eni-e"] = nic("eni-e", subnet, address, ("sg-e",), "vpc_endpoint", "vpce-1")
        endpoints["vpce-1"] = Endpoint(
            "vpce-1",
            vpc_id,
            kind,
            f"com.amazonaws.{REGION}.{short}",
            "policy",
            0,
            state=state,
            private_dns=said.get("private-dns") != "off",
            interface_ids=("eni-e",) if made else (),
            group_ids=("sg-e",),
        )
        if kind == "Gateway":
            out.append(Route(catalog.PREFIX_LISTS["s3"][0], "vpce-1"))
            if state == "gone":
                del endpoints["vpce-1"]
    nat_route = {"none": [], "nat": [Route("0.0.0.0/0", "nat-1")]}.get(
        said.get("nat-route", ""), [Route("0.0.0.0/0", "igw-1")]
    )
    kind = "private" if said.get("nat") == "private" else "public"
    state = said["nat"] if said.get("nat") in ("pending", "deleted") else "available"
    nat = NatGateway("nat-1", VPC, "subnet-n", kind, "eni-n", "10.0.9.9", "3.3.3.3", "a", "b", 0, state)
    return Network(
        vpcs={
            VPC: Vpc(VPC, ("10.0.0.0/16",), False, said.get("dns") != "off", said.get("hostnames") != "off")
        },
        subnets={
            f"subnet-{k}": Subnet(f"subnet-{k}", VPC, cidr, zone(k), "z") for k, cidr in SUBNETS.items()
        },
        internet_gateways={"igw-1": InternetGateway("igw-1", None if said.get("igw") == "detached" else VPC)},
        route_tables={
            "rtb-main": RouteTable("rtb-main", VPC, (local,), (Association("t0", None),)),
            "rtb-a": RouteTable("rtb-a", VPC, (local, *out), (Association("t1", "subnet-a"),)),
            "rtb-n": RouteTable("rtb-n", VPC, (local, *nat_route), (Association("t2", "subnet-n"),)),
        },
        nat_gateways={"nat-1": nat},
        security_groups={
            "sg-1": SecurityGroup("sg-1", "web", "", VPC, tuple(EGRESS[said.get("sg-out", "all")])),
            "sg-e": SecurityGroup("sg-e", "ep", "", VPC, tuple(INGRESS[said.get("ep-sg-in", "all")])),
        },
        network_acls={f"acl-{k}": acl(k, said.get(f"acl-{k}-in"), said.get(f"acl-{k}-out")) for k in SUBNETS},
        interfaces=interfaces,
        endpoints=endpoints,
    )


def zone(subnet: str) -> str:
    return f"{REGION}{subnet}"


def acl(subnet: str, inward: str | None, outward: str | None) -> NetworkAcl:
    entries = [replace(each, egress=False) for each in ENTRIES[inward or "all"]]
    entries += [replace(each, egress=True) for each in ENTRIES[outward or "all"]]
    tie = Association(f"acl-{subnet}-tie", f"subnet-{subnet}")
    return NetworkAcl(f"acl-{subnet}", VPC, False, tuple(entries), (tie,))


def nic(
    key: str,
    subnet: str,
    address: str,
    groups: tuple[str, ...],
    kind: str,
    owner: str,
    public: str | None = None,
) -> Interface:
    return Interface(
        key, VPC, f"subnet-{subnet}", zone(subnet), address, groups, kind, owner, "at", 0, public
    )


def answer(said: dict[str, str]) -> Path:
    return follow(network(said), said)


def follow(net: Network, said: dict[str, str]) -> Path:
    service = said.get("service", "cloudwatch")
    host = f"vpce-1-abcd1234.monitoring.{REGION}.vpce.amazonaws.com" if said.get("name") == "vpce" else None
    source: Machine | OnPremises
    if said.get("from") == "on-premises":
        vpn = VPC if "vpn" in said else None
        source = OnPremises(
            "rack-1",
            "192.168.10.10",
            "203.0.113.130",
            said.get("internet") != "no",
            REGION,
            vpn,
            "forwards-dns" in said,
        )
    else:
        public = "3.80.0.9" if "public-ip" in said else None
        source = Machine(
            "web-1", nic("eni-1", "a", "10.0.1.10", ("sg-1",), "interface", "i-1", public), REGION
        )
    return reach(net, source, service, said.get("region", REGION), host)


# The table -----------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M02", "M08", "M09")
@pytest.mark.parametrize(("situation", "expected"), cases(), ids=[each[0] or "nothing" for each in cases()])
def test_the_table_of_ways(situation: str, expected: str) -> None:
    found = answer(settings(situation))
    if expected.startswith("yes "):
        assert found.reachable, found
        assert found.via == expected.removeprefix("yes ")
        assert found.failure == ""
    else:
        assert not found.reachable, found
        assert expected.removeprefix("no: ") in found.reason
        assert found.via == ""
        assert found.failure == (
            "dns" if "resolver" in found.reason or "no such" in found.reason else "timeout"
        )
    assert found.steps[-1] == found.reason
    assert all(step.endswith(".") for step in found.steps)


# What the far side sees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("situation", "source_ip", "endpoint_id", "vpc_source_ip"),
    [
        ("route=igw public-ip", "3.80.0.9", None, None),
        ("route=nat", "3.3.3.3", None, None),
        ("endpoint=interface", None, "vpce-1", "10.0.1.10"),
        ("service=s3 endpoint=gateway", None, "vpce-1", "10.0.1.10"),
        ("from=on-premises", "203.0.113.130", None, None),
        ("from=on-premises vpn forwards-dns endpoint=interface", None, "vpce-1", "192.168.10.10"),
    ],
)
def test_the_source_address_is_public_or_that_of_an_endpoint(
    situation: str, source_ip: str | None, endpoint_id: str | None, vpc_source_ip: str | None
) -> None:
    found = answer(settings(situation))
    assert (found.source_ip, found.endpoint_id, found.vpc_source_ip) == (
        source_ip,
        endpoint_id,
        vpc_source_ip,
    )
    assert found.policy == ("policy" if endpoint_id else None)
    assert found.vpc_id == (VPC if endpoint_id else None)


def test_a_path_can_be_read_aloud() -> None:
    text = str(answer(settings("route=igw")))
    assert text.startswith("not reachable: Internet gateway igw-1 drops it: web-1 has no public address")
    assert (
        "\n1. web-1 (10.0.1.10, no public address) in subnet-a calls monitoring.us-east-1.amazonaws.com."
        in text
    )


# Laws ----------------------------------------------------------------------------------------------------------------

SITUATIONS = [situation for situation, _ in cases()]


@given(st.sampled_from(SITUATIONS), st.sampled_from(["sg-1", "sg-e"]))
def test_taking_a_security_group_rule_away_never_opens_a_way(situation: str, group_id: str) -> None:
    said = settings(situation)
    net = network(said)
    bare = {**net.security_groups, group_id: replace(net.security_groups[group_id], rules=())}
    assert not follow(replace(net, security_groups=bare), said).reachable or follow(net, said).reachable


@given(st.sampled_from(SITUATIONS), st.sampled_from("abn"), st.data())
def test_taking_an_allow_entry_away_never_opens_a_way(
    situation: str, subnet: str, data: st.DataObject
) -> None:
    said = settings(situation)
    net = network(said)
    found = net.network_acls[f"acl-{subnet}"]
    allows = [each for each in found.entries if each.allow]
    if not allows:
        return
    gone = data.draw(st.sampled_from(allows))
    poorer = replace(found, entries=tuple(each for each in found.entries if each != gone))
    acls = {**net.network_acls, found.acl_id: poorer}
    assert not follow(replace(net, network_acls=acls), said).reachable or follow(net, said).reachable


@given(st.sampled_from(SITUATIONS), st.sampled_from(["rtb-a", "rtb-n"]), st.data())
def test_taking_a_route_away_never_opens_a_way(situation: str, table_id: str, data: st.DataObject) -> None:
    """Each table has one route for an address outside: a second, longer one that is a blackhole would be another story."""
    said = settings(situation)
    net = network(said)
    table = net.route_tables[table_id]
    if len(table.routes) != 2:
        return
    fewer = replace(table, routes=table.routes[:1])
    tables = {**net.route_tables, table_id: fewer}
    assert not follow(replace(net, route_tables=tables), said).reachable or follow(net, said).reachable


def test_a_longer_blackhole_wins_over_the_default_route() -> None:
    said = settings("route=igw public-ip")
    net = network(said)
    table = net.route_tables["rtb-a"]
    worse = replace(table, routes=(*table.routes, Route("52.0.0.0/8", "nat-gone")))
    found = follow(replace(net, route_tables={**net.route_tables, "rtb-a": worse}), said)
    assert not found.reachable
    assert "nat-gone is gone" in found.reason


@given(st.sampled_from(SITUATIONS))
def test_the_answer_depends_on_nothing_but_the_network(situation: str) -> None:
    assert answer(settings(situation)) == answer(settings(situation))


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        ("endpoint=interface", "vpce-1 has private DNS, so the name resolves to its private address."),
        (
            "endpoint=interface private-dns=off",
            "vpce-1 has private DNS off and answers only to its own vpce name.",
        ),
        ("endpoint=interface hostnames=off", "vpce-1 has private DNS, but vpc-1 has enableDnsHostnames off."),
        (
            "endpoint=interface endpoint-service=logs",
            "vpc-1 has no interface endpoint for com.amazonaws.us-east-1.monitoring.",
        ),
    ],
)
def test_the_second_step_says_why_the_name_resolves_as_it_does(situation: str, sentence: str) -> None:
    assert answer(settings(situation)).steps[1].endswith(sentence)
