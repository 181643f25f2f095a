"""What Auto Scaling remembers: groups with their members, and what was done for them, policies."""

from __future__ import annotations

from typing import Any

from cwlab.codec import record
from cwlab.services.autoscaling.scaling import Step


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
    warmup_s: int = 0
    serving_ms: int | None = None  # in service from this instant

    def is_warm(self, now_ms: int) -> bool:
        """Whether it is in service and its warm-up is over."""
        return self.state == "InService" and now_ms >= (self.serving_ms or 0) + self.warmup_s * 1_000

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
class Wish:
    """The capacity a policy wanted when its alarm last asked."""

    policy: str
    capacity: int
    at_ms: int


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
    suspended: tuple[str, ...] = ()  # processes, by name
    collected: tuple[str, ...] = ()  # group metrics, by name
    cooling_s: int | None = None  # a simple policy's own cooldown, for the activities it set off
    launch_warmup_s: int | None = None  # of the policy whose instances are still to be launched
    wishes: tuple[Wish, ...] = ()
    lowered_ms: int | None = None  # when a policy last lowered the desired capacity

    @property
    def serving(self) -> frozenset[str]:
        """The instances that do the group's work: in service and healthy, warm or not."""
        return frozenset(m.instance_id for m in self.members if m.state == "InService" and m.healthy)

    @property
    def moving(self) -> bool:
        """Whether an instance is on its way in or out."""
        return any(member.state != "InService" for member in self.members)

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
    instance_id: str = ""


@record
class Policy:
    """A scaling policy. Which fields mean something depends on `kind`, as in PutScalingPolicy."""

    name: str
    arn: str
    group: str
    kind: str
    enabled: bool = True
    adjustment_type: str | None = None
    adjustment: int | None = None
    magnitude: int | None = None
    cooldown_s: int | None = None
    aggregation: str | None = None
    steps: tuple[Step, ...] = ()
    warmup_s: int | None = None
    tracking: dict[str, Any] | None = None  # TargetTrackingConfiguration in AWS's spelling
    alarms: tuple[str, ...] = ()  # the alarms a target tracking policy made, by name: high, low


@record
class Scheduled:
    """A scheduled action: the sizes that are not None become the group's at `next_ms`."""

    name: str
    arn: str
    group: str
    made_ms: int
    start_ms: int | None
    end_ms: int | None
    recurrence: str | None
    min_size: int | None
    max_size: int | None
    desired: int | None
    zone: str | None
    entry: int = -1
    next_ms: int = 0


@record
class Work:
    """Work of a whole group: `values[i]`, a total, from `start_ms + i * step_ms` for one step."""

    quantity: str
    start_ms: int
    step_ms: int
    values: tuple[float, ...]

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.step_ms * len(self.values)


@record
class Sizes:
    """The numbers of a group from `at_ms` on, and which of them are collected as metrics."""

    at_ms: int
    collected: tuple[str, ...]
    least: int
    most: int
    desired: int
    serving: int
    pending: int
    leaving: int
