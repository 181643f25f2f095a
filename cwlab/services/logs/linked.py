"""Log groups of other accounts: of those that link to this account's sink and share their log groups with it.

Which accounts do is asked of Observability Access Manager, through the door. Source: CloudWatch User Guide, "CloudWatch
cross-account observability"; OAM API reference, LogGroupConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from cwlab.api import Call, load
from cwlab.errors import AwsError
from cwlab.services.logs.names import group_arn, groups, identifier_of, name_of, tag_conditions
from cwlab.services.logs.records import Group
from cwlab.services.logs.refusals import no_group
from cwlab.sharing import shares

LOG_GROUP = "AWS::Logs::LogGroup"
Structure = dict[str, Any]


class Place(NamedTuple):
    """A log group, and the call as if it were made in the group's account."""

    call: Call
    group: Group

    @property
    def arn(self) -> str:
        """The form without ``:*``."""
        return group_arn(self.call, self.group.name)

    def seen_from(self, account: str) -> str:
        """What an account calls it: by its name if it is its own, else by its ARN."""
        return self.group.name if self.call.account == account else self.arn


def inside(call: Call, account: str) -> Call:
    """The same call, as if made in another account."""
    if account == call.account:
        return call
    return Call(call.world, replace(call.request, account=account), call.service)


def sources(call: Call) -> dict[str, str | None]:
    """The accounts that share log groups with this one, each with the filter of its link; None where it shares all."""
    if not load("oam"):
        return {}
    found = {}
    for sink in _listed(call, "ListSinks"):
        for link in _listed(call, "ListAttachedLinks", SinkIdentifier=sink["Arn"]):
            if LOG_GROUP in link["ResourceTypes"]:
                account = link["LinkArn"].split(":")[4]
                asked = _asked(call, "GetLink", account, Identifier=link["LinkArn"])
                parts = asked.get("LinkConfiguration", {})
                found[account] = parts.get("LogGroupConfiguration", {}).get("Filter")
    return found


def all_sources(call: Call) -> dict[str, str | None]:
    """This account and those that share log groups with it, each with its filter."""
    return {call.account: None, **sources(call)}


def _listed(call: Call, operation: str, **params: str) -> Iterator[Structure]:
    token: Structure = {}
    while True:
        answer = _asked(call, operation, call.account, **params, **token)
        yield from answer["Items"]
        if "NextToken" not in answer:
            return
        token = {"NextToken": answer["NextToken"]}


def _asked(call: Call, operation: str, account: str, **params: str) -> Structure:
    return call.invoke("oam", operation, params, service_principal="logs.amazonaws.com", account=account)


def shared(call: Call, account: str, filter_: str | None = None) -> Iterator[Place]:
    """The log groups of an account that are to be seen here, by name."""
    there = inside(call, account)
    for name, group in sorted(groups(there).items()):
        if account == call.account or shares(filter_, "LogGroupName", name):
            yield Place(there, group)


def account_of(identifier: str) -> str | None:
    """The account in a log group's ARN; None in a name."""
    parts = identifier.split(":", 6)
    return parts[4] if len(parts) == 7 and parts[0] == "arn" else None


def place_of(call: Call, identifier: str) -> Place:
    """The log group a name or ARN means, of this account or of one that shares it with this one.

    Raises:
        AwsError: there is none, or it is not shared.
    """
    account = account_of(identifier)
    if account is None or account == call.account:
        there = call
    else:
        there = inside(call, account)
        name = name_of(there, identifier)
        linked = sources(call)
        if account not in linked or not shares(linked[account], "LogGroupName", name):
            raise _not_shared(call, account)
    group: Group | None = groups(there).get(name_of(there, identifier))
    if group is None:
        raise no_group()
    return Place(there, group)


def chosen(call: Call, params: Structure) -> Place:
    """The group a request names by ``logGroupName`` or ``logGroupIdentifier``, of this account or of one that shares it.

    Raises:
        AwsError: it names none or two, there is none, or it is not shared.
    """
    return place_of(call, identifier_of(params))


def conditions(call: Call, params: Structure) -> dict[str, str | list[str]]:
    """The condition keys of a request that reads a group. One that another account shares is read by this account's
    policies alone: to IAM it is this account's."""
    keys = tag_conditions(call, params)
    account = account_of(params.get("logGroupIdentifier", ""))
    if account not in (None, call.account) and account in sources(call):
        keys["aws:ResourceAccount"] = call.account
    return keys


def _not_shared(call: Call, account: str) -> AwsError:
    error = no_group()
    error.add_note(
        f"Account {account} shares no such log group with {call.account}. Make a sink here and a link there: "
        "oam.create_sink, put_sink_policy; in the other account oam.create_link."
    )
    return error
