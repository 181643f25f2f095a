"""Key policies: who may use and manage a key. Without one that admits a caller, IAM policies are not enough.

Source: KMS developer guide, "Key policies in AWS KMS", "Default key policy"; API reference PutKeyPolicy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.policy import Caller, MalformedPolicy, Request, evaluate, parse
from cwlab.services.kms import find
from cwlab.services.kms.errors import lockout, malformed, no_such_policy
from cwlab.services.kms.find import conditions, policy, resource
from cwlab.services.kms.paging import listed

NAME = "default"  # the only name there is
MAX_BYTES = 32_768
_ANYTHING = parse('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')


def default(account: str) -> str:
    """The policy of a key made without one, as AWS writes it: the account's IAM policies decide."""
    return f"""{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"""


def check(call: Call, text: str, arn: str, *, bypass: bool) -> None:
    """A policy KMS takes: well formed, and the caller may change it again (unless that check is waived).

    Raises:
        AwsError: MalformedPolicyDocumentException.
    """
    if len(text.encode()) > MAX_BYTES:
        raise malformed(f"The policy is longer than {MAX_BYTES} bytes.")
    try:
        parsed = parse(text, "resource", f"of {arn}")
    except MalformedPolicy as problem:
        error = malformed(problem.sentence)
        error.add_note(str(problem))
        raise error from problem
    principal = call.principal
    if bypass or principal.kind in ("service", "world"):
        return
    role = ""
    if principal.kind == "role":
        name = principal.arn.split("/")[1]
        role = f"arn:aws:iam::{principal.account}:role/{name}"
    caller = Caller(principal.arn, principal.account, principal.kind, role)
    again = Request("kms:PutKeyPolicy", arn, caller, call.account, find.caller_conditions(call))
    if not evaluate(again, identity=[_ANYTHING], resource=parsed, must_grant=True).allowed:
        raise lockout()


def _named(name: str | None) -> None:
    if name not in (None, NAME):
        raise no_such_policy()


@operation(
    "kms",
    "GetKeyPolicy",
    resource=resource(),
    policy=policy(),
    conditions=conditions(),
    readonly=True,
)
def get_key_policy(call: Call, *, KeyId: str, PolicyName: str | None = None) -> dict[str, Any]:
    """A key's policy."""
    key = find.find(call, KeyId)
    _named(PolicyName)
    return {"Policy": key.policy, "PolicyName": NAME}


def _bypass(call: Call, params: dict[str, Any]) -> dict[str, str | list[str]]:
    waived = str(bool(params.get("BypassPolicyLockoutSafetyCheck"))).lower()
    return {**conditions()(call, params), "kms:BypassPolicyLockoutSafetyCheck": waived}


@operation("kms", "PutKeyPolicy", resource=resource(), policy=policy(), conditions=_bypass)
def put_key_policy(
    call: Call,
    *,
    KeyId: str,
    Policy: str,
    PolicyName: str | None = None,
    BypassPolicyLockoutSafetyCheck: bool = False,
) -> None:
    """Put another policy in the place of a key's own. It holds at once."""
    key = find.find(call, KeyId)
    _named(PolicyName)
    check(call, Policy, key.arn, bypass=BypassPolicyLockoutSafetyCheck)
    find.keep(call, replace(key, policy=Policy))


@operation(
    "kms", "ListKeyPolicies", resource=resource(), policy=policy(), conditions=conditions(), readonly=True
)
def list_key_policies(
    call: Call, *, KeyId: str, Limit: int | None = None, Marker: str | None = None
) -> dict[str, Any]:
    """The names of a key's policies: ``default``."""
    find.find(call, KeyId)
    return {**listed("PolicyNames", [], Limit, Marker, 100), "PolicyNames": [NAME]}
