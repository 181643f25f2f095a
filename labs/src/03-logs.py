# %% build card

# %% tags=["setup"]
import json
from contextlib import suppress
from datetime import timedelta

from botocore.exceptions import ClientError

from cwlab import console, open_lab, shop
from cwlab.shop.sources import sources

lab = open_lab("logs")

# %%
world = lab.fresh("an evening")
SECURE = "/var/log/secure"
print(world.load_logs(shop.recording("secure"), group=SECURE, stream="web-1"))
console.logs(world, SECURE, pattern='"Failed password"', back="1 day")

# %% build opening

# %% [markdown] tags=["loop"]
# ## A line, a stream, a group
#
# A **log event** is a timestamp and a raw message, no more. The events of one source are a **log stream**, the streams of one
# monitored thing a **log group**. All this is one of two sides of CloudWatch Logs: **ingestion**, what comes in. The other,
# subscription, is a later lab.
#
# A file on a machine comes in through the **agent**, which calls the public endpoint like anybody else.

# %%
lab.predict("m1")

# %% tags=["syllabus:L01", "syllabus:L02", "syllabus:L05", "syllabus:L07", "syllabus:L11", "syllabus:L12", "syllabus:L13"]
MAY_SEND = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"

def collect(stream):
    return {"logs": {"logs_collected": {"files": {"collect_list": [{
        "file_path": SECURE, "log_group_name": SECURE, "log_stream_name": stream,
        "timestamp_format": "%b %d %H:%M:%S"}]}}}}

def three_machines(web_2="no agent", till_7="no credentials", role="may write"):
    world = lab.fresh("three machines")
    shop.build(world)                               # web-1, web-2 and their role
    world.on_premises("till-7", internet=True)
    iam = world.client("iam")
    iam.create_user(UserName="till")
    iam.attach_user_policy(UserName="till", PolicyArn=MAY_SEND)
    key = iam.create_access_key(UserName="till")["AccessKey"]["AccessKeyId"]
    if role != "may write":
        iam.detach_role_policy(RoleName="shop-web", PolicyArn=MAY_SEND)
    for name in ("web-1", "web-2", "till-7"):
        world.host(name).run(SECURE, shop.ssh_lines(15, host=name), stamp="%b %d %H:%M:%S")
    world.host("web-1").agent.start(collect("{instance_id}"))
    if web_2 == "agent":
        world.host("web-2").agent.start(collect("{instance_id}"))
    world.host("till-7").agent.start(
        collect("{hostname}"), access_key=key if till_7 == "credentials" else "")
    world.advance(minutes=10)
    return world

def picture(world):
    return console.sources(world, SECURE, ["web-1", "web-2", "till-7"]).picture

world = three_machines()
lab.reveal("m1", lambda: console.sources(world, SECURE, ["web-1", "web-2", "till-7"]),
           lambda: world.host("till-7").agent.log(3))

# %% [markdown]
# Move the time, or press play, and see the group fill. Two machines are missing, and CloudWatch says nothing of that: it
# cannot miss what it never got. The reason is found at the source: in `host.agent.log()`, or in a refused call.
#
# **Change one thing.** Which two changes bring all three machines in? Then take the role its policy.

# %% tags=["syllabus:L05", "syllabus:L07", "syllabus:L12", "syllabus:L13", "syllabus:L14"]
console.tune(three_machines, picture, web_2=["no agent", "agent"],
             till_7=["no credentials", "credentials"], role=["may write", "may not write"],
             labels={"web_2": "web-2", "till_7": "till-7", "role": "role of the instances"})

# %% [markdown] tags=["loop"]
# ## What comes in by itself
#
# AWS's own services need no agent: they log natively, under a role of theirs, or a **resource policy** that admits them.
# The shop now has an API, containers, a function, an Elastic Beanstalk environment, tills that are IoT devices, a zone in Route 53,
# and a trail of CloudTrail, which records the account's own calls.

# %%
lab.predict("m2")

# %% tags=["syllabus:L03", "syllabus:L04", "syllabus:L05", "syllabus:L06", "syllabus:L09", "syllabus:L10"]
world = lab.fresh("europe", region="eu-central-1")
sources(world, only=("dns", "api", "tasks", "trail", "functions", "devices", "platform"))
with suppress(ClientError):
    world.client("route53").create_query_logging_config(      # a group of this Region
        HostedZoneId=world.client("route53").list_hosted_zones()["HostedZones"][0]["Id"],
        CloudWatchLogsLogGroupArn="arn:aws:logs:eu-central-1:123456789012:log-group:dns")
