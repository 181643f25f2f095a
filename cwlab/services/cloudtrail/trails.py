"""Trails: made, changed, listed, deleted, switched on and off.

Source: CloudTrail API Reference; User Guide, "Amazon S3 bucket policy for CloudTrail" and "Sending events to CloudWatch
Logs".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError, NotModelled
from cwlab.services.cloudtrail import delivery
from cwlab.services.cloudtrail.delivery import trails
from cwlab.services.cloudtrail.records import Trail
from cwlab.timeline import iso, to_datetime

MOST_TRAILS = 5  # in a Region
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[._-](?=[A-Za-z0-9])){2,127}")
Answer = dict[str, Any]
Params = dict[str, Any]


# Finding ---------------------------------------------------------------------------------------------------------------


def trail_arn(call: Call, params: Params) -> str:
    """For IAM: the trail a request names."""
    name = str(params.get("Name") or params.get("TrailName") or "*")
    return name if name.startswith("arn:") else arn("cloudtrail", call.region, call.account, f"trail/{name}")


def find(call: Call, given: str) -> Trail:
    """A trail by name (of this Region, or one of all Regions) or by ARN.

    Raises:
        AwsError: there is none.
    """
    own = given.rsplit("/", 1)[-1]
    if given.startswith("arn:"):
        found = next((trail for trail in trails(call).values() if trail.arn == given), None)
    else:
        _check_name(own)
        found = trails(call).get((call.region, own)) or next(
            (trail for trail in trails(call).values() if trail.name == own and trail.all_regions), None
        )
    if found is None:
        raise AwsError("TrailNotFoundException", f"Unknown trail: {given} for the user: {call.account}")
    return found


def find_home(call: Call, given: str) -> Trail:
    """A trail that is changed, which is done in its home Region.

    Raises:
        AwsError: there is none, or its home is elsewhere.
    """
    trail = find(call, given)
    if trail.home != call.region:
        raise AwsError(
            "InvalidHomeRegionException",
            f"Trail {trail.name} cannot be changed from {call.region}: its home Region is {trail.home}.",
        )
    return trail


def save(call: Call, trail: Trail) -> None:
    trails(call)[trail.home, trail.name] = trail


def _check_name(name: str) -> None:
    if not 3 <= len(name) <= 128:
        raise AwsError("InvalidTrailNameException", "Trail name must be between 3 and 128 characters.")
    if not _NAME.fullmatch(name):
        raise AwsError(
            "InvalidTrailNameException",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_). It starts with a letter or number, ends with one, and has no two "
            "of the others in a row.",
        )


# Making and changing -----------------------------------------------------------------------------------------------------


@operation("cloudtrail", "CreateTrail", resource=trail_arn)
def create_trail(
    call: Call,
    *,
    Name: str,
    S3BucketName: str,
    S3KeyPrefix: str = "",
    IncludeGlobalServiceEvents: bool = True,
    IsMultiRegionTrail: bool = False,
    EnableLogFileValidation: bool = False,
    IsOrganizationTrail: bool = False,
    CloudWatchLogsLogGroupArn: str | None = None,
    CloudWatchLogsRoleArn: str | None = None,
    TagsList: Sequence[Mapping[str, str]] = (),
) -> Answer:
    """Make a trail. It logs nothing before StartLogging."""
    _refuse(EnableLogFileValidation, IsOrganizationTrail)
    _check_name(Name)
    if (call.region, Name) in trails(call):
        raise AwsError(
            "TrailAlreadyExistsException", f"Trail {Name} already exists for customer: {call.account}"
        )
    if sum(home == call.region for home, _ in trails(call)) >= MOST_TRAILS:
        raise AwsError(
            "MaximumNumberOfTrailsExceededException",
            f"User: {call.account} already has {MOST_TRAILS} trails in {call.region}.",
        )
    trail = Trail(
        Name,
        arn("cloudtrail", call.region, call.account, f"trail/{Name}"),
        call.region,
        S3BucketName,
        S3KeyPrefix,
        IncludeGlobalServiceEvents,
        IsMultiRegionTrail,
        CloudWatchLogsLogGroupArn or None,
        CloudWatchLogsRoleArn or None,
        tags=tuple((tag["Key"], tag.get("Value", "")) for tag in TagsList),
    )
    _check(call, trail, bucket=True, group=True)
    save(call, trail)
    return _shown(trail)


@operation("cloudtrail", "UpdateTrail", resource=trail_arn)
def update_trail(
    call: Call,
    *,
    Name: str,
    S3BucketName: str | None = None,
    S3KeyPrefix: str | None = None,
    IncludeGlobalServiceEvents: bool | None = None,
    IsMultiRegionTrail: bool | None = None,
    EnableLogFileValidation: bool = False,
    IsOrganizationTrail: bool = False,
    CloudWatchLogsLogGroupArn: str | None = None,
    CloudWatchLogsRoleArn: str | None = None,
) -> Answer:
    """Change what is given; an empty log group and role ARN end the delivery to CloudWatch Logs."""
    _refuse(EnableLogFileValidation, IsOrganizationTrail)
    trail = find_home(call, Name)
    given = {
        "bucket": S3BucketName,
        "prefix": S3KeyPrefix,
        "global_events": IncludeGlobalServiceEvents,
        "all_regions": IsMultiRegionTrail,
        "group_arn": CloudWatchLogsLogGroupArn,
        "role_arn": CloudWatchLogsRoleArn,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("group_arn", "role_arn"):
        if changes.get(name) == "":
            changes[name] = None
    changed = replace(trail, **changes)
    _check(
        call,
        changed,
        bucket=bool(changes.keys() & {"bucket", "prefix"}),
        group=bool(changes.keys() & {"group_arn", "role_arn"}),
    )
    save(call, changed)
    return _shown(changed)


def _refuse(validation: bool, organization: bool) -> None:
    if validation:
        raise NotModelled("cloudtrail: EnableLogFileValidation", "Log files are delivered without digests.")
    if organization:
        raise NotModelled("cloudtrail: IsOrganizationTrail", "There are no organizations.")


def _check(call: Call, trail: Trail, *, bucket: bool, group: bool) -> None:
    """CloudTrail tries whether it may deliver, before it takes a trail on."""
    if bucket:
        try:
            delivery.in_bucket(call, trail, "GetBucketAcl", {"Bucket": trail.bucket})
            delivery.put(call, trail, delivery.folder(call, trail), b"")
        except AwsError as problem:
            if problem.code == "NoSuchBucket":
                raise AwsError(
                    "S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!"
                ) from problem
            error = AwsError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}",
            )
            error.add_note(str(problem))
            raise error from problem
    if group and (trail.group_arn or trail.role_arn):
        _check_group(call, trail)


def _check_group(call: Call, trail: Trail) -> None:
    if trail.group_arn is None:
        raise _bad_group("You must specify a log group ARN with the role ARN.")
    if trail.role_arn is None:
        raise _bad_role("You must specify a role ARN.")
    start = arn("logs", trail.home, call.account, "log-group:")
    if not trail.group_arn.startswith(start) or not trail.group_arn.endswith(":*"):
        raise _bad_group("CloudTrail cannot validate the specified log group ARN.")
    try:
        call.world.service_session(trail.role_arn, delivery.SERVICE, "cloudtrail")
    except AwsError as problem:
        raise _noted(
            _bad_role("Access denied. Check the trust relationships for your role."), problem
        ) from problem
    try:
        delivery.make_stream(call, trail)
    except AwsError as problem:
        if problem.code == "ResourceNotFoundException":
            text = "Access denied. Verify that the log group exists and that the role may write to it."
        else:
            text = "Access denied. Check the permissions for your role."
        raise _noted(_bad_group(text), problem) from problem


def _bad_group(text: str) -> AwsError:
    return AwsError("InvalidCloudWatchLogsLogGroupArnException", text)


def _bad_role(text: str) -> AwsError:
    return AwsError("InvalidCloudWatchLogsRoleArnException", text)


def _noted(error: AwsError, problem: AwsError) -> AwsError:
    error.add_note(str(problem))
    return error


@operation("cloudtrail", "DeleteTrail", resource=trail_arn)
def delete_trail(call: Call, *, Name: str) -> None:
    """Delete a trail; what it delivered stays."""
    trail = find_home(call, Name)
    if trail.due is not None:
        call.cancel(trail.due)
    del trails(call)[trail.home, trail.name]


# Looking -----------------------------------------------------------------------------------------------------------------


def _shown(trail: Trail) -> Answer:
    told: Answer = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.all_regions,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": False,
        "IsOrganizationTrail": False,
    }
    more = {
        "S3KeyPrefix": trail.prefix,
        "CloudWatchLogsLogGroupArn": trail.group_arn,
        "CloudWatchLogsRoleArn": trail.role_arn,
    }
    return told | {name: value for name, value in more.items() if value}


def _described(trail: Trail) -> Answer:
    selectors = not trail.selector.management or trail.selector.kind != "All" or bool(trail.selector.excluded)
    return _shown(trail) | {
        "HomeRegion": trail.home,
        "HasCustomEventSelectors": selectors,
        "HasInsightSelectors": False,
    }


@operation("cloudtrail", "DescribeTrails", readonly=True)
def describe_trails(
    call: Call, *, trailNameList: Sequence[str] = (), includeShadowTrails: bool = True
) -> Answer:
    """The Region's trails; those of all Regions show in each, as shadows."""
    here = [
        trail
        for _, trail in sorted(trails(call).items())
        if trail.home == call.region or (trail.all_regions and includeShadowTrails)
    ]
    if trailNameList:
        here = [trail for trail in here if trail.name in trailNameList or trail.arn in trailNameList]
    return {"trailList": [_described(trail) for trail in here]}


