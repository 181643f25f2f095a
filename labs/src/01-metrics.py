# %% build card

# %% tags=["setup"]
from contextlib import suppress
from datetime import timedelta

from cwlab import console, open_lab, shop

lab = open_lab("metrics")

# %%
world = lab.fresh("the last ten minutes")
shop.load_day(world, "burst")
console.metric(world, "Shop", "RequestsPerSecond", statistic="Sum", period=1, hours=1 / 6)

# %% build opening

# %% [markdown] tags=["loop"]
# ## Metrics are flat
#
# What you send is a **datapoint**: a timestamp, a value, and a unit if you like. CloudWatch keeps it in a
# **metric**, the time-ordered set of datapoints with one name in one namespace. With the datapoint you may give
# **dimensions**, pairs of a name and a value.
#
# The shop runs two machines in one group. Each reports its CPU three times, out of order on purpose.
#
# ```
# namespace   metric          dimensions                                  value
# Shop/Hosts  CPUUtilization  InstanceId=web-1, AutoScalingGroupName=web   20 %
# Shop/Hosts  CPUUtilization  InstanceId=web-2, AutoScalingGroupName=web   60 %
# ```

# %%
lab.predict("m1")

# %% tags=["syllabus:M10", "syllabus:M11", "syllabus:M12", "syllabus:M13", "syllabus:M14"]
world = lab.fresh("flat")
cloudwatch = world.client("cloudwatch")

def report(cpu, ago, **dimensions):
    cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[{
        "MetricName": "CPUUtilization", "Value": cpu, "Unit": "Percent",
        "Timestamp": world.now - timedelta(minutes=ago),
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()]}])

group = {"AutoScalingGroupName": "web"}
for ago in (5, 25, 15):
    report(20, ago, InstanceId="web-1", **group)
    report(60, ago, InstanceId="web-2", **group)
    # report(40, ago, **group)
lab.reveal("m1", lambda: console.ask(world, "Shop/Hosts", "CPUUtilization", group, hours=1))

# %% [markdown]
# That was the question. Now give **InstanceId** as well, and the answer is there. In the call,
#
# - `Namespace` keeps the shop's CPUUtilization apart from EC2's, which has the same name;
# - `MetricName` and the whole set in `Dimensions` say which metric it is;
# - `Timestamp` puts the datapoint where it belongs: sent out of order, the points are read in order;
# - `Unit` is stored with the value and never converted.
#
# The tree is a picture, not a hierarchy: each leaf is a metric of its own, found only under its exact address.
# Leave one dimension out and you ask for another metric. CloudWatch cannot know whether you mistyped or the
# data are still to come, so it says nothing.
#
# **Change one thing.** Take the `#` off the line above `lab.reveal` and run the cell again. The group answers now.
# Who computed its 40 percent, CloudWatch or you?

# %% [markdown] tags=["loop"]
# ## What AWS sends by itself
#
# A **namespace** is a container and no more: it keeps your names apart from others. Those that begin with `AWS/` belong
# to AWS services, which publish **native metrics** through the management plane: nothing is installed, and the
# dimensions are chosen for you. Start a group of instances with the calls you would use on AWS, and let one get busy.

# %%
lab.predict("m2")

# %% tags=["syllabus:M03", "syllabus:M14", "syllabus:M15", "syllabus:M16"]
world = lab.fresh("native")
latest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
world.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData={
    "ImageId": latest, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}})
autoscaling = world.client("autoscaling")
group = {"AutoScalingGroupName": "web"}
autoscaling.create_auto_scaling_group(**group, MinSize=2, MaxSize=2, AvailabilityZones=["us-east-1a"],
                                      LaunchTemplate={"LaunchTemplateName": "web"})
world.advance(minutes=5)
instances = autoscaling.describe_auto_scaling_instances()["AutoScalingInstances"]
world.host(instances[0]["InstanceId"]).load(cpu=80, minutes=15)
world.advance(minutes=25)
lab.reveal("m2", lambda: console.ask(world, "AWS/EC2", "CPUUtilization", group, period=60, hours=1))

# %% [markdown]
# You see all machines of the group; SampleCount says two a minute. Take the group away and choose an **InstanceId**:
# that machine alone. The group is not computed when you ask: EC2 sends every value once for each
# family of dimensions, which is what the line with the `#` did for your group.
#
# **Change one thing.** Look at the calls in `console.journal(world)`. Who called PutMetricData?

# %% [markdown] tags=["loop"]
# ## From inside, and from outside AWS
#
# EC2 sees its machines from outside: CPU, network, disks. Memory is told by the **agent** inside, and what an application knows, by
# the application: both call CloudWatch's public **endpoint**, monitoring.us-east-1.amazonaws.com, as you do.
#
# ```
# web-1   EC2, public subnet: a public address, a route to an internet gateway
# db-1    EC2, private subnet of another VPC: neither
# till-7  in the shop, at a telephone line, with credentials
# ```

