"""Data protection: what identifiers find, what policies may say, and that nothing masked leaves."""

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, NotModelled
from cwlab.services.logs.chunk import build
from cwlab.services.logs.protection import masking
from cwlab.services.logs.protection.documents import parsed
from cwlab.services.logs.protection.identifiers import KINDS, TEST_CARDS, found, luhn
from cwlab.services.logs.protection.masking import _memory, findings, found_in, masked, mended, shown
from tests.services.logs.conftest import client, event, ms
from tests.services.logs.insights.test_api import answered, put, started

ARN = "arn:aws:dataprotection::aws:data-identifier/"
EMAIL = (("EmailAddress", None),)
CARD = "4929-0000-0000-0000"  # by Luhn's formula; no number that issuers keep for tests


def policy(*names: str, own: dict[str, str] | None = None, findings: Any = None) -> str:
    listed = [name if own and name in own else ARN + name for name in names]
    body: dict[str, Any] = {
        "Name": "protect",
        "Version": "2021-06-01",
        "Statement": [
            {
                "Sid": "audit",
                "DataIdentifier": listed,
                "Operation": {"Audit": {"FindingsDestination": findings or {}}},
            },
            {
                "Sid": "mask",
                "DataIdentifier": listed,
                "Operation": {"Deidentify": {"MaskConfig": {}}},
            },
        ],
    }
    if own:
        body["Configuration"] = {
            "CustomDataIdentifier": [{"Name": name, "Regex": regex} for name, regex in own.items()]
        }
    return json.dumps(body)


def protect(logs: Any, *names: str, group: str = "/app", **more: Any) -> None:
    logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=policy(*names, **more))


def code(function: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(**params)
    return str(caught.value.response["Error"]["Code"])


def messages(logs: Any, **more: Any) -> list[str]:
    return [
        each["message"]
        for each in logs.get_log_events(logGroupName="/app", logStreamName="web", **more)["events"]
    ]


# -- identifiers -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "text", "data"),
    [
        ("EmailAddress", "to ann.b+c@mail.example.com.", ["ann.b+c@mail.example.com"]),
        ("EmailAddress", '{"a":"x@y.io","b":"z@y.io"}', ["x@y.io", "z@y.io"]),
        ("EmailAddress", "a@b, @home, ann@localhost, a@b.c", []),
        ("IpAddress", "from 10.0.0.1:80 to 255.255.255.255", ["10.0.0.1", "255.255.255.255"]),
        ("IpAddress", "256.1.1.1 1.2.3 1.2.3.4.5 v1.2.3.4", []),
        ("IpAddress", "[2001:db8::8a2e:370:7334]", ["2001:db8::8a2e:370:7334"]),
        ("IpAddress", "at 12:30:00 and std::string", []),
        ("CreditCardNumber", f"card {CARD} paid", [CARD]),
        ("CreditCardNumber", "Visa: 4929000000000000", ["4929000000000000"]),
        ("CreditCardNumber", "card 4929-0000-0000-0005", []),
        ("CreditCardNumber", f"order {CARD}", []),
        ("CreditCardNumber", f"card {'x' * 40} {CARD}", []),
        ("CreditCardNumber", "card 4111111111111111", []),
        ("CreditCardNumber", "card 1929000000000006", []),
        ("AwsSecretKey", "aws_secret_access_key=" + "aB3/" * 10, ["aB3/" * 10]),
        ("AwsSecretKey", "hash " + "aB3/" * 10, []),
        ("AwsSecretKey", "secret key " + "aB3/" * 11, []),
        ("PhoneNumber-US", "phone: (425) 555-0100", ["(425) 555-0100"]),
        ("PhoneNumber-US", "call +1 425 555 0100 now", ["+1 425 555 0100"]),
        ("PhoneNumber-US", "took 4255550100 ns", []),
        ("Ssn-US", "SSN 123-45-6789", ["123-45-6789"]),
        ("Ssn-US", "social_security=123456789", ["123456789"]),
        ("Ssn-US", "ssn 000-12-3456, ssn 666-12-3456, ssn 912-12-3456, ssn 123-00-4567", []),
        ("Ssn-US", "part 123-45-6789", []),
        ("VehicleIdentificationNumber", "VIN 1M8GDM9AXKP042788", ["1M8GDM9AXKP042788"]),
        ("VehicleIdentificationNumber", "VIN 1M8GDM9A1KP042788", []),
        (
            "PkcsPrivateKey",
            "x -----BEGIN RSA PRIVATE KEY-----\nAb-c\n-----END RSA PRIVATE KEY----- y",
            ["-----BEGIN RSA PRIVATE KEY-----\nAb-c\n-----END RSA PRIVATE KEY-----"],
        ),
        (
            "OpenSshPrivateKey",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
            ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc"],
        ),
        ("PgpPrivateKey", "-----BEGIN PGP PUBLIC KEY BLOCK-----", []),
    ],
)
def test_what_identifiers_find(name, text, data):
    assert [text[a:b] for a, b in found(text, (name, None))] == data


