"""How a text is read by a date's format: looked at as a whole, then rewritten in one order."""

from __future__ import annotations

import re
from typing import NamedTuple

from cwlab.services.logs.insights.functions.letters import Piece


class Reading(NamedTuple):
    """How a format is read.

    Args:
        pattern: what a text looks like that fits; its groups are the parts that count.
        rebuilt: those parts in one order, by the numbers of the groups.
        engine: how the engine reads that.
        zoned: the text tells its zone.
    """

    pattern: str
    rebuilt: str
    engine: str
    zoned: bool


# The order, what stands before a part, and what it is where a format leaves it out.
_ORDER = (
    ("year", "", "1970", "%Y"),
    ("month", "-", "01", "%m"),
    ("day", "-", "01", "%d"),
    ("dayofyear", "-", "", ""),
    ("hour", " ", "00", "%H"),
    ("minute", ":", "00", "%M"),
    ("second", ":", "00", "%S"),
    ("fraction", ".", "", ""),
    ("half", " ", "", ""),
    ("zone", " ", "", ""),
)


def reading(found: list[Piece]) -> Reading | str:
    r"""How to read what is written like this, or what it says twice.

    >>> from cwlab.services.logs.insights.functions.letters import pieces
    >>> how = reading(pieces("dd/MM/yyyy HH"))
    >>> how.rebuilt, how.engine
    ('\\3-\\2-\\1 \\4:00:00', '%Y-%m-%d %H:%M:%S')
    """
    pattern, groups = "", dict[str, tuple[int, Piece]]()
    for piece in found:
        if piece.meaning is None:
            pattern += re.escape(piece.text)
        elif piece.meaning == "weekday":
            pattern += piece.pattern  # the date tells it
        elif piece.meaning in groups:
            return f"the {piece.meaning} twice"
        else:
            groups[piece.meaning] = (len(groups) + 1, piece)
            pattern += f"({piece.pattern})"
    if "dayofyear" in groups and not groups.keys().isdisjoint(("month", "day")):
        return "the day of the year beside the day"
    if "half" in groups and ("hour" not in groups or groups["hour"][1].engine == "%H"):
        del groups["half"]  # an hour of 24 tells it
    rebuilt, engine = "", ""
    for part, before, default, directive in _ORDER:
        if part in groups:
            number, piece = groups[part]
            rebuilt += f"{before}\\{number}"
            engine += before + piece.engine
        elif default and not ("dayofyear" in groups and part in ("month", "day")):
            rebuilt += before + default
            engine += before + directive
    return Reading(pattern, rebuilt, engine, "zone" in groups)
