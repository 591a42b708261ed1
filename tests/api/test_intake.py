"""The berkas over HTTP: drafts by link, repeated uploads, rounds, rules that change, receipts, and who looked."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlmodel import col, select
from starlette.testclient import TestClient

from models.rules.sop import Sop
from models.services.inspect_upload import inspect_upload
from models.services.receipts import SIZES, receipt_sha256
from models.services.withdraw import lapse_overdue
from models.tables.cases import Application, Document, Event, HolderData
from models.tables.definitions import SopVersion
from models.tables.work import MailMessage, Outbox, ReceiptFile
from ops.embedded_postgres import plain
from ops.samples.people import applicant, holder_data
from tests.api.counter import PDF, Counter, act, put_file, refusal
from tests.cases import a_draft, an_application, drive
from tests.conftest import Database as Urls
from tests.factories import Office, sikro_definition

PROFESSIONAL_BODY = "rekomendasi_profesi"


def holder(office: Office, seed: int = 3) -> dict[str, Any]:
    return dict(holder_data(applicant(seed, on=office.today)))


def opened(client: TestClient, **body: str) -> dict[str, Any]:
    answer = client.post("/v1/applications", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def events(office: Office, case_id: UUID | str, kind: str) -> list[Event]:
    with office.db.transaction() as session:
        statement = select(Event).where(Event.application_id == UUID(str(case_id)), Event.kind == kind)
        return list(session.exec(statement.order_by(col(Event.id))))


def rows(office: Office, case_id: UUID | str) -> list[Document]:
    with office.db.transaction() as session:
        return list(session.exec(select(Document).where(Document.application_id == UUID(str(case_id)))))


def test_a_draft_is_left_and_taken_up_again_by_its_link_alone(counter: Counter) -> None:
    made = opened(counter.client())
    first = counter.by_link(made["link"])
    path = f"/v1/applications/{made['id']}"
    assert first.put(f"{path}/holder", json=holder(counter.office)).status_code == 200
    assert put_file(first, made["id"], "ktp", b"\xff\xd8\xff\xe0 a card", "ktp.jpg").status_code == 200
    again = counter.by_link(made["link"])
    seen = again.get(path).json()
    assert seen["holder"]["name"] == holder(counter.office)["name"]
    assert [document["requirement"] for document in seen["documents"]] == ["ktp"]
    assert act(again, made["id"], "submission").json()["registration_number"].startswith("REG/")
    assert refusal(counter.by_link(made["link"][:-1] + "x").get(path)) == (401, "not-signed-in")
    assert refusal(counter.client().get(path)) == (401, "not-signed-in")


def test_an_upload_that_is_repeated_after_a_lost_line_changes_nothing(counter: Counter) -> None:
    made = opened(counter.client())
    client = counter.by_link(made["link"])
    answers = [put_file(client, made["id"], "strro", PDF, fields={"number": "1"}).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(rows(counter.office, made["id"])) == 1
    assert len(events(counter.office, made["id"], "attach")) == 1
    changed = put_file(client, made["id"], "strro", PDF, fields={"number": "2"}).json()
    assert changed["document"]["id"] != answers[0]["document"]["id"]
    kept = rows(counter.office, made["id"])
    assert sorted(row.replaced_at is not None for row in kept) == [False, True]


def test_files_that_wait_together_share_one_look_and_each_is_looked_at(counter: Counter) -> None:
    made, office = opened(counter.client()), counter.office
    client = counter.by_link(made["link"])
    for number, requirement in enumerate(("strro", "ijazah", "surat_sehat")):
        put_file(client, made["id"], requirement, PDF + b"%d" % number)
    with office.db.transaction() as session:
        looks = session.exec(select(Outbox).where(Outbox.task == "paraf.inspect_document")).all()
        assert [row.generation for row in looks] == [1]
        looks[0].sent_at = office.clock.now()
        session.add(looks[0])
    put_file(client, made["id"], "npwp", PDF + b"later")
    with office.db.transaction() as session:
        assert len(session.exec(select(Outbox).where(Outbox.task == "paraf.inspect_document")).all()) == 2
    inspect_upload(office.db, office.clock, office.inspector, looks[0].subject_id, 1)
    assert all(row.inspected_at is not None for row in rows(office, made["id"]))


def test_an_officer_takes_in_for_a_person_at_the_counter(counter: Counter) -> None:
    officer = counter.sign_in("loket")
    made = opened(officer)
    path = f"/v1/applications/{made['id']}"
    officer.put(f"{path}/holder", json=holder(counter.office))
    put_file(officer, made["id"], "ktp", b"\xff\xd8\xff\xe0 scanned here", "ktp.jpg")
    assert act(officer, made["id"], "submission").json()["channel"] == "counter"
    with counter.office.db.transaction() as session:
        waiting = session.exec(select(Outbox.priority).where(Outbox.task == "paraf.check_completeness")).all()
        assert waiting == [3]
    assert counter.by_link(made["link"]).get(path).status_code == 200
    assert refusal(counter.client().post("/v1/applications", json={"channel": "counter"}))[0] == 403


def test_rounds_have_no_end_and_each_stays_in_the_history(counter: Counter) -> None:
    office = counter.office
    case_id = a_draft(office)
    owner, officer = counter.sign_in("pemohon"), counter.sign_in("loket")
    for number in (1, 2, 3, 4):
        drive(office, case_id, "verifying")
        items = [{"requirement": "ijazah", "note": f"Halaman {number} tidak terbaca."}]
        assert act(officer, case_id, "return", {"items": items}).status_code == 200
        others = {row.id for row in rows(office, case_id) if row.requirement != "ijazah" and row.replaced_at is None}
        assert put_file(owner, case_id, "ijazah", PDF + b"%d" % number).status_code == 200
        assert others <= {row.id for row in rows(office, case_id) if row.replaced_at is None}
        assert act(owner, case_id, "submission").json()["round"] == number + 1
    found = owner.get(f"/v1/applications/{case_id}").json()["deficiencies"]
    assert [(one["round"], one["note"]) for one in found] == [
        (number, f"Halaman {number} tidak terbaca.") for number in (1, 2, 3, 4)
    ]
    assert all(one["resolved_at"] for one in found)


def test_a_berkas_that_was_not_mended_lapses_with_a_notice_and_is_taken_up_again(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "returned")
    number = office.case(case_id).registration_number
    office.clock.advance(days=60)
    assert lapse_overdue(office.db, office.clock, office.calendar) == 1
    with office.db.transaction() as session:
        kinds = session.exec(select(MailMessage.kind).where(MailMessage.application_id == case_id)).all()
    assert "lapsed" in kinds
    owner = counter.sign_in("pemohon")
    seen = owner.get(f"/v1/applications/{case_id}").json()
    assert seen["stage"] == "lapsed"
    assert put_file(owner, case_id, "ijazah", PDF + b"mended").status_code == 200
    taken_up = act(owner, case_id, "submission").json()
    assert (taken_up["stage"], taken_up["registration_number"]) == ("checking", number)


def a_later_sop(office: Office, effective_on: date, **changes: Any) -> None:
    """A newer version of SIKRO's rules, in force from a day on."""
    sop = sikro_definition().sop.model_dump(mode="json")
    for requirement in sop["requirements"]:
        requirement.update(changes.get(requirement["code"], {}))
    sop.update(version=f"{effective_on}.9", effective_on=effective_on.isoformat())
    Sop.model_validate(sop)
    with office.db.transaction() as session:
        old = session.exec(select(SopVersion).where(SopVersion.licence_code == "SIKRO")).first()
        assert old is not None
        session.add(
            SopVersion(
                licence_code="SIKRO",
                version=sop["version"],
                sha256="0" * 64,
                sop=sop,
                wording=old.wording,
                layout=old.layout,
                loaded_at=office.clock.now(),
            )
        )


