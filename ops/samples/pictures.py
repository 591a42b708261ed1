"""Phone pictures: an identity card on a table, the passport photo, and a holiday view that belongs in no berkas."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ops.samples.dice import between, number
from ops.samples.paper import QUALITY, Colour, Sheet, Weight, jpeg, noise, sans
from ops.samples.pdf import ScanPage
from ops.samples.people import SampleApplicant
from ops.samples.portrait import portrait
from ops.samples.wording import SEX

_TABLE = (1280, 960)
_CARD = (1000, 630)
_BLUE: Colour = (40, 70, 120)


@lru_cache(maxsize=2)
def _table(weight: Weight) -> Image.Image:
    """A wooden table by window light."""
    low = 90 if weight == "heavy" else 200
    streaks = noise((5, 120), 175, 255).resize(_TABLE, Image.Resampling.BICUBIC)
    light = Image.radial_gradient("L").resize(_TABLE).point([255 - v // 3 for v in range(256)])
    grey = ImageChops.multiply(ImageChops.multiply(streaks, light), noise(_TABLE, low, 255))
    return Image.merge("RGB", tuple(grey.point([v * part // 255 for v in range(256)]) for part in (176, 128, 88)))


def _rows(a: SampleApplicant) -> tuple[tuple[str, str], ...]:
    street, rt, *_ = a.address.split(", ")
    return (
        ("Nama", a.name.upper()),
        ("Tempat/Tgl Lahir", f"{a.birth_place.upper()}, {a.birth_date:%d-%m-%Y}"),
        ("Jenis Kelamin", SEX[a.sex].upper()),
        ("Alamat", street.upper()),
        ("RT/RW", rt.replace("RT ", "").replace("RW ", "")),
        ("Kecamatan", a.district.upper()),
        ("Pekerjaan", "REFRAKSIONIS OPTISIEN"),
        ("Berlaku Hingga", "SEUMUR HIDUP"),
    )


def _card(a: SampleApplicant) -> Image.Image:
    sheet = Sheet(_CARD, (206, 222, 234))
    sheet.draw.rectangle((0, 0, _CARD[0], 112), fill=(188, 208, 226))
    sheet.centre(18, "KARTU TANDA PENDUDUK (CONTOH)", sans(20), _BLUE, bold=True)
    sheet.centre(66, "KOTA PEKANBARU", sans(16), _BLUE, bold=True)
    sheet.text(40, 132, f"NIK  {a.nik}", sans(23), bold=True)
    for index, (label, value) in enumerate(_rows(a)):
        sheet.text(40, 196 + 50 * index, label, sans(14.5))
        sheet.text(255, 196 + 50 * index, f": {value}", sans(14.5))
    sheet.image.paste(portrait(a.seed, a.sex).resize((200, 300), Image.Resampling.BILINEAR, reducing_gap=2), (764, 180))
    sheet.text(864, 500, "SPECIMEN", sans(17), (176, 60, 60), "ma", bold=True)
    sheet.signature(790, 570, a.seed, "ktp")
    return sheet.image


def _rounded(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), 30, fill=255)
    return mask


def identity_card(a: SampleApplicant, weight: Weight) -> bytes:
    """A JPEG of 1280 x 960 pixels: the card, a little askew, on a table."""
    picture, angle = _table(weight).copy(), between(a.seed, "ktp askew", -4, 4)
    card, mask = (part.rotate(angle, Image.Resampling.BILINEAR, expand=True) for part in (_card(a), _rounded(_CARD)))
    at = ((_TABLE[0] - card.width) // 2 + number(a.seed, "ktp x", 60) - 30, (_TABLE[1] - card.height) // 2)
    shadow = mask.reduce(4).filter(ImageFilter.GaussianBlur(5)).resize(mask.size).point([v // 2 for v in range(256)])
    picture.paste((30, 20, 12), (at[0] + 10, at[1] + 16), shadow)
    picture.paste(card, at, mask)
    glare = Image.radial_gradient("L").point([max(0, 190 - v) // 4 for v in range(256)]).resize((900, 620))
    picture.paste((255, 252, 240), (60, 40), glare)
    return jpeg(picture, 72, QUALITY[weight])


def passport_photo(a: SampleApplicant, weight: Weight) -> bytes:
    """The portrait as a JPEG, 4 x 6 cm at 300 dpi, red background."""
    picture = portrait(a.seed, a.sex).copy()
    ImageDraw.Draw(picture).text((466, 703), "contoh", fill=(150, 150, 156), font=sans(7), anchor="rs")
    if weight == "heavy":
        picture = picture.resize((944, 1416), Image.Resampling.BICUBIC)
        picture = ImageChops.multiply(picture, noise(picture.size, 205, 255).convert("RGB"))
    return jpeg(picture, 300, 90)


def holiday(seed: int) -> bytes:
    """A landscape JPEG of a beach: what some applicants send in place of a portrait."""
    picture = Image.new("RGB", (1200, 800), (120, 180, 226))
    sky = Image.linear_gradient("L").resize((1200, 430))
    picture.paste((222, 236, 246), (0, 0), sky)
    draw = ImageDraw.Draw(picture)
    sun = 200 + number(seed, "sun", 800)
    draw.ellipse((sun - 50, 90, sun + 50, 190), fill=(255, 244, 200))
    draw.polygon([(0, 430), (180, 330), (360, 400), (560, 300), (820, 430)], fill=(74, 112, 96))
    draw.rectangle((0, 426, 1200, 650), fill=(46, 128, 158))
    for y in range(440, 600, 22):
        draw.line([(x, y + (x // 60 % 2) * 5) for x in range(0, 1230, 30)], fill=(92, 164, 188), width=3)
    draw.polygon([(0, 610), (500, 580), (1200, 630), (1200, 800), (0, 800)], fill=(226, 204, 158))
    return jpeg(ImageChops.multiply(picture, noise(picture.size, 225, 255).convert("RGB")), 72, 72)


def as_page(data: bytes) -> ScanPage:
    """A JPEG as a page of its own size."""
    with Image.open(io.BytesIO(data)) as picture:
        return ScanPage(data, picture.width, picture.height, 110)
