"""Alarms on metrics that services compute when read: looking ahead finds what evaluating at every tick finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cwlab import Lab
from tests.services.cloudwatch.alarms.two_ways import both, story

AMI = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
STOP = "arn:aws:automate:us-east-1:ec2:stop"


def launch(lab: Lab, n: int = 1, **more: Any) -> list[str]:
    request = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": n, "MaxCount": n}
    made = lab.client("ec2").run_instances(**request | more)["Instances"]
    return [each["InstanceId"] for each in made]


def watch(lab: Lab, name: str, metric: str, dimensions: dict[str, str], **more: Any) -> None:
    lab.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        **{
            "Namespace": "AWS/EC2",
            "MetricName": metric,
            "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
            "Threshold": 40.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 2,
            "Period": 300,
        }
        | ({} if "ExtendedStatistic" in more else {"Statistic": "Average"})
        | more,
    )


statistic = st.one_of(
    st.sampled_from(["Average", "Sum", "Maximum", "SampleCount"]).map(lambda s: {"Statistic": s}),
    st.sampled_from(["p50", "p90", "tm80"]).map(lambda s: {"ExtendedStatistic": s}),
)
configuration = st.tuples(
    statistic,
    st.fixed_dictionaries(
        {
            "MetricName": st.sampled_from(
                ["CPUUtilization", "NetworkPacketsIn", "CPUCreditBalance", "StatusCheckFailed"]
            ),
            "EvaluationPeriods": st.integers(1, 4),
            "Period": st.sampled_from([60, 120, 300, 600, 900, 3600]),
            "Threshold": st.sampled_from([0.5, 1.7, 40.0, 300.0]),
            "ComparisonOperator": st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]),
        },
        optional={
            "TreatMissingData": st.sampled_from(["ignore", "breaching", "notBreaching"]),
            "DatapointsToAlarm": st.just(1),
            "Unit": st.sampled_from(["Percent", "Bytes"]),
            "AlarmActions": st.just([STOP]),
        },
    ),
).map(lambda both: {**both[0], **both[1]})
step = st.one_of(
    st.tuples(st.just("load"), st.sampled_from([1, 50, 100]), st.sampled_from([0, 600]), st.integers(2, 90)),
    st.tuples(st.just("unload")),
    st.tuples(st.sampled_from(["stop", "start", "terminate"])),
    st.tuples(st.just("monitor"), st.booleans()),
    st.tuples(st.just("impair"), st.integers(1, 30)),
    st.tuples(st.just("advance"), st.integers(1, 900)),
    st.tuples(st.just("advance"), st.integers(900, 5000)),
    st.tuples(st.just("alarm"), configuration),
    st.tuples(st.just("set"), st.sampled_from(["OK", "ALARM"])),
    st.tuples(st.just("rewind"), st.integers(10, 4000)),
    st.tuples(st.just("fork")),
)


def play(lab: Lab, instance: str, steps: list[Any]) -> Lab:
    """Do these things, one after another; what an instance's state does not allow is not done, in either lab."""
    begin = lab.now
    for kind, *given_ in steps:
        ec2 = lab.client("ec2")
        (seen,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"] or [None]
        state = "terminated" if seen is None else seen["Instances"][0]["State"]["Name"]
        if kind == "load":
            cpu, later_s, minutes = given_
            start_ms = int(lab.now.timestamp() + later_s) * 1000
            lab.act("ec2", "load", instance_id=instance, minutes=minutes, start_ms=start_ms, cpu=cpu)
        elif kind == "unload":
            lab.act("ec2", "unload", instance_id=instance)
        elif kind == "stop" and state == "running":
            ec2.stop_instances(InstanceIds=[instance])
        elif kind == "start" and state == "stopped":
            ec2.start_instances(InstanceIds=[instance])
        elif kind == "terminate" and state in ("running", "stopped"):
            ec2.terminate_instances(InstanceIds=[instance])
        elif kind == "monitor" and state in ("running", "stopped"):
            (ec2.monitor_instances if given_[0] else ec2.unmonitor_instances)(InstanceIds=[instance])
        elif kind == "impair":
            lab.act("ec2", "impair", instance_id=instance, check="instance", minutes=given_[0])
        elif kind == "advance":
            lab.advance(seconds=given_[0])
        elif kind == "alarm":
            watch(lab, "a", given_[0].pop("MetricName"), {"InstanceId": instance}, **given_[0])
        elif kind == "set":
            lab.client("cloudwatch").set_alarm_state(
                AlarmName="b", StateValue=given_[0], StateReason="by hand"
            )
        elif kind == "rewind":
            lab.rewind(to=max(begin, lab.now - timedelta(seconds=given_[0])))
        elif kind == "fork":
            lab = lab.fork()
    lab.advance(hours=1)
    return lab


@given(configuration, configuration, st.booleans(), st.lists(step, min_size=1, max_size=8))
@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
def test_what_instances_do_is_foreseen(first, second, detailed, steps):
    stories = []
    for lab in both():
        (instance,) = launch(lab, Monitoring={"Enabled": detailed})
        for name, how in (("a", first), ("b", second)):
            how = dict(how)
            watch(lab, name, how.pop("MetricName"), {"InstanceId": instance}, **how)
        lab.advance(minutes=7)
        steps_ = [(k, *(dict(x) if isinstance(x, dict) else x for x in rest)) for k, *rest in steps]
        stories.append(story(play(lab, instance, steps_)))
    assert stories[0] == stories[1]


change = st.one_of(
    st.tuples(st.just("desire"), st.integers(0, 3)),
    st.tuples(st.just("load"), st.sampled_from([5, 60, 100]), st.integers(5, 60)),
    st.tuples(st.just("send"), st.integers(1, 3)),
    st.tuples(st.just("receive")),
    st.tuples(st.just("advance"), st.integers(30, 5000)),
)


@given(st.booleans(), st.sampled_from([60, 300, 900]), st.lists(change, min_size=2, max_size=6))
@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
def test_so_are_groups_and_queues(detailed, period, changes):
    """Members come and go, and policies of alarms make them; a queue fills and is emptied."""
    stories = []
    for lab in both():
        data = {"ImageId": AMI, "InstanceType": "m5.large", "Monitoring": {"Enabled": detailed}}
        lab.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        autoscaling, sqs = lab.client("autoscaling"), lab.client("sqs")
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=1,
            LaunchTemplate={"LaunchTemplateName": "web"},
            AvailabilityZones=["us-east-1a"],
        )
        autoscaling.enable_metrics_collection(AutoScalingGroupName="g", Granularity="1Minute")
        out = autoscaling.put_scaling_policy(
            AutoScalingGroupName="g",
            PolicyName="out",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=1,
        )
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        group = {"AutoScalingGroupName": "g"}
        watch(lab, "cpu", "CPUUtilization", group, Period=period, AlarmActions=[out["PolicyARN"]])
        more = {"Namespace": "AWS/AutoScaling", "Period": period, "Threshold": 1.0}
        watch(lab, "size", "GroupInServiceInstances", group, **more)
        more = {"Namespace": "AWS/SQS", "Period": period, "Threshold": 0.0}
        visible = "ApproximateNumberOfMessagesVisible"
        watch(lab, "waiting", visible, {"QueueName": "q"}, **more, TreatMissingData="notBreaching")
        watch(lab, "old", "ApproximateAgeOfOldestMessage", {"QueueName": "q"}, **{**more, "Threshold": 900.0})
        lab.advance(minutes=6)
        for kind, *given_ in changes:
            if kind == "desire":
                autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=given_[0])
            elif kind == "load":
                (found,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
                for each in found["Instances"]:
                    lab.act("ec2", "load", instance_id=each["InstanceId"], minutes=given_[1], cpu=given_[0])
            elif kind == "send":
                for _ in range(given_[0]):
                    sqs.send_message(QueueUrl=queue, MessageBody="x")
            elif kind == "receive":
                sqs.receive_message(QueueUrl=queue)
            else:
                lab.advance(seconds=given_[0])
        lab.advance(hours=1)
        stories.append(story(lab))
    assert stories[0] == stories[1]


def test_what_one_alarm_does_another_sees():
    """Asleep for hours, an alarm is told when another one stops its instance."""
    stories = []
    for lab in both():
        (instance,) = launch(lab)
        of = {"InstanceId": instance}
        watch(lab, "idle", "CPUUtilization", of, Threshold=5.0, ComparisonOperator="LessThanThreshold")
        watch(lab, "busy", "CPUUtilization", of)
        lab.act("ec2", "load", instance_id=instance, minutes=120, cpu=30)
        watch(lab, "stopper", "CPUUtilization", of, Threshold=5.0, AlarmActions=[STOP],
              ComparisonOperator="LessThanThreshold")  # fmt: skip
        lab.advance(hours=6)
        stories.append(story(lab))
    assert stories[0] == stories[1]
    assert {alarm["StateValue"] for alarm in stories[0][0]} == {"INSUFFICIENT_DATA"}


def test_a_period_shorter_than_the_points_flaps():
    """As AWS warns: a minute's alarm over points of five minutes sees each for one minute, then has insufficient data."""
    lab = Lab()
    (instance,) = launch(lab)
    watch(lab, "cpu", "CPUUtilization", {"InstanceId": instance}, Period=60, EvaluationPeriods=3)
    lab.advance(hours=1)
    lines = [i["HistorySummary"] for i in story(lab)[1] if i["HistoryItemType"] == "StateUpdate"]
    assert len(lines) > 20
    assert all(line.endswith(("to OK", "to INSUFFICIENT_DATA")) for line in lines)
    watch(lab, "cpu", "CPUUtilization", {"InstanceId": instance}, Period=300, EvaluationPeriods=3)
    lab.advance(hours=1)
    lines = [i["HistorySummary"] for i in story(lab)[1] if i["HistoryItemType"] == "StateUpdate"]
    assert len(lines) < 30


def test_interrupted_and_played_again_it_is_the_same(tmp_path):
    """Saved and opened in the middle; a jump that is cut short; the journal replayed."""
    lab = Lab()
    (instance,) = launch(lab)
    watch(lab, "cpu", "CPUUtilization", {"InstanceId": instance}, Period=60)
    lab.act("ec2", "load", instance_id=instance, minutes=90, cpu=70)
    lab.advance(hours=1)
    lab.save(tmp_path / "middle.cwlab")
    other = Lab.open(tmp_path / "middle.cwlab")
    for each in (lab, other):
        each.advance(hours=30)
        each.rewind(to="2026-03-02T12:34:56Z")
        each.client("ec2").stop_instances(InstanceIds=[instance])
        each.advance(hours=2)
    assert story(lab) == story(other)
    again = lab.fork()
    again.rewind(to="2026-03-02T14:00:00Z")
    again.advance(until=lab.now)
    assert story(again) == story(lab)
