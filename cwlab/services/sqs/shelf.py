"""One queue with all its tables, found by its URL."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call
from cwlab.arn import arn
from cwlab.services.sqs import backlog, tally
from cwlab.services.sqs.errors import no_such_queue
from cwlab.services.sqs.records import Message, Queue


def address(call: Call, url: str) -> tuple[str, str]:
    """Account and name of the queue a URL names. A bare name is a queue of your own, as SQS has it."""
    parts = url.rstrip("/").split("/")
    if len(parts) >= 2 and len(parts[-2]) == 12 and parts[-2].isdigit():
        return parts[-2], parts[-1]
    return call.account, parts[-1]


def queue_arn(call: Call, params: dict[str, Any]) -> str:
    """The ARN of the queue a request names: what IAM sees."""
    account, name = address(call, params["QueueUrl"])
    return arn("sqs", call.region, account, name)


def policy_of(call: Call, params: dict[str, Any]) -> str | None:
    """The queue's own policy, if it has one."""
    account, name = address(call, params["QueueUrl"])
    found: Queue | None = call.table("queues", account=account).get(name)
    return None if found is None else found.settings.get("Policy") or None


class Shelf:
    """A queue, its messages, and what was counted. ``opened`` brings all of them up to now first."""

    def __init__(self, call: Call, account: str, name: str) -> None:
        self.call, self.account, self.name = call, account, name
        found: Queue | None = call.table("queues", account=account).get(name)
        if found is None:
            raise no_such_queue()
        self.queue = found
        self.messages = call.table(f"messages/{name}", account=account)
        self.deduplicated = call.table(f"deduplicated/{name}", account=account)

    def save(self, queue: Queue) -> None:
        """Put a changed queue in the old one's place."""
        self.call.table("queues", account=self.account)[self.name] = queue
        self.queue = queue

    def keep(self, message: Message) -> None:
        """Put a message in, or a changed one in the old one's place."""
        tally.moved(self.call, self.account, self.queue, self.messages.get(message.message_id), message)
        self.messages[message.message_id] = message

    def remove(self, message: Message) -> None:
        """Take a message out."""
        tally.moved(self.call, self.account, self.queue, message, None)
        del self.messages[message.message_id]

    def empty(self) -> None:
        """Take every message out."""
        self.messages.clear()
        tally.recount(self.call, self.account, self.queue, self.messages)

    def other(self, of_arn: str) -> Shelf | None:
        """The queue of the same account and Region with this ARN, if there is one."""
        name = of_arn.rsplit(":", 1)[-1]
        if name not in self.call.table("queues", account=self.account):
            return None
        return Shelf(self.call, self.account, name).up_to_date()

    def up_to_date(self) -> Shelf:
        """Count what time alone has done since the last request, and let expired messages go."""
        gone = tally.settle(self.call, self.account, self.queue, self.messages)
        if gone:
            self.messages.drop(gone)
        return self

    def change(self, queue: Queue) -> None:
        """Put a queue with other settings in the old one's place. What expired by those that were, is gone."""
        gone = backlog.expired(self.messages.values(), self.queue, self.call.now_ms)
        self.messages.drop([each.message_id for each in gone])
        self.save(queue)
        tally.recount(self.call, self.account, queue, self.messages)


def looked_at(call: Call, url: str) -> Shelf:
    """The queue of a URL, to be read.

    Raises:
        AwsError: there is no such queue.
    """
    return Shelf(call, *address(call, url))


def opened(call: Call, url: str) -> Shelf:
    """The queue of a URL, up to date, to be changed.

    Raises:
        AwsError: there is no such queue.
    """
    return looked_at(call, url).up_to_date()
