"""Policy documents: read, checked, and made ready for quick questions.

``parse`` turns a JSON document into a ``Policy``; what is wrong with a document is said with AWS's own sentence first,
then where, what and how to mend it. Parsing is a pure function of the text and is cached.

Source: IAM User Guide, "JSON policy element reference" and "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from cwlab.errors import BadInput
from cwlab.policy.conditions import COMPARE, NEGATED, Condition, condition, parse_operator
from cwlab.policy.match import Context, Test, arn_test, expand, has_variable, text_test

Kind = Literal["identity", "resource", "trust", "endpoint"]

VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_TRUST_ACTIONS = {
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
    "sts:*",
    "*",
}
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[\w-]*:(iam|sts)::(\d{12}|aws):"
    r"(root|(user|role|assumed-role|federated-user|saml-provider|oidc-provider)/.+)"
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws|amazon|aws)\.[a-z.]+|[a-z0-9-]+\.amazonaws\.com(\.cn)?")


class MalformedPolicy(BadInput):
    """A policy document AWS would not take.

    Args:
        sentence: what AWS says (the text of MalformedPolicyDocument).
        value: what was found.
        rule: the rule it breaks.
        remedy: what to write instead.
    """

    def __init__(self, sentence: str, value: object, rule: str, remedy: str = "") -> None:
        super().__init__(value, rule, remedy)
        self.sentence = sentence
        shown = value if isinstance(value, str) else json.dumps(value, default=str)
        shown = shown if len(shown) <= 120 else shown[:117] + "..."
        self.message = f"{sentence} Found {shown}: {rule}" + (f" {remedy}" if remedy else "")

    def __str__(self) -> str:
        return self.message


class Caller(NamedTuple):
    """Who asks, as policies name them.

    Args:
        arn: of the user, the role session, the account root; the service's name for a service principal.
        account: 12 digits; "" for services.
        kind: "user", "role" (a session), "root", "service", "federated" or "anonymous".
        role: the ARN of the role behind a session, else "".
        bounded: a permissions boundary is attached.
    """

    arn: str
    account: str
    kind: str
    role: str = ""
    bounded: bool = False


class Principals(NamedTuple):
    """The Principal element: everyone, whole accounts, single ARNs, services."""

    everyone: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    services: frozenset[str]

    def names(self, caller: Caller) -> str:
        """How the caller is named: "direct", "role" (only its role), "account" (only its account), or "" (not).

        A grant to a role is limited by its boundary and session policies, a grant to an account only lets the
        account's own policies decide (IAM User Guide, "Policy evaluation logic", resource-based policies).
        """
        if self.everyone:
            return "direct"
        if caller.kind == "service":
            return "direct" if caller.arn in self.services else ""
        if caller.arn in self.arns or (caller.kind == "root" and caller.account in self.accounts):
            return "direct"
        if caller.role and caller.role in self.arns:
            return "role"
        return "account" if caller.account and caller.account in self.accounts else ""

    def spares(self, caller: Caller) -> bool:
        """Does a NotPrincipal list spare the caller? Account, role and session must each be named, and a caller with
        a permissions boundary is never spared (the traps of "NotPrincipal with Deny")."""
        if self.everyone:
            return True
        if caller.kind == "service":
            return caller.arn in self.services
        if caller.bounded:
            return False
        named = caller.account in self.accounts and (caller.kind == "root" or caller.arn in self.arns)
        return named and (not caller.role or caller.role in self.arns)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, ready to be asked. ``None`` in place of a test means that everything matches."""

    number: int
    sid: str
    allow: bool
    principals: Principals | None
    not_principals: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[Condition, ...]
    action_test: Test | None = field(repr=False, compare=False)
    resource_test: Test | None = field(repr=False, compare=False)
    open_resources: tuple[str, ...] = field(repr=False, compare=False)  # those with variables

    @property
    def name(self) -> str:
        """The Sid, or its number in the document."""
        return f'"{self.sid}"' if self.sid else f"number {self.number}"

    def covers_action(self, action: str) -> bool:
        """Is the action in the Action list, or outside the NotAction list?"""
        test = self.action_test
        return (test is None or test(action) is not None) is not self.not_actions

    def covers_resource(self, resource: str, context: Context) -> bool:
        """Is the resource in the Resource list, or outside the NotResource list?"""
        test = self.resource_test
        hit = test is None or bool(test(resource))
        if not hit and self.open_resources:
            filled = tuple(
                text for pattern in self.open_resources if (text := expand(pattern, context)) is not None
            )
            hit = bool(arn_test(filled)(resource))
        return hit is not self.not_resources

    def names(self, caller: Caller) -> str:
        """How the statement's Principal names the caller (see ``Principals.names``)."""
        if self.principals is None:
            return "direct"
        if self.not_principals:
            return "" if self.principals.spares(caller) else "direct"
        return self.principals.names(caller)

    def failed(self, context: Context) -> Condition | None:
        """The first condition that does not hold, or None when all hold."""
        for each in self.conditions:
            if not each.holds(context):
                return each
        return None


