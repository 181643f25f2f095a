# %% build card

# %% tags=["setup"]
import json
from contextlib import suppress
from datetime import timedelta

from cwlab import console, open_lab, shop, zip_source

lab = open_lab("alarms")

# %% [markdown]
# This is the alarm most people begin with, over a day of the shop on which two things went wrong. It told of one, by
# luck, and sixteen times of nothing.

# %%
world = lab.fresh("a day of the shop", start="2026-03-01T09:00:00Z")
shop.load_day(world, "cpu")
world.client("cloudwatch").put_metric_alarm(
    AlarmName="cpu-high", Namespace="Shop", MetricName="CPU", Statistic="Average", Period=60,
    EvaluationPeriods=2, Threshold=50, ComparisonOperator="GreaterThanThreshold")
world.advance(hours=24)
console.score(world, "cpu-high", shop.INCIDENTS)

# %% build opening

# %% [markdown] tags=["loop"]
# ## One metric, one line, three states
#
# An **alarm** watches one metric over a time period. Each datapoint is compared with the **threshold**; one on the wrong
# side *breaches*. From the newest of them follows the **state**: OK, ALARM, or INSUFFICIENT_DATA when it cannot tell.
#
# Below is the alarm every exam knows: CPUUtilization above 50 percent for 2 periods of 60 s.

# %%
lab.predict("m1")

# %% tags=["syllabus:A01", "syllabus:A02", "syllabus:A04", "syllabus:M01"]
latest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
machine = {"ImageId": latest, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}}
half = {"Statistic": "Average", "Period": 60, "EvaluationPeriods": 2, "Threshold": 50,
        "ComparisonOperator": "GreaterThanThreshold"}

def start_machine(world):
    made = world.client("ec2").run_instances(MinCount=1, MaxCount=1, **machine)
    return made["Instances"][0]["InstanceId"]

def cpu_of(instance):
    return {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": instance}]}

world = lab.fresh("fifty percent")
instance = start_machine(world)
world.client("cloudwatch").put_metric_alarm(AlarmName="cpu-high", **cpu_of(instance), **half)
world.advance(minutes=10)
world.host(instance).load(cpu=80, minutes=15)
world.advance(minutes=25)
lab.reveal("m1", lambda: console.alarm(world, "cpu-high", at="2026-03-02T09:20:00Z"))

# %% [markdown]
# Move **Look at** back to the minute it rang, and watch the window slide over the datapoints. In the call,
#
# - `Period` is the length of a datapoint, `EvaluationPeriods` how many of them decide (N);
# - `DatapointsToAlarm` is how many of the N must breach (M), all of them when left out;
# - the newest datapoint is always that of the last whole period.
#
# `world.why("cpu-high")` says in words what it saw last, and with `at="2026-03-02T09:11:00Z"` what it saw then; and
# which single datapoint would have changed the outcome.
#
# **Change one thing.** At which threshold does it never ring? Set N to 5 and M to 3: does it ring sooner or later, and
# when is it OK again? In Python: `panel = console.alarm(world, "cpu-high"); panel.set(n=5, m=3)`.

# %% [markdown] tags=["loop"]
# ## What silence means
#
# A datapoint that does not come is not zero. How it counts is the alarm's **treatment of missing data**: `missing`,
# `ignore`, `breaching` or `notBreaching`.

# %%
lab.predict("m2")

# %% tags=["syllabus:A03"]
lab.reveal("m2", lambda: console.missing_data(lab.fresh("slots")))

# %% [markdown]
# Real datapoints come first: as long as there are N of them in sight, nothing is filled in. `missing` is the default, and
# the only one that leads to INSUFFICIENT_DATA.
#
# **Change one thing.** Make the newest slot fine. Which treatments change their mind? Then lower M to 1.
#
# Now the machine that ran hot and was terminated, under four alarms at once.

# %% tags=["syllabus:A02", "syllabus:A03"]
world = lab.fresh("hot, then gone")
instance = start_machine(world)
treatments = ["missing", "ignore", "breaching", "notBreaching"]
for treatment in treatments:
    world.client("cloudwatch").put_metric_alarm(
        AlarmName=treatment, TreatMissingData=treatment, **cpu_of(instance), **half)
world.advance(minutes=10)
world.host(instance).load(cpu=80, minutes=10)
world.advance(minutes=10)
world.client("ec2").terminate_instances(InstanceIds=[instance])
world.advance(hours=1)
lab.reveal("opening", lambda: console.aftermath(
    world, "missing", also=treatments[1:], inbox=False, minutes=80, title="One machine, four truths"))

# %% [markdown]
# One instance, four truths. Two of the alarms ring for ever, for a machine that is gone.

# %% [markdown] tags=["loop"]
# ## It calls somebody
#
# For each of its states an alarm may have **actions**. The usual one publishes to an SNS **topic**; whoever has subscribed
# gets the message. Mail must be confirmed first, in `world.inbox` as in your own mailbox.

# %%
lab.predict("m3")

# %% tags=["syllabus:A05"]
hosts = {"Namespace": "Shop/Hosts", "MetricName": "CPUUtilization"}

def ops_topic(world):
    sns = world.client("sns")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    world.inbox.confirm()
    return topic

def feed(world, values):
    cloudwatch = world.client("cloudwatch")
    for cpu in values:
        datum = {"MetricName": "CPUUtilization", "Value": cpu}
        cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[datum])
        world.advance(minutes=1)

