"""Detectors as a learner calls them."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import NotModelled

METRIC = {"Namespace": "Shop", "MetricName": "Load", "Stat": "Average"}
DIMENSIONS = [{"Name": "Host", "Value": "web-1"}]


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def cloudwatch(lab: Lab) -> Any:
    return lab.client("cloudwatch")


def stat(id_: str = "m1", returned: bool = False, period: int = 300, **metric: Any) -> dict[str, Any]:
    asked = {"Namespace": "Shop", "MetricName": "Load", **metric}
    return {
        "Id": id_,
        "MetricStat": {"Metric": asked, "Period": period, "Stat": "Sum"},
        "ReturnData": returned,
    }


def math(*more: dict[str, Any]) -> dict[str, Any]:
    return {"MetricDataQueries": [stat(), *more]}


EXPRESSION = {"Id": "e1", "Expression": "m1 * 2"}


def code(operation: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        operation(**request)
    return refused.value.response["Error"]["Code"]


def load(lab: Lab, days: float, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    end = int(lab.now.timestamp())
    stamps = np.arange(end - int(days * 86_400), end, 300)
    values = 50 + 10 * np.sin(stamps / 86_400 * 2 * np.pi) + stamps / 300 % 7
    lab.act("cloudwatch", "load", namespace="Shop", metric="Load", stamps=stamps, values=values, **more)
    return stamps, values


def test_a_detector_is_made_changed_described_and_deleted(cloudwatch: Any, lab: Lab):
    made = cloudwatch.put_anomaly_detector(**METRIC, Dimensions=DIMENSIONS)["AnomalyDetectorId"]
    single = {**METRIC, "Dimensions": DIMENSIONS}
    hours = [{"StartTime": lab.now, "EndTime": lab.now + timedelta(hours=1)}]
    configuration = {"ExcludedTimeRanges": hours, "MetricTimezone": "Europe/Berlin"}
    again = cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector=single,
        Configuration=configuration,
        MetricCharacteristics={"PeriodicSpikes": True},
    )
    assert again["AnomalyDetectorId"] == made, "two ways to name one metric"
    (described,) = cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]
    assert described["Configuration"] == configuration
    assert described["MetricCharacteristics"] == {"PeriodicSpikes": True}
    assert described["StateValue"] == "PENDING_TRAINING"
    assert described["SingleMetricAnomalyDetector"] == {"AccountId": lab.account, **single}
    assert {k: described[k] for k in single} == single
    cloudwatch.delete_anomaly_detector(AnomalyDetectorId=made)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []
    assert code(cloudwatch.delete_anomaly_detector, **METRIC) == "ResourceNotFoundException"
    assert code(cloudwatch.delete_anomaly_detector, AnomalyDetectorId=made) == "ResourceNotFoundException"


def test_a_metric_math_detector_is_listed_only_when_asked_for(cloudwatch: Any):
    cloudwatch.put_anomaly_detector(**METRIC)
    made = cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=math(EXPRESSION))["AnomalyDetectorId"]
    assert (
        cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=math(EXPRESSION))["AnomalyDetectorId"]
        == made
    )

    def kinds(**asked: Any) -> list[str]:
        found = cloudwatch.describe_anomaly_detectors(**asked)["AnomalyDetectors"]
        return sorted("math" if "MetricMathAnomalyDetector" in d else "single" for d in found)

    assert kinds() == ["single"]
    assert kinds(AnomalyDetectorTypes=["METRIC_MATH"]) == ["math"]
    assert kinds(AnomalyDetectorTypes=["METRIC_MATH", "SINGLE_METRIC"]) == ["math", "single"]
    assert kinds(AnomalyDetectorIds=[made]) == ["math"]
    (found,) = cloudwatch.describe_anomaly_detectors(AnomalyDetectorIds=[made])["AnomalyDetectors"]
    assert found["MetricMathAnomalyDetector"]["MetricDataQueries"] == [stat(), EXPRESSION]
    cloudwatch.delete_anomaly_detector(MetricMathAnomalyDetector=math(EXPRESSION))
    assert kinds(AnomalyDetectorTypes=["METRIC_MATH"]) == []


def test_filters_and_pages(cloudwatch: Any):
    for name in "abc":
        cloudwatch.put_anomaly_detector(Namespace="Shop", MetricName=name, Stat="p90", Dimensions=DIMENSIONS)
    cloudwatch.put_anomaly_detector(Namespace="Other", MetricName="a", Stat="p90")

    def names(**asked: Any) -> list[str]:
        pages = cloudwatch.get_paginator("describe_anomaly_detectors").paginate(**asked)
        return [d["Namespace"] + d["MetricName"] for page in pages for d in page["AnomalyDetectors"]]

    assert names(PaginationConfig={"PageSize": 1}) == ["Othera", "Shopa", "Shopb", "Shopc"]
    assert names(Namespace="Shop") == ["Shopa", "Shopb", "Shopc"]
    assert names(MetricName="a") == ["Othera", "Shopa"]
    assert names(Dimensions=DIMENSIONS, MetricName="b") == ["Shopb"]
    describe = cloudwatch.describe_anomaly_detectors
    assert code(describe, NextToken="x") == "InvalidNextToken"
    assert code(describe, MaxResults=101) == "InvalidParameterValue"
    assert code(describe, AnomalyDetectorIds=["x"], Namespace="Shop") == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, "MissingParameter"),
        ({"Namespace": "Shop", "MetricName": "Load"}, "MissingParameter"),
        ({"SingleMetricAnomalyDetector": {"Namespace": "Shop", "Stat": "Sum"}}, "MissingParameter"),
        ({**METRIC, "SingleMetricAnomalyDetector": METRIC}, "InvalidParameterCombination"),
        ({**METRIC, "MetricMathAnomalyDetector": math(EXPRESSION)}, "InvalidParameterCombination"),
        ({**METRIC, "Stat": "o10"}, "InvalidParameterValue"),
        ({**METRIC, "Dimensions": DIMENSIONS * 2}, "InvalidParameterValue"),
        ({**METRIC, "Configuration": {"MetricTimezone": "Europe/Nowhere"}}, "InvalidParameterValue"),
        ({**METRIC, "Configuration": {"MetricTimezone": "../etc"}}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_and_nothing_is_kept(cloudwatch: Any, request_: dict, expected: str):
    assert code(cloudwatch.put_anomaly_detector, **request_) == expected
    both = ["SINGLE_METRIC", "METRIC_MATH"]
    assert cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=both)["AnomalyDetectors"] == []


@pytest.mark.parametrize(
    "queries",
    [
        [],
        [stat(returned=True), {**EXPRESSION, "ReturnData": True}],  # two results
        [stat(), {**EXPRESSION, "ReturnData": False}],  # none
        [stat(), stat("m2", period=60), EXPRESSION],  # two periods
        [stat(period=7200), EXPRESSION],  # longer than an hour
        [stat(period=10), EXPRESSION],  # high resolution
        [stat("M1"), EXPRESSION],  # not an id
        [stat(), stat(), EXPRESSION],  # an id twice
        [{"Id": "e1", "Expression": "TIME_SERIES(1)"}],  # no metric
        [stat(), {"Id": "e1", "Expression": "SUM(METRICS())"}],
        [stat(), {"Id": "e1", "Expression": "SEARCH('x', 'Sum', 300)"}],
        [stat(), {"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1)"}],
        [*(stat(f"m{i}") for i in range(11)), EXPRESSION],  # eleven metrics
        [stat(), {"Id": "e1"}],  # neither
    ],
)  # fmt: skip
def test_queries_that_give_no_single_series_are_refused(cloudwatch: Any, queries: list[dict]):
    put = cloudwatch.put_anomaly_detector
    assert code(put, MetricMathAnomalyDetector={"MetricDataQueries": queries}) in {
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "MissingParameter",
    }


def test_a_functions_name_in_a_text_is_no_call(cloudwatch: Any):
    quoted = {"Id": "e1", "Expression": "FIRST(METRIC_COUNT('SEARCH (x)'))"}
    assert cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=math(quoted))["AnomalyDetectorId"]


def test_excluded_ranges_run_forward_and_are_ten_at_most(cloudwatch: Any, lab: Lab):
    put, hour = cloudwatch.put_anomaly_detector, timedelta(hours=1)
    backward = [{"StartTime": lab.now, "EndTime": lab.now - hour}]
    assert code(put, **METRIC, Configuration={"ExcludedTimeRanges": backward}) == "InvalidParameterValue"
    many = [{"StartTime": lab.now, "EndTime": lab.now + hour}] * 11
    assert code(put, **METRIC, Configuration={"ExcludedTimeRanges": many}) == "InvalidParameterValue"
    put(**METRIC, Configuration={"ExcludedTimeRanges": many[:10]})


def test_what_is_not_modeled_is_refused_by_name(cloudwatch: Any):
    with pytest.raises(NotModelled, match="FAST"):
        cloudwatch.put_anomaly_detector(**METRIC, Configuration={"AdaptationSpeed": "FAST"})
    with pytest.raises(NotModelled, match="another account"):
        cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector={**METRIC, "AccountId": "222222222222"})


def test_the_state_tells_how_much_there_is_to_learn_from(cloudwatch: Any, lab: Lab):
    cloudwatch.put_anomaly_detector(**METRIC)
    cloudwatch.put_anomaly_detector(
        MetricMathAnomalyDetector=math(stat("m2", MetricName="Other"), EXPRESSION)
    )

    def states() -> list[str]:
        both = ["SINGLE_METRIC", "METRIC_MATH"]
        found = cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=both)["AnomalyDetectors"]
        return [d["StateValue"] for d in found]

    assert states() == ["PENDING_TRAINING"] * 2
    load(lab, 0.5)
    assert states() == ["PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA"]  # the other metric has nothing
    load(lab, 5)
    assert states()[1] == "TRAINED"
    lab.advance(days=15)
    assert states()[1] == "PENDING_TRAINING", "two weeks later there is nothing left to learn from"


def test_detectors_are_part_of_the_world(cloudwatch: Any, lab: Lab, tmp_path: Any):
    cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector=math(EXPRESSION))
    cloudwatch.put_anomaly_detector(**METRIC, Configuration={"OutlierFilteringStrength": "STRICT"})
    other = lab.fork()
    other.client("cloudwatch").delete_anomaly_detector(**METRIC)
    lab.save(tmp_path / "lab")
    opened = Lab.open(tmp_path / "lab").client("cloudwatch")
    for asked in ({}, {"AnomalyDetectorTypes": ["METRIC_MATH"]}):
        kept, now = (c.describe_anomaly_detectors(**asked)["AnomalyDetectors"] for c in (opened, cloudwatch))
        assert kept == now and len(now) == 1
    assert lab.client("cloudwatch", region="eu-west-1").describe_anomaly_detectors()["AnomalyDetectors"] == []
