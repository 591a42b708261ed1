"""What the screens call things: stages, roles, navigation and refusals, in plain Bahasa Indonesia, each said once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from api.pages.formats import working_time
from models.rules.roles import ADMIN, APPLICANT, BACK_OFFICE, FRONT_OFFICE, OPERATOR
from models.rules.stages import Stage

Colour = Literal["grey", "blue", "green", "yellow", "red"]
Shape = Literal["circle", "diamond", "triangle", "pause", "check"]


@dataclass(frozen=True, slots=True)
class StageWords:
    """A stage: its short title for each reader, and one sentence on what happens next for each."""

    title: str
    next: str
    staff_title: str
    staff_next: str
    colour: Colour


STAGES: dict[Stage, StageWords] = {
    Stage.DRAFT: StageWords(
        "Belum dikirim",
        "Lengkapi isian dan berkas, lalu kirim permohonan.",
        "Draf",
        "Pemohon masih mengisi; belum ada yang perlu dikerjakan.",
        "grey",
    ),
    Stage.CHECKING: StageWords(
        "Berkas diperiksa otomatis",
        "Sistem memeriksa berkas Anda; sebentar lagi petugas melanjutkan.",
        "Pemeriksaan otomatis",
        "Sistem memeriksa kelengkapan; setelah itu masuk kotak verifikasi.",
        "blue",
    ),
    Stage.VERIFYING: StageWords(
        "Berkas diperiksa petugas",
        "Petugas loket memeriksa berkas; Anda diberi tahu hasilnya.",
        "Menunggu verifikasi",
        "Petugas front office memeriksa berkas, lalu menyatakan lengkap atau mengembalikan.",
        "blue",
    ),
    Stage.RETURNED: StageWords(
        "Perlu diperbaiki",
        "Perbaiki berkas yang ditandai, lalu kirim lagi; waktu layanan berhenti sementara.",
        "Dikembalikan ke pemohon",
        "Menunggu perbaikan dari pemohon; waktu layanan berhenti.",
        "yellow",
    ),
    Stage.LAPSED: StageWords(
        "Batas perbaikan lewat",
        "Berkas dapat dibuka kembali: perbaiki yang ditandai, lalu kirim lagi.",
        "Gugur sementara",
        "Batas perbaikan lewat; terbuka lagi begitu pemohon mengirim perbaikan.",
        "grey",
    ),
    Stage.REJECTED: StageWords(
        "Ditolak",
        "Permohonan ini selesai; alasannya tertulis di bawah dan Anda boleh mengajukan yang baru.",
        "Ditolak",
        "Selesai; tidak ada langkah lagi.",
        "red",
    ),
    Stage.WITHDRAWN: StageWords(
        "Dicabut pemohon",
        "Permohonan ini selesai atas permintaan Anda; Anda boleh mengajukan yang baru.",
        "Dicabut pemohon",
        "Selesai; tidak ada langkah lagi.",
        "grey",
    ),
    Stage.PREPARING: StageWords(
        "Surat izin disiapkan",
        "Surat izin sedang dicetak, lalu diparaf oleh tiga pejabat.",
        "Blanko dibuat",
        "Sistem membuat blanko; setelah itu masuk kotak paraf pertama.",
        "blue",
    ),
    Stage.AWAITING_PARAF: StageWords(
        "Menunggu paraf",
        "Pejabat memeriksa dan memaraf surat izin Anda secara berurutan.",
        "Menunggu paraf",
        "Pejabat yang mendapat giliran meninjau, memaraf, atau mengembalikan dengan alasan.",
        "blue",
    ),
    Stage.APPLYING_PARAF: StageWords(
        "Paraf dibubuhkan",
        "Paraf sedang dibubuhkan; sesudah itu giliran pejabat berikutnya.",
        "Paraf dibubuhkan",
        "Sistem membubuhkan paraf; setelah itu giliran berikutnya.",
        "blue",
    ),
    Stage.AMENDING: StageWords(
        "Surat izin diperbaiki",
        "Petugas memperbaiki surat izin, lalu surat diparaf dari awal.",
        "Blanko diperbaiki",
        "Petugas back office memperbaiki data surat; paraf diulang pada revisi baru.",
        "yellow",
    ),
    Stage.AWAITING_SIGNATURE: StageWords(
        "Menunggu tanda tangan",
        "Kepala Dinas meninjau dan menandatangani surat izin Anda.",
        "Menunggu tanda tangan",
        "Kepala Dinas meninjau, menandatangani, menunda, atau mengembalikan dengan alasan.",
        "blue",
    ),
    Stage.APPLYING_SIGNATURE: StageWords(
        "Tanda tangan dibubuhkan",
        "Tanda tangan sedang dibubuhkan; sesudah itu surat izin diberi nomor.",
        "Tanda tangan dibubuhkan",
        "Sistem membubuhkan tanda tangan; setelah itu nomor diberikan.",
        "blue",
    ),
    Stage.NUMBERING: StageWords(
        "Diberi nomor",
        "Surat izin sedang diberi nomor.",
        "Diberi nomor",
        "Sistem mengambil nomor register berikutnya.",
        "blue",
    ),
    Stage.ASSEMBLING: StageWords(
        "Surat izin diselesaikan",
        "Surat izin disegel dan disimpan; Anda diberi tahu bila siap diambil.",
        "Surat izin disegel",
        "Sistem menyegel, memeriksa, dan menyimpan surat izin.",
        "blue",
    ),
    Stage.READY: StageWords(
        "Siap diambil",
        "Ambil surat izin di loket dengan membawa tanda terima dan KTP, atau unduh dari halaman ini.",
        "Siap diserahkan",
        "Petugas front office menyerahkan surat izin dan mencatat penerimanya.",
        "green",
    ),
    Stage.ARCHIVING: StageWords(
        "Sudah diterima",
        "Surat izin sudah Anda terima; arsip sedang dirapikan.",
        "Diarsipkan",
        "Sistem menyusun berkas arsip.",
        "green",
    ),
    Stage.CLOSED: StageWords(
        "Selesai",
        "Surat izin sudah diterima; tidak ada lagi yang perlu dilakukan.",
        "Selesai",
        "Selesai dan diarsipkan; tidak ada langkah lagi.",
        "green",
    ),
}

ROLES: dict[str, str] = {
    APPLICANT: "Pemohon",
    FRONT_OFFICE: "Petugas Front Office",
    BACK_OFFICE: "Petugas Back Office",
    "tim_teknis": "Tim Teknis",
    "ahli_muda": "JF Analis Kebijakan Ahli Muda",
    "ahli_madya": "JF Analis Kebijakan Ahli Madya",
    "sekretaris": "Sekretaris",
    "kepala_dinas": "Kepala Dinas",
    ADMIN: "Admin",
    OPERATOR: "Operator",
}


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation; `roles` empty is for everybody."""

    href: str
    text: str
    roles: frozenset[str] = frozenset()


