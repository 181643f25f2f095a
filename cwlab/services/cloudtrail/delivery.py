"""Every five minutes a trail that logs delivers what is new: lines to its log group, a file to its bucket.

On average an event arrives five minutes after the call. Source: CloudTrail User Guide, "How CloudTrail works".
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.cloudtrail import reading
from cwlab.services.cloudtrail.events import Record, reads, record_of, text_of
from cwlab.services.cloudtrail.planes import GLOBAL as GLOBAL_SERVICES
from cwlab.services.cloudtrail.planes import source
from cwlab.services.cloudtrail.reading import Made
from cwlab.services.cloudtrail.records import Trail
from cwlab.table import Table
from cwlab.timeline import MINUTE, to_datetime

EVERY_MS = 5 * MINUTE
BEHIND_MS = 150_000  # what happened since has not arrived yet: 2.5 to 7.5 minutes from call to delivery
MOST_BYTES = 262_144  # of one event in a log group; longer ones are not sent
BATCH_BYTES, BATCH_EVENTS = 1_000_000, 1_000
SERVICE = "cloudtrail.amazonaws.com"


def trails(call: Call) -> Table:
    """The account's trails, by home Region and name."""
    return call.table("trails", region=GLOBAL)


def begin(call: Call, trail: Trail) -> Trail:
    """Switch logging on, from this instant."""
    due = call.schedule(call.now_ms + EVERY_MS, "deliver", home=trail.home, name=trail.name)
    return replace(trail, logging=True, started_ms=call.now_ms, position=reading.start(call), due=due)


def stop(call: Call, trail: Trail) -> Trail:
    """Switch logging off. What happened before is still delivered, once."""
    return replace(trail, logging=False, stopped_ms=call.now_ms)


@handler("cloudtrail", "deliver")
def deliver(call: Call, *, home: str, name: str) -> None:
    """Deliver what is new, and stand on the agenda again while the trail logs."""
    trail: Trail | None = trails(call).get((home, name))
    if trail is None:
        return
    until_ms = call.now_ms - BEHIND_MS
    if not trail.logging and trail.stopped_ms is not None:
        until_ms = min(until_ms, trail.stopped_ms)
    made, position = reading.read(call, trail.position, until_ms)
    wanted = [each for each in made if wants(trail, each)]
    trail = replace(trail, position=position, due=None)
    if wanted:
        told = [(each, record_of(call, each)) for each in wanted]
        trail = _to_group(call, trail, told)
        trail = _to_bucket(call, trail, told)
    if trail.logging or (trail.stopped_ms or 0) > call.now_ms - BEHIND_MS:
        due = call.schedule(call.now_ms + EVERY_MS, "deliver", home=home, name=name)
        trail = replace(trail, due=due)
    trails(call)[home, name] = trail


def wants(trail: Trail, made: Made) -> bool:
    """Whether a trail takes an event."""
    entry, chosen = made.entry, trail.selector
    if not trail.all_regions and made.region != trail.home:
        return False
    if entry.service in GLOBAL_SERVICES and not trail.global_events:
        return False
    if not chosen.management or source(entry.service) in chosen.excluded:
        return False
    if not trail.logging and trail.stopped_ms is not None and entry.at_ms > trail.stopped_ms:
        return False
    return chosen.kind == "All" or reads(entry) == (chosen.kind == "ReadOnly")


# To a log group --------------------------------------------------------------------------------------------------------


def stream_name(call: Call, trail: Trail) -> str:
    return f"{call.account}_CloudTrail_{trail.home}"


def group_name(group_arn: str) -> str:
    """The group's name in the ARN a trail was given, which ends in ``:*``."""
    return group_arn.split(":", 6)[6].removesuffix(":*")


def make_stream(call: Call, trail: Trail) -> None:
    """Make the trail's stream, as the trail's role; one that is there is as good.

    Raises:
        AwsError: the role may not, or the group is not there.
    """
    names = {"logGroupName": group_name(trail.group_arn or ""), "logStreamName": stream_name(call, trail)}
    try:
        _ask(call, trail, "CreateLogStream", names)
    except AwsError as problem:
        if problem.code != "ResourceAlreadyExistsException":
            raise


