"""Filter policies: the guide's cases, and a slow matcher of another make."""

import fnmatch
import ipaddress
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import AwsError
from cwlab.services.sns import filters
from cwlab.services.sns.records import Attribute
from tests.services.sns.conftest import Queue


def attributes(values):
    """Message attributes for Python values: text, number, list."""
    kinds = {str: "String", int: "Number", float: "Number", list: "String.Array"}
    return [
        Attribute(name, kinds[type(value)], value if isinstance(value, str) else json.dumps(value))
        for name, value in values.items()
    ]


def passes(policy, values, scope=filters.ATTRIBUTES):
    settings = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    if scope == filters.ATTRIBUTES:
        return filters.decide(settings, attributes(values), "").passes
    return filters.decide(settings, [], json.dumps(values)).passes


CASES = [
    ({"store": ["shop"]}, {"store": "shop"}, True),
    ({"store": ["shop"]}, {"store": "Shop"}, False),
    ({"store": ["shop"]}, {"other": "shop"}, False),
    ({"store": ["a", "b"]}, {"store": "b"}, True),
    ({"store": ["a"], "event": ["x"]}, {"store": "a", "event": "y"}, False),
    ({"store": ["a"], "event": ["x"]}, {"store": "a", "event": "x", "more": "z"}, True),
    ({"price": [100]}, {"price": 100.0}, True),
    ({"price": [100]}, {"price": "100"}, False),
    ({"price": [{"numeric": [">", 0, "<=", 150]}]}, {"price": 150}, True),
    ({"price": [{"numeric": [">", 0, "<=", 150]}]}, {"price": 150.01}, False),
    ({"price": [{"numeric": ["=", 3.015e2]}]}, {"price": 301.5}, True),
    ({"price": [{"numeric": ["<", 0]}]}, {"price": "-1"}, False),
    ({"team": [{"prefix": "shop-"}]}, {"team": "shop-1"}, True),
    ({"team": [{"suffix": "-eu"}]}, {"team": "shop-eu"}, True),
    ({"team": [{"equals-ignore-case": "Shop"}]}, {"team": "SHOP"}, True),
    ({"team": [{"wildcard": "s*p"}]}, {"team": "shop"}, True),
    ({"team": [{"wildcard": "s*p"}]}, {"team": "shops"}, False),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.7"}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.1.7"}, False),
    ({"team": [{"anything-but": ["a", "b"]}]}, {"team": "c"}, True),
    ({"team": [{"anything-but": ["a", "b"]}]}, {"team": "a"}, False),
    ({"team": [{"anything-but": ["a", "b"]}]}, {"team": ["a", "c"]}, True),
    ({"team": [{"anything-but": ["a"]}]}, {}, False),
    ({"team": [{"anything-but": {"prefix": "x"}}]}, {"team": "xa"}, False),
    ({"price": [{"anything-but": [100, 500]}]}, {"price": 101}, True),
    ({"team": [{"exists": True}]}, {"team": "a"}, True),
    ({"team": [{"exists": True}]}, {"x": "a"}, False),
    ({"team": [{"exists": False}]}, {"x": "a"}, True),
    ({"team": [{"exists": False}]}, {"team": "a"}, False),
    ({"likes": ["soccer"]}, {"likes": ["rugby", "soccer"]}, True),
    ({"likes": [None]}, {"likes": [None]}, True),
    ({"likes": [True]}, {"likes": [1]}, False),
    ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, True),
    ({"c": ["3"], "$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, False),
    ({}, {"a": "b"}, True),
]


@pytest.mark.parametrize(("policy", "values", "expected"), CASES)
def test_policies_over_attributes(policy, values, expected):
    assert passes(policy, values) is expected
    if policy:
        assert passes(policy, values, filters.BODY) is expected, "a flat body is no different"


@pytest.mark.parametrize(
    ("policy", "body", "expected"),
    [
        ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a": {"c": "x"}}, False),
        ({"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "x", "c": "n"}, {"b": "n", "c": "y"}]}, False),
        ({"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "n"}, {"b": "x", "c": "y"}]}, True),
        ({"a": {"b": [{"exists": False}]}}, {"c": 1}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": 5}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": [3]}, {"a": [[1], [2, 3]]}, True),
    ],
)
def test_policies_over_a_body_may_be_deep(policy, body, expected):
    assert passes(policy, body, filters.BODY) is expected


@pytest.mark.parametrize(
    "policy",
    [
        "[]", "{", '{"a": []}', '{"a": "b"}', '{"a": {"b": ["c"]}}', '{"a": [["b"]]}', '{"a": [{}]}',
        '{"a": [{"prefix": "a", "suffix": "b"}]}', '{"a": [{"like": "b"}]}', '{"a": [{"exists": 1}]}',
        '{"a": [{"numeric": [">"]}]}', '{"a": [{"numeric": ["~", 1]}]}', '{"a": [{"numeric": [">", "1"]}]}',
        '{"a": [{"numeric": [">", 5, "<", 5]}]}', '{"a": [{"numeric": ["<", 5, ">", 1]}]}', '{"a": [{"numeric": ["=", 1e10]}]}',
        '{"a": [{"anything-but": [1, "b"]}]}', '{"a": [{"anything-but": []}]}', '{"a": [{"anything-but": {"exists": true}}]}',
        '{"a": [{"prefix": 1}]}', '{"a": [{"cidr": "10.0.0"}]}', '{"a": [{"wildcard": "a**"}]}', '{"$or": [{"a": ["b"]}]}',
        '{"a": ["1"], "b": ["1"], "c": ["1"], "d": ["1"], "e": ["1"], "f": ["1"]}',
        json.dumps({k: [str(n) for n in range(13)] for k in "ab"}),
    ],
)  # fmt: skip
def test_policies_that_cannot_be(policy):
    with pytest.raises(AwsError, match="InvalidParameter: Invalid parameter: FilterPolicy: "):
        filters.read(policy, filters.ATTRIBUTES)


def test_why_a_message_was_left_out_is_counted_apart():
    by_attribute = {"FilterPolicy": '{"a": ["b"]}'}
    by_body = by_attribute | {"FilterPolicyScope": "MessageBody"}
    assert filters.decide(by_attribute, [], "").because == "NoMessageAttributes"
    assert filters.decide(by_attribute, attributes({"a": "c"}), "") == (False, "")
    broken = [Attribute("a", "String.Array", "[")]
    assert filters.decide(by_attribute, broken, "").because == "InvalidAttributes"
    assert filters.decide(by_body, [], '{"a": "c"}').because == "MessageBody"
    assert filters.decide(by_body, [], "plain").because == "InvalidMessageBody"


def test_a_subscription_gets_only_what_it_wants(lab, sns, topic):
    hot = Queue(lab, topic, "hot", attributes={"FilterPolicy": '{"level": [{"numeric": [">=", 3]}]}'})
    body = {"FilterPolicy": '{"detail": {"state": ["ALARM"]}}', "FilterPolicyScope": "MessageBody"}
    alarms = Queue(lab, topic, "alarms", attributes=body)
    number = {"level": {"DataType": "Number", "StringValue": "3"}}
    sns.publish(TopicArn=topic, Message="hot", MessageAttributes=number)
    sns.publish(TopicArn=topic, Message='{"detail": {"state": "ALARM"}}')
    assert hot.texts() == ["hot"]
    assert alarms.texts() == ['{"detail": {"state": "ALARM"}}']


# The slow matcher ----------------------------------------------------------------------------------------------------
# It takes a message with lists apart into messages without: one for each way to pick one member of every list. A
# policy matches if it matches one of them.


def without_lists(value):
    if isinstance(value, list):
        for each in value:
            yield from without_lists(each)
    elif isinstance(value, dict):
        for chosen in itertools.product(*(list(without_lists(each)) for each in value.values())):
            yield dict(zip(value, chosen, strict=True))
    else:
        yield value


def slowly(policy, body):
    return any(holds(policy, each) for each in without_lists(body))


def holds(policy, body):
    for key, wanted in policy.items():
        if key == "$or":
            fine = any(holds(each, body) for each in wanted)
        elif isinstance(wanted, dict):
            inner = body.get(key)
            fine = holds(wanted, inner if isinstance(inner, dict) else {})
        else:
            there = key in body and not isinstance(body[key], dict)
            fine = any(meets(each, there, body.get(key)) for each in wanted)
        if not fine:
            return False
    return True


def same(a, b):
    kinds = [("number" if type(x) in (int, float) else type(x).__name__) for x in (a, b)]
    return kinds[0] == kinds[1] and a == b


def meets(condition, there, value):
    if not isinstance(condition, dict):
        return there and same(condition, value)
    name, wanted = next(iter(condition.items()))
    if name == "exists":
        return wanted is there
    if not there:
        return False
    if name == "anything-but":
        if isinstance(wanted, dict):
            return not meets(wanted, True, value)
        return all(not same(each, value) for each in wanted)
    if name == "numeric":
        if type(value) not in (int, float):
            return False
        return all(
            eval(f"{value} {'==' if sign == '=' else sign} {number}")
            for sign, number in zip(wanted[::2], wanted[1::2], strict=True)
        )
    if not isinstance(value, str):
        return False
    if name == "cidr":
        try:
            return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
        except ValueError:
            return False
    return {
        "prefix": value[: len(wanted)] == wanted,
        "suffix": value[len(value) - len(wanted) :] == wanted,
        "equals-ignore-case": value.lower() == wanted.lower(),
        "wildcard": fnmatch.fnmatchcase(value, wanted),
    }[name]


WORD = st.sampled_from(["a", "A", "ab", "ba", "b", "10.0.0.1"])
NUMBER = st.sampled_from([-1, 0, 1, 1.5, 2])
SCALAR = st.one_of(WORD, NUMBER, st.booleans(), st.none())
CONDITION = st.one_of(
    SCALAR,
    st.builds(lambda v: {"prefix": v}, WORD),
    st.builds(lambda v: {"suffix": v}, WORD),
    st.builds(lambda v: {"equals-ignore-case": v}, WORD),
    st.builds(lambda v: {"wildcard": v}, st.sampled_from(["a*", "*b", "*", "a*b"])),
    st.builds(lambda v: {"exists": v}, st.booleans()),
    st.builds(lambda v: {"anything-but": v}, st.lists(WORD, min_size=1, max_size=2)),
    st.builds(lambda v: {"anything-but": v}, st.lists(NUMBER, min_size=1, max_size=2)),
    st.builds(lambda v: {"anything-but": {"prefix": v}}, WORD),
    st.builds(lambda s, v: {"numeric": [s, v]}, st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBER),
    st.builds(lambda v: {"numeric": [">=", v, "<", v + 1]}, NUMBER),
    st.just({"cidr": "10.0.0.0/8"}),
)
LEAF = st.lists(CONDITION, min_size=1, max_size=3)
VALUES = st.one_of(SCALAR, st.lists(SCALAR, min_size=1, max_size=3))
KEYS = st.sampled_from("xyz")
FLAT = st.dictionaries(KEYS, LEAF, max_size=3)
DEEP = st.dictionaries(KEYS, st.one_of(LEAF, st.dictionaries(KEYS, LEAF, min_size=1, max_size=2)), max_size=2)
INNER = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)
MESSAGE = st.dictionaries(KEYS, st.one_of(VALUES, INNER, st.lists(INNER, min_size=1, max_size=2)), max_size=3)


@given(DEEP, FLAT, FLAT, MESSAGE)
def test_the_slow_matcher_agrees_on_bodies(policy, one, two, body):
    if one and two:
        policy = policy | {"$or": [_renamed(one), _renamed(two)]}
        body = body | {f"o{key}": value for key, value in body.items()}
    try:
        got = passes(policy, body, filters.BODY)
    except AwsError as problem:
        assert "complex" in problem.message or "keys" in problem.message
        return
    assert got == (slowly(policy, body) if policy else True)


def _renamed(policy):
    """Keys of their own: a list is looked at once for each key that names it."""
    return {f"o{key}": value for key, value in policy.items()}


@given(
    FLAT,
    st.dictionaries(KEYS, st.one_of(WORD, NUMBER, st.lists(st.one_of(WORD, NUMBER), min_size=1, max_size=3))),
)
def test_the_slow_matcher_agrees_on_attributes(policy, values):
    try:
        got = passes(policy, values)
    except AwsError as problem:
        assert "complex" in problem.message
        return
    assert got == slowly(policy, values)
