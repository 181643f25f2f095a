"""What the service stores. Tables: ``functions`` by name, ``aliases``, ``policies`` and ``event_configs`` by (name, qualifier
or ""), ``environments`` by name, ``mappings`` by UUID, ``queue`` by request id."""

from __future__ import annotations

from cwlab.codec import record

LATEST = "$LATEST"


@record
class Version:
    """One version of a function: its code and how it runs."""

    version: str
    runtime: str
    handler: str
    role: str
    description: str
    timeout_s: int
    memory_mb: int
    storage_mb: int
    architecture: str
    variables: dict  # environment variables
    dead_letter: str | None  # ARN
    tracing: str  # PassThrough, Active
    package: bytes  # the zip
    sha256: str  # of it, in base64
    modified_ms: int
    revision: str


@record
class Function:
    """A function: what is being worked on, and what was published."""

    name: str
    latest: Version
    versions: tuple[Version, ...] = ()
    next_version: int = 1
    tags: tuple[tuple[str, str], ...] = ()
    reserved: int | None = None  # concurrency


@record
class Alias:
    name: str
    version: str
    description: str
    revision: str


@record
class Environment:
    """One execution environment: a container that holds a version ready, with a log stream of its own."""

    version: str
    sha256: str
    revision: str
    stream: str
    busy_until_ms: int
    used_ms: int


@record
class EventConfig:
    """How asynchronous invocations are treated. None is the default."""

    retries: int | None
    max_age_s: int | None
    on_success: str | None
    on_failure: str | None
    modified_ms: int


@record
class Statement:
    """A statement of a function's policy."""

    sid: str
    text: str  # JSON


@record
class Mapping:
    """A queue that feeds a function."""

    uuid: str
    source: str  # the queue's ARN
    function: str  # name
    qualifier: str | None
    batch: int
    window_s: int
    enabled: bool
    partial: bool  # ReportBatchItemFailures
    modified_ms: int
    last_result: str
    tags: tuple[tuple[str, str], ...] = ()
