"""Machines: EC2 instances and computers on premises, seen from the inside; and groups of them.

A host's clients make the same calls as yours, but by that machine's route and with that machine's role.

    host.append("/var/log/secure", lines)      a file grows: now, or with at=… later; also write, rotate, remove, read, files
    host.run(path, [(2.5, "{time} a line")])   a program writes lines as the clock moves; every=60 begins again; kill ends it
    host.load(memory=80, minutes=10)           what goes on inside; seen only by an agent
    host.agent.start({...})                    the CloudWatch agent with its real JSON; also "ssm:NAME", access_key=…
    host.agent.log(), .status(), .pending()    its own log; how it is; bytes of each file not sent yet
    host.statsd("orders:1|c|#shop:web")        a StatsD line to the agent

    host.py, group.py   what you hold        machine.py   the same machine, as the world sees it
    files.py            files                verbs.py     what happens on machines by itself
    timeformat.py       the agent's symbols for times     agent/   the CloudWatch agent
"""

from cwlab.hosts import verbs as _verbs  # noqa: F401  (declares what happens on machines, and the records of it)
from cwlab.hosts.group import Group
from cwlab.hosts.host import Host, every, find, on_premises

__all__ = ["Group", "Host", "every", "find", "on_premises"]
