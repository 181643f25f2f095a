"""The published tables and recorded answers of tests/oracles/cloudwatch, played through boto3.

A case is a title in brackets and steps under it: a command with keyword arguments, then what it answers (``=``, the
named parts of it) or the error it ends in (``!``). ``T`` is the lab's start; ``T-90s``, ``T+2h`` are instants.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from cwlab import Lab
from cwlab.services.cloudwatch.labels import Subject, default_labels
from cwlab.services.cloudwatch.statistics import parse

ORACLES = Path(__file__).parents[2] / "oracles" / "cloudwatch"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ABSENT = object()
ALL = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


class Exactly(dict):
    """A dict that must hold nothing else."""


def cases(name: str) -> list[Any]:
    """The cases of a file: title and lines."""
    found: list[Any] = []
    title, lines = None, []
    for line in [*(ORACLES / f"{name}.txt").read_text(encoding="utf-8").splitlines(), "[end]"]:
        if line.startswith("[") and line.endswith("]"):
            if title is not None:
                found.append(pytest.param(lines, id=title))
            title, lines = line[1:-1], []
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return found


def instant(text: str) -> Any:
    found = re.fullmatch(r"T(?:([+-]\d+)([smhd]))?", text)
    if not found:
        return text
    size = {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2] or "s"]
    return START + timedelta(seconds=int(found[1] or 0) * size)


def timed(value: Any) -> Any:
    if isinstance(value, str):
        return instant(value)
    if isinstance(value, list):
        return [timed(v) for v in value]
    if isinstance(value, dict):
        return type(value)((k, timed(v)) for k, v in value.items())
    return value


def query(id_: str, stat: str, **more: Any) -> dict[str, Any]:
    return {
        "Id": id_,
        "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": "m"}, "Period": 60, "Stat": stat},
        **more,
    }


WORDS = {
    "NAN": math.nan,
    "INFINITY": math.inf,
    "ABSENT": ABSENT,
    "EXACTLY": Exactly,
    "QUERY": query,
    "dict": dict,
    "range": range,
    "DIMENSIONS": lambda n: [{"Name": f"d{i}", "Value": "v"} for i in range(n)],
    "NUMBERS": lambda n: [float(i) for i in range(n)],
    "DATUMS": lambda n: [{"MetricName": f"m{i}", "Value": 1.0} for i in range(n)],
}


def read(text: str) -> Any:
    return timed(eval(text, {"__builtins__": {}, **WORDS}))


class Play:
    """A lab that understands the commands of the cases."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.client = self.lab.client("cloudwatch")
        self._last: dict[str, Any] = {}

    def put(self, Namespace: str = "Shop", **params: Any) -> None:
        self.client.put_metric_data(Namespace=Namespace, **params)

    def put_as_service(self, **params: Any) -> None:
        from cwlab.api import Request, service_principal

        world = self.lab.world
        world.door(
            Request(
                "cloudwatch",
                "PutMetricData",
                params,
                service_principal("shop.amazonaws.com"),
                world.account,
                world.region,
            )
        )

    def advance(self, **params: Any) -> None:
        self.lab.advance(**params)

    def load(self, at: datetime, values: list[float]) -> None:
        stamps = int(at.timestamp()) + 60 * np.arange(len(values))
        self.lab.act("cloudwatch", "load", namespace="Shop", metric="m", stamps=stamps, values=values)

    def list(self, **params: Any) -> Any:
        answer = self.client.list_metrics(**params)
        answer["Metrics"].sort(
            key=lambda m: (m["MetricName"], len(m["Dimensions"]))
        )  # the service promises no order
        return answer

    def stats(self, **params: Any) -> Any:
        asked = {
            "Namespace": "Shop",
            "MetricName": "m",
            "StartTime": START,
            "EndTime": START + timedelta(hours=1),
            "Period": 60,
            **params,
        }
        answer = self.client.get_metric_statistics(**asked)
        answer["Datapoints"].sort(key=lambda p: (p["Timestamp"], p["Unit"]))
        return answer

    def data(self, queries: Any = None, Stat: str = "Sum", Period: int = 60, **params: Any) -> Any:
        if queries is None:
            mine = {k: params.pop(k) for k in ("ReturnData", "AccountId", "Label") if k in params}
            queries = [query("q0", Stat, **mine)]
            queries[0]["MetricStat"].update(
                Period=Period, **({"Unit": params.pop("Unit")} if "Unit" in params else {})
            )
        asked = {
            "MetricDataQueries": queries,
            "StartTime": START,
            "EndTime": START + timedelta(hours=1),
            **params,
        }
        answer = self.client.get_metric_data(**asked)
        self._last = {**asked, "NextToken": answer.get("NextToken")}
        return answer

    def next(self) -> Any:
        return self.client.get_metric_data(**self._last)


