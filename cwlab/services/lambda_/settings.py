"""A function's settings beside its code: concurrency, asynchronous invocation, tags; and the account's limits."""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.arn import parse
from cwlab.errors import AwsError, BadInput, NotModelled
from cwlab.services.lambda_.functions import invalid, page
from cwlab.services.lambda_.invoke import CONCURRENCY
from cwlab.services.lambda_.naming import Params, Ref, function, plain_resource, ref, resource, version
from cwlab.services.lambda_.package import UNZIPPED, ZIPPED
from cwlab.services.lambda_.records import LATEST, EventConfig, Function
from cwlab.timeline import to_datetime

UNRESERVED = 100  # of the account's concurrency, always left to functions without a reservation
DESTINATIONS = ("sqs", "sns", "lambda", "events")

# -- concurrency -----------------------------------------------------------------------------------------------


@operation("lambda", "PutFunctionConcurrency", resource=plain_resource)
def put_function_concurrency(call: Call, *, FunctionName: str, ReservedConcurrentExecutions: int) -> Params:
    """Reserve concurrency: so many invocations at once, no more and never fewer. 0 stops the function."""
    where = ref(call, FunctionName)
    found = function(call, where)
    others = sum(f.reserved or 0 for f in call.table("functions").values() if f.name != where.name)
    if ReservedConcurrentExecutions and CONCURRENCY - others - ReservedConcurrentExecutions < UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED}]."
        )
    call.table("functions")[where.name] = replace(found, reserved=ReservedConcurrentExecutions)
    return {"ReservedConcurrentExecutions": ReservedConcurrentExecutions}


@operation("lambda", "GetFunctionConcurrency", resource=plain_resource, readonly=True)
def get_function_concurrency(call: Call, *, FunctionName: str) -> Params:
    reserved = function(call, ref(call, FunctionName)).reserved
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation("lambda", "DeleteFunctionConcurrency", resource=plain_resource)
def delete_function_concurrency(call: Call, *, FunctionName: str) -> None:
    where = ref(call, FunctionName)
    call.table("functions")[where.name] = replace(function(call, where), reserved=None)


# -- asynchronous invocation -----------------------------------------------------------------------------------


def _show(where: Ref, made: EventConfig) -> Params:
    destinations: Params = {
        "OnSuccess": {"Destination": made.on_success} if made.on_success else {},
        "OnFailure": {"Destination": made.on_failure} if made.on_failure else {},
    }
    answer: Params = {
        "LastModified": to_datetime(made.modified_ms),
        "FunctionArn": f"{where.plain_arn}:{where.qualifier or LATEST}",
        "DestinationConfig": destinations,
    }
    if made.retries is not None:
        answer["MaximumRetryAttempts"] = made.retries
    if made.max_age_s is not None:
        answer["MaximumEventAgeInSeconds"] = made.max_age_s
    return answer


def _destinations(given: Params | None) -> tuple[str | None, str | None]:
    found: list[str | None] = []
    for name in ("OnSuccess", "OnFailure"):
        target = ((given or {}).get(name) or {}).get("Destination") or None
        if target is not None:
            try:
                service = parse(target).service
            except BadInput:
                service = ""
            if service == "s3":
                raise NotModelled("An S3 bucket as destination", f"Modeled: {', '.join(DESTINATIONS)}.")
            if service not in DESTINATIONS:
                raise invalid(f"The provided destination config DestinationConfig is invalid: {target}.")
        found.append(target)
    return found[0], found[1]


def _config(call: Call, where: Ref) -> EventConfig:
    version(call, where)
    found: EventConfig | None = call.table("event_configs").get((where.name, where.qualifier or ""))
    if found is None:
        shown = f"{where.plain_arn}:{where.qualifier or LATEST}"
        raise AwsError(
            "ResourceNotFoundException", f"The function {shown} doesn't have an EventInvokeConfig", 404
        )
    return found


def _store(call: Call, where: Ref, made: EventConfig) -> Params:
    call.table("event_configs")[where.name, where.qualifier or ""] = made
    return _show(where, made)


