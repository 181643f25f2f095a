"""ANOMALY_DETECTION_BAND as GetMetricData answers it."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from cwlab import Lab

DAY = 86_400


@pytest.fixture
def lab() -> Lab:
    return Lab()


def load(lab: Lab, days: float, step: int = 300, name: str = "Load") -> tuple[np.ndarray, np.ndarray]:
    end = int(lab.now.timestamp())
    stamps = np.arange(end - int(days * DAY), end, step)
    values = 50 + 10 * np.sin(stamps / DAY * 2 * np.pi) + stamps / 300 % 7
    lab.act("cloudwatch", "load", namespace="Shop", metric=name, stamps=stamps, values=values)
    return stamps, values


def stat(
    id_: str = "m1", *, period: int = 300, stat_: str = "Average", name: str = "Load", returned: bool = False
) -> dict:
    metric = {"Namespace": "Shop", "MetricName": name}
    return {
        "Id": id_,
        "ReturnData": returned,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": stat_},
    }


def ask(
    lab: Lab, *queries: dict[str, Any], hours: float = 24, end: Any = None
) -> list[tuple[list[int], np.ndarray]]:
    until = end or lab.now
    answer = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries,
        StartTime=until - timedelta(hours=hours),
        EndTime=until,
        ScanBy="TimestampAscending",
    )
    found = answer["MetricDataResults"]
    return [([int(t.timestamp()) for t in r["Timestamps"]], np.array(r["Values"])) for r in found]


def band(
    lab: Lab, expression: str = "ANOMALY_DETECTION_BAND(m1)", *more: dict, **asked: Any
) -> tuple[np.ndarray, np.ndarray]:
    own = {k: asked.pop(k) for k in ("period", "stat_", "name") if k in asked}
    (first, lower), (second, upper) = ask(
        lab, stat(**own), *more, {"Id": "e1", "Expression": expression}, **asked
    )
    assert first == second
    return lower, upper


def test_a_band_is_two_series_around_what_is_ordinary_with_or_without_a_detector(lab: Lab):
    _, values = load(lab, 12)
    lower, upper = band(lab)
    day = values[-288:]
    assert len(lower) == 288 and ((lower <= day) & (day <= upper)).mean() > 0.9
    ((_, first),) = ask(lab, stat(), {"Id": "e1", "Expression": "FIRST(ANOMALY_DETECTION_BAND(m1, 2))"})
    ((_, last),) = ask(lab, stat(), {"Id": "e1", "Expression": "LAST(ANOMALY_DETECTION_BAND(m1, 2))"})
    assert np.array_equal(first, lower) and np.array_equal(last, upper)
    lab.client("cloudwatch").put_anomaly_detector(Namespace="Shop", MetricName="Load", Stat="Average")
    assert np.array_equal(band(lab), (lower, upper))
    wide = band(lab, "ANOMALY_DETECTION_BAND(m1, 4)")
    assert np.allclose(wide[1] - wide[0], 2 * (upper - lower))


def test_a_detectors_configuration_is_the_bands(lab: Lab):
    load(lab, 12)
    put = lab.client("cloudwatch").put_anomaly_detector
    everything = [{"StartTime": lab.now - timedelta(days=20), "EndTime": lab.now}]
    detector = {"Namespace": "Shop", "MetricName": "Load", "Stat": "Average"}
    put(**detector, Configuration={"ExcludedTimeRanges": everything})
    assert [len(side) for side in band(lab)] == [0, 0], "there is nothing left to learn from"
    assert len(band(lab, stat_="Maximum")[0]) == 288, "another statistic is another detector's"
    put(**detector)
    assert len(band(lab)[0]) == 288


def test_a_band_of_the_past_stays_what_it_was(lab: Lab):
    load(lab, 10)
    end, before = lab.now, band(lab)
    lab.advance(hours=3)
    lab.client("cloudwatch").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": 1e6}]
    )
    assert np.array_equal(band(lab, end=end), before)


def test_a_band_stands_where_the_metric_is_silent_and_not_in_the_future(lab: Lab):
    load(lab, 10)
    lab.advance(hours=2)
    lower, _ = band(lab, hours=6, end=lab.now + timedelta(hours=3))
    assert len(lower) == 3 * 12


def test_nothing_stored_no_band(lab: Lab):
    assert [len(side) for side in band(lab)] == [0, 0]


@pytest.mark.parametrize(("period", "expected"), [(60, 2.0), (300, 10.0), (3600, 120.0)])
def test_sums_of_minutes_are_compared_with_sums_of_minutes(lab: Lab, period: int, expected: float):
    end = int(lab.now.timestamp())
    stamps = np.arange(end - 3 * DAY, end, 60)
    lab.act(
        "cloudwatch", "load", namespace="Shop", metric="Load", stamps=stamps, values=np.full(len(stamps), 2.0)
    )
    lower, upper = band(lab, period=period, stat_="Sum")
    assert np.allclose(lower, expected) and np.allclose(upper, expected)


def test_an_expression_is_trained_on_two_weeks_of_itself(lab: Lab):
    load(lab, 12)
    plain, doubled = band(lab), band(lab, "ANOMALY_DETECTION_BAND(m1 * 2)")
    assert np.allclose(doubled, np.multiply(plain, 2))
    named = {"Id": "e0", "Expression": "m1 * 2", "ReturnData": False}
    assert np.array_equal(band(lab, "ANOMALY_DETECTION_BAND(e0)", named), doubled)


def test_a_metric_math_detector_configures_the_band_of_its_result(lab: Lab):
    load(lab, 12)
    everything = [{"StartTime": lab.now - timedelta(days=20), "EndTime": lab.now}]
    named = {"Id": "e0", "Expression": "m1 * 2", "ReturnData": False}
    lab.client("cloudwatch").put_anomaly_detector(
        MetricMathAnomalyDetector={"MetricDataQueries": [stat(), {**named, "ReturnData": True}]},
        Configuration={"ExcludedTimeRanges": everything},
    )
    assert len(band(lab, "ANOMALY_DETECTION_BAND(e0)", named)[0]) == 0
    assert len(band(lab, "ANOMALY_DETECTION_BAND(m1)", named)[0]) == 288


def test_bands_of_awss_own_percentages_stay_between_0_and_100(lab: Lab):
    ec2 = lab.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    lab.advance(days=2)
    metric = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": made["Instances"][0]["InstanceId"]}],
    }
    query = {
        "Id": "m1",
        "ReturnData": False,
        "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"},
    }
    expression = {"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1, 1000)"}
    (_, lower), (_, upper) = ask(lab, query, expression)
    assert len(lower) and lower.min() >= 0 and upper.max() <= 100
