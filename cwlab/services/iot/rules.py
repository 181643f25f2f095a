"""Topic rules: made, shown, switched, deleted. Source: AWS IoT API Reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.iot.records import Action, Rule
from cwlab.services.iot.topics import filter_of, fits
from cwlab.table import Table
from cwlab.timeline import to_datetime

MOST_ACTIONS = 10
Answer = dict[str, Any]
Params = dict[str, Any]


def rules(call: Call) -> Table:
    return call.table("rules")


def rule_arn(call: Call, params: Params) -> str:
    """For IAM: the rule a request names."""
    return arn("iot", call.region, call.account, f"rule/{params.get('ruleName', '*')}")


def _read(call: Call, name: str, payload: Params) -> Rule:
    if extra := sorted(
        payload.keys() - {"sql", "description", "actions", "ruleDisabled", "awsIotSqlVersion"}
    ):
        raise NotModelled(f"iot: {', '.join(extra)} of a topic rule")
    actions = []
    for each in payload["actions"]:
        (kind,) = each
        if kind != "cloudwatchLogs":
            raise NotModelled(f"iot: the action {kind}", "Modeled: cloudwatchLogs.")
        given = each[kind]
        actions.append(Action(given["roleArn"], given["logGroupName"], given.get("batchMode", False)))
    if len(actions) > MOST_ACTIONS:
        raise AwsError("InvalidRequestException", f"A rule can have {MOST_ACTIONS} actions at most.")
    return Rule(
        name,
        payload["sql"],
        filter_of(payload["sql"]),
        tuple(actions),
        call.now_ms,
        payload.get("description"),
        payload.get("ruleDisabled", False),
        payload.get("awsIotSqlVersion", "2015-10-08"),
    )


def _the(call: Call, name: str) -> Rule:
    found: Rule | None = rules(call).get(name)
    if found is None:
        # Whether a rule exists is told to nobody who may not see it. Source: AWS answers UnauthorizedException.
        raise AwsError("UnauthorizedException", f"Access to topic rule '{name}' was denied", 401)
    return found


@operation("iot", "CreateTopicRule", resource=rule_arn)
def create_topic_rule(call: Call, *, ruleName: str, topicRulePayload: Params) -> None:
    """Make a rule; messages from now on go through it."""
    if ruleName in rules(call):
        raise AwsError("ResourceAlreadyExistsException", f"Topic rule already exists: {ruleName}", 409)
    rules(call)[ruleName] = _read(call, ruleName, topicRulePayload)


@operation("iot", "ReplaceTopicRule", resource=rule_arn)
def replace_topic_rule(call: Call, *, ruleName: str, topicRulePayload: Params) -> None:
    """Write a rule anew."""
    rules(call)[_the(call, ruleName).name] = _read(call, ruleName, topicRulePayload)


@operation("iot", "GetTopicRule", resource=rule_arn, readonly=True)
def get_topic_rule(call: Call, *, ruleName: str) -> Answer:
    """One rule."""
    rule = _the(call, ruleName)
    shown: Answer = {
        "ruleName": rule.name,
        "sql": rule.sql,
        "createdAt": to_datetime(rule.created_ms),
        "actions": [
            {"cloudwatchLogs": {"roleArn": each.role, "logGroupName": each.group, "batchMode": each.batch}}
            for each in rule.actions
        ],
        "ruleDisabled": rule.disabled,
        "awsIotSqlVersion": rule.version,
    }
    if rule.description is not None:
        shown["description"] = rule.description
    return {"ruleArn": rule_arn(call, {"ruleName": rule.name}), "rule": shown}


@operation("iot", "ListTopicRules", readonly=True)
def list_topic_rules(call: Call, *, topic: str | None = None, ruleDisabled: bool | None = None) -> Answer:
    """All rules, or those a topic goes through, in one page."""
    shown = [
        {
            "ruleArn": rule_arn(call, {"ruleName": rule.name}),
            "ruleName": rule.name,
            "topicPattern": rule.topic,
            "createdAt": to_datetime(rule.created_ms),
            "ruleDisabled": rule.disabled,
        }
        for _, rule in sorted(rules(call).items())
        if (topic is None or fits(topic, rule.topic)) and ruleDisabled in (None, rule.disabled)
    ]
    return {"rules": shown}


@operation("iot", "DeleteTopicRule", resource=rule_arn)
def delete_topic_rule(call: Call, *, ruleName: str) -> None:
    """Delete a rule. One that is not there is no error."""
    rules(call).pop(ruleName, None)


@operation("iot", "EnableTopicRule", resource=rule_arn)
def enable_topic_rule(call: Call, *, ruleName: str) -> None:
    """Switch a rule on."""
    rules(call)[ruleName] = replace(_the(call, ruleName), disabled=False)


@operation("iot", "DisableTopicRule", resource=rule_arn)
def disable_topic_rule(call: Call, *, ruleName: str) -> None:
    """Switch a rule off."""
    rules(call)[ruleName] = replace(_the(call, ruleName), disabled=True)
