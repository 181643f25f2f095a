"""Groups, and who is in them."""

from __future__ import annotations

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam.common import (
    GROUP,
    GROUPS_LIMIT,
    USER,
    Answer,
    entity_arn,
    group,
    new_id,
    own_user,
    page,
    show_group,
    show_user,
    under,
    user,
    users,
)
from cwlab.services.iam.records import Group, User, check_new, check_path, replace


def _members(call: Call, name: str) -> list[User]:
    return [each for each in users(call).values() if name in each.groups]


@operation("iam", "CreateGroup", resource=GROUP, region=GLOBAL)
def create_group(call: Call, *, GroupName: str, Path: str = "/") -> Answer:
    table = call.table("groups")
    check_new(table, "Group", GroupName)
    made = Group(
        GroupName,
        check_path(Path),
        new_id(call, "AGPA"),
        entity_arn(call, "group", Path, GroupName),
        call.now_ms,
    )
    table[GroupName] = made
    return {"Group": show_group(made)}


@operation("iam", "GetGroup", resource=GROUP, readonly=True, region=GLOBAL)
def get_group(
    call: Call, *, GroupName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    found = group(call, GroupName)
    return {
        "Group": show_group(found),
        **page(under(None, _members(call, GroupName)), "Users", show_user, Marker, MaxItems),
    }


@operation("iam", "ListGroups", readonly=True, region=GLOBAL)
def list_groups(
    call: Call, *, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    return page(under(PathPrefix, call.table("groups").values()), "Groups", show_group, Marker, MaxItems)


@operation("iam", "ListGroupsForUser", resource=USER, readonly=True, region=GLOBAL)
def list_groups_for_user(
    call: Call, *, UserName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    found = [group(call, name) for name in user(call, UserName).groups]
    return page(under(None, found), "Groups", show_group, Marker, MaxItems)


@operation("iam", "UpdateGroup", resource=GROUP, region=GLOBAL)
def update_group(
    call: Call, *, GroupName: str, NewPath: str | None = None, NewGroupName: str | None = None
) -> None:
    table, found = call.table("groups"), group(call, GroupName)
    name, path = NewGroupName or found.name, check_path(NewPath or found.path)
    if name.casefold() != found.name.casefold():
        check_new(table, "Group", name)
    for member in _members(call, GroupName):
        renamed = tuple(name if each == GroupName else each for each in member.groups)
        call.table("users")[member.name] = replace(member, groups=renamed)
    del table[GroupName]
    table[name] = replace(found, name=name, path=path, arn=entity_arn(call, "group", path, name))


@operation("iam", "DeleteGroup", resource=GROUP, region=GLOBAL)
def delete_group(call: Call, *, GroupName: str) -> None:
    found = group(call, GroupName)
    for holds, first in (
        (found.attached, "detach all policies"),
        (found.inline, "delete policies"),
        (_members(call, GroupName), "remove users from group"),
    ):
        if holds:
            raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.", 409)
    del call.table("groups")[GroupName]


@operation("iam", "AddUserToGroup", resource=GROUP, region=GLOBAL)
def add_user_to_group(call: Call, *, GroupName: str, UserName: str) -> None:
    group(call, GroupName)
    found = own_user(call, UserName)
    if GroupName in found.groups:
        return
    if len(found.groups) >= GROUPS_LIMIT:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for GroupsPerUser: {GROUPS_LIMIT}", 409)
    call.table("users")[found.name] = replace(found, groups=(*found.groups, GroupName))


@operation("iam", "RemoveUserFromGroup", resource=GROUP, region=GLOBAL)
def remove_user_from_group(call: Call, *, GroupName: str, UserName: str) -> None:
    group(call, GroupName)
    found = own_user(call, UserName)
    if GroupName not in found.groups:
        raise AwsError("NoSuchEntity", f"User {UserName} is not in group {GroupName}.", 404)
    call.table("users")[found.name] = replace(
        found, groups=tuple(each for each in found.groups if each != GroupName)
    )
