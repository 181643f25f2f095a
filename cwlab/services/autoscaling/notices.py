"""Telling others that an instance came, went, or failed to: EventBridge always, SNS where a topic is configured.

Sources: EC2 Auto Scaling guide "Use EventBridge to handle Auto Scaling events", "Get Amazon SNS notifications when your
Auto Scaling group scales". Texts of the e-mails as seen.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import arn
from cwlab.errors import AwsError
from cwlab.services.autoscaling.common import Params, find, group_arn, invalid, page, uuid, with_token
from cwlab.services.autoscaling.records import Activity, Group
from cwlab.timeline import iso

SERVICE = "autoscaling.amazonaws.com"
TEST = "autoscaling:TEST_NOTIFICATION"
TYPES = (
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    TEST,
)
SUBJECTS = {
    "autoscaling:EC2_INSTANCE_LAUNCH": "launch",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR": "launch failure",
    "autoscaling:EC2_INSTANCE_TERMINATE": "termination",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR": "termination failure",
    TEST: "test notification",
}


def tell(call: Call, group: Group, activity: Activity) -> None:
    """Tell of a launch or a termination that has ended. What others do with it is no matter of Auto Scaling's."""
    launched = activity.description.startswith("Launching")
    if not launched and not activity.description.startswith("Terminating"):
        return
    success = activity.status == "Successful"
    _event(call, group, activity, launched, success)
    kind = (
        "autoscaling:EC2_INSTANCE_" + ("LAUNCH" if launched else "TERMINATE") + ("" if success else "_ERROR")
    )
    for topic, kinds in call.table("notifications").get(group.name, {}).items():
        if kind in kinds:
            _publish(call, group, topic, kind, _told(activity))


def _event(call: Call, group: Group, activity: Activity, launched: bool, success: bool) -> None:
    what = ("Launch" if launched else "Terminate") + (" Successful" if success else " Unsuccessful")
    resources = [group.arn]
    if activity.instance_id:
        resources.append(arn("ec2", call.region, call.account, f"instance/{activity.instance_id}"))
    detail = {
        **_told(activity),
        "AutoScalingGroupName": group.name,
        "RequestId": activity.activity_id,
        "Origin": "EC2" if launched else "AutoScalingGroup",
        "Destination": "AutoScalingGroup" if launched else "EC2",
    }
    entry = {
        "Source": "aws.autoscaling",
        "DetailType": f"EC2 Instance {what}",
        "Resources": resources,
        "Detail": json.dumps(detail),
    }
    with contextlib.suppress(AwsError):  # EventBridge may be broken on purpose
        call.invoke("events", "PutEvents", {"Entries": [entry]}, service_principal=SERVICE)


def _told(activity: Activity) -> Params:
    """An activity as events and messages tell it."""
    return {
        "StatusCode": "InProgress" if activity.status == "Successful" else activity.status,
        "StatusMessage": activity.message or "",
        "Description": activity.description,
        "Cause": activity.cause,
        "ActivityId": activity.activity_id,
        "StartTime": iso(activity.start_ms),
        "EndTime": iso(activity.start_ms if activity.end_ms is None else activity.end_ms),
        "EC2InstanceId": activity.instance_id,
        "Details": json.loads(activity.details),
    }


def _publish(call: Call, group: Group, topic: str, kind: str, told: Params) -> None:
    message = {
        **told,
        "Service": "AWS Auto Scaling",
        "Event": kind,
        "Time": iso(call.now_ms),
        "AccountId": call.account,
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "RequestId": told.get("ActivityId") or uuid(call),
    }
    if told:
        message["Progress"] = 50
    params = {
        "TopicArn": topic,
        "Subject": f'Auto Scaling: {SUBJECTS[kind]} for group "{group.name}"'[:100],
        "Message": json.dumps(message),
    }
    with contextlib.suppress(AwsError):  # the topic may be gone; scaling goes on
        call.invoke("sns", "Publish", params, service_principal=SERVICE, source_arn=group.arn)


# Configuring ---------------------------------------------------------------------------------------------------------


@operation("autoscaling", "PutNotificationConfiguration", resource=group_arn)
def put_notification_configuration(
    call: Call, *, AutoScalingGroupName: str, TopicARN: str, NotificationTypes: list[str]
) -> None:
    """Send notifications of these types to a topic, instead of those it was sent before; a test goes out at once.

    Raises:
        AwsError: a type there is not, or a topic that cannot be published to.
    """
    group = find(call, AutoScalingGroupName)
    for each in NotificationTypes:
        if each not in TYPES:
            raise invalid(f'"{each}" is not a valid Notification Type. Valid are: {", ".join(TYPES)}')
    try:
        call.invoke(
            "sns",
            "GetTopicAttributes",
            {"TopicArn": TopicARN},
            service_principal=SERVICE,
            source_arn=group.arn,
        )
    except AwsError as error:
        raise invalid(
            f"Unable to publish test message to notification target {TopicARN}: {error.message}"
        ) from None
    table = call.table("notifications")
    table[group.name] = {**table.get(group.name, {}), TopicARN: tuple(dict.fromkeys(NotificationTypes))}
    _publish(call, group, TopicARN, TEST, {})


@operation("autoscaling", "DescribeNotificationConfigurations", readonly=True)
def describe_notification_configurations(
    call: Call,
    *,
    AutoScalingGroupNames: list[str] | None = None,
    MaxRecords: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List which group tells which topic of what."""
    found: list[Any] = [
        {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": kind}
        for group, topics in call.table("notifications").items()
        for topic, kinds in topics.items()
        for kind in kinds
        if not AutoScalingGroupNames or group in AutoScalingGroupNames
    ]
    items, token = page(found, MaxRecords, NextToken)
    return with_token({"NotificationConfigurations": items}, token)


@operation("autoscaling", "DeleteNotificationConfiguration", resource=group_arn)
def delete_notification_configuration(call: Call, *, AutoScalingGroupName: str, TopicARN: str) -> None:
    """Tell a topic no more; one that was not told is no error."""
    group = find(call, AutoScalingGroupName)
    table = call.table("notifications")
    table[group.name] = {key: value for key, value in table.get(group.name, {}).items() if key != TopicARN}


@operation("autoscaling", "DescribeAutoScalingNotificationTypes", readonly=True)
def describe_auto_scaling_notification_types(call: Call) -> Params:
    """List what a topic can be told of."""
    return {"AutoScalingNotificationTypes": list(TYPES)}
