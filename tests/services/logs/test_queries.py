"""How a query is started and kept: limits, permissions, keys, log classes, what it would cost."""

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cwlab import Lab
from tests.services.logs.conftest import client, event, ms


def put(logs: Any, lab: Lab, *messages: str, group: str = "/app") -> None:
    first = ms(lab) - 5000
    events = [event(first + n, message) for n, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName="web", logEvents=events)


def start(logs: Any, lab: Lab, text: str = "fields @message", **more: Any) -> str:
    now_s = ms(lab) // 1000
    asked = {"logGroupName": "/app", "startTime": now_s - 3600, "endTime": now_s, **more}
    asked = {name: value for name, value in asked.items() if value is not None}
    return logs.start_query(queryString=text, **asked)["queryId"]


def answer(logs: Any, lab: Lab, text: str, **more: Any) -> dict[str, Any]:
    query_id = start(logs, lab, text, **more)
    lab.advance(seconds=1)
    return logs.get_query_results(queryId=query_id)


def refused(logs: Any, lab: Lab, text: str = "fields @message", **more: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        start(logs, lab, text, **more)
    return caught.value.response["Error"]


def test_how_many_stats_a_query_may_have_is_a_setting():
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    put(logs, lab, *(f"{user} {place}" for user, place in ("ax", "ax", "ay", "bx", "cz", "cz", "cz")))
    text = """parse @message "* *" as user, place | stats count(*) as n by user, place
        | stats max(n) as most by user | stats sum(most) as all, count(*) as users"""
    assert "one stats too many" in refused(logs, lab, text)["Message"]
    lab.act("logs", "configure", stats_in_a_query=10)
    (row,) = answer(logs, lab, text)["results"]
    assert {cell["field"]: cell["value"] for cell in row} == {"all": "6", "users": "3"}


# -- how many at once ---------------------------------------------------------------------------------------------------
@pytest.fixture
def once(lab, logs):
    """A client that tries once: botocore itself waits and asks again where a limit is exceeded."""
    return lab.client("logs", config=Config(retries={"total_max_attempts": 1}))


def test_so_many_queries_at_once_and_stopping_or_ending_makes_room(lab, once):
    lab.act("logs", "configure", concurrent_queries=3)
    first, *_ = [start(once, lab) for _ in range(3)]
    error = refused(once, lab)
    assert error == {
        "Code": "LimitExceededException",
        "Message": "Account maximum query concurrency limit of [3] reached.",
    }
    once.stop_query(queryId=first)
    start(once, lab)
    assert refused(once, lab)["Code"] == "LimitExceededException"
    lab.advance(seconds=1)
    start(once, lab)
    assert len(once.describe_queries(status="Complete")["queries"]) == 3
    assert len(once.describe_queries(status="Scheduled")["queries"]) == 1


def test_a_client_as_it_comes_waits_for_room(lab, logs):
    lab.act("logs", "configure", concurrent_queries=1)
    start(logs, lab)
    before = lab.now
    start(logs, lab)
    assert lab.now > before
    assert "LimitExceededException" in [entry.error for entry in lab.journal]


def test_a_query_takes_as_long_as_it_is_set_to(lab, logs):
    put(logs, lab, "a")
    lab.act("logs", "configure", query_ms=90_000)
    long = start(logs, lab)
    lab.act("logs", "configure", query_ms=0)
    at_once = start(logs, lab)
    assert logs.get_query_results(queryId=at_once)["status"] == "Complete"
    for seconds, status in [(0.1, "Scheduled"), (1, "Running"), (88, "Running"), (1, "Complete")]:
        lab.advance(seconds=seconds)
        found = logs.get_query_results(queryId=long)
        assert (found["status"], len(found["results"])) == (status, int(status == "Complete"))
    queries = logs.describe_queries(status="Complete")["queries"]
    assert {each["queryId"]: each["queryDuration"] for each in queries} == {long: 90_000, at_once: 0}


def test_after_an_hour_a_query_is_given_up(lab, logs):
    put(logs, lab, "a")
    lab.act("logs", "configure", query_ms=3_600_001)
    query_id = start(logs, lab)
    lab.advance(minutes=59, seconds=59)
    assert logs.get_query_results(queryId=query_id)["status"] == "Running"
    lab.advance(seconds=1)
    found = logs.get_query_results(queryId=query_id)
    assert (found["status"], found["results"]) == ("Timeout", [])
    with pytest.raises(ClientError, match="ended with status: Timeout"):
        logs.stop_query(queryId=query_id)


def test_the_limit_is_a_hundred_unless_set_and_each_region_s_own(lab, logs):
    from cwlab.services.logs.records import DEFAULTS

    assert DEFAULTS.concurrent_queries == 100
    lab.act("logs", "configure", concurrent_queries=1)
    start(logs, lab)
    far = lab.client("logs", region="eu-west-1")
    far.create_log_group(logGroupName="/app")
    start(far, lab)


def test_queries_are_kept_seven_days(lab, logs):
    query_id = start(logs, lab)
    lab.advance(days=7)
    assert logs.get_query_results(queryId=query_id)["status"] == "Complete"
    lab.advance(seconds=1)
    with pytest.raises(ClientError, match="not found"):
        logs.get_query_results(queryId=query_id)
    start(logs, lab)
    assert len(logs.describe_queries()["queries"]) == 1


# -- estimate -----------------------------------------------------------------------------------------------------------
def test_estimate_says_how_much_would_be_scanned_and_scans_nothing(lab, logs):
    put(logs, lab, "four", "five!")
    text = "filter @message like /no/ | fields @message | dedup @message | limit 5"
    found = answer(logs, lab, f"{text} | estimate")
    assert found["results"] == [[{"field": "estimatedBytesScanned", "value": "9"}]]
    assert found["statistics"]["bytesScanned"] == found["statistics"]["recordsScanned"] == 0.0
    assert answer(logs, lab, text)["statistics"]["bytesScanned"] == 9.0


@pytest.mark.parametrize("text", ["estimate | limit 1", "filter a in (SOURCE '/app' | fields a | estimate)"])
def test_estimate_comes_last(lab, logs, text):
    assert refused(logs, lab, text)["Code"] == "MalformedQueryException"


def test_a_join_of_all_with_all_fails(lab, logs, monkeypatch):
    from cwlab.services.logs.insights.commands import other

    monkeypatch.setattr(other, "MOST_PAIRS", 3)
    put(logs, lab, '{"k": 1}', '{"k": 1}')
    found = answer(logs, lab, "join left=a right=b where a.k=b.k (SOURCE '/app') | stats count(*)")
    assert (found["status"], found["results"]) == ("Failed", [])


# -- log classes --------------------------------------------------------------------------------------------------------
@pytest.fixture
def rare(logs):
    """A group of class INFREQUENT_ACCESS."""
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="/rare", logStreamName="web")
    return "/rare"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("fields @message | pattern @message", "pattern"),
        ("filterIndex a = 1", "filterIndex"),
        ("fields unmask(@message)", "unmask"),
    ],
)
def test_infrequent_access_lacks_some_commands(lab, logs, rare, text, word):
    error = refused(logs, lab, text, logGroupName=rare)
    assert error["Code"] == "MalformedQueryException"
    assert (
        f"{word} over the log group /rare, which is of class INFREQUENT_ACCESS at line 1" in error["Message"]
    )


