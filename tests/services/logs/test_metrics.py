"""AWS/Logs: what came in, minute by minute."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import Lab
from tests.services.logs.conftest import client, event, ms


def minutes(lab: Lab, name: str, group: str | None = None) -> dict[int, float]:
    """Sums by minute since the lab began."""
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Logs",
        MetricName=name,
        Dimensions=[{"Name": "LogGroupName", "Value": group}] if group else [],
        StartTime=lab.start - timedelta(hours=1),
        EndTime=lab.now + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return {int((p["Timestamp"] - lab.start).total_seconds()) // 60: p["Sum"] for p in found}


STEPS = st.lists(
    st.tuples(
        st.integers(0, 90),
        st.sampled_from(["/a", "/b"]),
        st.integers(1, 80),
        st.sampled_from(["put", "put", "drop"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15)
@given(STEPS)
def test_every_accepted_event_is_counted_once_also_when_its_stream_is_deleted(steps):
    lab = Lab()
    logs = client(lab)
    wanted: dict[tuple[str | None, int], list[int]] = {}
    for name in ("/a", "/b"):
        logs.create_log_group(logGroupName=name)
    for number, (wait_s, group, count, what) in enumerate(steps):
        if wait_s:
            lab.advance(seconds=wait_s)
        stream = f"s{number}"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = ms(lab)
        too_old = event(now - 15 * 86_400_000)
        logs.put_log_events(
            logGroupName=group, logStreamName=stream, logEvents=[too_old, *[event(now, "é")] * count]
        )
        minute = (now - round(lab.start.timestamp() * 1000)) // 60_000
        for key in ((group, minute), (None, minute)):
            had = wanted.setdefault(key, [0, 0])
            had[0] += count
            had[1] += count * 28
        if what == "drop":
            logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    lab.advance(minutes=1)
    logs.delete_log_group(logGroupName="/b")
    for group in ("/a", "/b", None):
        mine = {minute: counts for (name, minute), counts in wanted.items() if name == group}
        assert minutes(lab, "IncomingLogEvents", group) == {m: c[0] for m, c in mine.items()}
        assert minutes(lab, "IncomingBytes", group) == {m: c[1] for m, c in mine.items()}


def test_only_groups_that_received_something_in_two_weeks_are_listed(lab, logs):
    metrics = lab.client("cloudwatch")
    assert metrics.list_metrics(Namespace="AWS/Logs")["Metrics"] == []
    logs.create_log_group(logGroupName="/quiet")
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab))])
    lab.advance(minutes=1)
    found = metrics.list_metrics(Namespace="AWS/Logs")["Metrics"]
    app = [{"Name": "LogGroupName", "Value": "/app"}]
    assert [(m["MetricName"], m["Dimensions"]) for m in found] == [
        ("IncomingBytes", []),
        ("IncomingBytes", app),
        ("IncomingLogEvents", []),
        ("IncomingLogEvents", app),
    ]
    lab.advance(days=15)
    assert metrics.list_metrics(Namespace="AWS/Logs")["Metrics"] == []


def test_a_minute_shows_when_it_is_over(lab, logs):
    logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[event(ms(lab))])
    lab.advance(seconds=59)
    assert minutes(lab, "IncomingLogEvents") == {}
    lab.advance(seconds=1)
    assert minutes(lab, "IncomingLogEvents") == {0: 1}
