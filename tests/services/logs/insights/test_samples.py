"""The documented queries over events small enough to answer by hand; the invalid ones with their refusal."""

import pytest

from cwlab.services.logs.chunk import build
from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.engine import Source, run
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse

START = 1_772_442_000_000  # 2026-03-02 09:00:00 UTC
MINUTE = 60_000


def query(text: str, *messages: str, step: int = MINUTE, now_ms: int = START) -> list[dict[str, str]]:
    """The rows of a query over messages a step apart, as maps without what is absent."""
    stamps = [START + n * step for n in range(len(messages))]
    chunk = build(stamps, START, range(len(messages)), [message.encode() for message in messages])
    plan = compiled(parse(text), now_ms)
    rows = run(plan, [Source("123456789012:/app", "web", chunk, 0, len(chunk))] if messages else []).rows
    names = [column.name for column in plan.columns]
    return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        compiled(parse(text), START)
    assert caught.value.code == "MalformedQueryException"
    return caught.value


def test_newest_first_with_a_limit():
    assert query("fields @timestamp, @message | sort @timestamp desc | limit 2", "a", "b", "c") == [
        {"@timestamp": "2026-03-02 09:02:00.000", "@message": "c"},
        {"@timestamp": "2026-03-02 09:01:00.000", "@message": "b"},
    ]


def test_exceptions_by_the_hour():
    text = "filter @message like /Exception/ | stats count(*) as exceptionCount by bin(1h) | sort exceptionCount desc"
    assert query(text, "x", "An Exception", "Exception 2", "Exception 3", step=30 * MINUTE) == [
        {"bin(1h)": "2026-03-02 10:00:00.000", "exceptionCount": "2"},
        {"bin(1h)": "2026-03-02 09:00:00.000", "exceptionCount": "1"},
    ]


def test_no_exceptions():
    text = "fields @message | filter @message not like /Exception/"
    assert query(text, "x", "An Exception") == [{"@message": "x"}]


def test_the_newest_of_each_server_and_all_without_one():
    text = "fields server, message | sort @timestamp desc | dedup server"
    rows = query(
        text,
        '{"server": "a", "message": "old"}',
        '{"server": "b", "message": "only"}',
        "no server",
        '{"server": "a", "message": "new"}',
        "none either",
    )
    assert rows == [{}, {"server": "a", "message": "new"}, {}, {"server": "b", "message": "only"}]


def test_lambda_memory_with_an_alias_used_later_in_the_same_list():
    text = """filter @type = "REPORT" | stats max(@memorySize / 1000 / 1000) as provisonedMemoryMB,
              min(@maxMemoryUsed / 1000 / 1000) as smallestMemoryRequestMB, avg(@maxMemoryUsed / 1000 / 1000) as avgMemoryUsedMB,
              max(@maxMemoryUsed / 1000 / 1000) as maxMemoryUsedMB, provisonedMemoryMB - maxMemoryUsedMB as overProvisionedMB"""
    line = "REPORT RequestId: 11111111-1111-1111-1111-11111111111{n}\tDuration: 46.84 ms\tBilled Duration: 47 ms\tMemory Size: 192 MB\tMax Memory Used: {used} MB\t\n"
    rows = query(text, line.format(n=1, used=72), "START RequestId: x", line.format(n=2, used=80))
    assert rows == [
        {
            "provisonedMemoryMB": "192",
            "smallestMemoryRequestMB": "72",
            "avgMemoryUsedMB": "76",
            "maxMemoryUsedMB": "80",
            "overProvisionedMB": "112",
        }
    ]


FLOW = (
    "2 123456789010 eni-1 {src} {dst} 20641 22 {protocol} {packets} {bytes} 1418530010 1418530070 ACCEPT OK"
)


def flow(src: str, dst: str, packets: int, octets: int, protocol: int = 6) -> str:
    return FLOW.format(src=src, dst=dst, packets=packets, bytes=octets, protocol=protocol)


FLOWS = (
    flow("192.0.2.7", "10.0.0.1", 20, 4249),
    flow("198.51.100.1", "10.0.0.1", 5, 100, 17),
    flow("192.0.2.7", "10.0.0.1", 1, 51),
    flow("192.0.2.8", "10.0.0.2", 2, 60),
)


def test_top_talkers():
    text = "stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 2"
    assert query(text, *FLOWS) == [
        {"srcAddr": "192.0.2.7", "dstAddr": "10.0.0.1", "packetsTransferred": "21"},
        {"srcAddr": "198.51.100.1", "dstAddr": "10.0.0.1", "packetsTransferred": "5"},
    ]


def test_bytes_from_a_subnet():
    text = """filter isIpv4InSubnet(srcAddr, "192.0.2.0/24") | stats sum(bytes) as bytesTransferred by dstAddr
              | sort bytesTransferred desc | limit 15"""
    assert query(text, *FLOWS) == [
        {"dstAddr": "10.0.0.1", "bytesTransferred": "4300"},
        {"dstAddr": "10.0.0.2", "bytesTransferred": "60"},
    ]


def test_udp():
    assert query("filter protocol=17 | stats count(*) by srcAddr", *FLOWS) == [
        {"srcAddr": "198.51.100.1", "count(*)": "1"}
    ]


def test_dns_answers_by_kind_and_hour():
    line = "1.0 2017-12-13T08:16:0{n}.130Z Z123412341234 example.com {kind} NOERROR UDP FRA6 192.168.1.1 -"
    rows = query(
        "stats count(*) by queryType, bin(1h)",
        line.format(n=1, kind="A"),
        line.format(n=2, kind="MX"),
        line.format(n=3, kind="A"),
    )
    hour = "2026-03-02 09:00:00.000"
    assert rows == [
        {"queryType": "A", "bin(1h)": hour, "count(*)": "2"},
        {"queryType": "MX", "bin(1h)": hour, "count(*)": "1"},
    ]


