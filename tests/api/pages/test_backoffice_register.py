"""The register on the screen, as files and as a book; and finding one case among all."""

from __future__ import annotations

import csv
import io
import re
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import select

from api.register_columns import COLUMNS
from models.rules.nik import mask_nik
from models.services.casework import holder_of
from models.services.register_book import HEADS, BookBinder, make_book
from models.services.register_lines import Wanted, lines_after
from models.services.void import void_number
from models.tables.backoffice import RegisterBook
from models.tables.cases import Event, HolderData
from tests.api.counter import Counter
from tests.api.pages.backoffice import PlainRegisterPress, browser, queries_of
from tests.cases import a_draft, an_application, drive
from tests.factories import Office

NUMBER = r"503/\d{4}/DPMPTSP/SIKRO/2026"
EXPORT = "register_exported"


def numbers_on(page: str) -> list[str]:
    return re.findall(rf"data-row><span class=\"(?:pf-void)?\">({NUMBER})<", page)


def holder(office: Office, case_id: UUID) -> HolderData:
    with office.db.transaction() as session:
        return holder_of(session, case_id)


def exports(office: Office) -> list[dict[str, object] | None]:
    with office.db.transaction() as session:
        return [row.detail for row in session.exec(select(Event).where(Event.kind == EXPORT))]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_register_is_leafed_through_forth_and_back(counter: Counter) -> None:
    for _ in range(27):
        an_application(counter.office, "ready")
    client = browser(counter, "loket")
    first = client.get("/register?tahun=2026").text
    following = re.search(r'href="(/register\?[^"]+)" rel="next"', first)
    assert following
    second = client.get(following[1].replace("&amp;", "&")).text
    assert (len(numbers_on(first)), len(numbers_on(second))) == (25, 2)
    assert numbers_on(first) + numbers_on(second) == [f"503/{n:04}/DPMPTSP/SIKRO/2026" for n in range(1, 28)]
    back = re.search(r'href="(/register\?[^"]+)" rel="prev"', second)
    assert back
    again = client.get(back[1].replace("&amp;", "&")).text
    assert numbers_on(again) == numbers_on(first)
    assert 'rel="prev"' not in again


def test_filters_stand_in_the_address_and_hold_for_the_files(counter: Counter) -> None:
    office = counter.office
    one = an_application(office, "ready", name="Melur Andrasari")
    two = an_application(office, "ready", name="Dodi Erlambang")
    void_number(office.db, office.clock, office.actor("blanko"), two, "Salah nama tempat kerja")
    client = browser(counter, "blanko")
    assert len(numbers_on(client.get("/register").text)) == 2
    void = client.get("/register?status=batal").text
    assert "Dodi Erlambang" in void
    assert "Melur Andrasari" not in void
    assert numbers_on(client.get("/register?nama=andra%20MELUR").text) == ["503/0001/DPMPTSP/SIKRO/2026"]
    assert len(numbers_on(client.get("/register?bulan=3").text)) == 2
    assert "Tidak ada yang cocok" in client.get("/register?bulan=4").text
    assert "masih kosong" in client.get("/register?tahun=2024").text
    rows = rows_of(client.get("/register/unduh/2026.csv?nama=melur").text)
    assert [row["No. pendaftaran"] for row in rows] == [office.case(one).registration_number]
    assert exports(office) == [{"format": "csv", "year": 2026, "by_name": True}]


@pytest.mark.parametrize(
    "address", ["?tahun=x", "?sesudah=%00", "?sebelum=e30", "?bulan=13&status=hilang", "?nama=%25_\\", "?tahun=99999"]
)
def test_an_odd_address_still_opens(shared: Counter, address: str) -> None:
    assert browser(shared, "loket").get("/register" + address).status_code == 200


