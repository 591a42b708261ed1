"""The font of late text and marks: one simple font, embedded once in the blanko and used by every later update."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.agl import UV2AGL
from fontTools.ttLib import TTFont

FONT_FILE = "texgyrebonum-regular.otf"
FONT_KEY = "/Surat"
FIRST, LAST = 32, 255
LETTERS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(FIRST, LAST + 1)}

BLOCK = 100
CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange
{body}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
# Letters of the encoding that the font has under other names.
NEAREST = str.maketrans({"\u00a0": " ", "\u00ad": "-", "²": "2", "³": "3", "µ": "u", "¹": "1"})


@dataclass(frozen=True, slots=True)
class LateFont:
    """A Type 1C font program (zlib) in WinAnsi encoding; widths in thousandths of the size, by character code."""

    name: str
    compressed: bytes = field(repr=False)
    to_unicode: bytes = field(repr=False)
    widths: tuple[int, ...] = field(repr=False)
    ascent: int
    descent: int
    cap_height: int
    bbox: tuple[int, int, int, int]

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points at `size` points."""
        return sum(self.widths[code - FIRST] for code in encoded(text) if code >= FIRST) * size / 1000


def encoded(text: str) -> bytes:
    """`text` in the font's encoding; letters that it lacks become their nearest, or `?`."""
    return text.translate(NEAREST).encode("cp1252", "replace")


@lru_cache(maxsize=4)
def late_font(folder: Path) -> LateFont:
    """The late font made from `folder`; about 0.2 s once in a process."""
    font = TTFont(folder / FONT_FILE)
    cmap = font.getBestCmap()
    # A viewer looks glyphs up by the names that WinAnsi gives to codes: the font must use the same names.
    covered = {code: letter for code, letter in LETTERS.items() if letter and _has_its_name(cmap, letter)}
    advances = font["hmtx"].metrics
    widths = tuple(advances[cmap[ord(covered[code])]][0] if code in covered else 0 for code in range(FIRST, LAST + 1))
    head, os2 = font["head"], font["OS/2"]
    bbox = (head.xMin, head.yMin, head.xMax, head.yMax)
    ascent, descent, cap_height = os2.sTypoAscender, os2.sTypoDescender, os2.sCapHeight
    name = f"PARAFA+{font['name'].getDebugName(6)}"
    program = zlib.compress(_program(font, covered, name), 9)
    return LateFont(name, program, _to_unicode(covered), widths, ascent, descent, cap_height, bbox)


def _to_unicode(covered: dict[int, str]) -> bytes:
    """A CMap from character codes to UTF-16 (ISO 32000-1, 9.10.3), 100 lines to a block at most."""
    lines = [f"<{code:02X}> <{letter.encode('utf-16-be').hex().upper()}>" for code, letter in covered.items()]
    blocks = [lines[start : start + BLOCK] for start in range(0, len(lines), BLOCK)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return CMAP.format(body=body).encode()


def _has_its_name(cmap: dict[int, str], letter: str) -> bool:
    return bool(cmap.get(ord(letter)) == UV2AGL.get(ord(letter), ""))


def _program(font: TTFont, covered: dict[int, str], name: str) -> bytes:
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(letter) for letter in covered.values()])
    subsetter.subset(font)
    cff = font["CFF "].cff
    cff.fontNames = [name]
    stream = BytesIO()
    cff.compile(stream, font)
    return stream.getvalue()
