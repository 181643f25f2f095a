"""Buckets: make, find, list, delete.

Source: API Reference, CreateBucket, HeadBucket, GetBucketLocation, ListBuckets, DeleteBucket.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.arn import REGIONS
from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3 import acl, expiry
from cwlab.services.s3.access import bucket_anywhere, on_bucket
from cwlab.services.s3.errors import bare, invalid
from cwlab.services.s3.names import bucket_of, buckets, is_name, objects, owner, uploads
from cwlab.services.s3.records import Bucket
from cwlab.timeline import to_datetime

MOST = 10_000  # buckets an account may have
PAGE = 10_000
FIRST = "us-east-1"  # the Region whose name no bucket's location says
Structure = dict[str, Any]


@operation("s3", "CreateBucket", resource=lambda call, params: f"arn:aws:s3:::{params['Bucket']}")
def create_bucket(
    call: Call,
    *,
    Bucket: str,
    CreateBucketConfiguration: Structure | None = None,
    ACL: str = "private",
    ObjectOwnership: str = "BucketOwnerEnforced",
) -> Structure:
    """A new bucket, in the Region the request went to; from us-east-1, in any Region it names."""
    name = Bucket
    region = _location(call, CreateBucketConfiguration or {})
    if not is_name(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    had = buckets(call).get(name)
    if had is not None and had.owner != call.account:
        raise AwsError(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again.",
            409,
        )
    if had is not None and not had.region == region == FIRST:
        raise AwsError(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            409,
        )
    if had is None:
        if sum(1 for each in buckets(call).values() if each.owner == call.account) >= MOST:
            raise AwsError("TooManyBuckets", "You have attempted to create more buckets than allowed")
        tags = tuple((tag["Key"], tag["Value"]) for tag in (CreateBucketConfiguration or {}).get("Tags", ()))
        made = _record(name, call.account, region, call.now_ms, tags, ObjectOwnership)
        acl.check(made, ACL)
        buckets(call)[name] = acl.with_acl(made, ACL)
    location = f"/{name}" if region == FIRST else f"http://{name}.s3.amazonaws.com/"
    return {"Location": location, "BucketArn": f"arn:aws:s3:::{name}"}


def _record(
    name: str, account: str, region: str, now_ms: int, tags: tuple[tuple[str, str], ...], ownership: str
) -> Bucket:
    return Bucket(name, account, region, now_ms // 1000 * 1000, tags=tags, ownership=ownership)


def _location(call: Call, configuration: Structure) -> str:
    """The Region a new bucket goes to."""
    extra = set(configuration) - {"LocationConstraint", "Tags"}
    if extra:
        raise NotModelled(f"s3: CreateBucketConfiguration.{min(extra)}")
    said = configuration.get("LocationConstraint")
    said = "eu-west-1" if said == "EU" else said
    if said is not None and (said == FIRST or said not in REGIONS):
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid")
    if call.region == FIRST:
        return said or FIRST
    if said != call.region:
        raise AwsError(
            "IllegalLocationConstraintException",
            f"The {said or 'unspecified'} location constraint is incompatible for the region specific endpoint "
            "this request was sent to.",
        )
    return said


@on_bucket("HeadBucket", "ListBucket", resource=lambda call, params: _headed(call, params), readonly=True)
def head_bucket(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """Whether a bucket exists, and where."""
    found = bucket_of(call, Bucket, ExpectedBucketOwner)
    return {"BucketRegion": found.region, "AccessPointAlias": False, "BucketArn": f"arn:aws:s3:::{Bucket}"}


def _headed(call: Call, params: Structure) -> str:
    if params["Bucket"] not in buckets(call):
        raise bare(404)
    bucket_of(call, params["Bucket"])
    return f"arn:aws:s3:::{params['Bucket']}"


@on_bucket("GetBucketLocation", resource=bucket_anywhere, readonly=True)
def get_bucket_location(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """A bucket's Region; nothing for us-east-1, which boto3 shows as None."""
    found = bucket_of(call, Bucket, ExpectedBucketOwner, anywhere=True)
    return {} if found.region == FIRST else {"LocationConstraint": found.region}


@operation("s3", "ListBuckets", action="s3:ListAllMyBuckets", readonly=True)
def list_buckets(
    call: Call,
    *,
    MaxBuckets: int = PAGE,
    ContinuationToken: str | None = None,
    Prefix: str | None = None,
    BucketRegion: str | None = None,
) -> Structure:
    """Your buckets, of all Regions, by name."""
    if not 1 <= MaxBuckets <= PAGE:
        raise invalid("max-buckets must be between 1 and 10000")
    mine = [
        each
        for name, each in sorted(buckets(call).items())
        if each.owner == call.account
        and name.startswith(Prefix or "")
        and BucketRegion in (None, each.region)
        and name > (ContinuationToken or "")
    ]
    shown = mine[:MaxBuckets]
    answer: Structure = {
        "Buckets": [
            {
                "Name": each.name,
                "CreationDate": to_datetime(each.created_ms),
                "BucketRegion": each.region,
                "BucketArn": f"arn:aws:s3:::{each.name}",
            }
            for each in shown
        ],
        "Owner": owner(call.account),
    }
    if Prefix is not None:
        answer["Prefix"] = Prefix
    if len(shown) < len(mine):
        answer["ContinuationToken"] = shown[-1].name
    return answer


@on_bucket("DeleteBucket")
def delete_bucket(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Delete an empty bucket."""
    found = bucket_of(call, Bucket, ExpectedBucketOwner)
    if len(objects(call, found)):
        versions = " You must delete all versions in the bucket." if found.versioning else ""
        raise AwsError("BucketNotEmpty", f"The bucket you tried to delete is not empty.{versions}", 409)
    uploads(call, found).clear()
    expiry.stop(call, found)
    del buckets(call)[Bucket]
