"""Stages: where and what they log. The account's CloudWatch role, without which no stage logs.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.apigateway import logging
from cwlab.services.apigateway.common import Answer, Params, api_of, bad, declare, missing, stages
from cwlab.services.apigateway.logformat import problem
from cwlab.services.apigateway.records import Stage
from cwlab.timeline import to_datetime

LEVELS = ("OFF", "ERROR", "INFO")
DESTINATION = "/accessLogSettings/destinationArn"
FORMAT = "/accessLogSettings/format"
LEVEL = "/*/*/logging/loglevel"
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"


def stage_of(call: Call, api_id: str, name: str) -> Stage:
    """A stage.

    Raises:
        AwsError: there is none.
    """
    api_of(call, api_id)
    found: Stage | None = stages(call).get((api_id, name))
    if found is None:
        raise missing("stage")
    return found


def _shown(stage: Stage) -> Answer:
    told: Answer = {
        "deploymentId": stage.deployment,
        "stageName": stage.name,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": to_datetime(stage.created_ms),
        "lastUpdatedDate": to_datetime(stage.updated_ms),
    }
    if stage.description is not None:
        told["description"] = stage.description
    if stage.variables:
        told["variables"] = dict(stage.variables)
    if stage.destination or stage.format:
        told["accessLogSettings"] = {
            name: value
            for name, value in (("destinationArn", stage.destination), ("format", stage.format))
            if value
        }
    if stage.level != "OFF":
        told["methodSettings"] = {
            "*/*": {"loggingLevel": stage.level, "metricsEnabled": False, "dataTraceEnabled": False}
        }
    return told


@declare("CreateStage", "POST", "/restapis/{restApiId}/stages")
def create_stage(
    call: Call,
    *,
    restApiId: str,
    stageName: str,
    deploymentId: str,
    description: str | None = None,
    variables: Params | None = None,
) -> Answer:
    """Make a stage that serves a deployment."""
    api = api_of(call, restApiId)
    resources = call.table("deployments").get((api.id, deploymentId))
    if resources is None:
        raise bad("Deployment id does not exist")
    if (api.id, stageName) in stages(call):
        raise AwsError("ConflictException", "Stage already exists", 409)
    given = tuple(sorted((variables or {}).items()))
    stage = Stage(api.id, stageName, deploymentId, call.now_ms, call.now_ms, resources, description, given)
    stages(call)[api.id, stageName] = stage
    return _shown(stage)


@declare("GetStage", "GET", "/restapis/{restApiId}/stages/{stageName}")
def get_stage(call: Call, *, restApiId: str, stageName: str) -> Answer:
    """One stage."""
    return _shown(stage_of(call, restApiId, stageName))


@declare("GetStages", "GET", "/restapis/{restApiId}/stages")
def get_stages(call: Call, *, restApiId: str) -> Answer:
    """An API's stages."""
    api = api_of(call, restApiId)
    return {"item": [_shown(stage) for key, stage in sorted(stages(call).items()) if key[0] == api.id]}


@declare("DeleteStage", "DELETE", "/restapis/{restApiId}/stages/{stageName}")
def delete_stage(call: Call, *, restApiId: str, stageName: str) -> None:
    """Delete a stage; its logs stay."""
    del stages(call)[restApiId, stage_of(call, restApiId, stageName).name]


@declare("UpdateStage", "PATCH", "/restapis/{restApiId}/stages/{stageName}")
def update_stage(
    call: Call, *, restApiId: str, stageName: str, patchOperations: Sequence[Params] = ()
) -> Answer:
    """Change a stage by patches: ``/accessLogSettings/destinationArn``, ``/accessLogSettings/format``,
    ``/*/*/logging/loglevel``, ``/description``, ``/deploymentId``."""
    stage = stage_of(call, restApiId, stageName)
    for patch in patchOperations:
        stage = _patched(call, stage, patch["op"], patch["path"], patch.get("value", ""))
    if (stage.destination or stage.format or stage.level != "OFF") and logging.role(call) is None:
        raise bad(NO_ROLE)
    if stage.destination and stage.format:
        _try(call, stage)
    stage = replace(stage, updated_ms=call.now_ms)
    stages(call)[stage.api, stage.name] = stage
    return _shown(stage)


def _patched(call: Call, stage: Stage, op: str, path: str, value: str) -> Stage:
    if op == "remove" and path == "/accessLogSettings":
        return replace(stage, destination=None, format=None)
    if op != "replace":
        raise NotModelled(f"apigateway: a patch with op {op!r} on {path}", 'Give op="replace".')
    if path == DESTINATION:
        return replace(stage, destination=_group(call, value))
    if path == FORMAT:
        wrong = problem(value)
        if wrong is not None:
            raise bad(wrong)
        return replace(stage, format=value)
    if path == LEVEL:
        if value not in LEVELS:
            raise bad(f"Invalid log level: {value}. Must be one of {', '.join(LEVELS)}")
        return replace(stage, level=value)
    if path == "/description":
        return replace(stage, description=value)
    if path == "/deploymentId":
        resources = call.table("deployments").get((stage.api, value))
        if resources is None:
            raise bad("Deployment id does not exist")
        return replace(stage, deployment=value, resources=resources)
    known = f"{DESTINATION}, {FORMAT}, {LEVEL}, /description, /deploymentId"
    raise NotModelled(f"apigateway: the patch path {path}", f"Modeled: {known}.")


def _group(call: Call, value: str) -> str:
    """The ARN of a log group, without ``:*``."""
    if value.startswith("arn:aws:firehose:"):
        raise NotModelled("apigateway: access logs to Firehose", "Give a log group's ARN.")
    arn = value.removesuffix(":*")
    if not arn.startswith(f"arn:aws:logs:{call.region}:{call.account}:log-group:"):
        raise bad(
            f"Invalid ARN specified in the request. ARNs must start with 'arn:aws:logs:{call.region}': {value}"
        )
    return arn


def _try(call: Call, stage: Stage) -> None:
    """API Gateway tries whether the account's role may write to the group."""
    try:
        logging.prepare(call, logging.group_of(stage), logging.access_stream(stage))
    except AwsError as refused:
        error = bad("Insufficient permissions to enable logging")
        error.add_note(str(refused))
        raise error from refused


# The account ---------------------------------------------------------------------------------------------------------------


def _account(call: Call) -> Answer:
    told: dict[str, Any] = {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    arn = logging.role(call)
    return told | ({"cloudwatchRoleArn": arn} if arn else {})


@declare("GetAccount", "GET", "/account")
def get_account(call: Call) -> Answer:
    """The account's settings in this Region."""
    return _account(call)


@declare("UpdateAccount", "PATCH", "/account")
def update_account(call: Call, *, patchOperations: Sequence[Params] = ()) -> Answer:
    """Set ``/cloudwatchRoleArn``: the role with which API Gateway writes logs, in this Region."""
    for patch in patchOperations:
        if patch["path"] != "/cloudwatchRoleArn" or patch["op"] not in ("replace", "add", "remove"):
            raise NotModelled(
                f"apigateway: the patch {patch['op']} {patch['path']}", "Modeled: /cloudwatchRoleArn."
            )
        value = patch.get("value", "") if patch["op"] != "remove" else ""
        if value:
            try:
                call.world.service_session(value, logging.SERVICE, "apigateway")
            except AwsError as refused:
                error = bad(
                    "The role ARN does not have required permissions configured. Please grant trust permission for "
                    "API Gateway and add the required role policy."
                )
                error.add_note(str(refused))
                raise error from refused
        call.table("account")["role"] = value or None
    return _account(call)
