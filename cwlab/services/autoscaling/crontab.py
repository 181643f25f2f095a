"""When a recurring action falls due next: the five fields of Unix cron, in a time zone.

Pure; the days are found by `cwlab.schedule`, whose six fields say the same. Source: EC2 Auto Scaling guide "Scheduled
scaling", which refers to crontab.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from functools import lru_cache
from zoneinfo import ZoneInfo

from cwlab import schedule
from cwlab.errors import BadInput
from cwlab.timeline import to_datetime, to_ms

_FIELD = re.compile(
    r"(?:\*|[0-9A-Z]+(?:-[0-9A-Z]+)?)(?:/[0-9]+)?(?:,(?:\*|[0-9A-Z]+(?:-[0-9A-Z]+)?)(?:/[0-9]+)?)*"
)


class BadCrontab(BadInput):
    """A recurrence that cannot be read."""


@lru_cache(maxsize=256)
def read(text: str) -> tuple[schedule.Schedule, ...]:
    """The schedules a recurrence stands for: where both the day of the month and of the week are named, either will do.

    Args:
        text: minute, hour, day of month, month, day of week (0 and 7 are Sunday).

    Raises:
        BadCrontab: it cannot be read.
    """
    fields = text.upper().split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        raise BadCrontab(
            text,
            "is no recurrence: minute, hour, day of month, month, day of week.",
            'Write "30 8 * * 1-5".',
        )
    minute, hour, day, month, weekday = fields
    weekday = _shifted(weekday)
    both = []
    if weekday == "*" or day != "*":
        both.append(f"cron({minute} {hour} {day} {month} ? *)")
    if weekday != "*":
        both.append(f"cron({minute} {hour} ? {month} {weekday} *)")
    try:
        return tuple(schedule.parse(each) for each in both)
    except schedule.BadSchedule as problem:
        raise BadCrontab(text, f"is no recurrence: {problem}") from None


def _shifted(weekday: str) -> str:
    """Unix's days of the week, 0 to 7, as AWS's, 1 to 7."""

    def one(match: re.Match[str]) -> str:
        number = int(match[0])
        return str(number % 7 + 1) if number <= 7 else match[0] + "0"  # 8 and more stay wrong

    parts = []
    for part in weekday.split(","):
        days, slash, step = part.partition("/")
        parts.append(re.sub(r"[0-9]+", one, days) + slash + step)
    return ",".join(parts)


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, no name at all, a folder
        return False
    return True


def after(text: str, ms: int, zone: str = "UTC") -> int | None:
    """The first instant after `ms` a recurrence names on the clocks of a time zone; None if there is none.

    An hour the clocks skip in spring is made up for right after; one they repeat in autumn counts once.

    >>> to_datetime(after("30 8 * * 1-5", 0, "Etc/UTC")).isoformat()
    '1970-01-01T08:30:00+00:00'
    """
    found = [at for each in read(text) if (at := _next(each.after, ms, ZoneInfo(zone))) is not None]
    return min(found, default=None)


def _next(rule: Callable[[int, int], int | None], ms: int, zone: ZoneInfo) -> int | None:
    wall = to_ms(to_datetime(ms).astimezone(zone).replace(tzinfo=UTC))
    while (found := rule(wall, 0)) is not None:
        at = to_ms(to_datetime(found).replace(tzinfo=zone))
        if at > ms:
            return at
        wall = found
    return None
