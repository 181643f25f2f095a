"""The agent's own log, a file on its machine."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.hosts.files import Disk
from cwlab.timeline import to_datetime

LOG = "/opt/aws/amazon-cloudwatch-agent/logs/amazon-cloudwatch-agent.log"
VERSION = "1.300049.1b929"


def say(call: Call, source: str, *lines: str) -> None:
    """Write lines to the agent's log, each with the moment before it.

    Args:
        lines: each begins with its level: ``I!``, ``W!`` or ``E!``.
    """
    moment = to_datetime(call.now_ms).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = "".join(f"{moment} {line}\n" for line in lines)
    Disk(call.world, source).append(LOG, text.encode("utf-8", "replace"), call.now_ms)
