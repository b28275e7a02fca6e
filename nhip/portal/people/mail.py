"""Handing letters to a mail server (RFC 5321, RFC 8314): one connection a run, nothing sent twice, what failed tried again later.

A letter counts as given from the moment its last line went out: when the server's answer is then lost, nobody knows whether it
took the letter, and it is not sent again.
"""

from __future__ import annotations

import smtplib
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from types import TracebackType
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import msgspec

from nhip.errors import BadInput, Unavailable
from nhip.kernel.time import now
from nhip.portal.people.model import Letter
from nhip.security.peers import THIS_MACHINE, address_in, within
from nhip.security.tls import believed_context, is_sealed
from nhip.settings import Settings

TIMEOUT_S = 20.0
_PORTS = {"smtp": 25, "smtps": 465}
Outcome = Literal["sent", "later", "never", "unknown"]


class MailSettingWrong(BadInput):
    """The setting {setting} cannot be read: {why}"""


class MailServerAway(Unavailable):
    """The mail server does not work: {why}"""


class Server(msgspec.Struct, frozen=True):
    """Where letters are handed over. Never printed."""

    scheme: str
    host: str
    port: int
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


class Given(msgspec.Struct, frozen=True):
    """What became of a letter, with the server's words where it refused."""

    outcome: Outcome
    why: str = ""


def server_of(settings: Settings) -> Server | None:
    """The mail server of the settings; None where none is set. Raises MailSettingWrong, which tells nothing of it."""
    if not settings.smtp_url:
        return None
    try:
        parts = urlsplit(settings.smtp_url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise MailSettingWrong(setting="smtp_url", why="smtp://host:587, smtps://host:465") from None
    if not parts.hostname:
        raise MailSettingWrong(setting="smtp_url", why="smtp://host:587, smtps://host:465")
    sender_of(settings)
    return Server(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


def sender_of(settings: Settings) -> Address:
    """Who writes. Raises MailSettingWrong."""
    name, address = parseaddr(settings.mail_from)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise MailSettingWrong(setting="mail_from", why="Tên <ten@may.example>")
    return Address(display_name=name, username=local, domain=domain)


def message_of(settings: Settings, letter: Letter, root: str) -> bytes:
    """A letter as it goes over the line: plain text, a stable Message-ID, for subscriptions a way out by one click (RFC 8058)."""
    sender = sender_of(settings)
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = letter.to_address
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(now())
    made["Message-ID"] = f"<{letter.id}@{sender.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    leave = f"{root}{letter.leave}"
    if letter.leave:
        made["List-Unsubscribe"] = f"<{leave}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = letter.body.replace("{root}", root).replace("{leave}", leave)
    made.set_content(text + "\n", charset="utf-8", cte="quoted-printable")
    return made.as_bytes()


class Line:
    """A connection to a mail server; use it as a context manager. Raises MailServerAway when it cannot be had."""

    def __init__(self, server: Server, sender: str, hostname: str) -> None:
        self._server, self._sender, self._hostname = server, sender, hostname
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        try:
            self._smtp = self._opened()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(why=_words(error)) from None
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()

    def _opened(self) -> smtplib.SMTP:
        server, context = self._server, believed_context()
        smtp: smtplib.SMTP
        if server.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(server.host, server.port, self._hostname, timeout=TIMEOUT_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, self._hostname, timeout=TIMEOUT_S)
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=context)
        if server.user:
            if not is_sealed(smtp.sock) and not _on_this_machine(smtp):
                smtp.close()
                raise smtplib.SMTPException("the server offers no TLS, so the password is not sent")
            smtp.login(server.user, server.password)
        return smtp

    def give(self, to: str, body: bytes) -> Given:
        """Hand a letter over."""
        smtp = self._smtp
        assert smtp is not None, "used outside its block"
        begun = False
        try:
            smtp.ehlo_or_helo_if_needed()
            for code, told in (smtp.mail(self._sender), smtp.rcpt(to)):
                if code >= 400:
                    smtp.rset()
                    return Given("never" if code >= 500 else "later", _text(code, told))
            begun = True
            code, told = smtp.data(body)
        except smtplib.SMTPDataError as error:
            return Given("later", _words(error))
        except (OSError, smtplib.SMTPException) as error:
            return Given("unknown" if begun else "later", _words(error))
        if code >= 400:
            return Given("never" if code >= 500 else "later", _text(code, told))
        return Given("sent")


def _on_this_machine(smtp: smtplib.SMTP) -> bool:
    peer = address_in(smtp.sock.getpeername()[0]) if smtp.sock is not None else None
    return peer is not None and within(peer, THIS_MACHINE)


def _text(code: int, told: bytes) -> str:
    return f"{code} {told.decode('utf-8', 'replace')}"[:300]


def _words(error: Exception) -> str:
    """What an error says without what we said: smtplib repeats neither password nor letter."""
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        return _text(error.smtp_code, told if isinstance(told, bytes) else str(told).encode())
    return f"{type(error).__name__}: {error}"[:300]
