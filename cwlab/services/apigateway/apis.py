"""REST APIs: their resources, methods and integrations, and deployments. Source: API Gateway API Reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.apigateway.common import (
    LETTERS,
    Answer,
    Params,
    api_of,
    apis,
    bad,
    declare,
    missing,
    resource_of,
    stages,
)
from cwlab.services.apigateway.records import Api, Method, Resource, Stage
from cwlab.timeline import to_datetime

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
INTEGRATIONS = ("MOCK", "AWS_PROXY")
LAMBDA = ":lambda:path/2015-03-31/functions/"


def _shown(api: Api) -> Answer:
    told: Answer = {
        "id": api.id,
        "name": api.name,
        "createdDate": to_datetime(api.created_ms),
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"]},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": api.resources[0].id,
    }
    return told | ({"description": api.description} if api.description is not None else {})


@declare("CreateRestApi", "POST", "/restapis")
def create_rest_api(call: Call, *, name: str, description: str | None = None) -> Answer:
    """Make an API with its root resource."""
    api_id = call.unique("", 10, LETTERS)
    root = Resource(call.unique("", 10, LETTERS), None, "", "/")
    apis(call)[api_id] = Api(api_id, name, description, call.now_ms, (root,))
    return _shown(apis(call)[api_id])


@declare("GetRestApi", "GET", "/restapis/{restApiId}")
def get_rest_api(call: Call, *, restApiId: str) -> Answer:
    """One API."""
    return _shown(api_of(call, restApiId))


@declare("GetRestApis", "GET", "/restapis")
def get_rest_apis(call: Call) -> Answer:
    """All APIs of the account and Region, in one page."""
    return {"items": [_shown(api) for _, api in sorted(apis(call).items())]}


@declare("DeleteRestApi", "DELETE", "/restapis/{restApiId}")
def delete_rest_api(call: Call, *, restApiId: str) -> None:
    """Delete an API with its stages; their logs stay."""
    api = api_of(call, restApiId)
    for key in [key for key in stages(call) if key[0] == api.id]:
        del stages(call)[key]
    del apis(call)[api.id]


# Resources and methods ---------------------------------------------------------------------------------------------------


def _resource(found: Resource) -> Answer:
    told: Answer = {"id": found.id, "path": found.path}
    if found.parent is not None:
        told |= {"parentId": found.parent, "pathPart": found.part}
    if found.methods:
        told["resourceMethods"] = {method.verb: {} for method in found.methods}
    return told


def _put(call: Call, api: Api, changed: Resource) -> None:
    kept = tuple(changed if each.id == changed.id else each for each in api.resources)
    apis(call)[api.id] = replace(api, resources=kept)


@declare("GetResources", "GET", "/restapis/{restApiId}/resources")
def get_resources(call: Call, *, restApiId: str) -> Answer:
    """An API's resources, in one page."""
    found = sorted(api_of(call, restApiId).resources, key=lambda each: each.path)
    return {"items": [_resource(each) for each in found]}


@declare("CreateResource", "POST", "/restapis/{restApiId}/resources/{parentId}")
def create_resource(call: Call, *, restApiId: str, parentId: str, pathPart: str) -> Answer:
    """Add a path below another: ``orders``, ``{id}``, ``{proxy+}``."""
    api = api_of(call, restApiId)
    parent = resource_of(api, parentId)
    if "/" in pathPart or not pathPart:
        raise bad(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            "beginning and the end."
        )
    path = f"{parent.path.rstrip('/')}/{pathPart}"
    if any(each.path == path for each in api.resources):
        raise AwsError(
            "ConflictException",
            f"Another resource with the same parent already has this name: {pathPart}",
            409,
        )
    made = Resource(call.unique("", 6, LETTERS), parent.id, pathPart, path)
    apis(call)[api.id] = replace(api, resources=(*api.resources, made))
    return _resource(made)


