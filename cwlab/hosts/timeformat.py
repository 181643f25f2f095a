"""The agent's time formats: symbols such as ``%b %d %H:%M:%S``, found anywhere in a line. Pure.

Source: agent configuration, "timestamp_format". The hosts' own clocks run in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from cwlab.errors import BadInput
from cwlab.timeline import DAYS, EPOCH, MONTHS, to_datetime

_SHORT_MONTHS = "|".join(name[:3] for name in MONTHS)
_SYMBOLS = {
    "%y": ("year2", r"\d{2}"),
    "%Y": ("year", r"\d{4}"),
    "%b": ("month_name", f"(?i:{_SHORT_MONTHS})"),
    "%B": ("month_name", f"(?i:{'|'.join(MONTHS)})"),
    "%m": ("month", r"[ ]?\d{1,2}"),
    "%-m": ("month", r"[ ]?\d{1,2}"),
    "%d": ("day", r"[ ]?\d{1,2}"),
    "%-d": ("day", r"[ ]?\d{1,2}"),
    "%A": ("", f"(?i:{'|'.join(DAYS)})"),
    "%a": ("", f"(?i:{'|'.join(name[:3] for name in DAYS)})"),
    "%H": ("hour", r"\d{2}"),
    "%I": ("hour12", r"\d{2}"),
    "%-I": ("hour12", r"\d{1,2}"),
    "%p": ("half", r"(?i:AM|PM)"),
    "%M": ("minute", r"\d{2}"),
    "%-M": ("minute", r"\d{1,2}"),
    "%S": ("second", r"\d{2}"),
    "%-S": ("second", r"\d{1,2}"),
    "%f": ("fraction", r"\d{1,9}"),
    "%Z": ("zone", r"[A-Z]{1,5}"),
    "%z": ("offset", r"[+-]\d{2}:?\d{2}|Z"),
}


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A time format, ready to be found in lines."""

    text: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]

    def find(self, line: str, now_ms: int) -> tuple[int, int, int] | None:
        """The first time in a line: the instant in ms, and from where to where it stands; None when there is none.

        Args:
            now_ms: what a format without a year, or without a day, takes from.
        """
        match = self.pattern.search(line)
        if match is None:
            return None
        parts = {name: match[i + 1] for i, name in enumerate(self.names)}
        at = _instant(parts, to_datetime(now_ms))
        return None if at is None else ((at - EPOCH) // timedelta(milliseconds=1), *match.span())


@lru_cache(maxsize=256)
def compiled(text: str) -> TimeFormat:
    """A format as something that finds times.

    Raises:
        BadInput: no symbol, or one the agent does not know.
    """
    out, names, i = "", list[str](), 0
    if not isinstance(text, str) or "%" not in text:
        raise BadInput(text, "holds no symbol of a time.", f"Use {' '.join(_SYMBOLS)}.")
    while i < len(text):
        symbol = text[i : i + 3] if text[i : i + 2] == "%-" else text[i : i + 2]
        if text[i] != "%":
            out += re.escape(text[i])
            i += 1
            continue
        if symbol not in _SYMBOLS:
            raise BadInput(symbol, f"is no symbol of a time, in {text!r}.", f"Use {' '.join(_SYMBOLS)}.")
        name, pattern = _SYMBOLS[symbol]
        if name and name in names:
            raise BadInput(symbol, f"comes twice, in {text!r}.", "Name each part of the time once.")
        out += f"({pattern})" if name else f"(?:{pattern})"
        names += [name] if name else []
        i += len(symbol)
    return TimeFormat(text, re.compile(out), tuple(names))


def _instant(parts: dict[str, str], now: datetime) -> datetime | None:
    """The instant that parts of a time name; what they leave out is the year of now, January, the first, midnight."""
    year = now.year
    if "year" in parts:
        year = int(parts["year"])
    elif "year2" in parts:
        year = int(parts["year2"]) + (1900 if int(parts["year2"]) >= 69 else 2000)
    month = int(parts.get("month", 1))
    if "month_name" in parts:
        month = 1 + [name[:3].lower() for name in MONTHS].index(parts["month_name"][:3].lower())
    hour = int(parts.get("hour", 0))
    if "hour12" in parts:
        hour = int(parts["hour12"])
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts.get("half", "AM").upper() == "PM" else 0)
    micros = int(parts.get("fraction", "0").ljust(9, "0")[:6])
    offset = parts.get("offset", "Z")
    zone = UTC
    if offset != "Z":
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        if hours > 23 or minutes > 59:
            return None
        zone = timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1))
    try:
        return datetime(
            year,
            month,
            int(parts.get("day", 1)),
            hour,
            int(parts.get("minute", 0)),
            int(parts.get("second", 0)),
            micros,
            zone,
        )
    except ValueError:
        return None  # 31 February: no time at all


def written(text: str, at_ms: int) -> str:
    """An instant in a format, in UTC."""
    at, out, i = to_datetime(at_ms), "", 0
    compiled(text)
    values = {
        "%y": f"{at.year % 100:02d}", "%Y": f"{at.year:04d}", "%b": MONTHS[at.month - 1][:3],
        "%B": MONTHS[at.month - 1], "%m": f"{at.month:02d}", "%-m": str(at.month), "%d": f"{at.day:02d}",
        "%-d": str(at.day), "%A": DAYS[at.weekday()], "%a": DAYS[at.weekday()][:3], "%H": f"{at.hour:02d}",
        "%I": f"{at.hour % 12 or 12:02d}", "%-I": str(at.hour % 12 or 12), "%p": "AM" if at.hour < 12 else "PM",
        "%M": f"{at.minute:02d}", "%-M": str(at.minute), "%S": f"{at.second:02d}", "%-S": str(at.second),
        "%f": f"{at.microsecond // 1000:03d}", "%Z": "UTC", "%z": "+0000",
    }  # fmt: skip
    while i < len(text):
        symbol = text[i : i + 3] if text[i : i + 2] == "%-" else text[i : i + 2]
        out += values.get(symbol, text[i])
        i += len(symbol) if symbol in values else 1
    return out
