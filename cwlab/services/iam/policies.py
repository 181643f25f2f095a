"""Managed policies: your own, with versions, and AWS's."""

from __future__ import annotations

from collections.abc import Iterator

from cwlab.api import Call, operation
from cwlab.arn import GLOBAL
from cwlab.errors import AwsError
from cwlab.services.iam.common import (
    VERSIONS_LIMIT,
    Answer,
    Params,
    check_document,
    entity_arn,
    new_id,
    page,
    policy_resource,
    shown_document,
    shown_tags,
    tag_conditions,
    tag_page,
    tags_of,
    untagged,
    users,
)
from cwlab.services.iam.managed import AwsManaged, all_policies, find
from cwlab.services.iam.records import Group, ManagedPolicy, Role, User, check_path, replace
from cwlab.timeline import to_datetime, to_ms


def holders(call: Call) -> Iterator[tuple[str, User | Group | Role]]:
    """Everybody who can hold a policy, with its kind."""
    for each in users(call).values():
        yield "User", each
    for name, table in (("Group", "groups"), ("Role", "roles")):
        for found in call.table(table).values():
            yield name, found


def _attached(call: Call, arn: str) -> int:
    return sum(arn in each.attached for _, each in holders(call))


def _bounds(call: Call, arn: str) -> int:
    return sum(getattr(each, "boundary", None) == arn for _, each in holders(call))


def _own(call: Call, arn: str) -> ManagedPolicy:
    """A policy of the account's own, to be changed."""
    found = call.table("policies").get(arn)
    if found is None and find(arn) is not None:
        raise AwsError(
            "AccessDenied",
            f"{arn} belongs to AWS and cannot be changed; copy its document into a policy of your own.",
            403,
        )
    if found is None:
        raise _missing(arn)
    return found


def _missing(arn: str) -> AwsError:
    return AwsError("NoSuchEntity", f"Policy {arn} was not found.", 404)


def _show(call: Call, found: ManagedPolicy | AwsManaged, *, whole: bool = False) -> Answer:
    shown = {
        "PolicyName": found.name,
        "Arn": found.arn,
        "Path": found.path,
        "AttachmentCount": _attached(call, found.arn),
        "PermissionsBoundaryUsageCount": _bounds(call, found.arn),
        "IsAttachable": True,
    }
    if isinstance(found, AwsManaged):
        created = to_datetime(to_ms(found.created))
        shown |= {
            "PolicyId": "ANPA" + _letters(found.name),
            "DefaultVersionId": found.version,
            "CreateDate": created,
            "UpdateDate": created,
        }
        return shown | ({"Description": found.description, "Tags": []} if whole else {})
    shown |= {
        "PolicyId": found.id,
        "DefaultVersionId": found.default,
        "CreateDate": to_datetime(found.created_ms),
        "UpdateDate": to_datetime(found.updated_ms),
    }
    if whole:
        shown |= {"Tags": shown_tags(found.tags)} | (
            {"Description": found.description} if found.description else {}
        )
    return shown


def _letters(name: str) -> str:
    """The id of an AWS-managed policy: the same in every account, so it comes from its name."""
    return ("".join(c for c in name.upper() if c.isalpha()) + "A" * 17)[:17]


def _version(policy: ManagedPolicy | AwsManaged, version: str, *, document: bool) -> Answer:
    versions: tuple[tuple[str, str, int], ...]
    if isinstance(policy, AwsManaged):
        versions, default = ((policy.version, policy.document, to_ms(policy.created)),), policy.version
    else:
        versions, default = policy.versions, policy.default
    for name, text, made_ms in versions:
        if name == version:
            shown = {
                "VersionId": name,
                "IsDefaultVersion": name == default,
                "CreateDate": to_datetime(made_ms),
            }
            return shown | ({"Document": shown_document(text)} if document else {})
    raise AwsError(
        "NoSuchEntity", f"Policy {policy.arn} version {version} does not exist or is not attachable.", 404
    )


def _policy(call: Call, arn: str) -> ManagedPolicy | AwsManaged:
    found = find(arn) or call.table("policies").get(arn)
    if found is None:
        raise _missing(arn)
    return found


