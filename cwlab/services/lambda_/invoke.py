"""Invoke, and one invocation from start to end: environment, source, log, metrics."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from cwlab.api import Call, Principal, Request, operation
from cwlab.errors import AwsError, CodeRefused, CwlabError
from cwlab.services.lambda_ import report
from cwlab.services.lambda_.naming import Params, Ref, function, ref, resource, version
from cwlab.services.lambda_.package import sha256, sources
from cwlab.services.lambda_.permissions import policy_of
from cwlab.services.lambda_.records import Environment, Function, Version
from cwlab.services.lambda_.runtime.run import Outcome, Task, run
from cwlab.timeline import MINUTE, to_datetime

SYNC_LIMIT, ASYNC_LIMIT = 6_291_456, 1_048_576  # bytes of a payload
WARM_MS = 10 * MINUTE  # how long an idle environment is kept
CONCURRENCY = 1000  # of an account in a Region
CHAIN = 16  # invocations inside one another before Lambda calls it a loop
TAIL = 4096  # bytes of log in an answer


class Ran(NamedTuple):
    """One invocation, ended."""

    outcome: Outcome
    version: str
    log: str


class Throttled(AwsError):
    """No room for another invocation."""

    def __init__(self, reserved: bool) -> None:
        reason = (
            "ReservedFunctionConcurrentInvocationLimitExceeded"
            if reserved
            else "ConcurrentInvocationLimitExceeded"
        )
        super().__init__(
            "TooManyRequestsException", "Rate Exceeded.", 429, fields={"Reason": reason, "Type": "User"}
        )


@operation("lambda", "Invoke", action="lambda:InvokeFunction", resource=resource, policy=policy_of)
def invoke(
    call: Call,
    *,
    FunctionName: str,
    InvocationType: str = "RequestResponse",
    LogType: str = "None",
    Payload: bytes = b"",
    Qualifier: str | None = None,
) -> Params:
    """Run a function now, or put the event into its queue."""
    where = ref(call, FunctionName, Qualifier)
    found, made = function(call, where), version(call, where)
    limit = ASYNC_LIMIT if InvocationType == "Event" else SYNC_LIMIT
    if len(Payload) > limit:
        raise AwsError(
            "RequestTooLargeException",
            f"{len(Payload)} byte payload is too large for the {InvocationType} invocation type (limit {limit} bytes)",
            413,
        )
    event = _event(Payload)
    if InvocationType == "DryRun":
        return {"StatusCode": 204}
    if InvocationType == "Event":
        accept(call, where, event)
        return {"StatusCode": 202}
    check_room(call, where, found)
    ran = once(call, where, found, made, event, request_id(call), waits=call.request.depth == 0)
    answer: Params = {
        "StatusCode": 200,
        "ExecutedVersion": made.version,
        "Payload": ran.outcome.payload.encode("utf-8", "replace"),
    }
    if ran.outcome.error:
        answer["FunctionError"] = ran.outcome.error
    if LogType == "Tail":
        answer["LogResult"] = base64.b64encode(ran.log.encode()[-TAIL:]).decode()
    return answer


def _event(payload: bytes) -> str:
    """The payload as JSON text; none is an empty object."""
    if not payload:
        return "{}"
    try:
        text = payload.decode("utf-8")
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise AwsError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {problem}",
        ) from None
    return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"Unexpected token {name}")


def request_id(call: Call) -> str:
    """The id of an invocation, in the form of a UUID."""
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def accept(call: Call, where: Ref, event: str) -> None:
    """Put an event into the function's queue; it runs when time moves (see ``asynchronous``)."""
    call.world.timeline.schedule(
        call.now_ms + 2 + int(call.draw("queue") * 18),
        where.account,
        where.region,
        "lambda",
        "deliver",
        {
            "function": where.name,
            "qualifier": where.qualifier,
            "event": event,
            "own_id": request_id(call),
            "accepted_ms": call.now_ms,
            "chain": call.table("chain").get("depth", 0),
        },
    )
    report.put(call, where, [("AsyncEventsReceived", 1, "Count")])


# -- environments ----------------------------------------------------------------------------------------------


def _environments(call: Call, where: Ref) -> tuple[Environment, ...]:
    """Those that are busy or warm."""
    held: tuple[Environment, ...] = call.table("environments", account=where.account).get(where.name, ())
    return tuple(e for e in held if e.busy_until_ms > call.now_ms or e.used_ms + WARM_MS > call.now_ms)


def busy(call: Call, where: Ref) -> int:
    """How many invocations of a function are running now."""
    return sum(e.busy_until_ms > call.now_ms for e in _environments(call, where))


def check_room(call: Call, where: Ref, found: Function) -> None:
    """Is there concurrency left for one more invocation?

    Raises:
        Throttled: there is not; the throttle is in the metrics.
    """
    if found.reserved is not None:
        room = busy(call, where) < found.reserved
    else:
        others = call.table("functions", account=where.account).values()
        free = [each.name for each in others if each.reserved is None]
        running = sum(busy(call, where._replace(name=name)) for name in free)
        room = running < CONCURRENCY - sum(each.reserved or 0 for each in others)
    if not room:
        raise Throttled(found.reserved is not None)


