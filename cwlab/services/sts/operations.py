"""STS: who am I, and temporary credentials.

STS is IAM's other half: it reads IAM's roles, and IAM's authorization reads the sessions kept here, by access key id.
Whether a caller may take on a role is decided at the door (``iam.authorize``: the role's trust policy and the caller's
own). Source: AWS STS API reference.
"""

from __future__ import annotations

import re
from typing import Any

from cwlab.api import Call, NotModelled, operation
from cwlab.arn import GLOBAL, access_key_id, account_of_key, arn
from cwlab.codec import record
from cwlab.errors import AwsError
from cwlab.policy import MalformedPolicy, parse
from cwlab.timeline import to_datetime

HOUR = 3600
TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@record
class Session:
    """Temporary credentials. ``kind`` is role (AssumeRole) or user (GetSessionToken)."""

    key: str
    arn: str
    kind: str
    issued_ms: int
    expires_ms: int
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


def _credentials(
    call: Call, account: str, made: dict[str, Any], seconds: int
) -> tuple[Session, dict[str, Any]]:
    """Store a session in the account it is of, and show its credentials."""
    key = access_key_id("ASIA", account, call.unique("", 10))
    session = Session(key=key, issued_ms=call.now_ms, expires_ms=call.now_ms + seconds * 1000, **made)
    call.table("sessions", account=account)[key] = session
    return session, {
        "AccessKeyId": key,
        "SecretAccessKey": call.unique("", 40, TOKEN),
        "SessionToken": "IQoJb3JpZ2luX2Vj" + call.unique("", 40, TOKEN),
        "Expiration": to_datetime(session.expires_ms),
    }


@operation("sts", "GetCallerIdentity", readonly=True, region=GLOBAL)
def get_caller_identity(call: Call) -> dict[str, Any]:
    who = call.principal
    name = who.arn.rsplit("/", 1)[-1]
    if who.kind == "role":
        role = call.table("roles", service="iam", account=who.account).get(who.arn.split("/")[1])
        user_id = f"{role.id}:{name}" if role is not None else name
    elif who.kind == "user":
        user = call.table("users", service="iam", account=who.account).get(name)
        user_id = user.id if user is not None else "AIDACWLABADMINISTRATO"
    else:
        user_id = who.account
    return {"UserId": user_id, "Account": who.account, "Arn": who.arn}


def _assume_conditions(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    keys: dict[str, str | list[str]] = {"sts:RoleSessionName": params["RoleSessionName"]}
    for key, name in (("sts:ExternalId", "ExternalId"), ("sts:SourceIdentity", "SourceIdentity")):
        if name in params:
            keys[key] = params[name]
    for tag in params.get("Tags") or ():
        keys[f"aws:RequestTag/{tag['Key']}"] = tag["Value"]
    if params.get("Tags"):
        keys["aws:TagKeys"] = [tag["Key"] for tag in params["Tags"]]
    if params.get("TransitiveTagKeys"):
        keys["sts:TransitiveTagKeys"] = list(params["TransitiveTagKeys"])
    return keys


def _trust(call: Call, params: dict[str, Any]) -> str | None:
    """The role's trust policy: the resource policy of AssumeRole. None when there is no such role."""
    role = _role(call, params["RoleArn"])
    return None if role is None else role.trust


def _role(call: Call, role_arn: str) -> Any:
    parts = role_arn.split(":", 5)
    table = call.table("roles", service="iam", account=parts[4]) if len(parts) == 6 else {}
    role = table.get(role_arn.rsplit("/", 1)[-1])
    return role if role is not None and role.arn == role_arn else None


@operation(
    "sts",
    "AssumeRole",
    resource=lambda call, params: params["RoleArn"],
    conditions=_assume_conditions,
    policy=_trust,
    region=GLOBAL,
)
def assume_role(
    call: Call,
    *,
    RoleArn: str,
    RoleSessionName: str,
    Policy: str | None = None,
    PolicyArns: list | None = None,
    DurationSeconds: int | None = None,
    ExternalId: str | None = None,
    Tags: list | None = None,
    SourceIdentity: str | None = None,
) -> dict[str, Any]:
    role = _role(call, RoleArn)
    assert role is not None, "the door lets nobody pass to a role that is not there"
    account, name = RoleArn.split(":")[4], role.name
    session_arn = arn("sts", "", account, f"assumed-role/{name}/{RoleSessionName}")
    session, shown = _credentials(
        call,
        account,
        {
            "arn": session_arn,
            "kind": "role",
            "policy": _session_policy(Policy),
            "policy_arns": tuple(each["arn"] for each in PolicyArns or ()),
            "tags": tuple((tag["Key"], tag["Value"]) for tag in Tags or ()),
        },
        _duration(call, DurationSeconds, role.max_session_s),
    )
    answer: dict[str, Any] = {
        "Credentials": shown,
        "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{RoleSessionName}", "Arn": session_arn},
    }
    if Policy is not None or PolicyArns:
        # How full the packed format is: 2,048 characters of documents and tags fill it.
        answer["PackedPolicySize"] = _packed(Policy, session)
    if SourceIdentity is not None:
        answer["SourceIdentity"] = SourceIdentity
    return answer


def _packed(policy: str | None, session: Session) -> int:
    size = (
        len(re.sub(r"\s", "", policy or ""))
        + sum(map(len, session.policy_arns))
        + sum(len(key) + len(value) for key, value in session.tags)
    )
    if size > 2048:
        raise AwsError(
            "PackedPolicyTooLarge",
            f"Packed size of session tags consumes {size * 100 // 2048}% of allotted space.",
            400,
        )
    return max(1, size * 100 // 2048)


def _duration(call: Call, seconds: int | None, most: int) -> int:
    """How long the session lives; one hour unless said, and never more when a role session takes on another role."""
    if seconds is None:
        return min(HOUR, most)
    if call.principal.kind == "role" and seconds > HOUR:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
            "by role chaining",
            400,
        )
    if seconds > most:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            400,
        )
    return seconds


def _session_policy(document: str | None) -> str | None:
    if document is not None:
        try:
            parse(document)
        except MalformedPolicy as problem:
            raise AwsError("MalformedPolicyDocument", problem.message, 400) from None
    return document


@operation("sts", "GetSessionToken", region=GLOBAL)
def get_session_token(call: Call, *, DurationSeconds: int = 12 * HOUR) -> dict[str, Any]:
    if call.principal.kind not in ("user", "root") or call.principal.session is not None:
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    who = call.principal
    _, shown = _credentials(call, who.account, {"arn": who.arn, "kind": who.kind}, DurationSeconds)
    return {"Credentials": shown}


@operation("sts", "GetAccessKeyInfo", readonly=True, region=GLOBAL)
def get_access_key_info(call: Call, *, AccessKeyId: str) -> dict[str, Any]:
    account = account_of_key(AccessKeyId)
    if account is None:
        raise AwsError("ValidationError", f"{AccessKeyId} is not an access key id.", 400)
    return {"Account": account}


@operation("sts", "AssumeRoleWithWebIdentity", region=GLOBAL)
def assume_role_with_web_identity(
    call: Call,
    *,
    RoleArn: str,
    RoleSessionName: str,
    WebIdentityToken: str,
    ProviderId: str | None = None,
    PolicyArns: list | None = None,
    Policy: str | None = None,
    DurationSeconds: int | None = None,
) -> dict[str, Any]:
    raise NotModelled(
        "sts:AssumeRoleWithWebIdentity", "There is no identity provider in this lab; use sts.assume_role."
    )
