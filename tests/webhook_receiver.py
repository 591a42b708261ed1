"""The other side of webhooks: a real HTTP server, and a verifier written from the specification alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE = 300


def verified(secret: str, headers: Mapping[str, str], body: bytes, at: float) -> Any:
    """What a message says, once its signature holds; raises ValueError. It shares nothing with the sender's code."""
    given = {name.lower(): value for name, value in headers.items()}
    if abs(at - int(given["webhook-timestamp"])) > TOLERANCE:
        raise ValueError("too old or too new")
    signed = b".".join([given["webhook-id"].encode(), given["webhook-timestamp"].encode(), body])
    expected = hmac.digest(binascii.a2b_base64(secret[len("whsec_") :]), signed, hashlib.sha256)
    for one in given["webhook-signature"].split():
        version, _, text = one.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64decode(text), expected):
            return json.loads(body)
    raise ValueError("no signature holds")


@dataclass
class Reply:
    """What the receiver answers; `send` writes the whole answer by itself instead."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    send: Callable[[BaseHTTPRequestHandler], None] | None = None


class Receiver(ThreadingHTTPServer):
    """Keeps what it was sent; answers with the next of `replies`, then with `usual`."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.usual, self.replies = Reply(), list[Reply]()
        self.got: list[tuple[dict[str, str], bytes, str]] = []
        self._tls = tls

    @property
    def port(self) -> int:
        return int(self.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/paraf"

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        # In the connection's own thread: a handshake that fails or dawdles holds nobody up.
        with self._tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hung up is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body, self.path))
        reply = self.server.replies.pop(0) if self.server.replies else self.server.usual
        if reply.send is not None:
            reply.send(self)
            return
        self.send_response(reply.status)
        for name, value in (reply.headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Nothing on the test's screen."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens."""
    with Receiver(tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
