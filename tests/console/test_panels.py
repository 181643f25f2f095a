"""Panels: every control has a twin of the same effect, one redraw is in flight, and the calls shown are the calls made."""

import pandas as pd
import pytest

from cwlab import Lab, console
from cwlab.console.panels import Panel, Pick, Shown, Tick, Whole, Words
from cwlab.console.picture import show
from cwlab.errors import BadInput, BadTime

PANELS = {
    "resolution": (lambda lab: console.resolution(lab), {"burst": 40, "stored": 60, "statistic": "Maximum"}),
    "retention": (lambda lab: console.retention(lab), {"age_hours": 24 * 30, "period": 300}),
    "statistics": (lambda lab: console.statistics(lab), {"outliers": 12, "slow": 1000}),
    "bench": (
        lambda lab: console.bench(
            lab, {"load": ("Shop", "Load", {"InstanceId": "i-0123456789abcdef0"})}, "load"
        ),
        {"expression": "load * 2", "statistic": "Maximum"},
    ),
    "ask": (
        lambda lab: console.ask(lab, "Shop", "Load"),
        {"InstanceId": "i-0123456789abcdef0", "statistic": "Maximum"},
    ),
}


@pytest.mark.parametrize("name", PANELS)
def test_moving_a_control_and_its_twin_do_the_same(name, lab: Lab):
    make, moves = PANELS[name]
    by_hand, by_twin = make(lab.fork()), make(lab.fork())
    assert by_hand.widget is by_hand.widget
    for control, value in moves.items():
        by_hand._widgets[control].value = value
        by_twin.set(**{control: value})
    assert by_hand.picture.to_dict() == by_twin.picture.to_dict()
    assert (by_hand.why, by_hand.calls, by_hand.values) == (by_twin.why, by_twin.calls, by_twin.values)
    by_twin.widget  # noqa: B018  (made late, it starts where the twin left off)
    assert {k: by_twin._widgets[k].value for k in moves} == moves


@pytest.mark.parametrize("name", PANELS)
def test_the_calls_shown_are_the_calls_made(name, lab: Lab):
    """Run as they stand, they make the journal entries the panel made."""
    make, moves = PANELS[name]
    panel = make(lab)
    panel.set(**moves)
    made = [e.python() for e in panel.shown.entries if e.kind == "call"]
    fresh = {"lab": lab.fork()}
    exec(panel.calls, fresh)
    told = [e.python() for e in fresh.get("copy", fresh["lab"]).journal if e.kind == "call"]
    assert made and told[-len(made) :] == made
    assert f"panel.set({next(iter(panel.values))}=" in panel.calls


@pytest.mark.parametrize("name", ["resolution", "retention", "statistics"])
def test_a_panel_on_a_fork_leaves_your_lab_alone(name, lab: Lab):
    before, length = lab.now, len(lab.journal)
    panel = PANELS[name][0](lab)
    panel.set(**PANELS[name][1])
    assert (lab.now, len(lab.journal)) == (before, length)


@pytest.mark.parametrize("name", PANELS)
def test_only_rows_and_words_change_when_a_slider_moves(name, lab: Lab):
    """The drawing stays, so the live view swaps its rows and draws nothing anew."""
    make, moves = PANELS[name]
    panel = make(lab)
    before = panel.picture.spec
    assert panel.set(**moves).spec == before


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_a_chart_and_words_where_there_are_no_widgets(name, lab: Lab):
    bundle = PANELS[name][0](lab)._repr_mimebundle_()
    assert set(bundle) == {
        "application/vnd.vegalite.v5+json",
        "text/plain",
        "application/vnd.jupyter.widget-view+json",
    }
    assert "0x" not in bundle["text/plain"]


def toy(draws: list, **more) -> Panel:
    def draw(**values):
        draws.append(values)
        if values.get("n") == 13:
            raise BadInput(13, "is unlucky.")
        return Shown(
            show({"mark": "point", "data": {"name": "p"}}, "s", pd.DataFrame(), rows={"p": []}), "because"
        )

    controls = [
        Whole("n", "N", 0, 100, 1),
        Pick("c", "C", {"one": 1, "two": 2}, 1),
        Tick("t", "T"),
        Words("w", "W"),
    ]
    return Panel("toy", controls, draw, **more)


def test_twins_refuse_what_controls_cannot_show():
    panel = toy([])
    for bad in ({"n": 101}, {"n": True}, {"n": 1.5}, {"c": 3}, {"t": 1}, {"w": 5}, {"nothing": 1}):
        with pytest.raises(BadInput):
            panel.set(**bad)
    assert panel.values == {"n": 1, "c": 1, "t": False, "w": ""}
    panel.set(c="two")
    assert panel.values["c"] == 2


