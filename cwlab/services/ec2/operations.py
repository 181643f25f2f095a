"""Everything EC2 can be asked, by subject. Importing this module declares it all."""

from cwlab.services.ec2 import (
    busy,
    elastic,
    endpoints,
    instances,
    interfaces,
    launch,
    machines,
    metrics,
    nat,
    network_acls,
    places,
    recovery,
    routing,
    security_groups,
    tags,
    templates,
    vpc,
    watching,
)
from cwlab.services.ec2.flow_logs import capture as flow_capture
from cwlab.services.ec2.flow_logs import delivery as flow_delivery
from cwlab.services.ec2.flow_logs import operations as flow_logs

__all__ = [
    "busy",
    "elastic",
    "endpoints",
    "flow_capture",
    "flow_delivery",
    "flow_logs",
    "instances",
    "interfaces",
    "launch",
    "machines",
    "metrics",
    "nat",
    "network_acls",
    "places",
    "recovery",
    "routing",
    "security_groups",
    "tags",
    "templates",
    "vpc",
    "watching",
]
