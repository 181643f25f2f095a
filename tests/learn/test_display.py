import re

from hypothesis import given
from hypothesis import strategies as st

from cwlab.learn.display import Stack, View, Widget, box, esc, rich, source, strip, table

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ALLOWED = {
    "div",
    "span",
    "strong",
    "code",
    "br",
    "pre",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def elements(markup: str) -> set[str]:
    return set(re.findall(r"</?([a-zA-Z!?][a-zA-Z0-9]*)", markup))


@given(texts, texts, texts)
def test_text_from_outside_never_becomes_markup(title, body, label):
    views = [
        box("ask", title, body, items=[(label, body)]),
        source(title, body),
        table([title, label], [[body, label]], caption=body),
        strip(title, body, label, [("●", body, 0.5)]),
    ]
    for view in views:
        assert elements(view.html) <= ALLOWED, view.html


@given(texts)
def test_escaped_text_holds_no_angle_bracket_or_quote(text):
    assert not set("<>\"'") & set(esc(text))


def test_code_and_bold_are_marked_and_nothing_else():
    assert rich("`<b>` **x**") == "<code>&lt;b&gt;</code> <strong>x</strong>"


def test_a_state_is_a_shape_and_a_word_in_both_forms():
    view = box("right", "e1: right")
    assert view.text == "● e1: right" and "●" in view.html and "e1: right" in view.html


def test_a_table_lines_up_and_sets_numbers_right():
    text = table(["what", "count"], [["a", 5], ["long name", 12]], "Found", right=["count"]).text
    assert text == "Found\nwhat       count\n---------  -----\na              5\nlong name     12"


def test_a_wide_table_becomes_blocks():
    text = table(["a", "b"], [["x" * 100, "y" * 60]]).text
    assert text == f"a: {'x' * 100}\nb: {'y' * 60}"


@given(st.floats(-2, 3))
def test_a_mark_stays_on_its_line(place):
    lines = strip("t", "0", "1", [("●", "you", place)]).text.splitlines()
    assert re.fullmatch(r"\|-*●-*\|  you", lines[1]) and len(lines[1].split("|")[1]) == 60


def test_a_stack_is_flat_and_leaves_out_nothing_shown():
    inner = Stack(View("<b>1</b>", "1"), None)
    assert repr(Stack(inner, View("", "2"))) == "1\n\n2"


def test_a_control_outside_a_kernel_is_its_text():
    control = Widget(lambda: 1 / 0, "do it in Python")
    assert control._repr_mimebundle_() == {"text/plain": "do it in Python"}
    assert repr(control) == "do it in Python"
