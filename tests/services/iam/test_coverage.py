"""Every operation of IAM and STS is called by some test of this folder, so that every answer's shape was checked."""

from pathlib import Path

import pytest
from botocore import xform_name

from cwlab import api


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_every_operation_is_called_by_a_test(service):
    api.load(service)
    here = Path(__file__).parent
    text = "".join(path.read_text() for path in [*here.glob("test_*.py"), here.parent / "test_sts.py"])
    missing = [name for name in api.OPERATIONS[service] if xform_name(name) not in text]
    assert not missing
