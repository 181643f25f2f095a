"""What EventBridge remembers: buses, rules with their targets."""

from __future__ import annotations

from cwlab.codec import record

DEFAULT = "default"
MOST_RETRIES, MOST_AGE_S = 185, 86_400  # a target that says nothing is retried for a day


@record
class Bus:
    """An event bus. ``policy`` is its resource policy, a JSON text."""

    name: str
    arn: str
    description: str | None = None
    policy: str | None = None
    created_ms: int | None = None
    modified_ms: int | None = None


@record
class Target:
    """Where a rule sends what it matches, and how.

    Args:
        constant: a JSON text sent in place of the event.
        path: the part of the event that is sent.
        paths, template: an input transformer.
        retries: attempts after the first, at most.
        age_s: how old an event may get while it is retried.
        dead_letters: the ARN of the queue for what cannot be delivered.
        group: the message group, for a FIFO queue.
    """

    target_id: str
    arn: str
    role_arn: str | None = None
    constant: str | None = None
    path: str | None = None
    paths: tuple[tuple[str, str], ...] | None = None
    template: str | None = None
    retries: int | None = None
    age_s: int | None = None
    dead_letters: str | None = None
    group: str | None = None

    @property
    def retry_limits(self) -> tuple[int, int]:
        """Retries and age in force: what was given, else EventBridge's 185 and 24 hours."""
        retries = MOST_RETRIES if self.retries is None else self.retries
        return retries, MOST_AGE_S if self.age_s is None else self.age_s


@record
class Rule:
    """A rule of a bus: a pattern, a schedule, or both.

    Args:
        since_ms: from when a rate counts.
        due: the number of the agenda entry for its next scheduled run.
    """

    name: str
    bus: str
    arn: str
    pattern: str | None = None
    schedule: str | None = None
    state: str = "ENABLED"
    description: str | None = None
    role_arn: str | None = None
    since_ms: int = 0
    due: int | None = None
    targets: tuple[Target, ...] = ()

    @property
    def enabled(self) -> bool:
        return self.state == "ENABLED"

    def target(self, target_id: str) -> Target | None:
        """The target of that id."""
        return next((each for each in self.targets if each.target_id == target_id), None)
