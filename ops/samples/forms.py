"""The scanned letters and certificates of a berkas: what each says, and how it stands on the sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from PIL import Image

from models.rules.dates import long_date
from ops.samples.dice import number
from ops.samples.paper import A4_PIXELS, INK, Colour, Sheet, sans, serif
from ops.samples.people import SampleApplicant, representative
from ops.samples.portrait import portrait
from ops.samples.wording import SEX, lifelong_or

Row = tuple[str, str]

DOCTOR = "dr. Nirvino Lakspura"


@dataclass(frozen=True, slots=True)
class Form:
    """A letter on headed paper. `signer` is name and number; `stamp` two short words, or None for a private person;
    `second` is the role and name of another who signs on the left.
    """

    head: tuple[str, ...]
    title: str
    number: str
    opening: str
    rows: tuple[Row, ...]
    closing: str
    dated: date
    role: str
    signer: Row
    stamp: Row | None
    second: Row | None = None


def paint_form(form: Form, seed: int) -> Sheet:
    """The form on an A4 sheet, signed and stamped."""
    sheet = Sheet()
    y = _head(sheet, form.head)
    sheet.centre(y, form.title, sans(13), bold=True)
    if form.number:
        sheet.centre(y + 28, f"Nomor: {form.number}", sans(10))
    y = sheet.paragraph(110, y + 76, 690, form.opening, sans(10.5), 25) + 12
    y = _rows(sheet, 140, y, form.rows)
    y = sheet.paragraph(110, y + 14, 690, form.closing, sans(10.5), 25)
    _sign(sheet, form, seed, y + 36)
    sheet.mark()
    return sheet


def _head(sheet: Sheet, head: tuple[str, ...]) -> float:
    if not head:
        return 130
    name, *others = head
    sheet.centre(70, name, sans(15), bold=True)
    for index, line in enumerate(others):
        sheet.centre(104 + 20 * index, line, sans(9))
    sheet.rule(90, 152, 820, 3)
    sheet.rule(90, 157, 820, 1)
    return 196


def _rows(sheet: Sheet, x: float, y: float, rows: tuple[Row, ...], points: float = 10.5) -> float:
    for label, value in rows:
        sheet.text(x, y, label, sans(points))
        sheet.text(x + 200, y, ":", sans(points))
        y = sheet.paragraph(x + 216, y, sheet.width - x - 310, value, sans(points), 24) + 5
    return y


def _sign(sheet: Sheet, form: Form, seed: int, y: float) -> None:
    sheet.text(540, y, f"Pekanbaru, {long_date(form.dated)}", sans(10.5))
    sheet.text(540, y + 26, form.role, sans(10.5))
    sheet.signature(550, y + 92, seed, form.title)
    if form.stamp:
        sheet.stamp(512, round(y + 98), *form.stamp)
    if form.second:
        sheet.text(110, y + 26, form.second[0], sans(10.5))
        sheet.signature(120, y + 92, seed, form.second[1])
        sheet.text(110, y + 140, form.second[1], sans(10.5), bold=True)
    sheet.text(540, y + 140, form.signer[0], sans(10.5), bold=True)
    sheet.text(540, y + 164, form.signer[1], sans(9))


def _person(a: SampleApplicant) -> tuple[Row, ...]:
    return (
        ("Nama", a.name),
        ("Tempat, tanggal lahir", f"{a.birth_place}, {long_date(a.birth_date)}"),
        ("Jenis kelamin", SEX[a.sex]),
        ("Alamat", a.address),
    )


def health(a: SampleApplicant, dated: date, reference: str) -> Form:
    """A doctor's letter of good health; `reference` is the doctor's practice licence."""
    weight, height = 52 + number(a.seed, "kg", 28), 154 + number(a.seed, "cm", 24)
    return Form(
        ("KLINIK PRATAMA SEHAT CONTOH", "Jl. Rawa Bening No. 200, Kec. Tampan, Pekanbaru", "Telepon 0761-000-000"),
        "SURAT KETERANGAN SEHAT",
        f"{1 + number(a.seed, 'health letter', 900):03}/SKS/{dated.year}",
        "Yang bertanda tangan di bawah ini, dokter pemeriksa, menerangkan bahwa telah memeriksa:",
        (
            *_person(a),
            ("Tinggi / berat badan", f"{height} cm / {weight} kg"),
            ("Tekanan darah", "120/80 mmHg"),
            ("Buta warna", "Tidak"),
        ),
        "Pada pemeriksaan jasmani yang bersangkutan dinyatakan SEHAT. Surat ini dibuat untuk mengurus izin kerja "
        "refraksionis optisien dan berlaku tiga bulan sejak tanggal dikeluarkan.",
        dated,
        "Dokter pemeriksa,",
        (DOCTOR, f"SIP {reference}"),
        ("KLINIK", "PEKANBARU"),
    )


def workplace(a: SampleApplicant, dated: date, reference: str) -> Form:
    """The employer's statement that the applicant works at this place."""
    return Form(
        (a.workplace_name.upper(), a.workplace_address, "Melayani pemeriksaan mata dan kacamata"),
        "SURAT KETERANGAN TEMPAT KERJA",
        reference,
        f"Yang bertanda tangan di bawah ini, pimpinan {a.workplace_name}, menerangkan bahwa:",
        (*_person(a), ("Nomor STRRO", a.str_number)),
        f"adalah benar bekerja sebagai refraksionis optisien pada {a.workplace_name}, {a.workplace_address}. "
        "Surat keterangan ini dibuat dengan sebenarnya untuk dipergunakan sebagaimana mestinya.",
        dated,
        "Pimpinan,",
        (a.workplace_owner, a.workplace_name),
        ("OPTIK", "PEKANBARU"),
    )


