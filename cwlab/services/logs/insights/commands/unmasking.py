"""``unmask``: fields without asterisks."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.unmasked import unmasked


def unmask(chain: Chain, command: nodes.Unmask) -> None:
    """From here on these fields are as they are stored."""
    for field in command.names:
        chain.known[field.name] = unmasked(chain, command, field)
