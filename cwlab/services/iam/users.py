"""Users."""

from __future__ import annotations

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam.common import (
    USER,
    Answer,
    boundary_conditions,
    check_attachable,
    entity_arn,
    new_id,
    own_user,
    page,
    show_user,
    tag_conditions,
    tag_page,
    tags_of,
    under,
    untagged,
    user,
    users,
)
from cwlab.services.iam.records import User, check_new, check_path, replace


@operation("iam", "CreateUser", resource=USER, conditions=boundary_conditions, region=GLOBAL)
def create_user(
    call: Call,
    *,
    UserName: str,
    Path: str = "/",
    PermissionsBoundary: str | None = None,
    Tags: list | None = None,
) -> Answer:
    table = call.table("users")
    check_new(table, "User", UserName)
    bound = None if PermissionsBoundary is None else check_attachable(call, PermissionsBoundary)
    made = User(
        UserName,
        check_path(Path),
        new_id(call, "AIDA"),
        entity_arn(call, "user", Path, UserName),
        call.now_ms,
        tags_of(Tags),
        boundary=bound,
    )
    table[UserName] = made
    return {"User": show_user(made, whole=True)}


@operation("iam", "GetUser", resource=USER, readonly=True, region=GLOBAL)
def get_user(call: Call, *, UserName: str | None = None) -> Answer:
    return {"User": show_user(user(call, UserName), whole=True)}


@operation("iam", "ListUsers", readonly=True, region=GLOBAL)
def list_users(
    call: Call, *, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return page(under(PathPrefix, users(call).values()), "Users", show_user, Marker, MaxItems)


@operation("iam", "UpdateUser", resource=USER, region=GLOBAL)
def update_user(
    call: Call, *, UserName: str, NewPath: str | None = None, NewUserName: str | None = None
) -> None:
    table, found = call.table("users"), own_user(call, UserName)
    name, path = NewUserName or found.name, check_path(NewPath or found.path)
    if name.casefold() != found.name.casefold():
        check_new(table, "User", name)
    del table[found.name]
    table[name] = replace(found, name=name, path=path, arn=entity_arn(call, "user", path, name))
    keys = call.table("keys")
    for each in [key for key in keys.values() if key.user == found.name]:
        keys[each.id] = replace(each, user=name)


@operation("iam", "DeleteUser", resource=USER, region=GLOBAL)
def delete_user(call: Call, *, UserName: str) -> None:
    found = own_user(call, UserName)
    for holds, first in (
        (found.attached, "detach all policies"),
        (found.inline, "delete policies"),
        (found.groups, "remove users from group"),
        ([key for key in call.table("keys").values() if key.user == UserName], "delete access keys"),
    ):
        if holds:
            raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.", 409)
    del call.table("users")[UserName]


@operation("iam", "PutUserPermissionsBoundary", resource=USER, conditions=boundary_conditions, region=GLOBAL)
def put_user_boundary(call: Call, *, UserName: str, PermissionsBoundary: str) -> None:
    found = own_user(call, UserName)
    call.table("users")[found.name] = replace(found, boundary=check_attachable(call, PermissionsBoundary))


@operation("iam", "DeleteUserPermissionsBoundary", resource=USER, region=GLOBAL)
def delete_user_boundary(call: Call, *, UserName: str) -> None:
    found = own_user(call, UserName)
    if found.boundary is None:
        raise AwsError("NoSuchEntity", f"The user with name {UserName} has no permissions boundary.", 404)
    call.table("users")[found.name] = replace(found, boundary=None)


@operation("iam", "TagUser", resource=USER, conditions=tag_conditions, region=GLOBAL)
def tag_user(call: Call, *, UserName: str, Tags: list) -> None:
    found = own_user(call, UserName)
    call.table("users")[found.name] = replace(found, tags=tags_of(Tags, found.tags))


@operation("iam", "UntagUser", resource=USER, region=GLOBAL)
def untag_user(call: Call, *, UserName: str, TagKeys: list[str]) -> None:
    found = own_user(call, UserName)
    call.table("users")[found.name] = replace(found, tags=untagged(found.tags, TagKeys))


@operation("iam", "ListUserTags", resource=USER, readonly=True, region=GLOBAL)
def list_user_tags(
    call: Call, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    tags = user(call, UserName).tags
    return tag_page(tags, Marker, MaxItems)
