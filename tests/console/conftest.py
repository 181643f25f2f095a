"""A small lab with metrics whose names try to break the page, and every kind of chart drawn from it."""

from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, console, shop
from cwlab.learn.topics.logs import export, make_bucket
from cwlab.timeline import to_ms

NASTY = "<img src=x onerror=alert(1)>"


def small_lab() -> Lab:
    lab = Lab()
    cloudwatch = lab.client("cloudwatch")
    for k, instance in enumerate(("i-0123456789abcdef0", "i-0fedcba9876543210")):
        dimensions = [{"Name": "InstanceId", "Value": instance}]
        cloudwatch.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": "Load",
                    "Dimensions": dimensions,
                    "Timestamp": lab.now - timedelta(minutes=m),
                    "Value": float(20 + (7 * m + 11 * k) % 31),
                }
                for m in range(60)
                if m not in (20, 21)
            ],
        )
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Load", "Dimensions": [{"Name": "Page", "Value": NASTY}], "Value": 1.0}],
    )
    lab.advance(minutes=10)
    return lab


@pytest.fixture
def lab() -> Lab:
    return small_lab()


def alarm_lab() -> Lab:
    """An alarm with mail that rang once, one that never did, a composite over both; names that try to break the page."""
    lab = Lab()
    cloudwatch, sns = lab.client("cloudwatch"), lab.client("sns")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    lab.inbox.confirm()
    watched = {
        "Namespace": "Shop", "MetricName": "Load", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 2,
        "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    cloudwatch.put_metric_alarm(AlarmName="busy", Threshold=50, AlarmActions=[topic], **watched)
    cloudwatch.put_metric_alarm(AlarmName=NASTY, Threshold=95, **watched)
    cloudwatch.put_composite_alarm(
        AlarmName="any", AlarmRule=f'ALARM(busy) OR ALARM("{NASTY}")', ActionsSuppressor="busy",
        ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60,
    )  # fmt: skip
    for minute in range(30):
        if not 20 <= minute < 25:
            datum = {"MetricName": "Load", "Value": 80.0 if 8 <= minute < 14 else 20.0}
            cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
        lab.advance(minutes=1)
    return lab


def alarm_kinds() -> dict[str, console.Picture]:
    """One picture of each kind about alarms."""
    lab = alarm_lab()

    class Storm(NamedTuple):
        name: str = NASTY
        start: str = "2026-03-02T09:08:00Z"
        end: str = "2026-03-02T09:14:00Z"

    return {
        "alarm": console.alarm(lab, "busy", at="2026-03-02T09:10:00Z").picture,
        "missing data": console.missing_data(lab).picture,
        "alarms": console.alarms(lab),
        "alarms, none": console.alarms(Lab()),
        "states": console.states(lab),
        "composite": console.composite(lab, "any"),
        "aftermath": console.aftermath(lab, "busy"),
        "score": console.score(lab, "busy", [Storm()], hours=0.5),
        "tune": console.tune(lambda n: lab, lambda w: console.aftermath(w, "busy"), n=(1, 3, 2)).picture,
    }


def log_lab() -> Lab:
    """A group that a machine, a machine without an agent and you write to; lines and names that try to break the page."""
    lab = Lab()
    shop.build(lab)
    logs = lab.client("logs")
    logs.create_log_group(logGroupName="/var/log/secure")
    logs.create_log_stream(logGroupName="/var/log/secure", logStreamName=NASTY)
    logs.put_log_events(
        logGroupName="/var/log/secure",
        logStreamName=NASTY,
        logEvents=[{"timestamp": to_ms(lab.now), "message": f"{NASTY} \x1b[31m \x00 \U0001f389"}],
    )
    collect = {"file_path": "/var/log/secure", "timestamp_format": "%b %d %H:%M:%S"}
    lab.host("web-1").agent.start({"logs": {"logs_collected": {"files": {"collect_list": [collect]}}}})
    lab.host("web-1").run("/var/log/secure", shop.ssh_lines(10, (3, 2)), stamp="%b %d %H:%M:%S")
    lab.advance(minutes=10)
    with suppress(ClientError):
        logs.put_log_events(
            logGroupName=NASTY[1:4], logStreamName="x", logEvents=[{"timestamp": 1, "message": "x"}]
        )
    return lab


def log_kinds() -> dict[str, console.Picture]:
    """One picture of each kind about logs."""
    lab, group = log_lab(), "/var/log/secure"
    tail = console.live_tail(lab.fork(), group)
    tail.go(minutes=5)
    lines = [NASTY, '{"type": "Root"}', "a b 404 12"]
    exported = Lab()
    exported.load_logs(shop.recording("secure"), group=group, stream="web-1")
    make_bucket(exported, "shop-logs")
    task = export(exported, "shop-logs")
    return {
        "logs": console.logs(lab, group, pattern="Failed").picture,
        "logs, refused": console.logs(lab, group, pattern="[a").picture,
        "live tail": tail.picture,
        "pattern, text": console.pattern(lab, lines, "?img ?404").picture,
        "pattern, fields": console.pattern(lab, lines, "[..., status = 4*, bytes]", look=3).picture,
        "pattern, refused": console.pattern(lab, lines, "{ $.a == 1 }").picture,
        "insights, rows": console.insights(lab, group).picture,
        "insights, lines": console.insights(lab, group, "stats count(*) by bin(1m)").picture,
        "insights, bars": console.insights(
            lab, group, "stats count(*), max(strlen(@message)) by @logStream"
        ).picture,
        "insights, refused": console.insights(lab, group, "stats count(*) by").picture,
        "sources": console.sources(lab, group, ["web-1", "web-2"]).picture,
        "group": console.group(lab, group),
        "groups": console.groups(lab, ["us-east-1", "eu-west-1"]),
        "outcomes": console.outcomes(lab),
        "export": console.export(exported, task).picture,
    }


def every_kind(lab: Lab) -> dict[str, console.Picture]:
    """One picture of each kind we draw."""
    instances = [{"InstanceId": "i-0123456789abcdef0"}, {"InstanceId": "i-0fedcba9876543210"}]
    return {
        "metric": console.metric(lab, "Shop", "Load", instances, period=60, hours=1),
        "metric, long": console.metric(lab, "Shop", "Load", instances[0], period=60, hours=20),
        "metric, empty": console.metric(lab, "Shop", "Nothing"),
        "explorer": console.explorer(lab),
        "explorer, empty": console.explorer(lab, "Nowhere"),
        "bench": console.bench(lab, {"load": ("Shop", "Load", instances[0])}, "load / 2").picture,
        "bench, refused": console.bench(lab, {"load": ("Shop", "Load", instances[0])}, "load / (").picture,
        "bench, search": console.bench(lab, {}, "SEARCH('{Shop,InstanceId}', 'Average')").picture,
        "ask": console.ask(lab, "Shop", "Load").set(InstanceId="i-0123456789abcdef0"),
        "resolution": console.resolution(lab).picture,
        "resolution, standard": console.resolution(lab, stored=60).picture,
        "retention": console.retention(lab).picture,
        "retention, gone": console.retention(lab, age_hours=24 * 16).picture,
        "statistics": console.statistics(lab).picture,
        "time machine": console.time_machine(lab).picture,
        "journal": console.journal(lab),
        "agenda": console.agenda(lab),
        **alarm_kinds(),
        **log_kinds(),
    }


@pytest.fixture
def rang():
    """Makes a lab whose alarm rang once."""
    return alarm_lab


@pytest.fixture(scope="session")
def pictures() -> dict[str, console.Picture]:
    return every_kind(small_lab())


@pytest.fixture
def pictures_again() -> dict[str, console.Picture]:
    return every_kind(small_lab())