world.advance(minutes=15)
lab.reveal("m2", lambda: console.groups(world, ["eu-central-1", "us-east-1"]),
           lambda: console.outcomes(world, ["CreateQueryLoggingConfig"], services=["route53"]))

# %% [markdown]
# Each message has the form its service gives it: JSON for API Gateway and CloudTrail, fields between spaces for DNS, START, END and
# REPORT for Lambda. No host of yours runs an agent for any of them; Elastic Beanstalk brings one along.
#
# **Change one thing.** Work in `ap-northeast-1` instead. Which groups move with you, and which one stays?

# %% [markdown] tags=["loop"]
# ## Patterns
#
# A **filter pattern** finds messages. Words side by side must all be there, `-` excludes, `?` makes a word optional, quotes
# hold a phrase together. `[a, b, …]` cuts a line into fields, `{ $.name = … }` looks into JSON, and `%…%` holds a
# regular expression.

# %%
lines = [
    "Mar  2 09:04:11 sshd[4024]: Failed password for root from 203.0.113.9 port 52114",
    "Mar  2 09:04:15 sshd[4024]: Failed password for invalid user admin from 203.0.113.9 port 52118",
    "Mar  2 09:05:02 sshd[4031]: Accepted publickey for ada from 192.0.2.7 port 40022 ssh2",
    "Mar  2 09:06:40 sudo: ada : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=systemctl restart shop",
    '198.51.100.7 - ada [02/Mar/2026:09:07:12 +0000] "GET /orders/17 HTTP/1.1" 404 512',
    '{"eventName": "ConsoleLogin", "userIdentity": {"type": "Root"}, "error": "Failed"}',
    "2 123456789012 eni-0a 203.0.113.9 172.31.0.4 52114 22 6 9 540 1772442000 1772442060 REJECT OK",
]
lab.predict("m3")

# %% tags=["syllabus:L17"]
examples = {
    "optional beside a plain word": "?Failed ?Accepted root",
    "optional words alone": "?Failed ?Accepted",
    "phrase, and not": '"Failed password" -invalid',
    "an access log's errors": "[ip, id, user, time, request, status = 4*, bytes]",
    "a flow log's refused packets": "[..., bytes, start, end, action = REJECT, status]",
    "a JSON member": '{ $.userIdentity.type = "Root" }',
    "a mistake": '{ $.eventName == "ConsoleLogin" }',
}
lab.reveal("m3", lambda: console.pattern(
    world, lines, "?Failed ?Accepted root", examples=examples))

# %% [markdown]
# What lit up is what was found; below, one line is looked at closely. A mistake is pointed at, with its name.
#
# **Change one thing.** Write one pattern that matches the first two lines, and one for the last that extracts who asked for which
# port. With `%…%`: every line with an address that begins with 203.

# %% [markdown] tags=["loop"]
# ## From a line to a mail
#
# A **metric filter** scans all streams of a group for a pattern, and feeds an ordinary metric. From there everything is as
# you know it. Failed SSH logins are the classic case.

# %%
lab.predict("m4")

# %% tags=["syllabus:L17", "syllabus:L18", "syllabus:L19"]
def watch(world, pattern='"Failed password"', threshold=5):
    sns = world.client("sns")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    world.inbox.confirm()
    world.client("logs").put_metric_filter(
        logGroupName=SECURE, filterName="failed", filterPattern=pattern, metricTransformations=[
            {"metricNamespace": "Shop", "metricName": "FailedLogins",
             "metricValue": "1", "defaultValue": 0}])
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="guessing", Namespace="Shop", MetricName="FailedLogins", AlarmActions=[topic],
        Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching")

def one_machine(minutes=30, attack=(10, 5)):
    world = lab.fresh("one machine")
    shop.build(world)
    world.host("web-1").run(SECURE, shop.ssh_lines(minutes, attack), stamp="%b %d %H:%M:%S")
    world.client("logs").create_log_group(logGroupName=SECURE)
    world.host("web-1").agent.start(collect("{instance_id}"))
    return world

world = one_machine()
watch(world)
world.advance(minutes=30)
lab.reveal("m4", lambda: console.aftermath(world, "guessing", logs=[SECURE], minutes=30),
           lambda: world.inbox)

