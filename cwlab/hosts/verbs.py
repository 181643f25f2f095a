"""What can be done to machines and is no AWS API, and what happens on them as time goes: their files and programs.

Everything is told to the agent of the machine, which may have something to send then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from cwlab.api import Call, handler, verb
from cwlab.codec import record
from cwlab.errors import BadInput
from cwlab.hosts import timeformat
from cwlab.hosts.agent import verbs as agent_verbs
from cwlab.hosts.agent.inside import TOLD, Spell
from cwlab.hosts.agent.shipping import wake
from cwlab.hosts.files import Disk, checked_path
from cwlab.hosts.machine import GONE, Machine, machine_of
from cwlab.services.ec2.busy import _one_load as one_load
from cwlab.services.ec2.busy import beneath
from cwlab.timeline import DAY, MINUTE, SECOND

Line = tuple[float, str]
KEPT_FILES = 100


@record
class Program:
    """Something on a machine that writes lines as time goes.

    Args:
        path: the file it writes to.
        offsets_ms: when each line comes, from the beginning of a round, rising.
        lines: what it writes. ``{time}`` stands for the moment.
        started_ms: when the first round began.
        round_ms: how long a round takes until the next begins; 0: there is only one.
        stamp: how ``{time}`` is written, in the agent's symbols.
        encoding: of the file.
    """

    path: str
    offsets_ms: tuple[int, ...]
    lines: tuple[str, ...]
    started_ms: int
    round_ms: int
    stamp: str
    encoding: str


def encoded(lines: Any, encoding: str) -> bytes:
    """Lines as bytes, each ended by a line feed.

    Args:
        lines: a text (as it is, ended if it is not) or a sequence of lines; bytes are taken as they are.

    Raises:
        BadInput: not text, or not in that encoding.
    """
    if isinstance(lines, bytes):
        return lines
    if not isinstance(lines, str) and not (
        isinstance(lines, Sequence) and all(isinstance(line, str) for line in lines)
    ):
        raise BadInput(lines, "is no text.", "Give a text, a list of lines, or bytes.")
    text = lines if isinstance(lines, str) else "".join(f"{line}\n" for line in lines)
    if text and not text.endswith("\n"):
        text += "\n"
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as problem:
        if encoding.lower().replace("-", "").replace("_", "") == "utf8":
            return text.encode(encoding, "replace")  # half a surrogate pair, which UTF-8 cannot hold
        bad = problem.object[problem.start : problem.end]
        raise BadInput(bad, f"cannot be written in {encoding}.", 'Use encoding="utf-8".') from None
    except LookupError:
        raise BadInput(encoding, "is not an encoding.", 'Use encoding="utf-8".') from None


def _up(call: Call, source: str) -> Machine:
    machine = machine_of(call.world, source)
    if not machine.running:
        raise BadInput(machine.key, f"is {machine.state}: nothing on it writes.", "Start it first.")
    return machine


@verb("hosts", "append")
def append(
    call: Call, *, source: str, path: str, lines: Any, encoding: str = "utf-8", at_ms: int | None = None
) -> None:
    """Write lines at the end of a file, now or at a later instant.

    Raises:
        BadInput: no machine, path, text or instant that can be.
    """
    checked_path(path)
    data = encoded(lines, encoding)
    if at_ms is not None and at_ms != call.now_ms:
        if at_ms < call.now_ms:
            raise BadInput(at_ms, "lies in the past.", "What was written cannot be changed.")
        machine_of(call.world, source)
        call.schedule(at_ms, "append", source=source, path=path, data=data)
        return
    _up(call, source)
    written(call, source, path, data)


@handler("hosts", "append")
def append_later(call: Call, *, source: str, path: str, data: bytes) -> None:
    """The instant of an ``append`` with ``at_ms`` has come. A machine that is off writes nothing."""
    if machine_of(call.world, source).running:
        written(call, source, path, data)


@verb("hosts", "write")
def write(call: Call, *, source: str, path: str, lines: Any, encoding: str = "utf-8") -> None:
    """Put a new file in the place of an old one, as an editor or a deployment does."""
    checked_path(path)
    data = encoded(lines, encoding)
    _up(call, source)
    Disk(call.world, source).delete(path)
    written(call, source, path, data)


@verb("hosts", "rotate")
def rotate(call: Call, *, source: str, path: str, keep: int = 4) -> None:
    """Rotate a file as logrotate does: ``secure`` becomes ``secure.1``, that ``secure.2``, and the oldest is deleted.

    Args:
        keep: how many old files stay, 0 to 100.

    Raises:
        BadInput: there is no such file.
    """
    disk = Disk(call.world, source)
    _up(call, source)
    if disk.at(path) is None:
        have = ", ".join(sorted(disk.names)) or "none"
        raise BadInput(path, f"is not a file there (it has: {have}).")
    if isinstance(keep, bool) or not isinstance(keep, int) or not 0 <= keep <= KEPT_FILES:
        raise BadInput(keep, "keep is no number of files from 0 to 100.")
    disk.delete(f"{path}.{keep}" if keep else path)
    for n in range(keep - 1, 0, -1):
        if disk.at(f"{path}.{n}") is not None:
            disk.rename(f"{path}.{n}", f"{path}.{n + 1}")
    if keep:
        disk.rename(path, f"{path}.1")


@verb("hosts", "remove")
def remove(call: Call, *, source: str, path: str) -> None:
    """Delete a file. An agent that has it open still reads what is in it."""
    _up(call, source)
    Disk(call.world, source).delete(path)


@verb("hosts", "run")
def run(
    call: Call,
    *,
    source: str,
    path: str,
    lines: Sequence[Line],
    round_ms: int = 0,
    stamp: str = "%Y-%m-%dT%H:%M:%S.%fZ",
    encoding: str = "utf-8",
) -> dict[str, int]:
    """Start a program that writes lines as the clock moves; returns its number.

    Args:
        lines: pairs of an offset in seconds from now and a line.
        round_ms: begin again after so long; 0 for one round.
        stamp: how ``{time}`` in a line is written.

    Raises:
        BadInput: offsets, a round or a stamp that cannot be.
    """
    machine_of(call.world, source)
    checked_path(path)
    rows = list[tuple[int, str]]()
    for each in lines:
        try:
            offset, text = each
            at_ms = round(offset * SECOND)
        except (TypeError, ValueError, OverflowError):
            raise BadInput(each, "is not a pair of seconds and a line.", 'Give (1.5, "a line"), …') from None
        if not isinstance(text, str) or at_ms < 0:
            raise BadInput(each, "is not a pair of seconds from 0 on and a line.")
        encoded(text, encoding)
        rows.append((at_ms, text))
    if not rows:
        raise BadInput(list(lines), "says nothing to write.")
    rows.sort(key=lambda row: row[0])
    if round_ms and round_ms <= rows[-1][0]:
        raise BadInput(round_ms, f"ms is no longer than the last offset ({rows[-1][0]} ms).", "Repeat later.")
    timeformat.compiled(stamp)
    counters = call.world.table("", "", "hosts", "counters")
    number = int(counters.get("programs", 0)) + 1
    counters["programs"] = number
    offsets, texts = zip(*rows, strict=True)
    program = Program(path, offsets, texts, call.now_ms, round_ms, stamp, encoding)
    call.world.table("", "", "hosts", "programs")[source, number] = program
    call.schedule(call.now_ms + offsets[0], "program", source=source, number=number, line=0)
    return {"program": number}


@verb("hosts", "kill")
def kill(call: Call, *, source: str, number: int) -> None:
    """End a program.

    Raises:
        BadInput: there is no such program.
    """
    programs = call.world.table("", "", "hosts", "programs")
    if programs.pop((source, number), None) is None:
        raise BadInput(number, "is no program that runs there.")


@handler("hosts", "program")
def program(call: Call, *, source: str, number: int, line: int) -> None:
    """A program writes the lines of this instant."""
    programs = call.world.table("", "", "hosts", "programs")
    found: Program | None = programs.get((source, number))
    machine = machine_of(call.world, source)
    if found is None or machine.state in GONE:
        programs.pop((source, number), None)
        return
    count = len(found.lines)
    begun = found.started_ms + line // count * found.round_ms
    first = line % count
    last = bisect_right(found.offsets_ms, call.now_ms - begun, lo=first)
    texts = found.lines[first:last]
    line += last - first
    if machine.running:
        moment = timeformat.written(found.stamp, call.now_ms)
        data = "".join(text.replace("{time}", moment) + "\n" for text in texts)
        written(call, source, found.path, encoded(data, found.encoding))
    if line % count == 0 and not found.round_ms:
        programs.pop((source, number), None)
        return
    due = found.started_ms + line // count * found.round_ms + found.offsets_ms[line % count]
    call.schedule(due, "program", source=source, number=number, line=line)


@verb("hosts", "load")
def busy(call: Call, *, source: str, minutes: float, start_ms: int | None = None, **amounts: Any) -> None:
    """Say what goes on inside a machine for a while: ``inside.TOLD``, and on premises the CPU and the rest too.

    Args:
        minutes: how long, above 0, at most 366 days.
        start_ms: from when; now unless given.
        amounts: a number, or numbers that share the time evenly.

    Raises:
        BadInput: a quantity, number or span that cannot be.
    """
    machine = machine_of(call.world, source)
    start_ms = call.now_ms if start_ms is None else start_ms
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= 366 * 24 * 60:
        raise BadInput(minutes, "minutes is no span of time.", "Give a number above 0, at most 366 days.")
    if start_ms < call.now_ms:
        raise BadInput(start_ms, "lies in the past.", "What a machine did cannot be changed.")
    span_ms = round(minutes * MINUTE)
    spells, loads = call.world.table("", "", "hosts", "spells"), call.world.table("", "", "hosts", "loads")
    for name, amount in amounts.items():
        if name not in TOLD and not machine.is_instance:
            fresh = one_load(name, amount, start_ms, span_ms)
            loads[source] = (*beneath(fresh, loads.get(source, ())), fresh)
            continue
        if name not in TOLD:
            raise BadInput(name, "is nothing of a machine's inside.", f"Give one of {', '.join(TOLD)}.")
        numbers = amount if isinstance(amount, list) else [amount]
        for number in numbers or [None]:
            plain = isinstance(number, int | float) and not isinstance(number, bool)
            if not plain or not 0 <= number <= TOLD[name].most:
                raise BadInput(number, f"is not a {name} ({TOLD[name].unit}) from 0 to {TOLD[name].most:g}.")
        fresh_spell = Spell(name, start_ms, start_ms + span_ms, tuple(float(each) for each in numbers))
        past = [each for each in spells.get(source, ()) if each.end_ms > call.now_ms - DAY]
        spells[source] = (*past, fresh_spell)


def written(call: Call, source: str, path: str, data: bytes) -> None:
    """Bytes come to the end of a file, and the machine's agent hears of it."""
    Disk(call.world, source).append(path, data, call.now_ms)
    wake(call, source, path)


__all__ = ["agent_verbs", "append", "busy", "kill", "program", "remove", "rotate", "run", "write"]
