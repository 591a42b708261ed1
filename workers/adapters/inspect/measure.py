"""Measures of a picture: blank, dark, blurred. All work on grey pictures of a few hundred pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFilter, ImageStat

_BLANK_SPREAD: Final = 6
_INK_STEP: Final = 20
_NEARLY_BLANK_INK: Final = 0.0006
_DARK: Final = 60
_BLUR_SIDE: Final = 1000
# Scans and photos of print measure 0.04 to 0.26; blurred over two thousandths of the width, 0.0009 to 0.0025.
_SHARP: Final = 0.003
_LAPLACE: Final = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=4, offset=128)


@dataclass(frozen=True, slots=True)
class Tone:
    """The spread of greys, the share of pixels darker than the paper, and the paper's own grey (0 to 255)."""

    spread: int
    ink: float
    paper: int

    @property
    def blank(self) -> bool:
        """One colour all over."""
        return self.spread <= _BLANK_SPREAD

    @property
    def nearly_blank(self) -> bool:
        """Less marked than by a single short word."""
        return self.ink < _NEARLY_BLANK_INK

    @property
    def dark(self) -> bool:
        """The paper itself, or most of the picture, is nearly black."""
        return self.paper < _DARK and not self.blank


def _inner(picture: Image.Image) -> Image.Image:
    """Without the outer 3 %, where scanners leave shadows."""
    width, height = picture.size
    left, top = width * 3 // 100, height * 3 // 100
    return picture.crop((left, top, width - left, height - top))


def tone(grey: Image.Image) -> Tone:
    """Tone of a grey picture."""
    inner = _inner(grey)
    counts = inner.histogram()
    used = [level for level, count in enumerate(counts) if count]
    if not used:
        return Tone(0, 0.0, 255)
    total, paper = sum(counts), ImageStat.Stat(inner).median[0]
    ink = sum(counts[: max(0, paper - _INK_STEP)]) + sum(counts[paper + _INK_STEP + 1 :])
    return Tone(used[-1] - used[0], ink / total, paper)


def sharpness(grey: Image.Image) -> float:
    """Strength of edges against contrast, without a unit: 0 for fog, 0.04 and more for print that can be read."""
    width, height = grey.size
    if min(width, height) < 4:
        return 0.0
    contrast = ImageStat.Stat(grey).var[0]
    inner = grey.filter(_LAPLACE).crop((1, 1, width - 1, height - 1))  # the outermost pixels are copied unfiltered
    edges = ImageStat.Stat(inner).var[0]
    return edges / contrast if contrast > 1 else 0.0


def blurred(grey: Image.Image) -> bool:
    """Whether text on this picture is likely unreadable."""
    if max(grey.size) > _BLUR_SIDE:
        grey = grey.reduce(-(-max(grey.size) // _BLUR_SIDE))
    return sharpness(grey) < _SHARP
