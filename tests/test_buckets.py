"""What is in a bucket, looked at and written out."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.buckets import unpacked
from cwlab.errors import BadFile, BadInput
from cwlab.services.logs.exporting import packed


@pytest.fixture
def lab():
    made = Lab()
    made.client("s3").create_bucket(Bucket="files")
    return made


def put(lab, key, body=b"x"):
    lab.client("s3").put_object(Bucket="files", Key=key, Body=body)


def test_what_it_shows(lab):
    assert repr(lab.bucket("files")) == "s3://files in us-east-1: 0 objects, 0 bytes"
    put(lab, "b/<script>\x1b[31m.txt", b"12345")
    put(lab, "a", b"x" * 1234)
    assert repr(lab.bucket("files")).splitlines() == [
        "s3://files in us-east-1: 2 objects, 1,239 bytes",
        "  2026-03-02 09:00:00  1,234  a",
        "  2026-03-02 09:00:00      5  b/<script>\\x1b[31m.txt",
    ]
    shown = lab.bucket("files")._repr_html_()
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "\x1b" not in shown
    for n in range(60):
        put(lab, f"n{n}")
    assert "… 22 more" in repr(lab.bucket("files")) and "… 22 more" in lab.bucket("files")._repr_html_()


def test_it_is_a_view(lab):
    files = lab.bucket("files")
    put(lab, "k", b"1")
    assert (len(files), "k" in files, files["k"], files.keys()) == (1, True, b"1", ["k"])
    assert [(each.key, each.size, each.at) for each in files] == [("k", 1, lab.now)]
    with pytest.raises(BadInput, match="not a key"):
        files["none"]
    with pytest.raises(BadInput, match="create_bucket"):
        lab.bucket("none")


def test_files_any_tool_can_open(lab, tmp_path):
    keys = {
        "a": b"1",
        "a/b.txt": b"2",
        "../../up": b"3",
        "/root": b"4",
        "c//d": b"5",
        "e:f*": b"6",
        "g/": b"",
    }
    for key, body in keys.items():
        put(lab, key, body)
    written = lab.bucket("files").save_to(tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in written}
    assert found == {
        "a%": b"1", "a/b.txt": b"2", "%2E%2E/%2E%2E/up": b"3", "%/root": b"4", "c/%/d": b"5", "e%3Af%2A": b"6", "g/%": b"",
    }  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]
    assert [p.name for p in lab.bucket("files").save_to(tmp_path / "part", "a/")] == ["b.txt"]


@given(st.sets(st.text("a./\\:\x00é", min_size=1, max_size=6), max_size=8))
def test_every_key_is_a_file_of_its_own_inside_the_folder(tmp_path_factory, keys):
    lab, folder = Lab(), tmp_path_factory.mktemp("out")
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="files")
    for key in keys:
        s3.put_object(Bucket="files", Key=key, Body=key.encode())
    written = lab.bucket("files").save_to(folder)
    assert [path.read_bytes().decode() for path in written] == sorted(keys)
    assert all(folder.resolve() in path.resolve().parents for path in written)


def test_text_and_lines(lab):
    put(lab, "a.gz", packed(b"one\ntwo\n"))
    put(lab, "b.txt", "thr\u00e9e\n\nfour".encode())
    put(lab, "c", b"")
    put(lab, "d", b"\xff\xfe")
    files = lab.bucket("files")
    assert files.text("a.gz") == "one\ntwo\n"
    assert [*files.lines()] == ["one", "two", "thr\u00e9e", "", "four", "\ufffd\ufffd"]


def test_a_torn_gzip_says_what_is_wrong(lab):
    whole = packed(b"".join(b"line %d\n" % n for n in range(9)))
    put(lab, "torn.gz", whole[:-6])
    with pytest.raises(
        BadFile, match=r"s3://files/torn.gz: \d+: bytes of a gzip file that ends too early"
    ) as caught:
        lab.bucket("files").text("torn.gz")
    assert "first 9 lines" in str(caught.value) and "Get the file again" in str(caught.value)
    put(lab, "spoiled.gz", whole[:20] + b"\xef\xbf\xbd" + whole[22:])
    with pytest.raises(BadFile, match="damaged"):
        [*lab.bucket("files").lines("spoiled")]


@given(st.binary(max_size=300), st.data())
def test_any_cut_is_told_and_nothing_else_is(data, draw):
    whole = packed(data)
    assert gzip.decompress(whole) == data == unpacked(whole, "file")
    cut = draw.draw(st.integers(2, len(whole) - 1))
    with pytest.raises(BadFile):
        unpacked(whole[:cut], "file")
    if not data.startswith(b"\x1f\x8b"):
        assert unpacked(data, "file") == data
