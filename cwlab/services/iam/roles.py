"""Roles, and the ones AWS services make for themselves (service-linked roles)."""

from __future__ import annotations

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam.common import (
    ROLE,
    Answer,
    Params,
    boundary_conditions,
    check_attachable,
    check_document,
    entity_arn,
    new_id,
    page,
    role,
    show_role,
    table_getter,
    tag_conditions,
    tag_page,
    tags_of,
    under,
    untagged,
)
from cwlab.services.iam.lookup import role_name
from cwlab.services.iam.records import Role, administrator, check_new, check_path, replace

# Source: each service's guide, "Using service-linked roles".
LINKED = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "events.amazonaws.com": "AWSServiceRoleForCloudWatchEvents",
    "cloudwatch-crossaccount.amazonaws.com": "AWSServiceRoleForCloudWatchCrossAccount",
    "delivery.logs.amazonaws.com": "AWSServiceRoleForLogDelivery",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}


@operation("iam", "CreateRole", resource=ROLE, conditions=boundary_conditions, region=GLOBAL)
def create_role(
    call: Call,
    *,
    RoleName: str,
    AssumeRolePolicyDocument: str,
    Path: str = "/",
    Description: str | None = None,
    MaxSessionDuration: int = 3600,
    PermissionsBoundary: str | None = None,
    Tags: list | None = None,
) -> Answer:
    table = call.table("roles")
    check_new(table, "Role", RoleName)
    _check_trust(call, AssumeRolePolicyDocument)
    bound = None if PermissionsBoundary is None else check_attachable(call, PermissionsBoundary)
    made = Role(
        RoleName,
        check_path(Path),
        new_id(call, "AROA"),
        entity_arn(call, "role", Path, RoleName),
        call.now_ms,
        AssumeRolePolicyDocument,
        Description,
        MaxSessionDuration,
        tags_of(Tags),
        boundary=bound,
    )
    table[RoleName] = made
    return {"Role": show_role(made, whole=True)}


@operation("iam", "GetRole", resource=ROLE, readonly=True, region=GLOBAL)
def get_role(call: Call, *, RoleName: str) -> Answer:
    return {"Role": show_role(role(call, RoleName), whole=True)}


