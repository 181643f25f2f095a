"""The log of the shop's SSH server: people who work there, strangers who try a password, and one who tries many. Pure.

Lines are those of sshd by way of syslog. All addresses are of the ranges kept for documentation.
"""

from __future__ import annotations

from typing import NamedTuple

from cwlab.shop.chance import RANGE, uniform
from cwlab.timeline import to_datetime, to_ms

START, MINUTES = "2026-03-01T20:00:00Z", 240  # of the recorded evening
ATTACK = (130, 12)  # its minutes in which somebody guesses passwords: the first, and how many
A_MINUTE = 7  # guesses
STRANGER = "203.0.113.9"
GUESSED = ("root", "invalid user admin", "root", "invalid user oracle", "invalid user test", "root", "ubuntu")


class Said(NamedTuple):
    """A line: seconds after the beginning, and what sshd says. ``{time}`` stands for the moment."""

    second: float
    line: str


def ssh_lines(
    minutes: int = 30,
    attack: tuple[int, int] = (10, 5),
    *,
    host: str = "web-1",
    a_minute: int = A_MINUTE,
    seed: int = 7,
) -> list[Said]:
    """What an SSH server writes: a program for ``host.run("/var/log/secure", …, stamp="%b %d %H:%M:%S")``.

    Args:
        minutes: for how long.
        attack: the minute in which guessing begins, and for how many minutes.
        host: its name, as syslog has it.
        a_minute: guesses in each of those minutes.
        seed: of all chance.

    >>> ssh_lines(1, (0, 1), a_minute=1)[0].line
    '{time} web-1 sshd[4006]: Failed password for root from 203.0.113.9 port 34398 ssh2'
    """
    found: list[Said] = []
    draws = [uniform(seed, f"{host}/{name}", range(minutes)).tolist() for name in ("who", "when", "port")]
    first, many = attack
    for minute, (who, when, port) in enumerate(zip(*draws, strict=True)):
        second = minute * 60 + 3 + when % 50
        process = 4_000 + 6 * minute
        if who < RANGE // 2:
            found.append(_said(second, host, process, "Accepted publickey for ada", "192.0.2.7", port))
        elif who > RANGE * 7 // 8:
            address = f"198.51.100.{1 + who % 250}"
            found.append(
                _said(second, host, process, "Failed password for invalid user admin", address, port)
            )
        if first <= minute < first + many:
            for n in range(a_minute):
                guess = f"Failed password for {GUESSED[(minute + n) % len(GUESSED)]}"
                at = minute * 60 + (n + 0.5) * 60 / a_minute
                found.append(_said(at, host, process + 6, guess, STRANGER, port + 37 * n))
    return sorted(found)


def _said(second: float, host: str, process: int, what: str, address: str, port: int) -> Said:
    return Said(
        second, f"{{time}} {host} sshd[{process}]: {what} from {address} port {32_768 + port % 28_000} ssh2"
    )


def recorded(seed: int) -> str:
    """The recorded evening, as ``/var/log/secure`` has it: times without a year."""
    start_ms = to_ms(START)
    lines = []
    for said in ssh_lines(MINUTES, ATTACK, seed=seed):
        when = to_datetime(start_ms + round(said.second * 1_000))
        lines.append(said.line.replace("{time}", f"{when:%b} {when.day:2} {when:%H:%M:%S}"))
    return "\n".join(lines) + "\n"