# %% [markdown]
# Between 09:11 and 09:12 the guesses came in one by one, each counted at once. The alarm waited for the minute to end.
#
# Now as it happens: **Live Tail** shows what comes in from now on. Let time pass, and write `Failed -invalid` into the box.

# %% tags=["syllabus:L02", "syllabus:L17"]
tail = console.live_tail(one_machine(), SECURE, "Failed")
tail.go(minutes=12)
tail

# %% [markdown]
# ### Your own log
#
# With `replay=True` a recorded log happens again: it begins now and arrives line by line as the clock moves, so filters and
# alarms act. Put the path of a log of yours in place of `shop.recording("secure")`; syslog, ISO dates, Apache, JSON lines and gzip are
# read, and `time_format=` helps with others.

# %% tags=["syllabus:L17", "syllabus:L18", "syllabus:L19"]
def again(pattern="Failed", threshold=5):
    world = lab.fresh("again")
    world.load_logs(shop.recording("secure"), group=SECURE, stream="web-1", replay=True)
    watch(world, pattern, threshold)
    world.advance(hours=4)
    return world

console.tune(again, lambda world: console.aftermath(world, "guessing", minutes=240),
             pattern=["Failed", "sshd", "invalid", "Accepted"], threshold=(1, 10, 5))

# %% [markdown] tags=["loop"]
# ## Ask the log
#
# A filter looks ahead; **Logs Insights** looks back. A query is a chain of commands with `|` between them, over groups and a
# span of time. `fields` and `display` choose columns, `filter` rows, `parse` cuts fields out of text, `stats` groups and computes,
# then `sort`, `limit`, `dedup`. The members of JSON messages are **discovered fields**: nothing is set up for them.
#
# Seven lines of the shop's application, not all of one make:

# %%
orders = [
    '{"path": "/orders", "status": 200, "ms": 31}',
    '{"path": "/orders", "status": 500, "ms": 902}',
    '{"path": "/orders", "status": "500", "ms": 640}',
    '{"path": "/products", "status": 404, "ms": 17}',
    '{"path": "/products", "ms": 12}',
    '{"path": "/orders", "status": "failed", "ms": 700}',
    "worker 3 restarted",
]
lab.predict("m5")

# %%
lab.predict("m6")

# %%
def application():
    world = lab.fresh("application")
    logs, start = world.client("logs"), int(world.now.timestamp() * 1000)
    lines = {"shop-app": [(0, line) for line in orders],
             "shop-alive": [(10_000 * n, "alive") for n in range(120)]}
    world.advance(minutes=20)
    for group, events in lines.items():
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="web-1")
        logs.put_log_events(logGroupName=group, logStreamName="web-1", logEvents=[
            {"timestamp": start + ms, "message": text} for ms, text in events])
    return world

world = application()
questions = {
    "not 500": "filter status != 500",
    "turned around": "filter not (status = 500)",
    "text above a number": "filter status > 450",
    "who has one": "filter ispresent(status) | stats count(*) by status",
    "by path": "stats count(*) as lines, avg(ms) by path",
    "a mistake": "filter status = 500 stats count(*)",
}
lab.reveal("m5", lambda: console.insights(world, "shop-app", "filter status != 500", examples=questions))

# %%
lab.reveal("m6", lambda: console.insights(
    world, "shop-alive", "stats count(*) by bin(300s)", examples=["stats count(*) by bin(5m)"]))

# %% [markdown]
# A dash is a field that the line has not. In a comparison
#
# | the field | `= 500` | `!= 500` | `not (… = 500)` | `> 450` |
# |---|---|---|---|---|
# | 500, or "500" | true | false | false | true |
# | "failed" | false | true | true | true: one is no number, so letters are compared |
# | missing | false | false | **true** | false |
#
# **Change one thing.** Start a word in the box and choose with the arrow keys; run with Ctrl+Enter. Average `ms` by `status`: why is
# there a row without a status? The mistake at the end of the list is underlined where the query stopped making sense.

# %% [markdown]
# ### A real evening
#
# The recorded SSH log again (or yours), stored as history. Its lines are text, so `parse` makes the fields, a `*` each. In a
# notebook a query can be a cell: `%%insights`, the group, the span, then the query.

