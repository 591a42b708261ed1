"""The letter of application: typed, with real text, and signed by pen."""

from __future__ import annotations

import textwrap
from datetime import date

from models.rules.dates import long_date
from ops.samples.paper import scribble
from ops.samples.pdf import Stroke, TextLine, typed
from ops.samples.people import SampleApplicant
from ops.samples.wording import SEX, lifelong_or

_LEFT = 72.0
_LEADING = 17.0


class _Typewriter:
    """Sets line under line from the top of the page; keeps what it wrote."""

    def __init__(self, y: float) -> None:
        self.y = y
        self.lines: list[TextLine] = []

    def write(self, text: str, x: float = _LEFT, *, bold: bool = False) -> None:
        self.lines.append(TextLine(x, self.y, text, 12, bold))
        self.y -= _LEADING

    def paragraph(self, text: str) -> None:
        for line in textwrap.wrap(text, 88):
            self.write(line)
        self.skip()

    def row(self, label: str, value: str) -> None:
        self.lines.append(TextLine(_LEFT + 18, self.y, label, 12))
        first, *others = textwrap.wrap(value, 54)
        self.write(f":  {first}", 215)
        for line in others:
            self.write(line, 225)

    def skip(self, points: float = 8) -> None:
        self.y -= points


def application_letter(a: SampleApplicant, dated: date) -> bytes:
    """A one-page PDF addressed to the head of the office."""
    page = _Typewriter(775)
    _address(page, dated)
    _applicant(page, a)
    page.skip()
    page.paragraph(
        "Dengan ini mengajukan permohonan Surat Izin Kerja Refraksionis Optisien (SIKRO) untuk bekerja pada "
        f"{a.workplace_name}, {a.workplace_address}."
    )
    page.paragraph(
        "Sebagai bahan pertimbangan, bersama ini saya lampirkan persyaratan yang diminta. Semua keterangan dan dokumen "
        "yang saya sampaikan adalah benar. Atas perhatian Bapak/Ibu saya ucapkan terima kasih."
    )
    stroke = _signature(page, a)
    page.lines.append(TextLine(238, 36, "CONTOH - dokumen rekaan, tidak berlaku", 8))
    return typed(page.lines, [stroke])


def _address(page: _Typewriter, dated: date) -> None:
    page.write(f"Pekanbaru, {long_date(dated)}", 375)
    page.skip()
    page.write("Perihal : Permohonan SIKRO", bold=True)
    page.write("Lampiran : 1 (satu) berkas")
    page.skip(14)
    page.write("Kepada Yth.")
    page.write("Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu")
    page.write("Kota Pekanbaru")
    page.write("di Pekanbaru")
    page.skip(14)
    page.write("Dengan hormat,")
    page.write("Yang bertanda tangan di bawah ini:")
    page.skip()


def _applicant(page: _Typewriter, a: SampleApplicant) -> None:
    page.row("Nama lengkap", a.name)
    page.row("NIK", a.nik)
    page.row("Tempat, tanggal lahir", f"{a.birth_place}, {long_date(a.birth_date)}")
    page.row("Jenis kelamin", SEX[a.sex])
    page.row("Alamat", a.address)
    page.row("Telepon", a.phone)
    page.row("Surat elektronik", a.email)
    page.row("Pendidikan", f"D3 Refraksi Optisi, {a.academy}, lulus {a.graduated}")
    page.row("Nomor STRRO", a.str_number)
    page.row("Masa berlaku STRRO", lifelong_or(a.str_valid_until))


def _signature(page: _Typewriter, a: SampleApplicant) -> Stroke:
    page.skip()
    page.write("Hormat saya,", 375)
    stroke = Stroke(scribble(a.seed, "application", 378, page.y - 22, -0.65))
    page.skip(50)
    page.write(a.name, 375, bold=True)
    return stroke
