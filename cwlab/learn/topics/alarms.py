"""The topic of lab 02: alarms. When one rings, what it makes of silence, whom it calls, and how to keep it quiet."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from cwlab.learn import Choice, Exercise, Fresh, Mark, Number, Option, Outcome, Topic, Trap
from cwlab.learn.worlds import dimension_list

LATEST = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
HALF = {  # above 50 percent for two periods of 60 s
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 50,
    "ComparisonOperator": "GreaterThanThreshold",
}
CPU = {"Namespace": "Shop/Hosts", "MetricName": "CPUUtilization"}

# -- what is true: each asks the model ---------------------------------------------------------------------------


def start_machine(world: Any) -> str:
    """One instance with detailed monitoring; its id."""
    made = world.client("ec2").run_instances(
        ImageId=LATEST, InstanceType="t3.micro", MinCount=1, MaxCount=1, Monitoring={"Enabled": True}
    )
    return str(made["Instances"][0]["InstanceId"])


def watch_machine(world: Any, instance: str, name: str = "cpu-high", **more: Any) -> None:
    """The alarm of the opening: above 50 percent for 2 periods of 60 s."""
    world.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=dimension_list({"InstanceId": instance}),
        **HALF,
        **more,
    )


def send(client: Any, value: float, **metric: Any) -> None:
    """One datapoint now, of the shop's CPU unless told otherwise.

    Args:
        client: of CloudWatch; making one costs more than a call.
    """
    named = CPU | metric
    client.put_metric_data(
        Namespace=named["Namespace"], MetricData=[{"MetricName": named["MetricName"], "Value": value}]
    )


def feed(world: Any, values: Sequence[float]) -> None:
    """A datapoint of the shop's CPU a minute."""
    client = world.client("cloudwatch")
    for value in values:
        send(client, value)
        world.advance(minutes=1)


def state(world: Any, name: str) -> str:
    """What an alarm says now."""
    found = world.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return str([*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"])


def entered(world: Any, name: str, value: str = "ALARM") -> list[Any]:
    """When an alarm went to a state, oldest first."""
    pages = (
        world.client("cloudwatch")
        .get_paginator("describe_alarm_history")
        .paginate(
            AlarmName=name,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            HistoryItemType="StateUpdate",
            ScanBy="TimestampAscending",
        )
    )
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    return [i["Timestamp"] for i in items if i["HistorySummary"].endswith(f"to {value}")]


def hot_then_gone(fresh: Fresh) -> str:
    """What an alarm says an hour after the instance it watched was terminated in the heat."""
    world = fresh()
    instance = start_machine(world)
    watch_machine(world, instance)
    world.advance(minutes=10)
    world.host(instance).load(cpu=80, minutes=10)
    world.advance(minutes=10)
    world.client("ec2").terminate_instances(InstanceIds=[instance])
    world.advance(hours=1)
    try:
        return {"ALARM": "A", "OK": "B", "INSUFFICIENT_DATA": "C"}[state(world, "cpu-high")]
    except IndexError:
        return "D"


def when_it_rings(fresh: Fresh) -> Any:
    """When the alarm of A04 goes to ALARM if the heat begins at 09:10:00."""
    world = fresh()
    instance = start_machine(world)
    watch_machine(world, instance)
    world.advance(minutes=10)
    world.host(instance).load(cpu=80, minutes=15)
    world.advance(minutes=20)
    return entered(world, "cpu-high")[0]


SLOTS = (None, None, 90, None, None)


def treated_as_alarm(fresh: Fresh) -> int:
    """How many of the four treatments say ALARM when one datapoint of five minutes came, and breached."""
    world = fresh()
    cloudwatch = world.client("cloudwatch")
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    world.client("cloudwatch").put_metric_data(
        Namespace=CPU["Namespace"],
        MetricData=[
            {
                "MetricName": CPU["MetricName"],
                "Value": value,
                "Timestamp": world.now - timedelta(minutes=len(SLOTS) - i),
            }
            for i, value in enumerate(SLOTS)
            if value is not None
        ],
    )
    for treatment in treatments:
        cloudwatch.put_metric_alarm(
            AlarmName=treatment, **CPU, **(HALF | {"EvaluationPeriods": 3}), TreatMissingData=treatment
        )
        cloudwatch.set_alarm_state(AlarmName=treatment, StateValue="OK", StateReason="as it was")
    world.advance(seconds=5)
    return sum(state(world, treatment) == "ALARM" for treatment in treatments)


def ops_topic(world: Any) -> str:
    """A topic that mails Ada, confirmed."""
    sns = world.client("sns")
    topic = str(sns.create_topic(Name="ops")["TopicArn"])
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    world.inbox.confirm()
    return topic


def mails_in_half_an_hour(fresh: Fresh) -> int:
    """How many mails an alarm sends that stays in ALARM for half an hour."""
    world = fresh()
    topic = ops_topic(world)
    world.client("cloudwatch").put_metric_alarm(AlarmName="cpu-high", **CPU, **HALF, AlarmActions=[topic])
    feed(world, [20] * 5 + [80] * 30)
    return len(alarm_mails(world))


def alarm_mails(world: Any) -> list[Any]:
    """The mails that tell of an alarm."""
    return [mail for mail in world.inbox if mail.subject.startswith(("ALARM:", "OK:", "INSUFFICIENT_DATA:"))]


def start_group(world: Any, *, more_above: int = 60, less_below: int = 50, cooldown: int = 60) -> None:
    """A group of one to six instances, one more above a CPU and one less below another."""
    world.client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": LATEST, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}},
    )
    autoscaling, cloudwatch = world.client("autoscaling"), world.client("cloudwatch")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=6,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )
    for name, step, comparison, threshold in (
        ("more", 1, "GreaterThanThreshold", more_above),
        ("less", -1, "LessThanThreshold", less_below),
    ):
        policy = autoscaling.put_scaling_policy(
            AutoScalingGroupName="web",
            PolicyName=name,
            PolicyType="SimpleScaling",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=step,
            Cooldown=cooldown,
        )["PolicyARN"]
        cloudwatch.put_metric_alarm(
            AlarmName=f"cpu-{name}",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=dimension_list({"AutoScalingGroupName": "web"}),
            **(HALF | {"Threshold": threshold, "ComparisonOperator": comparison}),
            AlarmActions=[policy],
        )


