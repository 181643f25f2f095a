"""Metrics Insights without a lab: laws of what a query answers, and a second evaluator over pandas."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import NotModelled
from cwlab.naming import Named
from cwlab.services.cloudwatch.insights import parse, run
from cwlab.services.cloudwatch.insights.parse import reserved
from cwlab.services.cloudwatch.insights.run import MAX_METRICS, TOO_MANY, Answer, MetricKey
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.window import Window

NOW_MS = 1_772_442_000_000  # a whole hour
START_MS, MINUTES = NOW_MS - 3_600_000, 60


class Points(NamedTuple):
    stamp: Any
    count: Any
    sum: Any
    min: Any
    max: Any


class Shelf:
    """A catalog of observations: (metric, minute, value)."""

    account = "123456789012"

    def __init__(self, rows: list[tuple[MetricKey, int, float]]) -> None:
        self.rows = rows

    def keys(self, namespace: str, name: str) -> list[MetricKey]:
        return list(dict.fromkeys(key for key, _, _ in self.rows if key[:2] == (namespace, name)))

    def read(self, key: MetricKey, window: Window) -> list[Points]:
        first = START_MS // 1000
        kept = [(first + 60 * minute, value) for k, minute, value in self.rows if k == key]
        slots: dict[int, list[float]] = {}
        for stamp, value in sorted(kept):
            if window.start_s <= stamp < window.end_s:
                slots.setdefault(stamp - (stamp - window.start_s) % window.period, []).append(value)
        values = list(slots.values())
        columns = (
            [len(v) for v in values],
            [sum(v) for v in values],
            [min(v) for v in values],
            [max(v) for v in values],
        )
        return (
            [Points(np.array(list(slots), np.int64), *(np.array(c, float) for c in columns))] if slots else []
        )


VALUES = st.sampled_from(["a", "b", "west"])
KEYS = st.tuples(
    st.just("Shop"),
    st.sampled_from(["m", "n"]),
    st.dictionaries(st.sampled_from(["Team", "Area"]), VALUES, max_size=2).map(
        lambda d: tuple(sorted(d.items()))
    ),
)
ROWS = st.lists(st.tuples(KEYS, st.integers(0, MINUTES - 1), st.integers(-50, 50).map(float)), max_size=40)
FUNCTIONS = ["AVG", "COUNT", "MAX", "MIN", "SUM"]
CONDITIONS = st.lists(
    st.tuples(st.sampled_from(["Team", "Area"]), st.sampled_from(["=", "!="]), VALUES), max_size=2
)
GROUPS = st.lists(st.sampled_from(["Team", "Area"]), unique=True, max_size=2)


def ask(text: str, rows: list[Any], period: int = 60) -> Answer:
    return run(parse(text), Shelf(rows), START_MS, NOW_MS, NOW_MS, period)


def series(answer: Answer) -> dict[str | None, dict[int, float]]:
    return {
        one.group: dict(zip(one.stamps.tolist(), one.values.tolist(), strict=True)) for one in answer.series
    }


def sql(function: str, conditions: list[Any], groups: list[str], tail: str = "") -> str:
    where = " AND ".join(f"{key} {sign} '{value}'" for key, sign, value in conditions)
    by = ", ".join(groups)
    return (
        f"SELECT {function}(m) FROM Shop{' WHERE ' * bool(where)}{where}{' GROUP BY ' * bool(by)}{by} {tail}"
    )


@given(ROWS, st.sampled_from(FUNCTIONS), CONDITIONS, GROUPS, st.sampled_from([60, 300, 1200]))
def test_a_second_evaluator_agrees(
    rows: list[Any], function: str, conditions: list[Any], groups: list[str], period: int
) -> None:
    """The same over pandas, observation by observation."""
    frame = pd.DataFrame(
        [
            {
                "Team": "Other",
                "Area": "Other",
                **dict(key[2]),
                "name": key[1],
                "at": START_MS // 1000 + 60 * minute // period * period,
                "value": value,
            }
            for key, minute, value in rows
        ],
        columns=["Team", "Area", "name", "at", "value"],
    )
    frame = frame[frame["name"] == "m"]
    for key, sign, value in conditions:
        frame = frame[(frame[key] == value) == (sign == "=")]
    how = {"AVG": "mean", "COUNT": "count", "MAX": "max", "MIN": "min", "SUM": "sum"}[function]
    wanted: dict[str | None, dict[int, float]] = {} if groups else {None: {}}
    for at, value in frame.groupby([*groups, "at"])["value"].agg(how).items():
        *names, stamp = at if isinstance(at, tuple) else (at,)
        wanted.setdefault(" ".join(names) if groups else None, {})[int(stamp)] = pytest.approx(float(value))
    assert series(ask(sql(function, conditions, groups), rows, period)) == wanted


@given(ROWS, CONDITIONS)
def test_groups_add_up_to_the_whole(rows: list[Any], conditions: list[Any]) -> None:
    for function, together in (("SUM", sum), ("COUNT", sum), ("MAX", max), ("MIN", min)):
        (whole,) = series(ask(sql(function, conditions, []), rows)).values()
        parts = series(ask(sql(function, conditions, ["Team", "Area"]), rows)).values()
        stamps = {stamp for part in parts for stamp in part}
        assert {s: together([part[s] for part in parts if s in part]) for s in stamps} == whole


@given(ROWS)
def test_average_is_sum_by_count(rows: list[Any]) -> None:
    (total,), (count,), (mean,) = (
        series(ask(sql(f, [], []), rows)).values() for f in ("SUM", "COUNT", "AVG")
    )
    assert mean == {stamp: pytest.approx(total[stamp] / count[stamp]) for stamp in total}


@given(ROWS, VALUES)
def test_equal_and_unequal_share_out_all_metrics(rows: list[Any], value: str) -> None:
    (every,) = series(ask(sql("SUM", [], []), rows)).values()
    halves = [series(ask(sql("SUM", [("Team", sign, value)], []), rows))[None] for sign in ("=", "!=")]
    assert {
        s: halves[0].get(s, 0.0) + halves[1].get(s, 0.0) for s in set(halves[0]) | set(halves[1])
    } == every


@given(ROWS, st.sampled_from(FUNCTIONS), st.sampled_from(FUNCTIONS), st.booleans(), st.integers(1, 4))
def test_order_ranks_and_limit_cuts(rows: list[Any], function: str, by: str, down: bool, limit: int) -> None:
    groups = ask(sql(function, [], ["Team", "Area"]), rows).series
    scalar = {"AVG": np.mean, "COUNT": len, "MAX": np.max, "MIN": np.min, "SUM": np.sum}[by]
    found = ask(
        sql(function, [], ["Team", "Area"], f"ORDER BY {by}() {'DESC' * down} LIMIT {limit}"), rows
    ).series
    ranked = [scalar(one.values) for one in found]
    assert ranked == sorted((scalar(one.values) for one in groups), reverse=down)[:limit]
    assert [one.group.split(" - ")[0] for one in found if one.group] == [
        str(n + 1) for n in range(len(found))
    ]


@given(ROWS, st.randoms())
def test_the_order_of_metrics_does_not_matter(rows: list[Any], dice: Any) -> None:
    mixed = sorted(rows, key=lambda _: dice.random())
    text = sql("SUM", [], ["Area"])
    assert series(ask(text, rows)) == series(ask(text, mixed))


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_name_can_be_quoted(name: str, value: str) -> None:
    """A backslash escapes a quotation mark and nothing else, so a name may not end in one."""
    if "\\" in name + value:
        return
    quoted = name.replace('"', '\\"').replace("'", "\\'")
    single = value.replace("'", "\\'").replace('"', '\\"')
    query = parse(f'SELECT AVG("{quoted}") FROM "{quoted}" WHERE "{quoted}" = \'{single}\'')
    assert (query.metric, query.namespace, query.where[0].key.name, query.where[0].value) == (
        name,
        name,
        name,
        value,
    )


@given(st.text(alphabet="abAB01_ ()'\",.=!*-;", max_size=20))
def test_what_is_no_query_is_said_with_a_place_and_a_name(rest: str) -> None:
    try:
        parse(f"SELECT AVG(m) FROM n {rest}")
    except MathError as error:
        assert error.reason.startswith("Invalid syntax")
        assert error.mistake is not None
        assert error.column is not None
    except NotModelled:
        pass


ALB = 'SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)'


@pytest.mark.parametrize(
    ("text", "group", "limit"),
    [
        (ALB, "", None),
        (f"{ALB} WHERE LoadBalancer = 'app/load-balancer-1'", "", None),
        (
            f"{ALB} WHERE LoadBalancer = 'app/load-balancer-1' GROUP BY AvailabilityZone",
            "AvailabilityZone",
            None,
        ),
        (
            f"{ALB}\nWHERE LoadBalancer = 'app/load-balancer-1'\nGROUP BY AvailabilityZone\nORDER BY MAX() DESC\nLIMIT 5",
            "AvailabilityZone",
            5,
        ),
        (
            "SELECT MAX(CPUUtilization) FROM \"AWS/EC2\" WHERE AutoScalingGroupName = 'my-production-fleet'",
            "",
            None,
        ),
        ('SELECT MAX("My.Metric") FROM "AWS/EC2"', "", None),
        (
            'SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY AVG() DESC LIMIT 10',
            "InstanceId",
            10,
        ),
        (
            (
                'SELECT COUNT(CallCount) FROM SCHEMA("AWS/Usage", Class, Resource, Service, Type) '
                "WHERE Type = 'API' GROUP BY Service, Resource ORDER BY SUM() DESC LIMIT 10"
            ),
            "Service Resource",
            10,
        ),
        (
            (
                'SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) '
                "WHERE AWS.AccountId = CURRENT_ACCOUNT_ID() GROUP BY AWS.AccountId"
            ),
            "AccountId",
            None,
        ),
    ],
)
def test_queries_of_the_guide(text: str, group: str, limit: int | None) -> None:
    query = parse(text)
    assert (" ".join(key.name for key in query.group), query.limit) == (group, limit)


def test_ten_thousand_metrics_are_looked_at() -> None:
    rows = [(("Shop", "m", (("n", f"{i:05}"),)), 0, 1.0) for i in range(MAX_METRICS + 1)]

    class Names(Shelf):
        def read(self, key: MetricKey, window: Window) -> list[Points]:
            one = np.ones(1)
            return [Points(np.array([window.start_s]), one, one, one, one)]

    found = run(parse("SELECT COUNT(m) FROM Shop"), Names(rows), START_MS, NOW_MS, NOW_MS, 60)
    assert found.series[0].values.tolist() == [float(MAX_METRICS)]
    assert found.messages == [TOO_MANY]


def test_reserved_words() -> None:
    assert len(reserved()) == 411
    for word in ("ZONE", "DATE", "COUNT", "AVG", "ACTION", "LOCAL"):
        with pytest.raises(
            MathError, match=f"Reserved keyword '{word.title()}' must be surrounded by double quotes"
        ):
            parse(f"SELECT AVG(m) FROM n GROUP BY {word.title()}")
        assert parse(f'SELECT AVG(m) FROM n GROUP BY "{word}"').group[0].name == word
    for word in (
        "LOAD",
        "Operation",
        "Host",
        "InstanceId",
        "DISK",
    ):  # AWS's page lists LOAD, and takes it all the same
        assert parse(f"SELECT AVG({word}) FROM n").metric == word


def test_an_example_of_a_mistake_has_to_be_one() -> None:
    from cwlab.services.cloudwatch.insights.parse import _parser

    with pytest.raises(AssertionError, match="is no mistake"):
        Named(_parser(), {"fine": ["SELECT AVG(m) FROM n"]})