# %%
lab.predict("m3")

# %% tags=["syllabus:M02", "syllabus:M04", "syllabus:M05", "syllabus:M06", "syllabus:M08"]
def senders(endpoint="none", till_7="online"):
    world = lab.fresh("senders")
    shop.build(world)                                     # web-1 and the role shop-web
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.run_instances(
        ImageId=latest, MinCount=1, MaxCount=1, SubnetId=subnet, IamInstanceProfile={"Name": "shop-web"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "db-1"}]}])
    if endpoint == "interface":
        group = ec2.create_security_group(GroupName="https", Description="443 in", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{
            "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
        ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, SubnetIds=[subnet],
                                SecurityGroupIds=[group], ServiceName="com.amazonaws.us-east-1.monitoring")
    till = world.on_premises("till-7", role="shop-web", internet=till_7 == "online")
    world.advance(minutes=2)
    for name in ("web-1", "db-1", "till-7"):
        world.host(name).agent.start({"metrics": {"metrics_collected": {
            "mem": {"measurement": ["mem_used_percent"]}}}})
    for orders in (3, 5, 4):                              # the till's own program calls the API
        with suppress(Exception):
            till.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[
                {"MetricName": "Orders", "Value": orders, "Unit": "Count"}])
        world.advance(minutes=3)
    return world

world = senders()
native = world.client("cloudwatch").list_metrics(Namespace="AWS/EC2")["Metrics"]
lab.reveal("m3", lambda: console.explorer(world, "CWAgent"),
           lambda: world.host("db-1").path("cloudwatch"), lambda: sorted({one["MetricName"] for one in native}))

# %% [markdown]
# The last list is all that EC2 says of its machines: nothing of memory. An **interface endpoint** puts CloudWatch's address into
# db-1's own VPC: no public address, no internet gateway.
#
# **Change one thing.** Give db-1 its endpoint; then cut the till's line. What does the agent of a silent machine write into
# `world.host("db-1").agent.log()`?

# %% tags=["syllabus:M05", "syllabus:M08", "syllabus:M09"]
console.tune(senders, lambda world: console.explorer(world, "CWAgent"),
             why=lambda world: world.host("db-1").path("cloudwatch").reason,
             endpoint=["none", "interface"], till_7=["online", "offline"],
             labels={"endpoint": "endpoint in db-1's VPC", "till_7": "till-7"})

# %% [markdown]
# ### Three ways to look
#
# Command line, API and console show the same data, for they make the same calls. `world.cli` stands for the AWS command line.

# %% tags=["syllabus:M07"]
print(world.cli(
    "aws cloudwatch get-metric-statistics --namespace Shop --metric-name Orders --period 60 --statistics Sum "
    f"--start-time {world.start:%Y-%m-%dT%H:%MZ} --end-time {world.now:%Y-%m-%dT%H:%MZ} --query Datapoints[].Sum"))
asked = world.client("cloudwatch").get_metric_statistics(
    Namespace="Shop", MetricName="Orders", Period=60, Statistics=["Sum"],
    StartTime=world.start, EndTime=world.now)
print([f"{point['Timestamp']:%H:%M} {point['Sum']:g}" for point in asked["Datapoints"]])
console.metric(world, "Shop", "Orders", statistic="Sum", period=60, hours=1 / 3)

# %% [markdown] tags=["loop"]
# ## How fine: resolution and period
#
# **Resolution** is how a metric is stored: 60 s is standard, 1 s is high resolution. The **period** is how you ask,
# in seconds: 1, 5, 10, 20, 30 or a multiple of 60.

# %%
lab.predict("m4")

# %% tags=["syllabus:M17", "syllabus:M18"]
world = lab.fresh("resolution")
cloudwatch = world.client("cloudwatch")
for orders in range(10):
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": orders, "Unit": "Count"}])
    world.advance(minutes=1)
lab.reveal("m4", lambda: console.metric(world, "Shop", "Orders", statistic="Sum", period=30, hours=1 / 6),
           lambda: console.resolution(world))

# %% [markdown]
# In the panel one burst is seen at four periods. Each step is as wide as the time it stands for: the coarser, the
# wider and, for the Average, the lower.
#
# **Change one thing.** Make the burst five seconds long. At which period would you still notice it? Then choose
# **Stored at** 60 s, and then the Maximum.

# %% [markdown] tags=["loop"]
# ## How long: ageing
#
# Data are not thrown away when they age. They are **aggregated**: in steps, each coarser than the one before and
# kept longer. One-second data are only the beginning of a life of fifteen months.

