"""The function table and examples of tests/oracles/cloudwatch/math.txt, and the refusals of math_errors.txt."""

import re
from pathlib import Path

import pytest

from cwlab.services.cloudwatch.math import MathError
from cwlab.services.cloudwatch.math.functions import FUNCTIONS, NOT_MODELLED

ORACLES = Path(__file__).parents[3] / "oracles" / "cloudwatch"


def values_of(text):
    return [None if word == "-" else float(word) for word in text.split()]


def computed():
    """Each line of math.txt that computes: its title, the series above it, the expression, what it gives."""
    title, metrics = "", {}
    for line in (ORACLES / "math.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            title, metrics = line[1:-1], {}
        elif " -> " in line or line.endswith(" ->"):
            expression, _, wanted = line.partition(" ->")
            yield pytest.param(dict(metrics), expression, wanted.strip(), id=f"{title}: {expression}")
        elif line.strip() and not line.startswith("#"):
            name, values = line.split(" = ")
            name, _, period = name.partition("/")
            metrics[name] = (values_of(values), int(period or 60))


@pytest.mark.parametrize(("metrics", "expression", "wanted"), [*computed()])
def test_an_expression_gives_what_the_table_says(metrics, expression, wanted, compute, series, column):
    seconds = max(len(values) * period for values, period in metrics.values())
    found = compute(expression, {n: series(n, v, p) for n, (v, p) in metrics.items()}, seconds=seconds)
    rows = [row.strip() for row in wanted.split("|")] if wanted else []
    assert len(found) == len(rows)
    for result, row in zip(found, rows, strict=True):
        name, colon, values = row.rpartition(":")
        assert result.label == (name if colon else "e1")
        expected = values_of(values)
        assert len(expected) * result.period == seconds
        assert column(result, len(expected)) == [
            v if v is None else pytest.approx(v, rel=1e-12) for v in expected
        ]


def refused():
    for line in (ORACLES / "math_errors.txt").read_text(encoding="utf-8").splitlines():
        if " !! " in line:
            expression, said = line.split(" !! ")
            found = re.fullmatch(r"(.*) @(\d+) (.*)", said)
            yield pytest.param(expression, found[1], int(found[2]), found[3], id=expression)


@pytest.mark.parametrize(("expression", "reason", "at", "mistake"), [*refused()])
def test_an_expression_is_refused_with_its_place_and_mistake(expression, reason, at, mistake, compute):
    with pytest.raises(MathError) as caught:
        compute(expression, {"m1": [1.0, 2.0], "m2": [3.0, 4.0]}, others={"e2": "m1 + m2"})
    error = caught.value
    assert error.code == "ValidationError"
    assert error.message == f"Error in expression 'e1': {reason}"
    assert (error.column, error.mistake.name) == (at, mistake)
    assert error.mistake.remedy.endswith((".", ")", "?")), "a sentence that helps"
    line, below = error.pointer().split("\n")
    assert line == expression and below.index("^") == at - 1


def test_every_function_of_the_guide_is_in_the_oracles_or_refused_by_name():
    text = (ORACLES / "math.txt").read_text(encoding="utf-8")
    elsewhere = {"SEARCH", "ANOMALY_DETECTION_BAND"}  # test_hooks.py
    for name in FUNCTIONS:
        assert name in elsewhere or re.search(rf"\b{name}\(.* ->", text), name
    assert len(FUNCTIONS) + len(NOT_MODELLED) == 39
