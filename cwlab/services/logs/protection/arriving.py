"""What comes in under a data protection policy: its findings are counted for the metric and reported, and it goes on masked.

Source: User Guide, "Audit findings reports"; "Monitoring with CloudWatch metrics", LogEventsWithFindings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.logs.chunk import Chunk
from cwlab.services.logs.history import ACCOUNT, value_at
from cwlab.services.logs.ingest import MAX_BATCH_BYTES, MAX_EVENTS, OVERHEAD
from cwlab.services.logs.names import group_arn, streams
from cwlab.services.logs.protection.documents import Policy
from cwlab.services.logs.protection.masking import Findings, Rules, found_in, shown
from cwlab.services.logs.protection.reading import histories, rules
from cwlab.table import Table
from cwlab.timeline import iso

DELIVERY = "delivery.logs.amazonaws.com"
STREAM = "data-protection-findings"
MINUTE_MS = 60_000
Structure = dict[str, Any]


def counts(call: Call) -> Table:
    """How many events had findings, by group and minute of receipt."""
    return call.table("findings")


def arrived(call: Call, group: str, chunk: Chunk) -> Chunk:
    """A batch as filters see it: masked. Its findings are counted, and reported where a policy says so."""
    held = rules(call, group)
    return chunk if held is None else _looked_at(call, group, chunk, held)


def _looked_at(call: Call, group: str, chunk: Chunk, held: Rules) -> Chunk:
    having = found_in(chunk, held)
    if not having:
        return chunk
    table, key = counts(call), (group, call.now_ms // MINUTE_MS)
    table[key] = table.get(key, 0) + len(having)
    if call.principal.arn != DELIVERY:  # a report is not reported
        for policy in _in_force(call, group):
            if policy.findings is not None:
                _report(call, group, policy, having)
    return shown(chunk, held)


def _in_force(call: Call, group: str) -> Iterator[Policy]:
    table = histories(call)
    for name in (group, ACCOUNT):
        policy = value_at(table.get(name, ()), (call.now_ms, 1 << 62))
        if policy is not None:
            yield policy


def _report(call: Call, group: str, policy: Policy, having: list[Findings]) -> None:
    """One event for each event with findings, in the log group the policy names."""
    mine = {name for name, _ in policy.identifiers}
    batch, size = list[Structure](), 0
    for found in having:
        parts = [
            {"name": name, "count": len(spans), "detections": [{"start": a, "end": b} for a, b in spans]}
            for name, spans in found.items()
            if name in mine
        ]
        if not parts:
            continue
        report = {
            "auditTimestamp": iso(call.now_ms - call.now_ms % 1000),
            "resourceArn": f"{group_arn(call, group)}:*",
            "dataIdentifiers": parts,
        }
        text = json.dumps(report)
        if batch and (size + len(text) + OVERHEAD > MAX_BATCH_BYTES or len(batch) == MAX_EVENTS):
            _deliver(call, group, str(policy.findings), batch)
            batch, size = [], 0
        batch.append({"timestamp": call.now_ms, "message": text})
        size += len(text) + OVERHEAD
    if batch:
        _deliver(call, group, str(policy.findings), batch)


def _deliver(call: Call, group: str, target: str, batch: list[Structure]) -> None:
    where = {"logGroupName": target, "logStreamName": STREAM}
    try:
        if STREAM not in streams(call, target):
            _ask(call, group, "CreateLogStream", where)
        _ask(call, group, "PutLogEvents", {**where, "logEvents": batch})
    except AwsError:
        return  # the door has written it down


def _ask(call: Call, group: str, operation: str, params: Structure) -> None:
    call.invoke("logs", operation, params, service_principal=DELIVERY, source_arn=group_arn(call, group))