# %%
lab.predict("m5")

# %%
lab.reveal("m5")

# %% tags=["syllabus:M19", "syllabus:M20"]
panel = console.retention(lab.fresh("ageing"))
panel

# %% [markdown]
# The slider moves the clock; the query stays the same. It is answered as long as the tier of its period is kept,
# and then goes silent from one hour to the next:
#
# | stored every | kept for |
# |---|---|
# | less than 60 s | 3 hours |
# | 60 s | 15 days |
# | 300 s | 63 days |
# | 3,600 s | 455 days |
#
# **Change one thing.** Set the age to 16 days and raise the period until an answer comes. Which age silences
# even one hour? In Python: `panel.set(age_hours=16 * 24, period=300)`.

# %% [markdown] tags=["loop"]
# ## What it says: statistics
#
# A **statistic** turns all values of a period into one: Sum, Average, Minimum, Maximum, SampleCount. A **percentile**
# gives relative standing: p95 is the value that 95 of 100 samples do not exceed. A **trimmed mean** cuts the outliers
# off, then takes the mean.

# %%
lab.predict("m6")

# %% tags=["syllabus:M21", "syllabus:M22"]
lab.reveal("m6", lambda: console.statistics(lab.fresh("statistics"), outliers=4))

# %% [markdown]
# Four of 200 are 2 %, as in the question. **Change one thing.** Move the outliers up one by one. Which line moves
# with the first, which with the third, and which only with the eleventh?
#
# ### Your own data
#
# The shop recorded a day of latencies: one line a request, `timestamp,value`. To see your own, put the path of
# your CSV in place of `shop.recording("latency")`; `shift=True` lets the recording end now, whenever it was made.
#
# For 25 minutes that day the database was slow. Find them. The Average will not help much; what does?

# %% tags=["syllabus:M21", "syllabus:M22"]
world = lab.fresh("your own data")
world.load_metrics(shop.recording("latency"), namespace="Shop", metric="Latency",
                   unit="Milliseconds", shift=True)
console.explore(world, "Shop", "Latency", statistic="Average")

# %% [markdown] tags=["loop"]
# ## Two into one: metric math
#
# How many of a hundred requests fail is in no metric. GetMetricData works it out when you ask: besides metrics it takes an
# **expression**, which calls them by their `Id`. This is **metric math**; nothing of it is stored.
#
# Requests and Errors are counted by the minute, 50 and 2 as a rule. In the ten minutes below, None means that the counter
# sent nothing.

# %%
lab.predict("m7")

# %% tags=["syllabus:M10", "syllabus:M21"]
world = lab.fresh("error rate")
cloudwatch = world.client("cloudwatch")
minutes = [(50, 2), (50, 0), (50, 2), (50, None), (50, None),
           (50, 2), (None, 2), (50, 2), (0, 0), (50, 2)]
for requests, errors in minutes:
    counted = {"Requests": requests, "Errors": errors}
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {"MetricName": name, "Value": value, "Unit": "Count"}
        for name, value in counted.items() if value is not None])
    world.advance(minutes=1)
counters = {"requests": ("Shop", "Requests"), "errors": ("Shop", "Errors")}
lab.reveal("m7", lambda: console.bench(world, counters, "errors / requests * 100",
                                       statistic="Sum", hours=1 / 6))

# %% [markdown]
# The query is one more in the list, without a MetricStat: `{"Id": "e1", "Expression": "errors / requests * 100"}`.
# Look at 09:03 and 09:04: nobody counted the errors, and the line says 0 percent, as in the good minute 09:01.
#
# | in a minute in which | the answer is |
# |---|---|
# | Errors is missing | 0: in arithmetic a missing operand counts as 0 |
# | Requests is missing | nothing: it counts as 0, and what is divided by 0 is left out |
# | Requests is 0 | nothing, for the same reason |
#
# **Change one thing.** FILL puts something into the gaps: a number, the last value (REPEAT) or a line (LINEAR). Write
# `FILL(errors, REPEAT) / requests * 100` and press Enter. Is that better? Then leave a parenthesis open, or write
# `AVG(errors)`: the caret shows where it went wrong.

# %% [markdown] tags=["loop"]
# ## The whole fleet
#
# Four web machines report their CPU, 60 percent on average. After ten minutes two of them are taken out of service, and
# the average of the other two is 60 as well. Three ways to ask for the average:
#
# ```
# by hand           (web1 + web2 + web3 + web4) / 4
# SEARCH            AVG(SEARCH('{Shop/Hosts,InstanceId} CPUUtilization', 'Average', 60))
# Metrics Insights  SELECT AVG(CPUUtilization) FROM SCHEMA("Shop/Hosts", InstanceId)
# ```
#
# **SEARCH** finds every metric that fits, when it runs, and hands them to metric math. **Metrics Insights** is SQL over
# metrics.

