"""Everything Lambda can be asked. Importing this module declares it all."""

from cwlab.services.lambda_ import (
    asynchronous,
    functions,
    invoke,
    mappings,
    permissions,
    settings,
    traffic,
    versions,
)

__all__ = [
    "asynchronous",
    "functions",
    "invoke",
    "mappings",
    "permissions",
    "settings",
    "traffic",
    "versions",
]