def run_group(world: Any, minutes: int = 45) -> None:
    """A steady load of 130 percent of one machine, shared by the group."""
    world.advance(minutes=3)
    world.group("web").load(cpu=130, minutes=minutes)
    world.advance(minutes=minutes)


def activities(world: Any, since: Any = None) -> int:
    """How many times the group launched or terminated an instance (since an instant)."""
    pages = (
        world.client("autoscaling")
        .get_paginator("describe_scaling_activities")
        .paginate(AutoScalingGroupName="web")
    )
    return sum(since is None or a["StartTime"] >= since for page in pages for a in page["Activities"])


def where_it_settles(fresh: Fresh) -> str:
    """How a closed loop with thresholds 60 and 50 ends under a steady load."""
    world = fresh()
    start_group(world)
    run_group(world)
    if activities(world, world.now - timedelta(minutes=20)) > 2:
        return "C"
    return {2: "A", 3: "B"}.get(world.group("web").desired, "D")


TRIAGE = """def handler(event, context):
    print(event["detail"]["alarmName"], "is", event["detail"]["state"]["value"])
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
RINGING = {
    "source": ["aws.cloudwatch"],
    "detail-type": ["CloudWatch Alarm State Change"],
    "detail": {"state": {"value": ["ALARM"]}},
}


def zipped(source: str) -> bytes:
    """A function's source as the zip Lambda takes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(zipfile.ZipInfo("index.py", (2026, 1, 1, 0, 0, 0)), source)
    return packed.getvalue()


def start_function(world: Any, pattern: Mapping[str, Any] = RINGING, source: str = TRIAGE) -> None:
    """A function that runs for every event a rule's pattern matches, and writes a line into its log."""
    iam, functions, events = world.client("iam"), world.client("lambda"), world.client("events")
    role = iam.create_role(RoleName="triage", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.attach_role_policy(
        RoleName="triage", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    arn = functions.create_function(
        FunctionName="triage",
        Runtime="python3.13",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped(source)},
    )["FunctionArn"]
    rule = events.put_rule(Name="ringing", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="ringing", Targets=[{"Id": "triage", "Arn": arn}])
    functions.add_permission(
        FunctionName="triage",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )


def log_lines(world: Any, group: str = "/aws/lambda/triage") -> list[str]:
    """What a function printed."""
    try:
        found = world.client("logs").filter_log_events(logGroupName=group)["events"]
    except ClientError:
        return []
    service = ("INIT_START", "START", "END", "REPORT")
    return [e["message"].strip() for e in found if not e["message"].startswith(service)]


def with_actions_disabled(fresh: Fresh) -> str:
    """What still happens when an alarm's actions are disabled."""
    world = fresh()
    topic = ops_topic(world)
    world.client("cloudwatch").put_metric_alarm(AlarmName="cpu-high", **CPU, **HALF, AlarmActions=[topic])
    start_function(world)
    world.client("cloudwatch").disable_alarm_actions(AlarmNames=["cpu-high"])
    feed(world, [20] * 5 + [80] * 10)
    rang = bool(entered(world, "cpu-high"))
    if not rang:
        return "A"
    if alarm_mails(world):
        return "D"
    return "C" if log_lines(world) else "B"


SPIKE = 20  # seconds


def spike(world: Any) -> None:
    """Five minutes by the second: CPU of 20, and 20 seconds of 100 in the third."""
    start = world.now
    world.client("cloudwatch").put_metric_data(
        Namespace=CPU["Namespace"],
        MetricData=[
            {
                "MetricName": CPU["MetricName"],
                "StorageResolution": 1,
                "Timestamp": start + timedelta(seconds=s),
                "Value": 100 if 130 <= s < 130 + SPIKE else 20,
            }
            for s in range(300)
        ],
    )
    world.advance(minutes=5)


def who_sees_the_spike(fresh: Fresh) -> str:
    """Which of two alarms, one over 60 s and one over 10 s, notices a spike of 20 seconds."""
    world = fresh()
    cloudwatch = world.client("cloudwatch")
    for name, period in (("minute", 60), ("ten-seconds", 10)):
        cloudwatch.put_metric_alarm(
            AlarmName=name, **CPU, **(HALF | {"Period": period, "EvaluationPeriods": 1})
        )
    spike(world)
    rang = bool(entered(world, "minute")), bool(entered(world, "ten-seconds"))
    return {(True, True): "A", (True, False): "B", (False, True): "C", (False, False): "D"}[rang]


STORM = 12


def storm_alarms(world: Any) -> list[str]:
    """Twelve alarms, one for each page of the shop; their names."""
    names = [f"page-{i:02}" for i in range(1, STORM + 1)]
    cloudwatch = world.client("cloudwatch")
    for name in names:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Shop/Pages",
            MetricName="Errors",
            Dimensions=dimension_list({"Page": name}),
            **(HALF | {"Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 0}),
            TreatMissingData="notBreaching",
        )
    return names


def storm(world: Any, names: Sequence[str], minutes: int = 30) -> None:
    """The database fails: page after page reports errors, every minute."""
    cloudwatch = world.client("cloudwatch")
    for minute in range(minutes):
        failing = names[: 3 * (minute + 1)]
        cloudwatch.put_metric_data(
            Namespace="Shop/Pages",
            MetricData=[
                {"MetricName": "Errors", "Value": 5, "Dimensions": dimension_list({"Page": name})}
                for name in failing
            ],
        )
        world.advance(minutes=1)


def maintenance_alarm(world: Any) -> None:
    """An alarm that is in ALARM as long as somebody reports maintenance."""
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="maintenance",
        Namespace="Shop",
        MetricName="Maintenance",
        **(HALF | {"Statistic": "Maximum", "EvaluationPeriods": 1, "Threshold": 0}),
        TreatMissingData="notBreaching",
    )


def one_for_all(world: Any, names: Sequence[str], topic: str) -> None:
    """The composite over the storm's alarms, held back during maintenance."""
    world.client("cloudwatch").put_composite_alarm(
        AlarmName="shop-down",
        AlarmRule=" OR ".join(f"ALARM({name})" for name in names),
        AlarmActions=[topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )


def work(world: Any, minutes: int) -> None:
    """Somebody works on the shop, and says so each minute ahead."""
    world.client("cloudwatch").put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Maintenance", "Value": 1, "Timestamp": world.now + timedelta(minutes=i)}
            for i in range(minutes)
        ],
    )


