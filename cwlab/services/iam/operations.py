"""IAM's operations, gathered: each file declares those of one thing."""

from cwlab.services.iam import (  # noqa: F401  importing them declares them
    groups,
    holdings,
    keys,
    policies,
    profiles,
    roles,
    simulate,
    users,
)
