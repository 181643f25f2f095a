"""The agent measures a machine from the inside, and makes metrics of StatsD lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import BadInput, Lab
from cwlab.hosts.agent import statsd
from cwlab.hosts.agent.metrics_config import KINDS, known
from tests.hosts.conftest import launched, with_profile


def measuring(collected, **settings):
    return {"metrics": {"metrics_collected": collected, **settings}}


MEM = {"mem": {"measurement": ["mem_used_percent"]}}
BY_INSTANCE = {"append_dimensions": {"InstanceId": "${aws:InstanceId}"}}


def names(lab, namespace="CWAgent"):
    found = lab.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=namespace)
    return {
        (m["MetricName"], tuple(sorted((d["Name"], d["Value"]) for d in m["Dimensions"])))
        for page in found
        for m in page["Metrics"]
    }


def points(lab, name, dimensions=(), stat="Average", namespace="CWAgent", period=60):
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions],
        StartTime="2026-03-02T09:00:00Z",
        EndTime=lab.now.isoformat(),
        Period=period,
        Statistics=[stat],
    )["Datapoints"]
    return [each[stat] for each in sorted(found, key=lambda each: each["Timestamp"])]


@pytest.mark.syllabus("M04")
def test_memory_is_seen_only_with_the_agent(world, web):
    web.load(memory=90, cpu=10, minutes=10)
    world.advance(minutes=5)
    native = world.client("cloudwatch").list_metrics(Namespace="AWS/EC2")["Metrics"]
    assert native and not [m for m in native if "mem" in m["MetricName"].lower()]
    assert not names(world)
    web.agent.start(measuring(MEM, **BY_INSTANCE))
    world.advance(minutes=5)
    assert names(world) == {("mem_used_percent", (("InstanceId", web.id),))}
    assert [round(v) for v in points(world, "mem_used_percent", [("InstanceId", web.id)])][:4] == [90] * 4


@pytest.mark.syllabus("M04")
def test_the_cpu_from_inside_is_the_cpu_from_outside(world, web):
    world.client("ec2").monitor_instances(InstanceIds=[web.id])
    web.load(cpu=60, minutes=20)
    web.agent.start(measuring({"cpu": {"measurement": ["usage_active", "usage_idle"]}}, **BY_INSTANCE))
    world.advance(minutes=10)
    inside = points(world, "cpu_usage_active", [("InstanceId", web.id), ("cpu", "cpu-total")])
    outside = points(world, "CPUUtilization", [("InstanceId", web.id)], namespace="AWS/EC2")
    assert all(abs(value - 60) < 2 for value in inside + outside[2:5])


@pytest.mark.syllabus("M05")
def test_on_premises_the_agent_publishes_with_its_role_and_says_host(world):
    rack = world.on_premises("rack-1", role="CWAgent")
    rack.load(cpu=75, memory=40, minutes=30)
    rack.agent.start(measuring({**MEM, "cpu": {"measurement": ["usage_active"]}}))
    world.advance(minutes=3)
    assert names(world) == {
        ("mem_used_percent", (("host", "rack-1"),)),
        ("cpu_usage_active", (("cpu", "cpu-total"), ("host", "rack-1"))),
    }
    assert all(abs(v - 40) < 1 for v in points(world, "mem_used_percent", [("host", "rack-1")]))


@pytest.mark.syllabus("M05")
def test_without_a_way_nothing_is_published_and_the_minutes_are_gone(world):
    rack = world.on_premises("rack-1", role="CWAgent", internet=False)
    rack.agent.start(measuring(MEM))
    world.advance(minutes=5)
    assert not names(world)
    assert any("WriteToCloudWatch failure" in line for line in rack.agent.log())
    world.on_premises("rack-1", role="CWAgent", internet=True)
    world.advance(minutes=5)
    assert len(points(world, "mem_used_percent", [("host", "rack-1")])) == 4


def test_without_permission_nothing_is_published():
    lab = with_profile(Lab(), policy=None)
    web = launched(lab)
    web.agent.start(measuring(MEM))
    lab.advance(minutes=5)
    assert not names(lab)
    assert any("AccessDenied" in line and "cloudwatch:PutMetricData" in line for line in web.agent.log())


def test_every_measurement_of_every_section_is_published(world, web):
    collected = {
        kind: {"measurement": list(known(kind)), **({"resources": ["*"]} if kind in ("disk", "net") else {})}
        for kind in KINDS[:-1]
    }
    web.agent.start(
        measuring({**collected, "procstat": [{"exe": "nginx", "measurement": list(known("procstat"))}]})
    )
    world.advance(minutes=2)
    found = {name for name, _ in names(world)}
    assert found == {f"{kind}_{name}" for kind in KINDS for name in known(kind)}


def test_dimensions_and_roll_ups(world, web):
    web.agent.start(
        measuring(
            {
                "disk": {
                    "measurement": [
                        {"name": "used_percent", "rename": "DISK", "unit": "Percent"},
                        "inodes_free",
                    ],
                    "resources": ["*"],
                    "append_dimensions": {"tier": "front"},
                    "drop_original_metrics": ["inodes_free"],
                    "drop_device": True,
                    "ignore_file_system_types": ["tmpfs"],
                }
            },
            namespace="Shop/Hosts",
            aggregation_dimensions=[["InstanceId"], [], ["Nothing"]],
            append_dimensions={"InstanceId": "${aws:InstanceId}", "InstanceType": "${aws:InstanceType}"},
        )
    )
    world.advance(minutes=2)
    full = (
        ("InstanceId", web.id),
        ("InstanceType", "m5.large"),
        ("fstype", "xfs"),
        ("path", "/"),
        ("tier", "front"),
    )
    rolled = {("DISK", (("InstanceId", web.id),)), ("DISK", ())}
    assert names(world, "Shop/Hosts") == {("DISK", full)} | rolled | {
        ("disk_inodes_free", d) for _, d in rolled
    }


def test_a_short_interval_is_high_resolution(world, web):
    web.agent.start(
        measuring(
            {"mem": {"measurement": ["used_percent"], "metrics_collection_interval": 10}}, **BY_INSTANCE
        )
    )
    world.advance(minutes=2)
    assert points(world, "mem_used_percent", [("InstanceId", web.id)], "SampleCount") == [5.0, 6.0]
    assert len(points(world, "mem_used_percent", [("InstanceId", web.id)], period=10)) >= 11


# StatsD --------------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M06")
def test_an_application_speaks_statsd_to_the_agent(world, web):
    web.agent.start(measuring({"statsd": {}}, **BY_INSTANCE))
    for _ in range(3):
        web.statsd(
            "orders:1|c|#shop:web",
            "orders:2|c|#shop:web",
            "carts:4|g",
            "carts:-1|g",
            "users:a|s",
            "users:b|s",
        )
        web.statsd("users:a|s", "latency:10|ms", "latency:30|ms|@0.5", "nonsense", "x:abc|c", "y:1|c|@2")
        world.advance(seconds=20)
    world.advance(minutes=2)

    def of(name, kind, stat, *tags):
        return points(world, name, [("InstanceId", web.id), ("metric_type", kind), *tags], stat)

    assert of("orders", "counter", "Sum", ("shop", "web")) == [9.0]
    assert of("orders", "counter", "SampleCount", ("shop", "web")) == [3.0]
    assert of("carts", "gauge", "Maximum") == [3.0]
    assert of("users", "set", "Average") == [2.0]
    assert of("latency", "timing", "SampleCount") == [9.0]
    assert of("latency", "timing", "Average") == [pytest.approx(70 / 3)]
    errors = [line for line in web.agent.log() if "inputs.statsd" in line]
    assert len(errors) == 9


def test_statsd_lines_nobody_listens_for_are_lost(world, web):
    web.statsd("orders:1|c")
    web.agent.start(measuring({"statsd": {}}))
    world.advance(minutes=3)
    assert not names(world)
    assert not world.agenda()
    with pytest.raises(BadInput):
        web.statsd(5)


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("a:1|c", True), ("a:1.5|ms|@0.1|#x:y", True), ("a.b-c:+1|g", True), ("u:tom|s", True), ("a:1e3|h", True),
        ("", False), ("a", False), ("a:1", False), ("a:1|q", False), ("a:|c", False), ("a:x|c", False),
        ("a:1|c|@0", False), ("a:1|c|@1.1", False), ("a:1|g|@0.5", False), ("a|b:1|c", False), ("a:nan|c", False),
        ("a:1e999|c", False), (":1|c", False), ("a:1|c|#" + ",".join(f"t{n}:v" for n in range(40)), False),
    ],
)  # fmt: skip
def test_statsd_lines(text, ok):
    assert isinstance(statsd.parse(text, 0), statsd.Line) is ok


@given(
    st.lists(st.tuples(st.integers(0, 179_999), st.integers(-5, 5), st.sampled_from([1.0, 0.5])), max_size=30)
)
def test_counters_lose_nothing(rows):
    lines = [statsd.Line(at, "n", "c", str(value), rate) for at, value, rate in sorted(rows)]
    found = statsd.gathered(lines, 10, 60, {})
    assert sum(value for values in found.values() for value, _ in values) == pytest.approx(
        sum(value / rate for _, value, rate in rows)
    )
    assert {stamp % 60 for _, _, stamp in found} <= {0}
    assert all(len(values) <= 6 for values in found.values())


@given(st.text(max_size=40))
def test_any_text_is_a_line_or_a_reason(text):
    assert statsd.parse(text, 0)


# A value -------------------------------------------------------------------------------------------------------------


def test_forks_rewinds_and_saves_measure_alike(world, web, tmp_path):
    web.agent.start(measuring({**MEM, "statsd": {}}, **BY_INSTANCE))
    web.load(memory=[20, 80], minutes=20)
    web.statsd("a:1|g")
    world.advance(minutes=5)
    twin, path = world.fork(), world.save(tmp_path / "a.cwlab")
    world.advance(minutes=5)
    expected = points(world, "mem_used_percent", [("InstanceId", web.id)])
    assert len(expected) >= 9
    world.rewind(to="2026-03-02T09:03:00Z")
    for other in (twin, Lab.open(path), world):
        other.advance(until="2026-03-02T09:11:00Z")
        assert points(other, "mem_used_percent", [("InstanceId", web.id)]) == expected


def test_one_jump_measures_as_many_steps_do(world, web):
    web.agent.start(measuring(MEM, **BY_INSTANCE))
    twin = world.fork()
    world.advance(hours=2)
    for _ in range(120):
        twin.advance(minutes=1)
    dimensions = [("InstanceId", web.id)]
    assert points(world, "mem_used_percent", dimensions) == points(twin, "mem_used_percent", dimensions)


@pytest.mark.parametrize(
    "amounts",
    [{"memory": 101}, {"memory": -1}, {"memory": "much"}, {"memory": []}, {"love": 5}, {"disk_used": True}],
)
def test_loads_that_cannot_be(world, web, amounts):
    with pytest.raises(BadInput):
        web.load(minutes=5, **amounts)
    rack = world.on_premises("rack-1")
    with pytest.raises(BadInput):
        rack.load(minutes=5, **amounts)
