"""CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs."""

from __future__ import annotations

import re
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.flow_logs import clock, fields
from cwlab.services.ec2.flow_logs.records import FlowLog
from cwlab.services.ec2.support import (
    Params,
    Values,
    arns,
    clean,
    listing,
    missing,
    op,
    put_tags,
    remove,
    resource_arn,
    tag_list,
    tags_for,
)
from cwlab.timeline import to_datetime

KINDS = {
    "VPC": ("vpcs", "vpc"),
    "Subnet": ("subnets", "subnet"),
    "NetworkInterface": ("interfaces", "network-interface"),
}
INTERVALS = (60, 600)
MOST_RESOURCES, MOST_PER_RESOURCE = 1_000, 250
_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")  # of a log group


def _touched(call: Call, params: Params) -> list[str]:
    _, kind = KINDS.get(params["ResourceType"], ("", "*"))
    made = resource_arn(call, "vpc-flow-log", "*")
    return [made, *(resource_arn(call, kind, each) for each in params["ResourceIds"])]


@op("CreateFlowLogs", resource=_touched)
def create_flow_logs(
    call: Call,
    *,
    ResourceIds: list[str],
    ResourceType: str,
    TrafficType: str | None = None,
    LogDestinationType: str = "cloud-watch-logs",
    LogDestination: str | None = None,
    LogGroupName: str | None = None,
    LogFormat: str | None = None,
    DeliverLogsPermissionArn: str | None = None,
    MaxAggregationInterval: int = 600,
    TagSpecifications: list[dict[str, Any]] | None = None,
    ClientToken: str | None = None,
) -> Params:
    """Make one flow log for each resource. Nothing of it can be changed afterwards but its tags.

    Raises:
        AwsError: a combination that cannot be, or one of the resources has such a flow log.
        NotModelled: another destination or kind of resource.
    """
    if ResourceType not in KINDS:
        raise NotModelled(f"Flow logs of a {ResourceType}", f"Modeled: {', '.join(KINDS)}.")
    if LogDestinationType != "cloud-watch-logs":
        raise NotModelled(f"Flow logs to {LogDestinationType}", "Modeled: cloud-watch-logs.")
    group = _group(call, LogGroupName, LogDestination)
    if DeliverLogsPermissionArn is None:
        raise _bad("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
    if not DeliverLogsPermissionArn.startswith(f"arn:aws:iam::{call.account}:role/"):
        raise _bad(f"Invalid DeliverLogsPermissionArn: {DeliverLogsPermissionArn}")
    if TrafficType is None:
        raise _bad(f"TrafficType can't be empty if ResourceType is {ResourceType}.")
    if MaxAggregationInterval not in INTERVALS:
        raise _bad("Invalid Flow Log Max Aggregation Interval")
    if not 1 <= len(ResourceIds) <= MOST_RESOURCES:
        raise _bad(f"ResourceIds must have 1 to {MOST_RESOURCES} items.")
    written = LogFormat or fields.DEFAULT
    fields.parse(written)
    tags = tags_for(call, "vpc-flow-log", TagSpecifications)
    wanted = (tuple(ResourceIds), ResourceType, TrafficType, group, written, DeliverLogsPermissionArn)
    asked = (*wanted, MaxAggregationInterval, tuple(sorted(tags.items())))
    tokens = call.table("flow_log_tokens")
    if ClientToken is not None and ClientToken in tokens:
        before, answer = tokens[ClientToken]
        if before != asked:
            raise AwsError(
                "IdempotentParameterMismatch",
                f"The client token {ClientToken} was used before with other parameters.",
            )
        return dict(answer)
    logs = call.table("flow_logs")
    made, failed = [], []
    for resource_id in dict.fromkeys(ResourceIds):
        table = KINDS[ResourceType][0]
        if resource_id not in call.table(table):
            problem = missing(table, resource_id)
            failed.append(
                {"ResourceId": resource_id, "Error": {"Code": problem.code, "Message": problem.message}}
            )
            continue
        own = [each for each in logs.values() if each.resource_id == resource_id]
        if any(each.group == group for each in own):
            raise AwsError(
                "FlowLogAlreadyExists",
                "Error. There is an existing Flow Log with the same configuration and log destination.",
            )
        if len(own) >= MOST_PER_RESOURCE:
            raise AwsError(
                "FlowLogsLimitExceeded",
                f"{resource_id} has {MOST_PER_RESOURCE} flow logs, the most there can be.",
            )
        log = FlowLog(
            call.unique("fl-0", 16),
            resource_id,
            TrafficType,
            group,
            DeliverLogsPermissionArn,
            written,
            MaxAggregationInterval,
            call.now_ms,
            LogDestination,
        )
        logs[log.flow_log_id] = log
        put_tags(call, log.flow_log_id, tags)
        made.append(log.flow_log_id)
    clock.arrange(call)
    answer = clean({"FlowLogIds": made, "Unsuccessful": failed, "ClientToken": ClientToken})
    if ClientToken is not None:
        tokens[ClientToken] = (asked, answer)
    return answer


def _bad(message: str) -> AwsError:
    return AwsError("InvalidParameter", message)


def _group(call: Call, name: str | None, destination: str | None) -> str:
    """The log group's name, from either parameter.

    Raises:
        AwsError: neither or both are given, or the ARN is no log group's of this account and Region.
    """
    if name is not None and destination is not None:
        raise _bad("Please only provide LogGroupName or only provide LogDestination.")
    if name is not None:
        return _named(name)
    if destination is None:
        raise _bad("LogDestination can't be empty if LogGroupName is not provided.")
    head = f"arn:aws:logs:{call.region}:{call.account}:log-group:"
    found = destination.removeprefix(head).removesuffix(":*")
    if not destination.startswith(head) or not found:
        raise _bad(f"Invalid LogDestination: {destination}. Expected {head}NAME")
    return _named(found)


def _named(name: str) -> str:
    """A name that a log group can have; whether there is one shows when records are written."""
    if not _NAME.fullmatch(name):
        raise _bad(f"Invalid LogGroupName: {name!r}. Expected 1 to 512 letters, digits, . - _ / #")
    return name


def _flow_log(call: Call, log: FlowLog) -> Params:
    return clean(
        {
            "FlowLogId": log.flow_log_id,
            "ResourceId": log.resource_id,
            "TrafficType": log.traffic,
            "LogDestinationType": "cloud-watch-logs",
            "LogDestination": log.destination,
            "LogGroupName": log.group,
            "LogFormat": log.format,
            "MaxAggregationInterval": log.interval_s,
            "DeliverLogsPermissionArn": log.role_arn,
            "DeliverLogsStatus": _status(log),
            "DeliverLogsErrorMessage": log.error,
            "FlowLogStatus": "ACTIVE",
            "CreationTime": to_datetime(log.created_ms),
            "Tags": tag_list(call, log.flow_log_id),
        }
    )


def _status(log: FlowLog) -> str:
    return "SUCCESS" if log.error is None else "FAILED"


_FILTERS: dict[str, Values] = {
    "deliver-log-status": lambda each: [_status(each)],
    "log-destination-type": lambda each: ["cloud-watch-logs"],
    "flow-log-id": lambda each: [each.flow_log_id],
    "log-group-name": lambda each: [each.group],
    "resource-id": lambda each: [each.resource_id],
    "traffic-type": lambda each: [each.traffic],
}


listing(
    "DescribeFlowLogs",
    "flow_logs",
    ids="FlowLogIds",
    answer="FlowLogs",
    known=_FILTERS,
    show=_flow_log,
    filters="Filter",
    least=1,
)


@op("DeleteFlowLogs", resource=arns("vpc-flow-log", "FlowLogIds"))
def delete_flow_logs(call: Call, *, FlowLogIds: list[str]) -> Params:
    """Delete flow logs. What they have counted is still written; what comes from now on is not theirs."""
    logs, failed = call.table("flow_logs"), []
    for log_id in FlowLogIds:
        if log_id not in logs:
            problem = missing("flow_logs", log_id)
            failed.append({"ResourceId": log_id, "Error": {"Code": problem.code, "Message": problem.message}})
            continue
        if any(key[0] == log_id for key in call.table("flow_windows")):
            call.table("ended_flow_logs")[log_id] = logs[log_id]
        remove(call, "flow_logs", log_id)
        told = call.table("flow_streams")
        for key in [each for each in told if each[0] == log_id]:
            del told[key]
    clock.arrange(call)
    return {"Unsuccessful": failed}
