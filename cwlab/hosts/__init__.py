"""Machines: EC2 instances and computers on premises, seen from the inside.

A host's clients make the same calls as yours, but by that machine's route and with that machine's role.
"""

from cwlab.hosts.host import Host, every, find, on_premises

__all__ = ["Host", "every", "find", "on_premises"]
