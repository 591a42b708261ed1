"""The two ports over the cage: inspection, page images, page texts."""

from __future__ import annotations

import io
import tempfile

import pikepdf
import pytest
from PIL import Image

from models.ports import PageReader, Scanner
from models.rules.errors import PermanentFailure, TemporaryFailure
from tests.workers.cage.makers import (
    MARKS,
    document,
    encoded,
    for_a_certificate,
    jpeg_claiming,
    many_pages,
    new_pdf,
    saved,
)
from workers.adapters.cage.client import Cage
from workers.adapters.cage.limits import Limits
from workers.adapters.inspect.pdf_scan import scan_tone
from workers.adapters.scanner import CageScanner


def test_it_is_both_ports(scanner: CageScanner) -> None:
    judge: Scanner = scanner
    reader: PageReader = scanner
    data = saved(new_pdf([MARKS, MARKS]))
    assert judge.inspect(data, "surat.pdf", "document").pages == 2
    assert [reader.look_at_page(data, "application/pdf", page, [50]).text.strip() for page in (1, 2)] == [
        "Surat keterangan"
    ] * 2


def test_an_unknown_profile_is_our_own_mistake(scanner: CageScanner) -> None:
    with pytest.raises(ValueError, match="no such profile"):
        scanner.inspect(b"", "a.pdf", "selfie")


@pytest.mark.parametrize("reason", ["time", "memory"])
def test_a_stopped_file_is_refused_with_a_sentence(reason: str) -> None:
    limits = Limits(wall_seconds=0.0) if reason == "time" else Limits(memory_bytes=200 << 20)
    scanner = CageScanner(Cage(limits))
    data = encoded(Image.new("RGB", (6_000, 5_000)), "PNG", compress_level=1)
    found = scanner.inspect(data, "a.png", "document")
    assert found.answer == "reject"
    assert [f.code for f in found.findings] == [f"stopped-{reason}"]
    assert "unggah lagi" in found.findings[0].message
    scanner.close()


def test_a_lock_is_tried_without_the_file_in_this_process(scanner: CageScanner) -> None:
    both = pikepdf.Encryption(user="rahasia", owner="pemilik", R=6)
    open_to_all = pikepdf.Encryption(user="", owner="pemilik", R=6)
    with tempfile.TemporaryFile() as file:
        file.write(saved(new_pdf(), encryption=both))
        assert scanner.why_locked(file).startswith("PDF ini terkunci dengan kata sandi.")
        file.seek(0)
        file.write(saved(new_pdf(), encryption=open_to_all))
        assert scanner.why_locked(file) == ""
    assert scanner.why_locked(io.BytesIO(b"%PDF-1.7 /Encrypt")) == ""
    assert "pembatasan hak" in scanner.why_locked(io.BytesIO(for_a_certificate()))


def test_no_cage_is_a_temporary_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(TemporaryFailure, match="cage"):
        CageScanner().inspect(b"%PDF-1.7", "a.pdf", "document")


@pytest.mark.parametrize("widths", [(1,), (200, 1), (1200, 600)])
def test_a_page_is_drawn_as_wide_as_asked(scanner: CageScanner, widths: tuple[int, ...]) -> None:
    drawn = scanner.look_at_page(saved(new_pdf([b"", MARKS])), "application/pdf", 2, widths)
    assert len(drawn.pictures) == len(widths)
    for data, width in zip(drawn.pictures, widths, strict=True):
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.format == "JPEG"
            assert abs(picture.width - width) <= 1


def test_a_picture_is_its_own_page(scanner: CageScanner) -> None:
    drawn = scanner.look_at_page(encoded(document(900, 1200), "PNG"), "image/png", 1, (300, 150))
    assert [Image.open(io.BytesIO(data)).size for data in drawn.pictures] == [(300, 400), (150, 200)]
    assert drawn.text == ""


def test_a_picture_is_never_blown_up(scanner: CageScanner) -> None:
    drawn = scanner.look_at_page(encoded(document(90, 120), "PNG"), "image/png", 1, (300, 150))
    assert [Image.open(io.BytesIO(data)).size for data in drawn.pictures] == [(90, 120), (90, 120)]


@pytest.mark.parametrize(
    ("data", "media_type", "page", "width"),
    [
        (many_pages(2), "application/pdf", 3, 100),
        (many_pages(2), "application/pdf", 0, 100),
        (many_pages(2), "application/pdf", 1, 100_000),
        (b"nothing", "application/pdf", 1, 100),
        (b"nothing", "image/jpeg", 1, 100),
        (jpeg_claiming(60_000, 60_000), "image/jpeg", 1, 100),
    ],
)
def test_what_can_not_be_drawn_is_a_permanent_failure(
    scanner: CageScanner, data: bytes, media_type: str, page: int, width: int
) -> None:
    with pytest.raises(PermanentFailure):
        scanner.look_at_page(data, media_type, page, [width])


@pytest.mark.parametrize("widths", [[], [100, 200]])
def test_the_widest_comes_first(scanner: CageScanner, widths: list[int]) -> None:
    with pytest.raises(PermanentFailure):
        scanner.look_at_page(many_pages(2), "application/pdf", 1, widths)


def test_the_short_cut_for_scans_takes_scans_only() -> None:
    """One JPEG over the page; everything else is drawn."""
    from workers.adapters.inspect.convert import add_page

    with new_pdf([MARKS]) as pdf:
        for picture in (document(), document().convert("L"), document().convert("1")):
            add_page(pdf, picture)
        tones = [scan_tone(page) for page in pdf.pages]
        assert [tone is not None for tone in tones] == [False, True, True, False]
        pdf.pages[1].obj.Contents = pdf.make_stream(b"q 10 0 0 10 0 0 cm /Im0 Do Q")
        assert scan_tone(pdf.pages[1]) is None
        content = pdf.pages[2].obj.Contents.read_bytes()
        pdf.pages[2].obj.Contents = pdf.make_stream(content + b" 0 0 99 99 re f")
        assert scan_tone(pdf.pages[2]) is None
