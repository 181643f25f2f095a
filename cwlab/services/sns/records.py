"""What a topic, a subscription and an e-mail are."""

from __future__ import annotations

from typing import NamedTuple

from cwlab.codec import record

FIFO_SUFFIX = ".fifo"


@record
class Topic:
    """A topic. ``settings`` holds its attributes as texts in AWS's spelling; what was never set is absent."""

    name: str
    arn: str
    settings: dict[str, str]
    tags: dict[str, str]
    created_ms: int
    sequence: int = 0  # of a FIFO topic: how many messages were ever published
    unsubscribed: int = 0  # how many subscriptions were deleted

    @property
    def fifo(self) -> bool:
        return self.name.endswith(FIFO_SUFFIX)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


@record
class Subscription:
    """A subscription. ``token`` is what its owner confirms it with; until then it gets nothing.

    Args:
        owner, principal: the account that subscribed, and who of it.
    """

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    settings: dict[str, str]
    asked_ms: int
    confirmed: bool
    token: str | None = None
    authenticated: bool = True  # whether it was confirmed by a signed request of the endpoint's owner

    def is_on(self, name: str) -> bool:
        """Whether an attribute that is true or false is true."""
        return self.settings.get(name, "false") == "true"


class Attribute(NamedTuple):
    """A message attribute."""

    name: str
    kind: str
    value: str | bytes


class Message(NamedTuple):
    """A message on its way from a topic to its subscriptions.

    Args:
        bodies: what each protocol gets, where that differs (MessageStructure ``json``); ``default`` is always there.
    """

    message_id: str
    topic_arn: str
    subject: str | None
    bodies: dict[str, str]
    attributes: tuple[Attribute, ...]
    at_ms: int
    signature_version: str = "1"
    group: str | None = None
    deduplication_id: str | None = None
    sequence: str | None = None

    def body(self, protocol: str) -> str:
        return self.bodies.get(protocol, self.bodies["default"])


@record
class Mail:
    """An e-mail in the lab's mailboxes. ``token`` confirms a subscription, in a mail that asks for it."""

    address: str
    at_ms: int
    sender: str
    subject: str
    body: str
    topic_arn: str
    token: str | None = None
