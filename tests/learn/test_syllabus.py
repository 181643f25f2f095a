import json
from collections import Counter

import pytest

from cwlab.learn import syllabus

MARKED = """
import pytest

pytestmark = pytest.mark.syllabus("M01")


@pytest.mark.syllabus("M19", "M20")
def test_ageing(): ...


def helper(): ...


@pytest.mark.syllabus("A01")
class TestAlarm:
    @pytest.mark.slow
    @pytest.mark.syllabus("A02")
    def test_state(self): ...
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "tests" / "services").mkdir(parents=True)
    (tmp_path / "labs").mkdir()
    (tmp_path / "tests" / "services" / "test_it.py").write_text(MARKED)
    cell = {"id": "c1", "cell_type": "code", "metadata": {"tags": ["syllabus:M19", "setup"]}, "source": ""}
    (tmp_path / "labs" / "77-x.ipynb").write_text(json.dumps({"cells": [cell, {"id": "c2", "metadata": {}}]}))
    return tmp_path


def test_there_are_89_points_with_ids_of_their_own():
    points = syllabus.points()
    assert len(points) == len({p.id for p in points}) == 89
    assert Counter(p.topic for p in points) == {"M": 22, "A": 8, "L": 22, "S": 8, "X": 10, "F": 19}
    assert all(p.id[0] == p.topic and p.point for p in points)
    assert list(syllabus.topics()) == ["M", "A", "L", "S", "X", "F"]


def test_marks_are_found_on_functions_classes_and_modules(project):
    found = syllabus.marked_tests(project / "tests")
    assert found == {
        "M01": ["tests/services/test_it.py::test_ageing", "tests/services/test_it.py::test_state"],
        "M19": ["tests/services/test_it.py::test_ageing"],
        "M20": ["tests/services/test_it.py::test_ageing"],
        "A01": ["tests/services/test_it.py::test_state"],
        "A02": ["tests/services/test_it.py::test_state"],
    }


def test_tags_are_found_on_cells(project):
    assert syllabus.tagged_cells(project / "labs") == {"M19": ["77-x#c1"]}


def test_a_point_is_proven_by_a_test_and_a_cell(project):
    missing = {p.point.id: p.missing for p in syllabus.proofs(project)}
    assert (missing["M19"], missing["M20"], missing["F01"]) == ("", "cell", "test and cell")


def test_the_command_prints_every_point_and_fails_only_when_strict(project, capsys):
    assert syllabus.main(["--root", str(project)]) == 0
    said = capsys.readouterr().out
    assert all(p.id in said for p in syllabus.points()) and "1 of 89 points have a test and a cell." in said


def test_strict_fails_when_a_lab_that_is_present_owes_a_point(project, capsys, monkeypatch):
    assert syllabus.main(["--root", str(project), "--strict"]) == 0, (
        "a lab that promises nothing owes nothing"
    )
    monkeypatch.setattr(syllabus, "promised", lambda root: {"77-x": ("M19", "M20")})
    assert syllabus.main(["--root", str(project), "--strict"]) == 1
    assert "owed: M20 lacks a cell (promised by 77-x)" in capsys.readouterr().out


def test_a_mark_that_names_no_point_is_owed(project):
    (project / "tests" / "test_typo.py").write_text(
        'import pytest\n@pytest.mark.syllabus("M99")\ndef test_a(): ...\n'
    )
    assert syllabus.gaps(project) == ["M99 is no point of the syllabus: tests/test_typo.py::test_a"]


def test_where_names_every_place(project, capsys):
    syllabus.main(["--root", str(project), "--where"])
    said = capsys.readouterr().out
    assert "    tests/services/test_it.py::test_ageing" in said and "    77-x#c1" in said
