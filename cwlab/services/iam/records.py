"""What IAM keeps: users, groups, roles, managed policies, instance profiles and access keys, all immutable.

Tables of the ``iam`` service, in the account and ``aws-global``: users, groups, roles, profiles by name; policies by
ARN; keys by access key id.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any, TypeVar

from cwlab.arn import arn
from cwlab.codec import record
from cwlab.errors import AwsError

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ADMIN = "admin"  # the user you are unless you say otherwise; it is stored nowhere and cannot be changed

Tags = tuple[tuple[str, str], ...]


@record
class User:
    """An IAM user. ``inline`` holds (policy name, document) pairs, ``attached`` ARNs of managed policies."""

    name: str
    path: str
    id: str
    arn: str
    created_ms: int
    tags: Tags = ()
    inline: tuple[tuple[str, str], ...] = ()
    attached: tuple[str, ...] = ()
    boundary: str | None = None
    groups: tuple[str, ...] = ()


@record
class Group:
    """A group of users; its policies count for each of them."""

    name: str
    path: str
    id: str
    arn: str
    created_ms: int
    inline: tuple[tuple[str, str], ...] = ()
    attached: tuple[str, ...] = ()


@record
class Role:
    """A role: ``trust`` says who may take it on, the other policies what it may do."""

    name: str
    path: str
    id: str
    arn: str
    created_ms: int
    trust: str
    description: str | None = None
    max_session_s: int = 3600
    tags: Tags = ()
    inline: tuple[tuple[str, str], ...] = ()
    attached: tuple[str, ...] = ()
    boundary: str | None = None
    linked_service: str | None = None  # the service of a service-linked role


@record
class ManagedPolicy:
    """A policy of your own that can be attached to many. ``versions`` holds (id, document, created_ms), oldest first."""

    name: str
    path: str
    id: str
    arn: str
    created_ms: int
    updated_ms: int
    versions: tuple[tuple[str, str, int], ...]
    default: str
    made: int  # how many versions there have ever been: ids are never used twice
    description: str | None = None
    tags: Tags = ()

    @property
    def document(self) -> str:
        """The version in force."""
        return next(text for name, text, _ in self.versions if name == self.default)


@record
class Profile:
    """An instance profile: the box in which an EC2 instance carries its role."""

    name: str
    path: str
    id: str
    arn: str
    created_ms: int
    role: str | None = None
    tags: Tags = ()


@record
class AccessKey:
    """A long-term access key of a user."""

    id: str
    user: str
    created_ms: int
    active: bool = True


Holder = User | Group | Role
H = TypeVar("H", User, Group, Role)
TABLES: dict[str, str] = {"user": "users", "group": "groups", "role": "roles"}


def administrator(account: str) -> User:
    """The built-in administrator of an account."""
    return User(
        ADMIN,
        "/",
        "AIDACWLABADMINISTRATO",
        arn("iam", "", account, f"user/{ADMIN}"),
        1704067200000,
        attached=("arn:aws:iam::aws:policy/AdministratorAccess",),
    )


def get(table: MutableMapping[str, Any], what: str, name: str) -> Any:
    """The entity of that name, or AWS's NoSuchEntity."""
    found = table.get(name)
    if found is None:
        raise AwsError("NoSuchEntity", f"The {what} with name {name} cannot be found.", 404)
    return found


def check_new(table: MutableMapping[str, Any], what: str, name: str) -> None:
    """Names are unique without regard to case."""
    if any(each.casefold() == name.casefold() for each in table) or (
        what == "User" and name.casefold() == ADMIN
    ):
        raise AwsError("EntityAlreadyExists", f"{what} with name {name} already exists.", 409)


def with_item(pairs: tuple[tuple[str, str], ...], key: str, value: str) -> tuple[tuple[str, str], ...]:
    """The pairs with one set, in its old place or at the end."""
    return tuple((dict(pairs) | {key: value}).items())


def without_item(pairs: tuple[tuple[str, str], ...], key: str) -> tuple[tuple[str, str], ...]:
    """The pairs without one."""
    return tuple(pair for pair in pairs if pair[0] != key)


def check_path(path: str) -> str:
    """A path begins and ends with a slash."""
    if not (path.startswith("/") and path.endswith("/")):
        raise AwsError(
            "ValidationError",
            "The specified value for path is invalid. It must begin and end with / and "
            f"contain only alphanumeric characters and/or / characters. Found: {path}",
            400,
        )
    return path


__all__ = [
    "ADMIN",
    "BASE32",
    "TABLES",
    "AccessKey",
    "Group",
    "Holder",
    "ManagedPolicy",
    "Profile",
    "Role",
    "Tags",
    "User",
    "administrator",
    "check_new",
    "check_path",
    "get",
    "replace",
    "with_item",
    "without_item",
]
