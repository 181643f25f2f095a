"""All of SNS's operations: importing this module declares them."""

from cwlab.services.sns import metrics, publishing, subscriptions, topics

__all__ = ["metrics", "publishing", "subscriptions", "topics"]
