"""Fields that Logs Insights finds by itself, by the kind of the message. Source: user guide, supported logs and
discovered fields; the layouts are those of the services that write them.

``KIND`` tells a message's kind, once, when it is copied into the engine; ``field`` is the value of one field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights.tree import call, column, number, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

VPC = [
    "version",
    "accountId",
    "interfaceId",
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "packets",
    "bytes",
    "startTime",
    "endTime",
    "action",
    "logStatus",
]
DNS = [
    "version",
    "queryTimestamp",
    "hostZoneId",
    "queryName",
    "queryType",
    "responseCode",
    "protocol",
    "edgeLocation",
    "resolverIp",
    "ednsClientSubnet",
]

VPC_LINE = r"^\d+ \S+ \S+ \S+ \S+ \S+ \S+ \S+ \S+ \S+ \d+ \d+ (ACCEPT|REJECT|-) (OK|NODATA|SKIPDATA)$"
DNS_LINE = r"^1\.\d+ \d{4}-\d\d-\d\dT[\d:.]+Z \S+ \S+ [A-Z0-9]+ [A-Z]+ (UDP|TCP) \S+ \S+( \S+)?$"
_ID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
LAMBDA_LINE = rf"^((START|END|REPORT) RequestId: |INIT_START |[^\t\n]*\t({_ID})\t|\[[A-Z]+\]\t[^\t\n]*\t({_ID})\t|\S+ ({_ID}) )"

KIND = f"""CASE WHEN starts_with(ltrim(message, ' \t\r\n'), '{{') AND json_valid(message) THEN 'json'
  WHEN regexp_matches(rtrim(message), '{VPC_LINE}') THEN 'vpc'
  WHEN regexp_matches(rtrim(message), '{DNS_LINE}') THEN 'dns'
  WHEN regexp_matches(message, '{LAMBDA_LINE}') THEN 'lambda' ELSE '' END"""

LINES = {
    "@requestId": (_ID, 1),
    "@type": (r"^(START|END|REPORT|INIT_START)", 1),
    "@duration": (r"\tDuration: ([\d.]+) ms", 1),
    "@billedDuration": (r"\tBilled Duration: ([\d.]+) ms", 1),
    "@initDuration": (r"\tInit Duration: ([\d.]+) ms", 1),
    "@memorySize": (r"\tMemory Size: (\d+) MB", 1_000_000),
    "@maxMemoryUsed": (r"\tMax Memory Used: (\d+) MB", 1_000_000),
    "@xrayTraceId": (r"XRAY TraceId: (\S+)", 1),
    "@xraySegmentId": (r"SegmentId: (\S+)", 1),
}
LAMBDA = tuple(LINES)


def pointers(parts: tuple[str, ...]) -> list[str]:
    """Where a field may stand in a JSON document: a part is a key or the index of a list, and a key may have dots.

    >>> pointers(("user", "id"))
    ['/user/id', '/user.id']
    """
    name = ".".join(parts)
    if name.startswith("@"):
        if not name.startswith("@@"):
            return []  # a key that begins with @ is shown with one more
        parts = (parts[0][1:], *parts[1:])
    whole = (".".join(parts),)
    return ["".join("/" + _escaped(part) for part in way) for way in dict.fromkeys((parts, whole))]


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def leaf(item: Expression, path: str) -> Expression:
    """A value in a document, as text; null for maps and lists. What begins as they do is looked at once more.

    Args:
        item: its text, or that of a map or list.
        path: where it was found.
    """
    return tree(
        """CASE WHEN :x >= '[' AND (:x < ']' OR :x >= '{') AND json_type(json, :path) IN ('OBJECT', 'ARRAY') THEN NULL
           ELSE :x END""",
        x=item,
        path=text(path),
    )


def found(name: str, candidates: list[Expression]) -> Expression:
    """The value of a discovered field, as text; null where there is none.

    Args:
        candidates: what ``pointers`` point at, extracted.
    """
    cases: list[tuple[str, Expression]] = []
    words = call("string_split", tree("rtrim(message)"), text(" "))
    if name in VPC:
        cases.append(("vpc", call("list_extract", words, number(VPC.index(name) + 1))))
    if name in DNS:
        cases.append(("dns", call("list_extract", words, number(DNS.index(name) + 1))))
    if name in LINES:
        pattern, factor = LINES[name]
        line = call(
            "nullif",
            call("regexp_extract", column("message"), text(pattern), number(pattern.count("(") and 1)),
            text(""),
        )
        if factor != 1:
            line = tree("CAST(CAST(:x AS BIGINT) * :f AS TEXT)", x=line, f=number(factor))
        cases.append(("lambda", line))
    value = candidates[0] if len(candidates) == 1 else None
    if len(candidates) > 1:
        value = call("coalesce", *candidates)
    for kind, sql in cases:
        rest = value if value is not None else tree("NULL")
        value = tree("CASE WHEN kind = :kind THEN :sql ELSE :rest END", kind=text(kind), sql=sql, rest=rest)
    return value if value is not None else tree("CAST(NULL AS TEXT)")
