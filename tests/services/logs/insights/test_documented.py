"""The documented sample queries over events small enough to answer by hand; the invalid ones with their refusal."""

import json
from typing import Any, NamedTuple

import pytest

from cwlab import Lab
from tests.services.logs.conftest import client
from tests.services.logs.insights.asking import HOUR, MINUTE, SECOND, START, Event, Row, ask, refused
from tests.services.logs.insights.documented import QUERIES


class Case(NamedTuple):
    """A documented query, events, and its rows worked out by hand.

    Args:
        order: False where the documentation leaves the order of the rows open.
        now_ms: when the query starts.
    """

    name: str
    events: list[Event]
    rows: list[Row]
    order: bool = True
    now_ms: int = START + HOUR


def every(*messages: str, step: int = MINUTE) -> list[Event]:
    """Messages from START on, a step apart."""
    return [Event(n * step, message) for n, message in enumerate(messages)]


def documents(*contents: Any, step: int = MINUTE) -> list[Event]:
    return every(*(each if isinstance(each, str) else json.dumps(each) for each in contents), step=step)


def clock(minutes: int, seconds: int = 0) -> str:
    """How the instant so long after START is written."""
    hours, minutes = divmod(540 + minutes, 60)
    return f"2026-03-02 {hours:02}:{minutes:02}:{seconds:02}.000"


# -- any log ---------------------------------------------------------------------------------------------------------
SERVERS = documents(
    {"server": "a", "severity": "INFO", "message": "old"},
    {"server": "b", "severity": "INFO", "message": "only"},
    "no server",
    {"server": "a", "severity": "WARN", "message": "other"},
    {"server": "a", "severity": "INFO", "message": "new"},
    {"server": "c", "message": "no severity"},
    {"server": "c", "message": "none either"},
)
ANY = [
    Case(
        "newest",
        every(*(f"m{n}" for n in range(27))),
        [{"@timestamp": clock(n), "@message": f"m{n}"} for n in range(26, 1, -1)],
    ),
    Case(
        "exceptions by hour",
        every("x", "An Exception", "Exception 2", "Exception 3", "an exception", step=30 * MINUTE),
        [{"bin(1h)": clock(60), "exceptionCount": "2"}, {"bin(1h)": clock(0), "exceptionCount": "1"}],
    ),
    Case(
        "no exceptions",
        every("x", "An Exception", "exception", ""),
        [{"@message": ""}, {"@message": "exception"}, {"@message": "x"}],
    ),
    Case(
        "newest of a server",
        SERVERS,
        [
            {"@timestamp": clock(6), "server": "c", "message": "none either"},
            {"@timestamp": clock(4), "server": "a", "severity": "INFO", "message": "new"},
            {"@timestamp": clock(2)},
            {"@timestamp": clock(1), "server": "b", "severity": "INFO", "message": "only"},
        ],
    ),
    Case(
        "newest of a server and severity",
        SERVERS,
        [
            {"@timestamp": clock(6), "server": "c", "message": "none either"},
            {"@timestamp": clock(5), "server": "c", "message": "no severity"},
            {"@timestamp": clock(4), "server": "a", "severity": "INFO", "message": "new"},
            {"@timestamp": clock(3), "server": "a", "severity": "WARN", "message": "other"},
            {"@timestamp": clock(2)},
            {"@timestamp": clock(1), "server": "b", "severity": "INFO", "message": "only"},
        ],
    ),
    Case(
        "any case",
        documents(
            {"f1": "java.lang.EXCEPTION", "f2": 1},
            {"f1": "exceptional", "f3": True},
            {"f1": "except", "f2": 2},
            {"f2": "Exception"},
        ),
        [{"f1": "exceptional", "f3": "true"}, {"f1": "java.lang.EXCEPTION", "f2": "1"}],
    ),
    Case(
        "one of a list",
        documents({"logGroup": "example_group"}, {"logGroup": "example_group_2"}, "logGroup example_group"),
        [{"@timestamp": clock(0), "@message": '{"logGroup": "example_group"}'}],
    ),
    Case(
        "recent errors",
        [
            Event(0, "ERROR, five hours and a second ago"),
            Event(SECOND, "Error, five hours ago"),
            Event(2 * SECOND, "power Failure"),
            Event(3 * SECOND, "err"),
        ],
        [
            {"@timestamp": clock(0, 2), "@message": "power Failure"},
            {"@timestamp": clock(0, 1), "@message": "Error, five hours ago"},
        ],
        now_ms=START + 5 * HOUR + SECOND + 999,  # now() is in whole seconds
    ),
    Case(
        "two conditions",
        documents(
            {"range": 3000, "accountId": 123456789012},
            {"range": "3000.5", "accountId": "123456789012"},
            {"range": 9999, "accountId": 123456789013},
            {"range": 9999},
            {"range": 3001, "accountId": 123456789012},
        ),
        [
            {"@timestamp": clock(4), "@message": '{"range": 3001, "accountId": 123456789012}'},
            {"@timestamp": clock(1), "@message": '{"range": "3000.5", "accountId": "123456789012"}'},
        ],
    ),
]


