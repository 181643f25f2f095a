"""What flow logs remember."""

from __future__ import annotations

from typing import Any

from cwlab.codec import record

Row = tuple[str, int, str, int, int, str, str, int, int, int, int, int]
"""One record of a window: see ``fields.ROW``."""


@record
class FlowLog:
    """A flow log on a VPC, a subnet or an interface. Nothing of it changes but ``error``: why delivery fails."""

    flow_log_id: str
    resource_id: str
    traffic: str
    group: str
    role_arn: str
    format: str
    interval_s: int
    created_ms: int
    destination: str | None = None
    error: str | None = None


@record
class Window:
    """What a flow log counted at an interface from ``start_s`` on, for ``interval_s`` seconds.

    ``rows`` is empty when there was traffic and none of it of the type the flow log is for. The other members are what a
    record tells of the interface, which may be gone when it is written.
    """

    flow_log_id: str
    interface_id: str
    start_s: int
    interval_s: int
    vpc_id: str
    subnet_id: str
    zone_id: str
    instance_id: str
    rows: tuple[Any, ...]

    @property
    def end_s(self) -> int:
        return self.start_s + self.interval_s
