"""The blanko: one page, all its words and fields, the same bytes for the same facts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from models.ports import LetterDefinition
from models.rules.errors import PermanentFailure
from models.rules.letter import LetterFacts, Workplace
from ops.letter import TEMPLATES, URL, Letter, Sample, SampleOffice, portrait
from workers.adapters.letter.press import TypstPress

LONG_NAME = (
    "Raden Ajeng Siti Nurhaliza Kusumawardhani Prawirodirdjo Hasibuan-Simanungkalit, A.Md.RO., S.Tr.Kes., M.K.M."
)
LONG_ADDRESS = (
    "Jalan Kenanga Raya Gang Melur Nomor 27, RT 03/RW 05, Kelurahan Sidomulyo Barat, Kecamatan Tuah Madani, " * 3
)

OTHER_LAYOUT = """
#let letter = json("/letter.json")
#set document(title: letter.title)
#set text(font: "TeX Gyre Bonum", lang: "id")
= #letter.title
#let field(name) = link("field:" + name + ";size=12;align=center", box(width: 40mm, height: 6mm))
#letter.words #field("nomor") #field("qr") #field("kepala") #field("segel")
"""
OTHER_WORDING: dict[str, object] = {
    "title": "IZIN LAIN",
    "words": "Untuk {{ holder.name }}",
    "rows": [],
    "signature": {"title": "{{ head.title }}", "lines": []},
    "descriptions": {"emblem": "-", "photo": "-", "paraf": "-", "nomor": "Nomor", "qr": "QR"},
}


def names(pdf: bytes) -> list[str]:
    with pikepdf.open(BytesIO(pdf)) as document:
        return [str(field.T) for field in document.Root.AcroForm.Fields]


def pages(pdf: bytes) -> int:
    with pikepdf.open(BytesIO(pdf)) as document:
        return len(document.pages)


def long_facts(facts: LetterFacts, times: int = 1) -> LetterFacts:
    holder = replace(facts.holder, name=LONG_NAME, address=LONG_ADDRESS * times)
    workplace = Workplace("PT Optik " + LONG_NAME, LONG_ADDRESS * times, 2)
    return replace(facts, holder=holder, workplace=workplace)


def test_the_same_facts_give_the_same_bytes(sample: Sample, office: SampleOffice, letter: Letter) -> None:
    another = TypstPress(TEMPLATES, URL, None)
    assert another.blanko(sample.definition, sample.facts, portrait()) == letter.blanko


def test_threads_do_not_mix_letters(sample: Sample, office: SampleOffice) -> None:
    people = [replace(sample.facts, holder=replace(sample.facts.holder, name=f"Orang {n}")) for n in range(6)]

    def blanko(facts: LetterFacts) -> bytes:
        return office.press.blanko(sample.definition, facts, None)

    alone = [blanko(facts) for facts in people]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(blanko, people)) == alone


def test_all_fields_are_there_and_empty(letter: Letter) -> None:
    wanted = ["paraf1", "paraf2", "paraf3", "kepala", "segel", "nomor", "tanggal", "berlaku", "qr", "kode"]
    assert names(letter.blanko) == wanted
    with pikepdf.open(BytesIO(letter.blanko)) as document:
        assert all("/V" not in field for field in document.Root.AcroForm.Fields)


def test_fields_lie_inside_the_page_and_apart(letter: Letter) -> None:
    with pikepdf.open(BytesIO(letter.blanko)) as document:
        boxes = [[float(n) for n in field.Rect.as_list()] for field in document.Root.AcroForm.Fields]
    for left, bottom, right, top in boxes:
        assert 40 < left < right < 560
        assert 20 < bottom < top < 800
    for index, one in enumerate(boxes):
        for two in boxes[index + 1 :]:
            assert one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]


@pytest.mark.parametrize(
    "words",
    [
        "PEMERINTAH KOTA PEKANBARU",
        "SURAT IZIN KERJA REFRAKSIONIS OPTISIEN (SIKRO)",
        "Melati Anggraini Siregar, A.Md.RO.",
        "SIKRO/2026/000123",
        "Optik Cahaya Netra",
        "Akmal Khairi, S.Th.I., M.H.",
        "NIP 19770417 200312 1 004",
        "Wali Kota Pekanbaru (sebagai laporan)",
        "ditandatangani secara elektronik",
        "JF Analis Kebijakan Ahli",
    ],
)
def test_the_words_can_be_read(outside: Callable[..., str], letter: Letter, words: str) -> None:
    assert words in outside("pdftotext", letter.blanko, "-layout", after=("-",))


def test_a_blanko_can_not_pass_for_a_licence(outside: Callable[..., str], letter: Letter) -> None:
    text = outside("pdftotext", letter.blanko, "-layout", after=("-",))
    assert letter.late.number not in text
    assert b"/v/" not in letter.blanko


def test_markup_in_data_stays_text(outside: Callable[..., str], sample: Sample, office: SampleOffice) -> None:
    nasty = '*Budi* _x_ #panic("y") $z$ = ] <label> @ref \\ //'
    facts = replace(sample.facts, holder=replace(sample.facts.holder, name=nasty))
    text = outside("pdftotext", office.press.blanko(sample.definition, facts, None), "-layout", after=("-",))
    assert nasty in text


def test_long_names_and_addresses_stay_on_one_page(sample: Sample, office: SampleOffice) -> None:
    blanko = office.press.blanko(sample.definition, long_facts(sample.facts), portrait())
    assert pages(blanko) == 1


def test_what_fits_on_no_page_is_refused(sample: Sample, office: SampleOffice) -> None:
    with pytest.raises(PermanentFailure, match="pages"):
        office.press.blanko(sample.definition, long_facts(sample.facts, 8), None)


def test_without_photo_the_box_says_so(outside: Callable[..., str], sample: Sample, office: SampleOffice) -> None:
    blanko = office.press.blanko(sample.definition, sample.facts, None)
    assert "Pas foto 4 × 6" in outside("pdftotext", blanko, "-layout", after=("-",))


def test_a_photo_that_is_no_image_is_refused(sample: Sample, office: SampleOffice) -> None:
    with pytest.raises(PermanentFailure, match="photo"):
        office.press.blanko(sample.definition, sample.facts, b"not an image")


def test_a_png_photo_is_taken(sample: Sample, office: SampleOffice) -> None:
    target = BytesIO()
    Image.new("RGBA", (300, 450), (200, 0, 0, 120)).save(target, "PNG")
    assert pages(office.press.blanko(sample.definition, sample.facts, target.getvalue())) == 1


def test_fewer_parafs_give_fewer_fields(sample: Sample, office: SampleOffice) -> None:
    definition = replace(sample.definition, paraf_count=0)
    assert "paraf1" not in names(office.press.blanko(definition, sample.facts, None))


def test_more_parafs_than_officials_are_refused(sample: Sample, office: SampleOffice) -> None:
    with pytest.raises(PermanentFailure, match="4 parafs"):
        office.press.blanko(replace(sample.definition, paraf_count=4), sample.facts, None)


def test_a_late_field_that_the_layout_lacks_is_refused(sample: Sample, office: SampleOffice) -> None:
    definition = replace(sample.definition, late_fields=("nomor", "tanggal", "berlaku", "qr", "meterai"))
    with pytest.raises(PermanentFailure, match="meterai"):
        office.press.blanko(definition, sample.facts, None)


def test_a_field_that_the_definition_lacks_is_refused(sample: Sample, office: SampleOffice) -> None:
    definition = replace(sample.definition, late_fields=("nomor", "tanggal", "qr"))
    with pytest.raises(PermanentFailure, match="berlaku"):
        office.press.blanko(definition, sample.facts, None)


def test_another_licence_needs_no_code(sample: Sample, office: SampleOffice) -> None:
    other = LetterDefinition("lain", OTHER_WORDING, OTHER_LAYOUT, 0, ("nomor", "qr"))
    assert names(office.press.blanko(other, sample.facts, None)) == ["kepala", "segel", "nomor", "qr"]


@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        (OTHER_LAYOUT.replace('#field("qr")', '#field("qr") #field("qr")'), "twice"),
        (OTHER_LAYOUT.replace("box(width: 40mm, height: 6mm)", "[isi]"), "empty box"),
        (OTHER_LAYOUT + "\n#let x = ", "Typst refuses"),
        (OTHER_LAYOUT + '\n#read("/etc/hostname")', "Typst refuses"),
    ],
)
def test_a_wrong_layout_is_refused(sample: Sample, office: SampleOffice, layout: str, reason: str) -> None:
    other = LetterDefinition("lain", OTHER_WORDING, layout, 0, ("nomor", "qr"))
    with pytest.raises(PermanentFailure, match=reason):
        office.press.blanko(other, sample.facts, None)


def test_the_file_is_dated_by_the_application(letter: Letter) -> None:
    with pikepdf.open(BytesIO(letter.blanko)) as document:
        assert str(document.docinfo["/CreationDate"]).startswith("D:20260315170000")


def test_a_press_without_key_only_makes_blankos(letter: Letter, stages: dict[str, bytes]) -> None:
    press = TypstPress(TEMPLATES, URL, None)
    with pytest.raises(PermanentFailure, match="holds no QR key"):
        press.fill(stages["signed"], letter.late)


def test_an_str_with_an_end_shows_it(outside: Callable[..., str], sample: Sample, office: SampleOffice) -> None:
    facts = replace(sample.facts, str_valid_until=date(2029, 2, 28))
    text = outside("pdftotext", office.press.blanko(sample.definition, facts, None), "-layout", after=("-",))
    assert "28 Februari 2029" in text


def test_an_address_on_several_lines_becomes_one(
    outside: Callable[..., str], sample: Sample, office: SampleOffice
) -> None:
    holder = replace(sample.facts.holder, address="Jalan Satu\r\n\tRT 01\u200b /\x00 RW 02")
    blanko = office.press.blanko(sample.definition, replace(sample.facts, holder=holder), None)
    assert "Jalan Satu RT 01 / RW 02" in outside("pdftotext", blanko, "-layout", after=("-",))


@pytest.mark.parametrize("name", ["李小龍", "محمد", "Budi \U0001f600"])
def test_letters_that_no_font_of_ours_has_are_refused(sample: Sample, office: SampleOffice, name: str) -> None:
    facts = replace(sample.facts, holder=replace(sample.facts.holder, name=name))
    with pytest.raises(PermanentFailure, match="Typst refuses"):
        office.press.blanko(sample.definition, facts, None)


@pytest.mark.parametrize("name", ["Nguyễn Thị Hường", "Zoë Ångström-Ñuñez", "D'Angelo “Budi” Şen"])
def test_names_of_other_countries_are_set(
    outside: Callable[..., str], sample: Sample, office: SampleOffice, name: str
) -> None:
    facts = replace(sample.facts, holder=replace(sample.facts.holder, name=name))
    text = outside("pdftotext", office.press.blanko(sample.definition, facts, None), "-layout", after=("-",))
    assert name in text


def test_a_cleaned_temporary_folder_does_no_harm(sample: Sample, letter: Letter) -> None:
    press = TypstPress(TEMPLATES, URL, None)
    shutil.rmtree(press._typesetter._root)
    assert press.blanko(sample.definition, sample.facts, portrait()) == letter.blanko


def test_no_personal_data_stays_behind(sample: Sample, office: SampleOffice) -> None:
    office.press.blanko(sample.definition, sample.facts, portrait())
    assert [path.name for path in office.press._typesetter._root.iterdir()] == ["emblem.svg"]
