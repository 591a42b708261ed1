"""The BSrE client against a small real HTTP server that answers as the service's documents say."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from models.ports import Credential, KeyKind
from models.rules.errors import PermanentFailure, TemporaryFailure, WrongPassphrase
from models.rules.letter import Official
from ops.letter import Letter, SampleOffice
from workers.adapters.letter.bsre import BsreClient, Version
from workers.adapters.letter.signers import OfficeSigner

PDF = b"%PDF-1.7 a letter"
SIGNED = PDF + b" signed"
NIK = "1471234567890001"


@dataclass
class Service:
    """What the server does; `requests` holds (method, path, body, authorization) of each call."""

    status: int = 200
    code: int = 0
    by_download: bool = False
    answer: bytes = SIGNED
    requests: list[tuple[str, str, bytes, str]] = field(default_factory=list)

    def bodies(self) -> list[bytes]:
        return [body for _, _, body, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    """Versions 1 and 2 of the service."""

    service: Service

    def do_POST(self) -> None:
        self._note()
        if self.service.status != 200:
            self._json(self.service.status, {"status_code": self.service.code, "error": "ditolak"})
        elif self.path == "/api/v2/sign/pdf":
            self._json(200, {"time": 12, "file": [base64.b64encode(self.service.answer).decode()]})
        elif self.service.by_download:
            self._json(200, {"id_dokumen": "abc-123"})
        else:
            self._bytes(200, "application/pdf", self.service.answer)

    def do_GET(self) -> None:
        self._note()
        if self.path == "/api/sign/download/abc-123":
            self._bytes(200, "application/pdf", self.service.answer)
        else:
            self._json(self.service.status, {"status_code": self.service.code or 1111})

    def _note(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length)
        head = b"Content-Type: " + self.headers.get("content-type", "").encode() + b"\r\n\r\n"
        whole = head + body if b"multipart" in head else body
        self.service.requests.append((self.command, self.path, whole, self.headers.get("authorization", "")))

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._bytes(status, "application/json", json.dumps(body).encode())

    def _bytes(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    handler = type("Bound", (Handler,), {"service": service})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["v1", "v2"])
def client(request: pytest.FixtureRequest, address: str) -> Iterator[BsreClient]:
    made = BsreClient(address, "dpmptsp", "kata", request.param)
    yield made
    made.close()


@pytest.fixture
def first(address: str) -> Iterator[BsreClient]:
    made = BsreClient(address, "dpmptsp", "kata")
    yield made
    made.close()


def form_of(body: bytes) -> dict[str, bytes]:
    message = message_from_bytes(body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    named = [part for part in parts if isinstance(part, Message)]
    return {str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) for part in named}  # type: ignore[misc]


def test_the_signed_letter_comes_back(client: BsreClient) -> None:
    assert client.sign(PDF, NIK, "rahasia", "Paraf 1") == SIGNED


def test_version_1_is_given_a_form(service: Service, first: BsreClient) -> None:
    first.sign(PDF, NIK, "rahasia", "Paraf 1")
    ((method, path, body, authorization),) = service.requests
    assert (method, path) == ("POST", "/api/sign/pdf")
    assert authorization == "Basic " + base64.b64encode(b"dpmptsp:kata").decode()
    form = form_of(body)
    assert (form["nik"], form["passphrase"], form["tampilan"]) == (NIK.encode(), b"rahasia", b"invisible")
    assert form["file"] == PDF


def test_version_1_may_answer_with_a_document_to_fetch(service: Service, first: BsreClient) -> None:
    service.by_download = True
    assert first.sign(PDF, NIK, "rahasia", "Paraf 1") == SIGNED
    assert [path for _, path, _, _ in service.requests] == ["/api/sign/pdf", "/api/sign/download/abc-123"]


def test_version_2_is_given_json(service: Service, address: str) -> None:
    client = BsreClient(address, "u", "p", "v2")
    client.sign(PDF, NIK, "rahasia", "Tanda tangan")
    client.close()
    body = json.loads(service.bodies()[0])
    assert (body["nik"], body["passphrase"]) == (NIK, "rahasia")
    assert base64.b64decode(body["file"][0]) == PDF
    assert body["signatureProperties"][0]["reason"] == "Tanda tangan"


def test_a_wrong_passphrase_is_said_and_never_tried_again(service: Service, client: BsreClient) -> None:
    service.status, service.code = 400, 2031
    with pytest.raises(WrongPassphrase, match="Kata sandi"):
        client.sign(PDF, NIK, "salah", "Paraf 1")
    assert len(service.requests) == 1


def test_who_is_not_registered_is_told_so(service: Service, client: BsreClient) -> None:
    service.status, service.code = 400, 2011
    with pytest.raises(PermanentFailure, match="not registered"):
        client.sign(PDF, NIK, "rahasia", "Paraf 1")


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_service_in_trouble_may_be_tried_later(service: Service, client: BsreClient, status: int) -> None:
    service.status, service.code = status, 9999
    with pytest.raises(TemporaryFailure, match=str(status)):
        client.sign(PDF, NIK, "rahasia", "Paraf 1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_another_refusal_is_permanent(service: Service, client: BsreClient, status: int) -> None:
    service.status, service.code = status, 7
    with pytest.raises(PermanentFailure, match=str(status)):
        client.sign(PDF, NIK, "rahasia", "Paraf 1")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_service_that_is_away_may_be_tried_later_and_no_nik_is_told(version: Version) -> None:
    client = BsreClient("http://127.0.0.1:9", "u", "p", version, timeout=2)
    with pytest.raises(TemporaryFailure, match="can not be reached") as failed:
        client.sign(PDF, NIK, "rahasia", "Paraf 1")
    client.close()
    assert NIK not in str(failed.value)


@pytest.mark.parametrize("answer", [b"", PDF, b"%PDF-1.7 another letter", b"<html>"])
def test_another_letter_is_not_taken(service: Service, client: BsreClient, answer: bytes) -> None:
    service.answer = answer
    with pytest.raises(PermanentFailure, match="another letter"):
        client.sign(PDF, NIK, "rahasia", "Paraf 1")


def test_status_tells_who_is_registered(service: Service, first: BsreClient) -> None:
    assert first.is_registered(NIK)
    service.status, service.code = 400, 2011
    assert not first.is_registered(NIK)
    service.code = 7
    with pytest.raises(PermanentFailure):
        first.is_registered(NIK)


def test_the_office_signer_sends_bsre_keys_there(
    service: Service, first: BsreClient, office: SampleOffice, letter: Letter
) -> None:
    service.answer = letter.blanko + b"% signed there"
    credential = Credential(KeyKind.BSRE, Official("Dewi", "Sekretaris"), NIK.encode())
    signer = OfficeSigner(office.signer, first)
    assert signer.paraf(letter.blanko, 3, credential, "rahasia", office.at) == service.answer
    assert signer.sign(letter.blanko, credential, "rahasia", office.at) == service.answer