def test_a_berkas_that_is_not_complete_follows_new_rules_and_its_applicant_is_told(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "returned")
    owner = counter.sign_in("pemohon")
    assert owner.get(f"/v1/applications/{case_id}").json()["rule_changes"] == []
    tomorrow = date(2026, 3, 3)
    a_later_sop(office, tomorrow, npwp={"need": "mandatory"})
    assert owner.get(f"/v1/applications/{case_id}").json()["rule_changes"] == []
    office.clock.advance(days=1)
    owner = counter.sign_in("pemohon")
    [change] = owner.get(f"/v1/applications/{case_id}").json()["rule_changes"]
    assert (change["kind"], change["requirement"]) == ("now_required", "npwp")
    assert "sekarang wajib" in change["message"]
    act(owner, case_id, "submission")
    drive(office, case_id, "verifying")
    seen = owner.get(f"/v1/applications/{case_id}").json()
    assert [v["state"] for v in seen["check"]["verdicts"] if v["requirement"] == "npwp"] == ["tidak_ada"]
    assert seen["rule_changes"] == []


def test_a_berkas_that_was_declared_complete_keeps_its_rules(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "awaiting_paraf")
    a_later_sop(office, date(2026, 3, 3), npwp={"need": "mandatory"})
    office.clock.advance(days=1)
    assert counter.sign_in("pemohon").get(f"/v1/applications/{case_id}").json()["rule_changes"] == []