def test_all_columns_of_the_paper_book_are_there(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "closed", phone="081234567890")
    person = holder(office, case_id)
    nik = office.cipher.open(person.nik_sealed)
    page = browser(counter, "blanko").get("/register?kolom=semua").text
    for word in (person.birth_place, person.str_number, person.workplace_address, f"************{nik[-4:]}"):
        assert word in page, word
    assert "Pemohon sendiri" in page
    assert nik not in page
    assert mask_nik(nik)[:4] + "*" not in page, "what the office need not open stays sealed"
    assert "081234567890" not in page
    row = rows_of(browser(counter, "blanko").get("/register/unduh/2026.csv").text)[0]
    assert list(row) == [title for title, _ in COLUMNS]
    assert all(row[name] for name in ("Lengkap", "Blanko", "Paraf 1", "Paraf 2", "Paraf 3", "Ditandatangani"))
    assert row["Paraf 1"] < row["Paraf 2"] < row["Paraf 3"] < row["Ditandatangani"]
    assert (row["Nomor surat izin"], row["Tanggal surat"]) == ("503/0001/DPMPTSP/SIKRO/2026", "2026-03-02")
    assert (row["Hari kerja"], row["Tepat waktu"], row["Telepon"]) == ("0", "tepat waktu", "0812*****890")


def test_days_with_the_applicant_are_not_counted(counter: Counter) -> None:
    office = counter.office
    case_id = an_application(office, "returned")
    office.clock.advance(days=7)
    drive(office, case_id, "awaiting_signature")
    office.clock.advance(days=1)
    drive(office, case_id, "ready")
    with office.db.transaction() as session:
        lines, more = lines_after(session, office.calendar, Wanted(2026), None, 10)
    assert [(line.working_days, line.on_time, more) for line in lines] == [(1, True, False)]


def test_nothing_that_an_applicant_typed_runs_as_a_formula(counter: Counter) -> None:
    office = counter.office
    an_application(office, "ready", workplace_name="=HYPERLINK(1)")
    client = browser(counter, "blanko")
    assert rows_of(client.get("/register/unduh/2026.csv").text)[0]["Tempat kerja"] == "'=HYPERLINK(1)"
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/register/unduh/2026.xlsx").content))
    head, line = book.get_sheet_by_index(0).to_python()
    assert head == [title for title, _ in COLUMNS]
    assert line[head.index("Tempat kerja")] == "=HYPERLINK(1)"
    assert line[head.index("Nomor surat izin")] == "503/0001/DPMPTSP/SIKRO/2026"
    assert str(line[head.index("Tanggal surat")]) == "2026-03-02"


def test_a_download_is_a_file_and_an_event(counter: Counter) -> None:
    client = browser(counter, "loket")
    for ending, kind in (("csv", "text/csv"), ("xlsx", "application/vnd.openxmlformats")):
        answer = client.get(f"/register/unduh/2026.{ending}")
        assert answer.headers["content-type"].startswith(kind)
        assert f'filename="register-2026.{ending}"' in answer.headers["content-disposition"]
    assert exports(counter.office) == [{"format": one, "year": 2026} for one in ("csv", "xlsx")]
    assert client.get("/register/unduh/2026.pdf").status_code == 404
    assert browser(counter, "muda").get("/register/unduh/2026.csv").status_code == 403
    assert browser(counter, "pemohon").get("/register/unduh/2026.xlsx").status_code == 403


