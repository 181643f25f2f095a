"""What an expression is computed in: the request's time range, its queries, and the two hooks to the outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cwlab.naming import Mistake
from cwlab.services.cloudwatch.chunk import Ints
from cwlab.services.cloudwatch.math import nodes
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.math.values import Name, NamedSeries, Series, Value, lay, stack
from cwlab.services.cloudwatch.window import window

Search = Callable[[str, str, int], Sequence[NamedSeries]]
Function = Callable[..., Value]
Band = Callable[[NamedSeries, float, str], tuple[NamedSeries, NamedSeries]]


@dataclass(frozen=True, slots=True)
class MathQuery:
    """One query of a request.

    Args:
        id: what expressions call it.
        expression: metric math; None for a query whose series are given (a MetricStat).
        label: the Label it was given; None when it has none.
        period: the query's own Period, in seconds.
        returned: its ReturnData.
    """

    id: str
    expression: str | None = None
    label: str | None = None
    period: int | None = None
    returned: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """Where the answers of a request come from.

    Args:
        start_ms, end_ms, now_ms: the request's range, and the time it is made: they decide the grid of each period.
        search: ``(search, statistic, period) -> series`` for SEARCH; its MathErrors get the expression's id.
        band: ``(series, width, source) -> (lower, upper)`` for ANOMALY_DETECTION_BAND; ``source`` is the text of the
            first argument, for a model that is trained on a longer range than this one.
    """

    start_ms: int
    end_ms: int
    now_ms: int
    search: Search | None = None
    band: Band | None = None


Given = NamedSeries | Sequence[NamedSeries]


@dataclass(eq=False)
class Request:
    """A request that is being computed: what is known so far. It lives as long as one ``evaluate``."""

    context: Context
    given: Mapping[str, Given]
    metrics: Mapping[str, NamedSeries]
    values: dict[str, Series] = field(default_factory=dict)
    _grids: dict[int, Ints] = field(default_factory=dict)
    _picked: dict[str, Series] = field(default_factory=dict)

    def grid(self, period: int) -> Ints:
        """The start of every bucket of that period in the range."""
        if period not in self._grids:
            context = self.context
            found = window(context.start_ms, context.end_ms, context.now_ms, period)
            self._grids[period] = found.start_s + period * np.arange(found.buckets, dtype=np.int64)
        return self._grids[period]

    def value(self, name: str) -> Series:
        """What an id stands for."""
        if name not in self.values:
            given = self.given[name]
            self.values[name] = self.one(given) if isinstance(given, NamedSeries) else self.many(given)
        return self.values[name]

    def one(self, series: NamedSeries) -> Series:
        """A given series as one to compute with."""
        return lay([series], self.grid(series.period), single=True)

    def many(self, found: Sequence[NamedSeries]) -> Series:
        """Given series as an array to compute with."""
        periods = {series.period for series in found}
        if len(periods) == 1:
            return lay(found, self.grid(periods.pop()), single=False)
        return stack([self.one(series) for series in found], self.grid(60))

    def metrics_with(self, text: str) -> Series:
        """The request's metrics whose id contains the text, as an array."""
        if text not in self._picked:
            self._picked[text] = self.many([series for name, series in self.metrics.items() if text in name])
        return self._picked[text]


@dataclass(frozen=True, slots=True)
class Scope:
    """One call of a function, in its query."""

    request: Request
    query: MathQuery
    root: nodes.Node
    call: nodes.Call

    def grid(self, period: int) -> Ints:
        return self.request.grid(period)

    def refuse(self, reason: str, mistake: str, remedy: str, *, whole: bool = False) -> MathError:
        """An error at this call, to raise."""
        return MathError(reason, self.call.at + 1, Mistake(mistake, remedy), whole=whole)

    def period(self) -> int:
        """The period of a series that is made from nothing, such as TIME_SERIES(5): the smallest of the series its
        expression names, or else the query's own, or else the smallest of the request. (AWS does not document it.)"""
        found = [
            period
            for node in nodes.postorder(self.root)
            if isinstance(node, nodes.Reference)
            for period in self.request.value(node.id).periods
        ]
        if found:
            return min(found)
        if self.query.period is not None:
            return self.query.period
        everywhere = [series.period for series in self.request.metrics.values()]
        if everywhere:
            return min(everywhere)
        raise self.refuse(
            f"Period is a required field when using {self.call.name} function within an expression",
            "no period to go by",
            "Give the query a Period, or use a metric in the expression.",
            whole=True,
        )

    def empty(self) -> Series:
        """A series without a point."""
        try:
            period = self.period()
        except MathError:
            period = 60
        stamps = self.grid(period)
        return Series(
            stamps,
            np.full((1, len(stamps)), np.nan),
            (period,),
            (Name(self.query.id),),
            True,
            not len(stamps),
        )
