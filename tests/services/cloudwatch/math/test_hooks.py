"""SEARCH and ANOMALY_DETECTION_BAND ask hooks; four functions are refused by name."""

import pytest

from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudwatch.math import MathError
from cwlab.services.cloudwatch.math.functions import NOT_MODELLED


@pytest.fixture
def fleet(series):
    """A search that finds two servers, and notes what it was asked."""

    def search(text, statistic, period):
        search.asked.append((text, statistic, period))
        return (
            [series("web-1", [1.0, None], period), series("web-2", [3.0, 4.0], period)]
            if text != "none"
            else []
        )

    search.asked = []
    return search


def test_search_gives_one_result_a_series_with_its_own_label(compute, column, fleet):
    found = compute("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average', 300)", {}, seconds=600, search=fleet)
    assert fleet.asked == [("{AWS/EC2,InstanceId} CPU", "Average", 300)]
    assert [(r.id, r.label, r.default, r.period) for r in found] == [
        ("e1", "web-1", "web-1", 300),
        ("e1", "web-2", "web-2", 300),
    ]
    assert [column(r, 2) for r in found] == [[1.0, None], [3.0, 4.0]]


def test_search_is_an_array_like_any_other(compute, column, fleet):
    def values(expression):
        return [column(r, 2) for r in compute(expression, {}, seconds=120, search=fleet, period=60)]

    assert values("SUM(SEARCH('x', 'Sum', 60))") == [[4.0, 4.0]]
    assert values("SEARCH('x', 'Sum', 60) / 2") == [[0.5, None], [1.5, 2.0]]
    assert values("SLICE(SORT(SEARCH('x', 'Sum', 60), SUM, DESC), 0, 1)") == [[3.0, 4.0]]
    assert values("[SEARCH('x', 'Sum', 60), TIME_SERIES(1)]")[2] == [1.0, 1.0]


def test_a_search_that_finds_nothing_gives_no_result_and_sums_to_an_empty_one(compute, fleet):
    assert compute("SEARCH('none', 'Sum', 60)", {}, search=fleet) == []
    (found,) = compute("SUM(SEARCH('none', 'Sum', 60))", {}, search=fleet)
    assert found.label == "e1" and len(found.values) == 0


def test_search_takes_the_querys_period_when_it_has_none(compute, fleet):
    compute("SEARCH('x', 'Sum')", {}, search=fleet, period=120)
    compute("SEARCH('x', 'Sum', 60)", {}, search=fleet, period=300)
    assert [period for _, _, period in fleet.asked] == [120, 60]
    with pytest.raises(MathError) as caught:
        compute("SEARCH('x', 'Sum')", {}, search=fleet)
    assert (
        caught.value.message == "Period is a required field when using SEARCH function within an expression"
    )


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ("0", "Error in expression 'e1': The parameter Period must not equal 0."),
        ("-60", "SEARCH arguments must be '[String, String, Positive Number]'"),
    ],
)
def test_search_wants_a_positive_period(period, message, compute, fleet):
    with pytest.raises(MathError) as caught:
        compute(f"SEARCH('x', 'Sum', {period})", {}, search=fleet)
    assert caught.value.message == message


def test_a_hooks_own_errors_pass(compute):
    def search(text, statistic, period):
        raise MathError(f"Invalid SEARCH parameter: {text}", whole=True)

    with pytest.raises(MathError) as caught:
        compute("1 * SEARCH('(', 'Sum', 60)", {}, search=search)
    assert caught.value.message == "Invalid SEARCH parameter: ("
    assert caught.value.column == 5

    def refusing(text, statistic, period):
        raise AwsError("Throttling", "Rate exceeded")

    with pytest.raises(AwsError, match="Rate exceeded"):
        compute("SEARCH('x', 'Sum', 60)", {}, search=refusing)


def test_a_quoted_backslash_is_left_to_the_search(compute, fleet):
    compute(r"""SEARCH('Name="a\(b\)" OR zone\'one', 'Sum', 60)""", {}, search=fleet)
    assert fleet.asked[0][0] == r"""Name="a\(b\)" OR zone\'one"""


@pytest.fixture
def model(series):
    def band(given, width, source):
        band.asked.append((given.values.tolist(), width, source))
        return series("low", [0.0, 1.0]), series("high", [9.0, 9.0 + width])

    band.asked = []
    return band


def test_a_band_is_an_array_of_the_lower_bound_and_the_upper(compute, column, model):
    def values(expression):
        return [column(r, 2) for r in compute(expression, {"m1": [5.0, 6.0]}, band=model)]

    assert values("ANOMALY_DETECTION_BAND(m1)") == [[0.0, 1.0], [9.0, 11.0]]
    assert values("FIRST(ANOMALY_DETECTION_BAND(m1, 3))") == [[0.0, 1.0]]
    assert values("LAST(ANOMALY_DETECTION_BAND((m1 + FILL(m1, 0)) / 2, 3))") == [[9.0, 12.0]]
    assert model.asked == [
        ([5.0, 6.0], 2.0, "m1"),
        ([5.0, 6.0], 3.0, "m1"),
        ([5.0, 6.0], 3.0, "(m1 + FILL(m1, 0)) / 2"),
    ]


@pytest.mark.parametrize("name", NOT_MODELLED)
def test_functions_of_other_services_are_refused_by_name(name, compute):
    with pytest.raises(NotModelled, match=name):
        compute(f"{name}('a', 'b')", {"m1": [1.0]})


@pytest.mark.parametrize("expression", ["SEARCH('x', 'Sum', 60)", "ANOMALY_DETECTION_BAND(m1)"])
def test_without_a_hook_there_is_no_such_function(expression, compute):
    with pytest.raises(NotModelled):
        compute(expression, {"m1": [1.0]})
