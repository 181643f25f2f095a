"""Clusters and task definitions. Source: ECS API Reference; Developer Guide, "Using the awslogs log driver"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ecs.names import (
    DEFAULT,
    Answer,
    Params,
    cluster_arn,
    cluster_of,
    clusters,
    definition_arn,
    definition_of,
    definitions,
    tasks,
)
from cwlab.services.ecs.records import Container, Definition, Logging
from cwlab.timeline import to_datetime

OPTIONS = {
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "mode",
    "max-buffer-size",
}


def _cluster(call: Call, name: str) -> Answer:
    states = [task.status for key, task in tasks(call).items() if key[0] == name]
    return {
        "clusterArn": cluster_arn(call, name),
        "clusterName": name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": states.count("RUNNING"),
        "pendingTasksCount": states.count("PROVISIONING"),
        "activeServicesCount": 0,
    }


@operation("ecs", "CreateCluster")
def create_cluster(call: Call, *, clusterName: str = DEFAULT) -> Answer:
    """Make a cluster; one that is there is answered as it is."""
    if clusterName not in clusters(call):
        clusters(call)[clusterName] = call.now_ms
    return {"cluster": _cluster(call, clusterName)}


@operation("ecs", "DescribeClusters", readonly=True)
def describe_clusters(call: Call, *, clusters: Sequence[str] = (DEFAULT,)) -> Answer:
    """Clusters by name or ARN; what is missing is told."""
    names = [each.rsplit("/", 1)[-1] for each in clusters]
    known = call.table("clusters")
    missing = [{"arn": cluster_arn(call, name), "reason": "MISSING"} for name in names if name not in known]
    return {"clusters": [_cluster(call, name) for name in names if name in known], "failures": missing}


@operation("ecs", "ListClusters", readonly=True)
def list_clusters(call: Call) -> Answer:
    """All clusters, in one page."""
    return {"clusterArns": [cluster_arn(call, name) for name in sorted(clusters(call))]}


@operation("ecs", "DeleteCluster")
def delete_cluster(call: Call, *, cluster: str) -> Answer:
    """Delete a cluster that runs no tasks."""
    name = cluster_of(call, cluster)
    if any(key[0] == name and task.status != "STOPPED" for key, task in tasks(call).items()):
        raise AwsError(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    shown = _cluster(call, name) | {"status": "INACTIVE"}
    del clusters(call)[name]
    return {"cluster": shown}


# Task definitions ----------------------------------------------------------------------------------------------------------


@operation("ecs", "RegisterTaskDefinition")
def register_task_definition(
    call: Call,
    *,
    family: str,
    containerDefinitions: Sequence[Params],
    executionRoleArn: str | None = None,
    taskRoleArn: str | None = None,
    networkMode: str = "awsvpc",
    requiresCompatibilities: Sequence[str] = ("FARGATE",),
    cpu: str = "256",
    memory: str = "512",
) -> Answer:
    """Register the next revision of a family."""
    if list(requiresCompatibilities) != ["FARGATE"] or networkMode != "awsvpc":
        raise NotModelled(
            f"ecs: {requiresCompatibilities} with {networkMode}", "Tasks run on FARGATE, with awsvpc."
        )
    if not containerDefinitions:
        raise AwsError("ClientException", "Container list cannot be empty.")
    containers = tuple(_container(each) for each in containerDefinitions)
    if any(each.logging for each in containers) and executionRoleArn is None:
        raise AwsError(
            "ClientException",
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        )
    known = [each.revision for (of, _), each in definitions(call).items() if of == family]
    made = Definition(
        family, max(known, default=0) + 1, containers, executionRoleArn, taskRoleArn, cpu, memory, call.now_ms
    )
    definitions(call)[family, made.revision] = made
    return {"taskDefinition": _shown(call, made)}


def _container(given: Params) -> Container:
    known = {"name", "image", "essential", "command", "logConfiguration"}
    if extra := sorted(given.keys() - known):
        raise NotModelled(f"ecs: {', '.join(extra)} of a container", f"Modeled: {', '.join(sorted(known))}.")
    if not given.get("name") or not given.get("image"):
        raise AwsError("ClientException", "Container.name and Container.image should not be null or empty.")
    logging = given.get("logConfiguration")
    return Container(
        given["name"],
        given["image"],
        given.get("essential", True),
        tuple(given.get("command", ())),
        None if logging is None else _logging(logging),
    )


def _logging(given: Params) -> Logging:
    if given["logDriver"] != "awslogs" or given.get("secretOptions"):
        raise NotModelled(
            f"ecs: the log driver {given['logDriver']}", "Modeled: awslogs, without secret options."
        )
    options = given.get("options", {})
    if extra := sorted(options.keys() - OPTIONS):
        raise NotModelled(
            f"ecs: the log option {', '.join(extra)}", f"Modeled: {', '.join(sorted(OPTIONS))}."
        )
    for name in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
        if not options.get(name):
            raise AwsError("ClientException", f"Log driver awslogs requires options: {name}")
    if options.get("mode", "blocking") not in ("blocking", "non-blocking"):
        raise AwsError("ClientException", f"Invalid value for the log option mode: {options['mode']}")
    return Logging(
        options["awslogs-group"],
        options["awslogs-region"],
        options["awslogs-stream-prefix"],
        options.get("awslogs-create-group", "false") == "true",
    )


def _shown(call: Call, made: Definition) -> Answer:
    told: dict[str, Any] = {
        "taskDefinitionArn": definition_arn(call, made.family, made.revision),
        "family": made.family,
        "revision": made.revision,
        "status": "ACTIVE" if made.active else "INACTIVE",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": made.cpu,
        "memory": made.memory,
        "registeredAt": to_datetime(made.registered_ms),
        "containerDefinitions": [_described(each) for each in made.containers],
    }
    roles = {"executionRoleArn": made.execution_role, "taskRoleArn": made.task_role}
    return told | {name: value for name, value in roles.items() if value}


def _described(container: Container) -> Answer:
    told: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "essential": container.essential,
    }
    if container.command:
        told["command"] = list(container.command)
    logging = container.logging
    if logging is not None:
        options = {
            "awslogs-group": logging.group,
            "awslogs-region": logging.region,
            "awslogs-stream-prefix": logging.prefix,
        }
        if logging.create:
            options["awslogs-create-group"] = "true"
        told["logConfiguration"] = {"logDriver": "awslogs", "options": options}
    return told


@operation("ecs", "DescribeTaskDefinition", readonly=True)
def describe_task_definition(call: Call, *, taskDefinition: str) -> Answer:
    """One revision, the newest unless told."""
    return {"taskDefinition": _shown(call, definition_of(call, taskDefinition))}


@operation("ecs", "ListTaskDefinitions", readonly=True)
def list_task_definitions(call: Call, *, familyPrefix: str | None = None, status: str = "ACTIVE") -> Answer:
    """The ARNs of revisions, in one page."""
    found = [
        definition_arn(call, *key)
        for key, each in sorted(definitions(call).items())
        if familyPrefix in (None, each.family) and each.active == (status == "ACTIVE")
    ]
    return {"taskDefinitionArns": found}


@operation("ecs", "DeregisterTaskDefinition")
def deregister_task_definition(call: Call, *, taskDefinition: str) -> Answer:
    """Mark a revision as inactive; its tasks run on."""
    made = replace(definition_of(call, taskDefinition), active=False)
    definitions(call)[made.family, made.revision] = made
    return {"taskDefinition": _shown(call, made)}
