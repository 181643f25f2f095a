"""What a detector may be: the checks of PutAnomalyDetector and DeleteAnomalyDetector.

Rules: API reference (PutAnomalyDetector, SingleMetricAnomalyDetector, MetricMathAnomalyDetector, Range) and the
user guide's list of what metric-math anomaly detection cannot do. The codes are the documented ones; AWS publishes
no texts, so the wording follows CloudWatch's other messages and is unconfirmed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudwatch.anomaly.training import PLAIN, Configuration, identity
from cwlab.services.cloudwatch.ingest import bad_combination, bad_value, dimensions_of
from cwlab.services.cloudwatch.queries import period_rule
from cwlab.services.cloudwatch.statistics import parse

MAX_RANGES, MAX_METRICS, MAX_EXPRESSIONS = 10, 10, 10
LONGEST_PERIOD_S = 3600
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_NEVER = ("METRICS", "SEARCH", "DB_PERF_INSIGHTS", "ANOMALY_DETECTION_BAND")
_CALLS = re.compile(rf"\b({'|'.join(_NEVER)})\s*\(")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

Structure = Mapping[str, Any]


def missing(name: str) -> AwsError:
    return AwsError(
        "MissingParameter",
        f"The parameter {name} is required.",
        shape="MissingRequiredParameterException",
    )


def metric_of(
    call: Call,
    flat: Structure,
    single: Structure | None,
    math: Structure | None,
) -> tuple[Any, ...]:
    """The identity of the detector a request is about.

    Args:
        flat: those of Namespace, MetricName, Dimensions and Stat that stand in the request itself.
        single, math: its SingleMetricAnomalyDetector and MetricMathAnomalyDetector.

    Raises:
        AwsError: more than one way to name the metric, none, or one that no metric can have.
    """
    ways = [
        name
        for name, given in (("SingleMetricAnomalyDetector", single), ("MetricMathAnomalyDetector", math))
        if given is not None
    ]
    if len(ways) + bool(flat) > 1:
        named = ways + sorted(flat)
        raise bad_combination(f"The parameters {' and '.join(named)} cannot be specified together.")
    if math is not None:
        return math_identity(math)
    path = "SingleMetricAnomalyDetector." if single is not None else ""
    given = flat if single is None else single
    for name in ("Namespace", "MetricName", "Stat"):
        if name not in given:
            raise missing(path + name)
    if given.get("AccountId", call.account) != call.account:
        raise NotModelled("An anomaly detector on a metric of another account")
    if parse(given["Stat"]) is None:
        raise bad_value(f"The value {given['Stat']} for parameter {path}Stat is not supported.")
    dimensions = dimensions_of(given.get("Dimensions", ()), f"{path}Dimensions")
    return identity(given["Namespace"], given["MetricName"], dimensions, given["Stat"])


def math_identity(given: Structure) -> tuple[Any, ...]:
    """The identity of a metric-math detector: its queries, as they stand.

    Raises:
        AwsError: the queries cannot give the one time series a detector learns.
    """
    path = "MetricMathAnomalyDetector.MetricDataQueries"
    queries: Sequence[Structure] = given.get("MetricDataQueries", ())
    if not queries:
        raise missing(path)
    _check_ids(queries, path)
    stats = [(n, q["MetricStat"]) for n, q in enumerate(queries, 1) if "MetricStat" in q]
    expressions = [(n, q["Expression"]) for n, q in enumerate(queries, 1) if "Expression" in q]
    for n, query in enumerate(queries, 1):
        if ("MetricStat" in query) == ("Expression" in query):
            raise bad_combination(
                f"Exactly one of {path}.member.{n}.MetricStat and {path}.member.{n}.Expression must be specified."
            )
    if len(stats) > MAX_METRICS or len(expressions) > MAX_EXPRESSIONS:
        raise bad_value(
            f"The collection {path} must not have more than {MAX_METRICS} metrics and {MAX_EXPRESSIONS} expressions."
        )
    if not stats:
        raise bad_value(f"The collection {path} must have at least one MetricStat.")
    for n, stat in stats:
        _check_stat(stat, f"{path}.member.{n}.MetricStat")
    periods = {stat["Period"] for _, stat in stats} | {q["Period"] for q in queries if "Period" in q}
    if len(periods) > 1:
        raise bad_value(f"All queries of {path} must have the same period.")
    for n, expression in expressions:
        found = _CALLS.search(_QUOTED.sub("''", expression))
        if found:
            raise bad_value(
                f"The function {found[1]} is not supported in parameter {path}.member.{n}.Expression."
            )
    returned = [q for q in queries if q.get("ReturnData", True)]
    if len(returned) != 1:
        raise bad_value(f"Exactly one element of {path} must return data.")
    return ("METRIC_MATH", tuple(_frozen(q) for q in queries))


def _check_ids(queries: Sequence[Structure], path: str) -> None:
    for n, query in enumerate(queries, 1):
        if not _ID.fullmatch(query["Id"]):
            raise bad_value(
                f"The value for parameter {path}.member.{n}.Id is not matching the expected pattern "
                "^[a-z][a-zA-Z0-9_]*$."
            )
    if len({query["Id"] for query in queries}) != len(queries):
        raise bad_value(f"The values for parameter id in {path} are not unique.")


def _check_stat(stat: Structure, path: str) -> None:
    metric = stat["Metric"]
    for name in ("Namespace", "MetricName"):
        if name not in metric:
            raise missing(f"{path}.Metric.{name}")
    dimensions_of(metric.get("Dimensions", ()), f"{path}.Metric.Dimensions")
    if parse(stat["Stat"]) is None:
        raise bad_value(f"The value {stat['Stat']} for parameter {path}.Stat is not supported.")
    if wrong := period_rule(stat["Period"], f"{path}.Period"):
        raise bad_value(wrong)
    if not 60 <= stat["Period"] <= LONGEST_PERIOD_S:
        raise bad_value(f"The parameter {path}.Period must be between 60 and {LONGEST_PERIOD_S}.")


def configuration_of(given: Structure | None) -> Configuration:
    """A request's Configuration, checked.

    Raises:
        AwsError: a range or the time zone cannot be used.
        NotModelled: an adaptation speed other than NORMAL.
    """
    if given is None:
        return PLAIN
    ranges = given.get("ExcludedTimeRanges", ())
    if len(ranges) > MAX_RANGES:
        raise bad_value(
            f"The collection Configuration.ExcludedTimeRanges must not have a size greater than {MAX_RANGES}."
        )
    excluded = []
    for n, each in enumerate(ranges, 1):
        start, end = _seconds(each["StartTime"]), _seconds(each["EndTime"])
        if start >= end:
            raise bad_value(
                f"The parameter Configuration.ExcludedTimeRanges.member.{n}.StartTime must be less than the parameter "
                f"Configuration.ExcludedTimeRanges.member.{n}.EndTime."
            )
        excluded.append((start, end))
    zone = given.get("MetricTimezone")
    if zone is not None and not _known(zone):
        raise bad_value(f"The value {zone} for parameter Configuration.MetricTimezone is invalid.")
    speed = given.get("AdaptationSpeed")
    if speed not in (None, "NORMAL"):
        raise NotModelled(f"The adaptation speed {speed} of an anomaly detector", "NORMAL, the default, is.")
    return Configuration(tuple(excluded), zone, speed, given.get("OutlierFilteringStrength"))


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not there, not a name, or the name of a folder
        return False
    return True


def _seconds(when: datetime) -> int:
    return int(when.timestamp())


def _frozen(value: Any) -> Any:
    """A structure as something that can be compared and kept: mappings and lists as tuples that know what they were."""
    if isinstance(value, Mapping):
        return ("{}", *((k, _frozen(v)) for k, v in sorted(value.items())))
    if isinstance(value, list | tuple):
        return ("[]", *map(_frozen, value))
    return value


def thawed(value: Any) -> Any:
    """The structure that was frozen."""
    if isinstance(value, tuple) and value[:1] == ("{}",):
        return {k: thawed(v) for k, v in value[1:]}
    if isinstance(value, tuple):
        return [thawed(v) for v in value[1:]]
    return value
