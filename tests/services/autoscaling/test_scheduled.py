"""Scheduled actions: Unix cron in time zones, and what they do to a group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.autoscaling import crontab
from cwlab.timeline import iso, to_ms

GROUP = {"AutoScalingGroupName": "web-asg"}


def group(autoscaling):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][0]


@pytest.mark.parametrize(
    ("text", "start", "zone", "expected"),
    [
        ("30 8 * * 1-5", "2026-03-06T09:00:00Z", "UTC", ["2026-03-09T08:30:00Z", "2026-03-10T08:30:00Z"]),
        ("0 9 * * 0", "2026-03-02T00:00:00Z", "UTC", ["2026-03-08T09:00:00Z", "2026-03-15T09:00:00Z"]),
        ("0 9 * * 7", "2026-03-02T00:00:00Z", "UTC", ["2026-03-08T09:00:00Z", "2026-03-15T09:00:00Z"]),
        ("0 9 * * mon", "2026-03-03T00:00:00Z", "UTC", ["2026-03-09T09:00:00Z"]),
        ("30 0 1 1,6,12 *", "2026-03-02T00:00:00Z", "UTC", ["2026-06-01T00:30:00Z", "2026-12-01T00:30:00Z"]),
        # the 13th, or a Friday
        ("0 0 13 * 5", "2026-04-04T00:00:00Z", "UTC", ["2026-04-10T00:00:00Z", "2026-04-13T00:00:00Z"]),
        # clocks go forward on 8 March 2026: half past two becomes half past three
        (
            "30 2 * * *",
            "2026-03-07T00:00:00Z",
            "America/New_York",
            ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"],
        ),
        # and back on 1 November: half past one comes twice, and counts once
        (
            "30 1 * * *",
            "2026-11-01T00:00:00Z",
            "America/New_York",
            ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
    ],
)
def test_when_a_recurrence_falls_due(text, start, zone, expected):
    found, at = [], to_ms(start)
    for _ in expected:
        at = crontab.after(text, at, zone)
        found.append(iso(at))
    assert found == expected


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * *", "* 24 * * *", "0 0 32 * *", "0 0 * * 8", "a b c d e", "0 12 L * ?"]
)
def test_a_bad_recurrence_is_refused(text):
    with pytest.raises(crontab.BadCrontab):
        crontab.read(text)


def test_time_zones_have_names():
    assert crontab.is_zone("Europe/Berlin") and crontab.is_zone("Etc/GMT+9")
    assert not any(
        crontab.is_zone(name) for name in ("Mars/Base", "", "Europe", "../etc/passwd", "/etc/passwd")
    )


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(0, 6),
    zones,
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_against_walking_the_days(minute, hour, weekday, zone, start_s):
    """An independent search, day by day on the clocks of the zone."""
    start = datetime.fromtimestamp(start_s, UTC)
    day = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    while True:
        clock = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if day.isoweekday() % 7 == weekday and clock > start:
            break
        day += timedelta(days=1)
    assert crontab.after(f"{minute} {hour} * * {weekday}", start_s * 1_000, zone) == to_ms(clock)


def test_an_action_runs_once(lab, autoscaling, create):
    create()
    lab.advance(minutes=1)
    autoscaling.put_scheduled_update_group_action(
        **GROUP,
        ScheduledActionName="noon",
        StartTime=datetime(2026, 3, 2, 12, tzinfo=UTC),
        MinSize=2,
        MaxSize=6,
        DesiredCapacity=3,
    )
    (listed,) = autoscaling.describe_scheduled_actions(**GROUP)["ScheduledUpdateGroupActions"]
    assert listed["StartTime"] == datetime(2026, 3, 2, 12, tzinfo=UTC) and listed["DesiredCapacity"] == 3
    lab.advance(until="2026-03-02T12:02:00Z")
    now = group(autoscaling)
    assert (now["MinSize"], now["MaxSize"], now["DesiredCapacity"], len(now["Instances"])) == (2, 6, 3, 3)
    cause = autoscaling.describe_scaling_activities(**GROUP)["Activities"][0]["Cause"]
    assert cause.startswith(
        "At 2026-03-02T12:00:00Z a scheduled action update of AutoScalingGroup constraints to min: 2, max: 6, "
        "desired: 3 changing the desired capacity from 1 to 3."
    )
    assert autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


def test_an_action_runs_again_and_again_until_its_end(lab, autoscaling, create):
    create()
    for name, recurrence, size in (("up", "0 8 * * 1-5", 3), ("down", "0 20 * * 1-5", 1)):
        autoscaling.put_scheduled_update_group_action(
            **GROUP,
            ScheduledActionName=name,
            Recurrence=recurrence,
            DesiredCapacity=size,
            TimeZone="Europe/Berlin",
            EndTime=datetime(2026, 3, 5, tzinfo=UTC),
        )
    sizes = []
    for _ in range(5):
        lab.advance(hours=12)
        sizes.append(group(autoscaling)["DesiredCapacity"])
    assert sizes == [1, 3, 1, 3, 1]  # 21:00 and 09:00 UTC
    assert autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


def test_suspended_actions_are_passed_over_and_failing_ones_told(lab, autoscaling, create):
    create()
    lab.advance(minutes=1)
    autoscaling.suspend_processes(**GROUP, ScalingProcesses=["ScheduledActions"])
    autoscaling.put_scheduled_update_group_action(
        **GROUP, ScheduledActionName="a", Recurrence="*/10 * * * *", DesiredCapacity=9
    )
    lab.advance(minutes=15)
    assert group(autoscaling)["DesiredCapacity"] == 1
    assert len(autoscaling.describe_scaling_activities(**GROUP)["Activities"]) == 1
    autoscaling.resume_processes(**GROUP, ScalingProcesses=["ScheduledActions"])
    lab.advance(minutes=10)
    latest = autoscaling.describe_scaling_activities(**GROUP)["Activities"][0]
    assert latest["StatusCode"] == "Failed" and "must be between" in latest["StatusMessage"]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"Recurrence": "0 8 * * *"}, "at least one of the following properties"),
        ({"DesiredCapacity": 1}, "Either Start Time or Recurrence"),
        ({"DesiredCapacity": 1, "Recurrence": "nonsense"}, "Given recurrence string:nonsense is invalid"),
        ({"DesiredCapacity": 1, "StartTime": datetime(2026, 3, 1, tzinfo=UTC)}, "start time is in the past"),
        ({"DesiredCapacity": 1, "Recurrence": "0 8 * * *", "TimeZone": "Mars/Base"}, "Given timezone"),
        ({"MinSize": 3, "MaxSize": 2, "Recurrence": "0 8 * * *"}, "rising order"),
        (
            {"DesiredCapacity": 1, "Recurrence": "0 8 * * *", "EndTime": datetime(2026, 3, 1, tzinfo=UTC)},
            "End Time must be in the future",
        ),
        (
            {
                "DesiredCapacity": 1,
                "Recurrence": "0 8 * * *",
                "EndTime": datetime(2026, 3, 2, 10, tzinfo=UTC),
            },
            "never runs",
        ),
    ],
)
def test_a_bad_action_is_refused(autoscaling, create, refused, params, text):
    create()
    code, message = refused(
        autoscaling.put_scheduled_update_group_action, **GROUP, ScheduledActionName="a", **params
    )
    assert code == "ValidationError" and text in message


def test_actions_in_batches(autoscaling, create, refused):
    create()
    good = {"ScheduledActionName": "a", "Recurrence": "0 8 * * *", "DesiredCapacity": 2}
    clash = {**good, "ScheduledActionName": "b"}
    bad = {"ScheduledActionName": "c", "Recurrence": "0 9 * * *"}
    failed = autoscaling.batch_put_scheduled_update_group_action(
        **GROUP, ScheduledUpdateGroupActions=[good, clash, bad]
    )["FailedScheduledUpdateGroupActions"]
    assert [(each["ScheduledActionName"], each["ErrorCode"]) for each in failed] == [
        ("b", "AlreadyExists"),
        ("c", "ValidationError"),
    ]
    failed = autoscaling.batch_delete_scheduled_action(**GROUP, ScheduledActionNames=["a", "z"])
    assert [each["ScheduledActionName"] for each in failed["FailedScheduledActions"]] == ["z"]
    assert (
        refused(autoscaling.delete_scheduled_action, **GROUP, ScheduledActionName="a")[0] == "ValidationError"
    )
