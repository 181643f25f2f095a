"""The topic of lab 01: metrics. What names one, what it keeps, for how long, and which statistic tells the truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from cwlab.learn import Choice, Exercise, Fresh, Number, Option, Outcome, Topic, Trap
from cwlab.learn.worlds import dimension_list, read

# -- what is true: each asks the model ---------------------------------------------------------------------------


def burst_after_four_hours(fresh: Fresh) -> str:
    """What a query by the second brings once its data are four hours old."""
    from cwlab import shop

    world = fresh()
    shop.load_day(world, "burst")
    world.advance(hours=4)
    window = ("2026-03-02T08:50:00Z", "2026-03-02T09:00:00Z")
    try:
        points = read(world, "Shop", "RequestsPerSecond", "Sum", 1, window=window)
    except ClientError:
        return "D"
    return {0: "C", 10: "B"}.get(len(points), "A")


def _send(world: Any, namespace: str, data: Iterable[dict[str, Any]]) -> None:
    world.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=list(data))


def group_alone(fresh: Fresh) -> str:
    """What asking with the group's dimension alone brings, when two were sent with each datum."""
    world = fresh()
    for name, cpu in (("web-1", 20), ("web-2", 60)):
        both = dimension_list({"InstanceId": name, "AutoScalingGroupName": "web"})
        _send(
            world,
            "Shop/Hosts",
            [{"MetricName": "CPUUtilization", "Value": cpu, "Unit": "Percent", "Dimensions": both}],
        )
    world.advance(minutes=1)
    try:
        got = read(
            world, "Shop/Hosts", "CPUUtilization", "Average", dimensions={"AutoScalingGroupName": "web"}
        )
    except ClientError:
        return "D"
    return "C" if not got else "A" if len(got) == 1 else "B"


LATEST = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def native_metrics(fresh: Fresh) -> int:
    """How many CPUUtilization metrics a group of two instances brings by itself."""
    world = fresh()
    start_group(world)
    world.advance(minutes=30)
    listed = world.client("cloudwatch").get_paginator("list_metrics")
    pages = listed.paginate(Namespace="AWS/EC2", MetricName="CPUUtilization")
    return sum(len(page["Metrics"]) for page in pages)


HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
MEMORY = {"metrics": {"metrics_collected": {"mem": {"measurement": ["mem_used_percent"]}}}}


def senders(world: Any, endpoint: str = "none", till_7: str = "online") -> Any:
    """Ten minutes of three machines whose agents measure memory: public, private, in the shop."""
    from cwlab import shop

    shop.build(world)
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "db-1"}]}]
    ec2.run_instances(
        ImageId=LATEST, MinCount=1, MaxCount=1, SubnetId=subnet, IamInstanceProfile={"Name": "shop-web"},
        TagSpecifications=named,
    )  # fmt: skip
    if endpoint == "interface":
        group = ec2.create_security_group(GroupName="https", Description="443 in", VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
        ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.monitoring", VpcId=vpc,
            SubnetIds=[subnet], SecurityGroupIds=[group],
        )  # fmt: skip
    world.on_premises("till-7", role="shop-web", internet=till_7 == "online")
    world.advance(minutes=2)
    for name in ("web-1", "db-1", "till-7"):
        world.host(name).agent.start(MEMORY)
    world.advance(minutes=10)
    return world


def machines_heard(fresh: Fresh) -> int:
    """Of how many of the three machines CloudWatch knows the memory."""
    listed = senders(fresh()).client("cloudwatch").list_metrics(Namespace="CWAgent")
    return len(listed["Metrics"])


def start_group(world: Any) -> None:
    """A group of two instances with detailed monitoring, as the notebook starts it."""
    world.client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": LATEST, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}},
    )
    world.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=2,
        MaxSize=2,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )


def half_minutes(fresh: Fresh) -> str:
    """How many datapoints a period of 30 s brings from ten minutes of standard resolution."""
    world = fresh()
    for orders in range(10):
        _send(world, "Shop", [{"MetricName": "Orders", "Value": orders, "Unit": "Count"}])
        world.advance(minutes=1)
    try:
        points = read(world, "Shop", "Orders", "Sum", 30)
    except ClientError:
        return "D"
    return {20: "A", 10: "B", 0: "C"}[len(points)]


def finest_after_sixteen_days(fresh: Fresh) -> int:
    """The smallest period that still answers when an hour of data is 16 days old."""
    world = fresh()
    start = world.now
    _send(
        world,
        "Shop",
        [
            {
                "MetricName": "Orders",
                "Value": 1,
                "StorageResolution": 1,
                "Timestamp": start + timedelta(seconds=10 * i),
            }
            for i in range(360)
        ],
    )
    world.advance(days=16)
    hour = (start, start + timedelta(hours=1))
    periods = (1, 5, 10, 20, 30, *range(60, 3601, 60))
    return next(p for p in periods if read(world, "Shop", "Orders", "Sum", p, window=hour))


def what_moves(fresh: Fresh) -> str:
    """Which statistics change by a tenth or more when 20 of 1,000 requests hang."""

    def seen(slow: int) -> dict[str, float]:
        world = fresh()
        values = [45.0, 50.0, 55.0] + ([10_000.0] if slow else [])
        counts = [250.0, 500.0 - slow, 250.0] + ([float(slow)] if slow else [])
        _send(world, "Shop", [{"MetricName": "Latency", "Values": values, "Counts": counts}])
        world.advance(minutes=1)
        return {s: read(world, "Shop", "Latency", s)[0][1] for s in ("Average", "p50", "p95", "p99")}

    before, after = seen(0), seen(20)
    moved = {s for s in before if abs(after[s] / before[s] - 1) >= 0.1}
    sets = {
        "A": {"Average"},
        "B": {"Average", "p99"},
        "C": {"Average", "p95", "p99"},
        "D": {"Average", "p50", "p95", "p99"},
    }
    return next(letter for letter, of in sets.items() if of == moved)


