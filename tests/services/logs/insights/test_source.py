"""SOURCE: which groups a query chooses by itself, and how else it is written wrongly."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.queries import choosing
from tests.services.logs.conftest import client, event, ms


@pytest.fixture(scope="module")
def world() -> tuple[Lab, Any]:
    """Groups /a/1, /a/2, /b/1 with an event each, and /b/rare of another class; no test changes them."""
    lab = Lab()
    logs = client(lab)
    for name in ("/a/1", "/a/2", "/b/1"):
        _made(lab, logs, name)
    _made(lab, logs, "/b/rare", logGroupClass="INFREQUENT_ACCESS")
    return lab, logs


def _made(lab: Lab, logs: Any, name: str, **more: Any) -> None:
    logs.create_log_group(logGroupName=name, **more)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event(ms(lab) - 1000)])


def chosen(world: tuple[Lab, Any], source: str, **more: Any) -> list[str]:
    lab, logs = world
    now_s = ms(lab) // 1000
    text = f"{source} | stats count(*) by @log"
    query_id = logs.start_query(queryString=text, startTime=now_s - 60, endTime=now_s, **more)["queryId"]
    lab.advance(seconds=1)
    logs.get_query_results(queryId=query_id)
    return logs.list_log_groups_for_query(queryId=query_id)["logGroupIdentifiers"]


@pytest.mark.parametrize(
    ("inside", "names"),
    [
        ("", ["/a/1", "/a/2", "/b/1"]),
        ("namePrefix: ['/a']", ["/a/1", "/a/2"]),
        ("namePrefix: ['/a/2', '/b']", ["/a/2", "/b/1"]),
        ('namePrefix:["/b"],class:["STANDARD","INFREQUENT_ACCESS"]', ["/b/1", "/b/rare"]),
        ("class: ['INFREQUENT_ACCESS']", ["/b/rare"]),
        ("accountIdentifiers: ['123456789012'], namePrefix: ['/a/1']", ["/a/1"]),
    ],
)
def test_source_chooses_groups(world, inside, names):
    assert chosen(world, f"SOURCE logGroups({inside})") == names
    assert chosen(world, f"source LOGGROUPS( {inside} )") == names


def test_one_way_to_name_groups(world):
    for more in ({"logGroupName": "/a/1"}, {"logGroupNames": ["/a/1"]}, {"logGroupIdentifiers": ["/a/1"]}):
        with pytest.raises(ClientError, match="the request must name none") as caught:
            chosen(world, "SOURCE logGroups()", **more)
        assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    with pytest.raises(ClientError, match="or a SOURCE command"):
        chosen(world, "fields a")


def test_no_group_matches(world):
    with pytest.raises(ClientError, match="No log group matches"):
        chosen(world, "SOURCE logGroups(namePrefix: ['/z'])")


def test_too_many_groups(world, monkeypatch):
    monkeypatch.setattr(choosing, "MOST_CHOSEN", 2)
    assert chosen(world, "SOURCE logGroups(namePrefix: ['/a'])") == ["/a/1", "/a/2"]
    with pytest.raises(ClientError, match="selects 3 log groups"):
        chosen(world, "SOURCE logGroups()")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("SOURCE dataSource(['amazon_vpc.flow'])", (7, 38), "SOURCE dataSource is not modeled"),
        ("SOURCE logGroups(tags: ['a'])", (17, 28), "tags in SOURCE is not modeled"),
        ("SOURCE indexes()", (7, 16), "no kind of source: indexes"),
        ("SOURCE logGroups(prefix: ['a'])", (17, 30), "no keyword of logGroups: prefix"),
        ("SOURCE logGroups(['a'])", (17, 22), "a list without a keyword"),
        ("SOURCE logGroups(namePrefix: [])", (17, 31), "namePrefix without a value"),
        ("SOURCE logGroups(namePrefix: ['a'], namePrefix: ['b'])", (36, 53), "namePrefix twice"),
        ("SOURCE logGroups(namePrefix: ['1','2','3','4','5','6'])", (17, 54), "6 values of namePrefix"),
        ("SOURCE logGroups(accountIdentifiers: ['12'])", (17, 43), "an account that is none"),
        (f"SOURCE logGroups(accountIdentifiers: [{','.join([repr('1' * 12)] * 21)}])", (17, 353), "21 values"),
        ("SOURCE logGroups(class: ['DELIVERY'])", (17, 36), "a class that cannot be queried"),
        ("SOURCE '/a/1'", (7, 13), "a log group's name after SOURCE"),
    ],
)  # fmt: skip
def test_what_source_cannot_be(text, place, message):
    with pytest.raises(QueryError, match=message) as caught:
        parse(text)
    assert (caught.value.at, caught.value.end) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SOURCE", "SOURCE without log groups"),
        ("SOURCE logGroups | limit 1", "SOURCE without log groups"),
        ("SOURCE logGroups(", "a selection without its list"),
        ("SOURCE logGroups(namePrefix: '/a')", "a selection without its list"),
        ("SOURCE logGroups(namePrefix)", "a selection without its list"),
    ],
)
def test_what_is_half_written_is_named(text, message):
    with pytest.raises(QueryError, match=message):
        parse(text)


def test_fields_may_still_be_called_like_the_commands():
    for word in ("source", "join", "estimate", "any", "where", "logGroups", "type"):
        parse(f"fields {word} | filter {word} = 1 | sort {word} | stats max({word}) by {word}")
