"""Objects: bytes in, bytes out, with what belongs to them."""

import base64
import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import AwsError
from cwlab.services.s3 import preconditions
from tests.services.s3.conftest import BUCKET, code, put, read


def test_an_object_comes_back_as_it_was(lab, s3):
    lab.advance(seconds=1.5)
    answer = put(
        s3,
        "a/ä b.txt",
        b"hello",
        ContentType="text/plain",
        ContentEncoding="gzip",
        Metadata={"Shift": "night"},
    )
    assert answer["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert answer["ServerSideEncryption"] == "AES256"
    found = s3.get_object(Bucket=BUCKET, Key="a/ä b.txt")
    assert found["Body"].read() == b"hello"
    assert (found["ContentType"], found["ContentEncoding"], found["ContentLength"]) == (
        "text/plain",
        "gzip",
        5,
    )
    assert found["Metadata"] == {"shift": "night"} and found["ETag"] == answer["ETag"]
    assert found["LastModified"] == lab.start + timedelta(seconds=1)
    head = s3.head_object(Bucket=BUCKET, Key="a/ä b.txt")
    assert "Body" not in head and head["ContentLength"] == 5 and head["ETag"] == answer["ETag"]


def test_bodies_of_all_kinds(s3):
    for body in (b"bytes", bytearray(b"bytes"), io.BytesIO(b"bytes"), "bytes"):
        put(s3, "k", body)
        assert read(s3, "k") == b"bytes"
    s3.put_object(Bucket=BUCKET, Key="empty")
    assert read(s3, "empty") == b""


def test_a_second_put_replaces_and_a_delete_removes(s3):
    put(s3, "k", b"1")
    put(s3, "k", b"22")
    assert read(s3, "k") == b"22"
    s3.delete_object(Bucket=BUCKET, Key="k")
    assert code(s3.get_object, Bucket=BUCKET, Key="k") == "NoSuchKey"
    assert code(s3.head_object, Bucket=BUCKET, Key="k") == "404"
    assert code(s3.delete_object, Bucket=BUCKET, Key="k") == "OK"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="k")


def test_many_are_deleted_at_once(s3):
    for key in "abcd":
        put(s3, key)
    wanted = {"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "none"}]}
    assert s3.delete_objects(Bucket=BUCKET, Delete=wanted)["Deleted"] == wanted["Objects"]
    assert "Deleted" not in s3.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": "c"}], "Quiet": True}
    )
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["d"]
    assert code(s3.delete_objects, Bucket=BUCKET, Delete={"Objects": [{"Key": "k"}] * 1001}) == "MalformedXML"


# A Range over the ten bytes 0123456789, then what comes back.
RANGES = """
bytes=0-3 0123
bytes=5- 56789
bytes=-3 789
bytes=-20 0123456789
bytes=8-99 89
bytes=10- InvalidRange
bytes=-0 InvalidRange
bytes=5-4 0123456789
lines=0-3 0123456789
"""


@pytest.mark.parametrize("line", RANGES.strip().splitlines())
def test_ranges(s3, line):
    header, wanted = line.split()
    put(s3, "k", b"0123456789")
    if wanted == "InvalidRange":
        assert code(s3.get_object, Bucket=BUCKET, Key="k", Range=header) == wanted
        assert code(s3.head_object, Bucket=BUCKET, Key="k", Range=header) == "416"
    else:
        assert read(s3, "k", Range=header) == wanted.encode()


@given(st.binary(max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_a_range_is_a_slice(data, first, last):
    try:
        span = preconditions.span(f"bytes={first}-{last}", len(data))
    except AwsError as error:
        assert error.code == "InvalidRange" and first >= len(data) and first <= last
    else:
        assert (span is None) == (last < first)
        if span is not None:
            assert data[span[0] : span[1] + 1] == data[first : last + 1] != b""


def test_conditional_reads(lab, s3):
    tag = put(s3, "k")["ETag"]
    get = s3.get_object
    before, after = lab.now - timedelta(hours=1), lab.now + timedelta(hours=1)
    assert code(get, Bucket=BUCKET, Key="k", IfMatch=tag) == "OK"
    assert code(get, Bucket=BUCKET, Key="k", IfMatch='"x"') == "PreconditionFailed"
    assert code(get, Bucket=BUCKET, Key="k", IfNoneMatch=tag) == "304"
    assert code(get, Bucket=BUCKET, Key="k", IfNoneMatch='"x"') == "OK"
    assert code(get, Bucket=BUCKET, Key="k", IfModifiedSince=before) == "OK"
    assert code(get, Bucket=BUCKET, Key="k", IfModifiedSince=after) == "304"
    assert code(get, Bucket=BUCKET, Key="k", IfUnmodifiedSince=before) == "PreconditionFailed"
    assert code(get, Bucket=BUCKET, Key="k", IfMatch=tag, IfUnmodifiedSince=before) == "OK"
    assert code(get, Bucket=BUCKET, Key="k", IfNoneMatch=tag, IfModifiedSince=before) == "304"
    assert code(s3.head_object, Bucket=BUCKET, Key="k", IfMatch='"x"') == "412"


def test_conditional_writes(s3):
    assert code(s3.put_object, Bucket=BUCKET, Key="k", IfMatch='"x"') == "NoSuchKey"
    tag = put(s3, "k", IfNoneMatch="*")["ETag"]
    assert code(s3.put_object, Bucket=BUCKET, Key="k", IfNoneMatch="*") == "PreconditionFailed"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"2", IfMatch=tag) == "OK"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"3", IfMatch=tag) == "PreconditionFailed"
    assert read(s3, "k") == b"2"


