"""Berkas for the intake benchmark: seven files of 3 to 4 MB, painted once, and told apart by a few harmless bytes.

Every application's files differ from every other's, so no store and no cache answers for another one. A third of the
identity cards are upright photos, a third lie on their side as phones leave them, a third are HEIC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO

import pillow_heif
from PIL import Image

from ops.samples.berkas import KINDS, SampleFile, paint_berkas
from ops.samples.people import applicant

SEVEN = tuple(kind for kind in KINDS if kind != "rekomendasi_dinkes")
_SIDEWAYS = 6
_ORIENTATION = 0x0112
_SOI = b"\xff\xd8"

Berkas = Mapping[str, SampleFile]


def painted(count: int, on: date) -> list[Berkas]:
    """`count` berkas of seven files each, of different people."""
    pillow_heif.register_heif_opener()
    return [_with_phone_photo(seed, paint_berkas(applicant(seed, on=on), SEVEN, on=on, weight="heavy"))
            for seed in range(count)]  # fmt: skip


def varied(berkas: Berkas, serial: int) -> dict[str, SampleFile]:
    """The same berkas with other bytes: a comment in each file, where its format has room for one."""
    mark = b"%012d" % serial
    return {
        code: SampleFile(file.name, file.media_type, _marked(file, mark), file.fields) for code, file in berkas.items()
    }


def mean_bytes(all_berkas: Sequence[Berkas]) -> int:
    """Size of a berkas."""
    return sum(len(file.data) for berkas in all_berkas for file in berkas.values()) // len(all_berkas)


def _marked(file: SampleFile, mark: bytes) -> bytes:
    if file.media_type == "application/pdf":
        place = file.data.rfind(b"startxref")
        return file.data[:place] + b"% " + mark + b"\n" + file.data[place:]
    if file.media_type == "image/jpeg":
        return _SOI + b"\xff\xfe" + (2 + len(mark)).to_bytes(2, "big") + mark + file.data[2:]
    return file.data + (8 + len(mark)).to_bytes(4, "big") + b"free" + mark


def _with_phone_photo(seed: int, berkas: Berkas) -> Berkas:
    card = berkas["ktp"]
    with Image.open(BytesIO(card.data)) as picture:
        if seed % 3 == 1:
            return {**berkas, "ktp": SampleFile(card.name, card.media_type, _sideways(picture), card.fields)}
        if seed % 3 == 2:
            name = card.name.replace(".jpg", ".heic")
            return {**berkas, "ktp": SampleFile(name, "image/heic", _heic(picture), card.fields)}
    return berkas


def _sideways(picture: Image.Image) -> bytes:
    exif, out = Image.Exif(), BytesIO()
    exif[_ORIENTATION] = _SIDEWAYS
    picture.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def _heic(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "HEIF", quality=60)
    return out.getvalue()
