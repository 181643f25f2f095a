"""Public hosted zones: made, found, listed, deleted. Source: Route 53 API Reference."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError, NotModelled
from cwlab.services.route53.names import full, inside, is_name, order
from cwlab.services.route53.records import RecordSet, Zone
from cwlab.table import Table
from cwlab.timeline import to_datetime

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
IN_SYNC_MS = 30_000  # AWS: usually within a minute
PAGE = 100
Answer = dict[str, Any]
Params = dict[str, Any]


def zones(call: Call) -> Table:
    return call.table("zones", region=GLOBAL)


def record_sets(call: Call) -> Table:
    return call.table("record_sets", region=GLOBAL)


def zone_arn(call: Call, params: Params) -> str:
    """For IAM: the zone a request names. Its ARN has no account."""
    return f"arn:aws:route53:::hostedzone/{params.get('HostedZoneId') or params.get('Id') or '*'}"


def zone_of(call: Call, zone_id: str) -> Zone:
    """A zone by its id.

    Raises:
        AwsError: there is none.
    """
    found: Zone | None = zones(call).get(zone_id.rsplit("/", 1)[-1])
    if found is None:
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)
    return found


def zone_for(call: Call, name: str) -> Zone | None:
    """The zone that answers for a name: the one with the longest name of those it is in."""
    found = [zone for zone in zones(call).values() if inside(full(name), zone.name)]
    return max(found, key=lambda zone: (len(zone.name), zone.id), default=None)


def shown(call: Call, zone: Zone) -> Answer:
    config: Answer = {"PrivateZone": False}
    if zone.comment is not None:
        config["Comment"] = zone.comment
    return {
        "Id": f"/hostedzone/{zone.id}",
        "Name": zone.name,
        "CallerReference": zone.reference,
        "Config": config,
        "ResourceRecordSetCount": sum(key[0] == zone.id for key in record_sets(call)),
    }


def changed(call: Call, comment: str | None = None) -> Answer:
    """A new change: pending now, in sync half a minute later."""
    change = call.unique("C", 20, LETTERS)
    call.table("changes", region=GLOBAL)[change] = call.now_ms
    told: Answer = {"Id": f"/change/{change}", "Status": "PENDING", "SubmittedAt": call.now}
    return told | ({"Comment": comment} if comment else {})


def _servers(seed: str) -> tuple[str, ...]:
    """Four name servers, one in each top-level domain, as each zone gets."""
    mark = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    ends = ("com", "net", "org", "co.uk")
    return tuple(
        f"ns-{512 * part + (mark[2 * part] << 1 | mark[2 * part + 1] & 1):d}.awsdns-{mark[2 * part + 1] % 64:02d}.{end}"
        for part, end in enumerate(ends)
    )


@operation("route53", "CreateHostedZone", region=GLOBAL)
def create_hosted_zone(
    call: Call, *, Name: str, CallerReference: str, HostedZoneConfig: Params | None = None
) -> Answer:
    """Make a public zone, with its NS and SOA records."""
    config = HostedZoneConfig or {}
    if config.get("PrivateZone"):
        raise NotModelled("route53: private hosted zones", "Leave PrivateZone out.")
    if not is_name(Name) or "*" in Name or "." not in Name.rstrip("."):
        raise AwsError("InvalidDomainName", f"{Name} is not a valid domain name")
    if any(zone.reference == CallerReference for zone in zones(call).values()):
        raise AwsError(
            "HostedZoneAlreadyExists",
            "A hosted zone has already been created with the specified caller reference.",
            409,
        )
    zone_id = call.unique("Z", 20, LETTERS)
    zone = Zone(zone_id, full(Name), CallerReference, config.get("Comment"), _servers(zone_id))
    zones(call)[zone_id] = zone
    soa = f"{zone.servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    for each in (
        RecordSet(zone.name, "NS", 172_800, tuple(f"{server}." for server in zone.servers)),
        RecordSet(zone.name, "SOA", 900, (soa,)),
    ):
        record_sets(call)[zone_id, each.name, each.type] = each
    return {
        "HostedZone": shown(call, zone),
        "ChangeInfo": changed(call),
        "DelegationSet": {"NameServers": list(zone.servers)},
        "Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone_id}",
    }


@operation("route53", "GetHostedZone", resource=zone_arn, readonly=True, region=GLOBAL)
def get_hosted_zone(call: Call, *, Id: str) -> Answer:
    """One zone, with its name servers."""
    zone = zone_of(call, Id)
    return {"HostedZone": shown(call, zone), "DelegationSet": {"NameServers": list(zone.servers)}}


@operation("route53", "ListHostedZones", readonly=True, region=GLOBAL)
def list_hosted_zones(call: Call, *, Marker: str = "", MaxItems: str = str(PAGE)) -> Answer:
    """The account's zones, by id."""
    size = most(MaxItems, PAGE)
    ids = sorted(each for each in zones(call) if each >= Marker)
    answer: Answer = {
        "HostedZones": [shown(call, zones(call)[each]) for each in ids[:size]],
        "Marker": Marker,
        "IsTruncated": len(ids) > size,
        "MaxItems": str(size),
    }
    return answer | ({"NextMarker": ids[size]} if len(ids) > size else {})


