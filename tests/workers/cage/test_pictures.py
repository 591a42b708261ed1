"""What is judged and cleaned in pictures; made by the tests, so opened in this process."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from models.ports import Inspection
from tests.workers.cage.makers import codes, document, encoded, portrait, with_camera_data
from workers.adapters.inspect import bounds
from workers.adapters.inspect.pages import look_at_page
from workers.adapters.inspect.verdict import inspect

pytestmark = pytest.mark.usefixtures("parsers")


@functools.cache
def honest(form: str) -> bytes:
    return encoded(document(), form)


def judged(data: bytes, name: str = "", profile: str = "document") -> Inspection:
    return inspect(data, name, profile)


def shown(found: Inspection) -> Image.Image:
    assert found.answer == "convert", found.findings
    assert found.clean is not None
    picture = Image.open(io.BytesIO(found.clean))
    picture.load()
    return picture


def differ(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of greys, 0 to 255."""
    size = (90, 120)
    pair = [picture.convert("L").resize(size, Image.Resampling.BOX) for picture in (one, other)]
    return float(ImageStat.Stat(ImageChops.difference(*pair)).mean[0])


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_an_honest_picture_is_kept_as_it_is(form: str) -> None:
    found = judged(encoded(document(), form))
    assert (found.answer, found.pages, found.clean, found.findings) == ("accept", 1, None, ())


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_plain_modes_of_png_are_kept(mode: str) -> None:
    assert judged(encoded(document().convert(mode), "PNG")).answer == "accept"


