"""Pictures inside a PDF: their dimensions are judged before anything decodes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from pikepdf import ObjectType
from PIL import Image, UnidentifiedImageError

from workers.adapters.inspect import bounds, segments
from workers.adapters.inspect.pdf_walk import kind
from workers.adapters.inspect.report import Refused

_PLANES: Final = {"/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3, "/DeviceCMYK": 4, "/RGB": 3, "/CMYK": 4}
_END_OF_JPEG: Final = b"\xff\xd9"
_JBIG2_PAGE: Final = 48


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture's dictionary claims: pixels, and bytes once decoded (`least` without any row padding)."""

    width: int
    height: int
    size: int
    least: int


def refuse_flood(width: int, height: int, most: int = bounds.MAX_PIXELS) -> None:
    """Raises Refused when a picture has more pixels than `most`."""
    if width * height > most:
        raise Refused("picture-too-large", width=width, height=height)


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int) else 0


def _planes(space: Any) -> int:
    if kind(space) != ObjectType.array or not len(space):
        return _PLANES.get(str(space), 1)
    name = str(space[0])
    if name == "/ICCBased" and len(space) > 1:
        return max(1, min(_whole(space[1].get("/N")), 4))
    if name == "/DeviceN" and len(space) > 1:
        return max(1, min(len(space[1]), 32))
    return _PLANES.get(name, 1)


def picture_of(stream: Any) -> Picture:
    """The claims of a picture's dictionary. Raises Refused for a pixel flood."""
    width, height = _whole(stream.get("/Width")), _whole(stream.get("/Height"))
    refuse_flood(width, height)
    mask = stream.get("/ImageMask") is True
    bits = 1 if mask else max(1, min(_whole(stream.get("/BitsPerComponent", 8)), 16))
    planes = 1 if mask else _planes(stream.get("/ColorSpace"))
    row = (width * bits * planes + 7) // 8
    if row * height > bounds.MAX_PICTURE_BYTES:
        raise Refused("picture-too-large", width=width, height=height)
    return Picture(width, height, (row + 1) * height, row * height)


def _jpeg_is_whole(payload: bytes) -> bool:
    """With an end marker the data is taken as whole; without one it is decoded, coarsely, to see."""
    if _END_OF_JPEG in payload[-4096:]:
        return True
    with Image.open(BytesIO(payload)) as picture:
        picture.draft("L", (picture.width // 8, picture.height // 8))
        try:
            picture.load()
        except OSError:
            return False
    return True


def _header_size(payload: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(BytesIO(payload)) as picture:
            return picture.size
    except Image.DecompressionBombError:
        raise Refused("bomb") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error):
        return None


def _jbig2_pages(payload: bytes) -> list[tuple[int, int]]:
    """Sizes in the page information segments of an embedded JBIG2 stream (ITU-T T.88, 7.2)."""
    sizes, place = [], 0
    while place + 11 <= len(payload):
        flags, count = payload[place + 4], payload[place + 5] >> 5
        if count == 7:
            break
        number = int.from_bytes(payload[place : place + 4], "big")
        reference = 1 if number <= 256 else 2 if number <= 65536 else 4
        header = 6 + count * reference + (4 if flags & 0x40 else 1)
        body = place + header + 4
        if body > len(payload):
            break
        if flags & 0x3F == _JBIG2_PAGE and body + 8 <= len(payload):
            sizes.append(struct.unpack(">II", payload[body : body + 8]))
        place = body + int.from_bytes(payload[body - 4 : body], "big")
    return sizes


def check_payload(picture: Picture, name: str, payload: bytes) -> bool:
    """Whether the data of a picture format of its own is readable. Raises Refused for a pixel flood in its header."""
    if name == "/JBIG2Decode":
        for width, height in _jbig2_pages(payload):
            refuse_flood(width, height if height != 0xFFFFFFFF else picture.height)
        return bool(payload)
    if name in {"/CCITTFaxDecode", "/CCF"}:
        return bool(payload)
    if segments.has_endless_scans(payload) and name != "/JPXDecode":
        raise Refused("bomb")
    size = _header_size(payload)
    if size is None:
        return False
    refuse_flood(*size)
    return name == "/JPXDecode" or _jpeg_is_whole(payload)
