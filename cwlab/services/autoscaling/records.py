"""What Auto Scaling remembers: groups with their members, and what was done for them."""

from __future__ import annotations

from cwlab.codec import record


@record
class Template:
    """The launch template of a group: its id, its name, and the version as it was given."""

    template_id: str
    name: str
    version: str


@record
class Member:
    """An instance of a group. `state` is Pending, InService or Terminating; `activity_id` what is being done to it."""

    instance_id: str
    instance_type: str
    zone: str
    subnet_id: str
    state: str
    template: Template
    joined_ms: int
    activity_id: str
    image_id: str = ""
    healthy: bool = True
    protected: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is part of the group's capacity."""
        return self.state in ("Pending", "InService") and self.healthy


@record
class Tag:
    """A tag of a group; with `propagate`, also of the instances it launches from now on."""

    key: str
    value: str
    propagate: bool


@record
class Group:
    """A group that keeps `desired` instances running, spread over its zones."""

    name: str
    arn: str
    template: Template
    min_size: int
    max_size: int
    desired: int
    zones: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    created_ms: int
    cooldown_s: int = 300
    grace_s: int = 0
    warmup_s: int | None = None
    new_protected: bool = False
    policies: tuple[str, ...] = ("Default",)
    members: tuple[Member, ...] = ()
    tags: tuple[Tag, ...] = ()
    cause: str = ""
    failures: int = 0
    cooled_ms: int = 0
    deleting: bool = False
    watching: bool = False

    @property
    def capacity(self) -> int:
        """How many instances count as running or on their way."""
        return sum(member.counts for member in self.members)


@record
class Activity:
    """One thing that was done for a group, with its reason."""

    activity_id: str
    group: str
    description: str
    cause: str
    start_ms: int
    status: str = "InProgress"
    end_ms: int | None = None
    message: str | None = None
    details: str = "{}"
