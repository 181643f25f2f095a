"""Delivery: to queues and functions through the door, to e-mail addresses into the lab's mailboxes.

A delivery that fails never fails the Publish. A queue takes a message only if its own policy lets sns.amazonaws.com
send, and a function only if its policy lets it invoke. What cannot be delivered goes to the subscription's
dead-letter queue, if it has one, and is lost otherwise.

Source: SNS developer guide, "Message delivery retries": an endpoint that refuses (a client-side error) is not tried again.
"""

from __future__ import annotations

import json
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError
from cwlab.services.sns import envelope, tally
from cwlab.services.sns.records import Mail, Message, Subscription, Topic
from cwlab.services.sns.settings import check_redrive

SNS = "sns.amazonaws.com"


def deliver(call: Call, topic: Topic, subscription: Subscription, message: Message) -> None:
    """Bring a message to one endpoint, or note that it could not be brought."""
    try:
        if subscription.protocol == "sqs":
            _to_queue(call, subscription.endpoint, subscription, message)
        elif subscription.protocol == "lambda":
            _to_function(call, subscription, message)
        else:
            post(call, envelope.mail(message, subscription, topic.settings.get("DisplayName", "")))
    except AwsError:
        tally.add(call, topic, "NumberOfNotificationsFailed")
        _to_dead_letters(call, topic, subscription, message)
    else:
        tally.add(call, topic, "NumberOfNotificationsDelivered")


def _to_queue(call: Call, queue_arn: str, subscription: Subscription, message: Message) -> None:
    _, _, _, region, account, name = queue_arn.split(":")
    params: dict[str, Any] = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}"}
    if subscription.is_on("RawMessageDelivery"):
        params["MessageBody"] = message.body("sqs")
        if message.attributes:
            params["MessageAttributes"] = {
                each.name: {
                    ("BinaryValue" if isinstance(each.value, bytes) else "StringValue"): each.value,
                    "DataType": each.kind,
                }
                for each in message.attributes
            }
    else:
        params["MessageBody"] = envelope.text_of(envelope.notification(message, subscription))
    if message.group is not None:
        params["MessageGroupId"] = message.group
    if name.endswith(".fifo"):
        params["MessageDeduplicationId"] = message.deduplication_id or message.message_id
    call.invoke(
        "sqs",
        "SendMessage",
        params,
        service_principal=SNS,
        source_arn=message.topic_arn,
        account=account,
        region=region,
    )


def _to_function(call: Call, subscription: Subscription, message: Message) -> None:
    parts = subscription.endpoint.split(":")
    event = envelope.function_event(message, subscription)
    call.invoke(
        "lambda",
        "Invoke",
        {
            "FunctionName": subscription.endpoint,
            "InvocationType": "Event",
            "Payload": json.dumps(event, ensure_ascii=False).encode(),
        },
        service_principal=SNS,
        source_arn=message.topic_arn,
        account=parts[4],
        region=parts[3],
    )


def _to_dead_letters(call: Call, topic: Topic, subscription: Subscription, message: Message) -> None:
    text = subscription.settings.get("RedrivePolicy")
    if not text:
        return
    try:
        _to_queue(call, check_redrive(text), subscription, message)
    except AwsError:
        tally.add(call, topic, "NumberOfNotificationsFailedToRedriveToDlq")
    else:
        tally.add(call, topic, "NumberOfNotificationsRedrivenToDlq")


def ask(call: Call, subscription: Subscription, message_id: str) -> None:
    """Send the message that asks for a confirmation. A queue of another account that refuses it gets none."""
    if subscription.protocol in ("email", "email-json"):
        post(call, envelope.confirmation_mail(subscription, message_id, call.now_ms))
        return
    if subscription.protocol != "sqs":
        return
    _, _, _, region, account, name = subscription.endpoint.split(":")
    text = envelope.text_of(envelope.confirmation(subscription, message_id, call.now_ms))
    params = {"QueueUrl": f"https://sqs.{region}.amazonaws.com/{account}/{name}", "MessageBody": text}
    if name.endswith(".fifo"):
        params |= {"MessageGroupId": "sns", "MessageDeduplicationId": message_id}
    try:
        call.invoke(
            "sqs",
            "SendMessage",
            params,
            service_principal=SNS,
            source_arn=subscription.topic_arn,
            account=account,
            region=region,
        )
    except AwsError:
        return  # the refusal stands in the journal; the subscription stays pending


def post(call: Call, mail: Mail) -> None:
    """Put an e-mail into the lab's mailboxes. They belong to no account: an address is anybody's."""
    box = call.world.table("", "", "sns", "mail")
    box[len(box)] = mail


@handler("sns", "expire")
def expire(call: Call, *, token: str) -> None:
    """A token nobody used in two days is worth nothing, and its subscription goes."""
    tokens, subscriptions = call.table("tokens"), call.table("subscriptions")
    arn, _ = tokens.pop(token, ("", 0))
    found: Subscription | None = subscriptions.get(arn)
    if found is not None and not found.confirmed and found.token == token:
        del subscriptions[arn]