@operation("route53", "ListHostedZonesByName", readonly=True, region=GLOBAL)
def list_hosted_zones_by_name(call: Call, *, DNSName: str | None = None, MaxItems: str = str(PAGE)) -> Answer:
    """The account's zones, by name; from a name on where one is given."""
    size = most(MaxItems, PAGE)
    found = sorted(zones(call).values(), key=lambda zone: (order(zone.name), zone.id))
    if DNSName is not None:
        found = [zone for zone in found if order(zone.name) >= order(DNSName)]
    answer: Answer = {
        "HostedZones": [shown(call, zone) for zone in found[:size]],
        "IsTruncated": len(found) > size,
        "MaxItems": str(size),
    }
    if len(found) > size:
        answer |= {"NextDNSName": found[size].name, "NextHostedZoneId": found[size].id}
    return answer | ({"DNSName": full(DNSName)} if DNSName is not None else {})


@operation("route53", "UpdateHostedZoneComment", resource=zone_arn, region=GLOBAL)
def update_hosted_zone_comment(call: Call, *, Id: str, Comment: str | None = None) -> Answer:
    """Change a zone's comment."""
    zone = replace(zone_of(call, Id), comment=Comment)
    zones(call)[zone.id] = zone
    return {"HostedZone": shown(call, zone)}


@operation("route53", "DeleteHostedZone", resource=zone_arn, region=GLOBAL)
def delete_hosted_zone(call: Call, *, Id: str) -> Answer:
    """Delete a zone that has no records but its NS and SOA; its query logging goes with it."""
    zone = zone_of(call, Id)
    own = [key for key in record_sets(call) if key[0] == zone.id]
    if len(own) > 2:
        raise AwsError(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        )
    for key in own:
        del record_sets(call)[key]
    logging = call.table("query_logging", region=GLOBAL)
    for config in [each for each in logging.values() if each.zone == zone.id]:
        del logging[config.id]
    del zones(call)[zone.id]
    return {"ChangeInfo": changed(call)}


@operation("route53", "GetChange", readonly=True, region=GLOBAL)
def get_change(call: Call, *, Id: str) -> Answer:
    """Whether a change has reached all name servers."""
    name = Id.rsplit("/", 1)[-1]
    at_ms = call.table("changes", region=GLOBAL).get(name)
    if at_ms is None:
        raise AwsError("NoSuchChange", f"Could not find resource with ID: {Id}", 404)
    status = "INSYNC" if call.now_ms >= at_ms + IN_SYNC_MS else "PENDING"
    return {"ChangeInfo": {"Id": f"/change/{name}", "Status": status, "SubmittedAt": to_datetime(at_ms)}}


def most(text: str, limit: int) -> int:
    """How many items a page may have: MaxItems is a text.

    Raises:
        AwsError: it is no number.
    """
    if not text.isdigit() or not int(text):
        raise AwsError("InvalidInput", "maxitems must be a positive integer.")
    return min(int(text), limit)
