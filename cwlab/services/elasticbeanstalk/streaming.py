"""Log streaming: each file of an instance to a group of its own, the stream named after the instance.

The platform has the CloudWatch agent on its instances and writes its configuration; what comes into the files arrives as the
agent sends it. The verb ``log`` is the short way, without a file and at once.

Source: Elastic Beanstalk Developer Guide, "Using Elastic Beanstalk with Amazon CloudWatch Logs".
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cwlab.api import WORLD, Call, Principal, Request, service_principal, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.elasticbeanstalk.records import Environment

SERVICE = "elasticbeanstalk.amazonaws.com"
FILES = (
    "/var/log/eb-engine.log",
    "/var/log/nginx/access.log",
    "/var/log/nginx/error.log",
    "/var/log/web.stdout.log",
)
"""What an environment of the newer Linux platforms streams."""


@verb("elasticbeanstalk", "log")
def log(
    call: Call,
    *,
    environment: str,
    lines: Sequence[str],
    file: str = "/var/log/web.stdout.log",
    instance: str | None = None,
) -> dict[str, Any]:
    """An instance of an environment writes lines to one of its files, now.

    Args:
        environment: its name.
        file: one of ``FILES``.
        instance: its id; the first unless told.

    Returns:
        ``logged``: whether CloudWatch Logs took them.

    Raises:
        BadInput: there is no such running environment, instance or file.
    """
    found: Environment | None = call.table("environments").get(environment)
    if found is None or found.status != "Ready":
        raise BadInput(environment, "is not an environment that runs.", "Make one, and advance the lab.")
    if file not in FILES:
        raise BadInput(file, "is not a file that is streamed.", f"There are {', '.join(FILES)}.")
    which = found.instances[0] if instance is None else instance
    if which not in found.instances:
        raise BadInput(which, "is not of this environment.", f"It has {', '.join(found.instances)}.")
    if not found.stream:
        return {"logged": False}
    events = [{"timestamp": call.now_ms, "message": text} for text in lines if text]
    asked = {"logGroupName": group_name(found, file), "logStreamName": which, "logEvents": events}
    try:
        _ask(call, _role(call, found, which), "PutLogEvents", asked)
    except AwsError:
        return {"logged": False}
    return {"logged": True}


def group_name(environment: Environment, file: str) -> str:
    """``/aws/elasticbeanstalk/NAME/var/log/…``."""
    return f"/aws/elasticbeanstalk/{environment.name}{file}"


def set_up(call: Call, environment: Environment) -> None:
    """Elastic Beanstalk makes the groups and sets how long they keep events; the instances make their streams.

    Raises:
        AwsError: their role may not.
    """
    for instance in environment.instances:
        role = _role(call, environment, instance)
        for file in FILES:
            named = {"logGroupName": group_name(environment, file)}
            _ask(call, service_principal(SERVICE), "CreateLogGroup", named)
            kept = named | {"retentionInDays": environment.retention_days}
            _ask(call, service_principal(SERVICE), "PutRetentionPolicy", kept)
            _ask(call, role, "CreateLogStream", named | {"logStreamName": instance})


def start_agents(call: Call, environment: Environment) -> None:
    """Each instance's agent collects the files from now on. One on an instance that is off does not start."""
    for instance in environment.instances:
        files = [
            {"file_path": file, "log_group_name": group_name(environment, file), "log_stream_name": instance}
            for file in FILES
        ]
        config = {"logs": {"logs_collected": {"files": {"collect_list": files}}}}
        given = {"source": instance, "config": config}
        depth = call.request.depth + 1
        with suppress(BadInput):
            call.world.door(
                Request(
                    "hosts", "agent_start", given, WORLD, call.account, call.region, kind="verb", depth=depth
                )
            )


def _role(call: Call, environment: Environment, instance: str) -> Principal:
    """The instance's own role."""
    asked = {"InstanceProfileName": environment.profile or ""}
    roles = call.invoke("iam", "GetInstanceProfile", asked, service_principal=SERVICE)["InstanceProfile"][
        "Roles"
    ]
    if not roles:
        raise AwsError("AccessDenied", "The instance profile has no role.", 403)
    return call.world.service_session(roles[0]["Arn"], "ec2.amazonaws.com", instance)


def _ask(call: Call, who: Principal, operation: str, params: dict[str, Any]) -> None:
    try:
        call.world.door(
            Request("logs", operation, params, who, call.account, call.region, depth=call.request.depth + 1)
        )
    except AwsError as problem:
        if problem.code != "ResourceAlreadyExistsException":
            raise
