"""The policies of users, groups and roles: inline ones and attached ones. Seven operations for each of the three."""

from __future__ import annotations

import re
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam import common
from cwlab.services.iam.common import (
    ATTACHED_LIMIT,
    GROUP,
    ROLE,
    USER,
    Answer,
    attach_conditions,
    check_attachable,
    check_document,
    check_size,
    page,
    shown_document,
)
from cwlab.services.iam.records import replace, with_item, without_item


def _holder(call: Call, kind: str, name: str, *, change: bool = False) -> Any:
    if kind == "user":
        return common.own_user(call, name) if change else common.user(call, name)
    if kind == "group":
        return common.group(call, name)
    found = common.role(call, name)
    if change and found.linked_service is not None:
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{name}' - this role is "
            "only modifiable by AWS",
            400,
        )
    return found


def _put(call: Call, kind: str, name: str, policy: str, document: str) -> None:
    found = _holder(call, kind, name, change=True)
    check_document(document, kind)
    inline = with_item(found.inline, policy, document)
    check_size(sum(len(re.sub(r"\s", "", text)) for _, text in inline), kind)
    call.table(f"{kind}s")[name] = replace(found, inline=inline)


def _get(call: Call, kind: str, name: str, policy: str) -> Answer:
    text = dict(_holder(call, kind, name).inline).get(policy)
    if text is None:
        raise _no_policy(kind, policy)
    return {f"{kind.title()}Name": name, "PolicyName": policy, "PolicyDocument": shown_document(text)}


def _delete(call: Call, kind: str, name: str, policy: str) -> None:
    found = _holder(call, kind, name, change=True)
    if policy not in dict(found.inline):
        raise _no_policy(kind, policy)
    call.table(f"{kind}s")[name] = replace(found, inline=without_item(found.inline, policy))


def _no_policy(kind: str, policy: str) -> AwsError:
    return AwsError("NoSuchEntity", f"The {kind} policy with name {policy} cannot be found.", 404)


def _attach(call: Call, kind: str, name: str, arn: str) -> None:
    found = _holder(call, kind, name, change=True)
    check_attachable(call, arn)
    if arn in found.attached:
        return
    if len(found.attached) >= ATTACHED_LIMIT:
        raise AwsError(
            "LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind.title()}: {ATTACHED_LIMIT}", 409
        )
    call.table(f"{kind}s")[name] = replace(found, attached=(*found.attached, arn))


def _detach(call: Call, kind: str, name: str, arn: str) -> None:
    found = _holder(call, kind, name, change=True)
    if arn not in found.attached:
        raise AwsError("NoSuchEntity", f"Policy {arn} was not found.", 404)
    call.table(f"{kind}s")[name] = replace(
        found, attached=tuple(each for each in found.attached if each != arn)
    )


def _inline(call: Call, kind: str, name: str, marker: str | None, limit: int | None) -> Answer:
    found = _holder(call, kind, name)
    return page(((policy, policy) for policy, _ in found.inline), "PolicyNames", str, marker, limit)


def _attachments(
    call: Call, kind: str, name: str, path: str, marker: str | None, limit: int | None
) -> Answer:
    found = [
        (arn.rsplit("/", 1)[-1], arn)
        for arn in _holder(call, kind, name).attached
        if arn.split(":policy", 1)[1].startswith(path)
    ]
    return page(
        found,
        "AttachedPolicies",
        lambda arn: {"PolicyName": arn.rsplit("/", 1)[-1], "PolicyArn": arn},
        marker,
        limit,
    )


# -- users ----------------------------------------------------------------------------------------------------


@operation("iam", "PutUserPolicy", resource=USER, region=GLOBAL)
def put_user_policy(call: Call, *, UserName: str, PolicyName: str, PolicyDocument: str) -> None:
    _put(call, "user", UserName, PolicyName, PolicyDocument)


@operation("iam", "GetUserPolicy", resource=USER, readonly=True, region=GLOBAL)
def get_user_policy(call: Call, *, UserName: str, PolicyName: str) -> Answer:
    return _get(call, "user", UserName, PolicyName)


@operation("iam", "DeleteUserPolicy", resource=USER, region=GLOBAL)
def delete_user_policy(call: Call, *, UserName: str, PolicyName: str) -> None:
    _delete(call, "user", UserName, PolicyName)


