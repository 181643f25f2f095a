"""Buckets: names, Regions, and who may have which."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import NotModelled
from cwlab.services.s3.names import is_name
from tests.services.s3.conftest import BUCKET, code, put

THERE = {"LocationConstraint": "eu-west-1"}

# A name a line, then whether a new bucket may have it. Source: User Guide, "General purpose bucket naming rules".
NAMES = """
docexamplebucket yes
log-delivery-march-2020 yes
my-hosted-content yes
docexamplewebsite.com yes
www.docexamplewebsite.com yes
my.example.s3.bucket yes
doc_example_bucket no
DocExampleBucket no
doc-example-bucket- no
-doc no
ab no
abc yes
a..b no
192.168.5.4 no
192.168.5 yes
xn--bucket no
sthree-bucket no
sthree-configurator no
amzn-s3-demo-bucket no
bucket-s3alias no
bucket--ol-s3 no
bucket.mrap no
bucket--x-s3 no
bucket--table-s3 no
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_names(line):
    name, answer = line.split()
    assert is_name(name) == (answer == "yes")


@given(st.text("abz09.-A_", max_size=70))
def test_a_name_is_3_to_63_small_letters_digits_dots_and_hyphens(name):
    if is_name(name):
        assert 3 <= len(name) <= 63 and name[0].isalnum() and name[-1].isalnum()
        assert name == name.lower() and "_" not in name and ".." not in name


def test_a_bucket_is_where_it_was_made(lab, s3):
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=BUCKET)["BucketRegion"] == "us-east-1"
    s3.create_bucket(Bucket="far-away", CreateBucketConfiguration=THERE)
    assert s3.get_bucket_location(Bucket="far-away")["LocationConstraint"] == "eu-west-1"
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["far-away", BUCKET]
    assert [b["Name"] for b in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == ["far-away"]


def test_where_a_bucket_may_be_made(lab):
    there = lab.client("s3", region="eu-west-1")
    make = there.create_bucket
    assert code(make, Bucket="b-1") == "IllegalLocationConstraintException"
    other = {"LocationConstraint": "eu-central-1"}
    assert code(make, Bucket="b-1", CreateBucketConfiguration=other) == "IllegalLocationConstraintException"
    assert (
        code(make, Bucket="b-1", CreateBucketConfiguration={"LocationConstraint": "mars"})
        == "InvalidLocationConstraint"
    )
    assert code(make, Bucket="b-1", CreateBucketConfiguration={"LocationConstraint": "EU"}) == "OK"
    here = lab.client("s3").create_bucket
    assert (
        code(here, Bucket="b-2", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
        == "InvalidLocationConstraint"
    )


def test_boto3_follows_to_the_buckets_region(lab, s3):
    s3.create_bucket(Bucket="far-away", CreateBucketConfiguration=THERE)
    s3.put_object(Bucket="far-away", Key="k", Body=b"x")
    assert s3.get_object(Bucket="far-away", Key="k")["Body"].read() == b"x"
    assert [(e.region, e.error) for e in lab.journal if e.operation == "PutObject"] == [
        ("us-east-1", "PermanentRedirect"),
        ("eu-west-1", None),
    ]


def test_a_name_is_one_bucket_in_the_whole_world(lab, s3):
    other = lab.client("s3", account="222222222222")
    assert code(other.create_bucket, Bucket=BUCKET) == "BucketAlreadyExists"
    assert code(s3.create_bucket, Bucket=BUCKET) == "OK"  # us-east-1, for the sake of old programs
    there = lab.client("s3", region="eu-west-1")
    there.create_bucket(Bucket="far-away", CreateBucketConfiguration=THERE)
    again = code(there.create_bucket, Bucket="far-away", CreateBucketConfiguration=THERE)
    assert again == "BucketAlreadyOwnedByYou"
    assert other.list_buckets()["Buckets"] == []


def test_only_an_empty_bucket_can_be_deleted(lab, s3):
    put(s3, "a")
    assert code(s3.delete_bucket, Bucket=BUCKET) == "BucketNotEmpty"
    s3.delete_object(Bucket=BUCKET, Key="a")
    s3.delete_bucket(Bucket=BUCKET)
    assert code(s3.head_bucket, Bucket=BUCKET) == "404"
    assert code(s3.list_objects_v2, Bucket=BUCKET) == "NoSuchBucket"
    lab.client("s3", account="222222222222").create_bucket(Bucket=BUCKET)


def test_buckets_are_listed_in_pages(lab, s3):
    for name in ("aaa", "bbb", "ccc"):
        s3.create_bucket(Bucket=name)
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2})
    assert [[b["Name"] for b in page["Buckets"]] for page in pages] == [["aaa", "bbb"], ["ccc", BUCKET]]
    assert [b["Name"] for b in s3.list_buckets(Prefix="b")["Buckets"]] == ["bbb"]


def test_another_account_needs_the_buckets_policy(lab, s3):
    put(s3, "a")
    other = lab.client("s3", account="222222222222")
    for call, more in (
        (other.get_object, {"Key": "a"}),
        (other.list_objects_v2, {}),
        (other.delete_bucket, {}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(Bucket=BUCKET, **more)
    policy = """{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "222222222222"},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-files/*"}}"""
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert other.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"x"
    assert code(other.put_object, Bucket=BUCKET, Key="b") == "AccessDenied"


def test_a_refused_head_has_no_words_but_the_lab_has(lab, s3):
    other = lab.client("s3", account="222222222222")
    for call, more in ((other.head_object, {"Key": "a"}), (other.head_bucket, {})):
        with pytest.raises(ClientError, match=r"\(403\).*Forbidden") as caught:
            call(Bucket=BUCKET, **more)
        assert "is not authorized to perform" in caught.value.__notes__[0]


def test_an_expected_owner_that_is_not(s3):
    assert code(s3.list_objects_v2, Bucket=BUCKET, ExpectedBucketOwner="222222222222") == "AccessDenied"
    assert code(s3.list_objects_v2, Bucket=BUCKET, ExpectedBucketOwner="123456789012") == "OK"


def test_what_is_not_modeled_is_refused_by_name(s3):
    with pytest.raises(NotModelled, match="ObjectLockEnabledForBucket"):
        s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    with pytest.raises(NotModelled, match="PutBucketReplication"):
        s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration={"Role": "r", "Rules": []})
    with pytest.raises(NotModelled, match="GLACIER"):
        put(s3, "a", StorageClass="GLACIER")


def test_waiters(lab, s3):
    s3.get_waiter("bucket_exists").wait(Bucket=BUCKET)
    s3.get_waiter("bucket_not_exists").wait(Bucket="not-there")
    put(s3, "a")
    s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key="a")
    s3.get_waiter("object_not_exists").wait(Bucket=BUCKET, Key="b")
    assert lab.now == lab.start


def test_same_seed_and_calls_same_lab(tmp_path):
    def story(lab):
        s3 = lab.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        return put(s3, "a")["VersionId"], lab.save(tmp_path / f"{id(lab)}.cwlab").read_bytes()

    assert story(Lab()) == story(Lab())


@pytest.mark.parametrize("name", ["generate_presigned_url", "generate_presigned_post"])
def test_no_presigned_urls_which_would_lead_out_of_the_lab(s3, name):
    with pytest.raises(NotModelled, match="presigned"):
        getattr(s3, name)("get_object", {"Bucket": BUCKET, "Key": "k"})
