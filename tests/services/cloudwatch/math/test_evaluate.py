"""A request's expressions: order, circles, labels, what is returned, limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.math import (
    MAX_EXPRESSION,
    MAX_QUERIES,
    Context,
    MathError,
    MathQuery,
    NamedSeries,
    evaluate,
)

START_S = 1_772_442_000
CONTEXT = Context(START_S * 1000, (START_S + 120) * 1000, (START_S + 120) * 1000)
STAMPS = START_S + 60 * np.arange(2)
ORDERS = NamedSeries("Orders", 60, STAMPS, np.array([1.0, 2.0]), {"MetricName": "Orders"})
ERRORS = NamedSeries("Errors", 60, STAMPS[:1], np.array([5.0]))


def run(*queries, series=None):
    return evaluate(
        [MathQuery("m1"), MathQuery("m2"), *queries], series or {"m1": ORDERS, "m2": ERRORS}, CONTEXT
    )


def values(results):
    return [result.values.tolist() for result in results]


CHAIN = [MathQuery("a", "m1 + 1"), MathQuery("b", "a * 2"), MathQuery("c", "b + a"), MathQuery("d", "[c, a]")]


@given(st.permutations(CHAIN))
def test_the_order_of_queries_does_not_matter(queries):
    found = run(*queries)
    assert list(found) == [query.id for query in queries]
    assert {name: values(results) for name, results in found.items()} == {
        "a": [[2.0, 3.0]],
        "b": [[4.0, 6.0]],
        "c": [[6.0, 9.0]],
        "d": [[6.0, 9.0], [2.0, 3.0]],
    }


def test_what_is_not_returned_is_computed_all_the_same():
    assert values(run(MathQuery("a", "m1 + 1", returned=False), MathQuery("b", "a"))["b"]) == [[2.0, 3.0]]
    assert run(MathQuery("a", "m1", returned=False)) == {}
    with pytest.raises(MathError):
        run(MathQuery("a", "m1 +", returned=False))


@pytest.mark.parametrize(
    ("queries", "ring"),
    [
        (["a = a"], "a uses a"),
        (["a = b", "b = a"], "a uses b uses a"),
        (["x = a", "a = m1 + b", "b = c", "c = a"], "a uses b uses c uses a"),
    ],
)
def test_a_circle_is_named(queries, ring):
    with pytest.raises(MathError) as caught:
        run(*(MathQuery(*line.split(" = ")) for line in queries))
    assert caught.value.reason == "Circular reference"
    assert caught.value.mistake.name == f"a circle: {ring}"


def test_an_error_names_the_expression_it_is_in():
    with pytest.raises(MathError) as caught:
        run(MathQuery("good", "m1"), MathQuery("uses", "good + bad"), MathQuery("bad", "m1 + FOO(m1)"))
    assert caught.value.message == "Error in expression 'bad': Function 'FOO' not found"
    assert caught.value.pointer().splitlines()[:1] == ["m1 + FOO(m1)"]


def test_metrics_never_holds_expressions_or_answers_of_other_languages():
    rows = [NamedSeries("a", 60, STAMPS, STAMPS * 0.0), NamedSeries("b", 60, STAMPS, STAMPS * 0.0 + 1)]
    found = evaluate(
        [
            MathQuery("q", "SELECT …"),
            MathQuery("m1"),
            MathQuery("all", "METRICS()"),
            MathQuery("e", "MAX(q) + m1"),
        ],
        {"m1": ORDERS, "q": rows},
        CONTEXT,
    )
    assert [r.label for r in found["all"]] == ["Orders"]
    assert values(found["e"]) == [[2.0, 3.0]]
    assert "q" not in found, "what is given is not answered again"


@pytest.mark.parametrize(
    ("expression", "label", "wanted"),
    [
        ("m1 + m2", None, [("e", "e")]),
        ("m1 + m2", "Both", [("Both", "e")]),
        ("m1 + m2", "", [("", "e")]),
        ("METRICS() + 1", None, [("Orders", "Orders"), ("Errors", "Errors")]),
        (
            "FILL(METRICS(), 0)",
            "Filled With 0:",
            [("Filled With 0: Orders", "Orders"), ("Filled With 0: Errors", "Errors")],
        ),
        ("METRICS()", "", [("Orders", "Orders"), ("Errors", "Errors")]),
        ("METRICS()", "${LABEL}: ${MAX}", [("${LABEL}: ${MAX}", "Orders"), ("${LABEL}: ${MAX}", "Errors")]),
        ("[m1]", "x", [("x Orders", "Orders")]),
        ("[m1 * 2, SUM(METRICS())]", None, [("Orders", "Orders"), ("e", "e")]),
    ],
)
def test_labels(expression, label, wanted):
    found = run(MathQuery("e", expression, label))["e"]
    assert [(result.label, result.default) for result in found] == wanted


def test_properties_of_a_metric_stay_with_its_row():
    found = run(MathQuery("e", "SORT(METRICS() * 2, SUM, DESC)"))["e"]
    assert [dict(result.properties) for result in found] == [{}, {"MetricName": "Orders"}]


def test_nothing_that_was_given_is_changed():
    before = ORDERS.values.copy()
    run(MathQuery("a", "-(m1 + 0) / 0 + m1 * m1"), MathQuery("b", "LOG(m1 - 1) + METRICS()"))
    assert np.array_equal(ORDERS.values, before)


def test_results_can_be_told_from_what_others_refer_to():
    """An expression may overwrite its own intermediate results, never another's."""
    found = run(
        MathQuery("a", "m1 + 1"),
        MathQuery("b", "a + 1 + 1 + 1"),
        MathQuery("c", "a"),
        MathQuery("d", "(a) * 5 * 5"),
    )
    assert {k: values(v) for k, v in found.items()} == {
        "a": [[2.0, 3.0]],
        "b": [[5.0, 6.0]],
        "c": [[2.0, 3.0]],
        "d": [[50.0, 75.0]],
    }


