"""A bucket's settings: default encryption, policy, ownership, public access, tags, versioning.

Source: API Reference, the Put, Get and Delete of each; User Guide, "Setting default server-side encryption behavior",
"The meaning of public" (a policy that lets everybody in, with no condition that narrows it).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.policy import MalformedPolicy, parse
from cwlab.services.s3 import acl, store
from cwlab.services.s3.access import on_bucket, on_object
from cwlab.services.s3.draft import MOST_TAGS, checked_tags
from cwlab.services.s3.errors import denied, malformed
from cwlab.services.s3.names import bucket_of, keep, objects
from cwlab.services.s3.records import Bucket, Seal, Version

Structure = dict[str, Any]
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
MOST_POLICY = 20 * 1024
MOST_BUCKET_TAGS = 50
KINDS = ("AES256", "aws:kms", "aws:kms:dsse")


# -- default encryption ----------------------------------------------------------------------------------------
@on_bucket("PutBucketEncryption", "PutEncryptionConfiguration")
def put_bucket_encryption(
    call: Call,
    *,
    Bucket: str,
    ServerSideEncryptionConfiguration: Structure,
    ContentMD5: str | None = None,
    ChecksumAlgorithm: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """Say how objects are encrypted that bring no choice of their own. Those already there stay as they are."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    rules = ServerSideEncryptionConfiguration["Rules"]
    if len(rules) != 1 or "ApplyServerSideEncryptionByDefault" not in rules[0]:
        raise malformed()
    if extra := set(rules[0]) - {"ApplyServerSideEncryptionByDefault", "BucketKeyEnabled"}:
        raise NotModelled(f"s3: a bucket encryption rule with {min(extra)}")
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    algorithm, key = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    if algorithm not in KINDS:
        raise NotModelled(f"s3: SSEAlgorithm={algorithm!r}", f"Modeled: {', '.join(KINDS)}.")
    if algorithm == "AES256" and key is not None:
        raise AwsError(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        )
    keep(call, replace(bucket, encryption=Seal(algorithm, key, b"", bool(rules[0].get("BucketKeyEnabled")))))


@on_bucket("GetBucketEncryption", "GetEncryptionConfiguration", readonly=True)
def get_bucket_encryption(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """A bucket's default encryption; SSE-S3 (AES256) unless somebody chose."""
    held = bucket_of(call, Bucket, ExpectedBucketOwner).encryption
    default: Structure = {"SSEAlgorithm": held.algorithm}
    if held.key is not None:
        default["KMSMasterKeyID"] = held.key
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": held.bucket_key}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@on_bucket("DeleteBucketEncryption", "PutEncryptionConfiguration")
def delete_bucket_encryption(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Back to SSE-S3."""
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), encryption=Seal()))


# -- the bucket's policy ---------------------------------------------------------------------------------------
@on_bucket("PutBucketPolicy")
def put_bucket_policy(
    call: Call,
    *,
    Bucket: str,
    Policy: str,
    ContentMD5: str | None = None,
    ChecksumAlgorithm: str | None = None,
    ConfirmRemoveSelfBucketAccess: bool = False,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """Set the bucket's policy."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if len(Policy.encode()) > MOST_POLICY:
        raise AwsError("PolicyTooLarge", "Policy exceeds the maximum allowed document size.")
    _check_policy(Policy, f"arn:aws:s3:::{Bucket}")
    if "BlockPublicPolicy" in (bucket.blocked or ()) and is_public(Policy):
        error = denied(
            f"User: {call.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{Bucket}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.'
        )
        error.add_note(
            "The policy lets everybody in. Narrow its Principal, or add a Condition; or change PublicAccessBlock."
        )
        raise error
    keep(call, replace(bucket, policy=Policy))


def _check_policy(text: str, arn: str) -> None:
    try:
        body = json.loads(text)
    except ValueError:
        raise AwsError(
            "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"
        ) from None
    try:
        parse(text, "resource")
    except MalformedPolicy as problem:
        error = AwsError("MalformedPolicy", "This policy contains invalid Json")
        error.add_note(str(problem))
        raise error from problem
    for statement in _statements(body):
        said = statement.get("Resource", statement.get("NotResource", ()))
        for each in _listed(said):
            bare = each.partition("/")[0]
            if bare != arn and not (bare.endswith("*") and arn.startswith(bare.rstrip("*"))):
                raise AwsError("MalformedPolicy", "Policy has invalid resource")


def _statements(body: Structure) -> list[Structure]:
    found = body.get("Statement", [])
    return found if isinstance(found, list) else [found]


def is_public(text: str) -> bool:
    """Whether a policy lets everybody do something, with no condition that narrows who.

    >>> is_public('{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}')
    True
    """
    for statement in _statements(json.loads(text)):
        principal = statement.get("Principal")
        everybody = principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS")))
        if statement.get("Effect") == "Allow" and everybody and not statement.get("Condition"):
            return True
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@on_bucket("GetBucketPolicy", readonly=True)
def get_bucket_policy(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """The bucket's policy."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if bucket.policy is None:
        raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return {"Policy": bucket.policy}


@on_bucket("GetBucketPolicyStatus", readonly=True)
def get_bucket_policy_status(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """Whether the bucket's policy is public."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if bucket.policy is None:
        raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return {"PolicyStatus": {"IsPublic": is_public(bucket.policy)}}


@on_bucket("DeleteBucketPolicy")
def delete_bucket_policy(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Take the bucket's policy away."""
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), policy=None))


# -- lists, ownership, public access ---------------------------------------------------------------------------
@on_bucket("GetBucketAcl", readonly=True)
def get_bucket_acl(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """Who owns a bucket and has what on it."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    return acl.told(bucket, bucket.acl)


@on_bucket("PutBucketAcl")
def put_bucket_acl(
    call: Call, *, Bucket: str, ACL: str | None = None, ExpectedBucketOwner: str | None = None
) -> None:
    """Put a bucket under a canned list."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if ACL is None:
        raise AwsError("MissingSecurityHeader", "Your request was missing a required header")
    if bucket.ownership == "BucketOwnerEnforced" and ACL != "bucket-owner-full-control":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    acl.check(bucket, ACL)
    keep(call, acl.with_acl(bucket, ACL))


@on_bucket("PutBucketOwnershipControls")
def put_bucket_ownership_controls(
    call: Call, *, Bucket: str, OwnershipControls: Structure, ExpectedBucketOwner: str | None = None
) -> None:
    """Who owns new objects: BucketOwnerEnforced (lists are off), BucketOwnerPreferred, ObjectWriter."""
    rules = OwnershipControls["Rules"]
    if len(rules) != 1:
        raise malformed()
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), ownership=rules[0]["ObjectOwnership"]))


