"""Office prints carry KONSEP; the blanko itself never does."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf

from ops.letter import Letter
from workers.adapters.letter.concept import KonsepPress, concept_print


def test_the_print_carries_the_watermark(letter: Letter) -> None:
    with pikepdf.open(BytesIO(concept_print(letter.blanko))) as pdf:
        shown = [
            bytes(one.operands[0]) for one in pikepdf.parse_content_stream(pdf.pages[0]) if str(one.operator) == "Tj"
        ]
    assert b"KONSEP" in shown


def test_the_letter_s_words_stay(outside: Callable[..., str], letter: Letter) -> None:
    text = outside("pdftotext", concept_print(letter.blanko), "-layout", after=("-",))
    assert "Melati Anggraini Siregar" in text


def painted(pdf: bytes) -> list[bytes]:
    """The text that pages and fields paint, turned or not: pdftotext passes over what is turned."""
    with pikepdf.open(BytesIO(pdf)) as document:
        fields = document.Root.AcroForm.Fields if "/AcroForm" in document.Root else ()
        streams = [*(page.obj for page in document.pages), *(field.AP.N for field in fields)]
        shown = [one for stream in streams for one in pikepdf.parse_content_stream(stream) if str(one.operator) == "Tj"]
        return [bytes(one.operands[0]) for one in shown]


def test_no_stage_of_the_licence_carries_it(stages: dict[str, bytes], letter: Letter) -> None:
    assert b"KONSEP" in painted(concept_print(letter.blanko))
    for name, pdf in stages.items():
        assert not [text for text in painted(pdf) if b"KONSEP" in text], name
    # What Typst set is in letters of its own numbering: that nothing was put on the blanko's page later is seen here.
    with pikepdf.open(BytesIO(letter.blanko)) as blanko, pikepdf.open(BytesIO(letter.licence)) as licence:
        assert [page.Contents.read_bytes() for page in blanko.pages] == [
            page.Contents.read_bytes() for page in licence.pages
        ]


def test_a_print_can_not_be_signed(letter: Letter) -> None:
    with pikepdf.open(BytesIO(concept_print(letter.blanko))) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert "/Annots" not in pdf.pages[0].obj or len(pdf.pages[0].obj.Annots) == 0


def test_parafs_are_shown_on_later_prints(outside: Callable[..., str], stages: dict[str, bytes]) -> None:
    text = outside("pdftotext", concept_print(stages["paraf2"]), "-layout", after=("-",))
    assert "RW" in text
    assert "BP" in text


def test_the_result_is_sound(outside: Callable[..., str], letter: Letter) -> None:
    assert "No syntax or stream encoding errors" in outside("qpdf", concept_print(letter.blanko), "--check")


def test_a_reprint_says_which_one_it_is(outside: Callable[..., str], letter: Letter) -> None:
    first, third = (outside("pdftotext", KonsepPress().concept(letter.blanko, copy), after=("-",)) for copy in (1, 3))
    assert "CETAK ULANG" not in first
    assert "CETAK ULANG KE-2" in third
