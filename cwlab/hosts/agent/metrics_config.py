"""The section ``metrics`` of the configuration, checked and read. Pure.

Source: agent configuration, "metrics section"; "Metrics collected by the CloudWatch agent" (names and units).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cwlab.errors import BadInput, NotModelled
from cwlab.hosts.agent import inside
from cwlab.hosts.agent.names import Place
from cwlab.hosts.agent.records import Measured, Metrics, Section, Statsd
from cwlab.hosts.agent.schema import Array, Object, Text, Whole, texts, truth, wrong

KINDS = ("cpu", "mem", "disk", "diskio", "net", "netstat", "swap", "processes", "procstat")
UNITS = (
    "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
    "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
    "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
    "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
)  # fmt: skip
METADATA = ("ImageId", "InstanceId", "InstanceType", "AutoScalingGroupName")
_ELSEWHERE = (
    "collectd",
    "ethtool",
    "nvidia_gpu",
    "prometheus",
    "jmx",
    "otlp",
    "emf",
    "application_signals",
    "ntp",
)


def _measurement(value: Any, path: str) -> None:
    """A name, or an object with a name, another name and a unit."""
    if isinstance(value, str):
        Text()(value, path)
        return
    Object({"name": Text(), "rename": Text(most=255), "unit": Text(among=UNITS)}, needs=("name",))(
        value, path
    )


_COMMON: dict[str, Any] = {
    "measurement": Array(_measurement, least=1),
    "metrics_collection_interval": Whole(1),
    "append_dimensions": texts,
    "drop_original_metrics": Array(Text()),
}
_OWN: dict[str, dict[str, Any]] = {
    "cpu": {"resources": Array(Text()), "totalcpu": truth},
    "disk": {"resources": Array(Text()), "ignore_file_system_types": Array(Text()), "drop_device": truth},
    "diskio": {"resources": Array(Text())},
    "net": {"resources": Array(Text())},
}
PROCESS = Object({**_COMMON, "exe": Text(), "pattern": Text(), "pid_file": Text()}, needs=("measurement",))
_SECTIONS: dict[str, Any] = {
    kind: Object({**_COMMON, **_OWN.get(kind, {})}, needs=("measurement",)) for kind in KINDS[:-1]
}
STATSD = Object(
    {
        "service_address": Text(),
        "metrics_collection_interval": Whole(1),
        "metrics_aggregation_interval": Whole(0),
        "metric_separator": Text(most=1),
    },
    elsewhere=("allowed_pending_messages", "drop_original_metrics"),
)


def _append(value: Any, path: str) -> None:
    texts(value, path)
    for name, given in value.items():
        if name not in METADATA:
            raise wrong(
                path,
                name,
                f"Additional property {name} is not allowed",
                f"Here stand only {', '.join(METADATA)}.",
            )
        if given != f"${{aws:{name}}}":
            raise wrong(f"{path}/{name}", given, "Does not match pattern", f"Write ${{aws:{name}}}.")


METRICS = Object(
    {
        "namespace": Text(most=255),
        "metrics_collected": Object(
            {**_SECTIONS, "procstat": Array(PROCESS, least=1), "statsd": STATSD}, elsewhere=_ELSEWHERE
        ),
        "append_dimensions": _append,
        "aggregation_dimensions": Array(Array(Text(least=1, most=255), most=30)),
        "force_flush_interval": Whole(1, 3_600),
        "endpoint_override": Text(),
        "credentials": Object({"role_arn": Text()}),
    },
    needs=("metrics_collected",),
    elsewhere=("metrics_destinations", "service.name", "deployment.environment"),
)


@cache
def known(kind: str) -> tuple[str, ...]:
    """What a section can measure."""
    return inside.measurements(kind)


def unit_of(kind: str, name: str) -> str:
    """The unit a measurement is published in.

    Source: "Metrics collected by the CloudWatch agent", column "unit" of the description.
    """
    if kind == "cpu":
        return "Percent" if name.startswith("usage") else "None"
    if name.endswith("_percent") or name == "cpu_usage":
        return "Percent"
    if name in ("read_time", "write_time", "io_time"):
        return "Milliseconds"
    if name.startswith("memory_") or "bytes" in name:
        return "Bytes"
    if (kind in ("mem", "swap") or kind == "disk") and not name.startswith("inodes"):
        return "Bytes"
    return "None" if name.startswith("cpu_time") else "Count"


def read(found: Mapping[str, Any], agent: Mapping[str, Any], place: Place, role: str) -> Metrics:
    """The section as records.

    Raises:
        BadInput: a measurement that is not there, or a process chosen by nothing.
    """
    collected = found["metrics_collected"]
    every = agent.get("metrics_collection_interval", 60)
    sections = list[Section]()
    for kind, value in collected.items():
        base = f"/metrics/metrics_collected/{kind}"
        if kind == "procstat":
            sections += [_section(kind, each, every, f"{base}/{n}") for n, each in enumerate(value)]
        elif kind != "statsd":
            sections.append(_section(kind, value, every, base))
    if not collected:
        raise wrong(
            "/metrics/metrics_collected", {}, "there is nothing to collect", f"Give {', '.join(KINDS)}."
        )
    append = found.get("append_dimensions", {})
    values = {
        "InstanceId": place.instance_id,
        "ImageId": place.image_id,
        "InstanceType": place.instance_type,
        "AutoScalingGroupName": place.group,
    }
    return Metrics(
        namespace=found.get("namespace", "CWAgent"),
        sections=tuple(sections),
        statsd=_statsd(collected["statsd"]) if "statsd" in collected else None,
        append=tuple((name, values[name]) for name in append if values[name]),
        rollups=tuple(tuple(each) for each in found.get("aggregation_dimensions", ())),
        host="" if "append_dimensions" in found or agent.get("omit_hostname") else place.hostname,
        flush_s=found.get("force_flush_interval", 60),
        endpoint=_endpoint(found.get("endpoint_override", "")),
        role=found.get("credentials", {}).get("role_arn", role),
    )


def _endpoint(text: str) -> str:
    from urllib.parse import urlsplit

    return (urlsplit(text).hostname or text) if text else ""


def _statsd(value: Mapping[str, Any]) -> Statsd:
    if value.get("metric_separator", "_") != "_":
        raise NotModelled("The agent's setting metric_separator other than _")
    return Statsd(
        value.get("metrics_collection_interval", 10),
        value.get("metrics_aggregation_interval", 60),
        value.get("service_address", ":8125"),
    )


def _section(kind: str, value: Mapping[str, Any], every: int, path: str) -> Section:
    measured = tuple(
        _measured(kind, each, f"{path}/measurement/{n}") for n, each in enumerate(value["measurement"])
    )
    process = ("", "")
    if kind == "procstat":
        chosen = [(how, value[how]) for how in ("pid_file", "exe", "pattern") if how in value]
        if not chosen:
            raise wrong(path, dict(value), "no process is chosen", "Give one of pid_file, exe, pattern.")
        process = chosen[0]
    default = ("/",) if kind == "disk" else ("eth0",) if kind == "net" else ()
    return Section(
        kind=kind,
        measured=measured,
        interval_s=value.get("metrics_collection_interval", every),
        resources=tuple(value.get("resources", default)),
        dimensions=tuple(sorted(value.get("append_dimensions", {}).items())),
        total=value.get("totalcpu", True),
        drop_device=value.get("drop_device", False),
        ignored_types=tuple(value.get("ignore_file_system_types", ())),
        process=process,
        drop_original=_dropped(kind, value.get("drop_original_metrics", ())),
    )


def _dropped(kind: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(f"{kind}_") for name in names)


def _measured(kind: str, value: Any, path: str) -> Measured:
    given = {"name": value} if isinstance(value, str) else value
    name = given["name"]
    plain = name if name in known(kind) else name.removeprefix(f"{kind}_")
    if plain not in known(kind):
        raise BadInput(
            name,
            f"Under path : {path} | Error : {kind} has no such measurement.",
            f"It has {', '.join(known(kind))}.",
        )
    return Measured(plain, given.get("rename", f"{kind}_{plain}"), given.get("unit", unit_of(kind, plain)))
