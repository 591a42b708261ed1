"""Paints a whole berkas: the files an applicant brings, sound or with a defect on demand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from ops.samples import pictures
from ops.samples.dice import number
from ops.samples.forms import DOCTOR, FORMS, paint_diploma, paint_form, paint_registration
from ops.samples.letter import application_letter
from ops.samples.paper import Sheet, Weight, sans, scan
from ops.samples.pdf import ScanPage, locked, scanned
from ops.samples.people import SAMPLE_DAY, SampleApplicant, representative
from ops.samples.wording import LIFELONG

KINDS = (
    "surat_permohonan",
    "ktp",
    "ijazah",
    "strro",
    "surat_sehat",
    "surat_tempat_kerja",
    "pas_foto",
    "rekomendasi_dinkes",
)
"""What a first application needs."""

EXTRA_KINDS = (
    "rekomendasi_profesi",
    "izin_pertama",
    "surat_kuasa",
    "ktp_kuasa",
    "izin_lama",
    "bukti_perubahan",
    "bukti_kehilangan",
    "pernyataan_pencabutan",
    "npwp",
)
"""What depends on the application's type, on the date, or on the office."""

HEALTH_DAYS = 90
"""How long the painted health letters hold, in days."""


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One file to upload. `fields` may hold number, date, expiry (ISO dates, or "seumur hidup") and issuer."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    fields: dict[str, str] = field(default_factory=dict)


def paint_berkas(
    applicant: SampleApplicant,
    kinds: Iterable[str] = KINDS,
    *,
    on: date = SAMPLE_DAY,
    weight: Weight = "normal",
    defect: str | None = None,
) -> dict[str, SampleFile]:
    """Files by requirement code, the same bytes for the same arguments.

    `on` is the day of the application. "normal" makes 0.5 to 1 MB for the default kinds, "heavy" 2 to 4 MB.
    `defect` is None, "expired_health_letter", or one of "missing", "wrong", "encrypted" and "blank", each with the
    requirement it strikes after a colon ("missing:ijazah"); encrypted and blank strike the diploma if none is named.
    Raises ValueError for a requirement or a defect that is not known.
    """
    flaw, _, struck = (defect or "").partition(":")
    if flaw in ("encrypted", "blank") and not struck:
        struck = "ijazah"
    wanted = list(kinds)
    _refuse_unknown(wanted, flaw, struck)
    dated = _dates(applicant, on, expired=flaw == "expired_health_letter")
    files = {
        code: _paint(applicant, code, dated[code], weight) for code in wanted if (flaw, code) != ("missing", struck)
    }
    if struck in files:
        files[struck] = _spoilt(files[struck], flaw, applicant.seed, weight)
    return files


def _refuse_unknown(wanted: list[str], flaw: str, struck: str) -> None:
    for code in wanted:
        if code not in (*KINDS, *EXTRA_KINDS):
            raise ValueError(f"no sample can be painted for requirement {code!r}")
    if flaw in ("missing", "wrong", "encrypted", "blank"):
        if struck not in wanted:
            raise ValueError(f"defect {flaw!r} must name one of the painted requirements, not {struck!r}")
    elif flaw not in ("", "expired_health_letter") or struck:
        raise ValueError(f"no such defect: {flaw!r}")


def _dates(a: SampleApplicant, on: date, *, expired: bool) -> dict[str, date]:
    """The day printed on each paper."""
    recent = {code: on - timedelta(days=3 + number(a.seed, f"{code} age", 20)) for code in (*KINDS, *EXTRA_KINDS)}
    recent["surat_permohonan"] = on
    recent["ijazah"] = date(a.graduated, 9, 1 + number(a.seed, "diploma", 28))
    recent["strro"] = a.str_issued
    recent["izin_pertama"] = recent["izin_lama"] = on - timedelta(days=5 * 365 - 40)
    recent["npwp"] = date(a.graduated + 1, 2, 10)
    if expired:
        recent["surat_sehat"] = on - timedelta(days=HEALTH_DAYS + 60)
    return recent


def _reference(a: SampleApplicant, code: str, dated: date) -> str:
    serial = 1 + number(a.seed, f"{code} number", 900)
    return {
        "ktp": a.nik,
        "ijazah": f"RO-{a.graduated}-{serial:05}",
        "strro": a.str_number,
        "surat_sehat": f"503/{serial:04}/SIP-DU/CONTOH",
        "surat_tempat_kerja": f"{serial:03}/SKTK/OPT/{dated.year}",
        "rekomendasi_dinkes": f"440/{serial:04}/REK/{dated.year}",
        "rekomendasi_profesi": f"{serial:03}/IROC/PC/{dated.year}",
        "bukti_perubahan": f"470/{serial:03}/KET/{dated.year}",
        "bukti_kehilangan": f"{serial:03}/LAP/{dated.year}",
        "npwp": f"00.000.{serial:03}.0-000.000",
    }.get(code, _OLD_LICENCE.format(serial=serial, year=dated.year) if code in _OF_A_LICENCE else "")