world = lab.fresh("mail")
topic = ops_topic(world)
world.client("cloudwatch").put_metric_alarm(AlarmName="cpu-high", AlarmActions=[topic], **hosts, **half)
feed(world, [20] * 5 + [80] * 30)
lab.reveal("m3", lambda: console.aftermath(world, "cpu-high"), lambda: world.inbox)

# %% [markdown]
# Open the mail: state, reason, time, and the alarm's settings. A queue or a function gets the same as JSON.
#
# **Change one thing.** Add `OKActions=[topic]` and let CPU fall again. How many mails now? One comes before anything
# happened. Why?

# %% [markdown] tags=["loop"]
# ## It calls for help
#
# An alarm on a group's CPU (the dimension AutoScalingGroupName, which EC2 sends by itself) may ask a **scaling policy** for
# one machine more. Then the load is shared by more machines, CPU falls, and the alarm is OK: a closed loop.

# %%
lab.predict("m4")

# %% tags=["syllabus:A06", "syllabus:M15", "syllabus:M16"]
def play(more_above=60, less_below=50, cooldown=60, minutes=45, tell=lambda world: []):
    world = lab.fresh("group")
    told = tell(world)
    autoscaling = world.client("autoscaling")
    world.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=machine)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=1, MaxSize=6, AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"})
    both = ("more", 1, "Greater", more_above), ("less", -1, "Less", less_below)
    for name, step, side, threshold in both:
        policy = autoscaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName=name, AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=step, Cooldown=cooldown)["PolicyARN"]
        world.client("cloudwatch").put_metric_alarm(
            AlarmName=f"cpu-{name}", Namespace="AWS/EC2", MetricName="CPUUtilization",
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web"}],
            **half | {"Threshold": threshold, "ComparisonOperator": f"{side}ThanThreshold"},
            AlarmActions=[policy, *told])
    world.advance(minutes=3)
    world.group("web").load(cpu=130, minutes=minutes)
    world.advance(minutes=minutes)
    return world

lab.reveal("m4", lambda: console.tune(
    play, lambda world: console.aftermath(world, "cpu-more", also=["cpu-less"], group="web", inbox=False),
    more_above=(40, 95, 60, 5), less_below=(10, 90, 50, 5), cooldown=(60, 600, 60, 60)))

# %% [markdown]
# Unlike mail, scaling is asked for again each minute while ALARM lasts; the **cooldown** after each step is what stops it.
#
# **Change one thing.** Let the group settle. A longer cooldown makes it flap slower; what makes it stop? How far apart
# must the two thresholds be when three machines become two?

# %% [markdown] tags=["loop"]
# ## It tells everybody
#
# An alarm also speaks to EventBridge, in **events**. A **rule** holds a pattern; events that fit it go to the rule's
# targets, for example a function that looks into the matter.

# %%
lab.predict("m5")

# %% tags=["syllabus:A07"]
def handler(event, context):
    print(event["detail"]["alarmName"], "is", event["detail"]["state"]["value"])

trust = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
may_log = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"

