"""A request that makes something is done once, however often and however simultaneously it is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from models.db import Database
from models.services.idempotency import Asking, earlier_answer, forget_old
from models.tables.cases import Application
from models.tables.clients import RememberedAnswer
from models.tables.people import LoginAttempt
from tests.api.clients import a_system, by_key
from tests.api.counter import Counter, refusal
from tests.cases import an_application
from tests.conftest import Database as Urls
from tests.factories import passphrase_of

DRAFT = {"licence_code": "SIKRO", "application_type": "baru"}


def named(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def drafts(counter: Counter) -> int:
    with counter.office.db.transaction() as session:
        return len(session.exec(select(Application.id)).all())


@pytest.fixture
def key() -> str:
    return str(uuid4())


def test_the_first_answer_comes_again_and_nothing_is_made_twice(shared: Counter, key: str) -> None:
    client, before = shared.client(), drafts(shared)
    first = client.post("/v1/applications", json=DRAFT, headers=named(key))
    again = client.post("/v1/applications", json=DRAFT, headers=named(key))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert {first.headers[name] == again.headers[name] for name in ("location", "etag", "content-type")} == {True}
    assert drafts(shared) == before + 1


@pytest.mark.parametrize("name", [None, "short", "x" * 256, "with a space in it"])
def test_a_missing_or_odd_name_is_refused(shared: Counter, name: str | None) -> None:
    client, before = shared.client(), drafts(shared)
    headers: dict[str, Any] = {"Idempotency-Key": name}
    assert refusal(client.post("/v1/applications", json=DRAFT, headers=headers)) == (400, "idempotency-key-missing")
    assert drafts(shared) == before


def test_a_name_belongs_to_one_request(shared: Counter, key: str) -> None:
    client = shared.client()
    client.post("/v1/applications", json=DRAFT, headers=named(key))
    other = client.post("/v1/applications", json={**DRAFT, "channel": "online"}, headers=named(key))
    assert refusal(other) == (422, "key-used-otherwise")
    elsewhere = client.post("/v1/applications?x=1", json=DRAFT, headers=named(key))
    assert refusal(elsewhere) == (422, "key-used-otherwise")


def test_each_asker_has_names_of_his_own(shared: Counter, key: str) -> None:
    one = by_key(shared, a_system(shared, name="RS Satu").key.text)
    two = by_key(shared, a_system(shared, name="RS Dua").key.text)
    answers = [one.post("/v1/applications", json=DRAFT, headers=named(key)).json()["id"]]
    answers.append(two.post("/v1/applications", json=DRAFT, headers=named(key)).json()["id"])
    answers.append(shared.sign_in("loket").post("/v1/applications", json=DRAFT, headers=named(key)).json()["id"])
    answers.append(shared.client().post("/v1/applications", json=DRAFT, headers=named(key)).json()["id"])
    assert len(set(answers)) == 4


def test_while_it_is_being_answered_the_same_request_waits_outside(shared: Counter, key: str) -> None:
    system = a_system(shared, name="RS Serentak")
    client, office = by_key(shared, system.key.text), shared.app.state.office
    owner = f"client:{system.client_id}"
    with office.db.transaction() as session:
        assert earlier_answer(session, office.answer_cipher, Asking(owner, key, "whatever")) is None
        during = client.post("/v1/applications", json=DRAFT, headers=named(key))
        assert refusal(during) == (409, "request-in-flight")
        assert during.headers["retry-after"] == "1"
    assert client.post("/v1/applications", json=DRAFT, headers=named(key)).status_code == 201


def test_a_refusal_is_not_remembered(shared: Counter, key: str) -> None:
    client = shared.client()
    wrong = client.post("/v1/applications", json={**DRAFT, "licence_code": "XYZ"}, headers=named(key))
    assert refusal(wrong) == (404, "not-found")
    assert client.post("/v1/applications", json=DRAFT, headers=named(key)).status_code == 201


def test_an_answer_that_can_not_be_kept_undoes_its_effect(fresh_database: Urls, counter: Counter, key: str) -> None:
    owner = Database(fresh_database.owner_url)
    with owner.transaction() as session:
        session.execute(text("REVOKE INSERT ON remembered_answer FROM paraf_app"))
    assert refusal(counter.client().post("/v1/applications", json=DRAFT, headers=named(key))) == (500, "internal")
    assert drafts(counter) == 0
    with owner.transaction() as session:
        session.execute(text("GRANT INSERT ON remembered_answer TO paraf_app"))
    assert counter.client().post("/v1/applications", json=DRAFT, headers=named(key)).status_code == 201
    assert drafts(counter) == 1
    owner.dispose()


def test_what_is_shown_once_lies_sealed(shared: Counter, key: str) -> None:
    link = shared.client().post("/v1/applications", json=DRAFT, headers=named(key)).json()["link"]
    with shared.office.db.transaction() as session:
        rows = session.exec(select(RememberedAnswer)).all()
    assert rows
    assert not any(link.encode() in row.answer or key.encode() in row.answer for row in rows)
    assert not any(key in row.owner for row in rows)


def test_a_pile_is_opened_once(counter: Counter, key: str) -> None:
    case_id = an_application(counter.office, "awaiting_paraf")
    muda = counter.sign_in("muda")
    case = muda.get(f"/v1/applications/{case_id}").json()
    letter = {"application_id": str(case_id), "version": case["version"], "blanko_sha256": case["blanko"]["sha256"]}
    body = {"kind": "paraf", "letters": [letter], "passphrase": passphrase_of("muda")}
    first = muda.post("/v1/piles", json=body, headers=named(key))
    again = muda.post("/v1/piles", json=body, headers=named(key))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    anew = muda.post("/v1/piles", json=body)
    assert anew.json()["id"] != first.json()["id"]


def test_a_wrong_passphrase_counts_though_the_request_is_undone(counter: Counter, key: str) -> None:
    case_id = an_application(counter.office, "awaiting_paraf")
    muda = counter.sign_in("muda")
    case = muda.get(f"/v1/applications/{case_id}").json()
    letter = {"application_id": str(case_id), "version": case["version"], "blanko_sha256": case["blanko"]["sha256"]}
    body = {"kind": "paraf", "letters": [letter], "passphrase": "salah"}
    assert refusal(muda.post("/v1/piles", json=body, headers=named(key))) == (403, "wrong-passphrase")
    with counter.office.db.transaction() as session:
        row = session.get(LoginAttempt, f"passphrase:{counter.office.people['muda']}")
    assert row is not None
    assert row.failures == 1


def test_old_answers_are_forgotten_but_never_those_of_a_number(counter: Counter) -> None:
    db, now = counter.office.db, counter.office.clock.now()
    issued, draft = an_application(counter.office, "ready"), an_application(counter.office, "draft")
    rows = {
        "a": ("application", issued),
        "b": ("application", draft),
        "c": ("batch", UUID(int=1)),
        "d": ("other", None),
    }
    with db.transaction() as session:
        for name, (subject, subject_id) in rows.items():
            session.add(
                RememberedAnswer(
                    owner=name, key_sha256=b"k", answer=b"x", subject=subject, subject_id=subject_id, made_at=now
                )
            )
    with db.transaction() as session:
        assert forget_old(session, now, timedelta(days=2)) == 0
        assert forget_old(session, now + timedelta(days=3), timedelta(days=2)) == 2
    with db.transaction() as session:
        assert set(session.exec(select(RememberedAnswer.owner))) == {"a", "c"}
    for owner in ("a", "c"):
        with pytest.raises(DBAPIError, match="remembered for good"), db.transaction() as session:
            session.execute(text("DELETE FROM remembered_answer WHERE owner = :owner"), {"owner": owner})
