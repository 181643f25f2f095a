"""Errors, ids and pages of Observability Access Manager.

Source: OAM API reference, the errors of each operation. It gives no wording, so the sentences are ours.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError

Structure = dict[str, Any]


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message, 400)


def not_found(arn: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.", 404)


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message, 409)


def over_quota(message: str) -> AwsError:
    return AwsError("ServiceQuotaExceededException", message, 429)


def new_id(call: Call) -> str:
    return "-".join(call.unique("", n) for n in (8, 4, 4, 4, 12))


def page(rows: Sequence[Structure], token: str | None, most: int) -> Structure:
    """One page of a list; a token is where the next begins.

    Raises:
        AwsError: InvalidParameterException, a token that is none.
    """
    try:
        first = 0 if token is None else int(base64.b64decode(token, validate=True))
    except ValueError:
        raise invalid("The NextToken is invalid.") from None
    answer: Structure = {"Items": list(rows[first : first + most])}
    if first + most < len(rows):
        answer["NextToken"] = base64.b64encode(str(first + most).encode()).decode()
    return answer