MINUTES = (  # requests, errors
    *((50, 2), (50, 0), (50, 2), (50, None), (50, None)),
    *((50, 2), (None, 2), (50, 2), (0, 0), (50, 2)),
)


def count_errors(world: Any) -> None:
    """Ten minutes of the shop's two counters, as the notebook plays them; None: nothing was sent."""
    for requests, errors in MINUTES:
        counted = {"Requests": requests, "Errors": errors}
        data = [{"MetricName": n, "Value": v, "Unit": "Count"} for n, v in counted.items() if v is not None]
        _send(world, "Shop", data)
        world.advance(minutes=1)


Counted = tuple[str, str, str, dict[str, str]]  # namespace, name, statistic, dimensions


def expressed(world: Any, expression: str, metrics: dict[str, Counted]) -> list[float]:
    """The values of an expression over the last hour by the minute, oldest first.

    Args:
        metrics: by the id that the expression calls them.
    """
    asked = [
        {
            "Id": id_,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": dimension_list(dimensions),
                },
                "Period": 60,
                "Stat": statistic,
            },
        }
        for id_, (namespace, name, statistic, dimensions) in metrics.items()
    ]
    answer = world.client("cloudwatch").get_metric_data(
        MetricDataQueries=[*asked, {"Id": "e1", "Expression": expression, "Period": 60}],
        StartTime=world.now - timedelta(hours=1),
        EndTime=world.now,
        ScanBy="TimestampAscending",
    )
    return list(answer["MetricDataResults"][0]["Values"])


def rates(world: Any, expression: str) -> list[float]:
    """What an expression over the two counters answers."""
    counters: dict[str, Counted] = {
        "requests": ("Shop", "Requests", "Sum", {}),
        "errors": ("Shop", "Errors", "Sum", {}),
    }
    return expressed(world, expression, counters)


def error_rates(fresh: Fresh) -> int:
    """How many datapoints the error rate has when its operands have gaps."""
    world = fresh()
    count_errors(world)
    return len(rates(world, "errors / requests * 100"))


WAYS = {
    "by hand": "(web1 + web2 + web3 + web4) / 4",
    "SEARCH": "AVG(SEARCH('{Shop/Hosts,InstanceId} CPUUtilization', 'Average', 60))",
    "Metrics Insights": 'SELECT AVG(CPUUtilization) FROM SCHEMA("Shop/Hosts", InstanceId)',
}
FLEET = ("web-1", "web-2", "web-3", "web-4")


def run_fleet(world: Any, *, joins: bool = False) -> None:
    """Twenty minutes of four machines, two of which leave at minute 10; a fifth may join at minute 15."""
    cpu = dict(zip(FLEET, (40, 80, 50, 70), strict=True))
    for minute in range(20):
        if minute == 10:
            del cpu["web-3"], cpu["web-4"]
        if minute == 15 and joins:
            cpu["web-5"] = 90
        _send(
            world,
            "Shop/Hosts",
            [
                {
                    "MetricName": "CPUUtilization",
                    "Value": percent,
                    "Unit": "Percent",
                    "Dimensions": dimension_list({"InstanceId": host}),
                }
                for host, percent in cpu.items()
            ],
        )
        world.advance(minutes=1)


def fleet_average(world: Any, way: str) -> list[float]:
    """The fleet's average by the minute, asked in one of the three ways."""
    four: dict[str, Counted] = {
        host.replace("-", ""): ("Shop/Hosts", "CPUUtilization", "Average", {"InstanceId": host})
        for host in FLEET
    }
    return expressed(world, WAYS[way], four)


def ways_that_still_tell(fresh: Fresh) -> str:
    """Which of the three ways still say 60 percent when two of four machines have left."""
    world = fresh()
    run_fleet(world)
    right = {way for way in WAYS if fleet_average(world, way)[-1] == 60}
    sets = {"A": set(WAYS), "B": {"SEARCH", "Metrics Insights"}, "C": {"Metrics Insights"}, "D": set()}
    return next(letter for letter, of in sets.items() if of == right)


FAULTS = ("stopped", "late", "wrong unit", "wrong dimension", "throttling", "refusal")


def faults_that_raise(fresh: Fresh) -> int:
    """How many of the six faults the sender itself gets to see."""
    return sum(_raises(fresh(), fault) for fault in FAULTS)


def _raises(world: Any, fault: str) -> bool:
    """Twenty minutes of a till as the notebook plays it: whether any call came back with an error."""
    raised = False
    till = world.client("cloudwatch")
    for minute in range(20):
        broken = fault if minute >= 8 else "none"
        if minute == 8 and fault in ("throttling", "refusal"):
            rate = 0.2 if fault == "throttling" else 1.0
            world.fault("cloudwatch", "PutMetricData", error=fault, rate=rate)
        datum = {
            "MetricName": "Orders",
            "Value": 5,
            "Unit": "Bytes" if broken == "wrong unit" else "Count",
            "Timestamp": world.now - timedelta(hours=1 if broken == "late" else 0),
            "Dimensions": [{"Name": "Till", "Value": "2" if broken == "wrong dimension" else "1"}],
        }
        try:
            if broken != "stopped":
                till.put_metric_data(Namespace="Shop", MetricData=[datum])
        except ClientError:
            raised = True
        world.advance(minutes=1)
    return raised


