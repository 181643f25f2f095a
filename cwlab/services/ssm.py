"""AWS Systems Manager Parameter Store, as far as Amazon's public names of its images go.

Source: EC2 guide "Reference the latest AMIs using Systems Manager public parameters". Parameters of your own are not here.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.timeline import to_datetime, to_ms

PREFIX = "/aws/service/ami-amazon-linux-latest/"
IMAGES = {
    PREFIX + "al2023-ami-kernel-default-x86_64": "al2023-ami-2023.*-x86_64",
    PREFIX + "amzn2-ami-kernel-5.10-hvm-x86_64-gp2": "amzn2-ami-kernel-5.10-hvm-*-x86_64-gp2",
}
"""The public parameters the lab knows, and how the images they stand for are named."""


def _parameter(call: Call, name: str) -> dict[str, Any] | None:
    """A public parameter: the newest of Amazon's images with its name, as EC2 lists them."""
    if name not in IMAGES:
        return None
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
    return [arn("ssm", call.region, "", f"parameter{name}") for name in names]


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
    below = [name for name in IMAGES if name.startswith(path)]
    shown = [name for name in below if Recursive or "/" not in name[len(path) :]]
    return {"Parameters": [found for name in shown if (found := _parameter(call, name)) is not None]}
