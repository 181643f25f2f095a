"""AWS/EC2 as a learner meets it: through CloudWatch, by itself, under the four dimension families."""

from __future__ import annotations

import pytest


@pytest.fixture
def cloudwatch(lab):
    return lab.client("cloudwatch")


def families(cloudwatch, name="CPUUtilization"):
    found = cloudwatch.list_metrics(Namespace="AWS/EC2", MetricName=name)["Metrics"]
    return sorted(tuple((d["Name"], d["Value"]) for d in each["Dimensions"]) for each in found)


def series(lab, cloudwatch, name, dimensions, period=60, stat="Average"):
    query = {
        "Id": "q",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/EC2",
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": period,
            "Stat": stat,
        },
    }
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=lab.start, EndTime=lab.now, ScanBy="TimestampAscending"
    )["MetricDataResults"][0]
    stamps = [round((each - lab.start).total_seconds()) for each in found["Timestamps"]]
    return dict(zip(stamps, found["Values"], strict=True))


@pytest.mark.syllabus("M03", "M10")
def test_an_instance_publishes_by_itself(lab, launch, cloudwatch):
    key = launch(InstanceType="t3.micro")
    lab.advance(until="2026-03-02T09:20:00Z")
    names = {each["MetricName"] for each in cloudwatch.list_metrics(Namespace="AWS/EC2")["Metrics"]}
    assert {"CPUUtilization", "NetworkIn", "EBSReadOps", "CPUCreditBalance", "StatusCheckFailed"} <= names
    cpu = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300)
    assert list(cpu) == [0, 300, 600, 900]
    assert all(0.5 < value < 3 for value in cpu.values())
    assert not [entry for entry in lab.journal if entry.operation == "PutMetricData"]


@pytest.mark.syllabus("M14")
def test_all_instances_share_one_metric_and_dimensions_tell_them_apart(lab, launch, cloudwatch):
    one, two = launch(), launch()
    lab.advance(until="2026-03-02T09:20:00Z")
    assert families(cloudwatch) == sorted([(("InstanceId", one),), (("InstanceId", two),)])
    assert series(lab, cloudwatch, "CPUUtilization", {"InstanceId": one}, 300)
    assert (
        series(lab, cloudwatch, "CPUUtilization", {"InstanceId": one, "InstanceType": "m5.large"}, 300) == {}
    )
    assert series(lab, cloudwatch, "CPUUtilization", {}, 300) == {}


@pytest.mark.syllabus("M15", "M16")
def test_detailed_monitoring_adds_the_families_of_type_image_and_all(lab, launch, cloudwatch):
    one = launch(InstanceType="t3.micro", Monitoring={"Enabled": True})
    two = launch(InstanceType="t3.micro", Monitoring={"Enabled": True})
    basic = launch(InstanceType="t3.micro")
    lab.advance(until="2026-03-02T09:20:00Z")
    kinds = {tuple(name for name, _ in each) for each in families(cloudwatch)}
    assert kinds == {(), ("ImageId",), ("InstanceId",), ("InstanceType",)}
    both = series(lab, cloudwatch, "NetworkIn", {"InstanceType": "t3.micro"}, 300, "Sum")
    parts = [series(lab, cloudwatch, "NetworkIn", {"InstanceId": key}, 300, "Sum") for key in (one, two)]
    assert both == {stamp: parts[0][stamp] + parts[1][stamp] for stamp in parts[0]}
    assert series(lab, cloudwatch, "NetworkIn", {}, 300, "Sum") == both
    alone = series(lab, cloudwatch, "NetworkIn", {"InstanceId": basic}, 300, "Sum")
    assert set(alone) == set(both) and alone != both
    assert len(series(lab, cloudwatch, "CPUUtilization", {"InstanceId": one}, 60)) > 15
    assert len(series(lab, cloudwatch, "CPUUtilization", {"InstanceId": basic}, 60)) == 4


@pytest.mark.syllabus("M15", "M16")
def test_the_instances_of_a_group_are_one_series_too(lab, ec2, image, cloudwatch):
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    lab.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="web-asg",
        MinSize=2,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateName": "web"},
        AvailabilityZones=["us-east-1a", "us-east-1b"],
    )
    lab.advance(until="2026-03-02T09:30:00Z")
    dimensions = families(cloudwatch)
    assert (("AutoScalingGroupName", "web-asg"),) in dimensions and len(dimensions) == 3
    members = [each[0][1] for each in dimensions if each[0][0] == "InstanceId"]
    group = series(lab, cloudwatch, "CPUUtilization", {"AutoScalingGroupName": "web-asg"}, 300)
    parts = [series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300) for key in members]
    for stamp in (300, 600, 900):
        assert group[stamp] == pytest.approx((parts[0][stamp] + parts[1][stamp]) / 2)
    count = series(lab, cloudwatch, "CPUUtilization", {"AutoScalingGroupName": "web-asg"}, 300, "SampleCount")
    assert count[300] == 10


def test_a_busy_host_shows_at_once_in_detail_and_late_in_basic(lab, launch, cloudwatch):
    fine, coarse = launch("fine", Monitoring={"Enabled": True}), launch("coarse")
    lab.advance(until="2026-03-02T09:10:00Z")
    for name in ("fine", "coarse"):
        lab.host(name).load(cpu=80, minutes=10)
    lab.advance(minutes=2)
    seen = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": fine}, 60)
    assert [round(seen[stamp], -1) for stamp in (600, 660)] == [80, 80]
    assert max(series(lab, cloudwatch, "CPUUtilization", {"InstanceId": coarse}, 300).values()) < 5
    lab.advance(minutes=3)
    assert series(lab, cloudwatch, "CPUUtilization", {"InstanceId": coarse}, 300)[600] == pytest.approx(
        80, abs=1
    )


def test_percentiles_come_from_the_samples_within_a_point(lab, launch, cloudwatch):
    key = launch()
    lab.advance(until="2026-03-02T09:10:00Z")
    lab.host(key).load(cpu=90, minutes=1)
    lab.advance(minutes=5)
    high = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300, "p99")[600]
    usual = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300, "p50")[600]
    assert high > 60 and usual < 5


def test_a_terminated_instance_keeps_its_past_and_leaves_the_list_after_two_weeks(
    lab, ec2, launch, cloudwatch
):
    key = launch()
    lab.advance(minutes=20)
    ec2.terminate_instances(InstanceIds=[key])
    lab.advance(days=2)
    past = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300)
    assert past and max(past) < 1500
    assert families(cloudwatch)
    lab.advance(days=13)
    assert families(cloudwatch) == []
    assert series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300)


def test_nobody_else_publishes_to_aws_ec2(cloudwatch, refused):
    data = [{"MetricName": "CPUUtilization", "Value": 1}]
    assert "Namespace" in refused(cloudwatch.put_metric_data, Namespace="AWS/EC2", MetricData=data)[1]


def test_a_save_and_a_fork_read_the_same_metrics(lab, launch, cloudwatch, tmp_path):
    from cwlab import Lab

    key = launch()
    lab.host(key).load(cpu=[10, 50, 90], minutes=30)
    lab.advance(hours=1)
    before = series(lab, cloudwatch, "CPUUtilization", {"InstanceId": key}, 300)
    again = Lab.open(lab.save(tmp_path / "one.cwlab"))
    for other in (lab.fork(), again):
        assert series(other, other.client("cloudwatch"), "CPUUtilization", {"InstanceId": key}, 300) == before
