"""The topic of lab 03: logs. How a line comes into a group, what is made of it there, and how it leaves again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from cwlab import shop
from cwlab.learn import Choice, Exercise, Fresh, Mark, Number, Option, Outcome, Topic, Trap
from cwlab.learn.worlds import read, sums
from cwlab.shop.sources import sources

FILE = "/var/log/secure"
STAMP = "%b %d %H:%M:%S"
GUIDE = "CloudWatch Logs User Guide"

# -- worlds ------------------------------------------------------------------------------------------------------------


def agent_config(stream: str = "{instance_id}") -> dict[str, Any]:
    """What the agent reads: one file, into a group of the file's name."""
    entry = {"file_path": FILE, "log_group_name": FILE, "log_stream_name": stream, "timestamp_format": STAMP}
    return {"logs": {"logs_collected": {"files": {"collect_list": [entry]}}}}


def three_machines(world: Any) -> Any:
    """Two instances and a machine on premises write the same file; web-1 has agent and role, till-7 an agent alone."""
    shop.build(world)
    world.on_premises("till-7", internet=True)
    for name in ("web-1", "web-2", "till-7"):
        world.host(name).run(FILE, shop.ssh_lines(15, host=name), stamp=STAMP)
    world.host("web-1").agent.start(agent_config())
    world.host("till-7").agent.start(agent_config("{hostname}"))
    return world


def one_machine(world: Any, minutes: int = 30, attack: tuple[int, int] = (10, 5)) -> Any:
    """web-1 writes and sends."""
    shop.build(world)
    world.host("web-1").run(FILE, shop.ssh_lines(minutes, attack), stamp=STAMP)
    world.host("web-1").agent.start(agent_config())
    return world


def make(world: Any, group: str = FILE, *streams: str) -> Any:
    """A group with streams, and the client that made them."""
    logs = world.client("logs")
    logs.create_log_group(logGroupName=group)
    for stream in streams or ("web-1",):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    return logs


def ms(when: Any) -> int:
    """Milliseconds since 1970."""
    return round(when.timestamp() * 1000)


def write(
    world: Any, *messages: str, group: str = FILE, stream: str = "web-1", age: timedelta = timedelta(0)
) -> Any:
    """Events of one instant."""
    events = [{"timestamp": ms(world.now - age), "message": message} for message in messages]
    return world.client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def messages(world: Any, group: str = FILE) -> list[str]:
    """All that is in a group, oldest first."""
    pages = world.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


FAILED: dict[str, Any] = {
    "filterName": "failed",
    "filterPattern": '"Failed password"',
    "metricTransformations": [
        {"metricNamespace": "Shop", "metricName": "FailedLogins", "metricValue": "1", "defaultValue": 0}
    ],
}


def mail_topic(world: Any) -> str:
    """A topic that mails Ada, confirmed."""
    sns = world.client("sns")
    topic = str(sns.create_topic(Name="ops")["TopicArn"])
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    world.inbox.confirm()
    return topic


def watch(world: Any) -> None:
    """Filter, metric, alarm, mail: five failed logins in a minute."""
    world.client("logs").put_metric_filter(logGroupName=FILE, **FAILED)
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="guessing", Namespace="Shop", MetricName="FailedLogins", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=5, ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching", AlarmActions=[mail_topic(world)],
    )  # fmt: skip


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def key_policy(world: Any, *, logs: bool = True) -> str:
    """A key's policy: its account, and CloudWatch Logs of this Region."""
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{world.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    service = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{world.region}.amazonaws.com"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
    }
    return document(account, *([service] if logs else []))


def bucket_policy(bucket: str, region: str = "us-east-1") -> dict[str, Any]:
    """What lets CloudWatch Logs export into a bucket."""
    service = {"Service": f"logs.{region}.amazonaws.com"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": service,
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
            },
            {
                "Effect": "Allow",
                "Principal": service,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            },
        ],
    }


def make_bucket(world: Any, bucket: str, sse: str = "AES256") -> None:
    """A bucket that CloudWatch Logs may write to, under a default encryption."""
    s3 = world.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(bucket_policy(bucket)))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": sse}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def export(world: Any, bucket: str) -> str:
    """Ask for an export of all there is."""
    span = {"from": 0, "to": ms(world.now)}
    return str(
        world.client("logs").create_export_task(logGroupName=FILE, destination=bucket, **span)["taskId"]
    )


# -- what is true: each asks the model -----------------------------------------------------------------------------------


def before_the_filter(fresh: Fresh) -> str:
    """What the metric shows of the ten minutes before its filter was made."""
    world = fresh()
    make(world)
    for minute in range(20):
        if minute == 10:
            world.client("logs").put_metric_filter(logGroupName=FILE, **FAILED)
            made = world.now
        write(world, *["Failed password for root"] * 3)
        world.advance(minutes=1)
    early = [value for at, value in read(world, "Shop", "FailedLogins", "Sum") if at < made]
    if not early:
        return "B"
    return "C" if not any(early) else "A"


def streams_of_three(fresh: Fresh) -> int:
    """How many streams three machines fill, of which one has agent and permission."""
    world = three_machines(fresh())
    world.advance(minutes=10)
    return len(world.client("logs").describe_log_streams(logGroupName=FILE)["logStreams"])


LINES = (
    "Mar  2 09:04:11 sshd[4024]: Failed password for root from 203.0.113.9 port 52114",
    "Mar  2 09:04:15 sshd[4024]: Failed password for invalid user admin from 203.0.113.9 port 52118",
    "Mar  2 09:05:02 sshd[4031]: Accepted publickey for ada from 192.0.2.7 port 40022 ssh2",
    "Mar  2 09:06:40 sudo: ada : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=systemctl restart shop",
    '198.51.100.7 - ada [02/Mar/2026:09:07:12 +0000] "GET /orders/17 HTTP/1.1" 404 512',
    '{"eventName": "ConsoleLogin", "userIdentity": {"type": "Root"}, "error": "Failed"}',
    "2 123456789012 eni-0a 203.0.113.9 172.31.0.4 52114 22 6 9 540 1772442000 1772442060 REJECT OK",
)
PATTERN = "?Failed ?Accepted root"


def lines_that_match(fresh: Fresh) -> int:
    """How many sample lines a pattern with optional terms beside a plain one matches."""
    found = fresh().client("logs").test_metric_filter(filterPattern=PATTERN, logEventMessages=list(LINES))
    return len(found["matches"])