def test_infrequent_access_is_queried_and_named_by_source(lab, logs, rare):
    put(logs, lab, "a", "b", group=rare)
    assert len(answer(logs, lab, "fields @message | sort @message", logGroupName=rare)["results"]) == 2
    text = "SOURCE logGroups(class: ['INFREQUENT_ACCESS']) | stats count(*) as n by @log"
    (row,) = answer(logs, lab, text, logGroupName=None)["results"]
    assert [cell["value"] for cell in row] == ["123456789012:/rare", "2"]
    (both,) = answer(logs, lab, "fields 1 as n | stats count(*) as n", logGroupName=rare)["results"]
    assert both[0]["value"] == "2"
    joined = "join left=a right=b where a.x=b.x (SOURCE '/rare' | pattern @message)"
    assert refused(logs, lab, joined)["Code"] == "MalformedQueryException"


def test_delivery_is_not_queried(lab, logs):
    logs.create_log_group(logGroupName="/out", logGroupClass="DELIVERY")
    assert refused(logs, lab, logGroupName="/out")["Code"] == "InvalidOperationException"
    within = "filter @message in (SOURCE '/out' | fields @message)"
    assert refused(logs, lab, within)["Code"] == "InvalidOperationException"


# -- permissions --------------------------------------------------------------------------------------------------------
@pytest.fixture
def ana(lab):
    """Gives a client of a user with one policy."""
    iam = lab.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]

    def with_policy(*statements: tuple[str, str]) -> Any:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in statements],
        }
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(document))
        import boto3

        with lab.intercept():
            return boto3.client(
                "logs",
                region_name="us-east-1",
                aws_access_key_id=key["AccessKeyId"],
                aws_secret_access_key=key["SecretAccessKey"],
            )

    return with_policy


