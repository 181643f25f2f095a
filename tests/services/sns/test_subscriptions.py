"""Subscriptions: asked for, confirmed, listed, changed, ended."""

import json

import pytest

from cwlab import NotModelled
from tests.services.sns.conftest import ACCOUNT, Queue, refused

MAIL = "ana@example.com"


def ask(sns, topic, **more):
    return sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=MAIL, **more)["SubscriptionArn"]


def test_an_address_is_asked_first(lab, sns, topic):
    assert ask(sns, topic) == "pending confirmation"
    (found,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert found == {
        "SubscriptionArn": "PendingConfirmation",
        "Owner": ACCOUNT,
        "Protocol": "email",
        "Endpoint": MAIL,
        "TopicArn": topic,
    }
    sns.publish(TopicArn=topic, Message="too early")
    (mail,) = lab.inbox
    assert mail.token in mail.body
    arn = sns.confirm_subscription(TopicArn=topic, Token=mail.token)["SubscriptionArn"]
    assert sns.confirm_subscription(TopicArn=topic, Token=mail.token)["SubscriptionArn"] == arn
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == arn
    assert refused(sns.confirm_subscription, TopicArn=topic, Token="x") == (
        "InvalidParameter",
        "Invalid parameter: Token",
    )
    found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (found["SubscriptionsConfirmed"], found["SubscriptionsPending"]) == ("1", "0")


def test_a_token_is_good_for_two_days(lab, sns, topic):
    arn = ask(sns, topic, ReturnSubscriptionArn=True)
    assert arn.startswith(topic + ":")
    lab.advance(days=2)
    (mail,) = lab.inbox
    assert refused(sns.confirm_subscription, TopicArn=topic, Token=mail.token)[0] == "InvalidParameter"
    assert sns.list_subscriptions()["Subscriptions"] == lab.inbox.confirm() == []


def test_asking_again_sends_another_mail_and_the_old_link_is_dead(lab, sns, topic):
    ask(sns, topic)
    lab.advance(days=1)
    ask(sns, topic)
    lab.advance(days=1)
    assert len(lab.inbox) == 2
    assert len(lab.inbox.confirm()) == 1
    assert lab.agenda() == []
    lab.advance(days=10)
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


def test_a_queue_of_the_account_is_subscribed_at_once_and_only_once(sns, topic, queue):
    assert queue.subscription.startswith(topic + ":")
    again = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    assert again["SubscriptionArn"] == queue.subscription
    _code, text = refused(
        sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
    )  # fmt: skip
    assert (
        text == "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    )


def test_a_queue_of_another_account_is_asked_by_a_message(lab, sns, topic):
    other = lab.client("sqs", account="222222222222")
    url = other.create_queue(QueueName="theirs")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:222222222222:theirs"
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
              "Action": "sqs:SendMessage", "Resource": arn}}  # fmt: skip
    other.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert answer["SubscriptionArn"] == "pending confirmation"
    note = json.loads(other.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert note["Type"] == "SubscriptionConfirmation" and note["Token"] in note["SubscribeURL"]
    theirs = lab.client("sns", account="222222222222")
    arn = theirs.confirm_subscription(TopicArn=topic, Token=note["Token"])["SubscriptionArn"]
    stranger = lab.client("sns", account="333333333333")
    assert refused(stranger.unsubscribe, SubscriptionArn=arn)[0] == "AuthorizationError"
    sns.publish(TopicArn=topic, Message="hello")
    note = json.loads(other.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert note["Message"] == "hello"


@pytest.mark.parametrize("protocol", ["http", "https", "sms", "application", "firehose"])
def test_protocols_the_lab_has_not_are_refused_by_name(sns, topic, protocol):
    with pytest.raises(NotModelled, match=protocol):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint="x")


@pytest.mark.parametrize(
    ("protocol", "endpoint", "text"),
    [
        ("pigeon", "x", "Amazon SNS does not support this protocol string: pigeon"),
        ("email", "nobody", "Email address"),
        ("email", "", "Email address"),
        ("sqs", "https://sqs", "SQS endpoint ARN"),
        ("sqs", "arn:aws:sqs:us-east-1:123456789012:q.fifo",
         "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"),
        ("lambda", "arn:aws:sqs:us-east-1:123456789012:q", "Lambda endpoint ARN"),
    ],
)  # fmt: skip
def test_endpoints_that_cannot_be(sns, topic, protocol, endpoint, text):
    assert refused(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == (
        "InvalidParameter",
        f"Invalid parameter: {text}",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Colour", "red"),
        ("RawMessageDelivery", "maybe"),
        ("FilterPolicyScope", "Weather"),
        ("FilterPolicy", "{"),
        ("FilterPolicy", '{"a": {"b": ["nested"]}}'),
        ("RedrivePolicy", "{"),
        ("RedrivePolicy", '{"deadLetterTargetArn": "q"}'),
    ],
)
def test_attributes_that_cannot_be(sns, topic, queue, name, value):
    code, _ = refused(
        sns.set_subscription_attributes,
        SubscriptionArn=queue.subscription,
        AttributeName=name,
        AttributeValue=value,
    )
    assert code == "InvalidParameter"


def test_attributes_are_told_and_can_be_taken_away(sns, topic, queue):
    def told():
        return sns.get_subscription_attributes(SubscriptionArn=queue.subscription)["Attributes"]

    assert (
        told().items()
        >= {
            "PendingConfirmation": "false",
            "RawMessageDelivery": "false",
            "Protocol": "sqs",
            "Endpoint": queue.arn,
            "ConfirmationWasAuthenticated": "true",
        }.items()
    )
    change = {"SubscriptionArn": queue.subscription, "AttributeName": "FilterPolicy"}
    sns.set_subscription_attributes(**change, AttributeValue='{"a": ["b"]}')
    assert (told()["FilterPolicy"], told()["FilterPolicyScope"]) == ('{"a": ["b"]}', "MessageAttributes")
    sns.set_subscription_attributes(**change, AttributeValue="")
    assert "FilterPolicy" not in told()


def test_raw_delivery_is_for_queues(sns, topic, lab):
    ask(sns, topic)
    (arn,) = lab.inbox.confirm()
    code, text = refused(
        sns.set_subscription_attributes,
        SubscriptionArn=arn,
        AttributeName="RawMessageDelivery",
        AttributeValue="true",
    )
    assert code == "InvalidParameter" and "does not support raw message delivery" in text


def test_unsubscribing_ends_it_and_is_counted(sns, topic, queue):
    sns.unsubscribe(SubscriptionArn=queue.subscription)
    sns.unsubscribe(SubscriptionArn=queue.subscription)
    sns.publish(TopicArn=topic, Message="x")
    assert queue.messages() == []
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"
    assert refused(sns.get_subscription_attributes, SubscriptionArn=queue.subscription)[0] == "NotFound"
    assert refused(sns.unsubscribe, SubscriptionArn="x")[0] == "InvalidParameter"


def test_subscriptions_are_listed_in_pages(lab, sns, topic):
    for n in range(101):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"a{n}@example.com")
    pages = [
        p["Subscriptions"] for p in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    ]
    assert [len(page) for page in pages] == [100, 1]


def test_a_policy_may_say_which_protocol(lab, sns, topic):
    """The condition keys sns:Protocol and sns:Endpoint, as the guide's example of a topic for one protocol has it."""
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sns:Subscribe",
              "Resource": topic, "Condition": {"StringNotEquals": {"sns:Protocol": "sqs"}}}}  # fmt: skip
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    code, _ = refused(sns.subscribe, TopicArn=topic, Protocol="email", Endpoint=MAIL)
    assert code == "AuthorizationError"
    Queue(lab, topic)
