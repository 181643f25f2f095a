"""Rules: a pattern that events must match, a schedule, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.schedule import BadSchedule, parse
from cwlab.services.events.common import (
    Answer,
    Params,
    bus_name,
    clean,
    limit,
    page,
    rule_arn,
    rule_resource,
    rules_of,
    the_bus,
    the_rule,
    validation,
)
from cwlab.services.events.operators import PatternError
from cwlab.services.events.pattern import Pattern, compile_pattern
from cwlab.services.events.records import DEFAULT, Rule
from cwlab.services.events.running import arrange
from cwlab.services.events.tags import forget, put_tags

MOST_RULES = 300  # of a bus. Source: "Amazon EventBridge quotas"


def checked_pattern(text: str) -> Pattern:
    """A pattern that can be used.

    Raises:
        AwsError: InvalidEventPatternException, with the reason; a note tells the place.
    """
    try:
        return compile_pattern(text)
    except PatternError as problem:
        error = AwsError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {problem.reason}"
        )
        where = f"At {problem.where}. " if problem.where else ""
        if note := f"{where}{problem.remedy_text}".strip():
            error.add_note(note)
        raise error from None


def _check_schedule(text: str, bus: str) -> None:
    if bus != DEFAULT:
        raise validation("ScheduleExpression is supported only on the default event bus.")
    try:
        parse(text)
    except BadSchedule as problem:
        error = validation("Parameter ScheduleExpression is not valid.")
        error.add_note(str(problem))
        raise error from None


@operation("events", "PutRule", resource=rule_resource())
def put_rule(
    call: Call,
    *,
    Name: str,
    ScheduleExpression: str | None = None,
    EventPattern: str | None = None,
    State: str = "ENABLED",
    Description: str | None = None,
    RoleArn: str | None = None,
    Tags: Sequence[Params] = (),
    EventBusName: str | None = None,
) -> Answer:
    """Make a rule, or write it anew: what is not given is gone then, save the targets and the tags."""
    bus = the_bus(call, bus_name(call, EventBusName)).name
    if not ScheduleExpression and not EventPattern:
        raise validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if State not in ("ENABLED", "DISABLED"):
        raise NotModelled(f"The rule state {State}", "Modeled: ENABLED, DISABLED.")
    if EventPattern:
        checked_pattern(EventPattern)
    if ScheduleExpression:
        _check_schedule(ScheduleExpression, bus)
    before: Rule | None = call.table("rules").get((bus, Name))
    if before is None and len(rules_of(call, bus)) >= MOST_RULES:
        raise limit()
    goes_on = before is not None and before.schedule == ScheduleExpression and before.state == State
    rule = Rule(
        Name,
        bus,
        rule_arn(call, bus, Name),
        EventPattern or None,
        ScheduleExpression or None,
        State,
        Description,
        RoleArn,
        before.since_ms if before is not None and goes_on else call.now_ms,
        before.due if before is not None else None,
        before.targets if before is not None else (),
    )
    arrange(call, rule)
    if (
        before is None
    ):  # "If you are updating an existing rule, any tags you specify are ignored" (API reference)
        put_tags(call, rule.arn, Tags)
    return {"RuleArn": rule.arn}


def _show(rule: Rule) -> Answer:
    return clean(
        {
            "Name": rule.name,
            "Arn": rule.arn,
            "EventPattern": rule.pattern,
            "ScheduleExpression": rule.schedule,
            "State": rule.state,
            "Description": rule.description,
            "RoleArn": rule.role_arn,
            "EventBusName": rule.bus,
        }
    )


@operation("events", "DescribeRule", resource=rule_resource(), readonly=True)
def describe_rule(call: Call, *, Name: str, EventBusName: str | None = None) -> Answer:
    """One rule."""
    return {**_show(the_rule(call, Name, EventBusName)), "CreatedBy": call.account}


@operation("events", "ListRules", readonly=True)
def list_rules(
    call: Call,
    *,
    NamePrefix: str = "",
    EventBusName: str | None = None,
    NextToken: str | None = None,
    Limit: int | None = None,
) -> Answer:
    """The rules of a bus, by name."""
    bus = the_bus(call, bus_name(call, EventBusName)).name
    found = [rule for rule in rules_of(call, bus) if rule.name.startswith(NamePrefix)]
    more, shown = page(found, "rules", (bus, NamePrefix), NextToken, Limit)
    return {"Rules": [_show(rule) for rule in shown], **more}


@operation("events", "ListRuleNamesByTarget", readonly=True)
def list_rule_names_by_target(
    call: Call,
    *,
    TargetArn: str,
    EventBusName: str | None = None,
    NextToken: str | None = None,
    Limit: int | None = None,
) -> Answer:
    """Which rules of a bus lead to a target."""
    bus = the_bus(call, bus_name(call, EventBusName)).name
    found = [rule.name for rule in rules_of(call, bus) if any(t.arn == TargetArn for t in rule.targets)]
    more, shown = page(found, "names", (bus, TargetArn), NextToken, Limit)
    return {"RuleNames": list(shown), **more}


@operation("events", "EnableRule", resource=rule_resource())
def enable_rule(call: Call, *, Name: str, EventBusName: str | None = None) -> None:
    """Switch a rule on. A rate counts anew from here."""
    rule = the_rule(call, Name, EventBusName)
    if not rule.enabled:
        arrange(call, replace(rule, state="ENABLED", since_ms=call.now_ms))


@operation("events", "DisableRule", resource=rule_resource())
def disable_rule(call: Call, *, Name: str, EventBusName: str | None = None) -> None:
    """Switch a rule off: it matches nothing and does not run on its schedule."""
    rule = the_rule(call, Name, EventBusName)
    if rule.enabled:
        arrange(call, replace(rule, state="DISABLED"))


@operation("events", "DeleteRule", resource=rule_resource())
def delete_rule(call: Call, *, Name: str, EventBusName: str | None = None, Force: bool = False) -> None:
    """Delete a rule without targets. One that is not there is no error. (Force is for rules AWS services manage.)"""
    bus = the_bus(call, bus_name(call, EventBusName)).name
    rule: Rule | None = call.table("rules").get((bus, Name))
    if rule is None:
        return
    if rule.targets:
        raise validation("Rule can't be deleted since it has targets.")
    arrange(call, replace(rule, state="DISABLED"))
    del call.table("rules")[bus, Name]
    forget(call, rule.arn)
