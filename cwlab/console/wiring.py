"""From sources over streams to groups: the picture fills while time runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cwlab.console import eventlog
from cwlab.console.calls import Recorder
from cwlab.console.charts.flow import Flow, Source, flow, height
from cwlab.console.panels import Panel, Pick, Shown
from cwlab.console.words import clean, shorten
from cwlab.errors import BadInput
from cwlab.timeline import iso, to_datetime, to_ms

STEPS = 40
TICK_MS = 400
AWAITED = ("ResourceNotFoundException", "ResourceAlreadyExistsException")  # an agent makes what is missing
_STAMPED = re.compile(r"^(\S+Z) ([EWI])! (.*)$")
_CODE = re.compile(r"\b(\w+(?:Exception|Error|Providers|Denied\w*)|RequestError)\b")


@dataclass
class _Written:
    """What one caller wrote, by the journal: instants, groups, streams; and what was refused."""

    arrived: list[tuple[int, str, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def sources(
    lab: Any,
    groups: Sequence[str] | str,
    hosts: Sequence[str] = (),
    *,
    minutes: float | None = None,
    at: str | None = None,
) -> Panel:
    """Who writes into log groups: each source, the streams it fills, the group they are in, and who is silent and why.

    Hosts are listed whether they send or not; whoever else wrote into the groups is added.

    Args:
        lab: the lab.
        groups: one log group or several.
        hosts: names of machines, from top to bottom.
        minutes: how far back the time slider reaches; to the lab's beginning when left out.
        at: where the slider stands at first; at now when left out.

    Twin: ``panel.set(at="2026-03-02T09:05:00Z")``

    Raises:
        BadInput: there is no such machine, or the lab's time has not moved yet.
    """
    names = [groups] if isinstance(groups, str) else list(groups)
    machines = [lab.host(name) for name in hosts]
    now_ms = to_ms(lab.now)
    first_ms = (
        to_ms(lab.start) if minutes is None else max(to_ms(lab.start), now_ms - round(minutes * 60_000))
    )
    if now_ms <= first_ms:
        raise BadInput(
            iso(now_ms),
            "is where time began: nothing can have arrived.",
            "Call lab.advance(minutes=5) first.",
        )
    step = max(1000, -(-(now_ms - first_ms) // STEPS // 1000) * 1000)
    stops = [*range(first_ms + step, now_ms, step), now_ms]
    labels = {f"{to_datetime(ms):%H:%M:%S}": iso(ms) for ms in stops}
    rows = 0

    def draw(at: str) -> Shown:
        nonlocal rows
        then_ms = to_ms(at)
        written = _written(lab, names)
        told = [_host(each, written.pop(_key(lab, each), _Written()), then_ms) for each in machines]
        lanes = [one for one, _ in told]
        flows = [each for _, mine in told for each in mine]
        for who, what in written.items():
            one, mine = _other(who, what, then_ms)
            if one is not None:
                lanes.append(one)
                flows += mine
        with Recorder(lab) as made:
            counts = _counts(lab, names, then_ms)
        flows = [Flow(f.source, f.group, f.stream, counts.get((f.group, f.stream), 0)) for f in flows]
        rows = rows or max(len(lanes) + len(written), len(flows), len(names), 2)
        picture = flow(lanes, flows, groups=names, rows=rows)
        return Shown(picture, _why(lanes), made.entries)

    last = iso(to_ms(at)) if at else iso(now_ms)
    place = min(labels.values(), key=lambda text: abs(to_ms(text) - to_ms(last)))
    draw(iso(now_ms))  # how many rows there will be
    return Panel(
        "sources",
        [Pick("at", "Time (UTC)", labels, place, slider=True)],
        draw,
        height=height(rows) + 60,
        also=_play,
    )


def _key(lab: Any, host: Any) -> str:
    """How the journal names a machine as the origin of a call."""
    return str(host.id) if host.is_instance else f"{host.account}:{host.id}"


def _written(lab: Any, groups: Sequence[str]) -> dict[str, _Written]:
    """Who wrote into these groups, by machine or caller."""
    found: dict[str, _Written] = {}
    for entry in lab.journal:
        if entry.service != "logs" or entry.kind != "call":
            continue
        if (
            entry.operation not in ("PutLogEvents", "CreateLogStream", "CreateLogGroup")
            or entry.caller is None
        ):
            continue
        group = entry.params.get("logGroupName")
        if group not in groups:
            continue
        who = entry.source.split("@")[0] if entry.source else str(entry.caller.arn)
        mine = found.setdefault(who, _Written())
        if entry.error is None and entry.operation == "PutLogEvents":
            mine.arrived.append((entry.at_ms, group, entry.params["logStreamName"]))
        elif entry.error is not None and entry.error not in AWAITED:
            mine.refused.append((entry.at_ms, f"{entry.error}: {entry.message}"))
    return found


def _host(host: Any, written: _Written, then_ms: int) -> tuple[Source, list[Flow]]:
    """A machine as a source: what its agent says where nothing arrives."""
    kind = "instance" if host.is_instance else "on premises"
    sent = [row for row in written.arrived if row[0] <= then_ms]
    flows = [Flow(host.name, group, stream, 0) for group, stream in dict.fromkeys((g, s) for _, g, s in sent)]
    troubles = [(at, text) for at, text in [*written.refused, *_complaints(host)] if at <= then_ms]
    last_sent = max((at for at, _, _ in sent), default=-1)
    last = max(troubles, default=(-1, ""))
    if last[0] > last_sent:
        return Source(host.name, "refused", clean(last[1]), kind), flows
    if sent:
        return Source(host.name, "sending", "", kind), flows
    why = "no agent" if host.agent.config is None else "its agent has sent nothing yet"
    return Source(host.name, "silent", f"{kind}, {why}", kind), flows


def _complaints(host: Any) -> list[tuple[int, str]]:
    """Errors in the agent's own log, with their instants."""
    found = []
    for line in host.agent.log():
        said = _STAMPED.match(line)
        if said and said[2] == "E":
            code = _CODE.search(said[3])
            found.append((to_ms(said[1]), said[3][code.start() :] if code else said[3]))
    return [each for each in found if not any(code in each[1] for code in AWAITED)]


