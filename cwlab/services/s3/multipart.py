"""Objects uploaded in parts, as boto3's ``upload_file`` sends big ones.

Source: API Reference, CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload,
ListParts, ListMultipartUploads; User Guide, "Amazon S3 multipart upload limits" (10,000 parts, 5 MB but for the last).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from cwlab.api import Call
from cwlab.errors import AwsError
from cwlab.services.s3 import checksums, draft, expiry, preconditions, sealing, store
from cwlab.services.s3.access import on_bucket, on_object
from cwlab.services.s3.errors import invalid, malformed, no_upload
from cwlab.services.s3.names import bucket_of, owner, uploads
from cwlab.services.s3.objects import _readable, check_writing, source_of
from cwlab.services.s3.records import Bucket, Content, Part, Sent, Upload
from cwlab.services.s3.store import second
from cwlab.timeline import to_datetime

LEAST = 5 * 1024 * 1024
MOST_PARTS = 10_000
PAGE = 1000
Structure = dict[str, Any]


@on_object("CreateMultipartUpload", "PutObject")
def create_multipart_upload(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    ACL: str | None = None,
    CacheControl: str | None = None,
    ContentDisposition: str | None = None,
    ContentEncoding: str | None = None,
    ContentLanguage: str | None = None,
    ContentType: str | None = None,
    Expires: Any = None,
    Metadata: dict[str, str] | None = None,
    ServerSideEncryption: str | None = None,
    StorageClass: str | None = None,
    SSEKMSKeyId: str | None = None,
    BucketKeyEnabled: bool | None = None,
    Tagging: str | None = None,
    ChecksumAlgorithm: str | None = None,
    ChecksumType: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Begin an upload."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    algorithm = checksums.known(ChecksumAlgorithm or checksums.DEFAULT)
    if ChecksumType == checksums.FULL and algorithm != "CRC32":
        raise AwsError(
            "InvalidRequest",
            f"The {ChecksumType} checksum type cannot be used with the {algorithm} checksum algorithm.",
        )
    made = draft.of(call, bucket, Key, call.request.params)
    upload = Upload(
        call.unique("", 64, store.ALPHABET),
        second(call.now_ms),
        made,
        f"{algorithm}/{ChecksumType or checksums.COMPOSITE}",
    )
    uploads(call, bucket)[upload.id] = upload
    return {
        "Bucket": Bucket,
        "Key": Key,
        "UploadId": upload.id,
        "ChecksumAlgorithm": algorithm,
        "ChecksumType": ChecksumType or checksums.COMPOSITE,
        **sealing.told(made.seal),
    }


def _upload(call: Call, bucket: Bucket, key: str, upload_id: str) -> Upload:
    found: Upload | None = uploads(call, bucket).get(upload_id)
    if found is None or found.draft.key != key:
        raise no_upload(upload_id)
    return found


def _number(number: int) -> None:
    if not 1 <= number <= MOST_PARTS:
        raise invalid(f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive")


@on_object("UploadPart", "PutObject")
def upload_part(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    PartNumber: int,
    UploadId: str,
    Body: bytes = b"",
    ContentLength: int | None = None,
    ContentMD5: str | None = None,
    ChecksumAlgorithm: str | None = None,
    ChecksumCRC32: str | None = None,
    ChecksumSHA1: str | None = None,
    ChecksumSHA256: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Send a part, over what had its number before."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    upload = _upload(call, bucket, Key, UploadId)
    _number(PartNumber)
    given = {
        "ChecksumCRC32": ChecksumCRC32,
        "ChecksumSHA1": ChecksumSHA1,
        "ChecksumSHA256": ChecksumSHA256,
    }
    content = Content(Body if type(Body) is bytes else bytes(Body))
    checksum = checksums.check(content.data, upload.algorithm.split("/")[0], given, ContentMD5)
    part = _keep(call, bucket, upload, PartNumber, content, checksum)
    call.request.kept = Sent({k: v for k, v in call.request.params.items() if k != "Body"}, content)
    return {"ETag": part.etag, checksum[0]: checksum[1], **sealing.told(upload.draft.seal)}


def _keep(
    call: Call, bucket: Bucket, upload: Upload, number: int, content: Content, checksum: checksums.Check
) -> Part:
    tag = hashlib.md5(content.data, usedforsecurity=False).hexdigest()
    part = Part(number, second(call.now_ms), content, f'"{tag}"', checksum)
    others = [each for each in upload.parts if each.number != number]
    parts = tuple(sorted([*others, part], key=lambda each: each.number))
    uploads(call, bucket)[upload.id] = replace(upload, parts=parts)
    return part


@on_object("UploadPartCopy", "PutObject")
def upload_part_copy(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    PartNumber: int,
    UploadId: str,
    CopySource: str | Structure,
    CopySourceIfMatch: str | None = None,
    CopySourceRange: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """A part out of an object that is already there."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    upload = _upload(call, bucket, Key, UploadId)
    _number(PartNumber)
    home, key, version_id = source_of(CopySource)
    source_bucket = bucket_of(call, home, anywhere=True)
    request: Structure = {"Bucket": home, "Key": key} | (
        {} if version_id is None else {"VersionId": version_id}
    )
    _readable(call, request, source_bucket.region)
    source = store.find(call, source_bucket, key, version_id)
    assert source.content is not None
    if preconditions.check(source.etag, source.modified_ms, CopySourceIfMatch, None, None, None):
        raise preconditions.failed("x-amz-copy-source-If-Match")
    data = source.content.data
    if CopySourceRange is not None:
        span = preconditions.span(CopySourceRange, len(data))
        if span is None:
            raise invalid("The x-amz-copy-source-range value must be of the form bytes=first-last")
        data = data[span[0] : span[1] + 1]
    checksum = checksums.check(data, upload.algorithm.split("/")[0], {}, None)
    part = _keep(call, bucket, upload, PartNumber, Content(data), checksum)
    result = {"ETag": part.etag, "LastModified": to_datetime(part.modified_ms), checksum[0]: checksum[1]}
    return {"CopyPartResult": result, **sealing.told(upload.draft.seal)}


