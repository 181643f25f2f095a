"""Tasks: run, stopped, listed; what becomes of one. Source: ECS Developer Guide, "Amazon ECS task lifecycle"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.errors import AwsError
from cwlab.services.ecs import awslogs
from cwlab.services.ecs.names import (
    Answer,
    Params,
    cluster_arn,
    cluster_of,
    definition_arn,
    definition_of,
    definitions,
    task_arn,
    task_of,
    tasks,
)
from cwlab.services.ecs.records import Definition, Task
from cwlab.timeline import to_datetime

START_MS = 20_000  # from RunTask to RUNNING on Fargate, less what a large image takes
MOST = 10  # tasks of one RunTask


def _save(call: Call, task: Task) -> Task:
    tasks(call)[task.cluster, task.id] = task
    return task


def _shown(call: Call, task: Task) -> Answer:
    made: Definition = definitions(call)[task.family, task.revision]
    own = task_arn(call, task)
    times = {"createdAt": task.created_ms, "startedAt": task.started_ms, "stoppedAt": task.stopped_ms}
    texts = {"stoppedReason": task.reason, "stopCode": task.code, "startedBy": task.started_by}
    containers = []
    for each in made.containers:
        state = "PENDING" if task.status == "PROVISIONING" else task.status
        told: dict[str, Any] = {
            "containerArn": own.replace(":task/", ":container/") + f"/{each.name}",
            "taskArn": own,
            "name": each.name,
            "image": each.image,
            "lastStatus": state,
        }
        if task.status == "STOPPED" and task.started_ms is not None:
            told["exitCode"] = 143
        containers.append(told)
    return {
        "taskArn": own,
        "clusterArn": cluster_arn(call, task.cluster),
        "taskDefinitionArn": definition_arn(call, task.family, task.revision),
        "lastStatus": task.status,
        "desiredStatus": task.wanted,
        "launchType": "FARGATE",
        "cpu": made.cpu,
        "memory": made.memory,
        "containers": containers,
        **{name: to_datetime(ms) for name, ms in times.items() if ms is not None},
        **{name: text for name, text in texts.items() if text is not None},
    }


@operation("ecs", "RunTask")
def run_task(
    call: Call,
    *,
    taskDefinition: str,
    cluster: str | None = None,
    count: int = 1,
    launchType: str = "FARGATE",
    networkConfiguration: Params | None = None,
    startedBy: str | None = None,
    clientToken: str | None = None,
) -> Answer:
    """Start tasks; a second request with the same token starts none. They run some seconds later, or stop where their logs cannot be written."""
    name, made = cluster_of(call, cluster), definition_of(call, taskDefinition)
    if launchType != "FARGATE":
        raise AwsError("InvalidParameterException", "No Container Instances were found in your cluster.")
    if networkConfiguration is None:
        raise AwsError(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
    if not 1 <= count <= MOST:
        raise AwsError("InvalidParameterException", f"count must be between 1 and {MOST}.")
    tokens, started = call.table("tokens"), list[Answer]()
    if clientToken is not None and clientToken in tokens:
        return {"tasks": [_shown(call, tasks(call)[key]) for key in tokens[clientToken]], "failures": []}
    keys: tuple[tuple[str, str], ...] = ()
    for _ in range(count):
        task = Task(call.unique("", 32), name, made.family, made.revision, call.now_ms, started_by=startedBy)
        call.schedule(call.now_ms + START_MS, "start", cluster=name, task=task.id)
        started.append(_shown(call, _save(call, task)))
        keys += ((name, task.id),)
    if clientToken is not None:
        tokens[clientToken] = keys
    return {"tasks": started, "failures": []}


@handler("ecs", "start")
def start(call: Call, *, cluster: str, task: str) -> None:
    """The containers start: their log streams first."""
    found = task_of(call, cluster, task)
    if found is None or found.status != "PROVISIONING":
        return
    made: Definition = definitions(call)[found.family, found.revision]
    try:
        awslogs.open_streams(call, made, found)
    except AwsError as problem:
        reason = (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            f"failed to create Cloudwatch log stream: {problem.code}: {problem.message} : exit status 1"
        )
        stopped = replace(found, status="STOPPED", wanted="STOPPED", stopped_ms=call.now_ms)
        _save(call, replace(stopped, reason=reason, code="TaskFailedToStart"))
        return
    _save(call, replace(found, status="RUNNING", started_ms=call.now_ms))


@operation("ecs", "StopTask")
def stop_task(call: Call, *, task: str, cluster: str | None = None, reason: str | None = None) -> Answer:
    """Stop a task, at once."""
    found = task_of(call, cluster_of(call, cluster), task)
    if found is None:
        raise AwsError("InvalidParameterException", "The referenced task was not found.")
    if found.status != "STOPPED":
        stopped = replace(found, status="STOPPED", wanted="STOPPED", stopped_ms=call.now_ms)
        found = _save(call, replace(stopped, reason=reason or "Task stopped by user", code="UserInitiated"))
    return {"task": _shown(call, found)}


@operation("ecs", "DescribeTasks", readonly=True)
def describe_tasks(call: Call, *, tasks: Sequence[str], cluster: str | None = None) -> Answer:
    """Tasks by id or ARN; what is missing is told."""
    name = cluster_of(call, cluster)
    found = [(given, task_of(call, name, given)) for given in tasks]
    missing = [{"arn": given, "reason": "MISSING"} for given, task in found if task is None]
    return {"tasks": [_shown(call, task) for _, task in found if task is not None], "failures": missing}


@operation("ecs", "ListTasks", readonly=True)
def list_tasks(
    call: Call, *, cluster: str | None = None, family: str | None = None, desiredStatus: str = "RUNNING"
) -> Answer:
    """The ARNs of a cluster's tasks, in one page: those that run unless told."""
    name = cluster_of(call, cluster)
    found = [
        task_arn(call, task)
        for key, task in sorted(tasks(call).items())
        if key[0] == name and task.wanted == desiredStatus and family in (None, task.family)
    ]
    return {"taskArns": found}
