"""The bench: what an expression gives, drawn at once; what is refused, named and pointed at."""

from datetime import timedelta

import pytest

from cwlab import Lab, console
from cwlab.errors import BadInput

NASTY = "<img src=x onerror=alert(1)>"
SHOP = {"errors": ("Shop", "Errors"), "requests": ("Shop", "Requests")}


@pytest.fixture(scope="module")
def world():
    """Ten minutes of 50 requests and 2 errors: one minute without errors, one without requests, one of no requests."""
    lab = Lab()
    cloudwatch = lab.client("cloudwatch")

    def put(name, value, minute):
        at = lab.now - timedelta(minutes=10 - minute)
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": name, "Value": value, "Timestamp": at}]
        )

    for minute in range(10):
        if minute != 4:
            put("Errors", 2, minute)
        if minute != 6:
            put("Requests", 0 if minute == 8 else 50, minute)
    return lab


@pytest.fixture
def bench(world):
    return console.bench(world, SHOP, "errors / requests * 100", statistic="Sum", hours=1 / 6)


def test_the_result_stands_under_its_series_in_picture_and_table(bench):
    table = bench.picture.table
    assert list(table.columns) == ["time (UTC)", "errors", "requests", "e1"]
    assert len(table) == 10
    assert table["e1"].dropna().tolist() == [4, 4, 4, 4, 0, 4, 4, 4]
    assert bench.picture.title == "errors / requests * 100: 8 datapoints"
    assert bench.note == ""


def test_why_counts_the_gaps(bench):
    assert bench.why == (
        "8 of 10 periods have a result. In 1 of them a series is missing, and the result is there all the same. "
        "In 2 a series has data and there is no result."
    )
    bench.set(expression="FILL(errors, 0)")
    assert bench.why.startswith("10 of 10 periods have a result.")


@pytest.mark.parametrize(
    ("expression", "message", "note"),
    [
        (
            "errors / (requests",
            "ValidationError: Error in expression 'e1': Invalid syntax",
            "errors / (requests\n                  ^\na parenthesis that is not closed. Add ) after what belongs together.",
        ),
        (
            "eror / requests",
            "ValidationError: Error in expression 'e1': Undefined variable 'eror'",
            "eror / requests\n^\nan id that no query has. Did you mean errors?",
        ),
        (
            "AVG(errors)",
            "ValidationError: Error in expression 'e1': The final result of an expression must be a time series",
            "AVG(errors)\n^\na scalar as the result. TIME_SERIES(…) makes a series of a scalar.",
        ),
        (
            "SELECT AVG(Requests)",
            "ValidationError: Error in expression 'e1': ",
            "SELECT AVG(Requests)\n                    ^\n",
        ),
    ],
)
def test_a_mistake_has_aws_message_a_caret_and_a_name_and_the_series_stay(bench, expression, message, note):
    picture = bench.set(expression=expression)
    assert bench.why.startswith(message)
    assert bench.note.startswith(note)
    assert picture.title.startswith("Refused: ")
    assert list(picture.table.columns) == ["time (UTC)", "errors", "requests"]
    assert repr(bench).endswith(bench.note)
    assert "# ValidationError" in bench.calls


def test_too_long_an_expression_and_a_function_of_elsewhere_are_told_too(bench):
    assert "2048" in bench.set(expression="x" * 2049).title
    bench.set(expression="LAMBDA('mine')")
    assert bench.why.startswith("NotModelled: ") and "\n" not in bench.why


def test_a_series_taken_away_is_unknown_to_the_expression(bench):
    bench.set(errors=False)
    assert "Undefined variable 'errors'" in bench.why
    bench.set(requests=False, expression="")
    assert bench.picture.table.empty and bench.shown.entries == []


def test_by_hand_the_box_and_the_examples_do_what_the_twin_does(world):
    ways = {"in percent": "errors / requests * 100", "search": "SEARCH('{Shop} Errors', 'Sum')"}
    panel = console.bench(world, SHOP, examples=ways, statistic="Sum", hours=1 / 6)
    assert panel.picture.title == "No expression yet"
    choice = panel.widget.children[1].children[0]
    choice.value = ways["search"]
    assert panel.values["expression"] == ways["search"] == panel._widgets["expression"].value
    panel._widgets["expression"].value = "errors / ("
    assert panel._live.frame["note"] == panel.note and "^" in panel.note
    panel._widgets["expression"].value = "errors"
    assert panel._live.frame["note"] == ""


def test_an_array_is_drawn_by_its_labels_and_a_long_one_in_part():
    lab = Lab()
    cloudwatch = lab.client("cloudwatch")
    for n in range(9):
        host = [{"Name": "Host", "Value": f"{n}{NASTY}"}]
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "CPU", "Value": n, "Dimensions": host}]
        )
    lab.advance(minutes=1)
    panel = console.bench(lab, {}, "SEARCH('{Shop,Host} CPU', 'Average')")
    assert len(panel.picture.table.columns) == 10
    assert panel.why == "The answer is 9 series. The first 8 of 9 series are drawn; the numbers have all."
    assert {row["series"] for row in panel.picture.rows["points_1"]} == {f"{n}{NASTY}" for n in range(8)}


def test_what_it_has_no_room_or_no_name_for_is_refused(world):
    for wrong in (
        {f"m{n}": ("Shop", "Errors") for n in range(5)},
        {"statistic": ("Shop", "Errors")},
        {"e1": ("Shop", "Errors")},
        {"Errors": ("Shop", "Errors")},
        {"": ("Shop", "Errors")},
    ):
        with pytest.raises(BadInput):
            console.bench(world, wrong)


@pytest.mark.parametrize("at", [0, 40, 300, 1900])
def test_the_caret_under_a_long_expression_stays_in_sight(world, at):
    parts = ["errors"] * 220
    parts[at // 9] = "eror"
    panel = console.bench(world, SHOP, " + ".join(parts), statistic="Sum", hours=1 / 6)
    line, caret, said = panel.note.splitlines()
    assert len(line) == 96 and said == "an id that no query has. Did you mean errors?"
    assert line[caret.index("^") :].startswith("eror ")


def test_an_example_that_was_edited_can_be_started_from_again(world):
    panel = console.bench(world, SHOP, "errors", examples=["errors", "requests"], hours=1 / 6)
    choice = panel.widget.children[1].children[0]
    assert choice.value == "errors"
    panel.set(expression="errors * 2")
    assert choice.value == ""
    choice.value = "errors"
    assert panel.values["expression"] == "errors"


def test_result_and_series_have_colors_and_names_of_their_own(bench):
    spec = bench.picture.to_dict()
    top, below = (
        [c for layer in part["layer"] if "color" in (c := layer.get("encoding", {}))]
        for part in spec["vconcat"]
    )
    assert not {*top[0]["color"]["scale"]["range"]} & {*below[0]["color"]["scale"]["range"]}
    assert spec["datasets"]["empty"] == [{}]
    names = {p["name"]: p["value"] for p in spec["params"]}
    assert (names["y_name_0"], names["y_name_1"]) == ("Sum", "e1")
