"""What API Gateway's operations share: finding things, and IAM's view of them (actions are HTTP methods on paths)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cwlab.api import Call, Function, operation
from cwlab.errors import AwsError
from cwlab.services.apigateway.records import Api, Resource
from cwlab.table import Table

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
Answer = dict[str, Any]
Params = dict[str, Any]


def declare(name: str, method: str, path: str) -> Callable[[Function], Function]:
    """An operation, which IAM knows as an HTTP method on a path: ``apigateway:POST`` on ``/restapis``."""

    def resource(call: Call, params: Params) -> str:
        return f"arn:aws:apigateway:{call.region}::{path.format_map(_Given(params))}"

    return operation(
        "apigateway", name, action=f"apigateway:{method}", resource=resource, readonly=method == "GET"
    )


class _Given(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "*"


def bad(message: str) -> AwsError:
    return AwsError("BadRequestException", message)


def missing(what: str) -> AwsError:
    return AwsError("NotFoundException", f"Invalid {what} identifier specified", 404)


def apis(call: Call) -> Table:
    return call.table("apis")


def stages(call: Call) -> Table:
    return call.table("stages")


def api_of(call: Call, api_id: str) -> Api:
    """An API by its id.

    Raises:
        AwsError: there is none.
    """
    found: Api | None = apis(call).get(api_id)
    if found is None:
        raise AwsError("NotFoundException", f"Invalid API identifier specified {call.account}:{api_id}", 404)
    return found


def resource_of(api: Api, resource_id: str) -> Resource:
    """A resource of an API by its id.

    Raises:
        AwsError: there is none.
    """
    found = next((each for each in api.resources if each.id == resource_id), None)
    if found is None:
        raise missing("Resource")
    return found
