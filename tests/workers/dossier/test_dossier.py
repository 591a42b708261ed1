"""The bound PDF: order, outline, page numbers, attachments, and the same bytes for the same input."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import Destination

import models.services as services_of_the_office
from models.ports import DossierFacts, DossierPart
from models.rules.stages import Command, Stage
from tests.workers.dossier.conftest import SHA256, letter, picture
from workers.adapters.dossier import LICENCE_NAME, TypstDossierPress

LICENCE = b"%PDF-1.7\nsigned /ByteRange [0 1 2 3] bytes \x00\xff\r\n%%EOF\n"
BROKEN = DossierPart("Ijazah", "application/pdf", b"%PDF-1.4 cut off")


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf), strict=True)


def outline(reader: PdfReader) -> list[tuple[str, int | None]]:
    items = [item for item in reader.outline if isinstance(item, Destination)]
    return [(str(item.title), reader.get_destination_page_number(item)) for item in items]


def attachments(reader: PdfReader) -> dict[str, bytes]:
    return {item.name: item.content for item in reader.attachment_list}


def some_parts() -> list[DossierPart]:
    return [
        DossierPart("Surat permohonan", "application/pdf", letter()),
        DossierPart("KTP", "image/jpeg", picture(640, 400)),
        DossierPart("Pas foto", "image/png", picture(400, 600, form="PNG")),
    ]


def test_every_part_stands_in_the_outline_at_its_page(press: TypstDossierPress, facts: DossierFacts) -> None:
    reader = read(press.dossier(facts, some_parts(), LICENCE))
    assert outline(reader) == [
        ("Sampul", 0),
        ("Lembar periksa kelengkapan", 1),
        ("Surat permohonan", 2),
        ("KTP", 3),
        ("Pas foto", 4),
        ("Catatan perjalanan berkas", 5),
    ]
    assert len(reader.pages) == 6


def test_the_licence_is_attached_byte_for_byte(press: TypstDossierPress, facts: DossierFacts) -> None:
    assert attachments(read(press.dossier(facts, some_parts(), LICENCE))) == {LICENCE_NAME: LICENCE}


def test_made_pages_say_what_the_case_was(press: TypstDossierPress, facts: DossierFacts) -> None:
    reader = read(press.dossier(facts, some_parts(), LICENCE))
    cover, checks, audit = (reader.pages[index].extract_text() for index in (0, 1, 5))
    for words in ("Rani Contoh", "503/0001/DPMPTSP/SIKRO/2026", SHA256, "Pemerintah Kota Pekanbaru"):
        assert words in cover
    assert "Bermasalah" in checks
    assert "Foto agak buram." in checks
    assert "Berkas diserahkan" in audit
    assert "Izin diserahkan" in audit
    assert "03-03-2026 10:15:00" in audit


def test_made_pages_carry_their_number_in_the_whole(press: TypstDossierPress, facts: DossierFacts) -> None:
    reader = read(press.dossier(facts, some_parts(), LICENCE))
    assert "Halaman 1 dari 6" in reader.pages[0].extract_text()
    assert "Halaman 6 dari 6" in reader.pages[5].extract_text()
    assert "Halaman 4" in reader.pages[0].extract_text(), "the contents list names the page of the KTP"


def test_a_long_check_sheet_and_a_long_history_shift_what_follows(press: TypstDossierPress) -> None:
    long = DossierFacts(
        "Berkas panjang",
        (("Nama", "Rani Contoh"),),
        tuple((f"Persyaratan {n}", "ada", "Catatan yang menjelaskan hasilnya.") for n in range(60)),
        tuple((f"02-03-2026 09:00:{n % 60:02}", "initial", "applying_paraf") for n in range(120)),
    )
    reader = read(press.dossier(long, some_parts(), LICENCE))
    places = dict(outline(reader))
    total = len(reader.pages)
    assert places["Lembar periksa kelengkapan"] == 1
    first_document, audit = places["Surat permohonan"], places["Catatan perjalanan berkas"]
    assert first_document is not None
    assert audit is not None
    assert first_document > 2
    assert "Surat permohonan" in reader.pages[first_document].extract_text()
    assert f"Halaman {audit + 1} dari {total}" in reader.pages[audit].extract_text()
    assert f"Halaman {total} dari {total}" in reader.pages[total - 1].extract_text()


def test_what_can_not_be_merged_is_attached_and_a_page_says_so(press: TypstDossierPress, facts: DossierFacts) -> None:
    odd = DossierPart("Rekaman / suara", "audio/ogg", b"OggS")
    reader = read(press.dossier(facts, [*some_parts(), BROKEN, odd], LICENCE))
    assert attachments(reader) == {
        "04-ijazah.pdf": BROKEN.data,
        "05-rekaman-suara.bin": odd.data,
        LICENCE_NAME: LICENCE,
    }
    notice = reader.pages[5].extract_text()
    assert "Ijazah" in notice
    assert "04-ijazah.pdf" in notice
    assert dict(outline(reader))["Catatan perjalanan berkas"] == 7


def test_a_signed_document_is_bound_and_kept_whole_as_well(press: TypstDossierPress, facts: DossierFacts) -> None:
    signed = letter("Rekomendasi").replace(b"%%EOF", b"% /ByteRange [0 1 2 3]\n%%EOF")
    reader = read(press.dossier(facts, [DossierPart("Rekomendasi", "application/pdf", signed)], LICENCE))
    assert "Rekomendasi" in reader.pages[2].extract_text()
    assert attachments(reader)["01-rekomendasi.pdf"] == signed


def test_two_documents_of_one_requirement_do_not_hide_each_other(press: TypstDossierPress, facts: DossierFacts) -> None:
    twins = [DossierPart("Lain", "text/plain", b"satu"), DossierPart("Lain", "text/plain", b"dua")]
    found = attachments(read(press.dossier(facts, twins, LICENCE)))
    assert found == {"01-lain.bin": b"satu", "02-lain.bin": b"dua", LICENCE_NAME: LICENCE}


def test_a_case_without_documents_or_history_has_a_dossier_all_the_same(press: TypstDossierPress) -> None:
    reader = read(press.dossier(DossierFacts("Berkas kosong", (), (), ()), [], LICENCE))
    assert [title for title, _ in outline(reader)] == [
        "Sampul",
        "Lembar periksa kelengkapan",
        "Catatan perjalanan berkas",
    ]
    assert "Tidak ada tindakan" in reader.pages[2].extract_text()


def test_the_same_input_gives_the_same_bytes(press: TypstDossierPress, facts: DossierFacts) -> None:
    first = press.dossier(facts, [*some_parts(), BROKEN], LICENCE)
    assert press.dossier(facts, [*some_parts(), BROKEN], LICENCE) == first


def test_another_licence_gives_another_file_name_inside(press: TypstDossierPress, facts: DossierFacts) -> None:
    first, second = (read(press.dossier(facts, [], data)).trailer["/ID"] for data in (LICENCE, LICENCE + b"x"))
    assert first != second


def test_words_of_applicants_are_no_markup(press: TypstDossierPress) -> None:
    nasty = '#panic("x") *tebal* $1/0$ "\\'
    facts = DossierFacts("Berkas", (("Nama", nasty),), (("KTP", "ada", nasty),), ())
    text = read(press.dossier(facts, [], LICENCE)).pages[0].extract_text()
    assert '#panic("x")' in text.replace("“", '"').replace("”", '"')


def test_kinds_without_words_are_shown_as_they_are(press: TypstDossierPress) -> None:
    facts = DossierFacts("Berkas", (), (("KTP", "lainnya", ""),), (("02-03-2026 09:00:00", "new_kind", "new_stage"),))
    reader = read(press.dossier(facts, [], LICENCE))
    assert "lainnya" in reader.pages[1].extract_text()
    assert "new_kind" in reader.pages[2].extract_text()


def test_every_command_event_and_stage_of_the_office_has_words(press: TypstDossierPress) -> None:
    words: dict[str, Any] = press._words
    services = Path(services_of_the_office.__path__[0]).glob("*.py")
    recorded = {kind for path in services for kind in re.findall(r'record\(\s*session,\s*"(\w+)"', path.read_text())}
    of_no_case = {"definition_loaded"}
    assert {command.value for command in Command} | (recorded - of_no_case) <= set(words["kinds"])
    assert {stage.value for stage in Stage} == set(words["stages"])


@pytest.mark.skipif(which("qpdf") is None, reason="qpdf is not installed")
def test_an_outside_reader_finds_nothing_wrong(press: TypstDossierPress, facts: DossierFacts, tmp_path: Path) -> None:
    path = tmp_path / "berkas.pdf"
    path.write_bytes(press.dossier(facts, [*some_parts(), BROKEN], LICENCE))
    done = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
