"""Query logging: its configurations, and the log's lines.

Route 53 is global, and writes its query logs to us-east-1 only, with its own name as principal: the log group's account
must have a resource policy there that lets it in. Source: Route 53 Developer Guide, "Public DNS query logging".
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.route53.records import QueryLogging
from cwlab.services.route53.zones import zone_arn, zone_of
from cwlab.table import Table
from cwlab.timeline import to_datetime

REGION = "us-east-1"
SERVICE = "route53.amazonaws.com"
TEST_STREAM = "route53-test-log-stream"
Answer = dict[str, Any]
Params = dict[str, Any]
Lines = list[tuple[int, str]]


def configs(call: Call) -> Table:
    return call.table("query_logging", region=GLOBAL)


def of_zone(call: Call, zone: str) -> QueryLogging | None:
    """Where a zone's queries are logged, if they are."""
    return next((config for config in configs(call).values() if config.zone == zone), None)


@operation("route53", "CreateQueryLoggingConfig", resource=zone_arn, region=GLOBAL)
def create_query_logging_config(call: Call, *, HostedZoneId: str, CloudWatchLogsLogGroupArn: str) -> Answer:
    """Log a zone's queries, from now on."""
    zone = zone_of(call, HostedZoneId)
    group_arn = CloudWatchLogsLogGroupArn.removesuffix(":*")
    start = f"arn:aws:logs:{REGION}:{call.account}:log-group:"
    if not group_arn.startswith(start):
        error = AwsError("InvalidInput", "The ARN for the CloudWatch Logs log group is invalid")
        error.add_note(f"The log group must be in {REGION}, in the zone's account: {start}…")
        raise error
    config = QueryLogging(_uuid(call), zone.id, group_arn)
    _check(call, config)
    if of_zone(call, zone.id) is not None:
        raise AwsError(
            "QueryLoggingConfigAlreadyExists",
            "A query logging configuration already exists for this hosted zone.",
            409,
        )
    configs(call)[config.id] = config
    return {
        "QueryLoggingConfig": _shown(config),
        "Location": f"https://route53.amazonaws.com/2013-04-01/queryloggingconfig/{config.id}",
    }


def _uuid(call: Call) -> str:
    h = call.unique("", 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def _check(call: Call, config: QueryLogging) -> None:
    """Route 53 tries whether it may write, before it takes a configuration on."""
    group = config.group_arn.split(":", 6)[6]
    found = ask(call, config, "DescribeLogGroups", {"logGroupNamePrefix": group})
    if all(each["logGroupName"] != group for each in found["logGroups"]):
        raise AwsError(
            "NoSuchCloudWatchLogsLogGroup", "The specified CloudWatch Logs log group doesn't exist.", 404
        )
    stream = f"{config.zone}/{TEST_STREAM}"
    missing = {
        "logEvents": [{"timestamp": call.now_ms, "message": "test"}],
        "logStreamName": f"{stream}/none",
    }
    for operation_name, params in (("CreateLogStream", {"logStreamName": stream}), ("PutLogEvents", missing)):
        try:
            ask(call, config, operation_name, {"logGroupName": group} | params)
        except AwsError as problem:
            if problem.code in ("ResourceAlreadyExistsException", "ResourceNotFoundException"):
                continue  # there from the last time; and that nothing is there is told only to those who may write
            error = AwsError(
                "InsufficientCloudWatchLogsResourcePolicy",
                "Route 53 doesn't have the permissions required to create log streams and send query logs to log streams.",
            )
            error.add_note(str(problem))
            raise error from problem


def ask(call: Call, config: QueryLogging, operation_name: str, params: Params) -> Params:
    """Ask CloudWatch Logs in us-east-1, as Route 53."""
    return call.invoke(
        "logs",
        operation_name,
        params,
        service_principal=SERVICE,
        source_arn=f"arn:aws:route53:::hostedzone/{config.zone}",
        region=REGION,
    )


def _shown(config: QueryLogging) -> Answer:
    return {"Id": config.id, "HostedZoneId": config.zone, "CloudWatchLogsLogGroupArn": config.group_arn}


def _config(call: Call, config_id: str) -> QueryLogging:
    found: QueryLogging | None = configs(call).get(config_id)
    if found is None:
        raise AwsError(
            "NoSuchQueryLoggingConfig",
            "There is no DNS query logging configuration with the specified ID.",
            404,
        )
    return found


@operation("route53", "GetQueryLoggingConfig", readonly=True, region=GLOBAL)
def get_query_logging_config(call: Call, *, Id: str) -> Answer:
    """One configuration."""
    return {"QueryLoggingConfig": _shown(_config(call, Id))}


@operation("route53", "ListQueryLoggingConfigs", readonly=True, region=GLOBAL)
def list_query_logging_configs(call: Call, *, HostedZoneId: str | None = None) -> Answer:
    """The account's configurations, or a zone's."""
    if HostedZoneId is not None:
        zone_of(call, HostedZoneId)
    found = sorted(configs(call).values(), key=lambda config: config.id)
    return {"QueryLoggingConfigs": [_shown(each) for each in found if HostedZoneId in (None, each.zone)]}


@operation("route53", "DeleteQueryLoggingConfig", region=GLOBAL)
def delete_query_logging_config(call: Call, *, Id: str) -> None:
    """Stop logging; what was logged stays."""
    del configs(call)[_config(call, Id).id]


# Lines -------------------------------------------------------------------------------------------------------------------


def line(
    at_ms: int,
    zone: str,
    name: str,
    kind: str,
    code: str,
    protocol: str,
    edge: str,
    resolver: str,
    subnet: str,
) -> str:
    """One line of the query log.

    >>> line(1513152962130, "Z123412341234", "example.com.", "A", "NOERROR", "UDP", "FRA6", "192.168.1.1", "-")
    '1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -'
    """
    at = f"{to_datetime(at_ms):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
    return f"1.0 {at} {zone} {name.rstrip('.')} {kind} {code} {protocol} {edge} {resolver} {subnet}"


def write(call: Call, config: QueryLogging, edge: str, lines: Lines) -> bool:
    """Write lines of one edge location to its stream; False when CloudWatch Logs refuses, and they are lost."""
    names = {
        "logGroupName": config.group_arn.split(":", 6)[6],
        "logStreamName": f"{config.zone}/{edge}",
    }
    events = {"logEvents": [{"timestamp": at_ms, "message": text} for at_ms, text in lines]}
    for operation_name, params in (
        ("PutLogEvents", names | events),
        ("CreateLogStream", names),
        ("PutLogEvents", names | events),
    ):
        try:
            ask(call, config, operation_name, params)
        except AwsError as problem:
            if operation_name == "PutLogEvents" and problem.code != "ResourceNotFoundException":
                return False
        else:
            if operation_name == "PutLogEvents":
                return True
    return False
