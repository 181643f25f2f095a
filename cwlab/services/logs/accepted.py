"""What happens to events once they are accepted: metric filters, embedded metrics, subscription filters.

A module of this service that wants them declares a function with ``@on_accepted`` and is imported by ``operations``.
It sees each batch once, after it is stored and before PutLogEvents answers, and must not fail it.
"""

from __future__ import annotations

from collections.abc import Callable

from cwlab.api import Call
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.records import Group

Hook = Callable[[Call, Group, str, Chunk], None]
HOOKS: list[Hook] = []  # filled by decorators while modules are imported; a table of code, not of state


def on_accepted(hook: Hook) -> Hook:
    """Call ``hook(call, group, stream, events)`` with each batch that is accepted."""
    HOOKS.append(hook)
    return hook
