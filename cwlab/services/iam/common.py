"""What all IAM operations share: names to ARNs, pages, documents, tags, and the answers' shapes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, TypeVar
from urllib.parse import quote

from cwlab.api import Call
from cwlab.arn import GLOBAL, arn
from cwlab.errors import AwsError
from cwlab.policy import Kind, MalformedPolicy, parse
from cwlab.services.iam.lookup import document_at
from cwlab.services.iam.records import (
    ADMIN,
    BASE32,
    Group,
    Profile,
    Role,
    User,
    administrator,
    get,
)
from cwlab.timeline import to_datetime

T = TypeVar("T")
Params = dict[str, Any]
Answer = dict[str, Any]

# What a document may weigh, in characters without white space. Source: "IAM and AWS STS quotas".
LIMITS = {"managed": 6144, "user": 2048, "group": 5120, "role": 10240, "trust": 2048}
# Managed policies that may be attached; groups a user may be in.
ATTACHED_LIMIT, GROUPS_LIMIT, KEYS_LIMIT, VERSIONS_LIMIT, TAGS_LIMIT = 10, 10, 2, 5, 50


# -- ARNs --------------------------------------------------------------------------------------------------------


def entity_arn(call: Call, kind: str, path: str, name: str) -> str:
    """``arn:aws:iam::ACCOUNT:kind/path/name``."""
    return arn("iam", "", call.account, f"{kind}{path}{name}")


def names(kind: str, table: str, parameter: str) -> Callable[[Call, Params], str]:
    """A resource function: the ARN of the entity a parameter names, with its path when it exists."""

    def resource(call: Call, params: Params) -> str:
        name = params.get(parameter) or call.principal.arn.rsplit("/", 1)[-1]
        found = call.table(table).get(name)
        path = params.get("Path") if found is None else found.path
        return entity_arn(call, kind, path or "/", name)

    return resource


USER = names("user", "users", "UserName")
GROUP = names("group", "groups", "GroupName")
ROLE = names("role", "roles", "RoleName")
PROFILE = names("instance-profile", "profiles", "InstanceProfileName")


def policy_resource(call: Call, params: Params) -> str:
    """The resource of operations on one managed policy."""
    return str(params["PolicyArn"])


def attach_conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """``iam:PolicyARN``, for those who may attach some policies only."""
    return {"iam:PolicyARN": str(params["PolicyArn"])}


# -- entities ----------------------------------------------------------------------------------------------------


def users(call: Call) -> dict[str, User]:
    """All users, the built-in administrator among them."""
    return {ADMIN: administrator(call.account)} | dict(call.table("users"))


def user(call: Call, name: str | None) -> User:
    """The user of that name; the calling one without a name."""
    if name is None:
        if call.principal.kind != "user":
            raise AwsError(
                "ValidationError", "Must specify userName when calling with non-User credentials", 400
            )
        name = call.principal.arn.rsplit("/", 1)[-1]
    return get(users(call), "user", name)


def own_user(call: Call, name: str | None) -> User:
    """The user of that name, to be changed: the built-in administrator cannot be."""
    found = user(call, name)
    if found.name == ADMIN:
        raise AwsError(
            "UnmodifiableEntity",
            "The user admin is the lab's own administrator and cannot be changed. Create a user of your own.",
            400,
        )
    return found


def group(call: Call, name: str) -> Group:
    return get(call.table("groups"), "group", name)


def role(call: Call, name: str) -> Role:
    return get(call.table("roles"), "role", name)


def profile(call: Call, name: str) -> Profile:
    found: Profile | None = call.table("profiles").get(name)
    if found is None:
        raise AwsError("NoSuchEntity", f"Instance Profile {name} cannot be found.", 404)
    return found


def new_id(call: Call, prefix: str) -> str:
    """An id such as AROA...: the prefix and 17 characters."""
    return call.unique(prefix, 17, BASE32)


def table_getter(call: Call) -> Callable[[str, str, str], MutableMapping[str, Any]]:
    """The tables of IAM and STS, as ``lookup`` reads them."""
    return lambda service, name, account: call.table(name, service=service, region=GLOBAL, account=account)


# -- documents, tags ---------------------------------------------------------------------------------------------


def check_document(document: str, limit: str, kind: Kind = "identity") -> str:
    """The document, if AWS would take it.

    Raises:
        AwsError: MalformedPolicyDocument or LimitExceeded.
    """
    try:
        parse(document, kind)
    except MalformedPolicy as problem:
        raise AwsError("MalformedPolicyDocument", problem.message, 400) from None
    check_size(len(re.sub(r"\s", "", document)), limit)
    return document


def check_size(size: int, limit: str) -> None:
    """Refuse what is longer than the quota of that kind."""
    if size > LIMITS[limit]:
        quota = {"managed": "PolicySize", "trust": "ACLSizePerRole"}.get(limit, f"{limit} inline policies")
        raise AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {LIMITS[limit]}", 409)


def check_attachable(call: Call, policy_arn: str) -> str:
    """The ARN of a managed policy that exists."""
    parts = policy_arn.split(":")
    if len(parts) != 6 or not parts[5].startswith("policy/"):
        raise AwsError("InvalidInput", f"ARN {policy_arn} is not valid.", 400)
    document_at(policy_arn, table_getter(call))
    return policy_arn


def tags_of(
    raw: Iterable[dict[str, str]] | None, before: tuple[tuple[str, str], ...] = ()
) -> tuple[tuple[str, str], ...]:
    """Tags as pairs, added to those there are. Keys are unique without regard to case, and aws: is AWS's."""
    given = [(tag["Key"], tag["Value"]) for tag in raw or ()]
    for key, _ in given:
        if key.lower().startswith("aws:"):
            raise AwsError(
                "InvalidInput", f"Tag key {key} is invalid: tag keys starting with aws: are reserved.", 400
            )
    folded = [key.casefold() for key, _ in given]
    if len(set(folded)) < len(folded):
        raise AwsError(
            "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400
        )
    kept = [pair for pair in before if pair[0].casefold() not in folded]
    if len(kept) + len(given) > TAGS_LIMIT:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for TagsPerResource: {TAGS_LIMIT}", 409)
    return (*kept, *given)


