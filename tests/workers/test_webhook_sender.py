"""Webhooks over HTTP against real servers: to the machine that was looked at, once, and never longer than its time."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509

from models.rules.errors import InvalidInput, TemporaryFailure
from models.rules.webhook_addresses import LOOPBACK, Reach
from tests.certificates import certificate_for
from tests.webhook_receiver import Receiver, Reply, receiving
from workers.adapters.webhook_sender import BODY, HttpWebhookSender, SystemResolver

NEAR = Reach(True, LOOPBACK)
HEADERS = {"content-type": "application/json", "webhook-id": "msg_1", "webhook-signature": "v1,x"}


class Names:
    """A resolver of a test's own; each question is answered by the next of its answers, the last for good."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def test_a_message_arrives_as_it_was_signed(receiver: Receiver) -> None:
    receiver.usual = Reply(200, b"terima kasih\r\n\x00baris dua")
    answer = HttpWebhookSender(NEAR).post(f"{receiver.url}?a=b%20c", HEADERS, '{"type":"ping"}')
    assert (answer.status, answer.excerpt) == (200, "terima kasih baris dua")
    ((headers, body, path),) = receiver.got
    assert (body, path) == (b'{"type":"ping"}', "/paraf?a=b%20c")
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert headers["connection"] == "close"


@pytest.mark.parametrize("status", [200, 204, 302, 400, 410, 429, 500, 503])
def test_every_status_is_an_answer(receiver: Receiver, status: int) -> None:
    receiver.usual = Reply(status, headers={"Retry-After": "7"})
    answer = HttpWebhookSender(NEAR).post(receiver.url, HEADERS, "{}")
    assert (answer.status, answer.retry_after) == (status, "7")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inside:
        for status in (301, 302, 307, 308):
            receiver.usual = Reply(status, headers={"Location": inside.url})
            assert HttpWebhookSender(NEAR).post(receiver.url, HEADERS, "{}").status == status
        assert inside.got == []


def test_a_name_is_asked_once_and_the_connection_goes_where_it_led(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    url = f"http://rs.example.org:{receiver.port}/paraf"
    assert HttpWebhookSender(NEAR, resolver=names).post(url, HEADERS, "{}").status == 204
    assert names.asked == ["rs.example.org"]
    assert receiver.got[0][0]["host"] == f"rs.example.org:{receiver.port}"


def test_a_name_that_leads_inside_the_second_time_reaches_nothing(receiver: Receiver) -> None:
    strict = Reach(http=True)
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    assert names.resolve("rs.example.org", 80) == ["8.8.8.8"], "what a look beforehand would have seen"
    with pytest.raises(InvalidInput, match="closed network"):
        HttpWebhookSender(strict, resolver=names).post(f"http://rs.example.org:{receiver.port}/", HEADERS, "{}")
    for answer in (["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["::1"]):
        with pytest.raises(InvalidInput):
            HttpWebhookSender(strict, resolver=Names(answer)).post("http://rs.example.org/", HEADERS, "{}")
    assert receiver.got == []


def test_what_was_registered_under_another_rule_is_refused_before_a_name_is_asked(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"])
    for url in (receiver.url, "https://10.0.0.1/", "https://user@rs.example.org/", "https://rs.example.org:25/"):
        with pytest.raises(InvalidInput):
            HttpWebhookSender(Reach(), resolver=names).post(url, HEADERS, "{}")
    assert (names.asked, receiver.got) == ([], [])


def test_the_next_address_is_tried_when_one_is_silent(receiver: Receiver) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    url = f"http://rs.example.org:{receiver.port}/paraf"
    assert HttpWebhookSender(NEAR, resolver=names).post(url, HEADERS, "{}").status == 204


def test_a_long_answer_is_read_no_further_than_its_beginning(receiver: Receiver) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"<h1>x</h1>" * 1000)

    receiver.usual = Reply(send=endless)
    answer = HttpWebhookSender(NEAR).post(receiver.url, HEADERS, "{}")
    assert (answer.status, len(answer.excerpt)) == (500, 200)
    assert len(answer.excerpt) < BODY


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(200):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        if threading.Event().wait(0.05):
            break


def _silent(handler: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(2)


def _nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def _endless_heads(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"y" * 200_000)


def _only_informed(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(200):
        handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        threading.Event().wait(0.02)


@pytest.mark.parametrize("send", [_dripping, _silent, _nonsense, _endless_heads, _only_informed])
def test_what_never_answers_properly_ends_in_time_and_is_tried_again(receiver: Receiver, send: object) -> None:
    receiver.usual = Reply(send=send)  # type: ignore[arg-type]  # one of the functions above
    with pytest.raises(TemporaryFailure, match="No answer"):
        HttpWebhookSender(NEAR, seconds=0.4).post(receiver.url, HEADERS, "{}")


def test_a_body_that_drips_costs_no_more_than_the_time_and_its_status_counts(receiver: Receiver) -> None:
    def slow_body(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000")
        handler.end_headers()
        _dripping(handler)

    receiver.usual = Reply(send=slow_body)
    assert HttpWebhookSender(NEAR, seconds=0.4).post(receiver.url, HEADERS, "{}").status == 200


def test_nobody_at_home_is_temporary() -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(TemporaryFailure):
        HttpWebhookSender(NEAR).post(url, HEADERS, "{}")


def test_no_proxy_of_the_machine_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert HttpWebhookSender(NEAR).post(receiver.url, HEADERS, "{}").status == 204


def test_tls_is_held_against_the_name_though_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    chain = certificate_for(x509.DNSName("rs.example.org"), tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    trust = ssl.create_default_context(cafile=str(chain))
    names = Names(["127.0.0.1"])
    with receiving(server) as receiver:
        sender = HttpWebhookSender(NEAR, resolver=names, trust=trust)
        assert sender.post(f"https://rs.example.org:{receiver.port}/paraf", HEADERS, "{}").status == 204
        with pytest.raises(TemporaryFailure):
            sender.post(f"https://lain.example.org:{receiver.port}/paraf", HEADERS, "{}")
        with pytest.raises(TemporaryFailure):
            HttpWebhookSender(NEAR, resolver=names).post(f"https://rs.example.org:{receiver.port}/", HEADERS, "{}")
        assert len(receiver.got) == 1


def test_the_machines_own_resolver_is_believed_within_its_time() -> None:
    assert "127.0.0.1" in SystemResolver().resolve("localhost", 443)
    assert SystemResolver().resolve("127.0.0.1", 443) == ["127.0.0.1"]
    with pytest.raises(TemporaryFailure, match="resolved"):
        SystemResolver().resolve("no-such-name.invalid", 443)
    with pytest.raises(TemporaryFailure, match="resolved"):
        SystemResolver().resolve("a" * 70 + ".example", 443)


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    hung = threading.Event()
    with pytest.raises(TemporaryFailure, match="in time"):
        SystemResolver(lambda *_, **__: (hung.wait(5), [])[1], seconds=0.05).resolve("rs.example.org", 443)
    hung.set()
