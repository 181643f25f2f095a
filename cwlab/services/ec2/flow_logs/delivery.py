"""A window's records go to CloudWatch Logs five minutes after its end, written with the flow log's role.

Source: VPC User Guide "Publish flow logs to CloudWatch Logs", "Troubleshoot VPC Flow Logs". The group is made when there is
something to write, a stream when an interface first has traffic; from then on each window without traffic has a NODATA line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, Principal, Request, handler
from cwlab.errors import AwsError
from cwlab.services.ec2.flow_logs import capture, clock, fields
from cwlab.services.ec2.flow_logs.records import FlowLog, Window
from cwlab.services.ec2.records import Interface
from cwlab.services.ec2.support import resource_arn

SERVICE = "vpc-flow-logs.amazonaws.com"
MOST_EVENTS, MOST_BYTES, EVENT_BYTES = 10_000, 1_048_576, 26  # of one PutLogEvents
Lines = list[tuple[int, str]]


@handler("ec2", "flow_logs")
def deliver(call: Call) -> None:
    """Write what has been due for five minutes, and say when to come again."""
    call.table("flow_clock").pop("next", None)
    capture.settle(call)
    horizon_s = call.now_ms // 1_000 - clock.DELAY_S
    ready: dict[str, dict[str, list[Window]]] = {}
    windows = call.table("flow_windows")
    for key, window in list(windows.items()):
        if window.end_s <= horizon_s:
            ready.setdefault(key[0], {}).setdefault(key[1], []).append(window)
            del windows[key]
    for log_id in list(call.table("flow_logs")):
        _deliver(call, call.table("flow_logs")[log_id], ready.pop(log_id, {}), horizon_s)
    for log_id, left in ready.items():  # of flow logs deleted since: what they saw is still written
        ended: FlowLog = call.table("ended_flow_logs")[log_id]
        _write(call, ended, {nic_id: _records(call, ended, seen) for nic_id, seen in left.items()})
    _forget(call)
    clock.arrange(call)


def _forget(call: Call) -> None:
    """Forget flow logs that are deleted and have nothing left to write."""
    ended = call.table("ended_flow_logs")
    if ended:
        left = {key[0] for key in call.table("flow_windows")}
        for log_id in [each for each in ended if each not in left]:
            del ended[log_id]


def _deliver(call: Call, log: FlowLog, ready: dict[str, list[Window]], horizon_s: int) -> None:
    told = call.table("flow_streams")
    lines = {}
    watched = [nic_id for log_id, nic_id in told if log_id == log.flow_log_id]
    for nic_id in dict.fromkeys((*ready, *watched)):
        seen = ready.get(nic_id, [])
        lines[nic_id] = _records(call, log, seen) + _no_data(call, log, nic_id, seen, horizon_s)
    _write(call, log, lines)


def _records(call: Call, log: FlowLog, windows: list[Window]) -> Lines:
    names = fields.parse(log.format)
    return [line for each in windows for line in fields.lines(names, each, call.account, call.region)]


def _no_data(call: Call, log: FlowLog, nic_id: str, seen: list[Window], horizon_s: int) -> Lines:
    """Lines for the windows without traffic since an interface was last told of, and how far it is told of now."""
    told = call.table("flow_streams")
    key = (log.flow_log_id, nic_id)
    nic: Interface | None = call.table("interfaces").get(nic_id)
    if nic is None:
        told.pop(key, None)
        return []
    done_s = max((each.end_s for each in seen), default=0)
    if key not in told:
        if any(each.rows for each in seen):
            told[key] = done_s
        return []
    interval = capture.interval_s(call, log, nic)
    if horizon_s - told[key] >= clock.IDLE_S:
        done_s = max(done_s, horizon_s // interval * interval)
    busy = {each.start_s for each in seen}
    names = fields.parse(log.format)
    zone = call.table("subnets")[nic.subnet_id].zone_id
    instance = nic.owner if nic.kind == "interface" else "-"
    lines = []
    for start_s in range(told[key], done_s, interval):
        if start_s not in busy:
            idle = Window(
                log.flow_log_id, nic_id, start_s, interval, nic.vpc_id, nic.subnet_id, zone, instance, ()
            )
            lines.append((start_s * 1_000, fields.no_data(names, idle, call.account, call.region)))
    told[key] = max(told[key], done_s)
    return lines


# Writing -----------------------------------------------------------------------------------------------------------


def stream_name(log: FlowLog, interface_id: str) -> str:
    """An interface's stream: ``eni-…-all``, ``-accept`` or ``-reject``."""
    return f"{interface_id}-{log.traffic.lower()}"


def _write(call: Call, log: FlowLog, lines: dict[str, Lines]) -> None:
    """Write lines; where the role or CloudWatch Logs refuses they are lost, and the flow log says why."""
    if not any(lines.values()):
        return
    error = None
    try:
        role = session(call, log)
        for nic_id, found in lines.items():
            for batch in batches(sorted(found, key=lambda line: line[0])):
                _put(call, role, log.group, stream_name(log, nic_id), batch)
    except AwsError as problem:
        error = _reason(problem)
    kept = call.table("flow_logs")
    if log.flow_log_id in kept and log.error != error:
        kept[log.flow_log_id] = replace(log, error=error)


def session(call: Call, log: FlowLog) -> Principal:
    """The flow log's role, taken on by the flow logs service for this account and this flow log.

    Raises:
        AwsError: the role is not there, or trusts others.
    """
    source = {
        "aws:SourceAccount": call.account,
        "aws:SourceArn": resource_arn(call, "vpc-flow-log", log.flow_log_id),
    }
    return call.world.service_session(log.role_arn, SERVICE, "vpc-flow-logs", source)


def _reason(problem: AwsError) -> str:
    """DeliverLogsErrorMessage. Source: EC2 API reference, FlowLog."""
    if problem.code.startswith("AccessDenied"):
        return "Access error"
    return "Rate limited" if problem.code == "ThrottlingException" else "Unknown error"


def batches(lines: Lines) -> list[Lines]:
    """Cut lines into what one PutLogEvents takes."""
    out: list[Lines] = []
    size = MOST_BYTES
    for line in lines:
        weight = len(line[1]) + EVENT_BYTES
        if size + weight > MOST_BYTES or len(out[-1]) == MOST_EVENTS:
            out.append([])
            size = 0
        out[-1].append(line)
        size += weight
    return out


def _put(call: Call, role: Principal, group: str, stream: str, lines: Lines) -> None:
    names = {"logGroupName": group, "logStreamName": stream}
    asked = names | {"logEvents": [{"timestamp": at_ms, "message": text} for at_ms, text in lines]}
    try:
        _ask(call, role, "PutLogEvents", asked)
    except AwsError as problem:
        if problem.code != "ResourceNotFoundException":
            raise
        try:
            _ask(call, role, "CreateLogStream", names)
        except AwsError as missing:
            if missing.code != "ResourceNotFoundException":
                raise
            _ask(call, role, "CreateLogGroup", {"logGroupName": group})
            _ask(call, role, "CreateLogStream", names)
        _ask(call, role, "PutLogEvents", asked)


def _ask(call: Call, role: Principal, operation: str, params: dict[str, Any]) -> None:
    request = Request(
        "logs", operation, params, role, call.account, call.region, depth=call.request.depth + 1
    )
    call.world.door(request)
