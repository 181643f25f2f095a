"""The section ``metrics``."""

from __future__ import annotations

from typing import Any

from cwlab.hosts.agent.schema import Object

METRICS = Object({})


def read(*args: Any) -> Any: ...
