"""One small shop, the story of all labs: two web machines, a day of customers, and what went wrong on it.

    chance      numbers from a seed, the same on every machine
    incidents   what went wrong, and when
    requests    every request of the shop: pure
    burst       ten minutes, second by second: pure
    secure      the log of its SSH server, line by line: pure
    record      writes the recorded day into data/ (``make data``)
    day         a recorded day, into a lab
    machines    the web machines, made with boto3 calls
    sources     what AWS logs for the shop by itself: DNS, API, containers, trail
    flows       what passes its web machines' network interfaces: a VPC flow log

The shop holds no privilege: it does what you can do with a lab's clients and hosts.
"""

from __future__ import annotations

from cwlab.shop.burst import burst
from cwlab.shop.day import load_day, recording
from cwlab.shop.incidents import INCIDENTS, Incident
from cwlab.shop.machines import Shop, build
from cwlab.shop.requests import latencies, traffic
from cwlab.shop.secure import ssh_lines

__all__ = [
    "INCIDENTS",
    "Incident",
    "Shop",
    "build",
    "burst",
    "latencies",
    "load_day",
    "recording",
    "ssh_lines",
    "traffic",
]