def when_the_mail_comes(fresh: Fresh) -> Any:
    """When the mail about an attack comes that begins at 09:11:00."""
    world = one_machine(fresh())
    world.client("logs").create_log_group(logGroupName=FILE)
    watch(world)
    world.advance(minutes=25)
    return next(mail.at for mail in world.inbox if mail.subject.startswith("ALARM"))


def without_the_key(fresh: Fresh) -> str:
    """What fails while a group's key is disabled: reading what is there, writing more, both or neither."""
    world = fresh()
    kms = world.client("kms")
    key = kms.create_key(Policy=key_policy(world))["KeyMetadata"]
    world.client("logs").create_log_group(logGroupName=FILE, kmsKeyId=key["Arn"])
    world.client("logs").create_log_stream(logGroupName=FILE, logStreamName="web-1")
    write(world, "before")
    kms.disable_key(KeyId=key["KeyId"])
    world.advance(minutes=10)
    failed = {}
    for name, act in {"write": lambda: write(world, "after"), "read": lambda: messages(world)}.items():
        try:
            act()
        except ClientError:
            failed[name] = True
    return {(): "D", ("write",): "B", ("read",): "A", ("write", "read"): "C"}[tuple(failed)]


def where_dns_is_logged(fresh: Fresh) -> str:
    """Where the query log of a zone arrives when you work in eu-central-1."""
    world = fresh(region="eu-central-1")
    sources(world, only=("dns",))
    world.advance(minutes=5)
    there = {}
    for region in ("eu-central-1", "us-east-1"):
        groups = world.client("logs", region=region).describe_log_groups()["logGroups"]
        there[region] = any(g["logGroupName"].startswith("/aws/route53") for g in groups)
    return {(True, False): "A", (False, True): "B", (True, True): "C"}.get(
        (there["eu-central-1"], there["us-east-1"]), "D"
    )


def files_after_five_minutes(fresh: Fresh) -> int:
    """How many files of an export lie in the bucket five minutes after it was asked for."""
    world = fresh()
    world.load_logs(shop.recording("secure"), group=FILE, stream="web-1")
    make_bucket(world, "shop-logs")
    task = export(world, "shop-logs")
    world.advance(minutes=5)
    return sum(task in key for key in world.bucket("shop-logs").keys())  # noqa: SIM118  (a bucket yields objects)


def after_the_cut(fresh: Fresh) -> str:
    """What becomes of the lines written while a machine had no permission to send them for six minutes."""
    world = one_machine(fresh(), 20, (6, 5))
    world.advance(minutes=5)
    since = ms(world.now)
    allow = {"RoleName": "shop-web", "PolicyArn": "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"}
    world.client("iam").detach_role_policy(**allow)
    world.advance(minutes=6)
    until = ms(world.now)
    world.client("iam").attach_role_policy(**allow)
    world.advance(minutes=12)
    wrote = [line for line in world.host("web-1").read(FILE).splitlines() if line]
    pages = world.client("logs").get_paginator("filter_log_events").paginate(logGroupName=FILE)
    events = [event for page in pages for event in page["events"]]
    if len(events) < len(wrote):
        return "A"
    late = [e for e in events if since <= e["timestamp"] < until]
    return "B" if late and all(e["ingestionTime"] > until for e in late) else "C"


APP = "shop-app"
ORDERS = (
    '{"path": "/orders", "status": 200, "ms": 31}',
    '{"path": "/orders", "status": 500, "ms": 902}',
    '{"path": "/orders", "status": "500", "ms": 640}',
    '{"path": "/products", "status": 404, "ms": 17}',
    '{"path": "/products", "ms": 12}',
    '{"path": "/orders", "status": "failed", "ms": 700}',
    "worker 3 restarted",
)
NOT_500 = "filter status != 500"
BINS = "stats count(*) by bin(300s)"


def rows_that_differ(fresh: Fresh) -> int:
    """How many of the seven lines a comparison with != lets through."""
    world = fresh()
    make(world, APP)
    write(world, *ORDERS, group=APP)
    return len(world.query(APP, NOT_500))


def rows_of_bins(fresh: Fresh) -> int:
    """How many rows twenty minutes, a line every ten seconds, give by bin(300s)."""
    world = fresh()
    logs, start = make(world, APP), ms(world.now)
    world.advance(minutes=20)
    events = [{"timestamp": start + 10_000 * n, "message": "alive"} for n in range(120)]
    logs.put_log_events(logGroupName=APP, logStreamName="web-1", logEvents=events)
    return len(world.query(APP, BINS))


# -- checks ----------------------------------------------------------------------------------------------------------------

STRANGERS = (
    (
        "Mar  2 09:00:01 web-1 sshd[1]: Failed password for invalid user admin from 203.0.113.9 port 1 ssh2",
        True,
    ),
    (
        "Mar  2 09:00:02 web-1 sshd[1]: Failed password for invalid user oracle from 198.51.100.4 port 2 ssh2",
        True,
    ),
    ("Mar  2 09:00:03 web-1 sshd[2]: Failed password for root from 203.0.113.9 port 3 ssh2", False),
    (
        "Mar  2 09:00:04 web-1 sshd[3]: Connection closed by invalid user test 203.0.113.9 port 4 [preauth]",
        False,
    ),
    ("Mar  2 09:00:05 web-1 sshd[4]: Failed password for invalid user ada from 10.0.0.5 port 5 ssh2", False),
    ("Mar  2 09:00:06 web-1 sshd[5]: Accepted publickey for ada from 10.0.0.5 port 6 ssh2", False),
)


def check_pattern(answer: str) -> Outcome:
    """A filter pattern: failed passwords of users that do not exist, but not from the own network 10.0.0."""
    from cwlab import Lab

    texts = [text for text, _ in STRANGERS]
    found = Lab().client("logs").test_metric_filter(filterPattern=answer, logEventMessages=texts)["matches"]
    got = sorted(match["eventNumber"] + 1 for match in found)  # counted from 0
    wanted = [n for n, (_, good) in enumerate(STRANGERS, 1) if good]
    return Outcome.compare(f"lines {got} match", f"lines {wanted} match")


