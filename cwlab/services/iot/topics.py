"""Topic filters, and the part of IoT SQL that is modeled. Source: AWS IoT Developer Guide, "MQTT topics", "AWS IoT SQL
reference"."""

from __future__ import annotations

import re

from cwlab.errors import AwsError, NotModelled

_SQL = re.compile(
    r"\s*SELECT\s+(?P<what>.+?)\s+FROM\s+'(?P<topic>[^']+)'\s*(?P<rest>.*?)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


def filter_of(sql: str) -> str:
    """The topic filter of a rule's SQL.

    Raises:
        AwsError: SqlParseException, it cannot be read.
        NotModelled: it chooses fields or has conditions.

    >>> filter_of("SELECT * FROM 'shop/+/doors'")
    'shop/+/doors'
    """
    found = _SQL.fullmatch(sql)
    if found is None:
        raise AwsError("SqlParseException", "Expected: SELECT ... FROM 'topic/filter'")
    if found["what"] != "*" or found["rest"]:
        raise NotModelled(f"IoT SQL {sql!r}", "Modeled: SELECT * FROM 'topic/filter'.")
    topic = found["topic"]
    parts = topic.split("/")
    if (
        any("#" in part and part != "#" for part in parts)
        or "#" in parts[:-1]
        or any("+" in part and part != "+" for part in parts)
    ):
        raise AwsError("SqlParseException", f"Invalid topic filter: {topic}")
    return topic


def fits(topic: str, wanted: str) -> bool:
    """Whether a topic is one of a filter's: ``+`` is one level, ``#`` at the end all that follow.

    >>> fits("shop/1/doors", "shop/+/doors"), fits("shop", "shop/#"), fits("shop/1", "shop")
    (True, True, False)
    """
    have, want = topic.split("/"), wanted.split("/")
    if want[-1] == "#":
        want = want[:-1]
        have = have[: len(want)]
    return len(have) == len(want) and all(w in ("+", h) for h, w in zip(have, want, strict=True))
