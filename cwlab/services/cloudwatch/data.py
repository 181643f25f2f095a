"""GetMetricData: every query answered, in whole. Pages and the API's spelling come later, in ``operations``.

Metrics are read; expressions are computed from them (``math``), from metrics found by name (``search``) or from the
observations of many metrics (``insights``), none of which knows where metrics are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import numpy as np

from cwlab.api import Call
from cwlab.services.cloudwatch import insights, labels, math, metrics, search
from cwlab.services.cloudwatch.anomaly.bands import Bands
from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.labels import Subject
from cwlab.services.cloudwatch.metrics import Key
from cwlab.services.cloudwatch.queries import Expression, Query, milliseconds, period_rule
from cwlab.services.cloudwatch.statistics import Buckets, Statistic, compute, parse
from cwlab.services.cloudwatch.window import Window, window
from cwlab.timeline import to_datetime

Asked = Sequence[Query | Expression]
Message = dict[str, str]

FORBIDDEN = {
    "Code": "Forbidden",
    "Value": "Access denied when getting data - please check that this account and the requested metric account are "
    "linked",
}
FAILED = {
    "Code": "InternalError",
    "Value": "An unexpected error occurred during the evaluation of the expression",
}
TOO_MANY = {"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}
_HELD = re.compile("\0(\\d+)\0")
_NONE: tuple[Ints, Floats] = (np.empty(0, np.int64), np.empty(0))


@dataclass(slots=True)
class Found:
    """One result. Stamps (seconds) and values go forward in time.

    Args:
        label: may hold ``${…}``; None: it has none.
        default: what ``${LABEL}`` stands for.
        properties: what ``${PROP('…')}`` can tell.
        paged: False for answers of SQL, which MaxDatapoints does not cut.
        computed: True for what expressions give.
        group: of SQL with GROUP BY, the value of each key.
    """

    id: str
    stamps: Ints
    values: Floats
    label: str | None
    default: str
    properties: Mapping[str, str] = field(default_factory=dict)
    status: str = "Complete"
    messages: list[Message] = field(default_factory=list)
    paged: bool = True
    computed: bool = False
    group: tuple[str, ...] = ()


def answer(call: Call, asked: Asked, start: datetime, end: datetime) -> tuple[list[Found], list[Message]]:
    """The results of a request, and the messages that belong to all of it.

    Raises:
        MathError: an expression is refused; its note points at the place.
        NotModelled: an expression uses what this lab does not have.
    """
    reader = _Reader(call, milliseconds(start), milliseconds(end))
    names = _Names()
    if all(isinstance(query, Query) for query in asked):
        found = [
            reader.metric(query, names) for query in asked if isinstance(query, Query) and query.returned
        ]
        names.settle(found)
        return found, []
    try:
        found, messages = _with_expressions(reader, asked, names)
    except math.MathError as error:
        if pointer := error.pointer():
            error.add_note(pointer)
        raise
    names.settle(found)
    return found, messages


def _with_expressions(reader: _Reader, asked: Asked, names: _Names) -> tuple[list[Found], list[Message]]:
    direct = {query.id: reader.metric(query, names) for query in asked if isinstance(query, Query)}
    given: dict[str, math.NamedSeries | Sequence[math.NamedSeries]] = {
        query.id: _named(direct[query.id], query) for query in asked if isinstance(query, Query)
    }
    expressions = [query for query in asked if isinstance(query, Expression)]
    sql = [query for query in expressions if insights.is_query(query.text)]
    if len(sql) > 1:
        # Observed, word for word.
        mistake = math.Mistake("two queries of SQL in one request", "Ask for one at a time.")
        raise math.MathError("Maximum number of queries (1) exceeded", mistake=mistake, whole=True)
    results: dict[str, list[Found]] = {}
    for query in sql:
        results[query.id], given[query.id] = _queried(reader, query)
    searched = _Searched(reader, names)
    bands = Bands(reader.call, asked, reader.start_ms, reader.end_ms, _history)
    context = math.Context(reader.start_ms, reader.end_ms, reader.call.now_ms, searched, bands)
    plain = [
        math.MathQuery(q.id, None, q.label, q.period, q.returned)
        if isinstance(q, Query)
        else math.MathQuery(q.id, q.text, q.label, q.period, q.returned)
        for q in asked
    ]
    for id_, computed in math.evaluate(plain, given, context).items():
        results[id_] = [
            Found(
                one.id,
                one.stamps,
                one.values,
                one.label,
                one.default,
                {**reader.everywhere, "Period": str(one.period), **one.properties},
                computed=True,
            )
            for one in computed
        ]
    # Observed: metrics come before what is searched or queried, wherever they stand in the request.
    ahead = bool(sql) or searched.used
    order = sorted(asked, key=lambda query: ahead and isinstance(query, Expression))
    found = [
        result
        for query in order
        if query.returned
        for result in ([direct[query.id]] if isinstance(query, Query) else results[query.id])
    ]
    return found, reader.messages


def _history(call: Call, asked: Asked, start_ms: int, end_ms: int) -> tuple[Ints, Floats]:
    """The one series a request answers over another range: what a band is trained on."""
    found, _ = answer(call, asked, to_datetime(start_ms), to_datetime(end_ms))
    return (found[0].stamps, found[0].values) if found else _NONE


def _named(found: Found, query: Query) -> math.NamedSeries:
    """A metric as expressions get it."""
    own = query.label if query.label is not None and "${" not in query.label else found.default
    return math.NamedSeries(own, query.period, found.stamps, found.values, found.properties)


# Metrics ----------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads metrics in the range of a request."""

    def __init__(self, call: Call, start_ms: int, end_ms: int) -> None:
        self.call, self.start_ms, self.end_ms = call, start_ms, end_ms
        self.exact = metrics.settings_of(call).exact_percentiles
        self.messages: list[Message] = []
        self.everywhere = {"AccountId": call.account, "AccountLabel": call.account, "Region": call.region}

    def window(self, period: int) -> Window:
        return window(self.start_ms, self.end_ms, self.call.now_ms, period)

    def metric(self, query: Query, names: _Names) -> Found:
        """What a MetricStat query finds."""
        default = query.name if query.label is not None else names.hold(query.subject)
        properties = self.properties(query.key, query.statistic.name, query.period)
        if query.account not in (None, self.call.account):
            return Found(query.id, *_NONE, query.label, default, properties, "Forbidden", [FORBIDDEN])
        by_unit = metrics.read(self.call, query.key, self.window(query.period), query.unit)
        messages = []
        if len(by_unit) > 1:
            units = f"Multiple units returned: '[{', '.join(by_unit)}]'"
            messages = [{"Code": "MultipleUnits", "Value": units}]
        stamps, values = self.points(query.statistic, by_unit)
        return Found(query.id, stamps, values, query.label, default, properties, messages=messages)

    def points(self, statistic: Statistic, by_unit: Mapping[str, Buckets]) -> tuple[Ints, Floats]:
        """The points of the first unit that have the statistic."""
        if not by_unit:
            return _NONE
        buckets = next(iter(by_unit.values()))
        values = compute(statistic, buckets, exact=self.exact)
        there = ~np.isnan(values)
        return (buckets.stamp, values) if there.all() else (buckets.stamp[there], values[there])

    def properties(self, key: Key, statistic: str, period: int) -> dict[str, str]:
        namespace, name, dimensions = key
        return {
            **self.everywhere,
            "MetricName": name,
            "Namespace": namespace,
            "Period": str(period),
            "Stat": statistic,
            **{f"Dim.{n}": v for n, v in dimensions},
        }


