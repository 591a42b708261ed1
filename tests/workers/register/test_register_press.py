"""The book as it leaves the press: every line, heads on every page, void ones struck through, the same bytes twice."""

from __future__ import annotations

import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

import templates
from models.ports import RegisterBookFacts
from models.services.register_book import HEADS
from workers.adapters.register_press import TypstRegisterPress

TEMPLATES = Path(templates.__path__[0])


@pytest.fixture(scope="module")
def press() -> TypstRegisterPress:
    return TypstRegisterPress(TEMPLATES)


def facts(count: int) -> RegisterBookFacts:
    lines = tuple(
        tuple((f"{head} {seq}", "" if column else "kedua") for column, head in enumerate(HEADS))
        for seq in range(1, count + 1)
    )
    void = tuple(seq % 7 == 0 for seq in range(1, count + 1))
    return RegisterBookFacts(
        2026, 3, date(2026, 11, 25), "Rabu, 25 November 2026", HEADS, lines, void, "Jilid ini penuh."
    )


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_every_line_is_there_and_every_page_says_which(press: TypstRegisterPress) -> None:
    pages = texts(press.book(facts(120)))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"Halaman {number} dari {len(pages)}" in page
        assert "Keterangan" in page, "the heads are repeated"
    whole = "\n".join(pages)
    assert all(f"Pemohon {seq}" in whole for seq in range(1, 121))
    assert "JILID 3" in whole
    assert "Jilid ini penuh." in whole


def test_the_same_facts_give_the_same_bytes(press: TypstRegisterPress) -> None:
    assert press.book(facts(9)) == press.book(facts(9))


def test_a_year_without_numbers_is_a_page_all_the_same(press: TypstRegisterPress) -> None:
    assert len(texts(press.book(facts(0)))) == 1


def test_what_people_typed_is_no_markup(press: TypstRegisterPress) -> None:
    odd = (("#panic()", "*tebal* $x$ <label> @ref"),) * len(HEADS)
    made = press.book(RegisterBookFacts(2026, 1, date(2026, 1, 2), "Jumat", HEADS, (odd,), (True,), "-"))
    assert "#panic()" in texts(made)[0]


def test_the_book_is_archivable_and_whole(press: TypstRegisterPress, tmp_path: Path) -> None:
    file = tmp_path / "book.pdf"
    file.write_bytes(press.book(facts(30)))
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert b"pdfaid" in file.read_bytes()
