"""Rules that run on a schedule, and handing an event to a rule's targets.

A rule stands on the agenda only while it is enabled and has targets: nobody could tell that it ran otherwise, and a year
of minutes then costs nothing.
"""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, handler
from cwlab.schedule import parse
from cwlab.services.events.common import save, uuid
from cwlab.services.events.envelope import envelope
from cwlab.services.events.jsontext import write
from cwlab.services.events.records import Rule
from cwlab.services.events.tally import count

LATENCY_MS = 20
"""From the event to the call of its targets. (AWS: usually under half a second.)"""


def arrange(call: Call, rule: Rule) -> Rule:
    """Save a rule, and put its next scheduled run on the agenda in place of the one there."""
    if rule.due is not None:
        call.cancel(rule.due)
    due = None
    if rule.schedule and rule.enabled and rule.targets:
        at_ms = parse(rule.schedule).after(call.now_ms, rule.since_ms)
        if at_ms is not None:
            due = call.schedule(at_ms, "run", bus=rule.bus, name=rule.name)
    return save(call, replace(rule, due=due))


@handler("events", "run")
def run(call: Call, *, bus: str, name: str) -> None:
    """A scheduled rule runs: each of its targets gets a Scheduled Event."""
    rule: Rule | None = call.table("rules").get((bus, name))
    if rule is None or not rule.enabled:
        return
    event = envelope(
        uuid(call), "aws.events", "Scheduled Event", call.account, call.region, call.now_ms, [rule.arn], {}
    )
    count(call, rule, "TriggeredRules", overall=True)
    hand_over(call, rule, write(event))
    arrange(call, replace(rule, due=None))


def hand_over(call: Call, rule: Rule, event: str) -> None:
    """Put the call of each target on the agenda."""
    for target in rule.targets:
        call.schedule(
            call.now_ms + LATENCY_MS,
            "deliver",
            bus=rule.bus,
            name=rule.name,
            target=target.target_id,
            event=event,
            since_ms=call.now_ms,
            attempt=0,
        )
