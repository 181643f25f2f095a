"""When a mute rule's windows are: from its expression, duration and time zone. Pure.

    >>> nightly = read("cron(0 2 * * *)", "PT4H", "Europe/Berlin")
    >>> to_datetime(nightly.next_start(to_ms("2026-03-02T09:00:00Z"))).isoformat()
    '2026-03-03T01:00:00+00:00'
    >>> nightly.window_at(to_ms("2026-03-03T06:00:00Z")) is None
    True

Source: API reference, PutAlarmMuteRule; user guide, ``alarm-mute-rules``. Five fields in the order of Unix cron, with
``*``, ``,`` and ``-``. Where both days are given, either will do, as with Unix cron (AWS does not say). Texts are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cwlab.errors import AwsError
from cwlab.timeline import DAY, HOUR, MINUTE, to_datetime, to_ms

LONGEST_MS = 15 * DAY
YEARS_AHEAD = 9  # the longest wait for a 29 February
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)")
_CRON = re.compile(r"cron\((.*)\)")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS = (  # name, least, most, names and what the first of them stands for
    ("minutes", 0, 59, (), 0),
    ("hours", 0, 23, (), 0),
    ("day of month", 1, 31, (), 0),
    ("month", 1, 12, _MONTHS, 1),
    ("day of week", 0, 7, _DAYS, 0),
)


class Window(NamedTuple):
    """From ``start_ms`` on, up to and without ``end_ms``."""

    start_ms: int
    end_ms: int


class MuteSchedule(NamedTuple):
    """``once`` is the only start of an ``at`` expression; otherwise the five fields, as the sets of what they allow.

    Args:
        either: both days are restricted, and one of them is enough.
    """

    duration_ms: int
    zone: str
    once: int | None = None
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    either: bool = False

    def window_at(self, ms: int) -> Window | None:
        """The window an instant lies in; of several the last that began."""
        start = self._last_start(ms)
        return Window(start, start + self.duration_ms) if start is not None else None

    def _last_start(self, ms: int) -> int | None:
        if self.once is not None:
            return self.once if self.once <= ms < self.once + self.duration_ms else None
        here = to_datetime(ms).astimezone(ZoneInfo(self.zone)).date()
        for back in range(self.duration_ms // DAY + 3):
            for start in reversed(self._starts(here - timedelta(days=back))):
                if start <= ms:
                    return start if ms < start + self.duration_ms else None
        return None

    def next_start(self, ms: int) -> int | None:
        """The first start after an instant; None when there is none any more."""
        if self.once is not None:
            return self.once if self.once > ms else None
        here = to_datetime(ms).astimezone(ZoneInfo(self.zone)).date()
        for ahead in range(-1, 366 * YEARS_AHEAD):
            for start in self._starts(here + timedelta(days=ahead)):
                if start > ms:
                    return start
        return None

    def _starts(self, day: date) -> list[int]:
        """The starts of one day, by the clock of the zone."""
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if day.month not in self.months or not (of_month or of_week if self.either else of_month and of_week):
            return []
        zone = ZoneInfo(self.zone)
        found = [
            to_ms(datetime.combine(day, time(hour, minute), zone).astimezone(UTC))
            for hour in self.hours
            for minute in self.minutes
        ]
        return sorted(set(found))


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def read(expression: str, duration: str, zone: str | None) -> MuteSchedule:
    """A rule's schedule.

    Raises:
        AwsError: ValidationError, naming the part that cannot be read.
    """
    name = zone or "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, "Europe"
        raise _refused(f"Timezone {name} is not a time zone of the IANA database.") from None
    length = _length(duration)
    if found := _AT.fullmatch(expression):
        try:
            local = datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(name))
        except ValueError:
            raise _refused(f"Expression {expression} names no date and time.") from None
        return MuteSchedule(length, name, once=to_ms(local.astimezone(UTC)))
    fields = found[1].split() if (found := _CRON.fullmatch(expression)) else []
    if len(fields) != len(_FIELDS):
        raise _refused(
            f"Expression {expression} must be cron(minutes hours day-of-month month day-of-week) or "
            "at(yyyy-MM-ddThh:mm)."
        )
    sets = [_allowed(text, *field) for text, field in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = sets
    schedule = MuteSchedule(
        length,
        name,
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either="*" not in (fields[2], fields[4]),
    )
    if schedule.next_start(0) is None:
        raise _refused(f"Expression {expression} never falls due.")
    return schedule


def _length(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise _refused(f"Duration {duration} is not an ISO 8601 duration of days, hours and minutes.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    length = days * DAY + hours * HOUR + minutes * MINUTE
    if not MINUTE <= length <= LONGEST_MS:
        raise _refused(f"Duration {duration} must be between PT1M and P15D.")
    return length


def _allowed(
    text: str, field: str, least: int, most: int, names: Sequence[str], first: int
) -> frozenset[int]:
    """What a field of cron allows."""

    def number(word: str) -> int:
        if word.upper() in names:
            return names.index(word.upper()) + first
        if not word.isdecimal() or not least <= int(word) <= most:
            raise _refused(f"{text!r} is not a value for the {field} of a cron expression.")
        return int(word)

    if text == "*":
        return frozenset(range(least, most + 1))
    found: set[int] = set()
    for part in text.split(","):
        begin, dash, end = part.partition("-")
        low = number(begin)
        high = number(end) if dash else low
        if high < low:
            raise _refused(f"{text!r} is not a value for the {field} of a cron expression.")
        found.update(range(low, high + 1))
    return frozenset(found)
