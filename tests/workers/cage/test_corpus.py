"""Every real file of the sample corpus gets the answer that its manifest names."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from models.ports import Inspection
from workers.adapters.scanner import CageScanner

CORPUS = Path(os.environ.get("PARAF_SAMPLES") or Path(__file__).parents[4] / "shared" / "berkas-samples")
ANSWERS = {
    "accept": "accept",
    "accept with repair": "repair",
    "accept after conversion": "convert",
    "reject": "reject",
}
# The findings that the manifest's reasons and doubts ask for, file by file.
REASONS = {
    "a3-portrait.pdf": {"page-size"},
    "no-fonts-acrobat.pdf": {"fonts-missing"},
    "encrypted-open-wps-aes256.pdf": {"restrictions-dropped"},
    "encrypted-locked-rc4-user-password.pdf": {"encrypted"},
    "signed-adobesign.pdf": {"signed"},
    "xfa-static-dd0293.pdf": {"form-xfa-removed", "scripts-removed", "restrictions-dropped"},
    "form-js-field-scripts.pdf": {"scripts-removed"},
    "embedded-file-png-attached.pdf": {"attachments-removed"},
    "openaction-javascript.pdf": {"scripts-removed"},
    "broken-repair-nul-tail.pdf": {"rebuilt"},
    "broken-repair-log-before-header.pdf": {"rebuilt", "junk-cut"},
    "broken-lost-streams-damaged.pdf": {"content-lost"},
    "many-pages-101p.pdf": {"too-many-pages"},
    "huge-page-35000px.pdf": {"picture-too-large"},
    "bomb-jbig2.pdf": {"bomb"},
    "portfolio-ms-irm.pdf": {"protected"},
    "mislabelled-zero-bytes.pdf": {"empty"},
    "mislabelled-html-as.pdf": {"type-unknown"},
    "exif-orientation-2-portrait.jpg": {"turned-upright"},
    "exif-orientation-5-landscape.jpg": {"turned-upright"},
    "exif-orientation-6-portrait.jpg": {"turned-upright"},
    "png-16bit.png": {"depth-reduced"},
    "png-interlaced.png": {"alpha-flattened"},
    "image-truncated-png.png": {"picture-truncated"},
    "heic-iphone14-document.heic": {"converted"},
    "tiff-multi-g4-3p.tiff": {"converted"},
    "webp-document.webp": {"converted"},
    "bmp-photo.bmp": {"converted"},
    "gps-coolpix-street.jpg": {"location-removed"},
}


def rows() -> list[dict[str, str]]:
    manifest = CORPUS / "MANIFEST.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


ROWS = rows()


def by_name(name: str) -> bytes:
    path = CORPUS / name
    if not path.exists():
        pytest.skip("the sample corpus is not on this machine")
    return path.read_bytes()


def sound_clean_copy(found: Inspection) -> bool:
    """The clean copy opens, has the pages, and carries neither scripts, files, passwords nor camera data."""
    assert found.clean is not None
    if found.clean_media_type == "application/pdf":
        with pikepdf.open(io.BytesIO(found.clean)) as pdf:
            return len(pdf.pages) == found.pages and not pdf.is_encrypted and not pdf.get_warnings()
    with Image.open(io.BytesIO(found.clean)) as picture:
        picture.load()
        return not picture.getexif() and picture.mode in {"L", "RGB", "P", "1"}


@pytest.mark.skipif(not ROWS, reason="the sample corpus is not on this machine")
def test_the_corpus_is_whole() -> None:
    assert len(ROWS) >= 39
    assert REASONS.keys() <= {row["file"] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_answers_as_the_manifest_says(row: dict[str, str], scanner: CageScanner) -> None:
    found = scanner.inspect((CORPUS / row["file"]).read_bytes(), row["file"], "document")
    assert found.answer == ANSWERS[row["expected answer"].split(":")[0]], found.findings
    assert REASONS.get(row["file"], set()) <= {f.code for f in found.findings}
    assert (found.clean is not None) == (found.answer in {"repair", "convert"})
    if found.answer == "reject":
        assert found.findings[0].grade == "reject"
        assert found.findings[0].message.endswith(".")
        return
    assert found.pages == int(row["pages"])
    assert found.clean is None or sound_clean_copy(found)


TABLE = Path(__file__).parents[3] / "docs" / "corpus.md"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_the_printed_table_is_true(row: dict[str, str], scanner: CageScanner) -> None:
    found = scanner.inspect((CORPUS / row["file"]).read_bytes(), row["file"], "document")
    said = " ".join(f.message for f in found.findings) or "-"
    printed = f"| `{row['file']}` | {row['expected answer']} | {found.answer} | {said} |"
    assert printed in TABLE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_cleaning_twice_gives_the_same_bytes(row: dict[str, str], scanner: CageScanner) -> None:
    data = (CORPUS / row["file"]).read_bytes()
    first = scanner.inspect(data, row["file"], "document")
    scanner.close()
    assert scanner.inspect(data, row["file"], "document") == first


def test_orientation_is_applied_to_the_pixels(scanner: CageScanner) -> None:
    """The corpus has one scene in several camera orientations: upright, they are 450 x 600 or 600 x 450."""
    for name, size in (
        ("exif-orientation-6-portrait.jpg", (450, 600)),
        ("exif-orientation-5-landscape.jpg", (600, 450)),
    ):
        found = scanner.inspect(by_name(name), name, "document")
        assert found.clean is not None
        with Image.open(io.BytesIO(found.clean)) as picture:
            assert picture.size == size


def test_a_place_is_gone_and_the_pixels_are_untouched(scanner: CageScanner) -> None:
    original = by_name("gps-coolpix-street.jpg")
    found = scanner.inspect(original, "gps-coolpix-street.jpg", "document")
    assert found.clean is not None
    with Image.open(io.BytesIO(original)) as before, Image.open(io.BytesIO(found.clean)) as after:
        assert before.getexif().get_ifd(0x8825)
        assert not after.getexif()
        assert before.tobytes() == after.tobytes()


def test_a_cleaned_form_still_shows_its_text(scanner: CageScanner) -> None:
    found = scanner.inspect(by_name("xfa-static-dd0293.pdf"), "xfa-static-dd0293.pdf", "document")
    assert found.clean is not None
    pages = range(1, found.pages + 1)
    texts = [scanner.look_at_page(found.clean, "application/pdf", page, [100]).text for page in pages]
    assert len(texts) == 4
    assert "INSTRUCTIONS" in "".join(texts).upper()
    for name in (b"/XFA", b"/JavaScript", b"/JS"):
        assert name not in found.clean
