"""The language of composite alarms, against tests/oracles/alarms/rules.txt and judged.txt and an evaluator of its own."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms.composite.evaluate import judge
from cwlab.services.cloudwatch.alarms.composite.parse import parse

ORACLES = Path(__file__).parents[3] / "oracles" / "alarms"
STATES = {"A": "ALARM", "O": "OK", "I": "INSUFFICIENT_DATA"}


def sections(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    title = ""
    for line in (ORACLES / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            title = line[1:-1]
        elif line.strip() and not line.startswith("#"):
            found.setdefault(title, []).append(line.rstrip())
    return found


RULES = sections("rules.txt")


@pytest.fixture(scope="module")
def cloudwatch() -> Any:
    client = Lab().client("cloudwatch")
    for name in ("metric", "second"):
        client.put_metric_alarm(
            AlarmName=name,
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    return client


def spelled(text: str) -> str:
    return text.replace("ARN ", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:")


@pytest.mark.parametrize("rule", RULES["accepted"])
def test_a_rule_is_accepted(cloudwatch: Any, rule: str):
    cloudwatch.put_composite_alarm(AlarmName="top", AlarmRule=spelled(rule), ActionsEnabled=False)


@pytest.mark.parametrize("line", RULES["refused"] + RULES["not saved"])
def test_a_rule_is_refused_in_the_words_of_the_service(cloudwatch: Any, line: str):
    rule, _, message = line.partition(" !! ")
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_composite_alarm(AlarmName="top", AlarmRule=spelled(rule))
    error = refused.value.response["Error"]
    wanted = spelled(message) if line in RULES["not saved"] else f"Error in AlarmRule [{message}]"
    assert (error["Code"], error["Message"]) == ("ValidationError", wanted)


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("TRUE && FALSE", "Write AND."),
        ("!ALARM(a)", "Write NOT."),
        ("alarm(a)", "Keywords are capital letters: ALARM."),
        ("ALARM(my alarm)", "quotation marks"),
        ("ALARM(a) ALARM(b)", "Join conditions"),
        ("ALARM(a", "ends too early"),
    ],
)
def test_a_note_shows_the_place_and_the_likely_mistake(rule: str, hint: str):
    with pytest.raises(AwsError) as refused:
        parse(rule)
    (note,) = refused.value.__notes__
    text, arrow = note.split("\n")
    assert text == rule and hint in arrow
    assert arrow.index("^") == int(re.findall(r"at char (\d+)", refused.value.message)[0])


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (" OR ".join(f"ALARM(a{n})" for n in range(101)), "101 alarms"),
        ("(" * 500 + "TRUE" + ")" * 500, "501 elements"),
    ],
)
def test_a_rule_has_limits(rule: str, what: str):
    with pytest.raises(AwsError, match=what):
        parse(rule)


def test_the_longest_rules_are_read_and_judged():
    deep = "TRUE"
    for _ in range(124):
        deep = f"(FALSE OR ({deep} AND TRUE))"
    rule = parse(deep)
    assert rule.elements == 497
    assert judge(rule.node, {}.__getitem__).holds  # type: ignore[arg-type]
    assert not judge(parse("NOT " * 2559 + "TRUE").node, {}.__getitem__).holds  # type: ignore[arg-type]


def judged() -> list[Any]:
    found = []
    for line in sections("judged.txt")[""]:
        states, rule, outcome = re.fullmatch(r"(\S{3})  (.*) -> ([^*]*)\*?", line).groups()  # type: ignore[union-attr]
        holds, *because = outcome.split()
        found.append(pytest.param(states, rule, holds == "yes", tuple(because), id=line))
    return found


@pytest.mark.parametrize(("states", "rule", "holds", "because"), judged())
def test_a_rule_comes_to_what_the_table_says(states: str, rule: str, holds: bool, because: tuple[str, ...]):
    known = {name: STATES[letter] for name, letter in zip("abc", states, strict=True) if letter != "-"}
    verdict = judge(parse(rule).node, known.__getitem__)  # type: ignore[arg-type]
    assert verdict.holds == holds
    assert sorted(verdict.because) == sorted(because)


# A law: the evaluator agrees with one made of Python itself ----------------------------------------------------------

NAMES = ("a", "b", "c", "d")


def text_and_python(depth: int) -> st.SearchStrategy[tuple[str, str]]:
    """Rules, each with the same in Python over ``s``, the states by name."""
    state = st.sampled_from(sorted(STATES.values()))
    name = st.sampled_from(NAMES)
    atom = st.one_of(
        st.sampled_from([("TRUE", "True"), ("FALSE", "False")]),
        st.builds(lambda x, n: (f"{x}({n})", f"(s[{n!r}] == {x!r})"), state, name),
        st.builds(quorum, st.integers(1, 100), st.booleans(), state, st.lists(name, min_size=1, max_size=5)),
    )
    if depth == 0:
        return atom
    inner = text_and_python(depth - 1)
    return st.one_of(
        atom,
        inner.map(lambda one: (f"NOT ({one[0]})", f"(not ({one[1]}))")),
        st.builds(
            lambda word, several: (
                f" {word} ".join(one[0] for one in several),
                f" {word.lower()} ".join(one[1] for one in several),
            ),
            st.sampled_from(["AND", "OR"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        inner.map(lambda one: (f"( {one[0]} )", f"({one[1]})")),
    )


def quorum(share: int, negated: bool, state: str, names: list[str]) -> tuple[str, str]:
    test = "!=" if negated else "=="
    needed = math.ceil(share * len(names) / 100)
    rule = f"AT_LEAST({share}%, {'NOT ' if negated else ''}{state}, ({', '.join(names)}))"
    return rule, f"(sum(s[n] {test} {state!r} for n in {names!r}) >= {needed})"


@given(text_and_python(3), st.lists(st.sampled_from(sorted(STATES.values())), min_size=4, max_size=4))
def test_a_rule_means_what_the_same_words_mean_in_python(rule: tuple[str, str], states: list[str]):
    known = dict(zip(NAMES, states, strict=True))
    parsed = parse(rule[0])
    verdict = judge(parsed.node, known.__getitem__)  # type: ignore[arg-type]
    assert verdict.holds == eval(rule[1], {"s": known, "sum": sum})
    assert set(verdict.because) <= set(parsed.refs)


@given(text_and_python(2), st.lists(st.sampled_from(sorted(STATES.values())), min_size=4, max_size=4))
def test_who_accounts_for_an_outcome_decides_it(rule: tuple[str, str], states: list[str]):
    """Whatever the others do, while these stay as they are the outcome stays."""
    known = dict(zip(NAMES, states, strict=True))
    node = parse(rule[0]).node
    verdict = judge(node, known.__getitem__)  # type: ignore[arg-type]
    for other in STATES.values():
        changed = {n: known[n] if n in verdict.because else other for n in NAMES}
        assert judge(node, changed.__getitem__).holds == verdict.holds  # type: ignore[arg-type]
