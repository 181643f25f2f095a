"""Periods: ``bin(5m)`` is the event's time rounded down. Source: user guide, datetime functions.

A number above what its unit allows is lowered to it without a word: ``bin(300s)`` is ``bin(60s)``. Weeks begin on
Monday; months, quarters and years are those of the calendar, UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights.nodes import Period
from cwlab.services.logs.insights.tree import number, tree
from cwlab.timeline import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_MOST = {"ms": 1000, "s": 60, "m": 60, "h": 24}
_SPAN = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_MONDAY = -3 * DAY  # 1970 began on a Thursday
_BEFORE = (
    62_135_596_800_000 + 7 * DAY
)  # ms from the year 1 to 1970, and a week: the engine's // is no floor below zero
_YEARS, _DAYS_A_YEAR = 10_000, 366


def too_long(period: Period) -> bool:
    """More than the calendar has."""
    months = _MONTHS.get(period.unit)
    if months is not None:
        return period.count * months > 12 * _YEARS
    return _count(period) * _SPAN[period.unit] > _YEARS * _DAYS_A_YEAR * DAY


def _count(period: Period) -> int:
    return min(period.count, _MOST.get(period.unit, period.count))


def floor(time: Expression, period: Period, ahead: int = 0) -> Expression:
    """The beginning of the period that holds an instant, or of one that many periods ahead; ms.

    Args:
        time: ms since 1970.
    """
    count = _count(period)
    if period.unit in _MONTHS:
        months = count * _MONTHS[period.unit]
        shift = -(-1970 * 12 // months) * months
        index = tree(
            "(year(make_timestamp(:t * 1000)) * 12 + month(make_timestamp(:t * 1000)) - 1 - 23640 + :s) // :n * :n - :s + :more",
            t=time,
            s=number(shift),
            n=number(months),
            more=number(23640 + ahead * months),
        )
        return tree(
            """epoch_ms(CAST(make_date(CAST((:i + 240000) // 12 - 20000 AS BIGINT),
               CAST((:i + 240000) % 12 + 1 AS BIGINT), 1) AS TIMESTAMP))""",
            i=index,
        )
    span = count * _SPAN[period.unit]
    shift = -(-_BEFORE // span) * span - (_MONDAY if period.unit == "w" else 0)
    return tree(
        "(:t + :shift) // :n * :n - :back",
        t=time,
        shift=number(shift),
        n=number(span),
        back=number(shift - ahead * span),
    )


def ceiling(time: Expression, period: Period) -> Expression:
    """An instant rounded up."""
    low = floor(time, period)
    return tree("CASE WHEN :low = :t THEN :t ELSE :high END", low=low, t=time, high=floor(time, period, 1))
