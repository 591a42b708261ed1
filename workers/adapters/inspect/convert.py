"""Conversions to what every browser and official can open: JPEG, PNG, or PDF for pages. Same input, same bytes."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import pikepdf
from PIL import Image, ImageOps

from workers.adapters.inspect import bounds
from workers.adapters.inspect.report import Report

_PLAIN_MODES: Final = frozenset({"1", "L", "P", "RGB"})
_ALPHA_MODES: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
TURNED: Final = frozenset(range(2, 9))
"""EXIF orientations of pictures that do not stand upright; numbers beyond 1 to 8 mean nothing."""
_A4_LONG_INCHES: Final = 297 / 25.4
_LARGEST_PROFILE: Final = 64 * 1024
_ROWS_PER_STRIP, _STRIP_OFFSETS, _STRIP_SIZES = 278, 273, 279


def has_alpha(picture: Image.Image) -> bool:
    """Whether any part may be see-through."""
    return picture.mode in _ALPHA_MODES or "transparency" in picture.info


def is_deep(picture: Image.Image) -> bool:
    """Whether a plane has more than 8 bits."""
    return picture.mode.startswith(("I", "F"))


def _flattened(picture: Image.Image) -> Image.Image:
    layer = picture.convert("RGBA")
    paper = Image.new("RGB", layer.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _shallow(picture: Image.Image) -> Image.Image:
    """Grey of 16 or more bits to 8: Pillow's own conversion clips instead of scaling."""
    wide = picture.convert("I") if picture.mode.startswith("I") else picture
    extrema = wide.getextrema()
    highest = extrema[1] if isinstance(extrema[1], (int, float)) else 255
    if picture.mode.startswith("I;16"):
        highest = 65535
    scale = 255 / highest if highest > 255 else 1.0
    return wide.point(lambda value: value * scale + 0).convert("L")


def normalised(picture: Image.Image, report: Report) -> Image.Image:
    """8 bits, no alpha, grey or RGB; says what was done."""
    if is_deep(picture):
        report.add("depth-reduced")
        return _shallow(picture)
    if has_alpha(picture):
        report.add("alpha-flattened")
        return _flattened(picture)
    if picture.mode in _PLAIN_MODES:
        return picture
    report.add("colours-converted")
    return picture.convert("RGB")


def upright(picture: Image.Image, report: Report) -> Image.Image:
    """Turned by its EXIF orientation, if it has one."""
    if picture.getexif().get(0x0112) not in TURNED:
        return picture
    report.add("turned-upright")
    return ImageOps.exif_transpose(picture)


def _profile(picture: Image.Image) -> bytes | None:
    profile = picture.info.get("icc_profile")
    fits = isinstance(profile, bytes) and len(profile) <= _LARGEST_PROFILE and picture.mode == "RGB"
    return profile if fits else None


def to_jpeg(picture: Image.Image) -> bytes:
    """JPEG at quality 90 with its colour profile and nothing else."""
    out = BytesIO()
    picture = picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")
    picture.save(out, "JPEG", quality=90, icc_profile=_profile(picture), exif=b"", comment=b"")
    return out.getvalue()


def to_png(picture: Image.Image) -> bytes:
    """PNG with its colour profile and nothing else."""
    bare = picture.copy()
    bare.info = {}
    out = BytesIO()
    bare.save(out, "PNG", compress_level=3, icc_profile=_profile(picture))
    return out.getvalue()


def reduced(picture: Image.Image, report: Report) -> Image.Image:
    """At most KEPT_PIXELS, by whole divisors; black and white stays, it is small as it is."""
    factor = 1
    while picture.width * picture.height > bounds.KEPT_PIXELS * factor * factor:
        factor += 1
    if factor == 1 or picture.mode not in {"L", "RGB", "RGBA", "LA", "CMYK"}:
        return picture
    smaller = picture.reduce(factor)
    smaller.info.update(picture.info)
    report.add("reduced", width=smaller.width, height=smaller.height)
    return smaller


def _density(picture: Image.Image) -> tuple[float, float]:
    """Dots an inch, across and down; a page without any is taken as A4 long."""
    given = picture.info.get("dpi")
    if isinstance(given, tuple) and all(50 <= float(value) <= 2400 for value in given):
        return float(given[0]), float(given[1])
    guess = max(picture.size) / _A4_LONG_INCHES
    return guess, guess


def _fax(picture: Image.Image) -> tuple[bytes, dict[str, object]]:
    """Black and white as CCITT group 4 in one strip.

    Pillow's own PDF writer keeps the TIFF header around the strip, with a few bytes of uninitialised memory in it.
    """
    out = BytesIO()
    picture.save(out, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: picture.height})
    with Image.open(out, formats=["TIFF"]) as strips:
        tags = strips.tag_v2  # type: ignore[attr-defined]  # only TIFF pictures have it
        (start,), (size,) = tags[_STRIP_OFFSETS], tags[_STRIP_SIZES]
    parameters = pikepdf.Dictionary(K=-1, BlackIs1=True, Columns=picture.width, Rows=picture.height)
    entries = {"Filter": pikepdf.Name.CCITTFaxDecode, "DecodeParms": parameters, "BitsPerComponent": 1}
    return out.getvalue()[start : start + size], {**entries, "ColorSpace": pikepdf.Name.DeviceGray}


def _dct(picture: Image.Image) -> tuple[bytes, dict[str, object]]:
    grey = picture.mode == "L"
    space = pikepdf.Name.DeviceGray if grey else pikepdf.Name.DeviceRGB
    return to_jpeg(picture), {"Filter": pikepdf.Name.DCTDecode, "BitsPerComponent": 8, "ColorSpace": space}


def add_page(pdf: pikepdf.Pdf, picture: Image.Image) -> None:
    """Append a page that is the picture: black and white as CCITT, else JPEG."""
    data, entries = _fax(picture) if picture.mode == "1" else _dct(picture)
    across, down = _density(picture)
    width, height = picture.width / across * 72, picture.height / down * 72
    image = pdf.make_stream(data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, **entries)
    image.stream_dict.Width, image.stream_dict.Height = picture.width, picture.height
    page = pdf.add_blank_page(page_size=(round(width, 2), round(height, 2)))
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
    page.obj.Contents = pdf.make_stream(b"q %.2f 0 0 %.2f 0 0 cm /Im0 Do Q" % (width, height))


def saved(pdf: pikepdf.Pdf) -> bytes:
    """The PDF as bytes: no encryption, an identity made from its content."""
    out = BytesIO()
    pdf.save(out, deterministic_id=True, encryption=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()
