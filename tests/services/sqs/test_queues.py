"""Queues: made, found, changed, shared, deleted."""

import pytest

from cwlab import Lab
from tests.services.sqs.conftest import ACCOUNT, allow, bodies, refused

ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/orders"


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]


def test_a_queue_has_a_url_and_the_documented_defaults(sqs, orders):
    assert orders == URL
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == URL
    found = attributes(sqs, orders)
    assert (
        found.items()
        >= {
            "QueueArn": ARN,
            "VisibilityTimeout": "30",
            "MaximumMessageSize": "1048576",
            "MessageRetentionPeriod": "345600",
            "DelaySeconds": "0",
            "ReceiveMessageWaitTimeSeconds": "0",
            "ApproximateNumberOfMessages": "0",
            "SqsManagedSseEnabled": "true",
            "CreatedTimestamp": "1772442000",
        }.items()
    )
    assert "FifoQueue" not in found and "Policy" not in found
    assert attributes(sqs, orders, "QueueArn", "Policy") == {"QueueArn": ARN}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=orders)


def test_making_it_again_is_the_same_queue_or_an_error(sqs, orders):
    assert sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "30"})["QueueUrl"] == orders
    code, text = refused(sqs.create_queue, QueueName="orders", Attributes={"VisibilityTimeout": "31"})
    assert code == "QueueAlreadyExists" and "VisibilityTimeout" in text
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "1"})


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("a b", {}, "InvalidParameterValue"),
        ("x" * 81, {}, "InvalidParameterValue"),
        ("q.fifo", {}, "InvalidParameterValue"),
        ("q", {"FifoQueue": "true"}, "InvalidParameterValue"),
        ("q", {"FifoQueue": "false"}, "InvalidAttributeName"),
        ("q", {"Colour": "red"}, "InvalidAttributeName"),
        ("q", {"QueueArn": "x"}, "InvalidAttributeName"),
        ("q", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName"),
        ("q", {"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ("q", {"VisibilityTimeout": "-1"}, "InvalidAttributeValue"),
        ("q", {"VisibilityTimeout": "soon"}, "InvalidAttributeValue"),
        ("q", {"DelaySeconds": "901"}, "InvalidAttributeValue"),
        ("q", {"MaximumMessageSize": "1023"}, "InvalidAttributeValue"),
        ("q", {"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ("q", {"ReceiveMessageWaitTimeSeconds": "21"}, "InvalidAttributeValue"),
        ("q", {"Policy": "{"}, "InvalidAttributeValue"),
        ("q", {"RedrivePolicy": "{"}, "InvalidParameterValue"),
        ("q", {"RedrivePolicy": '{"maxReceiveCount": 1}'}, "InvalidParameterValue"),
        ("q", {"RedrivePolicy": '{"maxReceiveCount": 0, "deadLetterTargetArn": "x"}'}, "InvalidParameterValue"),
        ("q", {"RedrivePolicy": f'{{"maxReceiveCount": 1, "deadLetterTargetArn": "{ARN}"}}'}, "InvalidParameterValue"),
        ("q", {"RedriveAllowPolicy": '{"redrivePermission": "some"}'}, "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_queue_is_refused_and_leaves_nothing(sqs, name, given, code):
    assert refused(sqs.create_queue, QueueName=name, Attributes=given)[0] == code
    assert "QueueUrls" not in sqs.list_queues()


def test_a_key_that_is_not_there_shows_when_a_message_is_sent(sqs):
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": "alias/mine"})["QueueUrl"]
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == (
        "KMS.NotFoundException",
        "Alias arn:aws:kms:us-east-1:123456789012:alias/mine is not found.",
    )


def test_attributes_change_at_once(lab, sqs, orders):
    lab.advance(seconds=5)
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"VisibilityTimeout": "7"})
    assert attributes(sqs, orders, "VisibilityTimeout", "LastModifiedTimestamp") == {
        "VisibilityTimeout": "7",
        "LastModifiedTimestamp": "1772442005",
    }
    code, _ = refused(sqs.set_queue_attributes, QueueUrl=orders, Attributes={"FifoQueue": "true"})
    assert code == "InvalidAttributeName"


def test_the_name_of_a_deleted_queue_is_free_after_sixty_seconds(lab, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="lost")
    sqs.delete_queue(QueueUrl=orders)
    assert refused(sqs.get_queue_url, QueueName="orders")[0] == "NonExistentQueue"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=orders, MessageBody="x")
    lab.advance(seconds=59)
    assert refused(sqs.create_queue, QueueName="orders")[0] == "QueueDeletedRecently"
    lab.advance(seconds=1)
    sqs.create_queue(QueueName="orders")
    assert bodies(sqs.receive_message(QueueUrl=orders)) == []


def test_queues_are_listed_by_prefix_and_in_pages(sqs):
    for name in ("b2", "a1", "b1", "b3"):
        sqs.create_queue(QueueName=name)
    found = [url.rsplit("/", 1)[1] for url in sqs.list_queues(QueueNamePrefix="b")["QueueUrls"]]
    assert found == ["b1", "b2", "b3"]
    pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["QueueUrls"]) for page in pages] == [3, 1]
    assert refused(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"
    assert refused(sqs.list_queues, MaxResults=2, NextToken="?")[0] == "InvalidParameterValue"


def test_a_purge_empties_a_queue_once_a_minute(lab, sqs, orders):
    for n in range(3):
        sqs.send_message(QueueUrl=orders, MessageBody=str(n))
    sqs.receive_message(QueueUrl=orders)
    sqs.purge_queue(QueueUrl=orders)
    assert attributes(
        sqs, orders, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
    ) == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
    }
    assert refused(sqs.purge_queue, QueueUrl=orders)[0] == "PurgeQueueInProgress"
    lab.advance(seconds=60)
    sqs.purge_queue(QueueUrl=orders)


def test_tags(sqs, orders):
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=orders)
    sqs.tag_queue(QueueUrl=orders, Tags={"team": "shop", "tier": "1"})
    sqs.untag_queue(QueueUrl=orders, TagKeys=["tier", "none"])
    assert sqs.list_queue_tags(QueueUrl=orders)["Tags"] == {"team": "shop"}
    code, _ = refused(sqs.tag_queue, QueueUrl=orders, Tags={f"k{n}": "v" for n in range(50)})
    assert code == "InvalidParameterValue"


