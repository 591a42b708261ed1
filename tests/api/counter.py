"""The counter over an office of fakes: an application, and people who speak to it over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from starlette.testclient import TestClient

from api.main import build_app
from api.wiring import ApiOffice, sign_in_room
from models.sign_in_ports import SingleSignOn
from models.tables.people import Person
from tests.factories import Office
from workers.settings import Settings

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0 a photograph"


def password_of(username: str) -> str:
    """What everyone of the test's office signs in with."""
    return f"masuk-{username}"


class Program(TestClient):
    """A program that names each of its requests anew, unless a test names one itself."""

    def request(self, method: str, url: Any, **options: Any) -> Any:
        headers = {**(options.pop("headers", None) or {})}
        if method == "POST" and str(url).startswith("/v1/"):
            headers = {"Idempotency-Key": str(uuid4())} | headers
        headers = {name: value for name, value in headers.items() if value is not None}
        return super().request(method, url, headers=headers, **options)


@dataclass
class Counter:
    """An application and the office behind it; each of `client`s has cookies of its own."""

    office: Office
    settings: Settings = field(default_factory=Settings)
    single_sign_on: SingleSignOn | None = None
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        one = self.office
        self.app = build_app(
            ApiOffice(
                db=one.db,
                clock=one.clock,
                vault=one.vault,
                sealer=one.sealer,
                hasher=one.hasher,
                cipher=one.cipher,
                usual_calendar=one.calendar,
                settings=self.settings,
                sign_in_room=sign_in_room(
                    one.db, one.clock, one.hasher, b"k" * 32, self.settings.public_url, "Kantor uji"
                ),
                single_sign_on=self.single_sign_on,
                scanner=one.scanner,
            )
        )
        # Read once, so that the first page counts no query more than the second.
        self.app.state.office.days.current()

    def client(self, base_url: str = "http://testserver", **headers: str) -> TestClient:
        """Somebody who is not signed in."""
        return Program(self.app, base_url=base_url, headers=headers)

    def sign_in(self, username: str) -> TestClient:
        """A client that sends the person's bearer token."""
        client = self.client()
        answer = client.post("/v1/session", json={"username": username, "password": password_of(username)})
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    def by_link(self, link: str) -> TestClient:
        """An applicant without an account."""
        return self.client(**{"Paraf-Link": link})


def give_passwords(office: Office) -> None:
    """Everyone may sign in."""
    with office.db.transaction() as session:
        for username, person_id in office.people.items():
            person = session.get_one(Person, person_id)
            person.password_hash = office.hasher.hash(password_of(username))
            session.add(person)


def act(client: TestClient, case_id: UUID | str, name: str, body: Any = None, version: int | None = None) -> Any:
    """POST an act with the ETag that a GET gives now, or with a version of the test's choice."""
    path = f"/v1/applications/{case_id}"
    etag = f'"{version}"' if version is not None else client.get(path).headers["ETag"]
    return client.post(f"{path}/{name}", json=body or {}, headers={"If-Match": etag})


def put_file(
    client: TestClient,
    case_id: UUID | str,
    requirement: str,
    data: bytes = PDF,
    name: str = "berkas.pdf",
    fields: dict[str, str] | None = None,
    part: int = 1,
) -> Any:
    """Upload one file as a browser does."""
    form = {"fields": json.dumps(fields or {}), "part": str(part)}
    path = f"/v1/applications/{case_id}/documents/{requirement}"
    return client.put(path, files={"file": (name, data, "application/octet-stream")}, data=form)


def refusal(answer: Any) -> tuple[int, str]:
    """Status and code of a problem, after a look at its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert len(body["trace_id"]) == 32
    return answer.status_code, body["code"]
