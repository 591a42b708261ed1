"""A small mail server on a real socket: answers as it is told, keeps what it was given."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass
class MailServer:
    """`answers` replaces what it says to a verb (EHLO, AUTH, MAIL, RCPT, DATA) or, as END, to a whole message.

    An empty answer hangs up. `context` makes it speak TLS, from the start if `implicit`, else after STARTTLS.
    """

    context: ssl.SSLContext | None = None
    implicit: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    verbs: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    def answer(self, verb: str, usual: str) -> str:
        return self.answers.get(verb, usual)


class _HangUp(Exception):
    """The server lets go of the line."""


class _Session:
    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self._server, self._socket = server, connection
        self._secure = False
        if server.implicit:
            self._wrap()
        self._lines: BinaryIO = self._socket.makefile("rb")

    def _wrap(self) -> None:
        assert self._server.context is not None
        self._socket = self._server.context.wrap_socket(self._socket, server_side=True)
        self._secure = True

    def talk(self) -> None:
        try:
            self._say(self._server.answer("CONNECT", "220 mail.test ESMTP"))
            while line := self._lines.readline():
                verb, _, rest = line.decode().strip().partition(" ")
                self._server.verbs.append(verb.upper())
                self._do(verb.upper(), rest)
        except (_HangUp, OSError):
            pass
        finally:
            self._lines.close()
            self._socket.close()

    def _say(self, text: str) -> None:
        if not text:
            raise _HangUp
        self._socket.sendall(text.encode() + b"\r\n")

    def _do(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            offers = "250-mail.test\r\n" + ("250-STARTTLS\r\n" if self._server.context and not self._secure else "")
            self._say(self._server.answer(verb, f"{offers}250 AUTH PLAIN"))
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._lines.close()
            self._wrap()
            self._lines = self._socket.makefile("rb")
        elif verb == "AUTH":
            _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
            self._server.logins.append((user, password))
            self._say(self._server.answer(verb, "235 welcome"))
        elif verb == "DATA":
            self._take()
        elif verb == "QUIT":
            self._say(self._server.answer(verb, "221 bye"))
            raise _HangUp
        else:
            self._say(self._server.answer(verb, "250 fine"))

    def _take(self) -> None:
        go_on = self._server.answer("DATA", "354 go on")
        self._say(go_on)
        if not go_on.startswith("354"):
            return
        mail = b""
        while (line := self._lines.readline()) not in {b".\r\n", b""}:
            mail += line.removeprefix(b".") if line.startswith(b"..") else line
        answer = self._server.answer("END", "250 taken")
        if answer.startswith("250"):
            self._server.mails.append(mail)
            self._server.encrypted.append(self._secure)
        self._say(answer)


@contextmanager
def serving(server: MailServer) -> Iterator[MailServer]:
    """`server` on a free port of this machine until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    server.port = listener.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, listener, stop))
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join()
        listener.close()


def _serve(server: MailServer, listener: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        connection.settimeout(10)
        try:
            session = _Session(server, connection)
        except OSError:
            connection.close()
            continue
        session.talk()