def _new_arn(call: Call, params: Params) -> str:
    return entity_arn(call, "policy", params.get("Path", "/"), params["PolicyName"])


@operation("iam", "CreatePolicy", resource=_new_arn, conditions=tag_conditions, region=GLOBAL)
def create_policy(
    call: Call,
    *,
    PolicyName: str,
    PolicyDocument: str,
    Path: str = "/",
    Description: str | None = None,
    Tags: list | None = None,
) -> Answer:
    table, arn = call.table("policies"), entity_arn(call, "policy", check_path(Path), PolicyName)
    if any(each.name.casefold() == PolicyName.casefold() for each in table.values()):
        raise AwsError(
            "EntityAlreadyExists",
            f"A policy called {PolicyName} already exists. Duplicate names are not allowed.",
            409,
        )
    check_document(PolicyDocument, "managed")
    made = ManagedPolicy(
        PolicyName,
        Path,
        new_id(call, "ANPA"),
        arn,
        call.now_ms,
        call.now_ms,
        (("v1", PolicyDocument, call.now_ms),),
        "v1",
        1,
        Description,
        tags_of(Tags),
    )
    table[arn] = made
    return {"Policy": _show(call, made, whole=True)}


@operation("iam", "GetPolicy", resource=policy_resource, readonly=True, region=GLOBAL)
def get_policy(call: Call, *, PolicyArn: str) -> Answer:
    return {"Policy": _show(call, _policy(call, PolicyArn), whole=True)}


@operation("iam", "ListPolicies", readonly=True, region=GLOBAL)
def list_policies(
    call: Call,
    *,
    Scope: str = "All",
    OnlyAttached: bool = False,
    PathPrefix: str = "/",
    PolicyUsageFilter: str | None = None,
    Marker: str | None = None,
    MaxItems: int | None = None,
) -> Answer:
    found: list[ManagedPolicy | AwsManaged] = [] if Scope == "AWS" else list(call.table("policies").values())
    found += [] if Scope == "Local" else list(all_policies().values())
    found = [
        each
        for each in found
        if each.path.startswith(PathPrefix)
        and not (OnlyAttached and not _attached(call, each.arn))
        and not (PolicyUsageFilter == "PermissionsPolicy" and not _attached(call, each.arn))
        and not (PolicyUsageFilter == "PermissionsBoundary" and not _bounds(call, each.arn))
    ]
    return page(
        ((each.name, each) for each in found), "Policies", lambda each: _show(call, each), Marker, MaxItems
    )


@operation("iam", "DeletePolicy", resource=policy_resource, region=GLOBAL)
def delete_policy(call: Call, *, PolicyArn: str) -> None:
    found = _own(call, PolicyArn)
    if _attached(call, PolicyArn) or _bounds(call, PolicyArn):
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if len(found.versions) > 1:
        raise AwsError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy.",
            409,
        )
    del call.table("policies")[PolicyArn]


@operation("iam", "CreatePolicyVersion", resource=policy_resource, region=GLOBAL)
def create_policy_version(
    call: Call, *, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool = False
) -> Answer:
    found = _own(call, PolicyArn)
    check_document(PolicyDocument, "managed")
    if len(found.versions) >= VERSIONS_LIMIT:
        raise AwsError(
            "LimitExceeded",
            f"A managed policy can have up to {VERSIONS_LIMIT} versions. Before you create a new "
            "version, you must delete an existing version.",
            409,
        )
    name = f"v{found.made + 1}"
    changed = call.table("policies")[PolicyArn] = replace(
        found,
        versions=(*found.versions, (name, PolicyDocument, call.now_ms)),
        made=found.made + 1,
        default=name if SetAsDefault else found.default,
        updated_ms=call.now_ms,
    )
    return {"PolicyVersion": _version(changed, name, document=False)}


