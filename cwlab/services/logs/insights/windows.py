"""The window that ``diff`` compares with: as long as the query's, and earlier. Source: user guide, diff.

>>> earlier((10_000, 19_000), "")
(999, 9999)
"""

from __future__ import annotations

import calendar

from cwlab.timeline import DAY, to_datetime, to_ms

AGAINST = {"previousday": "previousDay", "previousweek": "previousWeek", "previousmonth": "previousMonth"}


def earlier(span: tuple[int, int], against: str) -> tuple[int, int]:
    """The window to compare with, ms, both ends included.

    Args:
        span: the query's, likewise.
        against: previousDay, previousWeek or previousMonth: the same time then, of a month that is too short its last day;
            empty for the window that ends just before the query's begins.
    """
    start, end = span
    match against:
        case "previousDay":
            shift = DAY
        case "previousWeek":
            shift = 7 * DAY
        case "previousMonth":
            shift = start - _a_month_before(start)
        case _:
            shift = end - start + 1
    return start - shift, end - shift


def _a_month_before(at_ms: int) -> int:
    at = to_datetime(at_ms)
    year, month = (at.year, at.month - 1) if at.month > 1 else (at.year - 1, 12)
    day = min(at.day, calendar.monthrange(year, month)[1])
    return to_ms(at.replace(year=year, month=month, day=day))
