"""Field indexes: policies, which events they index, what queries skip by them."""

import json
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, NotModelled
from cwlab.services.logs import history, indexing
from cwlab.services.logs.chunk import build
from cwlab.services.logs.history import ALWAYS
from tests.services.logs.conftest import client, event, ms
from tests.services.logs.insights.test_api import answered, put, started

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/app"


def policy(*fields: str) -> str:
    return json.dumps({"Fields": list(fields)})


def code(function: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(**params)
    return str(caught.value.response["Error"]["Code"])


def statistics(logs: Any, lab: Lab, text: str, **more: Any) -> dict[str, float]:
    found = answered(logs, lab, text, **more)["statistics"]
    return {
        name: found[f"{long}"]
        for name, long in {
            "matched": "recordsMatched",
            "scanned": "recordsScanned",
            "skipped": "estimatedRecordsSkipped",
            "bytes": "bytesScanned",
            "skipped bytes": "estimatedBytesSkipped",
            "groups": "logGroupsScanned",
        }.items()
    }


# -- policies ----------------------------------------------------------------------------------------------------------
def test_a_policy_is_put_shown_and_deleted(lab, logs):
    made = logs.put_index_policy(logGroupIdentifier=GROUP, policyDocument=policy("requestId"))["indexPolicy"]
    assert made == {
        "logGroupIdentifier": GROUP,
        "lastUpdateTime": ms(lab),
        "policyDocument": policy("requestId"),
        "source": "LOG_GROUP",
    }
    assert logs.describe_index_policies(logGroupIdentifiers=["/app"])["indexPolicies"] == [made]
    logs.delete_index_policy(logGroupIdentifier="/app")
    assert logs.describe_index_policies(logGroupIdentifiers=["/app"])["indexPolicies"] == []
    assert code(logs.delete_index_policy, logGroupIdentifier="/app") == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[" * 5000,
        "[]",
        "{}",
        '{"Fields": []}',
        '{"Fields": "a"}',
        '{"Fields": [1]}',
        '{"Fields": [""]}',
        '{"Fields": ["a", "a"]}',
        '{"Fields": ["a"], "Facets": []}',
        '{"Fields": ["a"], "FieldsV2": {"a": {"type": "FIELD_INDEX"}}}',
        '{"FieldsV2": {"a": {"type": "TREE"}}}',
        policy("a" * 101),
        policy(*(f"f{n}" for n in range(21))),
    ],
)
def test_what_is_no_policy_is_refused(logs, document):
    assert (
        code(logs.put_index_policy, logGroupIdentifier="/app", policyDocument=document)
        == "InvalidParameterException"
    )


def test_twenty_fields_of_a_hundred_letters_are_a_policy(logs):
    logs.put_index_policy(
        logGroupIdentifier="/app", policyDocument=policy(*(f"{n:02}" + "f" * 98 for n in range(20)))
    )


def test_facets_are_not_modeled(logs):
    with pytest.raises(NotModelled, match="facet"):
        logs.put_index_policy(
            logGroupIdentifier="/app", policyDocument='{"FieldsV2": {"a": {"type": "FACET"}}}'
        )


def test_groups_of_infrequent_access_have_no_indexes(lab, logs):
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    asked = {"logGroupIdentifier": "/ia", "policyDocument": policy("a")}
    assert code(logs.put_index_policy, **asked) == "InvalidOperationException"
    assert logs.describe_field_indexes(logGroupIdentifiers=["/ia"])["fieldIndexes"] == []


def account(logs: Any, name: str, *fields: str, prefix: str | None = None) -> dict[str, Any]:
    chosen = {} if prefix is None else {"selectionCriteria": f'LogGroupNamePrefix = "{prefix}"'}
    return logs.put_account_policy(
        policyName=name, policyType="FIELD_INDEX_POLICY", policyDocument=policy(*fields), **chosen
    )["accountPolicy"]


def test_policies_of_the_account(lab, logs):
    made = account(logs, "apps", "requestId", prefix="/app")
    assert made == {
        "policyName": "apps",
        "policyDocument": policy("requestId"),
        "lastUpdatedTime": ms(lab),
        "policyType": "FIELD_INDEX_POLICY",
        "scope": "ALL",
        "selectionCriteria": 'LogGroupNamePrefix = "/app"',
        "accountId": "123456789012",
    }
    assert logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"] == [made]
    (shown,) = logs.describe_index_policies(logGroupIdentifiers=["/app"])["indexPolicies"]
    assert (shown["source"], shown["policyName"]) == ("ACCOUNT", "apps")
    logs.put_index_policy(logGroupIdentifier="/app", policyDocument=policy("own"))
    (shown,) = logs.describe_index_policies(logGroupIdentifiers=["/app"])["indexPolicies"]
    assert shown["source"] == "LOG_GROUP"
    logs.delete_account_policy(policyName="apps", policyType="FIELD_INDEX_POLICY")
    assert logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"] == []
    gone = {"policyName": "apps", "policyType": "FIELD_INDEX_POLICY"}
    assert code(logs.delete_account_policy, **gone) == "ResourceNotFoundException"


