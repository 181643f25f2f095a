"""What data identifiers find in a text. Pure.

AWS tells which keywords and which notation an identifier asks for, not its expressions: those here are our own. A keyword
counts within 30 characters of the data, in any case, with its spaces as ``_``, ``-`` or nothing. Source: User Guide,
"Types of data that you can protect" and its pages; Amazon Macie's, which describes the same identifiers, for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from cwlab.services.logs.pattern.parse import regex

ARN = "arn:aws:dataprotection::aws:data-identifier/"
NEAR = 30  # characters between a keyword and its data
Span = tuple[int, int]
Identifier = tuple[str, str | None]  # name, and the expression of one's own

# Numbers that card issuers keep for tests, which AWS does not report.
TEST_CARDS = frozenset(
    """122000000000003 2222405343248877 2222990905257051 2223007648726984 2223577120017656 30569309025904 34343434343434
    3528000700000000 3530111333300000 3566002020360505 36148900647913 36700102000000 371449635398431 378282246310005
    378734493671000 38520000023237 4012888888881881 4111111111111111 4222222222222 4444333322221111 4462030000000000
    4484070000000000 4911830000000 4917300800000000 4917610000000000 4917610000000000003 5019717010103742
    5105105105105100 5111010030175156 5185540810000019 5200828282828210 5204230080000017 5204740009900014
    5420923878724339 5454545454545454 5455330760000018 5506900490000436 5506900490000444 5506900510000234
    5506920809243667 5506922400634930 5506927427317625 5553042241984105 5555553753048194 5555555555554444
    5610591081018250 6011000990139424 6011000400000000 6011111111111117 630490017740292441 630495060000000000
    6331101999990016 6759649826438453 6799990100000000019""".split()  # noqa: SIM905
)
_TEST_KEYS = ("je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
_CARD = re.compile(
    r"3[4-689]|4|5|6[0-9]|2[2-7]|81"
)  # American Express, Diners Club, JCB; Visa; Mastercard, Dankort; …


class Kind(NamedTuple):
    """How one identifier finds its data.

    Args:
        sign: a character every match has, which is quick to look for; "" when there is none.
        form: what the data looks like.
        holds: what else must be true of it.
        keywords: one of them must stand near it; None needs none.
    """

    sign: str
    form: re.Pattern[str]
    holds: Callable[[str], bool] = lambda data: True
    keywords: re.Pattern[str] | None = None


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others, by the formula of card numbers.

    >>> luhn("79927398713"), luhn("79927398714")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _digits(data: str) -> str:
    return re.sub(r"\D", "", data)


def _is_card(data: str) -> bool:
    digits = _digits(data)
    return (
        13 <= len(digits) <= 19
        and _CARD.match(digits) is not None
        and digits not in TEST_CARDS
        and luhn(digits)
    )


def _is_vin(data: str) -> bool:
    """A vehicle's number: the ninth sign checks the others."""
    values = {letter: value for value, letters in enumerate(("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ"))
              for letter in letters}  # fmt: skip
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(w * (int(c) if c.isdigit() else values[c]) for w, c in zip(weights, data, strict=True)) % 11
    return data[8] == ("X" if rest == 10 else str(rest))


def _near(*words: str) -> re.Pattern[str]:
    forms = (re.escape(word).replace(r"\ ", "[ _-]?") for word in words)
    return re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(forms)})(?![a-z])")


