"""How the journal keeps a big PutLogEvents request: the stored chunk itself stands for the list of events.

So a million events are in memory once, not once in the store and once in the journal.
"""

from __future__ import annotations

from typing import Any

from cwlab.codec import register
from cwlab.services.logs.chunk import Chunk


class Sent:
    """A request all of whose events were stored as they came. ``rest`` are the other parameters."""

    __slots__ = ("chunk", "rest")

    def __init__(self, rest: dict[str, Any], chunk: Chunk) -> None:
        self.rest, self.chunk = rest, chunk

    def params(self) -> dict[str, Any]:
        """The request, made again."""
        stamps, texts = self.chunk.stamp.tolist(), self.chunk.messages()
        events = [{"timestamp": stamp, "message": text} for stamp, text in zip(stamps, texts, strict=True)]
        return {**self.rest, "logEvents": events}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sent) and self.params() == other.params()

    __hash__ = None  # type: ignore[assignment]


register(Sent, lambda sent: [sent.rest, sent.chunk], lambda parts: Sent(*parts))
