"""What EC2's operations have in common: declaring them, ids that do not exist, filters, pages, tags, addresses."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2 import defaults
from cwlab.services.ec2.flow_logs import capture

T = TypeVar("T")
Params = dict[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])
Filters = list[dict[str, Any]]


WITHOUT_DRY_RUN = ("ModifyVpcAttribute", "ModifySubnetAttribute")


def op(name: str, *, resource: Any = "*", readonly: bool = False) -> Callable[[Function], Function]:
    """Declare an operation of EC2 as `cwlab.api.operation` does; adds DryRun, and the default VPC if it is missing."""

    def declare(function: Function) -> Function:
        @functools.wraps(function)
        def answer(call: Call, *, DryRun: bool = False, **params: Any) -> Any:
            if DryRun:
                raise AwsError(
                    "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412
                )
            defaults.ensure(call)
            if not readonly:
                capture.settle(call)  # what has come is judged by the rules that stood
            return function(call, **params)

        signature = inspect.signature(function)
        dry = inspect.Parameter("DryRun", inspect.Parameter.KEYWORD_ONLY, default=False)
        more = [] if name in WITHOUT_DRY_RUN else [dry]
        answer.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined]
        operation("ec2", name, resource=resource, readonly=readonly)(answer)
        return function

    return declare


def arns(kind: str, parameter: str) -> Callable[[Call, Params], list[str]]:
    """For IAM: the ARNs of the resources whose ids a parameter holds, one or a list."""

    def find(call: Call, params: Params) -> list[str]:
        ids = params.get(parameter) or ["*"]
        return [resource_arn(call, kind, each) for each in ([ids] if isinstance(ids, str) else ids)]

    return find


def resource_arn(call: Call, kind: str, resource_id: str) -> str:
    """The ARN of an EC2 resource."""
    return arn("ec2", call.region, call.account, f"{kind}/{resource_id}")


def clean(answer: Params) -> Params:
    """Leave out what has no value: AWS does not send it either."""
    return {key: value for key, value in answer.items() if value is not None}


# Ids ---------------------------------------------------------------------------------------------------------------

_MISSING = {
    "instances": ("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    "vpcs": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "subnets": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "internet_gateways": (
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID '{}' does not exist",
    ),
    "route_tables": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "nat_gateways": ("NatGatewayNotFound", "The Nat Gateway {} was not found"),
    "addresses": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "security_groups": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "network_acls": ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    "endpoints": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    "flow_logs": (
        "InvalidFlowLogId.NotFound",
        "These flow log ids in the input list are not found: [TotalCount: {count}] {}",
    ),
    "interfaces": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    "launch_templates": (
        "InvalidLaunchTemplateId.NotFound",
        "The specified launch template, with template ID {}, does not exist.",
    ),
}
_MALFORMED = {
    "instances": ("i-", "InvalidInstanceID.Malformed"),
    "vpcs": ("vpc-", "InvalidVpcID.Malformed"),
    "subnets": ("subnet-", "InvalidSubnetID.Malformed"),
}


def get(call: Call, table: str, resource_id: str) -> Any:
    """A resource by its id.

    Raises:
        AwsError: there is none, or the id is no id at all; with the code of that kind of resource.
    """
    found = call.table(table).get(resource_id)
    if found is None:
        raise missing(table, resource_id)
    return found


def missing(table: str, *ids: str) -> AwsError:
    """The error for ids that do not exist."""
    if table in _MALFORMED:
        prefix, code = _MALFORMED[table]
        for each in ids:
            if not re.fullmatch(prefix + "[0-9a-f]{8,17}", each):
                return AwsError(code, f'Invalid id: "{each}" (expecting "{prefix}...")')
    code, text = _MISSING[table]
    if len(ids) > 1:
        text = text.replace(" ID ", " IDs ").replace("does not", "do not")
    return AwsError(code, text.format(", ".join(ids), count=len(ids)))


def invalid(message: str, code: str = "InvalidParameterValue") -> AwsError:
    """The error for a value the service does not take."""
    return AwsError(code, message)


def required(name: str) -> AwsError:
    """The error for a parameter that must be there."""
    return AwsError("MissingParameter", f"The request must contain the parameter {name}")


def dependency(kind: str, resource_id: str) -> AwsError:
    """The error for deleting what something else rests on."""
    return AwsError(
        "DependencyViolation", f"The {kind} '{resource_id}' has dependencies and cannot be deleted."
    )


# Lists: ids, filters, pages ------------------------------------------------------------------------------------------

Values = Callable[[Any], Iterable[str | None]]


def chosen(
    call: Call,
    table: str,
    ids: list[str] | None,
    filters: Filters | None,
    known: Mapping[str, Values],
    *,
    shown: Callable[[Any], bool] = lambda item: True,
) -> list[Any]:
    """The resources of a table a Describe call asks for, in the order they were made.

    Args:
        ids: only these; each must exist.
        filters: AWS's filters; values may hold `*` and `?`. Filters are ANDed, values of one are ORed.
        known: what each filter name looks at. `tag:KEY`, `tag-key` are always known.
        shown: hides what AWS no longer shows.

    Raises:
        AwsError: an id does not exist.
        NotModelled: a filter that is not in `known`.
    """
    everything = call.table(table)
    if ids:
        gone = [each for each in ids if each not in everything or not shown(everything[each])]
        if gone:
            raise missing(table, *gone)
    picked = [(key, item) for key, item in everything.items() if shown(item) and (not ids or key in ids)]
    tags = call.table("tags")
    for each in filters or ():
        name, wanted = each.get("Name", ""), each.get("Values", [])
        values = _values_of(name, known)
        if values is None:
            kept = [
                (key, item) for key, item in picked if matches(_tag_values(tags.get(key, {}), name), wanted)
            ]
        else:
            kept = [(key, item) for key, item in picked if matches(values(item), wanted)]
        picked = kept
    return [item for _, item in picked]


def _values_of(name: str, known: Mapping[str, Values]) -> Values | None:
    if name.startswith("tag:") or name == "tag-key":
        return None
    if name not in known:
        names = ", ".join(sorted([*known, "tag:KEY", "tag-key"]))
        raise NotModelled(f"The filter {name!r}", f"Modeled filters here: {names}.")
    return known[name]


def _tag_values(tags: Mapping[str, str], name: str) -> Iterable[str]:
    if name == "tag-key":
        return tags
    key = name[4:]
    return [tags[key]] if key in tags else []


def matches(values: Iterable[str | None], wanted: Iterable[str]) -> bool:
    """Whether any value fits any wanted pattern, in which `*` and `?` stand for anything."""
    patterns = [re.compile(fnmatch.translate(each.replace("[", "[[]"))) for each in wanted]
    return any(pattern.match(value) for value in values if value is not None for pattern in patterns)


def flag(value: bool) -> list[str]:
    """A boolean as filters spell it."""
    return ["true" if value else "false"]


def page(
    items: list[T], size: int | None, token: str | None, *, least: int = 5
) -> tuple[list[T], str | None]:
    """One page of a list and the token of the next, None at the end.

    Raises:
        AwsError: a size out of bounds, or a token that is none of ours.
    """
    start = 0
    if token:
        try:
            start = int(base64.b64decode(token, validate=True))
        except (ValueError, binascii.Error):
            raise invalid(f"Invalid value '{token}' for nextToken.", "InvalidParameterValue") from None
    if size is None:
        return items[start:], None
    if size < least:
        raise invalid(
            f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value greater than {least}."
        )
    end = start + min(size, 1_000)
    return items[start:end], base64.b64encode(str(end).encode()).decode() if end < len(items) else None


def listing(
    name: str,
    table: str,
    *,
    ids: str,
    answer: str,
    known: Mapping[str, Values],
    show: Callable[[Call, Any], Params],
    filters: str = "Filters",
    shown: Callable[[Call, Any], bool] = lambda call, item: True,
    paged: bool = True,
    least: int = 5,
) -> None:
    """Declare a Describe operation: the resources of a table by ids and filters, in pages.

    Args:
        name: of the operation.
        table: where the resources are.
        ids, filters: the names of its two parameters.
        answer: the member that holds the list.
        known: what each filter looks at.
        show: writes one resource as AWS does.
        shown: hides what AWS no longer shows.
        paged: whether it takes MaxResults (at least `least`) and NextToken.
    """

    def describe(call: Call, **params: Any) -> Params:
        found = chosen(
            call, table, params.get(ids), params.get(filters), known, shown=lambda item: shown(call, item)
        )
        items, token = page(found, params.get("MaxResults"), params.get("NextToken"), least=least)
        return clean({answer: [show(call, each) for each in items], "NextToken": token})

    names = (ids, filters, *(("MaxResults", "NextToken") if paged else ()))
    given = [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=None) for each in names]
    call = inspect.Parameter("call", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    describe.__doc__ = f"{name}: by {ids} or {filters}."
    describe.__signature__ = inspect.Signature([call, *given])  # type: ignore[attr-defined]
    op(name, readonly=True)(describe)


# Tags --------------------------------------------------------------------------------------------------------------

KINDS = {
    "i": "instance",
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "rtb": "route-table",
    "nat": "natgateway",
    "eipalloc": "elastic-ip",
    "sg": "security-group",
    "acl": "network-acl",
    "vpce": "vpc-endpoint",
    "eni": "network-interface",
    "lt": "launch-template",
    "fl": "vpc-flow-log",
}
"""Resource types as tags and ARNs name them, by the prefix of the id."""
TABLES = {
    "instance": "instances",
    "vpc": "vpcs",
    "subnet": "subnets",
    "internet-gateway": "internet_gateways",
    "route-table": "route_tables",
    "natgateway": "nat_gateways",
    "elastic-ip": "addresses",
    "security-group": "security_groups",
    "network-acl": "network_acls",
    "vpc-endpoint": "endpoints",
    "network-interface": "interfaces",
    "launch-template": "launch_templates",
    "vpc-flow-log": "flow_logs",
}


def kind_of(resource_id: str) -> str:
    """The resource type an id belongs to; "" if its prefix is unknown."""
    return KINDS.get(resource_id.rpartition("-")[0], "")


def tag_list(call: Call, resource_id: str) -> list[dict[str, str]]:
    """A resource's tags as Describe answers spell them."""
    return [{"Key": key, "Value": value} for key, value in call.table("tags").get(resource_id, {}).items()]