# Whose queue ---------------------------------------------------------------------------------------------------------


def test_another_account_needs_the_queues_policy(lab, sqs, orders):
    other = lab.client("sqs", account="222222222222")
    assert refused(other.send_message, QueueUrl=orders, MessageBody="x")[0] == "AccessDenied"
    sqs.add_permission(
        QueueUrl=orders, Label="friends", AWSAccountIds=["222222222222"], Actions=["SendMessage"]
    )
    other.send_message(QueueUrl=orders, MessageBody="from afar")
    assert bodies(sqs.receive_message(QueueUrl=orders)) == ["from afar"]
    assert refused(other.receive_message, QueueUrl=orders)[0] == "AccessDenied"
    sqs.remove_permission(QueueUrl=orders, Label="friends")
    assert refused(other.send_message, QueueUrl=orders, MessageBody="x")[0] == "AccessDenied"
    assert refused(sqs.remove_permission, QueueUrl=orders, Label="friends")[0] == "InvalidParameterValue"


def test_a_deny_in_the_policy_stops_the_owner_too(sqs, orders):
    policy = allow("*", ARN).replace("Allow", "Deny")
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"Policy": policy})
    code, text = refused(sqs.send_message, QueueUrl=orders, MessageBody="x")
    assert code == "AccessDenied" and "explicit deny in a resource-based policy" in text
    assert bodies(sqs.receive_message(QueueUrl=orders)) == []
    sqs.set_queue_attributes(QueueUrl=orders, Attributes={"Policy": ""})
    sqs.send_message(QueueUrl=orders, MessageBody="x")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Actions": ["DeleteQueue"]}, "InvalidParameterValue"),
        ({"Actions": []}, "MissingParameter"),
        ({"AWSAccountIds": []}, "MissingParameter"),
        ({"Label": ""}, "MissingParameter"),
    ],
)
def test_permissions_that_cannot_be(sqs, orders, given, code):
    whole = {"Label": "l", "AWSAccountIds": ["222222222222"], "Actions": ["SendMessage"]} | given
    assert refused(sqs.add_permission, QueueUrl=orders, **whole)[0] == code


def test_a_queue_survives_save_and_fork(lab, sqs, orders, tmp_path):
    sqs.send_message(QueueUrl=orders, MessageBody="kept")
    twin = lab.fork()
    again = Lab.open(lab.save(tmp_path / "lab.cwlab"))
    assert bodies(sqs.receive_message(QueueUrl=orders)) == ["kept"]
    for other in (twin, again):
        assert bodies(other.client("sqs").receive_message(QueueUrl=orders)) == ["kept"]
