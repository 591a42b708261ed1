"""What the page of a case calls what happened, and the short titles of the SOP's steps."""

from __future__ import annotations

from models.rules.sop import Sop

EVENTS: dict[str, str] = {
    "open_draft": "Permohonan dibuka",
    "describe": "Data pemohon diisi",
    "attach": "Dokumen diunggah",
    "remove": "Dokumen dihapus",
    "submit": "Berkas dikirim",
    "finish_check": "Kelengkapan diperiksa sistem",
    "verify": "Berkas dinyatakan lengkap",
    "return": "Dikembalikan ke pemohon",
    "reject": "Permohonan ditolak",
    "withdraw": "Dicabut pemohon",
    "lapse": "Gugur karena tidak diperbaiki",
    "finish_blanko": "Blanko dibuat",
    "initial": "Paraf diberikan",
    "finish_paraf": "Paraf dibubuhkan pada surat",
    "send_back": "Surat dikembalikan untuk diperbaiki",
    "send_back_to_verify": "Dikembalikan untuk diperiksa ulang",
    "amend": "Data surat diperbaiki",
    "sign": "Surat ditandatangani",
    "finish_signature": "Tanda tangan dibubuhkan pada surat",
    "assign_number": "Nomor diberikan",
    "finish_licence": "Surat izin disegel dan disimpan",
    "void": "Nomor dibatalkan",
    "hand_over": "Surat izin diserahkan",
    "finish_dossier": "Berkas diarsipkan",
    "make_receipt": "Tanda terima dibuat",
    "message_sent": "Pesan dikirim ke pemohon",
    "requeued": "Diantrekan ulang oleh sistem",
    "renew_passphrase": "Kata sandi kunci diberikan lagi",
    "quarantine": "Disisihkan karena gangguan",
    "retry": "Dijalankan ulang oleh operator",
    "put_off": "Surat ditunda",
    "print_concept": "Cetakan konsep dibuat",
    "retention": "Masa simpan dijalankan",
    "licence_revoked": "Surat izin dicabut",
    "licence_replaced": "Surat izin diganti",
}
"""Of an event's kind; an unknown one shows as its code."""

SEEN = {
    "viewed_documents": "melihat berkas",
    "viewed_document": "membuka satu dokumen",
    "document_downloaded": "mengunduh satu dokumen",
    "viewed_blanko": "melihat blanko",
    "viewed_licence": "melihat surat izin",
    "viewed_nik": "melihat NIK",
}

STEPS: dict[str, str] = {
    "submit": "Berkas masuk",
    "check": "Berkas diperiksa",
    "blanko": "Blanko dicetak",
    "sign": "Tanda tangan",
    "number": "Nomor diberikan",
    "hand_over": "Surat izin diterima",
}


def step_title(sop: Sop, code: str, actor: str) -> str:
    """A step in few words: parafs and the signature by the post that gives them."""
    if code.startswith("paraf_"):
        return f"Paraf {sop.role_title(actor).removeprefix('JF Analis Kebijakan ')}"
    if code == "sign":
        return f"Tanda tangan {sop.role_title(actor)}"
    return STEPS.get(code, code)


FLASHES = {
    "lengkap": "Berkas dinyatakan lengkap. Blanko sedang dibuat.",
    "berikutnya": "Permohonan tadi sudah lengkap dan diteruskan. Ini yang berikutnya.",
    "dikembalikan": "Berkas dikembalikan; pemohon diberi tahu apa yang harus diperbaiki.",
    "ditolak": "Permohonan ditolak; pemohon mendapat alasannya.",
    "diperbaiki": "Data surat diperbaiki. Blanko baru sedang dibuat.",
    "batal": "Nomor dibatalkan. Surat kembali ke back office untuk diperbaiki.",
    "surat_dikembalikan": "Surat dikembalikan dengan alasan Anda.",
    "ditunda": "Surat ditunda. Ia kembali ke tumpukan Anda pada hari itu.",
    "dilepas": "Permohonan dilepas; rekan lain dapat mengambilnya.",
    "diambil": "Permohonan sekarang Anda pegang.",
}
