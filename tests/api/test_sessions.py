"""Signing in and out: cookies, rotation, clocks, one answer for unknown names, delays that grow and end."""

from __future__ import annotations

from http.cookies import SimpleCookie
from uuid import uuid4

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from api.login_delay import ACCOUNT, ADDRESS, delay_after
from models.tables.people import LoginAttempt, LoginSession, Person
from tests.api.counter import Counter, act, password_of, refusal
from tests.cases import an_application, letter_of
from tests.factories import end_grants, passphrase_of
from workers.settings import Settings


def sign_in(client: TestClient, username: str = "loket", password: str | None = None, address: str = "") -> int:
    given = {"username": username, "password": password or password_of(username)}
    return client.post("/v1/session", json=given).status_code


def test_the_cookie_signs_a_browser_in_and_out(counter: Counter) -> None:
    client = counter.client()
    assert refusal(client.get("/v1/me")) == (401, "not-signed-in")
    answer = client.post("/v1/session", json={"username": "loket", "password": password_of("loket")})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["paraf"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    me = client.get("/v1/me").json()
    assert (me["username"], me["roles"], me["staff"]) == ("loket", ["front_office"], True)
    assert client.delete("/v1/session").status_code == 204
    assert refusal(client.get("/v1/me")) == (401, "not-signed-in")
    assert client.delete("/v1/session").status_code == 204


def test_over_tls_the_cookie_is_bound_to_the_host(counter: Counter) -> None:
    secure = Counter(counter.office, Settings(public_url="https://izin.example.go.id"))
    client = secure.client("https://izin.example.go.id")
    answer = client.post("/v1/session", json={"username": "loket", "password": password_of("loket")})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-paraf"]
    assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
    assert client.get("/v1/me").status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_the_token_is_stored_as_a_hash_and_ends_the_one_before(counter: Counter) -> None:
    client = counter.client()
    credentials = {"username": "loket", "password": password_of("loket")}
    first = client.post("/v1/session", json=credentials).json()["token"]
    second = client.post("/v1/session", json=credentials).json()["token"]
    assert first != second
    bearer = counter.client(Authorization=f"Bearer {first}")
    assert refusal(bearer.get("/v1/me")) == (401, "not-signed-in")
    with counter.office.db.transaction() as session:
        rows = session.exec(select(LoginSession)).all()
        stored = b"".join(row.token_sha256 for row in rows)
    assert len(rows) == 2
    assert sum(row.revoked_at is not None for row in rows) == 1
    assert second.encode() not in stored


def test_a_session_ends_when_idle_and_at_its_age(counter: Counter) -> None:
    clock, settings = counter.office.clock, counter.settings
    client = counter.sign_in("loket")
    for _ in range(settings.session_max_hours * 60 // 25 - 1):
        clock.advance(minutes=25)
        assert client.get("/v1/me").status_code == 200
    clock.advance(minutes=25)
    assert refusal(client.get("/v1/me")) == (401, "not-signed-in")

    client = counter.sign_in("loket")
    clock.advance(minutes=settings.session_idle_minutes - 1)
    assert client.get("/v1/me").status_code == 200
    clock.advance(minutes=settings.session_idle_minutes + 1)
    assert refusal(client.get("/v1/me")) == (401, "not-signed-in")


def test_unknown_names_wrong_passwords_and_closed_accounts_look_the_same(counter: Counter) -> None:
    office = counter.office
    with office.db.transaction() as session:
        closed = session.get_one(Person, office.people["admin"])
        closed.active = False
        session.add(closed)
        elsewhere = session.get_one(Person, office.people["operator"])
        elsewhere.password_hash = ""
        session.add(elsewhere)
    client = counter.client()
    tries = [("nobody", "x"), ("loket", "x"), ("admin", password_of("admin")), ("operator", "x"), ("operator", "")]
    answers = []
    for username, password in tries[:4]:
        answer = client.post("/v1/session", json={"username": username, "password": password})
        assert refusal(answer) == (401, "not-signed-in")
        assert "Set-Cookie" not in answer.headers
        answers.append(answer.json() | {"trace_id": ""})
    assert all(answer == answers[0] for answer in answers)


class CountingHasher:
    """Counts what the sign-in pays for."""

    def __init__(self) -> None:
        self.verified: list[str] = []

    def hash(self, secret: str) -> str:
        return f"hash of {secret}"

    def verify(self, secret: str, hashed: str) -> bool:
        self.verified.append(hashed)
        return self.hash(secret) == hashed


def test_a_guess_costs_one_hash_whoever_is_named(counter: Counter) -> None:
    hasher = CountingHasher()
    counter.office.hasher = hasher  # type: ignore[assignment]
    client = Counter(counter.office).client()
    for username in ("nobody", "loket"):
        before = len(hasher.verified)
        assert sign_in(client, username, "wrong") == 401
        assert len(hasher.verified) == before + 1
    assert all(hasher.verified)


def test_delays_grow_and_have_an_end() -> None:
    seconds = [delay_after(n, ACCOUNT).total_seconds() for n in range(1, 14)]
    assert seconds == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert delay_after(10_000, ADDRESS).total_seconds() == ADDRESS.longest


def test_many_failures_delay_an_account_known_or_not(counter: Counter) -> None:
    clock = counter.office.clock
    for username in ("loket", "nobody"):
        client = counter.client()
        for _ in range(ACCOUNT.free + 1):
            assert sign_in(client, username, "wrong") == 401
        answer = client.post("/v1/session", json={"username": username, "password": password_of(username)})
        assert refusal(answer) == (429, "too-many-attempts")
        assert answer.headers["Retry-After"] == "1"
        clock.advance(seconds=2)
    assert sign_in(counter.client(), "loket") == 201


def test_a_right_sign_in_forgets_the_account_s_failures(counter: Counter) -> None:
    client = counter.client()
    for _ in range(3):
        for _ in range(ACCOUNT.free):
            assert sign_in(client, "loket", "wrong") == 401
        assert sign_in(client, "loket") == 201
    with counter.office.db.transaction() as session:
        failures = {row.subject[:7]: row.failures for row in session.exec(select(LoginAttempt))}
    assert failures == {"account": 0, "address": 3 * ACCOUNT.free}


def test_one_address_is_delayed_whatever_names_it_tries(counter: Counter) -> None:
    client = counter.client()
    for number in range(ADDRESS.free + 1):
        assert sign_in(client, f"guess-{number}", "wrong") == 401
    assert sign_in(client, "loket") == 429
    counter.office.clock.advance(hours=13)
    assert sign_in(client, "loket") == 201


def test_names_that_were_tried_are_not_kept_readable(counter: Counter) -> None:
    assert sign_in(counter.client(), "1471010101900001", "wrong") == 401
    with counter.office.db.transaction() as session:
        assert not [row for row in session.exec(select(LoginAttempt)) if "1471010101900001" in row.subject]


def test_wrong_passphrases_move_nothing_and_make_the_next_wait(counter: Counter) -> None:
    case_id = an_application(counter.office, "awaiting_paraf")
    letter = letter_of(counter.office, case_id)
    muda = counter.sign_in("muda")
    wrong = {"blanko_sha256": letter.blanko_sha256, "passphrase": "bukan-ini"}
    for _ in range(5):
        answer = act(muda, case_id, "paraf", wrong)
        assert refusal(answer) == (403, "wrong-passphrase")
        assert "bukan-ini" not in answer.text
    right = wrong | {"passphrase": passphrase_of("muda")}
    assert refusal(act(muda, case_id, "paraf", right)) == (429, "too-many-attempts")
    assert counter.office.case(case_id).version == letter.version
    counter.office.clock.advance(seconds=2)
    assert act(muda, case_id, "paraf", right).status_code == 202


def test_roles_are_those_of_today(counter: Counter) -> None:
    office = counter.office
    client = counter.sign_in("loket")
    case_id = an_application(office, "verifying")
    end_grants(office, "loket", office.today)
    assert client.get(f"/v1/applications/{case_id}").status_code == 200
    office.clock.advance(days=1)
    later = counter.sign_in("loket")
    assert later.get("/v1/me").json()["roles"] == []
    assert refusal(later.get(f"/v1/applications/{case_id}")) == (404, "not-found")


@pytest.mark.parametrize("body", [{}, {"username": "loket"}, {"username": "", "password": ""}, {"username": 1}])
def test_half_a_sign_in_is_refused(counter: Counter, body: dict[str, object]) -> None:
    assert refusal(counter.client().post("/v1/session", json=body)) == (422, "invalid-input")


def test_a_password_is_never_repeated(counter: Counter) -> None:
    secret = "sandi-yang-sangat-rahasia" * 20
    answer = counter.client().post("/v1/session", json={"username": "loket", "password": secret})
    assert refusal(answer) == (422, "invalid-input")
    assert secret[:20] not in answer.text


def test_a_link_opens_one_application(counter: Counter) -> None:
    opened = counter.client().post("/v1/applications", json={"application_type": "baru"}).json()
    bearer = counter.by_link(opened["link"])
    assert bearer.get("/v1/me").json()["link_to"] == opened["id"]
    assert bearer.get(f"/v1/applications/{opened['id']}").json()["stage"] == "draft"
    assert [item["id"] for item in bearer.get("/v1/applications").json()["items"]] == [opened["id"]]
    other = an_application(counter.office)
    assert refusal(bearer.get(f"/v1/applications/{other}")) == (404, "not-found")
    assert refusal(bearer.get(f"/v1/applications/{uuid4()}")) == (404, "not-found")
    assert refusal(counter.client().get(f"/v1/applications/{opened['id']}")) == (401, "not-signed-in")


def test_a_session_can_be_told_by_its_device(counter: Counter) -> None:
    client = counter.client(**{"User-Agent": "browser of the counter"})
    assert sign_in(client) == 201
    with counter.office.db.transaction() as session:
        row = session.exec(select(LoginSession).order_by(col(LoginSession.created_at).desc())).first()
    assert row is not None
    assert (row.device, row.address) == ("browser of the counter", "testclient")


def test_signing_out_has_the_browser_forget_what_it_kept(counter: Counter) -> None:
    client = counter.client()
    for answer in (client.delete("/v1/session"), client.post("/keluar", follow_redirects=False)):
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
