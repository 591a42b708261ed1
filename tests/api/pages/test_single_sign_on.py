"""Signing in through another server, against a real one: whom it vouches for, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import func, select
from starlette.testclient import TestClient

from models.tables.people import Person
from tests.api.counter import Counter
from tests.factories import Office
from tests.oidc_server import CLIENT, SECRET, OidcServer, running
from workers.adapters.oidc import OidcSignOn
from workers.settings import Settings

BACK = "/masuk/sso/kembali"


@pytest.fixture
def other(office: Office) -> Iterator[OidcServer]:
    with running(OidcServer(office.clock.now(), {"preferred_username": "Loket"})) as server:
        yield server


@pytest.fixture
def joined(office: Office, other: OidcServer) -> Counter:
    settings = Settings(oidc_issuer=other.issuer, oidc_client_id=CLIENT)
    return Counter(office, settings, OidcSignOn(other.issuer, CLIENT, SECRET))


def depart(counter: Counter, goal: str = "") -> tuple[TestClient, dict[str, str]]:
    """A browser that went away and was sent back: itself, and what it carries."""
    client = counter.client(accept="text/html")
    away = client.get("/masuk/sso", params={"lanjut": goal}, follow_redirects=False).headers["location"]
    back = urlsplit(httpx.get(away).headers["location"])
    assert back.path == BACK
    return client, {name: values[0] for name, values in parse_qs(back.query).items()}


def arrive(client: TestClient, carried: dict[str, str]) -> Any:
    return client.get(BACK, params=carried, follow_redirects=False)


def test_a_person_on_record_is_let_in_and_led_on(joined: Counter) -> None:
    assert "Masuk lewat SSO kantor" in joined.client(accept="text/html").get("/masuk").text
    client, carried = depart(joined, "/kotak?hal=2")
    assert arrive(client, carried).headers["location"] == "/kotak?hal=2"
    assert client.get("/kotak").status_code == 200


def test_nobody_is_put_on_record_by_signing_in(joined: Counter, other: OidcServer) -> None:
    with joined.office.db.transaction() as session:
        before = session.exec(select(func.count()).select_from(Person)).one()
    for name in ("tidak.dikenal", ""):
        other.claims = {"preferred_username": name}
        assert arrive(*depart(joined)).headers["location"] == "/masuk?pesan=sso"
    with joined.office.db.transaction() as session:
        assert session.exec(select(func.count()).select_from(Person)).one() == before


def test_who_was_switched_off_stays_out(joined: Counter) -> None:
    with joined.office.db.transaction() as session:
        person = session.get_one(Person, joined.office.people["loket"])
        person.active = False
        session.add(person)
    assert arrive(*depart(joined)).headers["location"] == "/masuk?pesan=sso"


@pytest.mark.parametrize(
    "forged",
    [{"nonce": "lain"}, {"aud": "orang-lain"}, {"iss": "http://lain.example"}, {"exp": 1000000000}, {"key": 1}],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(joined: Counter, other: OidcServer, forged: Any) -> None:
    other.foreign_key = "key" in forged
    other.forge = {name: value for name, value in forged.items() if name != "key"}
    assert arrive(*depart(joined)).headers["location"] == "/masuk?pesan=sso"


def test_a_reply_counts_once_and_only_in_its_browser(joined: Counter) -> None:
    client, carried = depart(joined)
    stranger = joined.client(accept="text/html")
    assert arrive(stranger, carried).headers["location"] == "/masuk?pesan=sso"
    assert arrive(client, {**carried, "state": "lain"}).headers["location"] == "/masuk?pesan=sso"
    client, carried = depart(joined)
    assert arrive(client, carried).headers["location"] == "/kotak"
    assert arrive(client, carried).headers["location"] == "/masuk?pesan=sso"


def test_a_server_that_is_away_leaves_the_password(office: Office) -> None:
    gone = OidcSignOn("http://127.0.0.1:9", CLIENT, SECRET, timeout=1)
    client = Counter(office, Settings(), gone).client(accept="text/html")
    page = client.get("/masuk/sso")
    assert page.url.path == "/masuk"
    assert "Pakai kata sandi" in page.text


def test_an_office_without_one_has_no_door(counter: Counter) -> None:
    assert counter.client(accept="text/html").get("/masuk/sso").status_code == 404
    assert "SSO" not in counter.client(accept="text/html").get("/masuk").text
