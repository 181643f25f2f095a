"""When a schedule falls due next: ``rate(…)`` and the six-field ``cron(…)`` of AWS. Pure.

Sources: EventBridge User Guide, "Cron expressions" and "Rate expressions"; Quartz, whose special characters these are.
All times are UTC; the finest step is a minute.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Protocol

from cwlab.codec import record
from cwlab.errors import BadInput
from cwlab.timeline import DAY, EPOCH, HOUR, MINUTE, to_datetime

UNITS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = {name: n for n, name in enumerate(_MONTHS, 1)}
WEEKDAYS = {name: n for n, name in enumerate(_WEEKDAYS, 1)}
FIRST_YEAR, LAST_YEAR = 1970, 2199


class BadSchedule(BadInput):
    """A schedule expression that cannot be read."""


class Schedule(Protocol):
    """Something that falls due again and again."""

    def after(self, ms: int, base_ms: int) -> int | None:
        """The first instant after ``ms``, or None when there is none. ``base_ms`` is when the schedule was set."""


@record
class Rate:
    """Every so many minutes, hours or days, counted from when the schedule was set."""

    every_ms: int

    def after(self, ms: int, base_ms: int) -> int:
        """The first whole multiple of the interval after ``ms``; the first of all is one interval after the base."""
        return base_ms + max((ms - base_ms) // self.every_ms + 1, 1) * self.every_ms


@record
class Cron:
    """The minutes named by six fields. ``days`` tells the days of one month, in `days_of`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: tuple[str, ...]
    months: frozenset[int]
    day_of_week: tuple[str, ...]
    years: frozenset[int]

    def days_of(self, year: int, month: int) -> list[int]:
        """The days of a month on which it falls due, in order."""
        if year not in self.years or month not in self.months:
            return []
        if self.day_of_month != ("?",):
            return sorted({d for part in self.day_of_month for d in _month_days(part, year, month)})
        return sorted({d for part in self.day_of_week for d in _week_days(part, year, month)})

    def after(self, ms: int, base_ms: int = 0) -> int | None:
        """The first named minute after ``ms``; None when the years are over."""
        start = to_datetime(max(ms, 0) // MINUTE * MINUTE + MINUTE)
        year, month, day, hour, minute = start.year, start.month, start.day, start.hour, start.minute
        last = max(self.years, default=0)
        while year <= last:
            for each in self.days_of(year, month):
                if each < day:
                    continue
                for h in self.hours:
                    if each == day and h < hour:
                        continue
                    for m in self.minutes:
                        if each == day and h == hour and m < minute:
                            continue
                        found = datetime(year, month, each, h, m, tzinfo=UTC)
                        return int((found - EPOCH).total_seconds()) * 1000
            year, month, day, hour, minute = year + month // 12, month % 12 + 1, 1, 0, 0
        return None


@lru_cache(maxsize=512)
def parse(text: str) -> Schedule:
    """Read a schedule expression.

    Args:
        text: ``rate(5 minutes)`` or ``cron(0 12 * * ? *)``.

    Raises:
        BadSchedule: with what is wrong and how to write it.

    >>> parse("rate(1 minute)").after(0, 0)
    60000
    >>> to_datetime(parse("cron(0 12 L FEB ? *)").after(0, 0)).isoformat()
    '1970-02-28T12:00:00+00:00'
    """
    if found := re.fullmatch(r"rate\(\s*([0-9]+)\s+(minute|hour|day)(s?)\s*\)", text):
        count = int(found[1])
        if count == 0:
            raise BadSchedule(text, "a rate is a positive number.", "Write rate(1 minute).")
        if (count == 1) == bool(found[3]):
            right = f"rate({count} {found[2]}{'' if count == 1 else 's'})"
            raise BadSchedule(text, "1 takes the singular, everything else the plural.", f"Write {right}.")
        return Rate(count * UNITS[found[2]])
    if text.startswith("rate("):
        raise BadSchedule(
            text, "a rate is a number and minute(s), hour(s) or day(s).", "Write rate(5 minutes)."
        )
    if found := re.fullmatch(r"cron\((.*)\)", text):
        return _cron(text, found[1].upper().split())
    raise BadSchedule(text, "is neither rate(…) nor cron(…).", "Write rate(5 minutes) or cron(0 12 * * ? *).")


def _cron(text: str, fields: list[str]) -> Cron:
    if len(fields) != 6:
        raise BadSchedule(
            text,
            f"cron has six fields, and here are {len(fields)}.",
            "Write minutes, hours, day-of-month, month, day-of-week, year: cron(0 12 * * ? *).",
        )
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise BadSchedule(
            text,
            "one of day-of-month and day-of-week must be ?, and only one.",
            "Write cron(0 12 * * ? *), or cron(0 12 ? * MON-FRI *).",
        )
    return Cron(
        tuple(sorted(_numbers(text, minutes, "minutes", 0, 59))),
        tuple(sorted(_numbers(text, hours, "hours", 0, 23))),
        _checked(text, day_of_month, "day-of-month", _is_month_day),
        frozenset(_numbers(text, month, "month", 1, 12, MONTHS)),
        _checked(text, day_of_week, "day-of-week", _is_week_day),
        frozenset(_numbers(text, year, "year", FIRST_YEAR, LAST_YEAR)),
    )


def _numbers(
    text: str, value: str, field: str, low: int, high: int, names: dict[str, int] | None = None
) -> set[int]:
    """The numbers a field stands for: ``*``, lists, ranges, steps, names. A range may run over the end (22-2)."""
    found: set[int] = set()
    for part in value.split(","):
        numbers = _range(part, low, high, names or {})
        if numbers is None:
            raise BadSchedule(
                text, f"{part!r} is no value of the field {field} ({low}-{high}).", "See * , - /."
            )
        found |= numbers
    return found


def _range(part: str, low: int, high: int, names: dict[str, int]) -> set[int] | None:
    """One part of a list; None when it cannot be read."""
    one = r"([0-9]+|[A-Z]{3})"
    match = re.fullmatch(rf"(?:(\*)|{one}(?:-{one})?)(?:/([0-9]+))?", part)
    if match is None:
        return None
    star, first, last, step = match.groups()
    every = 1 if step is None else int(step)
    if star:
        start, end = low, high
    else:
        start = names.get(first, int(first) if first.isdigit() else low - 1)
        end = start if last is None else names.get(last, int(last) if last.isdigit() else low - 1)
        if not (low <= start <= high and low <= end <= high):
            return None
        if last is None and step is not None:
            end = high
    if every < 1:
        return None
    span = high - low + 1
    length = (end - start) % span
    return {low + (start - low + n) % span for n in range(0, length + 1, every)}


def _checked(text: str, value: str, field: str, good: Callable[[str], bool]) -> tuple[str, ...]:
    """A field of days, kept as its parts: what they stand for depends on the month."""
    parts = tuple(value.split(","))
    if parts == ("?",):
        return parts
    for part in parts:
        if not good(part):
            raise BadSchedule(text, f"{part!r} is no value of the field {field}.", "See * , - / L W #.")
    if any("#" in part for part in parts) and len(parts) > 1:
        raise BadSchedule(text, "with # the field day-of-week holds one expression only.", "Write two rules.")
    return parts


def _is_month_day(part: str) -> bool:
    if part in ("L", "LW") or re.fullmatch("L-([1-9]|[12][0-9]|30)", part):
        return True
    weekday = re.fullmatch("([0-9]+)W", part)
    return 1 <= int(weekday[1]) <= 31 if weekday else _range(part, 1, 31, {}) is not None


_WEEKDAY = "([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"


def _is_week_day(part: str) -> bool:
    special = part == "L" or re.fullmatch(f"{_WEEKDAY}(L|#[1-5])", part) is not None
    return special or _range(part, 1, 7, WEEKDAYS) is not None


def _month_days(part: str, year: int, month: int) -> set[int]:
    """The days of a month that one part of day-of-month names."""
    last = calendar.monthrange(year, month)[1]
    if part == "L":
        return {last}
    if part == "LW":
        return {_nearest_weekday(year, month, last)}
    if part.startswith("L-"):
        day = last - int(part[2:])
        return {day} if day >= 1 else set()
    if part.endswith("W"):
        day = int(part[:-1])
        return {_nearest_weekday(year, month, day)} if day <= last else set()
    return {day for day in _range(part, 1, 31, {}) or () if day <= last}


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The weekday nearest to a day; it does not leave the month."""
    last = calendar.monthrange(year, month)[1]
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < last else day - 2
    return day


def _week_days(part: str, year: int, month: int) -> set[int]:
    """The days of a month that one part of day-of-week names; 1 is Sunday."""
    first, last = calendar.monthrange(year, month)
    sunday_is_1 = (first + 1) % 7 + 1  # the weekday of the first of the month
    if special := re.fullmatch(f"{_WEEKDAY}(L|#([1-5]))", part):
        weekday = WEEKDAYS.get(special[1]) or int(special[1])
        days = range(1 + (weekday - sunday_is_1) % 7, last + 1, 7)
        if special[2] == "L":
            return {days[-1]}
        number = int(special[3])
        return {days[number - 1]} if number <= len(days) else set()
    wanted = {7} if part == "L" else _range(part, 1, 7, WEEKDAYS) or set()
    return {day for day in range(1, last + 1) if (sunday_is_1 - 1 + day - 1) % 7 + 1 in wanted}