@operation("lambda", "PutFunctionEventInvokeConfig", resource=resource)
def put_function_event_invoke_config(
    call: Call,
    *,
    FunctionName: str,
    Qualifier: str | None = None,
    MaximumRetryAttempts: int | None = None,
    MaximumEventAgeInSeconds: int | None = None,
    DestinationConfig: Params | None = None,
) -> Params:
    """How asynchronous invocations are treated; what is left out goes back to its default."""
    where = ref(call, FunctionName, Qualifier)
    version(call, where)
    if MaximumRetryAttempts is None and MaximumEventAgeInSeconds is None and DestinationConfig is None:
        raise invalid("You must specify at least one of error handling or destination setting.")
    made = EventConfig(
        MaximumRetryAttempts, MaximumEventAgeInSeconds, *_destinations(DestinationConfig), call.now_ms
    )
    return _store(call, where, made)


@operation("lambda", "UpdateFunctionEventInvokeConfig", resource=resource)
def update_function_event_invoke_config(
    call: Call,
    *,
    FunctionName: str,
    Qualifier: str | None = None,
    MaximumRetryAttempts: int | None = None,
    MaximumEventAgeInSeconds: int | None = None,
    DestinationConfig: Params | None = None,
) -> Params:
    """As Put, but what is left out stays as it is."""
    where = ref(call, FunctionName, Qualifier)
    found = _config(call, where)
    given = DestinationConfig or {}
    success, failure = _destinations(given)
    changed = EventConfig(
        found.retries if MaximumRetryAttempts is None else MaximumRetryAttempts,
        found.max_age_s if MaximumEventAgeInSeconds is None else MaximumEventAgeInSeconds,
        success if "OnSuccess" in given else found.on_success,
        failure if "OnFailure" in given else found.on_failure,
        call.now_ms,
    )
    return _store(call, where, changed)


@operation("lambda", "GetFunctionEventInvokeConfig", resource=resource, readonly=True)
def get_function_event_invoke_config(
    call: Call, *, FunctionName: str, Qualifier: str | None = None
) -> Params:
    where = ref(call, FunctionName, Qualifier)
    return _show(where, _config(call, where))


@operation("lambda", "DeleteFunctionEventInvokeConfig", resource=resource)
def delete_function_event_invoke_config(
    call: Call, *, FunctionName: str, Qualifier: str | None = None
) -> None:
    where = ref(call, FunctionName, Qualifier)
    _config(call, where)
    del call.table("event_configs")[where.name, where.qualifier or ""]


@operation("lambda", "ListFunctionEventInvokeConfigs", resource=plain_resource, readonly=True)
def list_function_event_invoke_configs(
    call: Call, *, FunctionName: str, Marker: str | None = None, MaxItems: int = 50
) -> Params:
    where = ref(call, FunctionName)
    function(call, where)
    held = [
        _show(where._replace(qualifier=qualifier or None), each)
        for (name, qualifier), each in call.table("event_configs").items()
        if name == where.name
    ]
    return page(held, "FunctionEventInvokeConfigs", Marker, MaxItems)


# -- tags ------------------------------------------------------------------------------------------------------


def _tagged(call: Call, resource_arn: str) -> tuple[Ref, Function]:
    where = ref(call, resource_arn)
    if where.qualifier is not None:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return where, function(call, where)


def _retag(call: Call, where: Ref, found: Function, tags: dict[str, str]) -> None:
    if len(tags) > 50:
        raise invalid("Too many tags: a function has at most 50.")
    call.table("functions")[where.name] = replace(found, tags=tuple(sorted(tags.items())))


@operation("lambda", "TagResource", resource=lambda call, p: p["Resource"])
def tag_resource(call: Call, *, Resource: str, Tags: dict[str, str]) -> None:
    where, found = _tagged(call, Resource)
    _retag(call, where, found, dict(found.tags) | Tags)


@operation("lambda", "UntagResource", resource=lambda call, p: p["Resource"])
def untag_resource(call: Call, *, Resource: str, TagKeys: list[str]) -> None:
    where, found = _tagged(call, Resource)
    _retag(call, where, found, {k: v for k, v in found.tags if k not in TagKeys})


@operation("lambda", "ListTags", resource=lambda call, p: p["Resource"], readonly=True)
def list_tags(call: Call, *, Resource: str) -> Params:
    return {"Tags": dict(_tagged(call, Resource)[1].tags)}


# -- the account -----------------------------------------------------------------------------------------------


@operation("lambda", "GetAccountSettings", readonly=True)
def get_account_settings(call: Call) -> Params:
    functions: list[Function] = list(call.table("functions").values())
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": UNZIPPED,
            "CodeSizeZipped": ZIPPED,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - sum(f.reserved or 0 for f in functions),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(len(v.package) for f in functions for v in (f.latest, *f.versions)),
            "FunctionCount": len(functions),
        },
    }
