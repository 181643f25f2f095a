"""The builder: from a percent-format source and a topic to a notebook."""

import build_labs
import pytest
from build_labs import SourceError, expand, notebook, parse
from lint_labs import lint, words

from cwlab.learn import Choice, Exercise, Option, Outcome, Topic, Trap

SOURCE = """\
import left_out
# %% build card

# %% tags=["setup"]
from cwlab import open_lab

lab = open_lab("tiny")

# %% build opening
# %% [markdown] tags=["loop"]
# ## First
#
# Two words.

# %% tags=["syllabus:M18", "syllabus:M19"]
lab.reveal("opening")
# %% build exercises
# %% build trap t1
# %% build recap
"""


@pytest.fixture
def topic():
    return Topic(
        name="tiny",
        notebook="98-tiny",
        title="Tiny",
        why="Because.",
        minutes=1,
        abilities=("do",),
        opening=Choice(
            id="tiny.opening", asks="?", options={"A": "a"}, truth=lambda f: "A", why="w", about="x"
        ),
        exercises=(
            Exercise(
                id="tiny.e1",
                asks="Say one.",
                starter='answer = ...\nlab.check("e1", answer)',
                solution="answer = 1",
                why="One is one.",
                hints=("a", "b", "c"),
                mistakes={},
                check=lambda a: Outcome.compare(a, 1),
            ),
        ),
        traps=(Trap(id="tiny.t1", asks="?", options={"A": Option("a", True, "yes")}, proof="assert True"),),
    )


def test_a_source_is_cut_at_its_heads(topic):
    pieces = parse(SOURCE)
    assert [p.kind for p in pieces] == [
        "build",
        "code",
        "build",
        "markdown",
        "code",
        "build",
        "build",
        "build",
    ]
    assert pieces[1].text == 'from cwlab import open_lab\n\nlab = open_lab("tiny")' and pieces[1].tags == (
        "setup",
    )
    assert pieces[3].text == "## First\n\nTwo words."
    assert pieces[4].tags == ("syllabus:M18", "syllabus:M19")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# %% [markdown]\nno hash", "line 1: a markdown cell"),
        ("\n# %% rubbish", "line 2: 'rubbish' is no kind"),
        ("# %% build card\nx = 1", "has no text of its own"),
        ('# %% tags=["a"', "is not a cell's head"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_with_its_line(text, said):
    with pytest.raises(SourceError, match=said.replace("[", r"\[")):
        parse(text)


def test_what_cannot_be_built_is_named(topic):
    with pytest.raises(SourceError, match="cannot build 'song'"):
        expand(parse("# %% build song"), topic)


def test_the_topic_fills_the_places_left_for_it(topic):
    cells = notebook(expand(parse(SOURCE), topic)).cells
    code = [c.source for c in cells if c.cell_type == "code"]
    assert 'lab.predict("opening")' in code and 'answer = ...\nlab.check("e1", answer)' in code
    assert code[-3:] == ['lab.trap("t1")', "assert True", "lab.recap()"]
    tags = [t for c in cells for t in c.metadata.get("tags", [])]
    assert [
        t
        for t in ("card", "setup", "opening", "loop", "exercises", "exercise:e1", "trap:t1", "recap")
        if t not in tags
    ] == []


def test_the_solutions_edition_solves_and_explains(topic):
    text = "\n".join(c.source for c in notebook(expand(parse(SOURCE), topic, solved=True)).cells)
    assert (
        'answer = 1\nlab.check("e1", answer)' in text and "One is one." in text and "answer = ..." not in text
    )


def test_a_cell_keeps_its_id_when_another_is_put_before_it(topic):
    one = notebook(expand(parse(SOURCE), topic)).cells
    two = notebook(expand(parse("# %%\nnew = 1\n" + SOURCE.partition("\n")[2]), topic)).cells
    assert [c.id for c in two[1:]] == [c.id for c in one]
    assert len({c.id for c in one}) == len(one)


def test_lint_names_what_is_missing(tmp_path, topic):
    nb = notebook(expand(parse(SOURCE), topic))
    path = tmp_path / "98-tiny.ipynb"
    build_labs.write(nb, path)
    said = "\n".join(lint(path, topic))
    for part in (
        "has no cell tagged 'break'",
        "shows no chart",
        "shows no panel",
        "minutes has 35 to 50",
        "knows no mistake",
        "has 1 loops",
    ):
        assert part in said
    assert words(nb) > 20


@pytest.mark.sockets
@pytest.mark.slow
def test_a_run_stores_outputs_and_the_text_of_controls(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    nb = notebook(
        parse(
            '# %%\nimport os, ipywidgets\nprint("a"); print("b")\nos.environ["CWLAB_FOLDER"] != ""\n# %%\nipywidgets.IntSlider()\n'
        )
    )
    build_labs.run(nb, tmp_path)
    first, second = nb.cells
    assert first.outputs[0].text == "a\nb\n" and first.outputs[1].data["text/plain"] == "True"
    assert list(second.outputs[0].data) == ["text/plain"] and second.outputs[0].metadata == {
        "cwlab": {"controls": True}
    }
    with pytest.raises(RuntimeError, match=r"cell 1 failed:\n1/0"):
        build_labs.run(notebook(parse("# %%\n1/0")), tmp_path)
