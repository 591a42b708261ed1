"""A drawn head-and-shoulders portrait on red, 4x6, for the photo box of a letter. Nobody is depicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ops.samples.dice import between, number, pick

Point = tuple[float, float]
Colour = tuple[int, int, int]

SIZE = (472, 708)
"""Pixels of the finished photo: 4 x 6 cm at 300 dpi."""

_UNIT = (400, 600)
_SCALE = 1.77
_SOFT = 4

_SKINS: tuple[Colour, ...] = ((226, 180, 145), (212, 162, 125), (196, 145, 108), (234, 192, 160))
_HAIRS: tuple[Colour, ...] = ((28, 22, 20), (38, 28, 24), (22, 20, 24))
_SCARVES: tuple[Colour, ...] = ((38, 62, 98), (88, 60, 88), (52, 88, 84), (124, 104, 90), (58, 58, 66))
_JACKETS: tuple[Colour, ...] = ((34, 40, 56), (46, 46, 50), (30, 52, 66), (58, 46, 44))
_TIES: tuple[Colour, ...] = ((110, 26, 36), (34, 66, 112), (70, 70, 84))


@dataclass(frozen=True, slots=True)
class _Look:
    skin: Colour
    hair: Colour
    jacket: Colour
    tie: Colour
    scarf: Colour
    width: float
    style: str


def _tint(colour: Colour, factor: float) -> Colour:
    r, g, b = (max(0, min(255, round(part * factor))) for part in colour)
    return r, g, b


def _curve(points: Sequence[Point], steps: int = 10) -> list[Point]:
    """A closed Catmull-Rom curve through `points`."""
    out: list[Point] = []
    count = len(points)
    for index in range(count):
        p0, p1, p2, p3 = (points[(index + shift) % count] for shift in (-1, 0, 1, 2))
        out.extend(_between(p0, p1, p2, p3, step / steps) for step in range(steps))
    return out


def _between(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    def along(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)

    return along(p0[0], p1[0], p2[0], p3[0]), along(p0[1], p1[1], p2[1], p3[1])


def _mirrored(right: Sequence[Point]) -> list[Point]:
    """`right` runs from the top to the bottom on the right of the axis x = 200; the left half is added."""
    left = [(400 - x, y) for x, y in reversed(right) if x != 200]
    return [*right, *left]


class _Sheet:
    """A picture of 400 x 600 units that takes flat shapes and soft shades."""

    def __init__(self, ground: Image.Image) -> None:
        self.image = ground
        self.draw = ImageDraw.Draw(ground)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self.draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = [(x - rx) * _SCALE, (y - ry) * _SCALE, (x + rx) * _SCALE, (y + ry) * _SCALE]
        self.draw.ellipse(box, fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self.draw.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")

    def shade(
        self, points: Sequence[Point], colour: Colour, strength: float, blur: float, inside: Sequence[Point] = ()
    ) -> None:
        """Blend `colour` softly over a shape: only the part it reaches, blurred small and enlarged, which is cheap."""
        box = self._reach(points, blur)
        left, top, right, bottom = box
        small = (max(1, (right - left) // _SOFT), max(1, (bottom - top) // _SOFT))
        mask = Image.new("L", small)
        at = [((x * _SCALE - left) / _SOFT, (y * _SCALE - top) / _SOFT) for x, y in points]
        ImageDraw.Draw(mask).polygon(at, fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * _SCALE / _SOFT))
        mask = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        if inside:
            limit = Image.new("L", mask.size)
            ImageDraw.Draw(limit).polygon([(x * _SCALE - left, y * _SCALE - top) for x, y in inside], fill=255)
            mask = ImageChops.multiply(mask, limit)
        self.image.paste(colour, box, mask)

    def _reach(self, points: Sequence[Point], blur: float) -> tuple[int, int, int, int]:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        spread = 2.6 * blur
        return (
            max(0, round((min(xs) - spread) * _SCALE)),
            max(0, round((min(ys) - spread) * _SCALE)),
            min(self.image.width, round((max(xs) + spread) * _SCALE)),
            min(self.image.height, round((max(ys) + spread) * _SCALE)),
        )


def _ring(x: float, y: float, rx: float, ry: float) -> list[Point]:
    return _curve([(x + rx, y), (x, y + ry), (x - rx, y), (x, y - ry)])


def _face(width: float) -> list[Point]:
    """The outline of the head: `width` is half its breadth at the cheeks, in units."""
    right = [
        (200, 150),
        (200 + 0.62 * width, 164),
        (200 + 0.95 * width, 205),
        (200 + 1.0 * width, 262),
        (200 + 0.90 * width, 318),
        (200 + 0.60 * width, 366),
        (200 + 0.24 * width, 388),
        (200, 391),
    ]
    return _curve(_mirrored(right))


@lru_cache(maxsize=1)
def _ground() -> Image.Image:
    size = (round(_UNIT[0] * _SCALE), round(_UNIT[1] * _SCALE))
    sheet = _Sheet(Image.new("RGB", size, (190, 18, 26)))
    sheet.shade(_ring(200, 240, 150, 200), (214, 32, 38), 1.0, 60)
    return sheet.image


_SHOULDERS = _curve(_mirrored([(200, 428), (250, 436), (318, 462), (362, 496), (384, 560), (388, 680), (200, 690)]))
_NECK = _curve(_mirrored([(200, 330), (246, 336), (244, 400), (252, 440), (200, 470)]))


def _body(sheet: _Sheet, look: _Look) -> None:
    sheet.shape(_SHOULDERS, look.jacket)
    sheet.shade([(150, 440), (60, 500), (30, 600), (90, 600)], _tint(look.jacket, 1.5), 0.5, 22, _SHOULDERS)
    sheet.shade([(330, 470), (400, 500), (400, 600), (340, 600)], (10, 10, 14), 0.5, 22, _SHOULDERS)


def _neck(sheet: _Sheet, look: _Look, face: Sequence[Point]) -> None:
    sheet.shape(_NECK, _tint(look.skin, 0.90))
    shadow = [(x, y + 20) for x, y in face]
    sheet.shade(shadow, _tint(look.skin, 0.55), 0.8, 9, _NECK)


def _shirt(sheet: _Sheet, look: _Look) -> None:
    white: Colour = (238, 240, 244)
    sheet.shape([(150, 428), (200, 474), (250, 428), (262, 470), (226, 600), (174, 600), (138, 470)], white)
    sheet.shape(_curve(_mirrored([(200, 418), (244, 424), (236, 440), (200, 464)])), _tint(look.skin, 0.84))
    for side in (-1, 1):
        collar = [(200 + side * x, y) for x, y in ((46, 412), (58, 424), (50, 490), (0, 466))]
        sheet.shape(collar, (247, 248, 250))
        sheet.line([collar[1], collar[2], collar[3]], (196, 200, 208), 1.4)
        lapel = [(200 + side * x, y) for x, y in ((58, 424), (84, 446), (92, 520), (70, 532), (22, 610), (2, 610))]
        sheet.shape(lapel, _tint(look.jacket, 1.12))
        sheet.line([lapel[1], lapel[2], lapel[3], lapel[4]], _tint(look.jacket, 0.6), 1.6)


def _tie(sheet: _Sheet, look: _Look) -> None:
    sheet.shape([(186, 466), (214, 466), (208, 490), (192, 490)], _tint(look.tie, 1.15))
    sheet.shape([(192, 490), (208, 490), (222, 610), (178, 610)], look.tie)
    sheet.line([(193, 490), (207, 490)], _tint(look.tie, 0.6), 1.5)


def _head(sheet: _Sheet, look: _Look, face: Sequence[Point]) -> None:
    for side in (-1, 1) if look.style == "short" else ():
        sheet.oval(200 + side * (look.width + 2), 272, 11, 26, _tint(look.skin, 0.88))
        sheet.oval(200 + side * (look.width + 3), 272, 5, 16, _tint(look.skin, 0.72))
    _skin(sheet, look, face)


def _skin(sheet: _Sheet, look: _Look, face: Sequence[Point]) -> None:
    sheet.shape(face, look.skin)
    dark, light = _tint(look.skin, 0.68), _tint(look.skin, 1.10)
    w = look.width
    sheet.shade(
        [(200 + w * 0.72, 170), (320, 200), (320, 380), (200 + w * 0.35, 400), (200 + w * 0.8, 300)],
        dark,
        0.75,
        16,
        face,
    )
    sheet.shade(
        [(200 - w * 0.9, 210), (90, 200), (90, 380), (200 - w * 0.3, 400), (200 - w * 0.9, 310)], dark, 0.5, 14, face
    )
    sheet.shade(_ring(190, 200, 46, 26), light, 0.7, 18, face)
    sheet.shade(_ring(158, 306, 20, 16), _tint((232, 130, 112), look.skin[0] / 226), 0.32, 12, face)
    sheet.shade(_ring(244, 306, 20, 16), _tint((232, 130, 112), look.skin[0] / 226), 0.32, 12, face)


def _eyes(sheet: _Sheet, look: _Look) -> None:
    for side in (-1, 1):
        x = 200 + side * 34
        sheet.shade(_ring(x, 258, 24, 13), _tint(look.skin, 0.68), 0.55, 7)
        almond = _curve([(x - 17, 262), (x - 6, 254.5), (x + 7, 254.5), (x + 17, 262), (x + 5, 268), (x - 7, 268)])
        sheet.shape(almond, (240, 236, 232))
        sheet.oval(x, 261, 7.4, 7.4, (46, 30, 24))
        sheet.oval(x, 261, 3.6, 3.6, (12, 8, 8))
        sheet.oval(x - 2.4, 258, 1.7, 1.7, (245, 245, 245))
        lid = [(x - 18, 262), (x - 8, 254.5), (x + 1, 252.6), (x + 9, 254.5), (x + 18, 261)]
        sheet.line(lid, (40, 26, 22), 2.4)
        brow = [
            (x - side * 20, 243),
            (x - side * 6, 236),
            (x + side * 10, 234.5),
            (x + side * 25, 242),
            (x + side * 9, 240),
            (x - side * 8, 243),
        ]
        sheet.shape(_curve(brow), _tint(look.hair, 1.5))


def _nose_and_mouth(sheet: _Sheet, look: _Look) -> None:
    dark = _tint(look.skin, 0.62)
    sheet.shade([(207, 250), (216, 300), (222, 318), (206, 320), (204, 280)], dark, 0.55, 5)
    sheet.shade(_ring(200, 306, 9, 8), _tint(look.skin, 1.14), 0.6, 5)
    sheet.shade(_ring(200, 321, 18, 4), dark, 0.75, 4)
    for side in (-1, 1):
        sheet.oval(200 + side * 8, 317, 4, 2.4, _tint(look.skin, 0.45))
    lips = (176, 92, 88) if look.style in ("scarf", "long") else _tint(look.skin, 0.74)
    red: Colour = (lips[0], round(lips[1] * 0.92), round(lips[2] * 0.95))
    sheet.shape(
        _curve([(174, 346), (192, 340.5), (200, 343), (208, 340.5), (226, 346), (200, 348.5)]), _tint(red, 0.86)
    )
    sheet.shape(_curve([(175, 347), (200, 347.5), (225, 347), (213, 356), (200, 358), (187, 356)]), red)
    sheet.line([(174, 346.4), (190, 346.4), (200, 347.6), (210, 346.4), (226, 346.4)], _tint(red, 0.45), 1.4)
    sheet.shade(_ring(200, 367, 16, 4), dark, 0.45, 5)


def _short_hair(sheet: _Sheet, look: _Look) -> None:
    w = look.width
    cap = [
        (200 - w - 5, 262), (200 - w - 10, 215), (200 - w + 8, 160), (160, 128), (208, 119), (256, 132),
        (200 + w - 6, 162), (200 + w + 10, 215), (200 + w + 5, 262), (200 + w - 3, 232), (200 + w - 16, 202),
        (244, 186), (196, 190), (158, 178), (200 - w + 18, 200), (200 - w + 3, 232),
    ]  # fmt: skip
    sheet.shape(_curve(cap), look.hair)
    sheet.shade(_ring(180, 148, 50, 12), _tint(look.hair, 2.6), 0.6, 10, _curve(cap))


def _long_hair_back(sheet: _Sheet, look: _Look) -> None:
    w = look.width
    back = _curve(
        _mirrored(
            [
                (200, 116),
                (256, 126),
                (200 + w + 24, 190),
                (200 + w + 28, 300),
                (200 + w + 30, 400),
                (278, 452),
                (200, 440),
            ]
        )
    )
    sheet.shape(back, _tint(look.hair, 0.85))


def _long_hair_front(sheet: _Sheet, look: _Look) -> None:
    w = look.width
    for side in (-1, 1):
        lock = [
            (6, 124),
            (56, 130),
            (w + 16, 184),
            (w + 25, 270),
            (w + 22, 360),
            (w + 6, 402),
            (w - 4, 330),
            (w - 5, 262),
            (w - 20, 214),
            (24, 180),
            (-2, 150),
        ]
        points = _curve([(200 + side * x - 8, y) for x, y in lock])
        sheet.shape(points, look.hair)
        sheet.shade(_ring(200 + side * 52, 166, 24, 12), _tint(look.hair, 2.4), 0.55, 10, points)


def _scarf(sheet: _Sheet, look: _Look) -> None:
    outer = _curve(
        _mirrored(
            [
                (200, 108),
                (262, 122),
                (306, 180),
                (312, 262),
                (306, 350),
                (326, 430),
                (352, 500),
                (330, 560),
                (268, 610),
                (200, 640),
            ]
        )
    )
    sheet.shape(outer, look.scarf)
    dark, light = _tint(look.scarf, 0.55), _tint(look.scarf, 1.4)
    sheet.shade([(300, 150), (330, 300), (360, 560), (290, 560), (280, 400), (292, 260)], dark, 0.8, 18, outer)
    sheet.shade([(150, 128), (116, 200), (106, 300), (120, 330), (128, 220), (170, 140)], light, 0.55, 12, outer)
    for fold in ([(292, 356), (250, 430), (170, 490), (90, 520)], [(300, 400), (262, 480), (190, 540), (110, 566)]):
        sheet.shade([*fold, *[(x + 4, y + 16) for x, y in reversed(fold)]], dark, 0.75, 6, outer)
        sheet.shade([*fold, *[(x - 4, y - 12) for x, y in reversed(fold)]], light, 0.4, 6, outer)


def _veiled_face(look: _Look) -> list[Point]:
    w = look.width - 4
    right = [
        (200, 178),
        (200 + 0.55 * w, 186),
        (200 + 0.92 * w, 222),
        (200 + w, 272),
        (200 + 0.88 * w, 328),
        (200 + 0.5 * w, 374),
        (200, 392),
    ]
    return _curve(_mirrored(right))


def _paint_veiled(sheet: _Sheet, look: _Look) -> None:
    face = _veiled_face(look)
    _body(sheet, look)
    _scarf(sheet, look)
    sheet.shade([(200 + (x - 200) * 1.07, y + (y - 285) * 0.05) for x, y in face], _tint(look.scarf, 0.4), 0.9, 6)
    _skin(sheet, look, face)
    sheet.shade([(140, 182), (260, 182), (258, 198), (200, 190), (142, 198)], _tint(look.skin, 0.6), 0.7, 6, face)
    _eyes(sheet, look)
    _nose_and_mouth(sheet, look)


def _paint_bare(sheet: _Sheet, look: _Look) -> None:
    face = _face(look.width)
    if look.style == "long":
        _long_hair_back(sheet, look)
    _body(sheet, look)
    _neck(sheet, look, face)
    _shirt(sheet, look)
    if look.style == "short":
        _tie(sheet, look)
    _head(sheet, look, face)
    _eyes(sheet, look)
    _nose_and_mouth(sheet, look)
    (_long_hair_front if look.style == "long" else _short_hair)(sheet, look)


def _look(seed: int, sex: str) -> _Look:
    return _Look(
        skin=pick(seed, "skin", _SKINS),
        hair=pick(seed, "hair", _HAIRS),
        jacket=pick(seed, "jacket", _JACKETS),
        tie=pick(seed, "tie", _TIES),
        scarf=pick(seed, "scarf", _SCARVES),
        width=between(seed, "face", 74, 81) + (2 if sex == "L" else 0),
        style="short" if sex == "L" else ("scarf" if number(seed, "veil", 3) else "long"),
    )


@lru_cache(maxsize=4)
def portrait(seed: int, sex: str) -> Image.Image:
    """The portrait of this seed, RGB, 472 x 708 pixels, shared: copy before drawing on it. `sex` is "L" or "P"."""
    look, sheet = _look(seed, sex), _Sheet(_ground().copy())
    (_paint_veiled if look.style == "scarf" else _paint_bare)(sheet, look)
    return sheet.image.resize(SIZE, Image.Resampling.LANCZOS)