def is_service(call: Call) -> bool:
    """Whether the caller is an AWS service, by its principal or its service-linked role."""
    principal = call.principal
    return principal.kind in ("service", "world") or "/AWSServiceRoleFor" in principal.arn


def tags_for(call: Call, kind: str, specifications: list[dict[str, Any]] | None) -> dict[str, str]:
    """The tags a TagSpecifications parameter gives to a resource type; all of them are checked.

    Raises:
        AwsError: a resource type the operation does not make, or a bad tag.
    """
    tags: dict[str, str] = {}
    for each in specifications or ():
        if each.get("ResourceType") == kind:
            tags.update(checked_tags(call, each.get("Tags", [])))
        else:
            raise invalid(f"'{each.get('ResourceType')}' is not a valid taggable resource type.")
    return tags


def checked_tags(call: Call, pairs: list[dict[str, str]]) -> dict[str, str]:
    """Tags as a mapping, if they follow the rules (EC2 guide "Tag restrictions").

    Raises:
        AwsError: a reserved, empty, doubled or too long key, or a too long value.
    """
    tags: dict[str, str] = {}
    for pair in pairs:
        key, value = pair.get("Key", ""), pair.get("Value", "")
        if not key:
            raise invalid("Tag key cannot be null or empty.")
        if key.lower().startswith("aws:") and not is_service(call):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > 127:
            raise invalid(f"Tag key exceeds the maximum length of 127 characters: '{key[:20]}...'")
        if len(value) > 255:
            raise invalid("Tag value exceeds the maximum length of 255 characters")
        if key in tags:
            raise invalid(f"Duplicate tag key '{key}' specified.")
        tags[key] = value
    return tags


def put_tags(call: Call, resource_id: str, tags: Mapping[str, str]) -> None:
    """Add tags to a resource, over those of the same key.

    Raises:
        AwsError: it would have more than 50 (those of AWS do not count).
    """
    if not tags:
        return
    table = call.table("tags")
    merged = {**table.get(resource_id, {}), **tags}
    if sum(not key.startswith("aws:") for key in merged) > 50:
        raise AwsError("TagLimitExceeded", f"Tag limit exceeded for resource '{resource_id}'.")
    table[resource_id] = merged


def remove(call: Call, table: str, resource_id: str) -> None:
    """Take a resource out of its table, and its tags with it."""
    del call.table(table)[resource_id]
    forget_tags(call, resource_id)


def forget_tags(call: Call, resource_id: str) -> None:
    """Drop the tags of a resource that is deleted."""
    call.table("tags").pop(resource_id, None)
