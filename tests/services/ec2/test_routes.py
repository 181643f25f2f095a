"""Longest prefix wins, against looking at every route by hand."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.ec2.catalog import PREFIX_LISTS, public_address
from cwlab.services.ec2.records import Association, Route, RouteTable
from cwlab.services.ec2.routes import best_route, table_of

addresses = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
cidrs = st.tuples(addresses, st.integers(0, 32)).map(
    lambda pair: str(ipaddress.IPv4Network(f"{pair[0]}/{pair[1]}", strict=False))
)


def table(*routes: Route) -> RouteTable:
    return RouteTable("rtb-1", "vpc-1", routes, (Association("main", None),))


@given(st.lists(cidrs, unique=True, max_size=8), addresses)
def test_the_longest_prefix_that_holds_the_address(found: list[str], address: str) -> None:
    networks = [ipaddress.IPv4Network(each) for each in found]
    holding = [each for each in networks if ipaddress.ip_address(address) in each]
    route = best_route(table(*(Route(each, f"to-{each}") for each in found)), address)
    if not holding:
        assert route is None
    else:
        assert route is not None
        assert route.destination == str(max(holding, key=lambda each: each.prefixlen))


def test_a_gateway_endpoint_beats_the_default_route() -> None:
    everything = Route("0.0.0.0/0", "nat-1")
    s3 = Route(PREFIX_LISTS["s3"][0], "vpce-1")
    for routes in ((everything, s3), (s3, everything)):
        assert best_route(table(*routes), public_address("s3", "us-east-1")) == s3
        assert best_route(table(*routes), public_address("logs", "us-east-1")) == everything


def test_a_range_beats_a_prefix_list_of_the_same_length() -> None:
    same = Route(PREFIX_LISTS["s3"][1][0], "nat-1")
    s3 = Route(PREFIX_LISTS["s3"][0], "vpce-1")
    for routes in ((same, s3), (s3, same)):
        assert best_route(table(*routes), public_address("s3", "us-east-1")) == same


def test_a_subnet_uses_its_own_table_before_the_main_one() -> None:
    own = RouteTable("rtb-2", "vpc-1", (), (Association("own", "subnet-1"),))
    tables = [table(), own]
    assert table_of(tables, "vpc-1", "subnet-1") == own
    assert table_of(tables, "vpc-1", "subnet-2") == tables[0]
    assert table_of(tables, "vpc-2", "subnet-1") is None
