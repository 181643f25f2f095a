"""An environment streams its instances' files: a group for each file, a stream for each instance."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import BadInput, NotModelled

GROUP = "/aws/elasticbeanstalk/shop-prod/var/log/nginx/access.log"
FILE = "/var/log/nginx/access.log"


@pytest.fixture
def lab() -> Lab:
    return Lab()


def profile(lab, *actions):
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=document)
    if actions:
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName="web", PolicyName="logs", PolicyDocument=policy)
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")


def create(lab, **options):
    client = lab.client("elasticbeanstalk")
    client.create_application(ApplicationName="shop")
    logs = "aws:elasticbeanstalk:cloudwatch:logs"
    settings = [
        ("aws:autoscaling:launchconfiguration", "IamInstanceProfile", "web"),
        (logs, "StreamLogs", "true"),
    ]
    settings += [(logs, name, value) for name, value in options.items()]
    return client.create_environment(
        ApplicationName="shop",
        EnvironmentName="shop-prod",
        SolutionStackName="64bit Amazon Linux 2023 v4.0.0 running Python 3.12",
        OptionSettings=[{"Namespace": n, "OptionName": o, "Value": v} for n, o, v in settings],
    )


@pytest.mark.syllabus("L06")
def test_a_file_s_lines_are_in_its_group_and_the_instance_s_stream(lab):
    profile(lab)
    tier = "arn:aws:iam::aws:policy/AWSElasticBeanstalkWebTier"
    lab.client("iam").attach_role_policy(RoleName="web", PolicyArn=tier)
    assert create(lab)["Status"] == "Launching"
    lab.advance(minutes=4)
    client = lab.client("elasticbeanstalk")
    assert client.describe_environments()["Environments"][0]["Status"] == "Ready"
    resources = client.describe_environment_resources(EnvironmentName="shop-prod")["EnvironmentResources"]
    instance = resources["Instances"][0]["Id"]
    assert lab.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    line = '203.0.113.9 - - [02/Mar/2026:09:04:00 +0000] "GET / HTTP/1.1" 200 612'
    assert lab.act("elasticbeanstalk", "log", environment="shop-prod", file=FILE, lines=[line]) == {
        "logged": True
    }
    (event,) = lab.client("logs").filter_log_events(logGroupName=GROUP)["events"]
    assert (event["logStreamName"], event["message"]) == (instance, line)
    (group,) = lab.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["retentionInDays"] == 7


@pytest.mark.syllabus("L06")
def test_what_an_instance_writes_to_a_file_arrives_as_its_agent_sends_it(lab):
    profile(lab)
    tier = "arn:aws:iam::aws:policy/AWSElasticBeanstalkWebTier"
    lab.client("iam").attach_role_policy(RoleName="web", PolicyArn=tier)
    create(lab)
    lab.advance(minutes=4)
    resources = lab.client("elasticbeanstalk").describe_environment_resources(EnvironmentName="shop-prod")
    instance = resources["EnvironmentResources"]["Instances"][0]["Id"]
    host = lab.host(instance)
    host.append("/var/log/web.stdout.log", ["one", "two"]).append("/var/log/other.log", "not streamed")
    group = "/aws/elasticbeanstalk/shop-prod/var/log/web.stdout.log"
    logs = lab.client("logs")
    assert logs.filter_log_events(logGroupName=group)["events"] == []
    lab.advance(seconds=10)
    host.append("/var/log/web.stdout.log", "three")
    lab.advance(seconds=10)
    found = logs.filter_log_events(logGroupName=group)["events"]
    assert [(each["logStreamName"], each["message"]) for each in found] == [
        (instance, text) for text in ("one", "two", "three")
    ]
    assert len(logs.describe_log_groups()["logGroups"]) == 4


def test_an_environment_that_does_not_stream_keeps_its_files_to_itself(lab):
    profile(lab, "logs:*")
    create(lab, StreamLogs="false")
    lab.advance(minutes=4)
    resources = lab.client("elasticbeanstalk").describe_environment_resources(EnvironmentName="shop-prod")
    instance = resources["EnvironmentResources"]["Instances"][0]["Id"]
    lab.host(instance).append("/var/log/web.stdout.log", "one")
    lab.advance(minutes=1)
    assert lab.client("logs").describe_log_groups()["logGroups"] == []


def test_without_permission_nothing_arrives_and_the_environment_runs(lab):
    profile(lab)
    create(lab)
    lab.advance(minutes=4)
    assert lab.client("elasticbeanstalk").describe_environments()["Environments"][0]["Status"] == "Ready"
    assert not lab.act("elasticbeanstalk", "log", environment="shop-prod", lines=["x"])["logged"]
    for group in lab.client("logs").describe_log_groups()["logGroups"]:  # which Elastic Beanstalk itself made
        assert lab.client("logs").describe_log_streams(logGroupName=group["logGroupName"])["logStreams"] == []


@pytest.mark.parametrize(("delete", "left"), [("true", 0), ("false", 4)])
def test_groups_stay_or_go_with_the_environment(lab, delete, left):
    profile(lab, "logs:*")
    create(lab, DeleteOnTerminate=delete)
    lab.advance(minutes=4)
    lab.client("elasticbeanstalk").terminate_environment(EnvironmentName="shop-prod")
    assert len(lab.client("logs").describe_log_groups()["logGroups"]) == left


def test_refusals(lab):
    profile(lab)
    with pytest.raises(NotModelled, match="StreamHealth"):
        create(lab, StreamHealth="true")
    client = lab.client("elasticbeanstalk")
    with pytest.raises(ClientError, match="instance profile"):
        client.create_environment(ApplicationName="shop", EnvironmentName="shop-prod", SolutionStackName="x")
    with pytest.raises(ClientError, match="No Application"):
        client.create_environment(ApplicationName="no", EnvironmentName="shop-prod", SolutionStackName="x")
    with pytest.raises(ClientError, match="No Environment"):
        client.terminate_environment(EnvironmentName="none")
    with pytest.raises(BadInput, match="environment that runs"):
        lab.act("elasticbeanstalk", "log", environment="none", lines=["x"])
