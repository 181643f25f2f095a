"""The same calls, made to this lab and to moto: the same errors, and the same answers wherever both have a value.

Left out is what moto has otherwise than the documentation: no default ownership and public access block, no name rules
but the characters, texts of some errors.
"""

from datetime import datetime

import boto3
import pytest
from botocore.exceptions import ClientError

STORY = """
create_bucket Bucket='bucket-a'
create_bucket Bucket='bucket-b', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'}
get_bucket_location Bucket='bucket-a'
head_bucket Bucket='none'
list_objects_v2 Bucket='none'
put_object Bucket='bucket-a', Key='a/1', Body=b'one', Metadata={'K': 'v'}, ContentType='text/plain'
put_object Bucket='bucket-a', Key='a/2', Body=b'two', StorageClass='STANDARD_IA', Tagging='x=1'
put_object Bucket='bucket-a', Key='b', Body=b''
get_object Bucket='bucket-a', Key='a/1'
get_object Bucket='bucket-a', Key='a/1', Range='bytes=1-'
get_object Bucket='bucket-a', Key='a/1', Range='bytes=7-'
get_object Bucket='bucket-a', Key='none'
get_object Bucket='bucket-a', Key='a/1', IfMatch='"no"'
get_object Bucket='bucket-a', Key='a/1', IfNoneMatch='"f97c5d29941bfb1b2fdab0874906ab82"'
head_object Bucket='bucket-a', Key='a/2'
head_object Bucket='bucket-a', Key='none'
list_objects_v2 Bucket='bucket-a'
list_objects_v2 Bucket='bucket-a', Delimiter='/'
list_objects_v2 Bucket='bucket-a', Prefix='a/', MaxKeys=1
list_objects_v2 Bucket='bucket-a', StartAfter='a/1'
list_objects Bucket='bucket-a', Delimiter='/', Prefix='a'
copy_object Bucket='bucket-a', Key='c', CopySource={'Bucket': 'bucket-a', 'Key': 'a/1'}
copy_object Bucket='bucket-a', Key='c', CopySource={'Bucket': 'bucket-a', 'Key': 'none'}
get_object Bucket='bucket-a', Key='c'
get_object_tagging Bucket='bucket-a', Key='a/2'
get_bucket_policy Bucket='bucket-a'
get_bucket_tagging Bucket='bucket-a'
put_bucket_tagging Bucket='bucket-a', Tagging={'TagSet': [{'Key': 'k', 'Value': 'v'}]}
get_bucket_tagging Bucket='bucket-a'
get_bucket_versioning Bucket='bucket-a'
get_bucket_lifecycle_configuration Bucket='bucket-a'
delete_object Bucket='bucket-a', Key='c'
delete_object Bucket='bucket-a', Key='c'
delete_objects Bucket='bucket-a', Delete={'Objects': [{'Key': 'b'}, {'Key': 'none'}]}
list_parts Bucket='bucket-a', Key='m', UploadId='none'
delete_bucket Bucket='bucket-a'
put_bucket_versioning Bucket='bucket-a', VersioningConfiguration={'Status': 'Enabled'}
get_bucket_versioning Bucket='bucket-a'
put_object Bucket='bucket-a', Key='v', Body=b'1'
put_object Bucket='bucket-a', Key='v', Body=b'2'
delete_object Bucket='bucket-a', Key='v'
get_object Bucket='bucket-a', Key='v'
list_object_versions Bucket='bucket-a', Prefix='v'
list_buckets Prefix='bucket'
"""
MADE_UP = {
    "AcceptRanges", "BucketArn", "BucketRegion", "ChecksumAlgorithm", "ChecksumCRC32", "ChecksumType", "CreationDate",
    "DeleteMarkerVersionId", "ID", "LastModified", "Location", "NextContinuationToken", "Owner", "ResponseMetadata",
    "VersionId", "ServerSideEncryption",
}  # fmt: skip


def outcome(client, line):
    name, _, words = line.partition(" ")
    params = eval(f"dict({words})")
    try:
        answer = getattr(client, name)(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    if "Body" in answer:
        answer["Body"] = answer["Body"].read()
    return answer


def agree(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(agree(ours[key], theirs[key]) for key in (ours.keys() & theirs.keys()) - MADE_UP)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    return ours == theirs or isinstance(ours, datetime)


def test_this_lab_and_moto_tell_the_same_story(lab, monkeypatch):
    moto = pytest.importorskip("moto")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "123456789012")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    s3 = lab.client("s3")
    with moto.mock_aws():
        theirs = boto3.client("s3", region_name="us-east-1")
        for line in STORY.strip().splitlines():
            ours, other = outcome(s3, line), outcome(theirs, line)
            assert agree(ours, other), f"{line}\nthis lab: {ours}\nmoto: {other}"