def test_numbers_for_tests_are_numbers_of_cards():
    assert all(13 <= len(number) <= 19 and number.isdigit() for number in TEST_CARDS)
    assert luhn("4111111111111111")


@pytest.mark.parametrize(
    ("regex", "text", "data"),
    [
        (r"EmployeeID-\d{9}", "EmployeeID-123456789, EmployeeID-12", ["EmployeeID-123456789"]),
        ("a+", "caaat a", ["aaa", "a"]),
        ("^a", "aa", ["a"]),
        ("a$|b", "abba", ["b", "b", "a"]),
        (".y", "éy 中y", ["éy", "中y"]),
    ],
)
def test_expressions_of_ones_own(regex, text, data):
    assert [text[a:b] for a, b in found(text, ("Own", regex))] == data


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_text_makes_an_identifier_slow(name):
    for text in (
        "a" * 200_000,
        "1" * 200_000,
        "1." * 100_000,
        "a@" * 100_000,
        "a:" * 50_000,
        "card " * 40_000,
        "-" * 200_000,
    ):
        list(found(text, (name, None)))


WORDS = [
    "a",
    "@",
    ".",
    "com",
    " ",
    "1",
    "4",
    "-",
    "é",
    "card ",
    "ann@example.com",
    "10.0.0.1",
    CARD,
    '"',
    "ssn 123-45-6789",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map("".join) | st.text(max_size=30)
IDENTIFIERS = st.lists(
    st.sampled_from([*((name, None) for name in sorted(KINDS)), ("Own", "a+."), ("Dots", "..1")]),
    max_size=4,
    unique=True,
).map(tuple)


@given(st.lists(TEXTS).map("".join), IDENTIFIERS)
def test_masking_changes_the_characters_found_and_no_other(text, identifiers):
    after = masked(text, identifiers)
    places = {n for all_ in findings(text, identifiers).values() for a, b in all_ for n in range(a, b)}
    assert len(after) == len(text)
    assert [c for n, c in enumerate(after)] == ["*" if n in places else c for n, c in enumerate(text)]
    assert masked(text, identifiers) == after
    assert (after is text) == (not places)


@given(st.lists(st.tuples(TEXTS, st.integers(0, 3)), min_size=1, max_size=6), IDENTIFIERS, IDENTIFIERS)
def test_a_chunk_is_masked_row_by_row_by_what_was_in_force(rows, first, second):
    texts = [text or "x" for text, _ in rows]
    chunk = build(range(len(rows)), [at for _, at in rows], range(len(rows)), [t.encode() for t in texts])
    rules = (((1, 0), (3, 0)), ((), first, second))
    after = shown(chunk, rules)
    under = [rules[1][(at >= 1) + (at >= 3)] for _, at in rows]
    expected = [masked(text, each) for text, each in zip(texts, under, strict=True)]
    assert after.messages() == expected
    having = [findings(text, each) for text, each in zip(texts, under, strict=True)]
    assert found_in(chunk, rules) == [each for each in having if each]
    assert (after is chunk) == (expected == texts)
    assert chunk.messages() == texts


@given(st.recursive(st.integers(0, 10**12) | st.booleans() | st.text("a*\\\"1", max_size=4),
                    lambda inner: st.dictionaries(st.text("a*:,", max_size=3), inner, max_size=3) | st.lists(inner, max_size=3)))  # fmt: skip
def test_a_document_with_masked_numbers_is_a_document_again(value):
    text = json.dumps({"n": value})
    assert mended(text) is not None
    hidden = masked(text, (("Digits", r"\d+"),))
    again = mended(hidden)
    assert again is not None
    assert json.loads(again).keys() == {"n"}


# -- policies ----------------------------------------------------------------------------------------------------------
def test_a_policy_is_put_shown_and_deleted(lab, logs):
    document = policy("EmailAddress")
    made = logs.put_data_protection_policy(logGroupIdentifier="/app", policyDocument=document)
    del made["ResponseMetadata"]
    assert made == {"logGroupIdentifier": "/app", "policyDocument": document, "lastUpdatedTime": ms(lab)}
    again = logs.get_data_protection_policy(logGroupIdentifier="/app")
    assert (again["policyDocument"], again["lastUpdatedTime"]) == (document, ms(lab))
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["dataProtectionStatus"] == "ACTIVATED"
    logs.delete_data_protection_policy(logGroupIdentifier="/app")
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["dataProtectionStatus"] == "DELETED"
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier="/app")