@pytest.mark.parametrize(
    ("form", "options", "target"),
    [
        ("WEBP", {"quality": 90}, "image/jpeg"),
        ("WEBP", {"lossless": True}, "image/jpeg"),
        ("BMP", {}, "image/png"),
        ("HEIF", {}, "image/jpeg"),
    ],
)
def test_other_formats_become_what_every_browser_shows(form: str, options: dict[str, Any], target: str) -> None:
    original = document()
    found = judged(encoded(original, form, **options))
    assert found.clean_media_type == target
    assert codes(found.findings) == {"converted"}
    assert differ(shown(found), original) < 4


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_is_turned_upright(orientation: int) -> None:
    picture = document(600, 900)
    picture.paste("red", (0, 0, 300, 450))
    found = judged(encoded(picture, "JPEG", quality=95, exif=with_camera_data(orientation)))
    upright = shown(found)
    assert "turned-upright" in codes(found.findings)
    assert not upright.getexif()
    assert upright.size == ((900, 600) if orientation >= 5 else (600, 900))
    x, y = {2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    corner = upright.getpixel((20 + x * (upright.width - 41), 20 + y * (upright.height - 41)))
    assert isinstance(corner, tuple)
    assert corner[0] > 200
    assert corner[1] < 60


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_place_is_removed(form: str) -> None:
    found = judged(encoded(document(), form, exif=with_camera_data(place=True)))
    assert "location-removed" in codes(found.findings)
    assert not shown(found).getexif()
    assert b"Kamera" not in (found.clean or b"")


def test_removing_the_place_leaves_the_pixels_untouched() -> None:
    data = encoded(document(), "JPEG", exif=with_camera_data(place=True))
    with Image.open(io.BytesIO(data)) as before:
        assert before.tobytes() == shown(judged(data)).tobytes()


def test_camera_data_without_a_place_is_no_reason_to_change_a_picture() -> None:
    assert judged(encoded(document(), "JPEG", exif=with_camera_data())).answer == "accept"


def test_an_orientation_that_there_is_not_turns_nothing() -> None:
    assert judged(encoded(document(), "JPEG", exif=with_camera_data(99))).answer == "accept"


def test_broken_camera_data_is_dropped() -> None:
    data = encoded(document(), "JPEG", exif=with_camera_data(place=True))
    broken = data.replace(b"II*\x00\x08\x00\x00\x00", b"II*\x00\xff\xff\xff\x7f").replace(b"MM\x00*", b"MM\x00\xff")
    found = judged(broken)
    assert found.answer in {"accept", "convert"}
    assert found.clean is None or b"Kamera" not in found.clean


def another_photo() -> bytes:
    return encoded(document(90, 120), "JPEG", exif=with_camera_data(place=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("more", [b"MotionPhoto_Data" + bytes(range(256)) * 4, another_photo()], ids=["film", "photo"])
def test_what_follows_the_picture_is_cut_off(form: str, more: bytes) -> None:
    data = encoded(document(), form)
    found = judged(data + more)
    assert codes(found.findings) == {"extra-data-removed"}
    assert found.clean == data


def test_a_script_in_a_comment_is_cut_out() -> None:
    found = judged(encoded(document(), "JPEG", comment=b"<script>alert(1)</script>"))
    assert codes(found.findings) == {"extra-data-removed"}
    assert b"script" not in (found.clean or b"script")


def test_see_through_parts_become_white() -> None:
    picture = document().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 900, 100))
    found = judged(encoded(picture, "PNG"))
    assert codes(found.findings) == {"alpha-flattened"}
    assert shown(found).convert("RGB").getpixel((50, 50)) == (255, 255, 255)


def test_sixteen_bits_become_eight_with_the_same_look() -> None:
    deep = Image.new("I;16", (700, 900), 60_000)
    deep.paste(Image.new("I;16", (400, 400), 10_000), (100, 100))
    found = judged(encoded(deep, "PNG"))
    assert "depth-reduced" in codes(found.findings)
    picture = shown(found).convert("L")
    assert picture.getpixel((20, 20)) == pytest.approx(60_000 / 257, abs=2)
    assert picture.getpixel((200, 200)) == pytest.approx(10_000 / 257, abs=2)


def test_print_colours_become_screen_colours() -> None:
    found = judged(encoded(document().convert("CMYK"), "JPEG"))
    assert "colours-converted" in codes(found.findings)
    assert shown(found).mode == "RGB"


def test_all_pages_of_a_tiff_become_a_pdf() -> None:
    pages = [document(ink=ink) for ink in ("black", "navy", "black")]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = judged(data)
    assert (found.answer, found.pages, found.clean_media_type) == ("convert", 3, "application/pdf")
    assert found.clean is not None
    for number, page in enumerate(pages, 1):
        drawn = Image.open(io.BytesIO(look_at_page(found.clean, "application/pdf", number, [300])[0][0]))
        assert differ(drawn, page) < 10


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_lzw", "raw"])
def test_a_black_and_white_tiff_keeps_black_on_white(compression: str) -> None:
    page = document(1000, 1400).convert("1")
    found = judged(encoded(page, "TIFF", compression=compression, dpi=(200, 200)))
    assert found.clean is not None
    drawn = Image.open(io.BytesIO(look_at_page(found.clean, "application/pdf", 1, [500])[0][0]))
    assert differ(drawn, page) < 6
    with pikepdf.open(io.BytesIO(found.clean)) as pdf:
        assert [float(side) for side in pdf.pages[0].mediabox] == [0, 0, 360, 504]


def test_fifty_one_pages_of_tiff_are_too_many() -> None:
    pages = [document(200, 300).convert("1")] * 51
    found = judged(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert codes(found.findings) == {"too-many-pages"}


def test_only_the_first_of_moving_pictures_is_taken() -> None:
    frames = [document(), document(ink="red")]
    found = judged(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    assert "frames-dropped" in codes(found.findings)
    assert differ(shown(found), frames[0]) < 6


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_picture_cut_off_is_refused(form: str, share: float) -> None:
    data = honest(form)
    found = judged(data[: int(len(data) * share)])
    assert found.answer == "reject"
    assert codes(found.findings) <= {"picture-truncated", "picture-damaged", "converted"}


def test_a_png_with_a_broken_middle_is_refused() -> None:
    data = bytearray(encoded(document(), "PNG"))
    place = len(data) // 2
    data[place : place + 60] = bytes(60)
    assert judged(bytes(data)).answer == "reject"


def test_a_single_colour_is_blank() -> None:
    assert codes(judged(encoded(Image.new("RGB", (900, 1200), "white"), "PNG")).findings) == {"blank"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_blur_is_warned_of(form: str) -> None:
    sharp, fog = document(), document().filter(ImageFilter.GaussianBlur(9))
    assert "blurred" not in codes(judged(encoded(sharp, form)).findings)
    found = judged(encoded(fog, form))
    assert found.answer != "reject"
    assert "blurred" in codes(found.findings)


def test_darkness_is_warned_of() -> None:
    night = document(ground="#202020", ink="#080808")
    found = judged(encoded(night, "JPEG"))
    assert found.answer == "accept"
    assert "dark" in codes(found.findings)
    assert "dark" not in codes(judged(encoded(document(ground="#b0b0b0"), "JPEG")).findings)


def test_small_pictures_are_warned_of() -> None:
    assert "small" in codes(judged(encoded(document(300, 400), "JPEG")).findings)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_good_photo_passes_without_a_word(form: str) -> None:
    found = judged(encoded(portrait(), form), profile="photo")
    assert found.answer != "reject"
    assert codes(found.findings) <= {"converted"}


@pytest.mark.parametrize("ground", ["#1840c0", "white", "#208030"])
def test_another_ground_is_a_warning_only(ground: str) -> None:
    found = judged(encoded(portrait(ground), "JPEG"), profile="photo")
    assert found.answer == "accept"
    assert codes(found.findings) == {"photo-background"}
    assert {f.grade for f in found.findings} == {"warning"}


@pytest.mark.parametrize("ground", ["#c01818", "#a02020", "#e03030", "#8c1010"])
def test_many_reds_are_red(ground: str) -> None:
    assert judged(encoded(portrait(ground), "JPEG"), profile="photo").findings == ()


@pytest.mark.parametrize(
    ("size", "right"), [((400, 600), True), ((413, 600), True), ((450, 600), False), ((600, 400), False)]
)
def test_the_ratio_is_a_warning_only(size: tuple[int, int], right: bool) -> None:
    found = judged(encoded(portrait(size=size), "JPEG"), profile="photo")
    assert found.answer == "accept"
    assert ("photo-ratio" in codes(found.findings)) != right


def test_the_ratio_is_that_of_the_upright_photo() -> None:
    lying = portrait().transpose(Image.Transpose.ROTATE_90)
    found = judged(encoded(lying, "JPEG", exif=with_camera_data(6)), profile="photo")
    assert "photo-ratio" not in codes(found.findings)
    assert shown(found).size == (400, 600)


def test_a_photo_in_tiff_becomes_a_picture() -> None:
    found = judged(encoded(portrait(), "TIFF"), profile="photo")
    assert found.clean_media_type == "image/jpeg"


def test_a_very_large_phone_picture_is_reduced_when_it_has_to_be_written_anew() -> None:
    large = Image.new("RGB", (6000, 5000), "white")
    large.paste(document(3000, 3000), (500, 500))
    found = judged(encoded(large, "JPEG", exif=with_camera_data(3)))
    assert "reduced" in codes(found.findings)
    picture = shown(found)
    assert picture.width * picture.height <= bounds.KEPT_PIXELS


def text_bomb() -> bytes:
    data = encoded(document(), "PNG")
    body = b"Comment\x00\x00" + zlib.compress(bytes(80 << 20), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    return data[:33] + chunk + data[33:]


def test_a_bomb_in_a_png_text_is_refused() -> None:
    assert judged(text_bomb()).answer == "reject"


@pytest.mark.parametrize("form", ["WEBP", "HEIF", "BMP", "TIFF"])
def test_converting_is_deterministic(form: str) -> None:
    data = honest(form)
    assert judged(data).clean == judged(data).clean
