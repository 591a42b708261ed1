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
# JPEG 2000 is decoded at 4 bytes a sample and plane: more than this does not fit into the cage.
MAX_JPX_PIXELS: Final = 20_000_000
# Formats that decode whole (PNG, WebP, HEIC, BMP, TIFF) at up to 4 bytes a pixel, twice while converting.
MAX_WHOLE_PIXELS: Final = 40_000_000
# A phone's 48 to 200 megapixels say no more about a document than a quarter of them.
KEPT_PIXELS: Final = 24_000_000

# F4 (215 x 330 mm) with 5 mm to spare, short and long side.
MAX_SHORT_SIDE: Final = 220 / 25.4 * 72
MAX_LONG_SIDE: Final = 335 / 25.4 * 72

SMALL_SIDE: Final = 600
