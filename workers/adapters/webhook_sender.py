"""Webhooks over HTTP: to exactly the machine that was looked at, once, within a time that nothing can stretch.

The name is resolved at the moment of connecting and the connection goes to an address that was found: between the look
and the connection there is no second question that could be answered otherwise. A redirect is an answer, not a way.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import httpcore
import httpx

from models.rules.errors import TemporaryFailure
from models.rules.webhook_addresses import Reach, Target, refuse_addresses, target_of
from models.webhook_ports import WebhookAnswer

TIME: Final = 15.0
"""Seconds for all of an attempt: name, connection, TLS, request and answer."""

NAME_TIME: Final = 5.0
BODY: Final = 4096
"""Bytes of an answer that are read; nothing hangs on them."""

EXCERPT: Final = 200
ADDRESSES: Final = 3
_AWAY: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ConnectionNotAvailable,
)


class Resolver(Protocol):
    """Addresses of a name, as text."""

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """Raises TemporaryFailure when the name is unknown now."""
        ...


class SystemResolver:
    """What this machine's resolver says, within `seconds`: its own patience can be half a minute."""

    def __init__(self, ask: Callable[..., Any] = socket.getaddrinfo, seconds: float = NAME_TIME) -> None:
        self._getaddrinfo, self._seconds = ask, seconds

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every address, each once, in the resolver's order."""
        answer: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(host, port, answer), daemon=True).start()
        try:
            found = answer.get(timeout=self._seconds)
        except queue.Empty:
            raise TemporaryFailure("The name was not resolved in time.") from None
        if isinstance(found, OSError):
            raise TemporaryFailure("The name can not be resolved.") from found
        return found

    def _ask(self, host: str, port: int, answer: queue.SimpleQueue[Sequence[str] | OSError]) -> None:
        try:
            rows = self._getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            answer.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))


class HttpWebhookSender:
    """`models.webhook_ports.WebhookSender`; `trust` None: the authorities that browsers trust, or SSL_CERT_FILE."""

    def __init__(
        self,
        reach: Reach,
        *,
        resolver: Resolver | None = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = TIME,
    ) -> None:
        self._reach, self._resolver, self._seconds = reach, resolver or SystemResolver(), seconds
        self._trust = trust

    def post(self, url: str, headers: Mapping[str, str], body: str) -> WebhookAnswer:
        """One request over one connection that is closed afterwards."""
        target = target_of(url, self._reach)
        if self._trust is None:
            self._trust = httpx.create_ssl_context()
        backend = _Pinned(self._resolver, self._reach, time.monotonic() + self._seconds)
        try:
            with httpcore.ConnectionPool(ssl_context=self._trust, network_backend=backend, max_connections=1) as pool:
                return _asked(pool, target, headers, body)
        except _AWAY as error:
            raise TemporaryFailure(f"No answer: {type(error).__name__}.") from error


def _asked(pool: httpcore.ConnectionPool, target: Target, headers: Mapping[str, str], body: str) -> WebhookAnswer:
    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    named = {"host": _authority(target), "connection": "close", **headers}
    with pool.stream("POST", url, headers=list(named.items()), content=body.encode()) as answer:
        chunks = answer.iter_stream()
        data = _beginning(chunks)
        after = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
        return WebhookAnswer(answer.status, after.decode("latin-1")[:60], _plain(data))


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"


def _beginning(chunks: Iterable[bytes]) -> bytes:
    data = b""
    try:
        for chunk in chunks:
            data += chunk
            if len(data) >= BODY:
                break
    except _AWAY:
        pass  # the status has come: what the rest would have said is of no weight
    return data[:BODY]


def _plain(data: bytes) -> str:
    text = "".join(sign if sign.isprintable() else " " for sign in data.decode("utf-8", "replace"))
    return " ".join(text.split())[:EXCERPT]


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses that were judged, and gives every wait what is left of the whole time."""

    def __init__(self, resolver: Resolver, reach: Reach, until: float) -> None:
        self._resolver, self._reach, self._until = resolver, reach, until
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the whole time is what counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises InvalidInput when the name leads into a closed network."""
        addresses = refuse_addresses(self._resolver.resolve(host, port), self._reach)[:ADDRESSES]
        failure: Exception = httpcore.ConnectError("no address")
        for place, address in enumerate(addresses):
            try:
                # A silent first address leaves the others their share of the time.
                left = _left(self._until, httpcore.ConnectTimeout) / (len(addresses) - place)
                stream = self._plain.connect_tcp(str(address), port, left, local_address, socket_options)
                return _Timed(stream, self._until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def sleep(self, seconds: float) -> None:
        """Between attempts of the pool's own, of which there are none."""
        self._plain.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A stream whose every operation ends with the whole time: an answer that drips ends too."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._stream.read(max_bytes, _left(self._until, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._stream.write(buffer, _left(self._until, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        left = _left(self._until, httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float, late: type[Exception]) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise late("the time is over")
    return left
