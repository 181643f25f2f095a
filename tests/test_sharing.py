"""The filters of links: which names they let through, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import BadInput
from cwlab.sharing import parsed, shares

TERM = "LogGroupName"
NAMES = st.text("ab/", max_size=4)


@pytest.mark.parametrize(
    ("filter_", "through", "held"),
    [
        ("LogGroupName IN ('This-Log-Group', 'Other-Log-Group')", ["Other-Log-Group"], ["other-log-group"]),
        ("LogGroupName NOT IN ('Private', 'Private-2')", ["Private-3"], ["Private", "Private-2"]),
        (
            "LogGroupName LIKE 'aws/lambda/%' OR LogGroupName LIKE 'AWSLogs%'",
            ["AWSLogs", "aws/lambda/x"],
            ["aws/"],
        ),
        ("LogGroupName NOT LIKE 'aws/%' AND LogGroupName != 'x'", ["y"], ["aws/x", "x"]),
        ("LogGroupName='a' or LogGroupName='b' and LogGroupName!='b'", ["a"], ["b"]),
        ("*", ["anything"], []),
        (None, ["anything"], []),
    ],
)
def test_documented_filters(filter_, through, held):
    assert [name for name in through + held if shares(filter_, TERM, name)] == through


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        "LogGroupName",
        "LogGroupName =",
        "LogGroupName = shop",
        "Namespace = 'x'",
        "LogGroupName LIKE '%x'",
        "LogGroupName LIKE 'x'",
        "LogGroupName NOT = 'x'",
        "LogGroupName IN 'x'",
        "LogGroupName IN ('x'",
        "LogGroupName IN ()",
        "LogGroupName = 'x' LogGroupName = 'y'",
        "LogGroupName = 'x' AND",
        "LogGroupName > 'x'",
        "LogGroupName = 'x",
        " OR ".join(["LogGroupName = 'x'"] * 7),
    ],
)
def test_what_is_no_filter(filter_):
    with pytest.raises(BadInput):
        parsed(filter_, TERM)


@given(
    st.lists(st.tuples(st.sampled_from(["=", "LIKE"]), st.booleans(), NAMES), min_size=1, max_size=6), NAMES
)
def test_conditions_joined_by_and_all_hold(conditions, name):
    written, holds = [], []
    for operator, negated, value in conditions:
        sign = {("=", False): "=", ("=", True): "!=", ("LIKE", False): "LIKE", ("LIKE", True): "NOT LIKE"}
        written.append(f"{TERM} {sign[operator, negated]} '{value}{'%' if operator == 'LIKE' else ''}'")
        holds.append((name.startswith(value) if operator == "LIKE" else name == value) != negated)
    assert shares(" AND ".join(written), TERM, name) == all(holds)
    assert shares(" OR ".join(written), TERM, name) == any(holds)
