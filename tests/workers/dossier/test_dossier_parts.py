"""One document as pages: nothing decoded without need, sizes kept sane, no file that stops the whole."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from models.ports import DossierPart
from tests.workers.dossier.conftest import letter, picture
from workers.adapters.dossier_parts import A4, is_signed, pages_of

POINTS_PER_MM = 72 / 25.4


def jpeg_part(data: bytes) -> DossierPart:
    return DossierPart("Foto", "image/jpeg", data)


def pages(data: bytes, media_type: str) -> list[tuple[float, float]]:
    made = pages_of(DossierPart("Dokumen", media_type, data))
    assert made is not None
    return [(float(page.mediabox.width), float(page.mediabox.height)) for page in PdfReader(BytesIO(made)).pages]


def embedded(data: bytes, media_type: str = "image/jpeg") -> Image.Image:
    """The picture on the page that `data` became."""
    made = pages_of(DossierPart("Dokumen", media_type, data))
    assert made is not None
    (found,) = PdfReader(BytesIO(made)).pages[0].images
    assert found.image is not None
    return found.image


def test_a_jpeg_goes_in_as_it_is() -> None:
    data = picture(640, 400)
    made = pages_of(jpeg_part(data))
    assert made is not None
    assert data in made


@pytest.mark.parametrize(("size", "expected"), [((400, 640), A4), ((640, 400), A4[::-1]), ((500, 500), A4)])
def test_a_picture_lies_on_a4_as_it_was_taken(size: tuple[int, int], expected: tuple[float, float]) -> None:
    assert pages(picture(*size), "image/jpeg") == [pytest.approx(expected, abs=0.01)]


def test_a_small_photo_is_not_blown_up() -> None:
    made = pages_of(jpeg_part(picture(472, 709)))
    assert made is not None
    drawing = PdfReader(BytesIO(made)).pages[0].get_contents()
    assert drawing is not None
    width = float(drawing.get_data().split()[1])
    assert width == pytest.approx(472 / 150 * 72, abs=0.01), "150 dpi, 80 mm instead of the whole page"


def test_a_picture_that_lies_on_its_side_is_turned_upright() -> None:
    turned = embedded(picture(640, 400, orientation=6))
    assert turned.size == (400, 640)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16"])
def test_every_kind_of_png_becomes_a_plain_picture(mode: str) -> None:
    shown = embedded(picture(60, 90, mode=mode, form="PNG"), "image/png")
    assert shown.mode in {"L", "RGB"}
    assert shown.size == (60, 90)


def test_what_was_see_through_is_white_on_paper() -> None:
    shown = embedded(picture(60, 90, mode="RGBA", form="PNG", colour=(255, 0, 0, 0)), "image/png").convert("RGB")
    assert min(shown.getpixel((59, 89))) > 250  # type: ignore[arg-type]


def test_colours_of_a_printing_press_are_converted() -> None:
    assert embedded(picture(60, 90, mode="CMYK")).mode == "RGB"


def test_a_large_scan_is_brought_to_300_dpi() -> None:
    shown = embedded(picture(3000, 5000, mode="L", form="PNG", colour=255), "image/png")
    assert max(shown.size) == 3508


def test_pages_of_a_pdf_stay_as_they_are() -> None:
    made = pages_of(DossierPart("Surat", "application/pdf", letter("Isi surat")))
    assert made is not None
    page = PdfReader(BytesIO(made)).pages[0]
    assert "Isi surat" in page.extract_text()
    assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4, abs=0.1)


def blank_pdf(*sizes: tuple[float, float], password: str | None = None) -> bytes:
    writer, out = PdfWriter(), BytesIO()
    for width, height in sizes:
        writer.add_blank_page(width, height)
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    writer.write(out)
    return out.getvalue()


def test_a_page_larger_than_a3_is_brought_to_a4() -> None:
    (found,) = pages(blank_pdf((4961, 7016)), "application/pdf")
    assert found == pytest.approx(A4, abs=2)


def test_an_a3_page_and_a_small_one_keep_their_size() -> None:
    assert pages(blank_pdf((842, 1191), (243, 153)), "application/pdf") == [(842, 1191), (243, 153)]


def test_an_empty_password_opens_and_another_does_not() -> None:
    assert pages(blank_pdf((595, 842), password=""), "application/pdf") == [(595, 842)]
    assert pages_of(DossierPart("Terkunci", "application/pdf", blank_pdf((595, 842), password="rahasia"))) is None


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("application/pdf", b""),
        ("application/pdf", b"%PDF-1.7\n%%EOF"),
        ("application/pdf", letter()[:400]),
        ("image/jpeg", b"\xff\xd8\xff"),
        ("image/png", picture(60, 90, form="PNG")[:60]),
        ("image/tiff", b"II*\x00"),
        ("application/zip", b"PK\x03\x04"),
        ("application/pdf", blank_pdf()),
    ],
)
def test_what_is_broken_or_strange_is_no_failure(media_type: str, data: bytes) -> None:
    assert pages_of(DossierPart("Rusak", media_type, data)) is None


def test_only_a_pdf_with_a_byte_range_counts_as_signed() -> None:
    assert is_signed(DossierPart("Surat", "application/pdf", b"%PDF /ByteRange [0 1 2 3]"))
    assert not is_signed(DossierPart("Surat", "application/pdf", letter()))
    assert not is_signed(DossierPart("Foto", "image/jpeg", b"/ByteRange"))
