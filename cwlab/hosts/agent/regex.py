"""The agent's regular expressions, matched in one pass whatever they say. Pure.

The agent is written in Go, whose expressions (RE2) have no back references and no looking around, so that none of them can
be slow. Python's ``re`` goes back and tries again: ``(a+)+b`` would keep it for days. So an expression becomes a small
program (``regex_syntax``), all of whose places are followed at once; the steps already taken are kept, up to a limit.

Source: RE2 syntax, https://github.com/google/re2/wiki/Syntax; Go's regexp/syntax.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cwlab.hosts.agent.regex_syntax import Assert, Match, One, Split, parse

KEPT = 20_000  # steps kept before they are thrown away and made anew
Places = frozenset[int]


def _word(sign: str) -> bool:
    return sign.isascii() and (sign.isalnum() or sign == "_")


class Regex:
    """An expression, ready to search lines.

    >>> Regex(r"^(a+)+$").search("a" * 30 + "b")
    False
    """

    __slots__ = ("_plain", "_program", "_start", "_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._program, self._start = parse(text)
        self._plain = text if not set(text) & set(r"\.[](){}*+?|^$") else None
        self._steps: dict[tuple[Places, str, str], Places | None] = {}

    def search(self, line: str) -> bool:
        """Whether it matches anywhere in a text."""
        if self._plain is not None:
            return self._plain in line
        steps, places, before = self._steps, frozenset((self._start,)), ""
        for sign in line:
            after = steps.get((places, before, sign), False)
            if after is False:
                after = self._step(places, before, sign)
            if after is None:
                return True
            places, before = after, sign  # type: ignore[assignment]
        return self._step(places, before, "") is None

    def _step(self, places: Places, before: str, sign: str) -> Places | None:
        """The places after a sign ("" is the end of the text), None when the expression has matched."""
        found: Places | None
        reached = self._reached(places, before, sign)
        program = self._program
        if any(isinstance(program[at], Match) for at in reached):
            found = None
        else:
            moves = ((at, program[at]) for at in reached)
            found = frozenset(at + 1 for at, each in moves if isinstance(each, One) and each.takes(sign))
            found |= {self._start}
        if len(self._steps) >= KEPT:
            self._steps.clear()
        self._steps[places, before, sign] = found
        return found

    def _reached(self, places: Iterable[int], before: str, sign: str) -> set[int]:
        """All places that are reached without taking a sign."""
        found, todo = set[int](), list(places)
        while todo:
            at = todo.pop()
            if at in found:
                continue
            found.add(at)
            each = self._program[at]
            if isinstance(each, Split):
                todo += each.to
            elif isinstance(each, Assert) and _holds(each.what, before, sign):
                todo.append(at + 1)
        return found


def _holds(what: str, before: str, sign: str) -> bool:
    match what:
        case "start":
            return not before
        case "end":
            return not sign
        case "line start":
            return not before or before == "\n"
        case "line end":
            return not sign or sign == "\n"
    edge = _word(before) != _word(sign)
    return edge if what == "edge" else not edge


@lru_cache(maxsize=256)
def compiled(text: str) -> Regex:
    """An expression, made once.

    Raises:
        BadInput: it is none, or has what RE2 has not.
    """
    return Regex(text)
