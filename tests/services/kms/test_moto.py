"""Plain behavior beside moto, an independent model of the same API: the same story, the same answers.

Not compared is what moto has otherwise than the documentation: it knows no effect of grants and
key policies, and leaves members out.
"""

import re
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from cwlab import Lab

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}")
OWN_WAY = [  # where moto does not do as the documentation says
    ("create_alias", "NotAuthorizedException"),  # alias/aws/ is reserved
    ("decrypt", "IncorrectKeyException"),  # API reference, Decrypt: KeyId is not the key of the ciphertext
    ("decrypt", "IncorrectKeyException"),
    ("encrypt", "DisabledException"),
    ("encrypt", "KMSInvalidStateException"),
    (
        "cancel_key_deletion",
        "{'KeyId': 'arn:aws:kms:us-east-1:123456789012:key/ID'}",
    ),  # the ARN, says the reference
]
MISSING = "11111111-2222-3333-4444-555555555555"


def story(kms: Any) -> list[Any]:
    """Does the same with either client; returns what they answered, ids and dates left out."""
    told: list[Any] = []

    def do(operation: str, *only: str, **params: Any) -> Any:
        try:
            answer = getattr(kms, operation)(**params)
        except ClientError as problem:
            told.append((operation, problem.response["Error"]["Code"]))
            return None
        found = {name: answer[name] for name in only}
        told.append((operation, IDS.sub("ID", repr(found))))
        return answer

    made = kms.create_key(
        Description="d", KeyUsage="ENCRYPT_DECRYPT", Tags=[{"TagKey": "a", "TagValue": "b"}]
    )["KeyMetadata"]
    key, second = made["KeyId"], kms.create_key(KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    names = ("AWSAccountId", "Arn", "Enabled", "Description", "KeyUsage", "KeyState", "Origin", "KeyManager", "KeySpec",
             "EncryptionAlgorithms")  # fmt: skip
    told.append(IDS.sub("ID", repr({name: made[name] for name in names})))
    do("create_alias", AliasName="alias/one", TargetKeyId=key)
    do("create_alias", AliasName="alias/one", TargetKeyId=key)
    do("create_alias", AliasName="one", TargetKeyId=key)
    do("create_alias", AliasName="alias/aws/one", TargetKeyId=key)
    do("update_alias", AliasName="alias/one", TargetKeyId=second)
    do("list_aliases", "Truncated", KeyId=key)
    for each in (key, made["Arn"], "alias/one", "alias/none", MISSING, "x"):
        do("describe_key", KeyId=each)
    for more in (
        {"KeySpec": "AES_256"},
        {"NumberOfBytes": 7},
        {},
        {"KeySpec": "AES_256", "NumberOfBytes": 7},
    ):
        answer = do("generate_data_key", "KeyId", KeyId=key, **more)
        told.append(None if answer is None else len(answer["Plaintext"]))
    for context in ({}, {"a": "b"}):
        blob = kms.encrypt(KeyId=key, Plaintext=b"text", EncryptionContext=context)["CiphertextBlob"]
        for other in ({}, {"a": "b"}, {"a": "c"}):
            do("decrypt", "Plaintext", "KeyId", CiphertextBlob=blob, EncryptionContext=other)
        do("decrypt", "Plaintext", CiphertextBlob=blob, KeyId=second, EncryptionContext=context)
        moved = do("re_encrypt", "KeyId", "SourceKeyId", CiphertextBlob=blob, SourceEncryptionContext=context,
                   DestinationKeyId=second)  # fmt: skip
        do("decrypt", "Plaintext", "KeyId", CiphertextBlob=moved["CiphertextBlob"])
    do("get_key_rotation_status", "KeyRotationEnabled", KeyId=key)
    do("enable_key_rotation", KeyId=key)
    do("get_key_rotation_status", "KeyRotationEnabled", KeyId=key)
    do("disable_key_rotation", KeyId=key)
    do("get_key_rotation_status", "KeyRotationEnabled", KeyId=key)
    do("list_key_policies", "PolicyNames", "Truncated", KeyId=key)
    do("get_key_policy", KeyId=key, PolicyName="none")
    do("list_resource_tags", "Tags", KeyId=key)
    do("tag_resource", KeyId=key, Tags=[{"TagKey": "c", "TagValue": "d"}])
    do("untag_resource", KeyId=key, TagKeys=["a"])
    do("list_resource_tags", "Tags", KeyId=key)
    grant = do(
        "create_grant", KeyId=key, GranteePrincipal="arn:aws:iam::123456789012:role/r", Operations=["Decrypt"]
    )
    do("list_grants", "Truncated", KeyId=key)
    do("revoke_grant", KeyId=key, GrantId=grant["GrantId"])
    do("list_grants", "Grants", KeyId=key)
    do("disable_key", KeyId=key)
    do("encrypt", KeyId=key, Plaintext=b"x")
    do("enable_key", KeyId=key)
    do("encrypt", "KeyId", KeyId=key, Plaintext=b"x")
    do("schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    do("encrypt", KeyId=key, Plaintext=b"x")
    do("cancel_key_deletion", "KeyId", KeyId=key)
    told.append(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])
    return told


def test_the_same_story_has_the_same_answers():
    with mock_aws():
        theirs = story(boto3.client("kms", region_name="us-east-1"))
    ours = story(Lab().client("kms"))
    assert len(ours) == len(theirs)
    differ = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    assert [ours for ours, _ in differ] == OWN_WAY
