"""A message arrives: rules whose filter fits hand it to CloudWatch Logs.

    lab.act("iot", "message", topic="shop/door/1", payload='{"open": true}')

is a device that publishes, ``traffic`` what devices will publish; ``iot-data:Publish`` is a program that does, and ends
here as well. Source: AWS IoT Developer
Guide, "CloudWatch Logs" rule action.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.iot.records import Action, Rule
from cwlab.services.iot.rules import rules
from cwlab.services.iot.topics import fits

MOST_BYTES = 131_072  # of an MQTT payload


@verb("iot", "message")
def message(call: Call, *, topic: str, payload: str | bytes) -> dict[str, Any]:
    """A device publishes a message.

    Args:
        topic: without wildcards.
        payload: text, or bytes that are UTF-8.

    Returns:
        ``rules``: for each rule the message went through, ``logged`` or the error code of what went wrong.

    Raises:
        BadInput: a topic with wildcards, or a payload that is too long.
    """
    _check_topic(topic)
    text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
    if len(text.encode()) > MOST_BYTES:
        raise BadInput(f"{len(text.encode())} bytes", f"is more than a payload may have ({MOST_BYTES}).")
    fitting = [
        rule for _, rule in sorted(rules(call).items()) if not rule.disabled and fits(topic, rule.topic)
    ]
    return {"rules": {rule.name: _run(call, rule, text) for rule in fitting}}


@verb("iot", "traffic")
def traffic(call: Call, *, messages: Sequence[Sequence[Any]]) -> None:
    """What devices will publish.

    Args:
        messages: (when in ms since 1970, topic, payload) each.

    Raises:
        BadInput: an instant is past, or a topic has wildcards.
    """
    for at_ms, topic, _ in messages:
        _check_topic(topic)
        if at_ms < call.now_ms:
            raise BadInput(at_ms, f"lies before now ({call.now_ms}).", "Give instants to come.")
    for at_ms, topic, payload in messages:
        call.schedule(int(at_ms), "publish", topic=topic, payload=payload)


@handler("iot", "publish")
def publish_later(call: Call, *, topic: str, payload: str | bytes) -> None:
    """The instant of a message of ``traffic`` has come."""
    message(call, topic=topic, payload=payload)


def _check_topic(topic: str) -> None:
    if not topic or set(topic) & {"+", "#"}:
        raise BadInput(topic, "is not a topic to publish to.", "Give one without + and #.")


def _run(call: Call, rule: Rule, text: str) -> str:
    outcome = "logged"
    for action in rule.actions:
        try:
            _log(call, rule, action, text)
        except AwsError as problem:
            outcome = problem.code
    return outcome


def _log(call: Call, rule: Rule, action: Action, text: str) -> None:
    """One action: the message, or each of a batch, as a log event.

    Raises:
        AwsError: the role is not IoT's or may not, the group is missing, or a batch is no batch.
    """
    events = _batch(text) if action.batch else [{"timestamp": call.now_ms, "message": text}]
    names = {"logGroupName": action.group, "logStreamName": stream_name(rule)}
    asked = {"logGroupName": action.group, "logStreamNamePrefix": names["logStreamName"]}
    known = call.invoke("logs", "DescribeLogStreams", asked, role=action.role)
    if not known["logStreams"]:
        call.invoke("logs", "CreateLogStream", names, role=action.role)
    call.invoke("logs", "PutLogEvents", names | {"logEvents": events}, role=action.role)


def stream_name(rule: Rule) -> str:
    """The stream IoT makes for a rule."""
    mark = hashlib.blake2b(f"{rule.name}/{rule.created_ms}".encode(), digest_size=16).hexdigest()
    return f"{rule.name}_{mark}"


def _batch(text: str) -> list[dict[str, Any]]:
    """The events of a batch: an object or a list of objects with ``timestamp`` (ms) and ``message``."""
    try:
        found = json.loads(text)
        each = found if isinstance(found, list) else [found]
        events = [{"timestamp": int(one["timestamp"]), "message": str(one["message"])} for one in each]
    except (ValueError, TypeError, KeyError):
        raise AwsError("InvalidBatch", "batchMode wants timestamp and message in each record.") from None
    return sorted(events, key=lambda one: one["timestamp"])
