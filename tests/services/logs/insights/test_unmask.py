"""``unmask``: what is stored, for who may see it; and fields of documents whose numbers are masked."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from tests.services.logs.conftest import client, event, ms
from tests.services.logs.insights.test_accounts import HOME, SHOP, arn, ask, fill, share
from tests.services.logs.insights.test_accounts import rows as accounts_rows
from tests.services.logs.insights.test_api import answered, put, started
from tests.services.logs.test_data_protection import READ, protect, reader

SECRET = "ann@example.com"
HIDDEN = "*" * len(SECRET)


@pytest.fixture
def shop() -> tuple[Lab, Any]:
    """Three events: a field, the same twice, none."""
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    put(logs, lab, '{"n": 0, "who": "old@example.com"}', ago_ms=9000)
    protect(logs, "EmailAddress", "Id", own={"Id": r"4\d{7}4"})
    put(
        logs,
        lab,
        json.dumps({"n": 1, "who": SECRET, "id": 400000004}),
        '{"n": 2, "who": "nobody"}',
        "3 plain",
    )
    return lab, logs


def rows(logs: Any, lab: Lab, text: str) -> list[dict[str, str]]:
    found = answered(logs, lab, text)
    return [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in found["results"]
    ]


def test_fields_of_a_masked_document_are_masked(shop):
    lab, logs = shop
    found = rows(logs, lab, "fields n, who, id | filter n > 0 | sort n")
    assert found == [{"n": "1", "who": HIDDEN, "id": "*" * 9}, {"n": "2", "who": "nobody"}]
    record = answered(logs, lab, "filter n = 1")["results"][0][-1]["value"]
    fields = logs.get_log_record(logRecordPointer=record)["logRecord"]
    assert (fields["who"], fields["id"], fields["n"]) == (HIDDEN, "*" * 9, "1")
    fields = logs.get_log_record(logRecordPointer=record, unmask=True)["logRecord"]
    assert (fields["who"], fields["id"]) == (SECRET, "400000004")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fields who, unmask(who) as all | filter n = 1", [{"who": HIDDEN, "all": SECRET}]),
        ("fields unmask(id) + 1 as more | filter n = 1", [{"more": "400000005"}]),
        ("filter unmask(who) = 'ann@example.com' | fields n", [{"n": "1"}]),
        ("filter who = 'ann@example.com' | fields n", []),
        ("unmask who, id | filter who like 'ann' | fields who, id", [{"who": SECRET, "id": "400000004"}]),
        ("unmask who | stats count(*) as c by who | filter who like 'ann'", [{"who": SECRET, "c": "1"}]),
        ("unmask who | sort who desc | limit 1 | fields n", [{"n": "0"}]),
        ('unmask @message | parse @message \'"who": "*"\' as w | filter n = 1 | display w', [{"w": SECRET}]),
        ('parse @message \'"who": "*"\' as w | filter n = 1 | display w', [{"w": HIDDEN}]),
        ("fields unmask(n) as m, unmask(@logStream) as s | filter m = 2", [{"m": "2", "s": "web"}]),
        ("fields unmask(none) as x, n | filter n = 2", [{"n": "2"}]),
        ("stats count(*) as c by unmask(who) as w | sort w | limit 1", [{"w": SECRET, "c": "1"}]),
    ],
)
def test_unmask(shop, text, expected):
    lab, logs = shop
    assert rows(logs, lab, text) == expected


def test_unmask_of_the_message_shows_what_is_stored(shop):
    lab, logs = shop
    found = answered(logs, lab, "unmask @message | filter n = 1 | display @message")
    assert json.loads(found["results"][0][0]["value"])["who"] == SECRET
    assert found["statistics"]["recordsScanned"] == 4.0
    assert found["statistics"]["recordsMatched"] == 1.0
    shown = rows(logs, lab, "unmask @message | sort n | limit 10")
    assert [SECRET in row["@message"] for row in shown].count(True) == 1
    both = rows(logs, lab, "fields @message, unmask(@message) | filter n = 1")[0]
    assert HIDDEN in both["@message"]
    assert SECRET in both["unmask(@message)"]


def test_unmask_needs_the_permission(shop):
    lab, _ = shop
    half = reader(lab, *READ)
    for text in ("fields unmask(who)", "unmask @message", "stats count(*) by unmask(who)"):
        with pytest.raises(ClientError, match="logs:Unmask"):
            started(half, lab, text)
    assert started(half, lab, "fields who")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("unmask", 6),
        ("unmask 1", 7),
        ("stats count(*) by who | unmask who", 24),
        ("stats count(*) by who | fields unmask(who)", 31),
        ("fields concat(who, 'x') as y | unmask y", 38),
        ("fields unmask(concat(who, 'x'))", 7),
        ("fields unmask(who, n)", 7),
        ("fields unmask()", 7),
        ("filter who in (SOURCE '/app' | unmask who | fields who)", 31),
    ],
)
def test_what_cannot_be_unmasked(shop, text, at):
    lab, logs = shop
    with pytest.raises(ClientError) as caught:
        started(logs, lab, text)
    assert caught.value.response["queryCompileError"]["location"]["startCharOffset"] == at


def test_a_class_without_unmask(lab, logs):
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    for text in ("unmask @message", "fields unmask(@message)"):
        with pytest.raises(ClientError, match="unmask"):
            started(logs, lab, text, logGroupName="/ia")


def test_many_events_are_unmasked_each_with_its_own(lab, logs):
    protect(logs, "EmailAddress")
    first = ms(lab) - 5000
    events = [event(first + n // 2, json.dumps({"n": n, "who": f"a{n}@example.com"})) for n in range(600)]
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=events)
    found = rows(logs, lab, "fields n, who, unmask(who) as w | limit 1000")
    assert {row["w"] for row in found} == {f"a{n}@example.com" for n in range(600)}
    assert all(row["w"] == f"a{row['n']}@example.com" for row in found)
    assert all(set(row["who"]) == {"*"} and len(row["who"]) == len(row["w"]) for row in found)


def test_masks_and_indexes_of_other_accounts_are_their_own():
    """What another account shares is masked by its policies, and skipped by its indexes."""
    lab = Lab(account=HOME)
    logs = client(lab)
    theirs = fill(lab, SHOP, "/app", '{"id": "a", "who": "old@example.com"}')
    protect(theirs, "EmailAddress")
    theirs.put_index_policy(logGroupIdentifier="/app", policyDocument='{"Fields": ["id"]}')
    texts = ('{"id": "a", "who": "ann@example.com"}', '{"id": "b", "who": "bob@example.com"}')
    events = [event(ms(lab) - 1000 + n, text) for n, text in enumerate(texts)]
    theirs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=events)
    oam = lab.client("oam")
    sink = oam.create_sink(Name="hub")["Arn"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": SHOP}, "Action": "oam:CreateLink", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    oam.put_sink_policy(SinkIdentifier=sink, Policy=document)
    share(lab, sink, SHOP)
    world = lab, logs, sink
    groups = {"logGroupIdentifiers": [arn(SHOP, "/app")]}
    found = ask(world, "filter id = 'a' | fields who | sort who", **groups)
    assert sorted(row[0] for row in accounts_rows(found)) == [HIDDEN, "old@example.com"]
    assert (found["statistics"]["recordsScanned"], found["statistics"]["estimatedRecordsSkipped"]) == (
        2.0,
        1.0,
    )
    found = ask(
        world, "filterIndex id in ['a', 'b'] | fields unmask(who) as w | sort w | display w", **groups
    )
    assert accounts_rows(found) == [["ann@example.com"], ["bob@example.com"]]


def test_an_index_in_a_subquery(lab, logs):
    logs.put_index_policy(logGroupIdentifier="/app", policyDocument='{"Fields": ["id"]}')
    put(logs, lab, '{"id": "a", "n": 1}', '{"id": "b", "n": 1}', '{"n": 1}')
    found = rows(logs, lab, "filter id in (SOURCE '/app' | filterIndex id = 'a' | fields id) | fields id")
    assert found == [{"id": "a"}]
