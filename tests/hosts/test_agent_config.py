"""The agent's configuration: what it takes, what it refuses and how it says so."""

from __future__ import annotations

import json

import pytest

from cwlab import BadInput, Lab, NotModelled
from cwlab.hosts.agent import config
from cwlab.hosts.agent.names import Place, default_group
from tests.hosts.conftest import collecting

EC2 = Place("i-0abc", "ip-10-0-0-5.ec2.internal", "10.0.0.5", "us-east-1", "ami-1", "t3.micro", "web")
RACK = Place("", "rack-1", "192.168.10.10", "us-east-1")


def read(found, place=EC2):
    return config.read(config.parsed(found)[0], place, "us-east-1")


def one(place=EC2, path="/var/log/app.log", **settings):
    (item,) = read(collecting(path, **settings), place)[0].files
    return item


@pytest.mark.syllabus("L12")
@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("{instance_id}", EC2, "i-0abc"),
        ("{hostname}", EC2, "ip-10-0-0-5.ec2.internal"),
        ("{local_hostname}", RACK, "rack-1"),
        ("{ip_address}", EC2, "10.0.0.5"),
        ("{ip_address}-{instance_id}/x", EC2, "10.0.0.5-i-0abc/x"),
        ("{instance_id}", RACK, "i-UNKNOWN"),
        ("{other}", EC2, "{other}"),
    ],
)
def test_placeholders(name, place, expected):
    assert one(place, log_stream_name=name).stream == expected


@pytest.mark.syllabus("L12")
def test_the_stream_is_named_by_the_machine_unless_told():
    assert one().stream == "i-0abc"
    assert one(RACK).stream == "rack-1"
    found = collecting()
    found["logs"]["log_stream_name"] = "all-{hostname}"
    assert read(found, RACK)[0].files[0].stream == "all-rack-1"


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/tmp/TestLogFile.log.2017-07-11-14", "/tmp/TestLogFile.log"),
        ("/var/log/secure", "/var/log/secure"),
        ("/var/log/app.log", "/var/log/app"),
    ],
)
def test_the_group_is_the_path_up_to_its_last_dot(path, group):
    assert default_group(path) == group


def file(**settings):
    return collecting(**settings)


MISTAKES = [
    ({}, "neither logs nor metrics"),
    ("{", "not JSON"),
    ("[]", "Expected: object"),
    ({"log": {}}, "Under path : / | Error : Additional property log is not allowed"),
    ({"logs": {"logs_collected": {"file": {}}}}, "Under path : /logs/logs_collected | Error : Additional property file"),
    ({"logs": {"logs_collected": {"files": {}}}}, "collect_list is required"),
    ({"logs": {"logs_collected": {"files": {"collect_list": []}}}}, "at least 1 items"),
    ({"logs": {"logs_collected": {"files": {"collect_list": [{}]}}}}, "collect_list/0 | Error : file_path is required"),
    ({"logs": {"logs_collected": {"files": {"collect_list": "x"}}}}, "Expected: array, given: string"),
    (file(retention_days=3), "Additional property retention_days is not allowed"),
    (file(retention_in_days=1096), "retention_in_days must be one of the following: -1, 1, 3"),
    (file(retention_in_days="14"), "Expected: integer, given: string"),
    (file(retention_in_days=True), "Expected: integer, given: boolean"),
    (file(timezone="CET"), 'timezone must be one of the following: "UTC", "Local"'),
    (file(timestamp_format="%Q"), "'%Q'.*is no symbol of a time"),
    (file(encoding="klingon"), "is not an encoding"),
    (file(filters=[{"type": "include"}]), "filters/0 | Error : expression is required"),
    (file(filters=[{"type": "include", "expression": "(?<=a)b"}]), "no looking ahead"),
    (file(filters=[{"type": "drop", "expression": "x"}]), "must be one of the following"),
    (file(multi_line_start_pattern="(a"), "multi_line_start_pattern.*missing closing"),
    (file(multi_line_start_pattern="{timestamp_format}"), "there is no timestamp_format"),
    (file(trim_timestamp="yes"), "Expected: boolean, given: string"),
    (file(path="app.log"), "Begin it with /"),
    (file(log_group_class="DELIVERY"), "must be one of the following"),
    ({**file(), "agent": {"metrics_collection_interval": 0}}, "Must be greater than or equal to 1"),
    ({**file(), "agent": {"region": "mars-1"}}, "mars-1"),
    ({"logs": {**file()["logs"], "force_flush_interval": 0}}, "Must be greater than or equal to 1"),
    ({"metrics": {}}, "metrics_collected is required"),
    ({"metrics": {"metrics_collected": {}}}, "nothing to collect"),
    ({"metrics": {"metrics_collected": {"mem": {}}}}, "measurement is required"),
    ({"metrics": {"metrics_collected": {"mem": {"measurement": ["speed"]}}}}, "mem has no such measurement"),
    ({"metrics": {"metrics_collected": {"procstat": [{"measurement": ["cpu_usage"]}]}}}, "no process is chosen"),
    (
        {"metrics": {"append_dimensions": {"Shop": "web"}, "metrics_collected": {"mem": {"measurement": ["used"]}}}},
        "Additional property Shop is not allowed",
    ),
    (
        {"metrics": {"append_dimensions": {"InstanceId": "i-1"}, "metrics_collected": {"mem": {"measurement": ["used"]}}}},
        "Write \\${aws:InstanceId}",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "text"), MISTAKES)