ACCESS = (
    '198.51.100.7 - - [02/Mar/2026:09:00:01 +0000] "GET /products HTTP/1.1" 200 5120',
    '198.51.100.8 - - [02/Mar/2026:09:00:02 +0000] "GET /orders/404 HTTP/1.1" 200 500',
    '198.51.100.9 - - [02/Mar/2026:09:00:03 +0000] "POST /orders HTTP/1.1" 503 120',
    '198.51.100.9 - - [02/Mar/2026:09:00:04 +0000] "POST /orders HTTP/1.1" 500 80',
    '198.51.100.7 - - [02/Mar/2026:09:00:05 +0000] "GET /products/500 HTTP/1.1" 404 64',
)


def check_filter(answer: Mapping[str, Any]) -> Outcome:
    """A metric filter over an access log: the bytes of answers with a status of 500 and more."""
    from cwlab import Lab

    world = Lab()
    logs = make(world, "/shop/access")
    logs.put_metric_filter(
        logGroupName="/shop/access",
        filterName="failed-bytes",
        filterPattern=answer["filterPattern"],
        metricTransformations=[
            {"metricNamespace": "Shop", "metricName": "FailedBytes", "metricValue": answer["metricValue"]}
        ],
    )
    write(world, *ACCESS, group="/shop/access")
    world.advance(minutes=2)
    got = sums(world, "Shop", "FailedBytes")
    seen = f"the sum of the minute is {got[0]:g}" if got else "no datapoint"
    return Outcome.compare(seen, "the sum of the minute is 200")


def check_config(answer: Mapping[str, Any]) -> Outcome:
    """An agent's configuration: both web machines into one group, each in a stream of its own, at the lines' own times."""
    from cwlab import Lab

    world = Lab()
    shop.build(world)
    lines = [line.replace("{time}", "Mar  2 08:30:00") for _, line in shop.ssh_lines(4, (0, 2))]
    config = {"logs": {"logs_collected": {"files": {"collect_list": [dict(answer)]}}}}
    for name in ("web-1", "web-2"):
        world.host(name).agent.start(config)
        world.host(name).append(FILE, lines)
    world.advance(minutes=2)
    logs = world.client("logs")
    groups = [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]]
    if not groups:
        return Outcome.not_yet("no log group: nothing was sent", "group shop-ssh with 2 streams")
    seen = []
    for group in groups:
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        first = min((s["firstEventTimestamp"] for s in streams if "firstEventTimestamp" in s), default=0)
        when = (world.start + timedelta(milliseconds=first - ms(world.start))).strftime("%H:%M")
        seen.append(f"group {group} with {len(streams)} streams, the first event at {when}")
    return Outcome.compare("; ".join(seen), "group shop-ssh with 2 streams, the first event at 08:30")


REQUESTS = tuple(
    (
        minute,
        json.dumps({"resourcePath": path, "status": str(status), "responseLatency": str(latency)}),
    )
    for minute, path, status, latency in (
        (0, "/orders", 201, 80), (1, "/orders", 503, 1200), (2, "/products", 200, 20), (4, "/orders", 504, 3000),
        (6, "/products", 200, 25), (7, "/products", 404, 15), (8, "/orders", 201, 95), (11, "/orders", 503, 1100),
        (12, "/orders", 500, 40), (13, "/products", 500, 60), (17, "/products", 200, 22), (19, "/products", 200, 30),
    )
)  # fmt: skip


def asked(world: Any, text: str, group: str, **span: Any) -> list[dict[str, Any]]:
    """The rows of a query, without what is missing and without @ptr; what has no name of its own is called by its place."""
    frame = world.query(group, text, **span)
    frame = frame.drop(columns=["@ptr"], errors="ignore")
    return [{k: v for k, v in row.items() if v == v and v is not None} for row in frame.to_dict("records")]


