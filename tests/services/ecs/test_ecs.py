"""Containers print; the awslogs driver writes it to a stream of their own."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.errors import BadInput, NotModelled

EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@pytest.fixture
def lab() -> Lab:
    made = Lab()
    made.client("ecs").create_cluster(clusterName="shop")
    made.client("logs").create_log_group(logGroupName="/ecs/shop")
    return made


def role(lab, policy=EXECUTION, service="ecs-tasks.amazonaws.com"):
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="tasks", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if policy:
        iam.attach_role_policy(RoleName="tasks", PolicyArn=policy)
    return arn


def run(lab, arn, **options):
    ecs = lab.client("ecs")
    chosen = {
        "awslogs-group": "/ecs/shop",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "web",
    } | options
    container = {
        "name": "app",
        "image": "shop:1",
        "logConfiguration": {"logDriver": "awslogs", "options": chosen},
    }
    ecs.register_task_definition(family="shop", containerDefinitions=[container], executionRoleArn=arn)
    (task,) = ecs.run_task(cluster="shop", taskDefinition="shop", networkConfiguration=NETWORK)["tasks"]
    lab.advance(seconds=30)
    return task["taskArn"]


def state(lab, task):
    return lab.client("ecs").describe_tasks(cluster="shop", tasks=[task])["tasks"][0]


def messages(lab, group="/ecs/shop", **where):
    found = lab.client("logs", **where).filter_log_events(logGroupName=group)["events"]
    return [(event["logStreamName"], event["message"]) for event in found]


@pytest.mark.syllabus("L06")
def test_what_a_container_prints_is_in_its_stream(lab):
    task = run(lab, role(lab))
    assert state(lab, task)["lastStatus"] == "RUNNING"
    assert lab.act("ecs", "log", task=task, lines=["ready", "GET / 200"]) == {"logged": True}
    stream = f"web/app/{task.rsplit('/', 1)[-1]}"
    assert messages(lab) == [(stream, "ready"), (stream, "GET / 200")]


@pytest.mark.syllabus("L03")
def test_the_region_is_the_option_s(lab):
    lab.client("logs", region="eu-west-1").create_log_group(logGroupName="/ecs/shop")
    task = run(lab, role(lab), **{"awslogs-region": "eu-west-1"})
    lab.act("ecs", "log", task=task, lines=["ready"])
    assert messages(lab) == [] and len(messages(lab, region="eu-west-1")) == 1


@pytest.mark.parametrize(
    ("how", "options", "says"),
    [
        ({}, {"awslogs-group": "/ecs/none"}, "ResourceNotFoundException"),
        ({"policy": None}, {}, "AccessDeniedException"),
        ({"service": "ec2.amazonaws.com"}, {}, "AccessDenied"),
        ({}, {"awslogs-group": "/ecs/new", "awslogs-create-group": "true"}, "logs:CreateLogGroup"),
    ],
)
def test_a_task_whose_logs_cannot_be_written_stops(lab, how, options, says):
    task = state(lab, run(lab, role(lab, **how), **options))
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert task["stoppedReason"].startswith("ResourceInitializationError") and says in task["stoppedReason"]


def test_a_group_can_be_made_on_start(lab):
    arn = role(lab, "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    task = run(lab, arn, **{"awslogs-group": "/ecs/new", "awslogs-create-group": "true"})
    lab.act("ecs", "log", task=task, lines=["ready"])
    assert len(messages(lab, "/ecs/new")) == 1


def test_output_comes_while_the_task_runs(lab):
    task = run(lab, role(lab))
    start = int(lab.now.timestamp() * 1000)
    lab.act("ecs", "output", task=task, rows=[(start + 10_000 * n, f"line {n}") for n in range(30)])
    twin = lab.fork()
    lab.advance(minutes=2, seconds=5)
    lab.client("ecs").stop_task(cluster="shop", task=task)
    lab.advance(minutes=5)
    assert [text for _, text in messages(lab)] == [f"line {n}" for n in range(13)]
    twin.advance(minutes=10)
    assert len(messages(twin)) == 30
    with pytest.raises(BadInput, match="does not run"):
        lab.act("ecs", "log", task=task, lines=["x"])


def test_refusals(lab):
    ecs = lab.client("ecs")
    container = {"name": "app", "image": "shop:1"}
    with pytest.raises(NotModelled, match="fluentd"):
        wrong = container | {"logConfiguration": {"logDriver": "fluentd"}}
        ecs.register_task_definition(family="a", containerDefinitions=[wrong])
    with pytest.raises(NotModelled, match="multiline"):
        options = {"awslogs-multiline-pattern": "^x"}
        wrong = container | {"logConfiguration": {"logDriver": "awslogs", "options": options}}
        ecs.register_task_definition(family="a", containerDefinitions=[wrong])
    with pytest.raises(ClientError, match="stream-prefix"):
        options = {"awslogs-group": "g", "awslogs-region": "us-east-1"}
        wrong = container | {"logConfiguration": {"logDriver": "awslogs", "options": options}}
        ecs.register_task_definition(family="a", containerDefinitions=[wrong])
    with pytest.raises(ClientError, match="ClusterNotFound"):
        ecs.run_task(cluster="no", taskDefinition="a", networkConfiguration=NETWORK)
    first = ecs.register_task_definition(family="a", containerDefinitions=[container])["taskDefinition"]
    assert ecs.list_task_definitions()["taskDefinitionArns"] == [first["taskDefinitionArn"]]
    ecs.deregister_task_definition(taskDefinition="a:1")
    with pytest.raises(ClientError, match="Unable to describe"):
        ecs.describe_task_definition(taskDefinition="a")
    assert ecs.list_tasks(cluster="shop")["taskArns"] == []
    assert ecs.describe_clusters(clusters=["shop", "no"])["failures"][0]["reason"] == "MISSING"
    ecs.delete_cluster(cluster="shop")
    assert ecs.list_clusters()["clusterArns"] == []
