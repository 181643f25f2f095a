"""Uploads in parts, as boto3's transfers make them."""

import hashlib
import io

import pytest
from boto3.s3.transfer import TransferConfig

from tests.services.s3.conftest import BUCKET, code, put, read

MB = 1024 * 1024
BIG = hashlib.shake_256(b"noise").digest(64) * (11 * MB // 64)
SMALL_PARTS = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB, max_concurrency=4)


def test_boto3_uploads_and_downloads_a_big_file(lab, s3, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(BIG)
    done = []
    s3.upload_file(
        str(source),
        BUCKET,
        "big",
        ExtraArgs={"Metadata": {"n": "1"}},
        Config=SMALL_PARTS,
        Callback=done.append,
    )
    head = s3.head_object(Bucket=BUCKET, Key="big")
    assert head["ETag"].endswith('-3"') and head["Metadata"] == {"n": "1"} and sum(done) == len(BIG)
    s3.download_file(BUCKET, "big", str(target), Config=SMALL_PARTS)
    assert target.read_bytes() == BIG
    assert [e.params["PartNumber"] for e in lab.journal if e.operation == "UploadPart"] == [1, 2, 3]
    first = s3.get_object(Bucket=BUCKET, Key="big", PartNumber=1)
    assert first["PartsCount"] == 3 and first["ContentLength"] == 5 * MB


def test_file_objects(s3):
    s3.upload_fileobj(io.BytesIO(b"small"), BUCKET, "small")
    held = io.BytesIO()
    s3.download_fileobj(BUCKET, "small", held)
    assert held.getvalue() == b"small"
    s3.copy({"Bucket": BUCKET, "Key": "small"}, BUCKET, "copy")
    assert read(s3, "copy") == b"small"


def test_a_big_copy_goes_in_parts(s3):
    put(s3, "big", BIG)
    s3.copy({"Bucket": BUCKET, "Key": "big"}, BUCKET, "copy", Config=SMALL_PARTS)
    assert read(s3, "copy") == BIG and s3.head_object(Bucket=BUCKET, Key="copy")["ETag"].endswith('-3"')


def begin(s3):
    return s3.create_multipart_upload(Bucket=BUCKET, Key="k")["UploadId"]


def send(s3, upload, number, body=b"x"):
    answer = s3.upload_part(Bucket=BUCKET, Key="k", UploadId=upload, PartNumber=number, Body=body)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def test_parts_are_listed_and_an_upload_can_be_dropped(s3):
    upload = begin(s3)
    for number in (3, 1, 3):
        send(s3, upload, number, b"y" * number)
    listed = s3.list_parts(Bucket=BUCKET, Key="k", UploadId=upload)
    assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, 1), (3, 3)]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [upload]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="k", UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
    assert code(s3.list_parts, Bucket=BUCKET, Key="k", UploadId=upload) == "NoSuchUpload"


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (lambda a, b: [], "MalformedXML"),
        (lambda a, b: [b, a], "InvalidPartOrder"),
        (lambda a, b: [a | {"ETag": '"x"'}], "InvalidPart"),
        (lambda a, b: [a, b], "EntityTooSmall"),
        (lambda a, b: [b], "OK"),
    ],
)
def test_how_an_upload_may_end(s3, parts, wanted):
    upload = begin(s3)
    a, b = send(s3, upload, 1), send(s3, upload, 2)
    end = {"Bucket": BUCKET, "Key": "k", "UploadId": upload, "MultipartUpload": {"Parts": parts(a, b)}}
    assert code(s3.complete_multipart_upload, **end) == wanted
    assert ("k" in [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]) == (
        wanted == "OK"
    )


def test_bad_parts(s3):
    upload = begin(s3)
    part = {"Bucket": BUCKET, "Key": "k", "UploadId": upload, "Body": b"x"}
    assert code(s3.upload_part, **part, PartNumber=10_001) == "InvalidArgument"
    assert code(s3.upload_part, **(part | {"Key": "other"}), PartNumber=1) == "NoSuchUpload"
    assert code(s3.upload_part, **(part | {"UploadId": "none"}), PartNumber=1) == "NoSuchUpload"
