"""Expressions through GetMetricData: SEARCH and SQL as recorded, labels, order, messages, bad input."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import NotModelled

ORACLES = Path(__file__).parents[2] / "oracles" / "cloudwatch"


@pytest.fixture
def lab() -> Lab:
    return Lab()


def put(lab: Lab, name: str, values: list[float], namespace: str = "Shop", **dimensions: str) -> None:
    """One value a minute, the last of them a minute ago."""
    lab.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                "Timestamp": lab.now - timedelta(minutes=len(values) - n),
                "Value": value,
            }
            for n, value in enumerate(values)
        ],
    )


def metric(
    id_: str, name: str, stat: str = "Sum", dimensions: dict[str, str] | None = None, **more: Any
) -> Any:
    named = [{"Name": n, "Value": v} for n, v in (dimensions or {}).items()]
    asked = {"Namespace": "Shop", "MetricName": name, "Dimensions": named}
    return {"Id": id_, "MetricStat": {"Metric": asked, "Period": 60, "Stat": stat}, **more}


def expression(id_: str, text: str, **more: Any) -> Any:
    return {"Id": id_, "Expression": text, **more}


def data(lab: Lab, *queries: Any, minutes: float = 5, **more: Any) -> Any:
    return lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=lab.now - timedelta(minutes=minutes),
        EndTime=lab.now,
        **{"ScanBy": "TimestampAscending", **more},
    )


def told(answer: Any) -> list[tuple[str, str, list[float]]]:
    return [(r["Id"], r["Label"], r["Values"]) for r in answer["MetricDataResults"]]


def refused(lab: Lab, *queries: Any, **more: Any) -> tuple[str, str]:
    """The message, and the notes beside it."""
    with pytest.raises(ClientError) as caught:
        data(lab, *queries, **more)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    return error["Message"], "\n".join(getattr(caught.value, "__notes__", []))


# The text cases ---------------------------------------------------------------------------------------------------


def read(name: str) -> tuple[list[str], list[Any]]:
    """What to put first, and the cases: each line that asks, with what stands under it."""
    setup, found, title = list[str](), list[Any](), ""
    for line in (ORACLES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            title = line[1:-1]
        elif not title and line.startswith("metric "):
            setup.append(line.removeprefix("metric "))
        elif title and line.strip():
            if line[0] in "=!":
                _, answers = found[-1].values
                answers.append(line)
            else:
                found.append(pytest.param(line, [], id=f"{title}: {line}"))
    return setup, found


SEARCHED, SEARCHES = read("search")
MEASURED, QUERIES = read("insights")


@pytest.fixture(scope="module")
def searched() -> Lab:
    lab = Lab()
    for line in SEARCHED:
        name, *pairs = line.split()
        put(
            lab,
            name,
            [1.0],
            "Lab/Search",
            **dict(p.split("=", 1) for p in pairs),
        )
    return lab


@pytest.mark.parametrize(("text", "answers"), SEARCHES)
def test_search(searched: Lab, text: str, answers: list[str]) -> None:
    (line,) = answers
    query = expression("e", f"SEARCH('{text}', 'Sum', 60)")
    if line.startswith("!"):
        _, column, name = line.split(" ", 2)
        message, note = refused(searched, query)
        assert message == f"Invalid SEARCH parameter: {text}"
        shown, caret = note.split("\n")
        assert shown == query["Expression"]
        assert caret.index("^") == len("SEARCH('") + int(column) - 1
        assert caret.split("^ ", 1)[1].startswith(name + ".")
        return
    answer = data(searched, query)
    assert " | ".join(r["Label"] for r in answer["MetricDataResults"]) == line[1:].strip()
    assert answer["Messages"] == []


@pytest.fixture(scope="module")
def measured() -> Lab:
    """``name dimension=value | minute value*count … | …``, in a namespace as long as the recorded one."""
    lab = Lab()
    start = lab.now
    lab.advance(minutes=3)
    for line in MEASURED:
        head, *minutes = line.split(" | ")
        name, *pairs = head.split()
        for part in minutes:
            minute, *words = part.split()
            samples = [[float(x) for x in word.split("*")] for word in words]
            lab.client("cloudwatch").put_metric_data(
                Namespace="lab/insights/1234567890123",
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": [
                            dict(zip(("Name", "Value"), p.split("=", 1), strict=True)) for p in pairs
                        ],
                        "Timestamp": start + timedelta(minutes=int(minute), seconds=10),
                        "Values": [s[0] for s in samples],
                        "Counts": [s[1] if len(s) > 1 else 1.0 for s in samples],
                    }
                ],
            )
    return lab


@pytest.mark.parametrize(("text", "answers"), QUERIES)
def test_metrics_insights(measured: Lab, text: str, answers: list[str]) -> None:
    found = re.fullmatch(r"(.*?)(?: \(period (\d+)\))?(?: \(label (.*)\))?", text)
    assert found is not None
    query = expression("q", found[1], Period=int(found[2] or 60), **({"Label": found[3]} if found[3] else {}))
    if answers[0].startswith("!"):
        wanted, *named = answers[0][2:].split("   ^ ")
        message, note = refused(measured, query, minutes=3)
        assert message == f"Error in expression 'q': {wanted}"
        for name in named:
            assert f"^ {name}. " in note
        return
    start = measured.now - timedelta(minutes=3)
    shown = []
    for result in data(measured, query, minutes=3)["MetricDataResults"]:
        points = {
            round((t - start) / timedelta(minutes=1)): v
            for t, v in zip(result["Timestamps"], result["Values"], strict=True)
        }
        shown.append((result["Label"], [points.get(minute) for minute in range(3)]))
    expected = []
    for line in answers:
        label, _, values = line[1:].strip().rpartition(":")
        if label:
            expected.append(
                (label, [None if v == "-" else pytest.approx(float(v), rel=1e-12) for v in values.split()])
            )
    assert shown == expected


# Metric math in a request -----------------------------------------------------------------------------------------


def test_an_error_rate(lab: Lab) -> None:
    put(lab, "Requests", [100, 200, 0, 50])
    put(lab, "Errors", [1, 4, 2, 5])
    answer = data(
        lab,
        metric("r", "Requests", ReturnData=False),
        metric("e", "Errors", ReturnData=False),
        expression("rate", "100 * e / r", Label="error rate, ${LAST} now"),
    )
    assert told(answer) == [("rate", "error rate, 10 now", [1.0, 2.0, 10.0])]  # nothing is divided by 0
    assert answer["Messages"] == []
    assert "NextToken" not in answer


def test_expressions_are_called_by_their_id(lab: Lab) -> None:
    put(lab, "m", [1, 2])
    answer = data(lab, metric("a", "m"), expression("twice", "a * 2"), expression("again", "twice / 2"))
    assert told(answer) == [
        ("a", "m", [1.0, 2.0]),
        ("twice", "twice", [2.0, 4.0]),
        ("again", "again", [1.0, 2.0]),
    ]


def test_arrays_give_several_results_with_one_id(lab: Lab) -> None:
    put(lab, "m", [1, 2], Zone="a")
    put(lab, "m", [3, 4], Zone="b")
    queries = [metric(z, "m", dimensions={"Zone": z}, ReturnData=False) for z in "ab"]
    answer = data(
        lab, *queries, expression("all", "METRICS()"), expression("more", "METRICS() * 10", Label="ten of")
    )
    assert told(answer) == [
        ("all", "a", [1.0, 2.0]),
        ("all", "b", [3.0, 4.0]),
        ("more", "ten of a", [10.0, 20.0]),
        ("more", "ten of b", [30.0, 40.0]),
    ]


def test_all_hidden_is_an_empty_answer(lab: Lab) -> None:
    put(lab, "m", [1])
    answer = data(lab, metric("a", "m", ReturnData=False), expression("e", "a + 1", ReturnData=False))
    assert answer["MetricDataResults"] == []


def test_properties_of_what_is_computed(lab: Lab) -> None:
    put(lab, "m", [1])
    label = "${LABEL} ${PROP('Period')} ${PROP('Region')} ${PROP('Dim.No')}"
    answer = data(lab, metric("a", "m"), expression("e", "a + 1", Label=label))
    assert told(answer)[1][1] == "e 60 us-east-1 --"


def test_pages_end_where_expressions_begin(lab: Lab) -> None:
    """No NextToken when math is involved: what MaxDatapoints leaves out is lost, and said to be."""
    put(lab, "m", [1, 2, 3])
    answer = data(lab, metric("a", "m"), expression("e", "a * 2"), MaxDatapoints=4)
    assert [(r["Values"], r["StatusCode"]) for r in answer["MetricDataResults"]] == [
        ([1.0, 2.0, 3.0], "Complete"),
        ([2.0], "PartialData"),
    ]
    assert answer["MetricDataResults"][1]["Messages"] == [
        {
            "Code": "PartialData",
            "Value": "The expression may contain partial data as one or more metrics have StatusCode 'Paginated'",
        }
    ]
    assert "NextToken" not in answer
    with pytest.raises(ClientError, match="InvalidNextToken"):
        data(lab, metric("a", "m"), expression("e", "a * 2"), NextToken="x")


# SEARCH in a request ----------------------------------------------------------------------------------------------


def test_metrics_come_before_what_is_searched(lab: Lab) -> None:
    """Observed for both orders; and the labels tell all of them apart."""
    put(lab, "Orders", [1], Zone="a")
    put(lab, "Errors", [2], Zone="b")
    found = expression("a", "SEARCH('{Shop,Zone} MetricName=Errors', 'Sum', 60)")
    direct = metric("z", "Orders", dimensions={"Zone": "a"})
    for queries in ([found, direct], [direct, found]):
        assert told(data(lab, *queries)) == [("z", "a Orders", [1.0]), ("a", "b Errors", [2.0])]


def test_labels_of_what_is_searched(lab: Lab) -> None:
    put(lab, "m", [1], Zone="a")
    put(lab, "m", [2])
    text = "SEARCH('MetricName=m', 'Sum', 60)"
    assert told(data(lab, expression("s", text))) == [("s", "a", [1.0]), ("s", "m", [2.0])]
    assert [r[1] for r in told(data(lab, expression("s", text, Label="my")))] == ["my a", "my m"]
    assert [r[1] for r in told(data(lab, expression("s", text, Label="")))] == ["a", "m"]
    dynamic = "${LABEL} ${PROP('MetricName')} ${PROP('Dim.Zone')} ${LAST}"
    assert [r[1] for r in told(data(lab, expression("s", text, Label=dynamic)))] == ["a m a 1", "m m -- 2"]


def test_math_over_what_is_searched(lab: Lab) -> None:
    """A hidden search feeds the rest; an average divides by the number of series, whoever has points (observed)."""
    put(lab, "m", [1, 2], Zone="a")
    put(lab, "m", [3], Zone="b")
    answer = data(
        lab,
        expression("s", "SEARCH('{Shop,Zone}', 'Sum', 60)", ReturnData=False),
        expression("total", "SUM(s)"),
        expression("mean", "AVG(s)"),
        expression("inline", "MAX(SEARCH('{Shop,Zone}', 'Sum', 60)) / 2"),
    )
    assert told(answer) == [
        ("total", "total", [1.0, 5.0]),
        ("mean", "mean", [0.5, 2.5]),
        ("inline", "inline", [0.5, 1.5]),
    ]


def test_a_search_gives_what_asking_one_by_one_gives(lab: Lab) -> None:
    zones = "abc"
    for n, zone in enumerate(zones):
        put(lab, "m", [n + 1.0, n * 2.0, 7.0], Zone=zone)
    for stat in ("Average", "SampleCount", "p90", "tm99", "PR(:3)"):
        one_by_one = [metric(zone, "m", stat, {"Zone": zone}) for zone in zones]
        found = told(data(lab, expression("s", f"SEARCH('{{Shop,Zone}}', '{stat}', 60)")))
        assert [r[1:] for r in found] == [r[1:] for r in told(data(lab, *one_by_one))]


def test_a_fork_answers_alike(lab: Lab) -> None:
    put(lab, "m", [1, 2], Zone="a")
    queries = [expression("s", "SEARCH('m', 'Sum', 60) * 2"), expression("q", SQL, Period=60)]
    other = lab.fork()
    put(lab, "m", [9], Zone="b")
    assert told(data(other, *queries)) == [("s", "m", [2.0, 4.0]), ("q", "q", [1.0, 2.0])]
    assert len(told(data(lab, *queries))) == 3


def test_labels_may_hold_any_sign(lab: Lab) -> None:
    put(lab, "m", [1])
    found = data(lab, metric("a", "m", Label="\x007\x00"), metric("b", "m"), expression("e", "METRICS()"))
    assert [r[1] for r in told(found)] == ["\x007\x00", "m", "\x007\x00", "m"]


def test_a_search_that_finds_nothing(lab: Lab) -> None:
    answer = data(
        lab,
        expression("s", "SEARCH('nothing', 'Sum', 60)"),
        expression("t", "SUM(SEARCH('nothing', 'Sum', 60))"),
    )
    assert told(answer) == [("t", "t", [])]
    assert answer["MetricDataResults"][0]["StatusCode"] == "Complete"


@pytest.mark.parametrize(("there", "found"), [(101, 101), (500, 500), (501, 500)])
def test_searches_of_many_metrics(lab: Lab, there: int, found: int) -> None:
    names = [
        {"MetricName": "m", "Dimensions": [{"Name": "n", "Value": f"{i:04}"}], "Value": i}
        for i in range(there)
    ]
    lab.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=names)
    lab.advance(minutes=1)
    answer = data(lab, expression("s", "SEARCH('{Shop,n}', 'Sum', 60)"))
    assert len(answer["MetricDataResults"]) == found
    wanted = [{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}]
    assert answer["Messages"] == (wanted if found < there else [])


def test_metrics_silent_for_two_weeks_are_not_found(lab: Lab) -> None:
    put(lab, "m", [1])
    query = expression("s", "SEARCH('MetricName=m', 'Sum', 300)")
    lab.advance(days=13)
    assert told(data(lab, query)) == [("s", "m", [])]  # known, with no point in the range
    lab.advance(days=2)
    assert told(data(lab, query)) == []


def test_what_services_publish_is_found(lab: Lab) -> None:
    ec2 = lab.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2, InstanceType="t3.micro")
    lab.advance(minutes=30)
    query = expression("s", "SEARCH('{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"', 'Average', 300)")
    answer = data(lab, query, minutes=30)
    assert len(answer["MetricDataResults"]) == 2
    assert all(r["Values"] and r["Label"].startswith("i-") for r in answer["MetricDataResults"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SEARCH()", "Error in expression 'e': Unsupported operand type(s) for SEARCH: '[]'"),
        ("SEARCH('a')", "Error in expression 'e': Unsupported operand type(s) for SEARCH: '[String]'"),
        (
            "SEARCH('a', 'Sum', '60')",
            "Error in expression 'e': Unsupported operand type(s) for SEARCH: '[String, String, String]'",
        ),
        ("SEARCH('a', 'Sum')", "Period is a required field when using SEARCH function within an expression"),
        ("SEARCH('a', 'Sum', -60)", "SEARCH arguments must be '[String, String, Positive Number]'"),
        ("SEARCH('a', 'Sum', 61)", "Error in expression 'e': The parameter Period must be a multiple of 60."),
        (
            "SEARCH('a', 'sum', 60)",
            "Error in expression 'e': The value for parameter Stat is not a valid statistic.",
        ),
        ("search('a', 'Sum', 60)", "Error in expression 'e': Function 'search' not found"),
        ("SUM(SEARCH('a AND', 'Sum', 60))", "Invalid SEARCH parameter: a AND"),
    ],
)
def test_searches_that_are_refused(lab: Lab, text: str, message: str) -> None:
    """Recorded on the live service, word for word."""
    assert refused(lab, expression("e", text))[0].endswith(message)
    assert refused(lab, expression("e", text))[0] == message or "Period is" in message


def test_the_query_s_period_is_for_searches_without_one(lab: Lab) -> None:
    put(lab, "m", [1, 2, 3, 4])
    query = "SEARCH('MetricName=m', 'Sum'{})"
    assert told(data(lab, expression("s", query.format(""), Period=120), minutes=4))[0][2] == [3.0, 7.0]
    assert told(data(lab, expression("s", query.format(", 60"), Period=120), minutes=4))[0][2] == [
        1.0,
        2.0,
        3.0,
        4.0,
    ]


# SQL in a request -------------------------------------------------------------------------------------------------

SQL = "SELECT SUM(m) FROM Shop"


def test_sql_without_group_feeds_math_as_a_series_and_with_it_as_an_array(lab: Lab) -> None:
    put(lab, "m", [1, 2], Zone="a")
    put(lab, "m", [10, 20], Zone="b")
    one = data(lab, expression("q", SQL, Period=60, ReturnData=False), expression("e", "q * 2"))
    assert told(one) == [("e", "e", [22.0, 44.0])]
    grouped = f'{SQL} GROUP BY "Zone"'
    many = data(lab, expression("e", "MAX(q) - MIN(q)"), expression("q", grouped, Period=60))
    assert told(many) == [("e", "e", [9.0, 18.0]), ("q", "a", [1.0, 2.0]), ("q", "b", [10.0, 20.0])]


def test_metrics_come_before_sql(lab: Lab) -> None:
    put(lab, "m", [1])
    assert [r[0] for r in told(data(lab, expression("q", SQL, Period=60), metric("z", "m")))] == ["z", "q"]


def test_sql_has_no_pages(lab: Lab) -> None:
    """MaxDatapoints cuts the metrics beside it, and nobody gets a token (observed)."""
    put(lab, "m", [1, 2, 3])
    answer = data(lab, expression("q", SQL, Period=60), metric("z", "m"), MaxDatapoints=1)
    assert [(r["Id"], r["Values"], r["StatusCode"]) for r in answer["MetricDataResults"]] == [
        ("z", [1.0], "PartialData"),
        ("q", [1.0, 2.0, 3.0], "Complete"),
    ]
    assert "NextToken" not in answer
    assert told(data(lab, expression("q", SQL, Period=60), NextToken="ignored"))[0][2] == [1.0, 2.0, 3.0]


def test_sql_on_a_namespace_that_there_is_not(lab: Lab) -> None:
    answer = data(lab, expression("q", "SELECT AVG(m) FROM Nowhere", Period=60))
    assert told(answer) == [("q", "q", [])]
    assert answer["MetricDataResults"][0]["StatusCode"] == "Complete"
    assert told(data(lab, expression("q", "SELECT AVG(m) FROM Nowhere GROUP BY a", Period=60))) == []


def test_one_query_of_sql_in_a_request(lab: Lab) -> None:
    message, note = refused(
        lab, expression("q", SQL, Period=60), expression("r", SQL, Period=60, ReturnData=False)
    )
    assert message == "Maximum number of queries (1) exceeded"
    assert "two queries of SQL" in note


def test_sql_of_the_last_two_weeks(lab: Lab) -> None:
    too_old = [{"Code": "MaxQueryTimeRangeExceeded", "Value": "Max time window exceeded for query"}]
    put(lab, "m", [1, 2])
    week, month = 7 * 24 * 60, 30 * 24 * 60
    assert data(lab, expression("q", SQL, Period=3600), minutes=week)["Messages"] == []
    recent = data(lab, expression("q", SQL, Period=3600), minutes=month)
    assert recent["Messages"] == too_old
    assert recent["MetricDataResults"][0]["Values"] == [3.0]
    old = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=[expression("q", SQL, Period=3600), expression("e", "q + 1")],
        StartTime=lab.now - timedelta(days=30),
        EndTime=lab.now - timedelta(days=20),
    )
    assert old["Messages"] == too_old
    failed = old["MetricDataResults"][0]
    assert (failed["StatusCode"], failed["Values"], "Label" in failed) == ("InternalError", [], False)
    assert failed["Messages"][0]["Code"] == "InternalError"


def test_tags_are_refused_by_name(lab: Lab) -> None:
    with pytest.raises(NotModelled, match=r"resource tags \(tag\.env\)"):
        data(lab, expression("q", f"{SQL} WHERE tag.env = 'prod'", Period=60))


def test_500_groups_are_answered(lab: Lab) -> None:
    for first in (0, 300):
        lab.client("cloudwatch").put_metric_data(
            Namespace="Shop",
            MetricData=[
                {"MetricName": "m", "Dimensions": [{"Name": "n", "Value": f"{i:03}"}], "Value": i}
                for i in range(first, first + 300)
            ],
        )
    lab.advance(minutes=1)
    answer = data(lab, expression("q", f"{SQL} GROUP BY n ORDER BY MAX() DESC LIMIT 600", Period=60))
    assert [r["Values"][0] for r in answer["MetricDataResults"]] == [float(i) for i in range(599, 99, -1)]


# Bad input --------------------------------------------------------------------------------------------------------


def test_501_queries(lab: Lab) -> None:
    message, _ = refused(lab, *[expression(f"e{n}", "TIME_SERIES(1)", Period=60) for n in range(501)])
    assert message == "The collection MetricDataQueries must not have a size greater than 500."
    assert (
        len(
            data(lab, *[expression(f"e{n}", "TIME_SERIES(1)", Period=60) for n in range(500)])[
                "MetricDataResults"
            ]
        )
        == 500
    )


@pytest.mark.parametrize("text", ["a + 1", SQL])
def test_expressions_of_2049_characters(lab: Lab, text: str) -> None:
    put(lab, "m", [1])
    data(lab, metric("a", "m"), expression("e", text.ljust(2048), Period=60))
    message, _ = refused(lab, metric("a", "m"), expression("e", text.ljust(2049), Period=60))
    assert "length less than or equal to 2048" in message


@pytest.mark.parametrize(
    ("text", "message", "note"),
    [
        (
            "NOT_A_FUNCTION(m1)",
            "Error in expression 'bad': Function 'NOT_A_FUNCTION' not found",
            "^ no such function",
        ),
        ("m1 +", "Error in expression 'bad': Invalid syntax", "    ^ an operator without its right side"),
        ("m2", "Error in expression 'bad': Undefined variable 'm2'", "^ an id that no query has"),
        ("bad", "Error in expression 'bad': Circular reference", "^ a circle: bad uses bad"),
        (
            "5",
            "Error in expression 'bad': The final result of an expression must be a time series",
            "^ a scalar as the result",
        ),
        ("(SELECT AVG(m) FROM n) * 2", "Error in expression 'bad': Invalid syntax", "^"),
    ],
)
def test_errors_point(lab: Lab, text: str, message: str, note: str) -> None:
    """AWS's message, and beside it a caret under the column and the mistake by its name."""
    put(lab, "m", [1])
    said, notes = refused(lab, metric("m1", "m"), expression("bad", text))
    assert said.startswith(message)
    assert notes.split("\n")[0] == text
    assert note in notes


