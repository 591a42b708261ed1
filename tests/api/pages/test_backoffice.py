"""Numbers of the day, blankos on paper, voids with a reason, and the dashboard of those who lead."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.services.concept_prints import ConceptDesk, make_print
from models.services.figures import count_month
from models.services.void import void_number
from models.tables.backoffice import ConceptPrint
from models.tables.cases import Event
from models.tables.letters import Licence
from tests.api.counter import Counter
from tests.api.pages.backoffice import StampPress, browser, queries_of
from tests.cases import an_application, drive
from tests.factories import HEAD, Office

MARCH = date(2026, 3, 1)


def events_of(office: Office, kind: str) -> list[Event]:
    with office.db.transaction() as session:
        return list(session.exec(select(Event).where(Event.kind == kind)))


def void_form(client: TestClient, case_id: UUID) -> str:
    page = client.get(f"/nomor/batal/{case_id}").text
    found = re.search(r'name="versi" value="(\d+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("blanko", "/nomor", 200),
        ("loket", "/nomor", 403),
        ("pemohon", "/nomor", 403),
        ("loket", "/register", 200),
        ("muda", "/register", 403),
        ("pemohon", "/register", 403),
        ("muda", "/cari", 200),
        ("pemohon", "/cari", 403),
        ("sekretaris", "/dasbor", 200),
        (HEAD, "/dasbor/laporan", 200),
        ("loket", "/dasbor", 403),
        ("pemohon", "/dasbor", 403),
    ],
)
def test_each_page_is_for_those_whose_work_it_is(shared: Counter, username: str, path: str, status: int) -> None:
    assert browser(shared, username).get(path).status_code == status


@pytest.mark.parametrize("path", ["/nomor", "/register", "/cari", "/dasbor", "/register/unduh/2026.csv"])
def test_who_is_not_signed_in_is_led_to_the_sign_in(shared: Counter, path: str) -> None:
    answer = shared.client(accept="text/html").get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"][:7]) == (303, "/masuk?")


def test_the_next_number_follows_the_last(counter: Counter) -> None:
    client = browser(counter, "blanko")
    assert "503/0001/DPMPTSP/SIKRO/2026" in client.get("/nomor").text
    an_application(counter.office, "ready")
    page = client.get("/nomor").text
    assert "503/0002/DPMPTSP/SIKRO/2026" in page
    assert "terakhir no. 1" in page
    assert "Siap diserahkan" in page


def test_numbers_are_shown_by_their_day(counter: Counter) -> None:
    an_application(counter.office, "ready")
    client = browser(counter, "blanko")
    assert 'data-row><span class="">503/0001' in client.get("/nomor?tanggal=2026-03-02").text
    assert "Tidak ada nomor yang diambil pada tanggal itu" in client.get("/nomor?tanggal=2026-03-01").text
    counter.office.clock.advance(days=1)
    assert "Tidak ada nomor yang diambil pada hari ini" in browser(counter, "blanko").get("/nomor").text


@pytest.mark.parametrize("address", ["?tanggal=kemarin", "?hal=0&lembar=x", "?hal=9999"])
def test_an_odd_address_still_opens(shared: Counter, address: str) -> None:
    assert browser(shared, "blanko").get("/nomor" + address).status_code == 200


def test_a_number_is_voided_with_a_reason_and_stays_in_the_register(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    case_id = an_application(office, "ready")
    version = void_form(client, case_id)
    answer = client.post(f"/nomor/batal/{case_id}", data={"versi": version, "alasan": "Salah nama tempat kerja"})
    assert "Nomor sudah dibatalkan" in answer.text
    assert "Salah nama tempat kerja" in answer.text
    assert office.case(case_id).stage == "amending"
    page = browser(counter, "blanko").get("/register?status=batal").text
    assert "Batal: Salah nama tempat kerja" in page
    assert client.get(f"/nomor/batal/{case_id}").status_code == 404


def test_a_void_without_a_reason_keeps_what_was_typed(counter: Counter) -> None:
    client, case_id = browser(counter, "blanko"), an_application(counter.office, "ready")
    answer = client.post(f"/nomor/batal/{case_id}", data={"versi": void_form(client, case_id), "alasan": "typo"})
    assert answer.status_code == 422
    assert 'href="#f-alasan">Tulis alasannya' in answer.text
    assert ">typo</textarea>" in answer.text
    assert counter.office.case(case_id).stage == "ready"


def test_a_stale_void_says_so_and_shows_the_new_state(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    case_id = an_application(office, "ready")
    version = int(void_form(client, case_id)) - 1
    answer = client.post(f"/nomor/batal/{case_id}", data={"versi": str(version), "alasan": "Salah alamat rumah"})
    assert answer.status_code == 422
    assert "Berkas ini sudah berubah" in answer.text
    assert ">Salah alamat rumah</textarea>" in answer.text
    assert office.case(case_id).stage == "ready"


def test_what_was_handed_over_is_not_voided_here(counter: Counter) -> None:
    client, case_id = browser(counter, "blanko"), an_application(counter.office, "closed")
    page = client.get(f"/nomor/batal/{case_id}").text
    assert "tidak dapat dibatalkan di sini" in page
    version = str(counter.office.case(case_id).version)
    answer = client.post(f"/nomor/batal/{case_id}", data={"versi": version, "alasan": "Terlambat disadari"})
    assert answer.status_code == 422
    assert "tidak dapat dibatalkan lagi" in answer.text


@pytest.mark.parametrize(
    "path", ["/nomor/batal/{0}", "/nomor/blanko/{0}", "/nomor/blanko/{0}/surat.pdf", "/nomor/cetak/{0}"]
)
def test_an_unknown_id_is_not_there(shared: Counter, path: str) -> None:
    assert browser(shared, "blanko").get(path.format(UUID(int=7))).status_code == 404
    assert browser(shared, "loket").get(path.format(UUID(int=7))).status_code == 403


def test_the_exact_blanko_is_shown_and_the_look_is_an_event(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    case_id = an_application(office, "awaiting_paraf")
    assert f"/nomor/blanko/{case_id}" in client.get("/nomor").text
    page = client.get(f"/nomor/blanko/{case_id}").text
    assert "Belum pernah dicetak" in page
    answer = client.get(f"/nomor/blanko/{case_id}/surat.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    sha256 = answer.headers["etag"].strip('"')
    assert answer.content == office.vault.get(sha256)
    assert sha256[:8] in page
    assert len(events_of(office, "viewed_blanko")) == 2


def test_a_print_is_made_by_a_worker_and_a_reprint_says_so(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    case_id = an_application(office, "awaiting_paraf")
    desk, texts = ConceptDesk(office.vault, StampPress()), []
    for _ in range(2):
        waiting = client.post("/nomor/cetak", data={"permohonan": str(case_id)})
        assert "Sedang disiapkan" in waiting.text
        with office.db.transaction() as session:
            row = session.exec(select(ConceptPrint).where(ConceptPrint.sha256 == "")).one()
        assert client.get(f"/nomor/cetak/{row.id}/konsep.pdf").status_code == 404
        assert make_print(office.db, office.clock, desk, row.id, 1)
        assert not make_print(office.db, office.clock, desk, row.id, 1), "delivered twice, made once"
        fragment = client.get(f"/nomor/cetak/{row.id}", headers={"hx-request": "true"}).text
        assert "Siap dicetak" in fragment
        assert "<html" not in fragment
        texts.append(client.get(f"/nomor/cetak/{row.id}/konsep.pdf").content)
    assert texts[0].endswith(b"copy 1")
    assert texts[1].endswith(b"copy 2")
    assert [event.detail for event in events_of(office, "print_concept")] == [{"copy": 1}, {"copy": 2}]
    assert "Cetak ulang KONSEP" in client.get("/nomor").text


def test_a_signed_letter_has_no_concept_any_more(counter: Counter) -> None:
    case_id = an_application(counter.office, "ready")
    client = browser(counter, "blanko")
    assert client.post("/nomor/cetak", data={"permohonan": str(case_id)}).status_code == 409
    assert client.post("/nomor/cetak", data={"permohonan": "x"}).status_code == 404
    assert "Cetak KONSEP" not in client.get(f"/nomor/blanko/{case_id}").text


def test_the_back_office_costs_the_same_number_of_queries_however_busy_the_day(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    counts = []
    for _ in range(2):
        for stage in ("ready", "awaiting_paraf", "closed"):
            case_id = an_application(office, stage)
            if stage == "awaiting_paraf":
                client.post("/nomor/cetak", data={"permohonan": str(case_id)})
        counts.append(queries_of(counter, client, "/nomor"))
    assert counts[0] == counts[1] <= 10


def test_the_dashboard_counts_letters_and_steps(counter: Counter) -> None:
    office = counter.office
    an_application(office, "closed")
    an_application(office, "verifying")
    an_application(office, "returned")
    client = browser(counter, HEAD)
    assert "Belum dihitung" in client.get("/dasbor").text
    page = client.post("/dasbor/hitung", data={"bulan": "2026-03"}).text
    figures = count_month(office.db, office.clock, office.calendar, MARCH)
    assert (figures["received"], figures["issued"], figures["on_time"], figures["returned"]) == (3, 1, 1, 1)
    assert figures["running"] == 1
    assert [step["code"] for step in figures["steps"]][:3] == ["check", "blanko", "paraf_1"]
    assert {step["code"]: step["standard"] for step in figures["steps"]}["check"] == 35
    assert "100 %" in page
    assert "Standar SOP" in page
    assert "KTP" in page
    for name in ("Tirmira", "Akmal Khairi, S.Th.I., M.H.</td>"):
        assert name not in page.replace("pf-header__person", "").split('id="isi"')[1], "never a ranking of people"


def test_a_void_licence_is_not_counted_as_issued(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "ready")
    assert count_month(office.db, office.clock, office.calendar, MARCH)["issued"] == 1
    void_number(office.db, office.clock, office.actor("blanko"), case_id, "Salah nama tempat kerja")
    assert count_month(office.db, office.clock, office.calendar, MARCH)["issued"] == 0


def test_a_late_letter_is_late_in_the_figures(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "awaiting_signature")
    office.clock.advance(days=10)
    drive(office, case_id, "closed")
    with office.db.transaction() as session:
        assert session.exec(select(Licence.status)).one() == "valid"
    figures = count_month(office.db, office.clock, office.calendar, MARCH)
    assert (figures["issued"], figures["on_time"]) == (1, 0)
    by_code = {step["code"]: step for step in figures["steps"]}
    assert by_code["sign"]["median"] > by_code["sign"]["standard"] > by_code["paraf_1"]["standard"]
    assert "1 lewat janji" in browser(counter, HEAD).get("/dasbor?bulan=2026-03").text


def test_the_report_is_one_page_of_tables(counter: Counter) -> None:
    an_application(counter.office, "closed")
    client = browser(counter, "sekretaris")
    client.post("/dasbor/hitung", data={"bulan": "2026-03"})
    page = client.get("/dasbor/laporan?bulan=2026-03").text
    assert "Laporan pelayanan perizinan, Maret 2026" in page
    assert re.search(r"Surat izin terbit</th><td class=\"pf-num\">1<", page)
    assert "Tanda tangan</th>" in page


def test_looking_at_the_dashboard_counts_nothing(counter: Counter) -> None:
    before = queries_of(counter, browser(counter, HEAD), "/dasbor")
    an_application(counter.office, "closed")
    count_month(counter.office.db, counter.office.clock, counter.office.calendar, MARCH)
    assert queries_of(counter, browser(counter, HEAD), "/dasbor") == before <= 6