def mails_of_a_storm(fresh: Fresh) -> int:
    """How many mails come when the storm begins in maintenance and outlasts it."""
    world = fresh()
    topic = ops_topic(world)
    names = storm_alarms(world)
    maintenance_alarm(world)
    one_for_all(world, names, topic)
    work(world, 15)
    world.advance(minutes=5)
    storm(world, names, 30)
    return len(alarm_mails(world))


FAULTS = ("stopped", "late", "wrong dimension", "refused", "too few", "none")
TILL = {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}]}
FEW = {
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 3,
    "ComparisonOperator": "LessThanThreshold",
}


def sell(world: Any, fault: str, minutes: int) -> None:
    """A till that sends five orders a minute, or what is left of that with a fault."""
    till = world.client("cloudwatch")
    for _ in range(minutes):
        datum = {
            "MetricName": "Orders",
            "Value": 1 if fault == "too few" else 5,
            "Timestamp": world.now - timedelta(hours=1 if fault == "late" else 0),
            "Dimensions": [{"Name": "Till", "Value": "2" if fault == "wrong dimension" else "1"}],
        }
        if fault != "stopped":
            with suppress(ClientError):  # whatever comes back, a till goes on selling
                till.put_metric_data(Namespace="Shop", MetricData=[datum])
        world.advance(minutes=1)


def play_till(world: Any, fault: str, **settings: Any) -> None:
    """Eight good minutes, then twelve with the fault, under an alarm on too few orders."""
    sell(world, "none", 5)
    world.client("cloudwatch").put_metric_alarm(AlarmName="few-orders", **TILL, **FEW, **settings)
    sell(world, "none", 3)
    if fault == "refused":
        world.fault("cloudwatch", "PutMetricData", error="refusal")
    sell(world, fault, 12)


def faults_that_ring(fresh: Fresh) -> int:
    """How many of the five faults the alarm reports as ALARM."""
    rang = 0
    for fault in FAULTS:
        if fault != "none":
            world = fresh()
            play_till(world, fault)
            rang += state(world, "few-orders") == "ALARM"
    return rang


# -- what is checked: each on its own world ------------------------------------------------------------------------


def _clock(world: Any, at: Any) -> str:
    return f"minute {round((at - world.start).total_seconds() / 60)}"


def check_half(answer: dict[str, Any]) -> Outcome:
    """Play a CPU that touches 50, jumps once, and then stays high, under the answer's alarm."""
    from cwlab import Lab

    world = Lab()
    world.client("cloudwatch").put_metric_alarm(AlarmName="half", **CPU, Statistic="Average", **answer)
    feed(world, [20, 50, 50, 50, 20, 95, 20, 20, 60, 55, 58, 20, 20])
    rang = [_clock(world, at) for at in entered(world, "half")]
    return Outcome.compare(f"ALARM at {', '.join(rang) or 'no time'}", "ALARM at minute 10")


def check_three_of_five(answer: dict[str, Any]) -> Outcome:
    """Play three bad minutes with gaps between them, then two bad ones, then silence."""
    from cwlab import Lab

    world = Lab()
    settings = {k: v for k, v in HALF.items() if k != "EvaluationPeriods"}
    world.client("cloudwatch").put_metric_alarm(AlarmName="flaky", **CPU, **settings, **answer)
    feed(world, [20] * 5 + [80, 20, 80, 20, 80] + [20] * 6 + [80, 80, 20] + [20] * 4 + [80] * 3)
    rang = [_clock(world, at) for at in entered(world, "flaky")]
    world.advance(minutes=15)
    seen = f"ALARM at {', '.join(rang) or 'no time'}; {state(world, 'flaky')} 15 minutes after the last datapoint"
    return Outcome.compare(seen, "ALARM at minute 10, minute 26; OK 15 minutes after the last datapoint")


CHANGING = {  # what each alarm sees, minute by minute
    "prod-checkout": (20, 20, 80, 80, 20, 20),  # up and down again
    "prod-search": (None, None, 80, 80, 20, 20),  # its first data breach: it was never OK before
    "test-checkout": (20, 20, 80, 80, 80, 80),
}


def check_pattern(answer: dict[str, Any]) -> Outcome:
    """Three alarms change; which of the changes reach a queue through the answer's pattern."""
    from cwlab import Lab

    world = Lab()
    sqs, events, cloudwatch = world.client("sqs"), world.client("events"), world.client("cloudwatch")
    url = sqs.create_queue(QueueName="changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(Name="changes", EventPattern=json.dumps(answer))["RuleArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    for name in CHANGING:
        cloudwatch.put_metric_alarm(AlarmName=name, Namespace="Shop", MetricName=name, **HALF)
    for minute in zip(*CHANGING.values(), strict=True):
        for name, value in zip(CHANGING, minute, strict=True):
            if value is not None:
                send(cloudwatch, value, Namespace="Shop", MetricName=name)
        world.advance(minutes=1)
    world.advance(minutes=1)
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            detail = json.loads(message["Body"])["detail"]
            before = detail.get("previousState", {}).get("value", "new")
            found.append(f"{detail['alarmName']} {before} to {detail['state']['value']}")
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return Outcome.compare(", ".join(sorted(found)) or "nothing arrived", "prod-checkout OK to ALARM")


WEB = ("web-1", "web-2", "web-3", "web-4")


def check_rule(answer: str) -> Outcome:
    """What a composite with this rule says in five situations."""
    from cwlab import Lab

    world = Lab()
    cloudwatch = world.client("cloudwatch")
    for name in (*WEB, "deploy"):
        cloudwatch.put_metric_alarm(AlarmName=name, Namespace="Shop", MetricName=name, **HALF)
    cloudwatch.put_composite_alarm(AlarmName="web", AlarmRule=answer)
    world.advance(
        seconds=10
    )  # their first evaluation is over; what is set by hand now lasts until the next minute
    for name in (*WEB, "deploy"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="quiet")
    seen = []
    for name in (*WEB[:3], "deploy", WEB[3]):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="up")
        world.advance(seconds=1)
        seen.append(state(world, "web"))
    told = f"with 1, 2, 3 web alarms, then deploy, then the 4th: {', '.join(seen)}"
    return Outcome.compare(told, "with 1, 2, 3 web alarms, then deploy, then the 4th: OK, OK, ALARM, OK, OK")


