"""What containers print. It is no AWS API, so these are verbs:

lab.act("ecs", "log", task=task_arn, lines=["started"])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.errors import BadInput
from cwlab.services.ecs import awslogs
from cwlab.services.ecs.names import definitions, task_of
from cwlab.services.ecs.records import Container, Definition, Task
from cwlab.timeline import MINUTE


@verb("ecs", "log")
def log(call: Call, *, task: str, lines: Sequence[str], container: str | None = None) -> dict[str, Any]:
    """A container of a running task prints lines, now.

    Args:
        task: its ARN.
        container: its name; the first unless told.

    Returns:
        ``logged``: whether CloudWatch Logs took them.

    Raises:
        BadInput: there is no such running task or container.
    """
    found, made, which = _find(call, task, container)
    if found.status != "RUNNING":
        raise BadInput(
            task, f"does not run ({found.status}).", "Advance the lab, or look at its stoppedReason."
        )
    texts = [text for text in lines if text]
    return {"logged": awslogs.write(call, made, found, which, [(call.now_ms, text) for text in texts])}


@verb("ecs", "output")
def output(call: Call, *, task: str, rows: Sequence[Sequence[Any]], container: str | None = None) -> None:
    """Lines a container will print: (when in ms since 1970, text) each, written minute by minute while the task runs.

    Raises:
        BadInput: there is no such task or container, or an instant is past.
    """
    found, _, which = _find(call, task, container)
    minutes: dict[int, list[tuple[int, str]]] = {}
    for at_ms, text in rows:
        if at_ms < call.now_ms:
            raise BadInput(at_ms, f"lies before now ({call.now_ms}).", "Give instants to come.")
        minutes.setdefault(int(at_ms) // MINUTE, []).append((int(at_ms), text))
    for minute, lines in sorted(minutes.items()):
        args = {"cluster": found.cluster, "task": found.id, "container": which.name, "lines": tuple(lines)}
        call.schedule((minute + 1) * MINUTE, "print", **args)


@handler("ecs", "print")
def print_minute(
    call: Call, *, cluster: str, task: str, container: str, lines: Sequence[Sequence[Any]]
) -> None:
    """The lines of the minute that ends now, as far as the task ran."""
    found = task_of(call, cluster, task)
    if found is None or found.started_ms is None:
        return
    end_ms = call.now_ms if found.stopped_ms is None else found.stopped_ms
    made: Definition = definitions(call)[found.family, found.revision]
    (which,) = (each for each in made.containers if each.name == container)
    ran = [(at_ms, text) for at_ms, text in lines if found.started_ms <= at_ms <= end_ms and text]
    awslogs.write(call, made, found, which, ran)


def _find(call: Call, given: str, container: str | None) -> tuple[Task, Definition, Container]:
    parts = given.rsplit("/", 2)
    found = task_of(call, parts[1], parts[2]) if len(parts) == 3 else None
    if found is None:
        raise BadInput(given, "is not the ARN of a task here.", "Take taskArn from run_task's answer.")
    made: Definition = definitions(call)[found.family, found.revision]
    names = [each.name for each in made.containers]
    if container is not None and container not in names:
        raise BadInput(container, "is not a container of the task.", f"It has {', '.join(names)}.")
    return found, made, made.containers[0 if container is None else names.index(container)]