@operation("iam", "ListUserPolicies", resource=USER, readonly=True, region=GLOBAL)
def list_user_policies(
    call: Call, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return _inline(call, "user", UserName, Marker, MaxItems)


@operation("iam", "AttachUserPolicy", resource=USER, conditions=attach_conditions, region=GLOBAL)
def attach_user_policy(call: Call, *, UserName: str, PolicyArn: str) -> None:
    _attach(call, "user", UserName, PolicyArn)


@operation("iam", "DetachUserPolicy", resource=USER, conditions=attach_conditions, region=GLOBAL)
def detach_user_policy(call: Call, *, UserName: str, PolicyArn: str) -> None:
    _detach(call, "user", UserName, PolicyArn)


@operation("iam", "ListAttachedUserPolicies", resource=USER, readonly=True, region=GLOBAL)
def list_attached_user_policies(
    call: Call,
    *,
    UserName: str,
    PathPrefix: str = "/",
    Marker: str | None = None,
    MaxItems: int | None = None,
) -> Answer:
    return _attachments(call, "user", UserName, PathPrefix, Marker, MaxItems)


# -- groups ---------------------------------------------------------------------------------------------------


@operation("iam", "PutGroupPolicy", resource=GROUP, region=GLOBAL)
def put_group_policy(call: Call, *, GroupName: str, PolicyName: str, PolicyDocument: str) -> None:
    _put(call, "group", GroupName, PolicyName, PolicyDocument)


@operation("iam", "GetGroupPolicy", resource=GROUP, readonly=True, region=GLOBAL)
def get_group_policy(call: Call, *, GroupName: str, PolicyName: str) -> Answer:
    return _get(call, "group", GroupName, PolicyName)


@operation("iam", "DeleteGroupPolicy", resource=GROUP, region=GLOBAL)
def delete_group_policy(call: Call, *, GroupName: str, PolicyName: str) -> None:
    _delete(call, "group", GroupName, PolicyName)


@operation("iam", "ListGroupPolicies", resource=GROUP, readonly=True, region=GLOBAL)
def list_group_policies(
    call: Call, *, GroupName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return _inline(call, "group", GroupName, Marker, MaxItems)


@operation("iam", "AttachGroupPolicy", resource=GROUP, conditions=attach_conditions, region=GLOBAL)
def attach_group_policy(call: Call, *, GroupName: str, PolicyArn: str) -> None:
    _attach(call, "group", GroupName, PolicyArn)


@operation("iam", "DetachGroupPolicy", resource=GROUP, conditions=attach_conditions, region=GLOBAL)
def detach_group_policy(call: Call, *, GroupName: str, PolicyArn: str) -> None:
    _detach(call, "group", GroupName, PolicyArn)


@operation("iam", "ListAttachedGroupPolicies", resource=GROUP, readonly=True, region=GLOBAL)
def list_attached_group_policies(
    call: Call,
    *,
    GroupName: str,
    PathPrefix: str = "/",
    Marker: str | None = None,
    MaxItems: int | None = None,
) -> Answer:
    return _attachments(call, "group", GroupName, PathPrefix, Marker, MaxItems)


# -- roles ----------------------------------------------------------------------------------------------------


@operation("iam", "PutRolePolicy", resource=ROLE, region=GLOBAL)
def put_role_policy(call: Call, *, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
    _put(call, "role", RoleName, PolicyName, PolicyDocument)


@operation("iam", "GetRolePolicy", resource=ROLE, readonly=True, region=GLOBAL)
def get_role_policy(call: Call, *, RoleName: str, PolicyName: str) -> Answer:
    return _get(call, "role", RoleName, PolicyName)


@operation("iam", "DeleteRolePolicy", resource=ROLE, region=GLOBAL)
def delete_role_policy(call: Call, *, RoleName: str, PolicyName: str) -> None:
    _delete(call, "role", RoleName, PolicyName)


@operation("iam", "ListRolePolicies", resource=ROLE, readonly=True, region=GLOBAL)
def list_role_policies(
    call: Call, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return _inline(call, "role", RoleName, Marker, MaxItems)


@operation("iam", "AttachRolePolicy", resource=ROLE, conditions=attach_conditions, region=GLOBAL)
def attach_role_policy(call: Call, *, RoleName: str, PolicyArn: str) -> None:
    _attach(call, "role", RoleName, PolicyArn)


@operation("iam", "DetachRolePolicy", resource=ROLE, conditions=attach_conditions, region=GLOBAL)
def detach_role_policy(call: Call, *, RoleName: str, PolicyArn: str) -> None:
    _detach(call, "role", RoleName, PolicyArn)


@operation("iam", "ListAttachedRolePolicies", resource=ROLE, readonly=True, region=GLOBAL)
def list_attached_role_policies(
    call: Call,
    *,
    RoleName: str,
    PathPrefix: str = "/",
    Marker: str | None = None,
    MaxItems: int | None = None,
) -> Answer:
    return _attachments(call, "role", RoleName, PathPrefix, Marker, MaxItems)
