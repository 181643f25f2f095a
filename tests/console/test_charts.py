"""The rules behind the charts, as laws."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab.console.charts import tiers
from cwlab.console.charts.distribution import bins
from cwlab.console.charts.stack import stack
from cwlab.console.charts.steps import rows as step_rows
from cwlab.console.charts.tree import tree
from cwlab.console.latencies import ordinary, tally
from cwlab.console.picture import Picture, show
from cwlab.console.sampling import columns, envelope
from cwlab.console.views import metric  # noqa: F401  (imported before Hypothesis counts time)
from cwlab.console.words import clean, shorten
from cwlab.errors import BadInput

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=900)


def series(numbers: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"t": np.arange(len(numbers)) * 1000, "value": numbers})


@given(values, st.integers(4, 300))
def test_an_envelope_invents_nothing_and_loses_no_extreme(numbers, limit):
    frame = series(numbers)
    less = envelope(frame, limit)
    assert len(less) <= max(limit, 4)
    assert less["t"].is_monotonic_increasing and less["t"].is_unique
    assert set(zip(less["t"], less["value"], strict=True)) <= set(
        zip(frame["t"], frame["value"], strict=True)
    )
    assert less["value"].min() == frame["value"].min() and less["value"].max() == frame["value"].max()
    assert less["t"].iloc[0] == 0 and less["t"].iloc[-1] == frame["t"].iloc[-1]


@given(values, st.integers(1, 300))
def test_columns_cover_the_same_time_and_the_same_range(numbers, limit):
    blocks = columns(series(numbers), 1000, limit)
    assert len(blocks) <= limit
    assert blocks["n"].sum() == len(numbers)
    assert (blocks["t2"] - blocks["t"]).sum() == 1000 * len(numbers)
    assert blocks["low"].min() == min(numbers) and blocks["high"].max() == max(numbers)


def test_columns_of_nothing_are_nothing():
    assert (
        len(columns(pd.DataFrame({"t": pd.Series(dtype="int64"), "value": pd.Series(dtype="float64")}), 1000))
        == 0
    )


def test_a_step_ends_where_its_time_ends_and_a_hole_is_left_open():
    frame = pd.DataFrame({"t": [0, 60_000, 240_000], "value": [1.0, 2.0, 3.0]})
    steps = step_rows("s", frame, 60)["s"]
    assert [(r["t"] // 1000, r["high"]) for r in steps] == [
        (0, 1.0), (60, 2.0), (120, 2.0), (120, None), (240, 3.0), (300, 3.0), (300, None)]  # fmt: skip


@given(st.lists(st.tuples(st.floats(1e-3, 1e9), st.integers(1, 5)), min_size=1, max_size=200))
def test_a_histogram_counts_everything_once(pairs):
    numbers, counts = [v for v, _ in pairs], [c for _, c in pairs]
    frame = bins(numbers, counts)
    assert frame["count"].sum() == sum(counts)
    assert frame["low"].iloc[0] <= min(numbers) * 1.0001 and frame["high"].iloc[-1] >= max(numbers) * 0.9999


@pytest.mark.parametrize(
    ("period_s", "age_s", "answers"),
    [
        (1, 3 * 3600, True), (1, 3 * 3600 + 1, False), (10, 3 * 3600 + 1, False), (60, 3 * 3600 + 1, True),
        (60, 15 * 86400, True), (60, 15 * 86400 + 1, False), (300, 15 * 86400 + 1, True), (300, 63 * 86400 + 1, False),
        (3600, 63 * 86400 + 1, True), (3600, 455 * 86400, True), (3600, 455 * 86400 + 1, False), (7200, 400 * 86400, True),
        (90, 3600, True),
    ],
)  # fmt: skip
@pytest.mark.syllabus("M19")
def test_a_period_is_answered_as_long_as_its_tier_is_kept(period_s, age_s, answers):
    assert tiers.answered(period_s, age_s) is answers


def test_a_tree_rings_what_you_ask_for_only_if_it_exists():
    one = {
        "Namespace": "N",
        "MetricName": "m",
        "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
    }
    turned = one | {"Dimensions": one["Dimensions"][::-1]}
    fewer = one | {"Dimensions": one["Dimensions"][:1]}
    assert sum(n["asked"] for n in tree([one], asked=turned).rows["nodes"]) == 1
    assert sum(n["asked"] for n in tree([one], asked=fewer).rows["nodes"]) == 0


@given(st.integers(1, 60), st.sampled_from([3, 12, 40]))
@settings(max_examples=25)
def test_a_tree_keeps_to_its_lines_and_says_what_it_leaves_out(n, lines):
    metrics = [{"Namespace": "N", "MetricName": f"m{i:03}", "Dimensions": []} for i in range(n)]
    picture = tree(metrics, asked=metrics[-1], lines=lines)
    nodes = picture.rows["nodes"]
    assert len(nodes) <= lines and [node["row"] for node in nodes] == list(range(len(nodes)))
    assert sum(node["asked"] for node in nodes) == 1
    assert len(picture.table) == n
    if n + 2 > lines:
        assert (
            nodes[-1]["label"]
            == f"… {n + 2 - (lines - 1):,} more line{'s' if n + 2 - lines + 1 != 1 else ''} in the table"
        )


def test_stacked_pictures_share_their_window():
    def one(ms: int) -> Picture:
        spec = {"mark": "point", "data": {"name": "p"}, "params": [{"name": "from_ms", "value": 0}]}
        return show(spec, "s", pd.DataFrame({"a": [1]}), rows={"p": []}, words={"from_ms": ms})

    both = stack([one(1), one(1)], title="two")
    assert set(both.rows) == {"p_0", "p_1"} and [p["data"]["name"] for p in both.spec["vconcat"]] == [
        "p_0",
        "p_1",
    ]
    with pytest.raises(BadInput, match="Give both the same window"):
        stack([one(1), one(2)], title="two")


@given(st.text(max_size=200), st.integers(3, 60))
def test_words_for_the_page_are_short_and_printable(text, limit):
    assert len(shorten(text, limit)) <= limit
    assert clean(text).isprintable()


@given(st.integers(1, 200))
def test_ordinary_latencies_hold_no_chance(n):
    assert ordinary(n) == ordinary(n) == sorted(ordinary(n))
    distinct, counts = tally(ordinary(n))
    assert sum(counts) == n and len(distinct) <= 150 and all(math.isfinite(v) for v in distinct)
