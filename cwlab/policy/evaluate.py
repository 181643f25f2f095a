"""May this caller do this? All kinds of policies, one answer, with its reason.

The order of the rules (IAM User Guide, "Policy evaluation logic"; the lab's spec "IAM evaluation in brief"):

1. Everything starts denied.
2. A matching Deny in any policy is final.
3. A VPC endpoint's policy must allow; it grants nothing. So must each service control policy (services exempt).
4. In the resource's own account an Allow in the identity's policies *or* in the resource's policy is enough; across
   accounts both are needed. Role trust and KMS key policies must always allow.
5. A permissions boundary and a session policy must allow as well. A resource policy that names the user or the role's
   session gets past their silence; one that names the role does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cwlab.policy.document import Caller, Policy, Statement
from cwlab.policy.match import Context, Value

IDENTITY, RESOURCE, TRUST = "identity-based policy", "resource-based policy", "role trust policy"
BOUNDARY, SESSION = "permissions boundary", "session policy"
ENDPOINT, CONTROL = "VPC endpoint policy", "service control policy"

_EMPTY: Mapping[str, Value] = MappingProxyType({})


class Request(NamedTuple):
    """One thing a caller wants to do.

    Args:
        action: "service:Operation".
        resource: an ARN, or "*" for actions that know no single resource.
        caller: who asks.
        owner: the account that owns the resource; "" takes it from the ARN, or from the caller where the ARN has none.
        context: condition keys, each with a string or a list of strings; case of keys is free.
    """

    action: str
    resource: str
    caller: Caller
    owner: str = ""
    context: Mapping[str, Value] = _EMPTY

    def keys(self) -> dict[str, Value]:
        """The whole context, keys in lower case: what the caller itself tells, then what was given."""
        caller = self.caller
        service = caller.kind == "service"
        own: dict[str, Value] = {
            "aws:principalisawsservice": "true" if service else "false",
            "aws:securetransport": "true",
            "aws:viaawsservice": "false",
        }
        if service:
            own["aws:principalservicename"] = caller.arn
        elif caller.kind != "anonymous":
            own["aws:principalarn"] = caller.role or caller.arn
            own["aws:principalaccount"] = caller.account
            own["aws:principaltype"] = {
                "user": "User",
                "role": "AssumedRole",
                "root": "Account",
                "federated": "FederatedUser",
            }[caller.kind]
            if caller.kind == "user":
                own["aws:username"] = caller.arn.rsplit("/", 1)[-1]
        if owner := self.owned_by():
            own["aws:resourceaccount"] = owner
        own.update((key.lower(), value) for key, value in self.context.items())
        return own

    def owned_by(self) -> str:
        """The account that owns the resource."""
        if self.owner:
            return self.owner
        parts = self.resource.split(":", 5)
        # AWS's own managed policies say "aws" where the account stands; they are everybody's.
        return parts[4] if len(parts) == 6 and parts[4] not in ("", "aws") else self.caller.account


class Match(NamedTuple):
    """The statement that decided, and where it stands."""

    layer: str
    policy: str
    statement: Statement
    how: str = "direct"  # how a resource policy names the caller

    def __str__(self) -> str:
        return f"statement {self.statement.name} of {self.layer} {self.policy}"


class Decision(NamedTuple):
    """The answer: ``allowed``, and ``why`` in a sentence.

    Args:
        allowed: may the caller?
        explicit_deny: a Deny matched (otherwise a refusal means that nothing allowed).
        layer: the kind of policy that decided, such as "identity-based policy"; "" when no policy was needed.
        by: the deciding statement, when one matched.
        request: what was asked.
        hint: for a refusal for want of an Allow, the statement that came closest, in words.
    """

    allowed: bool
    explicit_deny: bool
    layer: str
    by: Match | None
    request: Request
    hint: str = ""

    @property
    def why(self) -> str:
        """The reason, as a sentence for a learner."""
        asked = f"{self.request.action} on {self.request.resource}"
        if self.by is not None and self.allowed:
            return f"{_capital(str(self.by))} allows {asked}."
        if self.by is not None:
            return f"{_capital(str(self.by))} denies {asked}, and a Deny beats every Allow."
        if self.allowed:
            return f"{self.hint} So {asked} is allowed."
        return f"No {self.layer} allows {asked}, and what nothing allows is denied. {self.hint}".rstrip()

    @property
    def message(self) -> str:
        """The sentence AWS puts into its access-denied errors (IAM User Guide, "Troubleshoot access denied")."""
        asked = self.request
        start = f"User: {asked.caller.arn} is not authorized to perform: {asked.action} on resource: {asked.resource}"
        article = "an" if self.layer == IDENTITY else "the" if self.layer == TRUST else "a"
        if self.explicit_deny:
            return f"{start} with an explicit deny in {article} {self.layer}"
        return f"{start} because no {self.layer} allows the {asked.action} action"


def evaluate(
    request: Request,
    *,
    identity: Sequence[Policy] = (),
    resource: Policy | None = None,
    boundary: Policy | None = None,
    session: Policy | None = None,
    endpoint: Policy | None = None,
    scps: Sequence[Policy] = (),
    must_grant: bool = False,
    trust: bool = False,
) -> Decision:
    """Decide whether a request is allowed.

    Args:
        request: who wants to do what.
        identity: the policies of the user and its groups, or of the role.
        resource: the resource's own policy; None where such a resource has none, ``NOTHING`` where it could.
        boundary: the permissions boundary of the user or role.
        session: the session policy of temporary credentials.
        endpoint: the policy of the VPC endpoint the request passes, if it passes one.
        scps: service control policies, one for each level (root, unit, account); each must allow.
        must_grant: the resource policy must allow even in its own account (KMS keys).
        trust: ``resource`` is a role's trust policy; it must allow.

    A service principal (kind "service") acts by the resource's policy alone; on resources that have none (metrics,
    say) an AWS service is trusted. An account's root user needs no identity policy.
    """
    caller = request.caller
    grants = TRUST if trust else RESOURCE
    layers: list[tuple[str, Policy]] = [(IDENTITY, each) for each in identity]
    if resource is not None:
        layers.append((grants, resource))
    if boundary is not None:
        layers.append((BOUNDARY, boundary))
    if session is not None:
        layers.append((SESSION, session))
    if endpoint is not None:
        layers.append((ENDPOINT, endpoint))
    if caller.kind != "service":
        layers += [(CONTROL, each) for each in scps]

    keys: Context | None = None
    for layer, policy in layers:
        if policy.denies:
            keys = request.keys() if keys is None else keys
            if found := _find(policy.denies, layer, policy.name, request, keys):
                return Decision(False, True, layer, found, request)

    def allows(layer: str) -> Match | None:
        nonlocal keys
        best = None
        for kind, policy in layers:
            if kind == layer and policy.allows:
                keys = request.keys() if keys is None and _needs_keys(policy) else keys
                found = _find(policy.allows, layer, policy.name, request, keys or {})
                if found and (best is None or _RANK[found.how] > _RANK[best.how]):
                    best = found
        return best

    def refuse(layer: str) -> Decision:
        return Decision(
            False,
            False,
            layer,
            None,
            request,
            _closest([(kind, policy) for kind, policy in layers if kind == layer], request),
        )

    if endpoint is not None and not allows(ENDPOINT):
        return refuse(ENDPOINT)
    if caller.kind != "service":
        for each in scps:
            if not _find(each.allows, CONTROL, each.name, request, request.keys()):
                return refuse(CONTROL)

    grant = allows(grants) if resource is not None else None
    if caller.kind == "service":
        if resource is None:
            return Decision(
                True,
                False,
                "",
                None,
                request,
                f"{caller.arn} is an AWS service, and this kind of resource has no policy of its own.",
            )
        return Decision(True, False, grants, grant, request) if grant else refuse(grants)
    if caller.kind == "anonymous":
        return Decision(True, False, grants, grant, request) if grant else refuse(grants)

    own = allows(IDENTITY)
    root = caller.kind == "root"
    same = request.owned_by() == caller.account
    if (must_grant or trust or not same) and not grant:
        return refuse(grants)
    direct = grant is not None and grant.how != "account"
    if not root and not own and not (same and direct):
        return refuse(IDENTITY)
    # In its own account, a resource policy that names the user or the session is not limited by silence below.
    if not (same and grant is not None and grant.how == "direct"):
        if boundary is not None and not root and not allows(BOUNDARY):
            return refuse(BOUNDARY)
        if session is not None and not allows(SESSION):
            return refuse(SESSION)
    by = own if own and not (same and direct and (trust or must_grant)) else grant
    if by is None:
        return Decision(
            True, False, "", None, request, f"{caller.arn} is the root of account {caller.account}."
        )
    return Decision(True, False, by.layer, by, request)


def matches(policies: Iterable[tuple[str, Policy]], request: Request) -> list[Match]:
    """Every statement, Deny or Allow, that matches the request; for policy simulators."""
    keys = request.keys()
    return [
        found
        for layer, policy in policies
        for statement in (*policy.denies, *policy.allows)
        if (found := _find((statement,), layer, policy.name, request, keys))
    ]


_RANK = {"account": 0, "role": 1, "direct": 2}


def _needs_keys(policy: Policy) -> bool:
    return any(each.conditions or each.open_resources for each in policy.allows)


def _find(
    statements: Sequence[Statement], layer: str, name: str, request: Request, keys: Context
) -> Match | None:
    """The statement that matches; of several the one that names the caller most directly."""
    best: Match | None = None
    for each in statements:
        if not (each.covers_action(request.action) and each.covers_resource(request.resource, keys)):
            continue
        how = each.names(request.caller)
        if how and (best is None or _RANK[how] > _RANK[best.how]) and each.failed(keys) is None:
            best = Match(layer, name, each, how)
            if how == "direct":
                return best
    return best


def _closest(layers: list[tuple[str, Policy]], request: Request) -> str:
    """The Allow that came closest to matching, and what stood in its way."""
    names = [policy.name for _, policy in layers]
    if not names:
        return "There is none." if request.caller.kind != "root" else ""
    keys = request.keys()
    best = (-1, "")
    for layer, policy in layers:
        for each in policy.allows:
            where = str(Match(layer, policy.name, each))
            action = each.covers_action(request.action)
            if not action:
                score, text = 0, ""
            elif not each.covers_resource(request.resource, keys):
                listed = "everything but " * each.not_resources + ", ".join(each.resources)
                score, text = (
                    1,
                    f"{_capital(where)} covers the action, but for {listed}, not {request.resource}.",
                )
            elif not each.names(request.caller):
                score, text = (
                    2,
                    f"{_capital(where)} covers the action and the resource, but names other principals.",
                )
            elif failed := each.failed(keys):
                score, text = (
                    3,
                    f"{_capital(where)} would allow it, but its condition fails: {failed.explain(keys)}.",
                )
            else:  # it names only the account, which leaves the decision to identity policies
                score, text = 4, f"{_capital(where)} leaves it to the account's own policies."
            if score > best[0]:
                best = (score, text)
    if best[1]:
        return best[1]
    return f"Looked at: {', '.join(names[:5])}" + (f" and {len(names) - 5} more." if len(names) > 5 else ".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
