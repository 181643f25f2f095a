"""What the tables of Observability Access Manager hold."""

from __future__ import annotations

from cwlab.codec import record

Pairs = tuple[tuple[str, str], ...]


@record
class Sink:
    """Where source accounts attach, in a monitoring account. ``policy`` is "" until there is one."""

    id: str
    arn: str
    name: str
    policy: str = ""
    tags: Pairs = ()


@record
class Link:
    """What a source account shares with a sink. Filters are None where everything is shared."""

    id: str
    arn: str
    sink_arn: str
    template: str
    label: str
    types: tuple[str, ...]
    log_groups: str | None = None
    namespaces: str | None = None
    tags: Pairs = ()
