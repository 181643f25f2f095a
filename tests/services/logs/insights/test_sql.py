"""The documented queries against SQL written by hand over the same records.

The records are made first; from each come both an event, written as its service writes it, and a row of a plain table.
So nothing of the compiler, of how messages are taken apart or of how values are shown is shared with the SQL.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pytest

from tests.services.logs.insights.asking import HOUR, LOG, MINUTE, START, Event, Row, ask
from tests.services.logs.insights.documented import QUERIES

COUNT = 240
NOW = START + 8 * HOUR
Record = dict[str, Any]


class Kind(NamedTuple):
    """A kind of log: the columns of its table beside ts, place, stream, log and message; a record; its message."""

    columns: str
    record: Callable[[Random], Record]
    message: Callable[[Record], str]


def document(record: Record) -> str:
    return json.dumps({name: value for name, value in record.items() if value is not None})


def service(dice: Random) -> Record:
    return {
        "server": dice.choice(["a", "b", "c", None]),
        "severity": dice.choice(["INFO", "WARN", None]),
        "message": dice.choice(["An Exception", "an exception", "failure", "ERROR 7", "fine"]),
        "f1": dice.choice(["EXCEPTION in f1", "none", None]),
        "range": dice.choice([2999, 3000, 3001, 40000, None]),
        "accountId": dice.choice([123456789012, 123456789013]),
        "client_ip": dice.choice(["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        "session_id": dice.randrange(60),
        "client_platform": dice.choice(["web", "app", "tv"]),
    }


def function(dice: Random) -> Record:
    return {
        "type": dice.choice(["START", "REPORT", "REPORT"]),
        "request": f"00000000-0000-4000-8000-{dice.randrange(90):012}",
        "duration": dice.choice([3.5, 999.75, 1000.0, 1000.25, 2500.5]),
        "memory": dice.choice([128, 512]),
        "used": dice.randrange(40, 128),
    }


def function_line(r: Record) -> str:
    if r["type"] == "START":
        return f"START RequestId: {r['request']} Version: $LATEST\n"
    return (
        f"REPORT RequestId: {r['request']}\tDuration: {r['duration']} ms\tBilled Duration: {int(r['duration']) + 1} ms\t"
        f"Memory Size: {r['memory']} MB\tMax Memory Used: {r['used']} MB\t\n"
    )


def flow(dice: Random) -> Record:
    skipped = dice.random() < 0.2
    return {
        "src": None if skipped else f"192.0.{dice.choice([2, 3])}.{dice.randrange(4)}",
        "dst": None if skipped else f"10.0.0.{dice.randrange(4)}",
        "protocol": None if skipped else dice.choice([1, 6, 17]),
        "packets": None if skipped else dice.randrange(1, 50),
        "bytes": None if skipped else dice.randrange(40, 9000),
        "status": "SKIPDATA" if skipped else "OK",
    }


def flow_line(r: Record) -> str:
    if r["src"] is None:
        return "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - SKIPDATA"
    return (
        f"2 123456789010 eni-1 {r['src']} {r['dst']} 20641 22 {r['protocol']} {r['packets']} {r['bytes']} "
        "1418530010 1418530070 ACCEPT OK"
    )


def lookup(dice: Random) -> Record:
    return {
        "name": dice.choice(["a.example.com", "b.example.com"]),
        "type": dice.choice(["A", "AAAA", "MX"]),
        "code": dice.choice(["NOERROR", "SERVFAIL", "NXDOMAIN"]),
        "resolver": f"192.0.2.{dice.randrange(14)}",
    }


def lookup_line(r: Record) -> str:
    return f"1.0 2017-12-13T08:16:02.130Z Z123 {r['name']} {r['type']} {r['code']} UDP FRA6 {r['resolver']} -"


def trail(dice: Random) -> Record:
    return {
        "source": dice.choice(["ec2.amazonaws.com", "s3.amazonaws.com"]),
        "name": dice.choice(["StartInstances", "StopInstances", "CreateUser", "UpdateTrail"]),
        "region": dice.choice(["us-east-1", "us-east-2"]),
        "tls": dice.choice(["TLSv1", "TLSv1.1", "TLSv1.2", None]),
        "code": dice.choice(["AccessDenied", "TrailNotFoundException", None]),
        "said": dice.choice(["no", "not at all", None]),
        "first": dice.choice(["i-abcde123", "i-2", None]),
        "second": dice.choice(["i-abcde123", None]),
        "user_name": dice.choice(["eve", "bob"]),
        "arn": dice.choice(["arn:aws:iam::1:user/eve", None]),
    }


def trail_event(r: Record) -> str:
    items = [{"instanceId": each} for each in (r["first"], r["second"]) if each is not None]
    event = {
        "eventSource": r["source"],
        "eventName": r["name"],
        "awsRegion": r["region"],
        "errorCode": r["code"],
        "errorMessage": r["said"],
        "requestParameters": {"userName": r["user_name"], "instancesSet": {"items": items}},
        "responseElements": None if r["arn"] is None else {"user": {"arn": r["arn"]}},
    }
    if r["tls"] is not None:
        event["tlsDetails"] = {"tlsVersion": r["tls"]}
    return json.dumps(event)


def access(dice: Random) -> Record:
    return {
        "status": dice.choice([200, 200, 399, 400, 404, 499, 500]),
        "ip": f"192.0.2.{dice.randrange(9)}",
        "path": dice.choice(["/", "/pay"]),
        "httpMethod": dice.choice(["GET", "POST"]),
        "responseLatency": dice.choice([None, dice.randrange(2000), dice.randrange(2000) / 8]),
        "integrationLatency": dice.choice([None, dice.randrange(300)]),
        "remoteIP": f"192.0.2.{dice.randrange(99)}",
        "method": dice.choice(["GET", "POST"]),
        "referrer": dice.choice(["http://34.250.27.141/", "-"]),
        "detail-type": dice.choice(["Scheduled Event", "EC2 Instance State-change Notification", None]),
    }


def line(dice: Random) -> Record:
    return {
        "user": dice.choice(["bob", "eve", None]),
        "method": dice.choice(["GET", "PUT"]),
        "latency": dice.choice([1, 2.5, 40]),
        "level": dice.choice(["ERROR", "INFO", "DEBUG"]),
        "code": dice.choice([200, 399, 400, 404, 499, 500, None]),
        "eni": dice.choice(["eni-1", "eni-0a1b", None]),
    }


def line_text(r: Record) -> str:
    """One of them for all the samples of parse."""
    text = f"09:00 [{r['level']}] went"
    if r["user"] is not None:
        text = f"{text} user={r['user']}, method:{r['method']}, latency := {r['latency']}"
    else:
        text = f"{text} {r['eni'] or 'eni'} Status Code: {'no' if r['code'] is None else r['code']};"
    return text


KINDS = {
    "service": Kind(
        "server TEXT, severity TEXT, said TEXT, f1 TEXT, range BIGINT, account BIGINT, client_ip TEXT, session BIGINT, platform TEXT",
        service,
        document,
    ),
    "function": Kind(
        "type TEXT, request TEXT, duration DOUBLE, memory BIGINT, used BIGINT", function, function_line
    ),
    "flow": Kind(
        "src TEXT, dst TEXT, protocol BIGINT, packets BIGINT, bytes BIGINT, status TEXT", flow, flow_line
    ),
    "dns": Kind("name TEXT, type TEXT, code TEXT, resolver TEXT", lookup, lookup_line),
    "trail": Kind(
        "source TEXT, name TEXT, region TEXT, tls TEXT, code TEXT, said TEXT, first TEXT, second TEXT, user_name TEXT, arn TEXT",
        trail,
        trail_event,
    ),
    "access": Kind(
        "status BIGINT, ip TEXT, path TEXT, verb TEXT, latency DOUBLE, integration BIGINT, remote TEXT, method TEXT, referrer TEXT, detail_type TEXT",
        access,
        document,
    ),
    "line": Kind(
        "user_name TEXT, method TEXT, latency DOUBLE, level TEXT, code BIGINT, eni TEXT", line, line_text
    ),
}


class World(NamedTuple):
    database: duckdb.DuckDBPyConnection
    events: dict[str, list[Event]]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """The events of every kind, and a table of each kind's records."""
    dice, made = Random(7), dict[str, list[Event]]()
    with duckdb.connect() as database:
        for name, kind in KINDS.items():
            records = [kind.record(dice) for _ in range(COUNT)]
            places = [
                (
                    dice.randrange(96) * 5 * MINUTE + dice.choice([0, 0, 500, 299_999]),
                    dice.choice(["one", "two"]),
                )
                for _ in records
            ]
            made[name] = [
                Event(at, kind.message(r), stream) for (at, stream), r in zip(places, records, strict=True)
            ]
            database.execute(
                f'CREATE TABLE "{name}" (ts BIGINT, place BIGINT, stream TEXT, log TEXT, message TEXT, {kind.columns})'
            )
            rows = [
                [START + event.at, place, event.stream, LOG, event.message, *record.values()]
                for place, (event, record) in enumerate(zip(made[name], records, strict=True))
            ]
            frame = pd.DataFrame(rows, dtype=object)
            database.register("incoming", frame).execute(f'INSERT INTO "{name}" FROM incoming')
        yield World(database, made)


