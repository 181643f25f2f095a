"""Launch templates: named, numbered sets of RunInstances parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2.records import LaunchTemplate
from cwlab.services.ec2.support import (
    Filters,
    Params,
    Values,
    arns,
    chosen,
    clean,
    get,
    invalid,
    op,
    page,
    put_tags,
    remove,
    required,
    tag_list,
    tags_for,
)
from cwlab.timeline import to_datetime

KNOWN = {
    "ImageId",
    "InstanceType",
    "SecurityGroupIds",
    "SecurityGroups",
    "NetworkInterfaces",
    "Placement",
    "IamInstanceProfile",
    "Monitoring",
    "CreditSpecification",
    "DisableApiTermination",
    "TagSpecifications",
}
"""What a template may hold: what RunInstances takes here."""


@op("CreateLaunchTemplate")
def create_launch_template(
    call: Call,
    *,
    LaunchTemplateName: str,
    LaunchTemplateData: dict[str, Any],
    VersionDescription: str | None = None,
    ClientToken: str | None = None,
    TagSpecifications: list[dict[str, Any]] | None = None,
) -> Params:
    """Make a launch template; its version 1 is the default one."""
    if any(each.name == LaunchTemplateName for each in call.table("launch_templates").values()):
        raise AwsError(
            "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."
        )
    tags = tags_for(call, "launch-template", TagSpecifications)
    template = LaunchTemplate(
        call.unique("lt-0", 16),
        LaunchTemplateName,
        call.now_ms,
        call.principal.arn,
        (_checked(LaunchTemplateData),),
        (VersionDescription,),
    )
    call.table("launch_templates")[template.template_id] = template
    put_tags(call, template.template_id, tags)
    return {"LaunchTemplate": _template(call, template)}


def _checked(data: dict[str, Any]) -> str:
    extra = sorted(set(data) - KNOWN)
    if extra:
        raise NotModelled(
            f"LaunchTemplateData({', '.join(extra)}=…)", f"Modeled: {', '.join(sorted(KNOWN))}."
        )
    if not data:
        raise required("LaunchTemplateData")
    return json.dumps(data, sort_keys=True)


def _template(call: Call, template: LaunchTemplate) -> Params:
    return {
        "LaunchTemplateId": template.template_id,
        "LaunchTemplateName": template.name,
        "CreateTime": to_datetime(template.created_ms),
        "CreatedBy": template.created_by,
        "DefaultVersionNumber": template.default_version,
        "LatestVersionNumber": len(template.versions),
        "Tags": tag_list(call, template.template_id),
    }


def _version(template: LaunchTemplate, number: int) -> Params:
    return clean(
        {
            "LaunchTemplateId": template.template_id,
            "LaunchTemplateName": template.name,
            "VersionNumber": number,
            "VersionDescription": template.descriptions[number - 1],
            "CreateTime": to_datetime(template.created_ms),
            "CreatedBy": template.created_by,
            "DefaultVersion": number == template.default_version,
            "LaunchTemplateData": json.loads(template.versions[number - 1]),
        }
    )


def _find(call: Call, template_id: str | None, name: str | None) -> LaunchTemplate:
    if template_id is not None:
        return get(call, "launch_templates", template_id)
    if name is None:
        raise required("LaunchTemplateId")
    for each in call.table("launch_templates").values():
        if each.name == name:
            return each
    raise AwsError(
        "InvalidLaunchTemplateName.NotFoundException",
        f"The specified launch template, with template name {name}, does not exist.",
    )


def _number(template: LaunchTemplate, version: str | None) -> int:
    if version in (None, "", "$Default"):
        return template.default_version
    if version == "$Latest":
        return len(template.versions)
    if not str(version).isdigit() or not 1 <= int(str(version)) <= len(template.versions):
        raise AwsError(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find launch template version {version} of launch template {template.template_id}",
        )
    return int(str(version))


@op("CreateLaunchTemplateVersion", resource=arns("launch-template", "LaunchTemplateId"))
def create_launch_template_version(
    call: Call,
    *,
    LaunchTemplateData: dict[str, Any],
    LaunchTemplateId: str | None = None,
    LaunchTemplateName: str | None = None,
    SourceVersion: str | None = None,
    VersionDescription: str | None = None,
    ClientToken: str | None = None,
) -> Params:
    """Add a version, on top of another one's data if SourceVersion names it."""
    template = _find(call, LaunchTemplateId, LaunchTemplateName)
    data = dict(LaunchTemplateData)
    if SourceVersion is not None:
        data = {**json.loads(template.versions[_number(template, SourceVersion) - 1]), **data}
    template = replace(
        template,
        versions=(*template.versions, _checked(data)),
        descriptions=(*template.descriptions, VersionDescription),
    )
    call.table("launch_templates")[template.template_id] = template
    return {"LaunchTemplateVersion": _version(template, len(template.versions))}