@on_bucket("GetBucketOwnershipControls", readonly=True)
def get_bucket_ownership_controls(
    call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None
) -> Structure:
    """Who owns new objects."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if bucket.ownership is None:
        raise AwsError("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 404)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@on_bucket("DeleteBucketOwnershipControls", "PutBucketOwnershipControls")
def delete_bucket_ownership_controls(
    call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None
) -> None:
    """No rule of ownership: whoever writes an object owns it."""
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), ownership=None))


@on_bucket("PutPublicAccessBlock", "PutBucketPublicAccessBlock")
def put_public_access_block(
    call: Call,
    *,
    Bucket: str,
    PublicAccessBlockConfiguration: Structure,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """What of public access is blocked."""
    given = PublicAccessBlockConfiguration
    blocked = tuple(name for name in BLOCKS if given.get(name))
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), blocked=blocked))


@on_bucket("GetPublicAccessBlock", "GetBucketPublicAccessBlock", readonly=True)
def get_public_access_block(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """What of public access is blocked: everything, for a new bucket."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if bucket.blocked is None:
        raise AwsError(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404
        )
    return {"PublicAccessBlockConfiguration": {name: name in bucket.blocked for name in BLOCKS}}


@on_bucket("DeletePublicAccessBlock", "PutBucketPublicAccessBlock")
def delete_public_access_block(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Nothing is blocked."""
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), blocked=None))


# -- tags ------------------------------------------------------------------------------------------------------
@on_bucket("PutBucketTagging")
def put_bucket_tagging(
    call: Call,
    *,
    Bucket: str,
    Tagging: Structure,
    ContentMD5: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """Set a bucket's tags, in place of the old ones."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    keep(call, replace(bucket, tags=_tags(Tagging, MOST_BUCKET_TAGS)))


def _tags(tagging: Structure, most: int) -> tuple[tuple[str, str], ...]:
    return checked_tags([(tag["Key"], tag["Value"]) for tag in tagging["TagSet"]], most)


def _tag_set(tags: tuple[tuple[str, str], ...]) -> list[Structure]:
    return [{"Key": key, "Value": value} for key, value in tags]


@on_bucket("GetBucketTagging", readonly=True)
def get_bucket_tagging(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """A bucket's tags."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if not bucket.tags:
        raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404)
    return {"TagSet": _tag_set(bucket.tags)}


@on_bucket("DeleteBucketTagging", "PutBucketTagging")
def delete_bucket_tagging(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """Take a bucket's tags away."""
    keep(call, replace(bucket_of(call, Bucket, ExpectedBucketOwner), tags=()))


@on_object("PutObjectTagging")
def put_object_tagging(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Tagging: Structure,
    VersionId: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Set an object's tags, in place of the old ones."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    return _retag(call, bucket, store.find(call, bucket, Key, VersionId), _tags(Tagging, MOST_TAGS))


def _retag(call: Call, bucket: Bucket, version: Version, tags: tuple[tuple[str, str], ...]) -> Structure:
    if version.content is None:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    held = objects(call, bucket)[version.key]
    made = replace(version, tags=tags)
    objects(call, bucket)[version.key] = tuple(made if each is version else each for each in held)
    return {} if bucket.versioning is None else {"VersionId": version.id}


@on_object("GetObjectTagging", readonly=True)
def get_object_tagging(
    call: Call, *, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
) -> Structure:
    """An object's tags."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    version = store.find(call, bucket, Key, VersionId)
    answer: Structure = {"TagSet": _tag_set(version.tags)}
    return answer if bucket.versioning is None else answer | {"VersionId": version.id}


@on_object("DeleteObjectTagging")
def delete_object_tagging(
    call: Call, *, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
) -> Structure:
    """Take an object's tags away."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    return _retag(call, bucket, store.find(call, bucket, Key, VersionId), ())


# -- versioning ------------------------------------------------------------------------------------------------
@on_bucket("PutBucketVersioning")
def put_bucket_versioning(
    call: Call, *, Bucket: str, VersioningConfiguration: Structure, ExpectedBucketOwner: str | None = None
) -> None:
    """Turn versioning on, or suspend it; it is never off again."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if VersioningConfiguration.get("MFADelete") == "Enabled":
        raise NotModelled("s3: MFADelete", "Leave it out.")
    if "Status" not in VersioningConfiguration:
        raise malformed()
    keep(call, replace(bucket, versioning=VersioningConfiguration["Status"]))


@on_bucket("GetBucketVersioning", readonly=True)
def get_bucket_versioning(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Structure:
    """Whether versions are kept; nothing for a bucket that never did."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    return {} if bucket.versioning is None else {"Status": bucket.versioning}
