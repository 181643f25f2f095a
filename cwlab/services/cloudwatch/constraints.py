"""How CloudWatch words what botocore's model forbids and botocore lets through.

The texts for units, statistics, ``RecentlyActive`` and values are observed on the live service; collections follow
its long-standing wording; for the rest, AWS's common text under CloudWatch's code.
"""

from __future__ import annotations

from typing import Any

from cwlab.constraints import Path, common_wording, dotted
from cwlab.errors import AwsError
from cwlab.services.cloudwatch.ingest import bad_value, invalid
from cwlab.services.cloudwatch.text import number


def constraint_error(path: Path, rule: str, value: Any, shape: Any) -> AwsError:
    """The refusal of one member.

    Args:
        path: names and zero-based positions from the request down to the member.
        rule: ``enum``, ``max``, ``pattern`` or ``number`` (it is not one).
    """
    where = dotted(path)
    if rule == "number":
        return invalid(number(value), where)
    if rule == "enum" and path[-1] == "Unit":
        return bad_value(f"The parameter {where} must be a value in the set [ {', '.join(shape.enum)} ].")
    if rule == "enum" and path[0] == "Statistics":
        return bad_value(
            f"The parameter {where}.<list element> must be a value in the set [{', '.join(shape.enum)}]."
        )
    if rule == "enum" and path[-1] == "RecentlyActive":
        return bad_value("Request parameter recentlyActive value is invalid")
    if rule == "max" and shape.type_name == "list":
        return bad_value(f"The collection {where} must not have a size greater than {shape.metadata['max']}.")
    message = common_wording(path, rule, value, shape).message
    if path[-1] == "StateValue":  # observed in this order, which is not the model's
        message = message.replace("[OK, ALARM, INSUFFICIENT_DATA]", "[INSUFFICIENT_DATA, ALARM, OK]")
    return AwsError("ValidationError", message)
