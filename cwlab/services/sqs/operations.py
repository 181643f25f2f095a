"""All of SQS's operations: importing this module declares them."""

from cwlab.services.sqs import metrics, queues, receiving, redriving, sending

__all__ = ["metrics", "queues", "receiving", "redriving", "sending"]