def _method(found: Resource, verb: str) -> Method:
    method = next((each for each in found.methods if each.verb == verb), None)
    if method is None:
        raise missing("Method")
    return method


@declare("PutMethod", "PUT", "/restapis/{restApiId}/resources/{resourceId}/methods/{httpMethod}")
def put_method(
    call: Call,
    *,
    restApiId: str,
    resourceId: str,
    httpMethod: str,
    authorizationType: str,
    apiKeyRequired: bool = False,
) -> Answer:
    """Let a resource take a method."""
    if authorizationType != "NONE" or apiKeyRequired:
        raise NotModelled(f"apigateway: authorizationType {authorizationType}, API keys", "Give NONE.")
    if httpMethod not in VERBS:
        raise bad(f"Invalid HTTP method specified: {httpMethod}")
    api = api_of(call, restApiId)
    found = resource_of(api, resourceId)
    kept = tuple(each for each in found.methods if each.verb != httpMethod)
    _put(call, api, replace(found, methods=(*kept, Method(httpMethod))))
    return {"httpMethod": httpMethod, "authorizationType": "NONE", "apiKeyRequired": False}


@declare(
    "PutIntegration", "PUT", "/restapis/{restApiId}/resources/{resourceId}/methods/{httpMethod}/integration"
)
def put_integration(
    call: Call,
    *,
    restApiId: str,
    resourceId: str,
    httpMethod: str,
    type: str,
    integrationHttpMethod: str | None = None,
    uri: str | None = None,
) -> Answer:
    """Put something behind a method: MOCK, or AWS_PROXY with a function's invocation URI."""
    if type not in INTEGRATIONS:
        raise NotModelled(f"apigateway: integration type {type}", f"Modeled: {', '.join(INTEGRATIONS)}.")
    if type == "AWS_PROXY":
        if integrationHttpMethod is None:
            raise bad("Enumeration value for HttpMethod must be non-empty")
        if uri is None or LAMBDA not in uri or not uri.endswith("/invocations"):
            raise bad("Invalid ARN specified in the request")
    api = api_of(call, restApiId)
    found = resource_of(api, resourceId)
    changed = replace(_method(found, httpMethod), integration=type, uri=uri)
    kept = tuple(changed if each.verb == httpMethod else each for each in found.methods)
    _put(call, api, replace(found, methods=kept))
    told: dict[str, Any] = {"type": type, "timeoutInMillis": 29_000, "passthroughBehavior": "WHEN_NO_MATCH"}
    told |= {"httpMethod": integrationHttpMethod} if integrationHttpMethod else {}
    return told | ({"uri": uri} if uri else {})


# Deployments ----------------------------------------------------------------------------------------------------------------


@declare("CreateDeployment", "POST", "/restapis/{restApiId}/deployments")
def create_deployment(
    call: Call,
    *,
    restApiId: str,
    stageName: str | None = None,
    description: str | None = None,
    variables: Params | None = None,
) -> Answer:
    """Freeze an API as it is; with ``stageName`` that stage serves it from now on, and is made where it is not there."""
    api = api_of(call, restApiId)
    methods = [method for each in api.resources for method in each.methods]
    if not methods:
        raise bad("The REST API doesn't contain any methods")
    if any(method.integration is None for method in methods):
        raise bad("No integration defined for method")
    deployment = call.unique("", 6, LETTERS)
    call.table("deployments")[api.id, deployment] = api.resources
    if stageName is not None:
        had: Stage | None = stages(call).get((api.id, stageName))
        given = tuple(sorted((variables or {}).items()))
        if had is None:
            made = Stage(
                api.id, stageName, deployment, call.now_ms, call.now_ms, api.resources, variables=given
            )
        else:
            made = replace(had, deployment=deployment, updated_ms=call.now_ms, resources=api.resources)
        stages(call)[api.id, stageName] = made
    told: Answer = {"id": deployment, "createdDate": call.now}
    return told | ({"description": description} if description is not None else {})