# %%
world = lab.fresh("questions")
world.load_logs(shop.recording("secure"), group=SECURE, stream="web-1")

# %% [magic]
# %%insights /var/log/secure --last 1d --lab world
# parse @message "Failed password for * from * port" as user, ip
# | filter ispresent(ip)
# | stats count(*) as tries, count_distinct(user) as users, min(@timestamp) as first by ip
# | sort tries desc
# | limit 5

# %%
evening = """parse @message "Failed password for * from" as user
| filter ispresent(user)
| stats count(*) as tries by bin(10m)"""
console.insights(world, SECURE, evening, back="1 day", examples={
    "who was tried": evening.replace("bin(10m)", "user\n| sort tries desc"),
    "one address": 'filter @message like "203.0.113.9"\n| stats count(*) by bin(1m)',
    "as letters": "filter @message like /(?i)failed/"})

# %% [markdown]
# Under the picture stands what was **scanned**, and that is what a query costs: 0.005 USD per GB, however little it finds. A `filter`
# makes it no cheaper; a shorter span does, or fewer groups. Under *The SQL it becomes* you see what this lab makes of it.
#
# **Change one thing.** Draw failed and accepted logins as two areas: parse both words, `stats … by bin(10m), word`.

# %% [markdown]
# ### What never reached the machine
#
# The SSH server logs who it hears. Who is turned away before, by a security group or network ACL, is in the **flow log** of the VPC:
# metadata of packets at every network interface, a stream each, delivered some minutes later.

# %% tags=["syllabus:L08"]
world = lab.fresh("packets")
sources(world, only=("flows",))                # port 22 is open to the office alone
world.advance(minutes=20)
console.insights(world, "shop-vpc", """filter action = "REJECT"
| stats count(*) as refused, sum(packets) by srcAddr, dstPort
| sort refused desc""", examples={
    "how late": "fields @ingestionTime, @timestamp, @logStream, action\n| sort @timestamp asc | limit 5",
    "by minute": "stats count(*) by bin(1m), action",
    "a raw record": "fields @message"})

# %% [markdown] tags=["loop"]
# ## What a group settles
#
# Who may write and read, how long events are kept, and under whose key: all this is set on the group, for all its streams.
# **Retention** is for ever unless you set it.

# %%
lab.predict("m7")

# %% tags=["syllabus:L14", "syllabus:L15", "syllabus:L16"]
SERVICE = {"Service": "logs.us-east-1.amazonaws.com"}
OWNER = {"AWS": "arn:aws:iam::123456789012:root"}
USES_KEY = ["kms:GenerateDataKey*", "kms:Decrypt"]

def allow(who, *actions, on="*"):
    return {"Effect": "Allow", "Principal": who, "Action": [*actions], "Resource": on}

def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})

def settings(wrong="nothing"):
    world = lab.fresh("settings")
    kms, iam, logs = world.client("kms"), world.client("iam"), world.client("logs")
    may_use = [] if wrong == "key policy" else [allow(SERVICE, *USES_KEY)]
    key = kms.create_key(Policy=policy(allow(OWNER, "kms:*"), *may_use))["KeyMetadata"]
    iam.create_role(RoleName="writer", AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": OWNER, "Action": "sts:AssumeRole"}))
    if wrong != "permission":
        iam.attach_role_policy(RoleName="writer", PolicyArn=MAY_SEND)
    logs.create_log_group(logGroupName=SECURE)
    logs.create_log_stream(logGroupName=SECURE, logStreamName="web-1")
    with suppress(ClientError):
        logs.associate_kms_key(logGroupName=SECURE, kmsKeyId=key["Arn"])
    days = 1 if wrong == "retention" else 30
    logs.put_retention_policy(logGroupName=SECURE, retentionInDays=days)
    writer = world.client("logs", role="writer")
    for days in (2, 0):
        stamp = int((world.now - timedelta(days=days)).timestamp() * 1000)
        with suppress(ClientError):
            writer.put_log_events(logGroupName=SECURE, logStreamName="web-1", logEvents=[
                {"timestamp": stamp, "message": f"{days} days old"}])
        if wrong == "key disabled":                                  # once something is stored
            kms.disable_key(KeyId=key["KeyId"])
    with suppress(ClientError):
        logs.filter_log_events(logGroupName=SECURE)
    return world

calls = ["AssociateKmsKey", "PutLogEvents", "FilterLogEvents"]
lab.reveal("m7", lambda: console.tune(
    settings, lambda world: console.outcomes(world, calls),
    wrong=["key disabled", "nothing", "key policy", "permission", "retention"]),
    lambda: console.group(settings(), SECURE))

# %% [markdown]
# One wrong at a time, and AWS's own words for each. Note who speaks: IAM about the caller, KMS about the key, and a batch with
# expired events is *accepted*, with a remark in the answer that few programs read.
#
# **Change one thing.** Which of these would you notice only by the missing lines?

# %% [markdown] tags=["loop"]
# ## Out to S3, some time
#
# An **export task** writes a group's events into a bucket, as gzip files, a folder for each stream. It is a batch, and the
# bucket must admit CloudWatch Logs.

# %%
lab.predict("m8")

# %% tags=["syllabus:L20", "syllabus:L21", "syllabus:L22"]
def bucket_for(world, bucket, sse):
    s3 = world.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        allow(SERVICE, "s3:GetBucketAcl", on=f"arn:aws:s3:::{bucket}"),
        allow(SERVICE, "s3:PutObject", on=f"arn:aws:s3:::{bucket}/*")))
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": sse}]})

