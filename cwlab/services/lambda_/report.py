"""What an invocation leaves behind: START, its lines, END and REPORT in its log; its metrics.

Source: Lambda developer guide, "Working with Lambda function logs" and "Types of metrics for Lambda functions".
"""

from __future__ import annotations

from cwlab import api
from cwlab.api import Call, Principal, Request
from cwlab.errors import AwsError
from cwlab.services.lambda_.naming import Params, Ref
from cwlab.services.lambda_.runtime.run import Outcome, Task
from cwlab.timeline import to_datetime

NAMESPACE = "AWS/Lambda"
BATCH_EVENTS, BATCH_BYTES = 1000, 900_000
Lines = list[tuple[int, str]]


def lines(task: Task, outcome: Outcome, init_us: int) -> Lines:
    """The events of one invocation's log: instant in milliseconds, and text."""
    end_ms = task.start_ms + outcome.elapsed_us // 1000
    own, ms = task.request_id, outcome.elapsed_us / 1000
    out = [(task.start_ms, f"START RequestId: {own} Version: {task.version}"), *outcome.lines]
    if outcome.kind == "timeout":
        at = to_datetime(end_ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{end_ms % 1000:03d}Z"
        out.append((end_ms, f"{at} {own} Task timed out after {task.timeout_ms / 1000:.2f} seconds"))
    elif outcome.kind == "killed":
        out.append((end_ms, f"RequestId: {own} Error: Runtime exited with error: signal: killed"))
        out.append((end_ms, "Runtime.ExitError"))
    out.append((end_ms, f"END RequestId: {own}"))
    used = task.memory_mb if outcome.kind == "killed" else min(task.memory_mb, 38 + 45 * outcome.sdk)
    text = (
        f"REPORT RequestId: {own}\tDuration: {ms:.2f} ms\tBilled Duration: {-(-outcome.elapsed_us // 1000)} ms\t"
        f"Memory Size: {task.memory_mb} MB\tMax Memory Used: {used} MB\t"
    )
    if init_us:
        text += f"Init Duration: {init_us / 1000:.2f} ms\t"
    out.append((end_ms, text))
    return out


def write_log(call: Call, where: Ref, role: Principal, stream: str, events: Lines, cold: bool) -> None:
    """Send the events to the function's log group, with the function's own role: without the permission nothing arrives."""
    if not api.load("logs"):
        return
    names = {"logGroupName": f"/aws/lambda/{where.name}", "logStreamName": stream}

    def ask(operation: str, params: Params) -> str | None:
        request = Request(
            "logs", operation, params, role, where.account, where.region, depth=call.request.depth + 1
        )
        try:
            call.world.door(request)
        except AwsError as refused:
            return refused.code
        return None

    def prepare() -> None:
        ask("CreateLogGroup", {"logGroupName": names["logGroupName"]})
        ask("CreateLogStream", names)

    if cold:
        prepare()
    for batch in _batches(events):
        shown = [{"timestamp": at, "message": text} for at, text in batch]
        problem = ask("PutLogEvents", names | {"logEvents": shown})
        if problem == "ResourceNotFoundException":
            prepare()
            problem = ask("PutLogEvents", names | {"logEvents": shown})
        if problem is not None:
            return


def _batches(events: Lines) -> list[Lines]:
    out: list[Lines] = [[]]
    size = 0
    for each in events:
        weight = len(each[1].encode("utf-8", "replace")) + 26
        if out[-1] and (len(out[-1]) == BATCH_EVENTS or size + weight > BATCH_BYTES):
            out.append([])
            size = 0
        out[-1].append(each)
        size += weight
    return out


def publish(call: Call, where: Ref, outcome: Outcome, concurrent: int) -> None:
    """The metrics of one invocation."""
    put(
        call,
        where,
        [
            ("Invocations", 1, "Count"),
            ("Errors", int(outcome.error is not None), "Count"),
            ("Throttles", 0, "Count"),
            ("Duration", outcome.elapsed_us / 1000, "Milliseconds"),
            ("ConcurrentExecutions", concurrent, "Count"),
        ],
    )


def put(call: Call, where: Ref, values: list[tuple[str, float, str]]) -> None:
    """Publish values of a function: for it, for the version or alias asked for, and for all functions together."""
    resource = where.name + (f":{where.qualifier}" if where.qualifier else "")
    of_function = [{"Name": "FunctionName", "Value": where.name}]
    scopes: tuple[list[dict[str, str]], ...] = (
        of_function,
        [*of_function, {"Name": "Resource", "Value": resource}],
        [],
    )
    data = [
        {"MetricName": name, "Dimensions": scope, "Value": float(value), "Unit": unit}
        for scope in scopes
        for name, value, unit in values
    ]
    try:
        call.invoke(
            "cloudwatch",
            "PutMetricData",
            {"Namespace": NAMESPACE, "MetricData": data},
            service_principal="lambda.amazonaws.com",
            account=where.account,
        )
    except AwsError:
        return  # CloudWatch refuses (a fault was injected): the invocation itself is over and done