def _other(who: str, written: _Written, then_ms: int) -> tuple[Source | None, list[Flow]]:
    """A caller that is no machine of ours: a service, a role, you."""
    sent = [row for row in written.arrived if row[0] <= then_ms]
    refused = [row for row in written.refused if row[0] <= then_ms]
    name = _called(who)
    if not sent and not refused:
        return None, []
    flows = [Flow(name, group, stream, 0) for group, stream in dict.fromkeys((g, s) for _, g, s in sent)]
    if refused and (not sent or refused[-1][0] > sent[-1][0]):
        return Source(name, "refused", clean(refused[-1][1])), flows
    return Source(name, "sending"), flows


def _called(who: str) -> str:
    """A caller in short: the service, the role, or you."""
    if who.endswith(":user/admin"):
        return "you, by the API"
    name = who.rsplit(":", 1)[-1]
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else parts[-1]


def _counts(lab: Any, groups: Sequence[str], then_ms: int) -> Counter[tuple[str, str]]:
    """Events in each stream that had come in by an instant."""
    client = lab.client("logs")
    return Counter(
        (group, e["logStreamName"])
        for group in groups
        for e in eventlog.find(client, group).events
        if e["ingestionTime"] <= then_ms
    )


def _why(lanes: Sequence[Source]) -> str:
    quiet = [
        f"{shorten(one.name)}: {shorten(one.why.rstrip('.'), 150)}"
        for one in lanes
        if one.standing != "sending"
    ]
    return (
        "; ".join(quiet) + "."
        if quiet
        else "Each source fills a stream of its own; the group holds them all."
    )


def _play(panel: Panel) -> list[Any]:
    """The browser's own timer moves the slider; nothing moves before you press it."""
    import ipywidgets as w

    play = w.Play(value=0, min=0, max=10**6, step=1, interval=TICK_MS, show_repeat=False, description="Play")
    control = panel.controls["at"]
    assert isinstance(control, Pick)
    stops = list(control.options.values())

    def tick(change: Any) -> None:
        if change["new"] > change["old"] and not panel._in_flight:
            here = stops.index(panel.values["at"])
            panel._by_hand(lambda: panel.set(at=stops[(here + 1) % len(stops)]))

    play.observe(tick, "value")
    return [play]
