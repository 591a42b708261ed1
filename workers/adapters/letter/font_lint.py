"""Fonts of a finished licence: embedded, and as wide as the PDF says (ISO 19005-2, 6.2.11.4 and 6.2.11.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

import pikepdf
from fontTools.agl import UV2AGL
from fontTools.cffLib import CFFFontSet
from fontTools.misc.psCharStrings import T2WidthExtractor
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Pdf

# veraPDF's own tolerance: a unit of rounding.
TOLERANCE = 1.0
INFINITE = float("inf")
Widths = Mapping[str, float]
MOST_GLYPHS = 2000
_WIDTHS: dict[tuple[bytes, float, float], float] = {}
"""Widths by charstring, nominal and default width: each letter holds another subset of much the same glyphs."""


def font_findings(pdf: Pdf) -> Iterator[str]:
    """A sentence for each font that is not embedded, or whose widths are not those of its program."""
    for font in pdf.objects:
        if not isinstance(font, Dictionary) or font.get("/Type") != Name.Font:
            continue
        if font.get("/Subtype") == Name.Type0:
            continue
        name = str(font.get("/BaseFont", "/?"))[1:]
        program = _program(font)
        if program is None:
            yield f"The font {name} is not embedded"
        elif program_differs(font, program):
            yield f"The font {name} is not as wide as the PDF says"


def program_differs(font: pikepdf.Object, program: bytes) -> bool:
    """Whether the PDF states a width for a glyph that the program lacks, or another one by more than a thousandth."""
    widths = program_widths(program)
    stated = cid_widths(font.get("/W", Array())) if "/CIDSystemInfo" in font else simple_widths(font)
    return any(abs(widths.get(glyph, INFINITE) - width) > TOLERANCE for glyph, width in stated.items())


def cid_widths(array: pikepdf.Object) -> dict[str, float]:
    """A /W array (ISO 32000-1, 9.7.4.3) as CID names to widths."""
    items, place = array.as_list(), 0
    found: dict[str, float] = {}
    while place < len(items):
        first, second = int(items[place]), items[place + 1]
        if isinstance(second, Array):
            found |= {f"cid{first + step:05}": float(width) for step, width in enumerate(second.as_list())}
            place += 2
        else:
            found |= {f"cid{cid:05}": float(items[place + 2]) for cid in range(first, int(second) + 1)}
            place += 3
    return found


def simple_widths(font: pikepdf.Object) -> dict[str, float]:
    """/Widths of a font in WinAnsi encoding as glyph names to widths; codes without a letter are left out."""
    first, found = int(font.FirstChar), {}
    for code, width in enumerate(font.Widths.as_list(), first):
        letter = bytes([code]).decode("cp1252", "ignore")
        if letter and float(width):
            found[UV2AGL.get(ord(letter), "")] = float(width)
    return found


@lru_cache(maxsize=64)
def program_widths(program: bytes) -> Widths:
    """Glyph widths of a CFF, OpenType or TrueType program in thousandths, by glyph name; CIDs as `cid00012`."""
    if program[:4] in (b"OTTO", b"\0\1\0\0", b"true"):
        return _sfnt_widths(TTFont(BytesIO(program)))
    fonts = CFFFontSet()
    fonts.decompile(BytesIO(program), None)
    top = fonts[0]
    widths = {name: _cff_width(top, name) for name in top.CharStrings.keys()}  # noqa: SIM118
    return widths | {"cid00000": widths[".notdef"]}


def _sfnt_widths(font: TTFont) -> Widths:
    scale = 1000 / font["head"].unitsPerEm
    return {f"cid{gid:05}": font["hmtx"].metrics[name][0] * scale for gid, name in enumerate(font.getGlyphOrder())}


def _cff_width(top: Any, name: str) -> float:
    string = top.CharStrings[name]
    private, shared = string.private, string.globalSubrs
    local = getattr(private, "Subrs", [])
    if len(local) or len(shared):
        # What a subroutine draws may hold the width: such a glyph is not known by its own bytes.
        return _drawn_width(string, local, shared, private.nominalWidthX, private.defaultWidthX)
    known = (bytes(string.bytecode), float(private.nominalWidthX), float(private.defaultWidthX))
    if known not in _WIDTHS:
        if len(_WIDTHS) >= MOST_GLYPHS:
            _WIDTHS.clear()
        _WIDTHS[known] = _drawn_width(string, [], [], *known[1:])
    return _WIDTHS[known]


def _drawn_width(string: Any, local: Any, shared: Any, nominal: float, default: float) -> float:
    string.decompile()
    extractor = T2WidthExtractor(local, shared, nominal, default, string.private)
    extractor.execute(string)
    return float(extractor.width)


def _program(font: pikepdf.Object) -> bytes | None:
    descriptor = font.get("/FontDescriptor", Dictionary())
    for key in ("/FontFile3", "/FontFile2", "/FontFile"):
        if key in descriptor:
            return bytes(descriptor[key].read_bytes())
    return None
