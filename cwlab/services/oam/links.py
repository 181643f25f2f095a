"""Links: the source account's side. A link says which data the account shares with a monitoring account's sink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, find, operation
from cwlab.arn import arn, parse
from cwlab.errors import BadInput
from cwlab.services.oam.common import Structure, conflict, invalid, new_id, not_found, over_quota, page
from cwlab.services.oam.records import Link, Sink
from cwlab.services.oam.sinks import attached
from cwlab.services.oam.tags import checked
from cwlab.sharing import parsed

MOST = 5  # monitoring accounts of one source account
LOG_GROUP, METRIC = "AWS::Logs::LogGroup", "AWS::CloudWatch::Metric"
VARIABLES = (
    "$AccountName",
    "$AccountEmailNoDomain",
    "$AccountEmail",
)  # accounts have none here: the id stands for all


# What sharing each kind of data needs beside oam:CreateLink. Source: CloudWatch User Guide, "Permissions needed to create links".
ALSO = {
    METRIC: "cloudwatch:Link",
    LOG_GROUP: "logs:Link",
    "AWS::XRay::Trace": "xray:Link",
    "AWS::ApplicationInsights::Application": "applicationinsights:Link",
    "AWS::InternetMonitor::Monitor": "internetmonitor:Link",
    "AWS::ApplicationSignals::Service": "application-signals:Link",
    "AWS::ApplicationSignals::ServiceLevelObjective": "application-signals:Link",
}


def _may_share(call: Call, types: Sequence[str]) -> None:
    """The caller must be allowed to share each kind of data.

    Raises:
        AwsError: AccessDeniedException.
    """
    target = find("oam", call.request.operation)
    for action in dict.fromkeys(ALSO[kind] for kind in types):
        call.world.authorize(call, replace(target, action=action, resource="*", policy=None))


def _own(call: Call, params: Structure) -> str:
    identifier = params.get("Identifier", "*")
    return (
        identifier
        if identifier.startswith("arn:")
        else arn("oam", call.region, call.account, f"link/{identifier}")
    )


def _sink_of(call: Call, params: Structure) -> str | None:
    """The sink a request is about: named in it, or that of the link it changes."""
    if "SinkIdentifier" in params:
        found: str = params["SinkIdentifier"]
        return found
    link: Link | None = call.table("links").get(params["Identifier"].rsplit("/", 1)[-1])
    return None if link is None else link.sink_arn


def _sink(call: Call, sink_arn: str | None) -> Sink | None:
    """A sink of any account."""
    try:
        place = parse(sink_arn or "")
    except BadInput:
        return None
    table = call.table("sinks", account=place.account, region=place.region)
    found: Sink | None = table.get(place.resource.rpartition("/")[2])
    return found if found is not None and found.arn == sink_arn else None


def _both(call: Call, params: Structure) -> list[str]:
    """Linking touches a link of one's own and the sink of another account."""
    sink_arn = _sink_of(call, params)
    return [_own(call, params), *([sink_arn] if sink_arn is not None and sink_arn.startswith("arn:") else [])]


def _policy(call: Call, params: Structure) -> str | None:
    sink = _sink(call, _sink_of(call, params))
    return (sink.policy or None) if sink is not None else None


def _types(call: Call, params: Structure) -> dict[str, str | list[str]]:
    return {"oam:ResourceTypes": list(params.get("ResourceTypes", ()))}


def _filter(configuration: Mapping[str, Any] | None, part: str, term: str) -> str | None:
    """The filter in one part of a link's configuration, None where all is shared."""
    text: str | None = ((configuration or {}).get(part) or {}).get("Filter")
    if text is None or text == "*":
        return None
    try:
        parsed(text, term)
    except BadInput as problem:
        raise invalid(f"The filter is invalid. {problem}") from None
    return text


