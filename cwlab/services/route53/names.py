"""Domain names and the values of records, checked. Source: Route 53 Developer Guide, "DNS domain name format" and
"Supported DNS record types"."""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"[a-z0-9_*](?:[a-z0-9_*-]{0,61}[a-z0-9_*])?")
_QUOTED = re.compile(r'(?:"(?:[^"\\]|\\.){0,255}"\s*)+')
MODELED = ("A", "AAAA", "CNAME", "TXT", "MX", "NS", "SOA")


def full(name: str) -> str:
    """A name in small letters, with its dot at the end.

    >>> full("WWW.Example.com")
    'www.example.com.'
    """
    return name.lower().rstrip(".") + "."


def is_name(name: str) -> bool:
    """Whether a text is a domain name.

    >>> is_name("www.example.com"), is_name("a..b"), is_name("-a.com")
    (True, False, False)
    """
    labels = full(name)[:-1].split(".")
    return len(name) <= 255 and all(_LABEL.fullmatch(label) for label in labels)


def inside(name: str, zone: str) -> bool:
    """Whether a name is a zone's own or below it; both with their dots."""
    return name == zone or name.endswith("." + zone)


def order(name: str) -> tuple[str, ...]:
    """How Route 53 sorts names: by their labels from the right."""
    return tuple(reversed(full(name)[:-1].split(".")))


def value_problem(kind: str, value: str) -> str | None:
    """What is wrong with a record's value; None when it is good."""
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        try:
            good = ipaddress.ip_address(value).version == version
        except ValueError:
            good = False
        return (
            None
            if good
            else f"{kind}RRDATAIllegalIPv{version}Address (Value is not a valid IPv{version} address)"
        )
    if kind in ("CNAME", "NS"):
        return None if is_name(value) else f"{kind}RRDATAIllegalDomainName (Value is not a valid domain name)"
    if kind == "MX":
        number, _, host = value.partition(" ")
        good = number.isdigit() and int(number) < 65_536 and is_name(host)
        return None if good else "MXRRDATAIncorrectFormat (Value does not have the form: priority name)"
    if kind == "TXT":
        good = _QUOTED.fullmatch(value) is not None
        return None if good else "InvalidCharacterString (Value should be enclosed in quotation marks)"
    return None
