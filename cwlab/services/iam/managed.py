"""The AWS-managed policies the labs use, with the statements AWS publishes for the services that are modeled here.

Statements about services this lab does not have (RUM, Synthetics, Application Signals, ...) are left out, and
ReadOnlyAccess is an approximation by verb; both are entries of the difference ledger. Source: AWS Managed Policy
Reference Guide, one page a policy.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple


class AwsManaged(NamedTuple):
    """One policy of AWS's."""

    name: str
    path: str
    version: str
    created: str  # ISO 8601
    description: str
    document: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::aws:policy{self.path}{self.name}"


XRAY_WRITE = (
    "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
    "xray:GetSamplingStatisticSummaries"
)
LOGS_WRITE = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
LOGS_READ = (
    "logs:Describe* logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:TestMetricFilter "
    "logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail"
)
NETWORK_INTERFACES = (
    "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets "
    "ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses"
)
READ_VERBS = "Describe* Get* List* BatchGet* Lookup* Search* View*"
READ_SERVICES = (
    "application-autoscaling athena autoscaling cloudtrail cloudwatch ec2 elasticloadbalancing events "
    "firehose iam kinesis kms lambda logs s3 sns sqs ssm sts xray"
)


class _Allow(NamedTuple):
    actions: str
    resource: str = "*"
    sid: str = ""
    condition: dict[str, dict[str, str]] | None = None
    but: bool = False  # NotAction

    def statement(self) -> dict[str, object]:
        made: dict[str, object] = {"Sid": self.sid} if self.sid else {}
        made |= {
            "Effect": "Allow",
            "NotAction" if self.but else "Action": self.actions.split(),
            "Resource": self.resource,
        }
        return made | ({"Condition": self.condition} if self.condition else {})


def _linked_role(service: str, role: str) -> _Allow:
    return _Allow(
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::*:role/aws-service-role/{service}/{role}",
        condition={"StringLike": {"iam:AWSServiceName": service}},
    )


