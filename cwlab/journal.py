"""What happened, as data: every call, every answer, every move of the clock.

The journal is three things at once: an audit trail to read, the record from which the lab is replayed (rewind,
recovery after a crash), and the text that rebuilds a situation elsewhere (``share``). Only what came from
outside is replayed: your calls, what you did to the world, and how you moved the clock. What the world did by
itself is in the journal too, one level deeper, and happens again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, overload

from cwlab.codec import Decoder, Encoder, record, register
from cwlab.table import AppendOnly
from cwlab.timeline import iso, to_datetime

MOVES = ("advance", "wait")
LONG = 64  # members of a list in a request from which on the journal keeps the request as text


class Packed:
    """A long request as JSON text: a thousand datums as one object rather than thousands."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def params(self) -> dict[str, Any]:
        """The request, made again."""
        return Decoder().decode(json.loads(self.text))


register(Packed, lambda packed: packed.text, Packed)


def kept(params: Any) -> dict[str, Any] | Packed:
    """A request's parameters in the form the journal keeps."""
    if type(params) is not dict or not any(type(v) is list and len(v) >= LONG for v in params.values()):
        return params
    return Packed(json.dumps(params, default=_mark, separators=(",", ":")))


def _mark(value: Any) -> Any:
    """What JSON lacks, marked as the codec marks it; instants, which are many, the short way."""
    return {"$n": value.isoformat()} if type(value) is datetime else Encoder().encode(value)


@record
class Entry:
    """One line of the journal.

    ``kind`` is call, verb, advance or wait; ran where a function's source ran: its result is all a replay needs. ``depth`` is 0 for what came from outside. ``error`` is the AWS code
    (or the name of one of our own errors), None when all went well. ``result`` is left out for calls that only
    read: a replay makes it again.
    """

    seq: int
    at_ms: int
    kind: str
    account: str
    region: str
    service: str
    operation: str
    request: (
        Any  # the parameters, or what stands for a long request: Packed, or a service's own with ``params()``
    )
    caller: Any  # Principal
    source: str | None
    depth: int
    parent: int | None
    error: str | None = None
    message: str | None = None
    result: Any = None

    @property
    def needed(self) -> bool:
        """Whether a replay needs it: all else happens again by itself."""
        return self.depth == 0 or self.kind == "ran"

    @property
    def params(self) -> dict[str, Any]:
        """The parameters, as the service got them."""
        found: dict[str, Any] = self.request if type(self.request) is dict else self.request.params()
        return found

    @property
    def at(self) -> datetime:
        """The virtual instant, aware, UTC."""
        return to_datetime(self.at_ms)

    def python(self) -> str:
        """The same thing as Python, ready to copy."""
        if self.kind in MOVES:
            return f"lab.advance(until={iso(self.params['until_ms'])!r})"
        if self.kind == "ran":
            return f"# the function {self.params['function']} ran"
        if self.kind == "verb":
            return _called("lab.act", self.params, repr(self.service), repr(self.operation))
        from botocore import xform_name

        name = self.service.replace("-", "_")
        method = xform_name(self.operation)
        return _called(f"{name}.{method}", {_ALIASES.get(k, k): v for k, v in self.params.items()})

    def __repr__(self) -> str:
        what = f"{self.service}:{self.operation}" if self.service else self.kind
        by = self.caller.arn.rsplit(":", 1)[-1] if self.caller is not None else ""
        end = f" -> {self.error}" if self.error else ""
        return f"{'  ' * self.depth}{iso(self.at_ms)} {what} {by}{end}".rstrip()


_ALIASES = {"from": "fromTime"}  # boto3's own name for a parameter that Python cannot write
WIDTH = 100  # columns of a line of Python, where it can be helped


def _called(function: str, arguments: dict[str, Any], *first: str) -> str:
    """A call as Python: on one line if that is short, else an argument a line."""
    line = f"{function}({', '.join([*first, *(f'{k}={_source(v)}' for k, v in arguments.items())])})"
    if len(line) <= WIDTH:
        return line
    lines = [*first, *(f"{k}={_source(v, 4, len(k) + 1)}" for k, v in arguments.items())]
    return f"{function}(\n" + "".join(f"    {each},\n" for each in lines) + ")"


def _source(value: Any, indent: int | None = None, used: int = 0) -> str:
    """A value as Python source a learner would write: instants as ISO texts.

    Args:
        indent: where the line begins; long lists then go over several lines. None keeps all on one line.
        used: columns of the line already taken.
    """
    if isinstance(value, datetime):
        return repr(iso(round(value.timestamp() * 1000)))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_source(v)}" for k, v in value.items()) + "}"
    if type(value).__module__ == "numpy":
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return repr(value)
    items = [_source(v) for v in value]
    line = f"[{', '.join(items)}]"
    if indent is None or indent + used + len(line) <= WIDTH:
        return line
    lines, room = [""], WIDTH - indent - 5  # a comma ends each
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 2 > room:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else ''}{item}"
    inner = "".join(f"{' ' * (indent + 4)}{each},\n" for each in lines)
    return f"[\n{inner}{' ' * indent}]"


class Journal(Sequence[Entry]):
    """All entries, oldest first. Forks share what they have in common."""

    def __init__(self) -> None:
        self._log = AppendOnly()
        self._next = 0
        self._open: list[int] = []
        self._packed = 0  # entries before this position have been looked at by ``pack``

    @property
    def position(self) -> int:
        """The number the next entry will get."""
        return self._next

    def mark(self) -> tuple[int, int, int]:
        """Where the journal stands, for ``reset``."""
        return len(self._log), self._next, len(self._open)

    def reset(self, mark: tuple[int, int, int]) -> None:
        """Forget what was written since ``mark``: an interrupted call leaves no trace, so that a replay agrees."""
        length, self._next, depth = mark
        self._packed = min(self._packed, length)
        self._log.truncate(length)
        del self._open[depth:]

    def pack(self) -> None:
        """Turn the long requests among the newest entries into text. The lab does so when time is about to move."""
        for position in range(self._packed, len(self._log)):
            entry: Entry = self._log[position]
            packed = kept(entry.request)
            if packed is not entry.request:
                self._log.replace(position, replace(entry, request=packed))
        self._packed = len(self._log)

    def enter(self) -> tuple[int | None, int]:
        """Begin an entry: the number of the one it happens inside of, and its own."""
        parent = self._open[-1] if self._open else None
        seq = self._next
        self._next += 1
        self._open.append(seq)
        return parent, seq

    def add(self, entry: Entry) -> None:
        """End an entry: it happened."""
        if entry.seq in self._open:
            self._open.remove(entry.seq)
        self._log.append(entry)
        if entry.kind not in MOVES:  # moves have no number of their own: a rewind may cut one in two
            self._next = max(self._next, entry.seq + 1)

    def number(self) -> int:
        """A number for an entry that has no inside."""
        self._next += 1
        return self._next - 1

    def fork(self) -> Journal:
        twin = Journal()
        twin._log = self._log.fork()
        twin._next, twin._packed = self._next, self._packed
        return twin

    def since(self, position: int) -> list[Entry]:
        """The entries from a position on, in the order in which they ended."""
        return self._log.since(position)

    def inputs(self, position: int = 0) -> list[Entry]:
        """What came from outside, from a position on, and how functions ended: all that a replay needs."""
        return [e for e in self._log.since(position) if e.needed]

    def __len__(self) -> int:
        return len(self._log)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return self._log.since(0)[index]
        return self._log[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._log)

    def __repr__(self) -> str:
        return f"Journal of {len(self)} entries" + (f", the last {self[-1]!r}" if len(self) else "")
