"""Everything Auto Scaling can be asked. Importing this module declares it all."""

from cwlab.services.autoscaling import (
    capacity,
    collection,
    execute,
    groups,
    notices,
    policies,
    processes,
    scheduled,
    workload,
)

__all__ = [
    "capacity",
    "collection",
    "execute",
    "groups",
    "notices",
    "policies",
    "processes",
    "scheduled",
    "workload",
]