def numbers_of(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as short texts, whatever their columns are called: times as minutes, numbers as they are."""
    return [
        " ".join(
            f"{value:%H:%M}" if hasattr(value, "strftime") else f"{value:g}" if isinstance(value, int | float) else str(value)
            for value in row.values()
        )
        for row in rows
    ]  # fmt: skip


def check_errors(answer: str) -> Outcome:
    """A query over the API's access log: failures of our own, five minutes at a time, oldest first."""
    from cwlab import Lab

    world = Lab()
    logs = make(world, "shop-api")
    start = ms(world.now)
    world.advance(minutes=20)
    logs.put_log_events(
        logGroupName="shop-api",
        logStreamName="web-1",
        logEvents=[{"timestamp": start + 60_000 * minute, "message": text} for minute, text in REQUESTS],
    )
    rows = numbers_of(asked(world, answer, "shop-api"))
    return Outcome.compare("; ".join(rows) or "no rows", "09:00 2; 09:10 3")


def check_guessers(answer: str) -> Outcome:
    """A query over the evening's SSH log: who failed more than ten times, the most persistent first."""
    from cwlab import Lab

    world = Lab()
    world.load_logs(shop.recording("secure"), group=FILE, stream="web-1")
    rows = numbers_of(asked(world, answer, FILE, start=world.now - timedelta(days=1)))
    seen = "; ".join(rows[:3]) + (f" and {len(rows) - 3} rows more" if len(rows) > 3 else "")
    return Outcome.compare(seen or "no rows", "203.0.113.9 84")


FLOWS = tuple(
    f"2 123456789012 eni-0a {source} 172.31.0.4 {port} {to} 6 {packets} {60 * packets} {{start}} {{end}} {action} OK"
    for source, port, to, packets, action in (
        ("203.0.113.9", 40_001, 22, 4, "REJECT"), ("203.0.113.9", 40_002, 22, 4, "REJECT"), ("198.51.100.4", 51_000, 80, 12, "ACCEPT"),
        ("203.0.113.9", 40_003, 22, 4, "REJECT"), ("198.51.100.7", 33_000, 3389, 1, "REJECT"), ("192.0.2.7", 40_022, 22, 22, "ACCEPT"),
        ("198.51.100.7", 33_001, 3389, 1, "REJECT"), ("203.0.113.9", 40_004, 80, 12, "ACCEPT"),
    )
)  # fmt: skip


def check_turned_away(answer: str) -> Outcome:
    """A query over a flow log: how many records of refused packets each source has, the most first."""
    from cwlab import Lab

    world = Lab()
    make(world, "shop-vpc", "eni-0a-all")
    second = ms(world.now) // 1000
    lines = [line.format(start=second - 60, end=second) for line in FLOWS]
    write(world, *lines, group="shop-vpc", stream="eni-0a-all")
    rows = numbers_of(asked(world, answer, "shop-vpc"))
    return Outcome.compare("; ".join(rows) or "no rows", "203.0.113.9 3; 198.51.100.7 2")


def check_bucket(answer: Mapping[str, Any]) -> Outcome:
    """A bucket policy that lets an export of us-east-1 into shop-logs through, and nobody else."""
    from cwlab import Lab

    world = Lab()
    world.load_logs(shop.recording("secure"), group=FILE, stream="web-1")
    s3 = world.client("s3")
    s3.create_bucket(Bucket="shop-logs")
    s3.put_bucket_policy(Bucket="shop-logs", Policy=json.dumps(answer))
    admitted = json.dumps([each.get("Principal") for each in answer["Statement"]])
    if "logs." in admitted and "logs.us-east-1." not in admitted:
        return Outcome.not_yet(
            f"the policy admits {admitted}", "CloudWatch Logs of us-east-1", mistake="another region"
        )
    export(world, "shop-logs")
    world.advance(hours=12)
    status = world.client("logs").describe_export_tasks()["exportTasks"][0]["status"]["code"]
    return Outcome.compare(f"the task is {status} after 12 hours", "the task is COMPLETED after 12 hours")


# -- the record ------------------------------------------------------------------------------------------------------------

_OPENING = Choice(
    id="logs.opening",
    asks="For ten minutes a server logs failed logins, three a minute. Then you make a metric filter that counts them, with "
    "a default value of 0, and wait ten minutes more. What does the metric show for the first ten minutes?",
    options={
        "A": "the failed logins, minute by minute",
        "B": "nothing: no datapoints",
        "C": "zeros, the default value",
        "D": "all thirty, in the minute the filter was made",
    },
    truth=before_the_filter,
    why="A metric filter looks at events as they come in. What was stored before it is never looked at again, not even to "
    "say zero. In a search the past is searched; that is why most people expect it here.",
    about="what a filter sees",
    source=f"{GUIDE}, Creating metrics from log events using filters",
    points=("L17", "L18"),
)

_PREDICTIONS = (
    Number(
        id="logs.m1",
        asks="Three machines write /var/log/secure for ten minutes. web-1 has the agent and a role that may write. web-2 has "
        "the role and no agent. till-7 stands in the shop, with an agent and without credentials. How many streams "
        "does the group have then?",
        unit="streams",
        low=0,
        high=3,
        within=0,
        truth=streams_of_three,
        why="A stream is made by whoever sends, and only web-1 can: an agent reads the file, and credentials let it send. One "
        "without the other sends nothing, and CloudWatch says nothing of what it never got.",
        about="sources and streams",
        source=f"{GUIDE}, Concepts; CloudWatch agent, Prerequisites",
        points=("L01", "L02", "L05", "L07", "L11", "L12", "L13"),
    ),
    Choice(
        id="logs.m2",
        asks="You work in eu-central-1. Your zone shop.example is hosted by Route 53, your customers are in Europe, and "
        "query logging is on. In which Region do you find the lines?",
        options={
            "A": "eu-central-1, where you work",
            "B": "us-east-1",
            "C": "in both",
            "D": "in the Region nearest to each customer",
        },
        truth=where_dns_is_logged,
        why="Logs are regional: a service logs where it runs. Route 53 is global and runs its query logging from us-east-1, so the "
        "group must be there; in another Region it is refused.",
        about="Regions",
        source="Route 53 Developer Guide, Public DNS query logging",
        points=("L03", "L04", "L06", "L09", "L10"),
    ),
    Number(
        id="logs.m3",
        asks=f"Of the seven lines above, how many match the pattern {PATTERN}?",
        unit="lines",
        low=0,
        high=7,
        within=0,
        truth=lines_that_match,
        why="Terms with a question mark count only among themselves. Beside a plain term they are ignored, so the pattern asks for "
        "root and nothing else: in any place, with these very letters.",
        about="filter patterns",
        source=f"{GUIDE}, Filter pattern syntax",
        points=("L17",),
    ),
    Mark(
        id="logs.m4",
        asks="Somebody guesses passwords on web-1 from 09:11:00 on, seven a minute, for five minutes. Filter, metric and alarm "
        "stand ready: five failed logins in one minute. When does the mail come?",
        start="2026-03-02T09:08:00Z",
        end="2026-03-02T09:20:00Z",
        step_s=30,
        within_s=30,
        truth=when_the_mail_comes,
        why="The agent sends within seconds, and the filter counts at once; but the alarm's period is a minute, and a "
        "minute is evaluated when it is over.",
        about="from line to mail",
        source=f"{GUIDE}, Creating metrics from log events using filters",
        points=("L17", "L18", "L19"),
    ),
    Number(
        id="logs.m5",
        asks=f"How many of the seven lines does `{NOT_500}` give?",
        unit="rows",
        low=0,
        high=7,
        within=0,
        truth=rows_that_differ,
        why="A line without a status has none that could differ: every comparison with a missing field is false, != as well. And "
        'values have no type of their own: the text "500" looks like a number, and is compared as one.',
        about="missing fields and text",
        source=f"{GUIDE}, Logs Insights QL: filter; supported operations and functions",
    ),
    Number(
        id="logs.m6",
        asks=f"Another group gets a line every ten seconds, for twenty minutes. How many rows does `{BINS}` give?",
        unit="rows",
        low=1,
        high=120,
        within=0,
        truth=rows_of_bins,
        why="bin() takes at most 60 of its seconds: 300s is silently taken as 60s, and a row is a minute. For five minutes write 5m.",
        about="bin()",
        source=f"{GUIDE}, Logs Insights QL: datetime functions",
    ),
    Choice(
        id="logs.m7",
        asks="A group is encrypted with a KMS key of yours, and holds a day of events. You disable the key, and wait ten minutes. "
        "What fails?",
        options={
            "A": "reading; writing goes on",
            "B": "writing; what is stored can be read",
            "C": "both",
            "D": "neither: the key mattered only when the group was made",
        },
        truth=without_the_key,
        why="New events need the key to be encrypted, and stored ones need it to be read. A key is a switch for the whole group, both "
        "ways; that is its point, and its danger.",
        about="encryption",
        source=f"{GUIDE}, Encrypt log data in CloudWatch Logs using AWS KMS",
        points=("L14", "L15"),
    ),
    Number(
        id="logs.m8",
        asks="You ask for an export of an evening's log to S3, a few hundred lines. How many files of it are in the bucket five "
        "minutes later?",
        unit="files",
        low=0,
        high=5,
        within=0,
        truth=files_after_five_minutes,
        why="An export is a batch that waits its turn. AWS allows itself up to twelve hours, however small the log. For "
        "near real time there are subscriptions, in a later lab.",
        about="exports",
        source=f"{GUIDE}, Export log data to Amazon S3",
        points=("L20", "L21"),
    ),
    Choice(
        id="logs.m9",
        asks="For six minutes, in the middle of the attack, the role of web-1 may not write. Then it may again. What becomes of "
        "the lines of these minutes?",
        options={
            "A": "they are lost",
            "B": "they arrive later, with the times they were written",
            "C": "they arrive later, with the time of their arrival",
        },
        truth=after_the_cut,
        why="The agent keeps its place in the file and tries again. The time is taken from the line, so the log is whole in the "
        "end; an alarm, though, has long judged those minutes.",
        about="what breaks",
        source="CloudWatch agent, Logs section",
        points=("L07", "L14"),
    ),
)

_EXERCISES = (
    Exercise(
        id="logs.e1",
        asks="Write a filter pattern for failed passwords of users that do not exist (sshd calls them invalid), but not from your own "
        "network, whose addresses begin with 10.0.0.",
        starter='answer = ...      # the pattern, a text\nlab.check("e1", answer)',
        solution='answer = \'"Failed password for invalid user" -"from 10.0.0."\'',
        why="A phrase in quotation marks is found as it stands; what contains anything but letters, digits and underscores needs "
        "them. A minus excludes.",
        another_way='`"Failed password" invalid -"10.0.0."` does it too: terms side by side must all be there.',
        hints=(
            "Which words does such a line have that no other line has?",
            "Put a phrase in quotation marks, and a minus before the phrase that must not be there.",
            'Begin with `"Failed password for invalid user"`, then exclude `"from 10.0.0."`.',
        ),
        mistakes={
            "everybody": ('"Failed password"', "That has root in it as well, and your own network."),
            "own network": ('"Failed password for invalid user"', "Your own network is still in."),
            "small letters": (
                '"failed password for invalid user" -"from 10.0.0."',
                "Filter patterns tell capitals from small letters, so nothing matches.",
            ),
            "invalid alone": ('invalid -"10.0.0."', "A closed connection is no failed password."),
            "no quotes": (
                '"Failed password" invalid -10.0.0.',
                "Dots need quotation marks: the pattern is refused.",
            ),
        },
        check=check_pattern,
        points=("L17",),
    ),
    Exercise(
        id="logs.e2",
        asks="An access log, one line a request: address, two fields, time, request, status, bytes. Make a metric filter that "
        "sums the bytes of answers with status 500 and more.",
        starter='answer = {"filterPattern": ..., "metricValue": ...}\nlab.check("e2", answer)',
        solution='answer = {"filterPattern": "[ip, id, user, time, request, status >= 500, bytes]",\n'
        '          "metricValue": "$bytes"}',
        why="Square brackets cut the line into fields; each gets a name, a condition may follow it, and the metric's value may be a "
        "field. What stands in quotation marks or brackets in the line is one field.",
        another_way="`[..., status = 5*, bytes]` counts the fields from the end.",
        hints=(
            "The line has seven fields, and you need the last two.",
            "Name all fields in square brackets, with a condition on the sixth.",
            "The metric's value is the name of a field with a dollar sign before it, as a text.",
        ),
        mistakes={
            "counting": (
                {"filterPattern": "[ip, id, user, time, request, status >= 500, bytes]", "metricValue": "1"},
                "That counts the answers. Their bytes are in a field.",
            ),
            "a term": (
                {"filterPattern": "500", "metricValue": "1"},
                "A term is found anywhere: in the bytes, in the path, in the status.",
            ),
            "one field less": (
                {"filterPattern": "[ip, user, time, request, status >= 500, bytes]", "metricValue": "$bytes"},
                "The line has seven fields; with six names the sixth takes the rest, and nothing lines up.",
            ),
            "all errors": (
                {"filterPattern": "[..., status >= 400, bytes]", "metricValue": "$bytes"},
                "404 is the customer's mistake; it is in your sum.",
            ),
        },
        check=check_filter,
        points=("L17", "L18"),
    ),
    Exercise(
        id="logs.e3",
        asks="Both web machines write /var/log/secure in the manner of syslog (Mar  2 08:30:00). Complete the entry of the agent's "
        "configuration: all into the group shop-ssh, each machine in a stream of its own, at the times the lines tell.",
        starter='answer = {"file_path": "/var/log/secure", "log_group_name": ..., "log_stream_name": ...,\n'
        '          "timestamp_format": ...}\nlab.check("e3", answer)',
        solution='answer = {"file_path": "/var/log/secure", "log_group_name": "shop-ssh",\n'
        '          "log_stream_name": "{instance_id}", "timestamp_format": "%b %d %H:%M:%S"}',
        why="One configuration serves all machines: the placeholder becomes each one's own id. Without a timestamp_format the agent "
        "takes the moment it reads a line.",
        another_way="`{hostname}` gives each machine a stream as well, and works on premises too.",
        hints=(
            "What differs from machine to machine must come from a placeholder.",
            "Placeholders stand in braces; times are written in symbols such as %H.",
            "The month's short name is %b, the day %d.",
        ),
        mistakes={
            "one stream": (
                {
                    "file_path": FILE,
                    "log_group_name": "shop-ssh",
                    "log_stream_name": "web",
                    "timestamp_format": STAMP,
                },
                "Both machines write into one stream: whose line is whose?",
            ),
            "a group each": (
                {
                    "file_path": FILE,
                    "log_group_name": "{instance_id}",
                    "log_stream_name": "{instance_id}",
                    "timestamp_format": STAMP,
                },
                "Settings and filters belong to a group; now there are two to look after.",
            ),
            "time of reading": (
                {"file_path": FILE, "log_group_name": "shop-ssh", "log_stream_name": "{instance_id}"},
                "Without a timestamp_format the events bear the moment the agent read them.",
            ),
        },
        check=check_config,
        points=("L07", "L12", "L13"),
    ),
    Exercise(
        id="logs.e4",
        asks="Write the bucket policy that lets CloudWatch Logs of us-east-1 export into the bucket shop-logs.",
        starter='answer = {"Version": "2012-10-17", "Statement": [...]}\nlab.check("e4", answer)',
        solution="""logs = {"Service": "logs.us-east-1.amazonaws.com"}
answer = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": logs, "Action": "s3:GetBucketAcl",
     "Resource": "arn:aws:s3:::shop-logs"},
    {"Effect": "Allow", "Principal": logs, "Action": "s3:PutObject",
     "Resource": "arn:aws:s3:::shop-logs/*"}]}""",
        why="The export is done by CloudWatch Logs, not by you, so the bucket must admit the service: it looks at the bucket, then "
        "writes objects.",
        another_way="AWS's own example adds conditions on aws:SourceAccount and aws:SourceArn, which keep other people's groups out.",
        hints=(
            "Who writes into the bucket?",
            "A service principal with the Region in its name, and two actions.",
            "s3:GetBucketAcl is about the bucket, s3:PutObject about what is in it: the ARN ends in /*.",
        ),
        mistakes={
            "no look": (
                {"Version": "2012-10-17", "Statement": [bucket_policy("shop-logs")["Statement"][1]]},
                "It may write, and may not look at the bucket first: s3:GetBucketAcl is missing.",
            ),
            "no objects": (
                {"Version": "2012-10-17", "Statement": [bucket_policy("shop-logs")["Statement"][0]]},
                "It may look, and may not write: s3:PutObject on shop-logs/* is missing.",
            ),
            "another region": (
                bucket_policy("shop-logs", "eu-west-1"),
                "That admits the service of another Region.",
            ),
            "anybody": (
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {**statement, "Principal": "*"}
                        for statement in bucket_policy("shop-logs")["Statement"]
                    ],
                },
                "A new bucket blocks public access, and a policy for everybody with it. Name the service.",
            ),
        },
        check=check_bucket,
        points=("L20", "L21"),
    ),
    Exercise(
        id="logs.e5",
        asks="The API's access log has JSON lines with resourcePath, status and responseLatency. Write a query that counts, for every "
        "five minutes, the requests that failed on our side (status 500 and more), the oldest first.",
        starter='answer = ...      # the query, a text\nlab.check("e5", answer)',
        solution='answer = """\nfilter status >= 500\n| stats count(*) as failed by bin(5m) as t\n| sort t asc\n"""',
        why="JSON fields are discovered, so nothing is to be parsed; status is a text in this log and compared as a number all the same. "
        "A period without failures has no row: stats makes groups of what is there.",
        another_way="`stats sum(status >= 500) as failed by bin(5m) as t` would have rows of 0 as well.",
        hints=(
            "Three commands: which lines, what of them, in which order.",
            "filter, then stats … by bin(…), then sort.",
            "Give the bin a name to sort by it: `by bin(5m) as t | sort t asc`.",
        ),
        mistakes={
            "seconds": (
                "filter status >= 500 | stats count(*) as failed by bin(300s) as t | sort t asc",
                "bin() takes 60 seconds at most. Write the period in minutes.",
            ),
            "all of them": (
                "stats count(*) as failed by bin(5m) as t | sort t asc",
                "That counts all requests. Filter first.",
            ),
            "theirs too": (
                "filter status >= 400 | stats count(*) as failed by bin(5m) as t | sort t asc",
                "404 is the customer's mistake; it is in your count.",
            ),
            "newest first": (
                "filter status >= 500 | stats count(*) as failed by bin(5m) as t | sort t desc",
                "The order is turned around.",
            ),
            "letters": (
                "filter @message like /5/ | stats count(*) as failed by bin(5m) as t | sort t asc",
                "A search for letters finds them in the path and the latency, too. Compare the field.",
            ),
        },
        check=check_errors,
    ),
    Exercise(
        id="logs.e6",
        asks="The evening's SSH log is in /var/log/secure. Which addresses failed a password more than ten times, and how often? Write "
        "the query: an address and its number in a row, the most persistent first.",
        starter='answer = ...      # the query, a text\nlab.check("e6", answer)',
        solution='answer = """\nparse @message "Failed password for * from * port" as user, ip\n| stats count(ip) as tries by ip\n'
        '| filter tries > 10\n| sort tries desc\n"""',
        why="parse cuts fields out of a text, a star each; a line that does not fit has none of them, and count(ip) does not count it. "
        "A filter after stats looks at the groups.",
        another_way='`filter @message like "Failed password"` first, then parse: it says more clearly what is counted.',
        hints=(
            "The lines are text: fields must be cut out before you can group by them.",
            'parse @message "… from * port" as ip, then stats, then a filter on what stats made.',
            'Begin with `parse @message "Failed password for * from * port" as user, ip`.',
        ),
        mistakes={
            "the others too": (
                'parse @message "Failed password for * from * port" as user, ip | stats count(*) as tries by ip | filter tries > 10 | sort tries desc',
                "Lines that do not fit have no ip, and make a group of their own. count(ip) does not count them.",
            ),
            "everybody": (
                'parse @message "Failed password for * from * port" as user, ip | stats count(ip) as tries by ip | sort tries desc',
                "Those who failed once are in it. Filter what stats made.",
            ),
            "every address": (
                'parse @message "from * port" as ip | stats count(ip) as tries by ip | filter tries > 10 | sort tries desc',
                "Whoever logged in with a key is counted as well.",
            ),
        },
        check=check_guessers,
    ),
    Exercise(
        id="logs.e7",
        asks="The VPC's flow log is in shop-vpc. Which sources had packets refused, and in how many records? Write the query: a source "
        "address and its number in a row, the most refused first.",
        starter='answer = ...      # the query, a text\nlab.check("e7", answer)',
        solution='answer = """\nfilter action = "REJECT"\n| stats count(*) as refused by srcAddr\n| sort refused desc\n"""',
        why="Logs Insights knows the default format of flow logs, and discovers its fields under their names. What a security group or "
        "network ACL refuses never reaches the machine: only the flow log has it.",
        another_way="`stats sum(packets)` counts packets instead of records.",
        hints=(
            "Nothing is to be parsed: srcAddr, dstPort and action are there.",
            "Filter by action, then count by srcAddr.",
            'action is "REJECT", in capitals.',
        ),
        mistakes={
            "accepted too": (
                "stats count(*) as refused by srcAddr | sort refused desc",
                "Accepted packets are in your count. Filter by action.",
            ),
            "small letters": (
                'filter action = "reject" | stats count(*) as refused by srcAddr | sort refused desc',
                "Texts are compared letter by letter, and capitals count.",
            ),
            "packets": (
                'filter action = "REJECT" | stats sum(packets) as refused by srcAddr | sort refused desc',
                "Those are packets; asked are records.",
            ),
            "by port": (
                'filter action = "REJECT" | stats count(*) as refused by dstPort | sort refused desc',
                "Those are the ports that were tried; asked is who tried.",
            ),
        },
        check=check_turned_away,
        points=("L08",),
    ),
)