def _take(call: Call, where: Ref, made: Version) -> tuple[Environment, bool]:
    """A warm environment that is free, or a new one; and whether it is new."""
    for each in _environments(call, where):
        if each.busy_until_ms <= call.now_ms and (each.version, each.sha256, each.revision) == (
            made.version,
            made.sha256,
            made.revision,
        ):
            return each, False
    day = to_datetime(call.now_ms).strftime("%Y/%m/%d")
    stream = f"{day}/[{made.version}]{call.unique('', 32)}"
    return Environment(made.version, made.sha256, made.revision, stream, call.now_ms, call.now_ms), True


def _put_back(call: Call, where: Ref, used: Environment, until_ms: int) -> None:
    others = tuple(e for e in _environments(call, where) if e.stream != used.stream)
    changed = replace(used, busy_until_ms=until_ms, used_ms=max(until_ms, call.now_ms))
    call.table("environments", account=where.account)[where.name] = (*others, changed)


# -- one invocation --------------------------------------------------------------------------------------------


def once(
    call: Call,
    where: Ref,
    found: Function,
    made: Version,
    event: str,
    own_id: str,
    *,
    waits: bool = False,
    chain: int = 0,
) -> Ran:
    """Run a function once, write its log, publish its metrics.

    Args:
        waits: the caller waits for the answer and does one thing after the other: the environment is free again when the
            call is over, though the clock has not moved.
        chain: how many invocations led to this one.

    Raises:
        AwsError: Lambda cannot take on the function's role, or the invocations run in circles.
    """
    held = call.table("chain")
    before = held.get("depth", 0)
    if max(before, chain) >= CHAIN:
        raise AwsError(
            "RecursiveInvocationException",
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
            "resources and stopped your function's invocation.",
        )
    role = _session(call, where, made)
    place, cold = _take(call, where, made)
    init_us = 90_000 + int(call.draw("init") * 160_000) if cold else 0
    _put_back(call, where, place, call.now_ms + 1 + made.timeout_s * 1000)  # until its end is known
    group = f"/aws/lambda/{where.name}"
    task = Task(
        name=where.name,
        arn=where.arn,
        version=made.version,
        handler=made.handler,
        files=sources(made.package),
        event=event,
        environment=_variables(where, made, place, group),
        timeout_ms=made.timeout_s * 1000,
        memory_mb=made.memory_mb,
        request_id=own_id,
        start_ms=call.now_ms,
        start_us=900 + int(call.draw("overhead") * 1_600),
        seed=call.unique("", 32),
        region=where.region,
        log_group=group,
        log_stream=place.stream,
        role=role,
        send=_Line(call, where),
    )
    held["depth"] = max(before, chain) + 1
    outcome = _run(call, where, made, task)
    held["depth"] = before
    took_ms = -(-outcome.elapsed_us // 1000)
    _put_back(call, where, place, call.now_ms if waits else call.now_ms + took_ms)
    lines = report.lines(task, outcome, init_us)
    report.write_log(call, where, role, place.stream, lines, cold)
    report.publish(call, where, outcome, max(1, busy(call, where)))
    return Ran(outcome, made.version, "\n".join(text for _, text in lines) + "\n")


def _session(call: Call, where: Ref, made: Version) -> Principal:
    try:
        return call.world.service_session(made.role, "lambda.amazonaws.com", where.name)
    except AwsError:
        raise AwsError(
            "AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.", 403
        ) from None


def _variables(where: Ref, made: Version, place: Environment, group: str) -> dict[str, str]:
    return {
        "AWS_REGION": where.region,
        "AWS_DEFAULT_REGION": where.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{made.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": where.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(made.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": made.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": group,
        "AWS_LAMBDA_LOG_STREAM_NAME": place.stream,
        "_HANDLER": made.handler,
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **made.variables,
    }


class _Line:
    """How a function's requests reach the door: one level below the invocation they belong to. Remembers them."""

    def __init__(self, call: Call, where: Ref) -> None:
        self._call, self._where = call, where
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, request: Request) -> Params:
        refused = tuple((each.code, each.message, each.status) for each in request.violations)
        self.calls.append((request.service, request.operation, request.region, request.params, refused))
        request.account = self._where.account
        request.depth = self._call.request.depth + 1
        return self._call.world.door(request)

    def again(self, calls: Iterable[tuple[Any, ...]], role: Principal) -> None:
        """Make the same requests once more; how each ends is known, so nobody looks at the answers."""
        for service, name, region, params, refused in calls:
            violations = tuple(AwsError(*each) for each in refused)
            request = Request(service, name, params, role, self._where.account, region, violations=violations)
            with contextlib.suppress(CwlabError):
                self(request)


def _run(call: Call, where: Ref, made: Version, task: Task) -> Outcome:
    """Run the source and write down how it ended; in a replay, do what was written down.

    Raises:
        CodeRefused: the source came with a file, and you have not allowed it to run.
    """
    world, line = call.world, task.send
    known = None if world.tape is None else world.tape.get(task.seed)
    if (
        not isinstance(known, Outcome)
        and world.own_code is not None
        and sha256(made.package) not in world.own_code
    ):
        raise CodeRefused(f"The function {where.name!r}")
    place = world.journal.enter()
    assert isinstance(line, _Line)
    if not isinstance(known, Outcome):
        outcome = replace(run(task), calls=tuple(line.calls))
    else:
        line.again(known.calls, task.role)
        outcome = known
    world.ran(call, place, where.name, task.seed, task.role, outcome)
    return outcome