def health_office(a: SampleApplicant, dated: date, reference: str) -> Form:
    """The recommendation of the head of the health office."""
    return Form(
        (
            "DINAS KESEHATAN KOTA CONTOH",
            "Jl. Telaga Contoh No. 100, Pekanbaru",
            "Surat elektronik: dinkes@example.invalid",
        ),
        "REKOMENDASI",
        reference,
        "Berdasarkan pemeriksaan berkas dan peninjauan tempat kerja, dengan ini kami memberikan rekomendasi kepada:",
        (*_person(a), ("Nomor STRRO", a.str_number), ("Tempat kerja", f"{a.workplace_name}, {a.workplace_address}")),
        "untuk memperoleh Surat Izin Kerja Refraksionis Optisien (SIKRO). "
        "Rekomendasi ini dibuat untuk dipergunakan sebagaimana mestinya.",
        dated,
        "Kepala Dinas Kesehatan,",
        ("dr. Sallendra Wirabuana, M.Kes.", "Pembina Utama Muda"),
        ("DINKES", "CONTOH"),
    )


def profession(a: SampleApplicant, dated: date, reference: str) -> Form:
    """The recommendation of the professional body."""
    return Form(
        (
            "IKATAN REFRAKSIONIS OPTISIEN CONTOH",
            "Pengurus Cabang Pekanbaru",
            "Surat elektronik: cabang@example.invalid",
        ),
        "SURAT REKOMENDASI",
        reference,
        "Pengurus cabang menerangkan bahwa anggota yang tersebut di bawah ini:",
        (*_person(a), ("Nomor STRRO", a.str_number), ("Tempat kerja", a.workplace_name)),
        "tercatat sebagai anggota, tidak sedang dikenai sanksi etik, "
        "dan direkomendasikan untuk memperoleh izin kerja di tempat tersebut.",
        dated,
        "Ketua,",
        ("Banrendra Tenglana, A.Md.RO.", "Nomor anggota 000-CONTOH"),
        ("CABANG", "PEKANBARU"),
    )


def licence(a: SampleApplicant, dated: date, reference: str) -> Form:
    """An earlier work licence: for a renewal, or the first place of two."""
    return Form(
        ("IZIN KERJA TERDAHULU", "Salinan untuk kelengkapan berkas", ""),
        "SURAT IZIN KERJA REFRAKSIONIS OPTISIEN",
        reference,
        "Izin kerja diberikan kepada:",
        (
            *_person(a),
            ("Nomor STRRO", a.str_number),
            ("Tempat kerja", "Optik Lama Sentosa, Jl. Cendana Laras No. 4, Pekanbaru"),
        ),
        "untuk bekerja sebagai refraksionis optisien di tempat kerja tersebut "
        "selama lima tahun sejak tanggal dikeluarkan.",
        dated,
        "Pejabat yang berwenang,",
        ("Taruna Contoh, S.H.", "NIP -"),
        ("SALINAN", "IZIN"),
    )