_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_V6 = r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{0,4}::(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{0,4}"
_CARD_WORDS = (
    "account number", "american express", "amex", "bank card", "card", "card number", "card num", "cc #", "ccn", "check card",
    "credit", "credit card", "credit card#", "dankort", "debit", "debit card", "diners club", "discover", "electron",
    "japanese card bureau", "jcb", "mastercard", "mc", "pan", "payment account number", "payment card number", "pcn",
    "union pay", "visa",
)  # fmt: skip
_PHONE_WORDS = (
    "cell",
    "contact",
    "fax",
    "fax number",
    "mobile",
    "phone",
    "phone number",
    "tel",
    "telephone",
    "telephone number",
)


def _key(label: str) -> Kind:
    return Kind(
        "-", re.compile(rf"-----BEGIN {label}-----(?:[^-]|-(?!----))*(?:-----END {label}-----)?", re.ASCII)
    )


KINDS: dict[str, Kind] = {
    "AwsSecretKey": Kind(
        "",
        re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
        lambda data: data not in _TEST_KEYS,
        _near(
            "aws_secret_access_key", "credentials", "secret access key", "secret key", "set-awscredential"
        ),
    ),
    "CreditCardNumber": Kind(
        "", re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d-])", re.ASCII), _is_card, _near(*_CARD_WORDS)
    ),
    "EmailAddress": Kind(
        "@",
        re.compile(
            r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])",
            re.ASCII,
        ),
    ),
    "IpAddress": Kind(
        "",
        re.compile(rf"(?<![\w.:])(?:{_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.\d)|(?=[0-9A-Fa-f]{{0,4}}:[0-9A-Fa-f:]*:)(?:{_V6})(?![\w:]))", re.ASCII),
        lambda data: ":" not in data or len(re.findall(r"[0-9A-Fa-f]+", data)) >= 2,
    ),
    "OpenSshPrivateKey": _key("OPENSSH PRIVATE KEY"),
    "PgpPrivateKey": _key("PGP PRIVATE KEY BLOCK"),
    "PkcsPrivateKey": _key("(?:RSA |EC |ENCRYPTED )?PRIVATE KEY"),
    "PhoneNumber-US": Kind(
        "",
        re.compile(
            r"(?<![\w.-])(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-]?)[2-9]\d\d[ .-]?\d{4}(?![\w-])",
            re.ASCII,
        ),
        lambda data: True,
        _near(*_PHONE_WORDS),
    ),
    "Ssn-US": Kind(
        "",
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([ -]?)(?!00)\d\d\1(?!0000)\d{4}(?![\w-])", re.ASCII),
        lambda data: True,
        _near("social security", "social security number", "ss#", "ssn", "ssn#"),
    ),
    "VehicleIdentificationNumber": Kind(
        "", re.compile(r"(?<![A-Z0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])"), _is_vin,
        _near("fahrgestellnummer", "niv", "numero de identificacion", "vehicle identification number", "vin"),
    ),
}  # fmt: skip
_WITH_COUNTRY = re.compile(r"\+1")  # a number that says its country needs no word beside it


def found(text: str, identifier: Identifier) -> Iterator[Span]:
    """Where an identifier's data stands in a text, from left to right: first and last (exclusive) character.

    >>> list(found("to ann@example.com", ("EmailAddress", None)))
    [(3, 18)]
    """
    name, own = identifier
    if own is not None:
        yield from _own(own).spans(text)
        return
    kind = KINDS[name]
    if kind.sign not in text:
        return
    for match in kind.form.finditer(text):
        if kind.holds(match[0]) and (kind.keywords is None or _worded(text, match, kind.keywords)):
            yield match.span()


def _worded(text: str, match: re.Match[str], keywords: re.Pattern[str]) -> bool:
    if _WITH_COUNTRY.match(match[0]):
        return True
    longest = 30  # of a keyword
    before = text[max(0, match.start() - NEAR - longest) : match.start()]
    after = text[match.end() : match.end() + NEAR + longest]
    return any(len(before) - word.end() <= NEAR for word in keywords.finditer(before)) or any(
        word.start() <= NEAR for word in keywords.finditer(after)
    )


class Own:
    """An expression of one's own, whose time is bounded by the length of the text (``pattern.regex``)."""

    def __init__(self, text: str) -> None:
        self._whole = regex(text)
        self._sign = self._whole.literal
        kept = tuple(branch for branch in self._whole.branches if not branch.start)
        self._rest = type(self._whole)(text, kept) if kept else None

    @property
    def empty(self) -> bool:
        """Whether it finds nothing at all, in any text."""
        return self._whole.search("")

    def spans(self, text: str) -> Iterator[Span]:
        """Every place it is found, each beginning after the last."""
        if self._sign not in text:
            return
        at, looked = 0, self._whole
        while looked.search(text[at:]):
            span = looked.span(text[at:])
            if span is None or span[0] == span[1]:
                return
            yield at + span[0], at + span[1]
            at += span[1]
            if self._rest is None or at >= len(text):
                return
            looked = self._rest


@lru_cache(maxsize=256)
def _own(text: str) -> Own:
    return Own(text)


own = _own
