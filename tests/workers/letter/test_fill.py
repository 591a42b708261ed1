"""Number, date, validity and QR in one incremental update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest

from models.rules.errors import PermanentFailure
from models.rules.typed_code import code_of, grouped
from ops.letter import URL, Letter, SampleOffice
from workers.adapters.letter.lint import shown_text


def values(pdf: bytes) -> dict[str, str]:
    with pikepdf.open(BytesIO(pdf)) as document:
        fields = document.Root.AcroForm.Fields
        return {str(field.T): str(field.V) for field in fields if str(field.FT) == "/Tx" and "/V" in field}


def shown(pdf: bytes, name: str) -> str:
    with pikepdf.open(BytesIO(pdf)) as document:
        (field,) = [one for one in document.Root.AcroForm.Fields if str(one.T) == name]
        return shown_text(field.AP.N)


def test_values_are_what_they_must_be(letter: Letter) -> None:
    filled = values(letter.licence)
    assert filled["nomor"] == "503/0001/DPMPTSP/SIKRO/2026"
    assert filled["tanggal"] == "18 Maret 2026"
    assert filled["berlaku"] == "18 Maret 2031"
    assert filled["kode"] == grouped(code_of("c2FtcGxlLXRva2VuLTEyOA"))
    assert filled["qr"].startswith(f"{URL}/v/c2FtcGxlLXRva2VuLTEyOA#")


def test_number_and_date_can_be_read(outside: Callable[..., str], letter: Letter) -> None:
    text = outside("pdftotext", letter.licence, "-layout", after=("-",))
    assert "503/0001/DPMPTSP/SIKRO/2026" in text
    assert "18 Maret 2026" in text
    assert grouped(code_of(letter.late.token)) in text


def test_filling_twice_gives_the_same_bytes(office: SampleOffice, letter: Letter, stages: dict[str, bytes]) -> None:
    assert office.press.fill(stages["signed"], letter.late) == stages["filled"]


def test_it_is_one_update_that_leaves_the_metadata_alone(stages: dict[str, bytes]) -> None:
    added = stages["filled"][len(stages["signed"]) :]
    assert added.count(b"%%EOF") == 1
    assert b"NeedAppearances" not in added
    assert b"/Metadata" not in added
    assert b"FontFile" not in added


def test_a_lifelong_licence_says_so(office: SampleOffice, letter: Letter, stages: dict[str, bytes]) -> None:
    filled = office.press.fill(stages["signed"], replace(letter.late, valid_until=None))
    assert values(filled)["berlaku"] == "Seumur hidup"


def test_special_letters_in_a_number_are_shown_as_they_are(
    office: SampleOffice, letter: Letter, stages: dict[str, bytes]
) -> None:
    number = r"500.16.7/(054)-DPMPTSP\SIKRO é"
    filled = office.press.fill(stages["signed"], replace(letter.late, number=number))
    assert shown(filled, "nomor") == number
    assert values(filled)["nomor"] == number


def test_a_very_long_number_is_set_smaller(office: SampleOffice, letter: Letter, stages: dict[str, bytes]) -> None:
    filled = office.press.fill(stages["signed"], replace(letter.late, number="503/" + "9" * 90))
    with pikepdf.open(BytesIO(filled)) as document:
        (field,) = [one for one in document.Root.AcroForm.Fields if str(one.T) == "nomor"]
        sizes = [
            float(one.operands[1]) for one in pikepdf.parse_content_stream(field.AP.N) if str(one.operator) == "Tf"
        ]
    assert 0 < sizes[0] < 5


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"hello"])
def test_what_is_no_letter_can_not_be_filled(office: SampleOffice, letter: Letter, pdf: bytes) -> None:
    with pytest.raises(PermanentFailure, match="can not be filled"):
        office.press.fill(pdf, letter.late)
