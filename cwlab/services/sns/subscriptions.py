"""Subscriptions: who gets what is published, from when on, and in which form.

A queue or function of your own account is subscribed at once. An e-mail address gets a mail first, and nothing else
until its link is followed.

Source: SNS API reference, Subscribe and ConfirmSubscription.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.sns import delivery, settings
from cwlab.services.sns.access import policy_of, topic_arn
from cwlab.services.sns.errors import bad_arn, invalid, no_subscription
from cwlab.services.sns.records import Subscription, Topic
from cwlab.services.sns.topics import existing, listed, save, subscriptions_of
from cwlab.timeline import DAY

PROTOCOLS = ("email", "email-json", "lambda", "sqs")
NOT_HERE = ("application", "firehose", "http", "https", "sms")
TOKEN_MS = 2 * DAY
PENDING = "PendingConfirmation"
_MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def _conditions(call: Call, params: dict[str, Any]) -> dict[str, str]:
    keys = {"sns:Protocol": params.get("Protocol", ""), "sns:Endpoint": params.get("Endpoint", "")}
    return {key: value for key, value in keys.items() if value}


@operation("sns", "Subscribe", resource=topic_arn, policy=policy_of, conditions=_conditions)
def subscribe(
    call: Call,
    *,
    TopicArn: str,
    Protocol: str,
    Endpoint: str | None = None,
    Attributes: Mapping[str, str] | None = None,
    ReturnSubscriptionArn: bool = False,
) -> dict[str, Any]:
    """Let an endpoint have what is published to a topic."""
    if Protocol in NOT_HERE:
        raise NotModelled(f"sns: the protocol {Protocol!r}", f"Modeled: {', '.join(PROTOCOLS)}.")
    if Protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {Protocol}")
    topic = existing(call, TopicArn)
    endpoint = _endpoint(topic, Protocol, Endpoint)
    given = settings.of_subscription(Attributes or {}, Protocol)
    settings.check_filter(given)
    for each in subscriptions_of(call, topic):
        if (each.protocol, each.endpoint) == (Protocol, endpoint):
            if any(each.settings.get(name, "") != value for name, value in given.items()):
                raise invalid("Attributes Reason: Subscription already exists with different attributes")
            if not each.confirmed:
                each = _ask(call, topic, each)
            return _answer(each, ReturnSubscriptionArn)
    made = Subscription(
        arn=f"{topic.arn}:{_uuid(call)}",
        topic_arn=topic.arn,
        protocol=Protocol,
        endpoint=endpoint,
        owner=call.account,
        principal=call.principal.arn,
        settings=given,
        asked_ms=call.now_ms,
        confirmed=Protocol in ("sqs", "lambda") and endpoint.split(":")[4] == call.account,
    )
    if made.confirmed:
        _keep(call, topic, made)
    else:
        made = _ask(call, topic, made)
    return _answer(made, ReturnSubscriptionArn)


def _answer(subscription: Subscription, in_full: bool) -> dict[str, Any]:
    known = subscription.confirmed or in_full
    return {"SubscriptionArn": subscription.arn if known else "pending confirmation"}


def _keep(call: Call, topic: Topic, subscription: Subscription) -> None:
    call.table("subscriptions", account=topic.account)[subscription.arn] = subscription


def _ask(call: Call, topic: Topic, subscription: Subscription) -> Subscription:
    """Ask the endpoint's owner, with a new token; a token is good for two days."""
    token = call.unique("2336412f37", 48)
    asking = replace(subscription, token=token, asked_ms=call.now_ms)
    _keep(call, topic, asking)
    entry = call.world.timeline.schedule(
        call.now_ms + TOKEN_MS, topic.account, call.region, "sns", "expire", {"token": token}
    )
    call.table("tokens", account=topic.account)[token] = (asking.arn, entry)
    delivery.ask(call, asking, _uuid(call))
    return asking


