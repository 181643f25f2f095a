"""Topics: making, finding, changing and deleting them.

Source: SNS API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.services.sns import access, settings
from cwlab.services.sns.access import policy_of, topic_arn, topic_of
from cwlab.services.sns.errors import bad_arn, invalid, no_resource, no_topic
from cwlab.services.sns.records import Subscription, Topic

PAGE, MAX_TAGS = 100, 50
SHARED = (*access.ACTIONS, "ListTagsForResource")


def existing(call: Call, text: str, name: str = "TopicArn") -> Topic:
    """The topic of an ARN.

    Raises:
        AwsError: it is no ARN of a topic in this Region, or there is none.
    """
    parts = text.split(":")
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "sns"] or parts[3] != call.region:
        raise bad_arn(name, text)
    found = topic_of(call, text)
    if found is None:
        raise no_topic()
    return found


def save(call: Call, topic: Topic) -> None:
    """Put a changed topic in the old one's place."""
    call.table("topics", account=topic.account)[topic.name] = topic


def subscriptions_of(call: Call, topic: Topic) -> list[Subscription]:
    """All subscriptions of a topic, oldest first."""
    return [
        each
        for each in call.table("subscriptions", account=topic.account).values()
        if each.topic_arn == topic.arn
    ]


def _named(call: Call, params: dict[str, Any]) -> str:
    return arn("sns", call.region, call.account, params["Name"])