def start_function(world):
    iam, functions, events = world.client("iam"), world.client("lambda"), world.client("events")
    role = iam.create_role(RoleName="triage", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="triage", PolicyArn=may_log)
    triage = functions.create_function(
        FunctionName="triage", Runtime="python3.13", Handler="index.handler", Role=role,
        Code={"ZipFile": zip_source(handler)})["FunctionArn"]
    rule = events.put_rule(Name="ringing", EventPattern=json.dumps({
        "source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"state": {"value": ["ALARM"]}}}))["RuleArn"]
    events.put_targets(Rule="ringing", Targets=[{"Id": "triage", "Arn": triage}])
    functions.add_permission(FunctionName="triage", StatementId="rule", Action="lambda:InvokeFunction",
                             Principal="events.amazonaws.com", SourceArn=rule)

world = lab.fresh("event")
cloudwatch = world.client("cloudwatch")
cloudwatch.put_metric_alarm(AlarmName="cpu-high", AlarmActions=[ops_topic(world)], **hosts, **half)
start_function(world)
cloudwatch.disable_alarm_actions(AlarmNames=["cpu-high"])
feed(world, [20] * 5 + [80] * 10 + [20] * 5)
chain = play(more_above=70, less_below=0, minutes=12,
             tell=lambda world: start_function(world) or [ops_topic(world)])
lab.reveal("m5", lambda: console.aftermath(world, "cpu-high", logs=["/aws/lambda/triage"]),
           lambda: console.aftermath(chain, "cpu-more", group="web", logs=["/aws/lambda/triage"]))

# %% [markdown]
# From the datapoint to the line in the log nobody was asked: metric, state, event, rule, function. The second picture has
# all of it in one: the alarm of the group calls a machine, Ada and the function at the same instant. Only the group is
# slow to listen: at 09:05 it was still in the cooldown of its own start, and a minute later it was asked again.
#
# **Change one thing.** Leave `disable_alarm_actions` out. Then take the last line of `start_function` away: who
# refuses now, and where do you find out?

# %% [markdown] tags=["loop"]
# ## Seconds
#
# A metric of high resolution allows a **high-resolution alarm**: its period is 10, 20 or 30 s, and it is evaluated every
# ten seconds.

# %%
lab.predict("m6")

# %% tags=["syllabus:A08"]
world = lab.fresh("spike")
cloudwatch = world.client("cloudwatch")
for name, period in {"minute": 60, "ten-seconds": 10}.items():
    cloudwatch.put_metric_alarm(AlarmName=name, **hosts, **half | {"Period": period, "EvaluationPeriods": 1})
cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[
    {"MetricName": "CPUUtilization", "StorageResolution": 1, "Value": 100 if 130 <= s < 150 else 20,
     "Timestamp": world.now + timedelta(seconds=s)} for s in range(300)])
world.advance(minutes=5)
lab.reveal("m6", lambda: console.aftermath(world, "minute", inbox=False),
           lambda: console.aftermath(world, "ten-seconds", inbox=False))

# %% [markdown]
# The same seconds, asked twice. **Change one thing.** Give both alarms `Statistic="Maximum"`. Does the minute see it now,
# and when?

# %% [markdown] tags=["loop"]
# ## A storm
#
# When the database fails, everything that needs it rings. A **composite alarm** follows other alarms by a rule, such as
# `ALARM(a) OR ALARM(b)`, and sends the one message. Its **suppressor** is an alarm that, while it is in ALARM, holds the
# composite's actions back.

# %%
lab.predict("m7")

# %% tags=["syllabus:A02", "syllabus:A05"]
world = lab.fresh("storm")
cloudwatch = world.client("cloudwatch")
pages = [f"page-{i:02}" for i in range(1, 13)]
once = half | {"EvaluationPeriods": 1, "Threshold": 0, "TreatMissingData": "notBreaching"}

errors = {name: {"MetricName": "Errors", "Dimensions": [{"Name": "Page", "Value": name}]}
          for name in pages}
for name in pages:
    cloudwatch.put_metric_alarm(AlarmName=name, Namespace="Shop/Pages", **errors[name], **once)
cloudwatch.put_metric_alarm(AlarmName="maintenance", Namespace="Shop", MetricName="Maintenance", **once)
cloudwatch.put_composite_alarm(
    AlarmName="shop-down", AlarmRule=" OR ".join(f"ALARM({name})" for name in pages),
    AlarmActions=[ops_topic(world)], ActionsSuppressor="maintenance",
    ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60)
cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
    {"MetricName": "Maintenance", "Value": 1, "Timestamp": world.now + timedelta(minutes=m)}
    for m in range(15)])