def check_slow(answer: dict[str, Any]) -> Outcome:
    """The shop's recorded day under the answer's alarm: did it tell of the slow database, and of nothing else?"""
    from cwlab import Lab, shop
    from cwlab.console.scoring import scored
    from cwlab.console.standing import one, spans
    from cwlab.timeline import to_ms

    world = Lab(start="2026-03-01T08:55:00Z")
    shop.load_day(world, "latency")
    cloudwatch = world.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="slow", Namespace="Shop", MetricName="Latency", **answer)
    world.advance(until="2026-03-02T09:00:00Z")
    found = scored(spans(cloudwatch, one(cloudwatch, "slow"), to_ms(world.now)), shop.INCIDENTS[:1])
    wanted = "1 of 1 incident caught, within 10 min; 0 false alarms"
    if found.caught == 1 and found.minutes is not None and found.minutes <= 10 and not found.false:
        return Outcome.right(str(found))
    return Outcome.not_yet(str(found), wanted)


# -- what is asked -------------------------------------------------------------------------------------------------

_GUIDE = "CloudWatch user guide, "

_OPENING = Choice(
    id="alarms.opening",
    asks="An instance runs hot for ten minutes, then it is terminated. Its alarm watches CPUUtilization, above 50 percent "
    "for 2 periods of 60 s; everything else is as AWS sets it. What does the alarm say an hour later?",
    options={
        "A": "ALARM: that was the last thing it heard",
        "B": "OK: no machine, no load",
        "C": "INSUFFICIENT_DATA: it cannot tell",
        "D": "nothing: it was deleted with the instance",
    },
    truth=hot_then_gone,
    why="Missing data are treated as missing unless you say otherwise: when nothing comes any more, the alarm cannot tell, "
    "and says so. To a human being silence after heat sounds like ALARM, or like peace; both must be asked for.",
    about="missing data",
    source=_GUIDE + "Configuring how CloudWatch alarms treat missing data",
    points=("A03",),
)

_PREDICTIONS = (
    Mark(
        id="alarms.m1",
        asks="The machine idles, and gets hot at 09:10:00 sharp. Its alarm watches CPUUtilization, above 50 percent for 2 "
        "periods of 60 s. When does it go to ALARM?",
        truth=when_it_rings,
        start="2026-03-02T09:08:00Z",
        end="2026-03-02T09:18:00Z",
        step_s=30,
        within_s=20,
        why="Two whole periods must lie above the threshold, 09:10 and 09:11, and the second is whole at 09:12. The newest "
        "datapoint an alarm sees is always that of the last whole period, so it never rings in the middle of one.",
        about="when it rings",
        source=_GUIDE + "Alarm evaluation",
        points=("A01", "A02", "A04", "M01"),
    ),
    Number(
        id="alarms.m2",
        asks="In the last five minutes one datapoint came, in the third, and it was above the threshold. Four alarms ask for "
        "3 of 3; they differ only in how they treat missing data: missing, ignore, breaching, notBreaching. All were OK "
        "before. How many of them say ALARM now?",
        unit="alarms",
        low=0,
        high=4,
        truth=treated_as_alarm,
        why="breaching fills the gaps with what rings. And the default rings as well: all it knows breaches, and is three "
        "slots old, so waiting longer could not make it good. Most people think that one datapoint of three cannot do.",
        about="missing data",
        source=_GUIDE + "How alarm state is evaluated when data is missing",
        points=("A03",),
    ),
    Number(
        id="alarms.m3",
        asks="An alarm sends mail through an SNS topic when it goes to ALARM. The CPU rises above the threshold and stays "
        "there for half an hour. How many mails arrive?",
        unit="mails",
        low=0,
        high=30,
        truth=mails_in_half_an_hour,
        why="Actions run when the state changes, not while it lasts: one change, one mail. Who expects to be reminded hears "
        "nothing more, which is why a missed mail is a missed alarm.",
        about="actions",
        source=_GUIDE + "Alarm actions",
        points=("A05",),
    ),
    Choice(
        id="alarms.m4",
        asks="A load as large as 130 percent of one machine is shared by a group. Above 60 percent it gets one machine more, "
        "below 50 percent one less, each after 2 periods of 60 s. The load stays the same. What does the group do?",
        options={
            "A": "it settles at 2 machines",
            "B": "it settles at 3 machines",
            "C": "it never settles",
            "D": "it grows to its maximum, 6 machines",
        },
        truth=where_it_settles,
        why="Two machines are at 65 percent, which is too much, and three at 43, which is too little: there is no number of "
        "machines the two thresholds agree on. Each threshold alone looks sensible; their distance is what counts.",
        about="closed loops",
        source="EC2 Auto Scaling user guide, Step and simple scaling policies",
        points=("A06", "M15", "M16"),
    ),
    Choice(
        id="alarms.m5",
        asks="For the night somebody calls DisableAlarmActions. The CPU rises above the threshold. What happens?",
        options={
            "A": "nothing: the alarm is not evaluated",
            "B": "it goes to ALARM, and nobody and nothing hears of it",
            "C": "it goes to ALARM, and an EventBridge rule still starts its function",
            "D": "it goes to ALARM, and mail is sent all the same",
        },
        truth=with_actions_disabled,
        why="The actions in the alarm's own lists are off; evaluation goes on, and so does the event of every change, which "
        "is no action of the alarm. The name of the call makes one think of silence.",
        about="events",
        source=_GUIDE + "Alarm events and EventBridge",
        points=("A05", "A07"),
    ),
    Choice(
        id="alarms.m6",
        asks="CPU is at 20 percent, and once at 100 for 20 seconds. It is sent every second, at high resolution. Two alarms "
        "watch its Average above 50, one over a period of 60 s, one over 10 s. Which of them rings?",
        options={"A": "both", "B": "only the one over 60 s", "C": "only the one over 10 s", "D": "neither"},
        truth=who_sees_the_spike,
        why="Averaged with 40 quiet seconds the spike is 47, and the minute never knows. Fine data are not enough: the "
        "alarm's period decides what it can see.",
        about="high resolution",
        source=_GUIDE + "High-resolution alarms",
        points=("A08",),
    ),
    Number(
        id="alarms.m7",
        asks="Twelve alarms, one for each page of the shop, stand under one composite alarm, which alone sends mail; the "
        "alarm *maintenance* holds its actions back, with 60 s of extension. Somebody works on the shop until 09:15. At "
        "09:05 the database fails; page after page rings, for half an hour. How many mails arrive?",
        unit="mails",
        low=0,
        high=12,
        truth=mails_of_a_storm,
        why="The composite goes to ALARM once, and its mail is held back, not dropped: when maintenance is over and the "
        "extension has passed, it is still in ALARM, and the mail is sent. Twelve and none are both tempting.",
        about="composite alarms",
        source=_GUIDE + "Suppressing composite alarm actions",
        points=("A02", "A05"),
    ),
    Number(
        id="alarms.m8",
        asks="A till sends five orders a minute. An alarm rings below 3 orders in 3 of 3 minutes; missing data are treated as "
        "AWS does by default. One of five things happens: the till stops; its clock is an hour late; it sends another "
        "dimension; it is refused; it sells one order a minute. In how many of the five does the alarm say ALARM twelve "
        "minutes later?",
        unit="cases",
        low=0,
        high=5,
        truth=faults_that_ring,
        why="Four of the five end in silence, and silence is INSUFFICIENT_DATA unless you say that it breaches. No orders at "
        "all sounds like fewer than 3, but no data is not zero.",
        about="missing data",
        source=_GUIDE + "Configuring how CloudWatch alarms treat missing data",
        points=("A02", "A03"),
    ),
)

