"""lab.inbox: what your e-mail addresses received."""

import json

import pytest

from cwlab import Lab

OPS, ANA = "ops@example.com", "ana@example.com"


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def sns(lab):
    return lab.client("sns")


@pytest.fixture
def topic(sns):
    arn = sns.create_topic(Name="ops", Attributes={"DisplayName": "Shop alarms"})["TopicArn"]
    for address in (OPS, ANA):
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address)
    return arn


def test_at_first_there_is_nothing(lab):
    assert (len(lab.inbox), list(lab.inbox), repr(lab.inbox)) == (0, [], "Inbox: nothing yet")
    assert lab.inbox.confirm() == lab.inbox.addresses == []
    assert lab.inbox._repr_html_() == "<p>Inbox: nothing yet</p>"


@pytest.mark.syllabus("A05")
def test_confirm_follows_the_links_and_then_mails_come(lab, sns, topic):
    assert lab.inbox.addresses == [ANA, OPS]
    assert [mail.subject for mail in lab.inbox] == ["AWS Notification - Subscription Confirmation"] * 2
    confirmed = lab.inbox.confirm()
    assert [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]] == confirmed
    assert lab.inbox.confirm() == []
    assert [e.operation for e in lab.journal if e.depth == 0].count("ConfirmSubscription") == 2
    lab.advance(minutes=1)
    sns.publish(TopicArn=topic, Subject="ALARM", Message="web-1 is hot")
    mail = lab.inbox[-1]
    assert (mail.address, mail.subject, mail.at) == (ANA, "ALARM", lab.now)
    assert mail.sender == "Shop alarms <no-reply@sns.amazonaws.com>"
    assert mail.body.startswith("web-1 is hot\n\n--\nIf you wish to stop receiving")
    assert "unsubscribe.html?SubscriptionArn=" + confirmed[1] in mail.body
    assert mail.token is None and mail.topic_arn == topic
    assert str(mail).splitlines()[:4] == [
        "From: Shop alarms <no-reply@sns.amazonaws.com>",
        f"To: {ANA}",
        "Date: 2026-03-02 09:01:00",
        "Subject: ALARM",
    ]


def test_the_mails_of_one_address(lab, sns, topic):
    ops = lab.inbox[OPS]
    assert (len(ops), len(lab.inbox.of(ANA)), len(lab.inbox["x@example.com"])) == (1, 1, 0)
    assert repr(lab.inbox["x@example.com"]) == "Inbox: nothing yet for x@example.com"
    assert len(ops.confirm()) == 1
    sns.publish(TopicArn=topic, Message="for ops only")
    assert [mail.subject for mail in ops] == [
        "AWS Notification - Subscription Confirmation",
        "AWS Notification Message",
    ]
    assert len(lab.inbox[ANA]) == 1
    assert lab.inbox[1:2] == [lab.inbox[1]] and lab.inbox[-1] == ops[-1]


def test_all_text_is_escaped(lab, sns, topic):
    lab.inbox.confirm()
    sns.publish(TopicArn=topic, Subject="<script>alert(1)</script>", Message="<img src=x onerror=alert(1)>")
    for shown in (lab.inbox._repr_html_(), lab.inbox[-1]._repr_html_()):
        assert "<script" not in shown and "<img" not in shown
        assert "&lt;script&gt;" in shown and "&lt;img" in shown
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="<b>\x1b[31m")
    sns.publish(TopicArn=topic, Message="x")
    assert "<b>" not in lab.inbox[-1]._repr_html_() and "\x1b" not in lab.inbox[-1]._repr_html_()
    assert "\x1b" not in repr(lab.inbox[-1])


def test_the_newest_stand_last_and_older_ones_are_counted(lab, sns, topic):
    lab.inbox.confirm()
    for n in range(12):
        sns.publish(TopicArn=topic, Subject=f"mail {n}", Message="x")
    lines = repr(lab.inbox).splitlines()
    assert lines[:2] == ["Inbox: 26 mails, newest last", "  … 6 older"]
    assert lines[-1].endswith("ana@example.com  mail 11") and len(lines) == 22
    assert "… 6 older" in lab.inbox._repr_html_()


def test_email_json_brings_the_envelope(lab, sns):
    topic = sns.create_topic(Name="j")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint=OPS)
    asked = json.loads(lab.inbox[-1].body)
    assert asked["Type"] == "SubscriptionConfirmation" and asked["Token"] == lab.inbox[-1].token
    lab.inbox.confirm()
    sns.publish(TopicArn=topic, Message="x", Subject="s")
    assert (
        json.loads(lab.inbox[-1].body).items()
        >= {"Type": "Notification", "Message": "x", "Subject": "s"}.items()
    )


def test_mails_of_all_accounts_and_regions_arrive(lab):
    sns = lab.client("sns", account="222222222222", region="eu-west-1")
    topic = sns.create_topic(Name="far")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=OPS)
    assert lab.inbox.confirm()[0].startswith("arn:aws:sns:eu-west-1:222222222222:far:")


def test_mails_are_state_of_the_world(lab, sns, topic, tmp_path):
    lab.advance(minutes=1)
    view = lab.inbox
    twin = lab.fork()
    lab.inbox.confirm()
    sns.publish(TopicArn=topic, Message="x")
    assert (len(view), len(twin.inbox)) == (4, 2)
    again = Lab.open(lab.save(tmp_path / "lab.cwlab"))
    assert list(again.inbox) == list(lab.inbox) and repr(again.inbox) == repr(lab.inbox)
    assert again.inbox.confirm() == []
    lab.rewind(to="2026-03-02T09:00:30Z")
    assert len(view) == 2, "a view tells of now, whatever now is"
    replayed = Lab.from_share(lab.share())
    assert list(replayed.inbox) == list(lab.inbox)