def test_prefixes_of_two_policies_do_not_overlap(logs):
    account(logs, "a", "f", prefix="my-log")
    for prefix in ("my-logpprod", "my-logging", "my", None):
        with pytest.raises(ClientError, match="overlap"):
            account(logs, "b", "f", prefix=prefix)
    account(logs, "a", "g", prefix="my")  # the same policy, changed
    account(logs, "b", "f", prefix="other")


def test_there_are_twenty_policies_of_the_account_at_most(logs):
    for n in range(20):
        account(logs, f"p{n}", "f", prefix=f"{n:02}")
    with pytest.raises(ClientError, match="LimitExceeded"):
        account(logs, "p20", "f", prefix="20")


@pytest.mark.parametrize(
    "criteria",
    [
        "LogGroupName NOT IN ['a']",
        "LogGroupNamePrefix",
        "x",
        'LogGroupNamePrefix = ""',
        'LogGroupNamePrefix IN ["a"',
        'LogGroupNamePrefix = "a"]',
        'LogGroupNamePrefix IN "a"',
        'LogGroupNamePrefixIN ["a"]',
    ],
)
def test_other_criteria_are_refused(logs, criteria):
    asked = {"policyName": "p", "policyType": "FIELD_INDEX_POLICY", "policyDocument": policy("a")}
    assert code(logs.put_account_policy, **asked, selectionCriteria=criteria) == "InvalidParameterException"


def test_other_kinds_of_policy_are_not_modeled(logs):
    with pytest.raises(NotModelled, match="SUBSCRIPTION_FILTER_POLICY"):
        logs.put_account_policy(policyName="p", policyType="SUBSCRIPTION_FILTER_POLICY", policyDocument="{}")
    with pytest.raises(NotModelled, match="data source"):
        logs.put_account_policy(
            policyName="p",
            policyType="FIELD_INDEX_POLICY",
            policyDocument=policy("a"),
            selectionCriteria='DataSourceName = "amazon_vpc" AND DataSourceType = "flow"',
        )


def test_a_policy_of_the_account_needs_both_permissions(lab, logs):
    iam = lab.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    allowed = {"Statement": [{"Effect": "Allow", "Action": "logs:PutAccountPolicy", "Resource": "*"}]}
    iam.create_role(RoleName="half", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="half", PolicyName="p", PolicyDocument=json.dumps(allowed))
    half = lab.client("logs", role="half")
    with pytest.raises(ClientError, match="logs:PutIndexPolicy"):
        account(half, "a", "f")
    assert logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"] == []


# -- what is indexed ---------------------------------------------------------------------------------------------------
def index(logs: Any, *fields: str, group: str = "/app") -> None:
    logs.put_index_policy(logGroupIdentifier=group, policyDocument=policy(*fields))


def test_equality_on_an_indexed_field_skips_the_other_events(lab, logs):
    index(logs, "id")
    put(logs, lab, '{"id": "a"}', '{"id": "b"}', '{"x": 1}', '{"id": "a"}')
    assert statistics(logs, lab, "filter id = 'a'") == {
        "matched": 2.0,
        "scanned": 2.0,
        "skipped": 2.0,
        "bytes": 22.0,
        "skipped bytes": 19.0,
        "groups": 1.0,
    }
    for text, skipped in {
        "filter id in ['a', 'b']": 1,
        "filter 'a' = id": 2,
        "filter id = 'a' and x = 1": 4 - 2,
        "filter x = 1 and id = 'a' | stats count(*) by id": 2,
        "fields id | filter id = 'b' | sort id | limit 1": 3,
        "filter id = 'a' | filter id = 'b'": 4,
        "filter id = 'a' or x = 1": 0,
        "filter not id = 'a'": 0,
        "filter id != 'a'": 0,
        "filter id like 'a'": 0,
        "filter id > 'a'": 0,
        "filter id = x": 0,
        "filter Id = 'a'": 0,
        "filter x = 1": 0,
        "fields concat(id, '') as id | filter id = 'a'": 0,
        "stats count(*) by id | filter id = 'a'": 0,
        "filter @logStream = 'other'": 4,
        "filter @logStream = 'web'": 0,
    }.items():
        found = statistics(logs, lab, text)
        assert (found["skipped"], found["scanned"]) == (skipped, 4 - skipped), text


