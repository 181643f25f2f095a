"""PutMetricAlarm: every field checked, then an alarm made, or all of one replaced.

Source: API reference; texts as observed on the live service unless a comment says unconfirmed.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, Params, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import data, insights
from cwlab.services.cloudwatch.alarms import action_arns, evaluation, history, tags
from cwlab.services.cloudwatch.alarms.decide import BAND
from cwlab.services.cloudwatch.alarms.records import Actions, CompositeAlarm, MetricAlarm
from cwlab.services.cloudwatch.alarms.transitions import born
from cwlab.services.cloudwatch.alarms.watched import asked_of, needed_samples, period_of, sql_of
from cwlab.services.cloudwatch.anomaly.bands import NAME as BAND_FUNCTION
from cwlab.services.cloudwatch.anomaly.detectors import put_anomaly_detector
from cwlab.services.cloudwatch.anomaly.training import detector_of, identity
from cwlab.services.cloudwatch.ingest import bad_value, dimensions_of, invalid
from cwlab.services.cloudwatch.queries import Expression, Query
from cwlab.services.cloudwatch.statistics import parse
from cwlab.services.cloudwatch.text import number
from cwlab.services.cloudwatch.window import DAY_S, HOUR_S
from cwlab.timeline import to_datetime

TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
SHORT = (10, 20, 30)
MAX_METRICS, MAX_EXPRESSIONS = 10, 10
_SEARCH = re.compile(r"\bSEARCH\s*\(", re.IGNORECASE)
_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")

Structure = Mapping[str, Any]


def alarm_arn(call: Call, name: str) -> str:
    return arn("cloudwatch", call.region, call.account, f"alarm:{name}")


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def _conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    lists = ("AlarmActions", "OKActions", "InsufficientDataActions")
    actions = [action for name in lists for action in params.get(name, ())]
    return {"cloudwatch:AlarmActions": actions, **tags.conditions(params.get("Tags", ()))}


@operation(
    "cloudwatch",
    "PutMetricAlarm",
    resource=lambda call, p: alarm_arn(call, p["AlarmName"]),
    conditions=_conditions,
)
def put_metric_alarm(
    call: Call,
    *,
    AlarmName: str,
    EvaluationPeriods: int | None = None,
    ComparisonOperator: str | None = None,
    AlarmDescription: str | None = None,
    ActionsEnabled: bool = True,
    OKActions: Sequence[str] = (),
    AlarmActions: Sequence[str] = (),
    InsufficientDataActions: Sequence[str] = (),
    MetricName: str | None = None,
    Namespace: str | None = None,
    Statistic: str | None = None,
    ExtendedStatistic: str | None = None,
    Dimensions: Sequence[Structure] | None = None,
    Period: int | None = None,
    Unit: str | None = None,
    DatapointsToAlarm: int | None = None,
    Threshold: float | None = None,
    TreatMissingData: str | None = None,
    EvaluateLowSampleCountPercentile: str | None = None,
    Metrics: Sequence[Structure] | None = None,
    ThresholdMetricId: str | None = None,
    Tags: Sequence[Structure] | None = None,
) -> None:
    """Make an alarm, or replace all of its configuration; it keeps its state then, and its tags."""
    table = call.table("alarms")
    before = table.get(AlarmName)
    if isinstance(before, CompositeAlarm):
        # Unconfirmed wording.
        raise _refused(f"An alarm of another type with the name {AlarmName} already exists")
    alarm = MetricAlarm(
        name=AlarmName,
        arn=alarm_arn(call, AlarmName),
        description=AlarmDescription,
        actions=Actions(
            ActionsEnabled, tuple(OKActions), tuple(AlarmActions), tuple(InsufficientDataActions)
        ),
        evaluation_periods=EvaluationPeriods or 0,
        comparison_operator=ComparisonOperator or "",
        namespace=Namespace,
        metric_name=MetricName,
        dimensions=dimensions_of(Dimensions, "Dimensions") if Dimensions else (),
        statistic=Statistic,
        extended_statistic=ExtendedStatistic,
        unit=Unit,
        period=Period,
        metrics=tuple([dict(query) for query in Metrics or ()]),
        threshold=Threshold,
        threshold_metric_id=ThresholdMetricId,
        datapoints_to_alarm=DatapointsToAlarm,
        treat_missing_data=TreatMissingData,
        low_sample=EvaluateLowSampleCountPercentile,
        created_ms=before.created_ms if before else call.now_ms,
        configured_ms=call.now_ms,
    )
    _check(call, alarm, Metrics, Dimensions)
    action_arns.check(call, alarm)
    given = tags.checked(Tags or ())
    if before is not None and alarm == dataclasses.replace(before, configured_ms=alarm.configured_ms):
        return
    table[AlarmName] = alarm
    _learn_band(call, alarm)
    if before is None:
        born(call, alarm)
        tags.first(call, alarm.arn, given)
    history.configured(call, "Create" if before is None else "Update", alarm, before)
    evaluation.watch(call, alarm, before)


# Checks -----------------------------------------------------------------------------------------------------------


def _check(
    call: Call,
    alarm: MetricAlarm,
    metrics: Sequence[Structure] | None,
    dimensions: Sequence[Structure] | None,
) -> None:
    if any(not letter.isprintable() and ord(letter) < 128 for letter in alarm.name):
        raise _refused("AlarmName must not contain ASCII Control characters")
    if metrics is not None:
        _check_exclusive(alarm, dimensions)
    elif alarm.metric_name is None:
        raise _refused("Either a MetricName or a list of Metrics must be set.")  # unconfirmed
    else:
        _check_metric(alarm)
    if not alarm.evaluation_periods:
        raise _missing("EvaluationPeriods")
    if not alarm.comparison_operator:
        raise _refused(
            "PutMetricAlarm request should have a valid ComparisonOperator parameter"
        )  # unconfirmed
    _check_threshold(alarm)
    m, n = alarm.datapoints_to_alarm, alarm.evaluation_periods
    if m is not None and m > n:
        # Unconfirmed wording.
        raise _refused(
            f"DatapointsToAlarm ({m}) must be less than or equal to EvaluationPeriods ({n}) for the alarm."
        )
    if alarm.treat_missing_data not in (None, *TREATMENTS):
        # Unconfirmed wording, in the manner of the next.
        raise _refused(
            f"Option {alarm.treat_missing_data} is not supported. Supported options for parameter TreatMissingData are "
            "breaching, notBreaching, ignore and missing."
        )
    _check_low_sample(alarm)
    if metrics is not None:
        _check_queries(call, alarm)
    _check_span(alarm)


def _missing(what: str) -> AwsError:
    return _refused(f"PutMetricAlarm request should have {'an' if what[0] in 'AE' else 'a'} {what} parameter")


def _check_exclusive(alarm: MetricAlarm, dimensions: Sequence[Structure] | None) -> None:
    given = (
        alarm.metric_name,
        alarm.namespace,
        dimensions,
        alarm.period,
        alarm.unit,
        alarm.statistic,
        alarm.extended_statistic,
    )
    for name, value in zip(_ONE_METRIC, given, strict=True):
        if value is not None:
            raise _refused(f"{name} should not be set if list of Metrics is set.")


def _check_metric(alarm: MetricAlarm) -> None:
    if alarm.namespace is None:
        raise _missing("Namespace")
    if alarm.statistic is not None and alarm.extended_statistic is not None:
        raise _refused(
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. "
            "Only one of them should be present"
        )
    if alarm.period is None:
        raise _missing("Period")
    if alarm.extended_statistic is not None:
        found = parse(alarm.extended_statistic)
        if found is None or not found.extended:
            raise bad_value(
                f"The value {alarm.extended_statistic} for parameter ExtendedStatistic is not supported."
            )
    elif alarm.statistic is None:
        raise _missing("Statistic")


def _check_threshold(alarm: MetricAlarm) -> None:
    band = alarm.comparison_operator in BAND
    if alarm.threshold is not None and not math.isfinite(alarm.threshold):
        raise invalid(number(alarm.threshold), "Threshold")
    if alarm.threshold_metric_id is None:
        if band:
            # Unconfirmed wording.
            raise _refused(f"ComparisonOperator {alarm.comparison_operator} needs a ThresholdMetricId.")
        if alarm.threshold is None:
            raise _refused("PutMetricAlarm request should have a valid Threshold parameter")  # unconfirmed
        return
    # Unconfirmed wordings.
    if alarm.threshold is not None:
        raise _refused("Threshold should not be set if ThresholdMetricId is set.")
    if not band:
        raise _refused(
            f"ComparisonOperator {alarm.comparison_operator} is not supported with ThresholdMetricId. Use one of "
            f"{', '.join(BAND)}."
        )
    if not alarm.metrics:
        raise _refused("ThresholdMetricId should only be set if list of Metrics is set.")


def _check_low_sample(alarm: MetricAlarm) -> None:
    option = alarm.low_sample
    if option is None:
        return
    if option not in ("evaluate", "ignore"):
        raise _refused(
            f"Option {option} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are "
            "evaluate and ignore."
        )
    if needed_samples(alarm.extended_statistic) is None:
        statistic = alarm.statistic or alarm.extended_statistic
        raise _refused(
            f"Option evaluateLowSampleCountPercentile can not be applied with statistic {statistic}."
        )


def _check_span(alarm: MetricAlarm) -> None:
    period = period_of(alarm)
    span = period * alarm.evaluation_periods
    if sql_of(alarm) is not None:
        if period < 60:
            raise _refused("MetricsInsights monitors do not support less than 60 seconds period")
        if span > 3 * HOUR_S:
            raise _refused("MetricsInsights monitors cannot be checked across more than 3 hours")
    if period not in SHORT and period % 60:
        raise _refused("Period must be 10, 20, 30 or a multiple of 60")
    if period < HOUR_S and span > DAY_S:
        raise _refused(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms "
            "using period < 3600"
        )
    if span > 7 * DAY_S:
        raise _refused(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800)"
        )


def _check_queries(call: Call, alarm: MetricAlarm) -> None:
    """The queries of an alarm: what GetMetricData would refuse too, and what only alarms may not have."""
    if not alarm.metrics:
        raise _refused("The parameter Metrics is required.")  # unconfirmed
    asked = asked_of(alarm, call.account)
    metrics = [query for query in asked if isinstance(query, Query)]
    expressions = [query for query in asked if isinstance(query, Expression)]
    # Unconfirmed wordings, but for the one on SEARCH.
    if len(metrics) > MAX_METRICS or len(expressions) > MAX_EXPRESSIONS:
        raise _refused(
            f"An alarm can have at most {MAX_METRICS} metrics and {MAX_EXPRESSIONS} expressions in Metrics."
        )
    if any(_SEARCH.search(query.text) and not insights.is_query(query.text) for query in expressions):
        raise _refused("SEARCH is not supported on Metric Alarms.")
    if len({query.period for query in metrics}) > 1:
        raise _refused("All metrics of an alarm must have the same period.")
    returned = [query.id for query in asked if query.returned]
    if alarm.threshold_metric_id is not None:
        _check_band(alarm, expressions, returned)
    elif len(returned) != 1:
        raise _refused("Exactly one element of the Metrics list should return data.")
    for query in expressions:
        if insights.is_query(query.text):
            parsed = insights.parse(query.text)
            if parsed.group and parsed.order is None:
                raise _refused("A query with GROUP BY needs ORDER BY to be used in an alarm.")
    _try(call, alarm, asked)


def _check_band(alarm: MetricAlarm, expressions: Sequence[Expression], returned: Sequence[str]) -> None:
    band = next((query for query in expressions if query.id == alarm.threshold_metric_id), None)
    if band is None or not band.text.strip().upper().startswith(BAND_FUNCTION):
        raise _refused(
            f"ThresholdMetricId {alarm.threshold_metric_id} must be the Id of an {BAND_FUNCTION} expression in Metrics."
        )
    if len(returned) != 2 or alarm.threshold_metric_id not in returned:
        raise _refused("Exactly two elements of the Metrics list should return data: a metric and its band.")
    if period_of(alarm) < 60:
        raise _refused("Anomaly detection alarms do not support less than 60 seconds period")


def _try(call: Call, alarm: MetricAlarm, asked: Sequence[Query | Expression]) -> None:
    """Compute the expressions once: what cannot be computed is refused now, with the place of the mistake."""
    end_ms = call.now_ms - call.now_ms % 60_000
    start_ms = end_ms - period_of(alarm) * 1000
    found, _ = data.answer(call, asked, to_datetime(start_ms), to_datetime(end_ms))
    alone = alarm.threshold_metric_id is None and sql_of(alarm) is None
    if alone and len({id(one) for one in found}) > 1:
        raise _refused("The expression of an alarm must return one time series.")  # unconfirmed


def _learn_band(call: Call, alarm: MetricAlarm) -> None:
    """An alarm on a band makes the detector of its metric, where there is none yet."""
    if alarm.threshold_metric_id is None:
        return
    asked = {query.id: query for query in asked_of(alarm, call.account)}
    band = asked[alarm.threshold_metric_id]
    assert isinstance(band, Expression)
    source = band.text.split("(", 1)[1].split(",")[0].strip(" )")
    query = asked.get(source)
    if isinstance(query, Query) and detector_of(call, identity(*query.key, query.statistic.name)) is None:
        namespace, name, dimensions = query.key
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
            "Stat": query.statistic.name,
        }
        put_anomaly_detector(call, SingleMetricAnomalyDetector=metric)
