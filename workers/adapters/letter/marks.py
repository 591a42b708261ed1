"""What a signature and a late field look like: content streams in the font that the blanko holds.

Coordinates in points from the lower left corner of the field; colours DeviceRGB, as the letter's sRGB output intent
allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from models.rules.letter import Official
from workers.adapters.letter import phrases
from workers.adapters.letter.late_font import FONT_KEY, LateFont, encoded

# Asia/Jakarta has had no other offset since 1964, and no daylight saving time.
WIB = timezone(timedelta(hours=7), "WIB")
GREEN = (0.043, 0.239, 0.180)
BLACK = (0.0, 0.0, 0.0)
GREY = (0.35, 0.35, 0.35)
SMALLEST = 5.0
BASELINE = 0.3
DARK = re.compile(b"\x01+")
Colour = tuple[float, float, float]


def paraf_mark(font: LateFont, width: float, height: float, official: Official, at: datetime) -> bytes:
    """A tick, the official's initials and the moment, centred together."""
    middle, size = height / 2, 4.6
    left = (width - 14 - font.width(_moment(at), size)) / 2
    tick = _tick(left, middle - 3, height * 0.34, GREEN)
    name = _text(left + 14, middle + 0.5, 9, phrases.initials(official.name), GREEN)
    moment = _text(left + 14, middle - 7, size, _moment(at), GREY)
    return b"\n".join([tick, name, moment])


def head_mark(font: LateFont, width: float, height: float, official: Official, at: datetime) -> bytes:
    """A framed tick beside the words that an electronic signature carries."""
    side = min(height - 4, 26.0)
    lines: list[tuple[str, float, Colour]] = [
        ("Ditandatangani secara elektronik", 7.4, GREEN),
        (phrases.plain(official.name), 6.0, GREY),
        (_moment(at), 6.0, GREY),
    ]
    left = side + 12
    parts = [_rounded(0.4, 0.4, width - 0.8, height - 0.8), _rounded(5, (height - side) / 2, side, side)]
    parts.append(_tick(5 + side * 0.2, (height - side) / 2 + side * 0.3, side * 0.42, GREEN))
    parts += _stack(font, left, height, width - left - 4, lines)
    return b"\n".join(parts)


def seal_mark(font: LateFont, width: float, height: float, official: Official, at: datetime) -> bytes:
    """The office's electronic seal: two rules, its name and the moment."""
    lines: list[tuple[str, float, Colour]] = [
        ("SEGEL ELEKTRONIK", 5.6, GREEN),
        (phrases.plain(official.name), 5.2, GREY),
        (_moment(at), 4.8, GREY),
    ]
    frame = [_rounded(0.4, 0.4, width - 0.8, height - 0.8), _rounded(1.8, 1.8, width - 3.6, height - 3.6)]
    return b"\n".join(frame + _stack(font, 4, height, width - 8, lines, centred=True))


def late_text(font: LateFont, width: float, height: float, text: str, size: float, align: int) -> bytes:
    """`text` on the field's base line, made smaller when it is wider than the field; `align` as /Q."""
    size = _fitting(font, text, size, width)
    gap = width - font.width(text, size)
    left = (0.0, gap / 2, gap)[align]
    return _text(left, height * BASELINE / 1.3, size, text, BLACK)


def squares(modules: Sequence[bytes | bytearray], width: float, height: float) -> bytes:
    """A QR matrix (rows of 0 and 1, top first) with its quiet zone of four modules, as filled rectangles."""
    count = len(modules) + 8
    side = min(width, height) / count
    left, top = (width - side * count) / 2, (height + side * count) / 2
    # One unit a module, counted from the upper left corner: whole numbers are short, and quickly written.
    grid = b"%.6f 0 0 %.6f %.4f %.4f cm" % (side, -side, left, top)
    bars = [
        b"%d %d %d 1 re" % (start + 4, row + 4, length)
        for row, line in enumerate(modules)
        for start, length in _runs(bytes(line))
    ]
    return b"\n".join([b"q", _number(0, 0, 0) + b" rg", grid, *bars, b"f", b"Q"])


def _runs(line: bytes) -> list[tuple[int, int]]:
    return [(run.start(), run.end() - run.start()) for run in DARK.finditer(line)]


def _moment(at: datetime) -> str:
    local = at.astimezone(WIB)
    return f"{phrases.short_date(local.date())} {local:%H.%M} WIB"


def _stack(
    font: LateFont,
    left: float,
    height: float,
    room: float,
    lines: Sequence[tuple[str, float, Colour]],
    centred: bool = False,
) -> list[bytes]:
    sizes = [_fitting(font, text, size, room) for text, size, _ in lines]
    y = height / 2 + sum(sizes) * 1.28 / 2
    parts = []
    for (text, _, colour), size in zip(lines, sizes, strict=True):
        y -= size * 1.28
        shift = (room - font.width(text, size)) / 2 if centred else 0.0
        parts.append(_text(left + shift, y + size * BASELINE, size, text, colour))
    return parts


def _fitting(font: LateFont, text: str, size: float, room: float) -> float:
    wide = font.width(text, size)
    return size if wide <= room else max(SMALLEST / 2, size * room / wide)


def _text(x: float, y: float, size: float, text: str, colour: Colour) -> bytes:
    escaped = encoded(text).replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    where = _number(x, y)
    return b"BT %s rg %s %s Tf %s Td (%s) Tj ET" % (
        _number(*colour),
        FONT_KEY.encode(),
        _number(size),
        where,
        escaped,
    )


def _tick(x: float, y: float, size: float, colour: Colour) -> bytes:
    points = _number(x, y + size * 0.35), _number(x + size * 0.42, y), _number(x + size * 1.3, y + size)
    pen = _number(size * 0.18)
    return b"q %s RG %s w 1 J 1 j %s m %s l %s l S Q" % (_number(*colour), pen, *points)


def _rounded(x: float, y: float, width: float, height: float) -> bytes:
    return b"q %s RG 0.6 w %s re S Q" % (_number(*GREEN), _number(x, y, width, height))


def _number(*values: float) -> bytes:
    return b" ".join(f"{value:.3f}".rstrip("0").rstrip(".").encode() for value in values)
