"""Wrong order, wrong role, stale version, double click, unknown id: a problem that says what to do, and no change."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from inline_snapshot import snapshot
from sqlmodel import col, func, select

from models.services.submit import submit
from models.tables.cases import Event
from ops.samples.people import applicant, holder_data
from tests.api.counter import Counter, act, put_file, refusal
from tests.cases import a_draft, an_application, hand_in, letter_of
from tests.factories import HEAD, passphrase_of

GOOD: dict[str, dict[str, Any]] = {
    "submission": {},
    "withdrawal": {},
    "verification": {},
    "return": {"items": [{"requirement": "ktp", "note": "Tidak terbaca."}]},
    "rejection": {"reason": "Pemohon bukan refraksionis optisien."},
    "send-back": {"reason": "Nama salah tulis."},
    "amendment": {"name": "Nama Yang Benar"},
    "hand-over": {"receiver": "Pemohon sendiri", "relation": "pemohon", "identity": "ktp"},
    "void": {"reason": "Nomor ganda di buku lama."},
    "paraf": {"blanko_sha256": "0" * 64, "passphrase": passphrase_of("muda")},
    "signature": {"blanko_sha256": "0" * 64, "passphrase": passphrase_of("kepala")},
}
"""Every act, with a body that is well-formed."""

DOER = {
    "submission": "pemohon",
    "withdrawal": "pemohon",
    "amendment": "blanko",
    "void": "blanko",
    "send-back": "muda",
    "paraf": "muda",
    "signature": HEAD,
}
"""Who does an act; the front office where nobody is named."""


def events_of(shared: Counter, case_id: UUID) -> int:
    with shared.office.db.transaction() as session:
        return session.exec(select(func.count(col(Event.id))).where(Event.application_id == case_id)).one()


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("submission", "verifying"),
        ("verification", "draft"),
        ("verification", "awaiting_paraf"),
        ("return", "draft"),
        ("rejection", "preparing"),
        ("withdrawal", "preparing"),
        ("paraf", "verifying"),
        ("paraf", "awaiting_signature"),
        ("signature", "awaiting_paraf"),
        ("send-back", "verifying"),
        ("amendment", "awaiting_paraf"),
        ("hand-over", "numbering"),
        ("void", "verifying"),
    ],
)
def test_acts_out_of_order_change_nothing(shared: Counter, name: str, stage: str) -> None:
    case_id = an_application(shared.office, stage)
    before = shared.office.case(case_id), events_of(shared, case_id)
    answer = act(shared.sign_in(DOER.get(name, "loket")), case_id, name, GOOD[name])
    assert refusal(answer) == (409, "wrong-stage")
    assert (shared.office.case(case_id), events_of(shared, case_id)) == before


@pytest.mark.parametrize(
    ("name", "stage", "who"),
    [
        ("verification", "verifying", "blanko"),
        ("verification", "verifying", "pemohon"),
        ("return", "verifying", "muda"),
        ("rejection", "verifying", "admin"),
        ("paraf", "awaiting_paraf", "madya"),
        ("paraf", "awaiting_paraf", "loket"),
        ("signature", "awaiting_signature", "sekretaris"),
        ("send-back", "awaiting_paraf", "kepala"),
        ("amendment", "amending", "loket"),
        ("hand-over", "ready", "blanko"),
        ("hand-over", "ready", "pemohon"),
        ("void", "ready", "loket"),
    ],
)
def test_acts_of_another_role_change_nothing(shared: Counter, name: str, stage: str, who: str) -> None:
    case_id = an_application(shared.office, stage)
    before = shared.office.case(case_id), events_of(shared, case_id)
    body = dict(GOOD[name])
    if "blanko_sha256" in body:
        body |= {"blanko_sha256": letter_of(shared.office, case_id).blanko_sha256, "passphrase": passphrase_of(who)}
    answer = act(shared.sign_in(who), case_id, name, body)
    assert refusal(answer) == (403, "forbidden")
    assert (shared.office.case(case_id), events_of(shared, case_id)) == before


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_act_wants_the_version_that_was_looked_at(shared: Counter, name: str) -> None:
    case_id = an_application(shared.office, "verifying")
    client = shared.sign_in(DOER.get(name, "loket"))
    path = f"/v1/applications/{case_id}/{name}"
    assert refusal(client.post(path, json=GOOD[name])) == (428, "precondition-required")
    for odd in ("*", 'W/"3"', "3", '"3", "4"', '"0"', '"x"'):
        assert refusal(client.post(path, json=GOOD[name], headers={"If-Match": odd})) == (400, "malformed-request")


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("submission", "draft"),
        ("withdrawal", "returned"),
        ("verification", "verifying"),
        ("return", "verifying"),
        ("rejection", "verifying"),
        ("send-back", "awaiting_paraf"),
        ("paraf", "awaiting_paraf"),
        ("signature", "awaiting_signature"),
        ("amendment", "amending"),
        ("hand-over", "ready"),
        ("void", "ready"),
    ],
)
def test_a_stale_version_changes_nothing(shared: Counter, name: str, stage: str) -> None:
    case_id = an_application(shared.office, stage)
    version = shared.office.case(case_id).version
    answer = act(shared.sign_in(DOER.get(name, "loket")), case_id, name, GOOD[name], version=version + 1)
    assert refusal(answer) == (412, "stale-version")
    assert shared.office.case(case_id).version == version


@pytest.mark.parametrize("name", sorted(GOOD))
def test_an_unknown_id_is_nothing(shared: Counter, name: str) -> None:
    client = shared.sign_in(DOER.get(name, "loket"))
    for unknown in (uuid4(), "SIKRO-1", "0"):
        path = f"/v1/applications/{unknown}/{name}"
        assert refusal(client.post(path, json=GOOD[name], headers={"If-Match": '"1"'})) == (404, "not-found")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_acts_need_somebody(shared: Counter, name: str) -> None:
    case_id = an_application(shared.office, "verifying")
    path = f"/v1/applications/{case_id}/{name}"
    answer = shared.client().post(path, json=GOOD[name], headers={"If-Match": '"2"'})
    assert refusal(answer) == (401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_double_click_is_done_once(shared: Counter) -> None:
    office, case_id = shared.office, an_application(shared.office, "awaiting_paraf")
    muda = shared.sign_in("muda")
    letter = letter_of(office, case_id)
    body = {"blanko_sha256": letter.blanko_sha256, "passphrase": passphrase_of("muda")}
    assert act(muda, case_id, "paraf", body, letter.version).status_code == 202
    assert refusal(act(muda, case_id, "paraf", body, letter.version)) == (409, "already-done")
    office.work()
    assert office.case(case_id).paraf_next == 2
    assert refusal(act(muda, case_id, "paraf", body, letter.version)) == (412, "stale-version")


def test_one_person_acts_once_on_a_revision(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf", paraf_next=2)
    body = {"blanko_sha256": letter_of(shared.office, case_id).blanko_sha256, "passphrase": passphrase_of("muda")}
    assert refusal(act(shared.sign_in("muda"), case_id, "paraf", body)) == (403, "forbidden")


def test_another_blanko_than_the_present_one_is_refused(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf")
    answer = act(shared.sign_in("muda"), case_id, "paraf", GOOD["paraf"])
    assert refusal(answer) == (412, "stale-version")


def test_unknown_keys_are_refused_with_their_place(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    answer = act(shared.sign_in("loket"), case_id, "rejection", {"reason": "Bukan untuk ini.", "colour": "red"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() | {"trace_id": ""} == snapshot(
        {
            "type": "/problems/invalid-input",
            "title": "Some values can not be taken",
            "status": 422,
            "detail": "Some values can not be taken: see errors, correct them and send the request again.",
            "code": "invalid-input",
            "errors": [{"pointer": "/colour", "message": "Extra inputs are not permitted", "code": "extra_forbidden"}],
            "trace_id": "",
        }
    )


def test_a_rejection_needs_a_reason_that_says_something(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    answer = act(shared.sign_in("loket"), case_id, "rejection", {"reason": "tidak"})
    assert answer.json() | {"trace_id": ""} == snapshot(
        {
            "type": "/problems/invalid-input",
            "title": "Some values can not be taken",
            "status": 422,
            "detail": "A rejection needs a reason of at least ten characters.",
            "code": "invalid-input",
            "errors": [
                {"pointer": "/reason", "message": "say why, so that the applicant understands", "code": "too_short"}
            ],
            "trace_id": "",
        }
    )


def test_unexplained_points_of_the_check_stop_a_verification(shared: Counter) -> None:
    case_id = _incomplete(shared)
    front = shared.sign_in("loket")
    answer = act(front, case_id, "verification")
    assert refusal(answer) == (422, "invalid-input")
    assert [item["pointer"] for item in answer.json()["errors"]] == ["/overrides/surat_sehat"]
    assert "belum ada" in answer.json()["errors"][0]["message"]
    reasons = {"overrides": {"surat_sehat": "sudah dilihat aslinya di loket"}}
    assert act(front, case_id, "verification", reasons).json()["stage"] == "preparing"


def _incomplete(shared: Counter) -> UUID:
    office = shared.office
    case_id = a_draft(office)
    hand_in(office, case_id, without=("surat_sehat",))
    submit(office.db, office.clock, office.calendar, office.actor("pemohon"), case_id)
    office.work()
    return case_id


def test_an_empty_berkas_is_not_handed_in(shared: Counter) -> None:
    client = shared.sign_in("pemohon")
    case_id = client.post("/v1/applications", json={}).json()["id"]
    answer = act(client, case_id, "submission")
    assert answer.json() | {"trace_id": ""} == snapshot(
        {
            "type": "/problems/invalid-input",
            "title": "Some values can not be taken",
            "status": 422,
            "detail": "The berkas is empty; nothing was handed in.",
            "code": "invalid-input",
            "errors": [
                {
                    "pointer": "/holder",
                    "message": "The applicant's data is missing: fill it in first.",
                    "code": "missing",
                },
                {
                    "pointer": "/documents",
                    "message": "No document is attached: upload the berkas first.",
                    "code": "missing",
                },
            ],
            "trace_id": "",
        }
    )


def test_bad_json_and_other_bodies(shared: Counter) -> None:
    client = shared.sign_in("loket")
    path = "/v1/applications"
    json_type = {"Content-Type": "application/json"}
    assert refusal(client.post(path, content=b"{", headers=json_type)) == (400, "malformed-request")
    assert refusal(client.post(path, content=b"\xff\xfe", headers=json_type)) == (400, "malformed-request")
    assert refusal(client.post(path, content=b"a=1")) == (415, "unsupported-media-type")
    assert refusal(client.post(path, content=b"[]", headers=json_type)) == (415, "unsupported-media-type")
    assert refusal(client.post(path, content=b"", headers=json_type)) == (422, "invalid-input")


def test_unknown_addresses_and_methods(shared: Counter) -> None:
    client = shared.client()
    assert refusal(client.get("/v1/nothing")) == (404, "not-found")
    assert refusal(client.get("/nothing")) == (404, "not-found")
    assert refusal(client.get("/static/nothing.js")) == (404, "not-found")
    assert refusal(client.delete("/v1/applications")) == (405, "method-not-allowed")
    assert client.delete("/v1/applications").headers["Allow"]


def test_problems_are_told_without_the_values(shared: Counter) -> None:
    case_id = an_application(shared.office)
    client = shared.sign_in("pemohon")
    answer = client.put(
        f"/v1/applications/{case_id}/holder", json={"nik": "147101010190999X", "name": "Rahasia Sekali"}
    )
    assert refusal(answer) == (422, "invalid-input")
    assert "147101010190999X" not in answer.text
    assert "Rahasia" not in answer.text
    assert "/nik" in [item["pointer"] for item in answer.json()["errors"]]
    passphrase = "kata-sandi-yang-panjang"
    wrong = act(shared.sign_in("muda"), case_id, "paraf", {"passphrase": passphrase, "blanko_sha256": "x"}, 1)
    assert refusal(wrong) == (422, "invalid-input")
    assert passphrase not in wrong.text


def test_a_berkas_is_not_changed_behind_the_check(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    client = shared.sign_in("pemohon")
    assert refusal(put_file(client, case_id, "ktp")) == (409, "wrong-stage")
    assert refusal(client.put(f"/v1/applications/{case_id}/holder", json=_data(shared))) == (409, "wrong-stage")


def _data(shared: Counter) -> dict[str, Any]:
    return dict(holder_data(applicant(3, on=shared.office.today)))


def test_unknown_tokens_and_links_are_nobody(shared: Counter) -> None:
    case_id = an_application(shared.office, "verifying")
    client = shared.client(Authorization="Bearer none-of-ours")
    assert refusal(client.get(f"/v1/applications/{case_id}")) == (401, "not-signed-in")
    assert refusal(shared.by_link("none-of-ours").get("/v1/applications")) == (401, "not-signed-in")
