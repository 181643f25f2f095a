"""The shop's machines, seen through the API."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import BadInput
from cwlab.shop import build
from cwlab.shop.machines import SEED, cpu_percent
from cwlab.shop.requests import traffic


@pytest.fixture(scope="module")
def built():
    lab = Lab()
    return lab, build(lab)


def cpu(lab, dimensions, start, end, stat="Average", period=60):
    query = {
        "Id": "m",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/EC2",
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": period,
            "Stat": stat,
        },
    }
    answer = lab.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=start, EndTime=end, ScanBy="TimestampAscending"
    )
    return answer["MetricDataResults"][0]["Values"]


def test_two_machines_of_one_group_have_names_of_their_own(built):
    lab, shop = built
    assert list(shop.instances) == ["web-1", "web-2"]
    for name, instance in shop.instances.items():
        assert lab.host(name).id == instance
    (group,) = lab.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["AutoScalingGroupName"] == shop.group
    assert {each["InstanceId"] for each in group["Instances"]} == set(shop.instances.values())


def test_they_run_with_detailed_monitoring_and_the_agents_role(built):
    lab, shop = built
    answer = lab.client("ec2").describe_instances(InstanceIds=list(shop.instances.values()))
    instances = [each for reservation in answer["Reservations"] for each in reservation["Instances"]]
    for each in instances:
        assert each["State"]["Name"] == "running" and each["InstanceType"] == "t3.micro"
        assert each["Monitoring"]["State"] == "enabled"
    assert all(lab.host(name).role == shop.role for name in shop.instances)


def test_a_machine_may_publish_metrics(built):
    lab, _ = built
    lab.fork().host("web-1").client("cloudwatch").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}]
    )


@pytest.mark.syllabus("M15")
def test_each_machine_is_busy_with_its_share_and_the_group_with_both(built):
    lab = built[0].fork()
    shop, start = built[1], lab.now
    lab.advance(hours=24)
    end = lab.now - timedelta(minutes=1)
    requests = traffic(SEED, start.replace(second=0, microsecond=0)).requests
    one, two = (cpu(lab, {"InstanceId": shop.instances[n]}, start, end) for n in ("web-1", "web-2"))
    both = cpu(lab, {"AutoScalingGroupName": shop.group}, start, end)
    wanted = cpu_percent(requests)
    assert len(one) == len(two) == len(both) >= 24 * 60 - 2
    assert all(abs(got - want) < 0.05 * want + 0.5 for got, want in list(zip(one, wanted, strict=False))[1:])
    assert sum(one) > 1.2 * sum(two)
    assert both[100] == pytest.approx((one[100] + two[100]) / 2)


def test_a_busy_evening_shows(built):
    lab = built[0].fork()
    lab.advance(hours=24)
    group = {"AutoScalingGroupName": built[1].group}
    (night,) = cpu(lab, group, "2026-03-03T02:00:00Z", "2026-03-03T05:00:00Z", period=10_800)
    (evening,) = cpu(lab, group, "2026-03-02T18:00:00Z", "2026-03-02T21:00:00Z", period=10_800)
    assert evening > 4 * night


def test_the_shop_holds_no_privilege(built):
    """All it did is in the journal, as calls of the lab's own administrator and loads of hosts."""
    lab, _ = built
    outside = [entry for entry in lab.journal if entry.depth == 0]
    assert {entry.kind for entry in outside} <= {"call", "verb", "advance", "wait"}
    assert {entry.operation for entry in outside if entry.kind == "verb"} == {"load"}
    assert all(entry.error is None for entry in outside)


def test_the_same_lab_gives_the_same_shop(built):
    assert build(Lab()) == built[1] and repr(built[1]).startswith(
        "Shop: Auto Scaling group shop-web with web-1 (i-"
    )
    assert build(Lab(seed=8)).instances != built[1].instances


def test_it_is_built_once(built):
    lab = built[0].fork()
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        build(lab)


@pytest.mark.parametrize("days", [0, -1, 367, 1.5, True])
def test_days_must_be_a_number_of_days(days):
    with pytest.raises(BadInput, match="is not a number of days"):
        build(Lab(), days=days)