class Policy(NamedTuple):
    """A parsed document with a name for messages; Deny and Allow statements apart."""

    name: str
    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]

    @property
    def keys(self) -> list[str]:
        """The condition keys and variables this policy looks at, sorted."""
        from cwlab.policy.match import VARIABLE

        found = set()
        for statement in (*self.denies, *self.allows):
            texts = list(statement.resources)
            for each in statement.conditions:
                found.add(each.key)
                texts += each.values
            found |= {m[1] for text in texts for m in VARIABLE.finditer(text) if len(m[1]) > 1}
        return sorted(found)


NOTHING = Policy("(no policy)", (), ())


def parse(document: str | Mapping[str, Any], kind: Kind = "identity", name: str = "policy") -> Policy:
    """Read a policy document.

    Args:
        document: JSON text, or the mapping it stands for.
        kind: "identity" (also boundaries, session policies, SCPs), "resource", "trust" (of a role) or "endpoint".
        name: what to call the policy in messages.

    Raises:
        MalformedPolicy: with AWS's sentence, and where the mistake is.

    >>> parse('{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}}').name
    'policy'
    """
    text = document if isinstance(document, str) else json.dumps(document)
    denies, allows = _parse(text, kind)
    return Policy(name, denies, allows)


@lru_cache(maxsize=1024)
def _parse(text: str, kind: Kind) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    body = _json(text)
    unknown = sorted(set(body) - {"Version", "Id", "Statement"})
    if unknown:
        raise _syntax(unknown[0], "a policy has only Version, Id and Statement at its top.")
    version = body.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise _syntax(
            version, "Version is the version of the policy language.", 'Write "Version": "2012-10-17".'
        )
    if kind != "resource" and "Version" in body and version != "2012-10-17":
        raise MalformedPolicy(
            "Policy document must be version 2012-10-17 or greater.",
            version,
            "new policies use the current language.",
            'Write "Version": "2012-10-17".',
        )
    raw = body.get("Statement")
    raw = [raw] if isinstance(raw, dict) else raw
    if not isinstance(raw, list) or not raw or not all(isinstance(each, dict) for each in raw):
        raise _syntax(raw, "Statement is an object or a list of objects, at least one.")
    statements = [
        _statement(each, number, kind, version == "2012-10-17") for number, each in enumerate(raw, 1)
    ]
    sids = [each.sid for each in statements if each.sid]
    twice = next((sid for sid in sids if sids.count(sid) > 1), None)
    if twice is not None:
        raise MalformedPolicy(
            "Statement IDs (SID) in a single policy must be unique.",
            twice,
            "this Sid is used more than once.",
            "Give each statement its own Sid, or none.",
        )
    return (
        tuple(each for each in statements if not each.allow),
        tuple(each for each in statements if each.allow),
    )


def _syntax(value: object, rule: str, remedy: str = "") -> MalformedPolicy:
    return MalformedPolicy("Syntax errors in policy.", value, rule, remedy)