# SEARCH -----------------------------------------------------------------------------------------------------------


class _Searched:
    """Metric math's hook: the metrics a search finds, as series. One search is made once for a request."""

    def __init__(self, reader: _Reader, names: _Names) -> None:
        self._reader, self._names = reader, names
        self._done: dict[tuple[str, str, int], list[math.NamedSeries]] = {}

    @property
    def used(self) -> bool:
        return bool(self._done)

    def __call__(self, text: str, statistic: str, period: int) -> list[math.NamedSeries]:
        asked = (text, statistic, period)
        if asked not in self._done:
            self._done[asked] = self._search(text, statistic, period)
        return self._done[asked]

    def _search(self, text: str, statistic: str, period: int) -> list[math.NamedSeries]:
        reader, call, query = self._reader, self._reader.call, search.parse(text)
        known = metrics.known(call, query.schema.namespace if query.schema else None)
        found = (key for key in search.select(query, known, call.account) if metrics.active(call, key))
        keys = list(islice(found, search.MAX_METRICS + 1))
        if len(keys) > search.MAX_METRICS:
            del keys[search.MAX_METRICS :]
            if TOO_MANY not in reader.messages:
                reader.messages.append(TOO_MANY)
        subjects = [Subject(*key, statistic, period) for key in keys]
        shown = labels.default_labels(subjects)
        wanted, range_ = parse(statistic), reader.window(period)
        assert wanted is not None  # metric math has seen to it
        # In order of what they are called, as observed; of those called alike, in order of their dimensions.
        return [
            math.NamedSeries(
                self._names.hold(subject),
                period,
                *reader.points(wanted, metrics.read(call, key, range_)),
                reader.properties(key, statistic, period),
            )
            for _, key, subject in sorted(zip(shown, keys, subjects, strict=True))
        ]


