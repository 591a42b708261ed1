"""Batches over HTTP: tried out, sent, followed, mended, stopped."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.rules.roles import Actor
from models.services.api_keys import ClientInput, KeyInput, add_client, create_key
from models.services.batch_control import watch
from models.tables.cases import Event
from tests.api.counter import Counter, refusal
from tests.batch_files import a_batch, as_csv, as_zip, cells, files_of
from tests.factories import Office
from tests.models.services.batches import Batches

ROAD = "/v1/batches"


def send(client: TestClient, data: bytes, key: str = "", **query: str) -> tuple[int, dict[str, object], dict[str, str]]:
    answer = client.post(
        ROAD, params={"licence": "SIKRO", **query}, content=data, headers={"Idempotency-Key": key or uuid4().hex}
    )
    return answer.status_code, answer.json(), dict(answer.headers)


def work(office: Office, counter: Counter) -> None:
    batches = Batches(office, cipher=counter.app.state.office.answer_cipher)
    batches.take_all()


@pytest.fixture
def desk(counter: Counter) -> TestClient:
    return counter.sign_in("operator")


def test_a_batch_is_accepted_and_followed(counter: Counter, desk: TestClient, office: Office) -> None:
    status, body, headers = send(desk, a_batch(1, 2), name="rs.zip")
    assert status == 202
    assert headers["location"] == f"{ROAD}/{body['id']}"
    assert headers["retry-after"] == "5"
    assert (body["state"], body["rows"], body["counts"], body["letters"]) == ("running", 2, {"waiting": 2}, 2)
    assert body["expected_end"]
    work(office, counter)
    found = desk.get(headers["location"])
    assert found.json()["counts"] == {"checking": 2}
    assert found.headers["etag"] == '"2"'
    (item, _) = desk.get(f"{headers['location']}/items").json()["items"]
    assert (item["key"], item["state"]) == ("RS-1", "checking")
    assert desk.get(item["application"]).json()["registration_number"] == item["registration_number"]


def test_a_dry_run_tells_each_row_and_its_token_commits_that_file(desk: TestClient) -> None:
    rows = [cells(1), cells(2, nik="7")]
    status, body, _ = send(desk, as_zip({"manifest.csv": as_csv(rows), **files_of(1, 2)}), dry_run="true")
    assert status == 200
    batch = body["batch"]
    assert isinstance(batch, dict)
    assert (batch["state"], batch["letters"]) == ("checked", 1)
    verdicts = body["verdicts"]
    assert isinstance(verdicts, list)
    assert [one["state"] for one in verdicts] == ["waiting", "refused"]
    assert verdicts[1]["errors"][0]["column"] == "nik"
    path = f"{ROAD}/{batch['id']}/commit"
    key = {"Idempotency-Key": uuid4().hex}
    assert refusal(desk.post(path, json={"token": "falsch"}, headers={"Idempotency-Key": uuid4().hex}))[0] == 404
    first = desk.post(path, json={"token": body["token"]}, headers=key)
    assert (first.status_code, first.json()["state"]) == (202, "running")
    again = desk.post(path, json={"token": body["token"]}, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")


def test_a_repeated_request_is_answered_again_and_another_one_is_refused(desk: TestClient) -> None:
    key = uuid4().hex
    first = send(desk, a_batch(1), key)
    again = send(desk, a_batch(1), key)
    assert again[:2] == first[:2]
    assert again[2]["idempotent-replayed"] == "true"
    answer = desk.post(ROAD, params={"licence": "SIKRO"}, content=a_batch(1), headers={"Idempotency-Key": uuid4().hex})
    assert refusal(answer) == (409, "same-file")
    assert answer.headers["link"] == f'<{ROAD}/{first[1]["id"]}>; rel="original"'
    assert send(desk, a_batch(2), key)[0] == 422
    nameless: Any = {"Idempotency-Key": None}
    answer = desk.post(ROAD, params={"licence": "SIKRO"}, content=b"x", headers=nameless)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 422), (b"\0" * 9, 422), (b"PK\x03\x04", 422)], ids=["empty", "binary", "torn"]
)
def test_a_file_that_is_none_is_a_problem(desk: TestClient, data: bytes, status: int) -> None:
    answer = desk.post(ROAD, params={"licence": "SIKRO"}, content=data, headers={"Idempotency-Key": uuid4().hex})
    assert refusal(answer)[0] == status


def test_errors_come_back_as_a_file_that_can_be_mended(counter: Counter, desk: TestClient, office: Office) -> None:
    rows = [cells(1), cells(2, nik="7", phone="+6281234567890")]
    _, body, _ = send(desk, as_zip({"manifest.csv": as_csv(rows), **files_of(1, 2)}))
    work(office, counter)
    answer = desk.get(f"{ROAD}/{body['id']}/errors.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    with office.db.transaction() as session:
        read = session.exec(select(Event).where(Event.kind == "batch_errors_read")).one()
    assert read.detail == {"batch": body["id"]}
    (wrong,) = csv.DictReader(io.StringIO(answer.text))
    assert (wrong["key"], wrong["row"], wrong["column"]) == ("RS-2", "2", "nik")
    assert "NIK terdiri dari 16 angka" in wrong["message"]
    assert wrong["phone"] == "'+6281234567890"
    mended = as_csv([{**wrong, "nik": cells(2)["nik"]}])
    status, again, _ = send(desk, mended, name="errors.csv", mends=str(body["id"]))
    assert (status, again["rows"]) == (202, 1)
    work(office, counter)
    assert desk.get(f"{ROAD}/{again['id']}").json()["counts"] == {"checking": 1}


def test_pause_resume_and_cancel_name_the_version_that_was_seen(
    counter: Counter, desk: TestClient, office: Office
) -> None:
    _, _, headers = send(desk, a_batch(1, 2))
    path = headers["location"]
    assert desk.post(f"{path}/pause").status_code == 428
    assert desk.post(f"{path}/pause", headers={"If-Match": '"9"'}).status_code == 412
    paused = desk.post(f"{path}/pause", headers={"If-Match": headers["etag"]})
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    assert refusal(desk.post(f"{path}/pause", headers={"If-Match": paused.headers["etag"]})) == (409, "wrong-stage")
    resumed = desk.post(f"{path}/resume", headers={"If-Match": paused.headers["etag"]})
    assert resumed.json()["state"] == "running"
    assert desk.delete(path, headers={"If-Match": resumed.headers["etag"]}).status_code == 204
    assert desk.get(path).json()["counts"] == {"cancelled": 2}
    watch(office.db, office.clock)
    assert desk.get(path).json()["finished_at"]
    assert refusal(desk.get(f"{path}/zip"))[0] == 404


def test_rows_come_page_by_page(desk: TestClient) -> None:
    _, _, headers = send(desk, a_batch(1, 2, 3))
    first = desk.get(f"{headers['location']}/items", params={"limit": 2})
    assert [one["row"] for one in first.json()["items"]] == [1, 2]
    assert first.headers["link"].endswith('rel="next"')
    second = desk.get(f"{headers['location']}/items", params={"limit": 2, "cursor": first.json()["next"]})
    assert ([one["row"] for one in second.json()["items"]], second.json()["next"]) == ([3], None)
    assert desk.get(f"{headers['location']}/items", params={"state": "refused"}).json()["items"] == []


def test_events_tell_of_it_until_it_ends(desk: TestClient, office: Office) -> None:
    _, _, headers = send(desk, a_batch(1))
    desk.delete(headers["location"], headers={"If-Match": headers["etag"]})
    watch(office.db, office.clock)
    answer = desk.get(f"{headers['location']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    name, data = answer.text.strip().split("\n")
    assert name == "event: batch"
    assert json.loads(data.removeprefix("data: "))["state"] == "cancelled"


def test_a_key_sends_for_its_licence_and_sees_its_own(counter: Counter, desk: TestClient, office: Office) -> None:
    room = counter.app.state.office.key_room
    admin = Actor("admin", frozenset({"admin"}), office.people["admin"])
    texts = []
    for name, scope in (("RS Melati", "batch:SIKRO"), ("RS Kenanga", "batch:SIKRO"), ("RS Lain", "batch:LAIN")):
        client_id: UUID = add_client(room, admin, ClientInput(name=name))
        texts.append(create_key(room, admin, client_id, KeyInput(scopes=[scope, "read:*"])).text)
    melati, kenanga, lain = (counter.client(Authorization=f"Bearer {text}") for text in texts)
    status, body, headers = send(melati, a_batch(1))
    assert status == 202
    work(office, counter)
    (item,) = melati.get(f"{headers['location']}/items").json()["items"]
    assert melati.get(item["application"]).json()["stage"] == "checking"
    assert kenanga.get(headers["location"]).status_code == 404
    assert kenanga.get(item["application"]).status_code == 404
    assert desk.get(headers["location"]).status_code == 200
    assert send(lain, a_batch(2))[0] == 403
    assert send(kenanga, a_batch(1))[0] == 202, "another sender's file and keys are his own"
    assert [one["id"] for one in melati.get(ROAD).json()["items"]] == [body["id"]]
    assert len(desk.get(ROAD).json()["items"]) == 2


@pytest.mark.parametrize(("who", "status"), [("pemohon", 403), ("kepala", 403)])
def test_others_do_not_send_batches(counter: Counter, who: str, status: int) -> None:
    assert send(counter.sign_in(who), a_batch(1))[0] == status


def test_more_bytes_than_a_batch_may_have_are_refused(counter: Counter, desk: TestClient) -> None:
    limit = counter.settings.batch_max_bytes
    answer = desk.post(
        ROAD,
        params={"licence": "SIKRO"},
        content=b"x",
        headers={"Idempotency-Key": uuid4().hex, "Content-Length": str(limit + 10**6)},
    )
    assert refusal(answer) == (413, "too-large")


def test_a_key_that_has_to_sign_is_nothing_without_its_signature(counter: Counter, office: Office) -> None:
    room = counter.app.state.office.key_room
    admin = Actor("admin", frozenset({"admin"}), office.people["admin"])
    client_id: UUID = add_client(room, admin, ClientInput(name="RS Tanda Tangan"))
    key = create_key(room, admin, client_id, KeyInput(scopes=["batch:SIKRO"], must_sign=True))
    client, data = counter.client(Authorization=f"Bearer {key.text}"), a_batch(1)
    at = int(office.clock.now().timestamp())

    def sent(body: bytes, signed: bytes = data, secret: str = key.signing_secret, created: int = at) -> int:
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(signed).digest()).decode()}:"
        params = f'("@method" "@path" "@query" "content-digest");created={created};keyid="{key.id}"'
        lines = [
            '"@method": POST',
            '"@path": /v1/batches',
            '"@query": ?licence=SIKRO',
            f'"content-digest": {digest}',
            f'"@signature-params": {params}',
        ]
        made = base64.b64encode(hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
        headers = {"Content-Digest": digest, "Signature-Input": f"paraf={params}", "Signature": f"paraf=:{made}:"}
        answer = client.post(ROAD, params={"licence": "SIKRO"}, content=body, headers=headers)
        return int(answer.status_code)

    plain = client.post(ROAD, params={"licence": "SIKRO"}, content=data)
    assert refusal(plain) == (401, "signature-refused")
    assert sent(data, secret="wrong") == 401
    assert sent(data, created=at - 301) == 401
    assert sent(a_batch(2)) == 401, "another body under a signed digest"
    assert sent(data) == 202
