"""The pile: what lies in it and why, one step-up, a result a letter, and what nobody else may see."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from models.ports import Finding, Inspection
from models.services.inputs import Amendment
from models.services.machine import Ticket, set_aside
from models.services.page_images import SMALL
from models.services.send_back import amend, send_back
from models.services.verify import verify
from tests.api.counter import Counter
from tests.api.pages.officials import HTML, browser, draw, hidden, queries, text_of, ticked
from tests.cases import an_application, drive, endorse, letter_of
from tests.factories import HEAD, Office, add_key, passphrase_of


def pick_of(office: Office, case: UUID) -> str:
    letter = letter_of(office, case)
    return f"{letter.application_id}.{letter.version}.{letter.blanko_sha256}"


def with_override(office: Office, stage: str) -> UUID:
    """A case whose KTP was blurred and that the officer let pass."""
    case = an_application(office)
    drive(office, case, "checking")
    scanned = Inspection("reject", "application/pdf", 1, (Finding("reject", "blurred", "Gambar KTP buram."),))
    ktp = next(data for data in office.vault.objects.values() if f"ktp of {case}".encode() in data)
    office.scanner.answers[ktp] = scanned
    drive(office, case, "verifying")
    version = office.case(case).version
    verify(office.db, office.clock, office.actor("loket"), case, version, {"ktp": "KTP asli sudah saya lihat."})
    return drive(office, case, stage)


def test_the_pile_is_grouped_and_what_deviates_comes_first(counter: Counter) -> None:
    office = counter.office
    clean, odd = an_application(office, "awaiting_paraf"), with_override(office, "awaiting_paraf")
    page = browser(counter, "muda").get("/tinjau").text
    text = text_of(page)
    assert "2 surat menunggu paraf Anda" in text
    assert "Semua lolos pemeriksaan otomatis (1)" in text
    assert "Perlu perhatian (1)" in text
    assert page.index(pick_of(office, odd)) < page.index(pick_of(office, clean))
    assert "Alasan: KTP asli sudah saya lihat." in text
    assert letter_of(office, clean).blanko_sha256[:8] in text
    assert ticked(page, "surat") == [pick_of(office, odd), pick_of(office, clean)]


def test_the_picture_is_made_from_the_exact_bytes(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    client = browser(counter, "muda")
    assert "Gambar sedang dibuat." in text_of(client.get("/tinjau").text)
    draw(office)
    page = client.get("/tinjau").text
    sha256 = letter_of(office, case).blanko_sha256
    address = f"/permohonan/{case}/gambar/{sha256}/1/{SMALL}"
    assert address in page
    answer = client.get(address)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == b"\xff\xd8\xff1 %d " % SMALL + office.vault.get(sha256)
    other = an_application(office, "awaiting_paraf")
    assert client.get(f"/permohonan/{other}/gambar/{sha256}/1/{SMALL}").status_code == 404
    assert client.get(f"/permohonan/{case}/gambar/{sha256}/1/561").status_code == 404
    assert browser(counter, "pemohon").get(address).status_code == 403
    assert counter.client(**HTML).get(address, follow_redirects=False).status_code == 303


def test_a_pile_is_put_under_one_step_up(counter: Counter) -> None:
    office = counter.office
    cases = [an_application(office, "awaiting_paraf") for _ in range(3)]
    client = browser(counter, "muda")
    picks = hidden(client.get("/tinjau").text, "surat")
    summary = client.post("/tinjau/ringkasan", data={"surat": picks, "jenis": "paraf"})
    assert "Paraf 3 surat" in summary.text
    assert hidden(summary.text, "surat") == picks
    for case in cases:
        assert letter_of(office, case).blanko_sha256[:8] in summary.text
    form = {"surat": picks, "jenis": "paraf", "passphrase": passphrase_of("muda")}
    page = client.post("/tinjau/bubuhkan", data=form)
    assert "/tinjau/tumpukan/" in str(page.url)
    assert "0 dari 3 surat sudah diparaf" in text_of(page.text)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.text
    office.work()
    done = client.get(str(page.url))
    assert "3 dari 3 surat sudah diparaf" in text_of(done.text)
    assert "http-equiv" not in done.text
    assert {(office.case(case).stage, office.case(case).paraf_next) for case in cases} == {("awaiting_paraf", 2)}
    assert "Tumpukan Anda kosong" in client.get("/tinjau").text


def test_a_wrong_passphrase_is_told_at_once_and_nothing_moves(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    version = office.case(case).version
    client = browser(counter, "muda")
    for typed, said in (("salah", "Kata sandi kunci salah. Belum ada yang berubah"), ("", "Isi kata sandi kunci")):
        form = {"surat": [pick_of(office, case)], "jenis": "paraf", "passphrase": typed}
        answer = client.post("/tinjau/bubuhkan", data=form)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="salah"' not in answer.text
        assert hidden(answer.text, "surat") == [pick_of(office, case)]
    assert (office.case(case).version, office.work()) == (version, 0)


def test_guessing_passphrases_has_to_wait(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    client = browser(counter, "muda")
    form = {"surat": [pick_of(office, case)], "jenis": "paraf", "passphrase": "salah"}
    statuses = [client.post("/tinjau/bubuhkan", data=form).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert office.case(case).stage == "awaiting_paraf"


def test_each_letter_stands_or_falls_alone(counter: Counter) -> None:
    office = counter.office
    good, stale = (an_application(office, "awaiting_paraf") for _ in range(2))
    picks = [pick_of(office, good), pick_of(office, stale)]
    send_back(office.db, office.clock, office.actor("muda"), stale, "Nama tempat kerja salah.")
    form = {"surat": picks, "jenis": "paraf", "passphrase": passphrase_of("muda")}
    page = browser(counter, "muda").post("/tinjau/bubuhkan", data=form)
    assert "Tidak ikut (1)" in page.text
    assert "berubah sejak Anda melihatnya" in page.text
    assert "0 dari 1 surat sudah diparaf" in text_of(page.text)
    assert (office.case(good).stage, office.case(stale).stage) == ("applying_paraf", "amending")


def test_only_the_failed_are_tried_again(counter: Counter) -> None:
    office = counter.office
    cases = [an_application(office, "awaiting_paraf") for _ in range(3)]
    client = browser(counter, "muda")
    # The key changed hands behind the desk's back: it takes this passphrase no more when the worker comes to it.
    form = {
        "surat": [pick_of(office, case) for case in cases],
        "jenis": "paraf",
        "passphrase": passphrase_of("muda"),
    }
    page = client.post("/tinjau/bubuhkan", data=form)
    office.clock.advance(seconds=1)
    first, *others = office.due()
    office.perform(first)
    add_key(office, "muda", passphrase="kata-sandi-lain")
    for ticket in others:
        office.perform(ticket)
    failed = client.get(str(page.url)).text
    assert "1 dari 3 surat sudah diparaf" in text_of(failed)
    assert "Coba lagi 2 surat yang gagal" in failed
    again = hidden(failed, "surat")
    assert {one.partition(".")[0] for one in again} == {str(ticket.case_id) for ticket in others}
    assert "Perlu kata sandi sekali lagi" in client.get("/tinjau").text
    form = {"surat": again, "jenis": "paraf", "passphrase": "kata-sandi-lain"}
    second = client.post("/tinjau/bubuhkan", data=form)
    office.work()
    assert "2 dari 2 surat sudah diparaf" in text_of(client.get(str(second.url)).text)
    assert {office.case(case).paraf_next for case in cases} == {2}
    assert "3 dari 3 surat sudah diparaf" in text_of(client.get(str(page.url)).text)


def test_a_pile_is_its_own_official_s_alone(counter: Counter) -> None:
    office = counter.office
    outcome = endorse(office, "muda", "paraf", an_application(office, "awaiting_paraf"))
    for path in ("", "/kemajuan"):
        assert browser(counter, "madya").get(f"/tinjau/tumpukan/{outcome.pile_id}{path}").status_code == 404
        assert browser(counter, "muda").get(f"/tinjau/tumpukan/{outcome.pile_id}{path}").status_code == 200


def test_progress_says_when_there_is_nothing_more_to_ask_for(counter: Counter) -> None:
    office = counter.office
    outcome = endorse(office, "muda", "paraf", an_application(office, "awaiting_paraf"))
    client = browser(counter, "muda")
    address = f"/tinjau/tumpukan/{outcome.pile_id}/kemajuan"
    assert "Sedang dibubuhkan" in client.get(address).text
    office.work()
    assert "1 dari 1" in text_of(client.get(address).text)
    office.clock.advance(minutes=2)
    assert client.get(address).status_code == 286


def test_the_head_signs_and_sees_the_numbers(counter: Counter) -> None:
    office = counter.office
    cases = [an_application(office, "awaiting_signature") for _ in range(2)]
    client = browser(counter, HEAD)
    page = client.get("/tinjau").text
    assert "2 surat menunggu tanda tangan Anda" in text_of(page)
    picks = hidden(page, "surat")
    form = {"surat": picks, "jenis": "signature", "passphrase": passphrase_of(HEAD)}
    result = client.post("/tinjau/bubuhkan", data=form)
    office.work()
    text = text_of(client.get(str(result.url)).text)
    assert "2 dari 2 surat sudah ditandatangani" in text
    assert "503/0001/DPMPTSP/SIKRO/2026" in text
    assert {office.case(case).stage for case in cases} == {"ready"}


def test_what_can_not_be_signed_is_left_out_with_its_reason(counter: Counter) -> None:
    office = counter.office
    an_application(office, "awaiting_signature")
    expired = an_application(office, "awaiting_signature", str_valid_until=date(2026, 3, 20).isoformat())
    office.clock.advance(days=25)
    client = browser(counter, HEAD)
    page = client.get("/tinjau").text
    assert "Tidak dapat diikutkan (1)" in page
    assert "Tidak ikut: STR berakhir 20 Maret 2026" in text_of(page)
    assert pick_of(office, expired) not in ticked(page, "surat")


def test_a_case_set_aside_is_left_out(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    with office.db.transaction() as session:
        from models.tables.cases import Application

        session.get_one(Application, case).quarantined_at = office.clock.now()
    page = browser(counter, "muda").get("/tinjau").text
    assert "Disisihkan karena gangguan" in page
    assert ticked(page, "surat") == []


def test_what_changed_since_the_last_paraf_is_said(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf", workplace_name="Optik Lama")
    send_back(office.db, office.clock, office.actor("muda"), case, "Nama tempat kerja salah tulis.")
    amend(office.db, office.clock, office.actor("blanko"), case, Amendment(workplace_name="Optik Baru"))
    drive(office, case, "awaiting_paraf")
    text = text_of(browser(counter, "muda").get("/tinjau").text)
    assert "Perlu perhatian (1)" in text
    assert "Berubah: Tempat kerja: Optik Lama menjadi Optik Baru" in text
    assert "Nama tempat kerja salah tulis." in text


def test_a_letter_leaves_the_pile_without_a_script(counter: Counter) -> None:
    office = counter.office
    cases = [an_application(office, "awaiting_paraf") for _ in range(3)]
    client = browser(counter, "muda")
    picks = [pick_of(office, case) for case in cases]
    page = client.post("/tinjau?jenis=paraf", data={"surat": picks, "keluarkan": picks[1]}).text
    assert ticked(page, "surat") == [picks[0], picks[2]]
    assert client.post("/tinjau/ringkasan", data={"jenis": "paraf"}).status_code == 422


def test_a_pile_holds_fifty_and_names_the_next(counter: Counter) -> None:
    office = counter.office
    for _ in range(52):
        an_application(office, "awaiting_paraf")
    page = browser(counter, "muda").get("/tinjau").text
    assert "52 surat menunggu" in text_of(page)
    assert len(ticked(page, "surat")) == 50
    assert "masih ada 2 surat di tumpukan berikutnya" in page


def test_the_pile_costs_the_same_number_of_queries_however_long(counter: Counter) -> None:
    office = counter.office
    client = browser(counter, "muda")
    counts = []
    for _ in range(2):
        for _ in range(3):
            an_application(office, "awaiting_paraf")
        counts.append(queries(office, lambda: client.get("/tinjau")))
    assert counts[0] == counts[1] <= 22


@pytest.mark.parametrize("username", ["loket", "blanko", "admin"])
def test_who_holds_no_such_post_has_no_pile(shared: Counter, username: str) -> None:
    client = browser(shared, username)
    assert client.get("/tinjau").status_code == 403
    case = an_application(shared.office, "awaiting_paraf")
    form = {"surat": [pick_of(shared.office, case)], "jenis": "paraf", "passphrase": "x"}
    assert client.post("/tinjau/bubuhkan", data=form).status_code == 422
    assert shared.office.case(case).stage == "awaiting_paraf"


def test_a_picked_subset_comes_from_the_inbox(counter: Counter) -> None:
    cases = [an_application(counter.office, "awaiting_paraf") for _ in range(3)]
    page = browser(counter, "muda").get(f"/tinjau?surat={cases[1]}").text
    assert ticked(page, "surat") == [pick_of(counter.office, cases[1])]
    assert "Hanya surat yang Anda pilih" in page
    assert browser(counter, "muda").get("/tinjau?surat=x").status_code == 404


def test_a_stuck_letter_is_the_operator_s(counter: Counter) -> None:
    office = counter.office
    case = an_application(office, "awaiting_paraf")
    outcome = endorse(office, "muda", "paraf", case)
    version = office.case(case).version
    set_aside(office.db, office.clock, Ticket("paraf.apply_paraf", case, version), "permanent: broken")
    office.clock.advance(minutes=16)
    page = browser(counter, "muda").get(f"/tinjau/tumpukan/{outcome.pile_id}").text
    assert "1 surat disisihkan karena gangguan" in text_of(page)