def changed(**changes: Any) -> str:
    return json.dumps(json.loads(policy("EmailAddress")) | changes)


STATEMENTS = json.loads(policy("EmailAddress"))["Statement"]


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[" * 5000,
        "[]",
        "{}",
        changed(Version="2012-10-17"),
        changed(Statement=[]),
        changed(Statement=STATEMENTS[::-1]),
        changed(Statement=STATEMENTS[:1] * 2),
        changed(Statement=[STATEMENTS[0], STATEMENTS[1] | {"DataIdentifier": [ARN + "IpAddress"]}]),
        changed(Statement=[each | {"DataIdentifier": []} for each in STATEMENTS]),
        changed(Statement=[each | {"DataIdentifier": ["EmailAddress"]} for each in STATEMENTS]),
        changed(Statement=[each | {"DataIdentifier": [{}]} for each in STATEMENTS]),
        changed(
            Statement=[STATEMENTS[0], STATEMENTS[1] | {"Operation": {"Deidentify": {"MaskConfig": {"x": 1}}}}]
        ),
        changed(Statement=[STATEMENTS[0] | {"Operation": {"Audit": {}}}, STATEMENTS[1]]),
        changed(Description="x" * 31_000),
        changed(Description=5),
        changed(Name=["protect"]),
        changed(Statement=[STATEMENTS[0] | {"Sid": {}}, STATEMENTS[1]]),
        changed(Other=1),
        policy("A", own={"A": "a", "B": "b"}),
        policy("EmailAddress", own={"EmailAddress": "a"}),
        policy("A", own={"A": "a*"}),
        policy("A", own={"A": "(a)"}),
        policy("A", own={"A": "[a"}),
        policy("A", own={"A": "é"}),
        policy("A", own={"A": ""}),
        policy("A", own={"A": "a" * 201}),
        policy("A b", own={"A b": "a"}),
        policy(*(f"A{n}" for n in range(11)), own={f"A{n}": "a" for n in range(11)}),
    ],
)
def test_what_is_no_policy_is_refused(logs, document):
    asked = {"logGroupIdentifier": "/app", "policyDocument": document}
    assert code(logs.put_data_protection_policy, **asked) == "InvalidParameterException"
    (group,) = logs.describe_log_groups()["logGroups"]
    assert "dataProtectionStatus" not in group


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (policy("Name"), "Name"),
        (policy("EmailAddress", findings={"S3": {"Bucket": "b"}}), "S3"),
        (policy("EmailAddress", findings={"Firehose": {"DeliveryStream": "d"}}), "Firehose"),
    ],
)
def test_what_is_not_modeled_is_refused_by_its_name(document, what):
    with pytest.raises(NotModelled, match=what):
        parsed(document)


