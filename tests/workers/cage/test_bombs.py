"""Generated bombs: each ends in a sentence, within the cage's memory and time, and the next file is judged as ever."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from models.ports import Inspection
from tests.workers.cage.makers import (
    HEADER,
    MARKS,
    document,
    doubling_tree,
    encoded,
    jpeg_claiming,
    many_pages,
    nested_flate,
    new_pdf,
    one_page,
    png_claiming,
    raw_pdf,
    raw_stream,
    saved,
    webp_claiming,
    zip_of,
)
from workers.adapters.cage.client import Cage
from workers.adapters.inspect import kinds, sentences
from workers.adapters.scanner import CageScanner

HALF_GIB = 1 << 29


def flate_bomb(depth: int, size: int, entries: bytes = b"") -> bytes:
    data, filters = nested_flate(depth, size)
    return raw_stream(data, filters + entries)


def with_picture(stream: bytes) -> bytes:
    page = b"/Resources<</XObject<</Im0 5 0 R>>>>"
    return one_page(raw_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q"), page, o5=stream)


def picture_entries(width: int, height: int, more: bytes = b"") -> bytes:
    fixed = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8"
    return b"%s/Width %d/Height %d%s" % (fixed, width, height, more)


def circle() -> bytes:
    return raw_pdf({
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Pages/Kids[2 0 R]/Parent 2 0 R/Count 1>>",
    })  # fmt: skip


def object_stream_bomb() -> bytes:
    data, filters = nested_flate(2, HALF_GIB)
    return one_page(raw_stream(MARKS), o5=raw_stream(data, b"/Type/ObjStm/N 1/First 10" + filters))


def cross_reference_bomb() -> bytes:
    data, filters = nested_flate(2, HALF_GIB)
    body = raw_stream(data, b"/Type/XRef/Size 9/W[1 4 2]/Root 1 0 R" + filters)
    return HEADER + b"9 0 obj\n" + body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(HEADER)


def lzw_chain() -> bytes:
    data, _ = nested_flate(1, 64 << 20)
    return one_page(raw_stream(data, b"/Filter[/FlateDecode/RunLengthDecode/LZWDecode]"))


def deep_arrays(depth: int) -> bytes:
    return one_page(raw_stream(MARKS), b"/PieceInfo 5 0 R", o5=b"[" * depth + b"]" * depth)


def deep_forms(depth: int) -> bytes:
    """Form XObjects that each draw the next twice: 2 ** depth drawings."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
        4: raw_stream(b"/F Do /F Do"),
    }
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"
    for number in range(5, 5 + depth):
        below = b"/Resources<</XObject<</F %d 0 R>>>>" % (number + 1)
        objects[number] = raw_stream(b"/F Do /F Do", form + below)
    objects[5 + depth] = raw_stream(MARKS, form)
    return raw_pdf(objects)


def jbig2_picture(width: int, height: int) -> bytes:
    segment = b"\0\0\0\0" + b"\x30\0\1" + (19).to_bytes(4, "big")
    segment += width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(11)
    return raw_stream(segment, picture_entries(100, 100, b"/Filter/JBIG2Decode"))


def self_drawing_form() -> bytes:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F 5 0 R>>>>"
    page = b"/Resources<</XObject<</F 5 0 R>>>>"
    return one_page(raw_stream(b"/F Do"), page, o5=raw_stream(b"/F Do", form))


def inline_flood() -> bytes:
    return one_page(
        raw_stream(b"BI /W 60000 /H 60000 /CS /RGB /BPC 8 /F /Fl ID " + zlib.compress(bytes(9999)) + b" EI")
    )


def tiny_tiles() -> bytes:
    """A pattern whose tile is a ten-thousandth of a point wide, over the whole page."""
    entries = (
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .0001/YStep .0001/Resources<<>>"
    )
    page = b"/Resources<</Pattern<</P 5 0 R>>>>"
    drawing = b"/Pattern cs /P scn 0 0 595 842 re f"
    return one_page(raw_stream(drawing), page, o5=raw_stream(b"0 0 .5 .5 re f", entries))