@operation("cloudtrail", "GetTrail", resource=trail_arn, readonly=True)
def get_trail(call: Call, *, Name: str) -> Answer:
    """One trail."""
    return {"Trail": _described(find(call, Name))}


@operation("cloudtrail", "ListTrails", readonly=True)
def list_trails(call: Call) -> Answer:
    """All trails of the account, whatever their home."""
    return {
        "Trails": [
            {"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.home}
            for _, trail in sorted(trails(call).items())
        ]
    }


# The switch ---------------------------------------------------------------------------------------------------------------


@operation("cloudtrail", "StartLogging", resource=trail_arn)
def start_logging(call: Call, *, Name: str) -> None:
    """From now on events are delivered."""
    trail = find_home(call, Name)
    if not trail.logging:
        if trail.due is not None:
            call.cancel(trail.due)
        save(call, delivery.begin(call, trail))


@operation("cloudtrail", "StopLogging", resource=trail_arn)
def stop_logging(call: Call, *, Name: str) -> None:
    """What happens from now on is not delivered."""
    trail = find_home(call, Name)
    if trail.logging:
        save(call, delivery.stop(call, trail))


@operation("cloudtrail", "GetTrailStatus", resource=trail_arn, readonly=True)
def get_trail_status(call: Call, *, Name: str) -> Answer:
    """Whether a trail logs, and how its last deliveries went."""
    trail = find(call, Name)
    times = {
        "StartLoggingTime": trail.started_ms,
        "StopLoggingTime": trail.stopped_ms,
        "LatestDeliveryTime": trail.file_ms,
        "LatestCloudWatchLogsDeliveryTime": trail.logs_ms,
    }
    errors = {
        "LatestDeliveryError": trail.file_error,
        "LatestCloudWatchLogsDeliveryError": trail.logs_error,
    }
    texts = {
        "TimeLoggingStarted": trail.started_ms,
        "TimeLoggingStopped": trail.stopped_ms,
        "LatestDeliveryAttemptTime": trail.tried_ms,
        "LatestDeliveryAttemptSucceeded": trail.file_ms,
    }
    return {
        "IsLogging": trail.logging,
        **{name: to_datetime(ms) for name, ms in times.items() if ms is not None},
        **{name: text for name, text in errors.items() if text is not None},
        **{name: "" if ms is None else iso(ms // 1000 * 1000) for name, ms in texts.items()},
    }
