"""Names and ARNs of ECS, and finding what a request names."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.ecs.records import Definition, Task
from cwlab.table import Table

DEFAULT = "default"
Answer = dict[str, Any]
Params = dict[str, Any]


def clusters(call: Call) -> Table:
    return call.table("clusters")


def definitions(call: Call) -> Table:
    return call.table("definitions")


def tasks(call: Call) -> Table:
    return call.table("tasks")


def cluster_arn(call: Call, name: str) -> str:
    return arn("ecs", call.region, call.account, f"cluster/{name}")


def definition_arn(call: Call, family: str, revision: int) -> str:
    return arn("ecs", call.region, call.account, f"task-definition/{family}:{revision}")


def task_arn(call: Call, task: Task) -> str:
    return arn("ecs", call.region, call.account, f"task/{task.cluster}/{task.id}")


def cluster_of(call: Call, given: str | None) -> str:
    """The name of a cluster given by name or ARN; the default one where none is.

    Raises:
        AwsError: there is none.
    """
    name = (given or DEFAULT).rsplit("/", 1)[-1]
    if name not in clusters(call):
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return name


def definition_of(call: Call, given: str) -> Definition:
    """A task definition given as family, family:revision or ARN; the newest active one of a family.

    Raises:
        AwsError: there is none.
    """
    family, _, number = given.rsplit("/", 1)[-1].partition(":")
    known = [each for (of, _), each in sorted(definitions(call).items()) if of == family]
    if number:
        known = [each for each in known if str(each.revision) == number]
    else:
        known = [each for each in known if each.active]
    if not known:
        raise AwsError("ClientException", "Unable to describe task definition.")
    found: Definition = known[-1]
    return found


def task_of(call: Call, cluster: str, given: str) -> Task | None:
    """A task of a cluster, by id or ARN."""
    found: Task | None = tasks(call).get((cluster, given.rsplit("/", 1)[-1]))
    return found