PUBLIC_NAV = (
    NavItem("/", "Beranda"),
    NavItem("/ajukan", "Ajukan izin"),
    NavItem("/lacak", "Lacak permohonan"),
    NavItem("/verifikasi", "Verifikasi surat izin"),
)

_INITIALLERS = frozenset({"ahli_muda", "ahli_madya", "sekretaris"})
_LEADERS = frozenset({"kepala_dinas", "sekretaris"})
_OFFICE = frozenset({FRONT_OFFICE, BACK_OFFICE, ADMIN}) | _INITIALLERS | _LEADERS

STAFF_NAV = (
    NavItem("/tinjau", "Tinjau", _INITIALLERS | _LEADERS),
    NavItem("/kotak", "Kotak kerja", _OFFICE),
    NavItem("/loket", "Loket", frozenset({FRONT_OFFICE})),
    NavItem("/serah", "Serah terima", frozenset({FRONT_OFFICE})),
    NavItem("/nomor", "Nomor", frozenset({BACK_OFFICE})),
    NavItem("/register", "Register", frozenset({BACK_OFFICE, FRONT_OFFICE, ADMIN}) | _LEADERS),
    NavItem("/dasbor", "Dasbor", _LEADERS | {ADMIN}),
    NavItem("/sop", "SOP"),
    NavItem("/batch", "Kiriman massal", frozenset({OPERATOR, ADMIN})),
    NavItem("/ops", "Operasi", frozenset({OPERATOR})),
    NavItem("/admin", "Admin", frozenset({ADMIN})),
)


def nav_of(roles: frozenset[str], staff: bool) -> tuple[NavItem, ...]:
    """What somebody with these roles finds in the navigation, what he does most first."""
    items = STAFF_NAV if staff else PUBLIC_NAV
    return tuple(item for item in items if not item.roles or item.roles & roles)


@dataclass(frozen=True, slots=True)
class ClockChip:
    """How a clock shows: a shape, a colour and words, so that nothing is said by colour alone."""

    shape: Shape
    colour: Colour
    words: str


SOON_MINUTES = 60
"""With less working time left than this, or a quarter of the standard if that is less, a clock is near its end."""


