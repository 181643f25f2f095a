"""The operations of CloudWatch Logs, declared by the modules that hold them."""

from cwlab.services.logs import (  # noqa: F401
    account_policies,
    emf,
    events,
    export,
    groups,
    indexes,
    keys,
    lookup_tables,
    metric_filters,
    metrics,
    policies,
    queries,
    query_definitions,
    replay,
    streams,
    tagging,
    verbs,
)
from cwlab.services.logs.protection import policies as protections  # noqa: F401
