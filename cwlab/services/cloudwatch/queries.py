"""GetMetricData and GetMetricStatistics parameters, checked and understood.

Codes and wording: observed on the live service unless a comment says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudwatch import labels
from cwlab.services.cloudwatch.ingest import Dimensions, bad_combination, bad_value
from cwlab.services.cloudwatch.insights import is_query
from cwlab.services.cloudwatch.statistics import Statistic, parse
from cwlab.services.cloudwatch.window import SHORT_PERIODS, valid_period

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


class Query(NamedTuple):
    """One MetricStat query of a GetMetricData request."""

    id: str
    namespace: str
    name: str
    dimensions: Dimensions
    period: int
    statistic: Statistic
    unit: str | None
    label: str | None
    returned: bool
    account: str | None

    @property
    def subject(self) -> labels.Subject:
        return labels.Subject(self.namespace, self.name, self.dimensions, self.statistic.name, self.period)

    @property
    def key(self) -> tuple[str, str, Dimensions]:
        return self.namespace, self.name, self.dimensions


class Expression(NamedTuple):
    """One query of a GetMetricData request that is an expression: metric math, or SQL."""

    id: str
    text: str
    period: int | None
    label: str | None
    returned: bool


def _validation(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def exact_dimensions(given: Sequence[Mapping[str, str]] | None) -> Dimensions:
    """Dimensions to match as a whole set. One that no metric can have matches nothing, and is no error."""
    return tuple(sorted((d["Name"], d["Value"]) for d in given or ()))


def period_rule(period: int, path: str) -> str | None:
    """What is wrong with a period, in the service's words; None when it is valid. (The second text is unconfirmed.)"""
    if valid_period(period):
        return None
    if period < 60:
        return f"The parameter {path} must be a value in the set [{', '.join(map(str, SHORT_PERIODS))}]."
    return f"The parameter {path} must be a multiple of 60."


def milliseconds(when: datetime) -> int:
    return round(when.timestamp() * 1000)


# GetMetricData ----------------------------------------------------------------------------------------------------


def data_queries(
    given: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    account: str,
    path: str = "MetricDataQueries",
) -> list[Query | Expression]:
    """The queries of a GetMetricData request. What expressions say is not looked at yet.

    Args:
        account: whose metrics expressions are computed with.
        path: what messages call the list; an alarm has such queries too, as ``Metrics``.

    Raises:
        AwsError: ValidationError, for the first thing that is wrong.
        NotModelled: an expression over another account's metrics.
    """
    if not given:
        raise _validation(f"The parameter {path} is required.")  # unconfirmed
    if len(given) > MAX_QUERIES:
        # Unconfirmed wording; the limit itself is documented.
        raise _validation(f"The collection {path} must not have a size greater than {MAX_QUERIES}.")
    for n, query in enumerate(given, 1):
        if not _ID.fullmatch(query["Id"]):
            raise _validation(
                f"The value for parameter {path}.member.{n}.Id is not matching the expected pattern "
                "^[a-z][a-zA-Z0-9_]*$."
            )
    if len({query["Id"] for query in given}) != len(given):
        raise _validation(f"The values for parameter id in {path} are not unique.")
    if start == end:
        raise _validation("The parameter StartTime must not equal parameter EndTime.")
    if start > end:
        raise _validation("The parameter EndTime must be greater than StartTime.")
    found = [_query(query, f"{path}.member.{n}") for n, query in enumerate(given, 1)]
    for query in given:
        if "Expression" in query and query.get("AccountId", account) != account:
            raise NotModelled(
                f"The expression {query['Id']!r} over metrics of account {query['AccountId']}",
                "Expressions are computed with metrics of the account that asks.",
            )
    return found


def _query(given: Mapping[str, Any], path: str) -> Query | Expression:
    stat = given.get("MetricStat")
    if stat is not None and "Expression" in given:
        raise _validation(
            f"The parameters {path}.Expression and {path}.MetricStat are mutually exclusive and you have "
            "specified both."
        )
    label = given.get("Label")
    if label is not None and (wrong := labels.problem(label)):
        raise _validation(f"The value for parameter {path}.Label {wrong}.")  # unconfirmed
    if stat is None:
        if "Expression" not in given:
            # Unconfirmed wording.
            raise _validation(f"Either {path}.Expression or {path}.MetricStat must be specified.")
        period, returned = given.get("Period"), given.get("ReturnData", True)
        if (
            period is not None
            and not is_query(given["Expression"])
            and (wrong := period_rule(period, f"{path}.Period"))
        ):
            raise _validation(wrong)  # unconfirmed for metric math; a query of SQL has its own words
        return Expression(given["Id"], given["Expression"], period, label, returned)
    if "Period" in given:
        # A query's own Period belongs to expressions; a MetricStat has its own. Unconfirmed wording.
        raise _validation(
            f"The parameter {path}.Period must not be specified together with {path}.MetricStat."
        )
    metric = stat["Metric"]
    for required in ("Namespace", "MetricName"):
        if required not in metric:
            raise _validation(
                f"The parameter {path}.MetricStat.Metric.{required} is required."
            )  # unconfirmed
    statistic = parse(stat["Stat"])
    if statistic is None:
        raise _validation(f"The value for parameter {path}.MetricStat.Stat is not a valid statistic.")
    if wrong := period_rule(stat["Period"], f"{path}.MetricStat.Period"):
        raise _validation(wrong)
    return Query(
        given["Id"],
        metric["Namespace"],
        metric["MetricName"],
        exact_dimensions(metric.get("Dimensions")),
        stat["Period"],
        statistic,
        stat.get("Unit"),
        label,
        given.get("ReturnData", True),
        given.get("AccountId"),
    )


def only_sql(asked: Sequence[Query | Expression]) -> bool:
    """Whether nothing but a query of SQL is asked: its answer has no pages, and AWS ignores its NextToken (observed)."""
    return all(isinstance(query, Expression) and is_query(query.text) for query in asked)


def page_size(given: int | None) -> int:
    """MaxDatapoints of a request. (Wording unconfirmed.)"""
    if given is None:
        return MAX_DATAPOINTS
    if not 1 <= given <= MAX_DATAPOINTS:
        raise _validation(
            f"The value {given} for parameter MaxDatapoints must be between 1 and {MAX_DATAPOINTS}."
        )
    return given


def zone_of(options: Mapping[str, str] | None) -> int:
    """Seconds east of UTC that LabelOptions asks for. (Wording unconfirmed.)"""
    text = (options or {}).get("Timezone", "+0000")
    offset = labels.zone_offset(text)
    if offset is None:
        raise _validation(
            "The value for parameter LabelOptions.Timezone is not matching the expected pattern +HHMM or -HHMM."
        )
    return offset


# GetMetricStatistics ----------------------------------------------------------------------------------------------


def statistics_of(statistics: Sequence[str] | None, extended: Sequence[str] | None) -> list[Statistic]:
    """What a GetMetricStatistics request asks for. Both lists together are accepted, as on the service."""
    if not statistics and not extended:
        raise bad_combination("Must specify either Statistics or ExtendedStatistics")  # unconfirmed wording
    found = [parse(name) for name in statistics or ()]
    for n, name in enumerate(extended or (), 1):
        statistic = parse(name)
        if statistic is None or not statistic.extended:
            raise bad_value(
                f"The value {name} for parameter ExtendedStatistics.member.{n}.<list element> is not supported."
            )
        found.append(statistic)
    return [statistic for statistic in found if statistic is not None]
