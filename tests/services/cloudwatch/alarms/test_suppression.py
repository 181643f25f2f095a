"""Action suppression: the scenarios of tests/oracles/alarms/suppression.txt, through the API, a unit being ten seconds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.services.cloudwatch.alarms.composite.suppressor import Event, next_phase

ORACLE = Path(__file__).parents[3] / "oracles" / "alarms" / "suppression.txt"
UNIT_S, END = 10, 13
LETTERS = {"WaitPeriod": "W", "ExtensionPeriod": "E", "Alarm": "A", None: "-"}
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops"
PERIODS = {"ActionsSuppressorWaitPeriod": 2 * UNIT_S, "ActionsSuppressorExtensionPeriod": 3 * UNIT_S}


def scenarios() -> list[Any]:
    found, title, steps, acts, held = [], "", [], "", ""
    for line in ORACLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            title, steps = line[1:-1], []
        elif line.startswith("acts "):
            acts = line.removeprefix("acts ")
        elif line.startswith("held "):
            held = line.removeprefix("held ")
            found.append(pytest.param(steps, acts, held, id=title))
        elif line and not line.startswith("#"):
            unit, alarm, state = line.split()
            steps = [*steps, (int(unit), alarm, state)]
    return found


def guarded(hand: Any) -> None:
    hand.topic()
    hand.metric("child", "OK")
    hand.metric("guard", "OK")
    hand.composite(
        "top", "ALARM(child)", ActionsSuppressor="guard", AlarmActions=[TOPIC], OKActions=[TOPIC], **PERIODS
    )
    hand.lab.advance(minutes=1)  # what its creation set off is over


@pytest.mark.parametrize(("steps", "acts", "held"), scenarios())
def test_a_documented_scenario(hand, steps: list[tuple[int, str, str]], acts: str, held: str):
    guarded(hand)
    start, seen = hand.lab.now, ""
    before = len(hand.history("top"))
    for unit in range(END):
        for at, alarm, state in steps:
            if at == unit:
                hand.set("child" if alarm == "top" else alarm, state)
        seen += LETTERS[hand.see("top").get("ActionsSuppressedBy")]
        hand.lab.advance(seconds=UNIT_S)
    ran = [
        ((item["Timestamp"] - start).seconds // UNIT_S, item["HistoryData"]["stateUpdateTimestamp"])
        for item in hand.history("top")[before:]
        if item["HistoryData"].get("actionState") == "Succeeded"
    ]
    assert seen == held
    if acts == "never":
        assert ran == []
        return
    unit, state = acts.split()
    at = start + timedelta(seconds=int(unit) * UNIT_S)
    assert ran == [(int(unit), int(at.timestamp() * 1000))]
    assert hand.state("top") == state


def test_each_phase_is_told_in_the_history_and_in_describe_alarms(hand):
    guarded(hand)
    hand.set("child", "ALARM")
    assert hand.see("top")["ActionsSuppressedReason"] == "Actions suppressed by WaitPeriod"
    hand.lab.advance(seconds=5)
    hand.set("guard", "ALARM")
    held = hand.see("top")
    assert held["ActionsSuppressedReason"] == (
        "Actions suppressed by arn:aws:cloudwatch:us-east-1:123456789012:alarm:guard that transitioned to ALARM at "
        "Monday 02 March, 2026 09:01:05 UTC"
    )
    assert held["StateUpdatedTimestamp"] == hand.lab.now > held["StateTransitionedTimestamp"]
    states = [line[0] for line in hand.actions("top")]
    assert states == ["Suppressed", "Succeeded", "Suppressed", "Suppressed"]


def test_another_suppressor_lets_actions_go_unless_it_is_in_alarm_itself(hand):
    guarded(hand)
    hand.metric("other", "OK")
    hand.set("guard", "ALARM")
    hand.set("child", "ALARM")
    rest = {"AlarmActions": [TOPIC], "OKActions": [TOPIC], **PERIODS}
    hand.composite("top", "ALARM(child)", ActionsSuppressor="other", **rest)
    assert "ActionsSuppressedBy" not in hand.see("top")
    assert [line[0] for line in hand.actions("top")][-1] == "Succeeded"
    hand.set("child", "OK")
    hand.composite("top", "ALARM(child)", ActionsSuppressor="guard", **rest)
    assert hand.see("top")["ActionsSuppressedBy"] == "Alarm"
    hand.composite("top", "ALARM(child)", AlarmActions=[TOPIC], OKActions=[TOPIC])
    assert [line[0] for line in hand.actions("top")][-1] == "Succeeded"


def test_the_same_suppressor_by_another_spelling_keeps_the_wait(hand):
    """Recorded: the wait goes on, and the state's timestamps stay."""
    guarded(hand)
    hand.set("child", "ALARM")
    hand.lab.advance(seconds=5)
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:guard"
    hand.composite("top", "ALARM(child)", ActionsSuppressor=arn, AlarmActions=[TOPIC], **PERIODS)
    alarm = hand.see("top")
    assert alarm["ActionsSuppressedBy"] == "WaitPeriod"
    assert alarm["StateUpdatedTimestamp"] < hand.lab.now
    hand.lab.advance(seconds=15)
    assert "ActionsSuppressedBy" not in hand.see("top")


def test_a_child_may_be_the_suppressor(hand):
    """Recorded: it goes into ALARM, the composite follows, and is held back by it at once."""
    hand.metric("child", "OK")
    hand.composite("top", "ALARM(child)", ActionsSuppressor="child", **PERIODS)
    hand.lab.advance(minutes=1)
    hand.set("child", "ALARM")
    assert hand.see("top")["ActionsSuppressedBy"] == "Alarm"


def test_a_deleted_composite_leaves_no_timer(hand):
    guarded(hand)
    hand.set("child", "ALARM")
    hand.cloudwatch.delete_alarms(AlarmNames=["top"])
    assert not [due for due in hand.lab.agenda(100) if due.handler == "suppression_ends"]


@given(
    st.sampled_from(["WaitPeriod", "ExtensionPeriod", "Alarm", None]),
    st.sampled_from(get_args(Event)),
    st.booleans(),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_laws_of_the_phases(phase: Any, event: Any, in_alarm: bool, wait_s: int, extension_s: int):
    after = next_phase(phase, event, in_alarm=in_alarm, wait_s=wait_s, extension_s=extension_s)
    if event != "changed" and phase is None and event != "replaced":
        assert after is None  # actions that have run are not called back
    if event == "time":
        assert after is None
    if after == "WaitPeriod":
        assert wait_s > 0 or phase == "WaitPeriod"
    if after == "ExtensionPeriod" and phase != "ExtensionPeriod":
        assert phase == "Alarm" and extension_s > 0
