"""What the learner's e-mail addresses received: ``lab.inbox``.

    lab.inbox                                # every mail, newest last
    lab.inbox["ops@example.com"]             # those of one address
    lab.inbox.confirm()                      # follow the links in mails that ask for a confirmation
    print(lab.inbox[-1].body)

All text in a mail is data: it is escaped where it is shown.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, overload

from cwlab.timeline import to_datetime

if TYPE_CHECKING:
    from cwlab.lab import Lab
    from cwlab.services.sns.records import Mail as Kept

SHOWN = 20  # mails in a repr; the newest


class Mail:
    """One e-mail.

    Attributes:
        address: whom it was sent to.
        at: when, aware, UTC.
        sender, subject, body: as a mailbox shows them.
    """

    __slots__ = ("_kept", "at")

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.at: datetime = to_datetime(kept.at_ms)

    @property
    def address(self) -> str:
        return self._kept.address

    @property
    def sender(self) -> str:
        return self._kept.sender

    @property
    def subject(self) -> str:
        return self._kept.subject

    @property
    def body(self) -> str:
        return self._kept.body

    @property
    def topic_arn(self) -> str:
        """The SNS topic behind it."""
        return self._kept.topic_arn

    @property
    def token(self) -> str | None:
        """What its confirmation link carries; None in a mail without one."""
        return self._kept.token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mail) and self._kept == other._kept

    def __hash__(self) -> int:
        return hash(self._kept)

    def __str__(self) -> str:
        head = f"From: {self.sender}\nTo: {self.address}\nDate: {_time(self.at)}\nSubject: {self.subject}\n"
        return f"{head}\n{self.body}"

    def __repr__(self) -> str:
        return f"<Mail to {_line(self.address)} at {_time(self.at)}: {_line(self.subject)}>"

    def _repr_html_(self) -> str:
        rows = (
            ("From", self.sender),
            ("To", self.address),
            ("Date", _time(self.at)),
            ("Subject", self.subject),
        )
        head = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{html.escape(_line(text))}</td></tr>'
            for name, text in rows
        )
        body = html.escape(self.body)
        return f'<table>{head}</table><pre style="white-space:pre-wrap;overflow-wrap:anywhere">{body}</pre>'


class Inbox(Sequence[Mail]):
    """The mails of all addresses, or of one; newest last. A view: it always tells of now."""

    def __init__(self, lab: Lab, address: str | None = None) -> None:
        self._lab, self._address = lab, address

    def _mails(self) -> list[Mail]:
        kept = self._lab.world.table("", "", "sns", "mail").values()
        return [Mail(each) for each in kept if self._address in (None, each.address)]

    @property
    def addresses(self) -> list[str]:
        """Every address that received something, in alphabetical order."""
        return sorted({mail.address for mail in self._mails()})

    def of(self, address: str) -> Inbox:
        """The mails of one address."""
        return Inbox(self._lab, address)

    def __len__(self) -> int:
        return len(self._mails())

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._mails())

    @overload
    def __getitem__(self, index: int) -> Mail: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mail]: ...
    @overload
    def __getitem__(self, index: str) -> Inbox: ...
    def __getitem__(self, index: int | slice | str) -> Mail | list[Mail] | Inbox:
        if isinstance(index, str):
            return self.of(index)
        return self._mails()[index]

    def confirm(self) -> list[str]:
        """Follow the link in every mail that asks for a confirmation and has not been answered.

        Returns:
            The ARNs of the subscriptions that are confirmed now and were not before.
        """
        done = []
        for mail in self._mails():
            parts = mail.topic_arn.split(":")
            if mail.token is None or not self._waits(mail, parts[4], parts[3]):
                continue
            sns = self._lab.client("sns", account=parts[4], region=parts[3])
            answer = sns.confirm_subscription(TopicArn=mail.topic_arn, Token=mail.token)
            done.append(answer["SubscriptionArn"])
        return done

    def _waits(self, mail: Mail, account: str, region: str) -> bool:
        """Whether the subscription a mail asks about still waits for this very link."""
        table = self._lab.world.table(account, region, "sns", "subscriptions")
        return any(each.token == mail.token and not each.confirmed for each in table.values())

    def __repr__(self) -> str:
        mails = self._mails()
        if not mails:
            return "Inbox: nothing yet" + (f" for {_line(self._address)}" if self._address else "")
        lines = [f"Inbox: {len(mails)} mail{'s' * (len(mails) != 1)}, newest last"]
        if len(mails) > SHOWN:
            lines.append(f"  … {len(mails) - SHOWN} older")
        width = max(len(_line(mail.address)) for mail in mails[-SHOWN:])
        lines += [
            f"  {_time(mail.at)}  {_line(mail.address):<{width}}  {_line(mail.subject)}"
            for mail in mails[-SHOWN:]
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        mails = self._mails()
        if not mails:
            return f"<p>{html.escape(repr(self))}</p>"
        older = f"<p>… {len(mails) - SHOWN} older</p>" if len(mails) > SHOWN else ""
        left = 'style="text-align:left;vertical-align:top"'
        rows = "".join(
            f"<tr><td {left}>{_time(mail.at)}</td><td {left}>{html.escape(_line(mail.address))}</td>"
            f"<td {left}><details><summary>{html.escape(_line(mail.subject))}</summary>"
            f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(mail.body)}</pre></details></td></tr>'
            for mail in mails[-SHOWN:]
        )
        head = "".join(f'<th scope="col" {left}>{name}</th>' for name in ("At (UTC)", "To", "Subject"))
        return f"{older}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _line(text: str | None) -> str:
    """One line, without characters that do something when printed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
