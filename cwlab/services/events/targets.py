"""Targets of rules: what is accepted, and how it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import Arn, parse
from cwlab.errors import AwsError, BadInput, NotModelled
from cwlab.services.events.common import (
    Answer,
    Params,
    clean,
    limit,
    page,
    rule_resource,
    the_rule,
    validation,
)
from cwlab.services.events.jsontext import read
from cwlab.services.events.records import DEFAULT, Rule, Target
from cwlab.services.events.running import arrange
from cwlab.services.events.shaping import MOST_PATHS, good_path, unknown_placeholder

MOST_TARGETS = 5  # of a rule. Source: "Amazon EventBridge quotas"
KINDS = {
    "lambda": "function:",
    "sqs": "",
    "sns": "",
    "logs": "log-group:",
    "events": "event-bus/",
}
"""The services a target may belong to, and how the resource in its ARN begins."""
_MEMBERS = {
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "SqsParameters",
    "DeadLetterConfig",
    "RetryPolicy",
}


@operation("events", "PutTargets", resource=rule_resource("Rule"))
def put_targets(
    call: Call, *, Rule: str, Targets: Sequence[Params], EventBusName: str | None = None
) -> Answer:
    """Add targets to a rule, or write those of the same id anew."""
    rule = the_rule(call, Rule, EventBusName)
    ids = [each["Id"] for each in Targets]
    if len(set(ids)) < len(ids):
        raise validation("Duplicate target ids are not allowed in a request.")  # unconfirmed wording
    new = {each["Id"]: _read(call, rule, each) for each in Targets}
    kept = {each.target_id: each for each in rule.targets} | new
    if len(kept) > MOST_TARGETS:
        raise limit()
    changed = replace(rule, targets=tuple(kept.values()))
    for each in new.values():
        _check_loop(call, changed, each)
    arrange(call, changed)
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("events", "RemoveTargets", resource=rule_resource("Rule"))
def remove_targets(
    call: Call, *, Rule: str, Ids: Sequence[str], EventBusName: str | None = None, Force: bool = False
) -> Answer:
    """Take targets off a rule. (Force is for rules AWS services manage.)"""
    rule = the_rule(call, Rule, EventBusName)
    failed = [
        {
            "TargetId": each,
            "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": f"Rule {rule.name} on EventBus {rule.bus} does not have target with Id: {each}.",
        }
        for each in Ids
        if rule.target(each) is None
    ]
    arrange(call, replace(rule, targets=tuple(t for t in rule.targets if t.target_id not in Ids)))
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "ListTargetsByRule", resource=rule_resource("Rule"), readonly=True)
def list_targets_by_rule(
    call: Call,
    *,
    Rule: str,
    EventBusName: str | None = None,
    NextToken: str | None = None,
    Limit: int | None = None,
) -> Answer:
    """The targets of a rule."""
    rule = the_rule(call, Rule, EventBusName)
    more, shown = page(rule.targets, "targets", rule.arn, NextToken, Limit)
    return {"Targets": [_show(target) for target in shown], **more}


# Reading --------------------------------------------------------------------------------------------------------------


def _read(call: Call, rule: Rule, given: Params) -> Target:
    """A target as it is kept.

    Raises:
        AwsError: EventBridge does not take it.
        NotModelled: EventBridge would.
    """
    target_id, extra = given["Id"], sorted(set(given) - _MEMBERS)
    if extra:
        raise NotModelled(
            f"events:PutTargets({', '.join(extra)}=…)", f"Modeled: {', '.join(sorted(_MEMBERS))}."
        )
    where = _arn(given["Arn"])
    if where.service not in KINDS:
        raise NotModelled(
            f"An EventBridge target of {where.service}", f"Modeled: {', '.join(sorted(KINDS))}."
        )
    if not where.resource.startswith(KINDS[where.service]) or not where.resource:
        raise _bad_arn(given["Arn"])
    role = given.get("RoleArn")
    if where.service == "events":
        if (where.account, where.region) != (call.account, call.region) and role is None:
            raise validation(f"RoleArn is required for target {given['Arn']}.")
    elif where.region != call.region:
        raise validation(
            f"Parameter {given['Arn']} is not valid. Reason: the target must be in the Region of the rule."
        )  # unconfirmed wording
    group = given.get("SqsParameters", {}).get("MessageGroupId")
    if where.service == "sqs" and where.resource.endswith(".fifo") and group is None:
        raise validation(f"Parameter(s) SqsParameters must be specified for target: {target_id}.")
    dead_letters = given.get("DeadLetterConfig", {}).get("Arn")
    if dead_letters is not None and _arn(dead_letters).service != "sqs":
        raise validation(
            f"Parameter {dead_letters} is not valid. Reason: a dead-letter queue is an SQS queue."
        )
    retry = given.get("RetryPolicy", {})
    _check_input(given)
    transformer = given.get("InputTransformer", {})
    return Target(
        target_id,
        given["Arn"],
        role,
        given.get("Input"),
        given.get("InputPath"),
        tuple(transformer["InputPathsMap"].items()) if "InputPathsMap" in transformer else None,
        transformer.get("InputTemplate"),
        retry.get("MaximumRetryAttempts"),
        retry.get("MaximumEventAgeInSeconds"),
        dead_letters,
        group,
    )


def _arn(text: str) -> Arn:
    try:
        return parse(text)
    except BadInput:
        raise _bad_arn(text) from None


def _bad_arn(text: str) -> AwsError:
    return validation(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")


def _check_input(given: Params) -> None:
    """At most one of the three ways to shape the input, and that one in order."""
    target_id = given["Id"]
    if sum(key in given for key in ("Input", "InputPath", "InputTransformer")) > 1:
        raise validation(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target_id}."
        )
    if "Input" in given:
        try:
            read(given["Input"])
        except ValueError:
            raise validation(f"JSON syntax error in Input for target {target_id}.") from None
    if "InputPath" in given and not good_path(given["InputPath"]):
        raise validation(f"Invalid InputPath for target {target_id}.")
    if "InputTransformer" not in given:
        return
    paths = given["InputTransformer"].get("InputPathsMap", {})
    template = given["InputTransformer"]["InputTemplate"]
    if len(paths) > MOST_PATHS:
        raise validation(f"InputPathsMap for target {target_id} has more than {MOST_PATHS} entries.")
    for path in paths.values():
        if not good_path(path):
            raise validation(f"InputPathsMap for target {target_id} has an invalid path: {path}.")
    if (bad := unknown_placeholder(template, paths)) is not None:
        raise validation(f"InputTemplate for target {target_id} contains invalid placeholder {bad}.")


def _check_loop(call: Call, rule: Rule, target: Target) -> None:
    """Events must not come back to the bus they left: they would go round for ever.

    Raises:
        NotModelled: following the rules' targets leads back.
    """
    start = (call.account, call.region, rule.bus)
    ways, seen = [target.arn], set()
    while ways:
        where = parse(ways.pop())
        if where.service != "events":
            continue
        bus = (where.account, where.region, where.resource.partition("/")[2] or DEFAULT)
        if bus == start:
            raise NotModelled(f"A rule that leads back to its own event bus ({target.arn})")
        if bus in seen:
            continue
        seen.add(bus)
        rules = call.table("rules", account=where.account, region=where.region).values()
        ways += [t.arn for each in rules if each.bus == bus[2] for t in each.targets]


def _show(target: Target) -> Answer:
    transformer: Any = None
    if target.template is not None:
        paths = None if target.paths is None else dict(target.paths)
        transformer = clean({"InputPathsMap": paths, "InputTemplate": target.template})
    retry = clean({"MaximumRetryAttempts": target.retries, "MaximumEventAgeInSeconds": target.age_s})
    return clean(
        {
            "Id": target.target_id,
            "Arn": target.arn,
            "RoleArn": target.role_arn,
            "Input": target.constant,
            "InputPath": target.path,
            "InputTransformer": transformer,
            "SqsParameters": None if target.group is None else {"MessageGroupId": target.group},
            "DeadLetterConfig": None if target.dead_letters is None else {"Arn": target.dead_letters},
            "RetryPolicy": retry or None,
        }
    )
