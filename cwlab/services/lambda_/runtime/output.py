"""What an invocation prints, as lines with the instant each was written at. Bounded."""

from __future__ import annotations

import io
from collections.abc import Callable

LIMIT = 1_000_000  # characters of one invocation
LINE = 250_000  # characters of one line: a log event holds little more
CUT = "cwlab: this invocation printed more than 1 MB; the rest is left out."


class Output(io.TextIOBase):
    """Standard output and standard error of a function.

    Args:
        now_ms: the invocation's time.
    """

    encoding = "utf-8"

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.lines: list[tuple[int, str]] = []
        self._now_ms = now_ms
        self._open = ""
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        kept = text[: max(0, LIMIT - self._size)]
        *whole, self._open = (self._open + kept).split("\n")
        for line in whole:
            self.line(line)
        if len(kept) < len(text) and self._size < LIMIT:
            self.flush_open()
            self.line(CUT)
        self._size += len(kept)
        if len(kept) < len(text):
            self._size = LIMIT
        return len(text)

    def line(self, text: str) -> None:
        """One event, which may hold line breaks."""
        if text:
            text = text.encode("utf-8", "replace").decode("utf-8")  # half a character is none
            at = self._now_ms()
            self.lines += [(at, text[i : i + LINE]) for i in range(0, len(text), LINE)]

    def event(self, text: str) -> None:
        """A record of ``logging``: one event, counted as what is printed is."""
        if self._size >= LIMIT:
            return
        self.flush_open()
        if self._size + len(text) > LIMIT:
            self._size = LIMIT
            self.line(CUT)
            return
        self._size += len(text)
        self.line(text)

    def flush_open(self) -> None:
        """End a line that has no line break yet."""
        rest, self._open = self._open, ""
        self.line(rest)
