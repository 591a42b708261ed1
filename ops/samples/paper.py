"""Sheets of paper to write on, pens and stamps, and the scanner that turns a sheet into a JPEG."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from ops.samples.dice import between, grain
from ops.samples.pdf import ScanPage

Weight = Literal["normal", "heavy"]
Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

DPI = 110
A4_PIXELS = (910, 1287)
INK: Colour = (34, 34, 40)
PEN: Colour = (28, 46, 120)
GREY: Colour = (150, 150, 150)
STAMP: Colour = (86, 60, 150)

_HEAVY_DPI = 150
QUALITY: dict[Weight, int] = {"normal": 72, "heavy": 80}
_SERIF = Path(__file__).parents[2] / "templates" / "fonts"


@lru_cache(maxsize=64)
def sans(points: float) -> Font:
    """The face that comes with Pillow, at `points` on a 110 dpi sheet."""
    return ImageFont.load_default(points * DPI / 72)


@lru_cache(maxsize=64)
def serif(points: float, style: str = "regular") -> Font:
    """The letter's own serif where it is present, else the plain face; `style` is regular, bold or italic."""
    file = _SERIF / f"texgyrebonum-{style}.otf"
    return ImageFont.truetype(file, points * DPI / 72) if file.exists() else sans(points)


def noise(size: tuple[int, int], low: int, high: int) -> Image.Image:
    """Grey grain with values from `low` to `high`, always the same for a size."""
    plain = Image.frombytes("L", size, grain(size[0] * size[1]))
    return plain.point([low + value * (high - low) // 255 for value in range(256)])


@lru_cache(maxsize=8)
def _texture(size: tuple[int, int], weight: Weight) -> Image.Image:
    """What paper and scanner do to white: grain, a warm tone, and a shadow towards the spine."""
    light = noise(size, 208 if weight == "heavy" else 236, 255)
    if weight == "normal":
        light = light.filter(ImageFilter.GaussianBlur(0.6))
    slope = Image.linear_gradient("L").rotate(90).resize(size).point([min(255, 214 + value) for value in range(256)])
    grey = ImageChops.multiply(light, slope)
    return Image.merge(
        "RGB",
        (grey, grey.point([v * 252 // 255 for v in range(256)]), grey.point([v * 244 // 255 for v in range(256)])),
    )


class Sheet:
    """A white sheet, portrait or landscape A4; positions and sizes in pixels at 110 dpi."""

    def __init__(self, size: tuple[int, int] = A4_PIXELS, ground: Colour = (255, 255, 255)) -> None:
        self.image = Image.new("RGB", size, ground)
        self.draw = ImageDraw.Draw(self.image)
        self.width, self.height = size

    def text(
        self, x: float, y: float, text: str, font: Font, colour: Colour = INK, anchor: str = "la", bold: bool = False
    ) -> None:
        """One line; a bold one gets a thin stroke, as the plain face has no bold."""
        self.draw.text((x, y), text, fill=colour, font=font, anchor=anchor, stroke_width=0.45 if bold else 0)

    def centre(self, y: float, text: str, font: Font, colour: Colour = INK, bold: bool = False) -> None:
        self.text(self.width / 2, y, text, font, colour, "ma", bold)

    def paragraph(self, x: float, y: float, width: float, text: str, font: Font, leading: float) -> float:
        """Wrapped text; returns the y below it."""
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                self.text(x, y, line, font)
                line, y = word, y + leading
            else:
                line = longer
        self.text(x, y, line, font)
        return y + leading

    def rule(self, x0: float, y: float, x1: float, width: int = 1, colour: Colour = INK) -> None:
        self.draw.line([(x0, y), (x1, y)], fill=colour, width=width)

    def signature(self, x: float, y: float, seed: int, label: str) -> None:
        """A pen signature some 170 by 60 pixels, starting at x on the line y."""
        self.draw.line(list(scribble(seed, label, x, y, 1.0)), fill=PEN, width=2, joint="curve")

    def stamp(self, x: int, y: int, above: str, below: str) -> None:
        """An office stamp of 150 pixels, centred; it says CONTOH in its middle."""
        mark = _stamp(above, below)
        self.image.paste(STAMP, (x - mark.width // 2, y - mark.height // 2), mark)

    def mark(self) -> None:
        """The small print at the foot that says that this is a sample."""
        self.text(self.width / 2, self.height - 34, "CONTOH · dokumen rekaan, tidak berlaku", sans(6.5), GREY, "ma")


def scribble(seed: int, label: str, x: float, y: float, scale: float) -> tuple[tuple[float, float], ...]:
    """Points of an invented signature: loops that run to the right and die out; y grows downwards for scale > 0."""
    waves = [
        (between(seed, f"{label} pace {n}", 1.2 + 2 * n, 2.9 + 2 * n), between(seed, f"{label} phase {n}", 0, 6))
        for n in range(3)
    ]
    height, loop = between(seed, f"{label} height", 16, 26), between(seed, f"{label} loop", 4, 24)
    points = []
    for step in range(110):
        t = step / 109
        swing = (
            sum(math.sin(pace * 2 * math.pi * t + phase) / (1 + n / 2) for n, (pace, phase) in enumerate(waves)) / 1.6
        )
        across = 140 * t + loop * math.cos(waves[1][0] * 2 * math.pi * t + waves[1][1])
        points.append((x + abs(scale) * across, y + scale * height * swing * (1.15 - 0.8 * t)))
    points.append((x + abs(scale) * 180, y - scale * 8))
    return tuple(points)


@lru_cache(maxsize=16)
def _stamp(above: str, below: str) -> Image.Image:
    mask = Image.new("L", (170, 170))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((6, 6, 164, 164), outline=190, width=4)
    draw.ellipse((16, 16, 154, 154), outline=160, width=1)
    for y in (64, 106):
        draw.line((20, y, 150, y), fill=160, width=1)
    draw.text((85, 85), "CONTOH", fill=200, font=sans(13), anchor="mm", stroke_width=0.6)
    draw.text((85, 48), above, fill=180, font=sans(7), anchor="mm")
    draw.text((85, 121), below, fill=180, font=sans(7), anchor="mm")
    return ImageChops.multiply(mask.rotate(11, Image.Resampling.BICUBIC), noise(mask.size, 150, 255))


def jpeg(image: Image.Image, dpi: int, quality: int) -> bytes:
    """JPEG bytes of an RGB picture, without dates or a camera's name."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi))
    return out.getvalue()


def _askew(image: Image.Image, drop: int) -> Image.Image:
    """Turned by a hair: the right edge sinks by `drop` pixels, in strips, which is far quicker than rotating."""
    out = Image.new("RGB", image.size, (244, 244, 242))
    turned = out.copy()
    strips = max(1, abs(drop))
    for axis, source, target in ((0, image, out), (1, out, turned)):
        length, sign = image.size[axis], (1 if (drop > 0) == (axis == 0) else -1)
        for index in range(strips):
            start, end = length * index // strips, length * (index + 1) // strips
            shift = sign * (index - strips // 2)
            box = (start, 0, end, image.height) if axis == 0 else (0, start, image.width, end)
            target.paste(source.crop(box), (start, shift) if axis == 0 else (shift, start))
    return turned


def scan(sheet: Sheet, seed: int, label: str, weight: Weight) -> ScanPage:
    """The sheet as a flatbed scanner sees it: a little askew, grainy, grey towards one edge."""
    image = _askew(sheet.image, round(between(seed, f"{label} askew", -8, 8)))
    dpi = DPI
    if weight == "heavy":
        dpi = _HEAVY_DPI
        image = image.resize((image.width * dpi // DPI, image.height * dpi // DPI), Image.Resampling.BILINEAR)
    image = ImageChops.multiply(image, _texture(image.size, weight))
    return ScanPage(jpeg(image, dpi, QUALITY[weight]), image.width, image.height, dpi)
