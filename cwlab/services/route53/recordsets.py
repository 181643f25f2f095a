"""Records of a zone: changed in batches that go as a whole or not at all, and listed.

Source: Route 53 API Reference, ChangeResourceRecordSets.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError, NotModelled
from cwlab.services.route53.names import MODELED, full, inside, is_name, order, value_problem
from cwlab.services.route53.records import RecordSet, Zone
from cwlab.services.route53.zones import changed, most, record_sets, zone_arn, zone_of

PAGE = 300
_PLAIN = {"Name", "Type", "TTL", "ResourceRecords"}
Answer = dict[str, Any]
Params = dict[str, Any]


@operation("route53", "ChangeResourceRecordSets", resource=zone_arn, region=GLOBAL)
def change_resource_record_sets(call: Call, *, HostedZoneId: str, ChangeBatch: Params) -> Answer:
    """Create, delete or upsert records. All changes are made, or none."""
    zone = zone_of(call, HostedZoneId)
    table = record_sets(call)
    problems: list[str] = []
    for change in ChangeBatch["Changes"]:
        action, wanted = change["Action"], _read(change["ResourceRecordSet"])
        key = (zone.id, wanted.name, wanted.type)
        problem = _problem(call, zone, action, wanted)
        if problem is not None:
            problems.append(problem)
        elif action == "DELETE":
            del table[key]
        else:
            table[key] = wanted
    if problems:
        text = ", ".join(problems)
        raise AwsError("InvalidChangeBatch", f"[{text}]", fields={"messages": problems})
    return {"ChangeInfo": changed(call, ChangeBatch.get("Comment"))}


def _read(given: Params) -> RecordSet:
    if extra := sorted(given.keys() - _PLAIN):
        raise NotModelled(
            f"route53: {', '.join(extra)} of a record set", "Modeled: Name, Type, TTL, ResourceRecords."
        )
    if given["Type"] not in MODELED:
        raise NotModelled(f"route53: records of type {given['Type']}", f"Modeled: {', '.join(MODELED)}.")
    values = tuple(each["Value"] for each in given.get("ResourceRecords", ()))
    if "TTL" not in given or not values:
        raise AwsError(
            "InvalidInput",
            f"Invalid request: Missing field 'TTL' or 'ResourceRecords' in {full(given['Name'])}",
        )
    return RecordSet(full(given["Name"]), given["Type"], given["TTL"], values)


def _problem(call: Call, zone: Zone, action: str, wanted: RecordSet) -> str | None:
    """Why a change cannot be made, in AWS's words; None when it can."""
    had: RecordSet | None = record_sets(call).get((zone.id, wanted.name, wanted.type))
    named = f"[name='{wanted.name}', type='{wanted.type}']"
    if not inside(wanted.name, zone.name) or not is_name(wanted.name):
        return f"RRSet with DNS name {wanted.name} is not permitted in zone {zone.name}"
    if action == "DELETE":
        if had is None:
            return f"Tried to delete resource record set {named} but it was not found"
        if (had.ttl, had.values) != (wanted.ttl, wanted.values):
            return f"Tried to delete resource record set {named} but the values provided do not match the current values"
        if wanted.name == zone.name and wanted.type in ("NS", "SOA"):
            return f"A HostedZone must contain at least one {wanted.type} record for the zone itself."
        return None
    if action == "CREATE" and had is not None:
        return f"Tried to create resource record set {named} but it already exists"
    for value in wanted.values:
        found = value_problem(wanted.type, value)
        if found is not None:
            return f"Invalid Resource Record: 'FATAL problem: {found} encountered with '{value}''"
    others = {kind for zone_id, name, kind in record_sets(call) if (zone_id, name) == (zone.id, wanted.name)}
    if wanted.type == "CNAME" and wanted.name == zone.name:
        return f"RRSet of type CNAME with DNS name {wanted.name} is not permitted at apex in zone {zone.name}"
    if others - {wanted.type} and "CNAME" in {wanted.type, *others}:
        return (
            f"RRSet of type {wanted.type} with DNS name {wanted.name} is not permitted as it conflicts with other "
            f"records with the same DNS name in zone {zone.name}"
        )
    return None


@operation("route53", "ListResourceRecordSets", resource=zone_arn, readonly=True, region=GLOBAL)
def list_resource_record_sets(
    call: Call,
    *,
    HostedZoneId: str,
    StartRecordName: str | None = None,
    StartRecordType: str | None = None,
    MaxItems: str = str(PAGE),
) -> Answer:
    """A zone's records, by name from the right and then by type."""
    zone, size = zone_of(call, HostedZoneId), most(MaxItems, PAGE)
    if StartRecordType is not None and StartRecordName is None:
        raise AwsError("InvalidInput", "StartRecordType requires StartRecordName.")
    keyed = sorted(
        ((order(name), kind), found)
        for (zone_id, name, kind), found in _of(call, zone).items()
        if zone_id == zone.id
    )
    if StartRecordName is not None:
        start = (order(StartRecordName), StartRecordType or "")
        keyed = [each for each in keyed if each[0] >= start]
    answer: Answer = {
        "ResourceRecordSets": [_shown(found) for _, found in keyed[:size]],
        "IsTruncated": len(keyed) > size,
        "MaxItems": str(size),
    }
    if len(keyed) > size:
        following = keyed[size][1]
        answer |= {"NextRecordName": following.name, "NextRecordType": following.type}
    return answer


def _of(call: Call, zone: Zone) -> dict[tuple[str, str, str], RecordSet]:
    return {key: found for key, found in record_sets(call).items() if key[0] == zone.id}


def _shown(found: RecordSet) -> Answer:
    return {
        "Name": found.name,
        "Type": found.type,
        "TTL": found.ttl,
        "ResourceRecords": [{"Value": value} for value in found.values],
    }
