"""Which calls are management events, and what CloudTrail calls services and operations.

Management events are logged by default; data events (the bulk of an account's traffic) only where a trail asks for them,
which is not modeled. Sources: each service's guide, "Logging ... API calls with AWS CloudTrail"; CloudTrail User Guide,
"Logging data events".
"""

from __future__ import annotations

DATA = {
    "cloudwatch": "PutMetricData GetMetricData GetMetricStatistics GetMetricWidgetImage ListMetrics",
    "logs": "PutLogEvents",
    "s3": "GetObject HeadObject PutObject CopyObject DeleteObject DeleteObjects ListObjects ListObjectsV2"
    " ListObjectVersions GetObjectAcl PutObjectAcl GetObjectTagging PutObjectTagging DeleteObjectTagging"
    " GetObjectAttributes CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload"
    " AbortMultipartUpload ListParts ListMultipartUploads RestoreObject SelectObjectContent",
    "lambda": "Invoke InvokeAsync InvokeWithResponseStream",
    "sns": "Publish PublishBatch",
    "sqs": "SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch"
    " ChangeMessageVisibility ChangeMessageVisibilityBatch",
    "events": "PutEvents",
    "kinesis": "PutRecord PutRecords GetRecords GetShardIterator SubscribeToShard",
    "firehose": "PutRecord PutRecordBatch",
    "dynamodb": "GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem",
    "xray": "PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets",
    "iot-data": "Publish",
}
"""The calls that are data events, or that CloudTrail does not log at all."""

_DATA = {service: frozenset(names.split()) for service, names in DATA.items()}
_NOTHING: frozenset[str] = frozenset()

SOURCES = {
    "cloudwatch": "monitoring",
    "apigatewayv2": "apigateway",
    "iot-data": "iotdata",
    "stepfunctions": "states",
}
"""Where the event source is not boto3's name of the service."""

NAMES = {
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "GetFunction"): "GetFunction20150331v2",
    ("lambda", "GetFunctionConfiguration"): "GetFunctionConfiguration20150331v2",
    ("lambda", "ListFunctions"): "ListFunctions20150331",
    ("lambda", "UpdateFunctionCode"): "UpdateFunctionCode20150331v2",
    ("lambda", "UpdateFunctionConfiguration"): "UpdateFunctionConfiguration20150331v2",
    ("lambda", "AddPermission"): "AddPermission20150331v2",
    ("lambda", "RemovePermission"): "RemovePermission20150331v2",
    ("lambda", "CreateEventSourceMapping"): "CreateEventSourceMapping20150331",
    ("lambda", "DeleteEventSourceMapping"): "DeleteEventSourceMapping20150331",
}
"""Lambda's events carry the version of its API. Source: Lambda developer guide, "Logging Lambda API calls"."""

GLOBAL = frozenset({"iam", "route53"})
"""Services whose events are in us-east-1, wherever the caller is. Source: User Guide, "About global service events"."""
HOME = "us-east-1"


def is_management(service: str, operation: str) -> bool:
    """Whether CloudTrail logs a call by default.

    >>> is_management("logs", "CreateLogGroup"), is_management("logs", "PutLogEvents")
    (True, False)
    """
    return operation not in _DATA.get(service, _NOTHING)


def source(service: str) -> str:
    """The eventSource of a service.

    >>> source("cloudwatch")
    'monitoring.amazonaws.com'
    """
    return f"{SOURCES.get(service, service)}.amazonaws.com"


def event_name(service: str, operation: str) -> str:
    """The eventName of an operation."""
    return NAMES.get((service, operation), operation)


def region_of(service: str, region: str) -> str:
    """The Region whose CloudTrail sees a call."""
    return HOME if service in GLOBAL else region
