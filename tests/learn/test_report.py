import json

import pytest

from cwlab.errors import BadInput
from cwlab.learn import topics
from cwlab.learn.progress import Item, Progress, Store
from cwlab.learn.report import class_table


@pytest.fixture(autouse=True)
def known(monkeypatch, topic):
    """The sample topic is the only one there is."""
    monkeypatch.setattr(topics, "names", lambda: ["sample"])
    monkeypatch.setattr(topics, "load", lambda name: topic)


@pytest.fixture
def class_folder(tmp_path):
    right = Item("prediction", 1.5, "sure", right=True, seen=True)
    Store(tmp_path / "ada").put(
        "sample",
        Progress(
            {"sample.m1": right, "sample.opening": right, "sample.e1": Item("exercise", right=True, tries=1)}
        ),
    )
    Store(tmp_path / "b").put(
        "sample",
        Progress({"sample.m1": Item("prediction", 1.0, "guess", right=False, seen=True)}, learner="Bob <b>"),
    )
    (tmp_path / "carol.txt").write_text(
        Progress({"sample.t1": Item("trap", "B", right=True, seen=True, tries=1)}).token()
    )
    return tmp_path


def test_one_row_for_each_learner_by_name(class_folder):
    found = class_table(class_folder)
    frame = found.frame()
    assert list(frame["learner"]) == ["ada", "Bob <b>", "carol"]
    assert list(frame["sample predictions"]) == ["2/3", "1/3", "0/3"]
    assert list(frame["sample exercises"]) == ["1/1", "0/1", "0/1"]
    assert list(frame["sample traps"]) == ["0/1", "0/1", "1/1"]
    assert list(frame["predicted right"]) == ["2/2", "0/1", "0/0"]
    assert list(frame["points of 89"]) == [3, 1, 1]
    assert not found.problems and str(found).startswith("3 learners")


def test_a_damaged_file_is_named_and_the_rest_counts(class_folder):
    (class_folder / "d").mkdir()
    (class_folder / "d" / "progress.json").write_text('{"version": 1,')
    (class_folder / "e.txt").write_text("progress1.AAAA.00000000")
    (class_folder / "f.json").write_text(json.dumps({"version": 99, "items": {}}))
    (class_folder / "g.json").write_bytes(b"\xff\xfe\x00")
    found = class_table(class_folder)
    assert len(found.rows) == 3
    said = dict(found.problems)
    assert set(said) == {"d/progress.json", "e.txt", "f.json", "g.json"}
    assert (
        "not JSON" in said["d/progress.json"]
        and "checksum" in said["e.txt"]
        and "Update cwlab" in said["f.json"]
    )
    assert "4 not read" in str(found)


def test_a_name_is_text(class_folder):
    views = class_table(class_folder)._views()
    assert "Bob <b>" not in views[0].html and "Bob &lt;b&gt;" in views[0].html


def test_links_that_leave_the_folder_are_not_followed(class_folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.json"
    elsewhere.write_text("{}")
    (class_folder / "link.json").symlink_to(elsewhere)
    assert not class_table(class_folder).problems


def test_an_empty_or_missing_folder_says_what_to_give(tmp_path):
    with pytest.raises(BadInput, match="holds no progress file"):
        class_table(tmp_path)
    with pytest.raises(BadInput, match="is not a folder"):
        class_table(tmp_path / "nowhere")
