"""The parts of a drawn dashboard, as laws; then whole dashboards, as a learner asks for them."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, console
from cwlab.console.board import markdown, rows, scales, times
from cwlab.console.board.canvas import LETTER, fitting, wrapped
from cwlab.console.board.grid import COLUMNS, places
from cwlab.errors import BadInput

NASTY = "<img src=x onerror=alert(1)>"
HOUR = 3_600_000

# The parts --------------------------------------------------------------------------------------------------------

widgets = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "x": st.integers(0, 23), "y": st.integers(0, 9), "width": st.integers(1, 24), "height": st.integers(1, 5)
        },
    ),
    max_size=12,
)  # fmt: skip


@given(widgets)
def test_no_two_widgets_meet_and_all_stay_on_the_24_columns(given_):
    stand = places(given_)
    assert len(stand) == len(given_)
    for i, place in enumerate(stand):
        assert place.x >= 0 and place.x + place.width <= COLUMNS and place.y >= 0
        assert not any(place.meets(other) for other in stand[:i])


@given(widgets)
def test_a_widget_that_has_room_stands_where_its_body_puts_it(given_):
    for widget, place in zip(given_, places(given_), strict=True):
        if "x" in widget and "y" in widget and not place.moved:
            assert (place.x, place.y) == (widget["x"], widget["y"])
        assert place.width == widget.get("width", 6) and place.height == widget.get("height", 6)


def test_a_widget_that_moves_says_why():
    first, second, third = places(
        [
            {"x": 0, "y": 0, "width": 12, "height": 3},
            {"x": 6, "y": 1, "width": 6, "height": 2},
            {"x": 20, "y": 9},
        ]
    )
    assert (second.x, second.y, second.moved) == (6, 3, "it lay on widget 0")
    assert (third.x, third.moved) == (18, "it reached past column 24") and first.moved == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([["A", "m", "D", "1"], ["...", "2"]], ["A", "m", "D", "2"]),
        ([["A", "m", "D", "1"], [".", ".", ".", "2"]], ["A", "m", "D", "2"]),
        ([["A", "m", "D", "1"], ["...", {"stat": "Sum"}]], ["A", "m", "D", "1"]),
        ([["A", "m", "D", "1", "E", "2"], [".", "n", "..."]], ["A", "n", "D", "1", "E", "2"]),
        ([["A", "m"], [{"expression": "m1"}], [".", "n"]], ["A", "n"]),
        ([["...", "x"]], ["x"]),
    ],
)  # fmt: skip
def test_a_row_may_take_over_from_the_row_above(written: Any, expected: list[str]):
    assert rows.written_out(written)[-1][0] == expected


def test_a_widgets_rows_are_queries():
    widget = {
        "region": "eu-west-1", "stat": "Sum", "period": 60,
        "metrics": [["A", "m", "D", "1", {"id": "q0", "visible": False}], ["...", {"stat": "p90", "period": 300}],
                    [{"expression": "q0 * 2", "label": "twice", "color": "#112233", "yAxis": "right"}]],
    }  # fmt: skip
    first, second, third = rows.asked(widget, lambda period: period)
    assert first.query["Id"] == "q0" and first.query["ReturnData"] is False
    assert first.query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "D", "Value": "1"}]
    assert second.query["Id"] == "q1" and second.query["MetricStat"]["Stat"] == "p90"
    assert (first.query["MetricStat"]["Period"], second.query["MetricStat"]["Period"]) == (60, 300)
    expected = {"Id": "q2", "ReturnData": True, "Label": "twice", "Expression": "q0 * 2", "Period": 60}
    assert (
        third.query == expected and third.right and third.color == "#112233" and third.region == "eu-west-1"
    )
    assert rows.BAND.match(" anomaly_detection_band(m1)") and not rows.BAND.match("m1")


@given(st.text(max_size=300))
def test_markdown_becomes_plain_lines(text: str):
    for line in markdown.lines(text):
        assert line.kind in {"text", "bullet", "quote", "code", "rule", "row", "gap"} or line.kind[0] == "h"
        assert "\n" not in line.text


def test_markdown_keeps_its_shape():
    text = "## Shop ##\n1. one\n   - two\n> said\n```\n# not a heading\n```\n---\n| a | b |\n|---|---|\n| 1 | 2 |\n**all of it**"
    found = [(line.kind, line.text) for line in markdown.lines(text)]
    assert found == [
        ("h2", "Shop"), ("bullet", "1. one"), ("bullet", "• two"), ("quote", "said"), ("code", "# not a heading"),
        ("rule", ""), ("row", "a   b"), ("row", "1   2"), ("text", "all of it"),
    ]  # fmt: skip
    assert markdown.plain("a_b_c 2*3*4 `x*y*z` ![p](u) [t](t)") == "a_b_c 2*3*4 x*y*z [picture: p] t"


@given(st.text(max_size=200), st.floats(40, 400))
def test_wrapped_text_fits_and_loses_no_word(text: str, width: float):
    lines = wrapped(text, width, 12)
    assert all(len(line) * 12 * LETTER <= max(width, 4 * 12 * LETTER) for line in lines)
    assert len(fitting(text, width, 12)) * 12 * LETTER <= max(width, 12)


@given(
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**9),
    st.sampled_from([1e-15, 1e-3, 1, 1e9]),
    st.integers(2, 8),
)
def test_round_limits_hold_the_values_and_their_ticks(low: float, span: float, unit: float, most: int):
    low, span = low * unit, span * unit
    first, last = scales.value_range(low, low + span)
    slack = (last - first) * 1e-6
    assert first - slack <= low and low + span <= last + slack and first < last
    ticks = scales.value_ticks(first, last, most)
    assert len(ticks) <= most + 1 and all(first - slack <= t <= last + slack for t in ticks)


@given(st.integers(0, 10**12), st.integers(1, 400 * 24 * 3600), st.integers(1, 12))
def test_instants_are_round_few_and_inside(start: int, seconds: int, most: int):
    ticks = scales.time_ticks(start, start + seconds * 1000, most)
    assert len(ticks) <= most + 1 and all(start <= t <= start + seconds * 1000 for t, _ in ticks)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [(None, None, (-3, 0)), ("-PT6H", None, (-6, 0)), ("-P1D", "-PT12H", (-24, -12)), ("-P1W", None, (-168, 0)),
     ("nonsense", None, (-3, 0)), (5, None, (-3, 0)), ("-PT1H", "-PT2H", (-5, -2)),
     ("1970-02-01T00:00:00Z", "1970-02-02T00:00:00Z", None)],
)  # fmt: skip
def test_the_time_range(start: Any, end: Any, hours: Any):
    now = 100 * 24 * HOUR
    expected = tuple(now + h * HOUR for h in hours) if hours else (31 * 24 * HOUR, 32 * 24 * HOUR)
    assert times.window(start, end, now) == expected


def test_old_data_are_asked_for_in_periods_they_still_have():
    now = 100 * 24 * HOUR
    ages = {1: 1, 4: 60, 24 * 16: 300, 24 * 64: 3600}
    assert {h: times.readable(1, now - h * HOUR, now) for h in ages} == ages
    assert times.readable(420, now - 24 * 16 * HOUR, now) == 600


# Whole dashboards -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = Lab()
    end = int(lab.now.timestamp())
    stamps = np.arange(end - 4 * 3600, end, 60)
    for k, host in enumerate(("web-1", NASTY)):
        lab.act("cloudwatch", "load", namespace="Shop", metric="Load", dimensions={"Host": host}, stamps=stamps,
                values=50.0 + k + stamps // 60 % 7)  # fmt: skip
    return lab


def draw(lab: Lab, *widgets_: dict[str, Any], **body: Any) -> console.Picture:
    text = json.dumps({"widgets": widgets_, **body})
    lab.client("cloudwatch").put_dashboard(DashboardName="shop", DashboardBody=text)
    return console.dashboard(lab, "shop")


def metric(**properties: Any) -> dict[str, Any]:
    load = [["Shop", "Load", "Host", "web-1"], ["...", NASTY]]
    return {
        "type": "metric",
        "properties": {"region": "us-east-1", "metrics": load, "title": "Load", **properties},
    }


def words(picture: console.Picture) -> list[str]:
    return [row["text"] for row in picture.rows["texts"]]


@pytest.mark.parametrize("view", ["timeSeries", "singleValue", "bar", "pie", "gauge", "table"])
def test_every_view_draws_every_series(lab: Lab, view: str):
    picture = draw(
        lab, {**metric(view=view, yAxis={"left": {"min": 0, "max": 100}}), "width": 24, "height": 8}
    )
    assert any("web-1" in word for word in words(picture))
    assert any(NASTY[:10] in word for word in words(picture)), "a name is shown as it is, as text"
    assert set(picture.table["series"]) == {"web-1", NASTY}
    assert len(picture.table) == 2 * 36  # three hours of five minutes
    assert "2 series, 72 datapoints" in picture.summary
    json.dumps(picture.to_dict(), allow_nan=False)


def test_all_that_is_drawn_lies_on_the_sheet(lab: Lab):
    more = {"annotations": {"horizontal": [{"value": 55, "label": "high", "fill": "above"}, [{"value": 10}, {"value": 20}]],
                            "vertical": [{"value": (lab.now - timedelta(hours=1)).isoformat(), "label": "deploy"}]}}  # fmt: skip
    picture = draw(
        lab,
        metric(**more), metric(stacked=True), metric(legend={"position": "right"}), metric(view="table"),
        {"type": "text", "properties": {"markdown": "# Shop\n" + "word " * 400}},
        {**metric(), "width": 2, "height": 1}, {**metric(view="bar"), "width": 3, "height": 2},
    )  # fmt: skip
    width, height = picture.spec["width"], picture.spec["height"]
    for name, data in picture.rows.items():
        for row in data:
            assert -1 <= row["x"] <= width + 1 and -1 <= row["y"] <= height + 1, (name, row)
    assert "deploy" in words(picture) and "high" in words(picture)


def test_hidden_rows_and_labels(lab: Lab):
    load = [["Shop", "Load", "Host", "web-1", {"visible": False}], ["...", NASTY, {"label": "the other"}]]
    picture = draw(lab, metric(metrics=load))
    assert set(picture.table["series"]) == {"the other"}
    hidden = draw(lab, metric(metrics=[load[0]]))
    assert hidden.table.empty and "no datapoints" in words(hidden)


def test_another_time_range_may_be_asked_for(lab: Lab):
    draw(lab, metric(), start="-PT1H")
    assert len(console.dashboard(lab, "shop").table) == 2 * 12
    assert len(console.dashboard(lab, "shop", start="-PT2H", end="-PT1H").table) == 2 * 12
    assert len(console.dashboard(lab, "shop", start="-PT2H").table) == 2 * 24


def test_another_region_is_another_regions_data(lab: Lab):
    assert draw(lab, metric(region="eu-west-1")).table.empty


def test_what_is_not_modeled_says_so_by_name_and_the_rest_is_drawn(lab: Lab):
    picture = draw(
        lab,
        metric(),
        {"type": "custom", "properties": {"endpoint": "arn:aws:lambda:us-east-1:123456789012:function:f"}},
        {"type": "later", "properties": {}},
        {"type": "explorer", "properties": {"metrics": [{"resourceType": "AWS::RDS::DBInstance"}]}},
        variables=[{"type": "property", "property": "region", "inputType": "input", "id": "r"}],
        periodOverride="auto",
    )
    for name in ("'custom'", "'later'", "AWS::RDS::DBInstance", "Variables", 'periodOverride "auto"'):
        assert name in picture.summary
    assert not picture.table.empty


def test_a_refused_call_shows_its_message(lab: Lab):
    picture = draw(
        lab, metric(metrics=[["Shop", "Load", {"stat": "p100", "id": "a"}], ["Shop", "Load", {"id": "a"}]])
    )
    assert "not unique" in picture.summary


def test_instances_by_their_tags(lab: Lab):
    mine = lab.fork()
    ec2 = mine.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    tags = [
        {
            "ResourceType": "instance",
            "Tags": [{"Key": "Role", "Value": "web"}, {"Key": "Name", "Value": "web-1"}],
        }
    ]
    ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=2, MaxCount=2, TagSpecifications=tags)
    mine.advance(hours=1)
    widget = {
        "metrics": [{"metricName": "CPUUtilization", "resourceType": "AWS::EC2::Instance", "stat": "Average"}],
        "labels": [{"key": "Role", "value": "web"}], "period": 300, "title": "Fleet",
    }  # fmt: skip
    picture = draw(mine, {"type": "explorer", "properties": widget, "width": 12})
    assert set(picture.table["series"]) == {"web-1 CPUUtilization"} and len(picture.table) > 12
    joined = draw(
        mine, {"type": "explorer", "properties": {**widget, "aggregateBy": {"key": "*", "func": "MAX"}}}
    )
    assert set(joined.table["series"]) == {"MAX of 2 series"}
    nobody = draw(
        mine, {"type": "explorer", "properties": {**widget, "labels": [{"key": "Role", "value": "db"}]}}
    )
    assert "No instance carries these tags" in nobody.summary


def test_no_widgets_and_no_dashboard(lab: Lab):
    assert "no widgets" in words(draw(lab))
    with pytest.raises(ClientError, match="does not exist"):
        console.dashboard(lab, "never")


class Strange:
    """A lab whose dashboard was not written by PutDashboard."""

    def client(self, _service: str) -> "Strange":
        return self

    def get_dashboard(self, **_: Any) -> dict[str, str]:
        return {"DashboardBody": "nonsense"}


def test_a_body_that_cannot_be_read_is_named():
    with pytest.raises(BadInput, match="shop"):
        console.dashboard(Strange(), "shop")


def test_equal_worlds_draw_equal_dashboards(lab: Lab):
    body = [metric(), metric(view="bar"), {"type": "text", "properties": {"markdown": "x"}}]
    assert json.dumps(draw(lab, *body).to_dict()) == json.dumps(draw(lab.fork(), *body).to_dict())


class WithLogs:
    """A lab with Logs Insights: the answers are AWS's shape."""

    def __init__(self, lab: Lab, widgets_: list[dict[str, Any]]) -> None:
        self.now, self.body = lab.now, json.dumps({"widgets": widgets_})

    def client(self, _service: str, region: str | None = None) -> "WithLogs":
        return self

    def get_dashboard(self, **_: Any) -> dict[str, str]:
        return {"DashboardBody": self.body}

    def start_query(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        return {"queryId": "q"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        line = [{"field": "@message", "value": NASTY}, {"field": "@ptr", "value": "p"}]
        return {"status": "Complete", "results": [line, line]}


WATCHED = {
    "Namespace": "Shop", "MetricName": "Load", "Dimensions": [{"Name": "Host", "Value": "web-1"}], "Period": 60,
    "Statistic": "Maximum", "Threshold": 55.0, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
}  # fmt: skip


def test_alarms_are_a_word_a_color_and_a_shape_in_the_order_asked_for(lab: Lab):
    cloudwatch = lab.client("cloudwatch")
    nowhere = WATCHED | {"Namespace": "Nowhere"}
    for name, state in (("b", "OK"), ("a", "ALARM"), (NASTY, "INSUFFICIENT_DATA")):
        cloudwatch.put_metric_alarm(AlarmName=name, **nowhere)
        lab.advance(seconds=5)  # the first evaluation is over
        if state != "INSUFFICIENT_DATA":
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand")
    arns = [f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}" for name in ("a", "b", NASTY, "gone")]

    def shown(**more: Any) -> tuple[list[str], console.Picture]:
        picture = draw(lab, {"type": "alarm", "properties": {"alarms": arns, **more}, "width": 12})
        return picture.table["series"].tolist(), picture

    names, picture = shown()
    assert names == [NASTY, "a", "b"]
    assert {"ALARM", "OK", "INSUFFICIENT DATA", "1 alarm named here not found"} <= set(words(picture))
    assert {row["shape"] for row in picture.rows["dots"]} == {"circle", "triangle-up", "diamond"}
    assert shown(sortBy="stateUpdatedTimestamp")[0] == ["a", NASTY, "b"]
    assert shown(sortBy="timestamp")[0] == [NASTY, "a", "b"]
    assert shown(states=["ALARM"])[0] == ["a"]


def test_a_composite_alarm_is_shown_as_any_other(lab: Lab):
    cloudwatch = lab.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="busy", **WATCHED)
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(busy) OR TRUE")
    lab.advance(minutes=1)
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:all"
    assert draw(lab, {"type": "alarm", "properties": {"alarms": [arn]}}).table["value"].tolist() == ["ALARM"]


def test_a_log_query_is_asked_of_its_groups_and_shown_as_text(lab: Lab):
    query = "SOURCE '/shop/web' | SOURCE '/shop/db' | fields @message | limit 20"
    stranger = WithLogs(lab, [{"type": "log", "properties": {"query": query, "title": "Log"}, "width": 24}])
    picture = console.dashboard(stranger, "x")
    assert stranger.asked["logGroupNames"] == ["/shop/web", "/shop/db"]
    assert stranger.asked["queryString"] == "fields @message | limit 20"
    assert picture.table["value"].tolist() == [NASTY, NASTY] and "@ptr" not in words(picture)


def test_an_alarm_annotation_draws_its_metric_and_its_threshold(lab: Lab):
    annotated = {
        "annotations": {"alarms": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy"]},
        "title": "Busy",
    }
    lab.client("cloudwatch").put_metric_alarm(AlarmName="busy", **WATCHED)
    alone = draw(lab, {"type": "metric", "properties": annotated})
    assert len(alone.table) == 179 and any(word.startswith("busy") for word in words(alone))
    beside = draw(lab, metric(**annotated))
    assert len(beside.table) == 2 * 36, "a widget's own metrics stay its metrics"