def test_the_account_has_one_policy_and_both_count(lab, logs):
    asked = {"policyType": "DATA_PROTECTION_POLICY", "policyDocument": policy("IpAddress")}
    logs.put_account_policy(policyName="all", **asked)
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]
    assert "dataProtectionStatus" not in group
    protect(logs, "EmailAddress")
    put(logs, lab, "a@example.com 10.0.0.1")
    assert messages(logs) == ["************* ********"]
    assert code(logs.put_account_policy, policyName="other", **asked) == "LimitExceededException"
    assert (
        code(logs.put_account_policy, policyName="all", selectionCriteria="x", **asked)
        == "InvalidParameterException"
    )
    logs.delete_account_policy(policyName="all", policyType="DATA_PROTECTION_POLICY")
    put(logs, lab, "a@example.com 10.0.0.1")
    assert messages(logs)[1] == "************* 10.0.0.1"


# -- when --------------------------------------------------------------------------------------------------------------
def test_only_what_comes_under_a_policy_is_masked_and_it_stays_masked(lab, logs):
    put(logs, lab, "before a@example.com")
    protect(logs, "EmailAddress")
    put(logs, lab, "under a@example.com", ago_ms=4000)
    logs.delete_data_protection_policy(logGroupIdentifier="/app")
    put(logs, lab, "after a@example.com", ago_ms=3000)
    assert messages(logs) == ["before a@example.com", "under *************", "after a@example.com"]


def test_another_policy_masks_what_comes_under_it(lab, logs):
    text = "a@example.com 10.0.0.1"
    protect(logs, "EmailAddress")
    put(logs, lab, text)
    protect(logs, "IpAddress")
    put(logs, lab, text, ago_ms=4000)
    assert messages(logs) == ["************* 10.0.0.1", "a@example.com ********"]


def test_a_new_group_of_the_name_is_not_protected(lab, logs):
    protect(logs, "EmailAddress")
    logs.delete_log_group(logGroupName="/app")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    put(logs, lab, "a@example.com")
    assert messages(logs) == ["a@example.com"]


def test_groups_of_infrequent_access_are_masked(lab, logs):
    logs.create_log_group(logGroupName="/ia", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="/ia", logStreamName="web")
    protect(logs, "EmailAddress", group="/ia")
    put(logs, lab, "a@example.com", group="/ia")
    found = answered(logs, lab, "fields @message", logGroupName="/ia")
    assert found["results"][0][0]["value"] == "*************"


# -- unmask ------------------------------------------------------------------------------------------------------------
def reader(lab: Lab, *actions: str) -> Any:
    iam = lab.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
    allowed = {"Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": "*"}]}
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=json.dumps(allowed))
    return lab.client("logs", role="reader")


READ = (
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:StartQuery",
    "logs:GetQueryResults",
    "logs:GetLogRecord",
)


def test_unmask_shows_the_text_to_who_may_see_it(lab, logs):
    protect(logs, "EmailAddress")
    put(logs, lab, '{"who": "a@example.com"}')
    query = answered(logs, lab, "fields @timestamp")
    pointer = query["results"][0][-1]["value"]
    asked: list[tuple[str, dict[str, Any]]] = [
        ("get_log_events", {"logGroupName": "/app", "logStreamName": "web"}),
        ("filter_log_events", {"logGroupName": "/app"}),
        ("get_log_record", {"logRecordPointer": pointer}),
    ]
    half, whole = reader(lab, *READ), logs
    for name, params in asked:
        assert "a@example.com" not in json.dumps(getattr(half, name)(**params))
        with pytest.raises(ClientError, match="logs:Unmask"):
            getattr(half, name)(**params, unmask=True)
        assert "a@example.com" in json.dumps(getattr(whole, name)(**params, unmask=True))
        assert "a@example.com" not in json.dumps(getattr(whole, name)(**params))


