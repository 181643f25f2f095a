"""The pictures of alarms, from plain data: what they draw, and that they say it in words."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.console import theme
from cwlab.console.charts import roster, slots, watching
from cwlab.console.charts.watching import Lane, Mark, Slot, Span, Strip, Watched, Window
from cwlab.timeline import to_ms

START, MINUTE = to_ms("2026-03-02T09:00:00Z"), 60_000
STATES = [s.word for s in theme.STATES]


def metric(values, threshold=50.0):
    rows = [(START + i * MINUTE, float(v)) for i, v in enumerate(values) if v is not None]
    points = pd.DataFrame(rows, columns=["t", "value"])
    return Watched("CPUUtilization", points, 60, threshold, lambda v: v > threshold, "Percent", 100)


def watch(values, rows=(), **more):
    end = START + len(values) * MINUTE
    return watching.watching([metric(values)], rows, start_ms=START, end_ms=end, title="A finding", **more)


def test_a_state_is_a_color_a_shape_and_a_word():
    spans = [Span(START + i * 20 * MINUTE, START + (i + 1) * 20 * MINUTE, s) for i, s in enumerate(STATES)]
    picture = watch([10] * 60, [Strip("cpu-high", spans)])
    drawn = {(d["color"], d["shape"]) for d in picture.rows["dots"] if d["color"] != "transparent"}
    assert drawn == {(s.color, s.shape) for s in theme.STATES}
    assert set(STATES) <= {t["text"] for t in picture.rows["texts"]}
    assert all(s in picture.summary for s in STATES)


def test_right_of_now_nothing_is_drawn():
    now = START + 10 * MINUTE
    picture = watch([10] * 10 + [None] * 10, [Lane("SNS", [Mark(now, "sent")])], now_ms=now)
    x = next(t["x"] for t in picture.rows["texts"] if t["text"] == "now")
    assert max(d["x"] for d in picture.rows["dots"]) <= x
    assert max(a["x"] for a in picture.rows["areas"]) <= x


def test_what_happens_at_one_instant_is_one_mark_with_all_its_words():
    marks = [Mark(START, "SNS ops"), Mark(START + 10 * MINUTE, "later"), Mark(START, "policy more")]
    picture = watch([10] * 20, [Lane("its actions", marks)])
    assert {"SNS ops, policy more", "later"} <= {t["text"] for t in picture.rows["texts"]}
    assert picture.table["value"].tolist()[:3] == ["SNS ops", "later", "policy more"]


def test_a_hole_in_the_data_is_a_hole_in_the_picture():
    whole, broken = watch([10] * 6), watch([10, 10, None, 10, 10, 10])
    assert len({a["path"] for a in whole.rows["areas"]}) == 1
    assert len({a["path"] for a in broken.rows["areas"]}) == 2


def test_what_breaches_is_told_apart_from_what_does_not():
    picture = watch([10, 80, 80, 10])
    colors = [watching.COUNTED[c][0] for c in ("fine", "breaching", "fine")]
    assert [c for _, c in dict.fromkeys((a["path"], a["color"]) for a in picture.rows["areas"])] == colors
    assert picture.table["why"].tolist() == ["", "breaching", "breaching", ""]


def test_a_filled_slot_is_hollow_and_says_so():
    seen = [
        Slot(START, START + MINUTE, 80.0, "breaching"),
        Slot(START + MINUTE, START + 2 * MINUTE, None, "breaching", filled=True),
    ]
    picture = watch([80, None, None], window=Window(START + 2 * MINUTE, seen, "2 of 2"))
    tips = [d["tip"] for d in picture.rows["dots"]]
    assert any(tip.endswith("counted as breaching by the treatment") for tip in tips)
    assert any(d["color"] == theme.PAPER for d in picture.rows["dots"])
    assert "2 of 2" in {t["text"] for t in picture.rows["texts"]}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=1500), st.integers(1, 6))
def test_everything_lies_on_the_sheet_and_a_few_hundred_rows_are_enough(values, rows):
    strips = [Strip(f"alarm {i}", [Span(START - MINUTE, START + 10**9, "ALARM")]) for i in range(rows)]
    picture = watch(values, strips)
    high = watching.height(1, rows)
    for kind in ("boxes", "lines", "dots"):
        for row in picture.rows[kind]:
            assert -1 <= row["x"] <= watching.WIDTH and -1 <= row["y"] <= high
    assert len(picture.rows["dots"]) <= 2 * watching.BLOCKS + 40
    assert len(picture.table) == len(values) + rows


def test_the_drawing_is_the_same_whatever_the_rows():
    one, two = watch([10, 80]), watch([90, 80, 70], now_ms=START)
    assert json.dumps(one.spec) == json.dumps(two.spec)


def row(treatment, state, slots_, filled):
    return slots.Counted(treatment, slots_, filled, state, "because")


def test_the_grid_says_what_came_and_what_each_treatment_made_of_it():
    came = ["fine", "missing", "breaching"]
    picture = slots.grid(
        came,
        [
            row("missing", "OK", ["fine", "missing", "breaching"], [False] * 3),
            row("breaching", "ALARM", ["", "breaching", "breaching"], [False, True, False]),
        ],
        title="They differ",
        window=2,
    )
    assert picture.table["it decides"].tolist() == ["OK", "ALARM"]
    assert picture.table["slots, oldest first"][1] == "not used, breaching (filled), breaching"
    assert "oldest first: fine, missing, breaching" in picture.summary


@pytest.mark.parametrize("n", [0, 1, 12, 40])
def test_a_roster_has_every_alarm_in_its_table_and_a_finding(n):
    entries = [roster.Entry(f"web-{i}", STATES[i % 3], START, "why", depth=i % 2) for i in range(n)]
    picture = roster.roster(entries)
    assert len(picture.table) == n
    assert picture.title.startswith(f"{n} alarm" if n else "No alarms")
    if n > roster.LIMIT:
        assert f"… and {n - roster.LIMIT} more in the table" in {t["text"] for t in picture.rows["texts"]}
