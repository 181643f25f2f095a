"""Names of log groups and streams: their defaults, and what stands in braces. Pure.

Source: agent configuration, "log_group_name", "log_stream_name".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """What a machine says of itself.

    Args:
        instance_id: "" on premises, where there are no instance metadata.
        group: the Auto Scaling group it is in, "" for none.
    """

    instance_id: str
    hostname: str
    ip_address: str
    region: str
    image_id: str = ""
    instance_type: str = ""
    group: str = ""

    def filled(self, name: str) -> str:
        """A name with its placeholders filled in; without metadata the agent writes what it does not know so."""
        values = {
            "{instance_id}": self.instance_id or "i-UNKNOWN",
            "{hostname}": self.hostname,
            "{local_hostname}": self.hostname,
            "{ip_address}": self.ip_address,
        }
        for placeholder, value in values.items():
            name = name.replace(placeholder, value)
        return name


def default_group(file_path: str) -> str:
    """The group of a file without a ``log_group_name``: its path up to the last dot.

    >>> default_group("/tmp/TestLogFile.log.2017-07-11-14")
    '/tmp/TestLogFile.log'
    """
    return file_path.rpartition(".")[0] or file_path