def test_the_permission_is_for_a_group(lab, logs):
    protect(logs, "EmailAddress")
    put(logs, lab, "a@example.com")
    role = reader(lab, *READ)
    allowed = {
        "Statement": [
            {"Effect": "Allow", "Action": "logs:Unmask", "Resource": "arn:aws:logs:*:*:log-group:/app:*"}
        ]
    }
    lab.client("iam").put_role_policy(RoleName="reader", PolicyName="q", PolicyDocument=json.dumps(allowed))
    assert messages(role, unmask=True) == ["a@example.com"]


def test_a_pattern_finds_what_is_shown(lab, logs):
    """Otherwise a pattern could ask for what is hidden, letter by letter."""
    protect(logs, "EmailAddress")
    put(logs, lab, "to a@example.com")
    assert logs.filter_log_events(logGroupName="/app", filterPattern="example")["events"] == []
    assert logs.filter_log_events(logGroupName="/app", filterPattern="example", unmask=True)["events"]


# -- nothing leaks -----------------------------------------------------------------------------------------------------
SECRET = "ann@example.com"


def exported(lab: Lab, logs: Any) -> str:
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="shop-exports")
    statement = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Action": action,
            "Resource": resource,
        }
        for action, resource in (
            ("s3:GetBucketAcl", "arn:aws:s3:::shop-exports"),
            ("s3:PutObject", "arn:aws:s3:::shop-exports/*"),
        )
    ]
    s3.put_bucket_policy(
        Bucket="shop-exports", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )
    logs.create_export_task(logGroupName="/app", fromTime=0, to=ms(lab), destination="shop-exports")
    lab.advance(hours=13)
    out = ""
    for each in s3.list_objects_v2(Bucket="shop-exports")["Contents"]:
        body = s3.get_object(Bucket="shop-exports", Key=each["Key"])["Body"].read()
        out += gzip.decompress(body).decode() if each["Key"].endswith(".gz") else ""
    return out


@pytest.mark.parametrize("n", [1, 20])
def test_nothing_unmasked_leaves_by_any_way(n):
    """One event (or many: a chunk of its own), and every way out."""
    lab = Lab()
    logs = client(lab)
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    logs.create_log_group(logGroupName="/findings")
    logs.put_metric_filter(
        logGroupName="/app",
        filterName="who",
        filterPattern="{ $.who = * }",
        metricTransformations=[
            {
                "metricName": "Who",
                "metricNamespace": "Shop",
                "metricValue": "1",
                "dimensions": {"Who": "$.who"},
            }
        ],
    )
    protect(logs, "EmailAddress", findings={"CloudWatchLogs": {"LogGroup": "/findings"}})
    texts = [
        json.dumps(
            {
                "who": SECRET,
                "n": i,
                "_aws": {
                    "Timestamp": ms(lab),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": "Emf",
                            "Dimensions": [["who"]],
                            "Metrics": [{"Name": "n", "Unit": "Count"}],
                        }
                    ],
                },
            }
        )
        for i in range(n)
    ]
    put(logs, lab, *texts)
    out: dict[str, Any] = {}
    out["GetLogEvents"] = logs.get_log_events(logGroupName="/app", logStreamName="web")
    out["FilterLogEvents"] = logs.filter_log_events(logGroupName="/app")
    out["a pattern"] = logs.filter_log_events(logGroupName="/app", filterPattern=f'"{SECRET}"')
    for text in (
        "fields @message, who, @ptr",
        "stats count(*) by who",
        "parse @message '*' as all | display all",
        "filter who like 'ann' or @message like 'ann'",
        "fields concat('x', who), jsonParse(@message).who",
        "stats latest(@message), max(who)",
        "dedup who",
    ):
        out[text] = answered(logs, lab, text)["results"]
    pointer = out["dedup who"][0][-1]["value"]
    out["GetLogRecord"] = logs.get_log_record(logRecordPointer=pointer)
    out["GetLogGroupFields"] = logs.get_log_group_fields(logGroupName="/app")
    lab.advance(minutes=2)
    out["metrics"] = lab.client("cloudwatch").list_metrics()
    out["findings"] = logs.filter_log_events(logGroupName="/findings")
    out["export"] = exported(lab, logs)
    hidden = "*" * len(SECRET)
    for way, answer in out.items():
        assert "ann@" not in json.dumps(answer, default=str), way
        assert "example.com" not in json.dumps(answer, default=str), way
    for way in ("GetLogEvents", "FilterLogEvents", "fields @message, who, @ptr", "GetLogRecord", "export"):
        assert json.dumps(out[way], default=str).count(hidden) >= 1, way
    assert out["a pattern"]["events"] == []
    assert out["filter who like 'ann' or @message like 'ann'"] == []
    assert len(out["findings"]["events"]) == n
    seen = logs.get_log_events(logGroupName="/app", logStreamName="web", unmask=True, startFromHead=True)
    assert [each["message"] for each in seen["events"]] == texts


