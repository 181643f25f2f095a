"""Sinks: the monitoring account's side. There is one in an account and Region, and its policy says who may link to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.oam.common import Structure, conflict, invalid, new_id, not_found, over_quota, page
from cwlab.services.oam.records import Link, Sink
from cwlab.services.oam.tags import checked
from cwlab.table import Table


def of(call: Call, identifier: str) -> Sink:
    """This account's sink by its ARN or id.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found: Sink | None = call.table("sinks").get(identifier.rsplit("/", 1)[-1])
    if found is None or (identifier.startswith("arn:") and identifier != found.arn):
        raise not_found(identifier)
    return found


def attached(call: Call, account: str | None = None) -> Table:
    """Links by ARN to the accounts they come from, as the account of the sink keeps them."""
    return call.table("attached", account=account)


def _resource(call: Call, params: Structure) -> str:
    identifier = params.get("Identifier") or params.get("SinkIdentifier") or "*"
    return (
        identifier
        if identifier.startswith("arn:")
        else arn("oam", call.region, call.account, f"sink/{identifier}")
    )


def _described(sink: Sink) -> Structure:
    return {"Arn": sink.arn, "Id": sink.id, "Name": sink.name}


@operation("oam", "CreateSink", resource=_resource)
def create_sink(call: Call, *, Name: str, Tags: Mapping[str, str] | None = None) -> Structure:
    """Make this account a monitoring account in this Region."""
    sinks = call.table("sinks")
    if sinks:
        raise over_quota("An account can have one sink in each Region. Delete the other one first.")
    id_ = new_id(call)
    sink = Sink(id_, arn("oam", call.region, call.account, f"sink/{id_}"), Name, tags=checked((), Tags))
    sinks[id_] = sink
    return {**_described(sink), "Tags": dict(sink.tags)}


@operation("oam", "GetSink", resource=_resource, readonly=True)
def get_sink(call: Call, *, Identifier: str, IncludeTags: bool = False) -> Structure:
    """A sink."""
    sink = of(call, Identifier)
    return _described(sink) | ({"Tags": dict(sink.tags)} if IncludeTags else {})


@operation("oam", "DeleteSink", resource=_resource)
def delete_sink(call: Call, *, Identifier: str) -> Structure:
    """Delete a sink that no link is attached to."""
    sink = of(call, Identifier)
    if attached(call):
        raise conflict("The sink has links. They are deleted in the source accounts, before the sink.")
    del call.table("sinks")[sink.id]
    return {}


@operation("oam", "ListSinks", readonly=True)
def list_sinks(call: Call, *, MaxResults: int = 100, NextToken: str | None = None) -> Structure:
    """The sink of this account and Region."""
    return page([_described(sink) for sink in call.table("sinks").values()], NextToken, MaxResults)


@operation("oam", "PutSinkPolicy", resource=_resource)
def put_sink_policy(call: Call, *, SinkIdentifier: str, Policy: str) -> Structure:
    """Say which accounts may link to the sink, and with which kinds of data (condition key ``oam:ResourceTypes``)."""
    sink = of(call, SinkIdentifier)
    try:
        parse(Policy, "resource", f"of {sink.arn}")
    except MalformedPolicy as problem:
        error = invalid(problem.sentence)
        error.add_note(str(problem))
        raise error from problem
    call.table("sinks")[sink.id] = replace(sink, policy=Policy)
    return {"SinkArn": sink.arn, "SinkId": sink.id, "Policy": Policy}


@operation("oam", "GetSinkPolicy", resource=_resource, readonly=True)
def get_sink_policy(call: Call, *, SinkIdentifier: str) -> Structure:
    """The policy of a sink."""
    sink = of(call, SinkIdentifier)
    if not sink.policy:
        raise not_found(f"policy of {sink.arn}")
    return {"SinkArn": sink.arn, "SinkId": sink.id, "Policy": sink.policy}


@operation("oam", "ListAttachedLinks", resource=_resource, readonly=True)
def list_attached_links(
    call: Call, *, SinkIdentifier: str, MaxResults: int = 1000, NextToken: str | None = None
) -> Structure:
    """The links of source accounts that are attached to a sink, by account."""
    of(call, SinkIdentifier)
    links: list[Link] = [
        call.table("links", account=account)[link_arn.rsplit("/", 1)[-1]]
        for link_arn, account in sorted(attached(call).items(), key=lambda pair: (pair[1], pair[0]))
    ]
    rows = [{"Label": each.label, "LinkArn": each.arn, "ResourceTypes": list(each.types)} for each in links]
    return page(rows, NextToken, MaxResults)
