"""E-mail by SMTP: one connection a message, and a clear word on whether trying again can help."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

from models.ports import Clock, Message
from models.rules.errors import DefinitionError, PermanentFailure, TemporaryFailure
from workers.adapters.courier_letter import as_email

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}
TIMEOUT: Final = 20.0
"""Seconds for each answer of the server; all of them together stay below a task's time limit."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, read from `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @staticmethod
    def of(url: str) -> SmtpServer:
        """Raises DefinitionError, which never shows the URL: a password may stand in it."""
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError as error:
            raise DefinitionError("The SMTP URL can not be read: write smtps://user:password@host:465.") from error
        if scheme not in _PORTS or not host:
            raise DefinitionError("The SMTP URL must begin with smtp://, smtp+starttls:// or smtps:// and name a host.")
        if scheme == "smtp" and parts.username and host not in _LOOPBACK:
            raise DefinitionError("A password may not travel in the clear: use smtp+starttls:// or smtps://.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return SmtpServer(scheme, host, port or _PORTS[scheme], user, password)


class SmtpCourier:
    """A `Courier` over SMTP; `sender` is an address, `context` decides whom TLS trusts (the system's authorities)."""

    def __init__(
        self,
        url: str,
        sender: str,
        clock: Clock,
        *,
        sender_name: str = "",
        context: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._server = SmtpServer.of(url)
        self._sender, self._sender_name, self._clock = sender, sender_name, clock
        self._context = context or ssl.create_default_context()
        self._timeout = timeout

    def send(self, message: Message) -> None:
        """Hand one message over. What the server says about the message decides; its own trouble is temporary."""
        mail = as_email(message, self._sender, self._sender_name, self._clock.now())
        with self._connection() as smtp:
            _deliver(smtp, mail)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            smtp = self._open()
        except (smtplib.SMTPException, OSError) as error:
            # A wrong password or certificate is the office's to mend, and the message can wait for it.
            raise TemporaryFailure(f"The mail server can not be used: {_reason(error)}") from error
        try:
            yield smtp
        finally:
            # The message is handed over or refused by now: a bad farewell changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _open(self) -> smtplib.SMTP:
        server, name = self._server, Address(addr_spec=self._sender).domain
        if server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=self._timeout, context=self._context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=self._timeout)
        try:
            if server.scheme == "smtp+starttls":
                smtp.starttls(context=self._context)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _deliver(smtp: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=550)
        raise _failure(code, "the address is refused") from error
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, "the message is refused") from error
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure("The mail server can not take this address: it has letters beyond ASCII.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryFailure(f"The mail server hung up: {_reason(error)}") from error


def _failure(code: int, what: str) -> TemporaryFailure | PermanentFailure:
    # The server's own words often repeat the address: only its code is kept.
    kind = PermanentFailure if 500 <= code < 600 else TemporaryFailure
    return kind(f"SMTP {code}: {what}.")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    return type(error).__name__
