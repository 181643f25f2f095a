"""Objects: put, get, head, delete, copy.

Source: API Reference, PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects, CopyObject.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import unquote

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3 import acl, checksums, draft, expiry, preconditions, sealing, store
from cwlab.services.s3.access import bucket_arn, on_bucket, on_object
from cwlab.services.s3.errors import bare, invalid, invalid_request, malformed, no_key
from cwlab.services.s3.names import bucket_of, objects
from cwlab.services.s3.records import NULL, STANDARD, Bucket, Content, Sent, Version
from cwlab.timeline import to_datetime

MOST_BYTES = 5 * 1024**3
MOST_DELETED = 1000
Structure = dict[str, Any]


@on_object("PutObject")
def put_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    Body: bytes = b"",
    ACL: str | None = None,
    CacheControl: str | None = None,
    ContentDisposition: str | None = None,
    ContentEncoding: str | None = None,
    ContentLanguage: str | None = None,
    ContentLength: int | None = None,
    ContentMD5: str | None = None,
    ContentType: str | None = None,
    Expires: Any = None,
    ChecksumAlgorithm: str | None = None,
    ChecksumCRC32: str | None = None,
    ChecksumSHA1: str | None = None,
    ChecksumSHA256: str | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    Metadata: dict[str, str] | None = None,
    ServerSideEncryption: str | None = None,
    StorageClass: str | None = None,
    SSEKMSKeyId: str | None = None,
    BucketKeyEnabled: bool | None = None,
    Tagging: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Store an object, over what had its key before."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    body = Body if type(Body) is bytes else bytes(Body)
    if len(body) > MOST_BYTES:
        raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    if ContentLength is not None and ContentLength != len(body):
        raise AwsError(
            "IncompleteBody",
            "The request body terminated unexpectedly"
            if ContentLength > len(body)
            else "The body is longer than ContentLength says",
        )
    given = {
        "ChecksumCRC32": ChecksumCRC32,
        "ChecksumSHA1": ChecksumSHA1,
        "ChecksumSHA256": ChecksumSHA256,
    }
    checksum = checksums.check(body, ChecksumAlgorithm, given, ContentMD5)
    check_writing(call, bucket, Key, IfMatch, IfNoneMatch)
    content = Content(body)
    version = draft.of(call, bucket, Key, call.request.params)
    version = replace(version, content=content, etag=etag(body, version), checksum=checksum)
    made = store.put(call, bucket, version)
    call.request.kept = Sent({k: v for k, v in call.request.params.items() if k != "Body"}, content)
    return {"ETag": made.etag, **checksums.told(checksum), **sealing.told(made.seal), **_versioned(bucket, made),
            **expiry.told(bucket, made)}  # fmt: skip


def etag(data: bytes, version: Version) -> str:
    """An object's entity tag: the MD5 of its bytes, unless KMS encrypts it; then something that only looks like one."""
    salt = version.seal.blob if version.seal.kms else b""
    return f'"{hashlib.md5(salt + data, usedforsecurity=False).hexdigest()}"'


def check_writing(
    call: Call, bucket: Bucket, key: str, if_match: str | None, if_none_match: str | None
) -> None:
    """Refuse a conditional write whose condition does not hold."""
    had: tuple[Version, ...] = objects(call, bucket).get(key, ())
    current = had[0] if had and had[0].content is not None else None
    if if_none_match is not None:
        if if_none_match != "*":
            raise AwsError(
                "NotImplemented", "A header you provided implies functionality that is not implemented", 501
            )
        if current is not None:
            raise preconditions.failed("If-None-Match")
    if if_match is not None:
        if current is None:
            raise no_key(key)
        if if_match.strip('"') != current.etag.strip('"'):
            raise preconditions.failed("If-Match")


def _versioned(bucket: Bucket, version: Version) -> Structure:
    return {} if bucket.versioning is None else {"VersionId": version.id}


