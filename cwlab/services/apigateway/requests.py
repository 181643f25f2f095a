"""Requests to a stage. They are no AWS API, so they are verbs: a customer somewhere calls the API.

    lab.act("apigateway", "request", api=api, stage="prod", method="GET", path="/orders/7", ip="203.0.113.9")

``request`` runs the integration, a Lambda function say. ``traffic`` only tells what came and how it ended, for requests by
the thousand: the shop's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.errors import AwsError, BadInput
from cwlab.services.apigateway import logging
from cwlab.services.apigateway.logformat import line
from cwlab.services.apigateway.records import Method, Resource, Stage
from cwlab.services.apigateway.stages import stage_of
from cwlab.timeline import MINUTE, to_datetime

Answer = dict[str, Any]
Values = dict[str, Any]
OVERHEAD_MS = 12  # API Gateway's own part of a request
AGENT = "Mozilla/5.0"


@verb("apigateway", "request")
def request(
    call: Call,
    *,
    api: str,
    stage: str,
    method: str = "GET",
    path: str = "/",
    ip: str = "203.0.113.9",
    agent: str = AGENT,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> Answer:
    """One request, now.

    Args:
        api, stage: the REST API's id, and the stage's name.
        path: below the stage, as ``/orders/7``.
        ip: the customer's.

    Returns:
        ``status``, ``body``, ``headers``, ``requestId``, and ``logged``: which logs got lines (access, execution).

    Raises:
        AwsError: there is no such API or stage.
    """
    at = stage_of(call, api, stage)
    found, matched = _match(at, method, path)
    values = _values(call, at, call.now_ms, method, path, found, ip, agent)
    status, text, more, integration = _integrate(call, at, found, matched, values, headers or {}, body)
    values |= integration | {"status": status, "responseLength": len(text.encode())}
    values["responseLatency"] = values.get("integrationLatency", 0) + OVERHEAD_MS
    logged = _write(call, at, [(call.now_ms, values)])
    return {
        "status": status,
        "body": text,
        "headers": more,
        "requestId": values["requestId"],
        "logged": logged,
    }


@verb("apigateway", "traffic")
def traffic(call: Call, *, api: str, stage: str, requests: Sequence[Sequence[Any]]) -> None:
    """Requests that will come: (when in ms since 1970, method, path, status, latency in ms, ip) each.

    They are logged minute by minute; no integration runs.

    Raises:
        AwsError: there is no such API or stage.
        BadInput: an instant that is past.
    """
    stage_of(call, api, stage)
    minutes: dict[int, list[tuple[Any, ...]]] = {}
    for each in requests:
        at_ms = int(each[0])
        if at_ms < call.now_ms:
            raise BadInput(at_ms, f"lies before now ({call.now_ms}).", "Give instants to come.")
        minutes.setdefault(at_ms // MINUTE, []).append((at_ms, *each[1:]))
    for minute, rows in sorted(minutes.items()):
        call.schedule((minute + 1) * MINUTE, "log", api=api, stage=stage, requests=tuple(sorted(rows)))


@handler("apigateway", "log")
def log(call: Call, *, api: str, stage: str, requests: Sequence[Sequence[Any]]) -> None:
    """The requests of the minute that ends now."""
    at: Stage | None = call.table("stages").get((api, stage))
    if at is None:
        return
    rows = []
    for at_ms, method, path, status, latency_ms, ip in requests:
        found, _ = _match(at, method, path)
        values = _values(call, at, at_ms, method, path, found, ip, AGENT)
        values |= {
            "status": status,
            "responseLength": 200 if status < 400 else 40,
            "responseLatency": latency_ms,
        }
        values |= {"integrationLatency": max(latency_ms - OVERHEAD_MS, 0), "integrationStatus": status}
        rows.append((at_ms, values))
    _write(call, at, rows)


# Finding the method ----------------------------------------------------------------------------------------------------------


def _match(stage: Stage, method: str, path: str) -> tuple[Resource | None, Method | None]:
    """The resource a path belongs to, the most literal first, and its method."""
    asked = [part for part in path.partition("?")[0].split("/") if part]
    fitting = [each for each in stage.resources if _fits(each, asked)]
    if not fitting:
        return None, None
    found = min(fitting, key=lambda each: (each.path.count("+}"), each.path.count("{"), -len(each.path)))
    methods = {each.verb: each for each in found.methods}
    return found, methods.get(method, methods.get("ANY"))


def _fits(resource: Resource, asked: list[str]) -> bool:
    own = [part for part in resource.path.split("/") if part]
    if own and own[-1].endswith("+}"):
        own, asked = own[:-1], asked[: len(own) - 1] if len(asked) >= len(own) else []
        if len(asked) < len(own):
            return False
    return len(own) == len(asked) and all(
        a == b or a.startswith("{") for a, b in zip(own, asked, strict=True)
    )


def _values(
    call: Call, stage: Stage, at_ms: int, method: str, path: str, found: Resource | None, ip: str, agent: str
) -> Values:
    h = call.unique("", 32)
    at = to_datetime(at_ms)
    return {
        "requestId": f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}",
        "extendedRequestId": f"{h[:15]}=",
        "accountId": call.account,
        "apiId": stage.api,
        "stage": stage.name,
        "deploymentId": stage.deployment,
        "domainName": f"{stage.api}.execute-api.{call.region}.amazonaws.com",
        "path": f"/{stage.name}{path.partition('?')[0]}",
        "resourceId": found.id if found else None,
        "resourcePath": found.path if found else None,
        "httpMethod": method,
        "protocol": "HTTP/1.1",
        "requestTime": f"{at:%d/%b/%Y:%H:%M:%S} +0000",
        "requestTimeEpoch": at_ms,
        "identity.sourceIp": ip,
        "identity.userAgent": agent,
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
    }


# The integration ---------------------------------------------------------------------------------------------------------------


def _integrate(
    call: Call,
    stage: Stage,
    found: Resource | None,
    method: Method | None,
    values: Values,
    headers: Mapping[str, str],
    body: str | None,
) -> tuple[int, str, dict[str, str], Values]:
    """Status, body, headers, and what the log has to know of the integration."""
    if found is None or method is None:
        text = json.dumps({"message": "Missing Authentication Token"})
        return 403, text, {}, _failed("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
    if method.integration == "MOCK":
        return 200, "", {}, {"integrationStatus": 200, "integrationLatency": 0}
    event = {
        "resource": found.path,
        "path": values["path"].removeprefix(f"/{stage.name}") or "/",
        "httpMethod": values["httpMethod"],
        "headers": dict(headers),
        "queryStringParameters": None,
        "pathParameters": None,
        "requestContext": {
            "accountId": call.account,
            "apiId": stage.api,
            "stage": stage.name,
            "requestId": values["requestId"],
            "identity": {"sourceIp": values["identity.sourceIp"]},
        },
        "body": body,
        "isBase64Encoded": False,
    }
    function = (method.uri or "").split("/functions/")[1].removesuffix("/invocations")
    source = f"arn:aws:execute-api:{call.region}:{call.account}:{stage.api}/{stage.name}/{values['httpMethod']}{found.path}"
    try:
        ran = call.invoke(
            "lambda",
            "Invoke",
            {"FunctionName": function, "Payload": json.dumps(event).encode()},
            service_principal=logging.SERVICE,
            source_arn=source,
        )
    except AwsError as problem:
        return _broken(500, "Internal server error", f"Execution failed: {problem.message}", 500)
    if "FunctionError" in ran:
        return _broken(
            502,
            "Internal server error",
            "Lambda execution failed with status 200 due to customer function error",
            200,
        )
    try:
        told = json.loads(ran["Payload"])
        status = int(told["statusCode"])
    except (ValueError, TypeError, KeyError):
        return _broken(502, "Internal server error", "Malformed Lambda proxy response", 200)
    known = {"integrationStatus": 200, "integration.status": status, "integrationLatency": 20}
    return status, str(told.get("body") or ""), dict(told.get("headers") or {}), known


def _broken(status: int, text: str, why: str, integration: int) -> tuple[int, str, dict[str, str], Values]:
    more = _failed("INTERNAL_SERVER_ERROR" if status == 500 else "DEFAULT_5XX", text)
    more |= {"integrationErrorMessage": why, "integrationStatus": integration, "integrationLatency": 20}
    return status, json.dumps({"message": text}), {}, more


def _failed(kind: str, text: str) -> Values:
    return {"error.message": text, "error.messageString": json.dumps(text), "error.responseType": kind}


# The logs ------------------------------------------------------------------------------------------------------------------------


def _write(call: Call, stage: Stage, rows: list[tuple[int, Values]]) -> list[str]:
    """Write the lines of some requests; returns which logs got them."""
    logged = []
    if stage.destination and stage.format:
        lines = [(at_ms, line(stage.format, values)) for at_ms, values in rows]
        if logging.write(call, logging.group_of(stage), logging.access_stream(stage), lines):
            logged.append("access")
    if stage.level != "OFF":
        streams: dict[str, logging.Lines] = {}
        for at_ms, values in rows:
            stream = logging.execution_stream(stage, values["requestId"])
            streams.setdefault(stream, []).extend((at_ms, text) for text in _execution(stage, values))
        done = [
            logging.write(call, logging.execution_group(stage), stream, lines, make_group=True)
            for stream, lines in sorted(streams.items())
            if lines
        ]
        if any(done):
            logged.append("execution")
    return logged


def _execution(stage: Stage, values: Values) -> list[str]:
    """The execution log of one request: at INFO the story, at ERROR only what went wrong."""
    mark = f"({values['requestId']})"
    failed = int(values["status"]) >= 400
    story = []
    if stage.level == "INFO":
        story = [
            f"{mark} Extended Request Id: {values['extendedRequestId']}",
            f"{mark} Starting execution for request: {values['requestId']}",
            f"{mark} HTTP Method: {values['httpMethod']}, Resource Path: {values['resourcePath'] or '-'}",
        ]
    if failed and values.get("integrationErrorMessage"):
        story.append(
            f"{mark} Execution failed due to configuration error: {values['integrationErrorMessage']}"
        )
    if stage.level == "INFO":
        story += [
            f"{mark} Successfully completed execution"
            if int(values["status"]) < 500
            else f"{mark} Gateway response type: "
            f"{values.get('error.responseType', 'DEFAULT_5XX')} with status code: {values['status']}",
            f"{mark} Method completed with status: {values['status']}",
        ]
    elif failed:
        story.append(f"{mark} Method completed with status: {values['status']}")
    return story
