"""Rules that run on a schedule: on the virtual clock, and at no cost while nobody listens."""

from __future__ import annotations

from cwlab import Lab


def test_a_rate_runs_each_minute_from_when_it_was_set(lab, follow, queues):
    lab.advance(seconds=30)
    rule = follow(name="tick", ScheduleExpression="rate(1 minute)")
    lab.advance(seconds=59)
    assert queues.arrived() == []
    lab.advance(minutes=2)
    first, second = queues.arrived()
    assert first["time"] == "2026-03-02T09:01:30Z"
    assert second["time"] == "2026-03-02T09:02:30Z"
    assert first["resources"] == [rule]
    assert (first["source"], first["detail-type"], first["detail"]) == ("aws.events", "Scheduled Event", {})


def test_a_cron_runs_at_its_minutes(lab, follow, queues):
    follow(ScheduleExpression="cron(0/20 9-10 ? * MON-FRI *)")
    lab.advance(days=1, hours=1)
    assert [each["time"][8:16] for each in queues.arrived()] == [
        "02T09:20",
        "02T09:40",
        "02T10:00",
        "02T10:20",
        "02T10:40",
        "03T09:00",
        "03T09:20",
        "03T09:40",
    ]


def test_a_disabled_rule_does_not_run_and_counts_anew_when_enabled(lab, events, follow, queues):
    follow(ScheduleExpression="rate(10 minutes)")
    lab.advance(minutes=5)
    events.disable_rule(Name="rule")
    lab.advance(hours=1)
    assert queues.arrived() == []
    assert lab.agenda() == []
    events.enable_rule(Name="rule")
    lab.advance(minutes=9)
    assert queues.arrived() == []
    lab.advance(minutes=2)
    assert [each["time"] for each in queues.arrived()] == ["2026-03-02T10:15:00Z"]


def test_a_new_schedule_takes_the_place_of_the_old(lab, events, follow, queues):
    follow(ScheduleExpression="rate(10 minutes)")
    events.put_rule(Name="rule", ScheduleExpression="rate(1 hour)")
    lab.advance(minutes=61)
    assert [each["time"] for each in queues.arrived()] == ["2026-03-02T10:00:00Z"]
    events.remove_targets(Rule="rule", Ids=["1"])
    events.delete_rule(Name="rule")
    assert lab.agenda() == []


def test_the_same_rule_written_again_keeps_its_rhythm(lab, events, follow, queues):
    follow(ScheduleExpression="rate(10 minutes)")
    lab.advance(minutes=7)
    events.put_rule(Name="rule", ScheduleExpression="rate(10 minutes)", Description="new")
    lab.advance(minutes=4)
    assert [each["time"] for each in queues.arrived()] == ["2026-03-02T09:10:00Z"]


def test_a_rule_may_have_both_pattern_and_schedule(lab, follow, put, queues):
    follow({"source": ["shop"]}, ScheduleExpression="rate(1 hour)")
    put()
    lab.advance(minutes=61)
    assert [each["source"] for each in queues.arrived()] == ["shop", "aws.events"]


def test_a_year_of_minutes_without_targets_costs_nothing():
    lab = Lab()
    lab.client("events").put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    before = len(lab.journal)
    lab.advance(days=365)
    assert len(lab.journal) == before + 1


def test_targets_added_later_keep_the_rhythm_of_the_rule(lab, events, queues):
    events.put_rule(Name="tick", ScheduleExpression="rate(10 minutes)")
    lab.advance(minutes=35)
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": queues.create()}])
    lab.advance(minutes=6)
    assert [each["time"] for each in queues.arrived()] == ["2026-03-02T09:40:00Z"]