def test_live_tail_shows_what_is_masked(lab, logs):
    from cwlab.console.tailing import live_tail

    panel = live_tail(lab, "/app")
    protect(logs, "EmailAddress")
    lab.advance(seconds=1)
    put(logs, lab, f"to {SECRET}", ago_ms=0)
    picture = panel.go(seconds=5)
    shown_ = json.dumps(picture.to_dict(), default=str) + picture.text
    assert SECRET not in shown_
    assert "*" * len(SECRET) in shown_


# -- findings ----------------------------------------------------------------------------------------------------------
def test_findings_are_counted_by_event_and_reported(lab, logs):
    logs.create_log_group(logGroupName="/aws/vendedlogs/findings")
    protect(
        logs,
        "EmailAddress",
        "IpAddress",
        findings={"CloudWatchLogs": {"LogGroup": "/aws/vendedlogs/findings"}},
    )
    put(logs, lab, "a@example.com, b@example.com at 10.0.0.1", "nothing", "10.0.0.2")
    at = lab.now
    (report, second) = [
        json.loads(each["message"])
        for each in logs.filter_log_events(logGroupName="/aws/vendedlogs/findings")["events"]
    ]
    assert report == {
        "auditTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resourceArn": "arn:aws:logs:us-east-1:123456789012:log-group:/app:*",
        "dataIdentifiers": [
            {
                "name": "EmailAddress",
                "count": 2,
                "detections": [{"start": 0, "end": 13}, {"start": 15, "end": 28}],
            },
            {"name": "IpAddress", "count": 1, "detections": [{"start": 32, "end": 40}]},
        ],
    }
    assert [each["name"] for each in second["dataIdentifiers"]] == ["IpAddress"]
    lab.advance(minutes=2)
    cloudwatch = lab.client("cloudwatch")
    for dimensions in ([], [{"Name": "LogGroupName", "Value": "/app"}]):
        (point,) = cloudwatch.get_metric_statistics(
            Namespace="AWS/Logs",
            MetricName="LogEventsWithFindings",
            Dimensions=dimensions,
            StartTime=at.replace(second=0),
            EndTime=lab.now,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        assert point["Sum"] == 2.0
    names = cloudwatch.list_metrics(Namespace="AWS/Logs", MetricName="LogEventsWithFindings")["Metrics"]
    assert len(names) == 2


def test_a_report_is_not_reported(lab, logs):
    logs.put_account_policy(
        policyName="all",
        policyType="DATA_PROTECTION_POLICY",
        policyDocument=policy("Any", own={"Any": "a+"}, findings={"CloudWatchLogs": {"LogGroup": "/app"}}),
    )
    put(logs, lab, "aaa")
    assert len(messages(logs, unmask=True)) == 1
    found = logs.filter_log_events(logGroupName="/app", unmask=True)["events"]
    assert len(found) == 2


def test_the_group_of_findings_must_exist_and_the_caller_may_let_them_in(lab, logs):
    document = policy("EmailAddress", findings={"CloudWatchLogs": {"LogGroup": "/none"}})
    asked = {"logGroupIdentifier": "/app", "policyDocument": document}
    assert code(logs.put_data_protection_policy, **asked) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="/none")
    half = reader(lab, "logs:PutDataProtectionPolicy", "logs:DescribeResourcePolicies")
    with pytest.raises(ClientError, match="logs:PutResourcePolicy"):
        half.put_data_protection_policy(**asked)
    logs.put_data_protection_policy(**asked)
    logs.put_data_protection_policy(**asked)
    (allowed,) = logs.describe_resource_policies()["resourcePolicies"]
    assert len(json.loads(allowed["policyDocument"])["Statement"]) == 1


