"""What Auto Scaling's operations have in common: errors, groups by name, ids, pages."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cwlab.api import WORLD, Call, Request
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.autoscaling.records import Group

Params = dict[str, Any]


def group_arn(call: Call, params: Params) -> str:
    """For IAM: the ARN of the group a request names."""
    name = params.get("AutoScalingGroupName", "*")
    group = call.table("groups").get(name)
    if group is not None:
        return str(group.arn)
    return arn("autoscaling", call.region, call.account, f"autoScalingGroup:*:autoScalingGroupName/{name}")


def invalid(message: str) -> AwsError:
    """The error for a value the service does not take."""
    return AwsError("ValidationError", message)


def find(call: Call, name: str) -> Group:
    """A group by its name.

    Raises:
        AwsError: there is none.
    """
    group: Group | None = call.table("groups").get(name)
    if group is None:
        raise invalid(f"AutoScalingGroup name not found - null: {name}")
    return group


def uuid(call: Call) -> str:
    """A new id in the form of a UUID."""
    number = call.unique("", 32)
    return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))


def page(
    items: list[Any], size: int | None, token: str | None, usual: int = 50, most: int = 100
) -> tuple[list[Any], str | None]:
    """The items of one page, and the token of the next; None after the last.

    Args:
        size: MaxRecords.
        usual, most: how many there are in a page where it is not given, and how many may be asked for.

    Raises:
        AwsError: a size out of range, or a token this service did not give.
    """
    if size is not None and not 1 <= size <= most:
        bound = "greater than or equal to 1" if size < 1 else f"less than or equal to {most}"
        # The bounds are documented; that it is said in AWS's common sentence is unconfirmed.
        raise invalid(
            f"1 validation error detected: Value '{size}' at 'maxRecords' failed to satisfy constraint: Member must have "
            f"value {bound}"
        )
    try:
        start = int(base64.b64decode(token, validate=True)) if token else 0
    except (ValueError, binascii.Error):
        raise AwsError("InvalidNextToken", f"Token is invalid: {token}") from None
    stop = start + (size or usual)
    return items[start:stop], base64.b64encode(str(stop).encode()).decode() if stop < len(items) else None


def with_token(answer: Params, token: str | None) -> Params:
    """An answer, with the token where there is a next page."""
    return answer if token is None else {**answer, "NextToken": token}


def act(call: Call, verb: str, **args: Any) -> None:
    """Have something done to an EC2 instance that is no AWS API, such as making it busy."""
    call.world.door(
        Request(
            "ec2", verb, args, WORLD, call.account, call.region, kind="verb", depth=call.request.depth + 1
        )
    )