def _filters(types: Sequence[str], configuration: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    found = (
        _filter(configuration, "LogGroupConfiguration", "LogGroupName"),
        _filter(configuration, "MetricConfiguration", "Namespace"),
    )
    for kind, text in zip((LOG_GROUP, METRIC), found, strict=True):
        if text is not None and kind not in types:
            raise invalid(f"There is a filter for {kind}, which ResourceTypes does not have.")
    return found


def _described(link: Link, tags: bool) -> Structure:
    answer: Structure = {
        "Arn": link.arn,
        "Id": link.id,
        "Label": link.label,
        "LabelTemplate": link.template,
        "ResourceTypes": list(link.types),
        "SinkArn": link.sink_arn,
    }
    configuration: Structure = {}
    if link.log_groups is not None:
        configuration["LogGroupConfiguration"] = {"Filter": link.log_groups}
    if link.namespaces is not None:
        configuration["MetricConfiguration"] = {"Filter": link.namespaces}
    if configuration:
        answer["LinkConfiguration"] = configuration
    return answer | ({"Tags": dict(link.tags)} if tags else {})


def _of(call: Call, identifier: str) -> Link:
    found: Link | None = call.table("links").get(identifier.rsplit("/", 1)[-1])
    if found is None or (identifier.startswith("arn:") and identifier != found.arn):
        raise not_found(identifier)
    return found


@operation("oam", "CreateLink", resource=_both, policy=_policy, conditions=_types)
def create_link(
    call: Call,
    *,
    LabelTemplate: str,
    ResourceTypes: Sequence[str],
    SinkIdentifier: str,
    LinkConfiguration: Mapping[str, Any] | None = None,
    Tags: Mapping[str, str] | None = None,
) -> Structure:
    """Share data of this account with the account of a sink, whose policy must let it."""
    _may_share(call, ResourceTypes)
    sink = _sink(call, SinkIdentifier)
    if sink is None:
        raise invalid(f"The sink {SinkIdentifier} does not exist.")
    place = parse(sink.arn)
    if place.region != call.region:
        raise invalid(f"A link and its sink are in one Region; the sink is in {place.region}.")
    if place.account == call.account:
        raise invalid("An account cannot link to a sink of its own.")
    links = call.table("links")
    if any(each.sink_arn == sink.arn for each in links.values()):
        raise conflict(f"This account has a link to {sink.arn} already.")
    if len(links) >= MOST:
        raise over_quota(f"A source account can be linked to at most {MOST} monitoring accounts.")
    label = LabelTemplate
    for variable in VARIABLES:
        label = label.replace(variable, call.account)
    id_ = new_id(call)
    link = Link(
        id_,
        arn("oam", call.region, call.account, f"link/{id_}"),
        sink.arn,
        LabelTemplate,
        label,
        tuple(dict.fromkeys(ResourceTypes)),
        *_filters(ResourceTypes, LinkConfiguration),
        checked((), Tags),
    )
    links[id_] = link
    attached(call, place.account)[link.arn] = call.account
    return _described(link, tags=True)


@operation("oam", "UpdateLink", resource=_both, policy=_policy, conditions=_types)
def update_link(
    call: Call,
    *,
    Identifier: str,
    ResourceTypes: Sequence[str],
    LinkConfiguration: Mapping[str, Any] | None = None,
    IncludeTags: bool = False,
) -> Structure:
    """Change which data a link shares. A filter that is left out stays; ``*`` takes it away."""
    _may_share(call, ResourceTypes)
    link = _of(call, Identifier)
    log_groups, namespaces = _filters(ResourceTypes, LinkConfiguration)
    given = LinkConfiguration or {}
    link = replace(
        link,
        types=tuple(dict.fromkeys(ResourceTypes)),
        log_groups=log_groups if "LogGroupConfiguration" in given else link.log_groups,
        namespaces=namespaces if "MetricConfiguration" in given else link.namespaces,
    )
    call.table("links")[link.id] = link
    return _described(link, IncludeTags)


@operation("oam", "GetLink", resource=_own, readonly=True)
def get_link(call: Call, *, Identifier: str, IncludeTags: bool = False) -> Structure:
    """A link of this account."""
    return _described(_of(call, Identifier), IncludeTags)


@operation("oam", "DeleteLink", resource=_own)
def delete_link(call: Call, *, Identifier: str) -> Structure:
    """Share no longer. It is done in the source account."""
    link = _of(call, Identifier)
    del call.table("links")[link.id]
    del attached(call, parse(link.sink_arn).account)[link.arn]
    return {}


@operation("oam", "ListLinks", readonly=True)
def list_links(call: Call, *, MaxResults: int = MOST, NextToken: str | None = None) -> Structure:
    """This account's links to monitoring accounts."""
    rows = [
        {
            "Arn": each.arn,
            "Id": each.id,
            "Label": each.label,
            "ResourceTypes": list(each.types),
            "SinkArn": each.sink_arn,
        }
        for each in call.table("links").values()
    ]
    return page(rows, NextToken, MaxResults)
