"""The regular expressions of filter patterns, matched in one pass whatever they say.

There are no groups, so an expression is a few branches, each a row of characters with how often they may come. That is an automaton
whose states fit into the bits of a number; the steps already taken are kept, up to a limit, so most characters cost one
look-up. Each character is looked at once: no expression can make it slow. (Python's ``re`` goes back and tries again:
``%a*a*a*a*a*b%`` would keep it for days.)

Characters beyond ASCII are all one sign: ``.``, ``\\D``, ``\\S``, ``\\W`` and ``[^…]`` take it, nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

OTHER = 128  # the sign for everything beyond ASCII
ALL = (1 << (OTHER + 1)) - 1
KEPT = 256  # automaton states kept before they are thrown away and made anew
_BEYOND = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Piece:
    """One character out of a set (bit n: the character with code n), ``low`` to ``high`` times; high None is no limit."""

    signs: int
    low: int = 1
    high: int | None = 1


@dataclass(frozen=True, slots=True)
class Branch:
    """Pieces in a row; ``start`` and ``end`` hold it to the beginning and the end of the text."""

    pieces: tuple[Piece, ...]
    start: bool = False
    end: bool = False

    def reversed(self) -> Branch:
        """What matches the same texts read backward."""
        return Branch(self.pieces[::-1], self.end, self.start)

    @property
    def size(self) -> int:
        """How many places its automaton has."""
        return sum(piece.low + 1 if piece.high is None else piece.high for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression: one of its branches is found somewhere.

    >>> signs = lambda letters: sum(1 << ord(letter) for letter in letters)
    >>> hat = Regex("[hc]at$", (Branch((Piece(signs("hc")), Piece(signs("a")), Piece(signs("t"))), end=True),))
    >>> hat.search("the hat"), hat.search("hats"), hat.span("the hat")
    (True, False, (4, 7))
    """

    text: str
    branches: tuple[Branch, ...]
    _forward: Automaton = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_forward", Automaton(self.branches))

    def search(self, text: str) -> bool:
        """Whether it is found in a text."""
        return self._forward.search(text)

    def span(self, text: str) -> tuple[int, int] | None:
        """Where it is first found: the leftmost place, and from there the longest."""
        text = _plain(text)
        back = Automaton(tuple(branch.reversed() for branch in self.branches))
        starts = back.ends(text[::-1])
        if not starts:
            return None
        start = len(text) - starts[-1]
        held = tuple(
            Branch(branch.pieces, True, branch.end)
            for branch in self.branches
            if not (branch.start and start)
        )
        return start, start + Automaton(held).ends(text[start:])[-1]

    @property
    def literal(self) -> str:
        """The longest run of characters that any match must contain; empty when there is none."""
        if len(self.branches) != 1:
            return ""
        best, run = "", ""
        for piece in self.branches[0].pieces:
            single = piece.signs.bit_count() == 1 and piece.signs.bit_length() <= OTHER
            if not single or not piece.low:
                run = ""
                continue
            run += chr(piece.signs.bit_length() - 1) * piece.low
            best = max(best, run, key=len)
            if piece.high != piece.low:
                run = chr(piece.signs.bit_length() - 1) * piece.low
        return best


def _plain(text: str) -> str:
    """The text with everything beyond ASCII made one sign."""
    return text if text.isascii() else _BEYOND.sub(chr(OTHER), text)


class State(dict[str, "State"]):
    """A set of places in the automaton, and which set each character leads to, as far as it was asked."""

    __slots__ = ("automaton", "places")

    def __init__(self, automaton: Automaton, places: int) -> None:
        super().__init__()
        self.automaton, self.places = automaton, places

    def __missing__(self, letter: str) -> State:
        found = self.automaton.step(self.places, ord(letter))
        self[letter] = found
        return found

    __hash__ = object.__hash__  # type: ignore[assignment]


class Automaton:
    """All branches side by side. Place i is before the i-th character; the place after a branch's last is its goal."""

    __slots__ = ("_again", "_by_sign", "_first", "_found", "_goals", "_last", "_skip", "_start", "_states")

    def __init__(self, branches: Iterable[Branch]) -> None:
        self._by_sign = [0] * (OTHER + 1)  # the places a character may stand at
        self._again = self._skip = self._goals = self._last = self._start = self._first = 0
        self._states: dict[int, State] = {}
        at = 0
        for branch in branches:
            self._start |= 1 << at
            if not branch.start:
                self._first |= 1 << at
            for piece in branch.pieces:
                at = self._add(piece, at)
            if branch.end:
                self._last |= 1 << at
            else:
                self._goals |= 1 << at
            at += 1
        self._start, self._first = self._close(self._start), self._close(self._first)
        self._found = State(self, 0)  # where a search that found something ends

    def _add(self, piece: Piece, at: int) -> int:
        size = piece.low + 1 if piece.high is None else piece.high
        if piece.high is None and piece.low:
            size = piece.low
        places = ((1 << size) - 1) << at
        for sign in range(OTHER + 1):
            if piece.signs >> sign & 1:
                self._by_sign[sign] |= places
        self._skip |= ((1 << (size - piece.low)) - 1) << (at + piece.low)
        if piece.high is None:
            self._again |= 1 << (at + size - 1)
        return at + size

    def _close(self, places: int) -> int:
        """With the places that are reached by leaving out what may be left out: one addition carries through a row of them."""
        skip = self._skip
        return places | (((places & skip) + skip) ^ skip)

    def step(self, places: int, sign: int) -> State:
        """Where a character leads, the search beginning anew at every character."""
        taken = places & self._by_sign[sign]
        reached = self._close(taken << 1 | taken & self._again) | self._first
        if reached & self._goals:
            return self._found
        return self._state(reached)

    def _state(self, places: int) -> State:
        state = self._states.get(places)
        if state is None:
            if len(self._states) >= KEPT:
                self._states.clear()
            state = self._states[places] = State(self, places)
        return state

    def search(self, text: str) -> bool:
        """Whether some branch is found in a text."""
        if self._start & self._goals:
            return True
        state, found = self._state(self._start), self._found
        for letter in _plain(text):
            state = state[letter]
            if state is found:
                return True
        return bool(state.places & self._last)

    def ends(self, text: str) -> list[int]:
        """All places in a text (plain) where a match ends."""
        places, ends = self._start, []
        goals = self._goals
        if places & goals or (not text and places & self._last):
            ends.append(0)
        for position, letter in enumerate(text, 1):
            taken = places & self._by_sign[ord(letter)]
            places = self._close(taken << 1 | taken & self._again) | self._first
            if places & goals or (position == len(text) and places & self._last):
                ends.append(position)
        return ends
