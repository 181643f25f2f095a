"""The journal as CloudTrail reads it: the calls that reached AWS, in order, each with its place in its instant.

Nothing listens and nothing is copied: a trail remembers how far it has read. Calls inside a call that failed were undone
with it and are left out, as a replay leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cwlab.api import Call
from cwlab.errors import CwlabError
from cwlab.services.cloudtrail.planes import is_management, region_of


class Made(NamedTuple):
    """A call that CloudTrail logs: the journal's entry, which of its instant it is, and the Region that sees it."""

    entry: Any
    nth: int
    region: str


def start(call: Call) -> int:
    """Where in the journal this instant begins."""
    journal = call.world.journal
    position = len(journal)
    while position and journal[position - 1].at_ms >= call.now_ms:
        position -= 1
    return position


def read(call: Call, position: int, until_ms: int) -> tuple[list[Made], int]:
    """The management events of the account from a position of the journal up to and including an instant.

    Args:
        position: the beginning of an instant.

    Returns:
        the events, and the position of the first entry after them.
    """
    entries = call.world.journal.since(position)
    end = 0
    while end < len(entries) and (entries[end].kind != "call" or entries[end].at_ms <= until_ms):
        end += 1
    return list(_logged(entries[:end], call.account)), position + end


def _logged(entries: list[Any], account: str) -> Iterator[Made]:
    failed = {entry.seq for entry in entries if entry.error is not None}
    inside = {entry.seq: entry.parent for entry in entries} if failed else {}
    own = _own_errors()
    instant, nth = -1, 0
    for entry in entries:
        if (
            entry.kind != "call"
            or entry.account != account
            or not is_management(entry.service, entry.operation)
        ):
            continue
        if entry.error in own or _undone(entry.parent, failed, inside):
            continue
        nth = nth + 1 if entry.at_ms == instant else 0
        instant = entry.at_ms
        yield Made(entry, nth, region_of(entry.service, entry.region))


def _undone(parent: int | None, failed: set[int], inside: dict[int, int | None]) -> bool:
    while parent is not None:
        if parent in failed:
            return True
        parent = inside.get(parent)
    return False


def _own_errors() -> frozenset[str]:
    """The names of the lab's own errors: such a call never reached AWS."""
    found, todo = set[str](), [CwlabError]
    while todo:
        kind = todo.pop()
        found.add(kind.__name__)
        todo += kind.__subclasses__()
    return frozenset(found)
