"""``fields`` and ``display``: which columns a row of the answer has."""

from __future__ import annotations

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.chain import Chain
from cwlab.services.logs.insights.values import Value, null


def output(chain: Chain, output: nodes.Output) -> tuple[str, Value]:
    """A column of the answer; what is computed becomes a step and is known by its name."""
    if isinstance(output.expression, nodes.Field) and not output.named:
        if output.name == "@ptr":
            return output.name, null()  # every row that is an event has it anyway
        return output.name, chain.lookup(output.expression)
    value = chain.expressions().value(output.expression)
    return chain.add([(output.name, value)])[0]


def fields(chain: Chain, command: nodes.Fields) -> None:
    """More columns, beside those of earlier fields."""
    for each in command.outputs:
        name, value = output(chain, each)
        chain.shown = [(n, v) for n, v in chain.shown if n != name] + [(name, value)]


def display(chain: Chain, command: nodes.Display) -> None:
    """These and no other columns; the last display counts."""
    chain.displayed = [output(chain, each) for each in command.outputs]
