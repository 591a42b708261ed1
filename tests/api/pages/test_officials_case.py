"""The page of a case: what each desk sees and may do, stale forms, papers and who looked at them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from models.services.casework import holder_of
from models.services.check import current_documents
from models.services.claim import claim
from models.services.page_images import SMALL, ask_for_images
from models.services.verify import verify
from models.tables.cases import Event
from models.tables.desks import PageImage
from tests.api.counter import Counter, give_passwords
from tests.api.pages.officials import HTML, FakeReader, browser, draw, hidden, queries, text_of
from tests.cases import an_application
from tests.factories import HEAD, Office, add_person

STAGES = ("draft", "verifying", "returned", "awaiting_paraf", "amending", "awaiting_signature", "ready", "closed",
          "rejected", "withdrawn", "lapsed", "preparing")  # fmt: skip


def kinds(office: Office, case: UUID) -> list[str]:
    with office.db.transaction() as session:
        return list(session.exec(select(Event.kind).where(Event.application_id == case).order_by(Event.id)))  # type: ignore[arg-type]


def all_ok(client: TestClient, case: UUID) -> dict[str, str]:
    """The form with everything judged as there."""
    page = client.get(f"/permohonan/{case}?isi=mesin").text
    names = {line.split('"')[1] for line in page.split("name=")[1:] if line.startswith('"check.')}
    return {**dict.fromkeys(names, "ok"), "version": hidden(page, "version")[0], "putusan": "lengkap"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_its_page_for_every_desk(shared: Counter, stage: str) -> None:
    case = an_application(shared.office, stage)
    for username in ("loket", "blanko", "muda", HEAD, "operator"):
        answer = browser(shared, username).get(f"/permohonan/{case}")
        assert answer.status_code == 200, username
        assert "Sembilan langkah" in answer.text


def test_strangers_and_unknown_ids(shared: Counter) -> None:
    case = an_application(shared.office, "verifying")
    assert browser(shared, "pemohon").get(f"/permohonan/{case}").status_code == 403
    assert browser(shared, "loket").get(f"/permohonan/{UUID(int=3)}").status_code == 404
    assert shared.client(**HTML).get(f"/permohonan/{case}", follow_redirects=False).status_code == 303


def test_the_front_office_declares_a_berkas_complete(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    done = client.post(f"/permohonan/{case}/periksa", data=all_ok(client, case))
    assert "Berkas dinyatakan lengkap" in done.text
    assert office.case(case).stage == "preparing"


def test_complete_and_on_to_the_next_one_that_is_free(counter: Counter) -> None:
    office = counter.office
    first, held, following = (an_application(office, "verifying") for _ in range(3))
    add_person(office, "loket2", ("front_office",), name="Rukmini Sastrawati")
    claim(office.db, office.clock, office.actor("loket2"), held)
    client = browser(counter, "loket")
    form = {**all_ok(client, first), "putusan": "lengkap-berikutnya"}
    there = client.post(f"/permohonan/{first}/periksa", data=form)
    assert there.url.path == f"/permohonan/{following}"
    assert "Ini yang berikutnya" in there.text
    assert "verify" in kinds(office, first)
    form = {**all_ok(client, following), "putusan": "lengkap-berikutnya"}
    last = client.post(f"/permohonan/{following}/periksa", data=form)
    assert last.url.path == "/kotak"
    assert "Tidak ada lagi yang menunggu diperiksa" in last.text


def test_what_is_not_judged_is_named_and_what_was_typed_stays(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    form = all_ok(client, case)
    form.pop("check.ktp")
    answer = client.post(f"/permohonan/{case}/periksa", data={**form, "note": "Sudah dihubungi."})
    assert answer.status_code == 422
    assert "KTP" in text_of(answer.text)
    assert 'href="#f-check-ktp"' in answer.text
    assert "Sudah dihubungi." in answer.text
    assert office.case(case).stage == "verifying"


def test_a_berkas_goes_back_with_reasons_and_own_words(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    form = {
        **all_ok(client, case),
        "putusan": "kembalikan",
        "check.ktp": "faulty",
        "reason.ktp": "ktp_tidak_terbaca",
        "check.strro": "faulty",
        "note.strro": "Halaman kedua STRRO belum ada.",
    }
    assert "Berkas dikembalikan" in client.post(f"/permohonan/{case}/periksa", data=form).text
    page = text_of(client.get(f"/permohonan/{case}").text)
    assert "KTP tidak terbaca." in page
    assert "Halaman kedua STRRO belum ada." in page
    assert office.case(case).stage == "returned"


def test_a_return_without_a_fault_is_refused(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    answer = client.post(f"/permohonan/{case}/periksa", data={**all_ok(client, case), "putusan": "kembalikan"})
    assert answer.status_code == 422
    assert "Belum ada yang ditandai kurang" in answer.text


def test_rejecting_needs_words(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    form = {**all_ok(client, case), "putusan": "tolak", "reject_reason": "tidak"}
    assert client.post(f"/permohonan/{case}/periksa", data=form).status_code == 422
    form["reject_reason"] = "Pemohon bukan refraksionis optisien."
    assert "Permohonan ditolak" in client.post(f"/permohonan/{case}/periksa", data=form).text
    assert office.case(case).stage == "rejected"


def test_a_stale_form_says_that_the_berkas_changed(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    form = all_ok(client, case)
    verify(office.db, office.clock, office.actor("loket"), case)
    answer = client.post(f"/permohonan/{case}/periksa", data=form)
    assert answer.status_code == 409
    assert "Berkas ini sudah berubah" in answer.text


def test_the_office_alone_by_role(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "verifying")
    form = all_ok(browser(counter, "loket"), case)
    browser(counter, "loket").post(f"/permohonan/{case}/lepas")
    for username in ("blanko", "muda", HEAD, "admin", "pemohon"):
        assert browser(counter, username).post(f"/permohonan/{case}/periksa", data=form).status_code == 403, username
    assert office.case(case).stage == "verifying"


def test_opening_claims_and_the_second_officer_can_only_look(counter: Counter) -> None:
    office = counter.office
    add_person(office, "loket2", ("front_office",), name="Rukmini Sastrawati")
    give_passwords(office)
    case = an_application(office, "verifying")
    form = all_ok(browser(counter, "loket"), case)
    second = browser(counter, "loket2")
    page = second.get(f"/permohonan/{case}").text
    assert "Sedang dipegang Tirmira Danapura" in page
    assert "Lengkap, lanjutkan" not in page
    assert second.post(f"/permohonan/{case}/periksa", data=form).status_code == 409
    assert office.case(case).stage == "verifying"


def test_the_back_office_amends_and_voids(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "blanko")
    case = an_application(office, "amending")
    page = client.get(f"/permohonan/{case}").text
    assert "Nama tempat kerja salah tulis." in page
    with office.db.transaction() as session:
        holder = holder_of(session, case)
    names = ("name", "birth_place", "birth_date", "sex", "address", "str_number", "workplace_address")
    form = {name: str(getattr(holder, name)) for name in names}
    form |= {"workplace_name": "Optik Baru", "version": hidden(page, "version")[0]}
    assert client.post(f"/permohonan/{case}/perbaiki", data={**form, "name": " "}).status_code == 422
    assert "Data surat diperbaiki" in client.post(f"/permohonan/{case}/perbaiki", data=form).text
    assert office.case(case).stage == "preparing"
    ready = an_application(office, "ready")
    version = hidden(client.get(f"/permohonan/{ready}").text, "version")[0]
    address = f"/permohonan/{ready}/batal"
    assert client.post(address, data={"version": version, "void_reason": "x"}).status_code == 422
    done = client.post(address, data={"version": version, "void_reason": "Salah alamat tempat kerja."})
    assert "Nomor dibatalkan" in done.text
    assert office.case(ready).stage == "amending"


def test_an_official_sends_back_and_puts_off(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "muda")
    one, two = (an_application(office, "awaiting_paraf") for _ in range(2))
    version = hidden(client.get(f"/permohonan/{one}/tunda").text, "version")[0]
    for until in ("", "2026-03-01", "2026-12-01"):
        assert client.post(f"/permohonan/{one}/tunda", data={"version": version, "until": until}).status_code == 422
    done = client.post(f"/permohonan/{one}/tunda", data={"version": version, "until": "2026-03-05", "reason": "Tanya"})
    assert "Surat ditunda" in done.text
    assert "1 surat menunggu paraf" in text_of(done.text)
    assert "Ditunda (1)" in text_of(done.text)
    office.clock.advance(days=3)
    client = browser(counter, "muda")
    assert "2 surat menunggu paraf" in text_of(client.get("/tinjau").text)
    form = {"version": version, "reason": "Nama salah.", "target": "blanko"}
    assert client.post(f"/permohonan/{two}/kembalikan", data={**form, "reason": ""}).status_code == 422
    form["version"] = hidden(client.get(f"/permohonan/{two}/kembalikan").text, "version")[0]
    assert "Surat dikembalikan" in client.post(f"/permohonan/{two}/kembalikan", data=form).text
    assert office.case(two).stage == "amending"
    assert browser(counter, "madya").get(f"/permohonan/{one}/kembalikan").status_code == 403


def test_papers_are_drawn_and_looks_are_recorded_once(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "loket")
    case = an_application(office, "verifying")
    page = client.get(f"/permohonan/{case}").text
    assert "gambar sedang dibuat" in page
    draw(office)
    page = client.get(f"/permohonan/{case}").text
    assert "gambar sedang dibuat" not in page
    assert "Teks halaman" in page
    assert f"/1/{SMALL}" in page
    assert kinds(office, case).count("viewed_documents") == 1
    assert "melihat berkas" in page


def test_a_picture_of_a_paper_is_never_seen_without_a_record(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "verifying")
    draw(office)
    with office.db.transaction() as session:
        paper = next(row for row in current_documents(session, case) if row.clean_sha256)
    address = f"/permohonan/{case}/gambar/{paper.clean_sha256}/1/{SMALL}"
    client = browser(counter, "muda")
    assert [client.get(address).status_code for _ in range(2)] == [200, 200]
    assert kinds(office, case).count("viewed_documents") == 1


def test_the_nik_is_masked_until_the_front_office_asks(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "verifying", nik="1471064509900003", birth_date="1990-09-05", sex="P")
    client = browser(counter, "loket")
    assert "1471064509900003" not in client.get(f"/permohonan/{case}").text
    assert "1471064509900003" in client.post(f"/permohonan/{case}/nik").text
    assert kinds(office, case).count("viewed_nik") == 1
    assert browser(counter, "muda").post(f"/permohonan/{case}/nik").status_code == 403


def test_the_page_costs_the_same_however_long_its_past(counter: Counter) -> None:
    office, client = counter.office, browser(counter, "admin")
    short, long = an_application(office, "verifying"), an_application(office, "closed")
    for case in (short, long):
        client.get(f"/permohonan/{case}")
    counts = [queries(office, lambda case=case: client.get(f"/permohonan/{case}")) for case in (short, long)]  # type: ignore[misc]
    assert max(counts) <= 32
    assert abs(counts[0] - counts[1]) <= 1


def test_drawing_again_draws_nothing_twice(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    reader = FakeReader()
    reader.knob.fail_temporarily()
    draw(office, reader)
    office.clock.advance(minutes=30)
    draw(office, reader)
    made = len(reader.drawn)
    with office.db.transaction() as session:
        documents = len(current_documents(session, case))
        assert len(session.exec(select(PageImage)).all()) == made * 2, "two sizes of each page"
    assert made > documents, "the letter too"
    with office.db.transaction() as session:
        ask_for_images(session, case, 1, office.clock.now())
    draw(office, reader)
    assert len(reader.drawn) == made