_G = "GreaterThanThreshold"
_RINGS = {
    "source": ["aws.cloudwatch"],
    "detail-type": ["CloudWatch Alarm State Change"],
}
_DETAIL = {
    "alarmName": [{"prefix": "prod-"}],
    "state": {"value": ["ALARM"]},
    "previousState": {"value": ["OK"]},
}
_SLOW = {
    "ExtendedStatistic": "p95",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 300,
    "ComparisonOperator": _G,
}

_EXERCISES = (
    Exercise(
        id="alarms.e1",
        asks="Above 50 percent for 2 periods of 60 s: write the settings of this alarm. Exactly 50 is fine, and so is one "
        "bad minute alone.",
        starter='answer = {"Period": ..., "EvaluationPeriods": ..., "Threshold": ..., '
        '"ComparisonOperator": ...}\nlab.check("e1", answer)',
        solution='answer = {"Period": 60, "EvaluationPeriods": 2, "Threshold": 50,\n'
        '          "ComparisonOperator": "GreaterThanThreshold"}',
        why="Two datapoints of 60 s, both above. GreaterThanThreshold leaves 50 itself out.",
        another_way="`DatapointsToAlarm=2` says the same: left out, it is as large as EvaluationPeriods.",
        hints=(
            "Which setting is the length of a datapoint, and which counts datapoints?",
            "Period is in seconds; EvaluationPeriods is how many of them it looks at.",
            '`"Period": 60, "EvaluationPeriods": 2`, and a comparison that is false for 50.',
        ),
        mistakes={
            "at the threshold": (
                {
                    "Period": 60,
                    "EvaluationPeriods": 2,
                    "Threshold": 50,
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                },
                "It rang in minute 3, when CPU was exactly 50.",
            ),
            "one minute": (
                {"Period": 60, "EvaluationPeriods": 1, "Threshold": 50, "ComparisonOperator": _G},
                "One bad minute was enough. EvaluationPeriods counts them.",
            ),
            "one long period": (
                {"Period": 120, "EvaluationPeriods": 1, "Threshold": 50, "ComparisonOperator": _G},
                "One period of 120 s averages two minutes: 95 and 20 make 57.5, so the jump alone rang.",
            ),
            "three": (
                {"Period": 60, "EvaluationPeriods": 3, "Threshold": 50, "ComparisonOperator": _G},
                "A minute later than asked: 3 periods had to be bad.",
            ),
        },
        check=check_half,
        points=("A01", "A02", "A04"),
    ),
    Exercise(
        id="alarms.e2",
        asks="The CPU flickers. Ring after 3 bad minutes out of 5, wherever they lie, and be OK when no data come any more.",
        starter='answer = {"EvaluationPeriods": ..., "DatapointsToAlarm": ..., "TreatMissingData": ...}\nlab.check("e2", answer)',
        solution='answer = {"EvaluationPeriods": 5, "DatapointsToAlarm": 3,\n'
        '          "TreatMissingData": "notBreaching"}',
        why="EvaluationPeriods is the window, DatapointsToAlarm the bad ones in it; notBreaching reads silence as good.",
        another_way="None with these three settings: ignore would stay in ALARM, the default would not be OK.",
        hints=(
            "Which setting is the window, and which counts the bad points in it?",
            "The window is 5 and the bad ones 3. For silence there are four words; one of them means good.",
            '`"EvaluationPeriods": 5, "DatapointsToAlarm": 3`, and missing data that do not breach.',
        ),
        mistakes={
            "in a row": (
                {"EvaluationPeriods": 3, "TreatMissingData": "notBreaching"},
                "That waits for 3 in a row; the task allows good minutes between them: 3 of 5.",
            ),
            "all five": (
                {"EvaluationPeriods": 5, "TreatMissingData": "notBreaching"},
                "Without DatapointsToAlarm all five must be bad.",
            ),
            "as it comes": (
                {"EvaluationPeriods": 5, "DatapointsToAlarm": 3},
                "3 of 5 is right. By default silence is INSUFFICIENT_DATA.",
            ),
            "as it was": (
                {"EvaluationPeriods": 5, "DatapointsToAlarm": 3, "TreatMissingData": "ignore"},
                "ignore keeps the state: whoever falls silent in ALARM stays in ALARM.",
            ),
            "as bad": (
                {"EvaluationPeriods": 5, "DatapointsToAlarm": 3, "TreatMissingData": "breaching"},
                "breaching rings for silence, and even before the first datapoint.",
            ),
        },
        check=check_three_of_five,
        points=("A02", "A03"),
    ),
    Exercise(
        id="alarms.e3",
        asks="A rule of EventBridge is to start your function when an alarm whose name begins with prod- goes from OK to "
        "ALARM, and for nothing else. Write its pattern, as a dict.",
        starter='answer = {"source": ["aws.cloudwatch"],\n'
        '          "detail-type": ["CloudWatch Alarm State Change"], "detail": ...}\nlab.check("e3", answer)',
        solution='answer = {"source": ["aws.cloudwatch"],\n'
        '          "detail-type": ["CloudWatch Alarm State Change"],\n'
        '          "detail": {"alarmName": [{"prefix": "prod-"}],\n'
        '                     "state": {"value": ["ALARM"]},\n'
        '                     "previousState": {"value": ["OK"]}}}',
        why="A pattern mirrors the event; every leaf is a list of what it may be, and what is not named may be anything.",
        another_way='`{"wildcard": "prod-*"}` in place of the prefix.',
        hints=(
            "The event's detail has the alarm's name, its state and its previous state.",
            "Leaves are lists; a beginning is written as an object inside the list.",
            '`"alarmName": [{"prefix": "prod-"}]`, and a value for `state` and one for `previousState`.',
        ),
        mistakes={
            "any change": (
                {**_RINGS, "detail": {"alarmName": [{"prefix": "prod-"}]}},
                "Every change of these alarms arrives, also back to OK.",
            ),
            "from anywhere": (
                {**_RINGS, "detail": {k: v for k, v in _DETAIL.items() if k != "previousState"}},
                "prod-search came from INSUFFICIENT_DATA. previousState says where an alarm came from.",
            ),
            "any name": (
                {**_RINGS, "detail": {k: v for k, v in _DETAIL.items() if k != "alarmName"}},
                "The test alarm arrives as well.",
            ),
            "a star": (
                {**_RINGS, "detail": {**_DETAIL, "alarmName": ["prod-*"]}},
                "A plain text is compared letter by letter, the star too.",
            ),
        },
        check=check_pattern,
        points=("A07",),
    ),
    Exercise(
        id="alarms.e4",
        asks="Four alarms, web-1 to web-4, and one named deploy. Write the rule of a composite that is in ALARM when at least "
        "3 of the four are, and never while deploy is.",
        starter='answer = ...   # the rule, as text\nlab.check("e4", answer)',
        solution='answer = "AT_LEAST(3, ALARM, (web-1, web-2, web-3, web-4)) AND NOT ALARM(deploy)"',
        why="AT_LEAST counts, AND NOT takes away. Both are part of the rule, so the composite's state itself changes; a "
        "suppressor would only hold its actions back.",
        another_way="`75%` in place of `3`; or the four combinations of three, joined with OR.",
        hints=(
            "There is a word in the rule language that counts.",
            "AT_LEAST takes how many, of which state, and the alarms in parentheses.",
            "`AT_LEAST(3, ALARM, (web-1, …)) AND NOT …`",
        ),
        mistakes={
            "any of them": (
                "(ALARM(web-1) OR ALARM(web-2) OR ALARM(web-3) OR ALARM(web-4)) AND NOT ALARM(deploy)",
                "OR is content with one.",
            ),
            "all of them": (
                "ALARM(web-1) AND ALARM(web-2) AND ALARM(web-3) AND ALARM(web-4) AND NOT ALARM(deploy)",
                "AND waits for all four.",
            ),
            "deploying": (
                "AT_LEAST(3, ALARM, (web-1, web-2, web-3, web-4))",
                "It counts right, and rings while deploy is in ALARM.",
            ),
            "lower case": (
                "at_least(3, ALARM, (web-1, web-2, web-3, web-4)) and not ALARM(deploy)",
                "The words of the rule language are in capitals.",
            ),
        },
        check=check_rule,
        points=("A02",),
    ),
    Exercise(
        id="alarms.e5",
        asks="The shop's recorded day, metric Latency in ms, about 15 samples a minute. For 25 minutes the database was slow. "
        "Write an alarm that tells of it within ten minutes, and gives no false alarm all day.",
        starter='answer = {"ExtendedStatistic": "p95", "Period": 60, "EvaluationPeriods": 1,\n'
        '          "Threshold": ..., "ComparisonOperator": "GreaterThanThreshold"}\nlab.check("e5", answer)',
        solution='answer = {"ExtendedStatistic": "p95", "Period": 60, "EvaluationPeriods": 3,\n'
        '          "Threshold": 300, "ComparisonOperator": "GreaterThanThreshold"}',
        why="p95 sees the slow twentieth but no lone straggler, and three minutes in a row do not happen by chance.",
        another_way="p90 does it as well; at 400 ms it tells four minutes later, and just as quietly.",
        hints=(
            "Draw it: `console.tune` above shows incident and alarm together.",
            "At night there are few samples, so one slow request moves p95. What outlasts it?",
            "Keep p95 and 300 ms, and ask for several minutes in a row.",
        ),
        mistakes={
            "one minute": (
                {**_SLOW, "EvaluationPeriods": 1},
                "It rings for every straggler of a quiet minute. Ask for more than one.",
            ),
            "now and then": (
                {**_SLOW, "EvaluationPeriods": 5, "DatapointsToAlarm": 3},
                "3 of 5 lets quiet minutes in between: stragglers gather. In a row they do not.",
            ),
            "the mean": (
                {k: v for k, v in _SLOW.items() if k != "ExtendedStatistic"}
                | {"Statistic": "Average", "EvaluationPeriods": 1},
                "The Average is moved by a single request of ten seconds, and hardly by many slow ones.",
            ),
            "the usual customer": (
                {**_SLOW, "ExtendedStatistic": "p50"},
                "p50 hardly moved that evening: most pages came from the cache.",
            ),
            "too patient": (
                {**_SLOW, "EvaluationPeriods": 15},
                "It told of the incident, but after fifteen minutes.",
            ),
            "an hour": (
                {**_SLOW, "Period": 3600, "EvaluationPeriods": 1},
                "A period of an hour has to pass, or nearly so, before it can tell.",
            ),
        },
        check=check_slow,
        points=("A01", "M01"),
    ),
)

