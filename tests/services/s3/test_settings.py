"""A bucket's settings: encryption, policy, lists, public access, tags, expiry."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import NotModelled
from cwlab.services.s3.expiry import expires_ms
from cwlab.services.s3.records import Rule
from cwlab.timeline import DAY
from tests.services.s3.conftest import BUCKET, code, put, read

ARN = f"arn:aws:s3:::{BUCKET}"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(who, action="s3:GetObject", resource=ARN + "/*", **more):
    return {"Effect": "Allow", "Principal": who, "Action": action, "Resource": resource} | more


# -- encryption ------------------------------------------------------------------------------------------------
def default(s3, algorithm, key=None, bucket_key=False):
    rule = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    rules = [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": bucket_key}]
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": rules})


def test_sse_s3_is_the_default_and_comes_back(s3):
    def told():
        rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
        return rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]

    assert told() == "AES256"
    default(s3, "aws:kms")
    assert told() == "aws:kms"
    s3.delete_bucket_encryption(Bucket=BUCKET)
    assert told() == "AES256"
    with pytest.raises(ClientError, match="not applicable"):
        default(s3, "AES256", "alias/x")


def key_of(lab, *statements):
    whole = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    kms = lab.client("kms")
    return kms.create_key(Policy=policy(whole, *statements))["KeyMetadata"]["Arn"]


def test_objects_under_a_kms_key(lab, s3):
    key = key_of(lab)
    default(s3, "aws:kms", key)
    answer = put(s3, "k", b"secret")
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)
    assert answer["ETag"] != '"5ebe2294ecd0e0f08eab7690d2a6ee69"'
    assert read(s3, "k") == b"secret"
    asked = [
        (e.operation, e.params["EncryptionContext"]) for e in lab.journal if e.service == "kms" and e.depth
    ]
    assert asked == [(name, {"aws:s3:arn": f"{ARN}/k"}) for name in ("GenerateDataKey", "Decrypt")]
    assert put(s3, "plain", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    default(s3, "AES256")
    assert (
        s3.head_object(Bucket=BUCKET, Key="k")["ServerSideEncryption"] == "aws:kms"
    )  # stays as it was written


def test_a_bucket_key_is_one_context_for_all(lab, s3):
    default(s3, "aws:kms", key_of(lab), bucket_key=True)
    assert put(s3, "k")["BucketKeyEnabled"]
    (asked,) = [e for e in lab.journal if e.operation == "GenerateDataKey"]
    assert asked.params["EncryptionContext"] == {"aws:s3:arn": ARN}


def test_the_services_own_key(lab, s3):
    answer = put(s3, "k", b"x", ServerSideEncryption="aws:kms")
    assert answer["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert read(s3, "k") == b"x"


def test_who_may_not_use_the_key_may_not_read(lab, s3):
    key = key_of(lab)
    put(s3, "k", b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(allow({"AWS": "222222222222"})))
    other = lab.client("s3", account="222222222222")
    with pytest.raises(ClientError, match="kms:Decrypt") as caught:
        other.get_object(Bucket=BUCKET, Key="k")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    lab.client("kms").disable_key(KeyId=key)
    assert code(s3.get_object, Bucket=BUCKET, Key="k").startswith("KMS.")
    assert code(
        s3.put_object, Bucket=BUCKET, Key="n", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    ).startswith("KMS.")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["k"]


# -- policies --------------------------------------------------------------------------------------------------
def test_a_policy_is_kept_told_and_taken_away(s3):
    assert code(s3.get_bucket_policy, Bucket=BUCKET) == "NoSuchBucketPolicy"
    text = policy(allow({"AWS": "222222222222"}))
    s3.put_bucket_policy(Bucket=BUCKET, Policy=text)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"] == {"IsPublic": False}
    s3.delete_bucket_policy(Bucket=BUCKET)
    assert code(s3.get_bucket_policy, Bucket=BUCKET) == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no json", "MalformedPolicy"),
        (policy({"Effect": "Allow"}), "MalformedPolicy"),
        (policy(allow({"AWS": "222222222222"}, resource="arn:aws:s3:::other/*")), "MalformedPolicy"),
        (policy(allow("*")), "AccessDenied"),
        (policy(allow({"AWS": "*"})), "AccessDenied"),
        (policy(allow("*", Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})), "OK"),
        (policy(allow({"AWS": "222222222222"}, Sid="x" * 21_000)), "PolicyTooLarge"),
    ],
)
def test_policies_that_are_taken_and_that_are_not(s3, text, wanted):
    assert code(s3.put_bucket_policy, Bucket=BUCKET, Policy=text) == wanted


def test_a_public_policy_once_it_is_no_longer_blocked(lab, s3):
    put(s3, "k")
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    s3.delete_public_access_block(Bucket=BUCKET)
    assert code(s3.get_public_access_block, Bucket=BUCKET) == "NoSuchPublicAccessBlockConfiguration"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(allow("*")))
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"] == {"IsPublic": True}
    assert lab.client("s3", account="222222222222").get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    assert code(s3.put_bucket_policy, Bucket=BUCKET, Policy=policy(allow("*"))) == "AccessDenied"


def test_a_deny_holds_for_the_owner_too(s3):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": ARN + "/*"}
    unless = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(deny | {"Condition": unless}))
    assert code(s3.put_object, Bucket=BUCKET, Key="k") == "AccessDenied"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", ServerSideEncryption="aws:kms") == "OK"


def test_lists_and_ownership(s3):
    (grant,) = s3.get_bucket_acl(Bucket=BUCKET)["Grants"]
    assert (
        grant["Permission"] == "FULL_CONTROL" and grant["Grantee"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    )
    assert code(s3.put_bucket_acl, Bucket=BUCKET, ACL="public-read") == "AccessControlListNotSupported"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", ACL="bucket-owner-full-control") == "OK"
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=rules)
    assert s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"] == rules
    assert code(s3.put_object, Bucket=BUCKET, Key="k", ACL="public-read") == "AccessDenied"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", ACL="bucket-owner-read") == "OK"
    assert s3.get_object_acl(Bucket=BUCKET, Key="k")["Grants"] == [grant]
    s3.delete_public_access_block(Bucket=BUCKET)
    with pytest.raises(NotModelled, match="public-read"):
        put(s3, "k", ACL="public-read")


# -- tags ------------------------------------------------------------------------------------------------------
def test_tags(s3):
    tags = [{"Key": "team", "Value": "shop"}]
    assert code(s3.get_bucket_tagging, Bucket=BUCKET) == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=BUCKET)
    put(s3, "k", Tagging="team=shop")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == tags
    s3.put_object_tagging(Bucket=BUCKET, Key="k", Tagging={"TagSet": []})
    assert s3.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == []
    s3.delete_object_tagging(Bucket=BUCKET, Key="k")
    assert code(s3.put_bucket_tagging, Bucket=BUCKET, Tagging={"TagSet": tags * 2}) == "InvalidTag"


# -- expiry ----------------------------------------------------------------------------------------------------
def expire(s3, days, prefix="", **more):
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
    } | more
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})


def test_objects_expire_at_the_midnight_after_their_days(lab, s3):
    assert code(s3.get_bucket_lifecycle_configuration, Bucket=BUCKET) == "NoSuchLifecycleConfiguration"
    put(s3, "logs/a")  # on 2 March, at 9
    put(s3, "keep")
    expire(s3, 3, "logs/")
    told = s3.head_object(Bucket=BUCKET, Key="logs/a")["Expiration"]
    assert told == 'expiry-date="Fri, 06 Mar 2026 00:00:00 GMT", rule-id="old"'
    lab.advance(until="2026-03-05T23:59:59Z")
    assert "logs/a" in lab.bucket(BUCKET)
    lab.advance(seconds=1)
    assert lab.bucket(BUCKET).keys() == ["keep"]


def test_with_versions_expiry_adds_a_delete_marker(lab, s3):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(s3, "k")
    expire(s3, 1)
    lab.advance(days=4)
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert len(listed["Versions"]) == len(listed["DeleteMarkers"]) == 1


def test_rules_can_be_disabled_and_taken_away(lab, s3):
    put(s3, "k")
    expire(s3, 1, Status="Disabled")
    lab.advance(days=5)
    assert "k" in lab.bucket(BUCKET)
    expire(s3, 1)
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"][0]["Expiration"] == {"Days": 1}
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    lab.advance(days=5)
    assert "k" in lab.bucket(BUCKET) and not [e for e in lab.agenda(99) if "expire" in str(e)]


def test_other_rules_are_refused_by_name(s3):
    with pytest.raises(NotModelled, match="Transitions"):
        expire(s3, 1, Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])
    with pytest.raises(NotModelled, match="Date"):
        expire(s3, 1, Expiration={"Date": datetime(2027, 1, 1, tzinfo=UTC)})


@given(st.integers(0, 10**13), st.integers(1, 4000))
def test_an_expiry_is_a_midnight_and_not_before_its_days_are_over(made_ms, days):
    at = expires_ms(Rule("r", "", days), made_ms)
    assert at % DAY == 0 and 0 <= at - (made_ms + days * DAY) < DAY


# -- metrics ---------------------------------------------------------------------------------------------------
def test_storage_metrics_once_a_day(lab, s3):
    cloudwatch = lab.client("cloudwatch")

    def points(name, kind):
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/S3",
            MetricName=name,
            Dimensions=[{"Name": "BucketName", "Value": BUCKET}, {"Name": "StorageType", "Value": kind}],
            StartTime=lab.start - timedelta(hours=9),
            EndTime=lab.now + timedelta(days=1),
            Period=86_400,
            Statistics=["Average"],
        )["Datapoints"]
        return [(p["Timestamp"].day, p["Average"]) for p in sorted(found, key=lambda p: p["Timestamp"])]

    assert cloudwatch.list_metrics(Namespace="AWS/S3")["Metrics"] == []
    put(s3, "a", b"12345")
    put(s3, "a", b"123")
    put(s3, "rare", b"1234567", StorageClass="STANDARD_IA")
    lab.advance(days=2)
    s3.delete_object(Bucket=BUCKET, Key="a")
    lab.advance(days=1)
    assert points("BucketSizeBytes", "StandardStorage") == [(3, 3), (4, 3)]
    assert points("BucketSizeBytes", "StandardIAStorage") == [(3, 7), (4, 7), (5, 7)]
    assert points("NumberOfObjects", "AllStorageTypes") == [(3, 2), (4, 2), (5, 1)]
    listed = cloudwatch.list_metrics(Namespace="AWS/S3")["Metrics"]
    assert {each["MetricName"] for each in listed} == {"BucketSizeBytes", "NumberOfObjects"} and len(
        listed
    ) == 3
