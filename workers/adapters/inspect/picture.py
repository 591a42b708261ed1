"""Judges a picture: dimensions first, then its data to the end, then what it shows; cleans it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Final

import pikepdf
from PIL import Image, UnidentifiedImageError

from workers.adapters.inspect import bounds, convert, kinds, segments
from workers.adapters.inspect.measure import blurred, tone
from workers.adapters.inspect.pdf_pictures import refuse_flood
from workers.adapters.inspect.photo import judge_photo
from workers.adapters.inspect.report import Judged, Refused, Report

_FORMATS: Final = {
    kinds.JPEG: "JPEG", kinds.PNG: "PNG", kinds.WEBP: "WEBP", kinds.HEIC: "HEIF", kinds.TIFF: "TIFF", kinds.BMP: "BMP",
}  # fmt: skip
_UNREADABLE: Final = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError,
    OverflowError, AttributeError, struct.error, zlib.error,
)  # fmt: skip
_MOST_PIXELS: Final = {
    kinds.JPEG: bounds.MAX_PIXELS, kinds.WEBP: bounds.MAX_THRICE_PIXELS, kinds.HEIC: bounds.MAX_THRICE_PIXELS,
}  # fmt: skip
_LOOK_SIDE: Final = 1000


def _opened(data: bytes, media_type: str) -> Image.Image:
    """Only the header is read here, and only by the parser of this very type."""
    try:
        picture = Image.open(BytesIO(data), formats=[_FORMATS[media_type]])
    except _UNREADABLE as error:
        raise Refused("picture-damaged") from error
    refuse_flood(picture.width, picture.height, _MOST_PIXELS.get(media_type, bounds.MAX_WHOLE_PIXELS))
    return picture


def _load(picture: Image.Image) -> None:
    try:
        picture.load()
    except _UNREADABLE as error:
        raise Refused("picture-truncated") from error


def _small(picture: Image.Image) -> Image.Image:
    if max(picture.size) <= _LOOK_SIDE:
        return picture
    return picture.reduce(max(1, max(picture.size) // _LOOK_SIDE))


def _look(small: Image.Image, size: tuple[int, int], profile: str, report: Report) -> None:
    """Judge what a coarse copy shows."""
    grey = small.convert("L")
    seen = tone(grey)
    if seen.blank:
        raise Refused("blank")
    if blurred(grey):
        report.add("blurred")
    if profile == "photo":
        judge_photo(small, size, report)
        return
    if seen.dark:
        report.add("dark")
    if max(size) < bounds.SMALL_SIDE:
        report.add("small", width=size[0], height=size[1])


def _lies_on_its_side(picture: Image.Image) -> bool:
    return picture.getexif().get(0x0112) in convert.TURNED


def _has_place(picture: Image.Image) -> bool:
    return bool(picture.getexif().get_ifd(0x8825))


def _note_hidden(picture: Image.Image, found: segments.Hidden, report: Report) -> None:
    try:
        located = found.place or _has_place(picture)
    except _UNREADABLE:
        located = True  # unreadable camera data is dropped as if it told the place
    if located:
        report.add("location-removed")
    if found.script or found.trailer:
        report.add("extra-data-removed")


def _draft(picture: Image.Image, profile: str) -> Image.Image:
    """A JPEG decoded coarsely: fast, and still read to its last byte."""
    width, height = picture.size
    if profile == "photo":
        picture.draft("RGB", (width // 4, height // 4))
    else:
        picture.draft("L", (min(width, _LOOK_SIDE), min(height, _LOOK_SIDE)))
    _load(picture)
    return picture


def _rewritten_jpeg(picture: Image.Image, profile: str, report: Report) -> Judged:
    """Decoded once, fully: turned, in plain colours, written anew."""
    if picture.width * picture.height > bounds.KEPT_PIXELS:
        picture.draft(picture.mode, (picture.width // 2, picture.height // 2))
        report.add("reduced", width=picture.width, height=picture.height)
    _load(picture)
    plain = convert.normalised(convert.upright(picture, report), report)
    _look(_small(plain), plain.size, profile, report)
    return Judged(1, convert.to_jpeg(plain), kinds.JPEG)


def _judge_jpeg(data: bytes, profile: str, report: Report) -> Judged:
    if segments.has_endless_scans(data):
        raise Refused("bomb")
    picture = _opened(data, kinds.JPEG)
    pieces = segments.parts(data)
    _note_hidden(picture, segments.hidden(pieces), report)
    if _lies_on_its_side(picture) or picture.mode not in {"L", "RGB"}:
        return _rewritten_jpeg(picture, profile, report)
    size = picture.size
    _look(_draft(picture, profile), size, profile, report)
    return Judged(1, segments.stripped(pieces), kinds.JPEG) if report.mended else Judged(1)


def _judge_png(data: bytes, profile: str, report: Report) -> Judged:
    picture = _opened(data, kinds.PNG)
    pieces = segments.parts(data)
    deep = data[24] == 16
    _load(picture)
    if not segments.png_is_sound(pieces):
        raise Refused("picture-truncated")
    _note_frames(picture, report)
    _note_hidden(picture, segments.hidden(pieces), report)
    fit = convert.reduced(picture, report) if convert.has_alpha(picture) else picture
    plain = convert.normalised(convert.upright(fit, report), report)
    if deep:
        report.add("depth-reduced")
    _look(_small(plain.convert("RGB") if plain.mode in {"P", "1"} else plain), plain.size, profile, report)
    if plain is not picture or deep or report.has("frames-dropped"):
        return Judged(1, convert.to_png(plain), kinds.PNG)
    return Judged(1, segments.stripped(pieces), kinds.PNG) if report.mended else Judged(1)


def _note_frames(picture: Image.Image, report: Report) -> None:
    frames = int(getattr(picture, "n_frames", 1))
    if frames > 1:
        report.add("frames-dropped", frames=frames)


def _judge_other(data: bytes, media_type: str, profile: str, report: Report) -> Judged:
    """WebP, HEIC, BMP and photos in TIFF: decoded whole and written anew."""
    picture = _opened(data, media_type)
    _note_frames(picture, report)
    _load(picture)
    target = kinds.PNG if media_type == kinds.BMP else kinds.JPEG
    report.add("converted", source=kinds.SPOKEN[media_type], target=kinds.SPOKEN[target])
    if _has_place_quietly(picture):
        report.add("location-removed")
    plain = convert.normalised(convert.upright(convert.reduced(picture, report), report), report)
    _look(_small(plain.convert("RGB") if plain.mode in {"P", "1"} else plain), plain.size, profile, report)
    return Judged(1, convert.to_png(plain) if target == kinds.PNG else convert.to_jpeg(plain), target)


def _has_place_quietly(picture: Image.Image) -> bool:
    try:
        return _has_place(picture)
    except _UNREADABLE:
        return False


def _add_tiff_page(pdf: pikepdf.Pdf, picture: Image.Image, number: int, report: Report) -> bool:
    """One page more; gives whether it is blank."""
    try:
        picture.seek(number)
    except _UNREADABLE as error:
        raise Refused("picture-truncated") from error
    refuse_flood(picture.width, picture.height, bounds.MAX_WHOLE_PIXELS)
    _load(picture)
    density = picture.info.get("dpi")
    plain = convert.normalised(convert.upright(convert.reduced(picture, report), report), report)
    if density and "dpi" not in plain.info:
        plain.info["dpi"] = density
    convert.add_page(pdf, plain)
    return tone(_small(plain.convert("L"))).blank


def _judge_tiff(data: bytes, report: Report) -> Judged:
    picture = _opened(data, kinds.TIFF)
    frames = int(getattr(picture, "n_frames", 1))
    if frames > bounds.MAX_PAGES:
        raise Refused("too-many-pages", pages=frames, limit=bounds.MAX_PAGES)
    report.add("converted", source="TIFF", target="PDF")
    with pikepdf.new() as pdf:
        blank = [_add_tiff_page(pdf, picture, number, report) for number in range(frames)]
        if all(blank):
            raise Refused("blank")
        return Judged(frames, convert.saved(pdf), kinds.PDF)


def judge_picture(data: bytes, media_type: str, profile: str, report: Report) -> Judged:
    """Raises Refused when the applicant must send another file."""
    try:
        if media_type == kinds.JPEG:
            return _judge_jpeg(data, profile, report)
        if media_type == kinds.PNG:
            return _judge_png(data, profile, report)
        if media_type == kinds.TIFF and profile != "photo":
            return _judge_tiff(data, report)
        return _judge_other(data, media_type, profile, report)
    except _UNREADABLE as error:
        raise Refused("picture-damaged") from error