def test_time_series_without_a_series_takes_the_querys_period():
    def period(**more):
        return evaluate([MathQuery("e", "TIME_SERIES(5)", **more)], {}, CONTEXT)["e"][0].period

    assert period(period=60) == 60
    with pytest.raises(MathError) as caught:
        period()
    assert (
        caught.value.message
        == "Period is a required field when using TIME_SERIES function within an expression"
    )


def test_an_empty_range_gives_empty_series():
    nothing = Context(START_S * 1000, START_S * 1000 + 1, START_S * 1000 + 1)
    empty = NamedSeries("m1", 60, STAMPS[:0], np.empty(0))
    for expression in (
        "m1 + 1",
        "SUM([m1, m1])",
        "FILL(m1, LINEAR)",
        "RATE(m1)",
        "m1 - AVG(m1)",
        "TIME_SERIES(MAX(m1))",
    ):
        (found,) = evaluate([MathQuery("m1"), MathQuery("e", expression)], {"m1": empty}, nothing)["e"]
        assert len(found.values) == len(found.stamps) == 0


def test_five_hundred_queries_and_no_more():
    queries = [MathQuery("m1"), *(MathQuery(f"e{i}", f"e{i - 1} + 1" if i else "m1") for i in range(499))]
    assert len(queries) == MAX_QUERIES
    assert values(evaluate(queries, {"m1": ORDERS}, CONTEXT)["e498"]) == [[499.0, 500.0]]
    with pytest.raises(MathError, match="must not have a size greater than 500"):
        evaluate([*queries, MathQuery("last", "m1")], {"m1": ORDERS}, CONTEXT)


def test_2048_characters_and_no_more():
    longest = "m1" + "+1" * 1023
    assert len(longest) == MAX_EXPRESSION
    assert values(run(MathQuery("e", longest))["e"]) == [[1024.0, 1025.0]]
    with pytest.raises(MathError) as caught:
        run(MathQuery("e", longest + " "))
    assert (
        caught.value.message
        == "Error in expression 'e': The expression must not be longer than 2048 characters."
    )


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [
        ("m1 + m3", "Ids of this request: latency, m1, m2."),
        ("m1 + latncy", "Did you mean latency?"),
        ("SUMM(METRICS())", "Did you mean SUM?"),
        ("avg(METRICS())", "Did you mean AVG?"),
    ],
)
def test_a_misspelled_name_comes_with_the_right_one(expression, remedy):
    with pytest.raises(MathError) as caught:
        run(MathQuery("latency", "m1"), MathQuery("e", expression))
    assert caught.value.mistake.remedy == remedy
