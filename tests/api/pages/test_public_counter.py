"""The front office: intake by keyboard, duplicates, receipts, hand-over with proof, the survey; and the SOP drawn."""

from __future__ import annotations

import base64
import re
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import select
from starlette.testclient import TestClient

from models.rules.requirements import applicable
from models.tables.cases import Application, HolderData
from models.tables.letters import HandOver
from models.tables.survey import SurveyAnswer
from ops.samples.people import applicant, holder_data
from tests.api.counter import JPEG, PDF, Counter, password_of
from tests.cases import an_application
from tests.factories import Office, sikro_definition

PNG = b"\x89PNG\r\n\x1a\n" + b"strokes"
TAKEN = {"receiver": "Melur Andrasari", "relation": "pemohon", "identity": "ktp"}


def browser(counter: Counter, username: str = "") -> TestClient:
    """A browser at a desk: signed in by its cookie."""
    client = counter.client(Accept="text/html")
    client.follow_redirects = False
    if username:
        answer = client.post("/v1/session", json={"username": username, "password": password_of(username)})
        assert answer.status_code == 201
    return client


def typed(office: Office, seed: int = 7, **more: str) -> dict[str, str]:
    data = holder_data(applicant(seed, on=office.today))
    kept = {name: str(value) for name, value in data.items() if value and name not in ("birth_date", "sex")}
    term = {} if data["str_valid_until"] else {"str_lifelong": "ya"}
    return {"type": "SIKRO:baru", "place_order": "1"} | kept | term | more


def taken_in(client: TestClient, office: Office, seed: int = 7, **more: str) -> str:
    answer = client.post("/loket/baru", data=typed(office, seed, **more))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def one(office: Office) -> Application:
    with office.db.transaction() as session:
        return session.exec(select(Application)).one()


@pytest.mark.parametrize("path", ["/loket", "/loket/baru", "/serah"])
def test_only_the_front_office(counter: Counter, path: str) -> None:
    nobody = browser(counter).get(path)
    assert nobody.status_code == 303
    assert nobody.headers["location"].startswith("/masuk")
    for username in ("pemohon", "muda", "kepala", "admin"):
        assert browser(counter, username).get(path).status_code == 403
    assert browser(counter, "loket").get(path).status_code == 200


