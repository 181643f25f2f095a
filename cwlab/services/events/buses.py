"""Event buses and their resource policies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.events.common import (
    Answer,
    Params,
    bus_arn,
    bus_name,
    bus_resource,
    clean,
    find_bus,
    limit,
    not_found,
    page,
    rules_of,
    the_bus,
    validation,
)
from cwlab.services.events.records import DEFAULT, Bus
from cwlab.services.events.tags import forget, put_tags
from cwlab.timeline import to_datetime

MOST_BUSES = 100  # Source: "Amazon EventBridge quotas"
MOST_POLICY = 10_240  # bytes of a bus's policy


def _show(bus: Bus) -> Answer:
    times = {"CreationTime": bus.created_ms, "LastModifiedTime": bus.modified_ms}
    shown = {key: to_datetime(ms) for key, ms in times.items() if ms is not None}
    return clean(
        {"Name": bus.name, "Arn": bus.arn, "Description": bus.description, "Policy": bus.policy, **shown}
    )


def _save(call: Call, bus: Bus) -> None:
    call.table("buses")[bus.name] = replace(bus, modified_ms=call.now_ms)


@operation("events", "CreateEventBus", resource=bus_resource("Name"))
def create_event_bus(
    call: Call, *, Name: str, Description: str | None = None, Tags: Sequence[Params] = ()
) -> Answer:
    """Make a custom bus."""
    if find_bus(call, Name) is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Event bus {Name} already exists.")
    if "/" in Name:
        raise validation("Event bus name must not contain '/'.")
    if len(call.table("buses")) >= MOST_BUSES:
        raise limit()
    bus = Bus(Name, bus_arn(call, Name), Description, None, call.now_ms, call.now_ms)
    call.table("buses")[Name] = bus
    put_tags(call, bus.arn, Tags)
    return clean({"EventBusArn": bus.arn, "Description": Description})


@operation("events", "DescribeEventBus", resource=bus_resource("Name"), readonly=True)
def describe_event_bus(call: Call, *, Name: str | None = None) -> Answer:
    """One bus, with its policy."""
    return _show(the_bus(call, bus_name(call, Name)))


@operation("events", "ListEventBuses", readonly=True)
def list_event_buses(
    call: Call, *, NamePrefix: str = "", NextToken: str | None = None, Limit: int | None = None
) -> Answer:
    """All buses, the default one among them."""
    names = sorted({DEFAULT, *call.table("buses")})
    found = [the_bus(call, name) for name in names if name.startswith(NamePrefix)]
    more, shown = page(found, "buses", NamePrefix, NextToken, Limit)
    return {"EventBuses": [_show(bus) for bus in shown], **more}


@operation("events", "UpdateEventBus", resource=bus_resource("Name"))
def update_event_bus(call: Call, *, Name: str | None = None, Description: str | None = None) -> Answer:
    """Change a bus's description."""
    bus = the_bus(call, Name or DEFAULT)
    _save(call, replace(bus, description=Description))
    return clean({"Arn": bus.arn, "Name": bus.name, "Description": Description})


@operation("events", "DeleteEventBus", resource=bus_resource("Name"))
def delete_event_bus(call: Call, *, Name: str) -> None:
    """Delete a custom bus. One that is not there is no error."""
    if Name == DEFAULT:
        raise validation("Cannot delete event bus default.")
    bus = find_bus(call, Name)
    if bus is None:
        return
    if rules_of(call, Name):
        raise validation(f"Event bus {Name} can't be deleted since it has rules.")  # unconfirmed wording
    del call.table("buses")[Name]
    forget(call, bus.arn)


# Policies -------------------------------------------------------------------------------------------------------------


@operation("events", "PutPermission", resource=bus_resource("EventBusName"))
def put_permission(
    call: Call,
    *,
    EventBusName: str | None = None,
    Action: str | None = None,
    Principal: str | None = None,
    StatementId: str | None = None,
    Condition: Params | None = None,
    Policy: str | None = None,
) -> None:
    """Let another account put events on a bus: by one statement, or by a whole policy."""
    bus = the_bus(call, EventBusName or DEFAULT)
    if Policy is not None:
        if Action or Principal or StatementId or Condition:
            raise validation(
                "Parameter Policy cannot be used with Action, Principal, StatementId or Condition."
            )
        text = Policy
    else:
        if Action is None or Principal is None or StatementId is None:
            raise validation("Parameter Action, Principal and StatementId must be specified, or Policy.")
        if Action != "events:PutEvents":
            raise validation("Provided value in parameter 'action' is not supported.")
        statement: Params = {
            "Sid": StatementId,
            "Effect": "Allow",
            "Principal": "*" if Principal == "*" else {"AWS": arn("iam", "", Principal, "root")},
            "Action": Action,
            "Resource": bus.arn,
        }
        if Condition is not None:
            statement["Condition"] = {Condition["Type"]: {Condition["Key"]: Condition["Value"]}}
        kept = [each for each in _statements(bus) if each.get("Sid") != StatementId]
        text = json.dumps({"Version": "2012-10-17", "Statement": [*kept, statement]})
    try:
        parse(text, "resource")
    except MalformedPolicy as problem:
        raise validation(f"Policy is not valid. {problem.message}") from None
    if len(text.encode()) > MOST_POLICY:
        raise AwsError("PolicyLengthExceededException", "The event bus policy is too long.")
    _save(call, replace(bus, policy=text))


@operation("events", "RemovePermission", resource=bus_resource("EventBusName"))
def remove_permission(
    call: Call,
    *,
    StatementId: str | None = None,
    RemoveAllPermissions: bool = False,
    EventBusName: str | None = None,
) -> None:
    """Take one statement out of a bus's policy, or all."""
    bus = the_bus(call, EventBusName or DEFAULT)
    if RemoveAllPermissions:
        _save(call, replace(bus, policy=None))
        return
    if StatementId is None:
        raise validation("Parameter StatementId must be specified.")
    if bus.policy is None:
        raise not_found("EventBus does not have a policy.")
    kept = [each for each in _statements(bus) if each.get("Sid") != StatementId]
    if len(kept) == len(_statements(bus)):
        raise not_found("Statement with the provided id does not exist.")
    text = json.dumps({"Version": "2012-10-17", "Statement": kept}) if kept else None
    _save(call, replace(bus, policy=text))


def _statements(bus: Bus) -> list[Params]:
    """The statements of a bus's policy."""
    found = json.loads(bus.policy)["Statement"] if bus.policy else []
    return found if isinstance(found, list) else [found]
