"""The rules of IAM: the oracle's cases, and laws that hold whatever the policies say."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.policy import NOTHING, Caller, MalformedPolicy, Policy, Request, evaluate, matches, parse
from cwlab.policy.conditions import condition
from cwlab.policy.match import arn_test, expand, text_test

ORACLES = Path(__file__).parent / "oracles"
HOME = "111111111111"
LAYERS = {"identity", "resource", "trust", "key", "boundary", "session", "endpoint", "scp"}


# -- reading the oracles ---------------------------------------------------------------------------------------


def lines(name):
    return [
        line
        for line in (ORACLES / name).read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]


def cases():
    """The blocks of policy_evaluation.txt: fields that may repeat, continuation lines indented."""
    found = []
    for line in lines("policy_evaluation.txt"):
        if line.startswith(" "):
            found[-1][-1][1] += line
            continue
        field, _, value = line.partition(": ")
        if field == "case":
            found.append([])
        found[-1].append([field, value])
    return found


def table(name):
    return [[cell.strip() for cell in re.split(r" \| ", line)] for line in lines(name)]


def document(body):
    body = (
        body
        if isinstance(body, dict) and "Statement" in body
        else {"Version": "2012-10-17", "Statement": body}
    )
    return json.dumps(body)


def who(text, bounded):
    kind, _, name = text.partition(" ")
    word = text if kind == "anonymous" else name or kind
    name, _, account = word.partition("@")
    account = account or HOME
    if kind == "user":
        return Caller(f"arn:aws:iam::{account}:user/{name}", account, "user", "", bounded)
    if kind == "role":
        role, _, _ = name.partition("/")
        session = f"arn:aws:sts::{account}:assumed-role/{name}"
        return Caller(session, account, "role", f"arn:aws:iam::{account}:role/{role}", bounded)
    if kind.startswith("root"):
        account = kind.partition("@")[2] or HOME
        return Caller(f"arn:aws:iam::{account}:root", account, "root")
    return Caller(name, "", kind)


def ask(fields):
    """A case of the oracle as a call of ``evaluate``."""
    policies = {layer: [] for layer in LAYERS}
    context, plain = {}, {}
    for field, value in fields:
        if field in LAYERS:
            kind = {"trust": "trust", "resource": "resource", "key": "resource", "endpoint": "endpoint"}.get(
                field, "identity"
            )
            policies[field].append(
                NOTHING if value == "nothing" else parse(document(json.loads(value)), kind, field)
            )
        elif field == "context":
            key, _, text = value.partition(" = ")
            context[key] = text.split(", ") if ", " in text else text
        else:
            plain[field] = value
    one = {layer: found[0] if found else None for layer, found in policies.items()}
    request = Request(
        plain["action"],
        plain.get("on", "*"),
        who(plain["caller"], one["boundary"] is not None),
        plain.get("owner", ""),
        context,
    )
    return evaluate(
        request,
        identity=policies["identity"],
        resource=one["resource"] or one["trust"] or one["key"],
        boundary=one["boundary"],
        session=one["session"],
        endpoint=one["endpoint"],
        scps=policies["scp"],
        trust=one["trust"] is not None,
        must_grant=one["key"] is not None,
    )


# -- the oracles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", cases(), ids=lambda fields: fields[0][1])
def test_the_answer_is_the_one_of_the_guide(fields):
    decision = ask(fields)
    answer = "allow" if decision.allowed else "explicit deny" if decision.explicit_deny else "deny"
    assert answer == dict(map(tuple, fields))["answer"], decision.why
    assert decision.why.endswith((".", "..."))
    assert decision.request.action in decision.why


@pytest.mark.parametrize(("operator", "values", "have", "holds"), table("policy_conditions.txt"))
def test_a_condition_holds_or_not(operator, values, have, holds):
    wanted = json.loads(values)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    texts = tuple(each if isinstance(each, str) else json.dumps(each) for each in wanted)
    context = {} if have == "-" else {"x:key": json.loads(have)}
    found = condition(operator, "x:Key", texts, variables=True)
    assert found.holds(context) is (holds == "yes"), found.explain(context)


@pytest.mark.parametrize(("kind", "text", "sentence"), table("policy_malformed.txt"))
def test_a_malformed_document_is_refused_in_the_words_of_aws(kind, text, sentence):
    with pytest.raises(MalformedPolicy) as caught:
        parse(text, kind)
    assert caught.value.message.startswith(sentence)
    assert "Found " in caught.value.message  # and then what was found and how to mend it


# -- laws ------------------------------------------------------------------------------------------------------

ACTIONS = [
    "logs:GetLogEvents",
    "logs:PutLogEvents",
    "cloudwatch:PutMetricData",
    "sns:Publish",
    "iam:ListUsers",
]
PATTERNS = [*ACTIONS, "*", "logs:*", "logs:Put*", "*:*"[:1], "cloudwatch:?utMetricData", "sns:publish"]
ARNS = [
    "*",
    "arn:aws:sns:us-east-1:111111111111:ops",
    "arn:aws:sns:us-east-1:111111111111:dev",
    "arn:aws:logs:eu-west-1:111111111111:log-group:shop:*",
]
TARGETS = [*ARNS, "arn:aws:sns:*:*:*", "arn:aws:logs:*", "arn:aws:sns:us-east-1:111111111111:o?s"]
PRINCIPALS = [
    "*",
    {"AWS": HOME},
    {"AWS": f"arn:aws:iam::{HOME}:user/ana"},
    {"AWS": f"arn:aws:iam::{HOME}:role/R"},
    {"AWS": f"arn:aws:sts::{HOME}:assumed-role/R/s"},
    {"Service": "logs.amazonaws.com"},
]
CONDITIONS = [
    {},
    {"StringEquals": {"cloudwatch:namespace": "Shop"}},
    {"StringNotEquals": {"cloudwatch:namespace": "Shop"}},
    {"Null": {"cloudwatch:namespace": "true"}},
    {"ForAllValues:StringLike": {"aws:TagKeys": "t*"}},
]
CALLERS = [
    Caller(f"arn:aws:iam::{HOME}:user/ana", HOME, "user"),
    Caller(f"arn:aws:sts::{HOME}:assumed-role/R/s", HOME, "role", f"arn:aws:iam::{HOME}:role/R"),
    Caller("arn:aws:iam::222222222222:user/bob", "222222222222", "user"),
    Caller(f"arn:aws:iam::{HOME}:root", HOME, "root"),
    Caller("logs.amazonaws.com", "", "service"),
]


def statements(principal=False, effects=("Allow", "Deny")):
    return st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(effects),
            "Action": st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2),
            "Resource": st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2),
            "Condition": st.sampled_from(CONDITIONS),
            **({"Principal": st.sampled_from(PRINCIPALS)} if principal else {}),
        }
    )


requests = st.builds(
    Request,
    st.sampled_from(ACTIONS),
    st.sampled_from(ARNS),
    st.sampled_from(CALLERS),
    st.just(""),
    st.fixed_dictionaries(
        {},
        optional={
            "cloudwatch:namespace": st.sampled_from(["Shop", "Bank"]),
            "aws:TagKeys": st.lists(st.sampled_from(["team", "cost"])),
        },
    ),
)


def policy(found, kind="identity"):
    return parse(document(found), kind) if found else NOTHING


worlds = st.fixed_dictionaries(
    {
        "identity": st.lists(statements(), max_size=3),
        "resource": st.none() | st.lists(statements(principal=True), max_size=3),
        "boundary": st.none() | st.lists(statements(), max_size=2),
        "session": st.none() | st.lists(statements(), max_size=2),
        "endpoint": st.none() | st.lists(statements(principal=True), max_size=2),
    }
)


def decide(request, world, **more):
    rest = {
        name: None
        if found is None
        else policy(found, "identity" if name in ("boundary", "session") else name)
        for name, found in world.items()
        if name != "identity"
    }
    return evaluate(request, identity=[policy(world["identity"])], **rest, **more)


@given(requests, worlds, st.data())
def test_adding_a_deny_never_allows(request, world, data):
    layer = data.draw(st.sampled_from(sorted(name for name, found in world.items() if found is not None)))
    deny = data.draw(statements(principal=layer in ("resource", "endpoint"), effects=("Deny",)))
    if not decide(request, world).allowed:
        assert not decide(request, world | {layer: [*world[layer], deny]}).allowed


@given(requests, worlds, st.data())
def test_adding_an_allow_never_refuses(request, world, data):
    layer = data.draw(st.sampled_from(sorted(name for name, found in world.items() if found is not None)))
    allow = data.draw(statements(principal=layer in ("resource", "endpoint"), effects=("Allow",)))
    before, after = decide(request, world), decide(request, world | {layer: [*world[layer], allow]})
    assert after.allowed or not before.allowed
    assert after.explicit_deny is before.explicit_deny


@given(requests, worlds, st.randoms(use_true_random=False))
def test_the_order_of_statements_changes_nothing(request, world, dice):
    shuffled = {
        name: found if found is None else dice.sample(found, len(found)) for name, found in world.items()
    }
    before, after = decide(request, world), decide(request, shuffled)
    assert (before.allowed, before.explicit_deny, before.layer) == (
        after.allowed,
        after.explicit_deny,
        after.layer,
    )


@given(requests, worlds)
def test_splitting_a_policy_into_one_for_each_statement_changes_nothing(request, world):
    apart = [policy([each]) for each in world["identity"]]
    rest = {
        name: None
        if found is None
        else policy(found, "identity" if name in ("boundary", "session") else name)
        for name, found in world.items()
        if name != "identity"
    }
    assert evaluate(request, identity=apart, **rest).allowed is decide(request, world).allowed


@given(requests, worlds)
def test_a_filter_only_takes_away(request, world):
    """Boundary, session and endpoint policies grant nothing: without them at least as much is allowed."""
    bare = world | {"boundary": None, "session": None, "endpoint": None}
    assert decide(request, bare).allowed or not decide(request, world).allowed


@given(requests, worlds)
def test_the_decision_names_a_statement_that_matches(request, world):
    decision = decide(request, world)
    if decision.by is not None:
        assert decision.by.statement.allow is decision.allowed
        assert decision.by.statement.covers_action(request.action)
        layers = [("identity-based policy", policy(world["identity"]))]
        layers += (
            [("resource-based policy", policy(world["resource"], "resource"))] if world["resource"] else []
        )
        if decision.by.layer in dict(layers):
            assert decision.by.statement in [each.statement for each in matches(layers, request)]
    else:
        assert not decision.explicit_deny


# -- wildcards against an independent oracle -------------------------------------------------------------------


def slow_match(pattern, text):
    """Wildcards by their definition, letter by letter, with a table (dynamic programming)."""
    row = [True] + [False] * len(text)
    for p in pattern:
        new = [row[0] and p == "*"]
        for i, c in enumerate(text):
            new.append((new[i] or row[i + 1]) if p == "*" else row[i] and p in ("?", c))
        row = new
    return row[-1]


globs = st.text("ab*?.[", max_size=8)
texts = st.text("ab.[", max_size=10)


@given(globs, texts)
def test_wildcards_match_by_their_definition(pattern, text):
    assert bool(text_test((pattern,))(text)) is slow_match(pattern, text)


@given(st.lists(globs, max_size=4), texts)
def test_a_list_matches_when_one_of_it_does(patterns, text):
    assert bool(text_test(tuple(patterns))(text)) is any(slow_match(each, text) for each in patterns)


@given(st.lists(globs, min_size=6, max_size=6), st.lists(texts, min_size=6, max_size=6))
def test_an_arn_matches_part_by_part(pattern, parts):
    expected = all(slow_match(p, t) for p, t in zip(pattern, parts, strict=True))
    if any(each.strip("*") for each in pattern):
        assert bool(arn_test((":".join(pattern),))(":".join(parts))) is expected


def test_many_stars_take_no_time():
    """A pattern of stars must not be tried in every possible way."""
    assert not text_test(("*a" * 30 + "b",))("a" * 4000)


@given(st.text("ab*?", max_size=6))
def test_what_a_variable_brings_is_taken_literally(value):
    filled = expand("x${aws:username}y", {"aws:username": value})
    assert text_test((filled,))(f"x{value}y")
    if "*" in value:
        assert not text_test((filled,))("x" + value.replace("*", "zz") + "y")


def test_the_escapes_stand_for_themselves():
    filled = expand("a${*}b${?}c${$}", {})
    assert text_test((filled,))("a*b?c$")
    assert not text_test((filled,))("a1b2c$")


# -- reasons and messages --------------------------------------------------------------------------------------

ANA = CALLERS[0]


def test_a_refusal_names_the_condition_that_failed():
    writer = parse(
        document(
            {
                "Sid": "Shop",
                "Effect": "Allow",
                "Action": "cloudwatch:PutMetricData",
                "Resource": "*",
                "Condition": {"StringEquals": {"cloudwatch:namespace": "Shop"}},
            }
        ),
        name="ShopWriter",
    )
    why = evaluate(
        Request("cloudwatch:PutMetricData", "*", ANA, context={"cloudwatch:Namespace": "Bank"}),
        identity=[writer],
    ).why
    assert 'asks for "Shop", and the request has "Bank"' in why
    assert 'statement "Shop" of identity-based policy ShopWriter' in why.replace("Statement", "statement")
    why = evaluate(Request("cloudwatch:PutMetricData", "*", ANA), identity=[writer]).why
    assert "the request has no such key" in why


def test_a_refusal_names_the_resource_that_was_not_covered():
    reader = parse(
        document({"Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:*:*:log-group:shop"}),
        name="Reader",
    )
    why = evaluate(
        Request("logs:PutLogEvents", "arn:aws:logs:us-east-1:111111111111:log-group:shop:*", ANA),
        identity=[reader],
    ).why
    assert "covers the action, but for arn:aws:logs:*:*:log-group:shop, not" in why


@pytest.mark.parametrize(
    ("layer", "effect", "end"),
    [
        ("identity", None, "because no identity-based policy allows the sns:Publish action"),
        ("identity", "Deny", "with an explicit deny in an identity-based policy"),
        ("resource", "Deny", "with an explicit deny in a resource-based policy"),
        ("boundary", None, "because no permissions boundary allows the sns:Publish action"),
        ("boundary", "Deny", "with an explicit deny in a permissions boundary"),
        ("session", None, "because no session policy allows the sns:Publish action"),
        ("endpoint", None, "because no VPC endpoint policy allows the sns:Publish action"),
        ("scps", None, "because no service control policy allows the sns:Publish action"),
    ],
)
def test_the_message_is_the_one_aws_sends(layer, effect, end):
    everything = policy([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    statement = {
        "Effect": effect,
        "Action": "*",
        "Resource": "*",
        **({"Principal": "*"} if layer == "resource" else {}),
    }
    bad = (
        NOTHING if effect is None else policy([statement], "resource" if layer == "resource" else "identity")
    )
    layers = {"identity": [everything]} | {layer: [bad] if layer in ("identity", "scps") else bad}
    topic = "arn:aws:sns:us-east-1:111111111111:ops"
    decision = evaluate(Request("sns:Publish", topic, ANA), **layers)
    assert not decision.allowed
    assert (
        decision.message
        == f"User: {ANA.arn} is not authorized to perform: sns:Publish on resource: {topic} {end}"
    )


def test_a_policy_lists_the_keys_it_looks_at():
    found = parse(
        document(
            {
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::${aws:username}/*",
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            }
        )
    )
    assert found.keys == ["aws:SourceIp", "aws:username"]
    assert isinstance(found, Policy)
