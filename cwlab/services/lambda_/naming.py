"""Functions by the names AWS takes: name, name:qualifier, partial and full ARN."""

from __future__ import annotations

from typing import Any, NamedTuple

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.lambda_.records import LATEST, Alias, Function, Version

Params = dict[str, Any]


class Ref(NamedTuple):
    """Where a function is, and which of its versions is meant (None: unqualified)."""

    account: str
    region: str
    name: str
    qualifier: str | None

    @property
    def plain_arn(self) -> str:
        return arn("lambda", self.region, self.account, f"function:{self.name}")

    @property
    def arn(self) -> str:
        return self.plain_arn + (f":{self.qualifier}" if self.qualifier else "")


def ref(call: Call, name: str, qualifier: str | None = None) -> Ref:
    """What a FunctionName (and a Qualifier) names.

    Raises:
        AwsError: two qualifiers that differ, or a function of another Region.
    """
    account, region, parts = call.account, call.region, name.split(":")
    if parts[0] == "arn":
        if len(parts) not in (7, 8):
            raise not_found(name)
        account, region, parts = parts[4], parts[3], parts[6:]
    elif "function" in parts[:-1]:  # 123456789012:function:name
        at = parts.index("function")
        account, parts = (parts[at - 1] if at else account), parts[at + 1 :]
    elif len(parts) > 1 and parts[0].isdigit() and len(parts[0]) == 12:
        account, parts = parts[0], parts[1:]
    own = parts[1] if len(parts) > 1 else None
    if own and qualifier and own != qualifier:
        raise AwsError(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    if region != call.region:
        raise not_found(name)
    return Ref(account, region, parts[0], own or qualifier)


def not_found(function_arn: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Function not found: {function_arn}", 404)


def function(call: Call, where: Ref) -> Function:
    """The function.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found: Function | None = call.table("functions", account=where.account).get(where.name)
    if found is None:
        raise not_found(where.arn)
    return found


def alias(call: Call, where: Ref) -> Alias | None:
    found: Alias | None = call.table("aliases", account=where.account).get((where.name, where.qualifier))
    return found


def version(call: Call, where: Ref) -> Version:
    """The version that is meant: of an alias, the one it points to.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found = function(call, where)
    wanted = where.qualifier or LATEST
    pointing = alias(call, where)
    if pointing is not None:
        wanted = pointing.version
    for each in (found.latest, *found.versions):
        if each.version == wanted:
            return each
    raise not_found(where.arn)


def resource(call: Call, params: Params) -> str:
    """The ARN a request touches, as IAM sees it."""
    return ref(call, params["FunctionName"], params.get("Qualifier")).arn


def plain_resource(call: Call, params: Params) -> str:
    return ref(call, params["FunctionName"]).plain_arn