def test_what_came_before_the_policy_is_looked_at(lab, logs):
    put(logs, lab, '{"id": "a"}', '{"id": "b"}')
    index(logs, "id")  # in the same millisecond
    put(logs, lab, '{"id": "a"}', '{"id": "b"}')
    found = statistics(logs, lab, "filter id = 'a'")
    assert (found["matched"], found["scanned"], found["skipped"]) == (2, 3, 1)
    found = statistics(logs, lab, "filterIndex id = 'a'")
    assert (found["matched"], found["scanned"], found["skipped"]) == (1, 1, 3)


def test_what_is_loaded_as_past_events_came_in_the_past(lab, logs):
    index(logs, "id")
    lab.act("logs", "load", group="/app", stream="web", stamps=[ms(lab) - 60_000], messages=['{"id": "b"}'])
    assert statistics(logs, lab, "filter id = 'a'")["skipped"] == 0


def test_filter_index_reads_only_groups_that_are_indexed(lab, logs):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="web")
    index(logs, "id")
    for group in ("/app", "/other"):
        put(logs, lab, '{"id": "a"}', '{"id": "b"}', group=group)

    def asked(text: str) -> dict[str, Any]:
        now_s = ms(lab) // 1000
        query_id = logs.start_query(
            logGroupNames=["/app", "/other"], startTime=now_s - 3600, endTime=now_s, queryString=text
        )["queryId"]
        lab.advance(seconds=1)
        return logs.get_query_results(queryId=query_id)

    found = asked("filterIndex id = 'a' | fields @log | display @log")
    assert [row[0]["value"] for row in found["results"]] == ["123456789012:/app"]
    assert found["statistics"] == {
        "recordsMatched": 1.0,
        "recordsScanned": 1.0,
        "bytesScanned": 11.0,
        "estimatedRecordsSkipped": 3.0,
        "estimatedBytesSkipped": 33.0,
        "logGroupsScanned": 1.0,
    }
    found = asked("filter id = 'a'")
    assert len(found["results"]) == 2
    assert found["statistics"]["recordsScanned"] == 3.0
    assert asked("filterIndex nothing = 'a'")["results"] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("filterIndex id != 'a'", 12),
        ("filterIndex id = 'a' or id = 'b'", 12),
        ("filterIndex id = x", 12),
        ("filterIndex id like 'a'", 12),
        ("stats count(*) by id | filterIndex id = 'a'", 23),
        ("limit 5 | filterIndex id = 'a'", 10),
        ("fields 1 as id | filterIndex id = 'a'", 29),
        ("filterIndex", 11),
    ],
)
def test_filter_index_takes_one_equality(lab, logs, text, at):
    with pytest.raises(ClientError) as caught:
        started(logs, lab, text)
    place = caught.value.response["queryCompileError"]["location"]
    assert place["startCharOffset"] == at