@on_object("CompleteMultipartUpload", "PutObject")
def complete_multipart_upload(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MultipartUpload: Structure | None = None,
    ChecksumType: str | None = None,
    ChecksumCRC32: str | None = None,
    MpuObjectSize: int | None = None,
    IfMatch: str | None = None,
    IfNoneMatch: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Make the parts named one object."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    upload = _upload(call, bucket, Key, UploadId)
    named = (MultipartUpload or {}).get("Parts", ())
    if not named:
        raise malformed()
    parts = _chosen(upload, named)
    check_writing(call, bucket, Key, IfMatch, IfNoneMatch)
    content = Content(b"".join(part.content.data for part in parts))
    if MpuObjectSize is not None and MpuObjectSize != len(content):
        raise AwsError(
            "InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match the object's size."
        )
    algorithm, kind = upload.algorithm.split("/")
    if kind == checksums.FULL:
        checksum = checksums.check(content.data, algorithm, {"ChecksumCRC32": ChecksumCRC32}, None)
    else:
        checksum = checksums.composed(algorithm, [part.checksum for part in parts])
    digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    tag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'
    made = replace(
        upload.draft,
        modified_ms=upload.started_ms,
        content=content,
        etag=tag,
        checksum=checksum,
        parts=tuple(len(part.content) for part in parts),
    )
    made = store.put(call, bucket, made)
    del uploads(call, bucket)[UploadId]
    answer: Structure = {
        "Location": f"https://{Bucket}.s3.{bucket.region}.amazonaws.com/{Key}",
        "Bucket": Bucket,
        "Key": Key,
        "ETag": tag,
        **checksums.told(checksum),
        **sealing.told(made.seal),
        **expiry.told(bucket, made),
    }
    if bucket.versioning is not None:
        answer["VersionId"] = made.id
    return answer


def _chosen(upload: Upload, named: list[Structure]) -> list[Part]:
    """The parts a completion names, in order.

    Raises:
        AwsError: InvalidPart, InvalidPartOrder, EntityTooSmall.
    """
    held = {part.number: part for part in upload.parts}
    numbers = [each.get("PartNumber", 0) for each in named]
    if sorted(set(numbers)) != numbers:
        raise AwsError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    chosen = []
    for each in named:
        part = held.get(each["PartNumber"])
        if part is None or each.get("ETag", "").strip('"') != part.etag.strip('"'):
            raise AwsError(
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                "specified entity tag may not match the part's entity tag.",
            )
        chosen.append(part)
    if any(len(part.content) < LEAST for part in chosen[:-1]):
        raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    return chosen


@on_object("AbortMultipartUpload")
def abort_multipart_upload(
    call: Call, *, Bucket: str, Key: str, UploadId: str, ExpectedBucketOwner: str | None = None
) -> None:
    """Drop an upload and its parts."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    _upload(call, bucket, Key, UploadId)
    del uploads(call, bucket)[UploadId]


@on_object("ListParts", "ListMultipartUploadParts", readonly=True)
def list_parts(
    call: Call,
    *,
    Bucket: str,
    Key: str,
    UploadId: str,
    MaxParts: int = PAGE,
    PartNumberMarker: int = 0,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """The parts an upload has so far."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    upload = _upload(call, bucket, Key, UploadId)
    rest = [part for part in upload.parts if part.number > PartNumberMarker]
    shown = rest[: min(MaxParts, PAGE)]
    answer: Structure = {
        "Bucket": Bucket,
        "Key": Key,
        "UploadId": UploadId,
        "PartNumberMarker": PartNumberMarker,
        "MaxParts": min(MaxParts, PAGE),
        "IsTruncated": len(shown) < len(rest),
        "Owner": owner(bucket.owner),
        "StorageClass": upload.draft.storage_class,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
    }
    if shown:
        answer["Parts"] = [
            {
                "PartNumber": part.number,
                "LastModified": to_datetime(part.modified_ms),
                "ETag": part.etag,
                "Size": len(part.content),
                part.checksum[0]: part.checksum[1],
            }
            for part in shown
        ]
    return answer


@on_bucket("ListMultipartUploads", "ListBucketMultipartUploads", readonly=True)
def list_multipart_uploads(
    call: Call,
    *,
    Bucket: str,
    Prefix: str = "",
    MaxUploads: int = PAGE,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """The uploads under way, the first thousand at most."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    found = sorted(
        (each for each in uploads(call, bucket).values() if each.draft.key.startswith(Prefix)),
        key=lambda each: (each.draft.key, each.started_ms, each.id),
    )
    shown = found[: min(MaxUploads, PAGE)]
    answer: Structure = {
        "Bucket": Bucket,
        "Prefix": Prefix,
        "MaxUploads": min(MaxUploads, PAGE),
        "IsTruncated": len(shown) < len(found),
    }
    if shown:
        answer["Uploads"] = [
            {
                "UploadId": each.id,
                "Key": each.draft.key,
                "Initiated": to_datetime(each.started_ms),
                "StorageClass": each.draft.storage_class,
                "Owner": owner(bucket.owner),
            }
            for each in shown
        ]
    return answer
