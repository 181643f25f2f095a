"""Instance profiles: how an EC2 instance gets its role."""

from __future__ import annotations

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam.common import (
    PROFILE,
    ROLE,
    Answer,
    entity_arn,
    new_id,
    page,
    profile,
    role,
    show_profile,
    tag_conditions,
    tag_page,
    tags_of,
    under,
    untagged,
)
from cwlab.services.iam.records import Profile, check_path, replace


@operation("iam", "CreateInstanceProfile", resource=PROFILE, conditions=tag_conditions, region=GLOBAL)
def create_instance_profile(
    call: Call, *, InstanceProfileName: str, Path: str = "/", Tags: list | None = None
) -> Answer:
    table = call.table("profiles")
    if any(each.casefold() == InstanceProfileName.casefold() for each in table):
        raise AwsError("EntityAlreadyExists", f"Instance Profile {InstanceProfileName} already exists.", 409)
    made = Profile(
        InstanceProfileName,
        check_path(Path),
        new_id(call, "AIPA"),
        entity_arn(call, "instance-profile", Path, InstanceProfileName),
        call.now_ms,
        tags=tags_of(Tags),
    )
    table[InstanceProfileName] = made
    return {"InstanceProfile": show_profile(call, made, whole=True)}


@operation("iam", "GetInstanceProfile", resource=PROFILE, readonly=True, region=GLOBAL)
def get_instance_profile(call: Call, *, InstanceProfileName: str) -> Answer:
    return {"InstanceProfile": show_profile(call, profile(call, InstanceProfileName), whole=True)}


@operation("iam", "ListInstanceProfiles", readonly=True, region=GLOBAL)
def list_instance_profiles(
    call: Call, *, PathPrefix: str | None = None, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    found = under(PathPrefix, call.table("profiles").values())
    return page(found, "InstanceProfiles", lambda each: show_profile(call, each), Marker, MaxItems)


@operation("iam", "ListInstanceProfilesForRole", resource=ROLE, readonly=True, region=GLOBAL)
def list_instance_profiles_for_role(
    call: Call, *, RoleName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    role(call, RoleName)
    found = under(None, [each for each in call.table("profiles").values() if each.role == RoleName])
    return page(found, "InstanceProfiles", lambda each: show_profile(call, each), Marker, MaxItems)


@operation("iam", "AddRoleToInstanceProfile", resource=PROFILE, region=GLOBAL)
def add_role_to_instance_profile(call: Call, *, InstanceProfileName: str, RoleName: str) -> None:
    found = profile(call, InstanceProfileName)
    if role(call, RoleName).linked_service is not None:
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{RoleName}' - this role "
            "is only modifiable by AWS",
            400,
        )
    if found.role is not None:
        raise AwsError("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409)
    call.table("profiles")[found.name] = replace(found, role=RoleName)


@operation("iam", "RemoveRoleFromInstanceProfile", resource=PROFILE, region=GLOBAL)
def remove_role_from_instance_profile(call: Call, *, InstanceProfileName: str, RoleName: str) -> None:
    found = profile(call, InstanceProfileName)
    if found.role != RoleName:
        raise AwsError(
            "NoSuchEntity", f"Role {RoleName} in Instance Profile {InstanceProfileName} cannot be found.", 404
        )
    call.table("profiles")[found.name] = replace(found, role=None)


@operation("iam", "DeleteInstanceProfile", resource=PROFILE, region=GLOBAL)
def delete_instance_profile(call: Call, *, InstanceProfileName: str) -> None:
    if profile(call, InstanceProfileName).role is not None:
        raise AwsError(
            "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409
        )
    del call.table("profiles")[InstanceProfileName]


@operation("iam", "TagInstanceProfile", resource=PROFILE, conditions=tag_conditions, region=GLOBAL)
def tag_instance_profile(call: Call, *, InstanceProfileName: str, Tags: list) -> None:
    found = profile(call, InstanceProfileName)
    call.table("profiles")[found.name] = replace(found, tags=tags_of(Tags, found.tags))


@operation("iam", "UntagInstanceProfile", resource=PROFILE, region=GLOBAL)
def untag_instance_profile(call: Call, *, InstanceProfileName: str, TagKeys: list[str]) -> None:
    found = profile(call, InstanceProfileName)
    call.table("profiles")[found.name] = replace(found, tags=untagged(found.tags, TagKeys))


@operation("iam", "ListInstanceProfileTags", resource=PROFILE, readonly=True, region=GLOBAL)
def list_instance_profile_tags(
    call: Call, *, InstanceProfileName: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    tags = profile(call, InstanceProfileName).tags
    return tag_page(tags, Marker, MaxItems)
