"""One press for all tests, and small documents of every kind."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import templates
from models.ports import DossierFacts
from ops.samples.pdf import TextLine, typed
from workers.adapters.dossier import TypstDossierPress

SHA256 = "0123456789abcdef" * 4


@pytest.fixture(scope="session")
def press() -> TypstDossierPress:
    return TypstDossierPress(Path(templates.__path__[0]))


@pytest.fixture
def facts() -> DossierFacts:
    """A short case with one requirement that was overridden."""
    return DossierFacts(
        title="Berkas 503/0001/DPMPTSP/SIKRO/2026",
        cover=(("Nomor", "503/0001/DPMPTSP/SIKRO/2026"), ("Nama", "Rani Contoh"), ("SHA-256 izin", SHA256)),
        checks=(("KTP", "ada", ""), ("Pas foto", "bermasalah", "Foto agak buram.")),
        events=(("02-03-2026 09:00:00", "submit", "checking"), ("03-03-2026 10:15:00", "hand_over", "archiving")),
    )


def picture(
    width: int,
    height: int,
    *,
    mode: str = "RGB",
    form: str = "JPEG",
    orientation: int | None = None,
    colour: object = None,
) -> bytes:
    """A picture with a dark corner at its upper left."""
    image = Image.new(mode, (width, height), colour)  # type: ignore[arg-type]
    ImageDraw.Draw(image).rectangle((0, 0, width // 4, height // 4), fill=0)
    out = BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(out, form, exif=exif) if orientation is not None else image.save(out, form)
    return out.getvalue()


def letter(text: str = "Surat permohonan") -> bytes:
    """One typed A4 page."""
    return typed([TextLine(72, 700, text)])
