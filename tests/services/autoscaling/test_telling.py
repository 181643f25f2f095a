"""What a group tells: its metrics, events on EventBridge, messages on SNS; and its processes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cwlab import Lab, NotModelled

GROUP = {"AutoScalingGroupName": "web-asg"}


def group(autoscaling):
    return autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-asg"])["AutoScalingGroups"][0]


def points(lab, metric, minutes=10):
    answer = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/AutoScaling",
        MetricName=metric,
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web-asg"}],
        StartTime=lab.now - timedelta(minutes=minutes),
        EndTime=lab.now,
        Period=60,
        Statistics=["Average"],
    )
    return [each["Average"] for each in sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])]


# Group metrics -------------------------------------------------------------------------------------------------------


def test_group_metrics_are_sent_while_they_are_collected(lab, autoscaling, create):
    create(DesiredCapacity=2)
    lab.advance(minutes=5)
    assert points(lab, "GroupDesiredCapacity") == []
    autoscaling.enable_metrics_collection(**GROUP, Granularity="1Minute")
    lab.advance(minutes=2)
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=3)
    lab.advance(minutes=3)
    assert points(lab, "GroupDesiredCapacity") == [2, 2, 3, 3, 3]
    assert points(lab, "GroupInServiceInstances")[-1] == 3
    assert points(lab, "GroupMaxSize")[-1] == 4 and points(lab, "GroupStandbyInstances")[-1] == 0
    autoscaling.disable_metrics_collection(**GROUP, Metrics=["GroupMaxSize"])
    assert "GroupMaxSize" not in {each["Metric"] for each in group(autoscaling)["EnabledMetrics"]}
    before = len(points(lab, "GroupMaxSize", 60))
    lab.advance(minutes=5)
    assert len(points(lab, "GroupMaxSize", 60)) == before
    assert len(points(lab, "GroupDesiredCapacity", 60)) > before


@pytest.mark.syllabus("M15")
def test_group_metrics_are_listed_and_outlive_the_group(lab, autoscaling, create, tmp_path):
    create()
    autoscaling.enable_metrics_collection(
        **GROUP, Granularity="1Minute", Metrics=["GroupTotalInstances", "GroupMinSize"]
    )
    lab.advance(minutes=5)
    listed = lab.client("cloudwatch").list_metrics(Namespace="AWS/AutoScaling")["Metrics"]
    assert [(each["MetricName"], each["Dimensions"]) for each in listed] == [
        (name, [{"Name": "AutoScalingGroupName", "Value": "web-asg"}])
        for name in ("GroupMinSize", "GroupTotalInstances")
    ]
    autoscaling.delete_auto_scaling_group(**GROUP, ForceDelete=True)
    lab.advance(minutes=10)
    seen = points(lab, "GroupTotalInstances", 60)
    assert seen[-1] == 1 and len(seen) < 10
    again = Lab.open(lab.save(tmp_path / "metrics.cwlab"))
    assert points(again, "GroupTotalInstances", 60) == seen


def test_metrics_that_cannot_be_collected(autoscaling, create, refused):
    create()
    wrong = {**GROUP, "Granularity": "5Minute"}
    assert "only valid value is 1Minute" in refused(autoscaling.enable_metrics_collection, **wrong)[1]
    wrong = {**GROUP, "Granularity": "1Minute", "Metrics": ["GroupMood"]}
    assert "Invalid metric type" in refused(autoscaling.enable_metrics_collection, **wrong)[1]
    with pytest.raises(NotModelled, match="WarmPoolMinSize"):
        autoscaling.enable_metrics_collection(**GROUP, Granularity="1Minute", Metrics=["WarmPoolMinSize"])
    kinds = autoscaling.describe_metric_collection_types()
    assert {"Metric": "GroupDesiredCapacity"} in kinds["Metrics"]


# Processes -----------------------------------------------------------------------------------------------------------


def test_suspended_processes_hold_things_up_until_they_are_resumed(lab, ec2, autoscaling, create, refused):
    create(DesiredCapacity=2)
    lab.advance(minutes=1)
    autoscaling.suspend_processes(**GROUP, ScalingProcesses=["Launch", "Terminate"])
    assert {each["ProcessName"] for each in group(autoscaling)["SuspendedProcesses"]} == {
        "Launch",
        "Terminate",
    }
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=3)
    lab.advance(minutes=2)
    assert len(group(autoscaling)["Instances"]) == 2
    autoscaling.resume_processes(**GROUP, ScalingProcesses=["Launch"])
    lab.advance(minutes=2)
    assert len(group(autoscaling)["Instances"]) == 3
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=1)
    lab.advance(minutes=2)
    assert len(group(autoscaling)["Instances"]) == 3
    autoscaling.resume_processes(**GROUP)
    lab.advance(minutes=2)
    assert len(group(autoscaling)["Instances"]) == 1 and group(autoscaling)["SuspendedProcesses"] == []
    assert (
        "Invalid process type" in refused(autoscaling.suspend_processes, **GROUP, ScalingProcesses=["Tea"])[1]
    )
    assert len(autoscaling.describe_scaling_process_types()["Processes"]) == 9


@pytest.mark.parametrize("process", ["ReplaceUnhealthy", "HealthCheck"])
def test_the_sick_are_not_replaced_while_that_is_suspended(lab, ec2, autoscaling, create, process):
    create()
    lab.advance(minutes=1)
    autoscaling.suspend_processes(**GROUP, ScalingProcesses=[process])
    (only,) = [each["InstanceId"] for each in group(autoscaling)["Instances"]]
    ec2.stop_instances(InstanceIds=[only])
    lab.advance(minutes=5)
    assert [each["InstanceId"] for each in group(autoscaling)["Instances"]] == [only]


# Messages and events -------------------------------------------------------------------------------------------------


def queue(lab):
    sqs = lab.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def bodies():
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                found.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    return arn, bodies


def test_a_topic_is_told(lab, autoscaling, create, refused):
    create()
    lab.advance(minutes=1)
    sns = lab.client("sns")
    topic = sns.create_topic(Name="groups")["TopicArn"]
    arn, bodies = queue(lab)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"]
    autoscaling.put_notification_configuration(**GROUP, TopicARN=topic, NotificationTypes=kinds)
    (test,) = bodies()
    assert json.loads(test["Message"])["Event"] == "autoscaling:TEST_NOTIFICATION"
    listed = autoscaling.describe_notification_configurations()["NotificationConfigurations"]
    assert [each["NotificationType"] for each in listed] == kinds
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=2)
    lab.advance(minutes=2)
    (launch,) = bodies()
    assert launch["Subject"] == 'Auto Scaling: launch for group "web-asg"'
    told = json.loads(launch["Message"])
    ids = {each["InstanceId"] for each in group(autoscaling)["Instances"]}
    assert told["EC2InstanceId"] in ids and told["Event"] == kinds[0] and "Cause" in told
    lab.fault("ec2", "RunInstances", error="InsufficientInstanceCapacity", seconds=10)
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=3)
    lab.advance(seconds=10)
    (failed,) = bodies()
    assert json.loads(failed["Message"])["StatusCode"] == "Failed"
    autoscaling.delete_notification_configuration(**GROUP, TopicARN=topic)
    lab.advance(minutes=3)
    assert bodies() == [] and len(group(autoscaling)["Instances"]) == 3
    wrong = {**GROUP, "TopicARN": topic, "NotificationTypes": ["autoscaling:LUNCH"]}
    assert "not a valid Notification Type" in refused(autoscaling.put_notification_configuration, **wrong)[1]
    gone = {**GROUP, "TopicARN": topic + "x", "NotificationTypes": kinds}
    assert "Unable to publish" in refused(autoscaling.put_notification_configuration, **gone)[1]


def test_eventbridge_is_told(lab, autoscaling, create):
    arn, bodies = queue(lab)
    events = lab.client("events")
    pattern = {"source": ["aws.autoscaling"], "detail": {"AutoScalingGroupName": ["web-asg"]}}
    events.put_rule(Name="groups", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="groups", Targets=[{"Id": "q", "Arn": arn}])
    create(DesiredCapacity=2)
    lab.advance(minutes=2)
    autoscaling.set_desired_capacity(**GROUP, DesiredCapacity=1)
    lab.advance(minutes=2)
    told = bodies()
    assert [each["detail-type"] for each in told] == [
        "EC2 Instance Launch Successful",
        "EC2 Instance Launch Successful",
        "EC2 Instance Terminate Successful",
    ]
    last = told[-1]
    assert (
        last["detail"]["EC2InstanceId"] in last["resources"][1]
        and last["resources"][0] == group(autoscaling)["AutoScalingGroupARN"]
    )
    assert (last["detail"]["Origin"], last["detail"]["Destination"]) == ("AutoScalingGroup", "EC2")
    assert "shrinking the capacity from 2 to 1" in last["detail"]["Cause"]
