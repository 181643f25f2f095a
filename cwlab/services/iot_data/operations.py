"""Publish. Source: AWS IoT data plane API Reference."""

from __future__ import annotations

from typing import Any

from cwlab.api import WORLD, Call, Request, operation
from cwlab.arn import arn
from cwlab.errors import AwsError


def _topic(call: Call, params: dict[str, Any]) -> str:
    return arn("iot", call.region, call.account, f"topic/{params['topic']}")


@operation("iot-data", "Publish", action="iot:Publish", resource=_topic)
def publish(call: Call, *, topic: str, payload: bytes = b"", qos: int = 0) -> None:
    """Publish a message to a topic; rules see it at once."""
    if not topic or set(topic) & {"+", "#"}:
        raise AwsError("InvalidRequestException", f"Invalid topic: {topic}")
    if qos not in (0, 1):
        raise AwsError("InvalidRequestException", f"Invalid qos: {qos}")
    call.world.door(
        Request(
            "iot",
            "message",
            {"topic": topic, "payload": bytes(payload)},
            WORLD,
            call.account,
            call.region,
            kind="verb",
            depth=call.request.depth + 1,
        )
    )
