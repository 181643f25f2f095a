"""Small rules: tokens, labels, numbers in messages, the wording of constraints."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.services.cloudwatch.ingest import dimensions_of
from cwlab.services.cloudwatch.labels import Facts, Subject, default_labels, fill, zone_offset
from cwlab.services.cloudwatch.paging import position_of, token
from cwlab.services.cloudwatch.text import number
from cwlab.services.cloudwatch.units import UNITS

TEXTS = st.text("abc", min_size=1, max_size=2)


@given(st.integers(0, 2**40), TEXTS, TEXTS)
def test_a_token_stands_for_a_place_in_one_answer(position: int, request_: str, other: str) -> None:
    made = token(request_, position)
    assert position_of(request_, made) == position
    assert made == token(request_, position)
    if other != request_:
        assert position_of(other, made) is None


@given(st.text(max_size=30))
def test_anything_else_is_no_token(text: str) -> None:
    assert position_of("a", text) is None


@given(
    st.lists(
        st.tuples(TEXTS, TEXTS, TEXTS, st.sampled_from(["Sum", "p90"]), st.sampled_from([60, 300])),
        min_size=1,
        max_size=5,
        unique=True,
    )
)
def test_default_labels_tell_metrics_apart(queries: list[tuple[str, str, str, str, int]]) -> None:
    subjects = [
        Subject(namespace, name, (("Zone", zone),), stat, period)
        for namespace, name, zone, stat, period in queries
    ]
    labels = default_labels(subjects)
    assert all(labels)
    for a, b in combinations(range(len(labels)), 2):
        if labels[a] == labels[b]:
            # Statistic and period only show within one metric, as on the service.
            assert subjects[a].metric != subjects[b].metric


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "10.0"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (-2.5, "-2.5"),
        (123456789.0, "1.23456789E8"),
        (4.6970851655476665e108, "4.6970851655476665E108"),
        (-1e-300, "-1.0E-300"),
        (0.0, "0.0"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_as_the_service_writes_them(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_can_be_read_back(value: float) -> None:
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+0000", 0),
        ("+0130", 5400),
        ("-1200", -43200),
        ("0130", None),
        ("+2500", None),
        ("+01:30", None),
        ("+0160", None),
    ],
)
def test_label_time_zones(text: str, seconds: int | None) -> None:
    assert zone_offset(text) == seconds


def test_a_label_of_a_series_without_data() -> None:
    facts = Facts("Orders", [], [], 0, 0, {})
    assert fill("${LABEL} ${AVG} ${DATAPOINT_COUNT} ${PROP('Dim.No')}.", facts) == "Orders - 0 --."


def test_there_are_27_units() -> None:
    assert len(UNITS) == 27
    model = Lab().client("cloudwatch").meta.service_model
    assert list(UNITS) == model.shape_for("StandardUnit").enum


@given(st.dictionaries(TEXTS, TEXTS, max_size=5), st.randoms())
def test_dimensions_are_a_set(pairs: dict[str, str], order: object) -> None:
    given_ = [{"Name": n, "Value": v} for n, v in pairs.items()]
    order.shuffle(given_)  # type: ignore[attr-defined]
    assert dimensions_of(given_, "Dimensions") == tuple(sorted(pairs.items()))