# -- Lambda ----------------------------------------------------------------------------------------------------------
def report(n: int, duration: float, used: int = 72, memory: int = 192) -> str:
    return (
        f"REPORT RequestId: 11111111-1111-1111-1111-11111111111{n}\tDuration: {duration} ms\t"
        f"Billed Duration: {int(duration) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {used} MB\t\n"
    )


def begun(n: int) -> str:
    return f"START RequestId: 11111111-1111-1111-1111-11111111111{n} Version: $LATEST\n"


LAMBDA = [
    Case(
        "memory",
        every(report(1, 46.84, 72), begun(2), report(2, 3, 81), "Memory Size: 512 MB"),
        [
            {
                "provisonedMemoryMB": "192",
                "smallestMemoryRequestMB": "72",
                "avgMemoryUsedMB": "76.5",
                "maxMemoryUsedMB": "81",
                "overProvisionedMB": "111",
            }
        ],
    ),
    Case(
        "durations",
        [
            Event(0, begun(1)),
            Event(MINUTE, report(1, 10)),
            Event(4 * MINUTE, report(2, 20.5)),
            Event(5 * MINUTE, report(3, 7.25)),
        ],
        [
            {
                "bin(5m)": clock(5),
                "avg(@duration)": "7.25",
                "max(@duration)": "7.25",
                "min(@duration)": "7.25",
            },
            {
                "bin(5m)": clock(0),
                "avg(@duration)": "15.25",
                "max(@duration)": "20.5",
                "min(@duration)": "10",
            },
        ],
        order=False,
    ),
    Case(
        "slow requests",
        [
            Event(0, begun(1), "one"),
            Event(1000, report(1, 1000.01), "one"),
            Event(2000, report(2, 1000), "two"),
            Event(3000, report(3, 3000), "two"),
            Event(4000, report(1, 1500), "one"),
        ],
        [
            {
                "@timestamp": clock(0, 4),
                "@requestId": "11111111-1111-1111-1111-111111111111",
                "@message": report(1, 1500),
                "@logStream": "one",
            },
            {
                "@timestamp": clock(0, 3),
                "@requestId": "11111111-1111-1111-1111-111111111113",
                "@message": report(3, 3000),
                "@logStream": "two",
            },
        ],
    ),
]


# -- VPC flow logs, Route 53 -----------------------------------------------------------------------------------------
def flow(src: str, dst: str, packets: int, octets: int, protocol: int = 6) -> str:
    return f"2 123456789010 eni-1235b8ca {src} {dst} 20641 22 {protocol} {packets} {octets} 1418530010 1418530070 ACCEPT OK"


def skipped(status: str = "SKIPDATA") -> str:
    return f"2 123456789010 eni-11111111 - - - - - - - 1431280876 1431280934 - {status}"


FLOWS = every(
    flow("192.0.2.7", "10.0.0.1", 20, 4249),
    flow("198.51.100.1", "10.0.0.1", 5, 100, 17),
    flow("192.0.2.7", "10.0.0.1", 1, 51),
    flow("192.0.2.8", "10.0.0.2", 2, 60),
    "192.0.2.9 is no flow",
)


def dns(kind: str, code: str = "NOERROR", name: str = "example.com", resolver: str = "192.0.2.1") -> str:
    return f"1.0 2017-12-13T08:16:02.130Z Z123412341234 {name} {kind} {code} UDP FRA6 {resolver} -"


