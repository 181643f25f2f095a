"""The break panel: each fault in a world of its own, and a clock that can be moved back."""

import pytest

from cwlab import Lab, console
from cwlab.errors import BadInput


def play(fault):
    world = Lab()
    cloudwatch = world.client("cloudwatch")
    for minute in range(10):
        if fault == "refusal" and minute == 5:
            world.fault("cloudwatch", "PutMetricData", error="refusal")
        if fault != "stopped" or minute < 5:
            try:
                cloudwatch.put_metric_data(
                    Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}]
                )
            except cloudwatch.exceptions.ClientError:
                assert fault == "refusal"
        world.advance(minutes=1)
    return world


def view(world):
    return console.metric(world, "Shop", "Orders", statistic="Sum", period=60, hours=1)


@pytest.fixture
def panel():
    return console.breaking(play, ["none", "stopped", "refusal"], view)


def test_the_healthy_case_comes_first_with_all_its_data(panel):
    assert len(panel.picture.table) == 10
    assert panel.why == "10 calls were made so far and every one was answered well: no error anywhere."


def test_a_refusal_and_silence_look_alike_and_only_one_leaves_an_error(panel):
    stopped, said = panel.set(fault="stopped"), panel.why
    refused = panel.set(fault="refusal")
    assert stopped.table.equals(refused.table)
    assert "no error anywhere" in said
    assert panel.why == "10 calls were made so far; 5 came back with an error: 5 with AccessDeniedException."


def test_time_moves_back_and_forth_under_an_axis_that_stays(panel):
    late = panel.picture
    early = panel.set(at="2026-03-02T09:03:00Z")
    assert (len(early.table), early.title) == (3, "none, 09:03: 3 datapoints")
    assert [early.words[end] for end in ("from_ms", "to_ms")] == [
        late.words[end] for end in ("from_ms", "to_ms")
    ]
    assert panel.set(at="2026-03-02T09:10:00Z").table.equals(late.table)


def test_the_calls_shown_lead_to_the_same_world(panel):
    panel.set(fault="refusal", at="2026-03-02T09:07:00Z")
    space = {"play": play}
    exec("\n".join(panel.calls.splitlines()[1:]), space)
    assert view(space["world"]).table.equals(panel.picture.table)


def test_without_a_fault_there_is_nothing_to_choose():
    with pytest.raises(BadInput):
        console.breaking(play, [], view)
