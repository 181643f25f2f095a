"""Each notebook: is it what its source says, does it follow the template, and does it run to the same outputs?"""

import json
import sys
from pathlib import Path

import build_labs
import pytest
from lint_labs import lint
from quick_nbformat import nbformat

from cwlab.learn import topics

SECONDS = 10  # of the processor, for one pass: eight labs must fit into the suite


def test_the_notebook_is_what_its_source_says(notebook_name):
    assert build_labs.stale(build_labs.SOURCES / f"{notebook_name}.py") == ""


def test_the_notebook_follows_the_template(notebook_name):
    assert lint(build_labs.LABS / f"{notebook_name}.ipynb", topics.load(notebook_name)) == []


def test_every_notebook_has_a_source():
    assert {p.stem for p in build_labs.LABS.glob("*.ipynb")} == {
        p.stem for p in build_labs.SOURCES.glob("*.py")
    }


@pytest.mark.slow
def test_it_runs_as_a_learner_meets_it_reveals_held_back(notebook_name, nbval):
    passed, said, spent = nbval(build_labs.LABS / f"{notebook_name}.ipynb")
    assert passed, said
    assert spent <= SECONDS, f"one pass took {spent:.1f} s of the processor"


@pytest.mark.slow
@pytest.mark.sockets
def test_two_runs_with_every_prediction_committed_are_equal(notebook_name, nbval, beside):
    path = beside(f"{notebook_name}.ipynb")
    nb = build_labs.run(
        build_labs.build(build_labs.SOURCES / f"{notebook_name}.py"), path.parent, commit=True
    )
    assert held_back(nb) == []
    build_labs.write(nb, path)
    passed, said, spent = nbval(path, CWLAB_COMMIT="truth")
    assert passed, said
    assert spent <= SECONDS, f"one pass took {spent:.1f} s of the processor"


def test_as_committed_every_reveal_is_held_back(notebook_name):
    nb = nbformat.read(build_labs.LABS / f"{notebook_name}.ipynb", as_version=4)
    cells = [c for c in nb.cells if c.cell_type == "code" and "lab.reveal(" in c.source]
    shown = [c.source for c in cells if "Held back" not in json.dumps(c.outputs)]
    assert shown == []


def test_as_committed_every_exercise_is_not_attempted(notebook_name):
    nb = nbformat.read(build_labs.LABS / f"{notebook_name}.ipynb", as_version=4)
    cells = [c for c in nb.cells if any(t.startswith("exercise:") for t in c.metadata.get("tags", []))]
    assert len(cells) == len(topics.load(notebook_name).exercises)
    assert [c.source for c in cells if "not attempted" not in json.dumps(c.outputs)] == []


def test_nothing_in_it_names_a_machine(notebook_name):
    text = (build_labs.LABS / f"{notebook_name}.ipynb").read_text(encoding="utf-8")
    for place in (str(build_labs.ROOT), str(Path.home()), sys.prefix, "/tmp/"):
        assert place not in text


def held_back(nb) -> list[str]:
    return [c.source for c in nb.cells if c.cell_type == "code" and "Held back" in json.dumps(c.outputs)]