def test_checks_of_the_body(s3):
    def b64(digest):
        return base64.b64encode(digest).decode()

    good = {
        "ContentMD5": b64(hashlib.md5(b"x").digest()),
        "ChecksumSHA256": b64(hashlib.sha256(b"x").digest()),
    }
    for name, value in good.items():
        assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", **{name: value}) == "OK"
        assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"y", **{name: value}) == "BadDigest"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", ContentMD5="??") == "InvalidDigest"
    assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"x", ContentLength=2) == "IncompleteBody"


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"Key": "k" * 1025}, "KeyTooLongError"),
        ({"Metadata": {"a": "b" * 2048}}, "MetadataTooLarge"),
        ({"Tagging": "a=1&a=2"}, "InvalidTag"),
        ({"Tagging": "&".join(f"k{n}=v" for n in range(11))}, "BadRequest"),
        ({"ACL": "public-read"}, "AccessControlListNotSupported"),
        ({"SSEKMSKeyId": "alias/x"}, "InvalidArgument"),
        ({"Bucket": "not-there"}, "NoSuchBucket"),
    ],
)
def test_bad_writes_store_nothing(s3, more, wanted):
    assert code(s3.put_object, **({"Bucket": BUCKET, "Key": "k"} | more)) == wanted
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_answers_can_be_told_what_to_say(s3):
    put(s3, "k", Expires=datetime(2027, 1, 1, tzinfo=UTC), CacheControl="no-store")
    found = s3.get_object(Bucket=BUCKET, Key="k", ResponseContentType="text/csv")
    assert found["ContentType"] == "text/csv" and found["CacheControl"] == "no-store"
    assert found["Expires"] == datetime(2027, 1, 1, tzinfo=UTC)


def test_copies(s3):
    put(s3, "a b", b"data", Metadata={"n": "1"}, ContentType="text/plain", Tagging="t=1")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a b"})
    copied = s3.get_object(Bucket=BUCKET, Key="copy")
    assert (copied["Body"].read(), copied["Metadata"], copied["TagCount"]) == (b"data", {"n": "1"}, 1)
    s3.copy_object(
        Bucket=BUCKET,
        Key="other",
        CopySource=f"{BUCKET}/a b",
        MetadataDirective="REPLACE",
        Metadata={"n": "2"},
    )
    other = s3.head_object(Bucket=BUCKET, Key="other")
    assert other["Metadata"] == {"n": "2"} and other["ContentType"] == "binary/octet-stream"
    same = {"Bucket": BUCKET, "Key": "copy", "CopySource": f"{BUCKET}/copy"}
    assert code(s3.copy_object, **same) == "InvalidRequest"
    assert code(s3.copy_object, **same, StorageClass="STANDARD_IA") == "OK"
    assert s3.head_object(Bucket=BUCKET, Key="copy")["StorageClass"] == "STANDARD_IA"
    assert code(s3.copy_object, Bucket=BUCKET, Key="x", CopySource=f"{BUCKET}/none") == "NoSuchKey"


def test_who_may_not_read_may_not_copy(lab, s3):
    put(s3, "a")
    other = lab.client("s3", account="222222222222")
    other.create_bucket(Bucket="theirs")
    assert code(other.copy_object, Bucket="theirs", Key="a", CopySource=f"{BUCKET}/a") == "AccessDenied"


def test_a_fork_a_rewind_and_a_saved_lab(lab, s3, tmp_path):
    put(s3, "k", b"first")
    lab.advance(hours=1)
    twin = lab.fork()
    put(s3, "k", b"second")
    opened = Lab.open(lab.save(tmp_path / "lab.cwlab"))
    assert twin.bucket(BUCKET)["k"] == b"first"
    assert read(opened.client("s3"), "k") == b"second"
    lab.rewind(to=lab.start)
    assert read(s3, "k") == b"first"


def test_the_bytes_are_in_a_saved_lab_once(lab, s3, tmp_path):
    data = hashlib.shake_256(b"noise").digest(300_000)
    put(s3, "k", data)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/k")
    assert lab.save(tmp_path / "lab.cwlab").stat().st_size < 350_000
    (entry,) = [each for each in lab.journal if each.operation == "PutObject"]
    assert entry.params["Body"] == data
    again = Lab.from_share(lab.share())
    assert again.bucket(BUCKET)["copy"] == data


def test_a_failed_write_leaves_what_was_there(lab, s3):
    put(s3, "k", b"first")
    lab.fault("s3", "PutObject", error="SlowDown", seconds=1000)
    assert code(s3.put_object, Bucket=BUCKET, Key="k", Body=b"second") == "SlowDown"
    assert read(s3, "k") == b"first"
