"""What CloudTrail keeps. Table ``trails``, of the account and ``aws-global``, by (home Region, name): a trail of all Regions
shows in each."""

from __future__ import annotations

from cwlab.codec import record


@record
class Selector:
    """Which management events a trail wants."""

    kind: str = "All"  # or ReadOnly, WriteOnly
    management: bool = True
    excluded: tuple[str, ...] = ()  # event sources


@record
class Trail:
    """A trail, its switch, how far it has come, and how its deliveries went."""

    name: str
    arn: str
    home: str
    bucket: str
    prefix: str = ""
    global_events: bool = True
    all_regions: bool = False
    group_arn: str | None = None
    role_arn: str | None = None
    selector: Selector = Selector()
    tags: tuple[tuple[str, str], ...] = ()
    logging: bool = False
    position: int = 0  # the first entry of the journal not looked at
    due: int | None = None  # the next delivery, on the agenda
    started_ms: int | None = None
    stopped_ms: int | None = None
    tried_ms: int | None = None
    file_ms: int | None = None  # the last file in the bucket
    file_error: str | None = None
    logs_ms: int | None = None  # the last delivery to the log group
    logs_error: str | None = None
