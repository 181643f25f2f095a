"""Export tasks: a group's events in a time range become files in a bucket, some hours later.

A task is no real-time thing: it is pending for half an hour at least, and through within twelve hours; both are drawn
from the seed. What had been received when the task was made is exported. CloudWatch Logs writes as
``logs.<region>.amazonaws.com`` for the group, so the bucket's policy must let it, and does so through the door.

Source: User Guide, "Exporting log data to Amazon S3"; API reference CreateExportTask, DescribeExportTasks, CancelExportTask.
Buckets under SSE-KMS are refused, as in the guide up to 2022; the setting ``export_to_kms_buckets`` gives today's rule.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler, load, operation
from cwlab.codec import record
from cwlab.errors import AwsError, CwlabError, NotModelled, Unreachable
from cwlab.services.logs import exporting, keys, paging, protection
from cwlab.services.logs.names import (
    group_arn,
    group_of,
    policy_arn,
    settings_of,
    streams,
    tag_conditions,
)
from cwlab.services.logs.records import DELIVERY, Group, Stream
from cwlab.services.logs.refusals import invalid, limit_exceeded, no_group, not_found, not_in_class
from cwlab.table import Table
from cwlab.timeline import MINUTE, SECOND, iso

PENDING, RUNNING, COMPLETED, FAILED = "PENDING", "RUNNING", "COMPLETED", "FAILED"
PENDING_CANCEL, CANCELLED = "PENDING_CANCEL", "CANCELLED"
ACTIVE = (PENDING, RUNNING, PENDING_CANCEL)
PAGE = 50
RETRY_MS = 30 * MINUTE
Structure = dict[str, Any]


@record
class Task:
    """An export task. ``after`` and ``parts`` tell how far it is: the last stream written, and the files in each folder."""

    id: str
    name: str | None
    group: str
    from_ms: int
    to_ms: int
    bucket: str
    prefix: str | None
    stream_prefix: str
    created_ms: int
    run_ms: int
    done_ms: int
    status: str = PENDING
    message: str = ""
    completed_ms: int | None = None
    entry: int | None = None
    after: str = ""
    at_once: int = 1
    step_ms: int = 0
    parts: dict[str, int] | None = None


def tasks(call: Call) -> Table:
    """Export tasks by id, oldest first."""
    return call.table("exports")


# -- the three operations --------------------------------------------------------------------------------------
@operation("logs", "CreateExportTask", resource=policy_arn, conditions=tag_conditions)
def create_export_task(
    call: Call,
    *,
    logGroupName: str,
    from_: int,
    to: int,
    destination: str,
    taskName: str | None = None,
    logStreamNamePrefix: str | None = None,
    destinationPrefix: str | None = None,
) -> Structure:
    """Ask for an export. One at a time; what the bucket does not let happen is refused at once."""
    group = group_of(call, logGroupName)
    if group.log_class == DELIVERY:
        raise not_in_class("CreateExportTask", group.name, group.log_class)
    _check_range(group, from_, to)
    if any(task.status in ACTIVE for task in tasks(call).values()):
        raise limit_exceeded()
    _check_prefix(destinationPrefix)
    _check_bucket(call, group.name, destination, destinationPrefix)
    hexed = call.unique("", 32)
    number = f"{hexed[:8]}-{hexed[8:12]}-4{hexed[13:16]}-a{hexed[17:20]}-{hexed[20:]}"
    run_ms, done_ms = exporting.plan(call.now_ms, call.draw("export/wait"), call.draw("export/work"))
    entry = call.schedule(run_ms, "export_run", task=number)
    tasks(call)[number] = Task(
        number,
        taskName,
        group.name,
        from_,
        to,
        destination,
        destinationPrefix,
        logStreamNamePrefix or "",
        call.now_ms,
        run_ms,
        done_ms,
        entry=entry,
    )
    return {"taskId": number}


def _check_range(group: Group, from_ms: int, to_ms: int) -> None:
    if from_ms > to_ms:
        raise invalid(f"The start time ({from_ms}) must not be later than the end time ({to_ms}).")
    if to_ms < group.created_ms:
        error = invalid("The end time must not be earlier than the creation time of the log group.")
        error.add_note(
            f"The group was made at {iso(group.created_ms)}, to is {iso(to_ms)}. Both are milliseconds since 1970."
        )
        raise error


def _check_prefix(prefix: str | None) -> None:
    """The longest key must fit: prefix, task id, stream, file. Streams are not known yet; the prefix alone must leave room."""
    if prefix is not None and len(prefix.encode()) + len("/") + len(exporting.PROBE) > exporting.MOST_KEY:
        raise invalid(f"The destination prefix is too long: a key has at most {exporting.MOST_KEY} bytes.")


@operation("logs", "DescribeExportTasks", readonly=True)
def describe_export_tasks(
    call: Call,
    *,
    taskId: str | None = None,
    statusCode: str | None = None,
    nextToken: str | None = None,
    limit: int = PAGE,
) -> Structure:
    """Tasks, newest first."""
    found = [
        task
        for task in reversed(list(tasks(call).values()))
        if taskId in (None, task.id) and statusCode in (None, task.status)
    ]
    shown, following = paging.listed(found, ("exports", taskId, statusCode), limit, nextToken, call.now_ms)
    answer: Structure = {"exportTasks": [_described(task) for task in shown]}
    return answer | ({"nextToken": following} if following else {})


def _described(task: Task) -> Structure:
    status = {"code": task.status} | ({"message": task.message} if task.message else {})
    times = {"creationTime": task.created_ms}
    if task.completed_ms is not None:
        times["completionTime"] = task.completed_ms
    out: Structure = {
        "taskId": task.id,
        "logGroupName": task.group,
        "from": task.from_ms,
        "to": task.to_ms,
        "destination": task.bucket,
        "destinationPrefix": exporting.PREFIX if task.prefix is None else task.prefix,
        "status": status,
        "executionInfo": times,
    }
    return out | ({"taskName": task.name} if task.name is not None else {})


@operation("logs", "CancelExportTask")
def cancel_export_task(call: Call, *, taskId: str) -> None:
    """Stop a task that is pending or running; what it has written stays in the bucket."""
    task: Task | None = tasks(call).get(taskId)
    if task is None:
        raise not_found("The specified export task does not exist.")
    if task.status not in (PENDING, RUNNING):
        raise AwsError(
            "InvalidOperationException", "The specified export task has already finished or been cancelled."
        )
    if task.entry is not None:
        call.cancel(task.entry)
    at_ms = call.now_ms + 5 * SECOND + round(call.draw("export/cancel") * 55 * SECOND)
    entry = call.schedule(at_ms, "export_cancelled", task=taskId)
    tasks(call)[taskId] = replace(task, status=PENDING_CANCEL, message="", entry=entry)


# -- what the bucket must let happen ---------------------------------------------------------------------------
def _ask(call: Call, operation: str, group: str, params: Structure) -> Structure:
    """Ask S3 as CloudWatch Logs, for a group."""
    return call.invoke(
        "s3",
        operation,
        params,
        service_principal=f"logs.{call.region}.amazonaws.com",
        source_arn=group_arn(call, group),
    )


def _check_bucket(call: Call, group: str, bucket: str, prefix: str | None) -> None:
    """Try what the task will do: look at the bucket, and write a first object.

    Raises:
        AwsError: InvalidParameterException, with S3's own answer in a note.
    """
    if not load("s3"):
        raise NotModelled("An export to S3")
    key = f"{exporting.root(prefix)}/{exporting.PROBE}"
    probe = {"Bucket": bucket, "Key": key, "Body": exporting.PROBE_BODY, "ACL": "bucket-owner-full-control"}
    today = settings_of(call).export_to_kms_buckets
    try:
        _ask(call, "GetBucketAcl", group, {"Bucket": bucket})
    except AwsError as problem:
        raise _no_bucket(problem) or _shut("GetBucketAcl", problem) from problem
    try:
        written = _ask(call, "PutObject", group, probe)
    except AwsError as problem:
        by_kms = isinstance(problem.__cause__, AwsError)  # S3 asked KMS for a data key, and was refused
        raise (
            _not_under("SSE-KMS", problem) if by_kms and not today else _shut("PutObject", problem)
        ) from problem
    algorithm = written["ServerSideEncryption"]
    if algorithm == "aws:kms:dsse" or (algorithm == "aws:kms" and not today):
        raise _not_under("SSE-KMS" if algorithm == "aws:kms" else "DSSE-KMS")


def _shut(operation: str, problem: AwsError) -> AwsError:
    """The bucket does not let CloudWatch Logs do what it must."""
    error = invalid(
        f"{operation} call on the given bucket failed. "
        "Please check if CloudWatch Logs has been granted permission to perform this operation."
    )
    _explain(error, problem)
    return error


def _explain(error: AwsError, problem: AwsError) -> None:
    error.add_note(f"S3 answered {problem.code}: {problem.message}")
    for note in getattr(problem, "__notes__", ()):
        error.add_note(note)


def _no_bucket(problem: AwsError) -> AwsError | None:
    """There is no such bucket here; None when that is not the trouble."""
    if problem.code == "PermanentRedirect":
        error = invalid("The given bucket is not in the same Region as the log group.")
    elif problem.code == "NoSuchBucket":
        error = invalid("The given bucket does not exist.")
    else:
        return None
    _explain(error, problem)
    return error


def _not_under(kind: str, problem: AwsError | None = None) -> AwsError:
    """SSE-S3 always works, DSSE-KMS never; SSE-KMS by the setting: refused by the course's rule, taken by today's."""
    error = invalid(f"The given bucket is encrypted with {kind}. Exporting to it is not supported.")
    if kind == "SSE-KMS":
        error.add_note(
            "This is the rule of the guide up to 2022, and of the exam. AWS takes such buckets today: "
            'lab.act("logs", "configure", export_to_kms_buckets=True) shows that.'
        )
    else:
        error.add_note("Give the bucket default encryption with SSE-S3 (AES256).")
    if problem is not None:
        _explain(error, problem)
    return error


# -- the task on the clock -------------------------------------------------------------------------------------
@handler("logs", "export_run")
def run(call: Call, task: str) -> None:
    """The task begins to run."""
    held: Task = tasks(call)[task]
    names = [name for name in streams(call, held.group) if name.startswith(held.stream_prefix)]
    at_once = max(1, -(-len(names) // exporting.STEPS))
    steps = max(1, -(-len(names) // at_once))
    step_ms = max(1, (held.done_ms - held.run_ms) // steps)
    at_ms = held.run_ms + step_ms if steps > 1 else held.done_ms
    tasks(call)[task] = replace(
        held,
        status=RUNNING,
        message="Started successfully",
        at_once=at_once,
        step_ms=step_ms,
        parts={},
        entry=call.schedule(at_ms, "export_write", task=task),
    )


@handler("logs", "export_write")
def write(call: Call, task: str) -> None:
    """A running task writes its next streams."""
    held: Task = tasks(call)[task]
    try:
        written = _written(call, held)
    except Unreachable as problem:
        _again(call, held, str(problem))
    except AwsError as problem:
        if problem.status >= 500 or "lowDown" in problem.code or "Throttl" in problem.code:
            _again(call, held, problem.message)
        else:
            _end(call, held, FAILED, f"{problem.code}: {problem.message}")
    except CwlabError as problem:
        _end(call, held, FAILED, str(problem))
    else:
        if written.after and _following(call, written):
            at_ms = max(min(call.now_ms + held.step_ms, held.done_ms), call.now_ms + 1)
            entry = call.schedule(at_ms, "export_write", task=task)
            tasks(call)[task] = replace(written, message="Started successfully", entry=entry)
        elif call.now_ms < held.done_ms:
            tasks(call)[task] = replace(written, entry=call.schedule(held.done_ms, "export_write", task=task))
        else:
            _end(call, written, COMPLETED, "Completed successfully")


def _following(call: Call, task: Task) -> list[Stream]:
    """The streams still to be written, in order of their names."""
    table = streams(call, task.group)
    names = sorted(name for name in table if name.startswith(task.stream_prefix) and name > task.after)
    return [table[name] for name in names]


def _written(call: Call, task: Task) -> Task:
    """Write the next streams; how far the task is then."""
    try:
        group = group_of(call, task.group)
    except AwsError as problem:
        raise no_group() from problem
    written, after = dict(task.parts or {}), task.after
    low = (max(task.from_ms, group.visible_from(call.now_ms)), 0)
    for stream in _following(call, task)[: task.at_once]:
        pieces = protection.pieces(call, group.name, stream, low, (task.to_ms + 1, 0))
        keys.check_reading(call, group, (piece.chunk.key for piece in pieces))
        folder = exporting.folder(stream.name)
        for body in exporting.parts(pieces, task.created_ms, exporting.PART_BYTES):
            number = written.get(folder, 0)
            key = f"{exporting.root(task.prefix)}/{task.id}/{folder}/{number:06d}.gz"
            params = {"Bucket": task.bucket, "Key": key, "Body": body, "ACL": "bucket-owner-full-control"}
            _ask(call, "PutObject", task.group, params)
            written[folder] = number + 1
        after = stream.name
    return replace(task, parts=written, after=after)


def _again(call: Call, task: Task, why: str) -> None:
    """S3 cannot be reached just now: try again, until the task is a day old."""
    at_ms = call.now_ms + RETRY_MS
    if at_ms > task.created_ms + exporting.TIMEOUT_MS:
        _end(call, task, FAILED, f"Timed out: {why}")
    else:
        entry = call.schedule(at_ms, "export_write", task=task.id)
        tasks(call)[task.id] = replace(task, entry=entry, message=f"Retrying: {why}")


def _end(call: Call, task: Task, status: str, message: str) -> None:
    tasks(call)[task.id] = replace(
        task, status=status, message=message, completed_ms=call.now_ms, entry=None, parts=None
    )


@handler("logs", "export_cancelled")
def cancelled(call: Call, task: str) -> None:
    """A cancellation is through."""
    _end(call, tasks(call)[task], CANCELLED, "Cancelled successfully")
