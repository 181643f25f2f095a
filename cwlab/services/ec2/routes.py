"""Which route a packet takes: the longest prefix that holds its destination.

Pure. Source: VPC User Guide "Route tables", "Route priority".
"""

from __future__ import annotations

from collections.abc import Iterable

from cwlab.services.ec2.catalog import prefix_list_cidrs
from cwlab.services.ec2.packets import contains, network
from cwlab.services.ec2.records import Route, RouteTable


def table_of(tables: Iterable[RouteTable], vpc_id: str, subnet_id: str) -> RouteTable | None:
    """The route table of a subnet: the one associated with it, or else its VPC's main one."""
    main = None
    for table in tables:
        if table.vpc_id != vpc_id:
            continue
        if any(tie.subnet_id == subnet_id for tie in table.associations):
            return table
        if table.is_main:
            main = table
    return main


def best_route(table: RouteTable, address: str) -> Route | None:
    """The route for `address`: longest prefix first; a CIDR beats a prefix list of the same length."""
    found: Route | None = None
    best = -1
    for route in table.routes:
        is_list = route.destination.startswith("pl-")
        for cidr in prefix_list_cidrs(route.destination) if is_list else (route.destination,):
            length = network(cidr).prefixlen
            if contains(cidr, address) and (length > best or (length == best and not is_list)):
                found, best = route, length
    return found