def test_the_book_is_set_by_a_worker_and_offered_when_it_is_there(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    one, two = (an_application(office, "ready") for _ in range(2))
    void_number(office.db, office.clock, office.actor("blanko"), two, "Salah nama tempat kerja")
    waiting = client.post("/register/buku", data={"tahun": "2026", "jilid": "1"})
    assert "sedang disusun" in waiting.text
    with office.db.transaction() as session:
        book_id = session.exec(select(RegisterBook.id)).one()
    assert client.get(f"/register/buku/{book_id}/berkas.pdf").status_code == 404
    press = PlainRegisterPress()
    binder = BookBinder(office.vault, press, office.calendar)
    assert make_book(office.db, office.clock, binder, book_id, 1)
    assert not make_book(office.db, office.clock, binder, book_id, 1), "delivered twice, made once"
    assert "Unduh PDF" in client.get(f"/register/buku/{book_id}", headers={"hx-request": "true"}).text
    assert client.get(f"/register/buku/{book_id}/berkas.pdf").content == b"%PDF-1.7 register 2026 1"
    (facts,) = press.given
    assert facts.void == (False, True)
    assert facts.lines[1][-1] == ("Batal: Salah nama tempat kerja",)
    assert {len(line) for line in facts.lines} == {len(HEADS)}
    assert holder(office, one).name in facts.lines[0][2]
    assert "2 nomor" in facts.summary
    assert "1 berlaku dan 1 batal" in facts.summary
    assert [row["format"] for row in exports(office) if row] == ["pdf", "pdf"]


def test_a_book_that_can_not_be_made_says_so(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    an_application(office, "ready")
    client.post("/register/buku", data={"tahun": "2026", "jilid": "1"})
    with office.db.transaction() as session:
        book_id = session.exec(select(RegisterBook.id)).one()

    class Refusing(PlainRegisterPress):
        def book(self, facts: object) -> bytes:
            from models.rules.errors import PermanentFailure

            raise PermanentFailure("Typst refuses")

    assert not make_book(office.db, office.clock, BookBinder(office.vault, Refusing(), office.calendar), book_id, 1)
    assert "tidak dapat dibuat" in client.get(f"/register/buku/{book_id}").text


def test_a_volume_that_is_not_there_is_refused(shared: Counter) -> None:
    client = browser(shared, "blanko")
    answer = client.post("/register/buku", data={"tahun": "2026", "jilid": "9"})
    assert answer.status_code == 422
    assert "Jilid ini tidak ada" in answer.text
    assert client.get(f"/register/buku/{UUID(int=3)}").status_code == 404


def test_register_and_search_cost_the_same_number_of_queries_however_long(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    counts: list[list[int]] = []
    for _ in range(2):
        for _ in range(3):
            an_application(office, "ready", name="Melur Andrasari")
        counts.append(
            [queries_of(counter, client, path) for path in ("/register", "/register?kolom=semua", "/cari?q=melur")]
        )
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 13


def test_a_case_is_found_by_whatever_somebody_knows(counter: Counter) -> None:
    office = counter.office
    one = an_application(office, "ready", name="Melur Andrasari")
    two = an_application(office, "verifying", name="Dodi Erlambang")
    client, tail = browser(counter, "muda"), holder(office, one).nik_tail
    mine, other = str(office.case(one).registration_number), str(office.case(two).registration_number)
    for words in ("melur", "ANDRA", "andrasari melur", mine, mine[:9].lower(), "503/0001", "1", "0001", tail):
        page = client.get("/cari", params={"q": words}).text
        assert mine in page, words
        assert f'href="/permohonan/{one}"' in page, words
    for words in ("melur", "503/0001", mine):
        assert other not in client.get("/cari", params={"q": words}).text, words
    assert "Tidak ditemukan" in client.get("/cari", params={"q": "tidak ada begini"}).text


@pytest.mark.parametrize("words", ["%%%", "___", "a", "A.B", "\\", "'; --", "\0", "999999999999", "é" * 90])
def test_odd_words_find_nothing_and_break_nothing(shared: Counter, words: str) -> None:
    page = browser(shared, "muda").get("/cari", params={"q": words})
    assert page.status_code == 200
    assert "data-row" not in page.text


def test_no_address_and_no_page_keeps_a_whole_nik(counter: Counter) -> None:
    office = counter.office
    nik = office.cipher.open(holder(office, an_application(office, "verifying")).nik_sealed)
    client = browser(counter, "loket")
    answer = client.get("/cari", params={"q": nik}, follow_redirects=False)
    assert answer.headers["location"] == f"/cari?q={nik[-4:]}"
    page = client.get(answer.headers["location"]).text
    assert f"NIK ************{nik[-4:]}" in page
    assert nik not in page
    with office.db.transaction() as session:
        looked = session.exec(select(Event).where(Event.kind == "searched_nik_tail")).one()
    assert looked.detail == {"found": 1}


def test_drafts_are_nobodys_business_yet(counter: Counter) -> None:
    a_draft(counter.office, name="Melur Andrasari")
    assert "Tidak ditemukan" in browser(counter, "loket").get("/cari?q=melur").text
