"""Dead-letter queues: which queues send their failures to this one."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, operation
from cwlab.services.sqs.queues import page
from cwlab.services.sqs.shelf import looked_at, policy_of, queue_arn


@operation("sqs", "ListDeadLetterSourceQueues", resource=queue_arn, policy=policy_of, readonly=True)
def list_dead_letter_source_queues(
    call: Call, *, QueueUrl: str, NextToken: str | None = None, MaxResults: int | None = None
) -> dict[str, Any]:
    """The queues whose redrive policy names this one."""
    shelf = looked_at(call, QueueUrl)
    sources = [
        each.url
        for each in call.table("queues", account=shelf.account).values()
        if each.redrive is not None and each.redrive.target_arn == shelf.queue.arn
    ]
    urls, token = page(sorted(sources), NextToken, MaxResults)
    return {"queueUrls": urls} | ({"NextToken": token} if token else {})