def test_a_move_that_fails_changes_nothing_by_twin_and_is_told_in_the_panel_by_hand():
    panel = toy([])
    panel.widget  # noqa: B018
    with pytest.raises(BadInput):
        panel.set(n=13)
    assert panel.values["n"] == 1
    panel._widgets["n"].value = 13
    assert panel._live.frame["why"] == "BadInput: 13: is unlucky." and panel._live.frame["error"]
    panel._widgets["n"].value = 14
    assert panel._live.frame["why"] == "because" and not panel._live.frame["error"]


def test_one_redraw_is_in_flight_and_the_last_move_wins():
    draws = []
    panel = toy(draws)
    panel.widget  # noqa: B018
    panel._painted(1)  # a browser is there
    draws.clear()
    for n in range(2, 12):
        panel._widgets["n"].value = n
    assert [d["n"] for d in draws] == [2]
    panel._painted(panel._sent)
    assert [d["n"] for d in draws] == [2, 11]
    panel._painted(panel._sent)
    assert len(draws) == 2


def test_without_a_browser_nothing_waits():
    draws = []
    panel = toy(draws)
    panel.widget  # noqa: B018
    draws.clear()
    for n in (2, 3, 4):
        panel._widgets["n"].value = n
    assert [d["n"] for d in draws] == [2, 3, 4]


def test_a_panel_has_seven_controls_at_most():
    with pytest.raises(BadInput, match="Split it"):
        Panel("many", [Tick(f"t{i}", "T") for i in range(8)], lambda **_: None)


def test_every_control_of_ours_has_a_label(lab: Lab):
    for make, _ in PANELS.values():
        for control in make(lab).controls.values():
            assert control.label and control.widget().description == control.label


def test_vega_is_sent_once_for_all_panels(lab: Lab):
    one, two = console.statistics(lab), console.statistics(lab)
    one.widget, two.widget  # noqa: B018
    assert one._live.library is two._live.library
    assert len(one._live.library.source) < 400_000


# -- the time machine ------------------------------------------------------------------------------------------


def test_buttons_and_methods_move_the_lab_alike(lab: Lab):
    by_hand, by_method = console.time_machine(lab.fork()), console.time_machine(lab.fork())
    by_hand.widget  # noqa: B018
    for button in ("minute", "hour", "day", "back"):
        by_hand._widgets[button].click()
    by_hand._widgets["to"].value = "2026-03-02T12:00:00Z"
    by_method.forward(minutes=1)
    by_method.forward(hours=1)
    by_method.forward(days=1)
    by_method.back()
    by_method.jump("2026-03-02T12:00:00Z")
    assert by_hand.lab.now == by_method.lab.now == pd.Timestamp("2026-03-02T12:00:00Z")
    assert by_hand.picture.to_dict() == by_method.picture.to_dict()
    assert by_hand.calls == by_method.calls == "lab.advance(until='2026-03-02T12:00:00Z')"
    assert by_hand._widgets["to"].value == ""


def test_back_undoes_move_after_move(lab: Lab):
    machine = console.time_machine(lab)
    start = lab.now
    machine.forward(minutes=1)
    middle = lab.now
    machine.forward(hours=3)
    machine.back()
    assert lab.now == middle and machine.calls.startswith("lab.rewind(to=")
    machine.back()
    assert lab.now == start
    with pytest.raises(BadTime, match="no move"):
        machine.back()


def test_a_fork_is_kept_and_goes_its_own_way(lab: Lab):
    machine = console.time_machine(lab)
    machine.widget  # noqa: B018
    machine._widgets["fork_"].click()
    lab.advance(hours=1)
    assert machine.forks[0].now < lab.now
    assert "panel.forks[0]" in machine.why and machine.calls == "what_if = lab.fork()"


def test_play_moves_a_minute_a_beat(lab: Lab):
    machine = console.time_machine(lab)
    play = machine.widget.children[1].children[0]
    start = lab.now
    play.value = 1
    play.value = 2
    assert (lab.now - start).total_seconds() == 120
    play.value = 0  # stop: back to the first beat, and no step in time
    assert (lab.now - start).total_seconds() == 120


def test_panels_of_the_same_lab_follow(lab: Lab):
    ask = console.ask(lab, "Shop", "Load")
    told = []
    machine = console.time_machine(lab, ask).on_move(lambda: told.append(lab.now))
    before = ask.picture.words["to_ms"]
    machine.forward(hours=1)
    assert ask.picture.words["to_ms"] == before + 3_600_000 and told == [lab.now]


def test_a_jump_says_why_it_cannot(lab: Lab):
    machine = console.time_machine(lab)
    with pytest.raises(BadTime):
        machine.jump("tomorrow")
    with pytest.raises(BadTime, match="nothing is on the agenda"):
        machine.jump("next")
