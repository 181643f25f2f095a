"""What a data protection policy may say. Pure.

Source: User Guide, "Understanding data protection policies", "Custom data identifiers"; API reference
PutDataProtectionPolicy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from cwlab.codec import record
from cwlab.errors import NotModelled
from cwlab.services.logs.pattern import PatternError
from cwlab.services.logs.protection.identifiers import ARN, KINDS, Identifier, own
from cwlab.services.logs.refusals import invalid

VERSION = "2021-06-01"
MOST_LETTERS = 30_720
MOST_OWN, MOST_NAME, MOST_REGEX = 10, 128, 200
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LETTERS = re.compile(r"[A-Za-z0-9_#=@/;, ^$?\[\]{}|\\*+.-]+")


@record
class Policy:
    """What a policy asks for: the identifiers, sorted, and the log group that reports of findings go to."""

    identifiers: tuple[Identifier, ...]
    findings: str | None = None


def parsed(document: str) -> Policy:
    """The policy that a document is.

    Raises:
        AwsError: InvalidParameterException; it is none.
        NotModelled: it names an identifier or a destination that is not modeled.
    """
    if len(document) > MOST_LETTERS:
        raise invalid(f"The data protection policy is longer than {MOST_LETTERS:,} characters.")
    try:
        body = json.loads(document)
    except (ValueError, RecursionError):
        raise invalid("The data protection policy is not valid JSON.") from None
    _shape(body, "The policy", {"Name", "Description", "Version", "Statement", "Configuration"})
    _texts(body, ("Name", "Description"))
    if body.get("Version") != VERSION:
        raise invalid(f'Version is {body.get("Version")!r}; it must be "{VERSION}".')
    mine = _own(body.get("Configuration", {}))
    statements = body.get("Statement")
    if not isinstance(statements, list) or len(statements) != 2:
        raise invalid("Statement must hold two statements: first Audit, then Deidentify.")
    audit, mask = (
        _statement(each, what) for each, what in zip(statements, ("Audit", "Deidentify"), strict=True)
    )
    names = statements[0].get("DataIdentifier")
    if names != statements[1].get("DataIdentifier"):
        raise invalid("The DataIdentifier lists of the two statements must be the same.")
    if not isinstance(names, list) or not names:
        raise invalid("DataIdentifier must be a list of identifiers, at least one.")
    _shape(mask, "Deidentify", {"MaskConfig"})
    if mask.get("MaskConfig") != {}:
        raise invalid("Deidentify must hold an empty MaskConfig: {}.")
    found = {_identifier(name, mine) for name in names}
    if unused := sorted(mine.keys() - {name for name, _ in found}):
        raise invalid(f"The custom data identifier {unused[0]} is in no DataIdentifier list.")
    return Policy(tuple(sorted(found, key=lambda each: (each[0], each[1] or ""))), _destination(audit))


def _shape(value: Any, what: str, known: set[str]) -> None:
    if not isinstance(value, dict):
        raise invalid(f"{what} must be a JSON object.")
    if unknown := sorted(value.keys() - known):
        raise invalid(f"{what} has {unknown[0]!r}; it may have {', '.join(sorted(known))}.")


def _texts(value: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(value.get(name, ""), str):
            raise invalid(f"{name} is {value[name]!r}; it must be a text.")


def _statement(value: Any, operation: str) -> Any:
    """What a statement says of its operation."""
    _shape(value, "A statement", {"Sid", "DataIdentifier", "Operation"})
    _texts(value, ("Sid",))
    found = value.get("Operation")
    if not isinstance(found, dict) or list(found) != [operation] or not isinstance(found[operation], dict):
        raise invalid(
            f"Statements must be first Audit, then Deidentify; the Operation of one is not {operation}."
        )
    return found[operation]


def _own(configuration: Any) -> dict[str, str]:
    """Identifiers of one's own: the expression of each name."""
    _shape(configuration, "Configuration", {"CustomDataIdentifier"})
    given = configuration.get("CustomDataIdentifier", [])
    if not isinstance(given, list) or len(given) > MOST_OWN:
        raise invalid(f"CustomDataIdentifier must be a list of at most {MOST_OWN}.")
    found: dict[str, str] = {}
    for each in given:
        _shape(each, "A custom data identifier", {"Name", "Regex"})
        name, regex = each.get("Name"), each.get("Regex")
        if not isinstance(name, str) or len(name) > MOST_NAME or not _NAME.fullmatch(name):
            raise invalid(
                f"{name!r} is no name of a custom data identifier: letters, digits, _ and -, at most 128."
            )
        if name in KINDS or name in found:
            raise invalid(f"There is a data identifier {name} already.")
        if not isinstance(regex, str) or len(regex) > MOST_REGEX or not _LETTERS.fullmatch(regex):
            raise invalid(
                f"The Regex of {name} must have 1 to {MOST_REGEX} letters, digits, spaces and of _#=@/;,-^$?[]{{}}|\\*+. only."
            )
        try:
            empty = own(regex).empty
        except PatternError as problem:
            error = invalid(f"The Regex of {name} is no regular expression.")
            error.add_note(problem.pointer())
            raise error from None
        if empty:
            raise invalid(f"The Regex of {name} matches an empty text.")
        found[name] = regex
    return found


def _identifier(name: Any, mine: dict[str, str]) -> Identifier:
    if isinstance(name, str) and name in mine:
        return name, mine[name]
    if not isinstance(name, str) or not name.startswith(ARN):
        raise invalid(
            f"{name!r} is neither an ARN such as {ARN}EmailAddress nor a custom data identifier of the policy."
        )
    short = name.removeprefix(ARN)
    if short not in KINDS:
        raise NotModelled(
            f"The data identifier {short}",
            f"Modeled identifiers: {', '.join(sorted(KINDS))}; or one of your own.",
        )
    return short, None


def _destination(audit: Any) -> str | None:
    """The log group that findings are reported to."""
    _shape(audit, "Audit", {"FindingsDestination"})
    found = audit.get("FindingsDestination")
    _shape(found, "FindingsDestination", {"CloudWatchLogs", "S3", "Firehose"})
    for other in ("S3", "Firehose"):
        if other in found:
            raise NotModelled(f"Audit findings to {other}", "Send them to a log group: CloudWatchLogs.")
    if "CloudWatchLogs" not in found:
        return None
    _shape(found["CloudWatchLogs"], "CloudWatchLogs", {"LogGroup"})
    group = found["CloudWatchLogs"].get("LogGroup")
    if not isinstance(group, str) or not group:
        raise invalid("CloudWatchLogs must name a LogGroup.")
    return group