def mandate(a: SampleApplicant, dated: date, reference: str) -> Form:
    """A power of attorney for the one who brings the berkas."""
    other = representative(a)
    return Form(
        (),
        "SURAT KUASA",
        reference,
        "Yang bertanda tangan di bawah ini:",
        (*_person(a), ("NIK", a.nik)),
        f"dengan ini memberi kuasa kepada {other.name}, NIK {other.nik}, beralamat di {other.address}, "
        "untuk menyerahkan berkas permohonan SIKRO dan menerima surat izinnya atas nama saya. "
        "Surat kuasa ini dibuat tanpa paksaan.",
        dated,
        "Pemberi kuasa,",
        (a.name, ""),
        None,
        ("Penerima kuasa,", other.name),
    )


def tax_card(a: SampleApplicant, dated: date, reference: str) -> Form:
    """A plain sheet with the tax number; it copies no card."""
    return Form(
        ("KETERANGAN TERDAFTAR WAJIB PAJAK", "Contoh untuk kelengkapan berkas", ""),
        "NOMOR POKOK WAJIB PAJAK",
        reference,
        "Dengan ini diterangkan bahwa wajib pajak berikut telah terdaftar:",
        (*_person(a), ("NPWP", reference)),
        "Keterangan ini dibuat untuk dipergunakan sebagaimana mestinya.",
        dated,
        "Petugas,",
        ("Fajar Contoh", ""),
        ("PAJAK", "CONTOH"),
    )


def change(a: SampleApplicant, dated: date, reference: str) -> Form:
    """A statement of a new address, which proves a change of data."""
    return Form(
        (f"KECAMATAN {a.district.upper()} (CONTOH)", "Pekanbaru", ""),
        "SURAT KETERANGAN PINDAH ALAMAT",
        reference,
        "Dengan ini diterangkan bahwa warga yang tersebut di bawah ini telah pindah ke alamat yang baru:",
        _person(a),
        "Surat keterangan ini dibuat sebagai bukti perubahan data alamat.",
        dated,
        "Petugas,",
        ("Marlendra Jalasena", ""),
        ("KECAMATAN", "PEKANBARU"),
    )


def loss(a: SampleApplicant, dated: date, reference: str) -> Form:
    """A report of a lost licence."""
    return Form(
        ("KANTOR PELAPORAN CONTOH", "Pekanbaru", ""),
        "SURAT KETERANGAN KEHILANGAN",
        reference,
        "Dengan ini diterangkan bahwa telah datang melapor:",
        _person(a),
        "Pelapor menerangkan telah kehilangan satu lembar Surat Izin Kerja "
        "Refraksionis Optisien atas namanya di sekitar tempat kerja.",
        dated,
        "Penerima laporan,",
        ("Saljaya Tenggeni", ""),
        ("PELAPORAN", "CONTOH"),
    )


def withdrawal(a: SampleApplicant, dated: date, reference: str) -> Form:
    """The holder's statement that he stops working at the place and asks for revocation."""
    return Form(
        (),
        "SURAT PERNYATAAN BERHENTI BEKERJA",
        "",
        "Yang bertanda tangan di bawah ini:",
        (*_person(a), ("Nomor izin", reference)),
        f"menyatakan berhenti bekerja pada {a.workplace_name} karena pindah domisili, "
        "dan memohon agar izin kerja tersebut dicabut.",
        dated,
        "Yang menyatakan,",
        (a.name, ""),
        None,
    )


FORMS: dict[str, Callable[[SampleApplicant, date, str], Form]] = {
    "surat_sehat": health,
    "surat_tempat_kerja": workplace,
    "rekomendasi_dinkes": health_office,
    "rekomendasi_profesi": profession,
    "izin_pertama": licence,
    "izin_lama": licence,
    "surat_kuasa": mandate,
    "bukti_perubahan": change,
    "bukti_kehilangan": loss,
    "pernyataan_pencabutan": withdrawal,
    "npwp": tax_card,
}
"""Requirement code to the form that meets it: (applicant, date, number) -> Form."""


def _legalised(sheet: Sheet, x: int, y: int, seed: int, label: str) -> None:
    sheet.text(x, y, "Salinan sesuai dengan aslinya", sans(8.5), (60, 60, 120))
    sheet.signature(x + 10, y + 56, seed % 5, f"{label} legalised")
    sheet.stamp(x - 24, y + 56, "LEGALISIR", "SALINAN")
    sheet.text(x, y + 100, "Petugas legalisasi", sans(8.5), (60, 60, 120))


