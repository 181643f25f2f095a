"""A lab whose every answer is checked against botocore's own model of the answer's shape."""

import json

import pytest
from botocore.validate import ParamValidator

from cwlab import Lab, boto


@pytest.fixture
def lab(monkeypatch):
    finish = boto.finish

    def checked(result, model):
        if model.output_shape is not None:
            report = ParamValidator().validate(result, model.output_shape)
            assert not report.has_errors(), f"{model.name}: {report.generate_report()}"
        else:
            assert not result, f"{model.name} has no answer"
        return finish(result, model)

    monkeypatch.setattr(boto, "finish", checked)
    return Lab()


@pytest.fixture
def iam(lab):
    return lab.client("iam")


def allow(action="*", resource="*", **more):
    """A document with one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(**principal):
    """A trust policy for one principal: trust(Service="ec2.amazonaws.com"), trust(AWS="111111111111")."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(name="allow")
def _allow():
    return allow


@pytest.fixture(name="trust")
def _trust():
    return trust
