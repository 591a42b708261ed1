"""What the bytes really are: magic numbers, names, and files that are two things at once."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from workers.adapters.inspect.report import Refused, Report

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
HEIC: Final = "image/heic"
TIFF: Final = "image/tiff"
BMP: Final = "image/bmp"

SPOKEN: Final = {PDF: "PDF", JPEG: "JPEG", PNG: "PNG", WEBP: "WebP", HEIC: "HEIC", TIFF: "TIFF", BMP: "BMP"}
_SUFFIXES: Final = {
    "pdf": PDF, "jpg": JPEG, "jpeg": JPEG, "jpe": JPEG, "jfif": JPEG, "png": PNG, "webp": WEBP, "heic": HEIC,
    "heif": HEIC, "hif": HEIC, "tif": TIFF, "tiff": TIFF, "bmp": BMP, "dib": BMP,
}  # fmt: skip

HEAD: Final = 1024
_ZIP_TAIL: Final = 66_000
_HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_PICTURES: Final = (
    (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"II*\x00", TIFF), (b"MM\x00*", TIFF),
)  # fmt: skip
_OTHERS: Final = (
    (b"PK\x03\x04", "arsip ZIP atau dokumen Office"), (b"PK\x05\x06", "arsip ZIP"), (b"GIF8", "gambar GIF"),
    (b"MZ", "program Windows"), (b"\x7fELF", "program"), (b"Rar!", "arsip RAR"), (b"7z\xbc\xaf", "arsip 7-Zip"),
    (b"\x1f\x8b", "arsip gzip"), (b"\xd0\xcf\x11\xe0", "dokumen Office lama"), (b"{\\rtf", "dokumen RTF"),
    (b"%!PS", "PostScript"), (b"\xca\xfe\xba\xbe", "program"), (b"#!", "skrip"),
)  # fmt: skip
_MARKUP: Final = re.compile(rb"<\s*(?:!doctype\s+html|html|script|body|iframe|svg|\?php|head)\b|<\?php", re.IGNORECASE)


def _picture(data: bytes) -> str | None:
    for magic, media_type in _PICTURES:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return HEIC
    if data[:2] == b"BM" and len(data) > 26 and data[14:18] in {b"\x0c\0\0\0", b"(\0\0\0", b"l\0\0\0", b"|\0\0\0"}:
        return BMP
    return None


def _other(data: bytes) -> str | None:
    for magic, spoken in _OTHERS:
        if data.startswith(magic):
            return spoken
    if _MARKUP.search(data[:HEAD]):
        return "halaman web (HTML)"
    if data[4:8] == b"ftyp":
        return "gambar AVIF" if data[8:12] in {b"avif", b"avis"} else "video"
    return None


def _plain_text(data: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", data[:HEAD])


def _zip_at_end(data: bytes) -> bool:
    """Whether a ZIP reader would take the end of the file for an archive's."""
    tail = data[-_ZIP_TAIL:]
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        return False
    comment = int.from_bytes(tail[place + 20 : place + 22], "little")
    after_pdf = tail.rfind(b"%%EOF") < place
    return place + 22 + comment == len(tail) or (after_pdf and b"PK\x01\x02" in tail[:place])


def _refuse_two_natures(data: bytes, media_type: str) -> None:
    head = data[:HEAD]
    place = head.find(b"%PDF-")
    spoken = SPOKEN[media_type]
    if media_type != PDF and place >= 0:
        raise Refused("polyglot", found=f"{spoken} dan PDF")
    if media_type == PDF and place > 0 and (found := _picture(data) or _other(data)):
        raise Refused("polyglot", found=f"PDF dan {SPOKEN.get(found, found)}")
    if _zip_at_end(data):
        raise Refused("polyglot", found=f"{spoken} dan arsip ZIP")
    if media_type == PDF and (_MARKUP.search(head) or _MARKUP.search(data[data.rfind(b"%%EOF") :][:65536])):
        raise Refused("polyglot", found="PDF dan halaman web")


def recognise(data: bytes, name: str, report: Report) -> str:
    """The media type by the bytes; notes when the name says otherwise. Raises Refused for anything not taken."""
    if not data:
        raise Refused("empty")
    media_type = _picture(data) or (PDF if b"%PDF-" in data[:HEAD] else None)
    if media_type is None:
        raise Refused("type-unknown", found=_other(data) or ("teks biasa" if _plain_text(data) else "jenis lain"))
    _refuse_two_natures(data, media_type)
    suffix = PurePath(name).suffix.lstrip(".").lower()
    if _SUFFIXES.get(suffix, media_type) != media_type:
        report.add("type-name", suffix=suffix, found=SPOKEN[media_type])
    return media_type