def _frame(sheet: Sheet, colour: Colour) -> None:
    for inset, width in ((44, 5), (54, 1), (60, 1)):
        box = (inset, inset, sheet.width - inset, sheet.height - inset)
        sheet.draw.rectangle(box, outline=colour, width=width)


def _mounted(a: SampleApplicant, height: int) -> Image.Image:
    return portrait(a.seed, a.sex).resize((height * 2 // 3, height), Image.Resampling.BILINEAR, reducing_gap=2)


def paint_diploma(a: SampleApplicant, dated: date, reference: str) -> Sheet:
    """A landscape diploma of an invented academy, legalised."""
    sheet = Sheet((A4_PIXELS[1], A4_PIXELS[0]), (252, 249, 238))
    _frame(sheet, (128, 100, 44))
    sheet.centre(92, a.academy.upper(), serif(17, "bold"), (78, 54, 20))
    sheet.centre(132, "Program Diploma Tiga Refraksi Optisi", serif(11))
    sheet.centre(178, "IJAZAH", serif(30, "bold"), (78, 54, 20))
    sheet.centre(240, f"Nomor: {reference}", serif(10))
    sheet.centre(284, "dengan ini menyatakan bahwa", serif(11, "italic"))
    sheet.centre(318, a.name, serif(22, "bold"))
    sheet.centre(368, f"lahir di {a.birth_place}, {long_date(a.birth_date)}", serif(11))
    sheet.centre(
        404, "telah menyelesaikan dan memenuhi segala syarat pendidikan, dan kepadanya diberikan sebutan", serif(11)
    )
    sheet.centre(440, "Ahli Madya Refraksi Optisi (A.Md.RO.)", serif(15, "bold"))
    sheet.image.paste(_mounted(a, 180), (430, 540))
    sheet.text(820, 530, f"Pekanbaru, {long_date(dated)}", serif(10.5))
    sheet.text(820, 556, "Direktur,", serif(10.5))
    sheet.signature(830, 630, number(dated.year, a.academy, 1000), "director")
    sheet.stamp(790, 636, "AKADEMI", "CONTOH")
    sheet.text(820, 690, "Dr. Marsavita Surasena, M.Kes.", serif(10.5, "bold"))
    _legalised(sheet, 190, 590, a.seed, "ijazah")
    sheet.text(
        sheet.width / 2, sheet.height - 96, "CONTOH · dokumen rekaan, tidak berlaku", sans(6.5), (150, 140, 110), "ma"
    )
    return sheet


def paint_registration(a: SampleApplicant, dated: date, reference: str) -> Sheet:
    """The registration certificate (STRRO), legalised; its layout is invented."""
    sheet, green = Sheet(), (30, 96, 88)
    sheet.draw.rectangle((0, 0, sheet.width, 22), fill=green)
    sheet.centre(84, "DEWAN REGISTRASI TENAGA KESEHATAN CONTOH", sans(13), green, bold=True)
    sheet.rule(90, 122, 820, 2, green)
    sheet.centre(162, "SURAT TANDA REGISTRASI", sans(19), bold=True)
    sheet.centre(202, "REFRAKSIONIS OPTISIEN (STRRO)", sans(12), bold=True)
    sheet.centre(240, f"Nomor: {reference}", sans(12))
    sheet.paragraph(
        110, 300, 690, "Diberikan kepada tenaga kesehatan yang tercatat dalam daftar registrasi:", sans(10.5), 25
    )
    rows = (
        *_person(a),
        ("Perguruan tinggi", a.academy),
        ("Tahun lulus", str(a.graduated)),
        ("Kompetensi", "Refraksionis Optisien"),
        ("Berlaku sampai dengan", lifelong_or(a.str_valid_until)),
    )
    y = round(_rows(sheet, 110, 346, rows))
    sheet.image.paste(_mounted(a, 210), (116, y + 40))
    sheet.text(540, y + 40, f"Dikeluarkan, {long_date(dated)}", sans(10.5))
    sheet.text(540, y + 66, "Ketua,", sans(10.5))
    sheet.signature(550, y + 136, 7, "registrar")
    sheet.stamp(512, y + 142, "REGISTRASI", "CONTOH")
    sheet.text(540, y + 190, "Dr. Halviana Karmukti", sans(10.5), INK, bold=True)
    _legalised(sheet, 200, y + 320, a.seed, "str")
    sheet.mark()
    return sheet
