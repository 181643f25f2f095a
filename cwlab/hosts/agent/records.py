"""What tables keep of agents."""

from __future__ import annotations

from cwlab.codec import record


@record
class Filter:
    """A line is sent if it passes all filters of its file: ``include`` those that match, ``exclude`` those that do not."""

    kind: str
    expression: str


@record
class LogFile:
    """One entry of ``collect_list``.

    Args:
        file_path: a glob.
        group, stream: names, their placeholders filled in.
        retention_days: what the group is to keep; -1: the group is left as it is.
        time_format: where times stand in lines, "" for the moment of reading.
        start_pattern: what the first line of an event looks like, "" for any line that begins with no space.
        trim: whether the time is taken out of the text.
        auto_removal: whether a rotated file is deleted once it is sent.
        log_class: of a group that is made.
    """

    file_path: str
    group: str
    stream: str
    retention_days: int = -1
    time_format: str = ""
    start_pattern: str = ""
    trim: bool = False
    encoding: str = "utf-8"
    auto_removal: bool = False
    log_class: str = "STANDARD"
    filters: tuple[Filter, ...] = ()


@record
class Measured:
    """One metric of a section.

    Args:
        name: as it is inside the section: ``used_percent``.
        published: the metric's name.
        unit: as CloudWatch spells it.
    """

    name: str
    published: str
    unit: str


@record
class Section:
    """One section of ``metrics_collected``, or one process of ``procstat``.

    Args:
        kind: ``cpu``, ``mem``, …
        measured: which metrics.
        interval_s: how often.
        resources: which disks, cores, cards; ("*",) for all.
        dimensions: of this section alone.
        total: for ``cpu``: the machine as a whole too.
        drop_device: for ``disk``: without the dimension ``device``.
        ignored_types: for ``disk``: types of file systems left out.
        process: for ``procstat``: how it is chosen (``exe``, ``pattern`` or ``pid_file``) and by what.
        drop_original: names whose full-length dimensions are not published, only roll-ups.
    """

    kind: str
    measured: tuple[Measured, ...]
    interval_s: int
    resources: tuple[str, ...] = ()
    dimensions: tuple[tuple[str, str], ...] = ()
    total: bool = True
    drop_device: bool = False
    ignored_types: tuple[str, ...] = ()
    process: tuple[str, str] = ("", "")
    drop_original: tuple[str, ...] = ()


@record
class Statsd:
    """The StatsD listener.

    Args:
        collect_s: how often what came in is gathered.
        aggregate_s: over how long values are put together; 0: not at all.
        separator: between the parts of a name.
    """

    collect_s: int = 10
    aggregate_s: int = 60
    address: str = ":8125"


@record
class Metrics:
    """The section ``metrics``.

    Args:
        append: dimensions every metric gets, their values filled in.
        rollups: sets of names of dimensions, each published as a metric of its own.
        host: the dimension ``host``; "" without.
        flush_s: how often what was gathered is sent.
    """

    namespace: str
    sections: tuple[Section, ...]
    statsd: Statsd | None = None
    append: tuple[tuple[str, str], ...] = ()
    rollups: tuple[tuple[str, ...], ...] = ()
    host: str = ""
    flush_s: int = 60
    endpoint: str = ""
    role: str = ""


@record
class Config:
    """A whole configuration, its placeholders filled in."""

    files: tuple[LogFile, ...] = ()
    metrics: Metrics | None = None
    flush_s: int = 5
    endpoint: str = ""
    role: str = ""


@record
class Agent:
    """An agent.

    Args:
        text: its configuration as you gave it, JSON.
        region: where its calls go.
        access_key: the id of the key in the profile ``AmazonCloudWatchAgent``; "" for the machine's role.
        started_ms: when it was started last.
        run: counts its starts; what an earlier start has put on the agenda says another number.
    """

    config: Config
    text: str
    region: str
    access_key: str
    running: bool
    started_ms: int
    run: int


@record
class Tail:
    """How far an agent is with one entry of its ``collect_list``: its state file.

    Args:
        inode: the file it is at, 0 for none yet.
        offset: bytes of it that are sent, or dropped by a rule.
        done: other files it has read, each with how far.
        stamp_ms: the last time found in a line, 0 for none.
        due_ms: when it is to send again, 0 while there is nothing to do.
        failures: tries in a row that failed.
        settled: the start after which it saw to the group's retention.
    """

    inode: int = 0
    offset: int = 0
    done: tuple[tuple[int, int], ...] = ()
    stamp_ms: int = 0
    due_ms: int = 0
    failures: int = 0
    settled: int = 0