def agrees(got: Any, wanted: Any, where: str = "answer") -> None:
    if isinstance(wanted, dict):
        assert isinstance(got, dict), f"{where}: {got!r}"
        if isinstance(wanted, Exactly):
            assert got.keys() == wanted.keys(), where
        for key, value in wanted.items():
            if value is ABSENT:
                assert key not in got, f"{where}.{key}"
            else:
                assert key in got, f"{where}.{key} is missing from {got!r}"
                agrees(got[key], value, f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(got) == len(wanted), f"{where}: {got!r}"
        for n, (g, w) in enumerate(zip(got, wanted, strict=True)):
            agrees(g, w, f"{where}[{n}]")
    elif isinstance(wanted, float):
        assert got == pytest.approx(wanted, rel=1e-12), where
    else:
        assert got == wanted, where


def play(lines: list[str]) -> None:
    lab = Play()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line[0] in "=!":
            continue
        command, _, arguments = line.partition(" ")
        params = read(f"dict({arguments})")
        if after.startswith("! "):
            code, _, message = after[2:].partition(": ")
            with pytest.raises(ClientError) as caught:
                getattr(lab, command)(**params)
            assert caught.value.response["Error"]["Code"] == code.rstrip(":")
            assert caught.value.response["Error"]["Message"] == message
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        else:
            answer = getattr(lab, command)(**params)
            if after.startswith("= ") and after != "= None":
                agrees(answer, read(after[2:]))


@pytest.mark.syllabus("M10", "M11", "M13")
@pytest.mark.parametrize("lines", cases("put"))
def test_put_metric_data(lines: list[str]) -> None:
    play(lines)


@pytest.mark.syllabus("M10", "M12", "M13", "M14")
@pytest.mark.parametrize("lines", cases("identity"))
def test_identity(lines: list[str]) -> None:
    play(lines)


@pytest.mark.syllabus("M17", "M18", "M19", "M20")
@pytest.mark.parametrize("lines", cases("windows"))
def test_windows(lines: list[str]) -> None:
    play(lines)


@pytest.mark.syllabus("M21", "M22")
@pytest.mark.parametrize("lines", cases("requests"))
def test_requests(lines: list[str]) -> None:
    play(lines)


@pytest.mark.parametrize("lines", cases("list"))
def test_list_metrics(lines: list[str]) -> None:
    play(lines)


def subject(words: list[str]) -> Subject:
    namespace, name, dimensions, stat, period = words[:5]
    pairs = [] if dimensions == "-" else [tuple(pair.split("=")) for pair in dimensions.split(",")]
    return Subject(namespace, name, tuple(sorted(pairs)), stat, int(period))


@pytest.mark.parametrize("lines", cases("labels"))
def test_default_labels(lines: list[str]) -> None:
    """As a pure rule, and through GetMetricData."""
    parts = [line.split("->") for line in lines]
    asked = [(left.split(), right.strip()) for left, right in parts]
    plain = [(subject(words), label) for words, label in asked if len(words) == 5]
    assert default_labels([s for s, _ in plain]) == [label for _, label in plain]

    queries = []
    for n, (words, _) in enumerate(asked):
        s = subject(words)
        metric = {
            "Namespace": s.namespace,
            "MetricName": s.name,
            "Dimensions": [{"Name": a, "Value": b} for a, b in reversed(s.dimensions)],
        }
        extra = words[5:]
        more = {"ReturnData": False} if extra == ["hidden"] else {"Label": extra[0]} if extra else {}
        queries.append(
            {"Id": f"q{n}", "MetricStat": {"Metric": metric, "Period": s.period, "Stat": s.stat}, **more}
        )
    answer = Play().data(queries=queries)
    assert [r["Label"] for r in answer["MetricDataResults"]] == [
        label for words, label in asked if words[5:] != ["hidden"]
    ]


def datum(text: str) -> list[dict[str, Any]]:
    """``2*0.5 10*1.5 {3 21 7 7}`` as datums."""
    sets = [[float(x) for x in found.split()] for found in re.findall(r"\{([^}]*)\}", text)]
    samples = [[float(x) for x in word.split("*")] for word in re.sub(r"\{[^}]*\}", "", text).split()]
    made: list[dict[str, Any]] = [
        {"StatisticValues": dict(zip(("SampleCount", "Sum", "Minimum", "Maximum"), numbers, strict=True))}
        for numbers in sets
    ]
    if samples:
        made.append({"Values": [v for v, _ in samples], "Counts": [c for _, c in samples]})
    return [{"MetricName": "m", **one} for one in made]


@pytest.mark.syllabus("M21", "M22")
@pytest.mark.parametrize("lines", cases("statistics"))
def test_statistics(lines: list[str]) -> None:
    lab = Play()
    lab.put(MetricData=datum(lines[0]))
    wanted = dict(word.split() for line in lines[1:] for word in re.split(r" {3,}", line.strip()))
    queries = [query(f"q{n}", name) for n, name in enumerate(wanted)]
    results = lab.data(queries=queries)["MetricDataResults"]
    got = {name: (r["Values"] or ["-"])[0] for name, r in zip(wanted, results, strict=True)}
    for name, value in wanted.items():
        agrees(got[name], value if value == "-" else float(value), name)


def names() -> list[str]:
    lines = (ORACLES / "names.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("line", names())
def test_names(line: str) -> None:
    name, _, rest = line.partition(" ")
    found = parse(name)
    if rest == "refused":
        assert found is None
        return
    assert found is not None
    assert found.name == name
    if rest.startswith("= "):
        assert found == parse(rest[2:])
