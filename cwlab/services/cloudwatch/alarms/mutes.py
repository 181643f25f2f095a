"""PutAlarmMuteRule, GetAlarmMuteRule, ListAlarmMuteRules, DeleteAlarmMuteRule, and the end of a window.

Source: API reference; user guide, ``alarm-mute-rules``. Texts of refusals are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.cloudwatch import paging
from cwlab.services.cloudwatch.alarms import actions, muting, tags
from cwlab.services.cloudwatch.alarms.composite.relations import alarm_arn
from cwlab.services.cloudwatch.alarms.events import Change
from cwlab.services.cloudwatch.alarms.muting import Held, MuteRule, schedule
from cwlab.services.cloudwatch.alarms.phases import phase_of
from cwlab.services.cloudwatch.alarms.records import Alarm, State
from cwlab.timeline import to_datetime, to_ms

PAGE, MAX_RULES = 50, 2000

Structure = dict[str, Any]


def rule_arn(call: Call, name: str) -> str:
    return arn("cloudwatch", call.region, call.account, f"alarm-mute-rule:{name}")


def _touched(call: Call, params: Mapping[str, Any]) -> list[str]:
    """A rule and the alarms it targets: PutAlarmMuteRule must be allowed on each."""
    targets = params.get("MuteTargets", {}).get("AlarmNames", ())
    return [rule_arn(call, params["Name"]), *(alarm_arn(call, name) for name in targets)]


@operation("cloudwatch", "PutAlarmMuteRule", resource=_touched)
def put_alarm_mute_rule(
    call: Call,
    *,
    Name: str,
    Rule: Mapping[str, Any],
    Description: str | None = None,
    MuteTargets: Mapping[str, Any] | None = None,
    Tags: Sequence[Mapping[str, str]] | None = None,
    StartDate: datetime | None = None,
    ExpireDate: datetime | None = None,
) -> None:
    """Make a mute rule, or replace one. It counts from now on, also in the middle of one of its windows."""
    rules, how = call.table("mute_rules"), Rule["Schedule"]
    schedule(how["Expression"], how["Duration"], how.get("Timezone"))
    given = tags.checked(Tags or ())
    if Name not in rules and len(rules) >= MAX_RULES:
        raise AwsError(
            "LimitExceeded", f"The limit of {MAX_RULES} mute rules is reached.", shape="LimitExceededFault"
        )
    if StartDate is not None and ExpireDate is not None and StartDate >= ExpireDate:
        raise AwsError("ValidationError", "StartDate must be before ExpireDate.")
    before: MuteRule | None = rules.get(Name)
    rule = MuteRule(
        Name,
        rule_arn(call, Name),
        Description,
        how["Expression"],
        how["Duration"],
        how.get("Timezone"),
        tuple(dict.fromkeys((MuteTargets or {}).get("AlarmNames", ()))),
        None if StartDate is None else to_ms(StartDate),
        None if ExpireDate is None else to_ms(ExpireDate),
        call.now_ms,
    )
    if before is None:
        tags.first(call, rule.arn, given)
    else:
        _untarget(call, before)
    rules[Name] = rule
    targets = call.table("mute_targets")
    for name in rule.targets:
        targets[name] = (*targets.get(name, ()), Name)
    _look_again(call, {*rule.targets, *(before.targets if before else ())})


def _untarget(call: Call, rule: MuteRule) -> None:
    targets = call.table("mute_targets")
    for name in rule.targets:
        rest = tuple(each for each in targets.get(name, ()) if each != rule.name)
        if rest:
            targets[name] = rest
        else:
            targets.pop(name, None)


@operation(
    "cloudwatch",
    "GetAlarmMuteRule",
    resource=lambda call, p: rule_arn(call, p["AlarmMuteRuleName"]),
    readonly=True,
)
def get_alarm_mute_rule(call: Call, *, AlarmMuteRuleName: str) -> Structure:
    """One mute rule."""
    rule: MuteRule | None = call.table("mute_rules").get(AlarmMuteRuleName)
    if rule is None:
        raise AwsError(
            "ResourceNotFoundException", f"The alarm mute rule {AlarmMuteRuleName} does not exist.", 404
        )
    how = {"Expression": rule.expression, "Duration": rule.duration, "Timezone": rule.zone}
    told = {
        "Name": rule.name,
        "AlarmMuteRuleArn": rule.arn,
        "Description": rule.description,
        "Rule": {"Schedule": {key: value for key, value in how.items() if value is not None}},
        "MuteTargets": {"AlarmNames": list(rule.targets)},
        "StartDate": None if rule.start_ms is None else to_datetime(rule.start_ms),
        **_summary(call, rule),
    }
    return {key: value for key, value in told.items() if value is not None}


def _summary(call: Call, rule: MuteRule) -> Structure:
    told = {
        "AlarmMuteRuleArn": rule.arn,
        "ExpireDate": None if rule.expire_ms is None else to_datetime(rule.expire_ms),
        "Status": status(call, rule),
        "MuteType": "ONE_TIME" if rule.expression.startswith("at(") else "RECURRING",
        "LastUpdatedTimestamp": to_datetime(rule.updated_ms),
    }
    return {key: value for key, value in told.items() if value is not None}


def status(call: Call, rule: MuteRule) -> str:
    """SCHEDULED, ACTIVE or EXPIRED."""
    if rule.window_at(call.now_ms) is not None:
        return "ACTIVE"
    over = rule.expire_ms is not None and rule.expire_ms <= call.now_ms
    coming = schedule(rule.expression, rule.duration, rule.zone).next_start(call.now_ms)
    return "EXPIRED" if over or coming is None else "SCHEDULED"


@operation("cloudwatch", "ListAlarmMuteRules", readonly=True)
def list_alarm_mute_rules(
    call: Call,
    *,
    AlarmName: str | None = None,
    Statuses: Sequence[str] | None = None,
    MaxRecords: int = PAGE,
    NextToken: str | None = None,
) -> Structure:
    """Mute rules by name, page by page."""
    request = (AlarmName, sorted(Statuses or ()))
    start = 0
    if NextToken is not None:
        position = paging.position_of(request, NextToken)
        if position is None:
            raise AwsError("InvalidNextToken", "")
        start = position
    found = [
        told
        for _, rule in sorted(call.table("mute_rules").items())
        if AlarmName is None or AlarmName in rule.targets
        for told in [_summary(call, rule)]
        if not Statuses or told["Status"] in Statuses
    ]
    answer: Structure = {"AlarmMuteRuleSummaries": found[start : start + MaxRecords]}
    if start + MaxRecords < len(found):
        answer["NextToken"] = paging.token(request, start + MaxRecords)
    return answer


@operation(
    "cloudwatch", "DeleteAlarmMuteRule", resource=lambda call, p: rule_arn(call, p["AlarmMuteRuleName"])
)
def delete_alarm_mute_rule(call: Call, *, AlarmMuteRuleName: str) -> None:
    """Delete a mute rule; that there is none is no error."""
    rule: MuteRule | None = call.table("mute_rules").pop(AlarmMuteRuleName, None)
    if rule is not None:
        _untarget(call, rule)
        tags.drop(call, rule.arn)
        _look_again(call, rule.targets)


# Running late -----------------------------------------------------------------------------------------------------


def _look_again(call: Call, names: Iterable[str]) -> None:
    """Rules changed: what they hold back no longer runs now, what others hold waits for these."""
    for name in sorted(set(names)):
        for key in muting.held_of(call, name):
            mute_ends(call, alarm=key[0], series=key[1])


@handler("cloudwatch", "mute_ends")
def mute_ends(call: Call, *, alarm: str, series: str) -> None:
    """A window is over: if the alarm is still in the state it was muted in, that state's actions run now."""
    key = (alarm, series)
    held: Held | None = call.table("muted").get(key)
    found: Alarm | None = call.table("alarms").get(alarm)
    if held is None or found is None:
        return
    if muting.active(call, alarm) is not None:
        muting.keep_on(call, key, held)
        return
    muting.forget(call, key)
    state = _state_of(call, alarm, held)
    if state is not None and state.transitioned_ms == held.transitioned_ms:
        phase = phase_of(call, alarm)
        late = Change(found, held.before, state, phase, phase, held.contributor, after_mute=True)
        actions.follow(call, late)


def _state_of(call: Call, alarm: str, held: Held) -> State | None:
    """The state now of what was muted: of the alarm, or of the one series."""
    if held.contributor is None:
        state: State = call.table("alarm_states")[alarm]
        return state
    for one in call.table("alarm_contributors").get(alarm, ()):
        if one.id == held.contributor.id:
            return State(one.value, one.reason, None, one.transitioned_ms, one.transitioned_ms)
    return None
