"""Everything EC2 can be asked, by subject. Importing this module declares it all."""

from cwlab.services.ec2 import (
    gateways,
    instances,
    machines,
    metrics,
    places,
    security,
    tags,
    templates,
    vpc,
)

__all__ = ["gateways", "instances", "machines", "metrics", "places", "security", "tags", "templates", "vpc"]
