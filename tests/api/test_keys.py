"""Keys of other systems: shown once, kept hashed, good for what they were made for, two at a time, and never more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from models.rules.errors import AlreadyDone, Forbidden, InvalidInput, NotFound
from models.services import api_keys
from models.services.api_keys import ClientInput, KeyInput, add_client, create_key, revoke_key, rotate_key
from models.tables.cases import Application, Event
from models.tables.clients import ApiKey
from ops.samples.people import applicant, holder_data
from tests.api.clients import System, a_system, by_key
from tests.api.counter import PDF, Counter, put_file, refusal
from tests.cases import an_application

DRAFT = {"licence_code": "SIKRO", "application_type": "baru"}


@pytest.fixture
def room(counter: Counter) -> api_keys.KeyRoom:
    found: api_keys.KeyRoom = counter.app.state.office.key_room
    return found


@pytest.fixture
def system(counter: Counter) -> System:
    return a_system(counter)


def opens(counter: Counter, key: str) -> bool:
    answer = by_key(counter, key).get("/v1/applications")
    assert answer.status_code in {200, 401}, answer.text
    return bool(answer.status_code == 200)


def test_a_key_reads_as_promised_and_its_secret_is_nowhere(counter: Counter, system: System) -> None:
    parts = system.key.text.split("_")
    assert parts[:3] == ["paraf", "test", system.key.id]
    assert len(parts[3]) == 48
    assert parts[3] not in repr(system.key)
    with counter.office.db.transaction() as session:
        for table in ("api_key", "event", "outbox"):
            rows = session.execute(text(f"SELECT row_to_json(t)::text FROM {table} t")).scalars().all()
            assert not any(parts[3] in row for row in rows)


def test_a_system_acts_for_those_it_hands_in_and_sees_nobody_else(counter: Counter, system: System) -> None:
    foreign = an_application(counter.office, "verifying")
    client = by_key(counter, system.key.text)
    made = client.post("/v1/applications", json=DRAFT)
    assert made.status_code == 201
    path = f"/v1/applications/{made.json()['id']}"
    holder = dict(holder_data(applicant(3, on=counter.office.today)))
    assert client.put(f"{path}/holder", json=holder).status_code == 200
    assert put_file(client, made.json()["id"], "ktp", PDF).status_code == 200
    handed_in = client.post(f"{path}/submission", headers={"If-Match": made.headers["ETag"]})
    assert handed_in.status_code == 200
    assert [item["id"] for item in client.get("/v1/applications").json()["items"]] == [made.json()["id"]]
    assert refusal(client.get(f"/v1/applications/{foreign}")) == (404, "not-found")
    act: dict[str, Any] = {"json": {}, "headers": {"If-Match": handed_in.headers["ETag"]}}
    assert refusal(client.post(f"{path}/verification", **act)) == (403, "forbidden")
    assert refusal(client.get("/v1/register")) == (403, "forbidden")
    with counter.office.db.transaction() as session:
        actors = session.exec(
            select(Event.actor).where(Event.kind == "submit", Event.application_id == made.json()["id"])
        ).all()
        assert session.get_one(Application, made.json()["id"]).client_id == system.client_id
    assert actors == [f"client:{system.client_id}"]


def test_another_system_does_not_see_it(counter: Counter, system: System) -> None:
    made = by_key(counter, system.key.text).post("/v1/applications", json=DRAFT).json()
    other = by_key(counter, a_system(counter, name="RS Lain").key.text)
    assert refusal(other.get(f"/v1/applications/{made['id']}")) == (404, "not-found")
    assert other.get("/v1/applications").json()["items"] == []


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        (["read:SIKRO"], 200, 403),
        (["write:SIKRO"], 404, 201),
        (["read:*", "write:*"], 200, 201),
        (["read:SIP", "write:SIP"], 404, 403),
        (["batch:SIKRO"], 404, 403),
    ],
)
def test_a_key_is_good_for_its_scopes_alone(
    counter: Counter, room: api_keys.KeyRoom, system: System, scopes: list[str], read: int, write: int
) -> None:
    made = by_key(counter, system.key.text).post("/v1/applications", json=DRAFT).json()
    narrow = create_key(room, counter.office.actor("admin"), system.client_id, KeyInput(scopes=scopes))
    client = by_key(counter, narrow.text)
    assert client.get(f"/v1/applications/{made['id']}").status_code == read
    assert len(client.get("/v1/applications").json()["items"]) == (1 if read == 200 else 0)
    assert client.post("/v1/applications", json=DRAFT).status_code == write


def test_two_keys_live_while_one_is_carried_over(counter: Counter, room: api_keys.KeyRoom, system: System) -> None:
    admin = counter.office.actor("admin")
    fresh = rotate_key(room, admin, system.key.id, overlap=timedelta(hours=1))
    assert [opens(counter, key) for key in (system.key.text, fresh.text)] == [True, True]
    with pytest.raises(InvalidInput, match="two live keys"):
        rotate_key(room, admin, fresh.id)
    with pytest.raises(InvalidInput, match="two live keys"):
        create_key(room, admin, system.client_id, KeyInput(scopes=["read:*"]))
    counter.office.clock.advance(hours=2)
    assert [opens(counter, key) for key in (system.key.text, fresh.text)] == [False, True]
    with counter.office.db.transaction() as session:
        old, new = session.get_one(ApiKey, system.key.id), session.get_one(ApiKey, fresh.id)
    assert (new.scopes, new.client_id) == (old.scopes, old.client_id)
    with pytest.raises(InvalidInput, match="not live"):
        rotate_key(room, admin, system.key.id)


def test_a_revoked_key_opens_nothing(counter: Counter, room: api_keys.KeyRoom, system: System) -> None:
    assert opens(counter, system.key.text)
    revoke_key(room, counter.office.actor("admin"), system.key.id)
    revoke_key(room, counter.office.actor("admin"), system.key.id)
    assert not opens(counter, system.key.text)


def test_a_key_ends_by_itself(counter: Counter, system: System) -> None:
    counter.office.clock.advance(days=366)
    answer = by_key(counter, system.key.text).get("/v1/applications")
    assert refusal(answer) == (401, "not-signed-in")
    assert "expired" in answer.json()["detail"]


def test_a_wrong_key_is_told_by_nothing(counter: Counter, system: System) -> None:
    right = system.key.text
    wrong = [right[:-1] + ("0" if right[-1] != "0" else "1"), "paraf_test_000000000000_" + "0" * 48]
    answers = [by_key(counter, key).get("/v1/applications").json() for key in wrong]
    assert {(one["status"], one["detail"]) for one in answers} == {(401, answers[0]["detail"])}
    assert refusal(by_key(counter, "paraf_x").get("/v1/applications")) == (401, "not-signed-in")


def test_the_last_use_is_shown_and_written_once_a_minute(counter: Counter, system: System) -> None:
    def last() -> Any:
        with counter.office.db.transaction() as session:
            return session.get_one(ApiKey, system.key.id).last_used_at

    assert last() is None
    began = counter.office.clock.now()
    assert opens(counter, system.key.text)
    counter.office.clock.advance(seconds=30)
    assert opens(counter, system.key.text)
    assert last() == began
    counter.office.clock.advance(seconds=31)
    assert opens(counter, system.key.text)
    assert last() == counter.office.clock.now()


def test_only_admins_make_keys(counter: Counter, room: api_keys.KeyRoom, system: System) -> None:
    given = KeyInput(scopes=["read:*"])
    for actor in (counter.office.actor("loket"), counter.office.actor("kepala")):
        with pytest.raises(Forbidden):
            create_key(room, actor, system.client_id, given)
        with pytest.raises(Forbidden):
            revoke_key(room, actor, system.key.id)
    admin = counter.office.actor("admin")
    with pytest.raises(AlreadyDone):
        add_client(room, admin, ClientInput(name="RS Melati"))
    with pytest.raises(NotFound):
        revoke_key(room, admin, "0" * 12)


def test_a_signing_secret_is_sealed_and_can_be_read_again(counter: Counter) -> None:
    key = a_system(counter, name="RS Tanda", must_sign=True).key
    with counter.office.db.transaction() as session:
        row = session.get_one(ApiKey, key.id)
        found = api_keys.signing_secret(session, counter.app.state.office.answer_cipher, key.id)
    assert found == key.signing_secret
    assert len(found) == 64
    assert row.signing_secret is not None
    assert found.encode() not in row.signing_secret


def test_an_admin_makes_lists_rotates_and_revokes_over_http(counter: Counter) -> None:
    admin = counter.sign_in("admin")
    client_id = admin.post("/v1/clients", json={"name": "RS Kamboja"}).json()["id"]
    name = {"Idempotency-Key": "a-name-of-this-request"}
    body = {"scopes": ["read:SIKRO"]}
    made = admin.post(f"/v1/clients/{client_id}/keys", json=body, headers=name)
    again = admin.post(f"/v1/clients/{client_id}/keys", json=body, headers=name)
    assert (made.status_code, again.json()) == (201, made.json())
    fresh = admin.post(f"/v1/keys/{made.json()['id']}/rotation").json()
    assert [opens(counter, key) for key in (made.json()["key"], fresh["key"])] == [True, True]
    assert admin.delete(f"/v1/keys/{fresh['id']}").status_code == 204
    listed = admin.get("/v1/clients")
    (shown,) = listed.json()["items"]
    assert {key["id"]: key["revoked_at"] is None for key in shown["keys"]} == {
        made.json()["id"]: True,
        fresh["id"]: False,
    }
    assert made.json()["key"].rpartition("_")[2] not in listed.text
    assert refusal(counter.sign_in("kepala").get("/v1/clients")) == (403, "forbidden")
    assert refusal(by_key(counter, made.json()["key"]).get("/v1/clients")) == (403, "forbidden")
