"""What the tables of S3 hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from cwlab.codec import record, register

STANDARD = "STANDARD"
NULL = "null"  # the version id of what is written while versioning is not enabled


class Content:
    """The bytes of an object. Versions, copies, forks and the journal share one."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        return f"Content({len(self.data)} bytes)"


register(
    Content, lambda content: np.frombuffer(content.data, np.uint8), lambda column: Content(column.tobytes())
)


class Sent:
    """A request in the journal: its body is the stored content itself. ``rest`` are the other parameters."""

    __slots__ = ("content", "rest")

    def __init__(self, rest: dict[str, Any], content: Content) -> None:
        self.rest, self.content = rest, content

    def params(self) -> dict[str, Any]:
        """The request, made again."""
        return {**self.rest, "Body": self.content.data}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sent) and self.params() == other.params()

    __hash__ = None  # type: ignore[assignment]


register(Sent, lambda sent: [sent.rest, sent.content], lambda parts: Sent(*parts))


@record
class Seal:
    """How an object is encrypted: AES256, aws:kms or aws:kms:dsse; with KMS under which key, and the data key it gave."""

    algorithm: str = "AES256"
    key: str | None = None
    blob: bytes = b""
    bucket_key: bool = False

    @property
    def kms(self) -> bool:
        return self.algorithm != "AES256"


@record
class Rule:
    """A lifecycle rule: objects whose keys begin with ``prefix`` expire ``days`` days after they were made."""

    id: str
    prefix: str
    days: int
    enabled: bool = True


@record
class Bucket:
    """A bucket and its settings. ``encryption`` is what objects get that bring no choice of their own; its key is as it was named."""

    name: str
    owner: str
    region: str
    created_ms: int
    encryption: Seal = Seal()
    policy: str | None = None
    blocked: tuple[str, ...] | None = (
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    )
    ownership: str | None = "BucketOwnerEnforced"
    acl: str = "private"
    versioning: str | None = None  # Enabled, Suspended, or None: never enabled
    rules: tuple[Rule, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    sweep: int | None = None  # the agenda entry that looks for what has expired


@record
class Version:
    """One version of an object; without ``content`` a delete marker."""

    key: str
    id: str
    modified_ms: int
    content: Content | None
    etag: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # ContentType, ContentEncoding, … in boto3's spelling
    metadata: tuple[tuple[str, str], ...] = ()
    storage_class: str = STANDARD
    seal: Seal = Seal()
    checksum: tuple[str, str, str] | None = (
        None  # boto3's name (ChecksumCRC32), the value, FULL_OBJECT or COMPOSITE
    )
    tags: tuple[tuple[str, str], ...] = ()
    acl: str = "private"
    parts: tuple[int, ...] = ()  # the sizes of the parts it was uploaded in


@record
class Part:
    """One part of an upload."""

    number: int
    modified_ms: int
    content: Content
    etag: str
    checksum: tuple[str, str, str]


@record
class Upload:
    """A multipart upload under way: the object it will become, and the parts so far, by number."""

    id: str
    started_ms: int
    draft: Version
    algorithm: str
    parts: tuple[Part, ...] = ()