def test_mistakes_are_named_with_their_path(found, text):
    with pytest.raises(BadInput, match=text.replace("|", r"\|")):
        read(found)


@pytest.mark.parametrize("value", [None, 5, [1], b"{}", {"logs": {1, 2}}])
def test_what_is_no_configuration(value):
    with pytest.raises(BadInput):
        config.parsed(value)


@pytest.mark.parametrize(
    "found",
    [
        {"logs": {"logs_collected": {"windows_events": {}}}},
        {"logs": {"metrics_collected": {"emf": {}}}},
        {"traces": {}},
        {"metrics": {"metrics_collected": {"collectd": {}}}},
        file(multi_line_start_pattern="^{timestamp_format} x", timestamp_format="%H:%M"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(found):
    with pytest.raises(NotModelled):
        read(found)


def two(first, second):
    entry = {"file_path": "/var/log/a", "log_group_name": "g"}
    return {
        "logs": {"logs_collected": {"files": {"collect_list": [{**entry, **first}, {**entry, **second}]}}}
    }


def test_retentions_that_differ_stop_the_agent():
    with pytest.raises(
        BadInput, match="Different retention_in_days values can't be set for the same log group: g"
    ):
        read(two({"retention_in_days": 7}, {"retention_in_days": 14}))
    read(two({"retention_in_days": 7}, {}))
    with pytest.raises(BadInput, match="log_group_class"):
        read(two({"log_group_class": "INFREQUENT_ACCESS"}, {}))


def test_a_refused_configuration_leaves_a_running_agent_as_it_is():
    lab = Lab()
    rack = lab.on_premises("rack-1")
    rack.agent.start(collecting())
    before = rack.agent.config
    with pytest.raises(BadInput):
        rack.agent.start(two({"retention_in_days": 7}, {"retention_in_days": 14}))
    assert rack.agent.running and rack.agent.config == before


def test_json_and_dicts_are_read_alike():
    text = json.dumps(collecting(timestamp_format="%H:%M:%S", encoding="utf-16", auto_removal=True))
    assert read(text) == read(json.loads(text))
    (item,) = read(text)[0].files
    assert (item.encoding, item.auto_removal) == ("utf-16-le", True)


def test_a_huge_or_deep_configuration_is_refused():
    for text in ("[" * 100_000, " " * (1 << 21)):
        with pytest.raises(BadInput):
            config.parsed(text)
