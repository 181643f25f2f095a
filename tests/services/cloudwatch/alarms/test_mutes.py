"""Mute rules: their schedules, what they withhold, and what runs late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms.mute_schedule import read
from cwlab.timeline import to_datetime, to_ms

TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"


def mute(hand: Any, expression: str, duration: str = "PT1H", name: str = "rule", *alarms: str, **more: Any):
    schedule = {"Expression": expression, "Duration": duration}
    if "Timezone" in more:
        schedule["Timezone"] = more.pop("Timezone")
    hand.cloudwatch.put_alarm_mute_rule(
        Name=name,
        Rule={"Schedule": schedule},
        MuteTargets={"AlarmNames": list(alarms or ("cpu",))},
        **more,
    )


def became(hand: Any, name: str = "cpu") -> list[tuple[str, str]]:
    """When actions were done or withheld, and which of the two."""
    return [
        (f"{i['Timestamp']:%H:%M}", i["HistoryData"]["actionState"])
        for i in hand.history(name)
        if i["HistoryItemType"] == "Action"
    ]


@pytest.fixture
def cpu(hand):
    hand.topic()
    hand.metric("cpu", "OK", AlarmActions=[TOPIC], OKActions=[TOPIC])
    hand.lab.advance(minutes=1)
    return hand


# Schedules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "zone", "after", "starts"),
    [
        ("cron(0 2 * * *)", None, "2026-03-02T09:00", ["2026-03-03T02:00", "2026-03-04T02:00"]),
        ("cron(30 8-9 * * MON-FRI)", None, "2026-03-06T08:45", ["2026-03-06T09:30", "2026-03-09T08:30"]),
        ("cron(0 0 1 JAN,jul *)", None, "2026-03-02T09:00", ["2026-07-01T00:00", "2027-01-01T00:00"]),
        ("cron(0 0 29 2 *)", None, "2026-03-02T09:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 * * 7)", None, "2026-03-02T09:00", ["2026-03-08T00:00", "2026-03-15T00:00"]),
        ("cron(0 0 13 * 5)", None, "2026-03-02T09:00", ["2026-03-06T00:00", "2026-03-13T00:00"]),
        ("cron(0 2 * * *)", "Asia/Tokyo", "2026-03-02T09:00", ["2026-03-02T17:00", "2026-03-03T17:00"]),
        # The clocks of Berlin go forward on 29 March: the same hour there is another here.
        ("cron(0 9 * * *)", "Europe/Berlin", "2026-03-28T00:00", ["2026-03-28T08:00", "2026-03-29T07:00"]),
        ("at(2026-03-02T10:30)", None, "2026-03-02T09:00", ["2026-03-02T10:30"]),
        ("at(2026-03-02T10:30)", "Asia/Kolkata", "2026-03-02T00:00", ["2026-03-02T05:00"]),
    ],
)
def test_when_windows_begin(expression: str, zone: str | None, after: str, starts: list[str]):
    schedule = read(expression, "PT1H", zone)
    at: int | None = to_ms(f"{after}:00Z")
    found = []
    for _ in starts:
        at = schedule.next_start(at)  # type: ignore[arg-type]
        assert at is not None
        found.append(f"{to_datetime(at):%Y-%m-%dT%H:%M}")
    assert found == starts


@pytest.mark.parametrize(
    ("expression", "duration", "zone"),
    [
        ("cron(0 2 * *)", "PT1H", None),
        ("cron(0 2 * * ? *)", "PT1H", None),
        ("cron(*/5 * * * *)", "PT1H", None),
        ("cron(60 * * * *)", "PT1H", None),
        ("cron(0 2 30 2 *)", "PT1H", None),
        ("cron(0 9-8 * * *)", "PT1H", None),
        ("cron(0 2 * * MONDAY)", "PT1H", None),
        ("rate(1 hour)", "PT1H", None),
        ("at(2026-02-30T10:00)", "PT1H", None),
        ("at(2026-03-02T10:00:00)", "PT1H", None),
        ("cron(0 2 * * *)", "1 hour", None),
        ("cron(0 2 * * *)", "P", None),
        ("cron(0 2 * * *)", "PT0M", None),
        ("cron(0 2 * * *)", "P15DT1M", None),
        ("cron(0 2 * * *)", "PT30S", None),
        ("cron(0 2 * * *)", "PT1H", "Mars/Olympus"),
        ("cron(0 2 * * *)", "PT1H", "Europe"),
    ],
)
def test_what_is_no_schedule(expression: str, duration: str, zone: str | None):
    with pytest.raises(AwsError) as refused:
        read(expression, duration, zone)
    assert refused.value.code == "ValidationError"


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(0, 7),
    st.sampled_from(ZONES),
    st.integers(1, 15 * 24 * 60),
    st.integers(to_ms("2026-01-01T00:00:00Z") // 60_000, to_ms("2027-01-01T00:00:00Z") // 60_000),
)
def test_a_window_is_what_walking_the_minutes_finds(
    minute: int, hour: int, weekday: int, zone: str, length: int, at: int
):
    schedule = read(f"cron({minute} {hour} * * {weekday})", f"PT{length}M", zone)
    now = at * 60_000
    starts = set()
    first = to_datetime(now).astimezone(ZoneInfo(zone)).date()
    for back in range(18):
        day = first - timedelta(days=back)
        if day.isoweekday() % 7 == weekday % 7:
            local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
            starts.add(to_ms(local.astimezone(UTC)))
    wanted = [s for s in starts if s <= now < s + length * 60_000]
    found = schedule.window_at(now)
    assert (found is not None) == bool(wanted)
    if found is not None:
        assert found == (max(wanted), max(wanted) + length * 60_000)
    after = schedule.next_start(now)
    assert after is not None and after > now
    assert schedule.window_at(after) == (after, after + length * 60_000)


# What they do -----------------------------------------------------------------------------------------------------


def test_actions_wait_for_the_end_of_the_window(cpu):
    mute(cpu, "cron(0 10 * * *)")
    cpu.lab.advance(until="2026-03-02T10:20:00Z")
    cpu.set("cpu", "ALARM")
    assert cpu.state("cpu") == "ALARM"
    cpu.lab.advance(hours=2)
    assert became(cpu) == [("09:00", "Succeeded"), ("10:20", "Muted"), ("11:00", "Succeeded")]
    published = json.loads(cpu.history("cpu")[-1]["HistoryData"]["publishedMessage"])
    message = json.loads(published["default"])
    assert message["ActionExecutedAfterMuteWindow"] is True
    assert message["StateChangeTime"] == "2026-03-02T10:20:00.000+0000"
    muted = cpu.history("cpu")[-2]
    assert muted["HistorySummary"] == f"Muted ALARM action {TOPIC} by rule"
    assert muted["HistoryData"]["muteWindowEndTimestamp"] == to_ms("2026-03-02T11:00:00Z")


def test_an_alarm_that_went_back_says_nothing(cpu):
    mute(cpu, "cron(0 10 * * *)")
    cpu.lab.advance(until="2026-03-02T10:20:00Z")
    cpu.set("cpu", "ALARM")
    cpu.lab.advance(minutes=5)
    cpu.set("cpu", "OK")
    cpu.lab.advance(minutes=5)
    assert [what for _, what in became(cpu)] == ["Succeeded", "Muted", "Muted"]
    cpu.lab.advance(hours=2)
    # It is in the state it was last muted in: OK.
    assert became(cpu)[-1] == ("11:00", "Succeeded")


def test_overlapping_windows_hold_until_the_last_ends(cpu):
    mute(cpu, "cron(0 10 * * *)", "PT1H", "first")
    cpu.lab.advance(seconds=1)
    mute(cpu, "at(2026-03-02T10:30)", "PT2H", "second")
    cpu.lab.advance(until="2026-03-02T10:40:00Z")
    cpu.set("cpu", "ALARM")
    assert cpu.history("cpu")[-1]["HistorySummary"].endswith("by second and 1 other rule(s)")
    cpu.lab.advance(hours=3)
    assert became(cpu)[1:] == [("10:40", "Muted"), ("12:30", "Succeeded")]


def test_a_later_window_that_has_begun_by_then_holds_on(cpu):
    mute(cpu, "cron(0 10 * * *)", "PT1H", "first")
    mute(cpu, "at(2026-03-02T10:50)", "PT1H", "second")
    cpu.lab.advance(until="2026-03-02T10:40:00Z")
    cpu.set("cpu", "ALARM")
    cpu.lab.advance(hours=3)
    assert became(cpu)[1:] == [("10:40", "Muted"), ("11:50", "Succeeded")]


@pytest.mark.parametrize("how", ["deleted", "changed", "without the alarm", "expiring"])
def test_a_rule_that_ends_early_lets_go_at_once(cpu, how: str):
    mute(cpu, "cron(0 9 * * *)", "PT5H")
    cpu.set("cpu", "ALARM")
    assert became(cpu)[-1][1] == "Muted"
    cpu.lab.advance(minutes=9)
    if how == "deleted":
        cpu.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    elif how == "changed":
        mute(cpu, "cron(0 20 * * *)")
    elif how == "without the alarm":
        mute(cpu, "cron(0 9 * * *)", "PT5H", "rule", "another")
    else:
        mute(cpu, "cron(0 9 * * *)", "PT5H", ExpireDate=cpu.lab.now)
    assert became(cpu)[-1] == ("09:10", "Succeeded")
    assert not [due for due in cpu.lab.agenda(100) if due.handler == "mute_ends"]


def test_an_expiry_cuts_a_window(cpu):
    mute(cpu, "cron(0 9 * * *)", "PT5H", ExpireDate=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    cpu.set("cpu", "ALARM")
    cpu.lab.advance(hours=1)
    assert became(cpu)[-1] == ("09:30", "Succeeded")
    assert cpu.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="rule")["Status"] == "EXPIRED"


def test_a_start_date_holds_a_rule_back(cpu):
    mute(cpu, "cron(0 9 * * *)", "PT5H", StartDate=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    cpu.set("cpu", "ALARM")
    assert became(cpu)[-1] == ("09:01", "Succeeded")
    cpu.lab.advance(minutes=30)
    cpu.set("cpu", "OK")
    assert became(cpu)[-1] == ("09:31", "Muted")


def test_events_go_on_and_name_the_rule(cpu):
    mute(cpu, "cron(0 9 * * *)", "PT5H")
    cpu.set("cpu", "ALARM")
    (sent,) = [e for e in cpu.lab.journal if e.operation == "PutEvents"][-1].params["Entries"]
    assert json.loads(sent["Detail"])["muteDetail"] == {
        "mutedByArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:rule",
        "muteWindowStart": "2026-03-02T09:00:00.000+0000",
        "muteWindowEnd": "2026-03-02T14:00:00.000+0000",
    }


def test_enabling_actions_does_not_unmute(cpu):
    mute(cpu, "cron(0 9 * * *)", "PT5H")
    cpu.cloudwatch.disable_alarm_actions(AlarmNames=["cpu"])
    cpu.cloudwatch.enable_alarm_actions(AlarmNames=["cpu"])
    cpu.set("cpu", "ALARM")
    assert became(cpu)[-1][1] == "Muted"


def test_a_deleted_alarm_is_forgotten(cpu):
    mute(cpu, "cron(0 9 * * *)", "PT5H")
    cpu.set("cpu", "ALARM")
    cpu.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    assert not [due for due in cpu.lab.agenda(100) if due.handler == "mute_ends"]
    cpu.lab.advance(hours=6)


def test_a_muted_composite_is_held_by_both(cpu):
    """Suppression is told first; when its wait is over the rule still holds, and the window's end lets go."""
    cpu.metric("child", "OK")
    periods = {"ActionsSuppressorWaitPeriod": 600, "ActionsSuppressorExtensionPeriod": 0}
    cpu.composite("top", "ALARM(child)", AlarmActions=[TOPIC], ActionsSuppressor="cpu", **periods)
    mute(cpu, "cron(0 10 * * *)", "PT1H", "rule", "top")
    cpu.lab.advance(until="2026-03-02T10:00:00Z")
    cpu.set("child", "ALARM")
    cpu.lab.advance(hours=2)
    assert became(cpu, "top") == [("10:00", "Suppressed"), ("10:10", "Muted"), ("11:00", "Succeeded")]


