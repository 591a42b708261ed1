"""Photos as the letter embeds them."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from models.rules.errors import PermanentFailure
from ops.letter import portrait
from workers.adapters.letter.photo import SIZE, letter_photo


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(letter_photo(data)))


def test_a_small_plain_jpeg_goes_in_as_it_is() -> None:
    assert letter_photo(portrait()) == portrait()


def test_a_large_photo_is_made_small() -> None:
    image = opened(saved(Image.new("RGB", (3000, 4500), "red")))
    assert (image.size, image.mode, image.format) == (SIZE, "RGB", "JPEG")


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(saved(Image.new(mode, (400, 600)), kind)).mode == "RGB"


def test_a_photo_that_lies_on_its_side_is_turned() -> None:
    image = Image.new("RGB", (600, 400), "white")
    image.paste("red", (0, 0, 200, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = opened(saved(image, exif=exif.tobytes()))
    red, green, _ = turned.getpixel((SIZE[0] // 2, 20))  # type: ignore[misc]
    assert (red > 200, green < 60) == (True, True)


def test_metadata_does_not_reach_the_letter() -> None:
    exif = Image.Exif()
    exif[0x010E] = "rahasia"
    made = letter_photo(saved(Image.new("RGB", (400, 600)), exif=exif.tobytes()))
    assert b"rahasia" not in made


def test_transparency_becomes_paper() -> None:
    assert opened(saved(Image.new("RGBA", (400, 600), (0, 0, 0, 0)), "PNG")).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", portrait()[:2000]])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(PermanentFailure, match="photo"):
        letter_photo(data)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    data = saved(Image.new("1", (9000, 9000)), "PNG")
    with pytest.raises(PermanentFailure, match="too large"):
        letter_photo(data)