_OLD_LICENCE = "503/{serial:04}/DPMPTSP/SIKRO/{year}"
_OF_A_LICENCE = ("izin_pertama", "izin_lama", "pernyataan_pencabutan")

FIELDS: dict[str, tuple[str, ...]] = {
    "surat_permohonan": ("date",),
    "ijazah": ("number",),
    "strro": ("number", "expiry", "issuer"),
    "surat_sehat": ("date", "issuer", "number"),
    "surat_tempat_kerja": ("date", "issuer"),
    "rekomendasi_dinkes": ("number", "date", "issuer"),
    "rekomendasi_profesi": ("number", "date"),
    "izin_pertama": ("number", "expiry"),
    "surat_kuasa": ("date",),
    "izin_lama": ("number", "expiry"),
    "pernyataan_pencabutan": ("date",),
}
"""Which particulars go with a file: those that the shipped SIKRO definition asks for."""

_ISSUERS = {
    "strro": "Dewan Registrasi Tenaga Kesehatan Contoh",
    "surat_sehat": DOCTOR,
    "rekomendasi_dinkes": "Dinas Kesehatan Kota Contoh",
}


def _expiry(a: SampleApplicant, code: str, dated: date) -> str:
    if code == "strro":
        return a.str_valid_until.isoformat() if a.str_valid_until else LIFELONG.lower()
    return (dated + timedelta(days=5 * 365)).isoformat()


def _fields(a: SampleApplicant, code: str, dated: date) -> dict[str, str]:
    every = {
        "number": _reference(a, code, dated),
        "date": dated.isoformat(),
        "expiry": _expiry(a, code, dated),
        "issuer": a.workplace_name if code == "surat_tempat_kerja" else _ISSUERS.get(code, ""),
    }
    return {key: every[key] for key in FIELDS.get(code, ())}


def _paint(a: SampleApplicant, code: str, dated: date, weight: Weight) -> SampleFile:
    stem = f"{code.replace('_', '-')}-{a.name.split()[0].lower()}"
    fields = _fields(a, code, dated)
    if code in ("ktp", "ktp_kuasa"):
        holder = a if code == "ktp" else representative(a)
        return SampleFile(f"{stem}.jpg", "image/jpeg", pictures.identity_card(holder, weight), fields)
    if code == "pas_foto":
        return SampleFile(f"{stem}.jpg", "image/jpeg", pictures.passport_photo(a, weight), fields)
    return SampleFile(f"{stem}.pdf", "application/pdf", _document(a, code, dated, weight), fields)


def _document(a: SampleApplicant, code: str, dated: date, weight: Weight) -> bytes:
    if code == "surat_permohonan":
        return application_letter(a, dated)
    return scanned([scan(_sheet(a, code, dated), a.seed, code, weight)])


def _sheet(a: SampleApplicant, code: str, dated: date) -> Sheet:
    reference = _reference(a, code, dated)
    if code == "ijazah":
        return paint_diploma(a, dated, reference)
    if code == "strro":
        return paint_registration(a, dated, reference)
    return paint_form(FORMS[code](a, dated, reference), a.seed)


def _spoilt(file: SampleFile, flaw: str, seed: int, weight: Weight) -> SampleFile:
    picture = file.media_type == "image/jpeg"
    if flaw == "wrong":
        data = pictures.holiday(seed) if picture else scanned([_recipe(seed, weight)])
    elif flaw == "blank":
        page = scan(Sheet(), seed, "blank", weight)
        data = page.jpeg if picture else scanned([page])
    else:
        pdf = scanned([pictures.as_page(file.data)]) if picture else file.data
        return SampleFile(file.name.rsplit(".", 1)[0] + ".pdf", "application/pdf", locked(pdf, "rahasia"), file.fields)
    return SampleFile(file.name, file.media_type, data, file.fields)


def _recipe(seed: int, weight: Weight) -> ScanPage:
    """A page of something else altogether."""
    sheet = Sheet()
    sheet.centre(120, "Daftar belanja", sans(20), bold=True)
    for index, item in enumerate(
        ("Beras 5 kg", "Cabai merah", "Santan", "Ikan patin 2 ekor", "Daun kunyit", "Gula aren")
    ):
        sheet.text(140, 220 + 60 * index, f"{index + 1}.  {item}", sans(15))
    return scan(sheet, seed, "wrong", weight)
