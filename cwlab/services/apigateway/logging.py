"""Writing log lines, with the account's CloudWatch role."""

from __future__ import annotations

import hashlib
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.apigateway.records import Stage

SERVICE = "apigateway.amazonaws.com"
Lines = list[tuple[int, str]]


def role(call: Call) -> str | None:
    """The account's CloudWatch role in this Region."""
    found: str | None = call.table("account").get("role")
    return found


def group_of(stage: Stage) -> str:
    """The name of a stage's access log group."""
    return (stage.destination or "").split(":", 6)[6]


def execution_group(stage: Stage) -> str:
    """The name of a stage's execution log group, which API Gateway makes itself."""
    return f"API-Gateway-Execution-Logs_{stage.api}/{stage.name}"


def access_stream(stage: Stage) -> str:
    return hashlib.md5(f"{stage.api}/{stage.name}".encode(), usedforsecurity=False).hexdigest()


def execution_stream(stage: Stage, request_id: str) -> str:
    """Execution logs are spread over streams with hashed names."""
    part = hashlib.md5(request_id.encode(), usedforsecurity=False).digest()[0] % 4
    return hashlib.md5(f"{stage.api}/{stage.name}/{part}".encode(), usedforsecurity=False).hexdigest()


def prepare(call: Call, group: str, stream: str, make_group: bool = False) -> None:
    """Make a stream, and the group where API Gateway makes it itself; what is there is as good.

    Raises:
        AwsError: the role may not, or there is no such group.
    """
    names = {"logGroupName": group}
    if make_group:
        _ask(call, "CreateLogGroup", names)
    _ask(call, "CreateLogStream", names | {"logStreamName": stream})


def write(call: Call, group: str, stream: str, lines: Lines, make_group: bool = False) -> bool:
    """Write lines; False when CloudWatch Logs refuses, and they are lost."""
    if role(call) is None or not lines:
        return False
    events = [
        {"timestamp": at_ms, "message": text} for at_ms, text in sorted(lines, key=lambda line: line[0])
    ]
    asked = {"logGroupName": group, "logStreamName": stream, "logEvents": events}
    try:
        try:
            _ask(call, "PutLogEvents", asked)
        except AwsError as problem:
            if problem.code != "ResourceNotFoundException":
                raise
            prepare(call, group, stream, make_group)
            _ask(call, "PutLogEvents", asked)
    except AwsError:
        return False
    return True


def _ask(call: Call, operation: str, params: dict[str, Any]) -> None:
    try:
        call.invoke("logs", operation, params, role=role(call))
    except AwsError as problem:
        if problem.code != "ResourceAlreadyExistsException":
            raise