# -- what is checked: each on its own world ------------------------------------------------------------------------


def check_every_ten_seconds(answer: dict[str, Any]) -> Outcome:
    """Send the datum each second for a minute, then ask by ten seconds."""
    from cwlab import Lab

    world = Lab()
    for _ in range(60):
        _send(world, "Shop", [answer])
        world.advance(seconds=1)
    points = read(world, "Shop", "Requests", "SampleCount", 10)
    counts = ", ".join(f"{count:g}" for _, count in points) or "none"
    return Outcome.compare(
        f"samples in each datapoint: {counts}", f"samples in each datapoint: {', '.join(['10'] * 6)}"
    )


def check_one_and_all(answer: list[dict[str, Any]]) -> Outcome:
    """Send the data, then ask for the instance alone and for the group alone."""
    from cwlab import Lab

    world = Lab()
    _send(world, "Shop/Hosts", answer)
    world.advance(minutes=1)

    def asked(**dimensions: str) -> str:
        got = read(world, "Shop/Hosts", "Memory", "Average", dimensions=dimensions)
        return f"{got[0][1]:g} %" if got else "nothing"

    seen = f"instance alone: {asked(InstanceId='web-1')}, group alone: {asked(AutoScalingGroupName='web')}"
    return Outcome.compare(seen, "instance alone: 61 %, group alone: 61 %")


def check_old_incident(answer: dict[str, Any]) -> Outcome:
    """Ask for two hours of the shop's evening when they are twenty days old."""
    from cwlab import Lab, shop

    world = Lab()
    shop.load_day(world, "orders")
    world.advance(until="2026-03-21T19:00:00Z")
    evening = ("2026-03-01T19:00:00Z", "2026-03-01T21:00:00Z")
    period = answer["Period"]
    points = read(world, "Shop", "Orders", answer["Statistic"], period, window=evening)
    total = sum(value for _, value in points)
    seen = f"{len(points)} datapoints at Period={period}, {total:,.0f} orders in all"
    sums = read(world, "Shop", "Orders", "Sum", 3600, window=evening)
    wanted = f"24 datapoints at Period=300, {sum(value for _, value in sums):,.0f} orders in all"
    return Outcome.compare(seen, wanted)


CROWDED = ("2026-03-01T18:00:00Z", "2026-03-01T22:00:00Z")