_TRAPS = (
    Trap(
        id="alarms.t1",
        asks="You create an alarm, 3 periods of 60 s, on a metric whose datapoints have all been above the threshold for half "
        "an hour. When does it go to ALARM?",
        options={
            "A": Option(
                "within seconds", True, "It is evaluated soon after its creation, and data from before count."
            ),
            "B": Option(
                "after three minutes", False, "It need not wait for new data: the old ones are there."
            ),
            "C": Option(
                "at the next change",
                False,
                "It starts in INSUFFICIENT_DATA, and ALARM is a change from that.",
            ),
            "D": Option("never, it must be OK first", False, "Any state can follow any other."),
        },
        proof="""world = lab.fresh()
cloudwatch = world.client("cloudwatch")
for minute in range(30):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": 90}])
    world.advance(minutes=1)
cloudwatch.put_metric_alarm(AlarmName="load", Namespace="Shop", MetricName="Load", Statistic="Average", Period=60,
                            EvaluationPeriods=3, Threshold=50, ComparisonOperator="GreaterThanThreshold")
world.advance(seconds=5)
found = cloudwatch.describe_alarms(AlarmNames=["load"])["MetricAlarms"][0]
assert found["StateValue"] == "ALARM"     # five seconds after its creation
found["StateReason"]""",
        points=("A01", "A02"),
    ),
    Trap(
        id="alarms.t2",
        asks="To try the mail, you put an alarm into ALARM with SetAlarmState. CPU is low. What follows?",
        options={
            "A": Option(
                "It stays until you set it back", False, "A metric alarm looks again at its next evaluation."
            ),
            "B": Option(
                "Mail is sent; at the next evaluation it is OK again",
                True,
                "The change is real, with all its actions, and lasts until the alarm is evaluated again.",
            ),
            "C": Option(
                "No mail: it was set by hand", False, "Who changed the state does not count: actions run."
            ),
            "D": Option("The call is refused", False, "It is made for this."),
        },
        proof="""world = lab.fresh()
cloudwatch, sns = world.client("cloudwatch"), world.client("sns")
topic = sns.create_topic(Name="ops")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
world.inbox.confirm()
cloudwatch.put_metric_alarm(AlarmName="load", Namespace="Shop", MetricName="Load", Statistic="Average", Period=60,
    EvaluationPeriods=1, Threshold=50, ComparisonOperator="GreaterThanThreshold",
    TreatMissingData="notBreaching", AlarmActions=[topic])
world.advance(minutes=1)
cloudwatch.set_alarm_state(AlarmName="load", StateValue="ALARM", StateReason="a try")
world.advance(minutes=1)
found = cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]
assert found == "OK" and world.inbox[-1].subject.startswith("ALARM")
found, world.inbox[-1].subject""",
        points=("A02", "A05"),
    ),
    Trap(
        id="alarms.t3",
        asks="An alarm of 10 s is to watch the CPU of an EC2 instance. What is needed?",
        options={
            "A": Option(
                "Period=10 on AWS/EC2 CPUUtilization",
                False,
                "EC2 sends a datapoint a minute, with detailed monitoring; five slots of six are empty.",
            ),
            "B": Option("detailed monitoring", False, "That is 60 s, and no finer."),
            "C": Option(
                "a metric of your own with StorageResolution=1",
                True,
                "Only what is stored finer than a minute can be watched finer than a minute.",
            ),
            "D": Option("EvaluationPeriods=6 with Period=60", False, "That looks back further, not closer."),
        },
        proof="""world = lab.fresh()
cloudwatch = world.client("cloudwatch")
for second in range(120):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {"MetricName": f"stored at {seconds} s", "StorageResolution": seconds, "Value": 20} for seconds in (1, 60)])
    world.advance(seconds=1)
ask = {"Namespace": "Shop", "Period": 10, "Statistics": ["Average"], "StartTime": world.start, "EndTime": world.now}
slots = {metric["MetricName"]: len(cloudwatch.get_metric_statistics(MetricName=metric["MetricName"], **ask)["Datapoints"])
         for metric in cloudwatch.list_metrics()["Metrics"]}
assert slots == {"stored at 1 s": 12, "stored at 60 s": 2}     # of the twelve slots of two minutes
slots""",
        points=("A08",),
    ),
    Trap(
        id="alarms.t4",
        asks="One alarm is to watch the mean CPU of all instances of an Auto Scaling group, whichever they are. How?",
        options={
            "A": Option(
                "AWS/EC2 CPUUtilization with AutoScalingGroupName alone",
                True,
                "EC2 publishes every value under the group, too, and new instances are in it from their first minute.",
            ),
            "B": Option(
                "the same with InstanceId of each, in one alarm",
                False,
                "Several dimensions name one metric; no instance has two ids, so there is none.",
            ),
            "C": Option(
                "without dimensions", False, "That would be the whole account's metric in this Region."
            ),
            "D": Option(
                "an alarm an instance", False, "The group's instances come and go; their alarms would not."
            ),
        },
        proof="""world = lab.fresh()
latest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
world.client("ec2").create_launch_template(
    LaunchTemplateName="web", LaunchTemplateData={"ImageId": latest, "InstanceType": "t3.micro"})
world.client("autoscaling").create_auto_scaling_group(AutoScalingGroupName="web", MinSize=2, MaxSize=2,
    AvailabilityZones=["us-east-1a"], LaunchTemplate={"LaunchTemplateName": "web"})
world.advance(minutes=15)
listed = world.client("cloudwatch").list_metrics(Namespace="AWS/EC2", MetricName="CPUUtilization")["Metrics"]
families = [[d["Name"] for d in metric["Dimensions"]] for metric in listed]
assert families.count(["AutoScalingGroupName"]) == 1 and families.count(["InstanceId"]) == 2
families""",
        points=("M15", "M16"),
    ),
)

