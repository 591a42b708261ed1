"""The largest honest files fit into the cage: phones' pictures and scans at 600 dpi."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from tests.workers.cage.makers import codes, document, encoded, one_page, raw_stream, with_camera_data
from workers.adapters.cage.client import Cage
from workers.adapters.scanner import CageScanner


def large(width: int, height: int) -> Image.Image:
    picture = Image.new("RGB", (width, height), "white")
    picture.paste(document(2000, 2000), (100, 100))
    return picture


def raw_scan(width: int, height: int) -> bytes:
    """An uncompressed colour scan, merely deflated."""
    entries = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode"
    shape = b"/Width %d/Height %d" % (width, height)
    data = zlib.compress(large(width, height).tobytes(), 1)
    page = b"/Resources<</XObject<</I 5 0 R>>>>"
    return one_page(raw_stream(b"q 595 0 0 842 0 0 cm /I Do Q"), page, o5=raw_stream(data, entries + shape))


LARGEST: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg-108-megapixels": (lambda: encoded(large(12_000, 9_000), "JPEG"), "accept"),
    "jpeg-48-megapixels-lying": (lambda: encoded(large(8_000, 6_000), "JPEG", exif=with_camera_data(6)), "convert"),
    "heic-24-megapixels": (lambda: _heic(large(5_712, 4_284)), "convert"),
    "webp-25-megapixels": (lambda: encoded(large(6_000, 4_200), "WEBP", quality=50, method=0), "convert"),
    "png-40-megapixels": (lambda: encoded(large(8_000, 5_000), "PNG", compress_level=1), "accept"),
    "png-see-through": (lambda: encoded(large(8_000, 5_000).convert("RGBA"), "PNG", compress_level=1), "convert"),
    "fax-a4-600-dpi": (lambda: encoded(large(4_960, 7_016).convert("1"), "TIFF", compression="group4"), "convert"),
    "scan-a4-600-dpi-raw": (lambda: raw_scan(4_960, 7_016), "accept"),
}


def _heic(picture: Image.Image) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return encoded(picture, "HEIF", quality=40, enc_params={"preset": "ultrafast"})


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_honest_files_pass(name: str, scanner: CageScanner, cage: Cage) -> None:
    make, answer = LARGEST[name]
    found = scanner.inspect(make(), "", "document")
    assert found.answer == answer, found.findings
    assert codes(found.findings) <= {"converted", "reduced", "turned-upright", "alpha-flattened"}
    assert cage.last_usage.max_rss_kib <= 512 * 1024


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_beyond_that_a_sentence_says_what_to_do(form: str, scanner: CageScanner) -> None:
    size = {"WEBP": (6_000, 5_000), "PNG": (9_000, 5_000)}[form]
    found = scanner.inspect(encoded(Image.new("L", size, 200), form), "", "document")
    assert codes(found.findings) == {"picture-too-large"}
    assert "300 dpi" in found.findings[0].message
