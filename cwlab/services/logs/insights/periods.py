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
_MONDAY = 4 * DAY  # 1970 began on a Thursday


def floor(time: Expression, period: Period, ahead: int = 0) -> Expression:
    """The beginning of the period that holds an instant, or of one that many periods ahead; ms.

    Args:
        time: ms since 1970.
    """
    count = min(period.count, _MOST.get(period.unit, period.count))
    if period.unit in _MONTHS:
        months = count * _MONTHS[period.unit]
        index = tree(
            "((year(make_timestamp(:t * 1000)) - 1970) * 12 + month(make_timestamp(:t * 1000)) - 1) // :n * :n + :more",
            t=time,
            n=number(months),
            more=number(ahead * months),
        )
        return tree(
            "epoch_ms(CAST(make_date(CAST(1970 + :i // 12 AS BIGINT), CAST(:i % 12 + 1 AS BIGINT), 1) AS TIMESTAMP))",
            i=index,
        )
    span = number(count * _SPAN[period.unit])
    if period.unit == "w":
        return tree(
            "(:t - :monday) // :n * :n + :monday + :more",
            t=time,
            monday=number(_MONDAY),
            n=span,
            more=number(ahead * count * _SPAN["w"]),
        )
    return tree(":t // :n * :n + :more", t=time, n=span, more=number(ahead * count * _SPAN[period.unit]))


def ceiling(time: Expression, period: Period) -> Expression:
    """An instant rounded up."""
    low = floor(time, period)
    return tree("CASE WHEN :low = :t THEN :t ELSE :high END", low=low, t=time, high=floor(time, period, 1))
