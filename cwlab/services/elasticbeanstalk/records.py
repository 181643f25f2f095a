"""What Elastic Beanstalk keeps, for each account and Region: applications and environments by name."""

from __future__ import annotations

from cwlab.codec import record


@record
class Environment:
    """An environment. ``status`` is Launching, Ready or Terminated."""

    name: str
    id: str
    application: str
    stack: str
    created_ms: int
    updated_ms: int
    instances: tuple[str, ...] = ()
    profile: str | None = None
    stream: bool = False
    retention_days: int = 7
    delete_logs: bool = False
    status: str = "Launching"
