"""PutAnomalyDetector, DescribeAnomalyDetectors, DeleteAnomalyDetector.

Source: API reference. A detector holds no trained model: a band is trained when it is asked for (see ``training``),
and a detector's state is read off the data there are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import paging
from cwlab.services.cloudwatch.anomaly import requests
from cwlab.services.cloudwatch.anomaly.training import (
    Configuration,
    Detector,
    detector_of,
    state_of,
    training_data,
)
from cwlab.services.cloudwatch.ingest import bad_combination, bad_value
from cwlab.services.cloudwatch.queries import exact_dimensions
from cwlab.services.cloudwatch.statistics import parse
from cwlab.timeline import to_datetime

PAGE = 100
_DAILY_PERIOD_S = 300  # what a single-metric detector's state is judged by

Structure = dict[str, Any]


@operation("cloudwatch", "PutAnomalyDetector")
def put_anomaly_detector(
    call: Call,
    *,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Structure] | None = None,
    Stat: str | None = None,
    Configuration: Mapping[str, Any] | None = None,
    MetricCharacteristics: Mapping[str, Any] | None = None,
    SingleMetricAnomalyDetector: Mapping[str, Any] | None = None,
    MetricMathAnomalyDetector: Mapping[str, Any] | None = None,
) -> Structure:
    """Create a detector, or give the one of that metric another configuration."""
    metric = requests.metric_of(
        call,
        _flat(Namespace, MetricName, Dimensions, Stat),
        SingleMetricAnomalyDetector,
        MetricMathAnomalyDetector,
    )
    configuration = requests.configuration_of(Configuration)
    spikes = (MetricCharacteristics or {}).get("PeriodicSpikes")
    old = detector_of(call, metric)
    new = (
        Detector(call.unique("", 32), metric, configuration, Configuration is not None, spikes, call.now_ms)
        if old is None
        else dataclasses.replace(
            old, configuration=configuration, given=Configuration is not None, spikes=spikes
        )
    )
    call.table("anomaly_detectors")[metric] = new
    return {"AnomalyDetectorId": new.id}


@operation("cloudwatch", "DescribeAnomalyDetectors", readonly=True)
def describe_anomaly_detectors(
    call: Call,
    *,
    AnomalyDetectorIds: Sequence[str] | None = None,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Structure] | None = None,
    AnomalyDetectorTypes: Sequence[str] | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Structure:
    """Detectors in the order of their metrics, page by page: those of single metrics unless types are named."""
    filters = (Namespace, MetricName, Dimensions, AnomalyDetectorTypes)
    if AnomalyDetectorIds and any(f is not None for f in filters):
        raise bad_combination(
            "The parameter AnomalyDetectorIds cannot be specified together with Namespace, MetricName, Dimensions or "
            "AnomalyDetectorTypes."
        )
    size = PAGE if MaxResults is None else MaxResults
    if size > PAGE:
        raise bad_value(f"The value {MaxResults} for parameter MaxResults must be between 1 and {PAGE}.")
    wanted = None if Dimensions is None else exact_dimensions(Dimensions)
    kinds = AnomalyDetectorTypes or ["SINGLE_METRIC"]
    found = [
        detector
        for _, detector in sorted(call.table("anomaly_detectors").items(), key=lambda item: repr(item[0]))
        if (
            detector.id in AnomalyDetectorIds
            if AnomalyDetectorIds
            else detector.metric[0] in kinds and _matches(detector.metric, Namespace, MetricName, wanted)
        )
    ]
    request = ([*(AnomalyDetectorIds or ())], Namespace, MetricName, wanted, sorted(kinds))
    start = 0
    if NextToken is not None:
        position = paging.position_of(request, NextToken)
        if position is None:
            raise AwsError("InvalidNextToken", "")
        start = position
    answer: Structure = {"AnomalyDetectors": [_described(call, d) for d in found[start : start + size]]}
    if start + size < len(found):
        answer["NextToken"] = paging.token(request, start + size)
    return answer


@operation("cloudwatch", "DeleteAnomalyDetector")
def delete_anomaly_detector(
    call: Call,
    *,
    AnomalyDetectorId: str | None = None,
    Namespace: str | None = None,
    MetricName: str | None = None,
    Dimensions: Sequence[Structure] | None = None,
    Stat: str | None = None,
    SingleMetricAnomalyDetector: Mapping[str, Any] | None = None,
    MetricMathAnomalyDetector: Mapping[str, Any] | None = None,
) -> None:
    """Delete a detector, named by its id or its metric."""
    flat = _flat(Namespace, MetricName, Dimensions, Stat)
    table = call.table("anomaly_detectors")
    if AnomalyDetectorId is None:
        metric = requests.metric_of(call, flat, SingleMetricAnomalyDetector, MetricMathAnomalyDetector)
        if metric not in table:
            raise _unknown("")
        del table[metric]
        return
    if flat or SingleMetricAnomalyDetector or MetricMathAnomalyDetector:
        raise bad_combination("The parameter AnomalyDetectorId cannot be specified together with a metric.")
    for metric, detector in table.items():
        if detector.id == AnomalyDetectorId:
            del table[metric]
            return
    raise _unknown(AnomalyDetectorId)


def _unknown(id_: str) -> AwsError:
    return AwsError(
        "ResourceNotFoundException",
        "The anomaly detector does not exist.",  # unconfirmed
        404,
        fields={"ResourceType": "AnomalyDetector", "ResourceId": id_},
    )


def _flat(
    namespace: str | None, name: str | None, dimensions: Sequence[Structure] | None, stat: str | None
) -> Structure:
    given = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions, "Stat": stat}
    return {k: v for k, v in given.items() if v is not None}


def _matches(metric: tuple[Any, ...], namespace: str | None, name: str | None, dimensions: Any) -> bool:
    """The filters are about single metrics; metric-math detectors are all listed, whatever they say."""
    if metric[0] == "METRIC_MATH":
        return True
    return namespace in (None, metric[1]) and name in (None, metric[2]) and dimensions in (None, metric[3])


def _described(call: Call, detector: Detector) -> Structure:
    answer: Structure = {
        "AnomalyDetectorId": detector.id,
        "StateValue": _state(call, detector),
        # Absent parts are present and empty, as with the alarms of this service.
        "Configuration": _configuration(detector.configuration) if detector.given else {},
    }
    if detector.spikes is not None:
        answer["MetricCharacteristics"] = {"PeriodicSpikes": detector.spikes}
    if detector.metric[0] == "METRIC_MATH":
        queries = [requests.thawed(q) for q in detector.metric[1]]
        return answer | {"MetricMathAnomalyDetector": {"MetricDataQueries": queries}}
    _, namespace, name, dimensions, stat = detector.metric
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
        "Stat": stat,
    }
    # The older members and the newer structure say the same.
    return answer | metric | {"SingleMetricAnomalyDetector": {"AccountId": call.account, **metric}}


def _configuration(how: Configuration) -> Structure:
    answer: Structure = {
        "ExcludedTimeRanges": [
            {"StartTime": to_datetime(start * 1000), "EndTime": to_datetime(end * 1000)}
            for start, end in how.excluded
        ]
    }
    given = {
        "MetricTimezone": how.zone,
        "AdaptationSpeed": how.speed,
        "OutlierFilteringStrength": how.strength,
    }
    return answer | {k: v for k, v in given.items() if v is not None}


def _state(call: Call, detector: Detector) -> str:
    """Of a metric-math detector: that of the metric it knows least about."""
    order = ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA", "TRAINED")
    return min((_metric_state(call, detector, *m) for m in _metrics(detector)), key=order.index)


def _metrics(detector: Detector) -> list[tuple[Any, str, int, str | None]]:
    """The stored metrics a detector rests on: key, statistic, period, unit."""
    if detector.metric[0] == "SINGLE_METRIC":
        _, namespace, name, dimensions, stat = detector.metric
        return [((namespace, name, dimensions), stat, _DAILY_PERIOD_S, None)]
    stats = [q["MetricStat"] for q in map(requests.thawed, detector.metric[1]) if "MetricStat" in q]
    return [
        (
            (
                s["Metric"]["Namespace"],
                s["Metric"]["MetricName"],
                exact_dimensions(s["Metric"].get("Dimensions")),
            ),
            s["Stat"],
            s["Period"],
            s.get("Unit"),
        )
        for s in stats
    ]


def _metric_state(call: Call, detector: Detector, key: Any, stat: str, period: int, unit: str | None) -> str:
    statistic = parse(stat)
    assert statistic is not None
    data = training_data(call, key, statistic, period, call.now_ms // 1000, unit)
    return state_of(data, detector.configuration.excluded)
