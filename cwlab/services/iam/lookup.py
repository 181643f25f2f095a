"""Which policies a principal has, and which principal an access key belongs to. Pure functions of IAM's tables.

``get_table(service, name, account)`` hands over a table of a global service; nothing here changes one.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple

from cwlab.api import Principal
from cwlab.arn import account_of_key, arn
from cwlab.errors import AwsError
from cwlab.policy import Caller, Policy, parse
from cwlab.services.iam import managed
from cwlab.services.iam.records import ADMIN, Group, Role, User, administrator

GetTable = Callable[[str, str, str], MutableMapping[str, Any]]


class Standing(NamedTuple):
    """What IAM knows of a caller: who it is, in the words of policies, and the policies that bind it."""

    caller: Caller
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    context: dict[str, str | tuple[str, ...]] | None = None


def standing(principal: Principal, get_table: GetTable) -> Standing:
    """The policies of a principal.

    Raises:
        AwsError: InvalidClientTokenId, when the user or role behind it is gone.
    """
    account, kind = principal.account, principal.kind
    if kind == "user":
        user = user_of(principal, get_table)
        if user is None:
            raise _gone("user", principal.arn.rsplit("/", 1)[-1], account)
        groups: list[Group] = [get_table("iam", "groups", account)[name] for name in user.groups]
        held = policies_of(user, account, get_table)
        for group in groups:
            held += policies_of(group, account, get_table)
        record = _session(principal, get_table)
        return Standing(
            Caller(user.arn, account, "user", "", user.boundary is not None),
            tuple(held),
            _boundary(user, account, get_table),
            record and _session_policy(record, account, get_table),
            {"aws:userid": user.id, **_tags(user.tags), **_temporary(record)},
        )
    if kind == "role":
        role = role_of(principal, get_table)
        if role is None:
            raise _gone("role", role_name(principal.arn), account)
        record = _session(principal, get_table)
        name = principal.arn.rsplit("/", 1)[-1]
        tags = dict(role.tags) | dict(record.tags if record is not None else ())
        return Standing(
            Caller(principal.arn, account, "role", role.arn, role.boundary is not None),
            tuple(policies_of(role, account, get_table)),
            _boundary(role, account, get_table),
            record and _session_policy(record, account, get_table),
            {"aws:userid": f"{role.id}:{name}", **_tags(tuple(tags.items())), **_temporary(record)},
        )
    if kind == "root":
        return Standing(Caller(principal.arn, account, "root"), context={"aws:userid": account})
    return Standing(Caller(principal.arn, account, kind))


def user_of(principal: Principal, get_table: GetTable) -> User | None:
    """The user behind a principal of kind "user"."""
    name = principal.arn.rsplit("/", 1)[-1]
    found = get_table("iam", "users", principal.account).get(name)
    if found is None and name == ADMIN:
        return administrator(principal.account)
    return found


def role_name(session_arn: str) -> str:
    """The role's name in the ARN of a session, ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``, or of a role."""
    resource = session_arn.split(":", 5)[5]
    return resource.split("/")[1] if resource.startswith("assumed-role/") else resource.rsplit("/", 1)[-1]


def role_of(principal: Principal, get_table: GetTable) -> Role | None:
    """The role behind a session."""
    return get_table("iam", "roles", principal.account).get(role_name(principal.arn))


def policies_of(holder: User | Group | Role, account: str, get_table: GetTable) -> list[Policy]:
    """The identity policies of one holder: inline ones and attached ones, parsed."""
    found = [parse(text, name=name) for name, text in holder.inline]
    return found + [policy_at(each, get_table) for each in holder.attached]


def policy_at(policy_arn: str, get_table: GetTable) -> Policy:
    """A managed policy by its ARN, parsed: AWS's own or the account's."""
    return parse(document_at(policy_arn, get_table), name=policy_arn.rsplit("/", 1)[-1])


def document_at(policy_arn: str, get_table: GetTable) -> str:
    """The document in force of a managed policy.

    Raises:
        AwsError: NoSuchEntity.
    """
    aws = managed.find(policy_arn)
    if aws is not None:
        return aws.document
    parts = policy_arn.split(":")
    found = (
        get_table("iam", "policies", parts[4]).get(policy_arn)
        if len(parts) == 6 and parts[4] != "aws"
        else None
    )
    if found is None:
        known = sorted(name.rsplit("/", 1)[-1] for name in managed.all_policies())
        hint = (
            f" AWS-managed policies of this lab: {', '.join(known)}."
            if len(parts) > 4 and parts[4] == "aws"
            else ""
        )
        raise AwsError("NoSuchEntity", f"Policy {policy_arn} does not exist or is not attachable.{hint}", 404)
    return str(found.document)


def principal_for_access_key(key: str, get_table: GetTable, now_ms: int) -> Principal:
    """Who calls with this access key.

    Raises:
        AwsError: InvalidClientTokenId (no such key, or switched off) or ExpiredToken.
    """
    account = account_of_key(key)
    if account is not None and key.startswith("AKIA"):
        held = get_table("iam", "keys", account).get(key)
        if held is not None and held.active:
            user = get_table("iam", "users", account).get(held.user) or administrator(account)
            return Principal(user.arn, account, "user")
    if account is not None and key.startswith("ASIA"):
        session = get_table("sts", "sessions", account).get(key)
        if session is not None and now_ms >= session.expires_ms:
            raise AwsError("ExpiredToken", "The security token included in the request is expired", 403)
        if session is not None:
            return Principal(session.arn, account, session.kind, key)
    raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


def trust_policy(role_arn: str, get_table: GetTable) -> Policy | None:
    """The trust policy of a role, parsed; None when there is no such role."""
    parts = role_arn.split(":", 5)
    role = get_table("iam", "roles", parts[4]).get(role_name(role_arn)) if len(parts) == 6 else None
    return (
        parse(role.trust, "trust", f"of role {role.name}")
        if role is not None and role.arn == role_arn
        else None
    )


def root(account: str) -> Principal:
    """The root user of an account."""
    return Principal(arn("iam", "", account, "root"), account, "root")


def _session(principal: Principal, get_table: GetTable) -> Any:
    return (
        get_table("sts", "sessions", principal.account).get(principal.session) if principal.session else None
    )


def _session_policy(session: Any, account: str, get_table: GetTable) -> Policy | None:
    """The session policies together; None when none was passed. What one allows is enough."""
    parts = [parse(session.policy, name="given to AssumeRole")] if session.policy is not None else []
    parts += [policy_at(each, get_table) for each in session.policy_arns]
    if not parts:
        return None
    return Policy(
        ", ".join(each.name for each in parts),
        tuple(s for each in parts for s in each.denies),
        tuple(s for each in parts for s in each.allows),
    )


def _boundary(holder: User | Role, account: str, get_table: GetTable) -> Policy | None:
    return None if holder.boundary is None else policy_at(holder.boundary, get_table)


def _tags(tags: tuple[tuple[str, str], ...]) -> dict[str, str | tuple[str, ...]]:
    return {f"aws:PrincipalTag/{key}": value for key, value in tags}


def _temporary(session: Any) -> dict[str, str | tuple[str, ...]]:
    """Only temporary credentials carry these two keys."""
    if session is None:
        return {}
    issued = session.issued_ms // 1000
    return {"aws:TokenIssueTime": str(issued), "aws:MultiFactorAuthPresent": "false"}


def _gone(what: str, name: str, account: str) -> AwsError:
    return AwsError(
        "InvalidClientTokenId",
        "The security token included in the request is invalid. "
        f"(There is no {what} {name} in account {account}.)",
        403,
    )
