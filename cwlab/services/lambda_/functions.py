"""Functions: create, read, update, list, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.services.lambda_ import package
from cwlab.services.lambda_.naming import Params, Ref, function, plain_resource, ref, resource, version
from cwlab.services.lambda_.records import LATEST, Function, Version
from cwlab.timeline import to_datetime

RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
MAX_VARIABLES = 4096  # bytes
MAX_TIMEOUT_S = 900
_RESERVED = frozenset([
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
])  # fmt: skip


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def show(where: Ref, made: Version, qualifier: str | None = None) -> Params:
    """A version as AWS shows it."""
    suffix = "" if made.version == LATEST and qualifier is None else f":{qualifier or made.version}"
    answer: Params = {
        "FunctionName": where.name,
        "FunctionArn": where.plain_arn + suffix,
        "Runtime": made.runtime,
        "Role": made.role,
        "Handler": made.handler,
        "CodeSize": len(made.package),
        "Description": made.description,
        "Timeout": made.timeout_s,
        "MemorySize": made.memory_mb,
        "LastModified": to_datetime(made.modified_ms).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{made.modified_ms % 1000:03d}+0000",
        "CodeSha256": made.sha256,
        "Version": made.version,
        "TracingConfig": {"Mode": made.tracing},
        "RevisionId": made.revision,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [made.architecture],
        "EphemeralStorage": {"Size": made.storage_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{where.name}"},
    }
    if made.variables:
        answer["Environment"] = {"Variables": dict(made.variables)}
    if made.dead_letter:
        answer["DeadLetterConfig"] = {"TargetArn": made.dead_letter}
    return answer


def revision(call: Call) -> str:
    """A new RevisionId."""
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def check_revision(have: str, given: str | None) -> None:
    """Refuse a write that was made looking at something older."""
    if given is not None and given != have:
        raise AwsError(
            "PreconditionFailedException",
            "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
            "retrieve the latest RevisionId",
            412,
        )


def _zip_of(call: Call, code: Params) -> bytes:
    other = sorted(set(code) - {"ZipFile"})
    if other:
        raise NotModelled(f"Code from {', '.join(other)}", "Give the zip itself: Code={'ZipFile': …}.")
    if "ZipFile" not in code:
        raise invalid("Please provide a source for function code.")
    package.check(code["ZipFile"])
    if call.request.depth == 0:
        call.world.brought(package.sha256(code["ZipFile"]))
    return code["ZipFile"]


def _check_role(call: Call, role: str) -> None:
    try:
        call.world.service_session(role, "lambda.amazonaws.com", "lambda")
    except AwsError:
        raise invalid("The role defined for the function cannot be assumed by Lambda.") from None


def _settings(call: Call, given: Params) -> Params:
    """The members of a Version that a request names, checked."""
    out: Params = {}
    if (runtime := given.get("Runtime")) is not None:
        if runtime not in RUNTIMES:
            raise NotModelled(
                f"The runtime {runtime!r}", f"Functions run Python here: {', '.join(RUNTIMES)}."
            )
        out["runtime"] = runtime
    if given.get("Role") is not None:
        _check_role(call, given["Role"])
    if (timeout := given.get("Timeout")) is not None and timeout > MAX_TIMEOUT_S:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{timeout}' at 'timeout' failed to satisfy constraint: Member must "
            f"have value less than or equal to {MAX_TIMEOUT_S}",
        )
    if (memory := given.get("MemorySize")) is not None and memory > 10240:
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240"
        )
    if (environment := given.get("Environment")) is not None:
        out["variables"] = _variables(environment.get("Variables") or {})
    if (letter := given.get("DeadLetterConfig")) is not None:
        target = letter.get("TargetArn") or None
        if target is not None and target.split(":")[2] not in ("sqs", "sns"):
            raise invalid(f"Invalid TargetArn {target}: it must be the ARN of an SQS queue or an SNS topic.")
        out["dead_letter"] = target
    if (tracing := given.get("TracingConfig")) is not None:
        out["tracing"] = tracing.get("Mode", "PassThrough")
    if (storage := given.get("EphemeralStorage")) is not None:
        out["storage_mb"] = storage["Size"]
    if (architectures := given.get("Architectures")) is not None:
        if len(architectures) != 1:
            raise invalid("Architectures list must contain exactly one item")
        out["architecture"] = architectures[0]
    for name, field in (("Role", "role"), ("Handler", "handler"), ("Description", "description"),
                        ("Timeout", "timeout_s"), ("MemorySize", "memory_mb")):  # fmt: skip
        if given.get(name) is not None:
            out[field] = given[name]
    return out


def _variables(variables: dict[str, str]) -> dict[str, str]:
    taken = sorted(set(variables) & _RESERVED)
    if taken:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(taken)}"
        )
    size = sum(len(k.encode()) + len(v.encode()) for k, v in variables.items())
    if size > MAX_VARIABLES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {size}"
        )
    return dict(variables)


@operation("lambda", "CreateFunction", resource=plain_resource)
def create_function(
    call: Call,
    *,
    FunctionName: str,
    Role: str,
    Code: Params,
    Runtime: str | None = None,
    Handler: str | None = None,
    Description: str = "",
    Timeout: int = 3,
    MemorySize: int = 128,
    Publish: bool = False,
    PackageType: str = "Zip",
    DeadLetterConfig: Params | None = None,
    Environment: Params | None = None,
    TracingConfig: Params | None = None,
    Tags: dict[str, str] | None = None,
    Architectures: list[str] | None = None,
    EphemeralStorage: Params | None = None,
) -> Params:
    """Make a function from a zip."""
    where = ref(call, FunctionName)
    if PackageType != "Zip":
        raise NotModelled(f"PackageType {PackageType!r}", "Functions are zips of Python source here.")
    if Runtime is None or Handler is None:
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    if where.name in call.table("functions"):
        raise AwsError("ResourceConflictException", f"Function already exist: {where.name}", 409)
    given = {
        "Runtime": Runtime,
        "Role": Role,
        "Handler": Handler,
        "Description": Description,
        "Timeout": Timeout,
        "MemorySize": MemorySize,
        "DeadLetterConfig": DeadLetterConfig,
        "Environment": Environment,
        "TracingConfig": TracingConfig,
        "Architectures": Architectures,
        "EphemeralStorage": EphemeralStorage,
    }
    zipped = _zip_of(call, Code)
    first: Params = {"storage_mb": 512, "architecture": "x86_64", "variables": {}, "dead_letter": None,
                     "tracing": "PassThrough", **_settings(call, given)}  # fmt: skip
    made = Version(
        version=LATEST,
        package=zipped,
        sha256=package.sha256(zipped),
        modified_ms=call.now_ms,
        revision=revision(call),
        **first,
    )
    made_function = Function(where.name, made, tags=tuple(sorted((Tags or {}).items())))
    call.table("functions")[where.name] = made_function
    return publish(call, where, made_function) if Publish else show(where, made)


def publish(call: Call, where: Ref, found: Function, description: str | None = None) -> Params:
    """Keep $LATEST as a version of its own, unless nothing changed since the last."""
    if found.versions:
        last = found.versions[-1]
        same = replace(last, version=LATEST, revision=found.latest.revision, description=found.latest.description,
                       modified_ms=found.latest.modified_ms)  # fmt: skip
        if same == found.latest:
            return show(where, last, last.version)
    made = replace(
        found.latest,
        version=str(found.next_version),
        description=found.latest.description if description is None else description,
        revision=revision(call),
        modified_ms=call.now_ms,
    )
    call.table("functions")[where.name] = replace(
        found, versions=(*found.versions, made), next_version=found.next_version + 1
    )
    return show(where, made, made.version)


@operation("lambda", "GetFunction", resource=resource, readonly=True)
def get_function(call: Call, *, FunctionName: str, Qualifier: str | None = None) -> Params:
    """A function's configuration, and where its code is."""
    where = ref(call, FunctionName, Qualifier)
    found, made = function(call, where), version(call, where)
    location = (
        f"https://awslambda-{where.region}-tasks.s3.{where.region}.amazonaws.com/snapshots/{where.account}/"
        f"{where.name}-{made.sha256[:8].replace('/', '_')}"
    )
    answer: Params = {
        "Configuration": show(where, made, where.qualifier),
        "Code": {"RepositoryType": "S3", "Location": location},
    }
    if found.tags:
        answer["Tags"] = dict(found.tags)
    if found.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": found.reserved}
    return answer