def _json(text: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise _syntax(name, "an object names each element once.", "Merge the two into one list.")
        return dict(pairs)

    try:
        body = json.loads(text, object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else "the text"
        )
        around = (
            text[max(0, error.pos - 15) : error.pos + 15]
            if isinstance(error, json.JSONDecodeError)
            else text[:30]
        )
        raise _syntax(
            around.strip() or "nothing",
            f"the document is not JSON at {where}.",
            "Build it as a dict and pass json.dumps(it).",
        ) from None
    if not isinstance(body, dict):
        raise _syntax(body, "a policy is a JSON object.")
    return body


def _texts(value: Any, what: str, *, scalars: bool = False) -> tuple[str, ...]:
    """A string or a list of strings, as a tuple; with ``scalars`` booleans and numbers too, spelled as JSON does."""
    found = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            found.append(each)
        elif scalars and isinstance(each, (bool, int, float)):
            found.append(json.dumps(each))
        else:
            raise _syntax(each, f"{what} is a string or a list of strings.")
    return tuple(found)


def _statement(raw: dict[str, Any], number: int, kind: Kind, variables: bool) -> Statement:
    here = f"statement {number}"
    unknown = sorted(set(raw) - _ELEMENTS)
    if unknown:
        raise _syntax(
            unknown[0],
            f"{here} has an element no policy knows.",
            f"Elements are {', '.join(sorted(_ELEMENTS))}; case matters.",
        )
    for name in ("Action", "Resource", "Principal"):
        if name in raw and f"Not{name}" in raw:
            raise _syntax(f"Not{name}", f"{here} has both {name} and Not{name}.", "Keep one of them.")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise _syntax(raw.get("Effect"), f'the Effect of {here} is "Allow" or "Deny", spelled so.')
    sid = raw.get("Sid", "")
    if not isinstance(sid, str):
        raise _syntax(sid, f"the Sid of {here} is a string.")
    if kind in ("identity", "trust") and not re.fullmatch("[0-9A-Za-z]*", sid):
        raise MalformedPolicy(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
            "expression [0-9A-Za-z]*",
            sid,
            f"the Sid of {here} has other characters.",
            "Use letters and digits only.",
        )
    actions = _actions(raw, here, kind)
    resources = _resources(raw, here, kind)
    tests = [each for each in resources if not (variables and has_variable(each))]
    everything = "*" in tests
    return Statement(
        number=number,
        sid=sid,
        allow=raw["Effect"] == "Allow",
        principals=_principals(raw, here, kind),
        not_principals="NotPrincipal" in raw,
        actions=actions,
        not_actions="NotAction" in raw,
        resources=resources,
        not_resources="NotResource" in raw,
        conditions=_conditions(raw.get("Condition", {}), here, variables),
        action_test=None if "*" in actions else text_test(actions, ignore_case=True),
        resource_test=None if everything else arn_test(tuple(tests)),
        open_resources=tuple(each for each in resources if each not in tests),
    )


def _actions(raw: dict[str, Any], here: str, kind: Kind) -> tuple[str, ...]:
    word = "NotAction" if "NotAction" in raw else "Action"
    actions = _texts(raw.get(word, []), f"{word} of {here}")
    if not actions:
        raise MalformedPolicy(
            "Policy statement must contain actions.",
            raw.get(word),
            f"{here} names no action.",
            'Add "Action", such as "cloudwatch:PutMetricData".',
        )
    for action in actions:
        vendor, colon, rest = action.partition(":")
        if action == "*":
            continue
        if not colon:
            raise MalformedPolicy(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                action,
                f"an action in {here} has no service in front.",
                f'Write "service:{action}", such as "cloudwatch:PutMetricData".',
            )
        if ":" in rest:
            raise MalformedPolicy("Actions/Condition can contain only one colon.", action, f"look at {here}.")
        if not re.fullmatch(r"[A-Za-z0-9-]+", vendor):
            raise MalformedPolicy(
                f"Vendor {vendor} is not valid",
                action,
                f"the service in an action of {here} cannot hold wildcards.",
                'Spell the service out ("logs:Get*"), or use "*" alone.',
            )
        if kind == "trust" and action.lower() not in _TRUST_ACTIONS and not action.lower().startswith("sts:"):
            raise MalformedPolicy(
                "AssumeRole policy may only specify STS AssumeRole actions.",
                action,
                "a trust policy says who may take on the role, not what the role may do.",
                'Use "sts:AssumeRole" here and put_role_policy for the rest.',
            )
    return actions


def _resources(raw: dict[str, Any], here: str, kind: Kind) -> tuple[str, ...]:
    word = "NotResource" if "NotResource" in raw else "Resource"
    if kind == "trust":
        if word in raw:
            raise MalformedPolicy(
                f"Has prohibited field {word}",
                raw[word],
                "the resource of a trust policy is the role itself.",
                f"Leave {word} out.",
            )
        return ("*",)
    resources = _texts(raw.get(word, []), f"{word} of {here}")
    if not resources:
        raise MalformedPolicy(
            "Policy statement must contain resources.",
            raw.get(word),
            f"{here} names no resource.",
            'Add "Resource": an ARN, a list of ARNs, or "*".',
        )
    for resource in resources:
        if resource.strip("*") and not resource.startswith(("arn:", "${")):
            raise MalformedPolicy(
                f'Resource {resource} must be in ARN format or "*".',
                resource,
                f"{here} names a resource that is no ARN.",
                "Write arn:aws:service:region:account:resource; each part may hold * and ?.",
            )
        parts = resource.split(":")
        if len(parts) > 2 and "${" not in resource and not re.fullmatch(r"[a-z0-9*?-]*", parts[2]):
            raise MalformedPolicy(
                "The policy failed legacy parsing",
                resource,
                f"the third part of an ARN in {here} is a service name in lower case.",
            )
    return resources


def _principals(raw: dict[str, Any], here: str, kind: Kind) -> Principals | None:
    word = "NotPrincipal" if "NotPrincipal" in raw else "Principal"
    value = raw.get(word)
    if kind == "identity":
        if value is not None:
            raise MalformedPolicy(
                "Policy document should not specify a principal.",
                value,
                f"{here} is attached to its principal already.",
                f"Leave {word} out.",
            )
        return None
    if value is None:
        raise MalformedPolicy(
            "Missing required field Principal",
            raw,
            f"{here} does not say to whom it applies.",
            'Add "Principal": {"AWS": ...}, {"Service": "ec2.amazonaws.com"} or "*".',
        )
    if word == "NotPrincipal" and (kind == "trust" or raw.get("Effect") == "Allow"):
        raise MalformedPolicy(
            "Allow with NotPrincipal is not allowed."
            if kind != "trust"
            else "Has prohibited field NotPrincipal",
            value,
            f"{here} would grant to everybody but these, strangers included.",
            "Name the principals in Principal.",
        )
    if value == "*":
        return Principals(True, frozenset(), frozenset(), frozenset())
    if not isinstance(value, dict) or not value:
        raise _invalid_principal(value, here, 'an object such as {"AWS": "123456789012"}, or "*".')
    everyone, accounts, arns, services = False, set[str](), set[str](), set[str]()
    for family, names in value.items():
        if family not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise _invalid_principal(
                {family: names}, here, "the key is AWS, Service, Federated or CanonicalUser."
            )
        for name in _texts(names, f"{word} of {here}"):
            if family == "Service":
                if not _SERVICE.fullmatch(name):
                    raise _invalid_principal(
                        {family: name}, here, "a service is named like logs.amazonaws.com."
                    )
                services.add(name)
            elif family != "AWS":
                arns.add(name)
            elif name == "*":
                everyone = True
            elif re.fullmatch(r"\d{12}", name):
                accounts.add(name)
            elif (found := _PRINCIPAL_ARN.fullmatch(name)) and "*" not in name:
                if found[3] == "root":
                    accounts.add(found[2])
                else:
                    arns.add(name)
            elif not re.fullmatch(
                r"A(ID|RO)A[A-Z0-9]{12,}", name
            ):  # the id of a deleted user or role names nobody
                raise _invalid_principal(
                    {family: name},
                    here,
                    "an AWS principal is an account, a user, a role or a session; no wildcards "
                    'inside an ARN (use "*" with a condition on aws:PrincipalArn).',
                )
    return Principals(everyone, frozenset(accounts), frozenset(arns), frozenset(services))


def _invalid_principal(value: Any, here: str, rule: str) -> MalformedPolicy:
    shown = (
        ", ".join(f'"{k}":"{v}"' for k, v in value.items()) if isinstance(value, dict) else json.dumps(value)
    )
    return MalformedPolicy(f"Invalid principal in policy: {shown}", value, f"in {here}, {rule}")


def _conditions(raw: Any, here: str, variables: bool) -> tuple[Condition, ...]:
    if not isinstance(raw, dict):
        raise _syntax(raw, f"the Condition of {here} is an object of operators.")
    found = []
    for operator, block in raw.items():
        parsed = parse_operator(operator)
        if parsed is None:
            raise MalformedPolicy(
                f"Invalid Condition type : {operator}.",
                operator,
                f"look at {here}.",
                f"Operators are {', '.join(sorted([*COMPARE, *NEGATED, 'Null']))}, with "
                "ForAllValues: or ForAnyValue: in front and IfExists behind.",
            )
        if not isinstance(block, dict) or not block:
            raise _syntax(
                block,
                f"{operator} in {here} is an object of keys and values, such as "
                '{"cloudwatch:namespace": "Shop"}.',
            )
        for key, value in block.items():
            if ":" not in key:
                raise MalformedPolicy(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                    key,
                    f"a condition key in {here} has no service in front.",
                    "Keys look like aws:SourceIp or cloudwatch:namespace.",
                )
            values = _texts(value, f"the value of {key} in {here}", scalars=True)
            if parsed[0] in ("Null", "Bool") and not all(
                each.lower() in ("true", "false") or "${" in each for each in values
            ):
                raise _syntax(value, f'{operator} in {here} takes "true" or "false".')
            if parsed[0] == "Null" and not values:
                raise _syntax(value, f'{operator} in {here} takes "true" or "false".')
            found.append(condition(operator, key, values, variables=variables))
    return tuple(found)