# The API ----------------------------------------------------------------------------------------------------------


def test_a_rule_as_it_is_told(cpu):
    mute(cpu, "cron(0 10 * * *)", "PT1H", Timezone="Europe/Berlin", Description="backups")
    told = cpu.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="rule")
    del told["ResponseMetadata"]
    assert told == {
        "Name": "rule",
        "AlarmMuteRuleArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm-mute-rule:rule",
        "Description": "backups",
        "Rule": {
            "Schedule": {"Expression": "cron(0 10 * * *)", "Duration": "PT1H", "Timezone": "Europe/Berlin"}
        },
        "MuteTargets": {"AlarmNames": ["cpu"]},
        "Status": "ACTIVE",
        "MuteType": "RECURRING",
        "LastUpdatedTimestamp": cpu.lab.now,
    }
    cpu.lab.advance(hours=1)
    assert cpu.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="rule")["Status"] == "SCHEDULED"


def test_rules_are_listed_filtered_and_paged(cpu):
    for n in range(60):
        mute(cpu, "at(2026-03-02T10:00)", "PT1H", f"once-{n:02}", f"alarm-{n % 2}")
    mute(cpu, "cron(0 9 * * *)", "PT1H", "daily", "cpu")
    pages = list(cpu.cloudwatch.get_paginator("list_alarm_mute_rules").paginate())
    assert [len(page["AlarmMuteRuleSummaries"]) for page in pages] == [50, 11]
    found = cpu.cloudwatch.list_alarm_mute_rules(AlarmName="alarm-1", MaxRecords=100)[
        "AlarmMuteRuleSummaries"
    ]
    assert len(found) == 30 and {rule["MuteType"] for rule in found} == {"ONE_TIME"}
    (active,) = cpu.cloudwatch.list_alarm_mute_rules(Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert active["AlarmMuteRuleArn"].endswith(":daily")
    cpu.lab.advance(hours=3)
    expired = cpu.cloudwatch.list_alarm_mute_rules(Statuses=["EXPIRED"], MaxRecords=100)
    assert len(expired["AlarmMuteRuleSummaries"]) == 60


def test_deleting_twice_is_no_error_and_asking_for_it_is(cpu):
    mute(cpu, "cron(0 9 * * *)")
    for _ in range(2):
        cpu.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cpu.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="rule")


def test_a_rule_that_expires_before_it_starts(cpu):
    with pytest.raises(ClientError, match="StartDate must be before ExpireDate"):
        mute(cpu, "cron(0 9 * * *)", StartDate=cpu.lab.now, ExpireDate=cpu.lab.now)


def test_a_rule_on_many_alarms_puts_nothing_on_the_agenda(cpu):
    before = len(cpu.lab.agenda(1000))
    mute(cpu, "cron(* * * * *)", "PT1M", "rule", *(f"a{n}" for n in range(100)))
    assert len(cpu.lab.agenda(1000)) == before
