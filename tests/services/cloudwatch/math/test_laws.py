"""What holds for all series."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

VALUES = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
GAPPY = st.lists(st.none() | VALUES, min_size=1, max_size=12)


def same_length(*lists):
    return st.integers(1, 12).flatmap(
        lambda n: st.tuples(*(st.lists(each, min_size=n, max_size=n) for each in lists))
    )


PAIR = same_length(st.none() | VALUES, st.none() | VALUES)


def near(wanted):
    return [None if value is None else pytest.approx(value, rel=1e-9, abs=1e-6) for value in wanted]


@given(PAIR)
def test_metrics_is_its_listing(compute, column, pair):
    metrics = dict(zip(("m1", "m2"), pair, strict=True))
    for outer in ("{}", "SUM({})", "{} * 2", "RATE({})", "SORT({}, MAX, ASC)"):
        one, other = (compute(outer.format(array), metrics) for array in ("METRICS()", "[m1, m2]"))
        assert [column(r, len(pair[0])) for r in one] == [column(r, len(pair[0])) for r in other]


@given(GAPPY)
def test_a_running_sum_ends_in_the_sum(compute, values):
    assume(any(value is not None for value in values))
    (running,) = compute("RUNNING_SUM(m1)", {"m1": values})
    (total,) = compute("TIME_SERIES(SUM(m1))", {"m1": values})
    assert running.values[-1] == pytest.approx(total.values[-1], rel=1e-9, abs=1e-6)


@given(GAPPY)
def test_diff_of_a_running_sum_is_the_series_without_its_first_point(compute, column, values):
    (found,) = compute("DIFF(RUNNING_SUM(m1))", {"m1": values})
    there = [i for i, value in enumerate(values) if value is not None]
    wanted = [value if i in there[1:] else None for i, value in enumerate(values)]
    assert column(found, len(values)) == near(wanted)


@given(st.floats(-100, 100), st.floats(-100, 100), st.lists(st.booleans(), min_size=2, max_size=12))
def test_the_rate_of_a_line_is_its_slope(compute, slope, start, there):
    line = [start + slope * 60 * i if seen else None for i, seen in enumerate(there)]
    (found,) = compute("RATE(m1)", {"m1": line})
    assert len(found.values) == max(0, sum(there) - 1)
    assert found.values == pytest.approx(slope, abs=1e-9)


@given(GAPPY)
def test_rate_is_difference_by_time_difference(compute, column, values):
    one, other = (compute(text, {"m1": values})[0] for text in ("RATE(m1)", "DIFF(m1) / DIFF_TIME(m1)"))
    assert column(one, len(values)) == column(other, len(values))


@given(GAPPY, VALUES)
def test_a_filled_series_has_every_point_and_keeps_its_own(compute, column, values, filler):
    (found,) = compute(f"FILL(m1, {filler:f})" if filler >= 0 else f"FILL(m1, -{-filler:f})", {"m1": values})
    assert column(found, len(values)) == near([filler if value is None else value for value in values])


@given(GAPPY)
def test_filling_twice_is_filling_once(compute, column, values):
    for how in ("0", "REPEAT", "LINEAR", "m1"):
        one, other = (
            compute(t, {"m1": values})[0] for t in (f"FILL(m1, {how})", f"FILL(FILL(m1, {how}), {how})")
        )
        assert column(one, len(values)) == column(other, len(values))


@given(GAPPY)
def test_the_average_is_that_of_the_series_filled_with_0(compute, values):
    for name in ("AVG", "STDDEV", "SUM"):
        one, other = (compute(f"TIME_SERIES({name}({m}))", {"m1": values})[0] for m in ("m1", "FILL(m1, 0)"))
        assert one.values == pytest.approx(other.values, rel=1e-9, abs=1e-6)


@given(PAIR)
def test_the_sum_of_two_is_plus_and_their_average_half_of_it(compute, column, pair):
    metrics = dict(zip(("m1", "m2"), pair, strict=True))
    plus, total, half, mean = (
        column(compute(text, metrics)[0], len(pair[0]))
        for text in ("m1 + m2", "SUM([m1, m2])", "SUM([m1, m2]) / 2", "AVG([m1, m2])")
    )
    assert plus == near(total)
    assert half == near(mean)


@given(PAIR)
def test_a_comparison_is_its_opposite_turned(compute, column, pair):
    metrics = dict(zip(("m1", "m2"), pair, strict=True))
    for one, other in (("m1 < m2", "m2 > m1"), ("m1 <= m2", "1 - (m1 > m2)"), ("m1 != m2", "1 - (m1 == m2)")):
        found = [column(compute(text, metrics)[0], len(pair[0])) for text in (one, other)]
        assert found[0] == found[1]


@given(PAIR)
def test_if_with_itself_is_itself_where_the_condition_has_a_point(compute, column, pair):
    metrics = dict(zip(("m1", "m2"), pair, strict=True))
    (found,) = compute("IF(m1, m2, m2)", metrics)
    wanted = [None if c is None else (v or 0.0) for c, v in zip(*pair, strict=True)]
    assert column(found, len(wanted)) == near(wanted)


@given(PAIR, st.sampled_from(["AVG", "MIN", "MAX", "SUM"]), st.sampled_from(["ASC", "DESC"]))
def test_sorting_keeps_every_series(compute, pair, by, order):
    metrics = dict(zip(("m1", "m2"), pair, strict=True))
    found = compute(f"SORT(METRICS(), {by}, {order})", metrics)
    assert sorted(r.label for r in found) == ["m1", "m2"]
    first = compute(f"FIRST(SORT(METRICS(), {by}, {order}))", metrics)[0]
    assert np.array_equal(first.values, found[0].values)


@given(st.lists(st.lists(st.none() | VALUES, min_size=3, max_size=3), min_size=1, max_size=5), st.data())
def test_slices_put_together_are_the_whole(compute, rows, data):
    metrics = {f"m{i}": row for i, row in enumerate(rows)}
    cut = data.draw(st.integers(0, len(rows)))
    whole = compute(f"[SLICE(METRICS(), 0, {cut}), SLICE(METRICS(), {cut})]", metrics)
    assert [r.label for r in whole] == list(metrics)


@given(st.lists(st.lists(st.none() | VALUES, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_is_not_empty_counts(compute, rows):
    metrics = {f"m{i}": row for i, row in enumerate(rows)}
    (count,) = compute("TIME_SERIES(METRIC_COUNT(REMOVE_EMPTY(METRICS())))", metrics)
    assert count.values[0] == sum(any(v is not None for v in row) for row in rows)
    found = compute("DATAPOINT_COUNT(METRICS())", metrics)[0]
    assert sum(found.values) == sum(v is not None for row in rows for v in row)