@operation("lambda", "GetFunctionConfiguration", resource=resource, readonly=True)
def get_function_configuration(call: Call, *, FunctionName: str, Qualifier: str | None = None) -> Params:
    where = ref(call, FunctionName, Qualifier)
    return show(where, version(call, where), where.qualifier)


@operation("lambda", "UpdateFunctionCode", resource=plain_resource)
def update_function_code(
    call: Call,
    *,
    FunctionName: str,
    ZipFile: bytes | None = None,
    Architectures: list[str] | None = None,
    Publish: bool = False,
    DryRun: bool = False,
    RevisionId: str | None = None,
) -> Params:
    where = ref(call, FunctionName)
    found = function(call, where)
    check_revision(found.latest.revision, RevisionId)
    zipped = _zip_of(call, {} if ZipFile is None else {"ZipFile": ZipFile})
    changed = replace(
        found.latest,
        **_settings(call, {"Architectures": Architectures}),
        package=zipped,
        sha256=package.sha256(zipped),
        modified_ms=call.now_ms,
        revision=revision(call),
    )
    if DryRun:
        return show(where, changed)
    found = replace(found, latest=changed)
    call.table("functions")[where.name] = found
    return publish(call, where, found) if Publish else show(where, changed)


@operation("lambda", "UpdateFunctionConfiguration", resource=plain_resource)
def update_function_configuration(
    call: Call,
    *,
    FunctionName: str,
    Role: str | None = None,
    Handler: str | None = None,
    Description: str | None = None,
    Timeout: int | None = None,
    MemorySize: int | None = None,
    Environment: Params | None = None,
    Runtime: str | None = None,
    DeadLetterConfig: Params | None = None,
    TracingConfig: Params | None = None,
    EphemeralStorage: Params | None = None,
    RevisionId: str | None = None,
) -> Params:
    where = ref(call, FunctionName)
    found = function(call, where)
    check_revision(found.latest.revision, RevisionId)
    given: dict[str, Any] = {
        "Role": Role,
        "Handler": Handler,
        "Description": Description,
        "Timeout": Timeout,
        "MemorySize": MemorySize,
        "Environment": Environment,
        "Runtime": Runtime,
        "DeadLetterConfig": DeadLetterConfig,
        "TracingConfig": TracingConfig,
        "EphemeralStorage": EphemeralStorage,
    }
    changed = replace(
        found.latest, **_settings(call, given), modified_ms=call.now_ms, revision=revision(call)
    )
    call.table("functions")[where.name] = replace(found, latest=changed)
    return show(where, changed)


