"""PutMetricAlarm through boto3: what it keeps, what it refuses and in which words."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from cwlab import Lab
from cwlab.errors import NotModelled

PLAIN: dict[str, Any] = {
    "AlarmName": "cpu-high",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 50.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
STAT = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Average"}
MATH = {
    "AlarmName": "math",
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "Metrics": [
        {"Id": "m1", "MetricStat": STAT, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 / 2", "ReturnData": True},
    ],
}
BAND = {
    "AlarmName": "band",
    "EvaluationPeriods": 1,
    "ThresholdMetricId": "ad1",
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    "Metrics": [
        {"Id": "m1", "MetricStat": STAT, "ReturnData": True},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    ],
}


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def cloudwatch(lab: Lab) -> Any:
    return lab.client("cloudwatch")


def without(request: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in request.items() if k not in names} | more


def query(id_: str, *, returned: bool = False, period: int = 60, **more: Any) -> dict[str, Any]:
    body = more or {"MetricStat": STAT | {"Period": period}}
    return {"Id": id_, "ReturnData": returned, **body}


def alarm(client: Any, name: str = "cpu-high") -> dict[str, Any]:
    return client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def refused(operation: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        operation(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.syllabus("A01")
def test_a_new_alarm_as_it_is_described(cloudwatch: Any, lab: Lab):
    """The members right after creation, as observed on the live service."""
    cloudwatch.put_metric_alarm(**PLAIN)
    assert alarm(cloudwatch) == {
        "AlarmName": "cpu-high",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{lab.account}:alarm:cpu-high",
        "AlarmConfigurationUpdatedTimestamp": lab.now,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": lab.now,
        "StateTransitionedTimestamp": lab.now,
        "MetricName": "m",
        "Namespace": "N",
        "Statistic": "Average",
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 50.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }


def test_every_field_comes_back(cloudwatch: Any, lab: Lab):
    topic = f"arn:aws:sns:us-east-1:{lab.account}:ops"
    given = without(PLAIN, "Statistic") | {
        "AlarmDescription": "hot",
        "ActionsEnabled": False,
        "OKActions": [topic],
        "AlarmActions": [topic],
        "InsufficientDataActions": [topic],
        "ExtendedStatistic": "p90",
        "Dimensions": [{"Name": "Host", "Value": "web-1"}],
        "Unit": "Percent",
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "ignore",
    }
    cloudwatch.put_metric_alarm(**given)
    found = alarm(cloudwatch)
    assert {k: found[k] for k in given} == given
    assert "Statistic" not in found


def test_math_comes_back_and_dimensions_stay_an_empty_list(cloudwatch: Any):
    cloudwatch.put_metric_alarm(**MATH)
    found = alarm(cloudwatch, "math")
    assert found["Metrics"] == MATH["Metrics"]
    assert found["Dimensions"] == []
    assert not {"Period", "Statistic", "MetricName"} & set(found)


def test_putting_the_same_again_changes_nothing(cloudwatch: Any, lab: Lab):
    cloudwatch.put_metric_alarm(**PLAIN)
    before, history = alarm(cloudwatch), cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
    lab.advance(seconds=1)
    cloudwatch.put_metric_alarm(**PLAIN)
    assert alarm(cloudwatch) == before
    assert cloudwatch.describe_alarm_history()["AlarmHistoryItems"] == history


def test_an_update_replaces_all_and_keeps_the_state_and_the_tags(cloudwatch: Any, lab: Lab):
    cloudwatch.put_metric_alarm(
        **PLAIN, AlarmDescription="old", DatapointsToAlarm=2, Tags=[{"Key": "team", "Value": "a"}]
    )
    arn = alarm(cloudwatch)["AlarmArn"]
    cloudwatch.set_alarm_state(AlarmName="cpu-high", StateValue="ALARM", StateReason="test")
    lab.advance(seconds=1)
    cloudwatch.put_metric_alarm(**PLAIN | {"Threshold": 60}, Tags=[{"Key": "team", "Value": "b"}])
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 60.0)
    assert found["AlarmConfigurationUpdatedTimestamp"] == lab.now
    assert not {"AlarmDescription", "DatapointsToAlarm"} & set(found)
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_a_new_alarm_may_have_the_name_of_a_deleted_one(cloudwatch: Any):
    cloudwatch.put_metric_alarm(**PLAIN, Tags=[{"Key": "team", "Value": "a"}])
    arn = alarm(cloudwatch)["AlarmArn"]
    cloudwatch.delete_alarms(AlarmNames=["cpu-high"])
    cloudwatch.put_metric_alarm(**PLAIN)
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    assert alarm(cloudwatch)["StateReason"] == "Unchecked: Initial alarm creation"


REFUSALS = {
    "Metrics with MetricName": (
        MATH | {"MetricName": "m"},
        "MetricName should not be set if list of Metrics is set.",
    ),
    "Metrics with Period": (MATH | {"Period": 60}, "Period should not be set if list of Metrics is set."),
    "both statistics": (
        PLAIN | {"ExtendedStatistic": "p90"},
        (
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. "
            "Only one of them should be present"
        ),
    ),
    "bad ARN": (PLAIN | {"AlarmActions": ["not-an-arn"]}, "Invalid arn syntax: not-an-arn"),
    "bad ARN, not enabled": (
        PLAIN | {"OKActions": ["not-an-arn"], "ActionsEnabled": False},
        "Invalid arn syntax: not-an-arn",
    ),
    "no Period": (without(PLAIN, "Period"), "PutMetricAlarm request should have a Period parameter"),
    "no Statistic": (without(PLAIN, "Statistic"), "PutMetricAlarm request should have a Statistic parameter"),
    "no Namespace": (without(PLAIN, "Namespace"), "PutMetricAlarm request should have a Namespace parameter"),
    "no EvaluationPeriods": (
        without(PLAIN, "EvaluationPeriods"),
        "PutMetricAlarm request should have an EvaluationPeriods parameter",
    ),
    "no Threshold": (
        without(PLAIN, "Threshold"),
        "PutMetricAlarm request should have a valid Threshold parameter",
    ),
    "no ComparisonOperator": (
        without(PLAIN, "ComparisonOperator"),
        "PutMetricAlarm request should have a valid ComparisonOperator parameter",
    ),
    "no metric": (
        without(PLAIN, "MetricName", "Namespace", "Statistic", "Period"),
        "Either a MetricName or a list of Metrics must be set.",
    ),
    **{
        f"period {period}": (PLAIN | {"Period": period}, "Period must be 10, 20, 30 or a multiple of 60")
        for period in (1, 5, 15, 59, 61, 90)
    },
    "more than a day": (
        PLAIN | {"Period": 300, "EvaluationPeriods": 289},
        (
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms "
            "using period < 3600"
        ),
    ),
    "more than a week": (
        PLAIN | {"Period": 3600, "EvaluationPeriods": 169},
        "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800)",
    ),
    "low sample, no percentile": (
        PLAIN | {"EvaluateLowSampleCountPercentile": "ignore"},
        "Option evaluateLowSampleCountPercentile can not be applied with statistic Average.",
    ),
    "low sample, bad option": (
        without(PLAIN, "Statistic") | {"ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "x"},
        (
            "Option x is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and "
            "ignore."
        ),
    ),
    "bad treatment": (
        PLAIN | {"TreatMissingData": "zero"},
        (
            "Option zero is not supported. Supported options for parameter TreatMissingData are breaching, notBreaching, "
            "ignore and missing."
        ),
    ),
    "control character": (
        PLAIN | {"AlarmName": "a\tb"},
        "AlarmName must not contain ASCII Control characters",
    ),
    "M > N": (
        PLAIN | {"DatapointsToAlarm": 4},
        "DatapointsToAlarm (4) must be less than or equal to EvaluationPeriods (3) for the alarm.",
    ),
    "band comparison without a band": (
        PLAIN | {"ComparisonOperator": "GreaterThanUpperThreshold"},
        "ComparisonOperator GreaterThanUpperThreshold needs a ThresholdMetricId.",
    ),
    "SEARCH": (
        MATH | {"Metrics": [query("e1", returned=True, Expression="SUM(SEARCH('{N} m', 'Sum', 60))")]},
        "SEARCH is not supported on Metric Alarms.",
    ),
    "two that return": (
        MATH | {"Metrics": [query("m1", returned=True), query("m2", returned=True)]},
        "Exactly one element of the Metrics list should return data.",
    ),
    "none that returns": (
        MATH | {"Metrics": [query("m1")]},
        "Exactly one element of the Metrics list should return data.",
    ),
    "two periods": (
        MATH | {"Metrics": [query("m1", returned=True), query("m2", period=300)]},
        "All metrics of an alarm must have the same period.",
    ),
    "eleven metrics": (
        MATH | {"Metrics": [query(f"m{i}", returned=i == 0) for i in range(11)]},
        "An alarm can have at most 10 metrics and 10 expressions in Metrics.",
    ),
    "an array": (
        MATH | {"Metrics": [query("m1"), query("m2"), query("e1", returned=True, Expression="METRICS()")]},
        "The expression of an alarm must return one time series.",
    ),
    "no Metrics": (MATH | {"Metrics": []}, "The parameter Metrics is required."),
    "bad id": (
        MATH | {"Metrics": [query("M1", returned=True)]},
        "The value for parameter Metrics.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
    ),
    "SQL, 3 hours": (
        MATH
        | {
            "Metrics": [query("q1", returned=True, Expression='SELECT AVG(m) FROM "N"', Period=60)],
            "EvaluationPeriods": 181,
        },
        "MetricsInsights monitors cannot be checked across more than 3 hours",
    ),
    "SQL, 30 seconds": (
        MATH | {"Metrics": [query("q1", returned=True, Expression='SELECT AVG(m) FROM "N"', Period=30)]},
        "MetricsInsights monitors do not support less than 60 seconds period",
    ),
    "SQL, unordered groups": (
        MATH
        | {
            "Metrics": [
                query("q1", returned=True, Expression='SELECT AVG(m) FROM "N" GROUP BY Host', Period=60)
            ]
        },
        "A query with GROUP BY needs ORDER BY to be used in an alarm.",
    ),
    "band, Threshold too": (
        BAND | {"Threshold": 1.0},
        "Threshold should not be set if ThresholdMetricId is set.",
    ),
    "band, plain comparison": (
        BAND | {"ComparisonOperator": "GreaterThanThreshold"},
        (
            "ComparisonOperator GreaterThanThreshold is not supported with ThresholdMetricId. Use one of "
            "LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, GreaterThanUpperThreshold."
        ),
    ),
    "band, wrong id": (
        BAND | {"ThresholdMetricId": "m1"},
        "ThresholdMetricId m1 must be the Id of an ANOMALY_DETECTION_BAND expression in Metrics.",
    ),
    "band, nothing returned": (
        BAND | {"Metrics": [query("m1"), BAND["Metrics"][1]]},
        "Exactly two elements of the Metrics list should return data: a metric and its band.",
    ),
    "tags": (
        PLAIN | {"Tags": [{"Key": "aws:x", "Value": "1"}]},
        "Tag key aws:x is reserved: keys must not begin with aws:.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_and_how(cloudwatch: Any, case: str):
    request, message = REFUSALS[case]
    assert refused(cloudwatch.put_metric_alarm, **request) == ("ValidationError", message)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_values_that_are_no_values(cloudwatch: Any):
    bad = refused(cloudwatch.put_metric_alarm, **without(PLAIN, "Statistic") | {"ExtendedStatistic": "p101"})
    assert bad == (
        "InvalidParameterValue",
        "The value p101 for parameter ExtendedStatistic is not supported.",
    )
    for value, shown in ((float("nan"), "NaN"), (float("inf"), "Infinity")):
        assert refused(cloudwatch.put_metric_alarm, **PLAIN | {"Threshold": value}) == (
            "InvalidParameterValue",
            f"The value {shown} for parameter Threshold is invalid.",
        )


def test_a_refused_update_leaves_the_alarm_as_it_was(cloudwatch: Any):
    cloudwatch.put_metric_alarm(**PLAIN)
    before = alarm(cloudwatch)
    refused(cloudwatch.put_metric_alarm, **PLAIN | {"Period": 61})
    assert alarm(cloudwatch) == before


def test_an_expression_that_cannot_be_computed_is_refused_at_once(cloudwatch: Any):
    code, message = refused(
        cloudwatch.put_metric_alarm, **MATH | {"Metrics": [query("e1", returned=True, Expression="m9 + 1")]}
    )
    assert code == "ValidationError"
    assert "m9" in message
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_on_a_band_makes_the_missing_detector(cloudwatch: Any):
    cloudwatch.put_metric_alarm(**BAND)
    (detector,) = cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]
    assert (detector["MetricName"], detector["Stat"]) == ("m", "Average")
    cloudwatch.put_metric_alarm(**BAND | {"EvaluationPeriods": 2})
    assert len(cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0"}}},
        {"EvaluationInterval": 60},
    ],
)
def test_promql_is_refused_by_name(cloudwatch: Any, more: dict[str, Any]):
    with pytest.raises(NotModelled, match=next(iter(more))):
        cloudwatch.put_metric_alarm(AlarmName="p", **more)


def test_models_own_limits_in_the_services_words(cloudwatch: Any):
    assert refused(cloudwatch.put_metric_alarm, **PLAIN | {"ComparisonOperator": "Above"}) == (
        "ValidationError",
        (
            "1 validation error detected: Value 'Above' at 'comparisonOperator' failed to satisfy constraint: Member must "
            "satisfy enum value set: [GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, "
            "LessThanOrEqualToThreshold, LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, "
            "GreaterThanUpperThreshold]"
        ),
    )
    code, _ = refused(cloudwatch.put_metric_alarm, **PLAIN | {"AlarmName": "x" * 256})
    assert code == "ValidationError"
    with pytest.raises(ParamValidationError, match="valid min value: 1"):  # botocore says this one itself
        cloudwatch.put_metric_alarm(**PLAIN | {"EvaluationPeriods": 0})


def test_the_detector_is_made_however_the_band_is_spaced(cloudwatch: Any):
    metric, band = BAND["Metrics"]
    spaced = band | {"Expression": " ANOMALY_DETECTION_BAND( m1 , 2 )"}
    cloudwatch.put_metric_alarm(**BAND | {"Metrics": [metric, spaced]})
    assert len(cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]) == 1


def test_a_metric_may_be_about_searches(cloudwatch: Any):
    metrics = [
        {"Id": "searches", "MetricStat": STAT, "ReturnData": False},
        {"Id": "e1", "Expression": "searches / 100"},
    ]
    cloudwatch.put_metric_alarm(**MATH | {"Metrics": metrics})
    assert [a["AlarmName"] for a in cloudwatch.describe_alarms()["MetricAlarms"]] == ["math"]