_TRAPS = (
    Trap(
        id="logs.t1",
        asks="A metric filter counts errors, default value 0. An alarm on its metric rings at one error. The server falls silent: no "
        "lines at all. What does the metric show?",
        options={
            "A": Option(
                "0 a minute: the default value",
                False,
                "The default is published for minutes in which events came.",
            ),
            "B": Option(
                "no datapoints", True, "Without events there is nothing to filter, and nothing is published."
            ),
            "C": Option("the last value, again and again", False, "A metric has datapoints or it has none."),
            "D": Option(
                "1: silence counts as an error",
                False,
                "That is the alarm's business: breaching, for missing data.",
            ),
        },
        proof="""world = lab.fresh()
logs, cloudwatch = world.client("logs"), world.client("cloudwatch")
logs.create_log_group(logGroupName="/app")
logs.create_log_stream(logGroupName="/app", logStreamName="web")
logs.put_metric_filter(
    logGroupName="/app", filterName="errors", filterPattern="ERROR", metricTransformations=[
        {"metricNamespace": "Shop", "metricName": "Errors", "metricValue": "1", "defaultValue": 0}])
for minute in range(6):
    if minute < 3:
        logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[
            {"timestamp": int(world.now.timestamp() * 1000), "message": "INFO fine"}])
    world.advance(minutes=1)
found = cloudwatch.get_metric_statistics(
    Namespace="Shop", MetricName="Errors", Period=60, Statistics=["Sum"],
    StartTime=world.start, EndTime=world.now)["Datapoints"]
assert sorted(point["Sum"] for point in found) == [0, 0, 0]     # three minutes with lines
len(found)""",
        points=("L17", "L18"),
    ),
    Trap(
        id="logs.t2",
        asks="Nobody ever set a retention on the group. How old can its events get?",
        options={
            "A": Option("30 days", False, "No. Nothing is deleted unless somebody says so."),
            "B": Option(
                "as old as you let them: they never expire",
                True,
                "That is the default, and the bill grows with it.",
            ),
            "C": Option("15 months, as metrics do", False, "Metrics age by themselves; logs do not."),
            "D": Option(
                "14 days", False, "PutLogEvents takes nothing older than 14 days; what is stored stays."
            ),
        },
        proof="""world = lab.fresh()
logs = world.client("logs")
logs.create_log_group(logGroupName="/app")
logs.create_log_stream(logGroupName="/app", logStreamName="web")
logs.put_log_events(logGroupName="/app", logStreamName="web", logEvents=[
    {"timestamp": int(world.now.timestamp() * 1000), "message": "kept"}])
world.advance(days=2000)
assert [event["message"] for event in logs.filter_log_events(logGroupName="/app")["events"]] == ["kept"]
logs.put_retention_policy(logGroupName="/app", retentionInDays=365)
assert logs.filter_log_events(logGroupName="/app")["events"] == []
logs.describe_log_groups()["logGroups"][0]["retentionInDays"]""",
        points=("L16",),
    ),
    Trap(
        id="logs.t3",
        asks="An exam question: logs are to be exported to an S3 bucket with encryption at rest. Which default encryption must the bucket "
        "have, by the course's rule?",
        options={
            "A": Option(
                "SSE-KMS with your own key",
                False,
                "By that rule the export task is refused; AWS takes it today.",
            ),
            "B": Option("SSE-S3 (AES-256)", True, "It works by the old rule and by today's."),
            "C": Option(
                "none: an export needs a bucket without encryption", False, "All buckets are encrypted now."
            ),
            "D": Option("DSSE-KMS", False, "Refused then and now."),
        },
        proof="""import json

from botocore.exceptions import ClientError

from cwlab import shop

service = {"Service": "logs.us-east-1.amazonaws.com"}

def grant(who, what, on="*"):
    return {"Effect": "Allow", "Principal": who, "Action": what, "Resource": on}

def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})

def exported(sse, **setting):
    world = lab.fresh()
    world.load_logs(shop.recording("secure"), group="/app", stream="web")
    s3, logs = world.client("s3"), world.client("logs")
    s3.create_bucket(Bucket="shop-logs")
    s3.put_bucket_policy(Bucket="shop-logs", Policy=document(
        grant(service, "s3:GetBucketAcl", "arn:aws:s3:::shop-logs"),
        grant(service, "s3:PutObject", "arn:aws:s3:::shop-logs/*")))
    key = world.client("kms").create_key(Policy=document(
        grant({"AWS": f"arn:aws:iam::{world.account}:root"}, "kms:*"),
        grant(service, ["kms:GenerateDataKey*", "kms:Decrypt"])))["KeyMetadata"]["Arn"]
    chosen = {"SSEAlgorithm": sse} | ({"KMSMasterKeyID": key} if sse == "aws:kms" else {})
    s3.put_bucket_encryption(Bucket="shop-logs", ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": chosen}]})
    if setting:
        world.act("logs", "configure", **setting)
    try:
        logs.create_export_task(
            logGroupName="/app", destination="shop-logs", **{"from": 0, "to": 2_000_000_000_000})
        return "accepted"
    except ClientError as refused:
        return refused.response["Error"]["Message"]

assert exported("AES256") == "accepted"
assert exported("aws:kms") != "accepted"                              # the course's rule
assert exported("aws:kms", export_to_kms_buckets=True) == "accepted"  # today's
exported("aws:kms")""",
        points=("L22", "L20"),
    ),
    Trap(
        id="logs.t4",
        asks="A Lambda function runs in eu-west-1 and prints a line. Its owner looks for the log in us-east-1, as everything else of the "
        "company is there. What does she find?",
        options={
            "A": Option(
                "the line, for CloudWatch is one service", False, "One service, in each Region by itself."
            ),
            "B": Option("nothing: no such group there", True, "A service logs in the Region it runs in."),
            "C": Option(
                "the line, a few minutes late",
                False,
                "Nothing is copied between Regions unless you see to it.",
            ),
            "D": Option("an empty group", False, "Groups are regional as well."),
        },
        proof="""import io, json, zipfile

world = lab.fresh(region="eu-west-1")
source = "def handler(event, context): print('here')"
trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as file:
    file.writestr(zipfile.ZipInfo("index.py", (2026, 1, 1, 0, 0, 0)), source)
role = world.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
world.client("iam").attach_role_policy(
    RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
world.client("lambda").create_function(
    FunctionName="fn", Runtime="python3.13", Handler="index.handler", Role=role,
    Code={"ZipFile": packed.getvalue()})
world.client("lambda").invoke(FunctionName="fn")
groups = {}
for region in ("eu-west-1", "us-east-1"):
    found = world.client("logs", region=region).describe_log_groups()["logGroups"]
    groups[region] = [group["logGroupName"] for group in found]
assert groups == {"eu-west-1": ["/aws/lambda/fn"], "us-east-1": []}
groups""",
        points=("L03", "L06"),
    ),
)