def written(value: Any) -> str:
    """A value as Insights shows it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def selected(database: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    found = database.execute(sql)
    assert found.description is not None
    names = [column[0] for column in found.description]
    return [
        {name: written(value) for name, value in zip(names, row, strict=True) if value is not None}
        for row in found.fetchall()
    ]


AT = 'make_timestamp(ts * 1000) AS "@timestamp"'
NEWEST = "ORDER BY ts DESC, place"

# The query, the table, the SQL; an ORDER BY stands where the documentation says in which order rows come.
SAME: list[tuple[str, str, str]] = [
    ("newest", "service", f'SELECT {AT}, message AS "@message" FROM service {NEWEST} LIMIT 25'),
    (
        "exceptions by hour",
        "service",
        """SELECT time_bucket(INTERVAL 1 HOUR, make_timestamp(ts * 1000)) AS "bin(1h)", count(*) AS "exceptionCount"
           FROM service WHERE said = 'An Exception' GROUP BY 1 ORDER BY 2 DESC, 1 DESC""",
    ),
    (
        "no exceptions",
        "service",
        f"""SELECT message AS "@message" FROM service WHERE said <> 'An Exception' {NEWEST}""",
    ),
    (
        "newest of a server",
        "service",
        f"""SELECT {AT}, server, severity, said AS message FROM service AS s
            WHERE server IS NULL OR NOT EXISTS (
                FROM service AS o WHERE o.server = s.server AND (o.ts > s.ts OR o.ts = s.ts AND o.place < s.place))
            {NEWEST}""",
    ),
    (
        "newest of a server and severity",
        "service",
        f"""SELECT {AT}, server, severity, said AS message FROM service AS s
            WHERE server IS NULL OR severity IS NULL OR NOT EXISTS (
                FROM service AS o WHERE o.server = s.server AND o.severity = s.severity
                                        AND (o.ts > s.ts OR o.ts = s.ts AND o.place < s.place))
            {NEWEST}""",
    ),
    ("any case", "service", f"SELECT f1 FROM service WHERE f1 = 'EXCEPTION in f1' {NEWEST}"),
    (
        "recent errors",
        "service",
        f"""SELECT {AT}, message AS "@message" FROM service
            WHERE said IN ('failure', 'ERROR 7') AND ts >= {NOW} - 18000000 {NEWEST}""",
    ),
    (
        "two conditions",
        "service",
        f"""SELECT {AT}, message AS "@message" FROM service
            WHERE range IN (3001, 40000) AND account = 123456789012 {NEWEST} LIMIT 20""",
    ),
    (
        "memory",
        "function",
        """SELECT max(memory) AS "provisonedMemoryMB", min(used) AS "smallestMemoryRequestMB", avg(used) AS "avgMemoryUsedMB",
                  max(used) AS "maxMemoryUsedMB", max(memory) - max(used) AS "overProvisionedMB"
           FROM function WHERE type = 'REPORT'""",
    ),
    (
        "durations",
        "function",
        """SELECT make_timestamp((ts - ts % 300000) * 1000) AS "bin(5m)", avg(duration) AS "avg(@duration)",
                  max(duration) AS "max(@duration)", min(duration) AS "min(@duration)"
           FROM function WHERE type = 'REPORT' GROUP BY 1""",
    ),
    (
        "slow requests",
        "function",
        f"""WITH slow AS (FROM function WHERE type = 'REPORT' AND duration > 1000)
            SELECT {AT}, request AS "@requestId", message AS "@message", stream AS "@logStream" FROM slow AS s
            WHERE NOT EXISTS (FROM slow AS o WHERE o.request = s.request AND (o.ts > s.ts OR o.ts = s.ts AND o.place < s.place))
            {NEWEST} LIMIT 20""",
    ),
    (
        "top talkers",
        "flow",
        """SELECT src AS "srcAddr", dst AS "dstAddr", sum(packets) AS "packetsTransferred" FROM
           (SELECT coalesce(src, '-') AS src, coalesce(dst, '-') AS dst, packets FROM flow)
           GROUP BY 1, 2 ORDER BY 3 DESC NULLS LAST, 1, 2 LIMIT 15""",
    ),
    (
        "bytes from a subnet",
        "flow",
        """SELECT dst AS "dstAddr", sum(bytes) AS "bytesTransferred" FROM flow WHERE src BETWEEN '192.0.2.0' AND '192.0.2.9'
           GROUP BY 1 ORDER BY 2 DESC LIMIT 15""",
    ),
    (
        "udp",
        "flow",
        'SELECT src AS "srcAddr", count(*) AS "count(*)" FROM flow WHERE protocol = 17 GROUP BY 1',
    ),
    (
        "skipped by hour",
        "flow",
        """SELECT date_trunc('hour', make_timestamp(ts * 1000)) AS t, count(*) AS "count(*)" FROM flow
           WHERE status = 'SKIPDATA' GROUP BY 1 ORDER BY 1""",
    ),
    (
        "dns by type",
        "dns",
        """SELECT type AS "queryType", date_trunc('hour', make_timestamp(ts * 1000)) AS "bin(1h)", count(*) AS "count(*)"
           FROM dns GROUP BY ALL""",
    ),
    (
        "dns resolvers",
        "dns",
        """SELECT resolver AS "resolverIp", count(*) AS "numRequests" FROM dns GROUP BY 1
           ORDER BY 2 DESC, CAST(split_part(resolver, '.', 4) AS INTEGER) LIMIT 10""",
    ),
    (
        "dns failures",
        "dns",
        """SELECT name AS "queryName", count(*) AS "count(*)" FROM dns WHERE code = 'SERVFAIL' GROUP BY 1""",
    ),
    (
        "trail by source",
        "trail",
        """SELECT source AS "eventSource", name AS "eventName", region AS "awsRegion", count(*) AS "count(*)"
           FROM trail GROUP BY ALL""",
    ),
    (
        "starts and stops",
        "trail",
        f"""SELECT {AT}, message AS "@message" FROM trail
            WHERE name LIKE 'St%Instances' AND region = 'us-east-2' {NEWEST}""",
    ),
    (
        "new users",
        "trail",
        f"""SELECT region AS "awsRegion", user_name AS "requestParameters.userName", arn AS "responseElements.user.arn"
            FROM trail WHERE name = 'CreateUser' {NEWEST}""",
    ),
    (
        "trail errors",
        "trail",
        """SELECT code AS "errorCode", said AS "errorMessage", count(*) AS "count(*)" FROM trail
           WHERE name = 'UpdateTrail' AND code IS NOT NULL GROUP BY ALL""",
    ),
    (
        "old tls",
        "trail",
        """SELECT source AS "eventSource", count(*) AS "numOutdatedTlsCalls" FROM trail WHERE tls IN ('TLSv1', 'TLSv1.1')
           GROUP BY 1 ORDER BY 2 DESC, 1""",
    ),
    (
        "one instance",
        "trail",
        f"""SELECT {AT}, message AS "@message" FROM trail
            WHERE first = 'i-abcde123' OR first IS NULL AND second = 'i-abcde123' {NEWEST}""",
    ),
    (
        "client errors",
        "access",
        f"""SELECT {AT}, status, ip, path, verb AS "httpMethod" FROM access WHERE status // 100 = 4 {NEWEST} LIMIT 10""",
    ),
    (
        "slowest",
        "access",
        f"""SELECT {AT}, status, ip, path, verb AS "httpMethod", latency AS "responseLatency" FROM access
            ORDER BY latency DESC NULLS LAST, ts DESC, place LIMIT 10""",
    ),
    (
        "latencies",
        "access",
        """SELECT date_trunc('minute', make_timestamp(ts * 1000)) AS "bin(1m)", avg(integration) AS "avg(integrationLatency)",
                  max(integration) AS "max(integrationLatency)", min(integration) AS "min(integrationLatency)"
           FROM access WHERE status = 200 GROUP BY 1""",
    ),
    (
        "unique visits",
        "access",
        """SELECT count(DISTINCT remote) AS "UniqueVisits" FROM access
           WHERE status = 200 AND referrer LIKE 'http%' AND method = 'GET'""",
    ),
    (
        "events by type",
        "access",
        """SELECT detail_type AS "detail-type", count(*) AS "numberOfEvents" FROM access GROUP BY 1 ORDER BY 2 DESC, 1""",
    ),
    (
        "glob",
        "line",
        """SELECT CASE WHEN user_name IS NOT NULL THEN method END AS "@method", user_name AS "@user",
                  avg(latency) FILTER (WHERE user_name IS NOT NULL) AS "avg(@latency)"
           FROM line GROUP BY 1, 2""",
    ),
    (
        "parse and display",
        "line",
        f"""SELECT substr(message, strpos(message, 'went')) AS "loggingMessage", level = 'ERROR' AS "isError"
            FROM line WHERE level <> 'DEBUG' {NEWEST}""",
    ),
    (
        "interfaces",
        "line",
        f"""SELECT CASE WHEN user_name IS NULL THEN eni END AS "NetworkInterface", message AS "@message" FROM line {NEWEST}""",
    ),
    (
        "recent client errors",
        "line",
        f"""SELECT {AT}, message AS "@message" FROM line
            WHERE user_name IS NULL AND code BETWEEN 400 AND 499 AND ts >= {NOW} - 2 * 3600 * 1000 {NEWEST}""",
    ),
    (
        "peaks",
        "line",
        """SELECT max(mb) AS "peak_ingest_mb", min(mb) AS "min_ingest_mb", avg(mb) AS "avg_ingest_mb" FROM
           (SELECT sum(length(message)) / 1024.0 / 1024 AS mb FROM line GROUP BY ts // 300000)""",
    ),
    (
        "sessions",
        "service",
        """WITH sessions AS (SELECT session, platform, count(*) AS requests FROM service
                             GROUP BY ALL HAVING count(DISTINCT client_ip) > 1)
           SELECT platform AS "client_platform", count(*) AS "multiple_ip_sessions", avg(requests) AS "avg_session_requests"
           FROM sessions GROUP BY 1""",
    ),
    (
        "stream averages",
        "line",
        """WITH streams AS (SELECT sum(length(message)) AS size, max(ts) AS newest FROM line GROUP BY stream)
           SELECT make_timestamp(CAST(ceil(newest / 300000) * 300000000 AS BIGINT)) AS "dateceil(@t, 5m)", avg(size) AS "avg(ingested_bytes)"
           FROM streams GROUP BY 1""",
    ),
]


@pytest.mark.parametrize(("name", "table", "sql"), SAME, ids=[each[0] for each in SAME])
def test_the_rows_are_those_of_sql_written_by_hand(world, name, table, sql):
    rows = ask(QUERIES[name], world.events[table], NOW)
    wanted = selected(world.database, sql)
    assert len(wanted) > 0
    if "ORDER BY" not in sql:
        rows, wanted = sorted(rows, key=str), sorted(wanted, key=str)
    assert rows == wanted