world.advance(minutes=5)
for minute in range(30):
    cloudwatch.put_metric_data(Namespace="Shop/Pages", MetricData=[
        {**errors[name], "Value": 5} for name in pages[:3 * (minute + 1)]])
    world.advance(minutes=1)
lab.reveal("m7", lambda: console.states(world, ["shop-down", "maintenance", *pages]),
           lambda: console.composite(world, "shop-down"))

# %% [markdown]
# Twelve alarms, one mail, and that one only when somebody could have used it.
#
# **Change one thing.** Let maintenance last 40 minutes, longer than the storm. Then ask for
# `AT_LEAST(4, ALARM, (page-01, …))` instead of OR: what do you gain, what do you lose?
#
# ### Your own data
#
# The shop's recorded day again: its latency, with the evening when the database was slow. Design the alarm that tells of
# it, and of nothing else. To use your own recording, put the path of your CSV in place of `shop.recording("latency")`.

# %% tags=["syllabus:A01", "syllabus:M01"]
recorded = lab.fresh("recorded", start="2026-03-01T08:55:00Z")
recorded.load_metrics(shop.recording("latency"), namespace="Shop", metric="Latency")

def watch(statistic, threshold, in_a_row):
    world = recorded.fork()
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="slow", Namespace="Shop", MetricName="Latency", ExtendedStatistic=statistic,
        Period=60, EvaluationPeriods=in_a_row, Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold")
    world.advance(hours=24)
    return world

console.tune(watch, lambda world: console.score(world, "slow", shop.INCIDENTS[:1]),
             statistic=["p95", "p50", "p90", "p99"], threshold=(50, 1000, 150, 50), in_a_row=(1, 15, 1))

# %% [markdown] tags=["break"]
# ## Now break it
#
# A till sends five orders a minute, under an alarm that rings below 3. After eight minutes something happens.

# %%
lab.predict("m8")

# %% tags=["syllabus:A02", "syllabus:A03"]
def sell(world, fault, minutes):
    till = world.client("cloudwatch")
    for _ in range(minutes):
        datum = {"MetricName": "Orders", "Value": 1 if fault == "too few" else 5,
                 "Timestamp": world.now - timedelta(hours=1 if fault == "late" else 0),
                 "Dimensions": [{"Name": "Till", "Value": "2" if fault == "wrong dimension" else "1"}]}
        if fault != "stopped":
            with suppress(till.exceptions.ClientError):      # whatever comes back, a till goes on selling
                till.put_metric_data(Namespace="Shop", MetricData=[datum])
        world.advance(minutes=1)

few = half | {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Till", "Value": "1"}],
              "Statistic": "Sum", "EvaluationPeriods": 3, "Threshold": 3,
              "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "missing"}

def play_till(fault):
    world = lab.fresh(fault)
    sell(world, "none", 5)
    world.client("cloudwatch").put_metric_alarm(AlarmName="few-orders", **few)
    sell(world, "none", 3)
    if fault == "refused":
        world.fault("cloudwatch", "PutMetricData", error="refusal")
    sell(world, fault, 12)
    return world

faults = ["none", "stopped", "late", "wrong dimension", "refused", "too few"]
lab.reveal("m8", lambda: console.breaking(play_till, faults, lambda world: console.aftermath(
    world, "few-orders", inbox=False, until="2026-03-02T09:20:00Z"), finding=lambda seen: seen.title))

# %% [markdown]
# Goal: an alarm that rings for each of the five, and never for the healthy till. One word in `few` is enough.
#
# | you see | it means |
# |---|---|
# | INSUFFICIENT_DATA from the beginning | the metric has another name, namespace or dimension than you think |
# | INSUFFICIENT_DATA after a good time | data stopped; the default tells, but it calls nobody: give it InsufficientDataActions |
# | ALARM and no mail | not confirmed, actions disabled, or refused: DescribeAlarmHistory has the action and its error |
# | ALARM and OK in turn | threshold too near to normal, or N too small: more of M out of N |
#
# The cell below mends the till in a fork and looks whether the alarm comes back.

# %%
mended = play_till("stopped").fork()
sell(mended, "none", 6)
console.alarms(mended)

# %% build exercises

# %% build traps

# %% build recap
