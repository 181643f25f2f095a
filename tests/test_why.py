"""lab.why: an evaluation in words, from what anyone can ask."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import BadInput

PLAIN: dict[str, Any] = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 50.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def played(values: list[float | None], **more: Any) -> Lab:
    """A lab with an alarm and one value a minute."""
    lab = Lab()
    cw = lab.client("cloudwatch")
    cw.put_metric_alarm(**{**PLAIN, **more})
    for value in values:
        if value is not None:
            cw.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": value}])
        lab.advance(minutes=1)
    return lab


def test_the_story_of_an_alarm():
    lab = played([10.0, 99.0, None, 80.0])
    why = lab.why("a")
    assert (why.state, why.recorded, why.before) == ("ALARM", "ALARM", "OK")
    assert [(s.value, s.verdict, s.part) for s in why.slots] == [
        (None, "missing", "not needed"),
        (10.0, "fine", "counts"),
        (99.0, "breaching", "counts"),
        (None, "missing", "not needed"),
        (80.0, "breaching", "counts"),
    ]
    assert (why.breaching, why.fine, why.missing, why.n, why.m) == (2, 1, 0, 3, 2)
    assert why.at == lab.now
    assert why.rule == "2 breaching of 3: at least 2, so ALARM. Missing data were not even looked at."
    assert "09:03 fine instead of breaching: OK" in str(why)
    assert {(f"{c.start:%H:%M}", c.to, c.state) for c in why.changes} == {
        ("09:03", "fine", "OK"),
        ("09:03", "missing", "OK"),
        ("09:01", "fine", "OK"),
        ("09:01", "missing", "OK"),
    }


def test_at_an_earlier_instant():
    lab = played([10.0, 99.0, 99.0, 99.0])
    why = lab.why("a", at="2026-03-02T09:02:30Z")
    assert (why.state, why.recorded, f"{why.at:%H:%M:%S}") == ("OK", "OK", "09:02:00")
    assert lab.why("a").recorded == "ALARM"


def test_before_the_first_evaluation_and_by_hand():
    lab = Lab()
    cw = lab.client("cloudwatch")
    cw.put_metric_alarm(**PLAIN)
    assert "has not been evaluated yet" in str(lab.why("a"))
    lab.advance(seconds=70)
    cw.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="drill")
    why = lab.why("a")
    assert (why.recorded, why.state) == ("ALARM", "INSUFFICIENT_DATA")
    assert "by hand" in str(why)


def test_data_that_came_later_are_mentioned():
    lab = played([10.0, 10.0])
    cw = lab.client("cloudwatch")
    cw.put_metric_data(
        Namespace="N",
        MetricData=[
            {"MetricName": "m", "Value": 500.0, "Timestamp": f"2026-03-02T09:0{i}:00Z"} for i in (0, 1)
        ],
    )
    why = lab.why("a")
    assert (why.recorded, why.state) == ("OK", "ALARM")
    assert "data that came later" in str(why)


def test_of_bands_expressions_and_composites():
    lab = Lab()
    cw = lab.client("cloudwatch")
    stat = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    rest = {k: v for k, v in PLAIN.items() if k in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}
    metrics = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
    ]
    cw.put_metric_alarm(AlarmName="math", Metrics=metrics, **rest)
    band = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": True},
        {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(m1)", "ReturnData": True},
    ]
    cw.put_metric_alarm(
        AlarmName="band",
        Metrics=band,
        ThresholdMetricId="ad",
        EvaluationPeriods=1,
        ComparisonOperator="LessThanLowerThreshold",
    )
    cw.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(math) OR ALARM(band)")
    cw.put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 30.0}])
    lab.advance(minutes=1)
    assert lab.why("math").slots[-1].value == 60.0
    assert lab.why("band").comparison == "LessThanLowerThreshold"
    assert "math is in OK" in str(lab.why("both")) or "math is in INSUFFICIENT_DATA" in str(lab.why("both"))


def test_what_cannot_be_explained():
    lab = played([1.0])
    with pytest.raises(BadInput, match="is not an alarm"):
        lab.why("b")
    with pytest.raises(BadInput, match="has not come yet"):
        lab.why("a", at="2026-03-03T00:00:00Z")
    with pytest.raises(BadInput, match="lies before a was created"):
        lab.why("a", at="2026-03-02T08:59:00Z")


def test_html_is_escaped():
    lab = Lab()
    cw = lab.client("cloudwatch")
    cw.put_metric_alarm(**{**PLAIN, "AlarmName": "<b>"})
    cw.set_alarm_state(AlarmName="<b>", StateValue="OK", StateReason="<script>")
    page = lab.why("<b>")._repr_html_()
    assert "<script>" not in page and "<b>" not in page
    assert "&lt;script&gt;" in page


def test_asking_changes_nothing():
    lab = played([1.0, 99.0])
    before = lab.client("cloudwatch").describe_alarms()["MetricAlarms"], lab.now
    lab.why("a")
    assert (lab.client("cloudwatch").describe_alarms()["MetricAlarms"], lab.now) == before


@given(
    st.lists(st.one_of(st.none(), st.sampled_from([1.0, 99.0])), min_size=3, max_size=8),
    st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
)
@settings(max_examples=25)
def test_the_explanation_agrees_with_what_happened(values, treatment):
    lab = played(values, TreatMissingData=treatment)
    why = lab.why("a")
    assert (
        why.state
        == why.recorded
        == lab.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"]
    )


def test_a_long_range_names_its_days():
    lab = played([80.0], Period=86_400, EvaluationPeriods=3, TreatMissingData="breaching")
    lab.advance(days=4)
    why = lab.why("a")
    assert "periods of 1 d, 2026-03-0" in why.text
    assert f"{why.slots[-1].start:%Y-%m-%d %H:%M}  " in str(why)
    assert f"<td>{why.slots[-1].start:%Y-%m-%d %H:%M}</td>" in why._repr_html_()


@pytest.mark.parametrize("name", [None, 5, "", "x" * 256])
def test_what_is_no_name(name: Any):
    with pytest.raises(BadInput, match="is no name of an alarm"):
        Lab().why(name)