@op("ModifyLaunchTemplate", resource=arns("launch-template", "LaunchTemplateId"))
def modify_launch_template(
    call: Call,
    *,
    LaunchTemplateId: str | None = None,
    LaunchTemplateName: str | None = None,
    DefaultVersion: str | None = None,
    ClientToken: str | None = None,
) -> Params:
    """Choose the default version."""
    template = _find(call, LaunchTemplateId, LaunchTemplateName)
    template = replace(template, default_version=_number(template, DefaultVersion))
    call.table("launch_templates")[template.template_id] = template
    return {"LaunchTemplate": _template(call, template)}


_FILTERS: dict[str, Values] = {
    "launch-template-name": lambda each: [each.name],
}


@op("DescribeLaunchTemplates", readonly=True)
def describe_launch_templates(
    call: Call,
    *,
    LaunchTemplateIds: list[str] | None = None,
    LaunchTemplateNames: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List launch templates."""
    ids = list(LaunchTemplateIds or ())
    ids += [_find(call, None, name).template_id for name in LaunchTemplateNames or ()]
    items, token = page(
        chosen(call, "launch_templates", ids, Filters, _FILTERS), MaxResults, NextToken, least=1
    )
    return clean({"LaunchTemplates": [_template(call, each) for each in items], "NextToken": token})


@op("DescribeLaunchTemplateVersions", readonly=True)
def describe_launch_template_versions(
    call: Call,
    *,
    LaunchTemplateId: str | None = None,
    LaunchTemplateName: str | None = None,
    Versions: list[str] | None = None,
) -> Params:
    """List versions of a launch template with their data, newest first."""
    template = _find(call, LaunchTemplateId, LaunchTemplateName)
    numbers = [_number(template, each) for each in Versions or ()] or range(1, len(template.versions) + 1)
    return {"LaunchTemplateVersions": [_version(template, each) for each in sorted(numbers, reverse=True)]}


@op("DeleteLaunchTemplate", resource=arns("launch-template", "LaunchTemplateId"))
def delete_launch_template(
    call: Call, *, LaunchTemplateId: str | None = None, LaunchTemplateName: str | None = None
) -> Params:
    """Delete a launch template with all its versions; instances made from it go on."""
    template = _find(call, LaunchTemplateId, LaunchTemplateName)
    answer = {"LaunchTemplate": _template(call, template)}
    remove(call, "launch_templates", template.template_id)
    return answer


def filled_in(call: Call, asked_for: dict[str, str] | None, given: Params) -> Params:
    """Launch parameters: those of the template named, overridden by those given; tags of both.

    Raises:
        AwsError: no such template or version.
    """
    if asked_for is None:
        return given
    if "LaunchTemplateId" in asked_for and "LaunchTemplateName" in asked_for:
        raise invalid(
            "Either a launch template ID or a launch template name must be specified, not both.",
            "InvalidParameterCombination",
        )
    template = _find(call, asked_for.get("LaunchTemplateId"), asked_for.get("LaunchTemplateName"))
    data: Params = json.loads(template.versions[_number(template, asked_for.get("Version")) - 1])
    specifications = data.pop("TagSpecifications", []) + given.get("TagSpecifications", [])
    if "SubnetId" in given and data.get("NetworkInterfaces"):
        data["NetworkInterfaces"] = [{**data["NetworkInterfaces"][0], "SubnetId": given.pop("SubnetId")}]
    merged = {**data, **given}
    return {**merged, "TagSpecifications": specifications} if specifications else merged
