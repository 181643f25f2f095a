"""The operations of CloudWatch Logs, declared by the modules that hold them."""

from cwlab.services.logs import (  # noqa: F401
    events,
    groups,
    keys,
    metrics,
    policies,
    streams,
    tagging,
    verbs,
)
