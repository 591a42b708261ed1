"""The bounds of what an office takes in; sizes in pixels, bytes or points (1/72 inch)."""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

MAX_PAGES: Final = 50
MAX_OBJECTS: Final = 200_000
MAX_ENTRIES: Final = 3_000_000
MAX_FILTERS: Final = 5

# A0 at 300 dpi is 139 megapixels, A4 at 600 dpi 35; beyond, a page can only be meant to hurt or is of no use.
MAX_PIXELS: Final = 120_000_000
MAX_PICTURE_BYTES: Final = 256 * MIB
MAX_STREAM_BYTES: Final = 48 * MIB
MAX_TOTAL_BYTES: Final = 1024 * MIB
# Formats that decode whole, at 4 bytes a pixel and twice while converting; WebP and HEIC keep a third copy.
MAX_WHOLE_PIXELS: Final = 40_000_000
MAX_THRICE_PIXELS: Final = 26_000_000
# A phone's 48 to 200 megapixels say no more about a document than a part of them.
KEPT_PIXELS: Final = 25_000_000

# F4 (215 x 330 mm) with 5 mm to spare, short and long side.
MAX_SHORT_SIDE: Final = 220 / 25.4 * 72
MAX_LONG_SIDE: Final = 335 / 25.4 * 72

SMALL_SIDE: Final = 600