def clock_chip(left: int | None, standard: int, *, paused: bool = False, done: bool = False) -> ClockChip:
    """The chip of a clock with `left` working minutes of `standard`; `left` None: no clock runs here.

    `paused`: the berkas lies with the applicant. `done`: the case has ended, with `left` as it was then.
    """
    if left is None:
        return ClockChip("circle", "grey", "tanpa batas waktu")
    if done:
        late = left < 0
        return ClockChip(
            "check", "grey" if late else "green", f"selesai, lewat {working_time(left)}" if late else "tepat waktu"
        )
    if paused:
        return ClockChip(
            "pause", "grey", f"berhenti, sisa {working_time(left)}" if left >= 0 else "berhenti, sudah lewat"
        )
    if left < 0:
        return ClockChip("triangle", "red", f"lewat {working_time(left)}")
    if left <= min(SOON_MINUTES, standard // 4):
        return ClockChip("diamond", "yellow", f"segera, sisa {working_time(left)}")
    return ClockChip("circle", "green", f"sisa {working_time(left)}")


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """What a person reads when a page can not be shown: what, and how to go on."""

    title: str
    text: str


REFUSALS: dict[str, RefusalWords] = {
    "not-found": RefusalWords(
        "Halaman ini tidak ada",
        "Alamatnya mungkin salah ketik, atau halaman ini bukan untuk Anda. Periksa alamatnya, atau mulai dari beranda.",
    ),
    "not-signed-in": RefusalWords(
        "Masuk dahulu",
        "Halaman ini hanya untuk yang sudah masuk. Waktu masuk Anda mungkin sudah habis: masuk lagi, lalu ulangi.",
    ),
    "forbidden": RefusalWords(
        "Ini bukan tugas peran Anda",
        "Pekerjaan ini milik peran lain atau belum giliran Anda. Bila seharusnya tugas Anda, hubungi admin kantor.",
    ),
    "wrong-passphrase": RefusalWords(
        "Kata sandi tanda tangan salah", "Belum ada yang berubah. Kembali, lalu ketik lagi kata sandinya."
    ),
    "cross-site": RefusalWords(
        "Kiriman dari situs lain ditolak",
        "Kiriman ini tidak berasal dari halaman kami. Buka alamat resmi kantor, lalu ulangi dari sana.",
    ),
    "wrong-stage": RefusalWords(
        "Permohonan sudah berpindah meja",
        "Langkah ini tidak dapat dilakukan lagi di sini. Buka permohonannya untuk melihat posisinya sekarang.",
    ),
    "already-done": RefusalWords(
        "Sudah dikerjakan", "Langkah ini sudah tercatat; tidak ada yang dikerjakan dua kali dan tidak perlu diulang."
    ),
    "stale-version": RefusalWords(
        "Permohonan berubah sejak Anda membukanya",
        "Belum ada yang tersimpan. Buka lagi permohonannya, lihat yang berubah, lalu ulangi.",
    ),
    "too-large": RefusalWords(
        "Berkas terlalu besar", "Perkecil berkas atau pindai ulang dengan resolusi lebih rendah, lalu kirim lagi."
    ),
    "unsupported-file": RefusalWords(
        "Jenis berkas ini tidak diterima", "Kirim PDF atau foto (JPG, PNG, HEIC, WebP), lalu ulangi."
    ),
    "invalid-input": RefusalWords(
        "Ada isian yang belum benar", "Kembali ke halaman sebelumnya, perbaiki isian, lalu kirim lagi."
    ),
    "too-many-attempts": RefusalWords(
        "Terlalu banyak percobaan", "Tunggu sebentar, lalu coba lagi. Akun Anda tidak dikunci."
    ),
    "temporary": RefusalWords(
        "Layanan sedang sibuk", "Tidak ada yang hilang. Tunggu beberapa detik, lalu muat ulang halaman ini."
    ),
    "database-away": RefusalWords(
        "Layanan sedang terganggu", "Tidak ada yang hilang. Tunggu beberapa detik, lalu muat ulang halaman ini."
    ),
    "internal": RefusalWords(
        "Ada yang rusak di pihak kami",
        "Tidak ada yang setengah tersimpan. Ulangi sebentar lagi; bila masih gagal, sebutkan kode di bawah.",
    ),
}
"""By the code of a problem; every other one is worded as `FALLBACK`."""

FALLBACK = RefusalWords("Permintaan ini tidak dapat dibaca", "Kembali ke halaman sebelumnya, lalu ulangi dari sana.")


def refusal_words(code: str) -> RefusalWords:
    """The words for a problem's code."""
    return REFUSALS.get(code, FALLBACK)
