"""A lab with a role for functions, and a quick way from source to a function and to what it answered."""

from __future__ import annotations

import base64
import io
import json
import textwrap
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

ROLE = "arn:aws:iam::123456789012:role/fn"


def zipped(source: str, **more: str) -> bytes:
    """A zip with index.py and other files (``more`` by module name)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in {"index": source, **more}.items():
            file.writestr(zipfile.ZipInfo(f"{name}.py"), textwrap.dedent(text))
    return out.getvalue()


def allow(action: Any = "*", resource: Any = "*") -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str = "lambda.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def with_role(lab: Lab, action: Any = "*") -> Lab:
    iam = lab.client("iam")
    iam.create_role(RoleName="fn", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="fn", PolicyName="own", PolicyDocument=allow(action))
    return lab


def create(lab: Lab, source: str, name: str = "f", **params: Any) -> Any:
    """A function in a lab; returns the client."""
    client = lab.client("lambda")
    given = {"Runtime": "python3.12", "Role": ROLE, "Handler": "index.handler"} | params
    client.create_function(FunctionName=name, Code={"ZipFile": zipped(source)}, **given)
    return client


class Said:
    """What an invocation answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.status = answer["StatusCode"]
        self.error = answer.get("FunctionError")
        self.text = answer["Payload"].read().decode()
        self.log = base64.b64decode(answer.get("LogResult", "")).decode()
        self.version = answer.get("ExecutedVersion")

    @property
    def value(self) -> Any:
        return json.loads(self.text)


def invoke(lab: Lab, event: Any = None, name: str = "f", **params: Any) -> Said:
    given: dict[str, Any] = {"LogType": "Tail", **params}
    if event is not None:
        given["Payload"] = json.dumps(event)
    return Said(lab.client("lambda").invoke(FunctionName=name, **given))


@pytest.fixture
def lab() -> Lab:
    return with_role(Lab())


@pytest.fixture
def refused():
    def attempt(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return attempt


@pytest.fixture
def ask(lab: Lab):
    """Run a source once: ``ask("def handler(event, context): return 1", event)``."""

    def run(source: str, event: Any = None, **params: Any) -> Said:
        client = lab.client("lambda")
        if "f" in [each["FunctionName"] for each in client.list_functions()["Functions"]]:
            client.delete_function(FunctionName="f")
        create(lab, source, **params)
        return invoke(lab, event)

    return run


@pytest.fixture
def fn(lab: Lab) -> Any:
    """The client, with helpers as attributes of a namespace: tests are imported one by one and share no module."""
    return Helpers(lab)


class Helpers:
    """What the tests of this folder share, bound to one lab."""

    role = ROLE
    zipped = staticmethod(zipped)
    allow = staticmethod(allow)
    trust = staticmethod(trust)
    with_role = staticmethod(with_role)
    create_in = staticmethod(create)
    invoke_in = staticmethod(invoke)

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.client = lab.client("lambda")

    def create(self, source: str, name: str = "f", **params: Any) -> Any:
        return create(self.lab, source, name, **params)

    def invoke(self, event: Any = None, name: str = "f", **params: Any) -> Said:
        return invoke(self.lab, event, name, **params)

    def send(self, event: Any = None, name: str = "f", **params: Any) -> None:
        """Invoke without waiting."""
        payload = json.dumps(event or {})
        self.client.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **params)

    def log(self, name: str = "f", lab: Lab | None = None) -> list[str]:
        """The lines of a function's log group, oldest first."""
        logs = (lab or self.lab).client("logs")
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [each["message"] for each in found]

    def total(self, metric: str, name: str = "f", stat: str = "Sum", lab: Lab | None = None) -> float:
        """A metric of a function over the last day."""
        lab = lab or self.lab
        points = lab.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=lab.now - timedelta(hours=23),
            EndTime=lab.now + timedelta(minutes=2),
            Period=60,
            Statistics=[stat],
        )["Datapoints"]
        return sum(each[stat] for each in points)
