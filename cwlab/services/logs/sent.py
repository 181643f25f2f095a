"""How the journal keeps what brings many events: the stored chunks themselves stand for the lists in the request.

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


class Loaded:
    """A ``load`` of past events: the request made again has them in order of time, which comes to the same."""

    __slots__ = ("chunks", "group", "stream")

    def __init__(self, group: str, stream: str, chunks: tuple[Chunk, ...]) -> None:
        self.group, self.stream, self.chunks = group, stream, chunks

    def params(self) -> dict[str, Any]:
        """The request, made again."""
        return {
            "group": self.group,
            "stream": self.stream,
            "stamps": [stamp for chunk in self.chunks for stamp in chunk.stamp.tolist()],
            "messages": [text for chunk in self.chunks for text in chunk.messages()],
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loaded) and self.params() == other.params()

    __hash__ = None  # type: ignore[assignment]


register(Loaded, lambda loaded: [loaded.group, loaded.stream, loaded.chunks], lambda parts: Loaded(*parts))
