"""How log lines write their time: the usual ways, found by looking, and your own, in strptime's symbols.

Each way is a regular expression with named parts (``Y m b d H I p M S f z epoch``), or a field of a JSON document.
A time without a zone is UTC. Pure.

Sources: RFC 3164 and 5424 (syslog), ISO 8601, Apache HTTP Server "Log Files"; the symbols are those of the
CloudWatch agent's ``timestamp_format``.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from cwlab.errors import BadInput

MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if n}
TIME_FIELDS = ("timestamp", "@timestamp", "time", "ts", "eventTime", "datetime", "date")
LOOKED_AT = 200  # lines at which a format is found
_MONTH = "(?P<b>[A-Z][a-z]{2})"
_CLOCK = r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(NamedTuple):
    """A time as written. ``day`` is (year or None, month, day); ``ms`` counts from midnight, the zone taken off."""

    day: tuple[int | None, int, int]
    ms: int


class NoSuchTime(ValueError):
    """A text in the form of a time that is none: the 30th of February."""


@dataclass(frozen=True)
class Format:
    """One way to write the time.

    Args:
        name: for people.
        pattern: finds it in a line; None where it is a field of a JSON document.
        field: that field.
    """

    name: str
    pattern: re.Pattern[str] | None
    field: str = ""

    @property
    def yearless(self) -> bool:
        """Whether the year is left out."""
        return self.pattern is not None and not {"Y", "y", "epoch"} & set(self.pattern.groupindex)

    def find(self, line: str) -> Moment | None:
        """The time of a line, or None where it has none.

        Raises:
            NoSuchTime: it looks like one and is none.
        """
        if self.pattern is None:
            return _in_document(line, self.field)
        found = self.pattern.search(line)
        return None if found is None else _moment(found.groupdict())

    def fits(self, line: str) -> bool:
        """Whether a line has a time in this format, good or not."""
        try:
            return self.find(line) is not None
        except NoSuchTime:
            return True


KNOWN = (
    Format(
        "ISO 8601",
        re.compile(
            r"^(?:<\d{1,3}>)?(?:\d )?\[?(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[T ]" + _CLOCK
            + r"(?:\.(?P<f>\d{1,9})|,(?P<g>\d{3}|\d{6})(?![\d.]))?\s?(?P<z>Z|[+-]\d\d:?\d\d)?"
        ),
    ),
    Format("syslog, which leaves out the year",
           re.compile(rf"^(?:<\d{{1,3}}>)?{_MONTH} {{1,2}}(?P<d>\d{{1,2}}) {_CLOCK}(?:\.(?P<f>\d{{1,9}}))?\b")),
    Format("Apache's error log",
           re.compile(rf"^\[[A-Z][a-z]{{2}} {_MONTH} (?P<d>\d\d) {_CLOCK}(?:\.(?P<f>\d{{1,9}}))? (?P<Y>\d{{4}})\]")),
    Format("the common log format",
           re.compile(rf"\[(?P<d>\d\d)/{_MONTH}/(?P<Y>\d{{4}}):{_CLOCK}(?: (?P<z>[+-]\d{{4}}))?\]")),
    Format("seconds since 1970", re.compile(r"^\[?(?P<epoch>\d{10}(?:\.\d{1,9})?)(?!\d)")),
    Format("milliseconds since 1970", re.compile(r"^\[?(?P<epoch>\d{13})(?!\d)")),
    Format(
        "ISO 8601, further on in the line",
        re.compile(r"(?<!\d)(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[T ]" + _CLOCK + r"(?:\.(?P<f>\d{1,9}))?(?P<z>Z|[+-]\d\d:?\d\d)?"),
    ),
)  # fmt: skip


_DOCUMENTS = tuple(Format(f"the JSON field {field!r}", None, field) for field in TIME_FIELDS)
_CHOICES = (*KNOWN[:-1], *_DOCUMENTS, KNOWN[-1])  # of formats that fit as well, the first is taken


def detect(lines: Iterable[str]) -> Format | None:
    """The format in which most of the lines write their time; None when there is no time in any.

    >>> detect(["Dec 10 06:55:46 host sshd[24200]: Invalid user"]).name
    'syslog, which leaves out the year'
    """
    sample = [line for line in lines if line.strip()]
    scores = [sum(map(form.fits, sample)) for form in _CHOICES]
    best = max(scores)
    return _CHOICES[scores.index(best)] if best else None


_SYMBOLS = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>\d{1,2})",
    "b": "(?P<b>[A-Za-z]{3})",
    "B": "(?P<b>[A-Za-z]{3,9})",
    "d": r" ?(?P<d>\d{1,2})",
    "H": r" ?(?P<H>\d{1,2})",
    "I": r" ?(?P<I>\d{1,2})",
    "p": "(?P<p>[AaPp][Mm])",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "z": r"(?P<z>Z|[+-]\d\d:?\d\d)",
    "Z": "(?:[A-Z]{1,5})",
    "a": "(?:[A-Za-z]{3})",
    "A": "(?:[A-Za-z]{6,9})",
    "s": r"(?P<epoch>\d{9,11}(?:\.\d{1,9})?)",
    "%": "%",
}


def custom(symbols: str) -> Format:
    """A format written in symbols, found anywhere in a line.

    Args:
        symbols: as ``%d.%m.%Y %H:%M:%S``. A time zone's name (``%Z``) is passed over; ``%-d`` is ``%d``.

    Raises:
        BadInput: a symbol is unknown, stands twice, or the day cannot be told.

    >>> custom("%d/%m/%y %I:%M %p").find("at 02/03/26 9:05 PM: hello")
    Moment(day=(2026, 3, 2), ms=75900000)
    """
    expression, at = "", 0
    while at < len(symbols):
        letter = symbols[at]
        if letter != "%":
            expression += r"\s+" if letter.isspace() else re.escape(letter)
            at += 1
            continue
        name = symbols[at + 1 : at + 2]
        if name == "-":
            at += 1
            name = symbols[at + 1 : at + 2]
        if name not in _SYMBOLS or not name:
            known = " ".join(f"%{each}" for each in _SYMBOLS)
            raise BadInput(symbols, f"%{name} is no symbol for a part of a time.", f"There are {known}.")
        expression += _SYMBOLS[name]
        at += 2
    try:
        pattern = re.compile(expression)
    except re.error:
        raise BadInput(symbols, "a part of the time stands twice.", "Write each symbol once.") from None
    parts = set(pattern.groupindex)
    if "epoch" not in parts and not ({"m", "b"} & parts and {"d"} <= parts):
        raise BadInput(symbols, "has no day and month.", "Write %d with %m or %b, as in %b %d %H:%M:%S.")
    return Format(f"times as {symbols}", pattern)


def _in_document(line: str, field: str) -> Moment | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(line)
        value = document.get(field)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        return next(
            (found for form in KNOWN if not form.yearless and (found := form.find(value)) is not None), None
        )
    return _since_1970(value * 1000 if value < 1e11 else value)


def _since_1970(ms: float) -> Moment:
    try:
        day, rest = divmod(round(ms), 86_400_000)
        when = _EPOCH + timedelta(days=day)
    except (OverflowError, ValueError):
        raise NoSuchTime(f"{ms} ms") from None
    return Moment((when.year, when.month, when.day), rest)


def _moment(parts: Mapping[str, Any]) -> Moment:
    """The time that named parts stand for."""
    if parts.get("epoch"):
        number = float(parts["epoch"])
        return _since_1970(number * 1000 if number < 1e11 else number)
    month = int(parts["m"]) if parts.get("m") else MONTHS.get((parts.get("b") or "")[:3].lower(), 0)
    day, year = int(parts["d"]), _year(parts)
    hour = int(parts.get("H") or parts.get("I") or 0)
    if parts.get("p"):
        hour = hour % 12 + (12 if parts["p"].lower() == "pm" else 0)
    minute, second = int(parts.get("M") or 0), int(parts.get("S") or 0)
    if hour > 23 or minute > 59 or second > 60:
        raise NoSuchTime(f"{hour}:{minute}:{second}")
    fraction = (parts.get("f") or parts.get("g") or "0")[:3].ljust(3, "0")
    ms = ((hour * 60 + minute) * 60 + min(second, 59)) * 1000 + int(fraction)
    try:
        date(year if year is not None else 2000, month, day)  # 2000 has every day a year can have
    except ValueError:
        raise NoSuchTime(f"{year}-{month}-{day}") from None
    return Moment((year, month, day), ms - _offset_ms(parts.get("z")))


def _year(parts: Mapping[str, Any]) -> int | None:
    if parts.get("Y"):
        return int(parts["Y"])
    if parts.get("y"):
        short = int(parts["y"])
        return short + (2000 if short < 69 else 1900)  # as strptime has it
    return None


def _offset_ms(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000
