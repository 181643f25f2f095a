"""A log group's settings, and how calls ended: what is refused, in AWS's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwlab.console import eventlog
from cwlab.console.charts.listing import Item, listing
from cwlab.console.picture import Picture
from cwlab.console.words import clean, counted, number, shorten
from cwlab.timeline import to_datetime


def group(lab: Any, name: str, *, title: str = "") -> Picture:
    """The settings of a log group: what holds for all its streams.

    Args:
        lab: the lab (or its twin on AWS).
        name: the log group.
        title: the finding; made from the settings when left out.

    Raises:
        ClientError: you may not look at log groups.
    """
    client = lab.client("logs")
    found = [
        g
        for g in client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if g["logGroupName"] == name
    ]
    if not found:
        return listing([Item("refused", "missing", name, "There is no such log group in this account and Region.")],
                       title=f"{shorten(name)}: no such group")  # fmt: skip
    it = found[0]
    streams = len(eventlog.streams_of(client, name))
    days = it.get("retentionInDays")
    key = it.get("kmsKeyId")
    policies = client.describe_resource_policies()["resourcePolicies"]
    guarded = it.get("deletionProtectionEnabled", False)
    items = [
        Item("ok" if days else "open", "set" if days else "default", "retention",
             f"Events are kept for {counted(days, 'day')}, then hidden, and deleted within 72 hours." if days
             else "Nothing expires: every event is kept, and paid for, until you delete it."),
        Item("ok" if key else "open", "set" if key else "default", "encryption",
             f"What comes in is under the KMS key {shorten(key.rsplit('/', 1)[-1], 24)}; who reads needs it too." if key
             else "By CloudWatch Logs itself, with a key of the service. No KMS key of yours."),
        Item("ok" if policies else "open", "set" if policies else "default", "resource policies",
             f"{', '.join(shorten(p['policyName'], 30) for p in policies[:3])}: which AWS services may write." if policies
             else "None: your own identities write by their IAM policies, other AWS services not at all.",
             "of the account and Region"),
        Item("ok", "fixed", "class", f"{it.get('logGroupClass', 'STANDARD')}: chosen when the group is made, for good."),
        Item("ok" if guarded else "open", "on" if guarded else "off", "deletion protection",
             "DeleteLogGroup is refused." if guarded else "DeleteLogGroup deletes it with all its streams."),
        Item("ok" if it.get("metricFilterCount") else "open", number(it.get("metricFilterCount", 0)), "metric filters",
             f"{counted(it.get('metricFilterCount', 0), 'pattern')} looked for in what comes in to any of its "
             f"{counted(streams, 'stream')}."),
    ]  # fmt: skip
    return listing(items, title=title or f"{shorten(name)}: one set of rules for {counted(streams, 'stream')}",
                   columns=("setting", "state", "what it means"))  # fmt: skip


def groups(lab: Any, regions: Sequence[str] = (), *, title: str = "") -> Picture:
    """The log groups of one Region or several: where each lies, how many events it holds, and the last of them.

    Args:
        lab: the lab (or its twin on AWS).
        regions: the Regions to look in; the lab's own when left out.
        title: the finding; how many there are when left out.
    """
    items = []
    for region in regions or [lab.region]:
        client = lab.client("logs", region=region)
        names = [
            g["logGroupName"]
            for page in client.get_paginator("describe_log_groups").paginate()
            for g in page["logGroups"]
        ]
        for name in names:
            found = eventlog.find(client, name)
            said = eventlog.refusal(found.refused) if found.refused else "empty so far"
            if found.events:
                said = found.events[-1]["message"].strip()
            note = f"{region}, {counted(len(found.events), 'event')} in {counted(len({e['logStreamName'] for e in found.events}), 'stream')}"
            mark = "refused" if found.refused else "ok" if found.events else "open"
            items.append(Item(mark, "filled" if found.events else "empty", name, clean(said), note))
        if not names:
            items.append(Item("open", "none", region, "No log group in this Region."))
    many = sum(item.mark != "open" for item in items)
    where = counted(len(regions or [lab.region]), "Region")
    return listing(
        items,
        title=title or f"{counted(many, 'log group')} with events in {where}",
        columns=("group", "place", "last event"),
    )


def outcomes(
    lab: Any,
    operations: Sequence[str] | None = None,
    *,
    services: Sequence[str] = ("logs",),
    last: int = 8,
    title: str = "",
) -> Picture:
    """How the latest calls ended: accepted, or refused and with which words.

    Args:
        lab: the lab.
        operations: only these, as AWS spells them; all when left out.
        services: of these services.
        last: so many of them at most.
        title: the finding; how many were refused when left out.
    """
    made = [
        e
        for e in lab.journal
        if e.kind == "call" and e.service in services and (operations is None or e.operation in operations)
    ][-last:]
    items = []
    for e in made:
        who = (
            str(e.caller.arn).rsplit(":", 1)[-1].removeprefix("assumed-role/")
            if e.caller is not None
            else "nobody"
        )
        note = f"{to_datetime(e.at_ms):%H:%M:%S} by {shorten(who, 30)}"
        said = f"{e.error}: {e.message}" if e.error else _accepted(e)
        items.append(
            Item(
                "refused" if e.error else "ok",
                "refused" if e.error else "done",
                e.operation,
                clean(said),
                note,
            )
        )
    refused = sum(1 for e in made if e.error)
    found = f"{refused} of {counted(len(made), 'call')} refused" if made else "No calls yet"
    return listing(items, title=title or found, columns=("call", "ended", "said"))


def _accepted(entry: Any) -> str:
    """A few words about a call that went well."""
    rejected = (entry.result or {}).get("rejectedLogEventsInfo") if isinstance(entry.result, dict) else None
    if rejected:
        return "accepted, but events were left out: " + ", ".join(f"{k} {v}" for k, v in rejected.items())
    return "accepted"
