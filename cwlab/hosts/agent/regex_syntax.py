"""Regular expressions as RE2 writes them become programs of four instructions. Pure.

One sign is taken by ``One``; ``Split`` goes on at several places at once; ``Assert`` goes on where something holds;
``Match`` is the end. All but ``Split`` and ``Match`` go on at the next place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cwlab.errors import BadInput

MOST_PLACES, MOST_REPEATS, DEEPEST = 10_000, 1_000, 50
Range = tuple[int, int]
LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class One:
    """Takes one sign of a set."""

    ranges: tuple[Range, ...]
    negated: bool = False
    fold: bool = False

    def takes(self, sign: str) -> bool:
        if not sign:
            return False
        signs = (
            {sign, *(each for each in (sign.lower(), sign.upper()) if len(each) == 1)}
            if self.fold
            else {sign}
        )
        inside = any(low <= ord(each) <= high for each in signs for low, high in self.ranges)
        return inside != self.negated


@dataclass(frozen=True, slots=True)
class Split:
    to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assert:
    """``what``: start, end, line start, line end, edge (of a word), no edge."""

    what: str


@dataclass(frozen=True, slots=True)
class Match:
    pass


Instruction = One | Split | Assert | Match
Node = Callable[[int], list[Instruction]]  # the program of a part, given the place it begins at

_DIGIT: tuple[Range, ...] = ((48, 57),)
_SPACE: tuple[Range, ...] = ((9, 10), (12, 13), (32, 32))
_WORD: tuple[Range, ...] = ((48, 57), (65, 90), (95, 95), (97, 122))
_CLASSES = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_POSIX: dict[str, tuple[Range, ...]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}


def parse(text: str) -> tuple[list[Instruction], int]:
    """An expression as a program, and the place it begins at.

    Raises:
        BadInput: it is none, or has what RE2 has not.
    """
    reader = _Reader(text)
    node = reader.branches(0)
    if reader.at < len(text):
        raise reader.wrong("unexpected )")
    program = node(0)
    return [*program, Match()], 0


def _complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    out, start = list[Range](), 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    return (*out, (start, LAST)) if start <= LAST else tuple(out)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise BadInput(text, "is no regular expression.", "Give a text.")
        self.text, self.at = text, 0
        self.flags = frozenset[str]()
        self.places = 0

    def wrong(self, why: str) -> BadInput:
        return BadInput(
            self.text,
            f"is no regular expression: {why}, at position {self.at}.",
            "The agent's are RE2's: no back references, no looking ahead or behind.",
        )

    @property
    def here(self) -> str:
        return self.text[self.at : self.at + 1]

    def took(self, piece: str) -> bool:
        if self.text.startswith(piece, self.at):
            self.at += len(piece)
            return True
        return False

    # -- nodes -------------------------------------------------------------------------------------------------
    def one(self, instruction: Instruction) -> Node:
        return lambda _: [instruction]

    def branches(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.wrong("parentheses are nested too deep")
        flags, found = self.flags, [self.row(depth)]
        while self.took("|"):
            found.append(self.row(depth))
        self.flags = flags

        def either(base: int) -> list[Instruction]:
            # a split to every branch; each but the last ends with a split to the end
            parts, begins, place = list[list[Instruction]](), list[int](), base + 1
            for each in found:
                begins.append(place)
                parts.append(each(place))
                place += len(parts[-1]) + 1
            end = place
            out: list[Instruction] = [Split(tuple(begins))]
            for part in parts:
                out += [*part, Split((end,))]
            return out

        return found[0] if len(found) == 1 else either

    def row(self, depth: int) -> Node:
        found = list[Node]()
        while self.here and self.here not in "|)":
            found.append(self.repeated(depth))

        def then(base: int) -> list[Instruction]:
            out = list[Instruction]()
            for each in found:
                out += each(base + len(out))
            if base + len(out) > MOST_PLACES:
                raise self.wrong("it is too large")
            return out

        return then

    def repeated(self, depth: int) -> Node:
        node, times = self.atom(depth), 0
        while (counts := self._counts()) is not None:
            times += 1
            if times > 1:
                raise self.wrong("invalid nested repetition operator")
            self.took("?")  # lazy or greedy is the same to who asks whether there is a match
            node = self._times(node, *counts)
        return node

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.took(sign):
                return least, most
        if self.here != "{":
            return None
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not (low.isdecimal() and low.isascii()) or not (
            high == "" or (high.isdecimal() and high.isascii())
        ):
            return None  # then { is a sign like any other
        counts = int(low), (int(high) if high else None if comma else int(low))
        if max(counts[0], counts[1] or 0) > MOST_REPEATS or (counts[1] is not None and counts[1] < counts[0]):
            raise self.wrong("invalid repeat count")
        self.at = end + 1
        return counts

    def _times(self, node: Node, low: int, high: int | None) -> Node:
        def again(base: int) -> list[Instruction]:
            out = list[Instruction]()
            for _ in range(low):
                out += node(base + len(out))
                if len(out) > MOST_PLACES:
                    raise self.wrong("it is too large")
            if high is None:
                start = base + len(out)
                body = node(start + 1)
                end = start + len(body) + 2
                return [*out, Split((start + 1, end)), *body, Split((start,))]
            for _ in range(high - low):
                start = base + len(out)
                body = node(start + 1)
                out += [Split((start + 1, start + 1 + len(body))), *body]
                if len(out) > MOST_PLACES:
                    raise self.wrong("it is too large")
            return out

        return again

    def atom(self, depth: int) -> Node:
        sign = self.here
        if sign in "*+?":
            raise self.wrong(f"missing argument to repetition operator {sign}")
        self.at += 1
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return self.one(self._set())
        if sign == ".":
            return self.one(One((), True) if "s" in self.flags else One(((10, 10),), True))
        if sign == "^":
            return self.one(Assert("line start" if "m" in self.flags else "start"))
        if sign == "$":
            return self.one(Assert("line end" if "m" in self.flags else "end"))
        if sign == "\\":
            return self._escape()
        return self.one(self._literal(ord(sign)))

    def _literal(self, code: int) -> One:
        return One(((code, code),), fold="i" in self.flags)

    def _group(self, depth: int) -> Node:
        outside = self.flags
        if self.took("?"):
            if self.took("P<") or (self.text[self.at : self.at + 2] not in ("<=", "<!") and self.took("<")):
                end = self.text.find(">", self.at)
                if end < 0 or not self.text[self.at : end].replace("_", "a").isalnum():
                    raise self.wrong("invalid named capture")
                self.at = end + 1
            else:
                start = self.at
                while self.here and self.here in "imsU-":
                    self.at += 1
                switched = self.text[start : self.at]
                on, _, off = switched.partition("-")
                if self.here not in (":", ")") or switched.count("-") > 1:
                    raise self.wrong("invalid or unsupported Perl syntax: (?" + self.text[start : start + 2])
                self.flags = (self.flags | set(on)) - set(off)
                if self.took(")"):  # from here to the end of the group around it
                    return lambda _: []
                self.at += 1
        node = self.branches(depth + 1)
        self.flags = outside
        if not self.took(")"):
            raise self.wrong("missing closing )")
        return node

    def _escape(self) -> Node:
        if not self.here:
            raise self.wrong("trailing backslash at end of expression")
        sign = self.here
        asserts = {"b": "edge", "B": "no edge", "A": "start", "z": "end"}
        if sign in asserts:
            self.at += 1
            return self.one(Assert(asserts[sign]))
        if sign == "Q":
            end = self.text.find("\\E", self.at)
            quoted = self.text[self.at + 1 : end if end >= 0 else len(self.text)]
            self.at = end + 2 if end >= 0 else len(self.text)
            ones: list[Instruction] = [self._literal(ord(each)) for each in quoted]
            return lambda _: ones
        ranges = self._code()
        return self.one(One(ranges, fold="i" in self.flags))

    def _code(self) -> tuple[Range, ...]:
        """What stands after a backslash, as a set."""
        sign = self.here
        self.at += 1
        if sign.lower() in _CLASSES and sign:
            ranges = _CLASSES[sign.lower()]
            return _complement(ranges) if sign.isupper() else ranges
        if sign in _CONTROLS:
            return ((_CONTROLS[sign],) * 2,)
        if sign == "x":
            digits = self.text[self.at : self.at + 2]
            if self.took("{"):
                end = self.text.find("}", self.at)
                digits = self.text[self.at : max(end, self.at)]
                self.at = end + 1
            else:
                self.at += 2
            try:
                code = int(digits, 16)
            except ValueError:
                raise self.wrong("invalid escape sequence: \\x") from None
            if not 0 <= code <= LAST:
                raise self.wrong("invalid escape sequence: \\x")
            return ((code, code),)
        if not sign or (sign.isascii() and sign.isalnum()):
            raise self.wrong(f"invalid escape sequence: \\{sign}")
        return ((ord(sign),) * 2,)

    def _set(self) -> One:
        negated = self.took("^")
        ranges, first = list[Range](), True
        while first or self.here != "]":
            first = False
            if not self.here:
                raise self.wrong("missing closing ]")
            if self.took("[:"):
                end = self.text.find(":]", self.at)
                name = self.text[self.at : max(end, self.at)]
                plain = name.removeprefix("^")
                if plain not in _POSIX:
                    raise self.wrong(f"invalid character class range: [:{name}:]")
                ranges += _complement(_POSIX[plain]) if name != plain else _POSIX[plain]
                self.at = end + 2
                continue
            low = self._member()
            if (
                self.here == "-"
                and self.text[self.at + 1 : self.at + 2] not in ("]", "")
                and low[0][0] == low[-1][1]
            ):
                self.at += 1
                high = self._member()
                if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                    raise self.wrong("invalid character class range")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        self.at += 1
        return One(tuple(ranges), negated, "i" in self.flags)

    def _member(self) -> tuple[Range, ...]:
        sign = self.here
        self.at += 1
        if sign == "\\":
            return self._code()
        if not sign:
            raise self.wrong("missing closing ]")
        return ((ord(sign),) * 2,)
