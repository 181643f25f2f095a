"""Step 2 of the door: may this caller do this? Gathers the policies and the context, and asks ``cwlab.policy``."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from cwlab.api import Call, Operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.policy import NOTHING, Caller, Decision, Policy, Request, evaluate, parse
from cwlab.services.iam.lookup import GetTable, standing, trust_policy
from cwlab.timeline import iso

if TYPE_CHECKING:
    from cwlab.world import World

LEARNER_IP = "203.0.113.25"  # where your own calls come from: an address of the documentation range

# What services call a refusal. Source: each service's "Common errors"; the lab's spec, "IAM evaluation in brief".
JSON_SERVICES = {"logs", "kinesis", "firehose", "events", "athena", "kms", "ssm", "dynamodb"}  # 400
REST_SERVICES = {"xray", "lambda", "scheduler", "oam"}  # 403


# What anybody may ask, whatever policies say. Source: STS API reference of the two.
FREE = {"sts:GetCallerIdentity", "sts:GetSessionToken"}

# Services that do not tell the older key aws:SourceOwner. SNS's default topic policy asks for it, so it lets alarms in
# and EventBridge not. Source: EventBridge User Guide, "My rule ran but I don't see any messages published into my SNS topic".
WITHOUT_OWNER = {"events.amazonaws.com"}


def tables(world: World) -> GetTable:
    """How ``lookup`` reads a world's global tables."""

    def get_table(service: str, name: str, account: str) -> MutableMapping[str, Any]:
        return world.table(account, GLOBAL, service, name)

    return get_table


def check(call: Call, target: Operation) -> None:
    """Let the request pass, or refuse it.

    Raises:
        AwsError: the refusal, with the code the service uses and AWS's own sentence; a note on it tells the reason.
    """
    if target.action in FREE:
        return
    params = call.request.params
    told = {} if target.conditions is None else target.conditions(call, params)
    for resource in target.resources(call, params) or ["*"]:
        decision = decide(call, target, resource, told)
        if not decision.allowed:
            raise _bare(target, refusal(call.request.service, decision))


def decide(call: Call, target: Operation, resource: str, told: Mapping[str, Any]) -> Decision:
    """The decision on one resource of a request.

    Args:
        told: the request's own condition keys.
    """
    request = call.request
    get_table = tables(call.world)
    who = standing(request.principal, get_table)
    trust = target.action == "sts:AssumeRole"
    own: Policy | None = None
    if target.policy is not None:
        text = target.policy(call, request.params)
        own = NOTHING if text is None else parse(text, "trust" if trust else "resource", f"of {resource}")
    endpoint = None if request.path is None else request.path.policy
    parts = resource.split(":", 5)
    keys = _context(call, target, {**(who.context or {}), **told})
    owner = parts[4] if len(parts) == 6 and parts[4] not in ("", "aws") else request.account
    owner = keys.get("aws:ResourceAccount", owner)  # a bucket's ARN names no account
    asked = Request(target.action, resource, who.caller, owner, keys)
    return evaluate(
        asked,
        identity=who.identity,
        resource=own,
        boundary=who.boundary,
        session=who.session,
        endpoint=None if endpoint is None else parse(endpoint, "endpoint", "of the endpoint"),
        trust=trust,
        must_grant=target.service == "kms" and own is not None,
    )


def may_assume(
    world: World, role_arn: str, service: str, source: Mapping[str, str] | None = None
) -> Decision:
    """Does a role's trust policy let an AWS service, such as ``lambda.amazonaws.com``, take it on?

    ``source`` has the condition keys that say for whom the service acts, where it tells them.
    """
    asked = Request("sts:AssumeRole", role_arn, Caller(service, "", "service"), context=source or {})
    return evaluate(asked, resource=trust_policy(role_arn, tables(world)) or NOTHING, trust=True)


def _bare(target: Operation, error: AwsError) -> AwsError:
    """S3 answers HEAD requests without a body: botocore sees a status, and no words."""
    if target.service != "s3" or not target.name.startswith("Head"):
        return error
    bare = AwsError("403", "Forbidden", 403)
    for note in (error.message, *error.__notes__):
        bare.add_note(note)
    return bare


def refusal(service: str, decision: Decision) -> AwsError:
    """The error a service answers a refused request with."""
    message = decision.message
    if service == "ec2":
        error = AwsError(
            "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403
        )
    elif service == "sns":
        error = AwsError("AuthorizationError", message, 403)
    elif service in JSON_SERVICES:
        error = AwsError("AccessDeniedException", message, 400)
    elif service in REST_SERVICES:
        error = AwsError("AccessDeniedException", message, 403)
    else:
        error = AwsError("AccessDenied", message, 403)
    error.add_note(decision.why)
    return error


def _context(call: Call, target: Operation, own: dict[str, Any]) -> dict[str, Any]:
    """The condition keys of a request: what every request has, and ``own``, what the caller brings and the operation tells."""
    request, now_ms = call.request, call.now_ms
    keys: dict[str, Any] = {
        "aws:CurrentTime": iso(now_ms),
        "aws:EpochTime": str(now_ms // 1000),
        "aws:RequestedRegion": "us-east-1" if target.region == GLOBAL else request.region,
    }
    if request.principal.kind == "service":
        owner = request.source_account or request.account
        keys["aws:SourceAccount"] = owner
        if request.principal.arn not in WITHOUT_OWNER:
            keys["aws:SourceOwner"] = owner
        if request.source_arn is not None:
            keys["aws:SourceArn"] = request.source_arn
    else:
        path = request.path  # how a machine's request came (step 1); None for your own, from the internet
        keys["aws:SourceIp"] = LEARNER_IP if path is None else path.source_ip
        if path is not None:
            keys |= {
                "aws:SourceVpce": path.endpoint_id,
                "aws:SourceVpc": path.vpc_id,
                "aws:VpcSourceIp": path.vpc_source_ip,
            }
        keys = {key: value for key, value in keys.items() if value is not None}
    keys.update(own)
    return keys
