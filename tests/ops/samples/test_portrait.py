"""The drawn portraits: every seed has a face in the middle of a red ground."""

from __future__ import annotations

import pytest

from ops.samples.portrait import SIZE, portrait


def pixel(seed: int, sex: str, x: float, y: float) -> tuple[int, int, int]:
    value = portrait(seed, sex).getpixel((round(SIZE[0] * x), round(SIZE[1] * y)))
    assert isinstance(value, tuple)
    return int(value[0]), int(value[1]), int(value[2])


@pytest.mark.parametrize("sex", ["L", "P"])
@pytest.mark.parametrize("seed", range(12))
def test_skin_in_the_middle_red_in_the_corners(seed: int, sex: str) -> None:
    red, green, blue = pixel(seed, sex, 0.42, 0.53)
    assert red > green > blue > 50
    for x in (0.03, 0.97):
        red, green, blue = pixel(seed, sex, x, 0.05)
        assert red > 150
        assert max(green, blue) < 60


def test_portraits_are_drawn_once_and_differ_between_people() -> None:
    assert portrait(1, "L") is portrait(1, "L")
    assert portrait(1, "L").tobytes() != portrait(2, "L").tobytes()
    assert portrait(1, "L").size == SIZE
