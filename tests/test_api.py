"""The door: five steps, atomic operations, the journal; with a service of the tests' own."""

import json

import pytest

from cwlab import Lab, api
from cwlab.api import Call, Principal, Request, operation
from cwlab.errors import AwsError, NotModelled


@pytest.fixture
def toy(monkeypatch):
    """A service called ``ses`` (boto3 knows it, cwlab does not) for one test."""
    monkeypatch.setitem(api.OPERATIONS, "ses", {})
    monkeypatch.setattr(api, "HANDLERS", dict(api.HANDLERS))
    monkeypatch.setattr("cwlab.world.HANDLERS", api.HANDLERS)

    @operation(
        "ses", "Put", resource=lambda call, p: f"arn:aws:ses:{call.region}:{call.account}:thing/{p['Name']}"
    )
    def put(call: Call, *, Name: str, Then: str = "") -> dict:
        things = call.table("things")
        things[Name] = call.now_ms
        call.schedule(call.now_ms + 1000, "ring", name=Name)
        if Then == "fail":
            raise AwsError("Broken", "As asked.")
        if Then == "interrupt":
            raise KeyboardInterrupt
        if Then == "nest":
            call.invoke("ses", "Put", {"Name": Name + "-inner"})
        if Then == "nest-fail":
            with pytest.raises(AwsError):
                call.invoke("ses", "Put", {"Name": Name + "-inner", "Then": "fail"})
        return {"Id": call.unique("thing-", 8)}

    @operation("ses", "List", readonly=True)
    def list_things(call: Call) -> dict:
        return {"Things": sorted(call.table("things"))}

    @api.handler("ses", "ring")
    def ring(call: Call, name: str) -> None:
        call.table("rung")[name] = call.now_ms
        if name == "bad":
            raise AwsError("Refused", "by the handler")

    return Lab()


def ask(lab: Lab, operation: str, **params):
    return lab.world.door(
        Request("ses", operation, params, lab.world.administrator(lab.account), lab.account, lab.region)
    )


def test_an_operation_that_works_is_in_the_state_the_agenda_and_the_journal(toy):
    answer = ask(toy, "Put", Name="a")
    assert ask(toy, "List") == {"Things": ["a"]}
    assert [e.handler for e in toy.agenda()] == ["ring"]
    assert [(e.operation, e.error, e.result) for e in toy.journal] == [
        ("Put", None, answer),
        ("List", None, None),
    ]


@pytest.mark.parametrize(("then", "error"), [("fail", AwsError), ("interrupt", KeyboardInterrupt)])
def test_an_operation_that_fails_or_is_interrupted_changes_nothing(toy, then, error):
    ask(toy, "Put", Name="before")
    with pytest.raises(error):
        ask(toy, "Put", Name="a", Then=then)
    assert ask(toy, "List") == {"Things": ["before"]}
    assert len(toy.agenda()) == 1
    errors = [e.error for e in toy.journal if e.params.get("Name") == "a"]
    assert errors == (["Broken"] if then == "fail" else [])


def test_a_call_inside_a_call_is_one_level_deeper_and_knows_its_parent(toy):
    ask(toy, "Put", Name="a", Then="nest")
    inner, outer = toy.journal
    assert (inner.params["Name"], inner.depth, inner.parent) == ("a-inner", 1, outer.seq)
    assert (outer.depth, outer.parent) == (0, None)


def test_an_inner_failure_undoes_the_inner_call_only(toy):
    ask(toy, "Put", Name="a", Then="nest-fail")
    assert ask(toy, "List") == {"Things": ["a"]}


def test_what_is_not_modeled_is_refused_by_name(toy):
    with pytest.raises(NotModelled, match=r"ses:Delete is not modeled.*List, Put"):
        ask(toy, "Delete")
    with pytest.raises(NotModelled, match=r"ses:Put\(Color=…\) is not modeled.*Name, Then"):
        ask(toy, "Put", Name="a", Color="red")
    assert ask(toy, "List") == {"Things": []}
    with pytest.raises(NotModelled, match="The service 'braket'"):
        toy.world.door(Request("braket", "X", {}, Principal("a", "1"), "1", "us-east-1"))


def test_accounts_and_regions_are_separate_worlds_of_state(toy):
    admin = toy.world.administrator("222222222222")
    toy.world.door(Request("ses", "Put", {"Name": "theirs"}, admin, "222222222222", "us-east-1"))
    toy.world.door(
        Request(
            "ses", "Put", {"Name": "there"}, toy.world.administrator(toy.account), toy.account, "eu-west-1"
        )
    )
    ask(toy, "Put", Name="mine")
    assert ask(toy, "List") == {"Things": ["mine"]}


def test_a_handler_that_is_refused_is_undone_and_written_down_and_time_goes_on(toy):
    ask(toy, "Put", Name="bad")
    ask(toy, "Put", Name="good")
    toy.advance(seconds=2)
    rung = toy.world.table(toy.account, toy.region, "ses", "rung")
    assert list(rung) == ["good"]
    assert [(e.kind, e.error) for e in toy.journal if e.error] == [("event", "Refused")]


def test_ids_come_from_the_seed(toy):
    ids = [ask(toy, "Put", Name=n)["Id"] for n in "abc"]
    again = Lab()
    assert [ask(again, "Put", Name=n)["Id"] for n in "abc"] == ids
    assert len(set(ids)) == 3
    assert ask(Lab(seed=8), "Put", Name="a")["Id"] != ids[0]


def test_rewinding_and_replaying_changes_nothing(toy):
    ask(toy, "Put", Name="a")
    toy.advance(seconds=5)
    with pytest.raises(AwsError):
        ask(toy, "Put", Name="b", Then="fail")
    ask(toy, "Put", Name="c", Then="nest")
    toy.advance(seconds=5)
    there = state(toy)
    until = toy.now
    toy.rewind(to="2026-03-02T09:00:05Z")
    assert ask(toy.fork(), "List") == {"Things": ["a", "c", "c-inner"]}  # the calls at that instant are kept
    toy.advance(until=until)
    assert state(toy) == there


def state(lab: Lab):
    """All tables, agenda and journal of a lab, comparable."""
    tables = {key: list(table.items()) for key, table in lab.world.tables.items() if len(table)}
    return tables, lab.world.timeline.state(), [e for e in lab.journal if e.operation != "List"]


def test_a_service_takes_on_a_role_only_if_the_role_trusts_it(toy, monkeypatch):
    iam = toy.client("iam")
    for name, who in (("mine", "ses.amazonaws.com"), ("theirs", "ec2.amazonaws.com")):
        trust = {
            "Statement": [{"Effect": "Allow", "Principal": {"Service": who}, "Action": "sts:AssumeRole"}]
        }
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust | {"Version": "2012-10-17"}))
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    @operation("ses", "Relay")
    def relay(call: Call, *, Role: str) -> dict:
        return call.invoke("sts", "GetCallerIdentity", {}, role=f"arn:aws:iam::{call.account}:role/{Role}")

    assert ask(toy, "Relay", Role="mine")["Arn"] == "arn:aws:sts::123456789012:assumed-role/mine/ses"
    with pytest.raises(AwsError, match="AccessDenied"):
        ask(toy, "Relay", Role="theirs")
    with pytest.raises(AwsError, match="AccessDenied"):
        ask(toy, "Relay", Role="ghost")