def test_findings_of_several_groups_go_where_each_says(lab, logs):
    grant = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    document = json.dumps({"Version": "2012-10-17", "Statement": grant | {"Resource": "*"}})
    logs.put_resource_policy(policyName="AWSLogDeliveryWrite20150319", policyDocument=document)
    for name in ("/found/1", "/found/2"):
        logs.create_log_group(logGroupName=name)
        protect(logs, "EmailAddress", findings={"CloudWatchLogs": {"LogGroup": name}})
        put(logs, lab, SECRET)
        assert len(logs.filter_log_events(logGroupName=name)["events"]) == 1
    (allowed,) = logs.describe_resource_policies()["resourcePolicies"]
    assert len(json.loads(allowed["policyDocument"])["Statement"]) == 2


def test_save_and_open_keep_the_masks(lab, logs, tmp_path):
    protect(logs, "EmailAddress", "Own", own={"Own": "xyz+"})
    put(logs, lab, "a@example.com xyzzz")
    lab.save(tmp_path / "x.cwlab")
    again = Lab.open(tmp_path / "x.cwlab")
    assert messages(client(again)) == ["************* *****"]
    assert messages(client(again), unmask=True) == ["a@example.com xyzzz"]


def test_events_at_once_and_one_by_one_are_masked_alike(lab, logs):
    protect(logs, "EmailAddress")
    first = ms(lab) - 5000
    events = [event(first + n, f"{n} a{n}@example.com") for n in range(40)]
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=events[:30])
    for each in events[30:]:
        logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[each])
    assert messages(logs, startFromHead=True) == [f"{n} {'*' * len(f'a{n}@example.com')}" for n in range(40)]


def test_only_what_is_read_is_masked(lab, logs):
    protect(logs, "EmailAddress")
    for minute in range(4):
        put(logs, lab, *(f"{minute} a@example.com" for _ in range(20)), ago_ms=0)
        lab.advance(minutes=1)
    _memory.cache_clear()
    last = {"startTime": ms(lab) - 60_000}
    assert messages(logs, **last) == ["3 *************"] * 20
    assert answered(logs, lab, "stats count(*)", startTime=ms(lab) // 1000 - 65)["results"]
    assert len(_memory().kept) == 1


def test_what_was_looked_through_is_remembered_up_to_a_size(monkeypatch):
    monkeypatch.setattr(masking, "KEPT_BYTES", 10_000)
    _memory.cache_clear()
    rules = (((0, 0),), ((), EMAIL))
    chunks = [build([n], 5, [n], [b"a@example.com" + b"x" * 1000 * n]) for n in range(12)]
    assert [shown(c, rules).messages()[0][:13] for c in chunks] == ["*" * 13] + ["a@example.com"] * 11
    memory = _memory()
    assert memory.nbytes == sum(each.weight for each in memory.kept.values()) <= 10_000
    _memory.cache_clear()


def test_a_query_that_does_not_unmask_needs_no_permission(lab, logs):
    protect(logs, "EmailAddress")
    put(logs, lab, SECRET)
    assert started(reader(lab, *READ), lab, "fields @message")
