"""The public parameters that name Amazon's newest images."""

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab

LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_alias_names_an_image_of_its_region(region):
    lab = Lab()
    image = lab.client("ssm", region=region).get_parameter(Name=LINUX)["Parameter"]["Value"]
    ec2 = lab.client("ec2", region=region)
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["Name"].startswith("al2023-ami-2023")
    made = ec2.run_instances(ImageId=f"resolve:ssm:{LINUX}", MinCount=1, MaxCount=1)["Instances"][0]
    assert made["ImageId"] == image


def test_several_at_once_and_by_path():
    ssm = Lab().client("ssm")
    found = ssm.get_parameters(Names=[LINUX, "/mine"])
    assert [each["Name"] for each in found["Parameters"]] == [LINUX] and found["InvalidParameters"] == [
        "/mine"
    ]
    below = ssm.get_parameters_by_path(Path="/aws/service/ami-amazon-linux-latest")["Parameters"]
    assert len(below) == 2
    assert ssm.get_parameters_by_path(Path="/aws/service")["Parameters"] == []
    assert len(ssm.get_parameters_by_path(Path="/aws/service", Recursive=True)["Parameters"]) == 2


def test_a_parameter_that_is_not_there():
    with pytest.raises(ClientError, match="ParameterNotFound"):
        Lab().client("ssm").get_parameter(Name="/mine")


def test_parameters_of_your_own():
    ssm = Lab().client("ssm")
    assert ssm.put_parameter(Name="AmazonCloudWatch-linux", Type="String", Value="{}")["Version"] == 1
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        ssm.put_parameter(Name="AmazonCloudWatch-linux", Type="String", Value="{}")
    assert ssm.put_parameter(Name="AmazonCloudWatch-linux", Value="[]", Overwrite=True)["Version"] == 2
    found = ssm.get_parameter(Name="AmazonCloudWatch-linux")["Parameter"]
    assert (found["Value"], found["Type"]) == ("[]", "String")
    assert found["ARN"] == "arn:aws:ssm:us-east-1:123456789012:parameter/AmazonCloudWatch-linux"
    ssm.delete_parameter(Name="AmazonCloudWatch-linux")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.delete_parameter(Name="AmazonCloudWatch-linux")


@pytest.mark.parametrize(
    ("name", "value", "more", "code"),
    [
        ("aws-mine", "x", {"Type": "String"}, "ValidationException"),
        ("a b", "x", {"Type": "String"}, "ValidationException"),
        ("big", "x" * 4_097, {"Type": "String"}, "ValidationException"),
        ("typeless", "x", {}, "ValidationException"),
    ],
)
def test_parameters_that_cannot_be(name, value, more, code):
    with pytest.raises(ClientError, match=code):
        Lab().client("ssm").put_parameter(Name=name, Value=value, **more)
