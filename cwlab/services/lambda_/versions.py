"""Published versions, and aliases that point to one."""

from __future__ import annotations

from dataclasses import replace

from cwlab.api import Call, operation
from cwlab.errors import AwsError
from cwlab.services.lambda_.functions import check_revision, invalid, page, publish, revision, show
from cwlab.services.lambda_.naming import Params, Ref, function, plain_resource, ref, version
from cwlab.services.lambda_.records import Alias


@operation("lambda", "PublishVersion", resource=plain_resource)
def publish_version(
    call: Call,
    *,
    FunctionName: str,
    CodeSha256: str | None = None,
    Description: str | None = None,
    RevisionId: str | None = None,
) -> Params:
    """Keep $LATEST as it is now, under the next number."""
    where = ref(call, FunctionName)
    found = function(call, where)
    check_revision(found.latest.revision, RevisionId)
    if CodeSha256 is not None and CodeSha256 != found.latest.sha256:
        raise invalid(
            f"CodeSHA256 ({CodeSha256}) is different from current CodeSHA256 in $LATEST ({found.latest.sha256}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    return publish(call, where, found, Description)


@operation("lambda", "ListVersionsByFunction", resource=plain_resource, readonly=True)
def list_versions_by_function(
    call: Call, *, FunctionName: str, Marker: str | None = None, MaxItems: int = 50
) -> Params:
    where = ref(call, FunctionName)
    found = function(call, where)
    shown = [show(where, each, each.version) for each in (found.latest, *found.versions)]
    return page(shown, "Versions", Marker, min(MaxItems, 50))


def _show(where: Ref, made: Alias) -> Params:
    return {
        "AliasArn": f"{where.plain_arn}:{made.name}",
        "Name": made.name,
        "FunctionVersion": made.version,
        "Description": made.description,
        "RevisionId": made.revision,
    }


def _alias(call: Call, where: Ref, name: str) -> Alias:
    function(call, where)
    found: Alias | None = call.table("aliases").get((where.name, name))
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Cannot find alias arn: {where.plain_arn}:{name}", 404)
    return found


@operation("lambda", "CreateAlias", resource=plain_resource)
def create_alias(
    call: Call, *, FunctionName: str, Name: str, FunctionVersion: str, Description: str = ""
) -> Params:
    """A name for a version, which can be moved to another later."""
    where = ref(call, FunctionName)
    version(call, where._replace(qualifier=FunctionVersion))
    if (where.name, Name) in call.table("aliases"):
        raise AwsError("ResourceConflictException", f"Alias already exists: {where.plain_arn}:{Name}", 409)
    made = Alias(Name, FunctionVersion, Description, revision(call))
    call.table("aliases")[where.name, Name] = made
    return _show(where, made)


@operation("lambda", "GetAlias", resource=plain_resource, readonly=True)
def get_alias(call: Call, *, FunctionName: str, Name: str) -> Params:
    where = ref(call, FunctionName)
    return _show(where, _alias(call, where, Name))


@operation("lambda", "UpdateAlias", resource=plain_resource)
def update_alias(
    call: Call,
    *,
    FunctionName: str,
    Name: str,
    FunctionVersion: str | None = None,
    Description: str | None = None,
    RevisionId: str | None = None,
) -> Params:
    where = ref(call, FunctionName)
    found = _alias(call, where, Name)
    check_revision(found.revision, RevisionId)
    if FunctionVersion is not None:
        version(call, where._replace(qualifier=FunctionVersion))
    changed = replace(
        found,
        version=FunctionVersion or found.version,
        description=found.description if Description is None else Description,
        revision=revision(call),
    )
    call.table("aliases")[where.name, Name] = changed
    return _show(where, changed)


@operation("lambda", "DeleteAlias", resource=plain_resource)
def delete_alias(call: Call, *, FunctionName: str, Name: str) -> None:
    """Deleting an alias that is not there is no error, as on AWS."""
    where = ref(call, FunctionName)
    function(call, where)
    call.table("aliases").pop((where.name, Name), None)
    for table in ("policies", "event_configs"):
        call.table(table).pop((where.name, Name), None)


@operation("lambda", "ListAliases", resource=plain_resource, readonly=True)
def list_aliases(
    call: Call,
    *,
    FunctionName: str,
    FunctionVersion: str | None = None,
    Marker: str | None = None,
    MaxItems: int = 50,
) -> Params:
    where = ref(call, FunctionName)
    function(call, where)
    held = [
        _show(where, each)
        for (name, _), each in call.table("aliases").items()
        if name == where.name and FunctionVersion in (None, each.version)
    ]
    return page(held, "Aliases", Marker, MaxItems)
