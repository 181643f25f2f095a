"""The functions that need more than the request's own series: they ask the hooks of the context."""

from __future__ import annotations

from cwlab.errors import NotModelled
from cwlab.services.cloudwatch.math.scope import Scope
from cwlab.services.cloudwatch.math.values import Series, stack
from cwlab.services.cloudwatch.statistics import parse
from cwlab.services.cloudwatch.window import SHORT_PERIODS, valid_period


def search(scope: Scope, text: str, statistic: str, period: float | None = None) -> Series:
    """SEARCH: one series for each metric found. All messages are observed on the live service."""
    if period is None:
        if scope.query.period is None:
            raise scope.refuse(
                "Period is a required field when using SEARCH function within an expression",
                "no period to search with",
                "Add it as the third argument, or give the query a Period.",
                whole=True,
            )
        period = float(scope.query.period)
    if period == 0:
        raise scope.refuse(
            "The parameter Period must not equal 0.", "a period of nothing", "Give seconds: 60, 300, 3600."
        )
    if not period > 0:
        raise scope.refuse(
            "SEARCH arguments must be '[String, String, Positive Number]'",
            "a period that is not positive",
            "Give seconds: 60, 300, 3600.",
            whole=True,
        )
    if period != int(period) or not valid_period(int(period)):
        short = f"be a value in the set [{', '.join(map(str, SHORT_PERIODS))}]"
        raise scope.refuse(
            f"The parameter Period must {short if period < 60 else 'be a multiple of 60'}.",
            "not a period",
            "Give 1, 5, 10, 20, 30 or a multiple of 60.",
        )
    if parse(statistic) is None:
        raise scope.refuse(
            "The value for parameter Stat is not a valid statistic.",
            "not a statistic",
            "Write it as the API does: 'Average', 'Sum', 'p90'.",
        )
    hook = scope.request.context.search
    if hook is None:
        raise NotModelled("SEARCH", "Here expressions use the request's own metrics.")
    found = hook(text, statistic, int(period))
    return scope.request.many(found) if found else stack([], scope.grid(int(period)))


def band(scope: Scope, series: Series, width: float = 2.0) -> Series:
    """ANOMALY_DETECTION_BAND: an array of two, the lower bound and the upper."""
    if not width > 0:
        raise scope.refuse(
            "Unsupported operand type(s) for ANOMALY_DETECTION_BAND: '[TimeSeries, Scalar]'",
            "a band without width",
            "Give a number of standard deviations above 0.",
        )
    hook = scope.request.context.band
    if hook is None:
        raise NotModelled("ANOMALY_DETECTION_BAND", "Here expressions use the request's own metrics.")
    (given,) = series.named()
    return scope.request.many(
        hook(given, width, _first_argument(scope.query.expression or "", scope.call.at))
    )


def _first_argument(text: str, at: int) -> str:
    """The text of the first argument of the call that starts there.

    >>> _first_argument("ANOMALY_DETECTION_BAND((m1 + FILL(m2, 0)) / 2, 3)", 0)
    '(m1 + FILL(m2, 0)) / 2'
    """
    start = text.index("(", at) + 1
    depth, quote = 0, ""
    for place in range(start, len(text)):
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([":
            depth += 1
        elif depth == 0 and letter in ",)":
            return text[start:place].strip()
        elif letter in ")]":
            depth -= 1
    raise AssertionError(text)