# name: (path, default version, created, description, statements)
_POLICIES: dict[str, tuple[str, str, str, str, list[_Allow]]] = {
    "AdministratorAccess": (
        "/",
        "v1",
        "2015-02-06",
        "Provides full access to AWS services and resources.",
        [_Allow("*")],
    ),
    "PowerUserAccess": (
        "/",
        "v12",
        "2015-02-06",
        "Full access except to users, groups and organizations.",
        [
            _Allow("iam:* organizations:* account:*", but=True),
            _Allow("iam:CreateServiceLinkedRole iam:DeleteServiceLinkedRole iam:ListRoles"),
        ],
    ),
    "ReadOnlyAccess": (
        "/",
        "v190",
        "2015-02-06",
        "Read access to AWS services and resources (approximated here).",
        [
            _Allow(
                " ".join(
                    f"{service}:{verb}" for service in READ_SERVICES.split() for verb in READ_VERBS.split()
                )
                + " logs:FilterLogEvents logs:StartQuery logs:StopQuery logs:TestMetricFilter"
                " logs:StartLiveTail logs:StopLiveTail",
                sid="ReadOnlyActions",
            )
        ],
    ),
    "IAMFullAccess": ("/", "v2", "2015-02-06", "Full access to IAM.", [_Allow("iam:*")]),
    "IAMReadOnlyAccess": (
        "/",
        "v4",
        "2015-02-06",
        "Read access to IAM.",
        [
            _Allow(
                "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* "
                "iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy"
            )
        ],
    ),
    "CloudWatchFullAccess": (
        "/",
        "v4",
        "2015-02-06",
        "Full access to CloudWatch (superseded by V2).",
        [
            _Allow(
                "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy iam:GetPolicyVersion iam:GetRole "
                "oam:ListSinks"
            ),
            _linked_role("events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents*"),
            _Allow("oam:ListAttachedLinks", "arn:aws:oam:*:*:sink/*"),
        ],
    ),
    "CloudWatchFullAccessV2": (
        "/",
        "v17",
        "2023-08-01",
        "Full access to CloudWatch.",
        [
            _Allow(
                "application-autoscaling:DescribeScalingPolicies autoscaling:DescribeAutoScalingGroups "
                "autoscaling:DescribePolicies cloudwatch:* logs:* sns:CreateTopic sns:ListSubscriptions "
                "sns:ListSubscriptionsByTopic sns:ListTopics sns:Subscribe iam:GetPolicy iam:GetPolicyVersion "
                "iam:GetRole oam:ListSinks xray:*",
                sid="CloudWatchFullAccessPermissions",
            ),
            _linked_role("events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents*"),
            _Allow("oam:ListAttachedLinks", "arn:aws:oam:*:*:sink/*", "OAMReadPermissions"),
        ],
    ),
    "CloudWatchReadOnlyAccess": (
        "/",
        "v25",
        "2015-02-06",
        "Read access to CloudWatch.",
        [
            _Allow(
                "application-autoscaling:DescribeScalingPolicies autoscaling:Describe* cloudwatch:BatchGet* "
                f"cloudwatch:Describe* cloudwatch:GenerateQuery cloudwatch:Get* cloudwatch:List* {LOGS_READ} "
                "oam:ListSinks sns:Get* sns:List* xray:BatchGet* xray:Get* xray:List* xray:StartTraceRetrieval "
                "xray:CancelTraceRetrieval",
                sid="CloudWatchReadOnlyAccessPermissions",
            ),
            _Allow("oam:ListAttachedLinks", "arn:aws:oam:*:*:sink/*", "OAMReadPermissions"),
        ],
    ),
    "CloudWatchActionsEC2Access": (
        "/",
        "v1",
        "2015-07-07",
        "Lets alarms stop, terminate and reboot instances.",
        [
            _Allow(
                "cloudwatch:Describe* ec2:Describe* ec2:RebootInstances ec2:StopInstances ec2:TerminateInstances"
            )
        ],
    ),
    "CloudWatchAgentServerPolicy": (
        "/",
        "v3",
        "2018-03-07",
        "What the CloudWatch agent needs on a server.",
        [
            _Allow(
                "cloudwatch:PutMetricData ec2:DescribeVolumes ec2:DescribeTags logs:PutLogEvents "
                "logs:PutRetentionPolicy logs:DescribeLogStreams logs:DescribeLogGroups logs:CreateLogStream "
                f"logs:CreateLogGroup {XRAY_WRITE}",
                sid="CWACloudWatchServerPermissions",
            ),
            _Allow(
                "ssm:GetParameter", "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*", "CWASSMServerPermissions"
            ),
        ],
    ),
    "CloudWatchAgentAdminPolicy": (
        "/",
        "v2",
        "2018-03-07",
        "As the server policy, and may store configurations.",
        [
            _Allow(
                "cloudwatch:PutMetricData ec2:DescribeTags logs:PutLogEvents logs:PutRetentionPolicy "
                "logs:DescribeLogStreams logs:DescribeLogGroups logs:CreateLogStream logs:CreateLogGroup "
                f"{XRAY_WRITE}",
                sid="CWACloudWatchPermissions",
            ),
            _Allow(
                "ssm:GetParameter ssm:PutParameter",
                "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*",
                "CWASSMPermissions",
            ),
        ],
    ),
    "CloudWatchLogsFullAccess": (
        "/",
        "v8",
        "2015-02-06",
        "Full access to CloudWatch Logs.",
        [
            _Allow(
                "logs:* cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary",
                sid="CloudWatchLogsFullAccess",
            )
        ],
    ),
    "CloudWatchLogsReadOnlyAccess": (
        "/",
        "v12",
        "2015-02-06",
        "Read access to CloudWatch Logs.",
        [
            _Allow(
                f"{LOGS_READ} cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary",
                sid="CloudWatchLogsReadOnlyAccess",
            )
        ],
    ),
    "AWSXRayDaemonWriteAccess": (
        "/",
        "v2",
        "2018-08-28",
        "What the X-Ray daemon needs.",
        [_Allow(XRAY_WRITE, sid="AWSXRayDaemonWriteAccess")],
    ),
    "AWSXrayReadOnlyAccess": (
        "/",
        "v8",
        "2016-12-01",
        "Read access to X-Ray.",
        [
            _Allow(
                "xray:GetSamplingRules xray:GetSamplingTargets xray:GetSamplingStatisticSummaries "
                "xray:BatchGetTraces xray:BatchGetTraceSummaryById xray:GetDistinctTraceGraphs xray:GetServiceGraph "
                "xray:GetTraceGraph xray:GetTraceSummaries xray:GetGroups xray:GetGroup xray:ListTagsForResource "
                "xray:ListResourcePolicies xray:GetTimeSeriesServiceStatistics xray:GetInsightSummaries "
                "xray:GetInsight xray:GetInsightEvents xray:GetInsightImpactGraph",
                sid="AWSXrayReadOnlyAccess",
            )
        ],
    ),
    "AWSXrayFullAccess": (
        "/",
        "v2",
        "2016-12-01",
        "Full access to X-Ray.",
        [_Allow("xray:*", sid="AWSXrayFullAccess")],
    ),
    "AmazonEC2FullAccess": (
        "/",
        "v5",
        "2015-02-06",
        "Full access to EC2.",
        [
            _Allow("ec2:*"),
            _Allow("elasticloadbalancing:*"),
            _Allow("cloudwatch:*"),
            _Allow("autoscaling:*"),
            _linked_role("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling*"),
        ],
    ),
    "AmazonEC2ReadOnlyAccess": (
        "/",
        "v5",
        "2015-02-06",
        "Read access to EC2.",
        [
            _Allow("ec2:Describe* ec2:GetSecurityGroupsForVpc"),
            _Allow("elasticloadbalancing:Describe*"),
            _Allow("cloudwatch:ListMetrics cloudwatch:GetMetricStatistics cloudwatch:Describe*"),
            _Allow("autoscaling:Describe*"),
        ],
    ),
    "AutoScalingFullAccess": (
        "/",
        "v2",
        "2017-01-12",
        "Full access to EC2 Auto Scaling.",
        [
            _Allow("autoscaling:*"),
            _Allow("cloudwatch:PutMetricAlarm"),
            _Allow(
                "ec2:DescribeAccountAttributes ec2:DescribeAvailabilityZones ec2:DescribeImages "
                "ec2:DescribeInstanceAttribute ec2:DescribeInstances ec2:DescribeKeyPairs "
                "ec2:DescribeLaunchTemplateVersions ec2:DescribePlacementGroups ec2:DescribeSecurityGroups "
                "ec2:DescribeSpotInstanceRequests ec2:DescribeSubnets ec2:DescribeVpcClassicLink"
            ),
            _linked_role("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling*"),
        ],
    ),
    "AutoScalingReadOnlyAccess": (
        "/",
        "v1",
        "2017-01-12",
        "Read access to EC2 Auto Scaling.",
        [_Allow("autoscaling:Describe*")],
    ),
    "AmazonSSMManagedInstanceCore": (
        "/",
        "v2",
        "2019-03-15",
        "What Systems Manager needs on an instance.",
        [
            _Allow(
                "ssm:DescribeAssociation ssm:GetDocument ssm:DescribeDocument ssm:GetParameter ssm:GetParameters "
                "ssm:ListAssociations ssm:ListInstanceAssociations ssm:PutInventory ssm:UpdateInstanceInformation"
            ),
            _Allow(
                "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel "
                "ssmmessages:OpenDataChannel"
            ),
            _Allow(
                "ec2messages:AcknowledgeMessage ec2messages:DeleteMessage ec2messages:FailMessage "
                "ec2messages:GetEndpoint ec2messages:GetMessages ec2messages:SendReply"
            ),
        ],
    ),
    "AmazonS3FullAccess": (
        "/",
        "v2",
        "2015-02-06",
        "Full access to S3.",
        [_Allow("s3:* s3-object-lambda:*")],
    ),
    "AmazonS3ReadOnlyAccess": (
        "/",
        "v3",
        "2015-02-06",
        "Read access to S3.",
        [_Allow("s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*")],
    ),
    "AmazonSNSFullAccess": ("/", "v2", "2015-02-06", "Full access to SNS.", [_Allow("sns:*")]),
    "AmazonSQSFullAccess": ("/", "v1", "2015-02-06", "Full access to SQS.", [_Allow("sqs:*")]),
    "AmazonKinesisFullAccess": (
        "/",
        "v1",
        "2015-02-06",
        "Full access to Kinesis streams.",
        [_Allow("kinesis:*")],
    ),
    "AmazonKinesisReadOnlyAccess": (
        "/",
        "v1",
        "2015-02-06",
        "Read access to Kinesis streams.",
        [_Allow("kinesis:Get* kinesis:List* kinesis:Describe*")],
    ),
    "AmazonKinesisFirehoseFullAccess": (
        "/",
        "v1",
        "2015-10-07",
        "Full access to Firehose.",
        [_Allow("firehose:*")],
    ),
    "AmazonAPIGatewayPushToCloudWatchLogs": (
        "/service-role/",
        "v1",
        "2015-11-11",
        "Lets API Gateway write logs.",
        [
            _Allow(
                "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams "
                "logs:PutLogEvents logs:GetLogEvents logs:FilterLogEvents"
            )
        ],
    ),
    "AWSLambdaBasicExecutionRole": (
        "/service-role/",
        "v1",
        "2015-04-09",
        "Lets a function write its logs.",
        [_Allow(LOGS_WRITE)],
    ),
    "AWSLambdaKinesisExecutionRole": (
        "/service-role/",
        "v2",
        "2015-04-09",
        "Lets a function read a stream.",
        [
            _Allow(
                "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
                f"kinesis:ListShards kinesis:ListStreams kinesis:SubscribeToShard {LOGS_WRITE}"
            )
        ],
    ),
    "AWSLambdaVPCAccessExecutionRole": (
        "/service-role/",
        "v3",
        "2016-02-11",
        "Lets a function run in a VPC.",
        [_Allow(f"{LOGS_WRITE} {NETWORK_INTERFACES}", sid="AWSLambdaVPCAccessExecutionPermissions")],
    ),
}


@lru_cache(maxsize=1)
def all_policies() -> dict[str, AwsManaged]:
    """Every AWS-managed policy of this lab, by ARN."""
    found = [
        AwsManaged(
            name,
            path,
            version,
            f"{created}T00:00:00+00:00",
            description,
            json.dumps({"Version": "2012-10-17", "Statement": [each.statement() for each in allows]}),
        )
        for name, (path, version, created, description, allows) in _POLICIES.items()
    ]
    return {each.arn: each for each in found}


def find(arn: str) -> AwsManaged | None:
    """The AWS-managed policy of that ARN, or None."""
    return all_policies().get(arn)