def test_a_policy_that_ends_leaves_its_index_for_thirty_days(lab, logs):
    index(logs, "id")
    put(logs, lab, '{"id": "b"}')
    lab.advance(hours=1)
    logs.delete_index_policy(logGroupIdentifier="/app")
    put(logs, lab, '{"id": "b"}')
    month = {"startTime": ms(lab) // 1000 - 86400 * 40, "endTime": ms(lab) // 1000}
    assert statistics(logs, lab, "filter id = 'a'", **month)["skipped"] == 1
    lab.advance(days=30)
    assert statistics(logs, lab, "filter id = 'a'", **month)["skipped"] == 0


def test_a_new_group_of_the_name_begins_without_indexes(lab, logs):
    index(logs, "id")
    logs.delete_log_group(logGroupName="/app")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    put(logs, lab, '{"id": "b"}')
    assert statistics(logs, lab, "filter id = 'a'")["skipped"] == 0
    assert logs.describe_index_policies(logGroupIdentifiers=["/app"])["indexPolicies"] == []


def test_the_indexes_of_a_group_and_their_extent(lab, logs):
    put(logs, lab, '{"id": "a", "traceId": "t"}', ago_ms=9000)
    index(logs, "id", "never", "@requestId")
    lab.advance(seconds=1)
    first = put(logs, lab, '{"id": "a"}', '{"id": "b"}', '{"no": 1}')
    came = ms(lab)
    found = logs.describe_field_indexes(logGroupIdentifiers=["/app"])["fieldIndexes"]
    assert [(each["fieldIndexName"], each["indexCategory"]) for each in found] == [
        ("@aws.account", "DEFAULT"),
        ("@aws.region", "DEFAULT"),
        ("@logStream", "DEFAULT"),
        ("traceId", "DEFAULT"),
        ("@requestId", "CUSTOM"),
        ("id", "CUSTOM"),
        ("never", "CUSTOM"),
    ]
    assert found[5] == {
        "logGroupIdentifier": GROUP,
        "fieldIndexName": "id",
        "type": "FIELD_INDEX",
        "indexCategory": "CUSTOM",
        "lastScanTime": came,
        "firstEventTime": first,
        "lastEventTime": first + 1,
    }
    assert "firstEventTime" not in found[6]
    index(logs, "never")
    found = logs.describe_field_indexes(logGroupIdentifiers=["/app"], indexCategories=["INACTIVE"])
    assert [each["fieldIndexName"] for each in found["fieldIndexes"]] == ["@requestId", "id"]


def test_groups_are_listed_by_their_indexes(logs):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    index(logs, "id", "n")

    def listed(*names: str) -> list[str]:
        found = logs.list_log_groups(fieldIndexNames=[*names])["logGroups"]
        return [each["logGroupName"] for each in found]

    assert listed("id", "n") == ["/app"]
    assert listed("id", "x") == []
    assert listed("traceId") == ["/app", "/other"]


def test_save_and_open_keep_the_indexes(lab, logs, tmp_path):
    index(logs, "id")
    put(logs, lab, '{"id": "a"}', '{"id": "b"}')
    lab.save(tmp_path / "x.cwlab")
    again = Lab.open(tmp_path / "x.cwlab")
    assert statistics(client(again), again, "filter id = 'a'")["skipped"] == 1


# -- laws --------------------------------------------------------------------------------------------------------------
FIELDS = st.none() | st.sets(st.sampled_from("abc"), max_size=2).map(lambda s: tuple(sorted(s)))
STEPS = st.lists(
    st.tuples(st.sampled_from(["own", "account", "event"]), st.integers(0, 2), FIELDS), max_size=12
)


@given(STEPS)
def test_an_event_is_in_the_indexes_of_the_policies_of_its_own_time(steps):
    """Spans, against replaying the story event by event."""
    own: history.History = ()
    account: history.History = ()
    now_ms, requests = 1000, 0
    mine: tuple[str, ...] | None = None
    everyones: tuple[str, ...] = ()
    events: list[tuple[int, int, set[str]]] = []
    for what, later, fields in steps:
        now_ms += later
        if what == "event":
            requests += 1
            expected = set(everyones if mine is None else mine)
            events.append((now_ms, requests << 16, expected))
        elif what == "own":
            mine = fields
            own = history.changed(own, now_ms, requests, fields)
        else:
            everyones = fields or ()
            account = history.changed(account, now_ms, requests, (("", fields or ()),))
    spans = indexing.spans("/g", "STANDARD", own, account)
    for stamp, place, expected in events:
        held = {
            name
            for name, every in spans.items()
            for since, until in every
            if since <= (stamp, place) and (until is None or (stamp, place) < until)
        }
        assert held - set(indexing.DEFAULTS) == expected
        assert set(indexing.DEFAULTS) <= held


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_periods_count_the_changes_before_an_event(moments):
    rows = [(n // 4, n % 4) for n in range(16)]
    chunk = build(range(16), [ingested for ingested, _ in rows], [place for _, place in rows], [b"x"] * 16)
    assert history.periods(chunk, moments).tolist() == [sum(m <= row for m in moments) for row in rows]
    assert not np.any(history.periods(chunk, [(9, 0)]))
    assert history.periods(chunk, [ALWAYS]).tolist() == [1] * 16


@pytest.mark.parametrize("n", [16, 300])
def test_long_and_short_chunks_are_skipped_alike(lab, logs, n):
    index(logs, "id")
    first = ms(lab) - 5000
    events = [event(first + i, json.dumps({"id": i % 3})) for i in range(n)]
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=events)
    found = statistics(logs, lab, "filter id = 1")
    assert (found["scanned"], found["skipped"]) == (len(range(1, n, 3)), n - len(range(1, n, 3)))


def test_fields_of_entities_and_accounts_are_indexed(lab, logs):
    index(logs, "@entity.KeyAttributes.Name")
    entity = {"keyAttributes": {"Type": "Service", "Name": "shop"}}
    first = ms(lab) - 5000
    for n, more in enumerate(({"entity": entity}, {})):
        logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[event(first + n)], **more)
    for text, skipped in {
        "filter @entity.KeyAttributes.Name = 'shop'": 1,
        "filterIndex @entity.KeyAttributes.Name = 'shop'": 1,
        "filter @aws.account = '123456789012'": 0,
        "filter @aws.account = '999999999999'": 2,
        "filter @aws.region in ['eu-west-1']": 2,
    }.items():
        assert statistics(logs, lab, text)["skipped"] == skipped, text
