"""What may be seen by whom: lists, the register, the audit trail, piles and the letters' files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from api.cursors import encode
from models.services.draft import open_draft
from models.services.void import void_number
from tests.api.counter import Counter, act, refusal
from tests.cases import a_draft, an_application, endorse, letter_of
from tests.factories import HEAD, INITIALLERS, passphrase_of


def ids(client: TestClient, **query: Any) -> list[str]:
    answer = client.get("/v1/applications", params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_an_applicant_sees_his_own_and_nobody_else_s(counter: Counter) -> None:
    office = counter.office
    mine = a_draft(office)
    others = open_draft(office.db, office.clock, office.actor("pemohon_lain"), "SIKRO", "baru").application_id
    assert ids(counter.sign_in("pemohon")) == [str(mine)]
    assert ids(counter.sign_in("pemohon_lain")) == [str(others)]
    assert set(ids(counter.sign_in("loket"))) == {str(mine), str(others)}
    stranger = counter.sign_in("pemohon_lain")
    for path in ("", "/blanko", "/licence", "/events"):
        answer = stranger.get(f"/v1/applications/{mine}{path}")
        assert refusal(answer) in ((404, "not-found"), (403, "forbidden"))
    assert refusal(stranger.get(f"/v1/applications/{mine}")) == (404, "not-found")
    assert refusal(stranger.put(f"/v1/applications/{mine}/holder", json=_holder(counter))) == (404, "not-found")
    assert refusal(act(stranger, mine, "withdrawal", version=1)) == (404, "not-found")


def _holder(counter: Counter) -> dict[str, Any]:
    from ops.samples.people import applicant, holder_data

    return dict(holder_data(applicant(3, on=counter.office.today)))


def test_mine_is_what_waits_for_a_role_that_i_hold(counter: Counter) -> None:
    office = counter.office
    cases = {
        stage: str(an_application(office, stage))
        for stage in ("draft", "returned", "verifying", "amending", "awaiting_signature", "ready", "closed")
    }
    parafs = [str(an_application(office, "awaiting_paraf", paraf_next=n)) for n in (1, 2, 3)]
    expected = {
        "loket": [cases["verifying"], cases["ready"]],
        "blanko": [cases["amending"]],
        "muda": parafs[:1],
        "madya": parafs[1:2],
        "sekretaris": parafs[2:],
        HEAD: [cases["awaiting_signature"]],
        "admin": [],
        "pemohon": [cases["draft"], cases["returned"]],
        "pemohon_lain": [],
    }
    for username, found in expected.items():
        assert ids(counter.sign_in(username), mine=True) == found, username
    for username in ("loket", "muda", HEAD):
        items = counter.sign_in(username).get("/v1/applications", params={"mine": True}).json()["items"]
        roles = set(counter.sign_in(username).get("/v1/me").json()["roles"])
        assert {item["waiting_for"] for item in items} <= roles
    assert set(ids(counter.sign_in("loket"), stage=["ready", "amending"])) == {cases["ready"], cases["amending"]}
    assert ids(counter.sign_in("loket"), registration_number="REG/00003/SIKRO/2026") != []


def test_a_list_is_read_in_pages_by_its_link(counter: Counter) -> None:
    office = counter.office
    made = []
    for _ in range(7):
        office.clock.advance(seconds=1)
        made.append(str(a_draft(office)))
    client = counter.sign_in("loket")
    for order, expected in (("newest", made[::-1]), ("waiting", made)):
        found: list[str] = []
        path: str | None = f"/v1/applications?limit=3&order={order}&stage=draft"
        while path:
            answer = client.get(path)
            found += [item["id"] for item in answer.json()["items"]]
            path = answer.links["next"]["url"] if "next" in answer.links else None
            assert (answer.json()["next"] is None) == (path is None)
        assert found == expected


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        encode(1),
        encode("x", "y"),
        encode("2026-01-01", "0198c0de-0000-7000-8000-000000000001"),
        encode("a", "b", "c"),
        "W10",
    ],
)
def test_foreign_cursors_are_refused(shared: Counter, cursor: str) -> None:
    client = shared.sign_in("loket")
    case_id = a_draft(shared.office)
    assert refusal(client.get("/v1/applications", params={"cursor": cursor})) == (400, "malformed-request")
    assert refusal(client.get("/v1/register", params={"cursor": cursor})) == (400, "malformed-request")
    if cursor != encode(1):
        events = client.get(f"/v1/applications/{case_id}/events", params={"cursor": cursor})
        assert refusal(events) == (400, "malformed-request")


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"stage": "lost"}, {"mine": "perhaps"}, {"order": "x"}]
)
def test_odd_filters_are_refused_by_name(shared: Counter, query: dict[str, Any]) -> None:
    answer = shared.sign_in("loket").get("/v1/applications", params=query)
    assert refusal(answer) == (422, "invalid-input")
    assert answer.json()["errors"][0]["parameter"].split(".")[0] in query


def test_a_list_costs_the_same_number_of_queries_however_long(counter: Counter) -> None:
    client = counter.sign_in("loket")
    counts = []
    for _ in range(2):
        for _ in range(3):
            a_draft(counter.office)
        seen: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(counter.office.db.engine, "before_cursor_execute", note)
        assert len(ids(client)) in (3, 6)
        event.remove(counter.office.db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


def test_the_blanko_is_for_the_office(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf")
    muda = shared.sign_in("muda")
    answer = muda.get(f"/v1/applications/{case_id}/blanko")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["ETag"] == f'"{letter_of(shared.office, case_id).blanko_sha256}"'
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert refusal(muda.get(f"/v1/applications/{case_id}/blanko?revision=2")) == (404, "not-found")
    assert refusal(muda.get(f"/v1/applications/{a_draft(shared.office)}/blanko")) == (404, "not-found")
    owner = shared.sign_in("pemohon")
    assert refusal(owner.get(f"/v1/applications/{case_id}/blanko")) == (403, "forbidden")
    seen = owner.get(f"/v1/applications/{case_id}").json()
    assert (seen["blanko"], seen["blanko_sha256"]) == (None, "")


def test_the_licence_goes_to_the_applicant_with_the_hand_over(shared: Counter) -> None:
    case_id = an_application(shared.office, "ready")
    owner, front = shared.sign_in("pemohon"), shared.sign_in("loket")
    path = f"/v1/applications/{case_id}/licence"
    assert refusal(owner.get(path)) == (409, "wrong-stage")
    kept = front.get(path)
    assert kept.content.startswith(b"BLANKO ")
    taken = {"receiver": "Pemohon sendiri", "identity": "ktp"}
    assert act(front, case_id, "hand-over", taken).status_code == 200
    assert owner.get(path).content == kept.content
    assert refusal(front.get(f"/v1/applications/{a_draft(shared.office)}/licence")) == (404, "not-found")


def test_damaged_bytes_are_never_served(shared: Counter) -> None:
    case_id = an_application(shared.office, "ready")
    front = shared.sign_in("loket")
    sha256 = front.get(f"/v1/applications/{case_id}").json()["licence"]["sha256"]
    shared.office.vault.damage(sha256)
    answer = front.get(f"/v1/applications/{case_id}/licence")
    assert refusal(answer) == (500, "internal")
    assert "changed" not in answer.text


def test_the_register_keeps_void_numbers(counter: Counter) -> None:
    office = counter.office
    first = an_application(office, "ready")
    an_application(office, "closed")
    void_number(office.db, office.clock, office.actor("blanko"), first, "Salah tulis tempat kerja.")
    client = counter.sign_in("loket")
    lines = client.get("/v1/register", params={"year": 2026}).json()["items"]
    assert [(line["seq"], line["state"], line["void_reason"], line["licence_status"]) for line in lines] == [
        (1, "void", "Salah tulis tempat kerja.", "void"),
        (2, "active", "", "valid"),
    ]
    assert lines[1]["handed_over_at"] is not None
    assert client.get("/v1/register").json()["year"] == 2026
    assert client.get("/v1/register", params={"year": 2025}).json()["items"] == []
    page = client.get("/v1/register", params={"limit": 1})
    following = client.get(page.links["next"]["url"]).json()
    assert [line["seq"] for line in following["items"]] == [2]
    assert following["next"] is None
    assert refusal(counter.sign_in("pemohon").get("/v1/register")) == (403, "forbidden")
    assert refusal(counter.client().get("/v1/register")) == (401, "not-signed-in")
    assert refusal(client.get("/v1/register", params={"year": 99})) == (422, "invalid-input")


def test_the_audit_trail_names_who_and_when(shared: Counter) -> None:
    case_id = an_application(shared.office, "awaiting_paraf", paraf_next=2)
    client = shared.sign_in("loket")
    path = f"/v1/applications/{case_id}/events"
    events = client.get(path).json()["items"]
    by_kind = {item["kind"]: item for item in events}
    assert by_kind["submit"]["actor"] == "Akun pemohon"
    assert by_kind["verify"]["stage_to"] == "preparing"
    assert by_kind["finish_paraf"]["actor"] == "system"
    assert [datetime.fromisoformat(e["at"]) for e in events] == sorted(datetime.fromisoformat(e["at"]) for e in events)
    found, following = [], f"{path}?limit=4"
    while following:
        page = client.get(following)
        found += page.json()["items"]
        following = page.links["next"]["url"] if page.json()["next"] else ""
    assert found == events
    assert refusal(shared.sign_in("pemohon").get(path)) == (403, "forbidden")


def test_no_nik_leaves_the_office(shared: Counter) -> None:
    case_id = an_application(shared.office, "closed")
    nik = _nik_of(shared, case_id)
    for username in ("pemohon", "loket", HEAD):
        client = shared.sign_in(username)
        for path in ("", f"/{case_id}", f"/{case_id}/events"):
            assert nik not in client.get(f"/v1/applications{path}").text
    assert nik not in shared.sign_in("loket").get("/v1/register").text


def _nik_of(counter: Counter, case_id: UUID) -> str:
    from models.services.casework import holder_of

    with counter.office.db.transaction() as session:
        return counter.office.cipher.open(holder_of(session, case_id).nik_sealed)


class TestPiles:
    """Many letters under one step-up."""

    def letters(self, counter: Counter, *cases: UUID) -> list[dict[str, Any]]:
        return [letter_of(counter.office, case).model_dump() for case in cases]

    def test_each_letter_stands_or_falls_alone(self, shared: Counter) -> None:
        office = shared.office
        good, other = an_application(office, "awaiting_paraf"), an_application(office, "awaiting_paraf", paraf_next=2)
        letters = self.letters(shared, other, good)
        letters.append({"application_id": str(uuid4()), "version": 1, "blanko_sha256": "0" * 64})
        body = {"kind": "paraf", "letters": letters, "passphrase": passphrase_of("muda")}
        muda = shared.sign_in("muda")
        answer = muda.post("/v1/piles", json=body)
        assert answer.status_code == 202
        pile = answer.json()
        assert [letter["state"] for letter in pile["letters"]] == ["refused", "pending", "refused"]
        assert [letter["application_id"] for letter in pile["letters"]][:2] == [str(other), str(good)]
        assert pile["letters"][0]["problem"]["code"] == "forbidden"
        assert pile["letters"][2]["problem"]["status"] == 404
        assert pile["finished"] is False
        office.work()
        later = muda.get(answer.headers["Location"]).json()
        assert [(letter["application_id"], letter["state"]) for letter in later["letters"]] == [(str(good), "done")]
        assert later["finished"] is True

    def test_a_wrong_passphrase_moves_nothing(self, shared: Counter) -> None:
        case_id = an_application(shared.office, "awaiting_paraf")
        body = {"kind": "paraf", "letters": self.letters(shared, case_id), "passphrase": "salah"}
        assert refusal(shared.sign_in("muda").post("/v1/piles", json=body)) == (403, "wrong-passphrase")
        assert shared.office.case(case_id).stage == "awaiting_paraf"

    def test_a_pile_is_seen_by_its_official_alone(self, shared: Counter) -> None:
        pile_id = endorse(shared.office, "muda", "paraf", an_application(shared.office, "awaiting_paraf")).pile_id
        assert shared.sign_in("muda").get(f"/v1/piles/{pile_id}").status_code == 200
        for username in ("madya", "pemohon", "admin"):
            assert refusal(shared.sign_in(username).get(f"/v1/piles/{pile_id}")) == (404, "not-found")
        assert refusal(shared.sign_in("muda").get(f"/v1/piles/{uuid4()}")) == (404, "not-found")

    def test_odd_piles_are_refused_whole(self, shared: Counter) -> None:
        muda = shared.sign_in("muda")
        letter = {"application_id": str(uuid4()), "version": 1, "blanko_sha256": "0" * 64}
        base = {"kind": "paraf", "passphrase": passphrase_of("muda")}
        assert refusal(muda.post("/v1/piles", json=base | {"letters": []})) == (422, "invalid-input")
        assert refusal(muda.post("/v1/piles", json=base | {"letters": [letter] * 2})) == (422, "invalid-input")
        assert refusal(muda.post("/v1/piles", json=base | {"letters": [letter] * 101})) == (422, "invalid-input")
        odd = letter | {"application_id": "x"}
        assert refusal(muda.post("/v1/piles", json=base | {"letters": [odd]})) == (422, "invalid-input")
        assert refusal(muda.post("/v1/piles", json=base | {"letters": [letter], "kind": "x"})) == (422, "invalid-input")

    def test_who_has_no_key_signs_nothing(self, shared: Counter) -> None:
        case_id = an_application(shared.office, "awaiting_paraf")
        body = {"kind": "paraf", "letters": self.letters(shared, case_id), "passphrase": "x"}
        for username in ("loket", "pemohon"):
            assert refusal(shared.sign_in(username).post("/v1/piles", json=body)) == (403, "forbidden")
        link = shared.client().post("/v1/applications", json={}).json()["link"]
        assert refusal(shared.by_link(link).post("/v1/piles", json=body)) == (401, "not-signed-in")


def test_a_letter_sent_back_gets_a_new_revision(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "awaiting_paraf", paraf_next=3)
    secretary, back = counter.sign_in("sekretaris"), counter.sign_in("blanko")
    sent = act(secretary, case_id, "send-back", {"reason": "Alamat kurang lengkap."})
    assert (sent.json()["stage"], sent.json()["revision"]) == ("amending", 2)
    amended = act(back, case_id, "amendment", {"workplace_address": "Jalan Melur Sakti 12, Pekanbaru"})
    assert amended.json()["holder"]["workplace_address"] == "Jalan Melur Sakti 12, Pekanbaru"
    office.work()
    found = back.get(f"/v1/applications/{case_id}").json()
    assert (found["stage"], found["paraf_next"], found["blanko"]["revision"]) == ("awaiting_paraf", 1, 2)
    assert [e["revision"] for e in found["endorsements"]] == [1, 1]
    for username in INITIALLERS:
        body = {"blanko_sha256": found["blanko"]["sha256"], "passphrase": passphrase_of(username)}
        assert act(counter.sign_in(username), case_id, "paraf", body).status_code == 202
        office.work()
    assert office.case(case_id).stage == "awaiting_signature"


def test_a_returned_berkas_says_what_is_missing(counter: Counter) -> None:
    office, case_id = counter.office, an_application(counter.office, "verifying")
    front, owner = counter.sign_in("loket"), counter.sign_in("pemohon")
    items = [
        {"requirement": "ktp", "reason": "ktp_tidak_terbaca"},
        {"requirement": "ijazah", "note": "Belum dilegalisir."},
    ]
    assert act(front, case_id, "return", {"items": items}).json()["stage"] == "returned"
    found = owner.get(f"/v1/applications/{case_id}").json()
    assert found["waiting_for"] == "pemohon"
    assert [(d["requirement"], d["reason"], d["note"], d["resolved_at"]) for d in found["deficiencies"]] == [
        ("ktp", "ktp_tidak_terbaca", "", None),
        ("ijazah", "", "Belum dilegalisir.", None),
    ]
    again = act(owner, case_id, "submission").json()
    assert (again["round"], again["registration_number"]) == (2, found["registration_number"])
    assert all(d["resolved_at"] for d in again["deficiencies"])
    office.work()
    assert office.case(case_id).stage == "verifying"


def test_licences_are_described_to_everybody(shared: Counter) -> None:
    client = shared.client()
    assert [item["licence_code"] for item in client.get("/v1/licences").json()["items"]] == ["SIKRO"]
    sop = client.get("/v1/licences/SIKRO").json()
    assert len(sop["steps"]) == 9
    assert {"ktp", "pas_foto"} <= {r["code"] for r in sop["requirements"]}
    assert sop["promise_working_days"] == 2
    assert refusal(client.get("/v1/licences/XYZ")) == (404, "not-found")


def test_only_staff_take_in_at_the_counter(shared: Counter) -> None:
    assert refusal(shared.sign_in("pemohon").post("/v1/applications", json={"channel": "counter"})) == (
        403,
        "forbidden",
    )
    made = shared.sign_in("loket").post("/v1/applications", json={})
    assert shared.sign_in("loket").get(made.headers["Location"]).json()["channel"] == "counter"
    unknown = shared.client().post("/v1/applications", json={"licence_code": "XYZ"})
    assert refusal(unknown) == (404, "not-found")
    odd = shared.client().post("/v1/applications", json={"application_type": "lain"})
    assert refusal(odd) == (422, "invalid-input")
