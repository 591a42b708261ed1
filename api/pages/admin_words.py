"""What the audit view calls events that belong to no case; those of cases have their words beside the case's page."""

from __future__ import annotations

from api.pages.case_words import EVENTS, SEEN

EVENT_KINDS: dict[str, str] = {
    **EVENTS,
    **{kind: words.capitalize() for kind, words in SEEN.items()},
    "person_added": "Orang ditambahkan",
    "person_changed": "Data orang diubah",
    "person_activated": "Orang diaktifkan",
    "person_deactivated": "Orang dinonaktifkan",
    "password_reset": "Kata sandi dibuat baru oleh admin",
    "password_changed": "Kata sandi diganti sendiri",
    "role_granted": "Peran diberikan",
    "role_ended": "Peran diakhiri",
    "mandate_granted": "Mandat dicatat",
    "second_factor_added": "Langkah kedua dipasang",
    "second_factor_removed": "Langkah kedua dilepas",
    "recovery_code_used": "Kode pemulihan dipakai",
    "recovery_codes_renewed": "Kode pemulihan dibuat baru",
    "step_up": "Kata sandi atau passkey diminta lagi",
    "signing_key_registered": "Kunci tanda tangan didaftarkan",
    "signing_key_revoked": "Kunci tanda tangan dicabut",
    "official_told": "Pejabat diberi tahu lewat surel",
    "signing_secret_kept": "Kata sandi kunci dititipkan agar passkey cukup",
    "signing_secret_withdrawn": "Kata sandi kunci ditarik kembali",
    "nik_searched": "Pencarian dengan NIK",
    "searched_nik_tail": "Pencarian dengan empat angka NIK",
    "batch_errors_read": "Baris kiriman massal yang keliru diunduh",
    "register_exported": "Register diunduh",
    "calendar_entered": "Kalender diubah",
    "calendar_removed": "Baris kalender dihapus",
    "definition_loaded": "Versi SOP dan naskah dimuat",
    "single_sign_on_unknown": "Masuk lewat SSO tanpa akun di sini",
}