NETWORK = [
    Case(
        "top talkers",
        FLOWS,
        [
            {"srcAddr": "192.0.2.7", "dstAddr": "10.0.0.1", "packetsTransferred": "21"},
            {"srcAddr": "198.51.100.1", "dstAddr": "10.0.0.1", "packetsTransferred": "5"},
            {"srcAddr": "192.0.2.8", "dstAddr": "10.0.0.2", "packetsTransferred": "2"},
            {},  # what is no flow has neither address: a group of its own
        ],
    ),
    Case(
        "bytes from a subnet",
        FLOWS,
        [
            {"dstAddr": "10.0.0.1", "bytesTransferred": "4300"},
            {"dstAddr": "10.0.0.2", "bytesTransferred": "60"},
        ],
    ),
    Case("udp", FLOWS, [{"srcAddr": "198.51.100.1", "count(*)": "1"}]),
    Case(
        "skipped by hour",
        [
            Event(2 * HOUR, skipped()),
            Event(0, skipped()),
            Event(HOUR, skipped("NODATA")),
            Event(HOUR - 1, skipped()),
        ],
        [{"t": clock(0), "count(*)": "2"}, {"t": clock(120), "count(*)": "1"}],
    ),
    Case(
        "bytes by target",
        FLOWS,
        [
            {"dstAddr": "10.0.0.1", "avg(bytes)": "1466.6666666666667", "max(bytes)": "4249"},
            {"dstAddr": "10.0.0.2", "avg(bytes)": "60", "max(bytes)": "60"},
            {},
        ],
        order=False,
    ),
    Case("nat", FLOWS, []),  # x.x.x.x stands for an address: nothing has it as it is printed
    Case(
        "dns by type",
        [
            Event(0, dns("A")),
            Event(1, dns("MX")),
            Event(2, dns("A")),
            Event(HOUR, dns("A")),
        ],
        [
            {"queryType": "A", "bin(1h)": clock(60), "count(*)": "1"},
            {"queryType": "A", "bin(1h)": clock(0), "count(*)": "2"},
            {"queryType": "MX", "bin(1h)": clock(0), "count(*)": "1"},
        ],
        order=False,
    ),
    Case(
        "dns resolvers",
        every(*(dns("A", resolver=f"192.0.2.{n}") for n in [*range(1, 12), 5, 5, 3])),
        [
            {"resolverIp": "192.0.2.5", "numRequests": "3"},
            {"resolverIp": "192.0.2.3", "numRequests": "2"},
            *({"resolverIp": f"192.0.2.{n}", "numRequests": "1"} for n in (1, 2, 4, 6, 7, 8, 9, 10)),
        ],
    ),
    Case(
        "dns failures",
        every(
            dns("A", "SERVFAIL", "a.example.com"),
            dns("A"),
            dns("AAAA", "SERVFAIL", "b.example.com"),
            dns("AAAA", "SERVFAIL", "a.example.com"),
        ),
        [{"queryName": "a.example.com", "count(*)": "2"}, {"queryName": "b.example.com", "count(*)": "1"}],
        order=False,
    ),
]


# -- CloudTrail ------------------------------------------------------------------------------------------------------
def trail(name: str, source: str = "ec2", region: str = "us-east-2", **more: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "responseElements": None,
        **more,
    }