TOPIC = Topic(
    name="alarms",
    notebook="02-alarms",
    title="Alarms",
    why="An alarm that rings too late, too often or not at all is worse than none. Which of these yours will be is decided "
    "by five settings, and by what it makes of silence.",
    minutes=80,
    builds_on=("metrics",),
    next="logs",
    abilities=(
        "say to the second when an alarm rings, and why",
        "choose what it makes of missing data",
        "let it call people, machines and functions, without flapping and without storms",
    ),
    points=("A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "M01", "M15", "M16"),
    opening=_OPENING,
    predictions=_PREDICTIONS,
    exercises=_EXERCISES,
    traps=_TRAPS,
    glossary={
        "alarm": "watches one metric (or an expression) over a time period, and is in one of three states",
        "threshold": "what each datapoint is compared with; a datapoint on the wrong side breaches",
        "evaluation periods": "N: how many of the newest datapoints decide",
        "datapoints to alarm": "M: how many of those must breach; as many as N when left out",
        "state": "OK, ALARM or INSUFFICIENT_DATA",
        "treatment of missing data": "missing, ignore, breaching or notBreaching: how gaps count",
        "action": "what an alarm does when its state changes: SNS, Auto Scaling, EC2, a function",
        "topic": "of SNS: whoever has subscribed gets what is published",
        "scaling policy": "what an Auto Scaling group does when an alarm asks for it",
        "cooldown": "how long a simple scaling policy waits after it has acted",
        "event": "what EventBridge gets of every change of state, whether actions are enabled or not",
        "rule": "a pattern and its targets: events that fit it are sent there",
        "high-resolution alarm": "one with a period of 10, 20 or 30 s, over a metric of high resolution",
        "composite alarm": "one whose state follows from other alarms, by a rule",
        "suppressor": "an alarm that, while in ALARM, holds back the actions of a composite",
    },
    recap=(
        "An alarm looks at the newest N datapoints, of whole periods, and rings when M of them breach.",
        "What it makes of silence is your choice; by default it says INSUFFICIENT_DATA, which calls nobody unless you ask.",
        "Actions run when the state changes, once; only scaling policies are asked again each minute.",
        "Every change is an event as well, even with actions disabled: rules start functions from it.",
        "Two thresholds need room between them; a storm needs one composite alarm, and a suppressor.",
    ),
    on_aws={
        "Delays": "Data may arrive minutes late, and an alarm judges what is there. Here they are there at once.",
        "Limits": "5 actions a state; N times the period at most one day, or 7 days with periods of an hour and more; 100 alarms in a rule. E-mail subscriptions must be confirmed in the mailbox.",
        "Price": "About 0.10 USD an alarm and month, 0.30 at high resolution, 0.50 for a composite; each metric of an expression counts. Instances of the group cost until they are gone.",
        "Permissions": "cloudwatch:PutMetricAlarm, PutCompositeAlarm, DescribeAlarms and DescribeAlarmHistory; the topic's own policy must admit CloudWatch, which AWS's default one does, and a function's must admit events.amazonaws.com.",
        "Clean-up": "Delete the composite before its children, then topics, rules and functions. History stays for 30 days.",
    },
    aws_code="""
import boto3

cloudwatch, sns = boto3.client("cloudwatch"), boto3.client("sns")

topic = sns.create_topic(Name="cwlab-ops")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")   # your address; confirm it there

common = {"Namespace": "Shop/Hosts", "MetricName": "CPUUtilization", "Statistic": "Average", "Threshold": 50,
          "ComparisonOperator": "GreaterThanThreshold"}
cloudwatch.put_metric_alarm(AlarmName="cwlab-cpu-high", Period=60, EvaluationPeriods=2,
                            TreatMissingData="missing", **common)
cloudwatch.put_metric_alarm(AlarmName="cwlab-cpu-fast", Period=10, EvaluationPeriods=3, DatapointsToAlarm=2, **common)
cloudwatch.put_composite_alarm(AlarmName="cwlab-cpu", AlarmActions=[topic],
                               AlarmRule="ALARM(cwlab-cpu-high) OR ALARM(cwlab-cpu-fast)")

# a try: mail is sent, and at the next evaluation the alarm says what it sees
cloudwatch.set_alarm_state(AlarmName="cwlab-cpu-high", StateValue="ALARM", StateReason="a try")
for item in cloudwatch.describe_alarm_history(AlarmName="cwlab-cpu-high")["AlarmHistoryItems"]:
    print(item["Timestamp"], item["HistorySummary"])

# clean-up: the composite first, then its children, then the topic
cloudwatch.delete_alarms(AlarmNames=["cwlab-cpu"])
cloudwatch.delete_alarms(AlarmNames=["cwlab-cpu-high", "cwlab-cpu-fast"])
sns.delete_topic(TopicArn=topic)
""",
)