def _endpoint(topic: Topic, protocol: str, endpoint: str | None) -> str:
    """The endpoint, if it is one of its protocol."""
    text = endpoint or ""
    if protocol in ("email", "email-json"):
        if topic.fifo:
            raise invalid("Endpoint Reason: FIFO topics support only SQS endpoints")  # unconfirmed
        if not _MAIL.fullmatch(text):
            raise invalid("Email address")
        return text
    kind = {"sqs": "SQS", "lambda": "Lambda"}[protocol]
    parts = text.split(":")
    if len(parts) < 6 or parts[:3] != ["arn", "aws", protocol] or not re.fullmatch(r"\d{12}", parts[4]):
        raise invalid(f"{kind} endpoint ARN")
    if protocol == "lambda" and topic.fifo:
        raise invalid("Endpoint Reason: FIFO topics support only SQS endpoints")  # unconfirmed
    if protocol == "sqs" and text.endswith(".fifo") and not topic.fifo:
        raise invalid("Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
    return text


def _uuid(call: Call) -> str:
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def _own_topic(call: Call, params: dict[str, Any]) -> str:
    """The topic a request is about. Of another account's topic IAM is not asked: the token, or owning the
    subscription, is what counts."""
    arn = params.get("TopicArn") or str(params["SubscriptionArn"]).rpartition(":")[0]
    parts = arn.split(":")
    return arn if len(parts) == 6 and parts[4] == call.account else "*"


@operation("sns", "ConfirmSubscription", resource=_own_topic)
def confirm_subscription(
    call: Call, *, TopicArn: str, Token: str, AuthenticateOnUnsubscribe: str = "false"
) -> dict[str, Any]:
    """Say yes to a subscription, with the token its endpoint was sent. Saying it twice is no error."""
    topic = existing(call, TopicArn)
    arn, entry = call.table("tokens", account=topic.account).get(Token, ("", 0))
    found: Subscription | None = call.table("subscriptions", account=topic.account).get(arn)
    if found is None or found.topic_arn != topic.arn:
        raise invalid("Token")
    if not found.confirmed:
        call.cancel(entry)
        confirmed = AuthenticateOnUnsubscribe.lower() == "true"
        _keep(call, topic, replace(found, confirmed=True, authenticated=confirmed))
    return {"SubscriptionArn": found.arn}


def find(call: Call, text: str) -> tuple[Topic, Subscription]:
    """A subscription by its ARN, and its topic.

    Raises:
        AwsError: it is no ARN of a subscription, or there is none.
    """
    parts = text.split(":")
    if len(parts) != 7 or parts[3] != call.region:
        raise bad_arn("SubscriptionArn", text)
    found: Subscription | None = call.table("subscriptions", account=parts[4]).get(text)
    if found is None:
        raise no_subscription()
    if call.account not in (found.owner, parts[4]):
        raise AwsError("AuthorizationError", "Not authorized to access this subscription", 403)  # unconfirmed
    return existing(call, found.topic_arn), found


@operation("sns", "Unsubscribe", resource=_own_topic)
def unsubscribe(call: Call, *, SubscriptionArn: str) -> None:
    """End a subscription. One that is not there is no error."""
    parts = SubscriptionArn.split(":")
    if len(parts) != 7 or parts[3] != call.region:
        raise bad_arn("SubscriptionArn", SubscriptionArn)
    table = call.table("subscriptions", account=parts[4])
    if SubscriptionArn not in table:
        return
    topic, found = find(call, SubscriptionArn)
    if not found.confirmed:
        raise invalid(
            "SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation"
        )
    del table[SubscriptionArn]
    save(call, replace(topic, unsubscribed=topic.unsubscribed + 1))


def _told(each: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": each.arn if each.confirmed else PENDING,
        "Owner": each.owner,
        "Protocol": each.protocol,
        "Endpoint": each.endpoint,
        "TopicArn": each.topic_arn,
    }


@operation("sns", "ListSubscriptions", readonly=True)
def list_subscriptions(call: Call, *, NextToken: str | None = None) -> dict[str, Any]:
    """The subscriptions of your topics in this Region, oldest first, a hundred on a page."""
    found = [_told(each) for each in call.table("subscriptions").values()]
    return listed("Subscriptions", found, NextToken, "subscriptions")


@operation("sns", "ListSubscriptionsByTopic", resource=topic_arn, policy=policy_of, readonly=True)
def list_subscriptions_by_topic(call: Call, *, TopicArn: str, NextToken: str | None = None) -> dict[str, Any]:
    """The subscriptions of one topic, oldest first, a hundred on a page."""
    found = [_told(each) for each in subscriptions_of(call, existing(call, TopicArn))]
    return listed("Subscriptions", found, NextToken, TopicArn)


@operation("sns", "GetSubscriptionAttributes", resource=_own_topic, readonly=True)
def get_subscription_attributes(call: Call, *, SubscriptionArn: str) -> dict[str, Any]:
    """All attributes of a subscription."""
    _, found = find(call, SubscriptionArn)
    told = {
        "SubscriptionArn": found.arn,
        "TopicArn": found.topic_arn,
        "Protocol": found.protocol,
        "Endpoint": found.endpoint,
        "Owner": found.owner,
        "SubscriptionPrincipal": found.principal,
        "PendingConfirmation": "false" if found.confirmed else "true",
        "ConfirmationWasAuthenticated": "true" if found.confirmed and found.authenticated else "false",
        "RawMessageDelivery": "false",
    } | {name: value for name, value in found.settings.items() if value}
    if "FilterPolicy" in told:
        told.setdefault("FilterPolicyScope", "MessageAttributes")
    return {"Attributes": told}


@operation("sns", "SetSubscriptionAttributes", resource=_own_topic)
def set_subscription_attributes(
    call: Call, *, SubscriptionArn: str, AttributeName: str, AttributeValue: str = ""
) -> None:
    """Change one attribute of a subscription. An empty value takes it away."""
    topic, found = find(call, SubscriptionArn)
    changed = found.settings | settings.of_subscription({AttributeName: AttributeValue}, found.protocol)
    settings.check_filter(changed)
    _keep(call, topic, replace(found, settings=changed))
