"""The agent's configuration: JSON in, records out. Pure.

Source: CloudWatch User Guide, "Manually create or edit the CloudWatch agent configuration file".
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cwlab.arn import check_region
from cwlab.errors import BadInput, NotModelled
from cwlab.hosts import timeformat
from cwlab.hosts.agent import metrics_config, regex
from cwlab.hosts.agent.names import Place, default_group
from cwlab.hosts.agent.records import Config, Filter, LogFile
from cwlab.hosts.agent.schema import Array, Object, Text, Whole, truth, wrong

RETENTION_DAYS = (-1, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 2192, 2557, 2922, 3288,
                  3653)  # fmt: skip
"""As the guide lists them for the agent: CloudWatch Logs itself has 1096 too."""

MOST_TEXT = 1 << 20


def _encoding(name: str) -> None:
    try:
        codecs.lookup(name)
        "\n".encode(name)
    except (LookupError, UnicodeError):
        raise BadInput(name, "is not an encoding.", 'Leave it out for "utf-8".') from None


CREDENTIALS = Object({"role_arn": Text()})
FILE = Object(
    {
        "file_path": Text(),
        "log_group_name": Text(most=512),
        "log_stream_name": Text(most=512),
        "log_group_class": Text(among=("STANDARD", "INFREQUENT_ACCESS")),
        "retention_in_days": Whole(among=RETENTION_DAYS),
        "timestamp_format": Text(rule=lambda text: void(timeformat.compiled(text))),
        "timezone": Text(among=("UTC", "Local", "LOCAL")),
        "multi_line_start_pattern": Text(),
        "encoding": Text(rule=_encoding),
        "auto_removal": truth,
        "trim_timestamp": truth,
        "filters": Array(
            Object(
                {
                    "type": Text(among=("include", "exclude")),
                    "expression": Text(rule=lambda text: void(regex.compiled(text))),
                },
                needs=("type", "expression"),
            )
        ),
    },
    needs=("file_path",),
    elsewhere=(
        "blacklist",
        "publish_multi_logs",
        "backpressure_mode",
        "service.name",
        "deployment.environment",
    ),
)
LOGS = Object(
    {
        "logs_collected": Object(
            {"files": Object({"collect_list": Array(FILE, least=1)}, needs=("collect_list",))},
            elsewhere=("windows_events", "journald"),
        ),
        "log_stream_name": Text(most=512),
        "force_flush_interval": Whole(1, 3_600),
        "endpoint_override": Text(),
        "credentials": CREDENTIALS,
        "concurrency": Whole(1, 1_000),
    },
    elsewhere=("metrics_collected", "deployment.environment", "service.name"),
)
AGENT = Object(
    {
        "metrics_collection_interval": Whole(1),
        "region": Text(),
        "run_as_user": Text(),
        "debug": truth,
        "quiet": truth,
        "logfile": Text(),
        "omit_hostname": truth,
        "credentials": CREDENTIALS,
    },
    elsewhere=("aws_sdk_log_level", "user_agent", "internal", "use_dualstack_endpoint", "service.name",
               "deployment.environment"),
)  # fmt: skip
WHOLE = Object({"agent": AGENT, "logs": LOGS, "metrics": metrics_config.METRICS}, elsewhere=("traces",))


def void(_: object) -> None:
    """For checks that are made for what they raise."""


def parsed(given: Any) -> tuple[dict[str, Any], str]:
    """A configuration as an object, and as JSON text.

    Raises:
        BadInput: it is neither a dict nor JSON.
    """
    if isinstance(given, Mapping):
        try:
            given = json.dumps(given)
        except (TypeError, ValueError) as problem:
            raise BadInput(str(problem), "the configuration cannot be JSON.") from None
    if not isinstance(given, str):
        raise BadInput(given, "is no configuration.", 'Give a dict, JSON, or "ssm:NAME".')
    if len(given) > MOST_TEXT:
        raise BadInput(len(given), f"characters are more than a configuration has ({MOST_TEXT:,}).")
    try:
        found = json.loads(given)
    except (ValueError, RecursionError) as problem:
        where = getattr(problem, "lineno", None)
        line = given.splitlines()[where - 1] if where and where <= len(given.splitlines()) else given[:80]
        raise BadInput(line, f"the configuration is not JSON: {problem}.") from None
    if not isinstance(found, dict):
        raise wrong("", found, "Invalid type. Expected: object")
    return found, given


def read(found: Mapping[str, Any], place: Place, region: str) -> tuple[Config, str]:
    """A configuration as records, and the Region its calls go to.

    Args:
        found: as JSON gives it.
        place: the machine it is for.
        region: where calls go unless it says otherwise.

    Raises:
        BadInput: the agent would refuse it: a key it does not know, a value that cannot be, retentions that differ.
        NotModelled: something the agent has and this lab has not.
    """
    WHOLE(found, "")
    agent, logs, metrics = (found.get(name, {}) for name in ("agent", "logs", "metrics"))
    if not logs and not metrics:
        raise wrong("", dict(found), "neither logs nor metrics are to be collected", "Give one of them.")
    role = agent.get("credentials", {}).get("role_arn", "")
    files = logs.get("logs_collected", {}).get("files", {}).get("collect_list", [])
    stream = logs.get("log_stream_name") or ("{instance_id}" if place.instance_id else "{hostname}")
    items = tuple(_file(each, stream, place, n) for n, each in enumerate(files))
    _agree(items)
    config = Config(
        files=items,
        metrics=metrics_config.read(metrics, agent, place, role) if metrics else None,
        flush_s=logs.get("force_flush_interval", 5),
        endpoint=endpoint(logs.get("endpoint_override", "")),
        role=logs.get("credentials", {}).get("role_arn", role),
    )
    return config, check_region(agent.get("region", region))


def endpoint(text: str) -> str:
    """The host name of an ``endpoint_override``."""
    return (urlsplit(text).hostname or text) if text else ""


def _file(found: Mapping[str, Any], stream: str, place: Place, n: int) -> LogFile:
    path = f"/logs/logs_collected/files/collect_list/{n}"
    pattern = found.get("multi_line_start_pattern", "")
    if "{timestamp_format}" in pattern:
        if pattern != "{timestamp_format}":
            raise NotModelled(f"{{timestamp_format}} inside a larger pattern, {pattern!r}")
        if "timestamp_format" not in found:
            raise wrong(
                f"{path}/multi_line_start_pattern",
                pattern,
                "there is no timestamp_format",
                "Give timestamp_format.",
            )
    elif pattern:
        try:
            regex.compiled(pattern)
        except BadInput as problem:
            where = f"{path}/multi_line_start_pattern"
            raise wrong(where, problem.value, problem.rule.rstrip("."), problem.remedy) from None
    if not found["file_path"].startswith("/"):
        raise wrong(
            f"{path}/file_path", found["file_path"], "is no whole path", "Begin it with /: /var/log/secure."
        )
    return LogFile(
        file_path=found["file_path"],
        group=place.filled(found.get("log_group_name") or default_group(found["file_path"])),
        stream=place.filled(found.get("log_stream_name") or stream),
        retention_days=found.get("retention_in_days", -1),
        time_format=found.get("timestamp_format", ""),
        start_pattern=pattern,
        trim=found.get("trim_timestamp", False),
        encoding=_plain(found.get("encoding", "utf-8")),
        auto_removal=found.get("auto_removal", False),
        log_class=found.get("log_group_class", "STANDARD"),
        filters=tuple(Filter(each["type"], each["expression"]) for each in found.get("filters", ())),
    )


def _plain(encoding: str) -> str:
    """An encoding whose every piece can be read alone: without a mark at the beginning."""
    name = codecs.lookup(encoding).name
    return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name)


def _agree(items: tuple[LogFile, ...]) -> None:
    """One group has one retention and one class."""
    days, classes = dict[str, int](), dict[str, str]()
    for n, item in enumerate(items):
        path = f"/logs/logs_collected/files/collect_list/{n}"
        if (
            item.retention_days != -1
            and days.setdefault(item.group, item.retention_days) != item.retention_days
        ):
            raise wrong(
                f"{path}/retention_in_days",
                item.retention_days,
                f"Different retention_in_days values can't be set for the same log group: {item.group} "
                f"(another entry says {days[item.group]})",
                "Say the same for each file of the group.",
            )
        if classes.setdefault(item.group, item.log_class) != item.log_class:
            raise wrong(
                f"{path}/log_group_class",
                item.log_class,
                f"Different log_group_class values can't be set for the same log group: {item.group}",
                "Say the same for each file of the group.",
            )
