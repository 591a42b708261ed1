"""Receipts: one page, every fact on it, and a code that a phone can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

import pypdfium2
import pytest
import segno
from PIL import Image
from pypdf import PdfReader

import templates
from models.catalogue import load_licence
from models.ports import ReceiptFacts, ReceiptSize
from workers.adapters.letter.qr import MASK
from workers.adapters.receipt import TypstReceiptPress

MM: Final = 72 / 25.4
FACTS: Final = ReceiptFacts(
    licence_name="Surat Izin Kerja Refraksionis Optisien",
    registration_number="REG/0001/SIKRO/2026",
    applicant="Rani Contoh, A.Md.RO",
    round=1,
    received_on=date(2026, 3, 2),
    received="Senin, 2 Maret 2026 pukul 09.00 WIB",
    promised="Rabu, 4 Maret 2026 pukul 09.00 WIB",
    items=(("Surat permohonan", 1), ("KTP", 1), ("Pas foto berwarna 4x6", 2)),
    follow_url="https://izin.example.go.id/lacak",
    qr_url="https://izin.example.go.id/lacak?nomor=REG%2F0001%2FSIKRO%2F2026",
    contact=(("Alamat", "Jalan Contoh 1"), ("Surel", "kantor@example.go.id")),
)
SIZES: Final[tuple[ReceiptSize, ...]] = ("a5", "80mm")


TEMPLATES: Final = Path(templates.__path__[0])


@pytest.fixture(scope="module")
def press() -> TypstReceiptPress:
    return TypstReceiptPress(TEMPLATES)


def words(pdf: bytes) -> str:
    return " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())


@pytest.mark.parametrize("size", SIZES)
def test_every_fact_stands_on_it(press: TypstReceiptPress, size: ReceiptSize) -> None:
    text = words(press.receipt(FACTS, size))
    facts = (
        *(FACTS.licence_name, FACTS.registration_number, FACTS.applicant, FACTS.received, FACTS.promised),
        *(FACTS.follow_url, "Surat permohonan", "Pas foto berwarna 4x6", "2 file", "kantor@example.go.id"),
    )
    assert [fact for fact in facts if fact not in text] == []
    assert "Tanda Terima Berkas" in text


@pytest.mark.parametrize(("size", "width"), [("a5", 148), ("80mm", 80)])
def test_it_is_one_page_of_the_printers_width(press: TypstReceiptPress, size: ReceiptSize, width: int) -> None:
    (page,) = PdfReader(BytesIO(press.receipt(FACTS, size))).pages
    assert float(page.mediabox.width) == pytest.approx(width * MM, abs=0.1)


def test_the_strip_is_as_long_as_its_list(press: TypstReceiptPress) -> None:
    longer = replace(FACTS, items=tuple((f"Persyaratan {n}", 1) for n in range(12)))
    short, long = (
        float(PdfReader(BytesIO(press.receipt(facts, "80mm"))).pages[0].mediabox.height) for facts in (FACTS, longer)
    )
    assert long > short


def test_every_requirement_of_the_shipped_licence_fits_one_a5_page(press: TypstReceiptPress) -> None:
    sop = load_licence(TEMPLATES / "licences" / "sikro").sop
    full = replace(FACTS, items=tuple((requirement.label, 1) for requirement in sop.requirements))
    assert len(PdfReader(BytesIO(press.receipt(full, "a5"))).pages) == 1


def test_a_list_too_long_for_a5_goes_on_overleaf(press: TypstReceiptPress) -> None:
    long = replace(FACTS, items=tuple((f"Persyaratan {n}", 1) for n in range(60)))
    pages = PdfReader(BytesIO(press.receipt(long, "a5"))).pages
    assert len(pages) > 1
    assert FACTS.follow_url in pages[-1].extract_text()


def test_the_receipt_of_a_correction_says_so(press: TypstReceiptPress) -> None:
    assert "Tanda Terima Perbaikan Berkas" in words(press.receipt(replace(FACTS, round=2), "a5"))


@pytest.mark.parametrize("size", SIZES)
def test_the_same_facts_give_the_same_bytes(press: TypstReceiptPress, size: ReceiptSize) -> None:
    assert press.receipt(FACTS, size) == press.receipt(FACTS, size)


@pytest.mark.parametrize("size", SIZES)
def test_words_are_no_markup(press: TypstReceiptPress, size: ReceiptSize) -> None:
    text = words(press.receipt(replace(FACTS, applicant="#panic() *Rani* $x$ \\ <b>"), size))
    assert "#panic() *Rani* $x$ \\ <b>" in text


@pytest.mark.parametrize("size", SIZES)
def test_the_printed_code_is_the_address(press: TypstReceiptPress, size: ReceiptSize) -> None:
    expected = [
        list(map(bool, row)) for row in segno.make_qr(FACTS.qr_url, error="m", boost_error=False, mask=MASK).matrix
    ]
    assert printed_code(press.receipt(FACTS, size), len(expected)) == expected


def test_another_number_is_another_code(press: TypstReceiptPress) -> None:
    other = replace(FACTS, qr_url=FACTS.qr_url.replace("0001", "0002"))
    side = len(segno.make_qr(FACTS.qr_url, error="m", boost_error=False, mask=MASK).matrix)
    assert printed_code(press.receipt(other, "a5"), side) != printed_code(press.receipt(FACTS, "a5"), side)


def printed_code(pdf: bytes, side: int) -> list[list[bool]]:
    """The modules of the code as they lie on the rendered page, row by row."""
    page = rendered(pdf)
    for top in range(page.height):
        for left, module in upper_edges(dark_runs(page, top), side):
            code = sampled(page, left, top, module, side)
            if code and has_corners(code):
                return code
    raise AssertionError("there is no code on this page")


def rendered(pdf: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        drawn: Image.Image = document[0].render(scale=6).to_pil()
        return drawn.convert("L")
    finally:
        document.close()


def upper_edges(runs: list[tuple[int, int]], side: int) -> Iterator[tuple[int, float]]:
    """Left end and module size, in pixels, of what may be a code's first row: two runs of seven modules at its ends."""
    for left, end in runs:
        for other, right in runs:
            module = (right - left) / side
            if other > end and module > 4 and abs(end - left - 7 * module) < 3 and abs(right - other - 7 * module) < 3:
                yield left, module


def sampled(page: Image.Image, left: int, top: int, module: float, side: int) -> list[list[bool]]:
    centres = [(n + 0.5) * module for n in range(side)]
    if top + centres[-1] >= page.height:
        return []
    return [[page.getpixel((int(left + x), int(top + y))) < 128 for x in centres] for y in centres]  # type: ignore[operator]


def has_corners(code: list[list[bool]]) -> bool:
    """Whether the three finder patterns stand where they must."""
    corner = [[max(abs(x - 3), abs(y - 3)) != 2 for x in range(7)] for y in range(7)]
    return all(
        [row[x : x + 7] for row in code[y : y + 7]] == corner
        for x, y in ((0, 0), (len(code) - 7, 0), (0, len(code) - 7))
    )


def dark_runs(page: Image.Image, y: int) -> list[tuple[int, int]]:
    row = page.crop((0, y, page.width, y + 1)).tobytes()
    edges = [x for x in range(1, len(row)) if (row[x] < 128) != (row[x - 1] < 128)]
    return list(zip(edges[0::2], edges[1::2], strict=False))
