import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.errors import BadFile, BadInput
from cwlab.learn.progress import KINDS, Item, Progress, Store, from_data, from_token, read

names = st.builds(
    "{}.{}".format,
    st.sampled_from(["metrics", "alarms", "sample"]),
    st.from_regex(r"[a-z]\d", fullmatch=True),
)
items = st.builds(
    Item,
    kind=st.sampled_from(KINDS),
    answer=st.none() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    confidence=st.none() | st.sampled_from(["guess", "likely", "sure"]),
    right=st.none() | st.booleans(),
    tries=st.integers(0, 9),
    hints=st.integers(0, 3),
    seen=st.booleans(),
)
progresses = st.builds(
    Progress,
    st.dictionaries(names, items, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@given(progresses)
def test_a_token_reads_back_as_what_it_was_made_of(progress):
    assert from_token(progress.token()) == progress
    assert from_data(json.loads(json.dumps(progress.to_data()))) == progress


@given(progresses, st.data())
def test_a_token_with_one_letter_changed_is_refused(progress, data):
    token = progress.token()
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("AbZ09_-x"))
    if token[at] in (other, "=") or token[at].lower() == other.lower():
        return
    spoilt = token[:at] + other + token[at + 1 :]
    try:
        assert from_token(spoilt) == progress, "a change that decodes to the same bytes is no damage"
    except BadInput as error:
        assert "progress token" in str(error) and "Copy the whole token again" in str(error)


@pytest.mark.parametrize("token", ["", "x", "progress1..", "progress1.äöü.00000000", "cwlab1.abc.00000000"])
def test_what_is_no_token_is_refused_with_the_remedy(token):
    with pytest.raises(BadInput, match="Copy the whole token again"):
        from_token(token)


@given(progresses, progresses, progresses)
def test_merging_is_the_same_in_any_order_and_twice(a, b, c):
    assert a.merge(a) == Progress(dict(sorted(a.items.items())), a.learner)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(b) == a.merge(b)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))


def test_a_store_keeps_what_it_is_given_across_openings(tmp_path):
    Store(tmp_path).put("sample", Progress({"sample.m1": Item("prediction", "B", "sure")}))
    assert Store(tmp_path).get().items["sample.m1"].answer == "B"
    assert not list(tmp_path.rglob("*.part"))


def test_two_notebooks_keep_each_others_topics(tmp_path):
    one, other = Store(tmp_path), Store(tmp_path)
    one.put("metrics", Progress({"metrics.m1": Item("prediction", "A")}))
    other.put("alarms", Progress({"alarms.m1": Item("prediction", "B")}))
    assert set(Store(tmp_path).get().items) == {"metrics.m1", "alarms.m1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 1}',
        '{"version": 99, "items": {}}',
        "\x00",
        '{"version":1,"items":{"a.b":{"kind":"x"}}}',
    ],
)
def test_a_damaged_file_is_named_and_set_aside_not_lost(tmp_path, text):
    path = tmp_path / ".cwlab" / "progress.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(BadFile, match=r"progress\.json"):
        read(path)
    store = Store(tmp_path)
    assert store.get() == Progress() and "progress-damaged.json" in store.note
    assert path.with_name("progress-damaged.json").read_text() == text


def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path, monkeypatch):
    Store(tmp_path).put("sample", Progress({"sample.m1": Item("prediction", "B")}))
    before = (tmp_path / ".cwlab" / "progress.json").read_bytes()

    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cwlab.learn.progress.read", refused)
    store = Store(tmp_path)
    store.put("sample", Progress({"sample.m1": Item("prediction", "A")}))
    assert "cannot be read (Permission denied)" in store.note
    assert (tmp_path / ".cwlab" / "progress.json").read_bytes() == before


def test_a_folder_that_cannot_be_written_keeps_progress_in_memory(tmp_path):
    (tmp_path / ".cwlab").write_text("a file where the folder should be")
    store = Store(tmp_path)
    store.put("sample", Progress({"sample.m1": Item("prediction", "B")}))
    assert store.get().items["sample.m1"].answer == "B" and "in memory only" in store.note