def asked(client: TestClient, **query: Any) -> dict[str, bool]:
    answer = client.get("/v1/licences/SIKRO/requirements", params=query)
    assert answer.status_code == 200, answer.text
    return {item["code"]: item["required"] for item in answer.json()["items"]}


def test_every_type_has_its_own_requirements(shared: Counter) -> None:
    client = shared.client()
    sets = {kind.code: asked(client, application_type=kind.code) for kind in sikro_definition().sop.application_types}
    assert set(sets) == {
        "baru", "perpanjangan", "pindah_tempat", "tempat_kedua", "perubahan_data", "duplikat", "pencabutan",
    }  # fmt: skip
    assert sets["baru"]["surat_sehat"]
    assert "izin_lama" in sets["perpanjangan"]
    assert "izin_lama" not in sets["baru"]
    assert "bukti_kehilangan" in sets["duplikat"]
    assert "pernyataan_pencabutan" in sets["pencabutan"]
    assert len({json.dumps(one, sort_keys=True) for one in sets.values()}) > 4
    assert refusal(client.get("/v1/licences/SIKRO/requirements", params={"application_type": "lain"}))[0] == 422
    assert refusal(client.get("/v1/licences/NIHIL/requirements"))[0] == 404


def test_conditions_add_what_they_need(shared: Counter) -> None:
    client = shared.client()
    assert "surat_kuasa" in asked(client, represented=True)
    assert "surat_kuasa" not in asked(client)
    assert "izin_pertama" in asked(client, place_order=2)
    assert "izin_pertama" not in asked(client)


def test_the_professional_body_s_recommendation_switches_by_its_date(shared: Counter) -> None:
    """Whatever day the definition names, it holds before that day and not from it on."""
    requirement = sikro_definition().sop.requirement(PROFESSIONAL_BODY)
    assert requirement.valid_until is not None
    client = shared.client()
    last = date.fromordinal(requirement.valid_until.toordinal() - 1)
    first_known = sikro_definition().sop.effective_on
    if last >= first_known:
        assert PROFESSIONAL_BODY in asked(client, on=last.isoformat())
    assert PROFESSIONAL_BODY not in asked(client, on=max(requirement.valid_until, first_known).isoformat())


def test_receipts_are_served_to_who_may_see_the_case(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "verifying")
    owner = counter.sign_in("pemohon")
    path = f"/v1/applications/{case_id}/receipt"
    assert refusal(owner.get(path)) == (404, "not-found")
    with office.db.transaction() as session:
        for size in SIZES:
            stored = office.vault.put(b"%PDF-1.7 receipt " + size.encode())
            session.add(
                ReceiptFile(
                    application_id=case_id, round=1, size=size, sha256=stored.sha256, made_at=office.clock.now()
                )
            )
        session.flush()
        assert receipt_sha256(session, case_id, "a5")
    for query, ending in (({}, b"a5"), ({"size": "a5"}, b"a5"), ({"size": "80mm"}, b"80mm"), ({"round": 1}, b"a5")):
        answer = owner.get(path, params=query)
        assert answer.status_code == 200
        assert answer.content.endswith(ending)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert refusal(owner.get(path, params={"size": "a3"}))[0] == 422
    assert refusal(owner.get(path, params={"round": 2})) == (404, "not-found")
    assert refusal(counter.sign_in("pemohon_lain").get(path)) == (404, "not-found")


