"""Alarms on the lab's clock, through boto3: when they are evaluated, over what, and what they say."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms import evaluation
from cwlab.services.cloudwatch.math import MathError

PLAIN: dict[str, Any] = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 50.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
HIGH, LOW = 99.0, 1.0


class World:
    """A lab whose clock moves in the minutes a test names, with short ways to put and to look."""

    def __init__(self, **settings_: Any) -> None:
        self.lab = Lab()
        self.cw = self.lab.client("cloudwatch")
        if settings_:
            self.lab.act("cloudwatch", "configure", **settings_)

    def put(self, value: float | None, back: float = 0, resolution: int = 60, **more: Any) -> None:
        datum = {
            "MetricName": "m",
            "Timestamp": self.lab.now - timedelta(seconds=back),
            "StorageResolution": resolution,
            **({} if value is None else {"Value": value}),
            **more,
        }
        self.cw.put_metric_data(Namespace="N", MetricData=[datum])

    def alarm(self, **more: Any) -> None:
        self.cw.put_metric_alarm(**{k: v for k, v in {**PLAIN, **more}.items() if v is not None})

    def told(self, name: str = "a") -> dict[str, Any]:
        return self.cw.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    @property
    def state(self) -> str:
        return self.told()["StateValue"]

    def changes(self) -> list[tuple[str, str]]:
        """The instants and states of the history, oldest first."""
        pages = self.cw.get_paginator("describe_alarm_history").paginate(
            AlarmName="a", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
        )
        return [
            (f"{item['Timestamp']:%H:%M:%S}", json.loads(item["HistoryData"])["newState"]["stateValue"])
            for page in pages
            for item in page["AlarmHistoryItems"]
        ]


@pytest.fixture
def w() -> World:
    return World()


@pytest.mark.syllabus("A01", "A02", "A04", "M01")
def test_cpu_above_50_percent_for_two_periods_of_a_minute(w: World):
    w.alarm(EvaluationPeriods=2)
    for value in (70.0, 70.0, 30.0, 30.0):
        w.put(value)
        w.lab.advance(minutes=1)
    assert w.changes() == [("09:02:00", "ALARM"), ("09:03:00", "OK")]


@pytest.mark.syllabus("A03")
def test_without_data_an_alarm_cannot_tell(w: World):
    w.alarm()
    w.lab.advance(days=400)
    assert w.state == "INSUFFICIENT_DATA"
    assert w.told()["StateReason"] == "Unchecked: Initial alarm creation"
    assert "StateReasonData" not in w.told()


@pytest.mark.syllabus("A03")
def test_an_alarm_on_a_metric_that_never_exists_can_be_made_and_speaks_when_it_does(w: World):
    w.alarm(TreatMissingData="breaching")
    w.lab.advance(seconds=2)
    assert w.state == "ALARM"
    assert w.told()["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching]."
    )
    w.put(LOW)
    w.lab.advance(minutes=1)
    assert w.state == "OK"


def test_the_first_evaluation_comes_in_seconds_and_sees_data_from_before(w: World):
    w.put(HIGH, back=60)
    w.lab.advance(seconds=30)
    w.alarm()
    assert w.state == "INSUFFICIENT_DATA"
    w.lab.advance(seconds=2)
    assert w.changes() == [("09:00:32", "ALARM")]


def test_the_newest_slot_is_the_last_whole_period(w: World):
    w.alarm()
    w.put(HIGH)
    w.lab.advance(seconds=59)
    assert w.state == "INSUFFICIENT_DATA"
    w.lab.advance(seconds=1)
    assert w.state == "ALARM"


def test_windows_slide_by_the_minute(w: World):
    """A five-minute period need not begin at a multiple of five: at 12:16 the range ends at 12:16."""
    w.alarm(Period=300, Statistic="Sum", Threshold=150.0)
    for value in (0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 100.0, 0.0):
        w.put(value)
        w.lab.advance(minutes=1)
    # 09:02 and 09:06 lie in no aligned period of five minutes; together they lie in 09:02 to 09:07.
    assert ("09:07:00", "ALARM") in w.changes()
    assert w.changes()[-1] == ("09:08:00", "OK")


def test_only_the_range_is_looked_at(w: World):
    """N + 2 slots: the last point leaves it two minutes later than the window of one period would say."""
    w.alarm()
    w.put(HIGH)
    w.lab.advance(minutes=10)
    assert w.changes() == [("09:01:00", "ALARM"), ("09:04:00", "INSUFFICIENT_DATA")]


@pytest.mark.syllabus("A08")
def test_a_high_resolution_alarm_sees_a_spike_of_twenty_seconds_in_its_time(w: World):
    w.alarm(Period=10, EvaluationPeriods=2)
    w.alarm(AlarmName="b", Period=60)
    for second in range(0, 120, 5):
        w.put(HIGH if 40 <= second < 60 else LOW, resolution=1)
        w.lab.advance(seconds=5)
    assert w.changes() == [("09:00:10", "OK"), ("09:01:00", "ALARM"), ("09:01:10", "OK")]
    assert w.told("b")["StateValue"] == "OK"  # the minute's average never breached


def test_periods_of_thirty_seconds_are_aligned_to_the_half_minute(w: World):
    w.alarm(Period=30)
    w.put(HIGH, resolution=1)
    w.lab.advance(seconds=20)
    assert w.state == "INSUFFICIENT_DATA"
    w.lab.advance(seconds=10)
    assert w.state == "ALARM"


def test_alarms_over_more_than_a_day_are_evaluated_by_the_hour(w: World):
    """The example of the user guide: a job fails at 10:02; the alarm says so at 11:03 there, here on the hour."""
    w.lab.advance(hours=1)
    w.alarm(Period=3600, EvaluationPeriods=25, DatapointsToAlarm=1)
    w.put(LOW, back=1800)
    w.lab.advance(minutes=2)
    w.put(HIGH)
    w.lab.advance(minutes=57)
    assert w.state == "OK"
    w.lab.advance(minutes=1)
    assert w.changes()[-1] == ("11:00:00", "ALARM")


def test_a_point_for_the_past_counts_at_the_next_tick(w: World):
    w.alarm()
    w.put(LOW)
    w.lab.advance(minutes=1, seconds=20)
    assert w.state == "OK"
    w.put(300.0, back=60)
    assert w.state == "OK"
    w.lab.advance(seconds=40)
    assert w.changes()[-1] == ("09:02:00", "ALARM")


def test_delays_of_visibility_count(w: World):
    late = World(statistics_delay_s=90)
    for world in (w, late):
        world.alarm()
        world.put(HIGH)
        world.lab.advance(minutes=3)
    assert w.changes()[0] == ("09:01:00", "ALARM")
    assert late.changes()[0] == ("09:02:00", "ALARM")


def test_set_alarm_state_lasts_until_the_next_evaluation(w: World):
    w.alarm()
    w.put(LOW)
    w.lab.advance(minutes=1, seconds=10)
    w.cw.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="drill")
    assert (w.told()["StateReason"], w.state) == ("drill", "ALARM")
    w.lab.advance(seconds=49)
    assert w.state == "ALARM"
    w.lab.advance(seconds=1)
    assert w.changes() == [("09:01:00", "OK"), ("09:01:10", "ALARM"), ("09:02:00", "OK")]


def test_an_update_counts_at_the_next_tick(w: World):
    w.alarm()
    for _ in range(3):
        w.put(40.0)
        w.lab.advance(minutes=1)
    w.lab.advance(seconds=5)
    w.alarm(Threshold=30.0)
    w.lab.advance(seconds=54)
    assert w.state == "OK"
    w.lab.advance(seconds=1)
    assert w.state == "ALARM"


def test_dynamodb_ignores_missing_data_unless_told_otherwise(w: World):
    dynamo = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits"}
    w.alarm(**dynamo)
    w.alarm(AlarmName="b", TreatMissingData="missing", **dynamo)
    for name in "ab":
        w.cw.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    w.lab.advance(minutes=5)
    assert [w.told(name)["StateValue"] for name in "ab"] == ["ALARM", "INSUFFICIENT_DATA"]


def test_another_unit_than_the_datas_leaves_an_alarm_without_data(w: World):
    w.put(HIGH, Unit="Percent")
    w.alarm(Unit="Count")
    w.lab.advance(minutes=2)
    assert w.state == "INSUFFICIENT_DATA"
    w.alarm(Unit="Percent")
    w.lab.advance(minutes=1)
    assert w.state == "ALARM"


def test_of_several_units_the_first_by_name_is_watched(w: World):
    w.alarm()
    w.put(HIGH, Unit="Seconds")
    w.put(LOW, Unit="Milliseconds")
    w.lab.advance(minutes=1)
    assert w.state == "OK"


def test_a_percentile_alarm_may_ignore_too_few_samples(w: World):
    percentile = {"Statistic": None, "ExtendedStatistic": "p50"}
    w.alarm(**percentile, EvaluateLowSampleCountPercentile="ignore")
    w.alarm(AlarmName="b", **percentile)
    w.put(None, Values=[HIGH], Counts=[19.0])
    w.lab.advance(minutes=1)
    assert [w.told(name)["StateValue"] for name in "ab"] == ["INSUFFICIENT_DATA", "ALARM"]
    w.put(None, Values=[HIGH], Counts=[20.0])
    w.lab.advance(minutes=1)
    assert w.state == "ALARM"


def test_metric_math(w: World):
    stat = {"Period": 60, "Stat": "Sum"}
    metrics = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": "N", "MetricName": name}, **stat},
        }
        for name in ("errors", "requests")
    ]
    rate = {"Id": "rate", "Expression": "100 * errors / requests", "ReturnData": True}
    gone = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    w.alarm(**gone, Metrics=[*metrics, rate], Threshold=10.0)
    for errors in (1.0, 20.0, 2.0):
        data = [{"MetricName": "errors", "Value": errors}, {"MetricName": "requests", "Value": 100.0}]
        w.cw.put_metric_data(Namespace="N", MetricData=data)
        w.lab.advance(minutes=1)
    assert w.changes() == [("09:01:00", "OK"), ("09:02:00", "ALARM"), ("09:03:00", "OK")]
    data = json.loads(w.told()["StateReasonData"])
    assert "statistic" not in data
    assert data["evaluatedDatapoints"] == [{"timestamp": "2026-03-02T09:02:00.000+0000", "value": 2.0}]
    w.lab.advance(days=100)
    assert w.state == "INSUFFICIENT_DATA"


def test_metrics_insights_of_one_series(w: World):
    query = {
        "Id": "q",
        "Expression": 'SELECT MAX(m) FROM SCHEMA("N", Host)',
        "Period": 60,
        "ReturnData": True,
    }
    gone = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    w.alarm(**gone, Metrics=[query])
    for host, value in (("a", LOW), ("b", HIGH)):
        w.put(value, Dimensions=[{"Name": "Host", "Value": host}])
    w.lab.advance(minutes=1)
    assert w.state == "ALARM"


def test_a_series_for_each_host(w: World):
    query = {
        "Id": "q",
        "Expression": 'SELECT MAX(m) FROM SCHEMA("N", Host) GROUP BY Host ORDER BY MAX() DESC',
        "Period": 60,
        "ReturnData": True,
    }
    gone = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    w.alarm(**gone, Metrics=[query])
    w.lab.advance(minutes=1)
    assert w.state == "INSUFFICIENT_DATA"
    for host, value in (("a", LOW), ("b", HIGH), ("c", HIGH)):
        w.put(value, Dimensions=[{"Name": "Host", "Value": host}])
    w.lab.advance(minutes=1)
    assert (w.state, w.told()["StateReason"]) == ("ALARM", "2 out of 3 time series evaluated to ALARM")
    found = w.cw.describe_alarm_contributors(AlarmName="a")["AlarmContributors"]
    assert [one["ContributorAttributes"] for one in found] == [{"Host": "b"}, {"Host": "c"}]
    assert found[0]["StateReason"] == (
        "Threshold Crossed: 1 datapoint was greater than the threshold (50.0). "
        "The most recent datapoint which crossed the threshold: [99.0 (02/03/26 09:01:00)]."
    )
    for host in "ab":
        w.put(LOW, Dimensions=[{"Name": "Host", "Value": host}])
    w.lab.advance(minutes=1)
    found = w.cw.describe_alarm_contributors(AlarmName="a")["AlarmContributors"]
    assert [one["ContributorAttributes"] for one in found] == [{"Host": "c"}]
    w.lab.advance(minutes=10)
    assert w.state == "INSUFFICIENT_DATA"
    assert w.cw.describe_alarm_contributors(AlarmName="a")["AlarmContributors"] == []


def test_an_alarm_on_a_band_follows_the_season(w: World):
    start = int(w.lab.now.timestamp())
    stamps = list(range(start - 14 * 86_400, start, 3600))
    values = [100.0 if (s // 3600) % 24 >= 12 else 10.0 for s in stamps]
    w.lab.act("cloudwatch", "load", namespace="N", metric="m", stamps=stamps, values=values)
    stat = {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 3600, "Stat": "Average"}
    metrics = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": True},
        {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    ]
    gone = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period", "Threshold"))
    w.alarm(**gone, Metrics=metrics, ThresholdMetricId="ad", ComparisonOperator="GreaterThanUpperThreshold")
    w.put(60.0)  # below the afternoon's 100, far above the morning's 10
    w.lab.advance(hours=1)
    assert w.state == "ALARM"
    assert w.told()["StateReason"].startswith(
        "Thresholds Crossed: 1 datapoint [60.0 (02/03/26 08:01:00)] was greater"
    )  # the hour slides
    data = json.loads(w.told()["StateReasonData"])
    assert "threshold" not in data
    assert data["recentUpperThresholds"][-1] < 60 < 100


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (MathError("broken", 1), "EVALUATION_ERROR"),
        (AwsError("InternalError", "broken"), "EVALUATION_FAILURE"),
    ],
)
def test_an_evaluation_that_fails_says_so_and_keeps_the_state(
    w: World, monkeypatch: pytest.MonkeyPatch, problem: Exception, said: str
):
    def fails(call: Any, alarm: Any) -> Any:
        raise problem

    for name in ("a", "b"):
        w.alarm(AlarmName=name)
    w.put(HIGH)
    w.lab.advance(minutes=1)
    real = evaluation.see
    monkeypatch.setattr(
        evaluation, "see", lambda call, alarm: (fails if alarm.name == "a" else real)(call, alarm)
    )
    w.put(LOW)
    w.lab.advance(minutes=1)
    assert (w.state, w.told()["EvaluationState"]) == ("ALARM", said)
    assert (w.told("b")["StateValue"], w.told("b").get("EvaluationState")) == ("OK", None)
    monkeypatch.undo()
    w.put(LOW)
    w.lab.advance(minutes=1)
    assert w.state == "OK"
    assert "EvaluationState" not in w.told()


# Laws -------------------------------------------------------------------------------------------------------------

value = st.one_of(st.none(), st.sampled_from([LOW, HIGH]))


@given(st.lists(value, min_size=6, max_size=6), st.lists(value, min_size=6, max_size=6), st.integers(1, 4))
@settings(max_examples=25)
def test_an_evaluation_depends_only_on_the_points_of_its_range(shared, other, n):
    """Two pasts that agree in the range lead to the same state, whatever came before it."""
    states = []
    for older in (other, [LOW] * 6):
        w = World()
        for minute, point in enumerate([*older, *shared]):
            if point is not None:
                w.put(point, back=60 * (12 - minute))
        w.alarm(EvaluationPeriods=n)
        w.lab.advance(seconds=2)
        states.append(w.told()["StateValue"])
    if n + 2 <= len(shared):
        assert states[0] == states[1]


@given(
    st.lists(st.one_of(value, st.integers(1, 400)), min_size=2, max_size=8),
    st.lists(st.one_of(value, st.integers(1, 400)), min_size=1, max_size=6),
)
@settings(max_examples=10)
def test_a_fork_goes_the_same_way(before, after):
    """Fork before, do the same in both, or rewind and do it again: the same history."""

    def go(lab: Lab, steps: list[Any]) -> None:
        lab.advance(seconds=1)  # a rewind keeps what was done at its instant
        for one in steps:
            if isinstance(one, float):
                lab.client("cloudwatch").put_metric_data(
                    Namespace="N", MetricData=[{"MetricName": "m", "Value": one}]
                )
            elif isinstance(one, int):
                lab.advance(seconds=one)
        lab.advance(minutes=3)

    def story(lab: Lab) -> Any:
        cw = lab.client("cloudwatch")
        return cw.describe_alarms()["MetricAlarms"], cw.describe_alarm_history()["AlarmHistoryItems"]

    w = World()
    w.alarm(EvaluationPeriods=2)
    go(w.lab, before)
    twin, here = w.lab.fork(), w.lab.now
    go(w.lab, after)
    go(twin, after)
    told = story(w.lab)
    assert told == story(twin)
    twin.rewind(here)
    go(twin, after)
    assert told == story(twin)


def test_a_saved_lab_goes_on_as_it_would_have(w: World, tmp_path: Any):
    start = int(w.lab.now.timestamp())
    values = [LOW if i % 7 < 4 else HIGH for i in range(200)]
    w.lab.act(
        "cloudwatch",
        "load",
        namespace="N",
        metric="m",
        stamps=[start + 60 * i for i in range(200)],
        values=values,
    )
    w.alarm(EvaluationPeriods=2)
    w.lab.advance(minutes=50)
    opened = Lab.open(w.lab.save(tmp_path / "lab.cwlab"))
    for lab in (w.lab, opened):
        lab.advance(hours=4)
    items = [
        lab.client("cloudwatch").describe_alarm_history(MaxRecords=100)["AlarmHistoryItems"]
        for lab in (w.lab, opened)
    ]
    assert items[0] == items[1]
    assert len(items[0]) > 20


def test_an_alarm_waits_without_a_line_on_the_agenda(w: World):
    """Nothing is evaluated while nothing can change: that is what makes long jumps short."""
    w.put(LOW)
    w.alarm()
    w.lab.advance(hours=1)
    assert not [entry for entry in w.lab.agenda() if entry.handler == "alarms"]