def test_each_group_a_query_reads_must_be_allowed(lab, logs, ana):
    logs.create_log_group(logGroupName="/secret")
    one = "arn:aws:logs:us-east-1:123456789012:log-group:/app:*"
    user = ana(("logs:StartQuery", one))
    query_id = start(user, lab)
    for text, named in (
        ("fields @message", {"logGroupNames": ["/app", "/secret"], "logGroupName": None}),
        ("SOURCE logGroups(namePrefix: ['/']) | limit 1", {"logGroupName": None}),
        ("filter a in (SOURCE '/secret' | fields a)", {}),
        ("join left=a right=b where a.x=b.x (SOURCE '/secret')", {}),
    ):
        error = refused(user, lab, text, **named)
        assert error["Code"] == "AccessDeniedException"
        assert (
            "logs:StartQuery on resource: arn:aws:logs:us-east-1:123456789012:log-group:/secret"
            in error["Message"]
        )
    start(user, lab, "SOURCE logGroups(namePrefix: ['/app']) | limit 1", logGroupName=None)
    start(user, lab, "join left=a right=b where a.x=b.x (SOURCE '/app')")
    for call in (user.get_query_results, user.stop_query, user.list_log_groups_for_query):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(queryId=query_id)
    ana(("logs:GetQueryResults", "*"))
    lab.advance(seconds=1)
    assert user.get_query_results(queryId=query_id)["status"] == "Complete"


# -- keys ---------------------------------------------------------------------------------------------------------------
def test_events_under_a_key_that_is_disabled_or_forbidden_are_not_queried(lab, logs):
    kms = lab.client("kms")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt*"],
        "Resource": "*",
    }
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    both = json.dumps({"Version": "2012-10-17", "Statement": [owner, statement]})
    key = kms.create_key(Policy=both)["KeyMetadata"]["Arn"]
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=key)
    put(logs, lab, "secret")
    assert len(answer(logs, lab, "fields @message")["results"]) == 1
    kms.disable_key(KeyId=key)
    assert refused(logs, lab)["Code"] == "InvalidParameterException"
    logs.create_log_group(logGroupName="/open")
    inside = "filter @message in (SOURCE '/app' | fields @message)"
    assert refused(logs, lab, inside, logGroupName="/open")["Code"] == "InvalidParameterException"
    kms.enable_key(KeyId=key)
    only = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=only)
    assert refused(logs, lab)["Code"] == "AccessDeniedException"
    assert start(logs, lab, startTime=1, endTime=2)  # no event under the key is read


# -- what stands where --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields a | dedup a | sort a", "Only limit may follow"),
        ("fields a | dedup a | filter a = 1", "Only limit may follow"),
        ("stats count(*) as n by a | sort n | stats max(n)", "before the second stats"),
        ("stats count(*) as n by a | limit 5 | stats max(n)", "before the second stats"),
        ("stats count(*) as n by a | filter b = 1", "a field that stats did not make: b"),
        ("stats count(*) as n by bin(5m) | stats max(n) by bin(1h)", "bin after stats"),
        ("fields a | SOURCE logGroups()", "SOURCE behind another command"),
        ("filter a in (SOURCE '/app' | filter b in (SOURCE '/app' | fields b) | fields a)", "inside a subquery"),
        ("filter a in (SOURCE '/app' | join left=x right=y where x.k=y.k (SOURCE '/app') | fields a)", "inside"),
        ("filter a in (SOURCE '/app' | SOURCE logGroups() | fields a)", "SOURCE behind another command"),
        ("join left=x right=y where x.k=y.k (SOURCE '/app') | join left=v right=w where v.k=w.k (SOURCE '/app')",
         "a join beside a join"),
    ],
)  # fmt: skip
def test_what_stands_in_the_wrong_place_is_refused(lab, logs, text, message):
    error = refused(logs, lab, text)
    assert error["Code"] == "MalformedQueryException"
    assert message in error["Message"]
    assert client(lab).describe_queries()["queries"] == []


def test_limit_any_is_a_limit(lab, logs):
    put(logs, lab, *"abcd")
    assert len(answer(logs, lab, "fields @message | limit any 3")["results"]) == 3
