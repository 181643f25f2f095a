"""How Observability Access Manager words what botocore's model forbids and botocore lets through."""

from __future__ import annotations

from typing import Any

from cwlab.constraints import Path, common_wording
from cwlab.errors import AwsError
from cwlab.services.oam.common import invalid


def constraint_error(path: Path, rule: str, value: Any, shape: Any) -> AwsError:
    """The refusal of one member, as InvalidParameterException."""
    return invalid(common_wording(path, rule, value, shape).message)