STARTED = trail(
    "StartInstances", requestParameters={"instancesSet": {"items": [{"instanceId": "i-abcde123"}]}}
)
SECOND_OF_TWO = trail(
    "StopInstances",
    requestParameters={"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-abcde123"}]}},
)
CLOUDTRAIL = [
    Case(
        "trail by source",
        documents(trail("RunInstances"), trail("RunInstances"), trail("CreateUser", "iam", "us-east-1")),
        [
            {
                "eventSource": "ec2.amazonaws.com",
                "eventName": "RunInstances",
                "awsRegion": "us-east-2",
                "count(*)": "2",
            },
            {
                "eventSource": "iam.amazonaws.com",
                "eventName": "CreateUser",
                "awsRegion": "us-east-1",
                "count(*)": "1",
            },
        ],
        order=False,
    ),
    Case(
        "starts and stops",
        documents(STARTED, trail("StopInstances", region="us-east-1"), SECOND_OF_TWO, trail("RunInstances")),
        [
            {"@timestamp": clock(2), "@message": json.dumps(SECOND_OF_TWO)},
            {"@timestamp": clock(0), "@message": json.dumps(STARTED)},
        ],
    ),
    Case(
        "new users",
        documents(
            trail(
                "CreateUser",
                "iam",
                "us-east-1",
                requestParameters={"userName": "eve"},
                responseElements={"user": {"arn": "arn:aws:iam::123456789012:user/eve", "path": "/"}},
            ),
            trail("CreateUser", "iam", requestParameters={"userName": "bob"}, errorCode="AccessDenied"),
            trail("DeleteUser", "iam", requestParameters={"userName": "bob"}),
        ),
        [
            {"awsRegion": "us-east-2", "requestParameters.userName": "bob"},
            {
                "awsRegion": "us-east-1",
                "requestParameters.userName": "eve",
                "responseElements.user.arn": "arn:aws:iam::123456789012:user/eve",
            },
        ],
    ),
    Case(
        "trail errors",
        documents(
            trail("UpdateTrail", errorCode="TrailNotFoundException", errorMessage="Unknown trail: x"),
            trail("UpdateTrail", errorCode="TrailNotFoundException", errorMessage="Unknown trail: x"),
            trail("UpdateTrail", errorCode="AccessDenied"),
            trail("UpdateTrail"),
            trail("UpdateTrail", errorCode=None),
            trail("CreateTrail", errorCode="AccessDenied"),
        ),
        [
            {"errorCode": "AccessDenied", "count(*)": "1"},
            {
                "errorCode": "TrailNotFoundException",
                "errorMessage": "Unknown trail: x",
                "count(*)": "2",
            },
        ],
        order=False,
    ),
    Case(
        "old tls",
        documents(
            *(trail("x", "s3", tlsDetails={"tlsVersion": v}) for v in ("TLSv1", "TLSv1.1", "TLSv1.2")),
            trail("x", "kms", tlsDetails={"tlsVersion": "TLSv1.1"}),
            trail("x", "sts", tlsDetails={"tlsVersion": "TLSv1.3"}),
            trail("x", "sqs"),
        ),
        [
            {"eventSource": "s3.amazonaws.com", "numOutdatedTlsCalls": "2"},
            {"eventSource": "kms.amazonaws.com", "numOutdatedTlsCalls": "1"},
        ],
    ),
    Case(
        "one instance",
        documents(STARTED, SECOND_OF_TWO, trail("StartInstances", requestParameters=None), STARTED),
        [
            {"@timestamp": clock(3), "@message": json.dumps(STARTED)},
            {"@timestamp": clock(0), "@message": json.dumps(STARTED)},
        ],
    ),
]


