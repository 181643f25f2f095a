"""Applications and environments. Source: Elastic Beanstalk API Reference; Developer Guide, "Configuration options"."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.elasticbeanstalk import streaming
from cwlab.services.elasticbeanstalk.records import Environment
from cwlab.table import Table
from cwlab.timeline import MINUTE, to_datetime

READY_MS = 3 * MINUTE  # from CreateEnvironment
SERVICE = "elasticbeanstalk.amazonaws.com"
LOGS = "aws:elasticbeanstalk:cloudwatch:logs"
LAUNCH = "aws:autoscaling:launchconfiguration"
SIZE = "aws:autoscaling:asg"
OPTIONS = {
    (LOGS, "StreamLogs"),
    (LOGS, "RetentionInDays"),
    (LOGS, "DeleteOnTerminate"),
    (LAUNCH, "IamInstanceProfile"),
    (SIZE, "MinSize"),
}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
Answer = dict[str, Any]
Params = dict[str, Any]


def environments(call: Call) -> Table:
    return call.table("environments")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


@operation("elasticbeanstalk", "CreateApplication")
def create_application(call: Call, *, ApplicationName: str, Description: str | None = None) -> Answer:
    """Make an application, to which environments belong."""
    if ApplicationName in call.table("applications"):
        raise _invalid(f"Application {ApplicationName} already exists.")
    call.table("applications")[ApplicationName] = (call.now_ms, Description)
    return {"Application": _application(call, ApplicationName)}


def _application(call: Call, name: str) -> Answer:
    made_ms, description = call.table("applications")[name]
    told: Answer = {
        "ApplicationName": name,
        "ApplicationArn": arn("elasticbeanstalk", call.region, call.account, f"application/{name}"),
        "DateCreated": to_datetime(made_ms),
        "DateUpdated": to_datetime(made_ms),
    }
    return told | ({"Description": description} if description is not None else {})


@operation("elasticbeanstalk", "DescribeApplications", readonly=True)
def describe_applications(call: Call, *, ApplicationNames: Sequence[str] = ()) -> Answer:
    """All applications, or those named."""
    names = sorted(
        name for name in call.table("applications") if not ApplicationNames or name in ApplicationNames
    )
    return {"Applications": [_application(call, name) for name in names]}


@operation("elasticbeanstalk", "CreateEnvironment")
def create_environment(
    call: Call,
    *,
    ApplicationName: str,
    EnvironmentName: str,
    SolutionStackName: str,
    OptionSettings: Sequence[Params] = (),
) -> Answer:
    """Make an environment: its instances start, and some minutes later it is ready and streams its logs."""
    if ApplicationName not in call.table("applications"):
        raise _invalid(f"No Application named '{ApplicationName}' found.")
    had: Environment | None = environments(call).get(EnvironmentName)
    if had is not None and had.status != "Terminated":
        raise _invalid(f"Environment {EnvironmentName} already exists.")
    given = {
        (each.get("Namespace"), each.get("OptionName")): each.get("Value", "") for each in OptionSettings
    }
    if extra := sorted(f"{space}/{name}" for space, name in given if (space, name) not in OPTIONS):
        known = ", ".join(sorted(f"{space}/{name}" for space, name in OPTIONS))
        raise NotModelled(f"elasticbeanstalk: the option {extra[0]}", f"Modeled: {known}.")
    profile = given.get((LAUNCH, "IamInstanceProfile"))
    if not profile:
        raise _invalid("Environment must have instance profile associated with it.")
    size, days = given.get((SIZE, "MinSize"), "1"), given.get((LOGS, "RetentionInDays"), "7")
    if not size.isdigit() or not 1 <= int(size) <= 8 or not days.isdigit():
        raise _invalid(f"Invalid option value: MinSize {size!r}, RetentionInDays {days!r}.")
    made = Environment(
        EnvironmentName,
        call.unique("e-", 10, LETTERS),
        ApplicationName,
        SolutionStackName,
        call.now_ms,
        call.now_ms,
        _launched(call, profile, int(size)),
        profile,
        given.get((LOGS, "StreamLogs"), "false") == "true",
        int(days),
        given.get((LOGS, "DeleteOnTerminate"), "false") == "true",
    )
    environments(call)[EnvironmentName] = made
    call.schedule(call.now_ms + READY_MS, "ready", name=EnvironmentName, environment=made.id)
    return _shown(call, made)


def _launched(call: Call, profile: str, count: int) -> tuple[str, ...]:
    names = [{"Name": "name", "Values": ["al2023-ami-2023*"]}]
    images = _ec2(call, "DescribeImages", {"Owners": ["amazon"], "Filters": names})["Images"]
    newest = max(images, key=lambda image: image["CreationDate"])["ImageId"]
    asked = {"ImageId": newest, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count}
    started = _ec2(call, "RunInstances", asked | {"IamInstanceProfile": {"Name": profile}})["Instances"]
    return tuple(each["InstanceId"] for each in started)


def _ec2(call: Call, name: str, params: Params) -> Params:
    return call.invoke("ec2", name, params, service_principal=SERVICE)


@handler("elasticbeanstalk", "ready")
def ready(call: Call, *, name: str, environment: str) -> None:
    """The environment is ready, whether or not its logs can be streamed."""
    found: Environment | None = environments(call).get(name)
    if found is None or found.id != environment or found.status != "Launching":
        return
    environments(call)[name] = replace(found, status="Ready", updated_ms=call.now_ms)
    if found.stream:
        # A refusal is in the journal, where the request went through the door; the environment runs all the same.
        with suppress(AwsError):
            streaming.set_up(call, found)
        streaming.start_agents(call, found)


@operation("elasticbeanstalk", "DescribeEnvironments", readonly=True)
def describe_environments(
    call: Call, *, ApplicationName: str | None = None, EnvironmentNames: Sequence[str] = ()
) -> Answer:
    """Environments, of an application or by name."""
    found = [
        _shown(call, each)
        for name, each in sorted(environments(call).items())
        if ApplicationName in (None, each.application) and (not EnvironmentNames or name in EnvironmentNames)
    ]
    return {"Environments": found}


@operation("elasticbeanstalk", "DescribeEnvironmentResources", readonly=True)
def describe_environment_resources(call: Call, *, EnvironmentName: str) -> Answer:
    """The instances of an environment."""
    found = _the(call, EnvironmentName)
    return {
        "EnvironmentResources": {
            "EnvironmentName": found.name,
            "Instances": [{"Id": instance} for instance in found.instances],
        }
    }


@operation("elasticbeanstalk", "TerminateEnvironment")
def terminate_environment(call: Call, *, EnvironmentName: str) -> Answer:
    """End an environment and its instances; its groups go too where it was made so."""
    found = _the(call, EnvironmentName)
    _ec2(call, "TerminateInstances", {"InstanceIds": list(found.instances)})
    if found.stream and found.delete_logs and found.status == "Ready":
        for file in streaming.FILES:
            asked = {"logGroupName": streaming.group_name(found, file)}
            call.invoke("logs", "DeleteLogGroup", asked, service_principal=SERVICE)
    ended = replace(found, status="Terminated", updated_ms=call.now_ms)
    environments(call)[EnvironmentName] = ended
    return _shown(call, ended)


def _the(call: Call, name: str) -> Environment:
    found: Environment | None = environments(call).get(name)
    if found is None or found.status == "Terminated":
        raise _invalid(f"No Environment found for EnvironmentName = '{name}'.")
    return found


def _shown(call: Call, found: Environment) -> Answer:
    health = {"Launching": "Grey", "Ready": "Green", "Terminated": "Grey"}[found.status]
    return {
        "EnvironmentName": found.name,
        "EnvironmentId": found.id,
        "ApplicationName": found.application,
        "SolutionStackName": found.stack,
        "Status": found.status,
        "Health": health,
        "DateCreated": to_datetime(found.created_ms),
        "DateUpdated": to_datetime(found.updated_ms),
        "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"},
        "EnvironmentArn": arn(
            "elasticbeanstalk", call.region, call.account, f"environment/{found.application}/{found.name}"
        ),
    }