def export(world, bucket):
    span = {"from": 0, "to": int(world.now.timestamp() * 1000)}
    return world.client("logs").create_export_task(
        logGroupName=SECURE, destination=bucket, **span)["taskId"]

world = lab.fresh("export")
world.load_logs(shop.recording("secure"), group=SECURE, stream="web-1")
key = world.client("kms").create_key(
    Policy=policy(allow(OWNER, "kms:*"), allow(SERVICE, *USES_KEY)))["KeyMetadata"]["Arn"]
bucket_for(world, "under-sse-s3", {"SSEAlgorithm": "AES256"})
bucket_for(world, "under-sse-kms", {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key})

with suppress(ClientError):
    export(world, "under-sse-kms")                                  # the course's rule
task = export(world, "under-sse-s3")
today = world.fork()
today.client("logs").cancel_export_task(taskId=task)
today.advance(minutes=2)
today.act("logs", "configure", export_to_kms_buckets=True)
export(today, "under-sse-kms")                                      # AWS's rule today
lab.reveal("m8", lambda: console.export(world, task),
           lambda: console.outcomes(today, ["CreateExportTask", "CancelExportTask"]))

# %% [markdown]
# After five minutes, two hours, twelve hours: move the slider. `world.bucket("under-sse-s3")` shows the files once they are there,
# and `.text(key)` what is in them.
#
# **Change one thing.** Ask for a second export while the first is pending. What does AWS say, and what follows for a nightly
# script?

# %% [markdown] tags=["break"]
# ## Now break it
#
# web-1 sends its log; after five minutes something happens, and six minutes later it is mended. In the middle of it, from 09:07 on,
# somebody guesses passwords.
#
# **Your aim:** find the one fault after which lines are missing for good, and say why the agent cannot help there. What would
# the alarm have said meanwhile, and when?

# %%
lab.predict("m9")

# %% tags=["syllabus:L07", "syllabus:L14"]
def play(fault):
    world = one_machine(20, (6, 5))
    iam, web = world.client("iam"), world.host("web-1")
    sends = {"RoleName": "shop-web", "PolicyArn": MAY_SEND}
    world.advance(minutes=5)
    if fault == "no permission":
        iam.detach_role_policy(**sends)
    elif fault == "agent stopped":
        web.agent.stop()
    elif fault == "throttled":
        world.fault("logs", "PutLogEvents", error="throttling", minutes=6)
    elif fault == "group deleted":
        world.client("logs").delete_log_group(logGroupName=SECURE)
    world.advance(minutes=6)
    if fault == "no permission":
        iam.attach_role_policy(**sends)
    elif fault == "agent stopped":
        web.agent.start(collect("{instance_id}"))
    world.advance(minutes=12)
    return world

lab.reveal("m9", lambda: console.breaking(
    play, ["none", "no permission", "agent stopped", "throttled", "group deleted"],
    lambda world: console.sources(world, SECURE, ["web-1"]).picture,
    finding=lambda picture: f"{picture.table['events'].sum()} lines have arrived", height=190,
    why=lambda world: console.sources(world, SECURE, ["web-1"]).why))

# %% build exercises

# %% build traps

# %% build recap
