"""Topics: made, found, changed, shared, deleted."""

import json

import pytest

from cwlab import Lab, NotModelled
from tests.services.sns.conftest import ACCOUNT, TOPIC, allow, refused


def attributes(sns, topic):
    return sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_topic_starts_with_the_policy_that_admits_its_own_account(sns, topic):
    found = attributes(sns, topic)
    assert (topic, found["Owner"], found["DisplayName"]) == (TOPIC, ACCOUNT, "")
    (statement,) = json.loads(found["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": "*"} and "SNS:Publish" in statement["Action"]
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    assert [found[f"Subscriptions{kind}"] for kind in ("Confirmed", "Pending", "Deleted")] == ["0"] * 3
    assert "KmsMasterKeyId" not in found


def test_making_it_again_is_the_same_topic_or_an_error(sns, topic):
    assert sns.create_topic(Name="ops")["TopicArn"] == topic
    assert sns.create_topic(Name="ops", Attributes={"DisplayName": ""})["TopicArn"] == topic
    code, text = refused(sns.create_topic, Name="ops", Attributes={"DisplayName": "Ops"})
    assert (code, text) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    code, text = refused(sns.create_topic, Name="ops", Tags=[{"Key": "a", "Value": "b"}])
    assert text == "Invalid parameter: Tags Reason: Topic already exists with different tags"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("", {}),
        ("a b", {}),
        ("x" * 257, {}),
        ("a.fifo", {}),
        ("a", {"FifoTopic": "true"}),
        ("a", {"Colour": "red"}),
        ("a", {"Policy": "{"}),
        ("a", {"SignatureVersion": "3"}),
        ("a", {"ContentBasedDeduplication": "true"}),
        ("a", {"MaximumMessageSize": "1"}),
        ("a", {"DisplayName": "x" * 101}),
    ],
)
def test_what_cannot_be_a_topic_is_refused_and_leaves_nothing(sns, name, given):
    assert refused(sns.create_topic, Name=name, Attributes=given)[0] == "InvalidParameter"
    assert sns.list_topics()["Topics"] == []


@pytest.mark.parametrize(
    "given", [{"DeliveryPolicy": "{}"}, {"TracingConfig": "Active"},
              {"LambdaSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/r"}]
)  # fmt: skip
def test_what_aws_has_and_the_lab_has_not_is_refused_by_name(sns, given):
    with pytest.raises(NotModelled, match=next(iter(given))):
        sns.create_topic(Name="a", Attributes=given)


def test_an_arn_that_is_none_and_a_topic_that_is_not_there(sns):
    assert refused(sns.get_topic_attributes, TopicArn="ops") == (
        "InvalidParameter",
        "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
    )
    assert refused(sns.get_topic_attributes, TopicArn=TOPIC) == ("NotFound", "Topic does not exist")
    elsewhere = TOPIC.replace("us-east-1", "eu-west-1")
    assert refused(sns.publish, TopicArn=elsewhere, Message="x")[0] == "InvalidParameter"
    sns.delete_topic(TopicArn=TOPIC)


def test_attributes_are_set_one_at_a_time(sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Ops team")
    assert attributes(sns, topic)["DisplayName"] == "Ops team"
    for name in ("Owner", "FifoTopic", "Colour"):
        code, text = refused(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue="x")
        assert (code, text) == ("InvalidParameter", "Invalid parameter: AttributeName")
    default = attributes(sns, topic)["Policy"]
    policy = allow("*", topic, "sns:Publish")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert attributes(sns, topic)["Policy"] == policy
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue="")
    assert attributes(sns, topic)["Policy"] == default


def test_topics_are_listed_in_pages_of_a_hundred(sns):
    for n in range(101):
        sns.create_topic(Name=f"t{n:03}")
    pages = [page["Topics"] for page in sns.get_paginator("list_topics").paginate()]
    assert [len(page) for page in pages] == [100, 1]
    assert pages[1] == [{"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t100"}]
    assert refused(sns.list_topics, NextToken="?")[0] == "InvalidParameter"


def test_deleting_a_topic_ends_its_subscriptions(sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == sns.list_subscriptions()["Subscriptions"] == []
    assert refused(sns.publish, TopicArn=topic, Message="x") == ("NotFound", "Topic does not exist")


def test_tags(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a", "x"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused(sns.list_tags_for_resource, ResourceArn=topic + "x")[0] == "ResourceNotFound"


def test_another_account_needs_the_topics_policy(lab, sns, topic):
    other = lab.client("sns", account="222222222222")
    code, text = refused(other.publish, TopicArn=topic, Message="x")
    assert code == "AuthorizationError" and "sns:Publish on resource: " + topic in text
    sns.add_permission(TopicArn=topic, Label="f", AWSAccountId=["222222222222"], ActionName=["Publish"])
    other.publish(TopicArn=topic, Message="x")
    assert refused(other.subscribe, TopicArn=topic, Protocol="email", Endpoint="a@b.example")[0] == (
        "AuthorizationError"
    )
    code, text = refused(
        sns.add_permission, TopicArn=topic, Label="f", AWSAccountId=["222222222222"], ActionName=["Publish"]
    )
    assert text == "Invalid parameter: Statement already exists"
    code, text = refused(
        sns.add_permission, TopicArn=topic, Label="g", AWSAccountId=["222222222222"], ActionName=["Sing"]
    )
    assert text == "Invalid parameter: Policy statement action out of service scope!"
    sns.remove_permission(TopicArn=topic, Label="f")
    assert refused(other.publish, TopicArn=topic, Message="x")[0] == "AuthorizationError"


def test_two_labs_make_the_same_topics(lab):
    for each in (lab, Lab()):
        sns = each.client("sns")
        topic = sns.create_topic(Name="ops")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
        each.inbox.confirm()
        sns.publish(TopicArn=topic, Message="x")
    assert [repr(e.result) for e in lab.journal] == [repr(e.result) for e in each.journal]
    assert list(lab.inbox) == list(each.inbox)