def untagged(tags: tuple[tuple[str, str], ...], keys: list[str]) -> tuple[tuple[str, str], ...]:
    """The tags without those keys."""
    gone = {key.casefold() for key in keys}
    return tuple(pair for pair in tags if pair[0].casefold() not in gone)


def tag_conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """``aws:RequestTag/...`` and ``aws:TagKeys`` of a request that sets tags."""
    tags = params.get("Tags") or []
    keys: dict[str, str | list[str]] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return keys | ({"aws:TagKeys": [tag["Key"] for tag in tags]} if tags else {})


def boundary_conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """Tags, and ``iam:PermissionsBoundary``."""
    bound = params.get("PermissionsBoundary")
    return tag_conditions(call, params) | ({"iam:PermissionsBoundary": bound} if bound else {})


# -- pages -------------------------------------------------------------------------------------------------------


def page(
    found: Iterable[tuple[str, T]], name: str, show: Callable[[T], Any], marker: str | None, limit: int | None
) -> Answer:
    """One page of a list, by key in order.

    Args:
        found: (key, item) pairs; the key orders the list and marks the place.
        name: what the answer calls the list.
        show: an item in AWS's shape.
        marker: where the page before this one ended.
        limit: MaxItems; 100 unless given.
    """
    items = sorted(found, key=lambda pair: (pair[0].casefold(), pair[0]))
    if marker is not None:
        try:
            last = base64.b64decode(marker.encode(), b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            raise AwsError("ValidationError", f"Invalid Marker: {marker}", 400) from None
        items = [pair for pair in items if (pair[0].casefold(), pair[0]) > (last.casefold(), last)]
    size = 100 if limit is None else limit
    answer: Answer = {name: [show(item) for _, item in items[:size]], "IsTruncated": len(items) > size}
    if len(items) > size:
        answer["Marker"] = base64.urlsafe_b64encode(items[size - 1][0].encode()).decode()
    return answer


def under(path: str | None, found: Iterable[T]) -> list[tuple[str, T]]:
    """(name, entity) pairs of the entities whose path starts so."""
    return [(each.name, each) for each in found if each.path.startswith(path or "/")]  # type: ignore[attr-defined]


# -- shapes ------------------------------------------------------------------------------------------------------


def shown_document(text: str) -> str:
    """A document as IAM sends it: percent-encoded. boto3 decodes it into a dict."""
    return quote(text, safe="")


def shown_tags(tags: tuple[tuple[str, str], ...]) -> list[Answer]:
    return [{"Key": key, "Value": value} for key, value in tags]


def tag_page(tags: tuple[tuple[str, str], ...], marker: str | None, limit: int | None) -> Answer:
    """One page of a resource's tags."""
    return page(((tag[0], tag) for tag in tags), "Tags", lambda tag: shown_tags((tag,))[0], marker, limit)


def _bound(boundary: str | None) -> Answer:
    if boundary is None:
        return {}
    return {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": boundary,
        }
    }


def _tagged(tags: tuple[tuple[str, str], ...]) -> Answer:
    return {"Tags": shown_tags(tags)} if tags else {}


def show_user(each: User, *, whole: bool = False) -> Answer:
    """A user. Lists leave out tags and boundary; get and create show them (``whole``)."""
    return {
        "Path": each.path,
        "UserName": each.name,
        "UserId": each.id,
        "Arn": each.arn,
        "CreateDate": to_datetime(each.created_ms),
        **((_bound(each.boundary) | _tagged(each.tags)) if whole else {}),
    }


def show_group(each: Group) -> Answer:
    return {
        "Path": each.path,
        "GroupName": each.name,
        "GroupId": each.id,
        "Arn": each.arn,
        "CreateDate": to_datetime(each.created_ms),
    }


def show_role(each: Role, *, whole: bool = False) -> Answer:
    """A role. Lists leave out tags, boundary and last use."""
    shown = {
        "Path": each.path,
        "RoleName": each.name,
        "RoleId": each.id,
        "Arn": each.arn,
        "CreateDate": to_datetime(each.created_ms),
        "AssumeRolePolicyDocument": shown_document(each.trust),
        "MaxSessionDuration": each.max_session_s,
    }
    if each.description is not None:
        shown["Description"] = each.description
    if whole:
        shown |= _bound(each.boundary) | _tagged(each.tags) | {"RoleLastUsed": {}}
    return shown


def show_profile(call: Call, each: Profile, *, whole: bool = False) -> Answer:
    """An instance profile with its role."""
    held = call.table("roles").get(each.role) if each.role is not None else None
    return {
        "Path": each.path,
        "InstanceProfileName": each.name,
        "InstanceProfileId": each.id,
        "Arn": each.arn,
        "CreateDate": to_datetime(each.created_ms),
        "Roles": [show_role(held)] if held is not None else [],
        **(_tagged(each.tags) if whole else {}),
    }
