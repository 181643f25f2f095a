"""The awslogs driver: a stream for each container of each task, written with the task's execution role."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, Principal, Request
from cwlab.errors import AwsError
from cwlab.services.ecs.records import Container, Definition, Logging, Task

SERVICE = "ecs-tasks.amazonaws.com"
Lines = list[tuple[int, str]]


def stream_name(logging: Logging, container: Container, task: Task) -> str:
    """``prefix/container/task``."""
    return f"{logging.prefix}/{container.name}/{task.id}"


def open_streams(call: Call, made: Definition, task: Task) -> None:
    """Before a task's containers start, their streams are made, and their groups where the options say so.

    Raises:
        AwsError: the role is not for ECS tasks or may not, or a group is missing.
    """
    for container in made.containers:
        logging = container.logging
        if logging is None:
            continue
        role = _role(call, made, task)
        if logging.create:
            _ask(call, role, logging, "CreateLogGroup", {})
        _ask(call, role, logging, "CreateLogStream", {"logStreamName": stream_name(logging, container, task)})


def write(call: Call, made: Definition, task: Task, container: Container, lines: Lines) -> bool:
    """Write a container's lines; False when CloudWatch Logs refuses, or the container does not log: they are lost."""
    logging = container.logging
    if logging is None or not lines:
        return False
    events = [
        {"timestamp": at_ms, "message": text} for at_ms, text in sorted(lines, key=lambda line: line[0])
    ]
    asked = {"logStreamName": stream_name(logging, container, task), "logEvents": events}
    try:
        _ask(call, _role(call, made, task), logging, "PutLogEvents", asked)
    except AwsError:
        return False
    return True


def _role(call: Call, made: Definition, task: Task) -> Principal:
    return call.world.service_session(made.execution_role or "", SERVICE, task.id)


def _ask(call: Call, role: Principal, logging: Logging, operation: str, params: dict[str, Any]) -> None:
    named = {"logGroupName": logging.group} | params
    request = Request(
        "logs", operation, named, role, call.account, logging.region, depth=call.request.depth + 1
    )
    try:
        call.world.door(request)
    except AwsError as problem:
        if problem.code != "ResourceAlreadyExistsException":
            raise
