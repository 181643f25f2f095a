"""Who may invoke a function: its own policy, one for the function and one for each version and alias that has one."""

from __future__ import annotations

import hashlib
import json

from cwlab.api import Call, operation
from cwlab.errors import AwsError, NotModelled
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.lambda_.naming import Params, Ref, plain_resource, ref, version
from cwlab.services.lambda_.records import Statement


def policy_of(call: Call, params: Params) -> str | None:
    """The policy of the function, version or alias a request names; None where it has none."""
    held = _held(call, ref(call, params["FunctionName"], params.get("Qualifier")))
    return _document(held) if held else None


def _held(call: Call, where: Ref) -> tuple[Statement, ...]:
    found: tuple[Statement, ...] = call.table("policies", account=where.account).get(
        (where.name, where.qualifier or ""), ()
    )
    return found


def _document(held: tuple[Statement, ...]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Id": "default", "Statement": [json.loads(each.text) for each in held]},
        separators=(",", ":"),
    )


def _revision(held: tuple[Statement, ...]) -> str:
    h = hashlib.sha256(_document(held).encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def _check_revision(held: tuple[Statement, ...], given: str | None) -> None:
    if given is not None and given != _revision(held):
        raise AwsError(
            "PreconditionFailedException",
            "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the "
            "latest Revision Id",
            412,
        )


def _principal(given: str) -> str | dict[str, str]:
    if given == "*":
        return "*"
    if given.isdigit() and len(given) == 12:
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    return {"Service": given}


@operation("lambda", "AddPermission", resource=plain_resource)
def add_permission(
    call: Call,
    *,
    FunctionName: str,
    StatementId: str,
    Action: str,
    Principal: str,
    SourceArn: str | None = None,
    SourceAccount: str | None = None,
    PrincipalOrgID: str | None = None,
    Qualifier: str | None = None,
    RevisionId: str | None = None,
) -> Params:
    """Let a service or another account do something with the function, most often invoke it."""
    where = ref(call, FunctionName, Qualifier)
    version(call, where)
    held = _held(call, where)
    _check_revision(held, RevisionId)
    if any(each.sid == StatementId for each in held):
        raise AwsError(
            "ResourceConflictException",
            f"The statement id ({StatementId}) provided already exists. Please provide a new statement id, or remove "
            "the existing statement.",
            409,
        )
    statement: Params = {
        "Sid": StatementId,
        "Effect": "Allow",
        "Principal": _principal(Principal),
        "Action": Action,
        "Resource": where.arn,
    }
    conditions: Params = {}
    if SourceAccount is not None:
        conditions["StringEquals"] = {"AWS:SourceAccount": SourceAccount}
    if PrincipalOrgID is not None:
        raise NotModelled("PrincipalOrgID in AddPermission", "Name the account as Principal.")
    if SourceArn is not None:
        conditions["ArnLike"] = {"AWS:SourceArn": SourceArn}
    if conditions:
        statement["Condition"] = conditions
    text = json.dumps(statement, separators=(",", ":"))
    try:
        parse(_document((Statement(StatementId, text),)), "resource")
    except MalformedPolicy as problem:
        error = AwsError(
            "InvalidParameterValueException",
            "The provided principal was invalid. Please check the principal and try again.",
        )
        error.add_note(str(problem))
        raise error from None
    held = (*held, Statement(StatementId, text))
    if len(_document(held)) > 20_480:
        raise AwsError(
            "PolicyLengthExceededException", "The final policy size is bigger than the limit (20480)."
        )
    call.table("policies")[where.name, where.qualifier or ""] = held
    return {"Statement": text}


@operation("lambda", "RemovePermission", resource=plain_resource)
def remove_permission(
    call: Call,
    *,
    FunctionName: str,
    StatementId: str,
    Qualifier: str | None = None,
    RevisionId: str | None = None,
) -> None:
    where = ref(call, FunctionName, Qualifier)
    version(call, where)
    held = _held(call, where)
    _check_revision(held, RevisionId)
    kept = tuple(each for each in held if each.sid != StatementId)
    if len(kept) == len(held):
        raise AwsError(
            "ResourceNotFoundException", f"Statement {StatementId} is not found in resource policy.", 404
        )
    call.table("policies")[where.name, where.qualifier or ""] = kept


@operation("lambda", "GetPolicy", resource=plain_resource, readonly=True)
def get_policy(call: Call, *, FunctionName: str, Qualifier: str | None = None) -> Params:
    where = ref(call, FunctionName, Qualifier)
    version(call, where)
    held = _held(call, where)
    if not held:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return {"Policy": _document(held), "RevisionId": _revision(held)}