def test_a_berkas_is_taken_in(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    where = taken_in(client, office)
    case = one(office)
    assert (case.channel, case.priority) == ("counter", 3)
    sample = applicant(7, on=office.today)
    with office.db.transaction() as session:
        holder = session.get_one(HolderData, case.id)
    assert (holder.birth_date, holder.sex) == (sample.birth_date, sample.sex)
    shown = client.get(where).text
    assert 'data-timer="35"' in shown
    assert sample.nik not in shown
    assert "Belum ada berkas" in client.post(f"{where}/kirim", data={"version": str(case.version)}).text
    for item in applicable(sikro_definition().sop, "baru", office.today):
        code = item.requirement.code
        file = ("a.jpg", JPEG) if item.requirement.kinds == ("image",) else ("a.pdf", PDF)
        assert client.post(f"{where}/berkas/{code}", files={f"files.{code}": file}).status_code == 303
    done = client.post(f"{where}/kirim", data={"version": str(case.version)})
    assert done.headers["location"] == f"{where}?baru=1"
    shown = client.get(done.headers["location"]).text
    assert "REG/00001/SIKRO/2026" in shown
    assert "Rabu, 4 Maret 2026" in shown


def test_save_and_next(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    where = taken_in(client, office)
    client.post(f"{where}/berkas/ktp", files={"files.ktp": ("a.pdf", PDF)})
    answer = client.post(f"{where}/kirim", data={"version": str(one(office).version), "lalu": "berikutnya"})
    assert answer.headers["location"] == "/loket/baru"


def test_precedence_is_kept_without_its_reason(counter: Counter) -> None:
    taken_in(browser(counter, "loket"), counter.office, priority="ya")
    assert one(counter.office).priority == 1


def test_faults_of_both_halves_at_once(counter: Counter) -> None:
    client = browser(counter, "loket")
    answer = client.post("/loket/baru", data={"name": "Melur", "nik": "12"})
    assert answer.status_code == 422
    for name in ("type", "nik", "address", "str-number", "workplace-name"):
        assert f'href="#f-{name}"' in answer.text
    assert 'value="Melur"' in answer.text


def test_who_has_a_case_already_is_shown_with_a_link(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    first = an_application(office, "verifying")
    number = str(office.case(first).registration_number)
    data = typed(office, 0)
    warned = client.post("/loket/ganda", data={"nik": data["nik"], "type": "SIKRO:baru"})
    assert f'href="/loket/permohonan/{first}"' in warned.text
    assert client.post("/loket/ganda", data={"nik": typed(office, 9)["nik"]}).text.strip() == ""
    answer = client.post("/loket/baru", data=data)
    assert answer.status_code == 422
    assert number in answer.text
    assert client.post("/loket/baru", data={**data, "tetap": "ya"}).status_code == 303


def test_a_scanned_receipt_leads_to_its_case(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    number = str(office.case(case_id).registration_number).replace("/", "%2F")
    scan = f"http://127.0.0.1:8000/lacak?nomor={number}"
    assert client.get("/loket", params={"q": scan}).headers["location"] == f"/loket/permohonan/{case_id}"
    assert client.get("/serah", params={"q": scan}).headers["location"] == f"/serah/{case_id}"
    assert "Tidak ditemukan" in client.get("/loket", params={"q": "REG/77777/SIKRO/2026"}).text
    with office.db.transaction() as session:
        name = session.get_one(HolderData, case_id).name
    assert client.get("/loket", params={"q": name[2:9].lower()}).status_code == 303


def test_a_licence_is_handed_over_with_a_signature_on_screen(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    assert str(case_id) in client.get("/serah").text
    assert "Nama penerima" in client.get(f"/serah/{case_id}").text
    signature = "data:image/png;base64," + base64.b64encode(PNG).decode()
    version = str(office.case(case_id).version)
    done = client.post(f"/serah/{case_id}", data={**TAKEN, "version": version, "signature": signature})
    assert done.status_code == 303
    assert done.headers["location"].startswith(f"/serah/{case_id}/bukti?survei=")
    with office.db.transaction() as session:
        row = session.exec(select(HandOver)).one()
    assert office.vault.get(row.proof_sha256) == PNG
    assert client.get(f"/serah/{case_id}/tanda-tangan.png").content == PNG
    proof = client.get(done.headers["location"]).text
    assert "Melur Andrasari (Pemohon sendiri)" in proof
    assert "/survei/" in proof
    assert client.get(f"/serah/{case_id}").headers["location"] == f"/serah/{case_id}/bukti"
    assert str(case_id) not in client.get("/serah").text


def test_a_representative_shows_two_papers(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    data = {**TAKEN, "relation": "kuasa", "version": str(office.case(case_id).version)}
    answer = client.post(f"/serah/{case_id}", data=data)
    assert answer.status_code == 422
    assert "surat kuasa dan KTP" in answer.text
    assert office.case(case_id).stage == "ready"


@pytest.mark.parametrize(
    "signature", ["data:image/png;base64,AAAA", "data:text/html;base64,PGI+", "data:image/png;base64,*"]
)
def test_only_a_png_is_a_signature(counter: Counter, signature: str) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    data = {**TAKEN, "version": str(office.case(case_id).version), "signature": signature}
    assert client.post(f"/serah/{case_id}", data=data).status_code == 422


def test_a_stale_hand_over_records_nothing(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    answer = client.post(f"/serah/{case_id}", data={**TAKEN, "version": "1"})
    assert answer.status_code == 409
    assert "sudah berubah" in answer.text
    assert office.case(case_id).stage == "ready"


def test_the_survey_is_answered_once_and_knows_nobody(counter: Counter) -> None:
    client, office = browser(counter, "loket"), counter.office
    case_id = an_application(office, "ready")
    done = client.post(f"/serah/{case_id}", data={**TAKEN, "version": str(office.case(case_id).version)})
    token = done.headers["location"].partition("survei=")[2]
    person = browser(counter)
    shown = person.get(f"/survei/{token}").text
    names = re.findall(r'name="(\w+)" type="radio" value="4"', shown)
    assert len(names) == 9
    assert person.post(f"/survei/{token}", data={names[0]: "4"}).status_code == 422
    marks = dict.fromkeys(names, "3")
    assert person.post(f"/survei/{token}", data={**marks, "remark": "Cepat."}).status_code == 303
    assert "Terima kasih" in person.get(f"/survei/{token}").text
    person.post(f"/survei/{token}", data=dict.fromkeys(names, "1"))
    with office.db.transaction() as session:
        row = session.exec(select(SurveyAnswer)).one()
    assert row.answers == dict.fromkeys(row.answers or {}, 3)
    assert str(case_id) not in row.model_dump_json(exclude={"token_sha256"})
    assert person.get("/survei/tidak-ada").status_code == 404


def statements(counter: Counter, client: TestClient, path: str) -> int:
    seen: list[str] = []
    engine = counter.office.db.engine

    def count(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


@pytest.mark.parametrize("path", ["/serah", "/loket?q=a", "/sop"])
def test_no_query_per_row(counter: Counter, path: str) -> None:
    office = counter.office
    for _ in range(2):
        an_application(office, "ready")
    few = statements(counter, browser(counter, "loket"), path)
    for _ in range(4):
        an_application(office, "ready")
    assert statements(counter, browser(counter, "loket"), path) <= few


def test_the_sop_is_drawn_from_data(counter: Counter) -> None:
    an_application(counter.office, "closed")
    shown = browser(counter).get("/sop").text
    assert shown.count('<th scope="row">') >= 9
    assert shown.count('class="pf-sop__actor">') - shown.count('<td class="pf-sop__actor">') == 7
    for told in ("SOP/DPMPTSP-NP/04", "35 menit", "1 hari kerja", "2023-05-10.2", "10 Mei 2023", "Nyata (median)"):
        assert told in shown
    assert "1 menit</td>" in shown


def test_a_case_has_its_place_in_the_sop_for_who_may_see_it(counter: Counter) -> None:
    case_id: UUID = an_application(counter.office, "awaiting_signature")
    shown = browser(counter, "loket").get(f"/sop?permohonan={case_id}").text
    assert shown.count('<tr aria-current="step">') == 1
    assert "di sini" in shown
    assert browser(counter).get(f"/sop?permohonan={case_id}").status_code == 404
    assert browser(counter, "pemohon_lain").get(f"/sop?permohonan={case_id}").status_code == 404
