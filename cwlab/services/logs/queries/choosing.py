"""Which groups a query reads: those the request names in one of three ways, or those a SOURCE command chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cwlab.api import Call
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import parse
from cwlab.services.logs.linked import Place, account_of, place_of, shared, sources
from cwlab.services.logs.names import group_arn, policy_arn, tag_conditions
from cwlab.services.logs.refusals import invalid, not_found

MOST_GROUPS = 50
MOST_CHOSEN = 10_000  # by SOURCE
WAYS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
Params = dict[str, Any]


def named(params: Params) -> list[str]:
    """What a request names, in one of the three ways; names, and of ``logGroupIdentifiers`` names and ARNs.

    Raises:
        AwsError: it names none, too many, or some in two ways.
    """
    ways = [name for name in WAYS if params.get(name) is not None]
    if len(ways) != 1:
        raise invalid(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified, or a SOURCE command in "
            "queryString."
        )
    value = params[ways[0]]
    found = [value] if isinstance(value, str) else [str(each) for each in value]
    if not 1 <= len(found) <= MOST_GROUPS:
        raise invalid(f"Between 1 and {MOST_GROUPS} log groups must be specified.")
    return list(dict.fromkeys(found))


def source_of(query: nodes.Query) -> nodes.Source | None:
    """The SOURCE command a query begins with."""
    first = query.commands[0]
    return first if isinstance(first, nodes.Source) else None


def places(call: Call, params: Params, query: nodes.Query) -> list[Place]:
    """The groups of the query itself.

    Raises:
        AwsError: the request does not say which, one does not exist, or is not shared with this account.
    """
    source = source_of(query)
    if source is None:
        found = [place_of(call, each) for each in named(params)]
        return list({place.arn: place for place in found}.values())
    if any(params.get(name) is not None for name in WAYS):
        raise invalid("A query that begins with SOURCE chooses its log groups; the request must name none.")
    return chosen_by(call, source)


def chosen_by(call: Call, source: nodes.Source) -> list[Place]:
    """The groups a SOURCE chooses.

    Raises:
        AwsError: there is none, there are too many, or an account shares nothing with this one.
    """
    if source.group is not None:
        return [place_of(call, source.group)]
    found: list[Place] = []
    for account, filter_ in _accounts(call, source):
        found += [
            place
            for place in shared(call, account, filter_)
            if place.group.log_class in source.classes
            and (not source.prefixes or place.group.name.startswith(source.prefixes))
        ]
    if not found:
        raise not_found("No log group matches the SOURCE command.")
    if len(found) > MOST_CHOSEN:
        raise invalid(
            f"The SOURCE command selects {len(found):,} log groups, and a query reads at most {MOST_CHOSEN:,}. Use another way "
            "to select fewer, such as namePrefix."
        )
    return found


def _accounts(call: Call, source: nodes.Source) -> Iterator[tuple[str, str | None]]:
    """The accounts a SOURCE looks at: those it names, or this one and all that share log groups with it."""
    linked = {call.account: None, **({} if source.accounts == (call.account,) else sources(call))}
    if missing := [each for each in source.accounts if each not in linked]:
        raise invalid(f"The account {missing[0]} shares no log groups with {call.account}.")
    for account, filter_ in linked.items():
        if not source.accounts or account in source.accounts:
            yield account, filter_


def read(call: Call, params: Params, query: nodes.Query) -> list[str]:
    """The ARNs of all groups a query reads, those of its subqueries and its join as well."""
    first = source_of(query)
    found = [place.arn for place in chosen_by(call, first)] if first is not None else []
    if first is None:
        found = [each if account_of(each) else group_arn(call, each) for each in named(params)]
    for each in nodes.walk(query.commands):
        if isinstance(each, nodes.Source) and each is not first:
            found += [place.arn for place in chosen_by(call, each)]
    return list(dict.fromkeys(found))


def touched(call: Call, params: Params) -> list[str]:
    """The ARNs IAM sees: the groups'. What cannot be read at all is refused later; so it touches any group."""
    try:
        found = read(call, params, parse(params.get("queryString", "")))
    except QueryError:
        found = [each if account_of(each) else group_arn(call, each) for each in _anyhow(params)]
    return [f"{arn}:log-stream:" for arn in found] or [policy_arn(call, {})]


def _anyhow(params: Params) -> list[str]:
    value: str | list[str] = next((params[name] for name in WAYS if params.get(name)), [])
    return [value] if isinstance(value, str) else list(value)


def conditions(call: Call, params: Params) -> dict[str, str | list[str]]:
    """The condition keys of StartQuery. Groups that other accounts share are read by this account's policies alone: to IAM
    they are this account's."""
    keys = tag_conditions(call, params)
    others = {account_of(arn) for arn in touched(call, params)} - {call.account, None}
    if others and others <= set(sources(call)):
        keys["aws:ResourceAccount"] = call.account
    return keys
