"""A Metrics Insights query as data."""

from __future__ import annotations

from typing import NamedTuple

ACCOUNT = "AWS.AccountId"


class Key(NamedTuple):
    """What metrics are filtered and grouped by: a dimension, or, with a prefix, ``AWS.AccountId``."""

    name: str
    prefix: str | None = None

    @property
    def account(self) -> bool:
        return self.prefix is not None


class Condition(NamedTuple):
    """``key = 'value'``, or ``!=`` when ``equal`` is False. A value of None is CURRENT_ACCOUNT_ID()."""

    key: Key
    equal: bool
    value: str | None


class Order(NamedTuple):
    """ORDER BY ``function()``."""

    function: str
    descending: bool


class Query(NamedTuple):
    """One SELECT. ``dimensions`` is None without SCHEMA; otherwise exactly the dimension names a metric has."""

    function: str
    metric: str
    namespace: str
    dimensions: frozenset[str] | None = None
    where: tuple[Condition, ...] = ()
    group: tuple[Key, ...] = ()
    order: Order | None = None
    limit: int | None = None
