"""The commonest page of all, a scan: one JPEG over the whole page. Its tone is had without drawing the page.

JPEG decodes coarsely at a fraction of the cost; anything that is not exactly this shape is drawn by PDFium.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final

from pikepdf import ObjectType, Page
from PIL import Image

from workers.adapters.inspect.measure import Tone, tone
from workers.adapters.inspect.pdf_walk import kind

_NUMBER: Final = rb"(-?\d*\.?\d+)"
_ONE_PICTURE: Final = re.compile(rb"\s*q\s+" + rb"\s+".join([_NUMBER] * 6) + rb"\s+cm\s+/([A-Za-z0-9_.-]+)\s+Do\s+Q\s*")
_LONGEST: Final = 200
_COARSE: Final = 8


def _picture_name(page: Page) -> str | None:
    """The name of the only picture of a page that it covers, upright."""
    content: Any = page.obj.get("/Contents")
    if kind(content) != ObjectType.stream or "/Annots" in page.obj or int(content.get("/Length", 0)) > _LONGEST:
        return None
    match = _ONE_PICTURE.fullmatch(content.read_bytes()[: 4 * _LONGEST])
    if match is None:
        return None
    across, skew, slant, down, left, bottom = (float(value) for value in match.groups()[:6])
    x, y, right, top = (float(side) for side in page.mediabox)
    covers = across >= 0.8 * (right - x) and down >= 0.8 * (top - y)
    starts = abs(left - x) <= 0.1 * (right - x) and abs(bottom - y) <= 0.1 * (top - y)
    return "/" + match.group(7).decode() if covers and starts and skew == slant == 0 else None


def _jpeg(page: Page, name: str) -> bytes | None:
    pictures: Any = page.resources.get("/XObject")
    picture: Any = pictures.get(name) if kind(pictures) == ObjectType.dictionary else None
    if kind(picture) != ObjectType.stream or str(picture.get("/Filter")) != "/DCTDecode":
        return None
    changed = any(key in picture for key in ("/SMask", "/Mask", "/Decode", "/ImageMask"))
    return None if changed or str(picture.get("/Subtype")) != "/Image" else picture.read_raw_bytes()


def scan_tone(page: Page) -> Tone | None:
    """The tone of a page that is one JPEG, or None for any other page."""
    name = _picture_name(page)
    data = _jpeg(page, name) if name else None
    if data is None:
        return None
    try:
        with Image.open(BytesIO(data), formats=["JPEG"]) as picture:
            if picture.mode not in {"L", "RGB"}:
                return None
            picture.draft("L", (max(1, picture.width // _COARSE), max(1, picture.height // _COARSE)))
            return tone(picture.convert("L"))
    except OSError:
        return None  # what Pillow can not decode, PDFium may still draw
