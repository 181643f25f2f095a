"""The committed recording is what the command makes, to the byte."""

import json

import pytest

from cwlab import course
from cwlab.errors import BadInput
from cwlab.shop import record, recording
from cwlab.shop.day import LOGS, METRICS

MADE = record.files()


@pytest.mark.parametrize("name", MADE)
def test_the_committed_file_is_what_the_command_makes(name):
    assert (course.folder("data") / name).read_bytes() == MADE[name]


def test_nothing_else_is_recorded():
    there = {path.name for path in course.folder("data").iterdir() if not path.name.startswith(".")}
    assert there == {*MADE, "README.md"}


def test_the_readme_tells_of_every_file():
    readme = (course.folder("data") / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in MADE)


def test_every_recording_has_a_file():
    assert {recording(what).name for what in (*METRICS, *LOGS, "incidents")} == set(MADE)
    assert all(recording(what).is_file() for what in METRICS)


def test_an_unknown_recording_is_refused_by_name():
    with pytest.raises(BadInput, match=r"'weather': is not a recording. There are requests, orders"):
        recording("weather")


@pytest.mark.parametrize("what", METRICS)
def test_rows_are_in_order_and_inside_the_day(what):
    head, *rows = recording(what).read_text(encoding="ascii").splitlines()
    stamps = [row.split(",")[0] for row in rows]
    assert head == "timestamp,value"
    assert stamps == sorted(stamps)
    assert stamps[0] >= "2026-03-01 09:00:00" and stamps[-1] < "2026-03-02 09:00:00"


def test_minutes_are_complete():
    for what in ("requests", "orders", "errors", "cpu"):
        assert len(recording(what).read_text(encoding="ascii").splitlines()) == 1 + 24 * 60


def test_incidents_are_told():
    told = json.loads(recording("incidents").read_text(encoding="ascii"))
    assert [each["name"] for each in told] == ["slow-database", "bad-deploy"]
    assert all(each["start"] < each["end"] and each["what"] and each["see"] for each in told)


def test_write_says_what_is_new(tmp_path):
    first = record.write(tmp_path)
    assert all(line.endswith("new") for line in first)
    assert all(line.endswith("as it was") for line in record.write(tmp_path))
