"""WhatsApp by a gateway: a real HTTP server answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from models.ports import Message
from models.rules.errors import DefinitionError, PermanentFailure, TemporaryFailure
from workers.adapters.courier_whatsapp import WhatsAppCourier, international


class Gateway(HTTPServer):
    """Answers with `status`, keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.asked: list[tuple[dict[str, str], dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/send"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Nothing on the test's screen."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def short(message: Message) -> Message:
    return Message("0812-3456-789", message.subject, message.text, message.html, message.key)


def test_the_plain_text_goes_out_under_one_key(gateway: Gateway, short: Message) -> None:
    courier = WhatsAppCourier(gateway.url, "token-rahasia")
    courier.send(short)
    courier.send(short)
    (headers, body), (again, _) = gateway.asked
    assert body["to"] == "+628123456789"
    assert short.subject in body["text"]
    assert short.text in body["text"]
    assert "<p>" not in body["text"]
    assert headers["authorization"] == "Bearer token-rahasia"
    assert headers["idempotency-key"] == again["idempotency-key"]
    assert short.key not in headers["idempotency-key"]


@pytest.mark.parametrize("status", [302, 401, 403, 404, 408, 429, 500, 503])
def test_trouble_of_the_gateway_may_pass(gateway: Gateway, short: Message, status: int) -> None:
    gateway.status = status
    with pytest.raises(TemporaryFailure, match=str(status)):
        WhatsAppCourier(gateway.url, "token").send(short)


@pytest.mark.parametrize("status", [400, 410, 422])
def test_a_refused_message_stays_refused(gateway: Gateway, short: Message, status: int) -> None:
    gateway.status = status
    with pytest.raises(PermanentFailure, match=str(status)):
        WhatsAppCourier(gateway.url, "token").send(short)


def test_nobody_at_home_is_temporary(short: Message) -> None:
    with Gateway() as gone:
        url = gone.url
    with pytest.raises(TemporaryFailure):
        WhatsAppCourier(url, "token", timeout=2).send(short)


@pytest.mark.parametrize(
    ("typed", "reached"),
    [
        ("0812 3456 789", "+628123456789"),
        ("62812-3456-789", "+628123456789"),
        ("+60 12 345 6789", "+60123456789"),
    ],
)
def test_numbers_are_made_international(typed: str, reached: str) -> None:
    assert international(typed) == reached


@pytest.mark.parametrize("typed", ["", "08", "telepon", "+0812345678", "0812345678901234567"])
def test_what_is_no_number_is_permanent(typed: str) -> None:
    with pytest.raises(PermanentFailure):
        international(typed)


def test_a_token_does_not_travel_in_the_clear() -> None:
    with pytest.raises(DefinitionError, match="https"):
        WhatsAppCourier("http://gateway.example.org/send", "token")
