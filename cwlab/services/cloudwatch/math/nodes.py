"""An expression as data.

``at`` and ``end`` say where a node stands in the text, counted from 0; an operation stands at its operator.

    Number 5 · Text 'cpu' · Reference m1 · Word DESC · Array [m1, m2] · Negative -m1 · Operation m1 + m2 · Call SUM(m1)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: float


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted string, as it stands between the quotes: what a backslash means is up to the function."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference(Node):
    id: str


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A choice that a function offers: REPEAT, LINEAR, AVG, DESC."""

    name: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Operation(Node):
    """``start`` and ``end`` enclose both sides; ``at`` is the operator's place."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    name: str
    arguments: tuple[Node, ...]


def children(node: Node) -> tuple[Node, ...]:
    """What a node is made of, left to right."""
    match node:
        case Array(items=items):
            return items
        case Negative(operand=operand):
            return (operand,)
        case Operation(left=left, right=right):
            return left, right
        case Call(arguments=arguments):
            return arguments
    return ()


def postorder(root: Node) -> Iterator[Node]:
    """Every node after what it is made of. Not recursive: 2,048 characters can nest deeper than Python's stack."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(children(node))
    return reversed(found)


def start_of(node: Node) -> int:
    """Where a node's text begins; an operation begins with its left side."""
    while isinstance(node, Operation):
        node = node.left
    return node.at
