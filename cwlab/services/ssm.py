"""AWS Systems Manager Parameter Store: Amazon's public names of its images, and plain parameters of your own.

Source: EC2 guide "Reference the latest AMIs using Systems Manager public parameters"; API Reference PutParameter.
"""

from __future__ import annotations

import re
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.codec import record
from cwlab.errors import AwsError, NotModelled
from cwlab.timeline import to_datetime, to_ms

PREFIX = "/aws/service/ami-amazon-linux-latest/"
IMAGES = {
    PREFIX + "al2023-ami-kernel-default-x86_64": "al2023-ami-2023.*-x86_64",
    PREFIX + "amzn2-ami-kernel-5.10-hvm-x86_64-gp2": "amzn2-ami-kernel-5.10-hvm-*-x86_64-gp2",
}
"""The public parameters the lab knows, and how the images they stand for are named."""


MOST_VALUE = 4_096  # bytes of a standard parameter; 8,192 of an advanced one
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")


@record
class Parameter:
    """A parameter of your own, in its newest version."""

    name: str
    kind: str
    value: str
    version: int
    changed_ms: int


def _own(call: Call, name: str) -> dict[str, Any] | None:
    """A parameter of your own."""
    found: Parameter | None = call.table("parameters").get(name)
    if found is None:
        return None
    return {
        "Name": name,
        "Type": found.kind,
        "Value": found.value,
        "Version": found.version,
        "LastModifiedDate": to_datetime(found.changed_ms),
        "ARN": _arn(call, name),
        "DataType": "text",
    }


def _arn(call: Call, name: str) -> str:
    """A parameter's ARN; those of Amazon belong to no account."""
    account = "" if name.startswith("/aws/") else call.account
    return arn("ssm", call.region, account, f"parameter{name if name.startswith('/') else '/' + name}")


def _parameter(call: Call, name: str) -> dict[str, Any] | None:
    """A parameter; of the public ones the newest of Amazon's images with its name, as EC2 lists them."""
    if name not in IMAGES:
        return _own(call, name)
    asked = {"Owners": ["amazon"], "Filters": [{"Name": "name", "Values": [IMAGES[name]]}]}
    images = call.invoke("ec2", "DescribeImages", asked, service_principal="ssm.amazonaws.com")["Images"]
    newest = max(images, key=lambda image: image["CreationDate"])
    return {
        "Name": name,
        "Type": "String",
        "Value": newest["ImageId"],
        "Version": 1,
        "LastModifiedDate": to_datetime(to_ms(newest["CreationDate"])),
        "ARN": arn("ssm", call.region, "", f"parameter{name}"),
        "DataType": "aws:ec2:image",
    }


def _resource(call: Call, params: dict[str, Any]) -> list[str]:
    names = params.get("Names") or [params.get("Name") or params.get("Path", "*")]
    return [_arn(call, name) for name in names]


@operation("ssm", "PutParameter", resource=_resource)
def put_parameter(
    call: Call,
    *,
    Name: str,
    Value: str,
    Type: str | None = None,
    Overwrite: bool = False,
    Tier: str = "Standard",
) -> dict[str, Any]:
    """Keep a parameter, or a new version of it."""
    table = call.table("parameters")
    before: Parameter | None = table.get(Name)
    if not _NAME.fullmatch(Name) or Name.lower().lstrip("/").startswith(("aws", "ssm")):
        raise AwsError(
            "ValidationException",
            'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist '
            "of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following "
            "3 symbols .-_",
        )
    if before is None and Type is None:
        raise AwsError("ValidationException", "A parameter type is required when you create a parameter.")
    if before is not None and not Overwrite:
        raise AwsError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    if Type == "SecureString":
        raise NotModelled("A parameter of type SecureString", "Modeled types: String, StringList.")
    most = MOST_VALUE if Tier == "Standard" else 2 * MOST_VALUE
    if len(Value.encode("utf-8", "replace")) > most:
        raise AwsError(
            "ValidationException",
            f"{Tier} tier parameters support a maximum parameter value of {most} characters. To create a larger parameter "
            "value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        )
    kind = before.kind if before is not None and Type is None else str(Type)
    version = 1 if before is None else before.version + 1
    table[Name] = Parameter(Name, kind, Value, version, call.now_ms)
    return {"Version": version, "Tier": Tier}


@operation("ssm", "DeleteParameter", resource=_resource)
def delete_parameter(call: Call, *, Name: str) -> None:
    """Delete a parameter of your own."""
    if call.table("parameters").pop(Name, None) is None:
        raise AwsError("ParameterNotFound", "")


@operation("ssm", "GetParameter", resource=_resource, readonly=True)
def get_parameter(call: Call, *, Name: str) -> dict[str, Any]:
    """Read one parameter."""
    found = _parameter(call, Name)
    if found is None:
        raise AwsError("ParameterNotFound", "")
    return {"Parameter": found}


@operation("ssm", "GetParameters", resource=_resource, readonly=True)
def get_parameters(call: Call, *, Names: list[str]) -> dict[str, Any]:
    """Read several parameters; those that are not there are listed as invalid."""
    found = {name: _parameter(call, name) for name in Names}
    return {
        "Parameters": [each for each in found.values() if each is not None],
        "InvalidParameters": [name for name, each in found.items() if each is None],
    }


@operation("ssm", "GetParametersByPath", resource=_resource, readonly=True)
def get_parameters_by_path(call: Call, *, Path: str, Recursive: bool = False) -> dict[str, Any]:
    """List the parameters right under a path, or all below it."""
    path = Path.rstrip("/") + "/"
    below = [name for name in (*IMAGES, *sorted(call.table("parameters"))) if name.startswith(path)]
    shown = [name for name in below if Recursive or "/" not in name[len(path) :]]
    return {"Parameters": [found for name in shown if (found := _parameter(call, name)) is not None]}
