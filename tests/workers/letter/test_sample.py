"""`make letter`, the benchmark, and outside validators where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from ops.bench_letters import run
from ops.letter import TEMPLATES, Letter, page_image, render_sample


def test_the_sample_becomes_pdf_and_png(tmp_path: Path) -> None:
    pdf, png = render_sample(TEMPLATES / "licences" / "sikro", tmp_path / "out")
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    with Image.open(BytesIO(png.read_bytes())) as page:
        assert page.width > 1200
        assert page.height > page.width


def test_the_benchmark_gives_its_figures() -> None:
    figures = run(1)
    assert {"blanko_ms", "weasyprint_ratio", "chain_cpu_ms", "paraf1_ms", "fill_ms", "seal_ms"} <= figures.keys()
    assert all(value > 0 for value in figures.values())


@pytest.mark.parametrize("stage", ["blanko", "paraf1", "paraf2", "paraf3", "signed", "filled", "sealed"])
@pytest.mark.parametrize("flavour", ["2a", "ua1"])
def test_verapdf_passes_every_stage(
    outside: Callable[..., str], stages: dict[str, bytes], stage: str, flavour: str
) -> None:
    said = outside("verapdf", stages[stage], "--flavour", flavour, "--format", "text")
    assert said.startswith("PASS")


@pytest.mark.parametrize("path", sorted((TEMPLATES / "fonts").glob("*.[ot]tf")), ids=lambda path: path.name)
def test_fonts_may_be_embedded_and_have_a_thousand_units(path: Path) -> None:
    with TTFont(path) as font:
        assert font["head"].unitsPerEm == 1000
        restricted, preview_only = 2, 4
        assert font["OS/2"].fsType & restricted == 0 or font["OS/2"].fsType & (preview_only | 8) != 0


def test_a_phone_can_read_the_code(letter: Letter, tmp_path: Path) -> None:
    if shutil.which("zbarimg") is None:
        pytest.skip("zbarimg is not installed")
    page = tmp_path / "page.png"
    page.write_bytes(page_image(letter.licence))
    said = subprocess.run(["zbarimg", "-q", "--raw", str(page)], capture_output=True, check=True).stdout.decode()
    with pikepdf.open(BytesIO(letter.licence)) as pdf:
        (code,) = [str(one.V) for one in pdf.Root.AcroForm.Fields if str(one.T) == "qr"]
    # A reader may also take the pattern of a picture for a bar code: what it says of the QR code must be there, whole.
    assert code in said.splitlines()
