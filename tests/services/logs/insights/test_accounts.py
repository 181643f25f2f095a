"""Several accounts: a monitoring account queries the groups that others share with it, and no more."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from tests.services.logs.conftest import client, event, ms

HOME, SHOP, BANK = "123456789012", "222222222222", "333333333333"


def arn(account: str, name: str) -> str:
    return f"arn:aws:logs:us-east-1:{account}:log-group:{name}"


def fill(lab: Lab, account: str, group: str, *messages: str) -> Any:
    logs = lab.client("logs", account=account)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="web")
    first = ms(lab) - 5000
    events = [event(first + n, message) for n, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName="web", logEvents=events)
    return logs


def share(lab: Lab, sink: str, account: str, filter_: str | None = None) -> None:
    more = {} if filter_ is None else {"LinkConfiguration": {"LogGroupConfiguration": {"Filter": filter_}}}
    lab.client("oam", account=account).create_link(
        LabelTemplate="$AccountName", ResourceTypes=["AWS::Logs::LogGroup"], SinkIdentifier=sink, **more
    )


@pytest.fixture(scope="module")
def world() -> tuple[Lab, Any, str]:
    """Three accounts; the shop shares all, the bank only /public/. Nothing in here is changed by a test."""
    lab = Lab(account=HOME)
    logs = client(lab)
    fill(lab, HOME, "/app", "home")
    fill(lab, SHOP, "/app", '{"n": 1}', '{"n": 2}')
    fill(lab, SHOP, "/shop", "one")
    fill(lab, BANK, "/public/app", "open")
    fill(lab, BANK, "/vault", "gold")
    oam = lab.client("oam")
    sink = oam.create_sink(Name="hub")["Arn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": [SHOP, BANK]},
        "Action": ["oam:CreateLink", "oam:UpdateLink"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    oam.put_sink_policy(SinkIdentifier=sink, Policy=policy)
    share(lab, sink, SHOP)
    share(lab, sink, BANK, "LogGroupName LIKE '/public/%'")
    lab.advance(seconds=1)
    return lab, logs, sink


def ask(world: Any, text: str, logs: Any = None, **more: Any) -> dict[str, Any]:
    lab, own, _ = world
    logs = logs or own
    now_s = ms(lab) // 1000
    query_id = logs.start_query(queryString=text, startTime=now_s - 3600, endTime=now_s, **more)["queryId"]
    lab.advance(seconds=1)
    return {"queryId": query_id, **logs.get_query_results(queryId=query_id)}


def rows(answer: dict[str, Any]) -> list[list[str]]:
    return [[cell["value"] for cell in row if cell["field"] != "@ptr"] for row in answer["results"]]


def refused(world: Any, text: str, **more: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        ask(world, text, **more)
    return caught.value.response["Error"]


def test_groups_of_other_accounts_are_queried_by_their_arns(world):
    answer = ask(
        world, "stats count(*) by @log", logGroupIdentifiers=["/app", arn(SHOP, "/app"), arn(HOME, "/app")]
    )
    assert rows(answer) == [[f"{HOME}:/app", "1"], [f"{SHOP}:/app", "2"]]
    assert answer["statistics"]["logGroupsScanned"] == 2.0
    listed = world[1].list_log_groups_for_query(queryId=answer["queryId"])
    assert listed["logGroupIdentifiers"] == ["/app", arn(SHOP, "/app")]


def test_what_is_not_shared_is_not_there(world):
    for identifier in (arn(BANK, "/vault"), arn("444444444444", "/app"), arn(SHOP, "/none")):
        error = refused(world, "fields @message", logGroupIdentifiers=[identifier])
        assert error["Code"] == "ResourceNotFoundException"


def test_a_source_account_does_not_see_the_monitoring_account(world):
    lab = world[0]
    other = lab.client("logs", account=SHOP)
    assert rows(ask(world, "fields @message", other, logGroupName="/shop")) == [["one"]]
    with pytest.raises(ClientError, match="does not exist"):
        ask(world, "fields @message", other, logGroupIdentifiers=[arn(HOME, "/app")])


def test_source_takes_all_that_is_shared_or_the_accounts_it_names(world):
    by_log = "| stats count(*) by @log"
    assert rows(ask(world, f"SOURCE logGroups() {by_log}")) == [
        [f"{HOME}:/app", "1"],
        [f"{SHOP}:/app", "2"],
        [f"{SHOP}:/shop", "1"],
        [f"{BANK}:/public/app", "1"],
    ]
    assert rows(
        ask(world, f"SOURCE logGroups(accountIdentifiers: ['{SHOP}'], namePrefix: ['/a']) {by_log}")
    ) == [[f"{SHOP}:/app", "2"]]
    assert rows(ask(world, f"SOURCE logGroups(accountIdentifiers: ['{HOME}']) {by_log}")) == [
        [f"{HOME}:/app", "1"]
    ]
    error = refused(world, f"SOURCE logGroups(accountIdentifiers: ['444444444444']) {by_log}")
    assert error["Code"] == "InvalidParameterException"
    assert "444444444444" in error["Message"]


def test_subqueries_and_joins_read_other_accounts_too(world):
    text = f"filter @message in (SOURCE '{arn(SHOP, '/shop')}' | fields @message)"
    assert rows(ask(world, text, logGroupName="/app")) == []
    text = f"join left=a right=b where a.@logStream=b.@logStream (SOURCE '{arn(SHOP, '/app')}') | fields @message, b.n"
    assert rows(ask(world, text, logGroupName="/app")) == [["home", "2"], ["home", "1"]]
    assert (
        refused(world, text.replace("/app", "/none"), logGroupName="/app")["Code"]
        == "ResourceNotFoundException"
    )


def test_a_record_is_found_again_across_accounts(world):
    (first, _) = ask(world, "fields n | sort n", logGroupIdentifiers=[arn(SHOP, "/app")])["results"]
    record = world[1].get_log_record(logRecordPointer=first[-1]["value"])["logRecord"]
    assert (record["n"], record["@log"]) == ("1", f"{SHOP}:/app")
    other = world[0].client("logs", account=BANK)
    with pytest.raises(ClientError, match="record does not exist"):
        other.get_log_record(logRecordPointer=first[-1]["value"])


def test_groups_of_linked_accounts_are_listed(world):
    logs = world[1]

    def listed(**more):
        return [each["logGroupArn"] for each in logs.describe_log_groups(**more)["logGroups"]]

    assert listed() == [arn(HOME, "/app")]
    assert listed(includeLinkedAccounts=True) == [
        arn(HOME, "/app"),
        arn(SHOP, "/app"),
        arn(BANK, "/public/app"),
        arn(SHOP, "/shop"),
    ]
    assert listed(includeLinkedAccounts=True, accountIdentifiers=[BANK]) == [arn(BANK, "/public/app")]
    assert listed(logGroupIdentifiers=["/app", arn(SHOP, "/shop"), arn(BANK, "/vault")]) == [
        arn(HOME, "/app"),
        arn(SHOP, "/shop"),
    ]
    by_name = logs.list_log_groups(logGroupNamePattern="app", includeLinkedAccounts=True)["logGroups"]
    assert [each["logGroupArn"] for each in by_name] == [
        arn(HOME, "/app"),
        arn(SHOP, "/app"),
        arn(BANK, "/public/app"),
    ]
    with pytest.raises(ClientError, match="includeLinkedAccounts"):
        listed(accountIdentifiers=[BANK])


def test_events_streams_and_fields_are_read_across_accounts(world):
    logs, group = world[1], arn(SHOP, "/app")
    assert [s["arn"] for s in logs.describe_log_streams(logGroupIdentifier=group)["logStreams"]] == [
        f"{group}:log-stream:web"
    ]
    page = logs.get_log_events(logGroupIdentifier=group, logStreamName="web", startFromHead=True)
    found = logs.filter_log_events(logGroupIdentifier=group)["events"]
    assert [e["message"] for e in page["events"]] == [e["message"] for e in found] == ['{"n": 1}', '{"n": 2}']
    fields = logs.get_log_group_fields(logGroupIdentifier=group)["logGroupFields"]
    assert {"name": "n", "percent": 100} in fields
    for call in (logs.filter_log_events, logs.describe_log_streams, logs.get_log_group_fields):
        with pytest.raises(ClientError, match="does not exist"):
            call(logGroupIdentifier=arn(BANK, "/vault"))


def test_the_monitoring_account_s_policies_decide(world):
    lab = world[0]
    iam = lab.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    statement = {"Effect": "Allow", "Action": "logs:StartQuery", "Resource": arn(SHOP, "/app") + ":*"}
    results = {"Effect": "Allow", "Action": "logs:GetQueryResults", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement, results]})
    iam.put_user_policy(UserName="ana", PolicyName="reader", PolicyDocument=document)
    with lab.intercept():
        import boto3

        ana = boto3.client(
            "logs",
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        assert len(ask(world, "fields n", ana, logGroupIdentifiers=[arn(SHOP, "/app")])["results"]) == 2
        for text, named in (
            ("fields n", {"logGroupName": "/app"}),
            ("fields n", {"logGroupIdentifiers": [arn(SHOP, "/app"), arn(SHOP, "/shop")]}),
            ("SOURCE logGroups()", {}),
            (
                f"filter n in (SOURCE '{arn(SHOP, '/shop')}' | fields n)",
                {"logGroupIdentifiers": [arn(SHOP, "/app")]},
            ),
            ("fields n |", {"logGroupName": "/app"}),
        ):
            with pytest.raises(ClientError, match="logs:StartQuery"):
                ask(world, text, ana, **named)
