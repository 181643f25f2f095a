"""Files are read and sent to CloudWatch Logs, and sent again until they have arrived.

How far an agent is stands in its ``Tail``, and moves only when PutLogEvents has answered: so nothing is sent twice and nothing
is lost by a cut. An entry is on the agenda only while there is something to send.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cwlab.api import Call, handler
from cwlab.hosts.agent import lines
from cwlab.hosts.agent.batches import batches
from cwlab.hosts.agent.calls import Failed, send
from cwlab.hosts.agent.lines import Event, Read
from cwlab.hosts.agent.records import Agent, LogFile, Tail
from cwlab.hosts.agent.words import say
from cwlab.hosts.files import Disk, File, fits
from cwlab.hosts.machine import GONE, Machine, machine_of
from cwlab.timeline import MINUTE, SECOND

if TYPE_CHECKING:
    from cwlab.world import World

FIRST_RETRY_MS, LONGEST_RETRY_MS = 200, MINUTE
FULL_BYTES = 1_048_576  # so much waiting is sent at once
STRETCH = 2 << 20  # bytes of a file read at a time, about two batches
PROBE = 64 << 10  # after a failure: whether it goes again shows by little

Key = tuple[str, str, str, str]
Request = Callable[[str, dict[str, Any]], dict[str, Any]]


def key_of(source: str, item: LogFile) -> Key:
    """Under what the state of one entry is kept."""
    return source, item.file_path, item.group, item.stream


def _tails(call: Call) -> Any:
    return call.world.table("", "", "hosts", "tails")


def agent_of(call: Call, source: str) -> Agent | None:
    """The agent of a machine, if it runs."""
    found: Agent | None = call.world.table("", "", "hosts", "agents").get(source)
    return found if found is not None and found.running else None


# When ----------------------------------------------------------------------------------------------------------------


def wake(call: Call, source: str, path: str) -> None:
    """Something was written to a file: what collects it sends within its flush interval, or at once if it is much."""
    agent = agent_of(call, source)
    if agent is None:
        return
    for number, item in enumerate(agent.config.files):
        if fits(item.file_path, path):
            tail = _tails(call).get(key_of(source, item), Tail())
            if not tail.inode:  # the first file that fits: from now on it is followed, whatever it is called
                tail = replace(tail, inode=Disk(call.world, source).names[path])
                _tails(call)[key_of(source, item)] = tail
            if not tail.due_ms:
                _at(call, source, agent, number, tail, call.now_ms + agent.config.flush_s * SECOND)
            elif not tail.failures and tail.due_ms > call.now_ms:
                file = Disk(call.world, source).at(path)
                if (
                    file is not None
                    and file.size - (tail.offset if file.inode == tail.inode else 0) > FULL_BYTES
                ):
                    _at(call, source, agent, number, tail, call.now_ms)


def _at(call: Call, source: str, agent: Agent, number: int, tail: Tail, at_ms: int) -> None:
    """Look again at an instant."""
    _tails(call)[key_of(source, agent.config.files[number])] = replace(tail, due_ms=at_ms)
    call.world.timeline.schedule(
        at_ms,
        call.account,
        call.region,
        "hosts",
        "flush",
        {"source": source, "number": number, "run": agent.run},
    )


def begin(call: Call, machine: Machine, agent: Agent) -> None:
    """A freshly started agent looks at all its files."""
    disk = Disk(call.world, machine.source)
    for number, item in enumerate(agent.config.files):
        key = key_of(machine.source, item)
        tail = _tails(call).get(key, Tail())
        newest = disk.matching(item.file_path)
        kept = disk.file(tail.inode) if tail.inode else None
        if kept is not None and newest and newest[-1].inode != kept.inode:
            missed = kept.size - tail.offset
            if missed and not fits(item.file_path, kept.path):
                say(
                    call,
                    machine.source,
                    f"W! [inputs.logfile] {kept.origin} was rotated while the agent was stopped: {missed} bytes of it "
                    "were not read",
                )
                tail = replace(tail, inode=newest[-1].inode, offset=_known(tail, newest[-1].inode))
        if newest and not tail.inode:
            tail = replace(tail, inode=newest[-1].inode)
        elif newest:
            say(
                call,
                machine.source,
                f"I! [inputs.logfile] Reading from offset {tail.offset} in {newest[-1].path}",
            )
        say(
            call,
            machine.source,
            f"I! [logagent] piping log from {item.group}/{item.stream}({item.file_path}) to cloudwatchlogs with "
            f"retention {item.retention_days}",
        )
        _tails(call)[key] = replace(tail, due_ms=0, failures=0)
        if newest:
            _at(
                call,
                machine.source,
                agent,
                number,
                _tails(call)[key],
                call.now_ms + agent.config.flush_s * SECOND,
            )


@handler("hosts", "flush")
def flush(call: Call, *, source: str, number: int, run: int) -> None:
    """Send what one entry has to send."""
    agent = agent_of(call, source)
    if agent is None or agent.run != run:
        return
    item = agent.config.files[number]
    key = key_of(source, item)
    tail: Tail = _tails(call)[key]
    if tail.due_ms != call.now_ms:
        return  # it was put forward, and has been
    machine = machine_of(call.world, source)
    if machine.state in GONE:
        return
    if not machine.running:
        _at(call, source, agent, number, tail, call.now_ms + MINUTE)
        return
    after_ms = _send_all(call, machine, agent, item, key)
    tail = _tails(call)[key]
    if after_ms is None:
        _tails(call)[key] = replace(tail, due_ms=0)
    else:
        _at(call, source, agent, number, tail, call.now_ms + after_ms)


# What ----------------------------------------------------------------------------------------------------------------


def _known(tail: Tail, inode: int) -> int:
    """How far a file was read that was left for another."""
    return dict(tail.done).get(inode, 0)


def _follow(disk: Disk, item: LogFile, tail: Tail) -> list[File]:
    """The files to read, in order: the rest of the one it is at, those rotation put after it, the latest that fits."""
    found = disk.matching(item.file_path)
    latest = found[-1] if found else None
    at = disk.file(tail.inode) if tail.inode else None
    if at is None:
        return [latest] if latest else []
    files = [at, *disk.successors(at, max(disk.names.values(), default=0))]
    if latest is not None and latest.inode not in {file.inode for file in files}:
        files.append(latest)
    return files


def _send_all(call: Call, machine: Machine, agent: Agent, item: LogFile, key: Key) -> int | None:
    """Read and send; returns after how many ms to look again, None when all there is was sent."""
    disk = Disk(call.world, machine.source)
    files = _follow(disk, item, _tails(call).get(key, Tail()))
    for place, file in enumerate(files):
        tail: Tail = _tails(call).get(key, Tail())
        closing = place < len(files) - 1
        if tail.inode != file.inode:
            done = dict(tail.done) | ({tail.inode: tail.offset} if tail.inode else {})
            tail = replace(
                tail, inode=file.inode, offset=done.pop(file.inode, 0), done=tuple(sorted(done.items()))
            )
            _tails(call)[key] = tail
        length = PROBE if _tails(call)[key].failures else STRETCH
        while True:
            tail = _tails(call)[key]
            more = tail.offset + length < file.size
            found = _read(call, agent, item, file, tail, length, closing and not more, more)
            try:
                _put(call, machine, agent, item, key, found)
            except Failed as problem:
                return _failed(call, machine, item, key, problem)
            if not more:
                break
            length = STRETCH if found.end > tail.offset else 2 * length  # an event longer than a stretch
        if found.open_ms is not None and not closing:
            return agent.config.flush_s * SECOND
        if closing:
            _leave(disk, item, file)
    return None


def _read(
    call: Call, agent: Agent, item: LogFile, file: File, tail: Tail, length: int, closing: bool, more: bool
) -> Read:
    data = file.read(tail.offset, length)
    cuts, stamps = file.written(tail.offset, tail.offset + len(data))
    return lines.read(
        item,
        data,
        tail.offset,
        cuts,
        stamps,
        now_ms=call.now_ms,
        since_ms=agent.started_ms,
        last_ms=tail.stamp_ms,
        closing=closing,
        more=more,
    )


def _leave(disk: Disk, item: LogFile, file: File) -> None:
    """A file is read to its end and another has come: with ``auto_removal`` it is deleted."""
    if item.auto_removal and file.path:
        disk.delete(file.path)


def waiting(world: World, source: str) -> dict[str, int]:
    """Bytes of the files an agent collects that have not arrived, by ``file_path``."""
    agent: Agent | None = world.table("", "", "hosts", "agents").get(source)
    tails, disk, found = world.table("", "", "hosts", "tails"), Disk(world, source), dict[str, int]()
    for item in agent.config.files if agent is not None else ():
        tail = tails.get(key_of(source, item), Tail())
        known = {**dict(tail.done), tail.inode: tail.offset}
        rest = sum(file.size - known.get(file.inode, 0) for file in _follow(disk, item, tail))
        found[item.file_path] = found.get(item.file_path, 0) + rest
    return found


# Sending -------------------------------------------------------------------------------------------------------------


def _put(call: Call, machine: Machine, agent: Agent, item: LogFile, key: Key, found: Read) -> None:
    """Send events, batch by batch; each that has arrived moves the offset.

    Raises:
        Failed: a call failed; what came before it has arrived.
    """
    for batch, _ in batches(found.events):
        _put_batch(call, machine, agent, item, batch)
        tail: Tail = _tails(call)[key]
        _tails(call)[key] = replace(tail, offset=batch[-1].end, failures=0)
    tail = _tails(call)[key]
    _tails(call)[key] = replace(tail, offset=found.end, stamp_ms=found.stamp_ms)


def _put_batch(call: Call, machine: Machine, agent: Agent, item: LogFile, batch: list[Event]) -> None:
    _check_names(item)
    events = sorted(batch, key=lambda event: event.stamp_ms)
    params = {
        "logGroupName": item.group,
        "logStreamName": item.stream,
        "logEvents": [{"timestamp": event.stamp_ms, "message": event.text} for event in events],
    }

    def request(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        config = agent.config
        return send(
            call, machine, agent, "logs", operation, params, role=config.role, endpoint=config.endpoint
        )

    try:
        answer = request("PutLogEvents", params)
    except Failed as problem:
        if problem.code != "ResourceNotFoundException":
            raise
        if _make(item, request) and item.retention_days > 0:
            _retain(call, machine, item, request)
        answer = request("PutLogEvents", params)
    _keep_as_long(call, machine, agent, item, request)
    rejected = answer.get("rejectedLogEventsInfo", {})
    where = f"log '{item.group}/{item.stream}'"
    old, expired = rejected.get("tooOldLogEventEndIndex", 0), rejected.get("expiredLogEventEndIndex", 0)
    if old:
        say(call, machine.source, f"W! [outputs.cloudwatchlogs] {old} log events for {where} are too old")
    if expired > old:
        say(
            call,
            machine.source,
            f"W! [outputs.cloudwatchlogs] {expired - old} log events for {where} are expired",
        )
    if "tooNewLogEventStartIndex" in rejected:
        new = len(events) - rejected["tooNewLogEventStartIndex"]
        say(call, machine.source, f"W! [outputs.cloudwatchlogs] {new} log events for {where} are too new")


def _make(item: LogFile, request: Request) -> bool:
    """Make the stream, and the group if that is what is missing; returns whether it made the group.

    Raises:
        Failed: it may not, or cannot.
    """
    stream = {"logGroupName": item.group, "logStreamName": item.stream}
    try:
        request("CreateLogStream", stream)
        return False
    except Failed as problem:
        if problem.code == "ResourceAlreadyExistsException":
            return False
        if problem.code != "ResourceNotFoundException":
            raise
    group: dict[str, Any] = {"logGroupName": item.group}
    if item.log_class != "STANDARD":
        group["logGroupClass"] = item.log_class
    try:
        request("CreateLogGroup", group)
    except Failed as problem:
        if problem.code != "ResourceAlreadyExistsException":
            raise
    request("CreateLogStream", stream)
    return True


def _keep_as_long(call: Call, machine: Machine, agent: Agent, item: LogFile, request: Request) -> None:
    """Once after each start: a group that keeps events for another time than the configuration says is told so."""
    key = key_of(machine.source, item)
    tail: Tail = _tails(call)[key]
    if item.retention_days <= 0 or tail.settled == agent.run:
        return
    _tails(call)[key] = replace(tail, settled=agent.run)
    try:
        groups = request("DescribeLogGroups", {"logGroupNamePrefix": item.group})["logGroups"]
    except Failed as problem:
        say(
            call,
            machine.source,
            f"E! [outputs.cloudwatchlogs] Unable to describe log group {item.group}: {problem.text}",
        )
        return
    now = next((each.get("retentionInDays") for each in groups if each["logGroupName"] == item.group), None)
    if now != item.retention_days:
        _retain(call, machine, item, request)


def _retain(call: Call, machine: Machine, item: LogFile, request: Request) -> None:
    """Say how long a group keeps events. That this fails does not keep events back."""
    try:
        request("PutRetentionPolicy", {"logGroupName": item.group, "retentionInDays": item.retention_days})
    except Failed as problem:
        say(
            call,
            machine.source,
            f"E! [outputs.cloudwatchlogs] Unable to put retention policy for log group {item.group}: {problem.text}",
        )


_GROUP, _STREAM = r"[\.\-_/#A-Za-z0-9]+", r"[^:*]*"


def _check_names(item: LogFile) -> None:
    """What the service's model says of names, which the door does not check for calls inside the world."""
    for where, value, rule in (("logGroupName", item.group, _GROUP), ("logStreamName", item.stream, _STREAM)):
        if not re.fullmatch(rule, value) or not 1 <= len(value) <= 512:
            message = (
                f"InvalidParameterException: 1 validation error detected: Value '{value}' at '{where}' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {rule}"
            )
            raise Failed("InvalidParameterException", f"{message}\n\tstatus code: 400")


def _failed(call: Call, machine: Machine, item: LogFile, key: Key, problem: Failed) -> int:
    """Say that a call failed, and after how many ms it is tried again."""
    tail: Tail = _tails(call)[key]
    wait_ms = min(FIRST_RETRY_MS << min(tail.failures, 20), LONGEST_RETRY_MS)
    wait = (
        f"{wait_ms // SECOND}s"
        if wait_ms % SECOND == 0
        else f"{wait_ms}ms"
        if wait_ms < SECOND
        else f"{wait_ms / SECOND:g}s"
    )
    _tails(call)[key] = replace(tail, failures=tail.failures + 1)
    say(
        call,
        machine.source,
        f"E! [outputs.cloudwatchlogs] Aws error received when sending logs to {item.group}/{item.stream}: {problem.text}",
        f"W! [outputs.cloudwatchlogs] Retried {tail.failures} time, going to sleep {wait} before retrying.",
    )
    return wait_ms


__all__ = ["agent_of", "begin", "flush", "wake", "waiting"]