def circling_sections() -> bytes:
    """The trailer names its own cross-reference table as the one before it."""
    data = one_page(raw_stream(MARKS))
    return data.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Prev %d>>" % data.rindex(b"xref\n0"))


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan stands there `count` times."""
    data = encoded(document(400, 400), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


ENDURED: dict[str, Callable[[], bytes]] = {
    "self-drawing-form": self_drawing_form,
    "inline-picture-flood": inline_flood,
    "tiny-tiles": tiny_tiles,
    "circling-sections": circling_sections,
    "a-million-operators": lambda: one_page(raw_stream(b"q " * 1_000_000 + MARKS)),
}

REFUSED: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "flate": (lambda: one_page(flate_bomb(1, 64 << 20)), {"bomb"}),
    "nested-flate": (lambda: one_page(flate_bomb(3, HALF_GIB)), {"bomb"}),
    "flate-many-filters": (lambda: one_page(flate_bomb(9, 1 << 20)), {"bomb"}),
    "flate-in-attachment": (
        lambda: one_page(raw_stream(MARKS), o5=flate_bomb(2, HALF_GIB, b"/Type/EmbeddedFile")),
        {"bomb"},
    ),
    "flate-picture": (lambda: with_picture(flate_bomb(1, 64 << 20, picture_entries(10, 10))), {"bomb"}),
    "lzw-chain": (lzw_chain, {"bomb", "content-lost", "stopped-memory", "stopped-crash"}),
    "object-stream": (object_stream_bomb, {"bomb", "damaged", "stopped-memory"}),
    "cross-reference-stream": (cross_reference_bomb, {"bomb", "damaged", "stopped-memory"}),
    "ten-thousand-pages": (lambda: many_pages(10_000), {"too-many-pages"}),
    "hundred-pages": (lambda: many_pages(100), {"too-many-pages"}),
    "circle": (circle, {"page-tree"}),
    "doubling-tree": (lambda: doubling_tree(30), {"page-tree"}),
    "no-pages": (lambda: many_pages(0), {"no-pages"}),
    "deep-arrays": (lambda: deep_arrays(100_000), {"content-lost"}),
    "deep-forms": (lambda: deep_forms(64), {"stopped-time", "stopped-crash", "stopped-memory", "blank"}),
    "gigapixel-raw": (
        lambda: with_picture(flate_bomb(1, 1 << 20, picture_entries(40_000, 40_000))),
        {"picture-too-large"},
    ),
    "gigapixel-fax": (
        lambda: with_picture(raw_stream(b"\0\1", picture_entries(60_000, 60_000, b"/Filter/CCITTFaxDecode"))),
        {"picture-too-large"},
    ),
    "gigapixel-jpeg-inside": (
        lambda: with_picture(raw_stream(jpeg_claiming(60_000, 60_000), picture_entries(80, 80, b"/Filter/DCTDecode"))),
        {"picture-too-large"},
    ),
    "jbig2-page": (lambda: with_picture(jbig2_picture(100_000, 100_000)), {"picture-too-large"}),
    "picture-filter-on-content": (lambda: one_page(raw_stream(b"\0" * 99, b"/Filter/JBIG2Decode")), {"bomb"}),
    "png-flood": (lambda: png_claiming(60_000, 60_000), {"picture-too-large"}),
    "png-most-allowed": (lambda: png_claiming(6_000, 6_000), {"picture-truncated", "blank"}),
    "jpeg-flood": (lambda: jpeg_claiming(60_000, 60_000), {"picture-too-large"}),
    "a-thousand-scans": (lambda: many_scans(1000), {"bomb"}),
    "a-thousand-scans-inside": (
        lambda: with_picture(raw_stream(many_scans(1000), picture_entries(80, 80, b"/Filter/DCTDecode"))),
        {"bomb"},
    ),
    "webp-flood": (lambda: webp_claiming(16_383, 16_383), {"picture-too-large", "picture-damaged"}),
}  # fmt: skip

PDF = saved(new_pdf())
TWO_NATURES: dict[str, bytes] = {
    "zip-after-pdf": PDF + zip_of(),
    "pdf-inside-zip-comment": zip_of()[:-2] + len(PDF).to_bytes(2, "little") + PDF,
    "jar-after-jpeg": encoded(document(), "JPEG") + zip_of("META-INF/MANIFEST.MF"),
    "jar-after-png": encoded(document(), "PNG") + zip_of("META-INF/MANIFEST.MF"),
    "html-before-pdf": b"<html><script>alert(1)</script>\n" + PDF,
    "html-after-pdf": PDF + b"<html><script>alert(1)</script></html>",
    "gif-before-pdf": b"GIF89a" + PDF,
    "program-before-pdf": b"MZ\x90\x00" + PDF,
    "jpeg-before-pdf": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + PDF,
    "pdf-inside-jpeg-comment": encoded(document(), "JPEG", comment=PDF),
}


def sound(found: Inspection, cage: Cage) -> None:
    """Refused with a plain sentence, within the limits."""
    assert found.answer == "reject"
    assert found.clean is None
    assert found.findings[0].grade == "reject"
    assert found.findings[0].message[0].isupper()
    assert found.findings[0].message.endswith(".")
    assert cage.last_usage.max_rss_kib <= 512 * 1024
    assert cage.last_usage.cpu_seconds <= 20


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused(name: str, scanner: CageScanner, cage: Cage) -> None:
    make, expected = REFUSED[name]
    found = scanner.inspect(make(), "surat.pdf", "document")
    sound(found, cage)
    assert found.findings[0].code in expected


@pytest.mark.parametrize("name", ENDURED)
def test_what_only_wastes_time_gets_some_answer(name: str, scanner: CageScanner, cage: Cage) -> None:
    """Whether it is let in or not: an answer within the limits, and a sentence when it is not."""
    found = scanner.inspect(ENDURED[name](), "surat", "document")
    assert cage.last_usage.max_rss_kib <= 512 * 1024
    assert cage.last_usage.cpu_seconds <= 20
    if found.answer == "reject":
        sound(found, cage)
    else:
        assert found.pages == 1


@pytest.mark.parametrize("name", TWO_NATURES)
def test_a_file_of_two_natures_is_refused(name: str, scanner: CageScanner, cage: Cage) -> None:
    found = scanner.inspect(TWO_NATURES[name], "surat.pdf", "document")
    sound(found, cage)
    assert found.findings[0].code in {"polyglot", "type-unknown"}
    if TWO_NATURES[name].startswith((b"%PDF", b"\xff\xd8", b"\x89PNG")):
        assert found.findings[0].code == "polyglot"


def test_an_archive_in_a_jar_of_a_gif_is_no_picture_taken(scanner: CageScanner) -> None:
    gifar = encoded(document(80, 80), "GIF") + zip_of("META-INF/MANIFEST.MF")
    found = scanner.inspect(gifar, "foto.gif", "document")
    assert [f.code for f in found.findings] == ["type-unknown"]
    assert "GIF" in found.findings[0].message


def test_a_bomb_leaves_the_next_file_alone(scanner: CageScanner, cage: Cage) -> None:
    before = scanner.inspect(PDF, "surat.pdf", "document")
    server = cage.server_pid
    scanner.inspect(one_page(flate_bomb(3, HALF_GIB)), "bom.pdf", "document")
    assert scanner.inspect(PDF, "surat.pdf", "document") == before
    assert before.answer == "accept"
    assert cage.server_pid == server


def test_every_sentence_of_a_refusal_says_how_to_mend_it() -> None:
    """More than one sentence, or one that names the act; nothing in English, no trace of the machinery."""
    for text in sentences.REJECT.values():
        assert any(word in text for word in ("unggah", "Unggah", "Minta", "Simpan"))
        assert not any(word in text.lower() for word in ("error", "exception", "parser", "stream"))
    assert kinds.SPOKEN.keys() >= {kinds.PDF, kinds.JPEG}