# Metrics Insights -------------------------------------------------------------------------------------------------


class _Catalog:
    """The metrics of a call's account and Region, for queries of SQL. Units are not told apart."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.account = call.account

    def keys(self, namespace: str, name: str) -> Iterator[Key]:
        return (key for key in metrics.known(self._call, namespace) if key[1] == name)

    def read(self, key: Key, window: Window) -> Iterable[Buckets]:
        return metrics.read(self._call, key, window).values()


def _queried(
    reader: _Reader, query: Expression
) -> tuple[list[Found], math.NamedSeries | list[math.NamedSeries]]:
    """What a query of SQL answers, and the same for expressions."""
    try:
        if query.period is None:
            reason = "Period is a required field when using query within an expression"
            raise math.MathError(reason, 1, math.Mistake("no period", "Give the query a Period, in seconds."))
        if wrong := period_rule(query.period, "Period"):
            wrong = wrong.replace("[", "[ ").replace("]", " ]")  # so it is written here
            raise math.MathError(wrong, 1, math.Mistake("not a period", "Give 60 or a multiple of it."))
        parsed = insights.parse(query.text)
    except math.MathError as error:
        raise error.located(query.id, query.text) from None
    call = reader.call
    got = insights.run(parsed, _Catalog(call), reader.start_ms, reader.end_ms, call.now_ms, query.period)
    reader.messages += got.messages
    properties = {**reader.everywhere, "Period": str(got.period)}
    named = [
        math.NamedSeries(one.group or query.id, got.period, one.stamps, one.values) for one in got.series
    ]
    if got.failed:
        failed = Found(query.id, *_NONE, None, "", status="InternalError", messages=[FAILED], paged=False)
        return [failed], [] if parsed.group else math.NamedSeries(query.id, got.period, *_NONE)
    found = [
        Found(
            query.id,
            one.stamps,
            one.values,
            _label(query, one.group),
            one.group or query.id,
            properties,
            paged=False,
            computed=True,
            group=one.keys,
        )
        for one in got.series
    ]
    return found, named if parsed.group else named[0]


def _label(query: Expression, group: str | None) -> str:
    """A query's label, or its id; a group's is its own, with the query's before it (observed)."""
    if not query.label:
        return query.id if group is None else group
    return query.label if group is None or "${" in query.label else f"{query.label} {group}"


# Default labels ---------------------------------------------------------------------------------------------------


class _Names:
    """Default labels: what a metric is called depends on the others in the answer, those that searches find among
    them. So until all is computed a sign holds the place of each."""

    def __init__(self) -> None:
        self._subjects: list[Subject] = []

    def hold(self, subject: Subject) -> str:
        """A sign that stands for the metric's default label."""
        self._subjects.append(subject)
        return f"\0{len(self._subjects) - 1}\0"

    def settle(self, found: Sequence[Found]) -> None:
        """Put the default labels in the place of their signs. Only metrics that show count."""
        signs = {int(n) for one in found for n in _HELD.findall(f"{one.label or ''}{one.default}")}
        shown = sorted(n for n in signs if n < len(self._subjects))  # a label of your own may hold anything
        named = dict(zip(shown, labels.default_labels([self._subjects[n] for n in shown]), strict=True))

        def put_in(text: str) -> str:
            return _HELD.sub(lambda sign: named.get(int(sign[1]), sign[0]), text)

        for one in found:
            one.label = None if one.label is None else put_in(one.label)
            one.default = put_in(one.default)
