"""The calls a panel made, as Python to copy: what the journal recorded while it worked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

#: Shown at most; a panel that makes more says how many were left out.
LIMIT = 30


class Recorder:
    """Collects what labs do inside a ``with`` block.

    >>> with Recorder(lab) as made:          # doctest: +SKIP
    ...     lab.client("cloudwatch").list_metrics()
    >>> made.entries                         # doctest: +SKIP
    """

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.entries: list[Any] = []
        self._mark = 0

    def __enter__(self) -> Self:
        self._mark = len(self.lab.journal)
        return self

    def __exit__(self, *_: object) -> None:
        self.entries = self.lab.journal.since(self._mark)


def python(entries: Iterable[Any], setup: Sequence[str] = ()) -> str:
    """Journal entries as a script: the clients it needs, then the calls in their order.

    What the world did by itself (an agent's call, an alarm's action) is left out: it would happen again.

    Args:
        entries: entries of ``lab.journal``.
        setup: lines that go first; a client they make is not made again.
    """
    outside = [e for e in entries if e.depth == 0]
    shown = outside[-LIMIT:]
    lines = list(setup)
    clients: dict[str, None] = {}
    for entry in shown:
        if entry.kind == "call":
            clients.setdefault(entry.service)
    made = {line.split(" = ")[0] for line in setup if " = " in line}
    lines += [
        f"{name.replace('-', '_')} = lab.client({name!r})"
        for name in clients
        if name.replace("-", "_") not in made
    ]
    if len(shown) < len(outside):
        lines.append(f"# … {len(outside) - len(shown)} earlier calls left out: lab.journal has them all")
    lines += [e.python() + (f"  # {e.error}" if e.error else "") for e in shown]
    return "\n".join(lines)


def called(function: object, otherwise: str = "play") -> str:
    """The name a function of yours goes by in the code a panel shows; ``otherwise`` where it has none."""
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else otherwise