def test_a_trail_s_nested_fields():
    created = '{"eventName": "CreateUser", "awsRegion": "us-east-1", "requestParameters": {"userName": "eve"}, "responseElements": null}'
    text = 'filter eventName="CreateUser" | fields awsRegion, requestParameters.userName, responseElements.user.arn'
    assert query(text, created, '{"eventName": "DeleteUser"}') == [
        {"awsRegion": "us-east-1", "requestParameters.userName": "eve"}
    ]


def test_an_item_of_a_list():
    text = 'fields @message | filter requestParameters.instancesSet.items.0.instanceId="i-abcde123" | stats count(*)'
    hit = '{"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-abcde123"}]}}}'
    assert query(text, hit, hit.replace("abcde123", "other")) == [{"count(*)": "1"}]


def test_numbers_in_text_are_numbers():
    text = "fields status | filter status>=400 and status<=499 | sort status"
    rows = query(text, '{"status": 404}', '{"status": "403"}', '{"status": 500}', '{"status": "4x4"}', "none")
    assert rows == [{"status": "403"}, {"status": "404"}]


def test_an_address_without_quotation_marks():
    text = 'filter status="200" and referrer= http://34.250.27.141/ and method= "GET" | stats count_distinct(remoteIP) as UniqueVisits | limit 10'
    hit = '{{"status": 200, "referrer": "http://34.250.27.141/", "method": "GET", "remoteIP": "{ip}"}}'
    assert query(text, hit.format(ip="a"), hit.format(ip="b"), hit.format(ip="a")) == [{"UniqueVisits": "2"}]


def test_a_field_in_backticks():
    text = "stats count(*) as numberOfEvents by `detail-type` | sort numberOfEvents desc"
    rows = query(text, '{"detail-type": "x"}', '{"detail-type": "y"}', '{"detail-type": "y"}')
    assert rows == [
        {"detail-type": "y", "numberOfEvents": "2"},
        {"detail-type": "x", "numberOfEvents": "1"},
    ]


def test_parse_with_a_glob():
    text = """parse @message "user=*, method:*, latency := *" as @user, @method, @latency
              | stats avg(@latency) by @method, @user"""
    line = "t user={u}, method:GET, latency := {n}"
    rows = query(
        text, line.format(u="bob", n=10), line.format(u="bob", n=15), line.format(u="eve", n=1), "other"
    )
    assert rows == [
        {"@method": "GET", "@user": "bob", "avg(@latency)": "12.5"},
        {"@method": "GET", "@user": "eve", "avg(@latency)": "1"},
        {},
    ]


def test_parse_then_display_a_condition():
    text = """FIELDS @message | PARSE @message "* [*] *" as loggingTime, loggingType, loggingMessage
              | FILTER loggingType IN ["ERROR", "INFO"] | DISPLAY loggingMessage, loggingType = "ERROR" as isError"""
    assert query(text, "t [INFO] fine", "t [DEBUG] x", "t [ERROR] bad\nvery") == [
        {"loggingMessage": "bad\nvery", "isError": "1"},
        {"loggingMessage": "fine", "isError": "0"},
    ]


def test_parse_with_a_regular_expression():
    text = "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface | limit 1"
    assert query(text, FLOWS[0]) == [{"NetworkInterface": "eni-1"}]


def test_two_stats_in_a_row():
    text = """STATS count_distinct(client_ip) AS session_ips, count(*) AS requests BY session_id, client_platform
              | FILTER session_ips > 1
              | STATS count(*) AS multiple_ip_sessions, sum(requests) / count(*) AS avg_session_requests BY client_platform"""
    event = '{{"client_ip": "{ip}", "session_id": "{s}", "client_platform": "web"}}'
    rows = query(
        text,
        *(event.format(ip=ip, s=s) for ip, s in [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 3), ("c", 3)]),
    )
    assert rows == [{"client_platform": "web", "multiple_ip_sessions": "2", "avg_session_requests": "2.5"}]


def test_rounding_up_what_a_stats_made():
    text = """FIELDS strlen(@message) AS message_length | STATS sum(message_length) AS ingested_bytes, max(@timestamp) as @t BY @logStream
              | STATS avg(ingested_bytes) BY dateceil(@t, 5m)"""
    assert query(text, "abc", "de") == [
        {"dateceil(@t, 5m)": "2026-03-02 09:05:00.000", "avg(ingested_bytes)": "5"}
    ]


def test_a_field_that_stats_did_not_keep():
    error = refused("FIELDS @message | STATS SUM(Fault) by Operation | STATS MAX(strlen(@message)) AS x")
    assert error.mistake.name == "a field that stats did not make: @message"
    assert error.text[error.at : error.end] == "@message"


def test_bin_in_the_second_stats():
    error = refused(
        "FIELDS strlen(@message) AS l | STATS sum(l) AS b BY @logStream | STATS avg(b) BY bin(5m)"
    )
    assert error.mistake.name == "bin after stats"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("fields jsonParse(@message) as json_message | unnest json_message.events into event", "unnest"),
        ("filter @message like /ERROR/ | pattern @message", "pattern"),
        ("fields user_id | lookup user_data user_id OUTPUT username", "lookup"),
        ("SOURCE logGroups(namePrefix: ['Query']) | fields @message", "SOURCE"),
        ("fields jsonParse(@message) as m", "jsonparse"),
        ("fields unmask(@message)", "unmask"),
        ("stats count(*) | diff", "diff"),
        ("fields @entity.KeyAttributes.Name", "@entity"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(text, word):
    error = refused(text)
    assert word in error.mistake.name
    assert "not modeled" in error.mistake.name