@operation("iam", "SetDefaultPolicyVersion", resource=policy_resource, region=GLOBAL)
def set_default_policy_version(call: Call, *, PolicyArn: str, VersionId: str) -> None:
    found = _own(call, PolicyArn)
    _version(found, VersionId, document=False)
    call.table("policies")[PolicyArn] = replace(found, default=VersionId, updated_ms=call.now_ms)


@operation("iam", "DeletePolicyVersion", resource=policy_resource, region=GLOBAL)
def delete_policy_version(call: Call, *, PolicyArn: str, VersionId: str) -> None:
    found = _own(call, PolicyArn)
    _version(found, VersionId, document=False)
    if VersionId == found.default:
        raise AwsError("DeleteConflict", "Cannot delete the default version of a policy.", 409)
    call.table("policies")[PolicyArn] = replace(
        found, versions=tuple(v for v in found.versions if v[0] != VersionId)
    )


@operation("iam", "GetPolicyVersion", resource=policy_resource, readonly=True, region=GLOBAL)
def get_policy_version(call: Call, *, PolicyArn: str, VersionId: str) -> Answer:
    return {"PolicyVersion": _version(_policy(call, PolicyArn), VersionId, document=True)}


@operation("iam", "ListPolicyVersions", resource=policy_resource, readonly=True, region=GLOBAL)
def list_policy_versions(
    call: Call, *, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    found = _policy(call, PolicyArn)
    versions = [found.version] if isinstance(found, AwsManaged) else [name for name, _, _ in found.versions]
    # Newest first: the key counts down.
    return page(
        ((f"{9999 - int(name[1:]):04d}", name) for name in versions),
        "Versions",
        lambda name: _version(found, name, document=False),
        Marker,
        MaxItems,
    )


@operation("iam", "ListEntitiesForPolicy", resource=policy_resource, readonly=True, region=GLOBAL)
def list_entities_for_policy(
    call: Call,
    *,
    PolicyArn: str,
    EntityFilter: str | None = None,
    PathPrefix: str = "/",
    PolicyUsageFilter: str | None = None,
    Marker: str | None = None,
    MaxItems: int | None = None,
) -> Answer:
    _policy(call, PolicyArn)
    if EntityFilter in ("LocalManagedPolicy", "AWSManagedPolicy"):
        raise AwsError("InvalidInput", f"EntityFilter {EntityFilter} cannot be used here.", 400)
    found = [
        (f"{kind} {each.name}", (kind, each))
        for kind, each in holders(call)
        if each.path.startswith(PathPrefix)
        and EntityFilter in (None, kind)
        and (
            (PolicyUsageFilter != "PermissionsBoundary" and PolicyArn in each.attached)
            or (PolicyUsageFilter != "PermissionsPolicy" and getattr(each, "boundary", None) == PolicyArn)
        )
    ]
    answer = page(found, "found", lambda pair: pair, Marker, MaxItems)
    part = answer.pop("found")
    for kind in ("Group", "User", "Role"):
        answer[f"Policy{kind}s"] = [
            {f"{kind}Name": each.name, f"{kind}Id": each.id} for k, each in part if k == kind
        ]
    return answer


@operation("iam", "TagPolicy", resource=policy_resource, conditions=tag_conditions, region=GLOBAL)
def tag_policy(call: Call, *, PolicyArn: str, Tags: list) -> None:
    found = _own(call, PolicyArn)
    call.table("policies")[PolicyArn] = replace(found, tags=tags_of(Tags, found.tags))


@operation("iam", "UntagPolicy", resource=policy_resource, region=GLOBAL)
def untag_policy(call: Call, *, PolicyArn: str, TagKeys: list[str]) -> None:
    found = _own(call, PolicyArn)
    call.table("policies")[PolicyArn] = replace(found, tags=untagged(found.tags, TagKeys))


@operation("iam", "ListPolicyTags", resource=policy_resource, readonly=True, region=GLOBAL)
def list_policy_tags(
    call: Call, *, PolicyArn: str, Marker: str | None = None, MaxItems: int | None = None
) -> Answer:
    found = _policy(call, PolicyArn)
    tags = () if isinstance(found, AwsManaged) else found.tags
    return tag_page(tags, Marker, MaxItems)