@on_object("GetObject", readonly=True)
def get_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    Range: str | None = None,
    PartNumber: int | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    IfModifiedSince: datetime | None = None,
    IfUnmodifiedSince: datetime | None = None,
    ResponseCacheControl: str | None = None,
    ResponseContentDisposition: str | None = None,
    ResponseContentEncoding: str | None = None,
    ResponseContentLanguage: str | None = None,
    ResponseContentType: str | None = None,
    ResponseExpires: Any = None,
    ChecksumMode: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """An object's bytes, or a range of them."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    version = store.find(call, bucket, Key, VersionId)
    if version.content is None:
        raise _marker(version, VersionId)
    status = preconditions.check(
        version.etag, version.modified_ms, IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince
    )
    if status == 412:
        raise preconditions.failed("If-Match" if IfMatch is not None else "If-Unmodified-Since")
    if status == 304:
        raise bare(304)
    sealing.check_reading(call, bucket, version)
    said = _described(bucket, version, call.request.params)
    data, span = version.content.data, _span(version, Range, PartNumber)
    if span is not None:
        first, last = span
        said |= {"ContentRange": f"bytes {first}-{last}/{len(data)}", "ContentLength": last - first + 1}
        for name in ("ChecksumCRC32", "ChecksumSHA1", "ChecksumSHA256", "ChecksumType"):
            said.pop(name, None)
        data = data[first : last + 1]
    return {"Body": data, **said}


@on_object("HeadObject", "GetObject", readonly=True)
def head_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    Range: str | None = None,
    PartNumber: int | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    IfModifiedSince: datetime | None = None,
    IfUnmodifiedSince: datetime | None = None,
    ResponseCacheControl: str | None = None,
    ResponseContentDisposition: str | None = None,
    ResponseContentEncoding: str | None = None,
    ResponseContentLanguage: str | None = None,
    ResponseContentType: str | None = None,
    ResponseExpires: Any = None,
    ChecksumMode: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """What GetObject tells but for the bytes."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    try:
        version = store.find(call, bucket, Key, VersionId)
    except AwsError as problem:
        raise bare(404) from problem
    if version.content is None:
        raise bare(404) if VersionId is None else AwsError("405", "Method Not Allowed", 405)
    status = preconditions.check(
        version.etag, version.modified_ms, IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince
    )
    if status is not None:
        raise bare(status)
    sealing.check_reading(call, bucket, version)
    said = _described(bucket, version, call.request.params)
    try:
        span = _span(version, Range, PartNumber)
    except AwsError as problem:
        raise bare(416) from problem
    if span is not None:
        said |= {
            "ContentRange": f"bytes {span[0]}-{span[1]}/{len(version.content)}",
            "ContentLength": span[1] - span[0] + 1,
        }
    return said


def _marker(version: Version, version_id: str | None) -> AwsError:
    """What reading a delete marker is answered with."""
    if version_id is None:
        return no_key(version.key)
    return AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)


def _span(version: Version, header: str | None, part: int | None) -> tuple[int, int] | None:
    assert version.content is not None
    size = len(version.content)
    if part is not None:
        if header is not None:
            raise invalid_request("Cannot specify both Range header and partNumber query parameter")
        sizes = version.parts or (size,)
        if not 1 <= part <= len(sizes):
            raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
        first = sum(sizes[: part - 1])
        return (first, first + sizes[part - 1] - 1) if size else None
    return None if header is None else preconditions.span(header, size)


def _described(bucket: Bucket, version: Version, params: Structure) -> Structure:
    """Everything about an object but its bytes."""
    assert version.content is not None
    headers: Structure = dict(version.headers)
    for name in draft.HEADERS:
        if (said := params.get(f"Response{name}")) is not None:
            headers[name] = said
    if "Expires" in headers and not isinstance(headers["Expires"], datetime):
        text = headers.pop("Expires")
        try:
            headers["Expires"] = preconditions.instant(text)
        except ValueError:
            pass_text = text  # botocore leaves an unreadable Expires out, and keeps the text in ExpiresString
            headers["ExpiresString"] = pass_text
    out: Structure = {
        "AcceptRanges": "bytes",
        "LastModified": to_datetime(version.modified_ms),
        "ContentLength": len(version.content),
        "ETag": version.etag,
        "Metadata": dict(version.metadata),
        **headers,
        **sealing.told(version.seal),
        **_versioned(bucket, version),
        **expiry.told(bucket, version),
    }
    if version.storage_class != STANDARD:
        out["StorageClass"] = version.storage_class
    if version.tags and "Body" not in out:
        out["TagCount"] = len(version.tags)
    if params.get("PartNumber") is not None and version.parts:
        out["PartsCount"] = len(version.parts)
    if params.get("ChecksumMode") == "ENABLED":
        out |= checksums.told(version.checksum)
    return out