@operation("iam", "ListRoles", readonly=True, region=GLOBAL)
def list_roles(
    call: Call, *, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return page(under(PathPrefix, call.table("roles").values()), "Roles", show_role, Marker, MaxItems)


@operation("iam", "UpdateRole", resource=ROLE, region=GLOBAL)
def update_role(
    call: Call, *, RoleName: str, Description: str | None = None, MaxSessionDuration: int = 3600
) -> None:
    """Without MaxSessionDuration it goes back to an hour, as the API reference says."""
    found = _own(call, RoleName)
    call.table("roles")[RoleName] = replace(
        found,
        description=found.description if Description is None else Description,
        max_session_s=MaxSessionDuration,
    )


@operation("iam", "UpdateRoleDescription", resource=ROLE, region=GLOBAL)
def update_role_description(call: Call, *, RoleName: str, Description: str) -> Answer:
    changed = call.table("roles")[RoleName] = replace(_own(call, RoleName), description=Description)
    return {"Role": show_role(changed, whole=True)}


@operation("iam", "UpdateAssumeRolePolicy", resource=ROLE, region=GLOBAL)
def update_trust(call: Call, *, RoleName: str, PolicyDocument: str) -> None:
    found = _own(call, RoleName)
    _check_trust(call, PolicyDocument)
    call.table("roles")[RoleName] = replace(found, trust=PolicyDocument)


@operation("iam", "DeleteRole", resource=ROLE, region=GLOBAL)
def delete_role(call: Call, *, RoleName: str) -> None:
    found = _own(call, RoleName)
    profiles = [each for each in call.table("profiles").values() if each.role == RoleName]
    for holds, first in (
        (profiles, "remove roles from instance profile"),
        (found.attached, "detach all policies"),
        (found.inline, "delete policies"),
    ):
        if holds:
            raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.", 409)
    del call.table("roles")[RoleName]


@operation("iam", "PutRolePermissionsBoundary", resource=ROLE, conditions=boundary_conditions, region=GLOBAL)
def put_role_boundary(call: Call, *, RoleName: str, PermissionsBoundary: str) -> None:
    found = _own(call, RoleName)
    call.table("roles")[RoleName] = replace(found, boundary=check_attachable(call, PermissionsBoundary))


@operation("iam", "DeleteRolePermissionsBoundary", resource=ROLE, region=GLOBAL)
def delete_role_boundary(call: Call, *, RoleName: str) -> None:
    found = _own(call, RoleName)
    if found.boundary is None:
        raise AwsError("NoSuchEntity", f"The role with name {RoleName} has no permissions boundary.", 404)
    call.table("roles")[RoleName] = replace(found, boundary=None)


@operation("iam", "TagRole", resource=ROLE, conditions=tag_conditions, region=GLOBAL)
def tag_role(call: Call, *, RoleName: str, Tags: list) -> None:
    found = role(call, RoleName)
    call.table("roles")[RoleName] = replace(found, tags=tags_of(Tags, found.tags))


@operation("iam", "UntagRole", resource=ROLE, region=GLOBAL)
def untag_role(call: Call, *, RoleName: str, TagKeys: list[str]) -> None:
    found = role(call, RoleName)
    call.table("roles")[RoleName] = replace(found, tags=untagged(found.tags, TagKeys))


@operation("iam", "ListRoleTags", resource=ROLE, readonly=True, region=GLOBAL)
def list_role_tags(
    call: Call, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    tags = role(call, RoleName).tags
    return tag_page(tags, Marker, MaxItems)


# -- service-linked roles ----------------------------------------------------------------------------------------


def _linked_arn(call: Call, params: Params) -> str:
    service = params["AWSServiceName"]
    return entity_arn(call, "role", f"/aws-service-role/{service}/", LINKED.get(service, "AWSServiceRole"))


@operation(
    "iam",
    "CreateServiceLinkedRole",
    resource=_linked_arn,
    region=GLOBAL,
    conditions=lambda call, params: {"iam:AWSServiceName": params["AWSServiceName"]},
)
def create_service_linked_role(
    call: Call, *, AWSServiceName: str, Description: str | None = None, CustomSuffix: str | None = None
) -> Answer:
    if AWSServiceName not in LINKED:
        raise AwsError(
            "InvalidInput",
            f"Service {AWSServiceName} is not known to this lab. "
            f"Services with a service-linked role here: {', '.join(LINKED)}.",
            400,
        )
    name = LINKED[AWSServiceName] + (f"_{CustomSuffix}" if CustomSuffix else "")
    table, path = call.table("roles"), f"/aws-service-role/{AWSServiceName}/"
    if name in table:
        raise AwsError(
            "InvalidInput",
            f"Service role name {name} has been taken in this account, please try a different suffix.",
            400,
        )
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": '
        f'{{"Service": "{AWSServiceName}"}}}}]}}'
    )
    made = Role(
        name,
        path,
        new_id(call, "AROA"),
        entity_arn(call, "role", path, name),
        call.now_ms,
        trust,
        Description,
        linked_service=AWSServiceName,
    )
    table[name] = made
    return {"Role": show_role(made, whole=True)}


@operation("iam", "DeleteServiceLinkedRole", resource=ROLE, region=GLOBAL)
def delete_service_linked_role(call: Call, *, RoleName: str) -> Answer:
    found = role(call, RoleName)
    if found.linked_service is None:
        raise AwsError(
            "InvalidInput", f"Role {RoleName} is not a service-linked role; delete it with DeleteRole.", 400
        )
    del call.table("roles")[RoleName]
    return {"DeletionTaskId": f"task{found.path}{RoleName}/{call.unique('', 32)}"}


@operation("iam", "GetServiceLinkedRoleDeletionStatus", resource="*", readonly=True, region=GLOBAL)
def deletion_status(call: Call, *, DeletionTaskId: str) -> Answer:
    return {"Status": "SUCCEEDED"}


# -- checks ------------------------------------------------------------------------------------------------------


def _own(call: Call, name: str) -> Role:
    """The role, to be changed: one that belongs to a service cannot be."""
    found = role(call, name)
    if found.linked_service is not None:
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{name}' - this role "
            "is only modifiable by AWS",
            400,
        )
    return found


def _check_trust(call: Call, document: str) -> None:
    """A trust policy must be well formed, and the users and roles of known accounts it names must exist."""
    check_document(document, "trust", "trust")
    from cwlab.policy import parse

    policy, get_table = parse(document, "trust"), table_getter(call)
    for statement in (*policy.allows, *policy.denies):
        for named in sorted(statement.principals.arns if statement.principals else ()):
            parts = named.split(":", 5)
            if len(parts) < 6 or parts[4] != call.account or parts[2] != "iam":
                continue  # strangers' accounts cannot be looked into from here
            kind, _, rest = parts[5].partition("/")
            name = rest.rsplit("/", 1)[-1]
            known = (
                kind == "role" and get_table("iam", "roles", parts[4]).get(role_name(named)) is not None
            ) or (
                kind == "user"
                and (name in get_table("iam", "users", parts[4]) or name == administrator(parts[4]).name)
            )
            if not known and kind in ("role", "user"):
                raise AwsError(
                    "MalformedPolicyDocument",
                    f'Invalid principal in policy: "AWS":"{named}" '
                    f"(there is no {kind} {name} in account {parts[4]}; create it first)",
                    400,
                )