def test_a_download_of_a_scan_is_written_down(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "verifying")
    row = next(row for row in rows(office, case_id) if row.clean_sha256)
    officer = counter.sign_in("loket")
    assert officer.get(f"/v1/documents/{row.id}/original").status_code == 200
    assert officer.get(f"/v1/documents/{row.id}/clean").status_code == 200
    noted = events(office, case_id, "document_downloaded")
    assert [(one.detail or {})["copy"] for one in noted] == ["original", "clean"]
    assert {one.actor_id for one in noted} == {office.people["loket"]}
    assert refusal(counter.sign_in("pemohon_lain").get(f"/v1/documents/{row.id}/original")) == (404, "not-found")
    assert len(events(office, case_id, "document_downloaded")) == 2
    assert counter.sign_in("pemohon").get(f"/v1/documents/{row.id}/clean").status_code == 200
    assert events(office, case_id, "document_downloaded")[-1].actor_id == office.people["pemohon"]


def test_a_person_is_found_by_his_nik_without_it_standing_anywhere(
    counter: Counter, fresh_database: Urls, caplog: pytest.LogCaptureFixture
) -> None:
    office = counter.office
    nik = holder(office)["nik"]
    first = an_application(office, "verifying", **holder(office))
    second = an_application(office, "draft", **holder(office))
    an_application(office, "verifying")
    officer = counter.sign_in("loket")
    with caplog.at_level("DEBUG"):
        answer = officer.post("/v1/applications/search", json={"nik": nik})
    assert {item["id"] for item in answer.json()["items"]} == {str(first), str(second)}
    assert nik not in answer.text
    assert nik not in caplog.text
    with office.db.transaction() as session:
        [noted] = session.exec(select(Event).where(Event.kind == "nik_searched")).all()
        assert (noted.detail, noted.actor_id) == ({"found": 2}, office.people["loket"])
    assert officer.post("/v1/applications/search", json={"nik": "1471010101900009"}).json()["items"] == []
    assert refusal(counter.sign_in("pemohon").post("/v1/applications/search", json={"nik": nik}))[0] == 403
    assert refusal(counter.sign_in("kepala").post("/v1/applications/search", json={"nik": nik}))[0] == 403
    wrong = officer.post("/v1/applications/search", json={"nik": nik[:-1]})
    assert refusal(wrong)[0] == 422
    assert nik[:-1] not in wrong.text


def test_no_seeded_nik_stands_in_any_table_queue_or_answer(
    counter: Counter, fresh_database: Urls, capsys: pytest.CaptureFixture[str]
) -> None:
    office = counter.office
    niks = {seed: str(holder(office, seed)["nik"]) for seed in (11, 12, 13)}
    stages = dict(zip(niks, ("closed", "returned", "draft"), strict=True))
    cases = {seed: an_application(office, stage, **holder(office, seed)) for seed, stage in stages.items()}
    officer = counter.sign_in("loket")
    answers = [
        officer.get(f"/v1/applications/{case_id}{rest}").text for case_id in cases.values() for rest in ("", "/events")
    ]
    answers.append(officer.get("/v1/applications").text)
    bad = {**holder(office, 11), "nik": niks[11][:-1] + "x"}
    answers.append(officer.put(f"/v1/applications/{cases[13]}/holder", json=bad).text)
    text = "\n".join((*answers, _dump(fresh_database.owner_url), *capsys.readouterr()))
    assert len(text) > 20_000
    assert not [nik for nik in niks.values() if nik in text]
    with office.db.transaction() as session:
        sealed = session.get_one(HolderData, cases[11]).nik_sealed
        assert session.get_one(Application, cases[11]).stage == "closed"
    assert office.cipher.open(sealed) == niks[11]


def _dump(owner_url: str) -> str:
    """Every row of every table as text, bytes too: the outbox is what the queue holds."""
    with psycopg.connect(plain(owner_url)) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        parts = [
            str(connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))).fetchall())
            for (name,) in names
            if name != "holder_data"
        ]
        held = connection.execute(
            "SELECT (to_jsonb(h) - 'nik_sealed' - 'nik_blind')::text FROM holder_data h"
        ).fetchall()
    return "\n".join((*parts, str(held)))
