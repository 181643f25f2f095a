"""Lists: prefix, delimiter, pages, versions."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cwlab.services.s3.listing import page, utf8
from tests.services.s3.conftest import BUCKET, code, put

KEYS = st.sets(st.text("a/bÿ\U0001f600", min_size=1, max_size=5), max_size=12)


def naively(keys, prefix, delimiter):
    """All entries of a list, by the definition: keys, and what is rolled up, in order of bytes."""
    found = []
    for key in sorted(keys, key=utf8):
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = (key, False) if cut < 0 else (key[: cut + len(delimiter)], True)
            if entry not in found:
                found.append(entry)
    return found


@given(KEYS, st.text("a/b", max_size=2), st.sampled_from(["", "/", "b", "//"]), st.integers(1, 4))
@example({"b", "ba"}, "b", "b", 1)
def test_pages_together_are_the_whole_list(keys, prefix, delimiter, most):
    found, after = [], ""
    ordered = sorted(keys, key=utf8)
    for _ in range(40):
        shown = page(ordered, prefix, delimiter, after, most)
        own = [(key, False) for key in shown.keys] + [(each, True) for each in shown.prefixes]
        assert len(own) <= most
        found += sorted(own, key=lambda entry: utf8(entry[0]))
        if shown.last is None:
            break
        after = shown.last
    assert found == naively(keys, prefix, delimiter)


def entries(answer):
    return [o["Key"] for o in answer.get("Contents", [])], [
        p["Prefix"] for p in answer.get("CommonPrefixes", [])
    ]


@pytest.mark.parametrize("name", ["list_objects_v2", "list_objects"])
def test_folders(s3, name):
    for key in ("2026/03/01.gz", "2026/03/02.gz", "2026/04/01.gz", "readme", "späß & more"):
        put(s3, key)
    ask = getattr(s3, name)
    assert entries(ask(Bucket=BUCKET, Delimiter="/")) == (["readme", "späß & more"], ["2026/"])
    assert entries(ask(Bucket=BUCKET, Delimiter="/", Prefix="2026/")) == ([], ["2026/03/", "2026/04/"])
    assert entries(ask(Bucket=BUCKET, Prefix="2026/03/")) == (["2026/03/01.gz", "2026/03/02.gz"], [])
    pages = s3.get_paginator(name).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    assert [len(each.get("Contents", [])) for each in pages] == [2, 2, 1]


def test_pages_by_token_and_from_a_key(s3):
    for n in range(5):
        put(s3, f"k{n}")
    first = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2)
    assert (first["IsTruncated"], first["KeyCount"], first["MaxKeys"]) == (True, 2, 2)
    rest = s3.list_objects_v2(Bucket=BUCKET, ContinuationToken=first["NextContinuationToken"])
    assert [o["Key"] for o in rest["Contents"]] == ["k2", "k3", "k4"] and not rest["IsTruncated"]
    assert entries(s3.list_objects_v2(Bucket=BUCKET, StartAfter="k3"))[0] == ["k4"]
    assert s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)["KeyCount"] == 0
    assert code(s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="nonsense") == "InvalidArgument"


def test_versions(s3):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    ids = [put(s3, "k", body)["VersionId"] for body in ("1", "2")]
    marker = s3.delete_object(Bucket=BUCKET, Key="k")
    assert marker["DeleteMarker"] and code(s3.get_object, Bucket=BUCKET, Key="k") == "NoSuchKey"
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    listed = s3.list_object_versions(Bucket=BUCKET)
    assert [(v["VersionId"], v["IsLatest"]) for v in listed["Versions"]] == [(ids[1], False), (ids[0], False)]
    assert [m["VersionId"] for m in listed["DeleteMarkers"]] == [marker["VersionId"]]
    assert s3.get_object(Bucket=BUCKET, Key="k", VersionId=ids[0])["Body"].read() == b"1"
    assert code(s3.get_object, Bucket=BUCKET, Key="k", VersionId=marker["VersionId"]) == "MethodNotAllowed"
    assert code(s3.get_object, Bucket=BUCKET, Key="k", VersionId="none") == "NoSuchVersion"
    s3.delete_object(Bucket=BUCKET, Key="k", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"2"
    assert code(s3.delete_bucket, Bucket=BUCKET) == "BucketNotEmpty"


def test_suspended_versioning_writes_over_the_null_version_only(s3):
    put(s3, "k", "before")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    kept = put(s3, "k", "kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"
    put(s3, "k", "after")
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=BUCKET)["Versions"]] == ["null", kept]
    assert s3.delete_object(Bucket=BUCKET, Key="k")["VersionId"] == "null"
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=BUCKET)["Versions"]] == [kept]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_versions_in_pages(s3, size):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    made = [(key, put(s3, key)["VersionId"]) for key in ("a", "b", "a", "c", "a")]
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=BUCKET, PaginationConfig={"PageSize": size}
    )
    found = [(v["Key"], v["VersionId"]) for each in pages for v in each.get("Versions", [])]
    made.reverse()  # newest first
    assert found == sorted(made, key=lambda each: each[0])