@operation("sns", "CreateTopic", resource=_named)
def create_topic(
    call: Call,
    *,
    Name: str,
    Attributes: Mapping[str, str] | None = None,
    Tags: Sequence[Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Create a topic. With the name of one there is: its ARN, if no attribute and no tag given differs."""
    given = dict(Attributes or {})
    fifo = given.get("FifoTopic") == "true"
    name = settings.check_name(Name, fifo)
    given = settings.of_topic(given, fifo)
    tags = {tag["Key"]: tag["Value"] for tag in Tags or ()}
    topics = call.table("topics")
    if name in topics:
        topic: Topic = topics[name]
        if any(topic.settings.get(key, "") != value for key, value in given.items()):
            raise invalid("Attributes Reason: Topic already exists with different attributes")
        if Tags is not None and tags != topic.tags:
            raise invalid("Tags Reason: Topic already exists with different tags")
        return {"TopicArn": topic.arn}
    own = arn("sns", call.region, call.account, name)
    start = {"Policy": access.default_policy(own)}
    if fifo:
        start |= {"ContentBasedDeduplication": "false", "FifoThroughputScope": "Topic"}
    given.pop("FifoTopic", None)
    if fifo:
        start["FifoTopic"] = "true"
    topics[name] = Topic(name, own, start | given, _checked_tags({}, tags), call.now_ms)
    return {"TopicArn": own}


@operation("sns", "DeleteTopic", resource=topic_arn, policy=policy_of)
def delete_topic(call: Call, *, TopicArn: str) -> None:
    """Delete a topic with all its subscriptions. One that is not there is no error."""
    parts = TopicArn.split(":")
    if len(parts) != 6:
        raise bad_arn("TopicArn", TopicArn)
    topic = topic_of(call, TopicArn)
    if topic is None:
        return
    table = call.table("subscriptions", account=topic.account)
    for each in subscriptions_of(call, topic):
        del table[each.arn]
    del call.table("topics", account=topic.account)[topic.name]


def page(items: list[Any], token: str | None, scope: str) -> tuple[list[Any], str | None]:
    """A hundred of a list, and the token of the next hundred."""
    start = 0
    if token is not None:
        try:
            kind, _, number = base64.b64decode(token, validate=True).decode().partition(" ")
            start = int(number)
        except ValueError:
            kind = ""
        if kind != scope:
            raise invalid("NextToken Reason: The next token is invalid")  # unconfirmed
    more = start + PAGE < len(items)
    return items[start : start + PAGE], base64.b64encode(
        f"{scope} {start + PAGE}".encode()
    ).decode() if more else None


def listed(name: str, items: list[Any], token: str | None, scope: str) -> dict[str, Any]:
    """The answer of a listing."""
    shown, following = page(items, token, scope)
    return {name: shown} | ({"NextToken": following} if following else {})


@operation("sns", "ListTopics", readonly=True)
def list_topics(call: Call, *, NextToken: str | None = None) -> dict[str, Any]:
    """Your topics in this Region, in order of name, a hundred on a page."""
    arns = [{"TopicArn": each.arn} for _, each in sorted(call.table("topics").items())]
    return listed("Topics", arns, NextToken, "topics")


@operation("sns", "GetTopicAttributes", resource=topic_arn, policy=policy_of, readonly=True)
def get_topic_attributes(call: Call, *, TopicArn: str) -> dict[str, Any]:
    """All attributes of a topic."""
    topic = existing(call, TopicArn)
    confirmed = [each.confirmed for each in subscriptions_of(call, topic)]
    found = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "DisplayName": "",
        "SubscriptionsConfirmed": str(sum(confirmed)),
        "SubscriptionsPending": str(len(confirmed) - sum(confirmed)),
        "SubscriptionsDeleted": str(topic.unsubscribed),
        "EffectiveDeliveryPolicy": access.dump(settings.HTTP_POLICY),
    }
    return {"Attributes": found | {name: value for name, value in topic.settings.items() if value}}


@operation("sns", "SetTopicAttributes", resource=topic_arn, policy=policy_of)
def set_topic_attributes(call: Call, *, TopicArn: str, AttributeName: str, AttributeValue: str = "") -> None:
    """Change one attribute of a topic. An empty policy puts the default one back."""
    topic = existing(call, TopicArn)
    if AttributeName == "FifoTopic":
        raise invalid("AttributeName")
    if AttributeName == "Policy" and not AttributeValue:
        AttributeValue = access.default_policy(topic.arn)
    checked = settings.of_topic({AttributeName: AttributeValue}, topic.fifo)
    save(call, replace(topic, settings=topic.settings | checked))


# Permissions ---------------------------------------------------------------------------------------------------------


@operation("sns", "AddPermission", resource=topic_arn, policy=policy_of)
def add_permission(
    call: Call, *, TopicArn: str, Label: str, AWSAccountId: Sequence[str], ActionName: Sequence[str]
) -> None:
    """Add a statement to the topic's policy: these accounts may do that."""
    topic = existing(call, TopicArn)
    body = json.loads(topic.settings["Policy"])
    statements = _statements(body)
    if any(each.get("Sid") == Label for each in statements):
        raise invalid("Statement already exists")
    for action in ActionName:
        if action != "*" and action not in SHARED:
            raise invalid("Policy statement action out of service scope!")
    who = [f"arn:aws:iam::{account}:root" for account in AWSAccountId]
    what = [f"SNS:{action}" for action in ActionName]
    statements.append(
        {
            "Sid": Label,
            "Effect": "Allow",
            "Principal": {"AWS": who[0] if len(who) == 1 else who},
            "Action": what[0] if len(what) == 1 else what,
            "Resource": topic.arn,
        }
    )
    _keep_policy(call, topic, body | {"Statement": statements})


@operation("sns", "RemovePermission", resource=topic_arn, policy=policy_of)
def remove_permission(call: Call, *, TopicArn: str, Label: str) -> None:
    """Take a statement out of the topic's policy, by its label."""
    topic = existing(call, TopicArn)
    body = json.loads(topic.settings["Policy"])
    kept = [each for each in _statements(body) if each.get("Sid") != Label]
    if not kept:
        raise invalid("Policy Error: a policy has at least one statement")  # unconfirmed
    _keep_policy(call, topic, body | {"Statement": kept})


def _statements(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body["Statement"]
    return list(found) if isinstance(found, list) else [found]


def _keep_policy(call: Call, topic: Topic, body: dict[str, Any]) -> None:
    save(call, replace(topic, settings=topic.settings | {"Policy": access.checked(access.dump(body))}))


# Tags ----------------------------------------------------------------------------------------------------------------


def _checked_tags(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    tags = {**before, **given}
    if len(tags) > MAX_TAGS:
        raise invalid(f"Tags Reason: A topic has at most {MAX_TAGS} tags")  # unconfirmed
    if any(key.lower().startswith("aws:") for key in given):
        raise invalid("Tags Reason: Tag keys that start with aws: are reserved")  # unconfirmed
    return tags


def _tagged(call: Call, resource: str) -> Topic:
    topic = topic_of(call, resource)
    if topic is None:
        raise no_resource()
    return topic


@operation("sns", "TagResource", resource=topic_arn, policy=policy_of)
def tag_resource(call: Call, *, ResourceArn: str, Tags: Sequence[Mapping[str, str]]) -> None:
    """Add tags to a topic, or change their values."""
    topic = _tagged(call, ResourceArn)
    keys = [tag["Key"] for tag in Tags]
    if len(set(keys)) < len(keys):
        raise invalid("Duplicated keys are not allowed.")
    tags = _checked_tags(topic.tags, {tag["Key"]: tag["Value"] for tag in Tags})
    save(call, replace(topic, tags=tags))


@operation("sns", "UntagResource", resource=topic_arn, policy=policy_of)
def untag_resource(call: Call, *, ResourceArn: str, TagKeys: Sequence[str]) -> None:
    """Take tags off a topic; keys it does not have are no error."""
    topic = _tagged(call, ResourceArn)
    save(call, replace(topic, tags={k: v for k, v in topic.tags.items() if k not in TagKeys}))


@operation("sns", "ListTagsForResource", resource=topic_arn, policy=policy_of, readonly=True)
def list_tags_for_resource(call: Call, *, ResourceArn: str) -> dict[str, Any]:
    """The tags of a topic."""
    return {"Tags": [{"Key": k, "Value": v} for k, v in sorted(_tagged(call, ResourceArn).tags.items())]}
