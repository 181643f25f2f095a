"""What ECS keeps, for each account and Region: clusters by name, task definitions by (family, revision), tasks by (cluster,
id)."""

from __future__ import annotations

from cwlab.codec import record


@record
class Logging:
    """The awslogs options of a container."""

    group: str
    region: str
    prefix: str
    create: bool = False


@record
class Container:
    """A container of a task definition."""

    name: str
    image: str
    essential: bool = True
    command: tuple[str, ...] = ()
    logging: Logging | None = None


@record
class Definition:
    """A revision of a task definition."""

    family: str
    revision: int
    containers: tuple[Container, ...]
    execution_role: str | None
    task_role: str | None
    cpu: str
    memory: str
    registered_ms: int
    active: bool = True


@record
class Task:
    """A task: a copy of a definition that runs. ``status`` is PROVISIONING, RUNNING or STOPPED."""

    id: str
    cluster: str
    family: str
    revision: int
    created_ms: int
    status: str = "PROVISIONING"
    wanted: str = "RUNNING"
    started_ms: int | None = None
    stopped_ms: int | None = None
    reason: str | None = None
    code: str | None = None
    started_by: str | None = None
