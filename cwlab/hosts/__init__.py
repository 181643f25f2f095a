"""Machines: EC2 instances and computers on premises, seen from the inside; and groups of them.

A host's clients make the same calls as yours, but by that machine's route and with that machine's role.
"""

from cwlab.hosts import verbs as _verbs  # noqa: F401  (declares what happens on machines, and the records of it)
from cwlab.hosts.group import Group
from cwlab.hosts.host import Host, every, find, on_premises

__all__ = ["Group", "Host", "every", "find", "on_premises"]