@on_object("DeleteObject")
def delete_object(
    call: Call, *, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
) -> Structure:
    """Delete an object, or one version for good. An object that is not there is deleted all the same."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    gone = store.delete(call, bucket, Key, VersionId)
    return _deleted(bucket, gone, VersionId)


def _deleted(bucket: Bucket, gone: Version | None, version_id: str | None) -> Structure:
    if bucket.versioning is None or gone is None:
        return {}
    out: Structure = {"VersionId": gone.id}
    if gone.content is None:
        out["DeleteMarker"] = True
    return out


@on_bucket(
    "DeleteObjects",
    "DeleteObject",
    resource=lambda call, params: [
        f"{bucket_arn(call, params)}/{each['Key']}" for each in params["Delete"]["Objects"]
    ],
)
def delete_objects(
    call: Call,
    *,
    Bucket: str,
    Delete: Structure,
    ChecksumAlgorithm: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Delete up to 1,000 objects in one request."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    wanted = Delete["Objects"]
    if not 1 <= len(wanted) <= MOST_DELETED:
        raise malformed()
    for each in wanted:
        if extra := set(each) - {"Key", "VersionId"}:
            raise NotModelled(f"s3: DeleteObjects with {min(extra)}", "Modeled: Key, VersionId.")
    if bucket.versioning is None and not any("VersionId" in each for each in wanted):
        store.delete_all(call, bucket, [each["Key"] for each in wanted])
        done: list[Structure] = [{"Key": each["Key"]} for each in wanted]
    else:
        done = []
        for each in wanted:
            gone = store.delete(call, bucket, each["Key"], each.get("VersionId"))
            done.append(each | _deleted_among(bucket, gone, each.get("VersionId")))
    return {} if Delete.get("Quiet") else {"Deleted": done}


def _deleted_among(bucket: Bucket, gone: Version | None, version_id: str | None) -> Structure:
    if bucket.versioning is None or gone is None or gone.content is not None:
        return {}
    return {"DeleteMarker": True, "DeleteMarkerVersionId": gone.id}


@on_object("CopyObject", "PutObject")
def copy_object(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    CopySource: str | Structure,
    ACL: str | None = None,
    CacheControl: str | None = None,
    ChecksumAlgorithm: str | None = None,
    ContentDisposition: str | None = None,
    ContentEncoding: str | None = None,
    ContentLanguage: str | None = None,
    ContentType: str | None = None,
    CopySourceIfMatch: str | None = None,
    CopySourceIfNoneMatch: str | None = None,
    Expires: Any = None,
    Metadata: dict[str, str] | None = None,
    MetadataDirective: str = "COPY",
    TaggingDirective: str = "COPY",
    Tagging: str | None = None,
    ServerSideEncryption: str | None = None,
    StorageClass: str | None = None,
    SSEKMSKeyId: str | None = None,
    BucketKeyEnabled: bool | None = None,
    ExpectedBucketOwner: str | None = None,
    ExpectedSourceBucketOwner: str | None = None,
) -> Structure:
    """A copy of an object. The caller must be able to read the source."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    home, key, version_id = source_of(CopySource)
    request: Structure = {"Bucket": home, "Key": key}
    if version_id is not None:
        request["VersionId"] = version_id
    if ExpectedSourceBucketOwner is not None:
        request["ExpectedBucketOwner"] = ExpectedSourceBucketOwner
    source_bucket = bucket_of(call, home, anywhere=True)
    _readable(call, request, source_bucket.region)
    source = store.find(call, source_bucket, key, version_id)
    if source.content is None:
        _no_source(key, version_id)
    if preconditions.check(
        source.etag, source.modified_ms, CopySourceIfMatch, CopySourceIfNoneMatch, None, None
    ):
        raise preconditions.failed("x-amz-copy-source-If-Match")
    params = dict(call.request.params)
    same = source_bucket.name == bucket.name and key == Key and version_id is None
    if same and MetadataDirective == "COPY" and not {"StorageClass", "ServerSideEncryption"} & params.keys():
        raise invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
    if TaggingDirective == "COPY":
        params.pop("Tagging", None)
    made = draft.of(call, bucket, Key, params)
    if MetadataDirective == "COPY":
        made = replace(made, headers=source.headers, metadata=source.metadata)
    if TaggingDirective == "COPY":
        made = replace(made, tags=source.tags)
    assert source.content is not None
    data = source.content.data
    checksum = checksums.check(data, ChecksumAlgorithm, {}, None)
    made = replace(made, content=source.content, etag=etag(data, made), checksum=checksum)
    made = store.put(call, bucket, made)
    answer: Structure = {
        "CopyObjectResult": {
            "ETag": made.etag,
            "LastModified": to_datetime(made.modified_ms),
            **checksums.told(checksum),
        },
        **sealing.told(made.seal),
        **_versioned(bucket, made),
        **expiry.told(bucket, made),
    }
    if source_bucket.versioning is not None and source.id != NULL:
        answer["CopySourceVersionId"] = source.id
    return answer


def _readable(call: Call, request: Structure, region: str) -> None:
    """Read the source as who asks for the copy, so that policies and KMS have their say."""
    principal = call.principal
    call.invoke(
        "s3",
        "GetObject",
        request,
        service_principal=principal.arn if principal.kind == "service" else None,
        source_arn=call.request.source_arn,
        region=region,
    )


def _no_source(key: str, version_id: str | None) -> NoReturn:
    if version_id is None:
        raise no_key(key)
    raise invalid_request(
        "The source of a copy request may not specifically refer to a delete marker by version id."
    )


def source_of(text: str | Structure) -> tuple[str, str, str | None]:
    """Bucket, key and version of a CopySource.

    >>> source_of("/logs/a%20b?versionId=v1")
    ('logs', 'a b', 'v1')
    """
    if not isinstance(text, str):
        return text["Bucket"], text["Key"], text.get("VersionId")
    path, _, query = text.partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    if not bucket or not key:
        raise invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    return bucket, key, query or None


@on_object("GetObjectAcl", readonly=True)
def get_object_acl(
    call: Call, *, Bucket: str, Key: str, VersionId: str | None = None, ExpectedBucketOwner: str | None = None
) -> Structure:
    """Who owns an object and has what on it."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    version = store.find(call, bucket, Key, VersionId)
    return acl.told(bucket, "private" if bucket.ownership == "BucketOwnerEnforced" else version.acl)