# %%
lab.predict("m8")

# %% tags=["syllabus:M11", "syllabus:M14", "syllabus:M21"]
world = lab.fresh("fleet")
cloudwatch = world.client("cloudwatch")
cpu = {"web-1": 40, "web-2": 80, "web-3": 50, "web-4": 70}
four = {host.replace("-", ""): ("Shop/Hosts", "CPUUtilization", {"InstanceId": host}) for host in cpu}
for minute in range(20):
    if minute == 10:
        del cpu["web-3"], cpu["web-4"]
    # if minute == 15: cpu["web-5"] = 90
    cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[
        {"MetricName": "CPUUtilization", "Value": percent, "Unit": "Percent",
         "Dimensions": [{"Name": "InstanceId", "Value": host}]} for host, percent in cpu.items()])
    world.advance(minutes=1)
ways = {"by hand": "(web1 + web2 + web3 + web4) / 4",
        "SEARCH": "AVG(SEARCH('{Shop/Hosts,InstanceId} CPUUtilization', 'Average', 60))",
        "Metrics Insights": 'SELECT AVG(CPUUtilization) FROM SCHEMA("Shop/Hosts", InstanceId)'}
lab.reveal("m8", lambda: console.bench(world, four, ways["by hand"], examples=ways, hours=1 / 3))

# %% [markdown]
# Choose the other two under **Start from**. All three are answered, and only one of the answers is what you meant:
#
# - *by hand* divides by 4 for ever, and never hears of a fifth machine;
# - *SEARCH* finds the fifth; but AVG over series divides by all it found, and who is missing counts as 0;
# - *Metrics Insights* divides by the values that are there. Add `GROUP BY InstanceId` to see each machine.
#
# **Change one thing.** Take the `#` off, so that web-5 joins at minute 15. One of the three answers now changes even in the
# minutes before web-5 existed. Which, and why?

# %% [markdown] tags=["break"]
# ## Now break it
#
# A till sends five orders a minute, and after eight minutes something breaks. Goal: 20 datapoints of 5.

# %%
lab.predict("m9")

# %% tags=["syllabus:M10", "syllabus:M13"]
def send(world, fault, minutes):
    till = world.client("cloudwatch")
    for _ in range(minutes):
        datum = {"MetricName": "Orders", "Value": 5,
                 "Unit": "Bytes" if fault == "wrong unit" else "Count",
                 "Timestamp": world.now - timedelta(hours=1 if fault == "late" else 0),
                 "Dimensions": [{"Name": "Till", "Value": "2" if fault == "wrong dimension" else "1"}]}
        with suppress(till.exceptions.ClientError):     # whatever comes back, a till goes on selling
            if fault != "stopped":
                till.put_metric_data(Namespace="Shop", MetricData=[datum])
        world.advance(minutes=1)

def play(fault):
    world = lab.fresh(fault)
    send(world, "none", 8)
    if fault in ("throttling", "refusal"):
        world.fault("cloudwatch", "PutMetricData", error=fault, rate=0.2 if fault == "throttling" else 1)
    send(world, fault, 12)
    return world

def orders(world):
    return console.metric(world, "Shop", "Orders", {"Till": "1"}, "Sum", 60, 1.5, unit="Count")

faults = ["none", "stopped", "late", "wrong unit", "wrong dimension", "throttling", "refusal"]
lab.reveal("m9", lambda: console.breaking(play, faults, orders))

# %% [markdown]
# Four of them look exactly alike, and only one of these four left an error behind.
#
# | you see | it may mean | how to tell |
# |---|---|---|
# | nothing from some minute on, no error | the sender stopped, or changed a dimension or the unit | ListMetrics shows a second metric; GetMetricStatistics without Unit shows the second unit |
# | a gap now, and data in the past | the sender's clock is wrong | look further back |
# | throttling in the log, no gap | boto3 retried until it passed | nothing is lost, only later |
# | nothing, and AccessDenied at the sender | a permission changed | the sender's own log; CloudWatch has no trace of it |
#
# Now reach the goal: fork the broken world, rewind to the minute it broke, mend, and let time run again. `share` puts
# the whole situation into one line of text, from which `Lab.from_share(text)` rebuilds it anywhere.

# %%
mended = play("refusal").fork()
mended.rewind(to="2026-03-02T09:08:00Z")
mended.mend()
send(mended, "none", 12)
print(len(mended.share()), "characters to share")
orders(mended)

# %% build exercises

# %% build traps

# %% build recap
