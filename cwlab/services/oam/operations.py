"""All of Observability Access Manager's operations: importing this module declares them."""

from cwlab.services.oam import links, sinks, tags

__all__ = ["links", "sinks", "tags"]