def check_telling_statistic(answer: str) -> Outcome:
    """Whether a statistic of five minutes at least doubles all through the incident, and at no other time."""
    from cwlab import Lab, shop

    world = Lab()
    shop.load_day(world, "latency")
    points = read(world, "Shop", "Latency", answer, 300, window=CROWDED)
    slow = [value for at, value in points if "19:40" <= at.strftime("%H:%M") < "20:05"]
    rest = [value for at, value in points if not "19:40" <= at.strftime("%H:%M") < "20:05"]
    usual = sorted(rest)[len(rest) // 2]
    rings = sum(value >= 2 * usual for value in slow)
    false = sum(value >= 2 * usual for value in rest)
    seen = f"{answer}: doubled in {rings} of {len(slow)} periods of the incident, and in {false} others"
    if rings == len(slow) and not false:
        return Outcome.right(seen)
    return Outcome.not_yet(seen, f"doubled in {len(slow)} of {len(slow)}, and in 0 others")


def check_silence_stays_silent(answer: str) -> Outcome:
    """The error rate in percent, where both counters were heard and nowhere else."""
    from cwlab import Lab

    world = Lab()
    count_errors(world)

    def told(values: Iterable[float]) -> str:
        shown = [f"{value:g}" for value in values]
        return f"{len(shown)} datapoints: {', '.join(shown)} percent"

    heard = [(e, r) for r, e in MINUTES if e is not None and r]
    return Outcome.compare(told(rates(world, answer)), told(e / r * 100 for e, r in heard))


# -- the record ----------------------------------------------------------------------------------------------------

USER_GUIDE = "CloudWatch User Guide"

_OPENING = Choice(
    id="metrics.opening",
    asks="It is 09:00, and the chart above shows the last ten minutes second by second. You have lunch. At 13:00 you "
    "run the same query again: the same ten minutes, `Period=1`. What comes back?",
    options={
        "A": "the same chart",
        "B": "the same ten minutes, one datapoint a minute",
        "C": "an empty answer, and no error",
        "D": "an error: the data are too old for this period",
    },
    truth=burst_after_four_hours,
    why="Datapoints of one second are kept for three hours; then only minutes are left, and a query for seconds is "
    "answered with nothing. It is easy to expect a fallback or an error, since most stores have one or the other.",
    about="ageing",
    source=f"{USER_GUIDE}, Metrics retention",
    points=("M19",),
)

_PREDICTIONS = (
    Choice(
        id="metrics.m1",
        asks="Two instances send CPUUtilization, 20 and 60 percent. Each datapoint carries two dimensions: InstanceId and "
        "AutoScalingGroupName=web. You ask for AutoScalingGroupName=web alone. What comes back?",
        options={
            "A": "the average of both, 40 percent",
            "B": "two series, one an instance",
            "C": "an empty answer",
            "D": "an error: a dimension is missing",
        },
        truth=group_alone,
        why="A metric is its namespace, its name and the whole set of its dimensions; nobody ever sent a metric whose only "
        "dimension is the group. Databases filter by the columns you give, so a partial match feels natural.",
        about="dimensions",
        source=f"{USER_GUIDE}, Dimensions",
        points=("M11", "M12", "M13", "M14"),
    ),
    Number(
        id="metrics.m2",
        asks="You start an Auto Scaling group of two instances with detailed monitoring, install nothing, and wait half an "
        "hour. How many separate CPUUtilization metrics does AWS/EC2 hold?",
        unit="metrics",
        low=0,
        high=20,
        truth=native_metrics,
        why="One for each InstanceId, and one each for the group, the image, the instance type and all instances together. "
        "EC2 sends them itself, with dimensions it chose. Who thinks of metrics as a table with filters expects one or two.",
        about="native metrics",
        source="EC2 User Guide, CloudWatch metrics that are available for your instances",
        points=("M03", "M14", "M15", "M16"),
    ),
    Number(
        id="metrics.m3",
        asks="Three machines run the CloudWatch agent, which measures their memory, and all have a role that may send. web-1 has a "
        "public address, in a subnet with a route to an internet gateway. db-1 stands in a private subnet of another VPC. till-7 "
        "stands in the shop, at a telephone line. Of how many does CloudWatch know the memory ten minutes later?",
        unit="machines",
        low=0,
        high=3,
        within=0,
        truth=machines_heard,
        why="CloudWatch is a public service: whoever reaches its endpoint and may send is heard, in AWS or not. From a private "
        "subnet nothing reaches it, AWS or not, until there is a NAT gateway or an interface endpoint. Who thinks of CloudWatch as "
        "a part of the VPC expects db-1 and not the shop.",
        about="the way to the endpoint",
        source="CloudWatch User Guide, Using CloudWatch with interface VPC endpoints",
        points=("M02", "M04", "M05", "M06", "M08", "M09"),
    ),
    Choice(
        id="metrics.m4",
        asks="A metric of standard resolution gets one value a minute for ten minutes. You ask with `Period=30`. "
        "How many datapoints come back?",
        options={
            "A": "20, each minute in two halves",
            "B": "10, one a minute",
            "C": "none",
            "D": "an error: 30 is not allowed",
        },
        truth=half_minutes,
        why="The minute is all that was stored, so the minute is all there is: a datapoint stands for its whole resolution. "
        "30 is an allowed period, but a finer period cannot bring back detail that was never kept.",
        about="resolution",
        source=f"{USER_GUIDE}, Resolution",
        points=("M17", "M18"),
    ),
    Number(
        id="metrics.m5",
        asks="An hour of one-second data is now 16 days old. What is the smallest period, in seconds, that still answers?",
        unit="seconds",
        low=1,
        high=3600,
        truth=finest_after_sixteen_days,
        why="After 15 days the minutes are gone and datapoints of 300 s are left; sums, counts, minima and maxima went with "
        "them, whole. Many remember the 15 days and take them for the end of the data.",
        about="ageing",
        source=f"{USER_GUIDE}, Metrics retention",
        points=("M19", "M20"),
    ),
    Choice(
        id="metrics.m6",
        asks="1,000 requests take 45 to 55 ms. Then 20 of them hang for 10 s instead. Which statistics change by a tenth or more?",
        options={
            "A": "Average only",
            "B": "Average and p99",
            "C": "Average, p95 and p99",
            "D": "Average, p50, p95 and p99",
        },
        truth=what_moves,
        why="20 of 1,000 are the slowest 2 %: p99 stands inside them, p95 does not. The Average belongs to nobody: it moves "
        "far above what 980 customers saw and far below what 20 saw.",
        about="percentiles",
        source=f"{USER_GUIDE}, CloudWatch statistics definitions",
        points=("M21", "M22"),
    ),
    Number(
        id="metrics.m7",
        asks="In ten minutes the counter of Errors sends nothing for two minutes, that of Requests for another one, and once "
        "both count 0. You ask for `errors / requests * 100` by the minute. How many datapoints come back?",
        unit="datapoints",
        low=0,
        high=10,
        truth=error_rates,
        why="Where Errors is missing it counts as 0, so silence looks like a perfect minute; only the two minutes without "
        "anything to divide by are left out. It would be sensible to answer nothing wherever an operand is missing.",
        about="missing operands",
        source=f"{USER_GUIDE}, Using math expressions with CloudWatch metrics",
        points=("M10", "M21"),
    ),
    Choice(
        id="metrics.m8",
        asks="Two of the four machines left ten minutes ago; the other two run at 40 and 80 percent. Which of the three "
        "ways say 60 percent for the last minute?",
        options={
            "A": "all three",
            "B": "SEARCH and Metrics Insights",
            "C": "Metrics Insights only",
            "D": "none of them",
        },
        truth=ways_that_still_tell,
        why="By hand and by SEARCH, AVG is over series: those that are missing count as 0 and are still divided by. Metrics "
        "Insights is over the values that were sent. SEARCH is up to date, so one expects it to know who left.",
        about="missing operands",
        source=f"{USER_GUIDE}, Using math expressions; CloudWatch Metrics Insights query components",
        points=("M11", "M14", "M21"),
    ),
    Number(
        id="metrics.m9",
        asks="A till sends five orders a minute. After eight minutes one of six things happens: it stops, its clock is an "
        "hour late, it sends a wrong unit, a wrong dimension, a fifth of its calls is throttled, or all are refused. "
        "For how many of the six does the till itself see an error?",
        unit="faults",
        low=0,
        high=6,
        truth=faults_that_raise,
        why="Only a refusal reaches the caller: throttled calls are retried by boto3 until they pass, and to CloudWatch the "
        "other four are perfectly good calls, or none at all. That is why missing data must be watched for.",
        about="silent failures",
        source="boto3 documentation, Retries; CloudWatch API Reference, PutMetricData",
        points=("M10", "M13"),
    ),
)

_EXERCISES = (
    Exercise(
        id="metrics.e1",
        asks="This datum will be sent once a second. Complete it so that a query with `Period=10` shows six datapoints a minute.",
        starter='answer = {"MetricName": "Requests", "Value": 3, "StorageResolution": ...}\nlab.check("e1", answer)',
        solution='answer = {"MetricName": "Requests", "Value": 3, "StorageResolution": 1}',
        why="High resolution, 1 s, is the only one finer than a minute; periods of 1, 5, 10, 20 and 30 s read from it.",
        another_way="For a burst you could send one datum a minute with `Values` and `Counts`: fewer calls, but no seconds.",
        hints=(
            "How fine a metric is stored is decided when it is sent.",
            "StorageResolution takes two values. Which is finer than ten seconds?",
            "`1` is high resolution.",
        ),
        mistakes={
            "standard resolution": (
                {"MetricName": "Requests", "Value": 3, "StorageResolution": 60},
                "60 is standard resolution: the seconds of a minute are merged on arrival, before anyone asks.",
            ),
            "the period as resolution": (
                {"MetricName": "Requests", "Value": 3, "StorageResolution": 10},
                "Resolution is how data are stored, 1 or 60; the period is how they are asked for.",
            ),
        },
        check=check_every_ten_seconds,
        points=("M17", "M18"),
    ),
    Exercise(
        id="metrics.e2",
        asks="web-1 measures 61 % memory. Send it so that both questions are answered: InstanceId=web-1 alone, and "
        "AutoScalingGroupName=web alone.",
        starter="""memory = {"MetricName": "Memory", "Value": 61, "Unit": "Percent"}
one, group = {"Name": "InstanceId", "Value": "web-1"}, {"Name": "AutoScalingGroupName", "Value": "web"}
answer = [{**memory, "Dimensions": ...}]
lab.check("e2", answer)""",
        solution="""memory = {"MetricName": "Memory", "Value": 61, "Unit": "Percent"}
one, group = {"Name": "InstanceId", "Value": "web-1"}, {"Name": "AutoScalingGroupName", "Value": "web"}
answer = [{**memory, "Dimensions": [one]}, {**memory, "Dimensions": [group]}]""",
        why="Two questions, two metrics, so two datums. The group's metric gets a datum from every member, and its Average "
        "is the group's average. EC2 does exactly this for its own metrics.",
        another_way="Send only the instances and combine them when you ask, with metric math or SEARCH.",
        hints=(
            "How many different metrics do the two questions name?",
            "Each needs a datum with exactly that one dimension. The list may hold several.",
            "One datum has `[one]`, the other has `[group]`.",
        ),
        mistakes={
            "both in one datum": (
                [
                    {
                        "MetricName": "Memory",
                        "Value": 61,
                        "Unit": "Percent",
                        "Dimensions": dimension_list({"InstanceId": "web-1", "AutoScalingGroupName": "web"}),
                    }
                ],
                "That is one metric with two dimensions; neither question names both, so neither finds it.",
            ),
            "the instance only": (
                [
                    {
                        "MetricName": "Memory",
                        "Value": 61,
                        "Unit": "Percent",
                        "Dimensions": dimension_list({"InstanceId": "web-1"}),
                    }
                ],
                "The instance answers. Nothing is rolled up into the group for you: add a datum for it.",
            ),
            "the group only": (
                [
                    {
                        "MetricName": "Memory",
                        "Value": 61,
                        "Unit": "Percent",
                        "Dimensions": dimension_list({"AutoScalingGroupName": "web"}),
                    }
                ],
                "The group answers. Add a datum for the instance.",
            ),
        },
        check=check_one_and_all,
        points=("M13", "M15"),
    ),
    Exercise(
        id="metrics.e3",
        asks="Twenty days later you want the shop's orders of that evening, 19:00 to 21:00, in as much detail as is left, "
        "and they must add up to the number sold.",
        starter='answer = {"Period": ..., "Statistic": ...}\nlab.check("e3", answer)',
        solution='answer = {"Period": 300, "Statistic": "Sum"}',
        why="Between 15 and 63 days the finest datapoints are of 300 s. Sum is kept whole when minutes merge, so 24 "
        "datapoints still add up to every order.",
        another_way="SampleCount times Average gives the same total, since both are kept too.",
        hints=(
            "Which tier still holds data that are 20 days old?",
            "Take its period, and the statistic that adds up.",
            "300 seconds, and `Sum`.",
        ),
        mistakes={
            "too fine": (
                {"Period": 60, "Statistic": "Sum"},
                "Minutes are kept for 15 days. The answer is empty, and CloudWatch does not say why.",
            ),
            "too coarse": (
                {"Period": 3600, "Statistic": "Sum"},
                "It answers, but finer detail is still there: hours are all that is left only after 63 days.",
            ),
            "an average": (
                {"Period": 300, "Statistic": "Average"},
                "The period is right. An Average of 300 s is the mean minute, so it does not add up to the orders.",
            ),
        },
        check=check_old_incident,
        points=("M19", "M20", "M21"),
    ),
    Exercise(
        id="metrics.e4",
        asks="That evening from 19:40 to 20:05 the database made three of ten requests wait. Name one statistic of Latency "
        "that, by five minutes from 18:00 to 22:00, at least doubles all through the incident and at no other time. "
        "Beware: one request in six hundred times out after ten seconds, all day long.",
        starter='answer = ...   # a statistic, as text\nlab.check("e4", answer)',
        solution='answer = "p95"',
        why="Three of ten lie far above p50 and well below p95; the rare time-outs lie beyond p99 and never reach p95.",
        another_way='"p90" does as well. A trimmed mean such as "TM(:95%)" comes close: it grows, but less than twofold at first.',
        hints=(
            "Try a few in the explore panel above, from 18:00 to 22:00.",
            "Which statistics do single time-outs move? Which miss three requests of ten?",
            "A percentile above 70 and well below 99.",
        ),
        mistakes={
            "the Average": (
                "Average",
                "One time-out of ten seconds moves the mean of five minutes as much as the incident does.",
            ),
            "the Maximum": (
                "Maximum",
                "The Maximum is the one slowest request: it shows every time-out and hides how many were slow.",
            ),
            "the median": (
                "p50",
                "Seven of ten requests were quick, so the request in the middle was, too.",
            ),
            "too far out": (
                "p99",
                "Five minutes hold some 140 samples, so p99 is nearly the slowest of them: any time-out shows.",
            ),
            "a count": (
                "SampleCount",
                "That says how many requests there were, not how long they took.",
            ),
        },
        check=check_telling_statistic,
        points=("M21", "M22"),
    ),
    Exercise(
        id="metrics.e5",
        asks="Back to the two counters. Write an expression over `errors` and `requests` that gives the error rate in percent, "
        "and no datapoint at all where a counter was silent. A minute of 0 errors must still say 0.",
        starter='answer = ...   # an expression, as text\nlab.check("e5", answer)',
        solution='answer = "IF(errors >= 0 AND requests > 0, errors / requests * 100)"',
        why="Minute by minute, IF gives nothing where its condition is false. Where a counter was silent its comparison is "
        "missing, counts as 0 and makes the AND false; 0 errors among 50 requests pass both.",
        another_way="`errors / (requests * (errors >= 0)) * 100` divides by 0 wherever a counter was silent.",
        hints=(
            "Which function decides minute by minute whether there is a result?",
            "IF needs no third argument. Its condition asks for both: errors has a value, also 0, and there were requests.",
            "Begin with `IF(errors >= 0 AND requests > 0,`.",
        ),
        mistakes={
            "silence as zero": (
                "errors / requests * 100",
                "The two silent minutes say 0, as if nobody had failed: a missing operand counts as 0.",
            ),
            "one counter only": (
                "IF(errors >= 0, errors / requests * 100)",
                "The errors' silence is silence now. But where the condition holds and what IF chooses is missing, it gives 0.",
            ),
            "zero as silence": (
                "IF(errors > 0 AND requests > 0, errors / requests * 100)",
                "0 is not above 0, so the good minute, with no errors among 50, is gone as well.",
            ),
            "a guess": (
                "FILL(errors, REPEAT) / requests * 100",
                "REPEAT invents the errors of two minutes in which nobody counted.",
            ),
            "a fraction": (
                "IF(errors >= 0 AND requests > 0, errors / requests)",
                "The right minutes. Percent is a hundred times as much.",
            ),
            "one number": (
                "SUM(errors) / SUM(requests) * 100",
                "SUM of one series is a single number, a scalar; the result must be a series.",
            ),
        },
        check=check_silence_stays_silent,
        points=("M21",),
    ),
)

_TRAPS = (
    Trap(
        id="metrics.t1",
        asks="PageViews is published with the dimensions Server=prod and City=Frankfurt. Which request returns its data?",
        options={
            "A": Option(
                "Server=prod",
                False,
                "A subset of the dimensions names another metric, to which nobody published.",
            ),
            "B": Option(
                "City=Frankfurt, Server=prod", True, "The whole set; the order of dimensions does not count."
            ),
            "C": Option(
                "no dimensions", False, "No dimensions is a set, too: the empty one, and it is not this one."
            ),
            "D": Option(
                "any of these",
                False,
                "ListMetrics filters by some of the dimensions; getting data takes all of them.",
            ),
        },
        proof="""world = lab.fresh()
cloudwatch = world.client("cloudwatch")
server, city = {"Name": "Server", "Value": "prod"}, {"Name": "City", "Value": "Frankfurt"}
cloudwatch.put_metric_data(Namespace="Site", MetricData=[
    {"MetricName": "PageViews", "Value": 9, "Dimensions": [server, city]}])
world.advance(minutes=1)
ask = {"Namespace": "Site", "MetricName": "PageViews", "StartTime": world.start, "EndTime": world.now}
found = [len(cloudwatch.get_metric_statistics(Dimensions=asked, Period=60, Statistics=["Sum"], **ask)["Datapoints"])
         for asked in ([server], [city, server], [])]
assert found == [0, 1, 0]
found""",
        points=("M13", "M14"),
    ),
    Trap(
        id="metrics.t2",
        asks="CPU utilization of an EC2 instance must be visible every ten seconds. What do you do?",
        options={
            "A": Option(
                "enable detailed monitoring",
                False,
                "Detailed monitoring means one datapoint a minute; no metric of an AWS service is finer by it.",
            ),
            "B": Option(
                "ask with Period=10",
                False,
                "A period cannot be finer than what was stored: one datapoint a minute comes back.",
            ),
            "C": Option(
                "publish a metric of your own with StorageResolution=1",
                True,
                "High resolution is for custom metrics, under a namespace of your own; the agent can send it.",
            ),
            "D": Option(
                "publish to AWS/EC2 with StorageResolution=1",
                False,
                "Namespaces that begin with AWS/ belong to AWS services; the call is refused.",
            ),
        },
        proof="""cloudwatch = lab.fresh("fine").client("cloudwatch")
fine = {"MetricName": "CPUUtilization", "Value": 70, "StorageResolution": 1}
try:
    refused = cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[fine])
except cloudwatch.exceptions.ClientError as error:
    refused = error.response["Error"]["Message"]
cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[fine])
assert "AWS/" in refused and len(cloudwatch.list_metrics()["Metrics"]) == 1
refused""",
        points=("M10", "M17", "M18"),
    ),
    Trap(
        id="metrics.t3",
        asks="Datapoints of one minute are 20 days old. What is true?",
        options={
            "A": Option(
                "They were deleted after 15 days",
                False,
                "The minutes are gone, the data are not: they live on in datapoints of five minutes.",
            ),
            "B": Option(
                "Period=60 now returns datapoints of five minutes",
                False,
                "A period finer than what is kept returns nothing at all.",
            ),
            "C": Option(
                "They answer at Period=300, with the same Sum",
                True,
                "Aggregated, not lost: sums, counts, minima and maxima are whole.",
            ),
            "D": Option(
                "They answer at Period=300, but only as Average",
                False,
                "Every statistic stays, percentiles too: the distribution is aggregated with the rest.",
            ),
        },
        proof="""world = lab.fresh()
cloudwatch = world.client("cloudwatch")
for orders in range(10):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": orders}])
    world.advance(minutes=1)
world.advance(days=20)
ask = {"Namespace": "Shop", "MetricName": "Orders", "Statistics": ["Sum"],
       "StartTime": world.start, "EndTime": "2026-03-02T10:00:00Z"}
found = {period: sorted(point["Sum"] for point in cloudwatch.get_metric_statistics(Period=period, **ask)["Datapoints"])
         for period in (60, 300)}
assert found == {60: [], 300: [10.0, 35.0]}
found""",
        points=("M19", "M20"),
    ),
    Trap(
        id="metrics.t4",
        asks="A dashboard must show, as one level line, what percentage of all requests in its range failed. Which "
        "expression draws it?",
        options={
            "A": Option(
                "SUM(errors) / SUM(requests) * 100",
                False,
                "The right number, but a scalar: an expression must end in a time series, so it is refused.",
            ),
            "B": Option(
                "TIME_SERIES(SUM(errors) / SUM(requests) * 100)",
                True,
                "SUM of one series is a scalar; TIME_SERIES draws it over the whole range.",
            ),
            "C": Option(
                "TIME_SERIES(AVG(errors / requests * 100))",
                False,
                "The mean of the minutes' rates: a minute of 10 requests weighs as much as one of 1,000.",
            ),
            "D": Option(
                "AVG([errors, requests])",
                False,
                "AVG of an array is a series, but the mean of two counts is no rate.",
            ),
        },
        proof="""world = lab.fresh()
cloudwatch = world.client("cloudwatch")
for errors, requests in ((1, 10), (10, 1000)):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {"MetricName": "Errors", "Value": errors}, {"MetricName": "Requests", "Value": requests}])
    world.advance(minutes=1)
counters = [{"Id": name.lower(), "ReturnData": False, "MetricStat": {
    "Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}} for name in ("Errors", "Requests")]

def ask(expression):
    return cloudwatch.get_metric_data(
        MetricDataQueries=[*counters, {"Id": "e1", "Expression": expression}],
        StartTime=world.start, EndTime=world.now)["MetricDataResults"][0]["Values"]

try:
    refused = ask("SUM(errors) / SUM(requests) * 100")
except cloudwatch.exceptions.ClientError as error:
    refused = error.response["Error"]["Message"]
assert "must be a time series" in refused
found = [round(ask(expression)[0], 2) for expression in (
    "TIME_SERIES(SUM(errors) / SUM(requests) * 100)", "TIME_SERIES(AVG(errors / requests * 100))")]
assert found == [1.09, 5.5]
found""",
        points=("M21",),
    ),
    Trap(
        id="metrics.t5",
        asks="Three colleagues look at one metric: in the console, with the AWS command line, with boto3. Who sees most of it?",
        options={
            "A": Option(
                "the console: it has the graphs", False, "It draws what the API answers, and no more."
            ),
            "B": Option("boto3: it is the API itself", False, "The other two make the same calls."),
            "C": Option("the command line", False, "It prints the API's answer as JSON."),
            "D": Option(
                "all the same",
                True,
                "Console, command line and SDKs are views of one API, with one set of permissions.",
            ),
        },
        proof="""from cwlab import console

world = lab.fresh()
world.cli("aws cloudwatch put-metric-data --namespace Shop --metric-data MetricName=Orders,Value=5")
world.advance(minutes=1)
span = {"StartTime": "2026-03-02T09:00:00Z", "EndTime": "2026-03-02T09:01:00Z"}
by_api = world.client("cloudwatch").get_metric_statistics(
    Namespace="Shop", MetricName="Orders", Period=60, Statistics=["Sum"], **span)["Datapoints"]
by_line = world.cli(
    "aws cloudwatch get-metric-statistics --namespace Shop --metric-name Orders --period 60 --statistics Sum "
    f"--start-time {span['StartTime']} --end-time {span['EndTime']} --query Datapoints[0].Sum")
drawn = console.metric(world, "Shop", "Orders", statistic="Sum", period=60, hours=1).table
assert by_api[0]["Sum"] == float(by_line) == drawn.iloc[0, -1] == 5
by_line""",
        points=("M07",),
    ),
)

TOPIC = Topic(
    name="metrics",
    notebook="01-metrics",
    title="Metrics",
    why="Most surprises with CloudWatch come from five rules: what names a metric, how fine it is stored, how long, "
    "which statistic you ask for, and that a bad question is answered with silence.",
    minutes=75,
    builds_on=("start",),
    next="alarms",
    abilities=(
        "name a metric so exactly that CloudWatch finds it",
        "choose resolution and period so that a question is answered at any age",
        "pick the statistic, and the expression, that tells what your customers saw",
    ),
    points=(
        *("M02", "M03", "M04", "M05", "M06", "M07", "M08", "M09", "M10", "M11", "M12", "M13", "M14", "M15"),
        *("M16", "M17", "M18", "M19", "M20", "M21", "M22"),
    ),
    opening=_OPENING,
    predictions=_PREDICTIONS,
    exercises=_EXERCISES,
    traps=_TRAPS,
    glossary={
        "namespace": "the container a metric lives in; names that begin with AWS/ belong to AWS services",
        "datapoint": "a timestamp, a value and an optional unit: the thing that is sent",
        "metric": "the time-ordered set of datapoints with one namespace, one name and one set of dimensions",
        "dimension": "a name and a value given with a datapoint; the whole set is part of the metric's identity",
        "flat": "metrics have no hierarchy: nothing is rolled up from one to another by itself",
        "native metric": "one that an AWS service publishes by itself, without an agent",
        "agent": "a program on a machine that measures it from inside and calls CloudWatch",
        "endpoint": "the public address of a service, such as monitoring.us-east-1.amazonaws.com",
        "interface endpoint": "a private address inside a VPC that leads to a service",
        "resolution": "how finely a metric is stored: 60 s (standard) or 1 s (high)",
        "period": "how many seconds each datapoint of an answer stands for",
        "retention": "how long data of one granularity can be read: 3 h, 15, 63 or 455 days",
        "statistic": "what becomes of all values of a period: Sum, Average, Minimum, Maximum, SampleCount",
        "percentile": "the value that so many percent of the samples do not exceed: p95 leaves out the slowest 5 %",
        "trimmed mean": "the mean of what is left when the outliers are cut off",
        "expression": "a query of GetMetricData that is computed from others, which it calls by their Id",
        "metric math": "the language of expressions: operators, functions, series and scalars",
        "SEARCH": "a function of metric math that finds metrics by namespace, dimensions and words when it runs",
        "Metrics Insights": "SQL over metrics: SELECT, FROM SCHEMA, WHERE, GROUP BY, ORDER BY, LIMIT",
    },
    recap=(
        "A metric is its namespace, its name and the whole set of its dimensions; ask with less and you get nothing.",
        "AWS services send metrics of their own accord, under AWS/ names; what is inside a machine, or not AWS's, needs the agent or a call, and a way to the endpoint.",
        "Resolution is decided when you send; seconds last 3 hours, minutes 15 days, five minutes 63 days, hours 455 days.",
        "Average describes nobody; p50 is the usual customer, p95 the usual bad case, Maximum the one outlier.",
        "In metric math a missing operand counts as 0, and what is divided by 0 is left out: ask who was silent.",
    ),
    on_aws={
        "Limits": "1,000 metrics and 1 MB a PutMetricData call, 500 calls a second; 1,440 datapoints a GetMetricStatistics call. 500 queries a GetMetricData call, one of them in SQL; 2,048 characters an expression.",
        "Price": "About 0.30 USD a custom metric and month, each set of dimensions counts; 0.01 USD for 1,000 calls. Basic metrics of AWS services are free, detailed monitoring is not.",
        "Permissions": "cloudwatch:PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics; metrics have no ARN, so the resource is `*`, and the condition key cloudwatch:namespace narrows sending.",
        "Clean-up": "A metric cannot be deleted. It is no longer listed two weeks after its last datapoint, and costs nothing in hours without data.",
    },
    aws_code="""
import boto3
from datetime import datetime, timedelta, timezone

cloudwatch = boto3.client("cloudwatch")
autoscaling, ec2 = boto3.client("autoscaling"), boto3.client("ec2")

cloudwatch.put_metric_data(Namespace="Shop/Hosts", MetricData=[
    {"MetricName": "CPUUtilization", "Value": 20, "Unit": "Percent",
     "Dimensions": [{"Name": "InstanceId", "Value": "web-1"}]}])

latest = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ec2.create_launch_template(LaunchTemplateName="cwlab-web", LaunchTemplateData={
    "ImageId": latest, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}})
# two instances: they cost money until you delete the group
autoscaling.create_auto_scaling_group(
    AutoScalingGroupName="cwlab-web", MinSize=2, MaxSize=2,
    LaunchTemplate={"LaunchTemplateName": "cwlab-web"},
    AvailabilityZones=[ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]])

# ten minutes later
now = datetime.now(timezone.utc)
print(cloudwatch.get_metric_statistics(
    Namespace="AWS/EC2", MetricName="CPUUtilization",
    Dimensions=[{"Name": "AutoScalingGroupName", "Value": "cwlab-web"}],
    StartTime=now - timedelta(minutes=15), EndTime=now,
    Period=60, Statistics=["Average"])["Datapoints"])

# an expression beside the metrics it is made of
def counter(name):
    return {"Id": name.lower(), "ReturnData": False, "MetricStat": {
        "Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}}

rate = {"Id": "e1", "Expression": "errors / requests * 100", "Label": "error rate in percent"}
print(cloudwatch.get_metric_data(
    MetricDataQueries=[counter("Errors"), counter("Requests"), rate],
    StartTime=now - timedelta(minutes=15), EndTime=now)["MetricDataResults"])

# clean-up: the group first, then its template; the metrics fade by themselves
autoscaling.delete_auto_scaling_group(AutoScalingGroupName="cwlab-web", ForceDelete=True)
ec2.delete_launch_template(LaunchTemplateName="cwlab-web")
""",
)