@operation("lambda", "ListFunctions", readonly=True)
def list_functions(
    call: Call, *, FunctionVersion: str | None = None, Marker: str | None = None, MaxItems: int = 50
) -> Params:
    """All functions; with ``FunctionVersion="ALL"`` their published versions too."""
    shown = []
    for found in call.table("functions").values():
        where = Ref(call.account, call.region, found.name, None)
        for each in (found.latest, *(found.versions if FunctionVersion == "ALL" else ())):
            shown.append(show(where, each, each.version if FunctionVersion == "ALL" else None))
    return page(shown, "Functions", Marker, min(MaxItems, 50))


def page(items: list[Params], name: str, marker: str | None, size: int) -> Params:
    """One page of a list; the marker is where the next begins."""
    if marker is not None and not marker.isdigit():
        raise invalid("Invalid Marker provided in the request.")
    start = int(marker or 0)
    answer: Params = {name: items[start : start + size]}
    if start + size < len(items):
        answer["NextMarker"] = str(start + size)
    return answer


@operation("lambda", "DeleteFunction", resource=resource)
def delete_function(call: Call, *, FunctionName: str, Qualifier: str | None = None) -> Params:
    """Delete a function with all that belongs to it, or one published version."""
    where = ref(call, FunctionName, Qualifier)
    found = function(call, where)
    if where.qualifier is not None:
        _delete_version(call, where, found)
        return {"StatusCode": 204}
    del call.table("functions")[where.name]
    for name in ("aliases", "policies", "event_configs"):
        table = call.table(name)
        for key in [key for key in table if key[0] == where.name]:
            del table[key]
    call.table("environments").pop(where.name, None)
    return {"StatusCode": 204}


def _delete_version(call: Call, where: Ref, found: Function) -> None:
    if where.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if (where.name, where.qualifier) in call.table("aliases"):
        raise invalid("Only versions can be deleted by qualifier. Use DeleteAlias for an alias.")
    aliases = [
        a.name
        for k, a in call.table("aliases").items()
        if k[0] == where.name and a.version == where.qualifier
    ]
    if aliases:
        raise AwsError(
            "ResourceConflictException",
            f"Version {where.qualifier} is referenced by alias: {', '.join(aliases)}",
            409,
        )
    kept = tuple(each for each in found.versions if each.version != where.qualifier)
    call.table("functions")[where.name] = replace(found, versions=kept)