def test_hidden_expressions_are_checked_all_the_same(lab: Lab) -> None:
    put(lab, "m", [1])
    bad = expression("q", f"{SQL} WHERE a > 'b'", Period=60, ReturnData=False)
    assert refused(lab, metric("m1", "m"), bad)[0] == "Error in expression 'q': Invalid syntax near '> 'b''"


def test_the_sql_s_period(lab: Lab) -> None:
    wanted = "Error in expression 'q': "
    assert (
        refused(lab, expression("q", SQL))[0]
        == f"{wanted}Period is a required field when using query within an expression"
    )
    few = "The parameter Period must be a value in the set [ 1, 5, 10, 20, 30 ]."
    assert refused(lab, expression("q", SQL, Period=7))[0] == wanted + few
    assert (
        refused(lab, expression("q", SQL, Period=90))[0]
        == f"{wanted}The parameter Period must be a multiple of 60."
    )


def test_a_refused_request_changes_nothing_and_stands_in_the_journal(lab: Lab) -> None:
    before = len(lab.journal)
    refused(lab, expression("bad", "m1 +"))
    entry = lab.journal[before]
    assert (entry.error, entry.message) == ("ValidationError", "Error in expression 'bad': Invalid syntax")


def test_units_side_by_side_are_added_up_by_sql(lab: Lab) -> None:
    for unit in ("Count", "None"):
        lab.client("cloudwatch").put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "m", "Value": 2, "Unit": unit}]
        )
    lab.advance(minutes=1)
    assert told(data(lab, expression("q", SQL, Period=60)))[0][2] == [4.0]
    assert np.isclose(told(data(lab, metric("a", "m")))[0][2], [2.0])
