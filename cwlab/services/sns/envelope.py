"""What arrives: the JSON that queues and functions get, and the text of an e-mail. Pure.

Source: SNS developer guide, "Amazon SNS message and JSON formats", "Fanout to Lambda functions"; e-mails as AWS sends
them. A signature has the right form and cannot be verified: there is no certificate behind it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cwlab.services.sns.records import Attribute, Mail, Message, Subscription
from cwlab.timeline import SECOND, to_datetime

DEFAULT_SUBJECT = "AWS Notification Message"
DEFAULT_SENDER = "AWS Notifications"
CONFIRMATION_SENDER = "Amazon Web Services Notifications"
ADDRESS = "no-reply@sns.amazonaws.com"


def stamp(at_ms: int) -> str:
    """An instant as SNS writes it, always with milliseconds."""
    return f"{to_datetime(at_ms).strftime('%Y-%m-%dT%H:%M:%S')}.{at_ms % SECOND:03d}Z"


def _host(topic_arn: str) -> str:
    return f"https://sns.{topic_arn.split(':')[3]}.amazonaws.com"


def unsubscribe_url(subscription: Subscription) -> str:
    return f"{_host(subscription.topic_arn)}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"


def _certificate(topic_arn: str) -> str:
    return f"{_host(topic_arn)}/SimpleNotificationService-{hashlib.md5(b'cwlab', usedforsecurity=False).hexdigest()}.pem"


def _signature(*parts: str) -> str:
    whole = b"".join(
        hashlib.blake2b(f"{n}/{'/'.join(parts)}".encode(), digest_size=64).digest() for n in range(4)
    )
    return base64.b64encode(whole).decode()


def told_attributes(attributes: tuple[Attribute, ...]) -> dict[str, dict[str, str]]:
    """Message attributes as the envelope has them; bytes as Base64."""
    return {
        each.name: {
            "Type": each.kind,
            "Value": base64.b64encode(each.value).decode() if isinstance(each.value, bytes) else each.value,
        }
        for each in attributes
    }


def notification(message: Message, subscription: Subscription) -> dict[str, Any]:
    """The envelope around a message."""
    body = message.body(subscription.protocol)
    told: dict[str, Any] = {"Type": "Notification", "MessageId": message.message_id}
    if message.sequence is not None:
        told["SequenceNumber"] = message.sequence
    told["TopicArn"] = message.topic_arn
    if message.subject is not None:
        told["Subject"] = message.subject
    told |= {
        "Message": body,
        "Timestamp": stamp(message.at_ms),
        "SignatureVersion": message.signature_version,
        "Signature": _signature(message.message_id, body),
        "SigningCertURL": _certificate(message.topic_arn),
        "UnsubscribeURL": unsubscribe_url(subscription),
    }
    if message.attributes:
        told["MessageAttributes"] = told_attributes(message.attributes)
    return told


def text_of(told: Mapping[str, Any]) -> str:
    """An envelope as AWS prints it."""
    return json.dumps(told, indent=2, separators=(",", " : "), ensure_ascii=False)


def function_event(message: Message, subscription: Subscription) -> dict[str, Any]:
    """What a Lambda function gets: the envelope, in a list of one record, with some names spelled otherwise."""
    told = notification(message, subscription)
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "Sns": {
                    "Type": told["Type"],
                    "MessageId": told["MessageId"],
                    "TopicArn": told["TopicArn"],
                    "Subject": message.subject,
                    "Message": told["Message"],
                    "Timestamp": told["Timestamp"],
                    "SignatureVersion": told["SignatureVersion"],
                    "Signature": told["Signature"],
                    "SigningCertUrl": told["SigningCertURL"],
                    "UnsubscribeUrl": told["UnsubscribeURL"],
                    "MessageAttributes": told_attributes(message.attributes),
                },
            }
        ]
    }


def confirmation(subscription: Subscription, message_id: str, at_ms: int) -> dict[str, Any]:
    """The message that asks an endpoint whether it wants a subscription."""
    topic, token = subscription.topic_arn, str(subscription.token)
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic,
        "Message": f"You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": f"{_host(topic)}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}",
        "Timestamp": stamp(at_ms),
        "SignatureVersion": "1",
        "Signature": _signature(message_id, token),
        "SigningCertURL": _certificate(topic),
    }


# E-mail --------------------------------------------------------------------------------------------------------------


def _sender(name: str) -> str:
    return f"{name} <{ADDRESS}>"


def mail(message: Message, subscription: Subscription, display_name: str) -> Mail:
    """A notification as an e-mail: the text and a footer, or the envelope for ``email-json``."""
    if subscription.protocol == "email-json":
        body = text_of(notification(message, subscription))
    else:
        link = (
            f"{_host(message.topic_arn)}/unsubscribe.html?SubscriptionArn={subscription.arn}"
            f"&Endpoint={quote(subscription.endpoint, safe='@')}"
        )
        body = (
            f"{message.body('email')}\n\n--\n"
            "If you wish to stop receiving notifications from this topic, please click or visit the link below to "
            f"unsubscribe:\n{link}\n\n"
            "Please do not reply directly to this email. If you have any questions or comments regarding this email, "
            "please contact us at https://aws.amazon.com/support"
        )
    return Mail(
        subscription.endpoint,
        message.at_ms,
        _sender(display_name or DEFAULT_SENDER),
        message.subject or DEFAULT_SUBJECT,
        body,
        message.topic_arn,
    )


def confirmation_mail(subscription: Subscription, message_id: str, at_ms: int) -> Mail:
    """The e-mail that asks whether you want a subscription. Nothing else comes until you follow its link."""
    topic = subscription.topic_arn
    if subscription.protocol == "email-json":
        body = text_of(confirmation(subscription, message_id, at_ms))
    else:
        link = (
            f"{_host(topic)}/confirmation.html?TopicArn={topic}&Token={subscription.token}"
            f"&Endpoint={quote(subscription.endpoint, safe='@')}"
        )
        body = (
            f"You have chosen to subscribe to the topic:\n{topic}\n\n"
            "To confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n"
            f"{link}\n\n"
            "Please do not reply directly to this email. If you wish to remove yourself from receiving all future SNS "
            "subscription confirmation requests please send an email to sns-opt-out"
        )
    return Mail(
        subscription.endpoint,
        at_ms,
        _sender(CONFIRMATION_SENDER),
        "AWS Notification - Subscription Confirmation",
        body,
        topic,
        subscription.token,
    )
