"""JPEG segments and PNG chunks: what they hide, and the same picture without it, pixels untouched.

Sources: ITU-T T.81 annex B; PNG specification, section 5.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MARKER_AFTER_SCAN: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SCRIPT: Final = re.compile(rb"<\s*(?:script|html|iframe|svg|\?php)|javascript:", re.IGNORECASE)
_PLACE: Final = re.compile(rb"GPSL(?:at|ong)itude|\bexif:GPS", re.IGNORECASE)
_SOS, _EOI, _COMMENT, _APP0, _APP1, _APP2, _APP14 = 0xDA, 0xD9, 0xFE, 0xE0, 0xE1, 0xE2, 0xEE
_PNG_HEAD: Final = 8
_START_OF_SCAN: Final = b"\xff\xda"
_MOST_SCANS: Final = 200
_PNG_KEPT: Final = frozenset({
    b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"pHYs", b"sBIT", b"bKGD", b"IDAT",
    b"IEND",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A segment or chunk: its bytes as they stand in the file, whether it may stay, whether it follows the end."""

    raw: bytes
    kept: bool
    trailer: bool = False


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a picture carries besides its pixels."""

    place: bool
    script: bool
    trailer: bool


def _jpeg_segment(data: bytes, place: int) -> tuple[int, int]:
    """Marker and end of the segment at `place`; a scan lasts to its next marker."""
    marker = data[place + 1]
    if marker in {0xD8, _EOI, 0x01} or 0xD0 <= marker <= 0xD7:
        return marker, place + 2
    end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    if marker == _SOS:
        found = _MARKER_AFTER_SCAN.search(data, end)
        end = found.start() if found else len(data)
    return marker, end


def _jpeg_kept(marker: int, raw: bytes) -> bool:
    if marker == _APP2:
        return raw[4:15] == b"ICC_PROFILE"
    return marker in {_APP0, _APP14} or not (_APP0 <= marker <= 0xEF or marker == _COMMENT)


def _jpeg_parts(data: bytes) -> Iterator[Part]:
    place = 0
    while place + 2 <= len(data):
        if data[place] != 0xFF:
            place = max(data.find(b"\xff", place), place + 1)
            continue
        if data[place + 1] == 0xFF:
            place += 1
            continue
        marker, end = _jpeg_segment(data, place)
        raw = data[place : max(end, place + 2)]
        yield Part(raw, _jpeg_kept(marker, raw))
        place += len(raw)
        if marker == _EOI:
            break
    if place < len(data):
        yield Part(data[place:], False, trailer=True)


def _png_parts(data: bytes) -> Iterator[Part]:
    yield Part(data[:_PNG_HEAD], True)
    place = _PNG_HEAD
    while place + 12 <= len(data):
        name = data[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        yield Part(data[place:end], name in _PNG_KEPT)
        place = end
        if name == b"IEND":
            break
    if place < len(data):
        yield Part(data[place:], False, trailer=True)


def parts(data: bytes) -> list[Part]:
    """The parts of a JPEG or PNG file in order; what follows its end is one part that may not stay."""
    return list(_png_parts(data) if data.startswith(b"\x89PNG") else _jpeg_parts(data))


def hidden(pieces: list[Part]) -> Hidden:
    """What the parts that may not stay contain; a trailer is anything after the picture's end."""
    dropped = [piece for piece in pieces if not piece.kept]
    return Hidden(
        place=any(_PLACE.search(piece.raw) for piece in dropped),
        script=any(_SCRIPT.search(piece.raw) for piece in dropped),
        trailer=any(piece.trailer and piece.raw.strip(b"\0\r\n \xff") for piece in dropped),
    )


def has_endless_scans(data: bytes) -> bool:
    """Whether a JPEG goes over its pixels again and again: honest ones do ten times, and each time costs a decoder."""
    return data.count(_START_OF_SCAN) > _MOST_SCANS


def names_place(note: bytes) -> bool:
    """Whether an XMP packet names a place."""
    return _PLACE.search(note) is not None


def stripped(pieces: list[Part]) -> bytes:
    """The picture with the parts that its pixels and colours need."""
    return b"".join(piece.raw for piece in pieces if piece.kept)


def png_is_sound(pieces: list[Part]) -> bool:
    """Whether the chunks that make the picture are whole by their checksums, the last one included."""
    needed = [piece.raw for piece in pieces[1:] if piece.kept]
    sums = all(zlib.crc32(raw[4:-4]) == int.from_bytes(raw[-4:], "big") for raw in needed)
    return sums and any(raw[4:8] == b"IEND" for raw in needed)