def _ask(call: Call, trail: Trail, operation: str, params: dict[str, Any]) -> None:
    call.invoke("logs", operation, params, role=trail.role_arn, region=trail.home)


def _to_group(call: Call, trail: Trail, told: list[tuple[Made, Record]]) -> Trail:
    if trail.group_arn is None:
        return trail
    lines = [(each.entry.at_ms, text_of(record)) for each, record in told]
    lines = sorted((line for line in lines if len(line[1].encode()) <= MOST_BYTES), key=lambda line: line[0])
    names = {"logGroupName": group_name(trail.group_arn), "logStreamName": stream_name(call, trail)}
    try:
        for batch in batches(lines):
            shown = [{"timestamp": at_ms, "message": text} for at_ms, text in batch]
            try:
                _ask(call, trail, "PutLogEvents", names | {"logEvents": shown})
            except AwsError as problem:
                if problem.code != "ResourceNotFoundException":
                    raise
                make_stream(call, trail)
                _ask(call, trail, "PutLogEvents", names | {"logEvents": shown})
    except AwsError as problem:
        return replace(trail, logs_error=problem.code)
    return replace(trail, logs_ms=call.now_ms, logs_error=None)


def batches(lines: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Cut lines into what one PutLogEvents takes."""
    out: list[list[tuple[int, str]]] = [[]]
    size = 0
    for line in lines:
        weight = len(line[1].encode()) + 26
        if out[-1] and (len(out[-1]) == BATCH_EVENTS or size + weight > BATCH_BYTES):
            out.append([])
            size = 0
        out[-1].append(line)
        size += weight
    return [batch for batch in out if batch]


# To a bucket -----------------------------------------------------------------------------------------------------------


def folder(call: Call, trail: Trail) -> str:
    """Where in the bucket the trail's files are."""
    return f"{trail.prefix + '/' if trail.prefix else ''}AWSLogs/{call.account}/CloudTrail/"


def _to_bucket(call: Call, trail: Trail, told: list[tuple[Made, Record]]) -> Trail:
    trail = replace(trail, tried_ms=call.now_ms)
    regions = sorted({each.region for each, _ in told})
    now = to_datetime(call.now_ms)
    try:
        for region in regions:
            found = [record for each, record in told if each.region == region]
            random = call.unique("", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
            name = f"{call.account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{random}.json.gz"
            body = json.dumps({"Records": found}, separators=(",", ":"), ensure_ascii=False).encode()
            put(
                call,
                trail,
                f"{folder(call, trail)}{region}/{now:%Y/%m/%d}/{name}",
                gzip.compress(body, 6, mtime=0),
            )
    except AwsError as problem:
        return replace(trail, file_error=problem.code)
    return replace(trail, file_ms=call.now_ms, file_error=None)


def put(call: Call, trail: Trail, key: str, body: bytes) -> None:
    """Put an object into the trail's bucket, wherever the bucket is, as CloudTrail.

    Raises:
        AwsError: S3 refuses.
    """
    params = {"Bucket": trail.bucket, "Key": key, "Body": body, "ACL": "bucket-owner-full-control"}
    in_bucket(call, trail, "PutObject", params)


def in_bucket(call: Call, trail: Trail, operation: str, params: dict[str, Any]) -> None:
    """Ask S3 as CloudTrail; where the bucket is in another Region, there."""
    who = {"service_principal": SERVICE, "source_arn": trail.arn}
    try:
        call.invoke("s3", operation, params, region=trail.home, **who)
    except AwsError as problem:
        if problem.code != "PermanentRedirect":
            raise
        region = str(problem.fields.get("Error", problem.fields)["Endpoint"]).split(".")[-3]
        call.invoke("s3", operation, params, region=region, **who)
