"""The photo for the licence: 4 x 6 upright on a red ground. Warnings only; an officer sees them and decides."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageStat

from workers.adapters.inspect.report import Report

_RATIO: Final = 4 / 6
_RATIO_SLACK: Final = 0.06
_SMALL_WIDTH: Final = 236  # 4 cm at 150 dpi


def _corners(picture: Image.Image) -> list[Image.Image]:
    """The upper left and right: what lies beside and above a head."""
    width, height = picture.size
    across, down = max(1, width // 7), max(1, height // 4)
    return [picture.crop((0, 0, across, down)), picture.crop((width - across, 0, width, down))]


def _is_red(patch: Image.Image) -> bool:
    red, green, blue = ImageStat.Stat(patch.convert("RGB")).median[:3]
    return red >= 90 and red - max(green, blue) >= 45


def judge_photo(small: Image.Image, size: tuple[int, int], report: Report) -> None:
    """Warn of another ratio, another ground, too few pixels; `small` is a coarse copy, `size` the true pixels."""
    width, height = size
    if abs(width / max(height, 1) - _RATIO) > _RATIO_SLACK:
        report.add("photo-ratio")
    if not all(_is_red(patch) for patch in _corners(small)):
        report.add("photo-background")
    if width < _SMALL_WIDTH:
        report.add("small", width=width, height=height)
