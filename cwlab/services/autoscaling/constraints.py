"""How Auto Scaling words a broken constraint of the model."""

from __future__ import annotations

from typing import Any

from cwlab.constraints import Path, common_wording
from cwlab.errors import AwsError


def constraint_error(path: Path, rule: str, value: Any, shape: Any) -> AwsError:
    """AWS's common sentence, under the code of query-protocol services."""
    return AwsError("ValidationError", common_wording(path, rule, value, shape).message, 400)
