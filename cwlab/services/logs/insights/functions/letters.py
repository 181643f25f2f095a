"""The letters of a date's format, as Java has them, and what the engine calls them.

>>> [piece.output or piece.text for piece in pieces("dd/MMM/yyyy 'at' HH:mm")]
['%d', '/', '%b', '/', '%Y', ' at ', '%H', ':', '%M']
>>> pieces("yyyy-QQ")
'QQ'
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cwlab.timeline import DAYS, MONTHS

_TOKEN = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z']+)")


class Piece(NamedTuple):
    """A part of a format.

    Args:
        meaning: what it tells; None for text that stands for itself.
        output: how the engine writes it; for a zone, how its offset is written.
        pattern: what it looks like in a text.
        engine: how the engine reads it.
        width: cut what the engine writes to so many letters; 0 leaves it.
    """

    text: str
    meaning: str | None = None
    output: str = ""
    pattern: str = ""
    engine: str = ""
    width: int = 0


_TWO, _ONE = "[0-9]{2}", "[0-9]{1,2}"


def _digits(meaning: str, letter: str, directive: str) -> dict[str, Piece]:
    """One letter for a number as it is, two for two digits."""
    return {
        letter: Piece("", meaning, f"%-{directive}", _ONE, f"%{directive}"),
        letter * 2: Piece("", meaning, f"%{directive}", _TWO, f"%{directive}"),
    }


LETTERS: dict[str, Piece] = {
    "yyyy": Piece("", "year", "%Y", "[0-9]{4}", "%Y"),
    "yy": Piece("", "year", "%y", _TWO, "%y"),
    **_digits("month", "M", "m"),
    "MMM": Piece("", "month", "%b", "|".join(each[:3] for each in MONTHS), "%b"),
    "MMMM": Piece("", "month", "%B", "|".join(MONTHS), "%B"),
    **_digits("day", "d", "d"),
    "DDD": Piece("", "dayofyear", "%j", "[0-9]{3}", "%j"),
    "EEE": Piece("", "weekday", "%a", f"(?:{'|'.join(each[:3] for each in DAYS)})"),
    "EEEE": Piece("", "weekday", "%A", f"(?:{'|'.join(DAYS)})"),
    **_digits("hour", "H", "H"),
    **_digits("hour", "h", "I"),
    "a": Piece("", "half", "%p", "[AP]M", "%p"),
    **_digits("minute", "m", "M"),
    **_digits("second", "s", "S"),
    **{"S" * n: Piece("", "fraction", "%f", f"[0-9]{{{n}}}", "%f", n) for n in (1, 2, 4, 5)},
    "SSS": Piece("", "fraction", "%g", "[0-9]{3}", "%f"),
    "SSSSSS": Piece("", "fraction", "%f", "[0-9]{6}", "%f"),
    "X": Piece("", "zone", "hoursZ", "Z|[+-][0-9]{2}(?:[0-9]{2})?", "%z"),
    "XX": Piece("", "zone", "plainZ", "Z|[+-][0-9]{4}", "%z"),
    "XXX": Piece("", "zone", "colonZ", "Z|[+-][0-9]{2}:[0-9]{2}", "%z"),
    "xxx": Piece("", "zone", "colon", "[+-][0-9]{2}:[0-9]{2}", "%z"),
    "Z": Piece("", "zone", "plain", "[+-][0-9]{4}", "%z"),
}
_SAME = {"uuuu": "yyyy", "y": "yyyy", "u": "yyyy", "E": "EEE", "EE": "EEE", "xx": "Z", "ZZ": "Z", "ZZZ": "Z"}

C_DIRECTIVES = frozenset(
    [
        "%Y",
        "%y",
        "%m",
        "%-m",
        "%b",
        "%B",
        "%d",
        "%-d",
        "%j",
        "%H",
        "%-H",
        "%I",
        "%-I",
        "%p",
        "%M",
        "%-M",
        "%S",
        "%-S",
        "%g",
        "%f",
        "%a",
        "%A",
        "%u",
        "%w",
        "%%",
    ]
)


def pieces(written: str) -> list[Piece] | str:
    """The parts of a format, or the letters in it that mean nothing here."""
    found: list[Piece] = []
    at = 0
    while at < len(written):
        token = _TOKEN.match(written, at)
        if token is None:
            return "a ' that is not closed"
        quoted, letters, _, other = token.groups()
        if letters is not None:
            piece = LETTERS.get(_SAME.get(letters, letters))
            if piece is None:
                return str(letters)
            found.append(piece)
        else:
            plain = other if other is not None else (quoted.replace("''", "'") or "'")
            if found and found[-1].meaning is None:
                found[-1] = Piece(found[-1].text + plain)
            else:
                found.append(Piece(plain))
        at = token.end()
    return found