# -- API Gateway, Apache, EventBridge --------------------------------------------------------------------------------
def access(status: Any, ip: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
    return {"status": status, "ip": ip, "path": "/pay", "httpMethod": "GET", **more}


PAID = {"ip": "192.0.2.1", "path": "/pay", "httpMethod": "GET"}
WEB = [
    Case(
        "client errors",
        documents(access("399"), access("400"), access(499), access("500"), access("4xx"), {"ip": "-"}),
        [
            {"@timestamp": clock(2), "status": "499", **PAID},
            {"@timestamp": clock(1), "status": "400", **PAID},
        ],
    ),
    Case(
        "slowest",
        documents(
            access(200, responseLatency="9"),
            access(200, responseLatency=100),
            access(200, responseLatency="-"),
            access(504),
            access(200, responseLatency="29.5"),
        ),
        [
            {"@timestamp": clock(1), "status": "200", **PAID, "responseLatency": "100"},
            {"@timestamp": clock(4), "status": "200", **PAID, "responseLatency": "29.5"},
            {"@timestamp": clock(0), "status": "200", **PAID, "responseLatency": "9"},
            {"@timestamp": clock(2), "status": "200", **PAID, "responseLatency": "-"},
            {"@timestamp": clock(3), "status": "504", **PAID},
        ],
    ),
    Case(
        "latencies",
        documents(
            access("200", integrationLatency="10"),
            access(200, integrationLatency="-"),
            access(200, integrationLatency=30),
            access(500, integrationLatency=999),
            access(200, integrationLatency="4"),
            step=20 * SECOND,
        ),
        [
            {
                "bin(1m)": clock(1),
                "avg(integrationLatency)": "4",
                "max(integrationLatency)": "4",
                "min(integrationLatency)": "4",
            },
            {
                "bin(1m)": clock(0),
                "avg(integrationLatency)": "20",
                "max(integrationLatency)": "30",
                "min(integrationLatency)": "10",
            },
        ],
        order=False,
    ),
    Case(
        "unique visits",
        documents(
            *(
                {"remoteIP": ip, "status": status, "method": method, "referrer": referrer}
                for ip, status, method, referrer in (
                    ("192.0.2.1", "200", "GET", "http://34.250.27.141/"),
                    ("192.0.2.2", 200, "GET", "http://34.250.27.141/"),
                    ("192.0.2.1", "200", "GET", "http://34.250.27.141/"),
                    ("192.0.2.3", "200", "POST", "http://34.250.27.141/"),
                    ("192.0.2.4", "404", "GET", "http://34.250.27.141/"),
                    ("192.0.2.5", "200", "GET", "http://34.250.27.141"),
                )
            )
        ),
        [{"UniqueVisits": "2"}],
    ),
    Case(
        "events by type",
        documents(
            {"detail-type": "EC2 Instance State-change Notification"},
            {"detail-type": "Scheduled Event"},
            {"detail-type": "Scheduled Event"},
            {"detail": {"type": "Scheduled Event"}},
        ),
        [
            {"detail-type": "Scheduled Event", "numberOfEvents": "2"},
            {"numberOfEvents": "1"},
            {"detail-type": "EC2 Instance State-change Notification", "numberOfEvents": "1"},
        ],
        order=False,
    ),
]


# -- parse, two stats ------------------------------------------------------------------------------------------------
CALLS = every(
    "t user=bob, method:GET, latency := 10",
    "t user=bob, method:GET, latency := 15",
    "t user=eve, method:GET, latency := 1",
    "t user=eve, method:PUT, latency := soon",
    "other",
)
PARSED = [
    Case(
        "glob",
        CALLS,
        [
            {"@method": "GET", "@user": "bob", "avg(@latency)": "12.5"},
            {"@method": "GET", "@user": "eve", "avg(@latency)": "1"},
            {"@method": "PUT", "@user": "eve"},
            {},
        ],
        order=False,
    ),
    # As it is printed its last group is empty, and it groups by names it did not make: one row without anything.
    Case("groups with other names", CALLS, [{}]),
    Case(
        "parse and display",
        every("t [INFO] fine", "t [DEBUG] x", "t [ERROR] bad [ERROR]\nvery", "ERROR"),
        [
            {"loggingMessage": "bad [ERROR]\nvery", "isError": "1"},
            {"loggingMessage": "fine", "isError": "0"},
        ],
    ),
    Case(
        "interfaces",
        [FLOWS[0], Event(MINUTE, "eni-9 and eni-8 "), Event(2 * MINUTE, "eni-7")],
        [
            {"@message": "eni-7"},
            {"NetworkInterface": "eni-9", "@message": "eni-9 and eni-8 "},
            {"NetworkInterface": "eni-1235b8ca", "@message": FLOWS[0].message},
        ],
    ),
    Case(
        "recent client errors",
        [
            Event(0, "Status Code: 404; two hours and a bit ago"),
            Event(2 * SECOND, "Status Code: 400; two hours ago"),
            Event(MINUTE, "Status Code: 4.99e2; x; y"),
            Event(MINUTE, "Status Code: 500;"),
            Event(MINUTE, "Status Code: 404"),
            Event(MINUTE, "Status Code: no;"),
        ],
        [
            {"@timestamp": clock(1), "@message": "Status Code: 4.99e2; x; y"},
            {"@timestamp": clock(0, 2), "@message": "Status Code: 400; two hours ago"},
        ],
        now_ms=START + 2 * HOUR + 2 * SECOND,
    ),
    Case(
        "peaks",
        [
            Event(0, "é" * 524_288),  # characters, not bytes
            Event(4 * MINUTE, "x" * 524_288),
            Event(5 * MINUTE, "x" * 262_144),
        ],
        [{"peak_ingest_mb": "1", "min_ingest_mb": "0.25", "avg_ingest_mb": "0.625"}],
    ),
    Case(
        "sessions",
        documents(
            *(
                {"client_ip": ip, "session_id": session, "client_platform": platform}
                for ip, session, platform in (
                    ("a", 1, "web"),
                    ("b", 1, "web"),
                    ("a", 2, "web"),
                    ("a", 3, "web"),
                    ("b", 3, "web"),
                    ("c", 3, "web"),
                    ("d", 4, "app"),
                    ("d", 4, "app"),
                    ("d", 5, "app"),
                    ("e", 5, "app"),
                )
            )
        ),
        [
            {"client_platform": "app", "multiple_ip_sessions": "1", "avg_session_requests": "2"},
            {"client_platform": "web", "multiple_ip_sessions": "2", "avg_session_requests": "2.5"},
        ],
        order=False,
    ),
    Case(
        "stream averages",
        [
            Event(0, "abc", "one"),
            Event(MINUTE, "de", "one"),
            Event(5 * MINUTE, "four", "two"),
            Event(5 * MINUTE + 1, "sixsix", "three"),
        ],
        [
            {"dateceil(@t, 5m)": clock(10), "avg(ingested_bytes)": "6"},
            {"dateceil(@t, 5m)": clock(5), "avg(ingested_bytes)": "4.5"},
        ],
        order=False,
    ),
]

MORE = [
    Case(
        "unnest",
        documents(
            {"events": [{"name": "a"}, {"name": "b"}, {"id": 3}]},
            {"events": []},
            "no document",
            {"events": {"name": "alone"}},
            {"events": "text"},
        ),
        [{}, {"event.name": "alone"}, {"event.name": "a"}, {"event.name": "b"}, {}],
    ),
    Case(
        "pattern",
        every(
            "ERROR Failed to do: write 5 rows",
            "ERROR Failed to do: read",
            "ERROR Failed to do: write 17 rows",
            "INFO Failed to do: read",
            "ERROR Failed to do: write 21 rows",
            "ERROR out of memory",
        ),
        [
            {"@pattern": "read", "@ratio": "0.25", "@sampleCount": "1"},
            {"@pattern": "write <Number-1> rows", "@ratio": "0.75", "@sampleCount": "3"},
        ],
    ),
]
CASES = [*ANY, *LAMBDA, *NETWORK, *CLOUDTRAIL, *WEB, *PARSED, *MORE]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_answer_is_the_one_worked_out_by_hand(case):
    rows = ask(QUERIES[case.name], case.events, case.now_ms)
    if case.order:
        assert rows == case.rows
    else:
        assert sorted(rows, key=str) == sorted(case.rows, key=str)


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Three groups, an event in each, and a lookup table."""
    made = Lab()
    logs = client(made)
    for group in ("/app", "Query1", "Query2"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="web")
        for n, user in enumerate(("u1", "u2", "u3", "u4")):
            message = json.dumps({"user_id": user, "action": f"{group} {n}"})
            stamp = int(made.now.timestamp() * 1000) - 1000 + n
            logs.put_log_events(
                logGroupName=group, logStreamName="web", logEvents=[{"timestamp": stamp, "message": message}]
            )
    table = "user_id,username,email,department\nu1,ann,ann@example.com,Engineering\nu2,bob,bob@example.com,Sales\nu4,dan,dan@example.com,Engineering\n"
    logs.create_lookup_table(lookupTableName="user_data", tableBody=table)
    return made


def answered(lab: Lab, name: str, **groups: str) -> list[Row]:
    """The rows of a documented query of a lab's groups."""
    logs, now_s = client(lab), int(lab.now.timestamp())
    query_id = logs.start_query(queryString=QUERIES[name], startTime=0, endTime=now_s, **groups)["queryId"]
    lab.advance(seconds=2)
    return [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        for row in logs.get_query_results(queryId=query_id)["results"]
    ]


def test_fields_from_a_lookup_table(lab):
    assert answered(lab, "lookup", logGroupName="/app") == [
        {
            "user_id": "u4",
            "action": "/app 3",
            "username": "dan",
            "email": "dan@example.com",
            "department": "Engineering",
        },
        {
            "user_id": "u1",
            "action": "/app 0",
            "username": "ann",
            "email": "ann@example.com",
            "department": "Engineering",
        },
    ]


def test_groups_chosen_in_the_query(lab):
    found = [json.loads(row["@message"])["action"] for row in answered(lab, "source")]
    assert len(found) == 5 and not any(each.startswith("/app") for each in found)
    assert [each.split()[1] for each in found] == ["3", "3", "2", "2", "1"]


def test_no_documented_query_is_left_out():
    elsewhere = {"lookup", "source", "a field stats did not keep", "bin in the second stats"}
    assert {case.name for case in CASES} | elsewhere == set(QUERIES)
    assert len(QUERIES) == 46


def test_through_a_gateway_with_real_addresses():
    text = QUERIES["nat"].replace("x.x.x.x", "10.0.0.1").replace("y.y.", "192.0.")
    assert ask(text, FLOWS) == [
        {"srcAddr": "192.0.2.7", "dstAddr": "10.0.0.1", "bytesTransferred": "4300"},
    ]


def test_a_field_that_stats_did_not_keep():
    error = refused(QUERIES["a field stats did not keep"])
    assert error.mistake.name == "a field that stats did not make: @message"
    assert error.text[error.at : error.end] == "@message"


def test_bin_in_the_second_stats():
    error = refused(QUERIES["bin in the second stats"])
    assert error.mistake.name == "bin after stats"
    assert error.text[error.at : error.end] == "bin(5m)"
