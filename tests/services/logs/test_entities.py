"""Entities: what a batch says it comes from, kept where it can be and shown as @entity fields; and @aws fields."""

from typing import Any

import pytest

from cwlab import Lab
from tests.services.logs.conftest import event, ms

SERVICE = {
    "keyAttributes": {"Type": "Service", "Name": "PetClinic", "Environment": "prod"},
    "attributes": {"PlatformType": "AWS::EC2", "EC2.InstanceId": "i-1234567890123"},
}


def put(lab: Lab, logs: Any, message: str, entity: Any = None, group: str = "/app") -> dict[str, Any]:
    more = {} if entity is None else {"entity": entity}
    events = [event(ms(lab) - 1000, message)]
    return logs.put_log_events(logGroupName=group, logStreamName="web", logEvents=events, **more)


def rows(lab: Lab, text: str, groups: Any = "/app") -> list[dict[str, Any]]:
    """The answer's rows, without the columns that no row has."""
    frame = lab.query(groups, text).drop(columns="@ptr", errors="ignore")
    return frame.dropna(axis="columns", how="all").to_dict("records")


def test_the_documented_entity(lab, logs):
    assert "rejectedEntityInfo" not in put(lab, logs, "one", SERVICE)
    put(lab, logs, "two")
    put(lab, logs, "three", {"keyAttributes": {"Type": "Service", "Name": "Shop"}})
    text = "fields @message, @entity.KeyAttributes.Name as name, @entity.Attributes.EC2.InstanceId as i | sort @message"
    found = lab.query("/app", text)
    assert found["name"].tolist() == ["PetClinic", "Shop", None]
    assert found["i"].tolist() == ["i-1234567890123", None, None]
    assert rows(lab, "stats count(*) as n by @entity.KeyAttributes.Type")[0] == {
        "@entity.KeyAttributes.Type": "Service",
        "n": 2,
    }
    assert rows(lab, "filter @entity.KeyAttributes.Name like 'Pet' | fields @message") == [
        {"@message": "one"}
    ]


def test_entities_stay_with_their_groups_on_both_sides(lab, logs):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="web")
    put(lab, logs, "x", SERVICE)
    put(
        lab,
        logs,
        "x",
        {"keyAttributes": {"Type": "Resource", "ResourceType": "T", "Identifier": "9"}},
        "/other",
    )
    name, other = "@entity.KeyAttributes.Name", "@entity.KeyAttributes.Identifier"
    text = f"join left=a right=b where a.@message=b.@message (SOURCE '/other') | display a.{name}, b.{other}, b.{name}"
    assert rows(lab, text) == [{f"a.{name}": "PetClinic", f"b.{other}": 9}]
    text = f"filter @message in (SOURCE '/other' | filter {other} = 9 | fields @message) | display {name}"
    assert rows(lab, text) == [{name: "PetClinic"}]


def test_a_record_has_its_entity_and_a_group_takes_its_entities_along(lab, logs):
    put(lab, logs, "one", SERVICE)
    (pointer,) = lab.query("/app", "fields @message")["@ptr"]
    record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]
    assert record["@entity.KeyAttributes.Environment"] == "prod"
    assert record["@entity.Attributes.PlatformType"] == "AWS::EC2"
    logs.delete_log_group(logGroupName="/app")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="web")
    put(lab, logs, "two")
    assert rows(lab, "fields @entity.KeyAttributes.Name, @message") == [{"@message": "two"}]


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"Name": "x", "Environment": "y"}, "MissingRequiredFields"),
        ({"Type": "Service", "Environment": "y"}, "MissingRequiredFields"),
        ({"Type": "AWS::Resource", "Identifier": "y"}, "MissingRequiredFields"),
        ({"Type": "Cat", "Name": "y"}, "InvalidTypeValue"),
        ({"Type": "Service", "Name": "y", "Color": "z"}, "InvalidKeyAttributes"),
    ],
)
def test_what_is_no_entity_is_left_out_and_the_events_are_stored(lab, logs, keys, error):
    assert put(lab, logs, "m", {"keyAttributes": keys})["rejectedEntityInfo"] == {"errorType": error}
    assert rows(lab, "fields @message, @entity.KeyAttributes.Type") == [{"@message": "m"}]


def test_groups_of_infrequent_access_keep_no_entities(lab, logs):
    logs.create_log_group(logGroupName="/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_stream(logGroupName="/rare", logStreamName="web")
    answer = put(lab, logs, "m", SERVICE, "/rare")
    assert answer["rejectedEntityInfo"] == {"errorType": "UnsupportedLogGroupType"}


def test_entities_come_through_save_and_replay(lab, logs, tmp_path):
    logs.put_log_events(
        logGroupName="/app",
        logStreamName="web",
        logEvents=[event(ms(lab) - 1000, str(n)) for n in range(30)],
        entity=SERVICE,
    )
    lab.save(tmp_path / "x.cwlab")
    text = "stats count(*) as n by @entity.KeyAttributes.Name as name"
    wanted = [{"name": "PetClinic", "n": 30}]
    assert rows(lab, text) == rows(Lab.open(tmp_path / "x.cwlab"), text) == wanted


def test_account_and_region_of_an_event(lab, logs):
    put(lab, logs, "m")
    text = "stats count(*) as n by @aws.account as account, @aws.region as region"
    assert rows(lab, text) == [{"account": 123456789012, "region": "us-east-1", "n": 1}]
    assert rows(lab, "filter @aws.account = '123456789012' and @aws.region = 'eu-west-1'") == []