TOPIC = Topic(
    name="logs",
    notebook="03-logs",
    title="Logs",
    why="A log tells what a metric only hints at, but only if it arrives: from the right machine, in the right Region, under settings "
    "that let it in and let you read it.",
    minutes=125,
    builds_on=("alarms",),
    abilities=(
        "bring the lines of any machine or service into a group, and find out why one is silent",
        "turn a pattern in a log into a metric, an alarm and a mail, and question what is stored",
        "say what a group's settings cost and break, and when an export is there",
    ),
    points=(
        "L01",
        "L02",
        "L03",
        "L04",
        "L05",
        "L06",
        "L07",
        "L08",
        "L09",
        "L10",
        "L11",
        "L12",
        "L13",
        "L14",
        "L15",
        "L16",
        "L17",
        "L18",
        "L19",
        "L20",
        "L21",
        "L22",
    ),
    opening=_OPENING,
    predictions=_PREDICTIONS,
    exercises=_EXERCISES,
    traps=_TRAPS,
    glossary={
        "log event": "a timestamp and a raw message",
        "log stream": "the events of exactly one source, in order",
        "log group": "the streams of one monitored thing; settings and filters belong to it",
        "agent": "a program on a machine that reads its files and sends them",
        "filter pattern": "what a metric filter, a search or a subscription looks for in a message",
        "metric filter": "a pattern on a group that turns matching events into datapoints, from its creation on",
        "default value": "what a metric filter publishes for a minute with events of which none matched",
        "retention": "how many days a group keeps its events; for ever when not set",
        "resource policy": "what lets AWS services, such as Route 53, write into log groups",
        "export task": "a batch that writes a group's events to S3, within hours",
        "Live Tail": "a view of what comes in from now on",
        "Logs Insights": "queries over stored events: a chain of commands, a span of time, and a price by what is scanned",
        "discovered field": "what Logs Insights finds in a message by itself: members of JSON, the fields of a flow log",
        "flow log": "records of the packets at network interfaces, accepted and rejected, without their contents",
        "ingestion": "the side of CloudWatch Logs that takes events in; the other side is subscription",
    },
    recap=(
        "A log event is a timestamp and a message; one source fills one stream; a group holds the streams and the settings.",
        "Machines need the agent and credentials; AWS's own services log natively, each in its Region, Route 53 in us-east-1.",
        "A metric filter sees only what comes in after it and feeds an ordinary metric; a query sees what is stored, and is paid by what it scans.",
        "Retention, permissions and the KMS key belong to the group: nothing expires by itself, and a disabled key stops reading and writing.",
        "An export is a batch of up to twelve hours: into SSE-S3, and by the course's rule not into SSE-KMS.",
    ),
    on_aws={
        "Delays": "Agents send every 5 s, CloudTrail delivers in about 5 minutes, metric filters publish within a minute or two. Here filters count at once.",
        "Limits": "10,000 events and 1 MB a batch, 24 hours from first to last; nothing older than 14 days or more than 2 hours ahead; 100 metric filters a group; one export task at a time.",
        "Price": "In us-east-1 about 0.50 USD per GB taken in, 0.03 per GB and month stored, metrics from filters 0.30 each a month, 0.005 per GB that a query scans; exports cost S3's requests. A forgotten group without retention costs for ever.",
        "Permissions": "CloudWatchAgentServerPolicy for machines; logs:PutMetricFilter, PutRetentionPolicy, CreateExportTask, StartQuery and GetQueryResults for you; the bucket's, the key's and Route 53's own policies besides.",
        "Clean-up": "Delete alarm, filter and group; cancel the export task, empty and delete the bucket; keys are scheduled for deletion, 7 days at the earliest.",
    },
    aws_code="""
import boto3

logs, cloudwatch = boto3.client("logs"), boto3.client("cloudwatch")

logs.create_log_group(logGroupName="/cwlab/secure")
logs.put_retention_policy(logGroupName="/cwlab/secure", retentionInDays=1)      # so that nothing is kept by mistake
logs.create_log_stream(logGroupName="/cwlab/secure", logStreamName="web-1")
logs.put_metric_filter(logGroupName="/cwlab/secure", filterName="failed", filterPattern='"Failed password"',
                       metricTransformations=[{"metricNamespace": "cwlab", "metricName": "FailedLogins",
                                               "metricValue": "1", "defaultValue": 0}])
cloudwatch.put_metric_alarm(AlarmName="cwlab-guessing", Namespace="cwlab", MetricName="FailedLogins", Statistic="Sum",
                            Period=60, EvaluationPeriods=1, Threshold=5, TreatMissingData="notBreaching",
                            ComparisonOperator="GreaterThanOrEqualToThreshold")

# a few lines, as an agent would send them
import time
now = int(time.time() * 1000)
logs.put_log_events(logGroupName="/cwlab/secure", logStreamName="web-1", logEvents=[
    {"timestamp": now + n, "message": f"sshd[{n}]: Failed password for root from 203.0.113.9"} for n in range(6)])

# clean-up
cloudwatch.delete_alarms(AlarmNames=["cwlab-guessing"])
logs.delete_log_group(logGroupName="/cwlab/secure")                             # its filters go with it
""",
)
