"""A stream's events as those see them who may not see all. Whatever reads events of a group reads them here."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.services.logs import history, reading
from cwlab.services.logs.history import ACCOUNT, History, Moment, moments, value_at
from cwlab.services.logs.ids import Gap
from cwlab.services.logs.protection.masking import Identifiers, Rules, shown
from cwlab.services.logs.reading import Piece
from cwlab.services.logs.records import Stream
from cwlab.table import Table


def histories(call: Call) -> Table:
    """What policies were in force when, by group; the account's under ``ACCOUNT``. Values: ``documents.Policy`` or None."""
    return call.table("protection_histories")


def note(call: Call, group: str, value: Any) -> None:
    """From now on another policy is in force for a group or the account."""
    history.note(call, histories(call), group, value)


def _both(call: Call, group: str) -> tuple[History, History]:
    table = histories(call)
    return (table.get(group, ()), table.get(ACCOUNT, ())) if table else ((), ())


def rules(call: Call, group: str) -> Rules | None:
    """Which identifiers a group's events are under, by when they came in; None when none ever were.

    What the group's policy names and what the account's names counts alike.
    """
    own, account = _both(call, group)
    if not own and not account:
        return None
    changes = moments(own, account)
    return tuple(changes), ((), *(_union(own, account, each) for each in changes))


def _union(own: History, account: History, moment: Moment) -> Identifiers:
    policies = (value_at(each, moment) for each in (own, account))
    return tuple(sorted({i for p in policies if p is not None for i in p.identifiers}, key=repr))


def pieces(
    call: Call, group: str, stream: Stream, low: Gap, high: Gap, *, source: int = 0, unmask: bool = False
) -> list[Piece]:
    """A stream's events between two gaps, chunk by chunk; of the stored chunks themselves where nothing is to be masked.

    Args:
        group: its name.
        source: the number of the stream, for who reads several.
        unmask: as they are stored. Who asks for that has seen that the caller may.
    """
    stored = reading.pieces(source, stream.events.chunks, low, high)
    held = None if unmask else rules(call, group)
    return stored if held is None else [piece._replace(chunk=shown(piece.chunk, held)) for piece in stored]
