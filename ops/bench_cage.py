"""How long the cage takes for one berkas: seven files such as applicants send, made here.

A measurement, never a test: it depends on the machine.
"""

from __future__ import annotations

import random
import statistics
import time
from io import BytesIO
from typing import Any

import pikepdf
import pillow_heif
from PIL import Image, ImageDraw, ImageFilter

from workers.adapters.cage.client import Cage
from workers.adapters.inspect.convert import add_page, saved
from workers.adapters.scanner import CageScanner

_A4_150, _A4_200, _A4_300 = (1240, 1754), (1654, 2339), (2480, 3508)


def _paper(size: tuple[int, int], grain: int) -> Image.Image:
    """Rows of print on paper with `grain` greys of noise, so that it packs like a real scan."""
    width, height = size
    noise = Image.frombytes("L", (width // 2, height // 2), random.Random(7).randbytes(width // 2 * (height // 2)))  # noqa: S311
    paper = noise.point([225 + value * grain // 255 for value in range(256)]).resize(size)
    pen = ImageDraw.Draw(paper)
    step = height // 90
    for row in range(height // 12, height - height // 12, step):
        for column in range(width // 10, width - width // 10, step):
            if (row * 7 + column * 3) % 5:
                pen.rectangle((column, row, column + step // 2, row + step // 2), fill=40)
    return paper.filter(ImageFilter.GaussianBlur(0.6))


def _encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _scan(size: tuple[int, int], pages: int, mode: str) -> bytes:
    with pikepdf.new() as pdf:
        for _ in range(pages):
            paper = _paper(size, 12).convert(mode, dither=Image.Dither.NONE)
            paper.info["dpi"] = (size[0] / 8.27, size[0] / 8.27)
            add_page(pdf, paper)
        return saved(pdf)


def _digital(pages: int) -> bytes:
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(595, 842))
            page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            lines = b"".join(b"(Surat keterangan tempat kerja refraksionis optisien) Tj T* " for _ in range(45))
            page.obj.Contents = pdf.make_stream(b"BT /F1 11 Tf 14 TL 72 770 Td %s ET" % lines)
        return saved(pdf)


def _phone_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (0.0, 30.0, 0.0), 3: "E", 4: (101.0, 26.0, 0.0)})
    return exif


def sample_berkas() -> dict[str, tuple[bytes, str]]:
    """Seven files, about 3 MB: name, bytes and profile."""
    pillow_heif.register_heif_opener()
    photo = Image.new("RGB", (800, 1200), "#c01818")
    photo.paste(_paper((500, 700), 90).convert("RGB"), (150, 400))
    phone = _paper((2000, 1500), 12).convert("RGB")
    return {
        "ktp.jpg": (_encoded(phone, "JPEG", quality=85, exif=_phone_exif()), "document"),
        "ijazah.pdf": (_scan(_A4_200, 1, "L"), "document"),
        "str.pdf": (_digital(2), "document"),
        "surat-sehat.pdf": (_scan(_A4_300, 1, "1"), "document"),
        "surat-tempat-kerja.heic": (_encoded(_paper(_A4_150, 12).convert("RGB"), "HEIF", quality=60), "document"),
        "rekomendasi.pdf": (_scan(_A4_150, 2, "RGB"), "document"),
        "pas-foto.jpg": (_encoded(photo, "JPEG", quality=90), "photo"),
    }


def _timed(scanner: CageScanner, name: str, data: bytes, profile: str) -> tuple[float, str]:
    started = time.perf_counter()
    answer = scanner.inspect(data, name, profile).answer
    return (time.perf_counter() - started) * 1000, answer


def run(rounds: int = 10) -> dict[str, Any]:
    """Milliseconds for a berkas, by the clock and of one core, and for each of its files; peak memory in MiB.

    On a busy machine only the time of one core means anything.
    """
    cage = Cage()
    scanner, files = CageScanner(cage), sample_berkas()
    started = time.perf_counter()
    guarantees = list(scanner.guarantees())
    start_ms = (time.perf_counter() - started) * 1000
    each: dict[str, list[float]] = {name: [] for name in files}
    core: dict[str, list[float]] = {name: [] for name in files}
    answers, peak = dict.fromkeys(files, ""), 0
    for _ in range(rounds):
        for name, (data, profile) in files.items():
            taken, answers[name] = _timed(scanner, name, data, profile)
            each[name].append(taken)
            core[name].append(cage.last_usage.cpu_seconds * 1000)
            peak = max(peak, cage.last_usage.max_rss_kib)
    scanner.close()
    totals = [sum(times) for times in zip(*each.values(), strict=True)]
    return {
        "files": len(files),
        "megabytes": round(sum(len(data) for data, _ in files.values()) / 1e6, 2),
        "berkas_ms_median": round(statistics.median(totals), 1),
        "berkas_ms_worst": round(max(totals), 1),
        "berkas_core_ms_median": round(statistics.median(sum(times) for times in zip(*core.values(), strict=True)), 1),
        "file_core_ms_median": {name: round(statistics.median(times), 1) for name, times in core.items()},
        "file_kib": {name: len(data) // 1024 for name, (data, _) in files.items()},
        "file_ms_median": {name: round(statistics.median(times), 1) for name, times in each.items()},
        "answers": answers,
        "peak_rss_mib": round(peak / 1024, 1),
        "server_start_ms": round(start_ms, 1),
        "guarantees": guarantees,
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
