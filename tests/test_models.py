"""Every operation against botocore's models: its name, its parameters; answers are checked by ``checked_answers``."""

import importlib

import botocore.session
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab, api
from cwlab.arn import REGIONS

SERVICES = api.supported()


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_and_parameter_is_one_of_botocores(service):
    assert api.load(service)
    model = botocore.session.Session().get_service_model(service)
    for name, operation in api.OPERATIONS[service].items():
        shape = model.operation_model(name).input_shape
        assert operation.accepts <= set(shape.members if shape is not None else ()), name


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_imports_by_its_boto3_name(service):
    assert importlib.import_module(api.module_name(service)).__doc__


def test_regions_are_botocores():
    partitions = botocore.session.Session().get_component("data_loader").load_data("partitions")["partitions"]
    (aws,) = (p for p in partitions if p["id"] == "aws")
    assert set(REGIONS) == set(aws["regions"]) - {"aws-global"}


def test_what_botocore_calls_optional_and_an_operation_needs_is_named():
    kms = Lab().client("kms")
    with pytest.raises(ClientError, match="Value null at 'ciphertextBlob'") as refused:
        kms.decrypt(KeyId="alias/none")
    assert refused.value.response["Error"]["Code"] == "ValidationException"
