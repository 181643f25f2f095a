"""``host.agent``: the CloudWatch agent of a machine, as you hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cwlab.hosts.agent.records import Agent as Record
from cwlab.hosts.agent.words import LOG, VERSION
from cwlab.timeline import iso

if TYPE_CHECKING:
    from cwlab.hosts.host import Host


class Agent:
    """The CloudWatch agent of a machine. Get it with ``host.agent``.

    It reads files and measures the machine as its JSON configuration says, and calls CloudWatch by the machine's own
    route, with the credentials that are on it: where one of them is missing, nothing arrives, and ``log()`` says why.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def _record(self) -> Record | None:
        found: Record | None = self._host._lab.world.table("", "", "hosts", "agents").get(self._host._source)
        return found

    def start(self, config: dict[str, Any] | str, *, access_key: str = "") -> Agent:
        """Start it with a configuration, or start it anew with another. Returns it.

        Args:
            config: what stands in ``amazon-cloudwatch-agent.json``, as a dict or as JSON; or ``"ssm:NAME"``, the name of a
                parameter that holds it, which the machine fetches.
            access_key: the id of an IAM user's access key, as in the profile ``AmazonCloudWatchAgent`` of a machine on
                premises; without it, the machine's role.

        Raises:
            BadInput: the agent refuses the configuration: names the path, the rule and the remedy. What ran goes on.
            NotModelled: it asks for something this lab has not.
        """
        self._host._act("agent_start", config=config, access_key=access_key)
        return self

    def stop(self) -> Agent:
        """Stop it. It keeps how far it was with each file, and goes on from there when it is started."""
        self._host._act("agent_stop")
        return self

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._record is not None and self._record.running and self._host.state == "running"

    @property
    def config(self) -> str | None:
        """Its configuration as it was given, JSON; None before the first start."""
        return None if self._record is None else self._record.text

    def status(self) -> dict[str, str]:
        """What ``amazon-cloudwatch-agent-ctl -a status`` prints."""
        found = self._record
        return {
            "status": "running" if self.running else "stopped",
            "starttime": iso(found.started_ms) if found is not None and self.running else "",
            "configstatus": "not configured" if found is None else "configured",
            "version": VERSION,
        }

    def log(self, n: int | None = None) -> list[str]:
        """Lines of its own log, oldest first.

        Args:
            n: only the last so many.
        """
        lines = self._host.read(LOG).splitlines() if LOG in self._host.files else []
        return lines if n is None else lines[max(len(lines) - n, 0) :]

    def pending(self) -> dict[str, int]:
        """Bytes of each file it collects that have not arrived yet, by the entry's ``file_path``."""
        from cwlab.hosts.agent.shipping import waiting

        return waiting(self._host._lab.world, self._host._source)

    def __repr__(self) -> str:
        return f"Agent of {self._host.name}: {self.status()['status']}"
