from hypothesis import given
from hypothesis import strategies as st

from cwlab.learn import syllabus
from cwlab.learn.map import SHAPES, progress_map, states
from cwlab.learn.progress import Item, Progress

DONE = Item("prediction", 1.5, "sure", right=True, seen=True)
MADE = Item("prediction", 1.5, "sure")


def test_a_point_is_seen_when_begun_and_done_when_every_item_about_it_is(topic):
    def state(items):
        return states(Progress(items), [topic])["M18"]

    assert state({}) == "missing"
    assert state({"sample.m1": MADE}) == "seen"
    assert state({"sample.m1": DONE}) == "seen", "the opening is about it too"
    assert state({"sample.m1": DONE, "sample.opening": DONE}) == "done"


def test_an_exercise_is_done_when_right_not_when_looked_up(topic):
    looked = Item("exercise", tries=1, seen=True, right=False)
    assert states(Progress({"sample.e1": looked}), [topic])["M21"] == "seen"
    assert states(Progress({"sample.e1": Item("exercise", tries=1, right=True)}), [topic])["M21"] == "done"


@given(st.sets(st.sampled_from(["sample.m1", "sample.m2", "sample.opening", "sample.e1", "gone.m1"])))
def test_the_map_shows_every_point_once_and_counts_add_up(topic, names):
    view = progress_map(Progress(dict.fromkeys(names, DONE)), [topic])
    found = states(Progress(dict.fromkeys(names, DONE)), [topic])
    rows = [line[:24].strip() for line in view.text.splitlines()[1:-1] if line[0] in "●◐○"]
    shapes = "".join(rows)
    assert len(shapes) == len(syllabus.points()) == view.html.count("role='img'")
    for word, shape in SHAPES.items():
        assert shapes.count(shape) == sum(s == word for s in found.values())
    assert view.text.splitlines()[-1] == "● done · ◐ seen · ○ missing"


def test_shape_and_word_go_together_for_those_who_do_not_see_it(topic):
    view = progress_map(Progress({"sample.m2": DONE}), [topic])
    assert "aria-label='M20 done'" in view.html and "done: M20" in view.text
