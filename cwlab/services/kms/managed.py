"""The keys AWS makes for its services in your account: ``alias/aws/sns`` and so on.

One comes into being when it is first asked for. Its policy cannot be changed: everybody in the account may use it, through
that service; an AWS service by itself may not. Source: KMS developer guide, "AWS managed keys"; the policy as AWS writes it.
"""

from __future__ import annotations

import json

SERVICES = {
    "dynamodb": "DynamoDB",
    "ebs": "EBS",
    "kinesis": "Kinesis",
    "lambda": "Lambda",
    "rds": "RDS",
    "s3": "S3",
    "secretsmanager": "Secrets Manager",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SSM",
    "xray": "X-Ray",
}
PREFIX = "alias/aws/"


def service_of(alias: str) -> str | None:
    """The service a predefined alias is for; None when there is no such."""
    name = alias.removeprefix(PREFIX)
    return name if alias.startswith(PREFIX) and name in SERVICES else None


def description(service: str) -> str:
    """As AWS writes it."""
    return f"Default key that protects my {SERVICES[service]} data when no other key is defined"


def policy(service: str, account: str, region: str) -> str:
    """The key's policy."""
    endpoint = "ec2" if service == "ebs" else service
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": f"auto-{service}-1",
            "Statement": [
                {
                    "Sid": f"Allow access through {SERVICES[service]} for all principals in the account that are "
                    f"authorized to use {SERVICES[service]}",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [
                        "kms:Decrypt",
                        "kms:Encrypt",
                        "kms:GenerateDataKey*",
                        "kms:ReEncrypt*",
                        "kms:CreateGrant",
                        "kms:ListGrants",
                        "kms:DescribeKey",
                    ],
                    "Resource": "*",
                    "Condition": {
                        "StringEquals": {
                            "kms:ViaService": f"{endpoint}.{region}.amazonaws.com",
                            "kms:CallerAccount": account,
                        }
                    },
                },
                {
                    "Sid": "Allow direct access to key metadata to the account",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                    "Resource": "*",
                },
            ],
        },
        indent=2,
        separators=(",", " : "),
    )
