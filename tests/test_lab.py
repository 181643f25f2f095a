"""What a learner holds: time, forks, rewinding, and the errors on the way."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwlab import BadInput, Lab
from cwlab.errors import BadTime

NINE = "2026-03-02T09:00:00Z"


def put(lab: Lab, value: float = 1.0, name: str = "Orders", **where) -> None:
    lab.client("cloudwatch", **where).put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": name, "Value": value}]
    )


def count(lab: Lab, name: str = "Orders", **where) -> float:
    answer = lab.client("cloudwatch", **where).get_metric_statistics(
        Namespace="Shop", MetricName=name, StartTime="2026-03-02T00:00:00Z", EndTime="2026-03-03T00:00:00Z", Period=86400,
        Statistics=["SampleCount"],
    )  # fmt: skip
    return sum(p["SampleCount"] for p in answer["Datapoints"])


def picture(lab: Lab):
    """Everything that can be compared of a lab."""
    tables = {key: list(table.items()) for key, table in lab.world.tables.items() if len(table)}
    return repr(tables), lab.world.timeline.state(), list(lab.journal)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seed": "x"}, "is not a seed"),
        ({"seed": True}, "is not a seed"),
        ({"start": "yesterday"}, "not an ISO 8601 instant"),
        ({"account": "12"}, "not an account id"),
        ({"region": "mars-1"}, "not a Region"),
    ],
)
def test_a_lab_that_cannot_be_is_refused_with_value_rule_and_remedy(wrong, says):
    with pytest.raises(BadInput, match=says):
        Lab(**wrong)


def test_advance_adds_up_and_returns_the_new_now():
    lab = Lab()
    assert (
        lab.advance(days=1, hours=1, minutes=1, seconds=1.5).isoformat() == "2026-03-03T10:01:01.500000+00:00"
    )
    assert lab.advance(until="2026-03-04T00:00:00Z") == lab.now
    assert [e.kind for e in lab.journal] == ["advance", "advance"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "no way forward"),
        ({"minutes": -5}, "no way forward"),
        ({"until": "2026-03-02T08:59:00Z"}, "lies before now"),
        ({"until": NINE, "minutes": 5}, "both given"),
        ({"days": 4_000_000}, "beyond the year 9000"),
    ],
)
def test_ways_forward_that_are_none(wrong, says):
    lab = Lab()
    with pytest.raises(BadTime, match=says):
        lab.advance(**wrong)
    assert lab.now == Lab().now


def test_accounts_regions_and_roles():
    lab = Lab()
    put(lab)
    put(lab, account="222222222222")
    put(lab, region="eu-west-1")
    put(lab, region="eu-west-1")
    assert (count(lab), count(lab, account="222222222222"), count(lab, region="eu-west-1")) == (1, 1, 2)
    with pytest.raises(BadInput, match=r"'Auditor': is not a role of account 123456789012.*create_role"):
        lab.client("cloudwatch", role="Auditor")


def test_a_fork_and_its_original_go_on_alone():
    lab = Lab()
    put(lab)
    twin = lab.fork()
    put(twin)
    twin.advance(minutes=10)
    assert (count(lab), count(twin)) == (1, 2)
    assert lab.now == Lab().now
    twin.rewind(to=NINE)  # a fork can go back to before it was made
    assert count(twin) == 2


def test_rewinding_keeps_the_calls_of_that_instant_and_clients_go_on_working():
    lab = Lab()
    client = lab.client("cloudwatch")
    put(lab)
    lab.advance(minutes=1)
    put(lab)
    put(lab)
    lab.advance(minutes=1)
    put(lab)
    lab.rewind(to="2026-03-02T09:01:00Z")
    assert count(lab.fork()) == 3
    assert lab.now.minute == 1
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}])
    assert count(lab.fork()) == 4
    lab.rewind(to="2026-03-02T09:00:30Z")
    assert count(lab.fork()) == 1
    lab.rewind(to=NINE)
    assert count(lab) == 1


@pytest.mark.parametrize(
    ("to", "says"),
    [("2026-03-02T08:00:00Z", "before this lab began"), ("2027-01-01T00:00:00Z", "ahead of now")],
)
def test_instants_one_cannot_go_back_to(to, says):
    with pytest.raises(BadTime, match=says):
        Lab().rewind(to=to)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 5)), st.tuples(st.just("advance"), st.integers(1, 300))
    ),
    max_size=8,
)


@given(STEPS, STEPS, st.integers(0, 100))
@settings(max_examples=25)
def test_rewinding_and_doing_the_same_again_gives_the_same_world(before, after, percent):
    def do(lab, steps):
        for what, n in steps:
            if what == "put":
                put(lab, n)
            else:
                lab.advance(seconds=n)

    lab = Lab()
    do(lab, before)
    here, now = picture(lab), lab.now
    do(lab, after)
    if lab.now == now:
        return  # nothing moved the clock: there is no later to come back from
    lab.rewind(to=now)
    if any(what == "put" for what, _ in after[: next(i for i, s in enumerate(after) if s[0] == "advance")]):
        return  # calls made at that very instant are kept, so this is another world
    assert picture(lab) == here


def test_many_forks_are_kept_and_thinned_and_every_instant_can_be_reached():
    lab = Lab()
    client = lab.client("cloudwatch")
    for _ in range(400):
        for _ in range(4):
            client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}])
        lab.advance(minutes=1)
    assert len(lab._kept) <= 25
    for minute in (399, 250, 100, 1):
        lab.rewind(to=f"2026-03-02T{9 + minute // 60:02d}:{minute % 60:02d}:00Z")
        assert count(lab.fork()) == 4 * (minute + 1)


def test_an_interrupt_leaves_the_world_whole_at_the_instant_it_reached(monkeypatch):
    from cwlab import api

    monkeypatch.setitem(api.HANDLERS, ("cloudwatch", "tick"), tick)
    lab = Lab()
    start = lab.world.timeline.now_ms
    for n in range(100):
        lab.world.timeline.schedule(start + n * 1000, lab.account, lab.region, "cloudwatch", "tick", {"n": n})
    with pytest.raises(KeyboardInterrupt):
        lab.advance(minutes=5)
    ticks = lab.world.table(lab.account, lab.region, "cloudwatch", "ticks")
    assert list(ticks) == list(
        range(41)
    )  # the event during which you pressed it is finished, the next not begun
    assert lab.now.second == 40
    assert lab.journal[-1].params == {"until_ms": start + 40_000, "steps": 41}
    monkeypatch.setitem(api.HANDLERS, ("cloudwatch", "tick"), quiet_tick)
    lab.advance(minutes=5)
    assert len(ticks) == 100


def tick(call, n):
    call.table("ticks")[n] = call.now_ms
    if n == 40:
        os.kill(os.getpid(), signal.SIGINT)


def quiet_tick(call, n):
    call.table("ticks")[n] = call.now_ms


def test_time_can_be_moved_from_another_thread():
    lab = Lab()
    worker = threading.Thread(target=lambda: lab.advance(minutes=1))
    worker.start()
    worker.join()
    assert lab.now.minute == 1


def test_the_repr_tells_the_story():
    lab = Lab()
    put(lab)
    assert repr(lab) == "Lab at 2026-03-02T09:00:00Z in 123456789012/us-east-1, 1 journal entries"
    assert repr(lab.journal[0]) == "2026-03-02T09:00:00Z cloudwatch:PutMetricData user/admin"


def test_importing_cwlab_alone_loads_neither_boto3_nor_numpy():
    code = "import sys, cwlab; print([m for m in ('boto3', 'numpy', 'pandas', 'altair', 'ipywidgets') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_public_names_are_exactly_all():
    import cwlab

    assert sorted(cwlab.__all__) == [
        "AwsError",
        "BadInput",
        "CwlabError",
        "Lab",
        "NotModelled",
        "SaveError",
        "__version__",
        "open_lab",
        "zip_source",
    ]
    assert all(hasattr(cwlab, name) for name in cwlab.__all__)
    with pytest.raises(AttributeError):
        cwlab.nothing  # noqa: B018
